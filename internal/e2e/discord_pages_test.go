package e2e

import (
	"strings"
	"sync"
	"testing"

	"balie/adapters/discord/discordfake"
)

// longForm begins a form that has two pages, the first of which is open.
func (w *discordWorld) longForm(p person, summary string) *form {
	w.Helper()
	f := p.starts("general", "/ticket "+summary, "type", "incident", "category", "hardware", "device", "printer")
	if page := w.pageOf(f); !strings.HasSuffix(page.Title, "(1/2)") || page.Field("description") != nil {
		w.Fatalf("the first page is %+v", page)
	}
	return f
}

// TestDiscordPages fills in a form of two pages, with a mistake on the first: the files of the second one stay.
func TestDiscordPages(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		f := w.longForm(ana, "The printer eats paper")
		if !contains(f.Intro, []string{"Something is broken", "Hardware", "Printer"}) {
			t.Errorf("above the form stands %q", f.Intro)
		}
		kept := w.says(w.sendsPage(ana, "location", "3.14", "since", "last week", "problem", "jam"), "Page 1 of 2 is kept", "Nothing has been sent")
		if page := w.presses(ana, kept, "Continue (2/2)").Form; page == nil || !strings.HasSuffix(page.Title, "(2/2)") {
			t.Fatalf("the second page is %+v", page)
		}
		u := w.user(ana)
		told := w.told(u.Submit(w.Context(), u.Form(), map[string][]string{"description": {"All of it."}},
			map[string][]string{"files": {ana.uploads("general", "paper.png", "\x89PNG paper")}}))
		wrong := w.says(told, "It has not been sent yet", "- **Since when?**:", "2026-12-31")
		page := w.presses(ana, wrong, "Correct").Form
		if page == nil || page.Field("since").Value[0] != "last week" || page.Field("location").Value[0] != "3.14" ||
			page.Field("problem").Value[0] != "jam" || !strings.Contains(page.Field("since").Description, "⚠") {
			t.Fatalf("the page opens again as %+v", page)
		}
		w.says(w.sendsPage(ana, "since", "2126-03-01"), "Your ticket is", "HD-00001")
		ana.sees(direct, "", "Here you follow", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001", "The printer eats paper", "All of it.", "Since when?: 1 March 2126",
			"What is the matter?: Paper jam", "Where is it?: 3.14")
		shot := carla.sees("ict-triage", card.ID, "Ana Silva", "file paper.png")
		if got := carla.downloads(shot, shot.Files[0]); got != "\x89PNG paper" {
			t.Errorf("the picture arrives as %q", got)
		}
		if got := w.field(ana.types("general", "/ticket").Form, "summary").Value; len(got) > 0 {
			t.Errorf("a sent draft comes back as %q", got)
		}
	})
}

// TestDiscordLostPage gets lost after the first page: the draft is offered by the command, and the button works as long as the
// message is there, even after a restart.
func TestDiscordLostPage(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		w.longForm(ana, "The printer eats paper")
		kept := w.says(w.sendsPage(ana, "location", "3.14"), "Page 1 of 2 is kept")
		w.told(w.user(ana).Command(w.Context(), w.channel("ana", "general"), "ticket", "mine", nil))
		asked := w.told(w.user(ana).Command(w.Context(), w.channel("ana", "general"), "ticket", "new", nil))
		w.says(asked, "This is what you typed before and did not send", "First:")
		f := ana.starts("general", "/ticket", "type", "incident", "category", "hardware", "device", "printer")
		for field, want := range map[string]string{"summary": "The printer eats paper", "location": "3.14"} {
			if got := w.field(f, field).Value; len(got) == 0 || got[0] != want {
				t.Errorf("%s comes back as %q", field, got)
			}
		}
		w.restart()
		if page := w.presses(ana, kept, "Continue (2/2)").Form; page == nil {
			t.Fatal("the second page does not open")
		}
		w.says(w.sendsPage(ana), "Your ticket is", "HD-00001")
		ana.sees(direct, "", "Here you follow", "HD-00001")
		carla.sees("ict-triage", "", "HD-00001", "The printer eats paper", "Where is it?: 3.14")
	})
}

