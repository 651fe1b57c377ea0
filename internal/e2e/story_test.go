package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestStory is a ticket's whole life, as its people live it.
func TestStory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, bram, carla, david := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david")

		// Ana asks. The form starts with what she typed; her category brings its questions.
		f := ana.types("general", "/ticket printer on floor 3 is broken").Form
		if got := w.field(f, "summary").Value; len(got) != 1 || got[0] != "printer on floor 3 is broken" {
			t.Fatalf("the summary starts as %q", got)
		}
		typed := f.with("type", "incident", "description", "It eats paper.\n\n**All** of it.")
		f = ana.picks(f, typed, "category", "hardware")
		typed = f.with("device", "printer")
		f = ana.picks(f, typed, "device", "printer")
		if got := w.field(f, "description").Value; got[0] != "It eats paper.\n\n**All** of it." {
			t.Fatalf("after choosing, the description is %q", got)
		}
		for _, o := range w.field(f, "problem").Options {
			if o.Value == "battery" {
				t.Error("a printer is offered a battery")
			}
		}
		in := f.with("problem", "jam", "priority", "high")
		picture := ana.uploads(direct, "../../screen.png", "\x89PNG picture")
		inForm := ""
		if w.can.formFiles {
			in.Files["files"], inForm = []string{picture}, "screen.png"
		}
		a, err := ana.trySend(f, in)
		if err != nil || a.Errors["location"] != "Please fill this in." {
			t.Fatalf("an empty location: %+v, %v", a, err)
		}
		in.Values["location"] = []string{"Main building, 3.14"}
		key := "HD-00001"
		ana.reads(ana.sends(f, in), key, "printer on floor 3 is broken")
		ana.reads(ana.sends(f, in), key) // a form sent twice is one ticket

		// Both sides have a place for it.
		mine := ana.sees(direct, "", key, "Waiting for triage", "Here you follow")
		card := bram.sees("ict-triage", "", key, "printer on floor 3 is broken", "by Ana Silva", "Priority: High", "Asked for: High",
			"Status: Waiting for triage", "Assignee: nobody yet", "Which device?: Printer", "What is the matter?: Paper jam", inForm)
		if !w.can.formFiles {
			ana.says(direct, mine.ID, "", picture)
		}
		shot := bram.sees("ict-triage", card.ID, "Ana Silva", "file screen.png")
		if got := bram.downloads(shot, shot.Files[0]); got != "\x89PNG picture" {
			t.Errorf("the screenshot arrives as %q", got)
		}

		// Bram and Carla claim it at once: one wins, the other reads who did.
		answers := w.atOnce(card, "Claim", bram, carla)
		for _, a := range answers {
			w.eventually(func() error { // where it may come after the answer
				if _, told := a.reads(); !told && a.Refused == "" {
					return errors.New("somebody presses a button and is told nothing")
				}
				return nil
			})
		}
		won, lost, wonName := bram, carla, "Bram de Wit"
		yours, faster := "is van jou", "was faster"
		if _, ok := answers[1].reads("is yours"); ok {
			won, lost, wonName = carla, bram, "Carla Jansen"
			answers[0], answers[1] = answers[1], answers[0]
			yours, faster = "is yours", "was sneller"
		}
		won.reads(answers[0], key, yours)
		if answers[1].Refused == "" || w.can.oldButtons { // else the button may be gone before it is pressed
			lost.reads(answers[1], wonName, faster)
		}
		card = bram.watches(card, "Assignee: "+wonName, "Status: In progress")
		mine = ana.watches(mine, "In progress")
		ana.sees(direct, mine.ID, wonName+" took this ticket")
		if won.id != "bram" { // the story goes on with Bram
			carla.fills(carla.clicks(card, "More …", "Assign").Form, "assignee", "bram")
			ana.sees(direct, mine.ID, "assigned this ticket to Bram")
			w.notifies(bram.sees("ict-triage", card.ID, "assigned this ticket to Bram"), "bram")
		}

		// They talk. What Ana types goes to the team, what agents type in their thread stays there.
		bram.fills(bram.clicks(card, "Reply").Form, "text", "Which tray?")
		ana.sees(direct, mine.ID, "Bram de Wit: Which tray?")
		bram.sees("ict-triage", card.ID, "Bram de Wit", "Reply to the requester", "Which tray?")
		said := ana.says(direct, mine.ID, "The lower one")
		heard := bram.sees("ict-triage", card.ID, "Ana Silva: The lower one")
		w.notifies(heard, "bram")
		carla.says("ict-triage", card.ID, "She always says that")
		bram.fills(bram.clicks(card, "More …", "Note").Form, "text", "A known jam, see the wiki")
		carla.sees("ict-triage", card.ID, "Note for the team", "A known jam")

		// Edits and deletions follow to the other side.
		ana.corrects(said, "The upper one")
		bram.watches(heard, "The upper one")
		oops := ana.says(direct, mine.ID, "wrong window")
		echo := bram.sees("ict-triage", card.ID, "wrong window")
		ana.takesBack(oops)
		bram.losesSight(echo)

		// Ask waits for Ana; her answer takes it back.
		bram.fills(bram.clicks(card, "Ask").Form, "text", "Is the light red?")
		ana.sees(direct, mine.ID, "Is the light red?")
		bram.sees("ict-triage", card.ID, "Question to the requester")
		bram.watches(card, "Status: Waiting for requester")
		ana.says(direct, mine.ID, "Yes, red")
		bram.sees("ict-triage", card.ID, "Yes, red")
		bram.watches(card, "Status: In progress")

		// Priority, assignment, a follower.
		bram.fills(bram.clicks(card, "More …", "Priority").Form, "priority", "urgent", "reason", "The whole floor prints there")
		ana.sees(direct, mine.ID, "Bram de Wit changed the priority from High to Urgent", "The whole floor prints there")
		bram.watches(card, "Priority: Urgent", "Asked for: High")
		bram.fills(bram.clicks(card, "More …", "Assign").Form, "assignee", "carla")
		w.notifies(carla.sees("ict-triage", card.ID, "assigned this ticket to Carla"), "carla")
		ana.sees(direct, mine.ID, "assigned this ticket to Carla")
		bram.fills(bram.clicks(card, "More …", "Add follower").Form, "person", "david")
		ana.sees(direct, mine.ID, "added David Bakker as a follower")
		his := david.sees(direct, "", "Je volgt", key)
		story := david.sees(direct, his.ID, "Het verhaal tot nu toe", "The upper one", "Is the light red?")
		if strings.Contains(story.Text, "She always says that") || strings.Contains(story.Text, "wrong window") {
			t.Errorf("David's story tells too much: %s", story.Text)
		}
		david.says(direct, his.ID, "Ook op de tweede")
		ana.sees(direct, mine.ID, "David Bakker: Ook op de tweede")
		carla.sees("ict-triage", card.ID, "David Bakker: Ook op de tweede")

		// Resolved, reopened by Ana's reply, closed by Ana.
		carla.fills(carla.clicks(card, "Resolve").Form, "text", "New rollers.")
		done := ana.sees(direct, mine.ID, "Carla Jansen resolved this ticket", "New rollers.")
		if len(done.Buttons) == 0 || done.Buttons[0].Label != "Reopen" {
			t.Errorf("the resolution has the buttons %+v", done.Buttons)
		}
		david.sees(direct, his.ID, "New rollers.")
		carla.sees("ict-triage", card.ID, "resolved this ticket", "New rollers.")
		ana.says(direct, mine.ID, "It jams again")
		w.notifies(carla.sees("ict-triage", card.ID, "It jams again"), "carla")
		carla.sees("ict-triage", card.ID, "Ana Silva reopened this ticket")
		ana.sees(direct, mine.ID, "Ana Silva reopened this ticket")
		david.sees(direct, his.ID, "Ana Silva: It jams again")
		david.sees(direct, his.ID, "heropend")
		mine = ana.watches(mine, "Status: In progress")
		ana.fills(ana.clicks(mine, "Close").Form, "text", "It works now, thanks")
		for _, c := range []struct {
			p             person
			channel, root string
			parts         []string
		}{
			{ana, direct, mine.ID, []string{"Ana Silva closed this ticket", "It works now, thanks"}},
			{carla, "ict-triage", card.ID, []string{"Ana Silva closed this ticket", "It works now, thanks"}},
			{david, direct, his.ID, []string{"Ana Silva heeft deze melding gesloten"}},
		} {
			c.p.sees(c.channel, c.root, c.parts...)
		}
		bram.watches(card, "Status: Closed")

		// A closed ticket takes no answer, but what was typed is not lost.
		ana.says(direct, mine.ID, "One more thing")
		offer := ana.sees(direct, mine.ID, key+" is closed", "What you typed is kept")
		f = ana.clicks(offer, "New ticket").Form
		if got := w.field(f, "summary").Value; len(got) != 1 || got[0] != "One more thing" {
			t.Errorf("the new ticket starts with %q", got)
		}

		// The team's words never reached the others.
		for _, p := range []person{ana, david, w.as("eva")} {
			for _, secret := range []string{"She always says that", "A known jam"} {
				p.neverSees(secret)
			}
		}

		// Nothing of it is lost by a restart, and the conversation goes on.
		w.clock.forward(time.Hour)
		w.restart()
		card = bram.watches(card, "Status: Closed", "Priority: Urgent")
		bram.clicks(card, "Reopen")
		ana.sees(direct, mine.ID, "Bram de Wit reopened this ticket")
		bram.sees("ict-triage", card.ID, "Bram de Wit reopened this ticket")
		david.sees(direct, his.ID, "heropend")
		bram.watches(card, "Status: In progress")
	})
}
