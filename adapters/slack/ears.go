package slack

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"balie/internal/chat"
)

const (
	cursorGroup = "slack-heard" // of the memory: up to when everything was heard, by workspace
	cursorEvery = 15 * time.Second
	bothWithin  = 10 * time.Second // sockets that close so soon after each other may both have been closed at once
)

// ears notice what the bot can't have heard, and make good for it: while it was not running, while no socket was open,
// and what could not be stored.
type ears struct {
	s *Slack

	mu    sync.Mutex
	open  map[int]bool      // sockets that are open
	deaf  time.Time         // since when none is; zero if one is, or if there are none
	ended map[int]time.Time // when a socket was closed last
	since map[string]lapse  // what was missed, by workspace
	met   map[string]bool   // workspaces whose cursor was read
	wake  chan struct{}
}

// lapse is since when something may have been missed. Each time that there is more of it, it counts up: who looks for it may
// have looked too early.
type lapse struct {
	since time.Time
	times int
}

func newEars(s *Slack) *ears {
	return &ears{s: s, open: map[int]bool{}, ended: map[int]time.Time{}, since: map[string]lapse{}, met: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// up notes that a socket is open.
func (e *ears) up(number int) {
	e.mu.Lock()
	e.open[number] = true
	deaf := e.deaf
	e.deaf = time.Time{}
	if ended, ok := e.ended[number]; ok {
		for other, at := range e.ended { // that one is back before the other's end is noticed says nothing
			if other != number && ended.Sub(at).Abs() < bothWithin && deaf.IsZero() {
				deaf = at
				if ended.Before(at) {
					deaf = ended
				}
			}
		}
	}
	e.mu.Unlock()
	if !deaf.IsZero() {
		for w := range e.known() {
			e.missed(w, deaf)
		}
	}
}

// down notes that a socket is closed.
func (e *ears) down(number int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.open[number] {
		return
	}
	delete(e.open, number)
	e.ended[number] = time.Now()
	if len(e.open) == 0 {
		e.deaf = time.Now()
	}
}

// missed notes that something may not have been heard since then.
func (e *ears) missed(workspace string, since time.Time) {
	if since.IsZero() {
		since = time.Now()
	}
	e.mu.Lock()
	had, ok := e.since[workspace]
	if ok && had.since.Before(since) {
		since = had.since
	}
	e.since[workspace] = lapse{since, had.times + 1}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// outside remembers since when the bot is not in channels any more, as far as it noticed.
type outside struct {
	mu    sync.Mutex
	since map[string]time.Time
}

// outBefore is how long the bot may have been out of a channel before it noticed.
const outBefore = 10 * time.Minute

// out notes that the bot can't write to a channel.
func (o *outside) out(channel string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since == nil {
		o.since = map[string]time.Time{}
	}
	if _, ok := o.since[channel]; !ok {
		o.since[channel] = time.Now().Add(-outBefore)
	}
}

// back notes that it can, and says since when it may not have heard what was said there; zero if it has.
func (o *outside) back(channel string) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	since := o.since[channel]
	delete(o.since, channel)
	return since
}

// run makes good for what was missed, and keeps the mark up to which everything was heard, until ctx ends.
func (e *ears) run(ctx context.Context, h chat.Handler) {
	tick := time.NewTicker(cursorEvery)
	defer tick.Stop()
	wait, retry := e.s.opts.RetryAfter, time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			e.mark(ctx)
			return
		case <-tick.C:
			e.mark(ctx)
		case <-e.wake:
			wait = e.s.opts.RetryAfter
		case <-retry.C:
		}
		if e.remember(ctx) && e.catchUp(ctx, h) {
			wait = e.s.opts.RetryAfter
			continue
		}
		retry.Reset(wait)
		wait = min(2*wait, retryMax)
	}
}

// remember reads since when something may have been missed before this start; false if that can't be told yet.
func (e *ears) remember(ctx context.Context) bool {
	all := e.s.Workspaces()
	for _, w := range all {
		if w == "" { // it is not known yet which there are
			return false
		}
		e.mu.Lock()
		met := e.met[w]
		e.mu.Unlock()
		if met {
			continue
		}
		mark, err := e.s.opts.Memory.Recall(ctx, cursorGroup+"/"+w)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			e.s.log.WithError(err).Warn("slack: since when the bot did not hear can't be looked up now")
			return false
		}
		e.mu.Lock()
		e.met[w] = true
		e.mu.Unlock()
		if at, err := time.Parse(time.RFC3339Nano, string(mark)); err == nil {
			e.missed(w, at)
		}
	}
	return len(all) > 0
}

// known are the workspaces whose mark was read.
func (e *ears) known() map[string]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.met)
}

// mark keeps up to when everything was heard.
func (e *ears) mark(ctx context.Context) {
	for w := range e.known() {
		e.mu.Lock()
		at := time.Now()
		if !e.deaf.IsZero() {
			at = e.deaf
		}
		_, missed := e.since[w]
		never := e.s.opts.AppToken != "" && len(e.open) == 0 && e.deaf.IsZero()
		e.mu.Unlock()
		if missed || never {
			continue
		}
		if err := e.s.opts.Memory.Keep(ctx, cursorGroup+"/"+w, []byte(at.UTC().Format(time.RFC3339Nano))); err != nil && ctx.Err() == nil {
			e.s.log.WithError(err).Warn("slack: up to when the bot has heard can't be kept now")
		}
	}
}

// catchUp looks for what was missed; false if there is something that it can't find now.
func (e *ears) catchUp(ctx context.Context, h chat.Handler) bool {
	e.mu.Lock()
	deaf := !e.deaf.IsZero()
	todo := maps.Clone(e.since)
	e.mu.Unlock()
	if deaf {
		return len(todo) == 0 // when it hears again
	}
	all := true
	for id, lapse := range todo {
		w, err := e.s.place(ctx, chat.Place{Platform: Name, Workspace: id})
		if err == nil {
			err = e.s.makeGood(ctx, h, w, lapse.since)
		}
		if ctx.Err() != nil {
			return true
		}
		if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Blocked != "" {
			all = false // and the deliveries say what an admin has to do
			continue
		}
		if err != nil {
			e.s.log.WithError(err).Warn("slack: what was missed is looked for again later")
			all = false
			continue
		}
		e.mu.Lock()
		if e.since[id] == lapse {
			delete(e.since, id)
		} else {
			all = false
		}
		e.mu.Unlock()
	}
	return all
}
