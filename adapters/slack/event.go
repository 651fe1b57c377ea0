package slack

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"balie/adapters/callback"
	"balie/internal/chat"
)

// happening is what the Events API tells. https://docs.slack.dev/apis/events-api
type happening struct {
	Type       string          `json:"type"`
	Team       string          `json:"team_id"`
	Enterprise string          `json:"enterprise_id"`
	ID         string          `json:"event_id"`
	Event      json.RawMessage `json:"event"`
	Granted    []struct {
		Team       string `json:"team_id"`
		Enterprise string `json:"enterprise_id"`
		OrgWide    bool   `json:"is_enterprise_install"`
	} `json:"authorizations"`
}

// inner is the event itself. Nothing in it is trusted to be there.
type inner struct {
	message
	Channel     reference `json:"channel"`
	ChannelType string    `json:"channel_type"`
	DeletedTS   string    `json:"deleted_ts"`
	Message     *message  `json:"message"`
	Previous    *message  `json:"previous_message"`
	Reaction    string    `json:"reaction"`
	EventTS     string    `json:"event_ts"`
	Tab         string    `json:"tab"`
	Item        struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
	Tokens struct {
		Bot []string `json:"bot"`
	} `json:"tokens"`
}

// message is a message as events and histories bring it.
type message struct {
	Type     string    `json:"type"`
	Subtype  string    `json:"subtype"`
	TS       string    `json:"ts"`
	ThreadTS string    `json:"thread_ts"`
	Parent   string    `json:"parent_user_id"`
	By       reference `json:"user"`
	BotID    string    `json:"bot_id"`
	Text     string    `json:"text"`
	Files    []file    `json:"files"`
	Edited   *struct {
		TS string `json:"ts"`
	} `json:"edited"`
	Latest   string `json:"latest_reply"`
	Metadata struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	} `json:"metadata"`
}

// reference is an id, which some events have as a string and others in an object.
type reference string

// UnmarshalJSON takes either; anything else is no id.
func (r *reference) UnmarshalJSON(body []byte) error {
	var id string
	var object struct{ ID string }
	switch {
	case json.Unmarshal(body, &id) == nil:
		*r = reference(id)
	case json.Unmarshal(body, &object) == nil:
		*r = reference(object.ID)
	}
	return nil
}

func (r reference) id() string { return string(r) }

// key is the delivery's that the message was made by; empty if it is none of ours.
func (m message) key() string {
	if m.Metadata.Type != metadataType {
		return ""
	}
	key, _ := m.Metadata.Payload[metadataKey].(string)
	return key
}

// thread is the root of the thread that the message replies in; empty if it stands in the channel.
func (m message) thread() string {
	if m.ThreadTS == m.TS {
		return ""
	}
	return m.ThreadTS
}

// byPerson says whether a person wrote the message, and not the bot, another one or Slack itself.
func (m message) byPerson(w *workspace) bool {
	switch m.Subtype {
	case "", "file_share", "thread_broadcast", "me_message":
	default:
		return false
	}
	return m.BotID == "" && m.By != "" && m.By.id() != w.botUser && m.By.id() != slackbot && messageTS.MatchString(m.TS)
}

// ofBot says whether the bot wrote the message.
func (m message) ofBot(w *workspace) bool {
	return m.By.id() == w.botUser || m.BotID != "" && m.BotID == w.botID
}

// happened takes in what the Events API tells. An error means that it has to be told again.
func (s *Slack) happened(ctx context.Context, h chat.Handler, body []byte) error {
	told, err := s.read(ctx, body)
	if err != nil || told == nil {
		return err
	}
	return told.handle(ctx, h)
}

// telling is an event in its turn.
type telling struct {
	s    *Slack
	w    *workspace
	in   inner
	id   string
	turn *turn
}

