package e2e

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
	"balie/bot"
	"balie/internal/app"
	"balie/internal/chat"
)

// playgroundNetwork is the playground, through its client.
type playgroundNetwork struct{ client *client.Client }

func (n *playgroundNetwork) can() abilities {
	return abilities{shortcut: true, formFiles: true, closing: true, oldButtons: true, longForms: true}
}

func (n *playgroundNetwork) connect(o *app.Options) { o.Playground = true }

func (n *playgroundNetwork) open(a *app.App) { n.client = client.New(a.URL(), nil) }

func (n *playgroundNetwork) close() { n.client.CloseIdle() }

// channel is what the playground calls a channel of the person's.
func (n *playgroundNetwork) channel(as, name string) string {
	if name == direct {
		return n.client.As(as).Direct()
	}
	return name
}

func (n *playgroundNetwork) command(ctx context.Context, as, channel, thread, line string) (answer, error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	return n.answer(as)(n.client.As(as).Do(ctx, "command",
		wire.Request{Channel: n.channel(as, channel), Thread: thread, Name: name, Text: rest}))
}

func (n *playgroundNetwork) shortcut(ctx context.Context, as string, m message) (answer, error) {
	return n.answer(as)(n.client.As(as).Shortcut(ctx, m.ID, bot.ShortcutCreate))
}

func (n *playgroundNetwork) click(ctx context.Context, as string, m message, label, choice string) (answer, error) {
	var choices []string
	if choice != "" {
		choices = []string{choice}
	}
	return n.answer(as)(n.client.As(as).Click(ctx, m.raw.([]wire.Button), label, choices...))
}

func (n *playgroundNetwork) submit(ctx context.Context, as string, f *form, in filled) (answer, error) {
	return n.answer(as)(n.client.As(as).Submit(ctx, f.raw.(*wire.Form), client.Filled(in)))
}

func (n *playgroundNetwork) change(ctx context.Context, as string, f *form, field string, in filled) (answer, error) {
	return n.answer(as)(n.client.As(as).Change(ctx, f.raw.(*wire.Form), field, client.Filled(in)))
}

func (n *playgroundNetwork) dismiss(ctx context.Context, as string, f *form, in filled) (answer, error) {
	return n.answer(as)(n.client.As(as).Close(ctx, f.raw.(*wire.Form), client.Filled(in)))
}

// say says it again if the bot could not take it in yet, since what is under way in the thread takes long.
func (n *playgroundNetwork) say(ctx context.Context, as, channel, thread, text string, uploads ...string) (answer, error) {
	who := n.client.As(as).Nonce(client.Nonce()) // the same message each time
	var a wire.Answer
	var err error
	until(func() bool {
		a, err = who.Say(ctx, n.channel(as, channel), thread, text, uploads...)
		refused, ok := errors.AsType[*client.Error](err)
		return !ok || refused.Code != "not_heard"
	})
	return n.answer(as)(a, err)
}

func (n *playgroundNetwork) edit(ctx context.Context, as string, m message, text string) (answer, error) {
	return n.answer(as)(n.client.As(as).Edit(ctx, m.ID, text))
}

func (n *playgroundNetwork) remove(ctx context.Context, as string, m message) (answer, error) {
	return n.answer(as)(n.client.As(as).Delete(ctx, m.ID))
}

func (n *playgroundNetwork) react(ctx context.Context, as string, m message, emoji string) (answer, error) {
	return n.answer(as)(n.client.As(as).React(ctx, m.ID, emoji, false))
}

func (n *playgroundNetwork) upload(ctx context.Context, as, _, name, content string) (string, answer, error) {
	f, err := n.client.As(as).Upload(ctx, name, "", strings.NewReader(content))
	a, err := n.answer(as)(wire.Answer{}, err)
	return f.ID, a, err
}

func (n *playgroundNetwork) download(ctx context.Context, as string, m message, f file) (string, error) {
	r, _, err := n.client.As(as).Download(ctx, m.ID, f.ID)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(r)
	return string(content), errors.Join(err, r.Close())
}

