package discord

import (
	"context"
	"sync"
	"time"

	"balie/adapters/inbox"
	"balie/adapters/upstream"
)

// Discord tells every connection everything, so only the process that holds the lease keeps one.

// hold does something while this process holds the gateway, again and again until ctx ends. The context of what it does ends
// when another process has the lease, too; held tells whether it surely is ours. What it does says whether the lease can be
// given back.
func (e *ears) hold(ctx context.Context, do func(ctx context.Context, held func() bool) bool) {
	if e.opts.Lease == nil {
		do(ctx, func() bool { return true })
		return
	}
	for {
		since, ours := e.take(ctx)
		if !ours {
			return
		}
		l := &leased{ears: e, ours: true, until: since.Add(e.times.lease)}
		during, lose := context.WithCancel(ctx)
		renewing, done := context.WithCancel(context.WithoutCancel(ctx)) // it is ours until everything is put away
		var wg sync.WaitGroup
		wg.Go(func() { l.renew(renewing, lose) })
		back := do(during, l.held)
		done()
		wg.Wait()
		lose()
		if !back || !l.held() {
			continue // it runs out
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastMax)
		if err := e.opts.Lease.Release(last); err != nil {
			e.log.WithError(err).Warn("discord: the gateway could not be given back; another process takes it over when that has run out")
		}
		cancel()
	}
}

// take waits until the gateway is ours, and says since when it is; false if ctx ends first.
func (e *ears) take(ctx context.Context) (since time.Time, ours bool) {
	failed := false
	for ctx.Err() == nil {
		began := time.Now()
		ours, err := e.claim(ctx)
		if ours {
			return began, true
		}
		if err != nil && !failed && ctx.Err() == nil {
			e.log.WithError(err).Warn("discord: which process listens cannot be settled; trying again")
		}
		failed = err != nil
		if upstream.Pause(ctx, e.times.poll/2+inbox.Jitter(e.times.poll)) != nil {
			break
		}
	}
	return time.Time{}, false
}

// claim takes or renews the lease. It answers long before that would run out.
func (e *ears) claim(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, e.times.lease/6)
	defer cancel()
	return e.opts.Lease.Hold(ctx, e.times.lease)
}

// leased is a time in which this process holds the gateway.
type leased struct {
	*ears

	mu    sync.Mutex
	ours  bool
	until time.Time // when it runs out, unless it can be renewed
}

func (l *leased) held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ours && time.Now().Before(l.until)
}

// renew keeps the lease, and calls lose when another process has it. While nobody can be asked no other one gets it, so this
// one goes on: people who click are told at least that it does not work.
func (l *leased) renew(ctx context.Context, lose func()) {
	failed := false
	for wait := l.times.lease / 3; upstream.Pause(ctx, wait) == nil; {
		began := time.Now()
		ours, err := l.claim(ctx)
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		switch {
		case ours:
			l.until, wait = began.Add(l.times.lease), l.times.lease/3
		case err == nil:
			l.ours = false
		default:
			wait = l.times.lease / 15
		}
		lost := !l.ours
		l.mu.Unlock()
		if lost {
			l.log.Warn("discord: another process listens now; this one stops")
			lose()
			return
		}
		if err != nil && !failed {
			l.log.WithError(err).Warn("discord: which process listens cannot be settled; this one goes on until another one does")
		}
		failed = err != nil
	}
}
