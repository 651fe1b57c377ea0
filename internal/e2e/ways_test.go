package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLists finds tickets back by command.
func TestLists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		ana.reads(ana.types("general", "/ticket mine"), "You have no open tickets")
		ana.reads(ana.types("general", "/ticket mine closed"), "no tickets that are done")
		carla.reads(carla.types("general", "/ticket queue"), "The queue is empty")

		first, card := ana.opens("Coffee machine in the café is leaking")
		second, _ := ana.opens("The plotter prints only cyan")
		ana.reads(ana.types("general", "/ticket mine"), first, "Coffee machine")
		ana.reads(ana.types("general", "/ticket mine"), second, "plotter")
		ana.reads(ana.types("general", "/ticket show "+strings.ToLower(first)), first, "Coffee machine", "Waiting for triage")
		ana.reads(ana.types("general", "/ticket search cafe"), first) // without its accent
		ana.reads(ana.types("general", "/ticket search plot"), second)
		ana.reads(ana.types("general", "/ticket search hovercraft"), "No ticket of yours has")
		a := carla.types("general", "/ticket queue")
		if queue := a.titles(); len(queue) != 2 || !strings.Contains(queue[0], first) || !strings.Contains(queue[1], second) {
			t.Errorf("the queue, the oldest first, is %q", queue)
		}
		carla.reads(carla.clicks(carla.reads(a, first), "Show"), first, "Coffee machine")

		// Words of the team are found by nobody, and others' tickets neither.
		bram.fills(bram.clicks(card, "More …", "Note").Form, "text", "rhododendron")
		bram.sees("ict-triage", card.ID, "rhododendron")
		ana.reads(ana.types("general", "/ticket search rhododendron"), "No ticket of yours has")
		eva := w.as("eva")
		eva.reads(eva.types("general", "/ticket search coffee"), "No ticket of yours has")
		eva.reads(eva.types("general", "/ticket show "+first), "There is no ticket "+first+" that you can see")
		eva.reads(eva.types("general", "/ticket show HD-99999"), "There is no ticket HD-99999 that you can see")
		eva.reads(eva.types("general", "/ticket queue"), "Only the team")

		// Every page is there once.
		keys := map[string]bool{first: true, second: true}
		for i := range 23 {
			key, _ := ana.opens(fmt.Sprintf("bulk %d", i))
			keys[key] = true
		}
		a = ana.types("general", "/ticket mine")
		for page := 1; ; page++ {
			for _, title := range a.titles() {
				key, _, _ := strings.Cut(title, " ")
				if !keys[key] {
					t.Errorf("page %d has %s, again or not Ana's", page, key)
				}
				delete(keys, key)
			}
			next := slices.IndexFunc(a.Private, func(m message) bool { return m.has("Next") })
			if next < 0 {
				break
			}
			a = ana.clicks(a.Private[next], "Next")
		}
		if len(keys) > 0 {
			t.Errorf("not on any page: %v", keys)
		}
	})
}

