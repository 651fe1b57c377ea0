package e2e

import (
	"slices"
	"strings"
	"testing"

	"balie/adapters/mattermost/mattermostfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// TestMattermostPolicyChanges takes a category, a priority and a status away while forms and cards with them are about:
// whoever uses those is told, and everything else goes on.
func TestMattermostPolicyChanges(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")

	// A ticket that has all three of them, and forms that are open.
	f := ana.types("general", "/ticket printer").Form
	f = ana.picks(f, f.with("type", "incident"), "category", "hardware")
	f = ana.picks(f, f.with(), "device", "printer")
	ana.fills(f, "location", "3.14", "priority", "urgent")
	mine := w.mine(ana, "HD-00001")
	w.seen[mine.ID] = true
	card := carla.sees("ict-triage", "", "HD-00001", "Priority: Urgent", "Category: Hardware")
	carla.fills(carla.clicks(card, "More …", "Status").Form, "status", "planned", "reason", "Next week")
	ana.sees(direct, mine.ID, "from Waiting for triage to Planned")
	card = carla.watches(card, "Status: Planned")

	second, other := ana.opens("Something else")
	priority := carla.clicks(other, "More …", "Priority").Form
	status := carla.clicks(other, "More …", "Status").Form
	f = ana.types("general", "/ticket laptop").Form
	f = ana.picks(f, f.with("type", "incident"), "category", "hardware")
	unsent := ana.picks(f, f.with(), "device", "laptop")

	w.adjust = func(o *app.Options) {
		p := o.Policy
		p.Categories = slices.DeleteFunc(slices.Clone(p.Categories), func(c ticket.Category) bool { return c.ID == "hardware" })
		p.Priorities = slices.DeleteFunc(slices.Clone(p.Priorities), func(c ticket.Priority) bool { return c.ID == "urgent" })
		p.Statuses = slices.DeleteFunc(slices.Clone(p.Statuses), func(s ticket.Status) bool { return s.ID == "planned" })
	}
	w.restart()

	// The open forms say what is wrong, and keep what was typed.
	refused := func(p person, f *form, field string, in filled) {
		t.Helper()
		a := p.works(p.trySend(f, in))
		if !strings.Contains(a.Errors[field], "choose one of the options") {
			t.Errorf("%s: %+v", field, a)
		}
	}
	refused(ana, unsent, "category", unsent.with("location", "at home", "problem", "battery"))
	refused(carla, priority, "priority", priority.with("priority", "urgent", "reason", "All of them"))
	refused(carla, status, "status", status.with("status", "planned"))
	carla.fills(priority, "priority", "high", "reason", "All of them")
	ana.sees(direct, w.mine(ana, second).ID, "from Normal to High")
	f = ana.picks(unsent, unsent.with("location", "at home"), "category", "other")
	ana.fills(f)
	ana.sees(direct, "", "Here you follow", "HD-00003")
	carla.sees("ict-triage", "", "HD-00003", "laptop")

	// The ticket that has what is gone lives on, and can be put right.
	carla.reads(carla.types("general", "/ticket queue"), "HD-00001", "planned · urgent")
	ana.reads(ana.types("general", "/ticket show hd-00001"), "HD-00001", "printer",
		"from Waiting for triage to planned", "Status: planned", "Priority: urgent", "Category: hardware")
	ana.says(direct, mine.ID, "And?")
	carla.sees("ict-triage", card.ID, "Ana Silva: And?")
	f = bram.clicks(card, "More …", "Priority").Form
	if got := w.field(f, "priority"); len(got.Value) > 0 {
		t.Errorf("the form starts with the priority %q", got.Value)
	}
	bram.fills(f, "priority", "low", "reason", "It can wait")
	ana.sees(direct, mine.ID, "Bram de Wit changed the priority", "to Low")
	bram.clicks(card, "Claim")
	ana.sees(direct, mine.ID, "Bram de Wit took this ticket")
	carla.watches(card, "Assignee: Bram de Wit", "Priority: Low")
	bram.fills(bram.clicks(card, "Resolve").Form, "text", "A new one stands there.")
	ana.sees(direct, mine.ID, "Bram de Wit resolved this ticket")
	carla.sees("ict-triage", card.ID, "Bram de Wit resolved this ticket")
	carla.watches(card, "Status: Resolved")
}
