package e2e

import (
	"slices"
	"strings"
	"testing"

	"balie/adapters/mattermost/mattermostfake"
	"balie/internal/chat"
)

// TestMattermostOlder lives on a server whose forms can't change while they are open, and know neither dates nor several
// choices.
func TestMattermostOlder(t *testing.T) {
	w := onFake(t, mattermostfake.Options{Version: "10.11.0"})
	ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")

	// What changes the form is asked before; what was typed is not lost on the way, nor who asks for something else.
	ana.reads(ana.types("general", "/ticket The printer eats paper"), "First:", "Kind of request")
	a := ana.chooses(ana.types("general", "/ticket"), "incident")
	ana.reads(a, "First:", "Category")
	a = ana.chooses(a, "hardware")
	m := ana.reads(a, "First:", "Which device?")
	f := ana.chooses(a, "printer").Form
	if got := w.field(f, "summary").Value; got[0] != "The printer eats paper" {
		t.Errorf("the summary starts as %q", got)
	}
	if !contains(f.Intro, []string{"Something is broken", "Hardware", "Printer", "Files can be added in the ticket's thread"}) {
		t.Errorf("above the form stands %q", f.Intro)
	}
	for _, field := range f.Fields {
		if slices.Contains([]string{"type", "category", "device"}, field.ID) || field.Refresh {
			t.Errorf("the form asks %+v", field)
		}
	}
	if got := w.field(f, "since").Kind; got != chat.TextField {
		t.Errorf("a date is a %s", got)
	}
	refused := ana.works(ana.trySend(f, f.with("location", "3.14", "since", "last week")))
	if !strings.Contains(refused.Errors["since"], "2026-12-31") {
		t.Errorf("a date that is none: %+v", refused)
	}
	ana.fills(f, "location", "3.14", "since", "2126-03-01", "problem", "jam")
	ana.sees(direct, "", "Your ticket is", "HD-00001") // where the last question was
	ana.sees(direct, "", "Here you follow", "HD-00001")
	carla.sees("ict-triage", "", "HD-00001", "The printer eats paper", "Which device?: Printer",
		"What is the matter?: Paper jam", "Since when?: 1 March 2126")

	// The last question can be answered again, for another ticket; no draft is left.
	f = ana.must(ana.tryClick(m, "Which device?", "laptop")).Form
	if got := w.field(f, "summary").Value; len(got) > 0 {
		t.Errorf("a sent draft comes back as %q", got)
	}

	// Several choices are a box each.
	f = bram.starts("general", "/ticket Toegang voor David", "type", "request", "category", "access")
	for _, id := range []string{"systems=vpn", "systems=crm", "agreed"} {
		if got := w.field(f, id).Kind; got != chat.CheckboxField {
			t.Errorf("%s is a %s", id, got)
		}
	}
	refused = bram.works(bram.trySend(f, f.with("colleague", "david", "agreed", "true")))
	if len(refused.Errors) != 1 {
		t.Errorf("without any system: %+v", refused)
	}
	bram.fills(f, "colleague", "david", "agreed", "true", "systems=vpn", "true", "systems=crm", "true", "until", "2126-12-31")
	bram.sees(direct, "", "Je melding is", "HD-00002")
	bram.sees(direct, "", "Hier volg je", "HD-00002")
	card := carla.sees("ict-triage", "", "HD-00002", "Access to what?: Customer records, VPN", "For whom?: David Bakker",
		"Until when?: 31 December 2126")

	// Whoever closes the form by accident finds it as it was.
	f = ana.starts("general", "/ticket A second one", "type", "question", "category", "other")
	ana.closes(f)
	a = ana.types("general", "/ticket")
	ana.reads(a, "This is what you typed before", "First:")
	for _, choice := range []string{"question", "software"} {
		a = ana.chooses(a, choice)
	}
	f = ana.chooses(a, "mail").Form
	if got := w.field(f, "summary").Value; len(got) == 0 || got[0] != "A second one" {
		t.Errorf("the draft comes back as %q (%q)", got, f.Intro)
	}
	ana.fills(f, "part", "calendar")
	ana.sees(direct, "", "Your ticket is", "HD-00003")
	ana.sees(direct, "", "Here you follow", "HD-00003")
	carla.sees("ict-triage", "", "HD-00003", "A second one", "Calendar")
	carla.fills(carla.clicks(card, "More …", "Assign").Form, "assignee", "bram")
	bram.watches(card, "Assignee: Bram de Wit")
	w.notifies(carla.sees("ict-triage", card.ID, "assigned this ticket to Bram"), "bram")
	bram.sees(direct, w.mine(bram, "HD-00002").ID, "toegewezen aan Bram de Wit")
}

// TestMattermostNewer sends files along with forms, where the server has that.
func TestMattermostNewer(t *testing.T) {
	w := onFake(t, mattermostfake.Options{Version: "11.11.0"})
	ana, carla := w.as("ana"), w.as("carla")
	f := ana.starts("general", "/ticket No sound", "type", "question", "category", "software", "application", "other")
	for _, id := range []string{"screenshot", "files"} {
		if got := w.field(f, id).Kind; got != chat.FileField {
			t.Errorf("%s is a %s", id, got)
		}
	}
	if strings.Contains(f.Intro, "thread") {
		t.Errorf("above the form stands %q", f.Intro)
	}
	in := f.with()
	in.Files["screenshot"] = []string{ana.uploads("general", "screen.png", "\x89PNG screen")}
	in.Files["files"] = []string{ana.uploads("general", "log.txt", "beep"), ana.uploads("general", "../../log.txt", "boop")}
	ana.reads(ana.sends(f, in), "Your ticket is", "HD-00001")
	mine := ana.sees(direct, "", "Here you follow", "HD-00001", "screen.png")
	card := carla.sees("ict-triage", "", "HD-00001", "No sound", "Screenshot: screen.png", "log.txt")
	with := carla.sees("ict-triage", card.ID, "file screen.png", "file log.txt")
	if len(with.Files) != 3 {
		t.Fatalf("with the ticket come %+v", with.Files)
	}
	want := map[string]bool{"\x89PNG screen": true, "beep": true, "boop": true}
	for _, file := range with.Files {
		got := carla.downloads(with, file)
		if !want[got] {
			t.Errorf("%s is %q", file.Name, got)
		}
		delete(want, got)
	}
	// An answer with a file, and somebody else's file, which nobody can send.
	reply := carla.clicks(card, "Reply").Form
	in = reply.with("text", "Look at this")
	in.Files["files"] = []string{carla.uploads("ict-triage", "manual.pdf", "%PDF")}
	carla.sends(reply, in)
	got := ana.sees(direct, mine.ID, "Carla Jansen: Look at this", "file manual.pdf")
	if text := ana.downloads(got, got.Files[0]); text != "%PDF" {
		t.Errorf("the manual arrives as %q", text)
	}
	carla.sees("ict-triage", card.ID, "Look at this", "file manual.pdf")
	note := carla.clicks(card, "More …", "Note").Form
	in = note.with("text", "Hers")
	in.Files["files"] = []string{ana.uploads(direct, "secret.txt", "mine")}
	if a := carla.works(carla.trySend(note, in)); a.Refused == "" {
		t.Errorf("somebody else's file was taken: %+v", a)
	}
}
