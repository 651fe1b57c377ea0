package slackfake

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Message is a message as the server has it. It is never changed once others know it.
type Message struct {
	Team, Channel      string
	TS, ThreadTS       string // ThreadTS is empty of a root, and of what stands in no thread
	User, BotID, AppID string
	Username, IconURL  string
	Subtype            string
	Text               string
	Blocks             []json.RawMessage
	Metadata           json.RawMessage
	Files              []File
	Reactions          []Reaction
	Broadcast          bool // a reply that the channel shows, too
	Ephemeral          bool
	For                string // who sees an ephemeral one
	EditedTS, EditedBy string
	ReplyCount         int
	LatestReply        string
	ReplyUsers         []string
	botName, clientMsg string
	deleted            bool // of an ephemeral one: it is to disappear
}

// Reaction is an emoji below a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// wire is the message as the Web API and events show it. metadata says whether to show that as well.
func (m *Message) wire(metadata bool) map[string]any {
	v := map[string]any{"type": "message", "ts": m.TS, "text": m.Text}
	put := func(name, value string) {
		if value != "" {
			v[name] = value
		}
	}
	put("user", m.User)
	put("bot_id", m.BotID)
	put("app_id", m.AppID)
	put("team", m.Team)
	put("username", m.Username)
	put("subtype", m.Subtype)
	put("thread_ts", m.ThreadTS)
	put("client_msg_id", m.clientMsg)
	if m.IconURL != "" {
		v["icons"] = map[string]any{"image_64": m.IconURL}
	}
	if m.BotID != "" && m.botName != "" {
		v["bot_profile"] = map[string]any{"id": m.BotID, "app_id": m.AppID, "name": m.botName, "team_id": m.Team, "deleted": false}
	}
	if len(m.Blocks) > 0 {
		v["blocks"] = m.Blocks
	}
	if len(m.Files) > 0 {
		v["files"] = m.Files
		v["upload"] = true
	}
	if len(m.Reactions) > 0 {
		v["reactions"] = m.Reactions
	}
	if m.EditedTS != "" {
		v["edited"] = map[string]any{"user": m.EditedBy, "ts": m.EditedTS}
	}
	if m.ReplyCount > 0 {
		v["thread_ts"] = m.TS
		v["reply_count"] = m.ReplyCount
		v["reply_users_count"] = len(m.ReplyUsers)
		v["reply_users"] = m.ReplyUsers
		v["latest_reply"] = m.LatestReply
		v["is_locked"], v["subscribed"] = false, false
	}
	if m.Subtype == "tombstone" {
		v["hidden"] = true
	}
	if metadata && len(m.Metadata) > 0 {
		v["metadata"] = m.Metadata
	}
	return v
}

// post stores a message and tells of it. It gets its time stamp here.
func (s *Server) post(ch *channel, m *Message) *Message {
	m.Team, m.Channel, m.TS = ch.w.ID, ch.id, s.ts()
	if m.ThreadTS != "" && m.Broadcast {
		m.Subtype = "thread_broadcast"
	}
	ch.messages[m.TS] = m
	if m.ThreadTS == "" || m.Broadcast {
		ch.roots = append(ch.roots, m.TS)
	}
	if m.ThreadTS != "" {
		ch.threads[m.ThreadTS] = append(ch.threads[m.ThreadTS], m.TS)
		ch.countReplies(m.ThreadTS)
	}
	event := m.wire(false)
	if m.ThreadTS != "" {
		if root := ch.messages[m.ThreadTS]; root != nil {
			event["parent_user_id"] = root.author()
		}
	}
	event["channel"], event["event_ts"], event["channel_type"] = ch.id, m.TS, ch.event()
	s.tell(ch, event)
	return m
}

// author is whom a message is counted for in a thread.
func (m *Message) author() string {
	if m.User == "" {
		return m.BotID
	}
	return m.User
}

// countReplies writes into a root what its replies are.
func (c *channel) countReplies(rootTS string) {
	old := c.messages[rootTS]
	if old == nil {
		return
	}
	root := *old
	replies := c.threads[rootTS]
	root.ReplyCount, root.LatestReply = len(replies), ""
	if len(replies) > 0 {
		last := c.messages[replies[len(replies)-1]]
		root.LatestReply = last.TS
		if by := last.author(); !slices.Contains(root.ReplyUsers, by) {
			root.ReplyUsers = append(slices.Clone(root.ReplyUsers), by)
		}
	} else {
		root.ReplyUsers = nil
	}
	c.messages[rootTS] = &root
}

// change replaces a message by another version and tells of it.
func (s *Server) change(ch *channel, next *Message) *Message {
	old := ch.messages[next.TS]
	ch.messages[next.TS] = next
	ts := s.ts()
	s.tell(ch, map[string]any{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": ch.id, "ts": ts, "event_ts": ts,
		"channel_type": ch.event(), "message": next.wire(false), "previous_message": old.wire(false),
	})
	return next
}

