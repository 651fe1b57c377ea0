package e2e

import (
	"slices"
	"strings"
	"testing"

	"balie/adapters/discord/discordfake"
)

// TestDiscordPrivateThread has a conversation in a private thread of a channel: only the requester sees it, besides the bot.
func TestDiscordPrivateThread(t *testing.T) {
	onDiscordWith(t, discordfake.Options{}, requests("help"), func(t *testing.T, w *discordWorld) {
		ana, bram, carla, david, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david"), w.as("eva")
		f := ana.types("general", "/ticket The printer is stuck").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "HD-00001", "in a private thread", "I mention you there")
		root := ana.sees("help", "", "HD-00001", "The printer is stuck", "by Ana Silva", "Waiting for triage")
		w.notifies(root, "ana")
		card := bram.sees("ict-triage", "", "HD-00001")
		th := w.thread(root.ID)
		both := []string{w.fake.BotID, w.fake.UserID("ana")}
		slices.Sort(both)
		if !th.Private || th.Name != "HD-00001 · The printer is stuck" || !slices.Equal(th.Members, both) {
			t.Errorf("the thread is %+v", th)
		}
		if len(ana.lists(direct, "")) > 0 {
			t.Error("the conversation is in the direct messages too")
		}

		// They talk. What others type there can't be, since they don't see it.
		bram.fills(bram.clicks(card, "Reply").Form, "text", "Which tray?")
		ana.sees("help", root.ID, "Bram de Wit: Which tray?")
		bram.sees("ict-triage", card.ID, "Reply to the requester", "Which tray?")
		ana.watches(root, "In progress")
		said := ana.says("help", root.ID, "The lower one", ana.uploads("help", "tray.png", "\x89PNG tray"))
		heard := bram.sees("ict-triage", card.ID, "Ana Silva: The lower one", "file tray.png")
		ana.corrects(said, "The upper one")
		bram.watches(heard, "The upper one")
		oops := ana.says("help", root.ID, "wrong window")
		echo := bram.sees("ict-triage", card.ID, "wrong window")
		ana.takesBack(oops)
		bram.losesSight(echo)
		for _, p := range []person{david, eva} {
			p.neverSees("Which tray?")
			if all := w.user(p).Threads(w.channel(p.id, "help")); len(all) > 0 {
				t.Errorf("%s sees %+v", p.id, all)
			}
		}

		// A follower has a room of their own.
		bram.fills(bram.clicks(card, "More …", "Add follower").Form, "person", "david")
		ana.sees("help", root.ID, "added David Bakker as a follower")
		his := david.sees(direct, "", "Je volgt", "HD-00001")
		david.sees(direct, his.ID, "The upper one", "Which tray?")
		david.says(direct, his.ID, "Ook op de tweede")
		ana.sees("help", root.ID, "David Bakker: Ook op de tweede")
		carla.sees("ict-triage", card.ID, "David Bakker: Ook op de tweede")

		// Closed by Ana with a button, it is put away and locked. Reopened, it is back.
		bram.fills(bram.clicks(card, "Resolve").Form, "text", "New rollers.")
		done := ana.sees("help", root.ID, "Bram de Wit resolved this ticket", "New rollers.")
		david.sees(direct, his.ID, "New rollers.")
		bram.sees("ict-triage", card.ID, "resolved this ticket")
		ana.fills(ana.clicks(done, "Close").Form)
		ana.sees("help", root.ID, "Ana Silva closed this ticket")
		david.sees(direct, his.ID, "Ana Silva")
		bram.sees("ict-triage", card.ID, "Ana Silva closed this ticket")
		w.becomes(root.ID, "closed", func(th discordfake.Thread) bool { return th.Archived && th.Locked })
		w.becomes(card.ID, "closed", func(th discordfake.Thread) bool { return th.Archived && th.Locked })
		if a := ana.works(ana.net.say(w.Context(), "ana", "help", root.ID, "Hello?")); a.Refused == "" {
			t.Error("Ana writes into a locked thread")
		}
		bram.clicks(card, "Reopen")
		ana.sees("help", root.ID, "Bram de Wit reopened this ticket")
		bram.sees("ict-triage", card.ID, "Bram de Wit reopened this ticket")
		david.sees(direct, his.ID, "heropend")
		w.becomes(root.ID, "open", func(th discordfake.Thread) bool { return !th.Archived && !th.Locked })
		ana.says("help", root.ID, "Thanks")
		carla.sees("ict-triage", card.ID, "Ana Silva: Thanks")
		david.sees(direct, his.ID, "Ana Silva: Thanks")
	})
}

