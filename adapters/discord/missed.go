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

	"balie/adapters/inbox"
	"balie/adapters/upstream"
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
		if err := upstream.Pause(ctx, c.breath); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gaps != gap {
		return nil // it may be outdated
	}
	c.remember(found, since)
	c.since = since
	for id, w := range c.owed {
		if c.want[id] == nil {
			w.anew()
			c.want[id] = w
		}
	}
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
	for id, direct := range c.lively {
		if c.sooner(id, direct) {
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
	p, turn := c.goOn(w)
	var err error
	if at.list == guildList {
		p.found, err = c.inGuild(ctx, at.of, p.since)
	} else {
		err = c.onShelf(ctx, at, &p)
	}
	if err != nil && !hidden(err) {
		c.again(w, p, turn, err, "discord: where something was missed could not be listed yet", at.of)
		return
	}
	c.unreadable(at.of, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(p.found, p.since)
	if w.turn == turn { // else it is looked through again
		delete(c.look, at)
	}
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
	if err := upstream.Pause(ctx, c.breath); err != nil {
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

// onShelf looks for the threads of a channel that were put away since then: not before something was said in them. Which
// private ones there are Discord tells only who may manage threads; else it tells those that the bot is in.
// https://docs.discord.com/developers/resources/channel#list-joined-private-archived-threads
func (c *catchup) onShelf(ctx context.Context, at look, p *progress) error {
	for {
		path := "/channels/" + at.of + "/threads/archived/public"
		switch {
		case p.joined:
			path = "/channels/" + at.of + "/users/@me/threads/archived/private"
		case at.list == privateShelf:
			path = "/channels/" + at.of + "/threads/archived/private"
		}
		query := url.Values{"limit": {strconv.Itoa(historyPage)}}
		if p.at != "" {
			query.Set("before", p.at)
		}
		var page archived
		err := c.api.do(ctx, call{doing: "list threads that were put away", method: http.MethodGet, path: path, query: query, out: &page})
		if at.list == privateShelf && !p.joined && statusOf(err) == http.StatusForbidden {
			p.joined, p.at, p.found = true, "", nil
			continue
		}
		if err != nil {
			return err
		}
		if !c.shelved(at.of, page, p) {
			return nil
		}
		if err := upstream.Pause(ctx, c.breath); err != nil {
			return err
		}
	}
}

// shelved takes from a page of threads those where something was said, and says whether another page has to be looked at.
func (c *catchup) shelved(parent string, page archived, p *progress) bool {
	before := p.at
	over := false
	for _, t := range page.Threads {
		if t.Thread == nil || !snowflake.MatchString(t.ID) {
			continue
		}
		if p.joined { // the newest come first, whenever they were put away
			p.at = t.ID
		} else if at := t.Thread.ArchivedAt; !at.IsZero() {
			p.at = at.UTC().Format(time.RFC3339Nano)
			over = at.UnixMilli() < p.since-overlap
		}
		if c.newer(t, p.since) {
			if parent, ok := c.places.channels.Peek(parent); ok {
				t.GuildID = parent.GuildID
			}
			c.places.note(t)
			p.found = append(p.found, conversation{id: t.ID, ours: true, last: t.LastMessage})
		}
	}
	return page.More && !over && p.at != before
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
	for id, at := range c.places.unkept() {
		if !slices.ContainsFunc(all, func(u used) bool { return u.id == id }) {
			all = append(all, used{id, at})
		}
	}
	slices.SortFunc(all, func(a, b used) int { return cmp.Or(cmp.Compare(b.at, a.at), compareIDs(a.id, b.id)) })
	var out []string
	for _, u := range all {
		out = append(out, u.id)
	}
	return out, nil
}

// messages reads what is to be told of a conversation since then, the oldest first: all of it, or about as much as is told at
// once, or up to an error. What is older than where the cursor stays was told before, or is owed.
func (c *catchup) messages(ctx context.Context, channel string, p *progress) (missed []*inbox.Item, whole bool, err error) {
	guild := ""
	if !p.direct {
		ch, err := c.places.channel(ctx, channel)
		if err == nil && ch.GuildID == "" && ch.Type != directChannel { // a list does not tell everything
			ch, err = c.places.fresh(ctx, channel)
		}
		if err != nil {
			return nil, false, err
		}
		guild = ch.GuildID
	}
	from := p.since - overlap
	for p.at = cmp.Or(p.at, snowflakeAt(from)); ; {
		list, err := c.messagesAfter(ctx, channel, p.at, historyPage)
		if err != nil {
			return missed, false, err
		}
		before, last := p.at, p.at
		for _, m := range list {
			last = m.ID
			m.ChannelID, m.GuildID = channel, guild
			for _, u := range late(m, from) {
				if it := c.item(u); it != nil { // at once: most of a channel may be other bots'
					it.Mark = max(it.Mark, p.below)
					missed = append(missed, it)
				}
			}
		}
		if len(list) < historyPage || compareIDs(last, before) <= 0 || !snowflake.MatchString(last) {
			return missed, true, nil
		}
		if p.at = last; len(missed) >= partMax {
			return missed, false, nil
		}
		if err := upstream.Pause(ctx, c.breath); err != nil {
			return missed, false, err
		}
	}
}
