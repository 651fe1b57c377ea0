package discord

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// places knows the channels and threads, and which guild people in direct conversations belong to.
type places struct {
	*Discord
	channels *lru.Cache[string, wireChannel]
	noted    *lru.Cache[string, time.Time] // when they were looked up
	follows  atomic.Bool                   // this process is told of changes
	starters *lru.Cache[string, string]    // a private thread's first post, by thread
	origins  *lru.Cache[string, string]    // the guild that a post in a direct conversation is for, by message
	homes    *lru.Cache[string, string]    // the guild that a person was met in
	directs  *lru.Cache[string, string]    // the direct conversation with a person

	mu   sync.Mutex
	kept map[string]time.Time // direct conversations, and when they were last noted in the memory
	uses map[string]int64     // those that are still to be noted there, and when somebody wrote in them
}

// directGroup is the group in the memory for direct conversations, which Discord gives no list of.
const directGroup = "discord-dm"

// keptDirect is what the memory has of a direct conversation, under its channel.
type keptDirect struct {
	Person string `json:"person"`
	Guild  string `json:"guild,omitempty"`
	At     int64  `json:"at"` // milliseconds since 1970
}

func newPlaces(d *Discord) *places {
	return &places{
		Discord: d, channels: memo.New[string, wireChannel](20_000), noted: memo.New[string, time.Time](20_000), starters: memo.New[string, string](20_000),
		origins: memo.New[string, string](20_000),
		homes:   memo.New[string, string](20_000), directs: memo.New[string, string](20_000), kept: map[string]time.Time{},
		uses: map[string]int64{},
	}
}

// channelFor is how long what is known of a channel counts where this process is not told of changes.
const channelFor = 30 * time.Second

// channel describes a channel or thread, as it was half a minute ago at worst.
func (p *places) channel(ctx context.Context, id string) (wireChannel, error) {
	if c, ok := p.channels.Get(id); ok {
		if at, _ := p.noted.Peek(id); p.follows.Load() || time.Since(at) < channelFor {
			return c, nil
		}
	}
	return p.fresh(ctx, id)
}

// current describes a channel or thread as it is now.
func (p *places) current(ctx context.Context, id string) (wireChannel, error) {
	if c, ok := p.channels.Get(id); ok && p.follows.Load() {
		return c, nil
	}
	return p.fresh(ctx, id)
}

// follow notes whether this process is told of changes. What it was not told of is looked up anew.
func (p *places) follow(on bool) {
	if on {
		p.channels.Purge()
	}
	p.follows.Store(on)
}

// fresh describes a channel or thread as it is now.
func (p *places) fresh(ctx context.Context, id string) (wireChannel, error) {
	if !snowflake.MatchString(id) {
		return wireChannel{}, &chat.SendError{Gone: true, Err: errNoPlace}
	}
	var c wireChannel
	if err := p.api.do(ctx, call{doing: "look a channel up", method: http.MethodGet, path: "/channels/" + id, out: &c}); err != nil {
		return wireChannel{}, err
	}
	p.note(c)
	return c, nil
}

// note keeps what is known of a channel. Interactions and lists tell less than Discord knows: the guild stays.
func (p *places) note(c wireChannel) {
	if c.ID == "" {
		return
	}
	if before, ok := p.channels.Peek(c.ID); ok && c.GuildID == "" {
		c.GuildID = before.GuildID
	}
	p.noted.Add(c.ID, time.Now())
	p.channels.Add(c.ID, c)
}

func (p *places) forget(id string) {
	p.channels.Remove(id)
	p.starters.Remove(id)
}

// where is the channel that a channel or thread is, and the thread if it is one.
func (p *places) where(ctx context.Context, id string) (channel, thread string, err error) {
	c, err := p.channel(ctx, id)
	if err != nil {
		return "", "", err
	}
	if c.isThread() {
		return c.ParentID, c.ID, nil
	}
	return c.ID, "", nil
}

// starter is the first post of a private conversation, which its thread's id stands for; empty if it is not known.
func (p *places) starter(thread string) string {
	id, _ := p.starters.Get(thread)
	return id
}

// findStarter looks for the first post of a private conversation; empty if there is none.
func (p *places) findStarter(ctx context.Context, thread string) (string, error) {
	if id := p.starter(thread); id != "" {
		return id, nil
	}
	me, err := p.self.get(ctx)
	if err != nil {
		return "", err
	}
	list, err := p.messagesAfter(ctx, thread, "0", 20) // what comes before it are Discord's own words about who joined
	if err != nil {
		return "", err
	}
	for _, m := range list { // it has a card, which no other post in it has
		if m.Author != nil && m.Author.ID == me.ID && (m.Type == plainMessage || m.Type == replyMessage) &&
			(len(m.Embeds) > 0 || titleInWords(m.Content) != "") {
			p.starters.Add(thread, m.ID)
			return m.ID, nil
		}
	}
	return "", nil
}

