package e2e

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBadInput types what nobody should.
func TestBadInput(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
		f := ana.types("general", "/ticket x").Form
		refused := func(field, part string, in filled) {
			t.Helper()
			a, err := ana.trySend(f, in)
			if err != nil || !strings.Contains(a.Errors[field], part) {
				t.Errorf("%s: %+v, %v; want %q", field, a, err, part)
			}
		}
		in := func(pairs ...string) filled {
			return f.with(append([]string{"type", "question", "category", "other"}, pairs...)...)
		}
		refused("description", "at most 10000", in("description", strings.Repeat("é", 10_001)))
		if w.can.longForms {
			refused("description", "at most 10000", in("description", strings.Repeat("é", 100_000)))
		}
		refused("summary", "fill this in", in("summary", " \t\u0000\n "))
		refused("category", "choose one", in("category", "invented"))
		refused("priority", "choose one", in("priority", "cosmic"))
		if _, a, err := w.net.upload(t.Context(), ana.id, direct, "empty.txt", ""); err != nil ||
			!strings.Contains(a.Refused, "empty") && !w.can.emptyFiles {
			t.Errorf("an empty file: %+v, %v", a, err)
		}

		// Markup, mentions and directions arrive as words.
		nasty := "@channel <!here> [x](javascript:alert(1)) <script>alert(2)</script> **شكرا** \u202egnp.exe 😀\x07"
		ana.fills(f, "summary", nasty, "description", nasty, "type", "question", "category", "other")
		card := carla.sees("ict-triage", "", "HD-00001", "@channel <!here> [x](javascript:alert(1)) <script>", "شكرا", "😀")
		if card.Title == "" || strings.ContainsAny(card.Title, "\u202e\x07") {
			t.Errorf("the card is %q", card.Title)
		}
		w.notifies(card)
		mine := ana.sees(direct, "", "HD-00001")

		// Messages that are too long are refused to whoever wrote them, and stay where they are.
		if !w.can.shortMessages {
			ana.says(direct, mine.ID, strings.Repeat("x", 12_000))
			ana.sees(direct, mine.ID, "at most 10000 fit")
		}

		// Whoever has no right to it does nothing, whatever they hold.
		for _, b := range card.Buttons {
			choices := []string{""}
			if len(b.Options) > 0 {
				choices = nil
			}
			for _, o := range b.Options {
				choices = append(choices, o.Value)
			}
			for _, choice := range choices {
				a := eva.works(eva.tryClick(card, b.Label, choice))
				if a.Form != nil {
					t.Errorf("Eva pressed %s %s and got %+v", b.Label, choice, a)
				}
				if a.Refused == "" {
					eva.reads(a, "no ticket")
				}
			}
		}
		taken, err := w.net.forge(t.Context(), carla.id, card)
		if err != nil || len(taken) > 0 {
			t.Errorf("invented buttons were taken: %q, %v", taken, err)
		}

		// Buttons of a closed ticket.
		resolve := carla.clicks(card, "Resolve").Form
		w.as("bram").fills(w.as("bram").clicks(card, "More …", "Close").Form) // on some networks a person has one form at a time
		ana.sees(direct, mine.ID, "closed this ticket")
		carla.sees("ict-triage", card.ID, "closed this ticket")
		if w.can.oldButtons {
			carla.reads(carla.clicks(card, "Reply"), "HD-00001 is closed")
		}
		a, err := carla.trySend(resolve, resolve.with("text", "late"))
		if err != nil || !strings.Contains(a.Errors[""], "is closed") {
			t.Errorf("a form that is too late: %+v, %v", a, err)
		}
	})
}

// TestPlatformTrouble lets the chat fail in every way it can be told to; everything arrives all the same, once.
func TestPlatformTrouble(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if w.net.brace() {
			w.restart()
		}
		ana, carla := w.as("ana"), w.as("carla")
		faults := func(f trouble) {
			t.Helper()
			if err := w.net.trouble(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		faults(trouble{failNext: 2})
		f := ana.types("general", "/ticket stuck").Form
		ana.fills(f, "type", "question", "category", "other")
		card := carla.later("ict-triage", "", "HD-00001", "stuck")
		mine := ana.later(direct, "", "HD-00001")

		faults(trouble{uncertain: 2}) // posted, but reported as failed
		carla.fills(carla.clicks(card, "Reply").Form, "text", "only once")
		ana.later(direct, mine.ID, "only once")
		carla.later("ict-triage", card.ID, "only once")
		w.settled()
		for _, where := range []struct {
			p             person
			channel, root string
		}{{ana, direct, mine.ID}, {carla, "ict-triage", card.ID}} {
			n := 0
			for _, m := range where.p.lists(where.channel, where.root) {
				n += strings.Count(m.Text, "only once")
			}
			if n != 1 {
				t.Errorf("%s reads it %d times", where.p.id, n)
			}
		}

		// Whoever answers under a first post of which the bot does not know yet that it stands is heard all the same.
		faults(trouble{uncertain: 2})
		f = ana.types("general", "/ticket uncertain").Form
		ana.fills(f, "type", "question", "category", "other")
		early := ana.sees(direct, "", "HD-00002")
		second := carla.sees("ict-triage", "", "HD-00002")
		var answered sync.WaitGroup
		answered.Go(func() { ana.says(direct, early.ID, "are you there?") })
		carla.later("ict-triage", second.ID, "Ana Silva: are you there?")
		answered.Wait()

		faults(trouble{every: map[string]time.Duration{"ict-triage": time.Minute}})
		said := []string{"one", "two", "three"}
		for _, text := range said {
			ana.says(direct, mine.ID, text)
		}
		faults(trouble{every: map[string]time.Duration{"ict-triage": time.Millisecond}})
		var arrived []string
		for _, text := range said {
			arrived = append(arrived, carla.later("ict-triage", card.ID, "Ana Silva: "+text).ID)
		}
		var order []string
		for _, m := range carla.lists("ict-triage", card.ID) {
			if slices.Contains(arrived, m.ID) {
				order = append(order, m.ID)
			}
		}
		if !slices.Equal(order, arrived) {
			t.Errorf("out of order: %q, not %q", order, arrived)
		}
		faults(trouble{})
	})
}
