package discord

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"balie/adapters/inbox"
	"balie/internal/chat"
)

const (
	// overlap is how much of what was heard already is read again, in milliseconds: what happens at once may be told in
	// another order.
	overlap = int64(30 * time.Second / time.Millisecond)
	// breath is the pause between two calls, so that there is room for what people wait for: Discord takes 50 in a second.
	breath = 50 * time.Millisecond
)

// catchup reads over REST what was missed: what people wrote in threads, in channels with something of the bot's, and to the
// bot directly. Of what was edited meanwhile it knows if it was written meanwhile, too; what was deleted, and reactions,
// Discord does not tell afterwards.
type catchup struct {
	*term
	wake   chan struct{}
	breath time.Duration

	mu   sync.Mutex
	gaps int              // so far
	all  int64            // everything since then was missed; 0 if nothing was
	want map[string]*want // by channel or thread
	look map[look]*want
	// lively are the conversations where something was said while it is not known yet what to read, and done are those that were
	// read since it is.
	lively, done map[string]bool
}

// look is a list of conversations to look through for those where something was said.
type look struct {
	list listKind
	of   string // a guild or a channel
}

type listKind int

const (
	guildList   listKind = iota // open threads, and channels
	publicShelf                 // threads of a channel that were put away
	privateShelf
)

// want is something that has to be read.
type want struct {
	since  int64
	rank   int  // who comes first
	direct bool // a direct conversation
	pause  time.Duration
	next   time.Time // not before
}

func newCatchup(t *term) *catchup {
	return &catchup{
		term: t, wake: make(chan struct{}, 1), breath: breath, want: map[string]*want{}, look: map[look]*want{},
		lively: map[string]bool{}, done: map[string]bool{},
	}
}

func (c *catchup) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// missed says that something may have happened since then that was not heard.
func (c *catchup) missed(since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gaps++
	c.all = min(cmp.Or(c.all, since), since)
	c.queue.HoldAll()
	c.nudge()
}

// comesFirst has a conversation read next where somebody says something, which waits for that.
func (c *catchup) comesFirst(channel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all != 0 {
		c.lively[channel] = true
	} else if c.sooner(channel) {
		c.queue.HoldRoom(channel)
		c.nudge()
	}
}

// sooner puts a conversation first that has to be read, or may have to be: a thread that was put away is not where it would
// have been found any more once somebody says something there. c.mu is held.
func (c *catchup) sooner(channel string) bool {
	if w := c.want[channel]; w != nil {
		first := w.rank > 0
		w.rank = 0
		return first
	}
	if c.done[channel] {
		return false
	}
	var since int64
	at, known := c.places.channels.Peek(channel)
	for l, w := range c.look {
		if !known || l.of == at.ParentID || l.list == guildList && l.of == at.GuildID {
			since = min(cmp.Or(since, w.since), w.since)
		}
	}
	if since == 0 {
		return false
	}
	c.want[channel] = &want{since: since}
	return true
}

// floor is since when something is missing; 0 if nothing is. What waits to be told counts, too.
func (c *catchup) floor() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	low := c.queue.Floor()
	lower := func(at int64) {
		if at != 0 && (low == 0 || at < low) {
			low = at
		}
	}
	lower(c.all)
	for _, w := range c.want {
		lower(w.since)
	}
	for _, w := range c.look {
		lower(w.since)
	}
	return low
}

// run catches up until ctx ends.
func (c *catchup) run(ctx context.Context) {
	pause, failures := c.opts.RetryAfter, 0
	for {
		wait, err := c.step(ctx)
		if err != nil && ctx.Err() == nil {
			if failures++; failures == 2 { // once may be an accident
				c.log.WithError(err).Warn("discord: what was missed could not be read yet")
			}
			wait, pause = max(inbox.Jitter(pause), retryOf(err)), min(2*pause, inbox.PauseMax)
		} else if err == nil {
			pause, failures = c.opts.RetryAfter, 0
		}
		var later <-chan time.Time
		if wait >= 0 {
			later = time.After(max(wait, c.breath))
		}
		select {
		case <-ctx.Done():
			return
		case <-later:
		case <-c.wake:
		}
	}
}

// retryOf is how long Discord wants to be left alone after an error.
func retryOf(err error) time.Duration {
	if sent, ok := errors.AsType[*chat.SendError](err); ok {
		return sent.Retry
	}
	return 0
}

// step does the next thing and says how long to wait before the one after it; a negative time means until something is
// missed.
func (c *catchup) step(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	since, gap := c.all, c.gaps
	for channel, at := range c.queue.Lost() {
		c.wants(channel, want{since: at})
	}
	now := time.Now()
	channel, w, wait := next(c.want, now, cmp.Compare)
	list, l, later := next(c.look, now, func(a, b look) int { return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(a.of, b.of)) })
	if wait < 0 || later >= 0 && later < wait {
		wait = later
	}
	c.mu.Unlock()
	switch {
	case since != 0:
		return 0, c.begin(ctx, since, gap)
	case c.queue.Full():
		return -1, nil
	case w != nil:
		c.read(ctx, channel, w, gap)
		return 0, nil
	case l != nil:
		c.peruse(ctx, list, l)
		return 0, nil
	}
	return wait, nil
}

// next is what to read now, or how long to wait for something.
func next[K comparable](all map[K]*want, now time.Time, order func(a, b K) int) (first K, w *want, wait time.Duration) {
	wait = -1
	for _, id := range slices.SortedFunc(maps.Keys(all), order) {
		if d := all[id].next.Sub(now); d > 0 {
			if wait < 0 || d < wait {
				wait = d
			}
		} else if w == nil || all[id].rank < w.rank {
			first, w = id, all[id]
		}
	}
	return first, w, wait
}

// wants notes that a conversation has to be read. c.mu is held.
func (c *catchup) wants(channel string, n want) {
	if w := c.want[channel]; w != nil {
		w.since, w.rank = min(w.since, n.since), min(w.rank, n.rank)
		return
	}
	c.want[channel] = &n
}

// looks notes that a list has to be looked through. c.mu is held.
func (c *catchup) looks(at look, since int64) {
	if w := c.look[at]; w != nil {
		w.since = min(w.since, since)
		return
	}
	c.look[at] = &want{since: since, rank: int(at.list)}
}

// read reads what was said in a conversation.
func (c *catchup) read(ctx context.Context, channel string, w *want, gap int) {
	c.queue.HoldRoom(channel)
	found, err := c.messages(ctx, channel, w)
	if err != nil && !hidden(err) {
		c.again(w, err, "discord: what was missed in a channel could not be read yet", channel)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gaps != gap && err == nil {
		return // more was missed, and it is read again
	}
	var missed []*inbox.Item
	for _, u := range found {
		if it := c.item(u); it != nil {
			missed = append(missed, it)
		}
	}
	c.queue.Release(channel, missed)
	delete(c.want, channel)
	c.done[channel] = true
}

// again has something read later that could not be read.
func (c *catchup) again(w *want, err error, what, of string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if retry := retryOf(err); w.pause == c.opts.RetryAfter && retry == 0 { // once may be an accident
		c.log.WithError(err).WithField("of", of).Warn(what)
	}
	w.pause = min(max(2*w.pause, c.opts.RetryAfter), inbox.PauseMax)
	w.next = time.Now().Add(max(inbox.Jitter(w.pause), retryOf(err)))
}

// hidden says that Discord does not show something to the bot, or does not have it any more.
func hidden(err error) bool {
	switch statusOf(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest:
		return true
	}
	sent, ok := errors.AsType[*chat.SendError](err)
	return ok && sent.Gone
}
