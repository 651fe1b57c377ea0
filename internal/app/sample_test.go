package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/playground/client"
	"balie/internal/app"
	"balie/internal/store"
	"balie/internal/ticket"
)

// kept is a store that stays open when the app is done with it.
type kept struct{ store.Store }

func (kept) Close() error { return nil }

// sampled runs the app with sample tickets at a time, until all is delivered, and gives the tickets, the oldest first.
func sampled(t *testing.T, s store.Store, now time.Time) ([]ticket.Ticket, *app.App) {
	t.Helper()
	o := options(t)
	o.Store, o.Sample, o.Now = kept{s}, true, func() time.Time { return now }
	a, _ := run(t, o)
	eventually(t, "the sample tickets are there and delivered", func() bool {
		if len(tickets(t, s)) == 0 {
			return false
		}
		n, _, err := s.Backlog(t.Context()) // nothing is delivered before the last ticket is made
		return err == nil && n == 0
	})
	if dead, err := s.Dead(t.Context(), 10); err != nil || len(dead) > 0 {
		t.Errorf("given up: %+v, %v", dead, err)
	}
	return tickets(t, s), a
}

func tickets(t *testing.T, s store.Store) (all []ticket.Ticket) {
	t.Helper()
	page, err := s.Find(t.Context(), store.Query{Team: "ict", Order: store.Oldest, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, sum := range page.Tickets {
		full, err := s.Ticket(t.Context(), sum.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, full)
	}
	return all
}

func TestSampleIsBelievable(t *testing.T) {
	for _, now := range []string{"2026-03-11T10:00:00Z", "2026-03-15T20:00:00Z", "2026-03-30T05:30:00Z"} {
		t.Run(now, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, now)
			if err != nil {
				t.Fatal(err)
			}
			s := openStore(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			all, _ := sampled(t, s, at)
			if len(all) < 40 || len(all) > 60 {
				t.Errorf("there are %d tickets", len(all))
			}
			phases, kinds := map[ticket.Phase]int{}, map[ticket.EntryKind]int{}
			reopened, waiting := 0, 0
			for i, tk := range all {
				if expected := fmt.Sprintf("HD-%05d", i+1); tk.Key != expected {
					t.Errorf("ticket %d is %s, not %s", i+1, tk.Key, expected)
				}
				phases[tk.Phase]++
				reopened += min(tk.Reopened, 1)
				if tk.Assignee == "" {
					waiting++
				}
				believable(t, tk, at)
				for _, e := range tk.Entries {
					kinds[e.Kind]++
				}
			}
			for _, p := range ticket.Phases {
				if phases[p] == 0 {
					t.Errorf("no ticket is %s", p)
				}
			}
			for _, k := range []ticket.EntryKind{ticket.EntryMessage, ticket.EntryReply, ticket.EntryAsk, ticket.EntryNote,
				ticket.EntryAssigned, ticket.EntryPriority, ticket.EntryStatus, ticket.EntryFollowed, ticket.EntryShared} {
				if kinds[k] == 0 {
					t.Errorf("nothing of the kind %s happens", k)
				}
			}
			if waiting == 0 || reopened < 2 {
				t.Errorf("%d tickets wait for somebody, %d were reopened", waiting, reopened)
			}
		})
	}
}

// believable checks that people did everything in office hours, in order, and not in the future.
func believable(t *testing.T, tk ticket.Ticket, now time.Time) {
	t.Helper()
	office, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	last := now.AddDate(0, 0, -45)
	for _, e := range tk.Entries {
		at := e.At.In(office)
		minutes := at.Hour()*60 + at.Minute()
		off := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || minutes < 8*60+30 || minutes > 17*60+30
		if e.By != "" && off {
			t.Errorf("%s: %s on %s", tk.Key, e.Kind, at)
		}
		if e.At.Before(last) || e.At.After(now) {
			t.Errorf("%s: %s at %s, which is not between %s and now", tk.Key, e.Kind, e.At, last)
		}
		last = e.At
	}
}

func TestSampleIsTheSameEveryTime(t *testing.T) {
	now := time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC)
	tell := func() string {
		s := openStore(t)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		all, _ := sampled(t, s, now)
		var b strings.Builder
		for _, tk := range all {
			fmt.Fprintln(&b, tk.Key, tk.Summary, tk.Status, tk.Priority, tk.Opened)
			for _, e := range tk.Entries {
				fmt.Fprintln(&b, " ", e.At, e.Kind, e.Text)
			}
		}
		return b.String()
	}
	if first, second := tell(), tell(); first != second {
		t.Errorf("two demos differ:\n%s\n%s", first, second)
	}
}

func TestSampleInTheChannels(t *testing.T) {
	s := openStore(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	now := time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC)
	all, a := sampled(t, s, now)
	c := client.New(a.URL(), nil)
	defer c.CloseIdle()
	page, err := c.As("bram").Messages(t.Context(), "ict-triage", "", 200)
	if err != nil {
		t.Fatal(err)
	}
	var cards []string
	for _, m := range page.Messages {
		if m.Card == nil {
			t.Fatalf("a message without a card in the triage channel: %+v", m)
		}
		key, _, _ := strings.Cut(m.Card.Title, " ")
		cards = append(cards, key)
		if i := slices.IndexFunc(all, func(tk ticket.Ticket) bool { return tk.Key == key }); i < 0 || !all[i].Opened.Equal(m.At) {
			t.Errorf("the card of %s is from %s", key, m.At)
		}
	}
	if len(cards) != len(all) || !slices.IsSorted(cards) {
		t.Errorf("the cards are not the %d tickets in order: %v", len(all), cards)
	}
	var keys []string
	direct, err := c.As("david").Messages(t.Context(), "dm-david", "", 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range direct.Messages {
		keys = append(keys, strings.Fields(m.Card.Title)[0])
	}
	if len(keys) < 10 || !strings.Contains(direct.Messages[0].Text, "volg") {
		t.Errorf("David's conversations, in Dutch: %v, the first is %q", keys, direct.Messages[0].Text)
	}
}

func TestSampleOnlyIntoAnEmptyHelpdesk(t *testing.T) {
	s := openStore(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	now := time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC)
	before, a := sampled(t, s, now)
	if len(before) == 0 || a == nil {
		t.Fatal("there are no sample tickets")
	}
	after, _ := sampled(t, s, now.Add(24*time.Hour))
	if len(after) != len(before) {
		t.Errorf("a second start made %d tickets of %d", len(after), len(before))
	}
}

func TestNoSampleForAnotherPolicy(t *testing.T) {
	o := options(t)
	s := openStore(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	other := *o.Policy
	other.Categories = other.Categories[:1]
	o.Store, o.Sample, o.Policy = kept{s}, true, &other
	a, _ := run(t, o)
	c := client.New(a.URL(), nil)
	defer c.CloseIdle()
	// A delivered ticket says that the bot works, which it does only after the sample.
	who := c.As("ana")
	answer, err := who.Command(t.Context(), "general", "ticket", "Laptop is slow")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := who.Submit(t.Context(), answer.Form, client.Filled{Values: map[string][]string{"summary": {"Laptop is slow"},
		"type": {"incident"}, "priority": {"normal"}, "category": {"hardware"}, "device": {"laptop"}, "location": {"here"}}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the card of the ticket is there", func() bool {
		page, err := c.As("bram").Messages(context.WithoutCancel(t.Context()), "ict-triage", "", 0)
		return err == nil && len(page.Messages) > 0
	})
	if all := tickets(t, s); len(all) != 1 {
		t.Errorf("there are %d tickets, expected only Ana's", len(all))
	}
}
