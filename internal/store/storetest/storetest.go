// Package storetest is the contract of store.Store as tests. Every engine must pass all of them.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// Opener opens a new, empty store, which is closed at the end of the test. again closes it and opens what it kept, as a
// restart of the program does.
type Opener func(t *testing.T) (s store.Store, again func() store.Store)

// Run runs every test of the contract, each on a store of its own.
func Run(t *testing.T, open Opener) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Tickets", ticketTests},
		{"History", historyTests},
		{"Find", findTests},
		{"Queues", queueTests},
		{"Paging", pagingTests},
		{"Deliveries", deliveryTests},
		{"Refs", refTests},
		{"People", peopleTests},
		{"Files", fileTests},
		{"Records", recordTests},
		{"Coordination", coordinationTests},
		{"Dump", dumpTests},
		{"Failures", failureTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					s, again := open(t)
					test.run(t, &box{Store: s, again: again, open: open})
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, s *box)
}

// box is a store that can be closed and opened again.
type box struct {
	store.Store
	again func() store.Store
	open  Opener
}

func (b *box) reopen() { b.Store = b.again() }

// empty puts a new store in place of the one that was used so far.
func (b *box) empty(t *testing.T) { b.Store, b.again = b.open(t) }

// atOnce is how many callers a concurrent test has.
const atOnce = 32

// start is when the tests' time begins: in the future, as a server forgets drafts by its own clock.
var start = time.Date(2126, 3, 4, 9, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

// sample is the n-th ticket of the tests, opened n minutes after start.
func sample(n int) ticket.Ticket {
	return ticket.Ticket{
		ID: fmt.Sprintf("01T%08d", n), Key: fmt.Sprintf("HD-%05d", n),
		Team: "ict", Type: "incident", Category: "printer",
		Summary: fmt.Sprintf("Printer %d is broken", n), Description: "It says **PC LOAD LETTER**.",
		Fields:    chat.Values{"floor": {"3"}, "parts": {"tray", "drum"}},
		Requested: "high", Priority: "normal", Status: "new", Phase: ticket.New,
		Requester: "ana", Source: "playground",
		Rooms: []ticket.Room{
			{ID: "triage", Kind: ticket.TriageRoom, Audience: ticket.TeamOnly, Place: chat.Place{Platform: "playground", Channel: "C1"}},
			{ID: "talk", Kind: ticket.ConversationRoom, Audience: ticket.Public, Person: "ana", Place: chat.Place{Platform: "playground", Person: "U1"}},
		},
		Entries: []ticket.Entry{{N: 1, At: minute(n), Kind: ticket.EntryOpened, Audience: ticket.Public, By: "ana"}},
		Last:    1,
		Opened:  minute(n), Updated: minute(n), StatusAt: minute(n),
		OpenEvent: fmt.Sprintf("event-%d", n), Events: []string{fmt.Sprintf("event-%d", n)},
	}
}

// with is the ticket with an entry more.
func with(t ticket.Ticket, e ticket.Entry) ticket.Ticket {
	t.Last++
	e.N = t.Last
	if e.At.IsZero() {
		e.At = t.Updated
	}
	t.Entries = append(t.Entries[:len(t.Entries):len(t.Entries)], e)
	return t
}

// delivery is one that is due at the time.
func delivery(id string, due time.Time) store.Delivery {
	return store.Delivery{
		ID: id, Effect: ticket.Effect{Kind: ticket.EffectEntry, Room: "talk", Entry: 1, Mention: []string{"ana"}},
		At: due, Next: due,
	}
}

func ids(list []store.Delivery) (out []string) {
	for _, d := range list {
		out = append(out, d.ID)
	}
	return out
}

// must fails the test if err is set.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErr fails the test if err is not the one wanted.
func wantErr(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got the error %v, want %v", doing, err, want)
	}
}

// same fails the test if got differs from want. Empty and absent lists are the same.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%.4000s", what, d)
	}
}

// create keeps the ticket and gives it as kept.
func create(t *testing.T, s store.Store, tk ticket.Ticket, out ...store.Delivery) ticket.Ticket {
	t.Helper()
	must(t, s.Create(t.Context(), tk, out))
	return load(t, s, tk.ID)
}

func load(t *testing.T, s store.Store, id string) ticket.Ticket {
	t.Helper()
	tk, err := s.Ticket(t.Context(), id)
	must(t, err)
	return tk
}

// save keeps the ticket and gives it as kept.
func save(t *testing.T, s store.Store, tk ticket.Ticket, out ...store.Delivery) ticket.Ticket {
	t.Helper()
	must(t, s.Save(t.Context(), tk, out))
	return load(t, s, tk.ID)
}

// change applies f to the ticket until it is saved, as everybody does who loses a race.
func change(ctx context.Context, s store.Store, id string, f func(*ticket.Ticket), out ...store.Delivery) error {
	for {
		t, err := s.Ticket(ctx, id)
		if err != nil {
			return err
		}
		f(&t)
		if err := s.Save(ctx, t, out); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// together calls f for 0 to n-1, all at once, and waits. The errors of f are by number.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-ready
			errs[i] = f(i)
		})
	}
	close(ready)
	wg.Wait()
	return errs
}

// oneWins fails the test unless exactly one of the errors is nil and all others are want.
func oneWins(t *testing.T, errs []error, want ...error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		ok := false
		for _, w := range want {
			ok = ok || errors.Is(err, w)
		}
		if !ok {
			t.Errorf("a loser got the error %v, want one of %v", err, want)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won, want 1", won, len(errs))
	}
}