// read reads an event and takes its turn among those of its channel; nil if there is nothing to do.
func (s *Slack) read(ctx context.Context, body []byte) (*telling, error) {
	var out happening
	if json.Unmarshal(body, &out) != nil {
		return nil, callback.ErrGarbage
	}
	if out.Type != "event_callback" {
		return nil, s.odd("an event of the unknown kind " + chat.Cut(out.Type, 40))
	}
	if out.ID != "" && s.done.Contains("event|"+out.ID) {
		return nil, nil
	}
	t := &telling{s: s, id: out.ID}
	if json.Unmarshal(out.Event, &t.in) != nil {
		return nil, s.odd("an event that can't be read")
	}
	team, enterprise := out.Team, ""
	if len(out.Granted) > 0 {
		team, enterprise = out.Granted[0].Team, of(out.Granted[0].OrgWide, out.Granted[0].Enterprise)
	}
	if out.Granted == nil && out.Team == "" {
		enterprise = out.Enterprise
	}
	switch t.in.Type {
	case "app_uninstalled":
		return nil, s.uninstalled(ctx, team, enterprise)
	case "tokens_revoked":
		return nil, s.revoked(ctx, team, enterprise, t.in.Tokens.Bot)
	}
	w, err := s.workspaceOf(ctx, team, enterprise)
	if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Retry > 0 {
		return nil, err // whose it is is not known yet
	}
	if err != nil {
		return nil, s.stranger(err)
	}
	t.w = w
	channel := t.in.Channel.id()
	if channel == "" {
		channel = t.in.Item.Channel
	}
	t.turn = s.order.take(w.id + "/" + channel)
	return t, nil
}

// handle tells the bot, when it is the event's turn.
func (t *telling) handle(ctx context.Context, h chat.Handler) error {
	defer t.turn.end()
	if err := t.turn.wait(ctx); err != nil {
		return err
	}
	s, in := t.s, t.in
	var err error
	switch in.Type {
	case "message":
		err = s.spoke(ctx, h, t.w, in, false)
	case "reaction_added", "reaction_removed":
		err = s.reacted(ctx, h, t.w, in)
	case "app_home_opened":
		if in.Tab == "home" || in.Tab == "" {
			e := s.event(t.w, "home|"+in.By.id()+"|"+in.EventTS, in.Channel.id(), "")
			e.Home, e.HomeOpened = true, &chat.HomeOpened{}
			e.Person = s.people.quickly(ctx, t.w, in.By.id(), "")
			if e.Person.ID != "" {
				err = s.hear(ctx, h, t.w, e, false)
			}
		}
	case "user_change":
		s.people.forget(t.w, in.By.id())
	default:
		return s.odd("an event of the unknown type " + chat.Cut(in.Type, 40))
	}
	if err != nil {
		s.ears.missed(t.w.id, timeOf(in.EventTS))
		return err
	}
	if t.id != "" {
		s.done.Add("event|"+t.id, struct{}{})
	}
	return nil
}

// spoke tells the bot what was posted, edited or deleted; late says that it may have been told before.
func (s *Slack) spoke(ctx context.Context, h chat.Handler, w *workspace, in inner, late bool) error {
	m, change := in.message, ""
	switch in.Subtype {
	case "message_changed":
		if in.Message == nil {
			return nil
		}
		m, change = *in.Message, "edit"
		if m.Subtype == "tombstone" { // it had replies, and only its words were deleted
			change = "delete"
			if in.Previous != nil {
				m = *in.Previous
			}
			break
		}
		if in.Previous != nil && in.Previous.Text == m.Text { // a link was unfolded, or a thread grew
			return nil
		}
	case "message_deleted":
		if in.Previous == nil {
			return nil
		}
		m, change = *in.Previous, "delete"
	}
	if !m.byPerson(w) || !channelID.MatchString(in.Channel.id()) {
		return nil
	}
	e := s.event(w, "message|"+in.Channel.id()+"|"+m.TS, in.Channel.id(), m.thread())
	e.At = timeOf(m.TS)
	e.OwnThread = m.Parent != "" && m.Parent == w.botUser
	e.Direct = in.ChannelType == "im" || in.ChannelType == "" && strings.HasPrefix(e.Channel, "D")
	if e.Direct {
		s.direct.Add(w.id+"/"+m.By.id(), e.Channel)
	}
	switch change {
	case "edit":
		e.ID += "|edited"
		if m.Edited != nil {
			e.ID += "|" + m.Edited.TS
			e.At = timeOf(m.Edited.TS)
		}
	case "delete":
		e.ID += "|deleted"
	}
	if s.done.Contains(w.id + "|" + e.ID) {
		return nil
	}
	e.Person = s.people.quickly(ctx, w, m.By.id(), "")
	e.Message = s.said(ctx, w, m, e.Person)
	e.Message.Edited, e.Message.Deleted = change == "edit", change == "delete"
	if e.Message.Deleted {
		e.Message.Text, e.Message.Files = "", nil
	}
	if err := s.hear(ctx, h, w, e, late); err != nil {
		return err
	}
	s.done.Add(w.id+"|"+e.ID, struct{}{})
	return nil
}

