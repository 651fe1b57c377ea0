package playground

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// say posts a message of the person's. It is acknowledged when the bot has heard it.
func (p *Playground) say(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	u, err := p.utter(ctx, who, req)
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	p.tell(ctx, h, u, done)
}

func (p *Playground) utter(ctx context.Context, who *Persona, req *wire.Request) (*utterance, error) {
	room, err := p.enter(who, req.Channel)
	if err != nil {
		return nil, err
	}
	thread, err := p.threadIn(ctx, who, room, req.Thread)
	if err != nil {
		return nil, err
	}
	files, err := p.uploads(ctx, who, req.Uploads)
	if err != nil {
		return nil, err
	}
	text, err := messageText(req.Text, len(files) > 0)
	if err != nil {
		return nil, err
	}
	now := p.now()
	return &utterance{
		ID: hashID("e", "send", who.ID, req.Nonce), Kind: saidNew, Person: who.ID, Channel: room.id, Thread: thread,
		Message: hashID("p", who.ID, req.Nonce), Order: p.order(now), Posted: now, At: now, Text: text, Files: files,
	}, nil
}

// threadIn is the root's id, if the person can see it in the room. Empty stays empty.
func (p *Playground) threadIn(ctx context.Context, who *Persona, room *room, thread string) (string, error) {
	if thread == "" {
		return "", nil
	}
	root, err := p.visible(ctx, who, thread)
	if err != nil {
		return "", err
	}
	if root.Channel != room.id {
		return "", &problem{status: 404, Code: "no_message", Message: "The thread is in another channel."}
	}
	if root.Thread != "" {
		return root.Thread, nil
	}
	return root.ID, nil
}

func messageText(text string, alone bool) (string, error) {
	text = strings.TrimSpace(chat.Clean(text))
	if text == "" && !alone {
		return "", &problem{status: 422, Code: "empty", Message: "The message is empty."}
	}
	if n := utf8.RuneCountInString(text); n > messageMax {
		return "", &problem{status: 422, Code: "too_long", Message: fmt.Sprintf("The message is too long: %d of at most %d characters.", n, messageMax)}
	}
	return text, nil
}

// ownMessage is a message that the person wrote and that stands.
func (p *Playground) ownMessage(ctx context.Context, who *Persona, id string) (*wire.Message, error) {
	m, err := p.visible(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if m.From != who.ID {
		return nil, &problem{status: 403, Code: "not_yours", Message: "Only its author can change a message."}
	}
	return m, nil
}

func (p *Playground) editSaid(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	m, err := p.ownMessage(ctx, who, req.Message)
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	text, err := messageText(req.Text, len(m.Files) > 0)
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	p.tell(ctx, h, &utterance{
		ID: hashID("e", "edit", who.ID, req.Nonce), Kind: saidEdited, Person: who.ID, Channel: m.Channel, Thread: m.Thread,
		Message: m.ID, Posted: m.At, At: p.now(), Text: text, Files: m.Files,
	}, done)
}

func (p *Playground) takeBack(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	u := &utterance{ID: hashID("e", "delete", who.ID, req.Nonce), Kind: saidDeleted, Person: who.ID, At: p.now()}
	m, err := p.message(ctx, req.Message)
	if err == nil && m.Deleted && m.From == who.ID {
		// A repeat: the bot may not have heard the first one.
		u.Channel, u.Thread, u.Message, u.Posted = m.Channel, m.Thread, m.ID, m.At
		p.tell(ctx, h, u, done)
		return
	}
	if m, err = p.ownMessage(ctx, who, req.Message); err != nil {
		done(wire.Answer{}, err)
		return
	}
	u.Channel, u.Thread, u.Message, u.Posted = m.Channel, m.Thread, m.ID, m.At
	p.tell(ctx, h, u, done)
}

var emojiPattern = regexp.MustCompile(`^[a-z0-9_+-]{1,40}$`)

// reactionsMax is how many different emoji one message takes.
const reactionsMax = 20

func (p *Playground) react(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	m, err := p.visible(ctx, who, req.Message)
	if err == nil && !emojiPattern.MatchString(req.Emoji) {
		err = &problem{status: 400, Code: "emoji", Message: "That is not the name of an emoji."}
	}
	known := err == nil && slices.ContainsFunc(m.Reactions, func(r wire.Reaction) bool { return r.Emoji == req.Emoji })
	if err == nil && !known && len(m.Reactions) >= reactionsMax && !req.Removed {
		err = &problem{status: 422, Code: "emoji", Message: "The message has enough reactions."}
	}
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	p.tell(ctx, h, &utterance{
		ID: hashID("e", "react", who.ID, req.Nonce), Kind: saidEmoji, Person: who.ID, Channel: m.Channel, Thread: m.Thread,
		Message: m.ID, Posted: m.At, At: p.now(), Emoji: req.Emoji, Removed: req.Removed,
	}, done)
}

// setReaction puts or takes the reaction, and says whether that changed anything.
func setReaction(m *wire.Message, u *utterance) bool {
	i := slices.IndexFunc(m.Reactions, func(r wire.Reaction) bool { return r.Emoji == u.Emoji })
	if i < 0 {
		if u.Removed {
			return false
		}
		m.Reactions = append(m.Reactions, wire.Reaction{Emoji: u.Emoji, People: []string{u.Person}})
		return true
	}
	r := &m.Reactions[i]
	has := slices.Index(r.People, u.Person)
	if (has >= 0) != u.Removed {
		return false
	}
	if !u.Removed {
		r.People = append(r.People, u.Person)
		return true
	}
	if r.People = slices.Delete(r.People, has, has+1); len(r.People) == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	return true
}
