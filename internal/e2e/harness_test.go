package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/bot"
	"balie/deploy"
	"balie/internal/app"
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
	net    network
	can    abilities
	log    *logLines
	adjust func(*app.Options) // changes what the program is started with from now on; nil for nothing
	seen   map[string]bool    // IDs of messages that somebody expected
	hurry  bool               // let time pass while waiting
	stop   func()
}

// logLines collects what admins read in the log: warnings, and errors that nobody expected.
type logLines struct {
	mu               sync.Mutex
	warnings, errors []string
}

// Levels implements logrus.Hook.
func (l *logLines) Levels() []logrus.Level { return logrus.AllLevels[:logrus.WarnLevel+1] }

// Fire implements logrus.Hook.
func (l *logLines) Fire(entry *logrus.Entry) error {
	line, err := entry.String()
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry.Level == logrus.WarnLevel {
		l.warnings = append(l.warnings, line)
	} else {
		l.errors = append(l.errors, line)
	}
	return err
}

// take gives the errors with all the parts, which nobody has to fear any more.
func (l *logLines) take(parts ...string) (taken []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors = slices.DeleteFunc(l.errors, func(line string) bool {
		if !contains(line, parts) {
			return false
		}
		taken = append(taken, line)
		return true
	})
	return taken
}

// warned are the warnings so far with all the parts.
func (l *logLines) warned(parts ...string) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.warnings {
		if contains(line, parts) {
			all = append(all, line)
		}
	}
	return all
}

// start runs the program on the network, and on the store that cfg names.
func start(t *testing.T, cfg config.Config, net network) *world {
	policy, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, cfg: cfg, policy: policy, net: net, can: net.can(), seen: map[string]bool{}, log: &logLines{},
		clock: &clock{now: time.Date(2126, 3, 4, 9, 0, 0, 0, time.UTC)}} // a database forgets drafts by its own clock
	w.run()
	t.Cleanup(func() {
		if !t.Failed() {
			w.nothingElse()
		}
		w.stop()
		if lines := w.log.take(); len(lines) > 0 {
			t.Errorf("logged as errors:\n%s", strings.Join(lines, ""))
		}
	})
	return w
}

var portsGiven sync.Map

// freePort is a port of this machine's own that nobody listens on. It is below the range that systems take the ports of
// outgoing connections from, so that it is still free when somebody listens on it, and between two starts.
func freePort(t testing.TB) int {
	t.Helper()
	const lowest, many = 20_000, 10_000
	for range many {
		port := lowest + rand.IntN(many)
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, given := portsGiven.LoadOrStore(port, true); !given {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// Context is for what is asked of the program. It outlives the test's own, for the last look around.
func (w *world) Context() context.Context { return context.Background() }

// run starts the program; stop ends it.
func (w *world) run() {
	w.Helper()
	log := logrus.New()
	log.SetOutput(w.Output())
	log.AddHook(w.log)
	ctx, cancel := context.WithCancel(context.Background())
	o := app.Options{Config: w.cfg, Policy: w.policy, Now: w.clock.Now, Log: log,
		Pace: bot.Pace{Poll: 20 * time.Millisecond, Tick: 20 * time.Millisecond, PerChannel: time.Millisecond}}
	w.net.connect(&o)
	if w.adjust != nil {
		w.adjust(&o)
	}
	a, err := app.New(ctx, o)
	if err != nil {
		cancel()
		w.Fatal(err)
	}
	w.app = a
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	w.net.open(a)
	w.stop = sync.OnceFunc(func() {
		cancel()
		w.net.close()
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
func (w *world) everything() map[string]message {
	w.Helper()
	all := map[string]message{}
	for _, id := range inhabitants {
		for _, m := range w.as(id).sights() {
			all[m.ID] = m
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
		if m.Bot && !w.seen[m.ID] {
			w.Errorf("nobody expected, in %s (thread %q): %s", m.Channel, m.Thread, m.Text)
		}
	}
}
