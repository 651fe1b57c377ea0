package discord

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"balie/adapters/adaptertest"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
)

// listener is a bot that notes what it was told.
type listener struct {
	*station
	adaptertest.Bot
	d    *Discord
	logs *logtest.Hook
	stop func()
}

// quick are times for tests. What should not run out is longer than a machine stands still.
func quick() times {
	return times{greet: 30 * time.Second, leave: 10 * time.Second, identify: time.Millisecond, anew: 5 * time.Millisecond,
		slow: 5 * time.Millisecond, steady: time.Minute, flags: time.Minute, lease: 600 * time.Millisecond, poll: 20 * time.Millisecond,
		rest: time.Second}
}

const testToken = "NzE3MDI4NDIzMTIzNDU2Nzg5.abcdef.abcdefghijklmnopqrstuvwxyz-secret"

func (s *station) listen(change ...func(*Discord)) *listener {
	s.Helper()
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	if os.Getenv("BALIE_TEST_LOG") != "" {
		log.SetOutput(os.Stderr)
	}
	d, err := New(Options{Token: testToken, APIURL: s.srv.URL + "/api/v9", Secret: []byte(strings.Repeat("s", 40)), Memory: s.mem,
		RetryAfter: 4 * time.Millisecond, Log: log})
	if err != nil {
		s.Fatal(err)
	}
	Unpaced(d)
	d.ears.times = quick()
	for _, c := range change {
		c(d)
	}
	b := &listener{station: s, d: d, logs: hook}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { d.ears.run(ctx, b.Handle) })
	b.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		d.api.close()
		for _, e := range hook.AllEntries() {
			if text, err := e.String(); err != nil || strings.Contains(text, testToken) {
				s.Errorf("logged: %s", text)
			}
		}
	})
	s.Cleanup(b.stop)
	return b
}

// texts are what was told, a line each.
func (b *listener) texts() []string {
	var out []string
	for _, e := range b.Stored() {
		switch {
		case e.Reaction != nil:
			out = append(out, "emoji "+e.Reaction.Emoji)
		case e.Message.Deleted:
			out = append(out, "deleted "+e.Message.ID)
		case e.Message.Edited:
			out = append(out, "edited: "+e.Message.Text)
		default:
			out = append(out, e.Message.Text)
		}
	}
	return out
}

// tells waits until the bot was told as much as that, and checks that it is that.
func (b *listener) tells(want ...string) {
	b.Helper()
	b.until("enough is told", func() bool { return len(b.texts()) >= len(want) })
	if got := b.texts(); !slices.Equal(got, want) {
		b.Fatalf("told %q, want %q", got, want)
	}
}

func (b *listener) logged(level logrus.Level, part string) int {
	return adaptertest.Logged(b.logs, level, part)
}
