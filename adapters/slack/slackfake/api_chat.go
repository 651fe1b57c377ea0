package slackfake

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const (
	textMost     = 40_000 // what is longer is cut off
	updateMost   = 4_000
	blocksMost   = 13_200 // characters of all texts of a message
	metadataMost = 8_000
	postedBlocks = 50
)

// compose makes a message of what the app sent. It needs no lock.
func (s *Server) compose(text string, blocks, metadata json.RawMessage) (*Message, *refusal) {
	m := &Message{Text: text}
	if len(blocks) > 0 && string(blocks) != "null" {
		list, chars, problems := checkBlocks(blocks, onMessage, postedBlocks)
		if len(problems) > 0 {
			s.host.Problem("blocks that Slack refuses: %s", problems[0])
			return nil, refuse("invalid_blocks", problems...)
		}
		if chars > blocksMost {
			s.host.Problem("blocks with %d characters are too long", chars)
			return nil, refuse("msg_blocks_too_long")
		}
		m.Blocks = list
	}
	if text == "" && len(m.Blocks) == 0 {
		return nil, refuse("no_text")
	}
	if utf8.RuneCountInString(text) > textMost {
		m.Text = string([]rune(text)[:textMost])
	}
	m.Text = entities(m.Text)
	var no *refusal
	m.Metadata, no = s.checkMetadata(metadata)
	return m, no
}

