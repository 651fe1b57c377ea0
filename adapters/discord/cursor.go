package discord

import (
	"context"
	"encoding/json"
	"maps"
	"sync"
	"time"

	"balie/adapters/inbox"
)

const (
	cursorName  = "discord/heard"
	cursorEvery = 5 * time.Second
	// lastMax is how long each thing may take that is put away at the end, for which the bot has a few seconds.
	lastMax = 2 * time.Second
	notKept = "discord: up to where the bot has heard could not be kept; after a restart it hears some of it again"
	// inhabitedMax is how many channels are remembered as having something of the bot's, and inhabitedFor for how long after
	// its last message in them, in milliseconds.
	inhabitedMax = 2_000
	inhabitedFor = int64(90 * 24 * time.Hour / time.Millisecond)
	// unsure is how much is read again, in milliseconds, where a clock was wrong.
	unsure = int64(10 * time.Minute / time.Millisecond)
	// drift is how far what we take for Discord's time may be off from one call to the next, in milliseconds: it tells seconds.
	drift = int64(3 * time.Second / time.Millisecond)
)

// cursor is up to when everything was heard and told, by Discord's clock. It survives a restart, and goes on in the process
// that listens next.
type cursor struct {
	*term
	every time.Duration

	inbox.Heard
	before bool // the bot listened before this process did

	mu      sync.Mutex
	rooms   map[string]int64 // channels with something of the bot's in them or in their threads, and when it last wrote there
	kept    int64
	moved   bool             // rooms changed since they were kept
	directs map[string]int64 // as kept
	owed    map[string]int64 // as kept
}

// keptCursor is what stands in the memory.
type keptCursor struct {
	Heard int64            `json:"heard"` // milliseconds since 1970
	Rooms map[string]int64 `json:"rooms,omitempty"`
	// Directs are direct conversations that are noted nowhere else yet, and when somebody wrote in them.
	Directs map[string]int64 `json:"directs,omitempty"`
	// Owed are direct conversations that have to be read from further back than Heard, and since when.
	Owed map[string]int64 `json:"owed,omitempty"`
}

func newCursor(t *term) *cursor {
	return &cursor{term: t, every: cursorEvery, rooms: map[string]int64{}}
}

// recall reads up to where an earlier process has heard, however long that takes; false if ctx ends first.
func (c *cursor) recall(ctx context.Context) bool {
	value, ok := inbox.Recall(ctx, c.opts.Memory, cursorName, c.opts.RetryAfter, func(err error) {
		c.log.WithError(err).Warn("discord: up to where the bot has heard cannot be read; it listens as soon as that is known")
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
		c.log.WithError(err).Error("discord: up to where the bot has heard is not readable; it hears from now on, " +
			"and what was said while it was away is missing")
		return
	}
	c.Change(func(int64) int64 { return k.Heard })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.before = k.Heard, true
	maps.Copy(c.rooms, k.Rooms)
	for id, at := range k.Directs {
		c.places.used(id, at)
	}
	c.directs = k.Directs
	c.catchup.owe(k.Owed, k.Heard)
	c.owed = k.Owed
}

// begin says when the bot began to listen, which counts if it never did before; it gives up to when everything was heard.
// Nothing was heard at a time to come, whatever was kept: then a clock was or is wrong.
func (c *cursor) begin(now int64) int64 {
	return c.Change(func(high int64) int64 {
		switch {
		case high == 0:
			return now
		case high > now+drift:
			return now - unsure
		}
		return min(high, now)
	})
}

// inhabits notes that the bot wrote in a channel.
func (c *cursor) inhabits(channel string, at int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rooms[channel] = max(c.rooms[channel], at)
	c.moved = true
	if len(c.rooms) <= inhabitedMax {
		return
	}
	oldest := channel
	for id, last := range c.rooms {
		if last < c.rooms[oldest] {
			oldest = id
		}
	}
	delete(c.rooms, oldest)
}

// inhabited are the channels with something of the bot's.
func (c *cursor) inhabited() map[string]int64 {
	since := c.High() - inhabitedFor
	c.mu.Lock()
	defer c.mu.Unlock()
	out := maps.Clone(c.rooms)
	maps.DeleteFunc(out, func(_ string, last int64) bool { return last < since })
	return out
}

// until is up to when everything was heard and told; 0 if nothing is known yet.
func (c *cursor) until() int64 {
	return c.Until(c.outages.floor, c.catchup.floor) // in this order: an outage ends as a look
}

// run keeps the cursor while it moves, and is ours to move.
func (c *cursor) run(ctx context.Context, held func() bool) {
	inbox.KeepOn(ctx, c.every, func(ctx context.Context) error {
		if !held() {
			return nil
		}
		return c.keep(ctx)
	}, func(err error) { c.log.WithError(err).Warn(notKept) })
}

// last keeps the cursor at the end; false if that went wrong.
func (c *cursor) last(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastMax)
	defer cancel()
	err := c.keep(ctx)
	if err != nil {
		c.log.WithError(err).Warn(notKept)
	}
	return err == nil
}

func (c *cursor) keep(ctx context.Context) error {
	until, directs := c.until(), c.places.unkept()
	owed := c.catchup.owes() // after until: what is not in it any more was told
	c.mu.Lock()
	kept, moved := c.kept, c.moved || !maps.Equal(directs, c.directs) || !maps.Equal(owed, c.owed)
	c.moved = moved && until == 0
	c.mu.Unlock()
	if until == 0 || until == kept && !moved {
		return nil
	}
	err := c.opts.Memory.Keep(ctx, cursorName, encode(keptCursor{Heard: until, Rooms: c.inhabited(), Directs: directs, Owed: owed}))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.moved = c.moved || moved
		return err
	}
	c.kept, c.directs, c.owed = until, directs, owed
	return nil
}
