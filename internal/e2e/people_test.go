package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"balie/internal/chat"
)

// person is somebody in the world. What fails the network, or is refused, fails the test; try… is for what may be refused.
type person struct {
	*world
	id string
}

func (w *world) as(id string) person { return person{w, id} }

// works fails the test if the network did not work.
func (p person) works(a answer, err error) answer {
	p.Helper()
	if err != nil {
		p.Fatalf("%s: %v", p.id, err)
	}
	return a
}

// must fails the test unless the action was done, and nothing was said against it.
func (p person) must(a answer, err error) answer {
	p.Helper()
	a = p.works(a, err)
	if a.Refused != "" {
		p.Fatalf("%s was refused: %s", p.id, a.Refused)
	}
	if len(a.Errors) > 0 {
		p.Fatalf("%s: the form says %v", p.id, a.Errors)
	}
	for _, m := range a.Private {
		p.Logf("%s reads: %s", p.id, m.Text)
	}
	return a
}

// types types a slash command.
func (p person) types(channel, line string) answer {
	p.Helper()
	return p.must(p.net.command(p.Context(), p.id, channel, "", line))
}

// starts types a command and answers, by pairs of field and choice, what changes the form: in the form or, where that
// can't change while it is open, before it opens.
func (p person) starts(channel, line string, pairs ...string) *form {
	p.Helper()
	a := p.types(channel, line)
	for pair := range slices.Chunk(pairs, 2) {
		if a.Form != nil {
			a.Form = p.picks(a.Form, a.Form.with(), pair[0], pair[1])
		} else {
			a = p.chooses(a, pair[1])
		}
	}
	return p.started(a.Form)
}

// chooses answers a question that was asked before the form.
func (p person) chooses(a answer, choice string) answer {
	p.Helper()
	for _, m := range a.Private {
		for _, b := range m.Buttons {
			if len(b.Options) > 0 {
				return p.clicks(m, b.Label, choice)
			}
		}
	}
	p.Fatalf("%s is not asked anything: %+v", p.id, a)
	return answer{}
}

// speaksDutch waits until the bot knows that the person does: where it can't look somebody up at once, it goes on in English.
func (p person) speaksDutch() {
	p.Helper()
	p.eventually(func() error {
		_, err := p.reading(p.types("general", "/ticket mine"), "Je hebt geen open meldingen")
		return err
	})
}

// makesTicketOf asks for the form that makes a ticket of a message: by its menu, or by a ticket put on it.
func (p person) makesTicketOf(m message) *form {
	p.Helper()
	if p.can.shortcut {
		return p.must(p.net.shortcut(p.Context(), p.id, m)).Form
	}
	p.must(p.net.react(p.Context(), p.id, m, "ticket"))
	offer := p.sees(direct, "")
	if len(offer.Buttons) == 0 {
		p.Fatalf("%s is offered nothing: %s", p.id, offer.Text)
	}
	return p.clicks(offer, offer.Buttons[0].Label).Form
}

// reads says that the answer has a private message with the parts. Where it may come after the answer, it is waited for.
func (p person) reads(a answer, parts ...string) (m message) {
	p.Helper()
	look := func() (err error) {
		m, err = p.reading(a, parts...)
		return err
	}
	if a.late != nil {
		p.eventually(look)
	} else if err := look(); err != nil {
		p.Fatal(err)
	}
	return m
}

// reading is reads for what may come true later.
func (p person) reading(a answer, parts ...string) (message, error) {
	m, ok := a.reads(parts...)
	if !ok {
		return m, fmt.Errorf("%s reads %+v, nothing with %q", p.id, a.Private, parts)
	}
	return m, nil
}

// says posts a message, perhaps with uploads.
func (p person) says(channel, thread, text string, uploads ...string) message {
	p.Helper()
	return p.must(p.net.say(p.Context(), p.id, channel, thread, text, uploads...)).Message
}

// corrects changes an own message.
func (p person) corrects(m message, text string) {
	p.Helper()
	p.must(p.net.edit(p.Context(), p.id, m, text))
}

