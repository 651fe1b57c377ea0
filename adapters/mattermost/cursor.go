package mattermost

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"balie/adapters/inbox"
)

const (
	cursorName  = "mattermost|heard"
	cursorEvery = 5 * time.Second
	notKept     = "mattermost: up to where the bot has heard could not be kept; after a restart it hears some of it again"
)

// cursor is up to when everything was heard and told, by the server's clock. It survives a restart.
type cursor struct {
	*ears
	every time.Duration

	inbox.Heard

	mu   sync.Mutex
	kept int64
}

// kept is what stands in the memory.
type keptCursor struct {
	Heard int64 `json:"heard"` // milliseconds since 1970
	// Told are the ids of what the bot was told of the time just before, and when that was: it is read again. The bot takes
	// nothing twice that it acted upon, but what it could do nothing about then may be possible meanwhile.
	Told map[string]int64 `json:"told,omitempty"`
	// Absent are channels that the bot was taken out of, and when.
	Absent map[string]int64 `json:"absent,omitempty"`
}

// toldMax is how many of these are kept.
const toldMax = 3_000

func newCursor(e *ears) *cursor { return &cursor{ears: e, every: cursorEvery} }

// recall reads up to where an earlier process has heard, however long that takes; false if ctx ends first.
func (c *cursor) recall(ctx context.Context) bool {
	value, ok := inbox.Recall(ctx, c.opts.Memory, cursorName, c.opts.RetryAfter, func(err error) {
		c.log.WithError(err).Warn("mattermost: up to where the bot has heard cannot be read; it listens as soon as that is known")
	})
	if ok {
		c.read(value)
	}
	return ok
}

func (c *cursor) read(value []byte) {
	if len(value) == 0 {
		return
	}
	var k keptCursor
	if err := json.Unmarshal(value, &k); err != nil || k.Heard <= 0 {
		c.log.WithError(err).Error("mattermost: up to where the bot has heard is not readable; it hears from now on, " +
			"and what was said while it was away is missing")
		return
	}
	c.Change(func(int64) int64 { return k.Heard })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = k.Heard
	for id, at := range k.Told {
		c.known.Add(id, at)
	}
	c.catchup.recall(k.Absent)
}

// lately are the events that were told of the time that is read again.
func (c *cursor) lately(until int64) map[string]int64 {
	out := map[string]int64{}
	all := c.known.Keys()
	for _, id := range slices.Backward(all[max(0, len(all)-toldMax):]) {
		if at, ok := c.known.Peek(id); ok && at > until-margin {
			out[id] = at
		}
	}
	return out
}

// began says when the bot began to listen, which counts if it never did before.
func (c *cursor) began(now int64) {
	c.Change(func(high int64) int64 { return cmp.Or(high, now) })
}

// reached is up to when everything was heard. Nothing was heard at a time to come, whatever was kept.
func (c *cursor) reached(now int64) int64 {
	return c.Change(func(high int64) int64 { return min(high, now) })
}

// until is up to when everything was heard and told; 0 if nothing is known yet.
func (c *cursor) until() int64 { return c.Until(c.catchup.floor) }

// run keeps the cursor while it moves.
func (c *cursor) run(ctx context.Context) {
	inbox.KeepOn(ctx, c.every, c.keep, func(err error) { c.log.WithError(err).Warn(notKept) })
}

// last keeps the cursor at the end.
func (c *cursor) last(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := c.keep(ctx); err != nil {
		c.log.WithError(err).Warn(notKept)
	}
}

func (c *cursor) keep(ctx context.Context) error {
	until := c.until()
	c.mu.Lock()
	kept := c.kept
	c.mu.Unlock()
	if until == 0 || until == kept {
		return nil
	}
	value, err := json.Marshal(keptCursor{Heard: until, Told: c.lately(until), Absent: c.catchup.away()})
	if err != nil {
		return err
	}
	if err := c.opts.Memory.Keep(ctx, cursorName, value); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = until
	return nil
}
