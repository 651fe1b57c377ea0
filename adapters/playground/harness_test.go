package playground_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"go.uber.org/goleak"

	"balie/adapters/playground"
	"balie/adapters/playground/client"
	"balie/adapters/playground/playgroundtest"
	"balie/internal/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errAway = errors.New("the disk is full")

var secret = []byte(strings.Repeat("a secret of tests ", 3))

// world is a playground behind a real HTTP server, with a bot that notes what it hears and answers as told.
type world struct {
	*testing.T
	*playground.Playground
	server  *httptest.Server
	content *playgroundtest.Memory
	client  *client.Client
	logs    *logtest.Hook

	mu     sync.Mutex
	heard  []chat.Event
	answer chat.Handler
}

func demoOptions() playground.Options {
	return playground.Options{
		Secret: secret, Workspace: "demo", Title: "Example Ltd",
		People: playground.DemoPeople(), Channels: playground.DemoChannels(),
		Commands: []playground.Command{{
			Name: "ticket", Hint: map[string]string{"en": "Ask for help", "nl": "Vraag om hulp"},
			Uses: []playground.Use{
				{Text: "printer is broken", Hint: map[string]string{"en": "Open a ticket", "nl": "Open een melding"}},
				{Text: "mine", Hint: map[string]string{"en": "Your tickets", "nl": "Je meldingen"}},
			},
		}},
		Shortcuts:  []playground.Shortcut{{Name: "create", Label: map[string]string{"en": "Create ticket", "nl": "Melding maken"}}},
		RetryAfter: 5 * time.Millisecond,
	}
}

// newWorld starts one; change adapts its options, and content may come from an earlier one.
func newWorld(t *testing.T, content *playgroundtest.Memory, change func(*playground.Options)) *world {
	t.Helper()
	w := &world{T: t, content: content}
	if w.content == nil {
		w.content = playgroundtest.NewMemory()
	}
	opts := demoOptions()
	opts.Content = w.content
	logger, logs := logtest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	opts.Log, w.logs = logger, logs
	if change != nil {
		change(&opts)
	}
	var err error
	if w.Playground, err = playground.New(opts); err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.Hooks(w.handle))
	w.client = client.New(w.server.URL, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}})
	t.Cleanup(func() {
		w.client.CloseIdle()
		w.server.Close()
	})
	return w
}

// run starts Run, and ends it with the test or when stop is called.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Playground.Run(ctx, w.handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("Run: %v", err)
		}
	})
	w.Cleanup(stop)
	return stop
}

func (w *world) handle(ctx context.Context, e chat.Event) (chat.Reply, error) {
	w.mu.Lock()
	w.heard = append(w.heard, e)
	answer := w.answer
	w.mu.Unlock()
	if answer == nil {
		return chat.Reply{}, nil
	}
	return answer(ctx, e)
}

func (w *world) setAnswer(h chat.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = h
}

func (w *world) events() []chat.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]chat.Event(nil), w.heard...)
}

// until waits for the condition.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			w.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func (w *world) channel(id string) chat.Place {
	return chat.Place{Platform: "playground", Workspace: "demo", Channel: id}
}

func (w *world) direct(person string) chat.Place {
	return chat.Place{Platform: "playground", Workspace: "demo", Person: person}
}

func (w *world) send(p chat.Post) chat.Ref {
	w.Helper()
	ref, err := w.Send(w.Context(), p)
	if err != nil {
		w.Fatalf("Send: %v", err)
	}
	return ref
}
