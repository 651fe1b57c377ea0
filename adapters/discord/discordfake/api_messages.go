package discordfake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// getMessages reads a channel. https://docs.discord.com/developers/resources/message#get-channel-messages
func getMessages(c *call) (answer, *refusal) {
	ch, no := c.channel()
	if no != nil {
		return answer{}, no
	}
	limit, no := c.number("limit", 50, 1, 100)
	if no != nil {
		return answer{}, no
	}
	var which string
	for _, name := range []string{"around", "before", "after"} {
		if v := c.query.Get(name); v != "" {
			if no := snowflake(name, v); no != nil {
				return answer{}, no
			}
			if which != "" {
				return answer{}, formError("BASE_TYPE_MUTUALLY_EXCLUSIVE", "around, before and after exclude each other.", name)
			}
			which = name
		}
	}
	if ch.kind == forumChannel {
		return answer{}, wrongChannelKind
	}
	out := []any{}
	if !c.s.may(c.s.bot, ch, ReadMessageHistory) {
		return ok(out) // and no error
	}
	for _, id := range slices.Backward(ch.page(which, c.query.Get(which), limit)) {
		out = append(out, c.s.restMessage(ch, ch.messages[id]))
	}
	return ok(out)
}

// page are the ids of some messages, the oldest first.
func (c *channel) page(which, id string, limit int) []string {
	i, found := slices.BinarySearchFunc(c.order, id, compareIDs)
	switch which {
	case "before":
		return c.order[max(0, i-limit):i]
	case "after":
		if found {
			i++
		}
		return c.order[i:min(len(c.order), i+limit)]
	case "around":
		from := max(0, i-limit/2)
		return c.order[from:min(len(c.order), from+limit)]
	default:
		return c.order[max(0, len(c.order)-limit):]
	}
}