// met notes in which guild a person was seen.
func (p *places) met(person, guild string) {
	if person != "" && guild != "" {
		p.homes.Add(person, guild)
	}
}

// guildOf is the guild that a direct conversation with a person counts to: where they were last met, else another one of
// ours. They have to be a member of it; empty if they are of none.
func (p *places) guildOf(ctx context.Context, person string) (string, error) {
	ids, err := p.guilds.all(ctx)
	if err != nil {
		return "", err
	}
	if last, ok := p.homes.Get(person); ok && slices.Contains(ids, last) {
		ids = slices.Concat([]string{last}, ids)
	}
	var failed error // another one may know them all the same
	for _, id := range ids {
		known, err := p.people.member(ctx, id, person)
		switch {
		case known:
			p.met(person, id)
			return id, nil
		case err != nil && !hidden(err):
			failed = err
		}
	}
	return "", failed
}

// guildFor is the guild that a direct conversation counts to where it is about a post of the bot's: what that is for.
func (p *places) guildFor(ctx context.Context, person, channel, post string) (string, error) {
	if post == "" {
		return p.guildOf(ctx, person)
	}
	if guild, ok := p.origins.Get(post); ok {
		return guild, nil
	}
	var m wireMessage
	err := p.api.do(ctx, call{doing: "look a message up", method: http.MethodGet, path: "/channels/" + channel + "/messages/" + post,
		limit: "GET message " + channel, out: &m})
	if sent, ok := errors.AsType[*chat.SendError](err); ok && !sent.Gone {
		return "", err
	}
	found := map[string]wireComponent{}
	collect(m.Components, found)
	for id := range found {
		l, err := p.values.carried(ctx, id)
		if err == nil && l.Guild != "" {
			p.origins.Add(post, l.Guild)
			return l.Guild, nil
		}
	}
	return p.guildOf(ctx, person)
}

// directWith is the direct conversation with a person.
func (p *places) directWith(ctx context.Context, person, guild string) (string, error) {
	if id, ok := p.directs.Get(person); ok {
		return id, nil
	}
	if !snowflake.MatchString(person) {
		return "", &chat.SendError{Gone: true, Err: chat.ErrUnknownPerson}
	}
	v, err, _ := p.sending.Do("direct "+person, func() (any, error) {
		var c wireChannel
		err := p.api.do(ctx, call{doing: "open a direct conversation", method: http.MethodPost, path: "/users/@me/channels",
			body: map[string]string{"recipient_id": person}, out: &c})
		if codeOf(err) == codeBadForm || codeOf(err) == codeUnknownUser {
			err = &chat.SendError{Gone: true, Err: chat.ErrUnknownPerson}
		}
		if err != nil {
			return "", err
		}
		p.note(c)
		p.direct(ctx, c.ID, person, guild)
		return c.ID, nil
	})
	if err != nil {
		return "", err
	}
	return v.(string), nil
}

// directEvery is how often the memory is told that a direct conversation is in use.
const directEvery = 24 * time.Hour

// direct notes a direct conversation, so that it can be read after the bot was away.
func (p *places) direct(ctx context.Context, channel, person, guild string) {
	p.directs.Add(person, channel)
	p.mu.Lock()
	fresh := time.Since(p.kept[channel]) < directEvery
	p.mu.Unlock()
	if fresh {
		return
	}
	value, err := json.Marshal(keptDirect{Person: person, Guild: guild, At: time.Now().UnixMilli()})
	if err == nil {
		err = p.opts.Memory.Keep(ctx, directGroup+"/"+channel, value)
	}
	if err != nil {
		p.log.WithError(err).Debug("discord: a direct conversation is not kept; it is after the next message in it")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) > 20_000 {
		p.kept = map[string]time.Time{}
	}
	p.kept[channel] = time.Now()
	delete(p.uses, channel)
}

// usesMax is how many direct conversations may wait to be noted.
const usesMax = 1000

// used says that somebody wrote in a direct conversation, which is noted once the bot is told of it.
func (p *places) used(channel string, at int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.kept[channel]) >= directEvery && len(p.uses) < usesMax {
		p.uses[channel] = max(p.uses[channel], at)
	}
}

// unkept are the direct conversations that are still to be noted, and when somebody wrote in them.
func (p *places) unkept() map[string]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.uses, func(_ string, at int64) bool { return at < time.Now().UnixMilli()-directFor })
	return maps.Clone(p.uses)
}