func (s *Server) checkMetadata(raw json.RawMessage) (json.RawMessage, *refusal) {
	if len(raw) == 0 || string(raw) == "null" || string(raw) == "{}" {
		return nil, nil
	}
	var v struct {
		EventType    *string        `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	err := json.Unmarshal(raw, &v)
	switch {
	case err == nil && v.EventType != nil && *v.EventType == "" && len(v.EventPayload) == 0:
		return nil, nil // as the library writes none
	case err != nil || v.EventType == nil || *v.EventType == "" || v.EventPayload == nil:
		s.host.Problem("metadata that Slack refuses: %s", raw)
		return nil, refuse("invalid_metadata_format")
	case len(raw) > metadataMost:
		s.host.Problem("metadata of %d bytes is too large", len(raw))
		return nil, refuse("metadata_too_large")
	}
	return raw, nil
}

// content is the message that the arguments of a call describe.
func (c *call) content() (*Message, *refusal) {
	text, blocks := c.str("text"), c.raw("blocks")
	if c.has("markdown_text") {
		md := c.str("markdown_text")
		switch {
		case text != "" || len(blocks) > 0:
			return nil, refuse("markdown_text_conflict")
		case utf8.RuneCountInString(md) > 12_000:
			return nil, refuse("msg_too_long")
		}
		text = md
	}
	if len(blocks) == 0 && c.str("blocks") != "" {
		c.s.host.Problem("blocks that are no JSON")
		return nil, refuse("invalid_blocks_format")
	}
	return c.s.compose(text, blocks, c.raw("metadata"))
}

// visible is a channel that the app sees. It is called with s.mu, as those below.
func (c *call) visible(id string) (*channel, *refusal) {
	ch := c.s.channels[id]
	if ch == nil || !c.grant.covers(ch.w) || ch.kind != public && !ch.in[c.grant.bot.id] {
		return nil, refuse("channel_not_found")
	}
	return ch, nil
}

// joined is a channel that the app is in.
func (c *call) joined(id string) (*channel, *refusal) {
	ch, no := c.visible(id)
	if no == nil && !ch.in[c.grant.bot.id] {
		return nil, refuse("not_in_channel")
	}
	return ch, no
}

// writable is a channel that the app may post to. The id of a person stands for the direct message with them.
func (c *call) writable(id string) (*channel, *refusal) {
	if strings.HasPrefix(id, "U") {
		a := c.s.accounts[id]
		if a == nil || !c.grant.covers(a.w) || a.Bot {
			return nil, refuse("channel_not_found")
		}
		id = a.w.directWith(a.id).id
	}
	ch, no := c.joined(id)
	if no != nil {
		return nil, no
	}
	if ch.archived || ch.kind == direct && c.s.accounts[ch.peer].Deleted {
		return nil, refuse("is_archived")
	}
	return ch, nil
}

// thread is the root that the argument thread_ts names, nil without one.
func (c *call) thread(ch *channel) (*Message, *refusal) {
	ts := c.str("thread_ts")
	if ts == "" {
		return nil, nil
	}
	if secondsOf(ts).IsZero() {
		return nil, refuse("invalid_thread_ts", "[ERROR] "+ts+" is not a valid thread_ts")
	}
	root := ch.messages[ts]
	if root == nil {
		return nil, refuse("thread_not_found")
	}
	if root.ThreadTS != "" {
		c.s.host.Note("a reply to %s, which is itself a reply", ts)
		return nil, refuse("cannot_reply_to_message")
	}
	return root, nil
}

// dress gives a message another name and picture than the app's.
func (c *call) dress(m *Message) *refusal {
	m.sign(c.grant)
	name, icon := c.str("username"), c.str("icon_url")
	if name == "" && icon == "" && c.str("icon_emoji") == "" {
		return nil
	}
	if !c.grant.may("chat:write.customize") {
		return c.grant.lacks("chat:write.customize")
	}
	m.Username, m.IconURL, m.Subtype, m.User = name, icon, "bot_message", ""
	if name == "" {
		m.Username = m.botName
	}
	return nil
}

func chatPostMessage(c *call) (answer, *refusal) {
	s := c.s
	m, wrong := c.content()
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.writable(c.str("channel"))
	if no != nil {
		return nil, no
	}
	if wait := s.limits.post(ch.id, s.host.Now(), s.o.PostEvery); wait > 0 {
		return nil, &refusal{code: "ratelimited", wait: wait}
	}
	if wrong != nil {
		return nil, wrong
	}
	root, no := c.thread(ch)
	if no != nil {
		return nil, no
	}
	if no := c.dress(m); no != nil {
		return nil, no
	}
	if root != nil {
		m.ThreadTS, m.Broadcast = root.TS, c.yes("reply_broadcast")
	}
	s.post(ch, m)
	return answer{"channel": ch.id, "ts": m.TS, "message": m.wire(true)}, nil
}

// own is the app's message that the arguments channel and ts name.
func (c *call) own(wrong string) (*channel, *Message, *refusal) {
	ch, no := c.visible(c.str("channel"))
	if no != nil {
		return nil, nil, no
	}
	m := ch.messages[c.str("ts")]
	switch {
	case m == nil || m.Subtype == "tombstone":
		return nil, nil, refuse("message_not_found")
	case m.BotID != c.grant.bot.botID:
		return nil, nil, refuse(wrong)
	case ch.archived:
		return nil, nil, refuse("is_archived")
	}
	return ch, m, nil
}

func chatUpdate(c *call) (answer, *refusal) {
	s := c.s
	m, wrong := c.content()
	if utf8.RuneCountInString(c.str("text")) > updateMost {
		s.host.Problem("a text of %d characters is too long for chat.update", utf8.RuneCountInString(c.str("text")))
		wrong = refuse("msg_too_long")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, old, no := c.own("cant_update_message")
	if no != nil {
		return nil, no
	}
	if wrong != nil {
		return nil, wrong
	}
	next := *old
	next.Text, next.Blocks = m.Text, m.Blocks
	if c.has("metadata") && (m.Metadata != nil || strings.TrimSpace(c.str("metadata")) == "{}") {
		next.Metadata = m.Metadata
	}
	next.EditedTS, next.EditedBy = s.ts(), c.grant.bot.id
	s.change(ch, &next)
	return answer{"channel": ch.id, "ts": next.TS, "text": next.Text, "message": next.wire(true)}, nil
}

func chatDelete(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, no := c.own("cant_delete_message")
	if no != nil {
		return nil, no
	}
	s.remove(ch, m)
	return answer{"channel": ch.id, "ts": m.TS}, nil
}

func chatPostEphemeral(c *call) (answer, *refusal) {
	s := c.s
	m, wrong := c.content()
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.writable(c.str("channel"))
	if no != nil {
		return nil, no
	}
	a := s.accounts[c.str("user")]
	if a == nil || !ch.in[a.id] || a.Deleted {
		return nil, refuse("user_not_in_channel")
	}
	if wrong != nil {
		return nil, wrong
	}
	if root, no := c.thread(ch); no != nil {
		return nil, no
	} else if root != nil {
		m.ThreadTS = root.TS
	}
	if no := c.dress(m); no != nil {
		return nil, no
	}
	s.whisper(a, ch, m)
	return answer{"message_ts": m.TS}, nil
}

func chatGetPermalink(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.visible(c.str("channel"))
	if no != nil {
		return nil, no
	}
	m := ch.messages[c.str("message_ts")]
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := "https://" + ch.w.Domain + ".slack.com/archives/" + ch.id + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.ThreadTS != "" {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + ch.id
	}
	return answer{"channel": ch.id, "permalink": link}, nil
}

func reactionsGet(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.joined(c.str("channel"))
	if no != nil {
		return nil, no
	}
	m := ch.messages[c.str("timestamp")]
	if m == nil {
		return nil, refuse("message_not_found")
	}
	return answer{"type": "message", "channel": ch.id, "message": m.wire(false)}, nil
}
