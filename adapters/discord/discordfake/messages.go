package discordfake

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Types of messages. https://docs.discord.com/developers/resources/message#message-object-message-types
const (
	plainMessage      = 0
	recipientAdded    = 1
	recipientRemoved  = 2
	renamedMessage    = 4
	joinedMessage     = 7
	threadCreated     = 18
	replyMessage      = 19
	commandMessage    = 20 // an answer to a command
	threadStarter     = 21
	contextMenuAnswer = 23
)

// Flags of messages. https://docs.discord.com/developers/resources/message#message-object-message-flags
const (
	flagSuppressEmbeds = 1 << 2
	flagHasThread      = 1 << 5
	flagEphemeral      = 1 << 6
	flagLoading        = 1 << 7
	flagSilent         = 1 << 12
	flagComponents     = 1 << 15
)

// message is a message as the server has it. It is never changed once others know it.
type message struct {
	id, channel  string
	kind         int
	author       *user
	webhook      string // of answers to interactions: the application's id
	content      string
	at           time.Time
	edited       time.Time
	attachments  []*attachment
	embeds       []json.RawMessage
	components   []json.RawMessage
	mentions     []*user
	mentionRoles []string
	everyone     bool
	pings        []*user // whom it really notifies
	flags        int
	nonce        json.RawMessage
	reference    *reference
	reactions    []reaction
	metadata     any       // interaction_metadata, of an answer to one
	seenBy       *user     // of an ephemeral one
	edits        []message // what it was before, the oldest first, without edits of their own
}

// reference is what a message points at.
type reference struct {
	kind                    int // 1 is a forwarded message
	message, channel, guild string
}

// reaction is an emoji below a message.
type reaction struct {
	emoji string
	users []string
}

// fill stores a message's id and place. It gets its id here, unless it has one.
func (s *Server) fill(ch *channel, m *message) {
	if m.id == "" {
		m.id = s.id()
	}
	m.channel, m.at = ch.id, s.host.Now()
}

// post stores a message and tells of it.
func (s *Server) post(ch *channel, m *message) *message {
	s.fill(ch, m)
	ch.messages[m.id] = m
	ch.order = append(ch.order, m.id)
	ch.last = m.id
	if ch.isThread() && m.kind != threadStarter {
		ch.sent++
	}
	event := s.gatewayMessage(ch, m)
	if len(m.nonce) > 0 {
		event["nonce"] = m.nonce
	}
	s.emit(ch.guildID(), ch.id, "MESSAGE_CREATE", event)
	return m
}

// keptEdits is how many of its former versions a message keeps.
const keptEdits = 20

// change replaces a message by another version and tells of it.
func (s *Server) change(ch *channel, next *message) *message {
	if old := ch.messages[next.id]; old != nil {
		before := *old
		before.edits = nil
		next.edits = append(slices.Clone(old.edits), before)
		if len(next.edits) > keptEdits {
			next.edits = next.edits[len(next.edits)-keptEdits:]
		}
	}
	ch.messages[next.id] = next
	s.emit(ch.guildID(), ch.id, "MESSAGE_UPDATE", s.gatewayMessage(ch, next))
	return next
}

// remove deletes a message and tells of it.
func (s *Server) remove(ch *channel, m *message) {
	delete(ch.messages, m.id)
	if i, found := slices.BinarySearchFunc(ch.order, m.id, strings.Compare); found {
		ch.order = slices.Delete(ch.order, i, i+1)
	}
	for _, f := range m.attachments {
		delete(s.files, f.id)
	}
	event := map[string]any{"id": m.id, "channel_id": ch.id}
	if ch.guild != nil {
		event["guild_id"] = ch.guild.id
	}
	s.emit(ch.guildID(), ch.id, "MESSAGE_DELETE", event)
}

