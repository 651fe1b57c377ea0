package e2e

import (
	"testing"

	"balie/bot"
)

// TestSlackWaysIn opens the form by everything that Slack offers, where the bot is and where it is not.
func TestSlackWaysIn(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, bram, carla, david, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david"), w.as("eva")
		opened := func(p person, f *form, key, summary string, typed ...string) message {
			t.Helper()
			if got := w.field(f, "summary").Value; len(typed) == 0 && (len(got) == 0 || got[0] != summary) {
				t.Errorf("the summary starts as %q, not %q", got, summary)
			}
			p.fills(f, append([]string{"type", "question", "category", "other"}, typed...)...)
			p.sees(direct, "", key+" · ")
			return carla.sees("ict-triage", "", key+" · "+summary)
		}

		// The command with a text, in a channel that the bot can't see.
		opened(ana, ana.types("secrets", "/ticket The heating is off").Form, "HD-00001", "The heating is off")

		// The menu of a reply: the thread around it is taken along.
		root := eva.says("general", "", "The beamer in room 4 flickers")
		reply := ana.says("general", root.ID, "The one in room 5, too")
		eva.says("general", root.ID, "It started on Monday")
		card := opened(bram, bram.makesTicketOf(reply), "HD-00002", "The one in room 5, too")
		for _, said := range []string{"The beamer in room 4 flickers", "It started on Monday"} {
			carla.sees("ict-triage", card.ID, "Taken along from the chat", said)
		}

		// The menu of a message where the bot is not: what Slack tells of it has to do.
		said := ana.says("secrets", "", "The safe does not open\nsince this morning")
		f := ana.makesTicketOf(said)
		if got := w.field(f, "description").Value; len(got) == 0 || got[0] != "The safe does not open\nsince this morning" {
			t.Errorf("the description starts as %q", got)
		}
		opened(ana, f, "HD-00003", "The safe does not open")

		// The menu of Slack itself.
		david.speaksDutch()
		f = david.must(w.slack.global(w.Context(), "david", bot.ShortcutNew)).Form
		if f.Title != "Nieuwe melding" {
			t.Errorf("David's form is %q", f.Title)
		}
		david.fills(f, "summary", "Mijn stoel piept", "type", "question", "category", "other")
		david.sees(direct, "", "Je melding is", "HD-00004") // there is no channel to answer in
		david.sees(direct, "", "HD-00004 · ")
		carla.sees("ict-triage", "", "HD-00004 · Mijn stoel piept")

		// A ticket put on somebody's message, and a mention of the bot: only who did it is offered a form.
		said = eva.says("general", "", "The fridge leaks")
		offer := w.offered(ana, ana.must(w.net.react(w.Context(), "ana", said, "ticket")))
		opened(ana, ana.clicks(offer, "New ticket").Form, "HD-00005", "The fridge leaks")
		a := eva.must(w.net.say(w.Context(), "eva", "general", "", "@balie my badge is lost"))
		opened(eva, eva.clicks(w.offered(eva, a), "New ticket").Form, "HD-00006", "my badge is lost")

		// A direct message, and the button on the home tab.
		ana.says(direct, "", "My screen is black")
		offer = ana.sees(direct, "", "Shall I make a ticket of this?")
		f = ana.clicks(offer, "New ticket").Form
		ana.fills(f, "type", "question", "category", "other")
		ana.sees(direct, "", "Your ticket is **HD-00007**")
		ana.sees(direct, "", "HD-00007 · ")
		carla.sees("ict-triage", "", "HD-00007 · My screen is black")
		w.visits(eva)
		opened(eva, w.pressesAtHome(eva, "New ticket", "").Form, "HD-00008", "From home", "summary", "From home")
		eva.sees(direct, "", "Your ticket is", "HD-00008")

		// A panel, also where the bot may not post: then who asked is told what to do.
		carla.types("general", "/ticket panel")
		panel := eva.sees("general", "", "Need help?")
		opened(eva, eva.clicks(panel, "New ticket").Form, "HD-00009", "From the panel", "summary", "From the panel")
		carla.reads(carla.types("secrets", "/ticket panel"), "/invite")
	})
}
