package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"balie/adapters/slack/slackfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// TestSlackFormSwaps changes type, category and device: the questions change in place, and what was typed stays.
func TestSlackFormSwaps(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		first := ana.types("general", "/ticket my laptop").Form
		f := ana.picks(first, first.with("description", "It is *warm*\nand slow"), "type", "incident")
		f = ana.picks(f, f.with(), "category", "hardware")
		if w.slack.viewOf(f).ID != w.slack.viewOf(first).ID {
			t.Error("the form is another one")
		}
		f = ana.picks(f, f.with(), "device", "laptop")
		problems := w.offers(ana, f, "problem", "")
		if slices.Contains(problems, "jam") || !slices.Contains(problems, "battery") {
			t.Errorf("a laptop is offered %q", problems)
		}
		f = ana.picks(f, f.with("problem", "battery"), "device", "printer")
		if got := w.field(f, "problem").Value; len(got) > 0 {
			t.Errorf("a printer still has the problem %q", got)
		}
		if problems = w.offers(ana, f, "problem", ""); !slices.Contains(problems, "jam") || slices.Contains(problems, "battery") {
			t.Errorf("a printer is offered %q", problems)
		}
		f = ana.picks(f, f.with(), "category", "software")
		f = ana.picks(f, f.with("message", "Error 5"), "category", "hardware")
		for field, want := range map[string]string{"summary": "my laptop", "description": "It is *warm*\nand slow"} {
			if got := w.field(f, field).Value; len(got) != 1 || got[0] != want {
				t.Errorf("%s is %q, not %q", field, got, want)
			}
		}
		// Who answered for an incident and makes it a question has no hardware to choose any more.
		f = ana.picks(f, f.with(), "type", "question")
		if got := w.field(f, "category").Value; len(got) > 0 {
			t.Errorf("a question keeps the category %q", got)
		}
		a := ana.works(ana.trySend(f, f.with()))
		if a.Errors["category"] == "" {
			t.Errorf("a ticket without a category: %+v", a)
		}
		f = ana.picks(f, f.with(), "category", "other")
		ana.reads(ana.fills(f), "HD-00001")
		ana.sees(direct, "", "HD-00001 · ")
		carla.sees("ict-triage", "", "HD-00001 · my laptop", "warm")
	})
}

// TestSlackFormRace changes two fields faster than the program answers, and has Slack tell of the second change first.
func TestSlackFormRace(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		f := ana.types("general", "/ticket a race").Form
		f = ana.picks(f, f.with(), "type", "incident")
		for range 5 {
			release := w.fake.Hold("views.update") // the first change is answered last
			var first sync.WaitGroup
			first.Go(func() { ana.must(w.net.change(w.Context(), "ana", f, "category", f.with("category", "software"))) })
			w.eventually(func() error {
				if got := w.field(w.looksAt(ana), "category").Value; len(got) != 1 || got[0] != "software" {
					return fmt.Errorf("the category is %q", got)
				}
				return nil
			})
			var second sync.WaitGroup
			second.Go(func() { ana.must(w.net.change(w.Context(), "ana", f, "category", f.with("category", "hardware"))) })
			w.eventually(func() error {
				if got := w.field(w.looksAt(ana), "category").Value; len(got) != 1 || got[0] != "hardware" {
					return fmt.Errorf("the category is %q", got)
				}
				return nil
			})
			release()
			first.Wait()
			second.Wait()
			w.eventually(func() error {
				f = w.looksAt(ana)
				has := func(field string) bool { return slices.Contains(ids(f), field) }
				if got := w.field(f, "category").Value; len(got) != 1 || got[0] != "hardware" || !has("device") || has("application") {
					return fmt.Errorf("the category is %q, and the fields are %q", got, ids(f))
				}
				return nil
			})
			f = ana.picks(f, f.with(), "category", "other")
		}
		ana.fills(f)
		ana.sees(direct, "", "HD-00001 · ")
		carla.sees("ict-triage", "", "HD-00001 · a race")
	})
}

// TestSlackTypeAhead has more options than a list holds: they are asked for while somebody types.
func TestSlackTypeAhead(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		w.adjust = func(o *app.Options) {
			for i := range o.Policy.Categories {
				for j := range o.Policy.Categories[i].Fields {
					if field := &o.Policy.Categories[i].Fields[j]; o.Policy.Categories[i].ID == "software" && field.ID == "application" {
						field.Options = manyOptions(250)
					}
				}
			}
		}
		w.restart()
		ana, carla := w.as("ana"), w.as("carla")
		f := ana.types("general", "/ticket which one?").Form
		f = ana.picks(f, f.with("type", "request"), "category", "software")
		if all := w.offers(ana, f, "application", ""); len(all) == 0 || len(all) > 100 {
			t.Errorf("without a word typed %d are offered", len(all))
		}
		if some := w.offers(ana, f, "application", "PROGRAM 24"); len(some) != 11 { // 24 and 240 to 249
			t.Errorf("offered are %q", some)
		}
		if none := w.offers(ana, f, "application", "hovercraft"); len(none) != 0 {
			t.Errorf("offered are %q", none)
		}
		ana.fills(f, "application", "app-249")
		ana.sees(direct, "", "HD-00001 · ")
		carla.sees("ict-triage", "", "HD-00001 · which one?", "Which program?: Program 249")
	})
}

