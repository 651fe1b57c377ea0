package discord

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"balie/internal/chat"
)

const (
	historyPage = 100
	historyMost = 20 // pages
	clockMargin = 3 * time.Second
)

// spot is where in Discord a reference points to.
type spot struct {
	channel, message string
	thread           string      // the thread that this is in, which may be archived
	own              string      // the thread that belongs to the message
	whole            bool        // the message stands for a whole conversation
	of               wireChannel // the channel of the policy
}

// locate finds out where a reference points to.
func (d *Discord) locate(ctx context.Context, r chat.Ref, topic *chat.Topic) (spot, error) {
	if r.Platform != Name || !snowflake.MatchString(r.Channel) || !snowflake.MatchString(r.Message) {
		return spot{}, &chat.SendError{Gone: true, Err: errNoPlace}
	}
	c, err := d.places.channel(ctx, r.Channel)
	if err != nil {
		return spot{}, d.toAdmin(ctx, err, wireChannel{ID: r.Channel, Name: r.Channel}, 0)
	}
	at := spot{channel: r.Channel, message: r.Message, of: c}
	switch {
	case c.Type == directChannel:
	case r.Thread != "":
		flat, err := d.sentFlat(ctx, r)
		if err != nil {
			return spot{}, d.toAdmin(ctx, err, c, 0)
		}
		if !flat {
			at.channel, at.thread = r.Thread, r.Thread
		}
	case c.isForum():
		at.channel, at.thread, at.own, at.whole = r.Message, r.Message, r.Message, true
	default:
		at.own = r.Message
		private := topic != nil && len(topic.People) > 0
		if t, ok := d.places.channels.Peek(r.Message); ok {
			private = t.Type == privateThread
		} else if !private && topic == nil {
			t, err := d.places.fresh(ctx, r.Message)
			if err != nil && codeOf(err) != codeUnknownChannel { // else it is a message without a thread
				return spot{}, d.toAdmin(ctx, err, c, 0)
			}
			private = t.Type == privateThread
		}
		if !private {
			break
		}
		first, err := d.places.findStarter(ctx, r.Message)
		if err != nil {
			return spot{}, d.toAdmin(ctx, err, c, needPrivate)
		}
		if first == "" {
			return spot{}, &chat.SendError{Gone: true, Err: errNoPlace}
		}
		at.channel, at.message, at.thread, at.whole = r.Message, first, r.Message, true
	}
	return at, nil
}

// sentFlat says whether a reply stands in the channel, since there could be no thread.
func (d *Discord) sentFlat(ctx context.Context, r chat.Ref) (bool, error) {
	if _, ok := d.flat.Peek(r.Thread); !ok {
		if _, known := d.places.channels.Peek(r.Thread); known {
			return false, nil
		}
		_, err := d.places.fresh(ctx, r.Thread)
		if err == nil || codeOf(err) != codeUnknownChannel {
			return false, err
		}
	}
	var m wireMessage
	err := d.api.do(ctx, call{doing: "look a message up", method: http.MethodGet, path: "/channels/" + r.Channel + "/messages/" + r.Message,
		limit: "GET message " + r.Channel, out: &m})
	if codeOf(err) == codeUnknownMessage {
		return false, nil
	}
	return err == nil, err
}

// messagesAfter are messages after one, the oldest first, at most so many.
func (d *Discord) messagesAfter(ctx context.Context, channel, after string, limit int) ([]wireMessage, error) {
	var list []wireMessage
	err := d.api.do(ctx, call{doing: "read messages", method: http.MethodGet, path: "/channels/" + channel + "/messages",
		query: url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}, out: &list})
	slices.SortFunc(list, func(a, b wireMessage) int { return compareIDs(a.ID, b.ID) })
	return list, err
}

