package bot

import (
	"context"
	"sync"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
)

// Pace says how busy the bot is when nobody asks anything of it. Zero values are replaced by the defaults.
type Pace struct {
	Workers    int           // tickets delivered for at once; 32
	Poll       time.Duration // between looks for deliveries that nobody told us of; 1 s
	Lease      time.Duration // how long a worker may take for one ticket; 30 s
	Send       time.Duration // how long one post may take; 15 s
	Tick       time.Duration // between looks for tickets that are due; 1 s
	Roster     time.Duration // between looks at who the agents are; 30 s
	Backoff    time.Duration // after the first failure, doubled up to 5 min; 1 s
	Patience   time.Duration // until a post that keeps failing, although its platform is there, is given up; 24 h
	Home       time.Duration // between looks at whose home a change concerns; 2 s
	HomeEvery  time.Duration // between two times that one home is brought up to date by itself; 10 s
	PerChannel time.Duration // between two posts to one channel, where a platform has chat.Caps.PostEvery; that; negative for none
}

func (p Pace) orDefaults() Pace {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if p.Workers == 0 {
		p.Workers = 32
	}
	set(&p.Poll, time.Second)
	set(&p.Lease, 30*time.Second)
	set(&p.Send, 15*time.Second)
	set(&p.Tick, time.Second)
	set(&p.Roster, 30*time.Second)
	set(&p.Backoff, time.Second)
	set(&p.Patience, 24*time.Hour)
	set(&p.Home, 2*time.Second)
	set(&p.HomeEvery, 10*time.Second)
	return p
}

// every is the time between two posts to one channel of a platform; 0 if there is none.
func (p Pace) every(c chat.Caps) time.Duration {
	if c.PostEvery == 0 || p.PerChannel == 0 {
		return c.PostEvery
	}
	return max(0, p.PerChannel)
}

// laterError says that it is not a delivery's turn yet: nothing was tried.
type laterError struct{ until time.Time }

func (e *laterError) Error() string { return "it is not its turn yet" }

// editError is what went wrong with a post that stands already, rather than with a new one.
type editError struct{ error }

func (e *editError) Unwrap() error { return e.error }

// callUp has tickets looked at when the slots of their posts come, until ctx ends. The poller would find them too, but late.
func (d *deliverer) callUp(ctx context.Context) {
	timer := time.NewTimer(d.pace.Poll)
	defer timer.Stop()
	for {
		tickets, next := d.slots.due()
		for _, id := range tickets {
			d.queue.push(id)
		}
		var late <-chan time.Time
		if !next.IsZero() {
			timer.Reset(max(0, min(d.pace.Poll, next.Sub(d.now())))) // a clock that is set does not mislead us for long
			late = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-d.slots.woken:
		case <-late:
		}
	}
}

// Delay is how long posts wait at present: the one that this process has tried in vain for longest has waited so long, or a
// new one would wait so long for its turn in the busiest channel that takes one post at a time.
func (b *Bot) Delay() time.Duration {
	return max(b.deliverer.slots.delay(), b.deliverer.waits.longest(b.now()))
}

// waits remembers since when tickets wait for something to be delivered.
type waits struct {
	mu    sync.Mutex
	since map[string]wait
}

type wait struct{ since, seen time.Time }

// waitSeen is how long a ticket counts that was not looked at: another process may have delivered what waited.
const waitSeen = 10 * time.Minute

// note notes what of a ticket has to be tried again.
func (w *waits) note(ticket string, again []store.Delivery, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.since, ticket)
	for _, p := range again {
		if w.since == nil {
			w.since = map[string]wait{}
		}
		if had, ok := w.since[ticket]; !ok || p.At.Before(had.since) {
			w.since[ticket] = wait{p.At, now}
		}
	}
}

// longest is how long the one has waited that waits longest.
func (w *waits) longest(now time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ticket, one := range w.since {
		if now.Sub(one.seen) > waitSeen {
			delete(w.since, ticket)
			continue
		}
		longest = max(longest, now.Sub(one.since))
	}
	return longest
}

// postpone keeps a delivery for later that was not tried. That somebody else may have sent it before stays known.
func (d *deliverer) postpone(l *lane, p store.Delivery, until time.Time) {
	if p.Tries == 0 && !d.again(p).IsZero() {
		p.Tries = 1
	}
	p.Next = until
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out.Retry = append(l.out.Retry, p)
}
