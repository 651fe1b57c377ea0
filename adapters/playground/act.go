package playground

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// place begins an event: who did something where, now.
func (p *Playground) place(id, person, channel, thread string) chat.Event {
	return chat.Event{
		ID: id, Platform: platformName, Workspace: p.opts.Workspace, Channel: channel, Thread: thread,
		Direct: p.rooms[channel].person != "", Person: p.people[person].chat(), At: p.now(),
	}
}

// ask hands an event to the bot and turns the reply into the answer. Two with one id take turns: the second finds what
// the first one did.
func (p *Playground) ask(ctx context.Context, h chat.Handler, e chat.Event, instance string, done func(wire.Answer, error)) {
	release, err := p.turns.hold(ctx, e.ID)
	if err != nil {
		done(wire.Answer{}, fmt.Errorf("playground: wait for a turn: %w", err))
		return
	}
	defer release()
	said, err := h(ctx, e)
	if err != nil {
		done(wire.Answer{}, notHeard(said, err))
		return
	}
	done(p.answer(ctx, e, said, instance))
}

// notHeard is what the person is told when the bot could not store what they did. The bot has logged why.
func notHeard(said chat.Reply, err error) *problem {
	text := chat.Clean(said.Text)
	if text == "" {
		text = "The helpdesk can't take this in just now. Please try again in a moment."
	}
	return &problem{status: 503, Code: "not_heard", Message: text, cause: err}
}

// answer turns the bot's reply into what the person gets. In a direct conversation its words become ordinary messages;
// elsewhere only this person sees them. instance is the id of a form, should there be one.
func (p *Playground) answer(ctx context.Context, e chat.Event, said chat.Reply, instance string) (wire.Answer, error) {
	var out wire.Answer
	if len(said.Errors) > 0 {
		out.Errors = make(map[string]string, len(said.Errors))
		for field, text := range said.Errors {
			out.Errors[field] = chat.Clean(text)
		}
	}
	who := p.people[e.Person.ID]
	if said.Form != nil {
		out.Form = p.form(said.Form, who, stamp{Channel: e.Channel, Thread: e.Thread, Form: instance})
	}
	if said.Public != nil {
		m := &wire.Message{ID: botID(said.Public.Key), Channel: e.Channel, Thread: e.Thread, From: wire.BotID, At: p.now()}
		m.Order = p.order(m.At)
		p.fill(m, *said.Public)
		if _, err := p.add(ctx, m); err != nil {
			return wire.Answer{}, err
		}
	}
	var posts []chat.Post
	if said.Text != "" || len(said.Buttons) > 0 {
		posts = append(posts, chat.Post{Text: said.Text, Buttons: said.Buttons})
	}
	for i, post := range append(posts, said.Posts...) {
		id := hashID("r", e.ID, strconv.Itoa(i))
		if e.Direct {
			m := &wire.Message{ID: id, Channel: e.Channel, Thread: e.Thread, From: wire.BotID, At: p.now()}
			m.Order = p.order(m.At)
			p.fill(m, chat.Post{Text: post.Text, Card: post.Card, Buttons: post.Buttons})
			if _, err := p.add(ctx, m); err != nil {
				return wire.Answer{}, err
			}
			continue
		}
		out.Private = append(out.Private, wire.Private{
			ID: id, Channel: e.Channel, Thread: e.Thread, At: p.now(), Text: chat.Cut(post.Text, messageMax), Card: card(post.Card),
			Buttons: p.buttons(post.Buttons, who.ID, stamp{Channel: e.Channel, Thread: e.Thread}),
		})
	}
	return out, nil
}

func (p *Playground) command(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	e, err := p.commandEvent(ctx, who, req)
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	p.ask(ctx, h, e, hashID("f", e.ID), done)
}

func (p *Playground) commandEvent(ctx context.Context, who *Persona, req *wire.Request) (chat.Event, error) {
	room, err := p.enter(who, req.Channel)
	if err != nil {
		return chat.Event{}, err
	}
	thread, err := p.threadIn(ctx, who, room, req.Thread)
	if err != nil {
		return chat.Event{}, err
	}
	if !slices.ContainsFunc(p.opts.Commands, func(c Command) bool { return c.Name == req.Name }) {
		known := ""
		for _, c := range p.opts.Commands {
			known += " /" + c.Name
		}
		return chat.Event{}, &problem{status: 404, Code: "no_command", Message: "There is no such command. What there is:" + known}
	}
	text, err := messageText(req.Text, true)
	if err != nil {
		return chat.Event{}, err
	}
	e := p.place(hashID("e", "command", who.ID, req.Nonce), who.ID, room.id, thread)
	e.Command = &chat.Command{Name: req.Name, Text: text}
	return e, nil
}

