package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// calls are all methods of a store, called such that each would change or find something.
func calls(t *testing.T, s store.Store, w store.Work) map[string]func(context.Context) error {
	k := load(t, s, sample(1).ID)
	changed := k
	changed.Summary = "changed"
	due := []store.Delivery{delivery("due", start)}
	item := store.Item{Kind: store.KindCounter, Body: []byte(`{"name":"restored","value":7}`)}
	ignore := func(_ any, err error) error { return err }
	return map[string]func(context.Context) error{
		"Create":        func(ctx context.Context) error { return s.Create(ctx, sample(9), due) },
		"Save":          func(ctx context.Context) error { return s.Save(ctx, changed, due) },
		"Ticket":        func(ctx context.Context) error { return ignore(s.Ticket(ctx, k.ID)) },
		"TicketByKey":   func(ctx context.Context) error { return ignore(s.TicketByKey(ctx, k.Key)) },
		"TicketByEvent": func(ctx context.Context) error { return ignore(s.TicketByEvent(ctx, k.OpenEvent)) },
		"TicketByRoom":  func(ctx context.Context) error { _, _, err := s.TicketByRoom(ctx, ref("1")); return err },
		"TicketsIn":     func(ctx context.Context) error { return ignore(s.TicketsIn(ctx, ref(""))) },
		"History":       func(ctx context.Context) error { return ignore(s.History(ctx, k.ID, 9, 9)) },
		"Find":          func(ctx context.Context) error { return ignore(s.Find(ctx, store.Query{Team: "ict", Limit: 9})) },
		"Due":           func(ctx context.Context) error { return ignore(s.Due(ctx, start, 9)) },
		"Lease":         func(ctx context.Context) error { return ignore(s.Lease(ctx, sample(2).ID, "me", start, minute(1))) },
		"Settle": func(ctx context.Context) error {
			return s.Settle(ctx, w, store.Outcome{Done: ids(w.Pending), Refs: map[string]chat.Ref{"triage": ref("8")}})
		},
		"Backlog":          func(ctx context.Context) error { _, _, err := s.Backlog(ctx); return err },
		"Underway":         func(ctx context.Context) error { return ignore(s.Underway(ctx, "ana", "", 9)) },
		"Dead":             func(ctx context.Context) error { return ignore(s.Dead(ctx, 9)) },
		"Person":           func(ctx context.Context) error { return ignore(s.Person(ctx, "ana")) },
		"PersonByIdentity": func(ctx context.Context) error { return ignore(s.PersonByIdentity(ctx, account("slack", "U1"))) },
		"PersonByEmail":    func(ctx context.Context) error { return ignore(s.PersonByEmail(ctx, "ana@example.org")) },
		"SavePerson":       func(ctx context.Context) error { return s.SavePerson(ctx, person("bea", account("slack", "U2"))) },
		"Draft":            func(ctx context.Context) error { return ignore(s.Draft(ctx, "ana", "open")) },
		"SaveDraft": func(ctx context.Context) error {
			return s.SaveDraft(ctx, store.Draft{Person: "ana", Form: "x", At: start})
		},
		"DeleteDraft": func(ctx context.Context) error { return s.DeleteDraft(ctx, "ana", "open") },
		"PutFile": func(ctx context.Context) error {
			return s.PutFile(ctx, store.FileInfo{ID: "g"}, bytes.NewReader(content(1, 3*store.ChunkSize)))
		},
		"OpenFile": func(ctx context.Context) error {
			_, r, err := s.OpenFile(ctx, "f2")
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, r)
			return errors.Join(err, r.Close())
		},
		"PutRecord":    func(ctx context.Context) error { return s.PutRecord(ctx, record("8", "g", "8")) },
		"AddRecord":    func(ctx context.Context) error { _, _, err := s.AddRecord(ctx, record("9", "g", "9")); return err },
		"DeleteRecord": func(ctx context.Context) error { return s.DeleteRecord(ctx, "chat", "1") },
		"Record":       func(ctx context.Context) error { return ignore(s.Record(ctx, "chat", "1")) },
		"ListRecords":  func(ctx context.Context) error { return ignore(s.ListRecords(ctx, "chat", "g", "", 9)) },
		"Next":         func(ctx context.Context) error { return ignore(s.Next(ctx, "HD-")) },
		"Hold":         func(ctx context.Context) error { return ignore(s.Hold(ctx, "new", "me", start, minute(1))) },
		"Release":      func(ctx context.Context) error { return s.Release(ctx, "socket", "me") },
		"Setting": func(ctx context.Context) error {
			return ignore(s.Setting(ctx, "new", func() ([]byte, error) { return []byte("x"), nil }))
		},
		"Ping":    s.Ping,
		"Dump":    func(ctx context.Context) error { return s.Dump(ctx, func(store.Item) error { return nil }) },
		"Restore": func(ctx context.Context) error { return s.Restore(ctx, item) },
	}
}