// compareIDs compares snowflakes: the older one is the lesser one.
func compareIDs(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// since is from when on an earlier try may have made the post, as an id.
func (d *Discord) since(c creation) string {
	return snowflakeAt(d.api.theirs(c.Again).Add(-clockMargin).UnixMilli())
}

// find looks whether the post stands where an earlier try may have made it, when that is longer ago than Discord remembers
// nonces, which it does not tell afterwards. A post of ours that says the same, made since then, is it: the posts of a
// place are made one after the other, and those of others have other words.
func (d *Discord) find(ctx context.Context, c creation) (chat.Ref, error) {
	channel, thread := c.channel.ID, c.To.Thread
	switch {
	case c.channel.Type == directChannel:
	case thread == "" && (c.channel.isForum() || c.Topic != nil && len(c.Topic.People) > 0):
		return chat.Ref{}, nil // these are looked for in any case
	case thread != "":
		channel = thread
	}
	me, err := d.self.get(ctx)
	if err != nil {
		return chat.Ref{}, err
	}
	after := d.since(c)
	for range historyMost {
		list, err := d.messagesAfter(ctx, channel, after, historyPage)
		if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Gone && thread != "" && channel == thread && !c.channel.isForum() {
			channel = c.channel.ID // there could be no thread: then it is a reply there
			continue
		}
		if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Gone {
			return chat.Ref{}, nil
		}
		if err != nil {
			return chat.Ref{}, d.toAdmin(ctx, err, c.channel, permHistory|permViewChannel)
		}
		for _, m := range list {
			after = m.ID
			if m.Author != nil && m.Author.ID == me.ID && c.says(m, channel) && !d.taken(c, thread, m.ID) {
				return c.ref(thread, m.ID), nil
			}
		}
		if len(list) < historyPage {
			return chat.Ref{}, nil
		}
	}
	return chat.Ref{}, nil
}

// taken says whether a message is known to be another post.
func (d *Discord) taken(c creation, thread, message string) bool {
	if slices.Contains(c.Others, c.ref(thread, message)) {
		return true
	}
	for _, key := range d.sent.Keys() {
		if ref, ok := d.sent.Peek(key); ok && key != c.Key && ref == c.ref(thread, message) {
			return true
		}
	}
	return false
}

// says says whether a message in a channel has what the post says.
func (c creation) says(m wireMessage, channel string) bool {
	if c.To.Thread != "" && channel == c.channel.ID && (m.Reference == nil || m.Reference.MessageID != c.To.Thread) {
		return false
	}
	if len(m.Metadata) > 0 {
		return false // it answers somebody, and may show the same card
	}
	if len(c.out.Embeds) > 0 {
		if len(m.Embeds) > 0 {
			return m.Embeds[0].Title == c.out.Embeds[0].Title
		}
		title := titleInWords(m.Content)
		return title != "" && title == c.out.Embeds[0].Title
	}
	return m.Content == c.out.Content && len(m.Attachments) == len(c.Files)+len(c.out.Attach)
}

// findThread looks for the conversation that an earlier try may have begun: one of ours that is open and has the name, which
// begins with the ticket's number.
func (d *Discord) findThread(ctx context.Context, c creation, kind int) (string, error) {
	ours, err := d.openThreads(ctx, c.channel.GuildID)
	if err != nil {
		return "", err
	}
	for _, t := range ours {
		if t.ParentID == c.channel.ID && t.Type == kind && t.Name == threadName(c.Topic.Name) {
			d.places.note(t)
			return t.ID, nil
		}
	}
	return "", nil
}

// openThreads are the open threads of a guild that the bot has begun.
func (d *Discord) openThreads(ctx context.Context, guild string) ([]wireChannel, error) {
	me, err := d.self.get(ctx)
	if err != nil {
		return nil, err
	}
	var active struct {
		Threads []wireChannel `json:"threads"`
	}
	err = d.api.do(ctx, call{doing: "list open threads", method: http.MethodGet, path: "/guilds/" + guild + "/threads/active", out: &active})
	if err != nil {
		return nil, err
	}
	var ours []wireChannel
	for _, t := range active.Threads {
		if t.OwnerID == me.ID {
			t.GuildID = guild
			ours = append(ours, t)
		}
	}
	return ours, nil
}

// Thread reads the messages of a thread, the oldest first: people's, for the bot's own are no part of what it is about.
func (d *Discord) Thread(ctx context.Context, root chat.Ref) ([]chat.Message, error) {
	if root.Platform != Name || !snowflake.MatchString(root.Channel) || !snowflake.MatchString(root.Message) {
		return nil, &chat.SendError{Gone: true, Err: errNoPlace}
	}
	me, err := d.self.get(ctx)
	if err != nil {
		return nil, err
	}
	c, err := d.places.channel(ctx, root.Channel)
	if err != nil {
		return nil, d.toAdmin(ctx, err, wireChannel{ID: root.Channel, Name: root.Channel}, 0)
	}
	var out []chat.Message
	add := func(m wireMessage) {
		if m.byPerson(me.ID) {
			out = append(out, d.heardFrom(m))
		}
	}
	if !c.isForum() { // else it is the first one in its thread
		var m wireMessage
		err := d.api.do(ctx, call{doing: "read a message", method: http.MethodGet, path: "/channels/" + root.Channel + "/messages/" + root.Message,
			limit: "GET message " + root.Channel, out: &m})
		switch {
		case err == nil:
			add(m)
		case codeOf(err) != codeUnknownMessage: // else the thread was begun without a message
			return nil, d.toAdmin(ctx, err, c, permHistory|permViewChannel)
		}
	}
	if c.Type == directChannel {
		return out, nil
	}
	for after := "0"; len(out) < historyPage*historyMost; {
		list, err := d.messagesAfter(ctx, root.Message, after, historyPage)
		if codeOf(err) == codeUnknownChannel {
			return out, nil // nobody has replied
		}
		if err != nil {
			return nil, d.toAdmin(ctx, err, c, permHistory|permViewChannel)
		}
		for _, m := range list {
			after = m.ID
			add(m)
		}
		if len(list) < historyPage {
			break
		}
	}
	return out, nil
}

// heardFrom is a message as the bot knows messages.
func (d *Discord) heardFrom(m wireMessage) chat.Message {
	unfold(&m)
	text, toBot := inbound(m, d.self.id())
	out := chat.Message{ID: m.ID, At: m.Timestamp.UTC(), Text: text, ToBot: toBot}
	if m.Author != nil {
		out.Author = d.people.of(*m.Author, m.Member, m.GuildID, "")
	}
	for _, a := range m.Attachments {
		out.Files = append(out.Files, fileOf(a, m.ChannelID, m.ID))
	}
	return out
}
