package e2e

import (
	"strings"
	"testing"

	"balie/internal/app"
	"balie/internal/ticket"
)

// TestRequestsChannel is a ticket whose conversation is in a channel, where everybody reads along and whom it does not
// concern may write too.
func TestRequestsChannel(t *testing.T) {
	w := start(t, embedded(t), &playgroundNetwork{})
	w.adjust = func(o *app.Options) {
		o.Policy.Teams[0].Requests = []ticket.Channel{{Platform: "playground", ID: "help"}}
	}
	w.restart()
	ana, bram, carla, david, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david"), w.as("eva")

	// Ana asks elsewhere, and reads where the answers will be. Eva asks in the channel itself.
	f := ana.types("general", "/ticket The printer is stuck").Form
	ana.reads(ana.fills(f, "type", "question", "category", "other"), "HD-00001", "in the channel for requests", "mention you there")
	root := ana.sees("help", "", "Ana Silva's ticket", "HD-00001", "The printer is stuck", "by Ana Silva", "Waiting for triage")
	w.notifies(root, "ana")
	card := bram.sees("ict-triage", "", "HD-00001")
	f = eva.types("help", "/ticket Where is the beamer?").Form
	eva.reads(eva.fills(f, "type", "question", "category", "other"), "HD-00002", "in a thread in this channel")
	w.notifies(eva.sees("help", "", "Eva Lindqvist's ticket", "HD-00002"), "eva")
	carla.sees("ict-triage", "", "HD-00002")
	if len(ana.lists(direct, "")) > 0 || len(eva.lists(direct, "")) > 0 {
		t.Error("the conversation is in the direct messages too")
	}

	// What the team says to Ana is told there, and calls her. What Bram types there is a reply, what he types under the
	// card stays with the team.
	bram.fills(bram.clicks(card, "Reply").Form, "text", "Which tray?")
	w.notifies(david.sees("help", root.ID, "Bram de Wit: Which tray?"), "ana")
	bram.sees("ict-triage", card.ID, "Reply to the requester", "Which tray?")
	ana.watches(root, "In progress")
	said := ana.says("help", root.ID, "The lower one")
	heard := bram.sees("ict-triage", card.ID, "Ana Silva: The lower one")
	bram.says("help", root.ID, "Thanks, I will look")
	carla.sees("ict-triage", card.ID, "Bram de Wit", "Reply to the requester", "Thanks, I will look")
	carla.says("ict-triage", card.ID, "It is the old one again")
	bram.fills(bram.clicks(card, "More …", "Note").Form, "text", "To be replaced")
	carla.sees("ict-triage", card.ID, "To be replaced")

	// Edits and deletions follow.
	ana.corrects(said, "The upper one")
	bram.watches(heard, "The upper one")
	oops := ana.says("help", root.ID, "wrong window")
	echo := bram.sees("ict-triage", card.ID, "wrong window")
	ana.takesBack(oops)
	bram.losesSight(echo)

	// David is no part of it: he is told once, the team does not read it, and the buttons are not his.
	a := david.must(david.net.say(david.Context(), "david", "help", root.ID, "Hier ook!"))
	david.reads(a, "melding", "HD-00001", "van Ana Silva", "hoort er niet bij")
	his := a.Message
	if a = david.must(david.net.say(david.Context(), "david", "help", root.ID, "Al een week")); len(a.Private) > 0 {
		t.Errorf("David is told again: %+v", a.Private)
	}
	david.corrects(his, "Bij ons ook!")
	david.takesBack(his)
	a, err := david.tryClick(root, "Close")
	if err != nil {
		t.Fatal(err)
	}
	david.reads(a, "de melding van iemand anders")

	// As a follower he is. His own room is as ever.
	bram.fills(bram.clicks(card, "More …", "Add follower").Form, "person", "david")
	david.sees("help", root.ID, "added David Bakker as a follower")
	mine := david.sees(direct, "", "Je volgt", "HD-00001")
	story := david.sees(direct, mine.ID, "The upper one", "Thanks, I will look")
	if strings.Contains(story.Text, "Hier ook") || strings.Contains(story.Text, "Al een week") {
		t.Errorf("what was no part of the ticket became one: %s", story.Text)
	}
	bram.watches(card, "Followers: David Bakker")
	david.says("help", root.ID, "Op de tweede ook")
	carla.sees("ict-triage", card.ID, "David Bakker: Op de tweede ook")
	david.sees(direct, mine.ID, "David Bakker: Op de tweede ook")

	// Resolved, and closed by Ana with the button that everybody sees.
	bram.fills(bram.clicks(card, "Resolve").Form, "text", "New rollers.")
	done := ana.sees("help", root.ID, "Bram de Wit resolved this ticket", "New rollers.")
	w.notifies(done, "ana")
	david.sees(direct, mine.ID, "New rollers.")
	bram.sees("ict-triage", card.ID, "resolved this ticket")
	ana.fills(ana.clicks(done, "Close").Form)
	ana.sees("help", root.ID, "Ana Silva closed this ticket")
	david.sees(direct, mine.ID, "Ana Silva")
	bram.sees("ict-triage", card.ID, "Ana Silva closed this ticket")
	for _, p := range []person{ana, david, eva} {
		p.neverSees("It is the old one again")
		p.neverSees("To be replaced")
	}
	for _, m := range append(carla.lists("ict-triage", card.ID), david.lists(direct, mine.ID)...) {
		if strings.Contains(m.Text, "Al een week") {
			t.Errorf("a bystander's words became part of the ticket: %s", m.Text)
		}
	}
}