// TestDiscordThreadsArchived has Discord put threads away that nobody wrote in for long: people find them back as they were,
// and what is said is told in both.
func TestDiscordThreadsArchived(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The tap drips")
		mine := w.mine(ana, key)
		carla.says("ict-triage", card.ID, "An old tap")
		w.settled()
		w.fake.Archive(card.ID, false)
		ana.says(direct, mine.ID, "It drips faster")
		carla.sees("ict-triage", card.ID, "Ana Silva: It drips faster")
		w.settled()
		w.fake.Archive(card.ID, true) // a moderator's doing
		ana.says(direct, mine.ID, "It pours")
		carla.sees("ict-triage", card.ID, "Ana Silva: It pours")
		w.fake.Archive(card.ID, false)
		carla.says("ict-triage", card.ID, "I will look")
		carla.fills(carla.clicks(card, "Reply").Form, "text", "A plumber comes")
		ana.sees(direct, mine.ID, "Carla Jansen: A plumber comes")
		carla.sees("ict-triage", card.ID, "A plumber comes")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "An old tap", "It drips faster", "It pours", "I will look", "A plumber comes")
		ana.neverSees("I will look")
	})
}

// TestDiscordReplies has people reply in the direct conversation to whatever stands there: to each of two tickets, to what
// was said about one, to themselves, and to nothing at all.
func TestDiscordReplies(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		_, door := ana.opens("The door squeaks")
		_, window := ana.opens("The window rattles")
		first, second := w.mine(ana, "HD-00001"), w.mine(ana, "HD-00002")
		carla.fills(carla.clicks(door, "Reply").Form, "text", "Which door?")
		question := ana.sees(direct, first.ID, "Which door?")
		carla.sees("ict-triage", door.ID, "Which door?")
		ana.says(direct, second.ID, "In the storm")
		carla.sees("ict-triage", window.ID, "Ana Silva: In the storm")
		said := ana.says(direct, question.ID, "The front door")
		carla.sees("ict-triage", door.ID, "Ana Silva: The front door")
		ana.says(direct, said.ID, "The left half")
		carla.sees("ict-triage", door.ID, "Ana Silva: The left half")

		// What replies to nothing may be for any of them.
		ana.says(direct, "", "It is urgent")
		offer := ana.sees(direct, "", "Is this for one of your tickets")
		var labels []string
		for _, b := range offer.Buttons {
			labels = append(labels, b.Label)
		}
		i := slices.IndexFunc(labels, func(label string) bool { return strings.Contains(label, "HD-00002") })
		if i < 0 {
			t.Fatalf("the buttons are %q", labels)
		}
		f := ana.clicks(offer, labels[i]).Form
		if got := w.field(f, "text").Value; len(got) == 0 || got[0] != "It is urgent" {
			t.Errorf("the addition starts as %q", got)
		}
		ana.fills(f)
		ana.sees(direct, "", "HD-00002")
		ana.sees(direct, second.ID, "Ana Silva: It is urgent")
		carla.sees("ict-triage", window.ID, "Ana Silva: It is urgent")
		ana.says(direct, "", "And the lamp is broken")
		offer = ana.sees(direct, "", "Is this for one of your tickets")
		f = ana.clicks(offer, "New ticket").Form
		if got := w.field(f, "summary").Value; len(got) == 0 || got[0] != "And the lamp is broken" {
			t.Errorf("the new ticket starts as %q", got)
		}
		w.settled()
		carla.inOrder("ict-triage", door.ID, "Which door?", "The front door", "The left half")
		carla.inOrder("ict-triage", window.ID, "In the storm", "It is urgent")
	})
}
