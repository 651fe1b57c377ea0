package discord

import (
	"context"
	"encoding/json"
	"net/http"

	"balie/internal/chat"
)

// belonging is what replies to a message belong to, where there are no threads: direct conversations, and channels where
// Discord allows no more of them.
type belonging struct {
	thread string // the message that began it; empty if it is part of nothing
	own    bool   // the message is the bot's
}

// followMax is how many replies are followed to the bot's message.
const followMax = 8

// whereabouts is where something happened. The channel is empty if it does not exist any more.
type whereabouts struct{ channel, thread string }

// placeOf is where something happened.
func (t *term) placeOf(ctx context.Context, u *utterance) (whereabouts, error) {
	at := whereabouts{channel: u.channel}
	if !u.direct() {
		var err error
		if at.channel, at.thread, err = t.places.where(ctx, u.channel); err != nil {
			return whereabouts{}, err
		}
	}
	if at.thread == u.id {
		at.thread = "" // the first message of a forum's post, which stands for it
	}
	if at.thread != "" || u.channel != at.channel {
		return at, nil
	}
	if u.message == nil { // it is known only if it was heard before
		if b, ok := t.belongs.Get(u.id); ok && !b.own {
			at.thread = b.thread
		}
		return at, nil
	}
	b, err := t.follow(ctx, u.channel, u.id, u.message, followMax)
	at.thread = b.thread
	return at, err
}

// follow is what replies to a message belong to: to the bot's message that it is, or to what that replies to; to what a
// person's message belongs to. The message is looked up if it is not given.
func (t *term) follow(ctx context.Context, channel, id string, m *wireMessage, most int) (belonging, error) {
	if b, ok := t.belongs.Get(id); ok {
		return b, nil
	}
	var b belonging
	if m == nil || m.ID != id || m.Author == nil {
		var err error
		if m, err = t.lookAt(ctx, channel, id); hidden(err) {
			t.belongs.Add(id, b)
			return b, nil
		} else if err != nil {
			return b, err
		}
	}
	to := m.repliesTo()
	switch {
	case m.Author != nil && m.Author.ID == t.self.id():
		b = belonging{thread: id, own: true}
		if to != "" {
			b.thread = to
		}
	case to != "" && most > 0:
		parent, err := t.follow(ctx, channel, to, m.Referenced, most-1)
		if err != nil {
			return b, err
		}
		b.thread = parent.thread
	}
	t.belongs.Add(id, b)
	return b, nil
}

func (t *term) lookAt(ctx context.Context, channel, id string) (*wireMessage, error) {
	m := &wireMessage{}
	err := t.api.do(ctx, call{doing: "look a message up", method: http.MethodGet, path: "/channels/" + channel + "/messages/" + id,
		limit: "GET message " + channel, out: m})
	if err == nil && m.ID != id {
		err = &chat.SendError{Gone: true, Err: errNoPlace}
	}
	return m, err
}

// isOwn says whether the thread that something happened in began with a message of the bot's.
func (t *term) isOwn(ctx context.Context, e chat.Event, self string) (bool, error) {
	channel := e.Channel
	if c, ok := t.places.channels.Get(e.Thread); ok && !e.Direct {
		if c.OwnerID == self {
			return true, nil
		}
		if parent, ok := t.places.channels.Get(e.Channel); c.Type == privateThread || ok && parent.isForum() {
			return false, nil
		}
	}
	b, err := t.follow(ctx, channel, e.Thread, nil, 0)
	return b.own, err
}

// guildIn is the guild that a direct conversation counts to, in which it is not known who did something.
func (t *term) guildIn(ctx context.Context, channel, post string) (string, error) {
	value, err := t.opts.Memory.Recall(ctx, directGroup+"/"+channel)
	if err != nil {
		return "", err
	}
	var d keptDirect
	if json.Unmarshal(value, &d) != nil || d.Person == "" {
		return "", nil
	}
	return t.places.guildFor(ctx, d.Person, channel, post)
}
