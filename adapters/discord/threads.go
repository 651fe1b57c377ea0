package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

// archiveAfter is how long nothing happens in a thread, in minutes, before Discord puts it away: as long as it allows.
const archiveAfter = 10080

// cramped is how long a channel does without new threads after Discord said that there are too many.
const cramped = 10 * time.Minute

// threadUnder opens the thread under a card. Where that does not work now it is opened by the first reply, or the replies
// stand in the channel.
func (d *Discord) threadUnder(ctx context.Context, c creation, message string) {
	if _, err := d.openThread(ctx, c.channel, message, c.Topic.Name); err != nil {
		d.log.WithError(err).Debug("discord: a thread is opened later")
	}
}

// openThread opens the thread under a message.
func (d *Discord) openThread(ctx context.Context, in wireChannel, message, name string) (wireChannel, error) {
	var t wireChannel
	err := d.api.do(ctx, call{doing: "open a thread", method: http.MethodPost, path: "/channels/" + in.ID + "/messages/" + message + "/threads",
		limit: "POST threads " + in.ID, body: discordgo.ThreadStart{Name: threadName(name), AutoArchiveDuration: archiveAfter}, out: &t})
	switch codeOf(err) {
	case codeThreadExists:
		return d.places.fresh(ctx, message)
	case codeNoThreadsHere:
		d.flat.Add(message, time.Now().Add(cramped))
	case codeTooManyThreads:
		d.flat.Add(message, time.Now().Add(cramped))
		if d.once.First("threads " + in.GuildID) {
			d.log.WithField("channel", in.ID).Warn("discord: the server has as many open threads as Discord allows; replies stand in the channel " +
				"until some are closed, or archived sooner by the channels' settings")
		}
	}
	if err != nil {
		return t, d.toAdmin(ctx, alone(err), in, needCards)
	}
	t.GuildID = in.GuildID
	d.places.note(t)
	return t, nil
}

// threadName is a thread's name.
func threadName(name string) string {
	if name = oneLine(name, threadMax); name == "" {
		return "Balie"
	}
	return name
}

// alone is an error of opening a thread: a limit of that holds up what needs a new thread, and nothing else in the channel.
func alone(err error) error {
	_, limited := errors.AsType[*discordgo.RateLimitError](err)
	if limited || errors.Is(err, errTooEarly) {
		return &chat.SendError{Err: err}
	}
	return err
}

// crowded says whether there can be no thread, or not one more that is open.
func crowded(err error) bool {
	return codeOf(err) == codeTooManyThreads || codeOf(err) == codeNoThreadsHere
}

// underRoot posts under a channel's message: in its thread, which is opened if there is none, else as a reply to it.
func (d *Discord) underRoot(ctx context.Context, c creation) (chat.Ref, error) {
	root := c.To.Thread
	if until, ok := d.flat.Get(root); ok && time.Now().Before(until) {
		return d.flatReply(ctx, c)
	}
	_, known := d.places.channels.Peek(root)
	if !known {
		if err := d.ensureThread(ctx, c); err != nil {
			return d.flatOr(ctx, c, err)
		}
	}
	id, err := d.inThread(ctx, c)
	if known && codeOf(err) == codeUnknownChannel { // somebody deleted it
		d.places.forget(root)
		if err = d.ensureThread(ctx, c); err == nil {
			id, err = d.inThread(ctx, c)
		}
	}
	if err != nil {
		return d.flatOr(ctx, c, err)
	}
	return c.ref(root, id), nil
}

// inThread posts in the thread, which is there.
func (d *Discord) inThread(ctx context.Context, c creation) (id string, err error) {
	err = d.within(ctx, c.To.Thread, func() (err error) {
		id, err = d.post(ctx, c, c.To.Thread, "")
		return err
	})
	return id, err
}

// ensureThread has the thread be there.
func (d *Discord) ensureThread(ctx context.Context, c creation) error {
	_, err := d.places.fresh(ctx, c.To.Thread)
	if codeOf(err) == codeUnknownChannel {
		err = d.threadFor(ctx, c)
	}
	return err
}