// remove deletes a message and tells of it. What has replies stays as a tombstone.
func (s *Server) remove(ch *channel, old *Message) {
	if old.ReplyCount > 0 {
		s.change(ch, &Message{
			Team: old.Team, Channel: old.Channel, TS: old.TS, User: "USLACKBOT", Subtype: "tombstone",
			Text: "This message was deleted.", ReplyCount: old.ReplyCount, LatestReply: old.LatestReply, ReplyUsers: old.ReplyUsers,
		})
		return
	}
	delete(ch.messages, old.TS)
	delete(ch.threads, old.TS)
	ch.roots = without(ch.roots, old.TS)
	if old.ThreadTS != "" {
		ch.threads[old.ThreadTS] = without(ch.threads[old.ThreadTS], old.TS)
		ch.countReplies(old.ThreadTS)
	}
	ts := s.ts()
	s.tell(ch, map[string]any{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": ch.id, "ts": ts, "event_ts": ts,
		"channel_type": ch.event(), "deleted_ts": old.TS, "previous_message": old.wire(false),
	})
}

// without is a sorted list without one of its values.
func without(list []string, ts string) []string {
	i, found := slices.BinarySearch(list, ts)
	if !found {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// react adds or takes away a reaction and tells of it; it says whether that changed anything.
func (s *Server) react(ch *channel, m *Message, user, name string, on bool) bool {
	next := *m
	next.Reactions = slices.Clone(m.Reactions)
	i := slices.IndexFunc(next.Reactions, func(r Reaction) bool { return r.Name == name })
	if i < 0 {
		if !on {
			return false
		}
		next.Reactions = append(next.Reactions, Reaction{Name: name})
		i = len(next.Reactions) - 1
	}
	r := &next.Reactions[i]
	if slices.Contains(r.Users, user) == on {
		return false
	}
	event := "reaction_added"
	if on {
		r.Users = append(slices.Clone(r.Users), user)
	} else {
		event = "reaction_removed"
		r.Users = slices.DeleteFunc(slices.Clone(r.Users), func(u string) bool { return u == user })
	}
	r.Count = len(r.Users)
	if r.Count == 0 {
		next.Reactions = slices.Delete(next.Reactions, i, i+1)
	}
	ch.messages[m.TS] = &next
	s.tell(ch, map[string]any{
		"type": event, "user": user, "reaction": name, "item_user": m.author(), "event_ts": s.ts(),
		"item": map[string]any{"type": "message", "channel": ch.id, "ts": m.TS},
	})
	return true
}

// needs are the scopes without which an event is not sent; events of other names are not subscribed to.
var needs = map[string]string{
	"message.channel": "channels:history", "message.group": "groups:history", "message.im": "im:history",
	"message.mpim": "mpim:history", "reaction_added": "reactions:read", "reaction_removed": "reactions:read",
	"app_home_opened": "", "app_uninstalled": "", "tokens_revoked": "", "user_change": "users:read",
}

// tell emits an event about a channel, if the app hears what is said there.
func (s *Server) tell(ch *channel, inner map[string]any) {
	if ch.hasBot() {
		s.emit(ch.w, inner)
	}
}

// emit sends an event to the app where it is installed with the scope and subscribed to the event. The map is not
// changed any more. It is called with s.mu.
func (s *Server) emit(w *Workspace, inner map[string]any) {
	g := w.grant
	if g == nil {
		return
	}
	name, _ := inner["type"].(string)
	if name == "message" {
		t, _ := inner["channel_type"].(string)
		name += "." + t
	}
	scope, subscribed := needs[name]
	leaving := name == "app_uninstalled" || name == "tokens_revoked"
	if !subscribed || g.broken != "" && !leaving || scope != "" && !slices.Contains(g.scopes, scope) {
		return
	}
	s.deliverEvent(w, g, maps.Clone(inner))
}

// show gives a person a message that only they see.
func (s *Server) show(a *account, m *Message) {
	const kept = 500
	a.shown = append(a.shown, m)
	if len(a.shown) > 2*kept {
		a.gone += len(a.shown) - kept
		a.shown = slices.Clone(a.shown[len(a.shown)-kept:])
	}
}

// shownSince are the ephemeral messages of a person after the first n; count is n for the next time.
func (a *account) shownSince(n int) []*Message {
	return slices.Clone(a.shown[min(max(n-a.gone, 0), len(a.shown)):])
}

func (a *account) shownCount() int { return a.gone + len(a.shown) }

// entities writes what the three characters of mrkdwn are when they stand for themselves.
func entities(text string) string {
	if !strings.Contains(text, "&") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		if rest := text[i:]; text[i] == '&' && !strings.HasPrefix(rest, "&amp;") && !strings.HasPrefix(rest, "&lt;") &&
			!strings.HasPrefix(rest, "&gt;") {
			b.WriteString("amp;")
		}
	}
	return b.String()
}
