package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

func lease(t *testing.T, s store.Store, id, owner string, now, until int) (store.Work, error) {
	t.Helper()
	return s.Lease(t.Context(), id, owner, minute(now), minute(until))
}

// leased is the work that must be there.
func leased(t *testing.T, s store.Store, id, owner string, now, until int) store.Work {
	t.Helper()
	w, err := lease(t, s, id, owner, now, until)
	must(t, err)
	return w
}

func backlog(t *testing.T, s store.Store, wantN int, wantOldest time.Time) {
	t.Helper()
	n, oldest, err := s.Backlog(t.Context())
	must(t, err)
	if n != wantN || !oldest.Equal(wantOldest) {
		t.Errorf("backlog %d since %v, want %d since %v", n, oldest, wantN, wantOldest)
	}
}

var deliveryTests = []test{
	{"Lease", func(t *testing.T, s *box) {
		_, err := lease(t, s, "", "me", 0, 1)
		wantErr(t, "Lease of nothing", err, store.ErrNotFound)
		backlog(t, s, 0, time.Time{})
		out := []store.Delivery{delivery("a", minute(1)), delivery("b", minute(1))}
		k := create(t, s, sample(1), out...)
		more := delivery("c", minute(3))
		more.Effect = ticket.Effect{Kind: ticket.EffectCard, Room: "triage"}
		k = save(t, s, k, more)
		backlog(t, s, 1, minute(1))
		s.reopen()
		backlog(t, s, 1, minute(1))
		_, err = lease(t, s, "", "me", 0, 1)
		wantErr(t, "Lease before it is due", err, store.ErrNotFound)
		_, err = lease(t, s, k.ID, "me", 0, 1)
		wantErr(t, "Lease by id before it is due", err, store.ErrNotFound)
		_, err = lease(t, s, "nobody", "me", 9, 10)
		wantErr(t, "Lease of no ticket", err, store.ErrNotFound)
		w := leased(t, s, "", "me", 1, 2)
		same(t, "work", w, store.Work{Ticket: k, Pending: append(out, more), Owner: "me", Until: minute(2)})
	}},
	{"LeaseIsSole", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", minute(0)))
		w := leased(t, s, k.ID, "me", 0, 10)
		for _, id := range []string{"", k.ID} {
			_, err := lease(t, s, id, "you", 9, 20)
			wantErr(t, "Lease of a leased ticket", err, store.ErrNotFound)
		}
		backlog(t, s, 1, minute(0))
		other := leased(t, s, "", "you", 10, 20)
		same(t, "after it ran out", other.Pending, w.Pending)
		wantErr(t, "Settle of a lost lease", s.Settle(t.Context(), w, store.Outcome{Done: []string{"a"}}), store.ErrConflict)
		backlog(t, s, 1, minute(0))
		must(t, s.Settle(t.Context(), other, store.Outcome{Done: []string{"a"}}))
		wantErr(t, "Settle after somebody else's", s.Settle(t.Context(), w, store.Outcome{Done: []string{"a"}}), store.ErrConflict)
		backlog(t, s, 0, time.Time{})
		_, err := lease(t, s, "", "me", 30, 40)
		wantErr(t, "Lease of what is done", err, store.ErrNotFound)
	}},
	{"LateSettle", func(t *testing.T, s *box) {
		// A lease that ran out but that nobody else took is as good as before.
		k := create(t, s, sample(1), delivery("a", minute(0)))
		w := leased(t, s, k.ID, "me", 0, 1)
		_, err := lease(t, s, k.ID, "you", 0, 9)
		wantErr(t, "Lease", err, store.ErrNotFound)
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"a"}}))
		backlog(t, s, 0, time.Time{})
	}},
	{"SameOwnerTwice", func(t *testing.T, s *box) {
		// Two workers of one process are two holders, though they have one name.
		k := create(t, s, sample(1), delivery("a", minute(0)))
		first := leased(t, s, k.ID, "me", 0, 1)
		second := leased(t, s, k.ID, "me", 2, 3)
		wantErr(t, "Settle of a lost lease", s.Settle(t.Context(), first, store.Outcome{Done: []string{"a"}}), store.ErrConflict)
		must(t, s.Settle(t.Context(), second, store.Outcome{}))
		backlog(t, s, 1, minute(0))
	}},
	{"EarliestFirst", func(t *testing.T, s *box) {
		for n, at := range []int{5, 2, 9, 1, 3} {
			create(t, s, sample(n), delivery(fmt.Sprint("d", n), minute(at)))
		}
		// A later delivery does not make an earlier one wait, and an earlier one comes first.
		save(t, s, load(t, s, sample(3).ID), delivery("later", minute(20)))
		save(t, s, load(t, s, sample(2).ID), delivery("earlier", minute(0)))
		s.reopen()
		backlog(t, s, 5, minute(0))
		for _, n := range []int{2, 3, 1, 4, 0} {
			if w := leased(t, s, "", "me", 9, 20); w.Ticket.ID != sample(n).ID {
				t.Errorf("leased %s, want %s", w.Ticket.ID, sample(n).ID)
			}
		}
	}},
	{"Settle", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", minute(0)), delivery("b", minute(0)), delivery("c", minute(0)), delivery("d", minute(0)))
		w := leased(t, s, k.ID, "me", 0, 5)
		k = save(t, s, k, delivery("new1", minute(1)), delivery("new2", minute(1)))
		retry := w.Pending[1]
		retry.Tries, retry.Next, retry.Error = 3, minute(30), "slow down: "+Awkward
		dead := store.Dead{Delivery: w.Pending[2], Ticket: k.ID, Key: k.Key, Reason: "the channel is gone", Since: minute(4)}
		dead.Tries, dead.Error = 9, "gone"
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"a", "unknown"}, Retry: []store.Delivery{retry}, Dead: []store.Dead{dead}}))
		if load(t, s, k.ID).Version != k.Version {
			t.Error("Settle changed the ticket's version")
		}
		s.reopen()
		w = leased(t, s, "", "me", 6, 7)
		same(t, "pending", w.Pending, []store.Delivery{retry, delivery("d", minute(0)), delivery("new1", minute(1)), delivery("new2", minute(1))})
		same(t, "ticket", w.Ticket, k)
		list, err := s.Dead(t.Context(), 10)
		must(t, err)
		same(t, "dead", list, []store.Dead{dead})
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"d", "new1", "new2"}}))
		backlog(t, s, 1, minute(30))
		_, err = lease(t, s, "", "me", 29, 40)
		wantErr(t, "Lease before the next try", err, store.ErrNotFound)
		_, err = lease(t, s, k.ID, "me", 29, 40)
		wantErr(t, "Lease by id before the next try", err, store.ErrNotFound)
		w = leased(t, s, "", "me", 30, 40)
		same(t, "the next try", w.Pending, []store.Delivery{retry})
	}},
	{"SettleNothing", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", minute(0)))
		w := leased(t, s, k.ID, "me", 0, 60)
		must(t, s.Settle(t.Context(), w, store.Outcome{}))
		w = leased(t, s, "", "you", 1, 60)
		same(t, "pending", ids(w.Pending), []string{"a"})
	}},
	{"SaveWakes", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("later", minute(60)))
		save(t, s, k, delivery("now", minute(1)))
		w := leased(t, s, "", "me", 1, 2)
		same(t, "pending", ids(w.Pending), []string{"later", "now"})
	}},
	{"SaveDuringLease", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", minute(0)))
		w := leased(t, s, k.ID, "me", 0, 60)
		k = save(t, s, k, delivery("b", minute(1)))
		_, err := lease(t, s, "", "you", 2, 60)
		wantErr(t, "Lease of a leased ticket", err, store.ErrNotFound)
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"a"}}))
		w = leased(t, s, "", "you", 2, 60)
		same(t, "pending", ids(w.Pending), []string{"b"})
		same(t, "ticket", w.Ticket, k)
	}},
	{"Dead", func(t *testing.T, s *box) {
		for n := range 5 {
			k := create(t, s, sample(n), delivery(fmt.Sprint("d", n), minute(0)))
			w := leased(t, s, k.ID, "me", 0, 1)
			must(t, s.Settle(t.Context(), w, store.Outcome{Dead: []store.Dead{{
				Delivery: w.Pending[0], Ticket: k.ID, Key: k.Key, Reason: "gone", Since: minute(n * 7 % 5),
			}}}))
		}
		backlog(t, s, 0, time.Time{})
		s.reopen()
		list, err := s.Dead(t.Context(), 3)
		must(t, err)
		var got []string
		for _, d := range list {
			got = append(got, d.ID)
		}
		same(t, "newest first", got, []string{"d2", "d4", "d1"})
	}},
	{"Contention", func(t *testing.T, s *box) {
		// Many deliverers and many writers: every delivery is handed out until it is done, in order within its ticket, and
		// no two hold one ticket.
		const tickets, each = 6, 12
		for n := range tickets {
			create(t, s, sample(n), delivery(fmt.Sprintf("%d/0", n), start))
		}
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		var (
			mu   sync.Mutex
			held = map[string]bool{}
			done = map[string][]string{}
			left = tickets * each
		)
		deliver := func(owner string) error {
			for ctx.Err() == nil {
				w, err := s.Lease(context.WithoutCancel(ctx), "", owner, minute(1), minute(60))
				if errors.Is(err, store.ErrNotFound) {
					select { // polling, as a deliverer without anything to do does
					case <-time.After(time.Millisecond):
					case <-ctx.Done():
					}
					continue
				}
				if err != nil {
					return err
				}
				mu.Lock()
				if held[w.Ticket.ID] {
					mu.Unlock()
					return fmt.Errorf("%s has two holders", w.Ticket.ID)
				}
				held[w.Ticket.ID] = true
				first := w.Pending[0].ID
				done[w.Ticket.ID] = append(done[w.Ticket.ID], first)
				mu.Unlock()
				mu.Lock()
				held[w.Ticket.ID] = false
				mu.Unlock()
				if err := s.Settle(context.WithoutCancel(ctx), w, store.Outcome{Done: []string{first}}); err != nil {
					return err
				}
				mu.Lock()
				if left--; left == 0 {
					stop()
				}
				mu.Unlock()
			}
			return nil
		}
		errs := together(tickets+8, func(i int) (err error) {
			defer func() {
				if err != nil {
					stop()
				}
			}()
			if i >= tickets {
				return deliver(fmt.Sprint("worker ", i%3))
			}
			for n := 1; n < each; n++ {
				if err := change(context.Background(), s, sample(i).ID, func(k *ticket.Ticket) { k.Reopened++ }, delivery(fmt.Sprintf("%d/%d", i, n), start)); err != nil {
					return err
				}
			}
			return nil
		})
		for _, err := range errs {
			must(t, err)
		}
		for n := range tickets {
			var want []string
			for i := range each {
				want = append(want, fmt.Sprintf("%d/%d", n, i))
			}
			same(t, "delivered", done[sample(n).ID], want)
		}
		backlog(t, s, 0, time.Time{})
	}},
	{"LeaseAtOnce", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", start))
		for round := range 5 {
			oneWins(t, together(atOnce, func(i int) error {
				id := ""
				if i%2 == 0 {
					id = k.ID
				}
				_, err := s.Lease(t.Context(), id, fmt.Sprint("worker ", i), minute(round), minute(round+1))
				return err
			}), store.ErrNotFound)
		}
	}},
}