// react adds or takes away a reaction and tells of it; it says whether that changed anything.
func (s *Server) react(ch *channel, m *message, u *user, emoji string, on bool) bool {
	next := *m
	next.reactions = slices.Clone(m.reactions)
	i := slices.IndexFunc(next.reactions, func(r reaction) bool { return r.emoji == emoji })
	if i < 0 {
		if !on {
			return false
		}
		next.reactions = append(next.reactions, reaction{emoji: emoji})
		i = len(next.reactions) - 1
	}
	r := &next.reactions[i]
	if slices.Contains(r.users, u.id) == on {
		return false
	}
	name := "MESSAGE_REACTION_ADD"
	if on {
		r.users = append(slices.Clone(r.users), u.id)
	} else {
		name = "MESSAGE_REACTION_REMOVE"
		r.users = slices.DeleteFunc(slices.Clone(r.users), func(id string) bool { return id == u.id })
	}
	if len(r.users) == 0 {
		next.reactions = slices.Delete(next.reactions, i, i+1)
	}
	ch.messages[m.id] = &next
	event := map[string]any{
		"user_id": u.id, "channel_id": ch.id, "message_id": m.id, "emoji": wireEmoji(emoji), "message_author_id": m.author.id,
		"burst": false, "type": 0,
	}
	if ch.guild != nil {
		event["guild_id"] = ch.guild.id
		if mem := ch.guild.member(u); mem != nil && on {
			event["member"] = wireMember(mem)
		}
	}
	s.emit(ch.guildID(), ch.id, name, event)
	return true
}

// wireEmoji is an emoji by itself, or one of a guild's own as name:id.
func wireEmoji(emoji string) map[string]any {
	if name, id, own := strings.Cut(emoji, ":"); own {
		return map[string]any{"id": id, "name": name}
	}
	return map[string]any{"id": nil, "name": emoji}
}

var (
	mentionedUser = regexp.MustCompile(`<@!?([0-9]{1,20})>`)
	mentionedRole = regexp.MustCompile(`<@&([0-9]{1,20})>`)
	mentionedAll  = regexp.MustCompile(`@(everyone|here)\b`)
)

// allowed says which mentions notify anybody. Nil is everything.
// https://docs.discord.com/developers/resources/message#allowed-mentions-object
type allowed struct {
	Parse   []string `json:"parse"`
	Users   []string `json:"users"`
	Roles   []string `json:"roles"`
	Replied bool     `json:"replied_user"`
}

func (a *allowed) parses(what string) bool { return a == nil || slices.Contains(a.Parse, what) }

// mention finds whom a message mentions.
func (s *Server) mention(ch *channel, m *message, a *allowed) {
	m.mentions, m.mentionRoles, m.pings = nil, nil, nil
	add := func(u *user, pings bool) {
		if u == nil {
			return
		}
		if !slices.Contains(m.mentions, u) {
			m.mentions = append(m.mentions, u)
		}
		if pings && !slices.Contains(m.pings, u) {
			m.pings = append(m.pings, u)
		}
	}
	text := m.content + componentTexts(m.components)
	for _, found := range mentionedUser.FindAllStringSubmatch(text, -1) {
		add(s.users[found[1]], a.parses("users") || slices.Contains(a.Users, found[1]))
	}
	if m.kind == replyMessage && m.reference != nil {
		if to := ch.messages[m.reference.message]; to != nil && (a == nil || a.Replied) {
			add(to.author, true)
		}
	}
	if ch.guild == nil {
		return
	}
	for _, found := range mentionedRole.FindAllStringSubmatch(text, -1) {
		for _, r := range ch.guild.roles {
			if r.id == found[1] && !slices.Contains(m.mentionRoles, r.id) {
				m.mentionRoles = append(m.mentionRoles, r.id)
			}
		}
	}
	m.everyone = mentionedAll.MatchString(text) && a.parses("everyone") && s.may(m.author, ch, MentionEveryone)
}

// latest are a channel's messages, the oldest first.
func (c *channel) latest() []*message {
	out := make([]*message, 0, len(c.order))
	for _, id := range c.order {
		out = append(out, c.messages[id])
	}
	return out
}