// said is a message as the bot reads it.
func (s *Slack) said(ctx context.Context, w *workspace, m message, by chat.Person) *chat.Message {
	out := &chat.Message{ID: m.TS, Author: by, At: timeOf(m.TS), Edited: m.Edited != nil}
	text := m.Text
	if w.botUser != "" && strings.Contains(text, "<@"+w.botUser) {
		out.ToBot = true
		for _, form := range []string{"<@" + w.botUser + ">", "<@" + w.botUser + "|"} {
			for {
				i := strings.Index(text, form)
				if i < 0 {
					break
				}
				end := strings.IndexByte(text[i:], '>')
				if end < 0 {
					break
				}
				text = strings.TrimRight(text[:i], " ") + " " + strings.TrimLeft(text[i+end+1:], " ")
			}
		}
		text = strings.TrimSpace(text)
	}
	out.Text = s.inbound(ctx, w, text)
	for _, f := range m.Files {
		if f.there() {
			out.Files = append(out.Files, f.of(w))
		}
	}
	return out
}

// inbound is a text as Markdown, with people and channels by their names.
func (s *Slack) inbound(ctx context.Context, w *workspace, text string) string {
	return inbound(text, func(kind, id string) string {
		switch kind {
		case "user":
			return s.people.quickly(ctx, w, id, "").Name
		case "channel":
			name, _ := s.rooms.Get(w.id + "/" + id)
			return name
		}
		return ""
	})
}

// ticketEmoji are the reactions that the bot needs to know the message of.
var ticketEmoji = []string{"ticket", "tickets", "admission_tickets"}

// reacted tells the bot of an emoji that was put on a message, or taken away.
func (s *Slack) reacted(ctx context.Context, h chat.Handler, w *workspace, in inner) error {
	if in.Item.Type != "message" || in.By == "" || in.By.id() == w.botUser || !channelID.MatchString(in.Item.Channel) || !messageTS.MatchString(in.Item.TS) {
		return nil
	}
	emoji, _, _ := strings.Cut(in.Reaction, "::") // a skin tone
	e := s.event(w, strings.Join([]string{in.Type, in.Item.Channel, in.Item.TS, in.By.id(), emoji, in.EventTS}, "|"), in.Item.Channel, "")
	if at := timeOf(in.EventTS); !at.IsZero() {
		e.At = at
	}
	e.Person = s.people.quickly(ctx, w, in.By.id(), "")
	e.Direct = s.isDirect(w, e.Channel, in.By.id())
	e.Reaction = &chat.Reaction{Emoji: emoji, Removed: in.Type == "reaction_removed",
		Message: chat.Ref{Platform: Name, Workspace: w.id, Channel: in.Item.Channel, Message: in.Item.TS}}
	if !e.Reaction.Removed && slices.Contains(ticketEmoji, emoji) {
		err := s.reactedTo(ctx, w, &e)
		if sent, ok := errors.AsType[*chat.SendError](err); ok && (sent.Gone || sent.Refused != "" || sent.Blocked != "") {
			return nil // it is gone, or the bot may not read it
		}
		if err != nil {
			return err
		}
	}
	return s.hear(ctx, h, w, e, false)
}

// reactedTo looks up what the message says that a reaction is on, and where it stands.
func (s *Slack) reactedTo(ctx context.Context, w *workspace, e *chat.Event) error {
	ts := e.Reaction.Message.Message
	err := s.replies(ctx, w, e.Channel, ts, ts, func(m message) (bool, error) {
		if m.TS != ts {
			return true, nil
		}
		e.Thread, e.Reaction.Message.Thread = m.thread(), m.thread()
		if m.byPerson(w) {
			e.Reaction.Said = s.said(ctx, w, m, s.people.quickly(ctx, w, m.By.id(), ""))
		}
		return false, nil
	})
	if err != nil {
		return w.sendError("read what a reaction is on", err)
	}
	return nil
}