// TestDiscordOthersForms has somebody send another one's form, and press the button that goes on with it.
func TestDiscordOthersForms(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, bram, eva := w.as("ana"), w.as("bram"), w.as("eva")
		f := w.longForm(ana, "The printer eats paper")
		page := w.pageOf(f)
		theirs := map[string][]string{"summary": {"Mine"}, "location": {"here"}}
		w.says(w.told(w.user(eva).ForgeForm(w.Context(), page, theirs)), "This form is somebody else's")
		kept := w.says(w.sendsPage(ana, "location", "3.14"), "Page 1 of 2 is kept")
		button := kept.Buttons()[0].CustomID
		public := w.raw(bram.says("general", "", "Good morning"))
		told := w.told(w.user(eva).Forge(w.Context(), public, button))
		if w.says(told, "This form is somebody else's"); told.Form != nil {
			t.Errorf("Eva reads %+v", told.Form)
		}
		if m := w.says(w.told(w.user(bram).Forge(w.Context(), public, button)), "van iemand anders"); !m.Ephemeral {
			t.Error("everybody reads that Bram tried")
		}
		w.presses(ana, kept, "Continue (2/2)")
		w.says(w.sendsPage(ana), "Your ticket is", "HD-00001")
		ana.sees(direct, "", "HD-00001")
		w.as("carla").sees("ict-triage", "", "HD-00001", "The printer eats paper", "Where is it?: 3.14")
	})
}

// TestDiscordSentTwice sends the last page of a form at once and again, and once more after a restart.
func TestDiscordSentTwice(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		w.longForm(ana, "The printer eats paper")
		w.presses(ana, w.says(w.sendsPage(ana, "location", "3.14"), "Page 1 of 2 is kept"), "Continue (2/2)")
		last := w.user(ana).Form()
		in := map[string][]string{"description": {"All of it."}, "priority": {"high"}}
		answers := make([]discordfake.Answer, 3)
		var sent sync.WaitGroup
		for i := range answers {
			sent.Go(func() {
				var err error
				if answers[i], err = w.user(ana).ForgeForm(w.Context(), last, in); err != nil {
					t.Error(err)
				}
			})
		}
		sent.Wait()
		key := keyIn(carla.sees("ict-triage", "", "HD-", "Priority: High").Text) // each of the three may have taken a number
		for _, told := range answers {
			w.says(told, "Your ticket is", key)
		}
		ana.sees(direct, "", key)
		w.restart()
		w.says(w.told(w.user(ana).ForgeForm(w.Context(), last, in)), key)
		w.settled()
	})
}

// TestDiscordDirectForm fills in a form in the direct conversation, where answers are messages like others.
func TestDiscordDirectForm(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		ana.starts(direct, "/ticket The printer eats paper", "type", "incident", "category", "hardware", "device", "printer")
		w.sendsPage(ana, "location", "3.14", "since", "never")
		all := w.user(ana).Messages(w.fake.Direct("ana"))
		kept := all[len(all)-1]
		w.presses(ana, kept, "Continue (2/2)")
		wrong := w.says(w.sendsPage(ana), "It has not been sent yet")
		if wrong.ID != kept.ID {
			t.Error("what was said about the pages does not take its own place")
		}
		w.presses(ana, wrong, "Correct")
		w.says(w.sendsPage(ana, "since", ""), "Your ticket is", "HD-00001")
		ana.sees(direct, "", "Your ticket is", "HD-00001")
		ana.sees(direct, "", "Here you follow", "HD-00001")
		carla.sees("ict-triage", "", "HD-00001", "Where is it?: 3.14")
	})
}
