package e2e

import (
	"strings"
	"sync"
	"testing"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
)

// TestBadInput types what nobody should.
func TestBadInput(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
		f := ana.types("general", "/ticket x").Form
		refused := func(field, part string, in client.Filled) {
			t.Helper()
			a, err := ana.Submit(t.Context(), f, in)
			if err != nil || !strings.Contains(a.Errors[field], part) {
				t.Errorf("%s: %v, %v; want %q", field, a.Errors, err, part)
			}
		}
		in := func(pairs ...string) client.Filled {
			return filled(f, append([]string{"type", "question", "category", "other"}, pairs...)...)
		}
		refused("description", "at most 10000", in("description", strings.Repeat("é", 100_000)))
		refused("summary", "fill this in", in("summary", " \t\u0000\n "))
		refused("category", "choose one", in("category", "invented"))
		refused("priority", "choose one", in("priority", "cosmic"))
		if _, err := ana.Upload(t.Context(), "empty.txt", "", strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("an empty file: %v", err)
		}

		// Markup, mentions and directions arrive as words.
		nasty := "@channel <!here> [x](javascript:alert(1)) <script>alert(2)</script> **شكرا** \u202egnp.exe 😀\x07"
		ana.fills(f, "summary", nasty, "description", nasty, "type", "question", "category", "other")
		card := carla.sees("ict-triage", "", "HD-00001", "@channel <!here> [x](javascript:alert(1)) <script>", "شكرا", "😀")
		if strings.ContainsAny(card.Card.Title, "\u202e\x07") || len(card.Mention) > 0 {
			t.Errorf("the card is %q and mentions %q", card.Card.Title, card.Mention)
		}
		mine := ana.sees(ana.Direct(), "", "HD-00001")

		// Messages that are too long are refused to whoever wrote them, and stay where they are.
		if _, err := ana.Say(t.Context(), ana.Direct(), mine.ID, strings.Repeat("x", 12_000)); err != nil {
			t.Errorf("a long message: %v", err)
		}
		ana.sees(ana.Direct(), mine.ID, "at most 10000 fit")

		// Whoever has no right to it does nothing, whatever they hold.
		for _, b := range card.Buttons {
			var choices [][]string
			for _, o := range b.Options {
				choices = append(choices, []string{o.Value})
			}
			if choices == nil {
				choices = [][]string{nil}
			}
			for _, choice := range choices {
				a, err := eva.Do(t.Context(), "click", wire.Request{Token: b.Token, Choice: choice})
				if err == nil && (a.Form != nil || len(a.Private) == 0 || !strings.Contains(a.Private[0].Text, "no ticket")) {
					t.Errorf("Eva pressed %s %v and got %+v", b.Label, choice, a)
				}
			}
		}
		for _, token := range []string{"", "AAAA", card.Buttons[0].Token + "A", strings.ToLower(card.Buttons[0].Token)} {
			if a, err := carla.Do(t.Context(), "click", wire.Request{Token: token}); err == nil {
				t.Errorf("an invented button was taken: %+v", a)
			}
		}

		// Buttons of a closed ticket.
		resolve := carla.clicks(card, "Resolve").Form
		carla.fills(carla.clicks(card, "More …", "Close").Form)
		ana.sees(ana.Direct(), mine.ID, "closed this ticket")
		carla.sees("ict-triage", card.ID, "closed this ticket")
		carla.reads(carla.clicks(card, "Reply"), "HD-00001 is closed")
		if a, err := carla.Submit(t.Context(), resolve, filled(resolve, "text", "late")); err != nil || !strings.Contains(a.Errors[""], "is closed") {
			t.Errorf("a form that is too late: %+v, %v", a, err)
		}
	})
}

// TestPlatformTrouble lets the chat fail in every way it can be told to; everything arrives all the same, once.
func TestPlatformTrouble(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, carla := w.as("ana"), w.as("carla")
		faults := func(f wire.Faults) {
			t.Helper()
			if err := w.client.SetFaults(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		faults(wire.Faults{FailNext: 2})
		f := ana.types("general", "/ticket stuck").Form
		ana.fills(f, "type", "question", "category", "other")
		card := carla.later("ict-triage", "", "HD-00001", "stuck")
		mine := ana.later(ana.Direct(), "", "HD-00001")

		faults(wire.Faults{Uncertain: 2}) // posted, but reported as failed
		carla.fills(carla.clicks(card, "Reply").Form, "text", "only once")
		ana.later(ana.Direct(), mine.ID, "only once")
		carla.later("ict-triage", card.ID, "only once")
		w.settled()
		for _, where := range []struct {
			p    person
			root string
		}{{ana, mine.ID}, {carla, card.ID}} {
			page, err := where.p.Person.Thread(t.Context(), where.root, "", 200)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, m := range page.Messages {
				n += strings.Count(m.Text, "only once")
			}
			if n != 1 {
				t.Errorf("%s reads it %d times", where.p.ID(), n)
			}
		}

		// Whoever answers under a first post of which the bot does not know yet that it stands is heard all the same.
		faults(wire.Faults{Uncertain: 2})
		f = ana.types("general", "/ticket uncertain").Form
		ana.fills(f, "type", "question", "category", "other")
		early := ana.sees(ana.Direct(), "", "HD-00002")
		second := carla.sees("ict-triage", "", "HD-00002")
		var answered sync.WaitGroup
		answered.Go(func() { ana.says(ana.Direct(), early.ID, "are you there?") })
		carla.later("ict-triage", second.ID, "Ana Silva: are you there?")
		answered.Wait()

		faults(wire.Faults{EveryMS: map[string]int{"ict-triage": 60_000}})
		for _, text := range []string{"one", "two", "three"} {
			ana.says(ana.Direct(), mine.ID, text)
		}
		faults(wire.Faults{EveryMS: map[string]int{"ict-triage": 1}})
		var order []string
		for _, text := range []string{"one", "two", "three"} {
			order = append(order, carla.later("ict-triage", card.ID, "Ana Silva: "+text).Order)
		}
		if order[0] > order[1] || order[1] > order[2] {
			t.Errorf("out of order: %q", order)
		}
		faults(wire.Faults{})
	})
}
