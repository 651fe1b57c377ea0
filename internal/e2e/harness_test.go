package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
	"balie/bot"
	"balie/deploy"
	"balie/internal/app"
	"balie/internal/chat"
	"balie/internal/config"
	"balie/internal/policy"
	"balie/internal/ticket"
)

// patience is how long a condition may take to come true. It is never waited out unless the test fails.
const patience = 20 * time.Second

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond) // no two things happen at once
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is the whole program with people in it. When the test ends, any post that nobody expected and any line that was
// logged as an error fails it.
type world struct {
	*testing.T
	clock  *clock
	cfg    config.Config
	policy *ticket.Policy
	app    *app.App
	client *client.Client
	errors *errorLines
	seen   map[string]bool // ids of messages that somebody expected
	hurry  bool            // let time pass while waiting
	stop   func()
}

// errorLines collects what is logged as an error.
type errorLines struct {
	mu    sync.Mutex
	lines []string
}

func (e *errorLines) Levels() []logrus.Level {
	return []logrus.Level{logrus.ErrorLevel, logrus.FatalLevel, logrus.PanicLevel}
}

func (e *errorLines) Fire(entry *logrus.Entry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	line, err := entry.String()
	e.lines = append(e.lines, line)
	return err
}

func (e *errorLines) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.lines)
}

// start runs the program on the store that cfg names.
func start(t *testing.T, cfg config.Config) *world {
	policy, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, cfg: cfg, policy: policy, seen: map[string]bool{}, errors: &errorLines{},
		clock: &clock{now: time.Date(2126, 3, 4, 9, 0, 0, 0, time.UTC)}} // a database forgets drafts by its own clock
	w.run()
	t.Cleanup(func() {
		if !t.Failed() {
			w.nothingElse()
		}
		w.stop()
		if lines := w.errors.all(); len(lines) > 0 {
			t.Errorf("logged as errors:\n%s", strings.Join(lines, ""))
		}
	})
	return w
}

// Context is for what is asked of the program. It outlives the test's own, for the last look around.
func (w *world) Context() context.Context { return context.Background() }

// run starts the program; stop ends it.
func (w *world) run() {
	w.Helper()
	log := logrus.New()
	log.SetOutput(w.Output())
	log.AddHook(w.errors)
	ctx, cancel := context.WithCancel(context.Background())
	a, err := app.New(ctx, app.Options{Config: w.cfg, Policy: w.policy, Playground: true, Now: w.clock.Now, Log: log,
		Pace: bot.Pace{Poll: 20 * time.Millisecond, Tick: 20 * time.Millisecond}})
	if err != nil {
		cancel()
		w.Fatal(err)
	}
	w.app = a
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	w.client = client.New(a.URL(), nil)
	w.stop = sync.OnceFunc(func() {
		cancel()
		w.client.CloseIdle()
		if err := <-done; err != nil {
			w.Errorf("the program ended with: %v", err)
		}
	})
}

// restart stops the program and starts it again on the same store.
func (w *world) restart() {
	w.Helper()
	w.stop()
	w.run()
}

// eventually waits until f gives no error.
func (w *world) eventually(f func() error) {
	w.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.Fatal(err)
		}
		if w.hurry {
			w.clock.forward(time.Second)
		}
		time.Sleep(5 * time.Millisecond) // between two looks at the condition
	}
}

// everything is every message that there is, as the people in the world see it.
func (w *world) everything() map[string]wire.Message {
	w.Helper()
	all := map[string]wire.Message{}
	for _, id := range []string{"ana", "bram", "carla", "david", "eva"} {
		p := w.client.As(id)
		ws, err := p.Workspace(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		for _, ch := range ws.Channels {
			page, err := p.Messages(w.Context(), ch.ID, "", 200)
			if err != nil {
				w.Fatal(err)
			}
			for _, m := range page.Messages {
				all[m.ID] = m
				if _, ok := page.Threads[m.ID]; !ok {
					continue
				}
				thread, err := p.Thread(w.Context(), m.ID, "", 200)
				if err != nil {
					w.Fatal(err)
				}
				for _, r := range thread.Messages {
					all[r.ID] = r
				}
			}
		}
	}
	return all
}

// settled waits until nothing is left to deliver, while time passes.
func (w *world) settled() {
	w.Helper()
	w.hurry = true
	defer func() { w.hurry = false }()
	w.eventually(func() error {
		resp, err := http.Get(w.app.URL() + "/metrics")
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}
		if !strings.Contains(string(body), "\nbalie_delivery_backlog_tickets 0\n") {
			return errors.New("something is left to deliver")
		}
		return nil
	})
}