var failureTests = []test{
	{"CancelledContext", func(t *testing.T, s *box) {
		furnish(t, s)
		w := leased(t, s, sample(3).ID, "me", 0, 60)
		before := sorted(dumped(t, s))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, call := range calls(t, s, w) {
			if err := call(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s with a cancelled context: error %v", name, err)
			}
		}
		same(t, "dump", sorted(dumped(t, s)), before)
		if ok, err := s.Hold(t.Context(), "new", "you", start, minute(1)); err != nil || !ok {
			t.Errorf("a cancelled Hold holds: %v, error %v", ok, err)
		}
		if ok, err := s.Hold(t.Context(), "socket", "you", start, minute(1)); err != nil || ok {
			t.Errorf("a cancelled Release released: %v, error %v", ok, err)
		}
		leased(t, s, sample(2).ID, "you", 0, 1) // a cancelled Lease does not lease
		must(t, s.Settle(t.Context(), w, store.Outcome{}))
	}},
	{"Closed", func(t *testing.T, s *box) {
		furnish(t, s)
		w := leased(t, s, sample(3).ID, "me", 0, 60)
		before := sorted(dumped(t, s))
		list := calls(t, s, w)
		_, open, err := s.OpenFile(t.Context(), "f2")
		must(t, err)
		must(t, s.Close())
		for name, call := range list {
			if err := call(t.Context()); err == nil {
				t.Errorf("%s of a closed store gave no error", name)
			}
		}
		if _, err := io.ReadAll(open); err == nil {
			t.Error("a file of a closed store can be read")
		}
		if err := open.Close(); err != nil {
			t.Logf("closing the file then: %v", err) // it may complain; that it returns is what counts
		}
		must(t, s.Close()) // again is harmless
		s.reopen()
		same(t, "dump", sorted(dumped(t, s)), before)
	}},
	{"ClosedUnderLoad", func(t *testing.T, s *box) {
		// What was acknowledged before or while the store was closed is there; nothing hangs.
		create(t, s, sample(1))
		old := s.Store
		var acknowledged [atOnce]int
		closing := make(chan struct{})
		errs := together(atOnce+1, func(i int) error {
			if i == atOnce {
				<-closing
				return old.Close()
			}
			for n := 0; ; n++ {
				if i == 0 && n == 3 {
					close(closing)
				}
				k := sample(1000*(i+1) + n)
				if err := old.Create(context.Background(), k, nil); err != nil {
					return nil // the store was closed, as it should be
				}
				acknowledged[i] = n + 1
			}
		})
		must(t, errs[atOnce])
		s.reopen()
		for i, n := range acknowledged {
			for j := range n {
				load(t, s, sample(1000*(i+1)+j).ID)
			}
		}
	}},
	{"ManyCancelled", func(t *testing.T, s *box) {
		// A call that is cancelled while it runs either did it and says so, or did not. No store is spoiled by it.
		k := create(t, s, sample(1))
		var done [atOnce]bool
		for _, err := range together(atOnce, func(i int) error {
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			err := s.Create(ctx, sample(100+i), nil)
			done[i] = err == nil
			return nil
		}) {
			must(t, err)
		}
		for i, ok := range done {
			if ok {
				load(t, s, sample(100+i).ID)
			}
		}
		save(t, s, with(k, ticket.Entry{Kind: ticket.EntryNote, Text: "still works"}))
	}},
}
