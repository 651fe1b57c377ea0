package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// directFor is how long after somebody last wrote to the bot their direct conversation is read, in milliseconds.
const directFor = int64(30 * 24 * time.Hour / time.Millisecond)

// begin finds out where something was said since then. Those conversations come first, and what is heard there meanwhile
// waits; it does not in those that are found only afterwards.
func (c *catchup) begin(ctx context.Context, since int64, gap int) error {
	guilds, err := c.guilds.all(ctx)
	if err != nil {
		return err
	}
	direct, err := c.directs(ctx)
	if err != nil {
		return err
	}
	var found []conversation
	var failed []string
	for _, guild := range guilds {
		more, err := c.inGuild(ctx, guild, since)
		switch {
		case err == nil:
			found = append(found, more...)
		case hidden(err):
		case len(guilds) == 1 || ctx.Err() != nil:
			return err
		default: // one that Discord has trouble with does not hold up the others
			failed = append(failed, guild)
		}
		if err := pauseFor(ctx, c.breath); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gaps != gap {
		return nil // it may be outdated
	}
	c.remember(found, since)
	var held []string
	for id := range c.want {
		held = append(held, id)
	}
	for i, id := range direct {
		c.wants(id, want{since: since, rank: len(found) + i + 2, direct: true})
	}
	for _, guild := range failed {
		c.looks(look{guildList, guild}, since)
	}
	for channel := range c.cursor.inhabited() {
		c.looks(look{publicShelf, channel}, since)
		c.looks(look{privateShelf, channel}, since)
	}
	clear(c.done)
	for id := range c.lively {
		if c.sooner(id) {
			held = append(held, id)
		}
	}
	c.all = 0
	clear(c.lively)
	c.queue.HoldOnly(held)
	return nil
}

// peruse looks through a list for conversations where something was said.
func (c *catchup) peruse(ctx context.Context, at look, w *want) {
	var found []conversation
	var err error
	if at.list == guildList {
		found, err = c.inGuild(ctx, at.of, w.since)
	} else {
		found, err = c.onShelf(ctx, at, w.since)
	}
	if err != nil && !hidden(err) {
		c.again(w, err, "discord: where something was missed could not be listed yet", at.of)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(found, w.since)
	delete(c.look, at)
}

// conversation is a channel or thread where something was said.
type conversation struct {
	id    string
	ours  bool // something of the bot's is there
	least int  // what comes after the others: 1 for a channel itself
	last  string
}

// remember has conversations read, the likeliest ones first. c.mu is held.
func (c *catchup) remember(found []conversation, since int64) {
	slices.SortFunc(found, func(a, b conversation) int {
		return cmp.Or(cmp.Compare(a.least, b.least), compareBools(b.ours, a.ours), compareIDs(b.last, a.last))
	})
	for i, f := range found {
		c.wants(f.id, want{since: since, rank: i + 1})
	}
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// inGuild are the open threads of a guild, and the channels with something of the bot's, where something was said.
func (c *catchup) inGuild(ctx context.Context, guild string, since int64) ([]conversation, error) {
	var active struct {
		Threads []wireChannel `json:"threads"`
	}
	err := c.api.do(ctx, call{doing: "list open threads", method: http.MethodGet, path: "/guilds/" + guild + "/threads/active", out: &active})
	if err != nil {
		return nil, err
	}
	rooms := c.cursor.inhabited()
	var out []conversation
	for _, t := range active.Threads {
		t.GuildID = guild
		c.places.note(t)
		_, ours := rooms[t.ParentID]
		if c.newer(t, since) {
			out = append(out, conversation{id: t.ID, ours: ours || t.OwnerID == c.self.id(), last: t.LastMessage})
		}
	}
	if len(rooms) == 0 {
		return out, nil
	}
	if err := pauseFor(ctx, c.breath); err != nil {
		return nil, err
	}
	var channels []wireChannel
	err = c.api.do(ctx, call{doing: "list channels", method: http.MethodGet, path: "/guilds/" + guild + "/channels", out: &channels})
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		ch.GuildID = guild
		c.places.note(ch)
		if _, ours := rooms[ch.ID]; ours && !ch.isForum() && c.newer(ch, since) {
			out = append(out, conversation{id: ch.ID, ours: true, least: 1, last: ch.LastMessage})
		}
	}
	return out, nil
}

// newer says whether something may have been said since then.
func (c *catchup) newer(ch wireChannel, since int64) bool {
	return snowflake.MatchString(ch.ID) && max(madeAt(ch.LastMessage), madeAt(ch.ID)) > since-overlap
}

// archived is a page of threads that were put away, the last one first.
type archived struct {
	Threads []wireChannel `json:"threads"`
	More    bool          `json:"has_more"`
}

// onShelf are the threads of a channel that were put away since then: not before something was said in them.
func (c *catchup) onShelf(ctx context.Context, at look, since int64) ([]conversation, error) {
	kind := "public"
	if at.list == privateShelf {
		kind = "private"
	}
	var out []conversation
	query := url.Values{"limit": {strconv.Itoa(historyPage)}}
	for {
		var page archived
		err := c.api.do(ctx, call{doing: "list threads that were put away", method: http.MethodGet,
			path: "/channels/" + at.of + "/threads/archived/" + kind, query: query, out: &page})
		if err != nil {
			return nil, err
		}
		var last time.Time
		before := query.Get("before")
		for _, t := range page.Threads {
			if t.Thread == nil {
				continue
			}
			last = t.Thread.ArchivedAt
			if c.newer(t, since) {
				if parent, ok := c.places.channels.Peek(at.of); ok {
					t.GuildID = parent.GuildID
				}
				c.places.note(t)
				out = append(out, conversation{id: t.ID, ours: true, last: t.LastMessage})
			}
		}
		if !page.More || last.UnixMilli() < since-overlap {
			return out, nil
		}
		if query.Set("before", last.UTC().Format(time.RFC3339Nano)); query.Get("before") == before {
			return out, nil
		}
		if err := pauseFor(ctx, c.breath); err != nil {
			return nil, err
		}
	}
}

// directs are the direct conversations that were used lately, the latest first. Discord has no list of them.
func (c *catchup) directs(ctx context.Context) ([]string, error) {
	kept, err := c.opts.Memory.List(ctx, directGroup)
	if err != nil {
		return nil, err
	}
	type used struct {
		id string
		at int64
	}
	var all []used
	for name, value := range kept {
		var d keptDirect
		id := name[strings.LastIndexByte(name, '/')+1:]
		if json.Unmarshal(value, &d) == nil && snowflake.MatchString(id) && d.At > time.Now().UnixMilli()-directFor {
			all = append(all, used{id, d.At})
			if d.Person != "" && d.Guild != "" {
				c.places.homes.ContainsOrAdd(d.Person, d.Guild)
			}
		}
	}
	slices.SortFunc(all, func(a, b used) int { return cmp.Or(cmp.Compare(b.at, a.at), compareIDs(a.id, b.id)) })
	var out []string
	for _, u := range all {
		out = append(out, u.id)
	}
	return out, nil
}

// messages are what was said in a conversation since then, the oldest first.
func (c *catchup) messages(ctx context.Context, channel string, w *want) ([]*utterance, error) {
	guild := ""
	if !w.direct {
		ch, err := c.places.channel(ctx, channel)
		if err == nil && ch.GuildID == "" && ch.Type != directChannel { // a list does not tell everything
			ch, err = c.places.fresh(ctx, channel)
		}
		if err != nil {
			return nil, err
		}
		guild = ch.GuildID
	}
	from := w.since - overlap
	var out []*utterance
	for after := snowflakeAt(from); ; {
		list, err := c.messagesAfter(ctx, channel, after, historyPage)
		if err != nil {
			return nil, err
		}
		before := after
		for _, m := range list {
			after = m.ID
			m.ChannelID, m.GuildID = channel, guild
			out = append(out, late(m, from)...)
		}
		if len(list) < historyPage || compareIDs(after, before) <= 0 || !snowflake.MatchString(after) {
			return out, nil
		}
		if err := pauseFor(ctx, c.breath); err != nil {
			return nil, err
		}
	}
}
