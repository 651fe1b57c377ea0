package discord

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

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
	away  bool
	asked int
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

func TestOneProcessListens(t *testing.T) {
	s := newStation(t)
	all := &lessor{}
	one, two := &lessee{lessor: all}, &lessee{lessor: all}
	leases := func(l Lease) func(*Discord) { return func(d *Discord) { d.opts.Lease = l } }
	first := s.listen(leases(one))
	l := s.next()
	l.welcome("s1")
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "one"))
	first.tells("one")
	second := s.listen(leases(two))
	second.until("the other one asks, too", func() bool {
		all.mu.Lock()
		defer all.mu.Unlock()
		return two.asked > 2
	})
	if len(s.lines) != 0 {
		t.Fatal("both listen")
	}
	first.stop()
	began := time.Now()
	l = s.next()
	if d := time.Since(began); d > 300*time.Millisecond {
		t.Errorf("taken over after %s", d)
	}
	l.welcome("s2")
	second.until("the bot hears", second.hears)
	if s.calls("GET /guilds/"+guildID+"/threads/active") == 0 {
		t.Error("what was missed in between was not looked for")
	}

	third := s.listen(leases(&lessee{lessor: all}))
	end := two.cut()
	if code := l.gone(); code != 1000 {
		t.Errorf("who cannot renew the lease ends with %d", code)
	}
	if time.Now().After(end) {
		t.Error("too late")
	}
	s.next().welcome("s3")
	third.until("the bot hears", third.hears)
	if second.logged(logrus.WarnLevel, "another process has to listen now") != 1 {
		t.Error("nobody is told")
	}
}

func TestWhoHasLostTheGatewayKeepsNoCursor(t *testing.T) {
	s := newStation(t)
	lease := &lessee{lessor: &lessor{}}
	b := s.listen(func(d *Discord) { d.opts.Lease = lease })
	l := s.next()
	l.welcome("s1")
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "one"))
	b.tells("one")
	lease.mu.Lock()
	lease.owner, lease.until = &lessee{}, time.Now().Add(time.Hour) // somebody else's
	lease.mu.Unlock()
	l.gone()
	b.stop()
	if kept := s.mem.kept[cursorName]; kept != nil {
		t.Errorf("kept %s", kept)
	}
}
