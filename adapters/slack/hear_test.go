package slack

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// keeping is a memory that a test can look into.
type keeping struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (k *keeping) Recall(_ context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[name], nil
}

func (k *keeping) Keep(_ context.Context, name string, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string][]byte{}
	}
	k.kept[name] = bytes.Clone(value)
	return nil
}

func (k *keeping) Forget(_ context.Context, name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, name)
	return nil
}

func (k *keeping) List(_ context.Context, group string) (map[string][]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string][]byte{}
	for name, v := range k.kept {
		if strings.HasPrefix(name, group+"/") {
			out[name] = v
		}
	}
	return out, nil
}

// listener is the adapter on a fake, and what its bot was told.
type listener struct {
	t      *testing.T
	fake   *slackfake.Server
	memory *keeping
	socket bool

	mu    sync.Mutex
	heard []chat.Event
	fails int // so many events can't be stored
	stop  func()
}

func listening(t *testing.T, socket bool) *listener {
	t.Helper()
	l := &listener{t: t, memory: &keeping{}, socket: socket, stop: func() {}, fake: slackfake.New(t, slackfake.Options{
		People:   []slackfake.Person{{Name: "ana", Real: "Ana Silva"}, {Name: "bram", Real: "Bram de Wit"}},
		Channels: []slackfake.Channel{{Name: "general", Bot: true}},
	})}
	t.Cleanup(func() { l.stop() })
	return l
}

// start runs the adapter; stop ends it.
func (l *listener) start() *Slack {
	l.t.Helper()
	log := logrus.New()
	log.SetOutput(l.t.Output())
	o := Options{BotToken: l.fake.BotToken, APIURL: l.fake.APIURL, URL: "http://127.0.0.1:1", Secret: bytes.Repeat([]byte("s"), 32),
		Memory: l.memory, RetryAfter: 10 * time.Millisecond, Log: log}
	if l.socket {
		o.AppToken = l.fake.AppToken
	} else {
		o.SigningSecret = l.fake.SigningSecret
	}
	s, err := New(o)
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l.handle) }()
	var server *httptest.Server
	if !l.socket {
		server = httptest.NewServer(http.StripPrefix("/hooks/slack", s.Hooks(l.handle)))
		l.fake.Deliver(server.URL + "/hooks/slack")
	}
	l.stop = sync.OnceFunc(func() {
		if server != nil {
			l.fake.Deliver("")
			server.Close()
		}
		cancel()
		if err := <-done; err != nil {
			l.t.Errorf("the adapter ended with: %v", err)
		}
	})
	return s
}

func (l *listener) handle(_ context.Context, e chat.Event) (chat.Reply, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		return chat.Reply{Text: "not now"}, errors.New("the store is away")
	}
	l.heard = append(l.heard, e)
	return chat.Reply{}, nil
}

// hears waits until the bot was told of those messages, and says that it was told once.
func (l *listener) hears(texts ...string) {
	l.t.Helper()
	var got []string
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got = nil
		l.mu.Lock()
		for _, e := range l.heard {
			if e.Message != nil {
				got = append(got, e.Message.Text)
			}
		}
		l.mu.Unlock()
		if slices.Equal(got, texts) {
			return
		}
		if time.Now().After(deadline) || len(got) > len(texts) {
			l.t.Fatalf("heard %q, not %q", got, texts)
		}
	}
}

func (l *listener) say(who, thread, text string) string {
	l.t.Helper()
	m, _, err := l.fake.As(who).Say(l.t.Context(), l.fake.ChannelID("general"), thread, text)
	if err != nil {
		l.t.Fatal(err)
	}
	return m.TS
}

func TestWhatWasSaidWhileAway(t *testing.T) {
	for name, socket := range map[string]bool{"http": false, "socket": true} {
		t.Run(name, func(t *testing.T) {
			l := listening(t, socket)
			s := l.start()
			s.connected(t)
			root := l.say("ana", "", "before")
			l.hears("before")
			l.stop()
			l.fake.DropEvents(1000) // however often they are repeated
			l.say("ana", "", "while you were away")
			l.say("bram", root, "in an older thread")
			l.fake.DropEvents(0)
			l.mu.Lock()
			l.heard = nil
			l.mu.Unlock()
			l.start()
			// The fake's clock and ours are one, so only what is surely older than the mark is left out.
			l.waitFor("while you were away", "in an older thread")
		})
	}
}

// connected waits until the adapter hears, and keeps up to when it did.
func (s *Slack) connected(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s.ears.mu.Lock()
		ready := len(s.ears.met) > 0 && len(s.ears.since) == 0 && (s.opts.AppToken == "" || len(s.ears.open) == connections)
		s.ears.mu.Unlock()
		if ready {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the adapter does not hear")
		}
	}
}

// waitFor waits until the bot was told of those messages, whatever else it was told.
func (l *listener) waitFor(texts ...string) {
	l.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		missing := slices.Clone(texts)
		l.mu.Lock()
		for _, e := range l.heard {
			if e.Message != nil {
				missing = slices.DeleteFunc(missing, func(s string) bool { return s == e.Message.Text })
			}
		}
		l.mu.Unlock()
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("never heard %q", missing)
		}
	}
}

// What could not be stored is told again, and once.
func TestWhatCouldNotBeStored(t *testing.T) {
	for name, socket := range map[string]bool{"http": false, "socket": true} {
		t.Run(name, func(t *testing.T) {
			l := listening(t, socket)
			l.start().connected(t)
			l.mu.Lock()
			l.fails = 5
			l.mu.Unlock()
			l.say("ana", "", "is anybody there?")
			l.hears("is anybody there?")
			l.say("ana", "", "good")
			l.hears("is anybody there?", "good")
		})
	}
}

// A socket after the other closes, and nothing is lost.
func TestSocketsCloseNowAndThen(t *testing.T) {
	l := listening(t, true)
	s := l.start()
	s.connected(t)
	var want []string
	for n := range 6 {
		l.fake.Disconnect([]string{"warning", "refresh_requested"}[n%2])
		text := strings.Repeat("word ", n) + "end"
		l.say("ana", "", text)
		want = append(want, text)
		l.hears(want...)
	}
}