// nothingElse fails the test if the bot said anything that nobody expected.
func (w *world) nothingElse() {
	w.Helper()
	for _, m := range w.everything() {
		if m.From == wire.BotID && !m.Deleted && !w.seen[m.ID] {
			w.Errorf("nobody expected, in %s (thread %q): %s", m.Channel, m.Thread, text(m))
		}
	}
}

// person is somebody in the world.
type person struct {
	*world
	client.Person
}

func (w *world) as(id string) person { return person{w, w.client.As(id)} }

// must fails the test unless the action went well and said nothing against it.
func (p person) must(a wire.Answer, err error) wire.Answer {
	p.Helper()
	if err != nil {
		p.Fatalf("%s: %v", p.ID(), err)
	}
	if len(a.Errors) > 0 {
		p.Fatalf("%s: the form says %v", p.ID(), a.Errors)
	}
	return a
}

// types types a slash command.
func (p person) types(channel, line string) wire.Answer {
	p.Helper()
	name, rest, _ := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	return p.must(p.Command(p.Context(), channel, name, rest))
}

// reads says that the answer is a private message with the parts.
func (p person) reads(a wire.Answer, parts ...string) wire.Private {
	p.Helper()
	for _, m := range a.Private {
		s := m.Text
		if m.Card != nil {
			s += "\n" + cardText(m.Card)
		}
		if contains(s, parts) {
			return m
		}
	}
	p.Fatalf("%s reads %+v, nothing with %q", p.ID(), a.Private, parts)
	return wire.Private{}
}

// says posts a message.
func (p person) says(channel, thread, text string) wire.Message {
	p.Helper()
	return *p.must(p.Say(p.Context(), channel, thread, text)).Message
}

// sees waits for a message of the bot's with all the parts, in a channel or in a thread, that was not seen before.
func (p person) sees(channel, thread string, parts ...string) wire.Message {
	p.Helper()
	return p.find(channel, thread, parts, func(m wire.Message) bool { return m.From == wire.BotID && !p.seen[m.ID] })
}

// later is sees, while time passes: for what is tried again.
func (p person) later(channel, thread string, parts ...string) wire.Message {
	p.Helper()
	p.hurry = true
	defer func() { p.hurry = false }()
	return p.sees(channel, thread, parts...)
}

// watches waits until a message that was seen before reads like the parts.
func (p person) watches(m wire.Message, parts ...string) wire.Message {
	p.Helper()
	return p.find(m.Channel, m.Thread, parts, func(o wire.Message) bool { return o.ID == m.ID })
}

func (p person) find(channel, thread string, parts []string, which func(wire.Message) bool) (found wire.Message) {
	p.Helper()
	p.eventually(func() error {
		var page wire.Page[wire.Message]
		var err error
		if thread == "" {
			page, err = p.Messages(p.Context(), channel, "", 200)
		} else {
			page, err = p.Person.Thread(p.Context(), thread, "", 200)
		}
		if err != nil {
			return err
		}
		var others []string
		for _, m := range page.Messages {
			if m.Thread != thread && m.ID != thread || !which(m) {
				continue
			}
			if contains(text(m), parts) {
				found = m
				p.seen[m.ID] = true
				return nil
			}
			others = append(others, text(m))
		}
		return fmt.Errorf("%s sees nothing with %q in %s (thread %q), but %q", p.ID(), parts, channel, thread, others)
	})
	return found
}

