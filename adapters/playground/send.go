package playground

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// Send posts p. The message's id follows from p.Key, so the same key is the same message.
func (p *Playground) Send(ctx context.Context, post chat.Post) (chat.Ref, error) {
	if post.Key == "" {
		return chat.Ref{}, &chat.SendError{Refused: "the post has no key"}
	}
	r, thread, err := p.destination(ctx, post.To)
	if err != nil {
		return chat.Ref{}, err
	}
	if err := p.faults.before(ctx, r.id); err != nil {
		return chat.Ref{}, err
	}
	at := post.At.UTC()
	if post.At.IsZero() {
		at = p.now()
	}
	m := &wire.Message{
		ID: botID(post.Key), Channel: r.id, Thread: thread, From: wire.BotID,
		At: at.Truncate(time.Millisecond), Order: p.order(at), Quiet: post.Quiet,
	}
	p.fill(m, post)
	if m.Files, err = p.copyFiles(ctx, m.ID, post.Files); err != nil {
		return chat.Ref{}, err
	}
	stands, err := p.add(ctx, m)
	if err != nil {
		return chat.Ref{}, &chat.SendError{Err: err}
	}
	if err := p.faults.after(); err != nil {
		return chat.Ref{}, err
	}
	return p.ref(stands), nil
}

// Edit replaces the message at r by post: its text, card, buttons and mentions, and its files if the post has any.
func (p *Playground) Edit(ctx context.Context, r chat.Ref, post chat.Post) error {
	if err := p.own(r); err != nil {
		return err
	}
	if err := p.faults.before(ctx, r.Channel); err != nil {
		return err
	}
	files, err := p.copyFiles(ctx, hashID("e", r.Message, post.Key), post.Files)
	if err != nil {
		return err
	}
	refused := ""
	_, err = p.change(ctx, r.Message, func(m *wire.Message) bool {
		if m.From != wire.BotID || m.Channel != r.Channel {
			refused = "the message is not the bot's"
			return false
		}
		// A card shows what is now, so only an edited text is marked as edited.
		if post.Card == nil {
			m.Edited = p.now()
		}
		p.fill(m, post)
		if len(files) > 0 {
			m.Files = files
		}
		return true
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return &chat.SendError{Gone: true, Err: err}
	case err != nil:
		return &chat.SendError{Err: err}
	case refused != "":
		return &chat.SendError{Refused: refused}
	}
	return nil
}

// Delete takes the bot's message at r away.
func (p *Playground) Delete(ctx context.Context, r chat.Ref) error {
	if err := p.own(r); err != nil {
		return err
	}
	if err := p.faults.before(ctx, r.Channel); err != nil {
		return err
	}
	refused := ""
	_, err := p.change(ctx, r.Message, func(m *wire.Message) bool {
		if m.From != wire.BotID || m.Channel != r.Channel {
			refused = "the message is not the bot's"
			return false
		}
		m.Deleted = true
		return true
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return &chat.SendError{Err: err}
	case refused != "":
		return &chat.SendError{Refused: refused}
	}
	return nil
}

// own checks that a reference can be to a message here.
func (p *Playground) own(r chat.Ref) error {
	switch {
	case r.Platform != platformName || r.Workspace != p.opts.Workspace || r.Message == "":
		return &chat.SendError{Refused: "the reference is not to a message here"}
	case p.rooms[r.Channel] == nil:
		return &chat.SendError{Gone: true, Err: errors.New("playground: there is no such channel")}
	}
	return nil
}

// destination is the room and the thread's root that a post goes to.
func (p *Playground) destination(ctx context.Context, to chat.Place) (*room, string, error) {
	if to.Platform != platformName || to.Workspace != p.opts.Workspace {
		return nil, "", &chat.SendError{Refused: "the place is on another platform or in another workspace"}
	}
	id := to.Channel
	if to.Person != "" {
		id = directID(to.Person)
	}
	r := p.rooms[id]
	if r == nil {
		return nil, "", &chat.SendError{Gone: true, Err: errors.New("playground: there is no such channel or person")}
	}
	if to.Thread == "" {
		return r, "", nil
	}
	root, err := p.message(ctx, to.Thread)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && root.Deleted:
		return nil, "", &chat.SendError{Gone: true, Err: errors.New("playground: the thread's first message is gone")}
	case err != nil:
		return nil, "", &chat.SendError{Err: err}
	case root.Channel != r.id:
		return nil, "", &chat.SendError{Refused: "the thread is in another channel"}
	case root.Thread != "":
		return r, root.Thread, nil // threads have one level
	}
	return r, root.ID, nil
}

// fill renders a post into its message.
func (p *Playground) fill(m *wire.Message, post chat.Post) {
	m.Text = chat.Cut(post.Text, messageMax)
	m.Author = author(post.Author)
	m.Mention = nil
	for _, id := range post.Mention {
		if p.people[id] != nil {
			m.Mention = append(m.Mention, id)
		}
	}
	m.Card = card(post.Card)
	m.Buttons = p.buttons(post.Buttons, "", stamp{Channel: m.Channel, Thread: m.Thread, Message: m.ID})
}

func author(a *chat.Author) *chat.Author {
	if a == nil {
		return nil
	}
	return &chat.Author{Name: chat.Cut(a.Name, labelMax), Avatar: a.Avatar}
}

// card is the card within the limits: what is too long is its text, in all likelihood.
func card(c *chat.Card) *chat.Card {
	if c == nil {
		return nil
	}
	out := &chat.Card{
		Title: chat.Cut(c.Title, labelMax), URL: c.URL, Author: author(c.Author), Tone: c.Tone, Footer: chat.Cut(c.Footer, labelMax),
	}
	left := cardMax - utf8.RuneCountInString(out.Title) - utf8.RuneCountInString(out.Footer)
	for _, f := range c.Facts {
		f.Label, f.Value = chat.Cut(f.Label, labelMax), chat.Cut(f.Value, max(1, min(left, 4*labelMax)))
		left -= utf8.RuneCountInString(f.Label) + utf8.RuneCountInString(f.Value)
		out.Facts = append(out.Facts, f)
	}
	out.Text = chat.Cut(c.Text, max(1, left))
	return out
}

// copyFiles keeps the files of a post under ids that follow from the post's, so that a repeat copies nothing twice.
func (p *Playground) copyFiles(ctx context.Context, post string, files []chat.OutFile) ([]wire.File, error) {
	var out []wire.File
	for i, f := range files {
		if i == filesMax || f.Size > fileMax {
			return nil, &chat.SendError{Refused: fmt.Sprintf("at most %d files of %d bytes each", filesMax, fileMax)}
		}
		kept, err := p.copyFile(ctx, hashID("f", post, strconv.Itoa(i)), f)
		if err != nil {
			return nil, &chat.SendError{Err: fmt.Errorf("playground: copy a file of a post: %w", err)}
		}
		out = append(out, kept)
	}
	return out, nil
}

func (p *Playground) copyFile(ctx context.Context, id string, f chat.OutFile) (wire.File, error) {
	content, err := f.Open(ctx)
	if err != nil {
		return wire.File{}, err
	}
	kept, err := p.keepFile(ctx, id, f.Name, f.Type, content)
	return kept, errors.Join(err, content.Close())
}

func (p *Playground) ref(m *wire.Message) chat.Ref {
	return chat.Ref{Platform: platformName, Workspace: p.opts.Workspace, Channel: m.Channel, Thread: m.Thread, Message: m.ID}
}
