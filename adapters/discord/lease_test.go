package discord

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"balie/adapters/adaptertest"

	"github.com/sirupsen/logrus"
)

// lessor gives leases to many.
type lessor struct {
	mu    sync.Mutex
	owner *lessee
	until time.Time
}

type lessee struct {
	*lessor
	away     bool
	asked    int
	released int
}

func (l *lessee) Hold(_ context.Context, lasts time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.away {
		return false, errors.New("the store is away")
	}
	if l.owner != l && l.owner != nil && time.Now().Before(l.until) {
		return false, nil
	}
	l.owner, l.until = l, time.Now().Add(lasts)
	return true, nil
}

func (l *lessee) Release(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.released++
	if l.owner == l {
		l.owner = nil
	}
	return nil
}

// cut lets the store be away, and says when the lease runs out.
func (l *lessee) cut() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = true
	return l.until
}

// leasing gives a listener a lease that lasts longer than a machine stands still.
func leasing(l Lease) func(*Discord) {
	return func(d *Discord) { d.opts.Lease, d.ears.times.lease = l, 6*time.Second }
}

// seized is the lease in somebody else's hands.
func (l *lessor) seized() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner, l.until = &lessee{}, time.Now().Add(time.Hour)
}

// often says whether a process asked more than so often for the lease.
func (l *lessee) often(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked > n
}

func TestOneProcessListens(t *testing.T) {
	s := newStation(t)
	all := &lessor{}
	one, two := &lessee{lessor: all}, &lessee{lessor: all}
	first := s.listen(leasing(one))
	l := s.next()
	l.welcome("s1")
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "one"))
	first.tells("one")
	second := s.listen(leasing(two))
	second.until("the other one asks, too", func() bool { return two.often(2) })
	if len(s.lines) != 0 {
		t.Fatal("both listen")
	}
	first.stop()
	if one.released == 0 {
		t.Error("who stops does not give the lease back")
	}
	looked := s.calls("GET /guilds/" + guildID + "/threads/active")
	l = s.next()
	l.welcome("s2")
	second.until("the bot hears", second.hears)
	if s.calls("GET /guilds/"+guildID+"/threads/active") == looked {
		t.Error("what was missed in between was not looked for")
	}
	all.seized()
	if code := l.gone(); code != 1000 {
		t.Errorf("who cannot renew the lease ends with %d", code)
	}
	if second.logged(logrus.WarnLevel, "another process listens now") != 1 {
		t.Error("nobody is told")
	}
}

// TestTheStoreIsAway: then nobody can take the lease, and people who click are still to get an answer.
func TestTheStoreIsAway(t *testing.T) {
	s := newStation(t)
	lease := &lessee{lessor: &lessor{}}
	b := s.listen(leasing(lease), func(d *Discord) { d.ears.times.lease = 300 * time.Millisecond })
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	end := lease.cut()
	b.until("the lease has run out", func() bool { return time.Now().After(end) })
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "one"))
	b.tells("one")
	b.until("that is said", func() bool { return b.logged(logrus.WarnLevel, "which process listens cannot be settled") == 1 })
	if len(l.closed) != 0 {
		t.Error("who cannot renew the lease stops")
	}
	b.stop()
	if lease.released != 0 || s.mem.Kept()[cursorName] != nil {
		t.Errorf("who may have lost the lease gives it back (%d) or keeps %s", lease.released, s.mem.Kept()[cursorName])
	}
}

func TestTheStoreComesBack(t *testing.T) {
	s := newStation(t)
	lease := &lessee{lessor: &lessor{}}
	b := s.listen(leasing(lease), func(d *Discord) { d.ears.times.lease = 300 * time.Millisecond })
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	lease.cut()
	b.until("that is noticed", func() bool { return b.logged(logrus.WarnLevel, "cannot be settled") == 1 })
	lease.mu.Lock()
	lease.away = false
	asked := lease.asked
	lease.mu.Unlock()
	b.until("it is renewed", func() bool { return lease.often(asked + 1) })
	if len(l.closed) != 0 {
		t.Error("it stopped in between")
	}
	lease.seized()
	l.gone()
}

// stuck is a store that does not answer.
type stuck struct{ *adaptertest.Memory }

func (stuck) Keep(ctx context.Context, _ string, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

// hanging is one that notes for how long it was waited for.
type hanging struct {
	stuck
	mu    sync.Mutex
	waits []time.Duration // at most
}

func (h *hanging) Keep(ctx context.Context, name string, value []byte) error {
	if by, ok := ctx.Deadline(); ok {
		h.mu.Lock()
		h.waits = append(h.waits, time.Until(by))
		h.mu.Unlock()
	}
	return h.stuck.Keep(ctx, name, value)
}

// TestTheStoreHangsAtTheEnd: a stop has a few seconds for everything.
func TestTheStoreHangsAtTheEnd(t *testing.T) {
	s := newStation(t)
	lease := &lessee{lessor: &lessor{}}
	mem := &hanging{stuck: stuck{s.mem}}
	b := s.listen(leasing(lease), func(d *Discord) { d.opts.Memory = mem })
	s.next().welcome("s1")
	b.until("the bot hears", b.hears)
	began := time.Now()
	b.stop()
	if len(mem.waits) != 1 || mem.waits[0] > lastMax {
		t.Errorf("it waits %s", mem.waits)
	}
	if d := time.Since(began); d > 30*time.Second || lease.released != 0 { // of which the machine may have stood still
		t.Errorf("it took %s, and the lease was given back %d times", d, lease.released)
	}
}

func TestWhoHasLostTheGatewayKeepsNoCursor(t *testing.T) {
	s := newStation(t)
	lease := &lessee{lessor: &lessor{}}
	b := s.listen(leasing(lease))
	l := s.next()
	l.welcome("s1")
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "one"))
	b.tells("one")
	lease.seized()
	l.gone()
	b.stop()
	if kept := s.mem.Kept()[cursorName]; kept != nil {
		t.Errorf("kept %s", kept)
	}
}
