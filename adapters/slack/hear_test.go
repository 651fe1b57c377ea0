package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// listener is the adapter on a fake, and what its bot was told.
type listener struct {
	t      *testing.T
	fake   *slackfake.Server
	memory *adaptertest.Memory
	socket bool
	bot    *adaptertest.Bot
	stop   func()
}

func listening(t *testing.T, socket bool) *listener {
	t.Helper()
	l := &listener{t: t, memory: &adaptertest.Memory{}, socket: socket, bot: &adaptertest.Bot{}, stop: func() {}, fake: slackfake.New(t, slackfake.Options{
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
	go func() { done <- s.Run(ctx, l.bot.Handle) }()
	var server *httptest.Server
	if !l.socket {
		server = httptest.NewServer(http.StripPrefix("/hooks/slack", s.Hooks(l.bot.Handle)))
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

// fails lets so many events not be stored.
func (l *listener) fails(times int32) {
	var left atomic.Int32
	left.Store(times)
	l.bot.Answer(func(context.Context, chat.Event) (chat.Reply, error) {
		if left.Add(-1) >= 0 {
			return chat.Reply{Text: "not now"}, errors.New("the store is away")
		}
		return chat.Reply{}, nil
	})
}

// texts are those of the messages that the bot stored.
func (l *listener) texts() []string {
	var out []string
	for _, e := range l.bot.Stored() {
		if e.Message != nil {
			out = append(out, e.Message.Text)
		}
	}
	return out
}

// hears waits until the bot was told of those messages, and says that it was told once.
func (l *listener) hears(texts ...string) {
	l.t.Helper()
	adaptertest.Until(l.t, fmt.Sprintf("%q is heard", texts), func() bool {
		got := l.texts()
		if len(got) > len(texts) {
			l.t.Fatalf("heard %q, not %q", got, texts)
		}
		return slices.Equal(got, texts)
	})
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
			l.bot = &adaptertest.Bot{}
			l.start()
			// The fake's clock and ours are one, so only what is surely older than the mark is left out.
			l.waitFor("while you were away", "in an older thread")
		})
	}
}

// connected waits until the adapter hears, and keeps up to when it did.
func (s *Slack) connected(t *testing.T) {
	t.Helper()
	adaptertest.Until(t, "the adapter hears", func() bool {
		s.ears.mu.Lock()
		defer s.ears.mu.Unlock()
		return len(s.ears.met) > 0 && len(s.ears.since) == 0 && (s.opts.AppToken == "" || len(s.ears.open) == connections)
	})
}

// waitFor waits until the bot was told of those messages, whatever else it was told.
func (l *listener) waitFor(texts ...string) {
	l.t.Helper()
	adaptertest.Until(l.t, fmt.Sprintf("%q is heard, among others", texts), func() bool {
		got := l.texts()
		return !slices.ContainsFunc(texts, func(s string) bool { return !slices.Contains(got, s) })
	})
}

// What could not be stored is told again, and once.
func TestWhatCouldNotBeStored(t *testing.T) {
	for name, socket := range map[string]bool{"http": false, "socket": true} {
		t.Run(name, func(t *testing.T) {
			l := listening(t, socket)
			l.start().connected(t)
			l.fails(5)
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