// TestSlackFormAnswers sends a form with every kind of field, wrong first.
func TestSlackFormAnswers(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		f := ana.types("general", "/ticket access for a new colleague").Form
		f = ana.picks(f, f.with("type", "request"), "category", "access")
		a := ana.works(ana.trySend(f, f.with()))
		for _, field := range []string{"colleague", "systems", "agreed"} {
			if a.Errors[field] != "Please fill this in." {
				t.Errorf("%s: %q", field, a.Errors[field])
			}
		}
		in := f.with("colleague", "eva", "until", "2126-12-31", "agreed", "true")
		in.Values["systems"] = []string{"vpn", "crm"}
		in.Files["files"] = []string{ana.uploads(direct, "form.pdf", "%PDF 1"), ana.uploads(direct, "plan.txt", "a plan")}
		ana.reads(ana.sends(f, in), "HD-00001")
		ana.sees(direct, "", "HD-00001 · ")
		card := carla.sees("ict-triage", "", "HD-00001 · ", "For whom?: Eva Lindqvist", "Access to what?: VPN, Customer records",
			"Until when?: 31 December 2126", "Their manager agrees: yes", "Attachments: form.pdf, plan.txt")
		sent := bram.sees("ict-triage", card.ID, "Ana Silva", "file form.pdf", "file plan.txt")
		for i, want := range []string{"%PDF 1", "a plan"} {
			if got := bram.downloads(sent, sent.Files[i]); got != want {
				t.Errorf("%s arrives as %q", sent.Files[i].Name, got)
			}
		}
	})
}

// TestSlackDraft closes forms by accident: what was typed is offered on the next one, once, until it is sent.
func TestSlackDraft(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		f := ana.types("general", "/ticket").Form
		f = ana.picks(f, f.with("summary", "The plotter"), "type", "incident")
		f = ana.picks(f, f.with(), "category", "hardware")
		ana.reads(ana.closes(f, "location", "3.14", "description", "It plots nothing"), "is kept")
		f = ana.types("general", "/ticket").Form
		for field, want := range map[string]string{"summary": "The plotter", "type": "incident", "category": "hardware",
			"location": "3.14", "description": "It plots nothing"} {
			if got := w.field(f, field).Value; len(got) != 1 || got[0] != want {
				t.Errorf("the draft has %s %q, not %q", field, got, want)
			}
		}
		ana.closes(f)
		f = ana.types("general", "/ticket another thing").Form // what is typed now goes before the draft
		if got := w.field(f, "summary").Value; len(got) != 1 || got[0] != "another thing" {
			t.Errorf("the summary starts as %q", got)
		}
		f = ana.picks(f, f.with(), "device", "printer")
		ana.reads(ana.fills(f), "Your ticket is")
		ana.sees(direct, "", "HD-00001 · ")
		carla.sees("ict-triage", "", "HD-00001 · another thing", "It plots nothing")
		if got := w.field(ana.types("general", "/ticket").Form, "summary").Value; len(got) > 0 {
			t.Errorf("a sent draft comes back as %q", got)
		}
		if a := ana.closes(ana.types("general", "/ticket").Form); len(a.Private) > 0 {
			t.Errorf("who typed nothing reads %+v", a.Private)
		}
	})
}

// TestSlackTriggerRunsOut has Slack deliver a command when its trigger is no longer good: the person is told.
func TestSlackTriggerRunsOut(t *testing.T) {
	for _, by := range transports {
		w := onSlackBy(t, by, slackfake.Options{}, nil)
		w.fake.FailNext("views.open", 1, slackfake.Fault{Error: "expired_trigger_id"})
		ana := w.as("ana")
		a := ana.types("general", "/ticket too late")
		if a.Form != nil || len(a.Private) == 0 {
			t.Errorf("%s: Ana sees %+v", by, a)
		}
		if f := ana.types("general", "/ticket in time").Form; f == nil {
			t.Errorf("%s: the next form does not open", by)
		}
	}
}

func manyOptions(n int) []ticket.Option {
	out := make([]ticket.Option, n)
	for i := range out {
		label := fmt.Sprintf("Program %d", i)
		out[i] = ticket.Option{ID: fmt.Sprintf("app-%d", i), Label: ticket.Text{"en": label, "nl": label}}
	}
	return out
}