// compareIDs compares ids as the numbers that they are.
func compareIDs(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func getMessage(c *call) (answer, *refusal) {
	ch, m, no := c.message()
	if no != nil {
		return answer{}, no
	}
	if !c.s.may(c.s.bot, ch, ReadMessageHistory) {
		return answer{}, missingPermissions
	}
	return ok(c.s.restMessage(ch, m))
}

// nonceLife is how long a nonce is known. Discord says that it is a few minutes.
const nonceLife = 5 * time.Minute

// createMessage posts a message. https://docs.discord.com/developers/resources/message#create-message
func createMessage(c *call) (answer, *refusal) {
	s := c.s
	ch, no := c.channel()
	if no != nil {
		return answer{}, no
	}
	p, no := c.payload(c.body, c.uploads, newMessage)
	if no != nil {
		return answer{}, no
	}
	if p.enforce && len(p.nonce) > 0 {
		if m := ch.again(string(p.nonce), s.host.Now()); m != nil {
			return c.sent(ch, m, p)
		}
	}
	if no := s.grantPayload(ch, p); no != nil {
		return answer{}, no
	}
	r, no := s.replyTo(ch, p)
	if no != nil {
		return answer{}, no
	}
	if no := s.writable(ch, s.bot); no != nil {
		return answer{}, no
	}
	m := s.apply(ch, p, nil, s.bot, false)
	if r != nil {
		m.reference, m.kind = r, replyMessage
		s.mention(ch, m, p.allowed)
	}
	m = s.say(ch, m)
	if len(p.nonce) > 0 {
		ch.nonces[string(p.nonce)] = nonced{message: m.id, at: s.host.Now()}
	}
	return c.sent(ch, m, p)
}

// sent is the answer to a message that was posted.
func (c *call) sent(ch *channel, m *message, p *payload) (answer, *refusal) {
	v := c.s.wireMessage(m) // the bot reads what it wrote itself
	if len(p.nonce) > 0 {
		v["nonce"] = p.nonce
	}
	return ok(v)
}

// again is the message that was sent with a nonce lately; nil if there is none.
func (c *channel) again(nonce string, now time.Time) *message {
	if len(c.nonces) > 1000 {
		for key, n := range c.nonces {
			if now.Sub(n.at) > nonceLife {
				delete(c.nonces, key)
			}
		}
	}
	n, known := c.nonces[nonce]
	if !known || now.Sub(n.at) > nonceLife {
		return nil
	}
	return c.messages[n.message]
}

// grantPayload checks what a message of the bot's may have in it. Embeds that it may not send are left out, without an error
// if there is anything else.
func (s *Server) grantPayload(ch *channel, p *payload) *refusal {
	if len(p.files) > 0 && !s.may(s.bot, ch, AttachFiles) {
		return missingPermissions
	}
	if len(p.embeds) > 0 && !s.may(s.bot, ch, EmbedLinks) {
		p.embeds = nil
		if p.empty() {
			return missingPermissions
		}
	}
	return nil
}

// replyTo is the message that another one answers.
func (s *Server) replyTo(ch *channel, p *payload) (*reference, *refusal) {
	if p.reference == nil || p.reference.kind != 0 {
		return p.reference, nil
	}
	r := *p.reference
	if r.channel != "" && r.channel != ch.id || r.guild != "" && r.guild != ch.guildID() {
		return nil, formError("REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", "Cannot reply to a message in a different channel", "message_reference")
	}
	if !s.may(s.bot, ch, ReadMessageHistory) {
		return nil, noReplyWithoutPast
	}
	m := ch.messages[r.message]
	switch {
	case m == nil && p.orFail:
		return nil, formError("REPLIES_UNKNOWN_MESSAGE", "Unknown message", "message_reference")
	case m == nil:
		return nil, nil
	case m.kind != plainMessage && m.kind != replyMessage && m.kind != commandMessage && m.kind != contextMenuAnswer:
		return nil, formError("REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message", "message_reference")
	}
	r.channel, r.guild = ch.id, ch.guildID()
	return &r, nil
}

// Messages of more than an hour may be edited so often in so much time, altogether in a channel.
const (
	oldAge       = time.Hour
	oldEditsMax  = 5
	oldEditsTime = time.Hour
)

// patchMessage edits a message. https://docs.discord.com/developers/resources/message#edit-message
func patchMessage(c *call) (answer, *refusal) {
	s := c.s
	ch, m, no := c.message()
	if no != nil {
		return answer{}, no
	}
	p, no := c.payload(c.body, c.uploads, messageEdit.of(m))
	if no != nil {
		return answer{}, no
	}
	switch {
	case m.author != s.bot:
		return answer{}, otherAuthor
	case m.kind != plainMessage && m.kind != replyMessage && m.kind != commandMessage && m.kind != contextMenuAnswer:
		return answer{}, systemMessage
	case ch.archived:
		return answer{}, archivedThread
	}
	if no := s.mayEditOld(ch, m); no != nil {
		return answer{}, no
	}
	next, no := s.edited(ch, m, p, false)
	if no != nil {
		return c.checked(no)
	}
	return ok(s.wireMessage(s.change(ch, next)))
}

// edited is a message as an edit has it.
func (s *Server) edited(ch *channel, m *message, p *payload, ephemeral bool) (*message, *refusal) {
	was := m.flags&flagComponents != 0
	will := was || p.flags&flagComponents != 0
	switch {
	case was && p.has["flags"] && p.flags&flagComponents == 0:
		return nil, formError("MESSAGE_FLAGS_COMPONENTS_V2_STAYS", "The flag IS_COMPONENTS_V2 cannot be removed", "flags")
	case will && (p.content != "" || len(p.embeds) > 0), will && !was && (m.content != "" && !p.has["content"] || len(m.embeds) > 0 && !p.has["embeds"]):
		return nil, formError("MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
			"The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2", "content")
	}
	if ch.guild != nil && !ephemeral && len(p.files) > 0 && !s.may(s.bot, ch, AttachFiles) {
		return nil, missingPermissions
	}
	if ch.guild != nil && !ephemeral && len(p.embeds) > 0 && m.webhook == "" && !s.may(s.bot, ch, EmbedLinks) {
		p.embeds = nil
	}
	next := s.apply(ch, p, m, m.author, ephemeral)
	if len(next.attachments) > maxFiles {
		return nil, formError("BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.", "attachments")
	}
	if next.blank() {
		return nil, emptyMessage
	}
	return next, nil
}

func (s *Server) mayEditOld(ch *channel, m *message) *refusal {
	now := s.host.Now()
	if now.Sub(m.at) <= oldAge {
		return nil
	}
	ch.oldEdits = slices.DeleteFunc(ch.oldEdits, func(t time.Time) bool { return now.Sub(t) >= oldEditsTime })
	if len(ch.oldEdits) >= oldEditsMax {
		return &refusal{status: http.StatusTooManyRequests, code: 30046, scope: "user", wait: ch.oldEdits[0].Add(oldEditsTime).Sub(now),
			message: "Maximum number of edits to messages older than 1 hour reached. Try again later"}
	}
	ch.oldEdits = append(ch.oldEdits, now)
	return nil
}

// deleteMessage deletes a message. https://docs.discord.com/developers/resources/message#delete-message
func deleteMessage(c *call) (answer, *refusal) {
	ch, m, no := c.message()
	switch {
	case no != nil:
		return answer{}, no
	case m.author != c.s.bot && ch.guild == nil:
		return answer{}, wrongDirectAction
	case m.author != c.s.bot && !c.s.may(c.s.bot, ch, ManageMessages):
		return answer{}, missingPermissions
	case ch.archived:
		return answer{}, archivedThread
	case m.kind == threadStarter, m.kind == recipientAdded, m.kind == recipientRemoved, m.kind == renamedMessage:
		return answer{}, systemMessage
	}
	c.s.remove(ch, m)
	return done()
}

func typing(c *call) (answer, *refusal) {
	ch, no := c.channel()
	if no != nil {
		return answer{}, no
	}
	if ch.guild != nil && !c.s.mayPost(c.s.bot, ch) {
		return answer{}, missingPermissions
	}
	return done()
}
