package discord

import (
	"context"

	"balie/adapters/inbox"
)

// Discord has no list of direct conversations: one that the bot did not know of is read since the last gap once somebody is heard
// there, which may be weeks later. The cursor does not go back for that; what is owed is kept beside it.

// owedMax is how many conversations may be owed. For more of them the cursor goes back.
const owedMax = 1000

// owes are the direct conversations that are read from further back than where the cursor stays, and since when.
func (c *catchup) owes() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int64{}
	for channel, w := range c.owed {
		out[channel] = w.since
	}
	return out
}

// owe takes over what an earlier process still had to read so, whose cursor stayed there.
func (c *catchup) owe(since map[string]int64, floor int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for channel, at := range since {
		if snowflake.MatchString(channel) && at > 0 && at < floor {
			c.owed[channel] = &want{since: at, floor: floor, direct: true}
		}
	}
}

// settled is what is told after everything that was owed of a conversation.
func (c *catchup) settled(channel string, w *want) *inbox.Item {
	return &inbox.Item{Channel: channel, Thread: channel, Mark: w.below(), Tell: func(context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.owed[channel] == w {
			delete(c.owed, channel)
		}
		return nil
	}}
}
