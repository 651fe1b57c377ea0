package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
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
	heard  *overheard         // all that was logged, if the network has secrets
	adjust func(*app.Options) // changes what the program is started with from now on; nil for nothing
	seen   map[string]bool    // IDs of messages that somebody expected
	hurry  bool               // let time pass while waiting
	stop   func()
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
		w.keepsSecrets()
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

// launch runs the program once on the world's network and store: leave tells it to end, and ended what came of it.
func (w *world) launch() (a *app.App, leave func(), ended <-chan error) {
	w.Helper()
	log := logrus.New()
	log.SetOutput(w.Output())
	log.AddHook(w.log)
	w.overhear(log)
	ctx, cancel := context.WithCancel(context.Background())
	o := app.Options{Config: w.cfg, Policy: w.policy, Now: w.clock.Now, Log: log,
		Pace: bot.Pace{Poll: 20 * time.Millisecond, Tick: 20 * time.Millisecond, PerChannel: time.Millisecond,
			Lease: 20 * time.Minute}} // some seconds while time is hurried: it may not run out while somebody is at work
	w.net.connect(&o)
	if w.adjust != nil {
		w.adjust(&o)
	}
	a, err := app.New(ctx, o)
	if err != nil {
		cancel()
		w.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return a, cancel, done
}

// run starts the program; stop ends it.
func (w *world) run() {
	w.Helper()
	a, leave, ended := w.launch()
	w.app = a
	w.net.open(a)
	w.stop = sync.OnceFunc(func() {
		leave()
		w.net.close()
		if err := <-ended; err != nil {
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
	w.within(patience, f)
}

// within is eventually for what may take longer.
func (w *world) within(limit time.Duration, f func() error) {
	w.Helper()
	deadline := time.Now().Add(limit)
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

// hurried waits until f gives no error, while time passes.
func (w *world) hurried(f func() error) {
	w.Helper()
	w.hurry = true
	defer func() { w.hurry = false }()
	w.eventually(f)
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
	w.hurried(w.delivered)
}

// delivered is an error while something is left to deliver.
func (w *world) delivered() error {
	told, err := w.metrics()
	if err != nil {
		return err
	}
	if !strings.Contains(told, "\nbalie_delivery_backlog_tickets 0\n") {
		return errors.New("something is left to deliver")
	}
	return nil
}

// metrics are what the program counts.
func (w *world) metrics() (string, error) {
	resp, err := http.Get(w.app.URL() + "/metrics")
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	return string(body), errors.Join(err, resp.Body.Close())
}

var counted = regexp.MustCompile(`(?m)^balie_event_duration_seconds_count\{kind="(\w+)",.*\} (\d+)$`)

// handled is how many events of some kinds the bot has done with.
func (w *world) handled(kinds ...string) (n int, err error) {
	told, err := w.metrics()
	if err != nil {
		return 0, err
	}
	for _, line := range counted.FindAllStringSubmatch(told, -1) {
		if !slices.Contains(kinds, line[1]) {
			continue
		}
		one, err := strconv.Atoi(line[2])
		if err != nil {
			return 0, err
		}
		n += one
	}
	return n, nil
}

// actions is how many commands, clicks and forms the bot has heard of. Somebody did something before it is asked for.
func (w *world) actions() int {
	w.Helper()
	n, err := w.handled("command", "click", "submit")
	if err != nil {
		w.Fatal(err)
	}
	if n == 0 {
		w.Fatal("nobody counts")
	}
	return n
}

// listens waits until the bot has done with one more message than before somebody said something.
func (w *world) listens(says func()) {
	w.Helper()
	before, err := w.handled("message")
	if err != nil {
		w.Fatal(err)
	}
	says()
	w.eventually(func() error {
		n, err := w.handled("message")
		if err == nil && n == before {
			return errors.New("the bot did not hear it")
		}
		return err
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
