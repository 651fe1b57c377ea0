package discord

import (
	"context"
	"errors"
	"net/http"
	"slices"
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
	case codeTooManyThreads:
		d.flat.Add(message, time.Now().Add(cramped))
		if d.once.first("threads " + in.GuildID) {
			d.log.WithField("channel", in.ID).Warn("discord: the server has as many open threads as Discord allows; replies stand in the channel " +
				"until some are closed, or archived sooner by the channels' settings")
		}
	}
	if err != nil {
		return t, d.toAdmin(ctx, err, in, needCards)
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

// underRoot posts under a channel's message: in its thread, which is opened if there is none, else as a reply to it. One that
// somebody deleted is opened again.
func (d *Discord) underRoot(ctx context.Context, c creation) (chat.Ref, error) {
	_, known := d.places.channels.Peek(c.To.Thread)
	ref, err := d.inThread(ctx, c)
	if codeOf(err) != codeUnknownChannel || !known {
		return ref, err
	}
	d.places.forget(c.To.Thread)
	return d.inThread(ctx, c)
}

func (d *Discord) inThread(ctx context.Context, c creation) (chat.Ref, error) {
	root := c.To.Thread
	if until, ok := d.flat.Get(root); ok && time.Now().Before(until) {
		return d.flatReply(ctx, c)
	}
	if _, ok := d.places.channels.Peek(root); !ok {
		_, err := d.places.fresh(ctx, root)
		if codeOf(err) == codeUnknownChannel {
			err = d.threadFor(ctx, c)
		}
		if codeOf(err) == codeTooManyThreads {
			return d.flatReply(ctx, c)
		}
		if err != nil {
			return chat.Ref{}, d.toAdmin(ctx, err, c.channel, needCards)
		}
	}
	var id string
	err := d.within(ctx, root, func() (err error) {
		id, err = d.post(ctx, c, root, "")
		return err
	})
	return c.ref(root, id), err
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
		name = strings.ReplaceAll(m.Embeds[0].Title, `\`, "")
	}
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
	d.tried.Add(c.Key, struct{}{})
	var t wireChannel
	err = d.api.do(ctx, call{doing: "make a post in a forum", method: http.MethodPost, path: "/channels/" + c.channel.ID + "/threads",
		body: map[string]any{
			"name": threadName(c.Topic.Name), "auto_archive_duration": archiveAfter, "message": c.out.payload(),
			"applied_tags": tagsFor(c.channel, nil, *c.Topic),
		}, files: files, out: &t})
	if err = errors.Join(err, free()); err != nil {
		return chat.Ref{}, d.toAdmin(ctx, err, c.channel, needCards)
	}
	t.GuildID, t.ParentID = c.channel.GuildID, c.channel.ID
	d.places.note(t)
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
	thread, ok := d.begun.Get(c.Key)
	if !ok && (d.tried.Contains(c.Key) || !c.Again.IsZero()) {
		var err error
		if thread, err = d.findThread(ctx, c, privateThread); err != nil {
			return chat.Ref{}, err
		}
	}
	if thread == "" {
		d.tried.Add(c.Key, struct{}{})
		var t wireChannel
		err := d.api.do(ctx, call{doing: "begin a private thread", method: http.MethodPost, path: "/channels/" + c.channel.ID + "/threads",
			body: map[string]any{"name": threadName(c.Topic.Name), "type": privateThread, "auto_archive_duration": archiveAfter, "invitable": false},
			out:  &t})
		if codeOf(err) == codeTooManyThreads {
			return d.directInstead(ctx, c)
		}
		if err != nil {
			return chat.Ref{}, d.toAdmin(ctx, err, c.channel, needPrivate)
		}
		t.GuildID, t.ParentID = c.channel.GuildID, c.channel.ID
		d.places.note(t)
		thread = t.ID
	}
	d.begun.Add(c.Key, thread)
	for _, person := range c.Topic.People {
		if err := d.invite(ctx, c, thread, person); err != nil {
			return chat.Ref{}, err
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
	err := d.api.do(ctx, call{doing: "add somebody to a private thread", method: http.MethodPut, path: "/channels/" + thread + "/thread-members/" + person,
		limit: "PUT thread-members " + c.channel.ID})
	return d.toAdmin(ctx, err, c.channel, needPrivate)
}

// directInstead begins the conversation as a direct one.
func (d *Discord) directInstead(ctx context.Context, c creation) (chat.Ref, error) {
	if d.once.first("threads " + c.guild) {
		d.log.WithField("channel", c.channel.ID).Warn("discord: the server has as many open threads as Discord allows; conversations with " +
			"requesters are in their direct messages until some are closed, or archived sooner by the channels' settings")
	}
	direct, err := d.places.directWith(ctx, c.Topic.People[0], c.guild)
	if err != nil {
		return chat.Ref{}, err
	}
	if c.channel, err = d.places.channel(ctx, direct); err != nil {
		return chat.Ref{}, err
	}
	d.places.met(c.Topic.People[0], c.guild)
	id, err := d.post(ctx, c, direct, "")
	return c.ref("", id), err
}

// within does something in a thread that may be archived: it is opened for that, and put away again if it was locked, too.
func (d *Discord) within(ctx context.Context, thread string, do func() error) error {
	if thread == "" {
		return do()
	}
	locked, opened := false, false
	if t, ok := d.places.channels.Peek(thread); ok && t.Thread != nil && t.Thread.Archived {
		var err error
		if locked, err = d.reopen(ctx, thread); err != nil {
			return err
		}
		opened = true
	}
	err := do()
	if code := codeOf(err); !opened && (code == codeArchived || code == codeLocked) {
		if locked, err = d.reopen(ctx, thread); err != nil {
			return err
		}
		err = do()
	}
	if locked {
		if closing := d.setArchived(ctx, thread, true, true); closing != nil {
			d.log.WithError(closing).Debug("discord: a thread stays open until its ticket changes")
		}
	}
	return err
}

// reopen opens a thread that is archived, and says whether it was locked.
func (d *Discord) reopen(ctx context.Context, thread string) (locked bool, err error) {
	t, err := d.places.fresh(ctx, thread)
	if err != nil || t.Thread == nil || !t.Thread.Archived && !t.Thread.Locked {
		return false, err
	}
	return t.Thread.Locked, d.setArchived(ctx, thread, false, false)
}

// setArchived puts a thread away or takes it out again.
func (d *Discord) setArchived(ctx context.Context, thread string, archived, locked bool) error {
	var t wireChannel
	err := d.api.do(ctx, call{doing: "open or close a thread", method: http.MethodPatch, path: "/channels/" + thread, limit: "PATCH thread " + thread,
		body: map[string]any{"archived": archived, "locked": locked}, out: &t})
	if err == nil {
		d.places.note(t)
		return nil
	}
	if parent, missing := d.places.channel(ctx, thread); missing == nil {
		if of, missing := d.places.channel(ctx, parent.ParentID); missing == nil {
			return d.toAdmin(ctx, err, of, permManageThreads)
		}
	}
	return err
}

// bringUpToDate gives a thread the name, the tags and the state that its ticket has. What Discord does not allow the bot is
// left, and said once.
func (d *Discord) bringUpToDate(ctx context.Context, thread string, to chat.Topic) error {
	t, err := d.places.channel(ctx, thread)
	if codeOf(err) == codeUnknownChannel {
		return nil // there is none yet
	}
	if err != nil {
		return err
	}
	if t.Thread == nil {
		return nil
	}
	change := map[string]any{}
	if name := threadName(to.Name); name != t.Name && !d.renamed.Contains(thread+"|"+name) {
		change["name"] = name
		d.renamed.Add(thread+"|"+name, struct{}{}) // Discord allows that twice in ten minutes, so it is tried once
	}
	if parent, err := d.places.channel(ctx, t.ParentID); err == nil && parent.isForum() {
		if tags := tagsFor(parent, t.Applied, to); !slices.Equal(tags, t.Applied) {
			change["applied_tags"] = tags
		}
	}
	put := t.Thread.Archived && t.Thread.Locked
	if len(change) > 0 && put {
		if err := d.setArchived(ctx, thread, false, false); err != nil {
			return d.forgiven(err, "threads of closed tickets")
		}
		put = false
	}
	if len(change) > 0 {
		var now wireChannel
		err := d.api.do(ctx, call{doing: "change a thread", method: http.MethodPatch, path: "/channels/" + thread,
			limit: "PATCH thread name " + thread, body: change, out: &now})
		if err != nil {
			if err := d.forgiven(err, "threads' names and tags"); err != nil {
				d.log.WithError(err).Debug("discord: a thread keeps its name or tags until its ticket changes")
			}
		} else {
			d.places.note(now)
		}
	}
	if to.Closed == put {
		return nil
	}
	return d.forgiven(d.setArchived(ctx, thread, to.Closed, to.Closed), "threads of closed tickets")
}

// forgiven is an error, unless it is one that an admin has to put right: that is said once, and the rest goes on.
func (d *Discord) forgiven(err error, what string) error {
	sent, ok := errors.AsType[*chat.SendError](err)
	if !ok || sent.Blocked == "" && sent.Refused == "" {
		return err
	}
	if d.once.first(what) {
		d.log.WithError(err).Warn("discord: " + what + " can't be kept up to date")
	}
	return nil
}

// tagsMax is how many tags a post of a forum may have.
const tagsMax = 5

// tagsFor are the tags of a forum's post: those that people gave it, and that of the status, if the forum has one of that
// name.
func tagsFor(forum wireChannel, applied []string, to chat.Topic) []string {
	named := func(name string) string {
		for _, t := range forum.Tags {
			if name != "" && strings.EqualFold(t.Name, chat.Cut(name, tagMax)) {
				return t.ID
			}
		}
		return ""
	}
	var statuses []string
	for _, s := range to.Statuses {
		statuses = append(statuses, named(s))
	}
	out := []string{}
	for _, id := range applied {
		if !slices.Contains(statuses, id) {
			out = append(out, id)
		}
	}
	if id := named(to.Status); id != "" {
		out = append(out[:min(len(out), tagsMax-1)], id)
	}
	return out
}

// tagMax is how many characters a forum's tag has.
const tagMax = 20