// takesBack deletes an own message.
func (p person) takesBack(m message) {
	p.Helper()
	p.must(p.net.remove(p.Context(), p.id, m))
}

// sees waits for a message of the bot's with all the parts, in a channel or in a thread, that was not seen before.
func (p person) sees(channel, thread string, parts ...string) message {
	p.Helper()
	return p.find(channel, thread, parts, func(m message) bool { return m.Bot && !p.seen[m.ID] })
}

// later is sees, while time passes: for what is tried again.
func (p person) later(channel, thread string, parts ...string) message {
	p.Helper()
	p.hurry = true
	defer func() { p.hurry = false }()
	return p.sees(channel, thread, parts...)
}

// watches waits until a message that was seen before reads like the parts.
func (p person) watches(m message, parts ...string) message {
	p.Helper()
	return p.find(m.Channel, m.Thread, parts, func(o message) bool { return o.ID == m.ID })
}

func (p person) find(channel, thread string, parts []string, which func(message) bool) (found message) {
	p.Helper()
	p.eventually(func() error {
		all, err := p.net.messages(p.Context(), p.id, channel, thread)
		if err != nil {
			return err
		}
		var others []string
		for _, m := range all {
			if m.Thread != thread && m.ID != thread || !which(m) {
				continue
			}
			if contains(m.Text, parts) {
				found = m
				p.seen[m.ID] = true
				return nil
			}
			others = append(others, m.Text)
		}
		return fmt.Errorf("%s sees nothing with %q in %s (thread %q), but %q", p.id, parts, channel, thread, others)
	})
	return found
}

// any1 is any message.
func any1(message) bool { return true }

// lists is what stands in a channel or a thread now.
func (p person) lists(channel, thread string) []message {
	p.Helper()
	all, err := p.net.messages(p.Context(), p.id, channel, thread)
	if err != nil {
		p.Fatalf("%s: %v", p.id, err)
	}
	return all
}

// losesSight waits until a message stands there no more.
func (p person) losesSight(m message) {
	p.Helper()
	p.eventually(func() error {
		all, err := p.net.messages(p.Context(), p.id, m.Channel, m.Thread)
		if err == nil && slices.ContainsFunc(all, func(o message) bool { return o.ID == m.ID }) {
			err = fmt.Errorf("%s still sees %q", p.id, m.Text)
		}
		return err
	})
}

// losesText waits until nothing below a post has the text.
func (p person) losesText(root message, text string) {
	p.Helper()
	p.eventually(func() error {
		for _, m := range p.lists(root.Channel, root.ID) {
			if strings.Contains(m.Text, text) {
				return fmt.Errorf("%s still reads %q", p.id, m.Text)
			}
		}
		return nil
	})
}

// sights is all that the person can see.
func (p person) sights() []message {
	p.Helper()
	all, err := p.net.visible(p.Context(), p.id)
	if err != nil {
		p.Fatalf("%s: %v", p.id, err)
	}
	return all
}

// neverSees says that nothing the person can see has the text.
func (p person) neverSees(secret string) {
	p.Helper()
	for _, m := range p.sights() {
		if strings.Contains(m.Text, secret) {
			p.Errorf("%s can read %q in %s", p.id, secret, m.Channel)
		}
	}
}

// neverReads is neverSees without the text in the message.
func (w *world) neverReads(p person, secret string) {
	w.Helper()
	for _, m := range p.sights() {
		if strings.Contains(m.Text, secret) {
			w.Errorf("%s can read what they should not in %s", p.id, m.Channel)
		}
	}
}

// inOrder says that each text stands in the thread once, in that order.
func (p person) inOrder(channel, thread string, texts ...string) {
	p.Helper()
	var found []string
	for _, m := range p.lists(channel, thread) {
		if thread == "" && m.Thread != "" {
			continue
		}
		for _, text := range texts {
			for range strings.Count(m.Text, text) {
				found = append(found, text)
			}
		}
	}
	if !slices.Equal(found, texts) {
		p.Errorf("%s reads %q in %s (thread %q), not %q", p.id, found, channel, thread, texts)
	}
}