// messages reads all the pages.
func (n *playgroundNetwork) messages(ctx context.Context, as, channel, thread string) (all []message, err error) {
	p := n.client.As(as)
	for before := ""; ; {
		var page wire.Page[wire.Message]
		if thread == "" {
			page, err = p.Messages(ctx, n.channel(as, channel), before, 200)
		} else {
			page, err = p.Thread(ctx, thread, before, 200)
		}
		if err != nil {
			return nil, err
		}
		var part []message
		for _, m := range page.Messages {
			if !m.Deleted {
				part = append(part, n.message(as, m))
			}
		}
		all = append(part, all...)
		if before = page.Before; before == "" {
			return all, nil
		}
	}
}

func (n *playgroundNetwork) visible(ctx context.Context, as string) ([]message, error) {
	ws, err := n.client.As(as).Workspace(ctx)
	if err != nil {
		return nil, err
	}
	var all []message
	for _, ch := range ws.Channels {
		roots, err := n.messages(ctx, as, ch.ID, "")
		if err != nil {
			return nil, err
		}
		for _, root := range roots {
			thread, err := n.messages(ctx, as, ch.ID, root.ID)
			if err != nil {
				return nil, err
			}
			all = append(all, thread...)
		}
	}
	return all, nil
}

func (n *playgroundNetwork) forge(ctx context.Context, as string, m message) (taken []string, err error) {
	token := m.raw.([]wire.Button)[0].Token
	for _, forged := range []string{"", "AAAA", token + "A", strings.ToLower(token)} {
		a, err := n.answer(as)(n.client.As(as).Do(ctx, "click", wire.Request{Token: forged}))
		if err != nil {
			return nil, err
		}
		if a.Refused == "" {
			taken = append(taken, forged)
		}
	}
	return taken, nil
}

func (n *playgroundNetwork) brace() bool { return false }

func (n *playgroundNetwork) trouble(ctx context.Context, t trouble) error {
	f := wire.Faults{FailNext: t.failNext, Uncertain: t.uncertain, EveryMS: map[string]int{}}
	for channel, every := range t.every {
		f.EveryMS[channel] = int(every / time.Millisecond)
	}
	return n.client.SetFaults(ctx, f)
}

// answer turns what the client gives into what the person sees.
func (n *playgroundNetwork) answer(as string) func(wire.Answer, error) (answer, error) {
	return func(w wire.Answer, err error) (answer, error) {
		if refused, ok := errors.AsType[*client.Error](err); ok {
			return answer{Refused: refused.Error()}, nil
		}
		if err != nil {
			return answer{}, err
		}
		a := answer{Errors: w.Errors}
		if w.Message != nil {
			a.Message = n.message(as, *w.Message)
		}
		for _, p := range w.Private {
			a.Private = append(a.Private, n.message(as, wire.Message{Channel: p.Channel, Thread: p.Thread, From: wire.BotID,
				Text: p.Text, Card: p.Card, Buttons: p.Buttons}))
		}
		if f := w.Form; f != nil {
			a.Form = &form{Title: f.Title, Intro: f.Intro, Fields: f.Fields, raw: f}
		}
		return a, nil
	}
}

func (n *playgroundNetwork) message(as string, w wire.Message) message {
	m := message{ID: w.ID, Channel: w.Channel, Thread: w.Thread, Bot: w.From == wire.BotID, Text: w.Text, Mentions: w.Mention,
		raw: w.Buttons}
	if w.Channel == n.channel(as, direct) {
		m.Channel = direct
	}
	if w.Author != nil {
		m.Text = w.Author.Name + ": " + m.Text
	}
	if w.Card != nil {
		m.Title = w.Card.Title
		m.Text += "\n" + cardText(w.Card)
	}
	for _, f := range w.Files {
		m.Text += "\nfile " + f.Name
		m.Files = append(m.Files, file{f.ID, f.Name})
	}
	for _, b := range w.Buttons {
		m.Buttons = append(m.Buttons, button{b.Label, b.Options})
	}
	return m
}

func cardText(c *chat.Card) string {
	s := c.Title + "\n" + c.Text + "\n" + c.Footer
	if c.Author != nil {
		s += "\nby " + c.Author.Name
	}
	for _, f := range c.Facts {
		s += "\n" + f.Label + ": " + f.Value
	}
	return s
}