// flatOr posts a reply to the card where the error says that there can be no thread now; else it is an error.
func (d *Discord) flatOr(ctx context.Context, c creation, err error) (chat.Ref, error) {
	t, _ := d.places.channels.Peek(c.To.Thread)
	switch {
	case !crowded(err):
		return chat.Ref{}, d.toAdmin(ctx, err, c.channel, d.need(c))
	case !c.channel.isForum() && t.Type != privateThread:
		d.flat.Add(c.To.Thread, time.Now().Add(cramped))
		return d.flatReply(ctx, c)
	}
	// There is no other place for it, and no room could be made. Others in the channel, whose threads are open, go on.
	return chat.Ref{}, &chat.SendError{Err: fmt.Errorf("%s: %w", meanings[codeTooManyThreads].blocked, err)}
}

// threadFor opens the thread under a card that has none.
func (d *Discord) threadFor(ctx context.Context, c creation) error {
	if c.channel.isForum() {
		return &chat.SendError{Gone: true, Err: errNoPlace}
	}
	var m wireMessage
	err := d.api.do(ctx, call{doing: "look a message up", method: http.MethodGet, path: "/channels/" + c.channel.ID + "/messages/" + c.To.Thread,
		limit: "GET message " + c.channel.ID, out: &m})
	if err != nil {
		return err
	}
	name := m.Content
	if len(m.Embeds) > 0 && m.Embeds[0].Title != "" {
		name = m.Embeds[0].Title
	} else if title := titleInWords(m.Content); title != "" {
		name = title
	}
	name = strings.ReplaceAll(name, `\`, "")
	_, err = d.openThread(ctx, c.channel, c.To.Thread, name)
	return err
}

// flatReply posts in the channel itself, as a reply to the card.
func (d *Discord) flatReply(ctx context.Context, c creation) (chat.Ref, error) {
	id, err := d.post(ctx, c, c.channel.ID, c.To.Thread)
	return c.ref(c.To.Thread, id), err
}

// forumPost makes a post of a forum. Discord takes no nonce there, so an earlier try is looked for.
func (d *Discord) forumPost(ctx context.Context, c creation) (chat.Ref, error) {
	if c.Topic == nil {
		c.Topic = &chat.Topic{Name: c.title()}
	}
	if d.tried.Contains(c.Key) || !c.Again.IsZero() {
		found, err := d.findThread(ctx, c, publicThread)
		if err != nil {
			return chat.Ref{}, err
		}
		if found != "" {
			return c.ref("", found), nil
		}
	}
	files, free, err := uploads(ctx, c.Files, c.out.Attach)
	if err != nil {
		return chat.Ref{}, errors.Join(err, free())
	}
	if c.channel, err = d.places.current(ctx, c.channel.ID); err != nil { // its tags
		return chat.Ref{}, errors.Join(d.toAdmin(ctx, err, c.channel, needCards), free())
	}
	d.tried.Add(c.Key, struct{}{})
	out := d.fitting(c.channel, c.out)
	var t struct {
		wireChannel
		Message wireMessage `json:"message"`
	}
	err = d.api.do(ctx, call{doing: "make a post in a forum", method: http.MethodPost, path: "/channels/" + c.channel.ID + "/threads",
		body: map[string]any{
			"name": threadName(c.Topic.Name), "auto_archive_duration": archiveAfter, "message": out.payload(),
			"applied_tags": tagsFor(c.channel, nil, *c.Topic),
		}, files: files, out: &t})
	if codeOf(err) == codeTooManyThreads && !c.roomMade && d.makeRoom(ctx, c.channel.GuildID) {
		if err := free(); err != nil {
			return chat.Ref{}, err
		}
		c.roomMade = true
		return d.forumPost(ctx, c)
	}
	if codeOf(err) == codeUnknownTag {
		d.places.forget(c.channel.ID)
	}
	if err = errors.Join(alone(err), free()); err != nil {
		return chat.Ref{}, d.toAdmin(ctx, err, c.channel, needCards)
	}
	t.GuildID, t.ParentID = c.channel.GuildID, c.channel.ID
	d.places.note(t.wireChannel)
	d.dress(ctx, c.channel, spot{channel: t.ID, message: t.ID, of: c.channel}, out, t.Message)
	return c.ref("", t.ID), nil
}

// title is what a post is about, in a few words.
func (c creation) title() string {
	if c.Card != nil && c.Card.Title != "" {
		return c.Card.Title
	}
	return c.Text
}

// privateThread begins a conversation that only its people see. Its thread stands for its first post. Where there can be no
// more threads it is a direct conversation.
func (d *Discord) privateThread(ctx context.Context, c creation) (chat.Ref, error) {
	thread, again := d.begun.Get(c.Key)
	if !again && (d.tried.Contains(c.Key) || !c.Again.IsZero()) {
		var err error
		if thread, err = d.findThread(ctx, c, privateThread); err != nil {
			return chat.Ref{}, err
		}
		again = thread != ""
	}
	if thread == "" {
		d.tried.Add(c.Key, struct{}{})
		var t wireChannel
		err := d.api.do(ctx, call{doing: "begin a private thread", method: http.MethodPost, path: "/channels/" + c.channel.ID + "/threads",
			body: map[string]any{"name": threadName(c.Topic.Name), "type": privateThread, "auto_archive_duration": archiveAfter, "invitable": false},
			out:  &t})
		if codeOf(err) == codeTooManyThreads {
			if d.once.First("threads " + c.guild) {
				d.log.WithField("channel", c.channel.ID).Warn("discord: the server has as many open threads as Discord allows; conversations with " +
					"requesters are in their direct messages until some are closed, or archived sooner by the channels' settings")
			}
			return d.directInstead(ctx, c)
		}
		if err != nil {
			return chat.Ref{}, d.toAdmin(ctx, alone(err), c.channel, needPrivate)
		}
		t.GuildID, t.ParentID = c.channel.GuildID, c.channel.ID
		d.places.note(t)
		thread = t.ID
	}
	d.begun.Add(c.Key, thread)
	if again { // the first post may stand already
		first, err := d.places.findStarter(ctx, thread)
		if err != nil || first != "" {
			return c.ref("", thread), d.toAdmin(ctx, err, c.channel, needPrivate)
		}
	}
	for _, person := range c.Topic.People {
		switch err := d.invite(ctx, c, thread, person); codeOf(err) {
		case 0:
			if err != nil {
				return chat.Ref{}, err
			}
		case codeMissingAccess, codeUnknownMember, codeUnknownUser, codeThreadMembers: // they don't see the channel, or left
			if err := d.api.do(ctx, call{doing: "give a private thread up", method: http.MethodDelete, path: "/channels/" + thread}); err != nil {
				return chat.Ref{}, d.toAdmin(ctx, err, c.channel, needPrivate)
			}
			d.begun.Remove(c.Key)
			d.places.forget(thread)
			return d.directInstead(ctx, c)
		default:
			return chat.Ref{}, d.toAdmin(ctx, err, c.channel, needPrivate)
		}
	}
	id, err := d.post(ctx, c, thread, "")
	if err != nil {
		return chat.Ref{}, err
	}
	d.places.starters.Add(thread, id)
	return c.ref("", thread), nil
}

// invite adds somebody to a private thread.
func (d *Discord) invite(ctx context.Context, c creation, thread, person string) error {
	if !snowflake.MatchString(person) {
		return &chat.SendError{Gone: true, Err: chat.ErrUnknownPerson}
	}
	return d.api.do(ctx, call{doing: "add somebody to a private thread", method: http.MethodPut,
		path: "/channels/" + thread + "/thread-members/" + person, limit: "PUT thread-members " + c.channel.ID})
}

// directInstead begins the conversation as a direct one.
func (d *Discord) directInstead(ctx context.Context, c creation) (chat.Ref, error) {
	direct, err := d.places.directWith(ctx, c.Topic.People[0], c.guild)
	if err != nil {
		return chat.Ref{}, err
	}
	if c.channel, err = d.places.channel(ctx, direct); err != nil {
		return chat.Ref{}, err
	}
	id, err := d.post(ctx, c, direct, "")
	if err == nil {
		d.places.origins.Add(id, c.guild)
	}
	return c.ref("", id), err
}
