package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/internal/chat"
)

// kind is what happened.
type kind int

const (
	wasPosted kind = iota
	wasEdited
	wasDeleted
	wasReaction
	wasReactionRemoved
)

// utterance is something that somebody did, as the server told it.
type utterance struct {
	kind     kind
	channel  string
	place    model.ChannelType // "" if the server did not say
	post     *model.Post       // nil for a reaction
	reaction *model.Reaction   // nil for a post
	at       int64             // the server's time in milliseconds; 0 if it did not say
	late     bool              // the bot may have been told before
}

// decode reads what is in an event of the websocket. Nothing in it is trusted to be there.
func decode(kind kind, data map[string]any, channel string) (*utterance, error) {
	u := &utterance{kind: kind}
	if kind == wasReaction || kind == wasReactionRemoved {
		u.reaction = &model.Reaction{}
		if err := embedded(data, "reaction", u.reaction); err != nil {
			return nil, err
		}
		u.channel = channel
		if u.channel == "" {
			u.channel = u.reaction.ChannelId
		}
		if !ids(u.channel, u.reaction.PostId, u.reaction.UserId) || u.reaction.EmojiName == "" {
			return nil, errors.New("a reaction without its ids")
		}
		u.at = reactedAt(u.reaction)
		return u, nil
	}
	u.post = &model.Post{}
	if err := embedded(data, "post", u.post); err != nil {
		return nil, err
	}
	u.channel = u.post.ChannelId
	if !ids(u.channel, u.post.Id, u.post.UserId) || u.post.RootId != "" && !ids(u.post.RootId) {
		return nil, errors.New("a post without its ids")
	}
	if place, ok := data["channel_type"].(string); ok {
		u.place = model.ChannelType(place)
	}
	switch kind {
	case wasPosted:
		u.at = u.post.CreateAt
	case wasEdited:
		u.at = u.post.EditAt
	case wasDeleted:
		u.at = u.post.DeleteAt // which is 0 over the websocket
	case wasReaction, wasReactionRemoved:
	}
	return u, nil
}

// embedded decodes a field that is JSON in a string.
func embedded(data map[string]any, field string, into any) error {
	text, ok := data[field].(string)
	if !ok {
		return fmt.Errorf("an event without a %s", field)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode a %s: %w", field, err)
	}
	return nil
}

func ids(all ...string) bool {
	return !slices.ContainsFunc(all, func(id string) bool { return !model.IsValidId(id) })
}

// reactedAt is when a reaction was put or taken away. When it was created says little: one that was taken away has no
// such time, and one that was put again has the first one's.
func reactedAt(r *model.Reaction) int64 {
	if r.UpdateAt != 0 {
		return r.UpdateAt
	}
	return r.CreateAt
}

// id is the event's, the same however the bot comes to know of it.
func (u *utterance) id() string {
	switch u.kind {
	case wasPosted:
	case wasEdited:
		return u.post.Id + "|" + strconv.FormatInt(u.post.EditAt, 10)
	case wasDeleted:
		return u.post.Id + "|deleted"
	case wasReaction, wasReactionRemoved:
		id := u.reaction.PostId + "|" + u.reaction.UserId + "|" + u.reaction.EmojiName + "|" + strconv.FormatInt(u.at, 10)
		if u.kind == wasReactionRemoved {
			id += "|removed"
		}
		return id
	}
	return u.post.Id
}

// thread is what the order of the utterance matters in: its thread, or the direct conversation outside of threads.
func (u *utterance) thread() string {
	switch {
	case u.post == nil:
		return u.reaction.PostId
	case u.post.RootId != "":
		return u.post.RootId
	case u.place == model.ChannelTypeDirect:
		return u.channel
	}
	return u.post.Id
}

// silent says that nobody can want to hear it: the bot itself, another bot, a webhook or the server said it, or it is an
// edit that only the server made.
func (u *utterance) silent(self string) bool {
	if u.post == nil {
		return u.reaction.UserId == self
	}
	return u.kind == wasEdited && u.post.EditAt == 0 || !byPerson(u.post, self)
}

// byPerson says whether a post may be a person's own words. Whether its author is a bot tells only the account.
func byPerson(p *model.Post, self string) bool {
	return p.UserId != self && (p.Type == model.PostTypeDefault || p.Type == model.PostTypeMe) &&
		!marked(p, model.PostPropsFromBot) && !marked(p, model.PostPropsFromWebhook)
}

