package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

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
	{"Underway", func(t *testing.T, s *box) {
		under := func(what, person, team string, limit int, want ...store.Work) {
			t.Helper()
			list, err := s.Underway(t.Context(), person, team, limit)
			must(t, err)
			same(t, what, list, want)
		}
		followed := sample(2)
		followed.Requester, followed.Followers = "bea", []string{"ana", "carl"}
		closed := sample(3)
		closed.Phase, closed.Status = ticket.Closed, "closed"
		elsewhere := sample(4)
		elsewhere.Team, elsewhere.Requester = "hr", "bea"
		late, early, middle, other := delivery("late", minute(3)), delivery("early", minute(1)), delivery("middle", minute(2)), delivery("other", minute(0))
		more := delivery("more", minute(5))
		k := []ticket.Ticket{
			create(t, s, sample(1), late), create(t, s, followed, early), create(t, s, closed, middle), create(t, s, elsewhere, other),
			create(t, s, sample(5)), // with nothing to deliver
		}
		k[0] = save(t, s, k[0], more)
		work := func(k ticket.Ticket, pending ...store.Delivery) store.Work {
			return store.Work{Ticket: k, Pending: pending}
		}
		for range 2 {
			under("of who asked or follows", "ana", "", 10, work(k[1], early), work(k[2], middle), work(k[0], late, more))
			under("of somebody else", "bea", "", 10, work(k[3], other), work(k[1], early))
			under("of nobody", "an", "", 10)
			under("of a team", "", "ict", 10, work(k[1], early), work(k[2], middle), work(k[0], late, more))
			under("at most one of a person's", "ana", "", 1, work(k[1], early))
			under("at most two of a team's", "", "ict", 2, work(k[1], early), work(k[2], middle))
			under("of a team without any", "", "icts", 10)
			s.reopen()
		}
		// What is leased is under way until it is settled, and what has to be tried again after that.
		w := leased(t, s, k[1].ID, "me", 1, 9)
		under("leased", "carl", "", 10, work(k[1], early))
		again := early
		again.Next, again.Tries, again.Error = minute(7), 1, "away"
		must(t, s.Settle(t.Context(), w, store.Outcome{Retry: []store.Delivery{again}}))
		under("to be tried again", "carl", "", 10, work(k[1], again))
		under("of a team, by when it is due", "", "ict", 10, work(k[2], middle), work(k[0], late, more), work(k[1], again))
		w = leased(t, s, k[1].ID, "me", 7, 9)
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"early"}}))
		under("delivered", "carl", "", 10)
		under("delivered to a team", "", "ict", 10, work(k[2], middle), work(k[0], late, more))
		k[2].Followers = []string{"carl"}
		k[2] = save(t, s, k[2])
		under("followed since", "carl", "", 10, work(k[2], middle))
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
