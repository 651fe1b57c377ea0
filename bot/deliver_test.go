package bot_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// failing is a store that loses a number of changes and of outcomes, as a crash does.
type failing struct {
	store.Store
	changes, outcomes atomic.Int64 // still to be lost
}

func (f *failing) Save(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if f.changes.Add(-1) >= 0 {
		return errAway
	}
	return f.Store.Save(ctx, t, out)
}

func (f *failing) Settle(ctx context.Context, w store.Work, o store.Outcome) error {
	if len(o.Dead) > 0 && f.outcomes.Add(-1) >= 0 {
		return errAway
	}
	return f.Store.Settle(ctx, w, o)
}

// TestLostDelivery has a delivery refused for good. It is noted on its ticket, told to the team, and listed: once each,
// also if the note or the outcome could not be kept at first.
func TestLostDelivery(t *testing.T) {
	for name, lost := range map[string]struct{ changes, outcomes int64 }{"nothing fails": {}, "the note": {changes: 1}, "the outcome": {outcomes: 1}} {
		t.Run(name, func(t *testing.T) { loseDelivery(t, lost.changes, lost.outcomes) })
	}
}

func loseDelivery(t *testing.T, changes, outcomes int64) {
	s := newSetup(t)
	f, u := &failing{Store: s.store}, &one{unwilling: true}
	f.changes.Store(changes)
	f.outcomes.Store(outcomes)
	s.store = f
	var passed atomic.Int64 // besides the time that it takes
	s.now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
	b := s.make(u, bot.Pace{Poll: 10 * time.Millisecond, Lease: time.Hour, Backoff: time.Millisecond})
	s.run(b)
	ctx := t.Context()

	tk, err := s.desk.Open(ctx, ticket.Actor{Person: "ana", Event: "e1"}, ticket.Open{
		Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U1", Type: "question", Category: "other", Summary: "printer"})
	if err != nil {
		t.Fatal(err)
	}
	if outcomes > 0 {
		s.eventually("an outcome is lost", func() bool { return f.outcomes.Load() == 0 })
		passed.Store(int64(time.Hour)) // the lease runs out
	}
	s.eventually("it is given up", func() bool {
		dead, err := f.Dead(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, err := f.Backlog(ctx); err != nil || n > 0 || len(dead) == 0 {
			return false
		}
		if len(dead) != 1 || dead[0].Ticket != tk.ID {
			t.Errorf("given up: %+v", dead)
		}
		return true
	})
	if f.changes.Load() > 0 || f.outcomes.Load() > 0 {
		t.Error("what should have failed did not")
	}
	tk, err = f.Ticket(ctx, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	noted, told := 0, 0
	for _, e := range tk.Entries {
		if e.Kind == ticket.EntryUndelivered {
			noted++
		}
	}
	posts := u.sent()
	for _, p := range posts {
		if p.To.Thread != "" {
			told++
		}
	}
	if noted != 1 || told != 1 {
		t.Errorf("noted %d times, and told the team %d times: %+v", noted, told, posts)
	}
}

// TestWaitsForAnAdmin gives up nothing that waits for an admin, or for a platform that is away, however long that takes;
// what fails for another reason is given up.
func TestWaitsForAnAdmin(t *testing.T) {
	for name, c := range map[string]struct {
		fails  error
		waits  bool
		warned bool
	}{
		"an admin": {&chat.SendError{Blocked: "add the bot", Err: errAway}, true, true},
		"away":     {&chat.SendError{Retry: time.Millisecond, Err: errAway}, true, false},
		"failing":  {&chat.SendError{Err: errAway}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, o := newSetup(t), &one{}
			s.now = running(time.Minute) // days pass
			o.fail(c.fails)
			// Days pass, but no lease runs out.
			b := s.make(o, bot.Pace{Poll: time.Millisecond, Patience: time.Hour, Backoff: time.Millisecond, Lease: 10_000 * time.Hour})
			s.run(b)
			e := event("open")
			e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"x"}, "type": {"question"}, "category": {"other"}}}
			handled(t, b, e)
			dead := func() int {
				list, err := s.store.Dead(t.Context(), 10)
				if err != nil {
					t.Fatal(err)
				}
				return len(list)
			}
			if !c.waits {
				s.eventually("it is given up", func() bool { return dead() > 0 })
				return
			}
			s.eventually("it is tried for long", func() bool { return o.tried() > 40 })
			if n := dead(); n != 0 {
				t.Errorf("%d were given up", n)
			}
			o.fail(nil)
			s.eventually("it is sent when that is put right", func() bool { return len(o.sent()) >= 2 })
			if n := strings.Count(s.logged(), "wait for an admin"); c.warned && n != 1 || !c.warned && n != 0 {
				t.Errorf("admins are told %d times", n)
			}
		})
	}
}
