package playground

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// Faults are what the platform does wrong on purpose, so that one can see and test what happens then.
type Faults struct {
	Delay     time.Duration            // Send, Edit and Delete answer this much later
	Fail      bool                     // they all fail until this is off
	FailNext  int                      // so many more of them fail
	Uncertain int                      // so many more posts are made, and an error reported all the same
	Every     map[string]time.Duration // by channel: the least time between two posts or edits there
}

// errFault is the cause of a failure on purpose.
var errFault = errors.New("playground: told to fail")

type faults struct {
	now  func() time.Time
	mu   sync.Mutex
	set  Faults
	next map[string]time.Time // by limited channel: when it takes the next
}

func newFaults(now func() time.Time) *faults {
	return &faults{now: now, next: map[string]time.Time{}}
}

// Faults are the faults as they are now: the counters go down as they are used.
func (p *Playground) Faults() Faults {
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	f := p.faults.set
	f.Every = maps.Clone(f.Every)
	return f
}

// SetFaults changes the faults, for everybody. The zero Faults ends them all.
func (p *Playground) SetFaults(f Faults) {
	f.Every = maps.Clone(f.Every)
	maps.DeleteFunc(f.Every, func(_ string, every time.Duration) bool { return every <= 0 })
	p.faults.mu.Lock()
	p.faults.set = f
	clear(p.faults.next)
	p.faults.mu.Unlock()
	p.hub.publish("", "", wire.KindFaults, p.wireFaults())
}

func (p *Playground) wireFaults() wire.Faults {
	f := p.Faults()
	out := wire.Faults{
		DelayMS: int(f.Delay / time.Millisecond), Fail: f.Fail, FailNext: f.FailNext, Uncertain: f.Uncertain,
		EveryMS: map[string]int{},
	}
	for channel, every := range f.Every {
		out.EveryMS[channel] = int(every / time.Millisecond)
	}
	return out
}

// before is what happens to a call before it does anything.
func (f *faults) before(ctx context.Context, channel string) error {
	f.mu.Lock()
	delay := f.set.Delay
	f.mu.Unlock()
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return &chat.SendError{Err: fmt.Errorf("playground: %w", ctx.Err())}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set.Fail {
		return &chat.SendError{Err: errFault}
	}
	if f.set.FailNext > 0 {
		f.set.FailNext--
		return &chat.SendError{Err: errFault}
	}
	if every := f.set.Every[channel]; every > 0 {
		now := f.now()
		if wait := f.next[channel].Sub(now); wait > 0 {
			return &chat.SendError{Retry: wait, Err: errors.New("playground: the channel is rate-limited")}
		}
		f.next[channel] = now.Add(every)
	}
	return nil
}

// after is what happens to a post once it is made.
func (f *faults) after() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set.Uncertain > 0 {
		f.set.Uncertain--
		return &chat.SendError{Err: errFault}
	}
	return nil
}