// once says that the text stands in the thread exactly once.
func (w *world) once(p person, channel, thread, text string) {
	w.Helper()
	n := 0
	for _, m := range p.lists(channel, thread) {
		n += strings.Count(m.Text, text)
	}
	if n != 1 {
		w.Errorf("%s reads %q %d times", p.id, text, n)
	}
}

// notifies says that the message notifies those people, and nobody else.
func (w *world) notifies(m message, people ...string) {
	w.Helper()
	if !slices.Equal(m.Mentions, people) {
		w.Errorf("%q mentions %q, not %q", m.Text, m.Mentions, people)
	}
}

// clicks presses a button of a message; in a menu it takes the choice.
func (p person) clicks(m message, label string, choice ...string) answer {
	p.Helper()
	return p.must(p.tryClick(m, label, choice...))
}

func (p person) tryClick(m message, label string, choice ...string) (answer, error) {
	return p.net.click(p.Context(), p.id, m, label, strings.Join(choice, ""))
}

// fills answers a form with pairs of field and value, and sends it.
func (p person) fills(f *form, pairs ...string) answer {
	p.Helper()
	return p.must(p.trySend(f, p.started(f).with(pairs...)))
}

// sends sends a form as it is filled in.
func (p person) sends(f *form, in filled) answer {
	p.Helper()
	return p.must(p.trySend(f, in))
}

func (p person) trySend(f *form, in filled) (answer, error) {
	return p.net.submit(p.Context(), p.id, f, in)
}

// closes closes a form without sending it, with pairs of field and value typed into it.
func (p person) closes(f *form, pairs ...string) answer {
	p.Helper()
	return p.must(p.net.dismiss(p.Context(), p.id, f, p.started(f).with(pairs...)))
}

// picks changes one field of a form and gives the form as it looks then, with what was typed before.
func (p person) picks(f *form, typed filled, field, value string) *form {
	p.Helper()
	typed.Values = maps.Clone(typed.Values)
	typed.Values[field] = []string{value}
	a := p.must(p.net.change(p.Context(), p.id, f, field, typed))
	if a.Form == nil {
		p.Fatalf("%s: the form stays as it is after choosing %s", p.id, field)
	}
	return a.Form
}

// started fails the test if there is no form.
func (w *world) started(f *form) *form {
	w.Helper()
	if f == nil {
		w.Fatal("there is no form")
	}
	return f
}

// field is the form's field with the ID.
func (w *world) field(f *form, id string) chat.Field {
	w.Helper()
	i := slices.IndexFunc(w.started(f).Fields, func(f chat.Field) bool { return f.ID == id })
	if i < 0 {
		w.Fatalf("the form has no field %q", id)
	}
	return f.Fields[i]
}

// uploads brings a file to a channel, to be sent along.
func (p person) uploads(channel, name, content string) string {
	p.Helper()
	id, a, err := p.net.upload(p.Context(), p.id, channel, name, content)
	p.must(a, err)
	return id
}

// downloads reads a file of a message.
func (p person) downloads(m message, f file) string {
	p.Helper()
	content, err := p.net.download(p.Context(), p.id, m, f)
	if err != nil {
		p.Fatal(err)
	}
	return content
}

// ticket makes a simple ticket and gives its number, without waiting for the team's card.
func (p person) ticket(summary string) (key string) {
	p.Helper()
	f := p.types("general", "/ticket "+summary).Form
	m := p.reads(p.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-")
	return keyIn(m.Text)
}

// keyIn is the number of the ticket that a text is about.
func keyIn(text string) string {
	i := strings.Index(text, "HD-")
	return text[i : i+len("HD-00000")]
}

// opens makes a simple ticket and gives its number and its card.
func (p person) opens(summary string) (key string, card message) {
	p.Helper()
	key = p.ticket(summary)
	p.sees(direct, "", key)
	return key, p.as("carla").sees("ict-triage", "", key)
}

// mine is the first post of a ticket's conversation with its requester.
func (w *world) mine(p person, key string) message {
	w.Helper()
	return p.find(direct, "", []string{key + " · "}, any1)
}