// TestWaysIn opens tickets by everything but the command.
func TestWaysIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, bram, carla, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("eva")

		// From a message with its thread.
		root := eva.says("general", "", "The beamer in room 4 flickers")
		eva.says("general", root.ID, "It started on Monday")
		ana.says("general", root.ID, "Same in room 5, **all** day")
		f := bram.makesTicketOf(root)
		if got := w.field(f, "summary").Value; len(got) == 0 || got[0] != "The beamer in room 4 flickers" {
			t.Fatalf("the summary starts as %q", got)
		}
		if a := bram.fills(f, "type", "question", "category", "other"); w.can.shortcut {
			bram.reads(a, "Je melding is", "HD-00001")
		} else { // it began in the direct conversation
			bram.sees(direct, "", "Je melding is", "HD-00001")
		}
		card := carla.sees("ict-triage", "", "HD-00001", "The beamer in room 4 flickers")
		bram.sees(direct, "", "Hier volg je", "HD-00001")
		carla.sees("ict-triage", card.ID, "Eva Lindqvist", "Taken along from the chat", "It started on Monday")
		carla.sees("ict-triage", card.ID, "Ana Silva", "Same in room 5")

		// From a panel in a channel, which only agents may post.
		eva.reads(eva.types("general", "/ticket panel"), "Only the team")
		carla.types("general", "/ticket panel")
		panel := eva.sees("general", "", "Need help?")
		f = eva.clicks(panel, "New ticket").Form
		eva.reads(eva.fills(f, "summary", "Lost my badge", "type", "question", "category", "other"), "Your ticket is", "HD-00002")
		carla.sees("ict-triage", "", "HD-00002", "Lost my badge", "by Eva")
		eva.sees(direct, "", "HD-00002")

		// From a direct message.
		ana.says(direct, "", "My screen is black\nsince this morning")
		offer := ana.sees(direct, "", "Shall I make a ticket of this?")
		f = ana.clicks(offer, "New ticket").Form
		if got := w.field(f, "description").Value; len(got) == 0 || got[0] != "My screen is black\nsince this morning" {
			t.Errorf("the description starts as %q", got)
		}
		ana.fills(f, "type", "question", "category", "other")
		carla.sees("ict-triage", "", "HD-00003", "My screen is black")
		ana.sees(direct, "", "Your ticket is **HD-00003**")
		ana.sees(direct, "", "Here you follow **HD-00003**")

		// A form that was closed by accident is offered again, once.
		if w.can.closing {
			ana.reads(ana.closes(ana.types("general", "/ticket").Form, "summary", "half a thought"), "is kept")
			f = ana.types("general", "/ticket").Form
			if got := w.field(f, "summary").Value; len(got) == 0 || got[0] != "half a thought" || f.Intro == "" {
				t.Errorf("the draft comes back as %q (%q)", got, f.Intro)
			}
			ana.fills(f, "type", "question", "category", "other")
			carla.sees("ict-triage", "", "HD-00004", "half a thought")
			ana.sees(direct, "", "HD-00004")
		}
		if got := w.field(ana.types("general", "/ticket").Form, "summary").Value; len(got) > 0 {
			t.Errorf("a sent draft comes back as %q", got)
		}

		// Anything after the command is a summary, even if it starts like a subcommand.
		for _, line := range []string{"help me with my printer", "mine is broken too"} {
			if got := w.field(ana.types("general", "/ticket "+line).Form, "summary").Value; len(got) == 0 || got[0] != line {
				t.Errorf("/ticket %s starts the summary as %q", line, got)
			}
		}
		ana.reads(ana.types("general", "/ticket help"), "/ticket mine")
		if _, ok := ana.types("general", "/ticket help").reads("For the team"); ok {
			t.Error("staff read the team's help")
		}
		carla.reads(carla.types("general", "/ticket help"), "For the team")
		if a := ana.works(ana.net.command(t.Context(), ana.id, "general", "", "/nonsense")); a.Refused == "" {
			t.Errorf("an unknown command was taken: %+v", a)
		}
	})
}

// TestDutch speaks Dutch to whoever does.
func TestDutch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		david, carla := w.as("david"), w.as("carla")
		david.speaksDutch()
		f := david.types("general", "/ticket printer stuk").Form
		if f.Title != "Nieuwe melding" || w.field(f, "category").Label != "Categorie" {
			t.Errorf("David's form is %q with %q", f.Title, w.field(f, "category").Label)
		}
		if a, err := david.trySend(f, f.with()); err != nil || a.Errors["category"] != "Vul dit nog in." {
			t.Errorf("David's errors are %v, %v", a.Errors, err)
		}
		david.reads(david.fills(f, "type", "question", "category", "other"), "Je melding is", "HD-00001")
		mine := david.sees(direct, "", "Hier volg je", "Wacht op behandeling")
		card := carla.sees("ict-triage", "", "Waiting for triage") // the team's language
		carla.clicks(card, "Claim")
		david.sees(direct, mine.ID, "Carla Jansen heeft deze melding opgepakt")
		david.reads(david.types("general", "/ticket mijn"), "HD-00001", "In behandeling")
	})
}

// TestTime lets tickets move on by themselves.
func TestTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, carla := w.as("ana"), w.as("carla")
		_, card := ana.opens("Which cable?")
		mine := ana.find(direct, "", []string{"HD-00001"}, func(message) bool { return true })
		carla.fills(carla.clicks(card, "Ask").Form, "text", "Which end?")
		ana.sees(direct, mine.ID, "Which end?")
		carla.sees("ict-triage", card.ID, "Which end?")
		w.clock.forward(20 * 24 * time.Hour)
		carla.watches(card, "Waiting for requester")
		w.clock.forward(2 * 24 * time.Hour)
		ana.sees(direct, mine.ID, "Resolved, because nothing was heard")
		carla.sees("ict-triage", card.ID, "Resolved, because nothing was heard")
		w.clock.forward(22 * 24 * time.Hour)
		ana.sees(direct, mine.ID, "Closed, because nothing was heard")
		carla.sees("ict-triage", card.ID, "Closed, because nothing was heard")
		carla.watches(card, "Status: Closed")
	})
}