func (p *Playground) shortcut(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	m, err := p.visible(ctx, who, req.Message)
	if err == nil && !slices.ContainsFunc(p.opts.Shortcuts, func(s Shortcut) bool { return s.Name == req.Name }) {
		err = &problem{status: 404, Code: "no_shortcut", Message: "There is no such action."}
	}
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	e := p.place(hashID("e", "shortcut", who.ID, req.Nonce), who.ID, m.Channel, m.Thread)
	e.Shortcut = &chat.Shortcut{Name: req.Name, Message: p.chatMessage(m), Ref: p.ref(m)}
	p.ask(ctx, h, e, hashID("f", e.ID), done)
}

func (p *Playground) click(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	e, err := p.clickEvent(ctx, who, req)
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	p.ask(ctx, h, e, hashID("f", e.ID), done)
}

func (p *Playground) clickEvent(ctx context.Context, who *Persona, req *wire.Request) (chat.Event, error) {
	s, purpose, err := p.unseal(who, req.Token, forButton, forPrivate)
	if err != nil {
		return chat.Event{}, err
	}
	if _, err := p.enter(who, s.Channel); err != nil {
		return chat.Event{}, err
	}
	click := &chat.Click{Value: s.Value, Choice: req.Choice}
	if purpose == forButton {
		m, err := p.visible(ctx, who, s.Message)
		if err != nil {
			return chat.Event{}, err
		}
		click.Message = p.ref(m)
	}
	wanted := 0
	if len(s.Choices) > 0 {
		wanted = 1
	}
	if len(req.Choice) != wanted || wanted == 1 && !slices.Contains(s.Choices, req.Choice[0]) {
		return chat.Event{}, &problem{status: 403, Code: "choice", Message: "That is not one of the choices."}
	}
	e := p.place(hashID("e", "click", who.ID, req.Nonce), who.ID, s.Channel, s.Thread)
	e.Click = click
	return e, nil
}

// submit sends a form. One form is one event however often it is sent, until the bot takes it.
func (p *Playground) submit(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	p.filled(ctx, h, who, req, done, func(e *chat.Event, s stamp) string {
		e.ID = hashID("e", "submit", s.Form)
		return hashID("f", e.ID) // another form follows: the next page
	})
}

// changeForm tells that a field was changed; the form that comes back is the same one.
func (p *Playground) changeForm(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	p.filled(ctx, h, who, req, done, func(e *chat.Event, s stamp) string {
		e.ID = hashID("e", "change", who.ID, req.Nonce)
		e.Submit.Changed = req.Field
		return s.Form
	})
}

// closeForm tells that a form was closed without being sent.
func (p *Playground) closeForm(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error)) {
	p.filled(ctx, h, who, req, done, func(e *chat.Event, s stamp) string {
		e.ID = hashID("e", "close", s.Form)
		e.Submit.Closed = true
		return s.Form
	})
}

// filled hands over what is in a form; as completes the event and gives the instance of a form that may follow.
func (p *Playground) filled(
	ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error),
	as func(*chat.Event, stamp) string,
) {
	s, _, err := p.unseal(who, req.Token, forForm)
	if err == nil {
		_, err = p.enter(who, s.Channel)
	}
	submit := &chat.Submit{Form: s.Value, Values: make(chat.Values, len(req.Values))}
	for field, values := range req.Values {
		for _, v := range values {
			if v = chat.Clean(v); v != "" {
				submit.Values[field] = append(submit.Values[field], v)
			}
		}
	}
	for field, ids := range req.Files {
		if err != nil {
			break
		}
		var files []wire.File
		if files, err = p.uploads(ctx, who, ids); len(files) > 0 {
			if submit.Files == nil {
				submit.Files = map[string][]chat.File{}
			}
			submit.Files[field] = chatFiles(files)
		}
	}
	if err != nil {
		done(wire.Answer{}, err)
		return
	}
	e := p.place("", who.ID, s.Channel, s.Thread)
	e.Submit = submit
	instance := as(&e, s)
	p.ask(ctx, h, e, instance, done)
}
