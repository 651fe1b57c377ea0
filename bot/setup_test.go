package bot_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/bot"
	"balie/deploy"
	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

// setup is what a bot is made of: the default policy, with a triage channel on the platform "one", and a store of its own.
type setup struct {
	*testing.T
	policy *ticket.Policy
	store  store.Store
	desk   *desk.Desk // after make
	now    func() time.Time

	mu    sync.Mutex
	lines bytes.Buffer // that were logged
}

// Write takes what is logged.
func (s *setup) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.Write(line)
}

func (s *setup) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.String()
}

func newSetup(t *testing.T) *setup {
	t.Helper()
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Teams {
		p.Teams[i].Triage = []ticket.Channel{{Platform: "one", ID: "triage"}}
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &setup{T: t, policy: p, store: s, now: time.Now}
}

// make is the bot.
func (s *setup) make(on chat.Platform, pace bot.Pace) *bot.Bot {
	log := logrus.New()
	log.SetOutput(s)
	s.desk = desk.New(s.store, s.policy, s.now)
	return bot.New(bot.Options{Desk: s.desk, Log: log, Now: s.now, Platforms: []chat.Platform{on}, Pace: pace})
}

// run runs a bot until the test ends.
func (s *setup) run(b *bot.Bot) {
	ctx, stop := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, b.Handle) }()
	s.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.Error(err)
		}
	})
}

// eventually waits until f says that it is so.
func (s *setup) eventually(what string, f func() bool) {
	s.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("%s: never", what)
		}
	}
}

// running is a clock on which that much time passes between two looks.
func running(step time.Duration) func() time.Time {
	now := time.Now()
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(step)
		return now
	}
}

// root waits for the first post in the channel.
func (s *setup) root(o *one, channel string) (first chat.Post) {
	s.Helper()
	s.eventually("there is a post in "+channel, func() bool {
		for _, p := range o.sent() {
			if p.To.Channel == channel {
				first = p
				return true
			}
		}
		return false
	})
	return first
}

// begun waits until the first post in the channel is delivered: what is said under it is known to be the ticket's then,
// however long that took.
func (s *setup) begun(o *one, channel string) chat.Post {
	s.Helper()
	first := s.root(o, channel)
	s.eventually("all is delivered", func() bool {
		n, _, err := s.store.Backlog(s.Context())
		return err == nil && n == 0
	})
	return first
}

// event is something that Ana did.
func event(id string) chat.Event {
	return chat.Event{ID: id, Platform: "one", Workspace: "w", Channel: "c", Person: chat.Person{ID: "U1", Name: "Ana"}, At: time.Now()}
}

// handled is the reply to an event that must go well.
func handled(t *testing.T, b *bot.Bot, e chat.Event) chat.Reply {
	t.Helper()
	r, err := b.Handle(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one is the platform of that name. It takes what is for channels, and may refuse what is for a person.
type one struct {
	caps      chat.Caps
	unwilling bool

	mu    sync.Mutex
	fails error // what sending gives instead
	tries int
	posts []chat.Post
}

func (o *one) Name() string                                    { return "one" }
func (o *one) Caps() chat.Caps                                 { return o.caps }
func (o *one) Hooks(chat.Handler) http.Handler                 { return nil }
func (o *one) Edit(context.Context, chat.Ref, chat.Post) error { return nil }
func (o *one) Delete(context.Context, chat.Ref) error          { return nil }

func (o *one) Run(ctx context.Context, _ chat.Handler) error {
	<-ctx.Done()
	return nil
}

func (o *one) Send(_ context.Context, p chat.Post) (chat.Ref, error) {
	if p.To.Person != "" && o.unwilling {
		return chat.Ref{}, &chat.SendError{Refused: "nobody may write to them"}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tries++; o.fails != nil {
		return chat.Ref{}, o.fails
	}
	o.posts = append(o.posts, p)
	return chat.Ref{Platform: "one", Workspace: "w", Channel: p.To.Channel, Thread: p.To.Thread, Message: p.Key}, nil
}

// Fetch gives every file its name as its content.
func (o *one) Fetch(_ context.Context, f chat.File) (io.ReadCloser, error) {
	if f.Name == "" {
		return nil, errors.New("no such file")
	}
	return io.NopCloser(bytes.NewReader([]byte(f.Name))), nil
}

// fail makes sending give the error from now on.
func (o *one) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fails, o.tries = err, 0
}

func (o *one) tried() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tries
}

// sent are the posts so far.
func (o *one) sent() []chat.Post {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.posts)
}