func marked(p *model.Post, name string) bool {
	switch v := p.GetProp(name).(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return false
}

// ticketEmoji are the reactions that the bot needs to know the message of.
var ticketEmoji = []string{"ticket", "tickets", "admission_tickets"}

// event is what the bot is told of an utterance; false if it is none of a person's. An error is one that passes.
func (e *ears) event(ctx context.Context, u *utterance) (chat.Event, bool, error) {
	m := e.Mattermost
	self, err := m.me(ctx)
	if err != nil {
		return chat.Event{}, false, err
	}
	if u.silent(self.Id) {
		return chat.Event{}, false, nil
	}
	author := ""
	if u.post != nil {
		author = u.post.UserId
	} else {
		author = u.reaction.UserId
	}
	person, human, err := e.human(ctx, author)
	if err != nil || !human {
		return chat.Event{}, false, err
	}
	direct, err := e.direct(ctx, u)
	if err != nil {
		return chat.Event{}, false, err
	}
	out := chat.Event{ID: u.id(), Platform: Name, Channel: u.channel, Direct: direct, Person: person, At: e.moment(u.at)}
	if u.post == nil {
		err = e.react(ctx, u, self, &out)
	} else {
		out.Thread = u.post.RootId
		out.Message = said(u.post, person, self, direct)
		out.Message.Edited, out.Message.Deleted = u.kind == wasEdited, u.kind == wasDeleted
		if u.kind == wasDeleted {
			out.Message.Text, out.Message.Files, out.Message.ToBot = "", nil, false
		}
	}
	if err == nil && out.Thread != "" {
		out.OwnThread, err = e.own(ctx, out.Thread, self.Id)
	}
	return out, err == nil, err
}

func (e *ears) react(ctx context.Context, u *utterance, self *model.User, out *chat.Event) error {
	r := u.reaction
	ref := chat.Ref{Platform: Name, Channel: u.channel, Message: r.PostId}
	out.Reaction = &chat.Reaction{Message: ref, Emoji: r.EmojiName, Removed: u.kind == wasReactionRemoved}
	if out.Reaction.Removed || !slices.Contains(ticketEmoji, r.EmojiName) {
		return nil
	}
	post, resp, err := e.api.GetPost(ctx, r.PostId, "")
	if err != nil {
		return e.passing("read the message of a reaction", resp, err)
	}
	out.Thread, out.Reaction.Message.Thread = post.RootId, post.RootId
	if post.DeleteAt != 0 || !byPerson(post, self.Id) {
		return nil
	}
	author, human, err := e.human(ctx, post.UserId)
	if err == nil && human {
		out.Reaction.Said = said(post, author, self, out.Direct)
	}
	return err
}

// said is what a person's post says.
func said(p *model.Post, author chat.Person, self *model.User, direct bool) *chat.Message {
	text, toBot := p.Message, false
	if !direct {
		text, toBot = unmention(text, self.Username)
	}
	out := &chat.Message{ID: p.Id, Author: author, At: time.UnixMilli(p.CreateAt).UTC(), Text: inbound(text), ToBot: toBot}
	if p.Metadata == nil {
		return out
	}
	for _, f := range p.Metadata.Files {
		if f != nil {
			out.Files = append(out.Files, chat.File{ID: f.Id, Name: chat.FileName(f.Name), Type: f.MimeType, Size: f.Size})
		}
	}
	return out
}

// human is the person with the id, and whether it is one and no bot. Somebody whom the server does not show may be one.
func (e *ears) human(ctx context.Context, id string) (chat.Person, bool, error) {
	u, ok := e.people.known.Get(id)
	if !ok {
		var resp *model.Response
		var err error
		if u, resp, err = e.api.GetUser(ctx, id, ""); err != nil {
			return chat.Person{ID: id}, true, e.passing("look up a person", resp, err)
		}
		e.people.known.Add(id, u)
	}
	return e.people.person(u), !u.IsBot, nil
}

// direct says whether something happened in somebody's direct conversation with the bot.
func (e *ears) direct(ctx context.Context, u *utterance) (bool, error) {
	if u.place != "" {
		return u.place == model.ChannelTypeDirect, nil
	}
	c, ok := e.rooms.Get(u.channel)
	if !ok {
		var resp *model.Response
		var err error
		if c, resp, err = e.api.GetChannel(ctx, u.channel); err != nil {
			return false, e.passing("look up a channel", resp, err)
		}
		e.rooms.Add(u.channel, c)
	}
	return c.Type == model.ChannelTypeDirect, nil
}

// own says whether the first post of a thread is the bot's.
func (e *ears) own(ctx context.Context, root, self string) (bool, error) {
	own, ok := e.roots.Get(root)
	if !ok {
		p, resp, err := e.api.GetPost(ctx, root, "")
		if err != nil {
			return false, e.passing("read the first post of a thread", resp, err)
		}
		own = p.UserId == self
		e.roots.Add(root, own)
	}
	return own, nil
}

// passing is the error of a request if it can pass by itself, or once an admin did something. What the server does not
// have or does not show is not worth waiting for.
func (e *ears) passing(doing string, resp *model.Response, err error) error {
	if resp != nil && resp.StatusCode >= 400 && resp.StatusCode < 500 &&
		resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	return e.sendError(doing, resp, err)
}

// moment is a time that the server told, or about now by the server's clock.
func (e *ears) moment(millis int64) time.Time {
	if millis == 0 {
		millis = e.serverNow()
	}
	return time.UnixMilli(millis).UTC()
}
