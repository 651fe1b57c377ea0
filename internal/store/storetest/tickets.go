package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

var ticketTests = []test{
	{"Create", func(t *testing.T, s *box) {
		want := sample(1)
		want.Description = Awkward
		want.Fields["free.text $here"] = []string{Awkward, ""}
		must(t, s.Create(t.Context(), want, nil))
		want.Version = 1
		s.reopen()
		same(t, "ticket", load(t, s, want.ID), want)
		for _, key := range []string{"HD-00001", "hd-00001", "Hd-00001"} {
			got, err := s.TicketByKey(t.Context(), key)
			must(t, err)
			same(t, "ticket by key "+key, got.ID, want.ID)
		}
		got, err := s.TicketByEvent(t.Context(), "event-1")
		must(t, err)
		same(t, "ticket by event", got, want)
	}},
	{"NotFound", func(t *testing.T, s *box) {
		create(t, s, sample(1))
		for _, id := range []string{"", "nobody", "HD-0000", "event-11", "%", "_"} {
			_, err := s.Ticket(t.Context(), id)
			wantErr(t, "Ticket", err, store.ErrNotFound)
			_, err = s.TicketByKey(t.Context(), id)
			wantErr(t, "TicketByKey", err, store.ErrNotFound)
			_, err = s.TicketByEvent(t.Context(), id)
			wantErr(t, "TicketByEvent", err, store.ErrNotFound)
		}
		ghost := sample(2)
		ghost.Version = 1
		if err := s.Save(t.Context(), ghost, nil); err == nil {
			t.Error("a ticket that does not exist was saved")
		}
	}},
	{"Exists", func(t *testing.T, s *box) {
		first := create(t, s, sample(1))
		for what, f := range map[string]func(*ticket.Ticket){
			"id":                func(k *ticket.Ticket) { k.ID = first.ID },
			"key":               func(k *ticket.Ticket) { k.Key = first.Key },
			"key in lower case": func(k *ticket.Ticket) { k.Key = "hd-00001" },
			"event":             func(k *ticket.Ticket) { k.OpenEvent = first.OpenEvent },
		} {
			other := sample(2)
			f(&other)
			err := s.Create(t.Context(), other, []store.Delivery{delivery("d-"+what, start)})
			wantErr(t, "Create with the same "+what, err, store.ErrExists)
		}
		same(t, "the first", load(t, s, first.ID), first)
		if n, _, err := s.Backlog(t.Context()); err != nil || n != 0 {
			t.Errorf("refused tickets left %d backlog, error %v", n, err)
		}
		create(t, s, sample(2))
	}},
	{"NoEvent", func(t *testing.T, s *box) {
		// What Balie opens by itself has no event; there may be any number of those.
		for n := range 3 {
			k := sample(n)
			k.OpenEvent = ""
			create(t, s, k)
		}
		_, err := s.TicketByEvent(t.Context(), "")
		wantErr(t, "TicketByEvent without one", err, store.ErrNotFound)
	}},
	{"CreateAtOnce", func(t *testing.T, s *box) {
		for what, f := range map[string]func(k *ticket.Ticket, one ticket.Ticket){
			"id":    func(k *ticket.Ticket, one ticket.Ticket) { k.ID = one.ID },
			"key":   func(k *ticket.Ticket, one ticket.Ticket) { k.Key = one.Key },
			"event": func(k *ticket.Ticket, one ticket.Ticket) { k.OpenEvent = one.OpenEvent },
		} {
			base := 1000 * len(what)
			errs := together(atOnce, func(i int) error {
				k := sample(base + i)
				f(&k, sample(base))
				return s.Create(t.Context(), k, []store.Delivery{delivery(fmt.Sprintf("%s-%d", what, i), start)})
			})
			oneWins(t, errs, store.ErrExists)
		}
		if n, _, err := s.Backlog(t.Context()); err != nil || n != 3 {
			t.Errorf("3 winners left %d backlog, error %v", n, err)
		}
	}},
	{"Save", func(t *testing.T, s *box) {
		k := create(t, s, sample(1))
		k.Summary, k.Phase, k.Status, k.Assignee = "Other", ticket.Resolved, "done", "bram"
		k.Resolved, k.Followers, k.Reopened = minute(5), []string{"dirk"}, 2
		k = with(k, ticket.Entry{Kind: ticket.EntryResolved, Audience: ticket.Public, By: "bram", Text: "Done.", Files: []ticket.File{{ID: "f", Name: "a.png", Size: 3}}})
		got := save(t, s, k)
		k.Version = 2
		same(t, "ticket", got, k)
		s.reopen()
		same(t, "ticket after a restart", load(t, s, k.ID), k)
	}},
	{"SaveConflict", func(t *testing.T, s *box) {
		old := create(t, s, sample(1))
		k := old
		k.Summary = "first"
		k = save(t, s, k)
		old.Summary = "second"
		wantErr(t, "Save of an old version", s.Save(t.Context(), old, []store.Delivery{delivery("d", start)}), store.ErrConflict)
		future := k
		future.Version = 7
		wantErr(t, "Save of a version to come", s.Save(t.Context(), future, nil), store.ErrConflict)
		same(t, "ticket", load(t, s, k.ID), k)
		if n, _, err := s.Backlog(t.Context()); err != nil || n != 0 {
			t.Errorf("a refused save left %d backlog, error %v", n, err)
		}
	}},
	{"SaveAtOnce", func(t *testing.T, s *box) {
		k := create(t, s, sample(1))
		const each = 4
		errs := together(atOnce, func(i int) error {
			for j := range each {
				name := fmt.Sprintf("%d-%d", i, j)
				err := change(t.Context(), s, k.ID, func(k *ticket.Ticket) {
					*k = with(*k, ticket.Entry{Kind: ticket.EntryNote, Audience: ticket.TeamOnly, Text: name})
				}, delivery(name, start))
				if err != nil {
					return err
				}
			}
			return nil
		})
		for _, err := range errs {
			must(t, err)
		}
		got := load(t, s, k.ID)
		if got.Version != 1+atOnce*each || got.Last != 1+atOnce*each {
			t.Errorf("version %d and %d entries after %d saves", got.Version, got.Last, atOnce*each)
		}
		var texts, want []string
		for _, e := range got.Entries[1:] {
			texts = append(texts, e.Text)
		}
		w, err := s.Lease(t.Context(), k.ID, "me", start, minute(1))
		must(t, err)
		same(t, "order of deliveries and entries", ids(w.Pending), texts)
		for i := range atOnce {
			for j := range each {
				want = append(want, fmt.Sprintf("%d-%d", i, j))
			}
		}
		slices.Sort(texts)
		slices.Sort(want)
		same(t, "entries", texts, want)
	}},
	{"Times", func(t *testing.T, s *box) {
		odd := time.Date(2026, 3, 29, 2, 30, 15, 987_654_321, time.FixedZone("there", 5*3600+1800))
		want := odd.UTC().Truncate(time.Millisecond)
		k := sample(1)
		k.Opened, k.NextDue = odd, odd
		k.Entries[0].At, k.Entries[0].Earlier = odd, []ticket.Revision{{Text: "a", Until: odd}}
		got := create(t, s, k, delivery("d", odd))
		for what, at := range map[string]time.Time{
			"Opened": got.Opened, "NextDue": got.NextDue, "entry": got.Entries[0].At, "revision": got.Entries[0].Earlier[0].Until,
		} {
			if at != want {
				t.Errorf("%s is %v, want %v", what, at, want)
			}
		}
		if k.Entries[0].At != odd {
			t.Error("the caller's ticket was changed")
		}
		if !got.ClosedAt.IsZero() {
			t.Error("no time became one")
		}
		w, err := s.Lease(t.Context(), k.ID, "me", odd, odd.Add(time.Minute))
		must(t, err)
		if w.Pending[0].Next != want || w.Pending[0].At != want {
			t.Errorf("the delivery is due at %v, want %v", w.Pending[0].Next, want)
		}
	}},
	{"Texts", func(t *testing.T, s *box) {
		for i, text := range []string{
			"", Awkward, strings.Repeat("x", 100_000), strings.Repeat("é打🙂\n", 25_000), "\x00\x01\x1f\x7f\u2028\ufeff",
			"$set", "a.b.c", "'; DROP TABLE tickets; --", `{"$gt": ""}`, "%_*\"", "\u202eright to left\u202c مرحبا",
		} {
			k := sample(i)
			k.Summary, k.Description = text, text
			k = with(k, ticket.Entry{Kind: ticket.EntryMessage, Audience: ticket.Public, Text: text, From: text})
			k.Fields = chat.Values{"a": {text, text}}
			got := create(t, s, k)
			k.Version = 1
			if got.Summary != text || got.Description != text || got.Entries[1].Text != text || got.Fields.Get("a") != text {
				t.Errorf("the text %.40q did not survive", text)
			}
			got.Version = 1
			same(t, "ticket", got, k)
		}
	}},
	{"Due", func(t *testing.T, s *box) {
		for n, due := range []int{30, 10, 0, 20, 40} {
			k := sample(n)
			if due > 0 {
				k.NextDue = minute(due)
			}
			create(t, s, k)
		}
		due := func(at, limit int) []string {
			list, err := s.Due(t.Context(), minute(at), limit)
			must(t, err)
			return list
		}
		same(t, "before the first", due(9, 10), nil)
		same(t, "at the first", due(10, 10), []string{sample(1).ID})
		same(t, "three", due(39, 10), []string{sample(1).ID, sample(3).ID, sample(0).ID})
		same(t, "two of three", due(39, 2), []string{sample(1).ID, sample(3).ID})
		must(t, change(t.Context(), s, sample(1).ID, func(k *ticket.Ticket) { k.NextDue = time.Time{} }))
		must(t, change(t.Context(), s, sample(3).ID, func(k *ticket.Ticket) { k.NextDue = minute(50) }))
		s.reopen()
		same(t, "after changes", due(60, 10), []string{sample(0).ID, sample(4).ID, sample(3).ID})
	}},
}