// neverSees says that nothing in the channel or the thread has the text.
func (p person) neverSees(secret string) {
	p.Helper()
	ws, err := p.Workspace(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	for _, ch := range ws.Channels {
		page, err := p.Messages(p.Context(), ch.ID, "", 200)
		if err != nil {
			p.Fatal(err)
		}
		for _, m := range page.Messages {
			thread, err := p.Person.Thread(p.Context(), m.ID, "", 200)
			if err != nil {
				p.Fatal(err)
			}
			for _, r := range append(thread.Messages, m) {
				if strings.Contains(text(r), secret) {
					p.Errorf("%s can read %q in %s", p.ID(), secret, ch.ID)
				}
			}
		}
	}
}

// clicks presses a button of a message.
func (p person) clicks(m wire.Message, label string, choice ...string) wire.Answer {
	p.Helper()
	return p.must(p.Click(p.Context(), m.Buttons, label, choice...))
}

// fills answers a form with pairs of field and value, and sends it.
func (p person) fills(f *wire.Form, pairs ...string) wire.Answer {
	p.Helper()
	return p.must(p.Submit(p.Context(), f, filled(f, pairs...)))
}

// filled is a form with what stands in it and the pairs of field and value.
func filled(f *wire.Form, pairs ...string) client.Filled {
	in := client.Filled{Values: map[string][]string{}, Files: map[string][]string{}}
	for _, field := range f.Fields {
		if len(field.Value) > 0 {
			in.Values[field.ID] = field.Value
		}
	}
	for pair := range slices.Chunk(pairs, 2) {
		in.Values[pair[0]] = []string{pair[1]}
	}
	return in
}

// picks changes one field of a form and gives the form as it looks then, with what was typed before.
func (p person) picks(f *wire.Form, typed client.Filled, field, value string) *wire.Form {
	p.Helper()
	typed.Values = maps.Clone(typed.Values)
	typed.Values[field] = []string{value}
	a := p.must(p.Change(p.Context(), f, field, typed))
	if a.Form == nil {
		p.Fatalf("%s: the form stays as it is after choosing %s", p.ID(), field)
	}
	return a.Form
}

// field is the form's field with the id.
func (w *world) field(f *wire.Form, id string) chat.Field {
	w.Helper()
	if f == nil {
		w.Fatalf("there is no form, so no field %s", id)
	}
	i := slices.IndexFunc(f.Fields, func(f chat.Field) bool { return f.ID == id })
	if i < 0 {
		w.Fatalf("the form has no field %q", id)
	}
	return f.Fields[i]
}

// upload puts a file up, to be sent along.
func (p person) upload(name, content string) string {
	p.Helper()
	f, err := p.Upload(p.Context(), name, "", strings.NewReader(content))
	if err != nil {
		p.Fatal(err)
	}
	return f.ID
}

// download reads a file of a message.
func (p person) download(m wire.Message, f wire.File) string {
	p.Helper()
	r, _, err := p.Download(p.Context(), m.ID, f.ID)
	if err != nil {
		p.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		p.Fatal(err)
	}
	return string(content)
}

// opens makes a simple ticket and gives its number and its card.
func (p person) opens(summary string) (key string, card wire.Message) {
	p.Helper()
	f := p.types("general", "/ticket "+summary).Form
	a := p.fills(f, "type", "question", "category", "other")
	m := p.reads(a, "HD-")
	i := strings.Index(m.Text, "HD-")
	key = m.Text[i : i+len("HD-00000")]
	p.sees(p.Direct(), "", key)
	return key, p.as("carla").sees("ict-triage", "", key)
}

// text is a message as somebody reads it.
func text(m wire.Message) string {
	s := m.Text
	if m.Author != nil {
		s = m.Author.Name + ": " + s
	}
	if m.Card != nil {
		s += "\n" + cardText(m.Card)
	}
	for _, f := range m.Files {
		s += "\nfile " + f.Name
	}
	return s
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

func contains(s string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(s, part) })
}