// ref points at a message in a channel of the tests.
func ref(message string) chat.Ref {
	return chat.Ref{Platform: "playground", Workspace: "w", Channel: "C1", Message: message}
}

// settled leases the ticket and settles with the outcome.
func settled(t *testing.T, s store.Store, id string, o store.Outcome) {
	t.Helper()
	must(t, s.Settle(t.Context(), leased(t, s, id, "me", 0, 1), o))
}

func roomOf(t *testing.T, s store.Store, root chat.Ref, wantID, wantRoom string) {
	t.Helper()
	k, room, err := s.TicketByRoom(t.Context(), root)
	if wantID == "" {
		wantErr(t, "TicketByRoom", err, store.ErrNotFound)
		return
	}
	must(t, err)
	if k.ID != wantID || room != wantRoom {
		t.Errorf("%v is room %q of %s, want %q of %s", root, room, k.ID, wantRoom, wantID)
	}
}

var refTests = []test{
	{"Rooms", func(t *testing.T, s *box) {
		odd := "follower: a.b/c $d" // a room's id is free text
		k := create(t, s, sample(1), delivery("a", start))
		other := create(t, s, sample(2), delivery("b", start))
		roomOf(t, s, ref("1"), "", "")
		refs := map[string]chat.Ref{"triage": ref("1"), "talk": ref("2"), odd: ref("3"), store.PostID("talk", 1): ref("4"), store.PostID(odd, 12): ref("5")}
		settled(t, s, k.ID, store.Outcome{Refs: refs})
		settled(t, s, other.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": ref("6")}})
		s.reopen()
		roomOf(t, s, ref("1"), k.ID, "triage")
		roomOf(t, s, ref("2"), k.ID, "talk")
		roomOf(t, s, ref("3"), k.ID, odd)
		roomOf(t, s, ref("6"), other.ID, "triage")
		for what, r := range map[string]chat.Ref{
			"an entry's post": ref("4"), "another entry's post": ref("5"), "nothing": {},
			"another channel":  {Platform: "playground", Workspace: "w", Channel: "C2", Message: "1"},
			"another platform": {Platform: "slack", Workspace: "w", Channel: "C1", Message: "1"},
			"a thread":         {Platform: "playground", Workspace: "w", Channel: "C1", Thread: "1", Message: "9"},
		} {
			if _, room, err := s.TicketByRoom(t.Context(), r); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s was taken for room %q, error %v", what, room, err)
			}
		}
		w := leased(t, s, k.ID, "me", 0, 1)
		same(t, "refs", w.Refs, refs)
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"a"}}))
		// They outlive the deliveries, and saves.
		save(t, s, load(t, s, k.ID), delivery("z", start))
		w = leased(t, s, k.ID, "me", 0, 1)
		same(t, "refs later", w.Refs, refs)
	}},
	{"Lost", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", start))
		settled(t, s, k.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": ref("1"), "talk": ref("2"), "talk/1": ref("3")}})
		settled(t, s, k.ID, store.Outcome{Lost: []string{"talk", "talk/1", "never was"}})
		roomOf(t, s, ref("2"), "", "")
		roomOf(t, s, ref("1"), k.ID, "triage")
		// What was lost and posted again in one go stands at its new place.
		settled(t, s, k.ID, store.Outcome{Lost: []string{"triage"}, Refs: map[string]chat.Ref{"triage": ref("4")}})
		roomOf(t, s, ref("1"), "", "")
		roomOf(t, s, ref("4"), k.ID, "triage")
		settled(t, s, k.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": ref("5")}})
		roomOf(t, s, ref("4"), "", "")
		roomOf(t, s, ref("5"), k.ID, "triage")
		w := leased(t, s, k.ID, "me", 0, 1)
		same(t, "refs", w.Refs, map[string]chat.Ref{"triage": ref("5")})
	}},
	{"LostLeaseWritesNothing", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", start))
		w := leased(t, s, k.ID, "me", 0, 1)
		leased(t, s, k.ID, "you", 2, 3)
		err := s.Settle(t.Context(), w, store.Outcome{
			Done: []string{"a"}, Refs: map[string]chat.Ref{"triage": ref("1")},
			Dead: []store.Dead{{Delivery: delivery("x", start), Ticket: k.ID, Since: start}},
		})
		wantErr(t, "Settle", err, store.ErrConflict)
		roomOf(t, s, ref("1"), "", "")
		if list, err := s.Dead(t.Context(), 10); err != nil || len(list) > 0 {
			t.Errorf("a lost lease wrote %v, error %v", list, err)
		}
	}},
}