var historyTests = []test{
	{"Spill", func(t *testing.T, s *box) {
		const total = 3*store.KeepEntries + 7
		k := create(t, s, sample(1))
		for k.Last < total {
			k = with(k, ticket.Entry{Kind: ticket.EntryNote, Audience: ticket.TeamOnly, Text: fmt.Sprint("entry ", k.Last+1)})
			if err := s.Save(t.Context(), k, nil); err != nil {
				t.Fatal(err)
			}
			k = load(t, s, k.ID)
			if len(k.Entries) > store.KeepEntries*5/4 {
				t.Fatalf("the ticket keeps %d entries", len(k.Entries))
			}
			if k.Last >= store.KeepEntries && len(k.Entries) < store.KeepEntries {
				t.Fatalf("of %d entries the ticket keeps only %d", k.Last, len(k.Entries))
			}
		}
		// An edit of the oldest entry that is still with the ticket goes along when that one moves.
		oldest := k.Entries[0].N
		k.Entries[0].Text, k.Entries[0].Edited = "edited", minute(9)
		k.Entries[0].Earlier = []ticket.Revision{{Text: "before", Until: minute(9)}}
		k = save(t, s, k)
		for range store.KeepEntries / 2 {
			k = with(k, ticket.Entry{Kind: ticket.EntryNote, Audience: ticket.TeamOnly, Text: fmt.Sprint("entry ", k.Last+1)})
		}
		k = save(t, s, k)
		s.reopen()
		all := timeline(t, s, k.ID)
		if len(all) != k.Last {
			t.Fatalf("the timeline has %d entries, want %d", len(all), k.Last)
		}
		for i, e := range all {
			want := fmt.Sprint("entry ", i+1)
			switch {
			case e.N == 1:
				want = ""
			case e.N == oldest:
				want = "edited"
				same(t, "revisions", e.Earlier, []ticket.Revision{{Text: "before", Until: minute(9)}})
			}
			if e.N != i+1 || e.Text != want {
				t.Errorf("entry %d is number %d with %q, want %q", i+1, e.N, e.Text, want)
			}
		}
	}},
	{"SpillTwice", func(t *testing.T, s *box) {
		// A crash between copying and removing leaves entries in both places; the next save moves them again.
		k := create(t, s, sample(1))
		for range store.KeepEntries * 2 {
			k = with(k, ticket.Entry{Kind: ticket.EntryNote, Audience: ticket.TeamOnly, Text: fmt.Sprint(k.Last + 1)})
		}
		full := k
		k = save(t, s, k)
		full.Version = k.Version
		k = save(t, s, full)
		if all := timeline(t, s, k.ID); len(all) != k.Last {
			t.Errorf("the timeline has %d entries, want %d", len(all), k.Last)
		}
	}},
	{"SpillLoser", func(t *testing.T, s *box) {
		// Who loses the race for the version must not move anything.
		k := create(t, s, sample(1))
		loser := k
		for range store.KeepEntries * 2 {
			loser = with(loser, ticket.Entry{Kind: ticket.EntryNote, Text: "never"})
		}
		save(t, s, with(k, ticket.Entry{Kind: ticket.EntryNote, Text: "kept"}))
		wantErr(t, "Save", s.Save(t.Context(), loser, nil), store.ErrConflict)
		for _, e := range timeline(t, s, k.ID) {
			if e.Text == "never" {
				t.Fatalf("entry %d of a refused save was kept", e.N)
			}
		}
	}},
	{"Pages", func(t *testing.T, s *box) {
		k := create(t, s, sample(1))
		for range 2 * store.KeepEntries {
			k = with(k, ticket.Entry{Kind: ticket.EntryNote, Audience: ticket.TeamOnly})
		}
		k = save(t, s, k)
		first := k.Entries[0].N
		create(t, s, sample(2))
		page := func(id string, before, limit int) (out []int) {
			list, err := s.History(t.Context(), id, before, limit)
			must(t, err)
			for _, e := range list {
				out = append(out, e.N)
			}
			return out
		}
		same(t, "newest three", page(k.ID, first, 3), []int{first - 1, first - 2, first - 3})
		same(t, "next two", page(k.ID, first-3, 2), []int{first - 4, first - 5})
		same(t, "the end", page(k.ID, 3, 10), []int{2, 1})
		same(t, "before the first", page(k.ID, 1, 10), nil)
		same(t, "of a short ticket", page(sample(2).ID, 100, 10), nil)
		same(t, "of no ticket", page("nobody", 100, 10), nil)
	}},
}

// timeline is everything that happened to a ticket, the history included, oldest first. An entry may be in both places
// after a crash; it counts once.
func timeline(t *testing.T, s store.Store, id string) []ticket.Entry {
	t.Helper()
	k := load(t, s, id)
	all := slices.Clone(k.Entries)
	slices.Reverse(all)
	for before := k.Entries[0].N; ; {
		page, err := s.History(context.Background(), id, before, 37)
		must(t, err)
		if len(page) == 0 {
			slices.Reverse(all)
			return all
		}
		all = append(all, page...)
		before = page[len(page)-1].N
	}
}

// Awkward is text that has been known to break software.
const Awkward = "\x00\x01\t\r\n \u00a0\u200b\u202e\ufeff <script>alert('1')</script> @channel <!here> [x](javascript:y)" +
	" 'q' \"q\" \\ % _ $ . {} 👩‍👩‍👧‍👦🏳️‍🌈 é e\u0301 ﷽ 打印机 مرحبا Ω ß"
