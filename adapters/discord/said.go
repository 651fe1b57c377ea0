package discord

import (
	"context"
	"errors"
	"strconv"
	"time"

	"balie/internal/chat"
)

// answerSaid answers what somebody wrote, or put an emoji on. There is no interaction that only they would see the answer to, so
// it is a message: in a direct conversation or a private thread right there, else in the person's direct messages, since it
// may be for them alone. again says since when an earlier try may have answered; an error means that it has to be tried again.
func (t *term) answerSaid(ctx context.Context, e chat.Event, r chat.Reply, again time.Time) error {
	if r.Public != nil {
		p := *r.Public
		p.To, p.Again = t.here(ctx, e), again
		if _, err := t.Send(ctx, p); err != nil {
			return t.unless(err)
		}
	}
	parts := r.Posts
	if r.Text != "" || len(r.Buttons) > 0 {
		parts = append([]chat.Post{{Text: r.Text, Buttons: r.Buttons}}, parts...)
	}
	if len(parts) == 0 {
		return nil
	}
	to, open := t.here(ctx, e), !t.isPrivate(ctx, e)
	if open {
		if e.Person.ID == "" {
			return nil
		}
		to = chat.Place{Platform: Name, Workspace: e.Workspace, Person: e.Person.ID}
	}
	for i, p := range parts {
		p = chat.Post{Key: "answer|" + e.ID, To: to, Text: p.Text, Card: p.Card, Buttons: p.Buttons, Again: again}
		if i > 0 {
			p.Key += "|" + strconv.Itoa(i)
		}
		_, err := t.Send(ctx, p)
		if open && codeOf(err) == codeClosedDirect {
			return t.shut(ctx, e, again)
		}
		if err != nil {
			return t.unless(err)
		}
	}
	return nil
}

// shut tells somebody where they wrote that their direct messages are closed.
func (t *term) shut(ctx context.Context, e chat.Event, again time.Time) error {
	_, err := t.Send(ctx, chat.Post{
		Key: "shut|" + e.ID, To: t.here(ctx, e), Text: t.wordsOf(e.Workspace).shut, Mention: []string{e.Person.ID}, Again: again,
	})
	return t.unless(err)
}

// unless is the error of a post, unless repeating it is of no use: the person left, or cannot be written to. What they said is
// stored, and telling it again would change nothing.
func (t *term) unless(err error) error {
	if sent, ok := errors.AsType[*chat.SendError](err); ok && (sent.Gone || sent.Refused != "" || sent.Blocked != "") {
		t.log.WithError(err).Warn("discord: somebody could not be answered")
		return nil
	}
	return err
}

// here is where an event happened, as a place to write to. In a direct conversation the answer is a reply.
func (t *term) here(ctx context.Context, e chat.Event) chat.Place {
	to := chat.Place{Platform: Name, Workspace: e.Workspace, Channel: e.Channel, Thread: e.Thread}
	if to.Thread != "" {
		return to
	}
	message := ""
	switch {
	case e.Message != nil:
		message = e.Message.ID
	case e.Reaction != nil:
		message = e.Reaction.Message.Message
	}
	if c, err := t.places.channel(ctx, e.Channel); e.Direct || err == nil && c.isForum() {
		to.Thread = message
	}
	return to
}

// isPrivate says whether nobody else reads what is written where the event happened.
func (t *term) isPrivate(ctx context.Context, e chat.Event) bool {
	if e.Direct {
		return true
	}
	if e.Thread == "" {
		return false
	}
	c, err := t.places.channel(ctx, e.Thread)
	return err == nil && c.Type == privateThread
}

// wordsOf are the phrases in the language of a guild.
func (t *term) wordsOf(guild string) phrases {
	locale, _ := t.locales.Get(guild)
	return words(locale)
}

// hint tells people once in a thread of the bot's that it is not told what they type there.
func (t *term) hint(ctx context.Context, e chat.Event) {
	if e.Thread == "" || t.hinted.Contains(e.Thread) {
		return
	}
	if own, err := t.isOwn(ctx, e, t.self.id()); err != nil || !own {
		return
	}
	_, err := t.Send(ctx, chat.Post{Key: "deaf|" + e.Thread, To: t.here(ctx, e), Text: t.wordsOf(e.Workspace).deaf, Quiet: true, Again: t.api.ours(e.At)})
	if err != nil {
		t.log.WithError(err).Debug("discord: people could not be told that the bot does not hear them")
	}
	if sent, ok := errors.AsType[*chat.SendError](err); err == nil || ok && sent.Retry == 0 {
		t.hinted.Add(e.Thread, struct{}{})
	}
}
