package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
	"balie/bot"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/store/mongo/mongotest"

	"github.com/sirupsen/logrus"
)

// balancer hands requests to several processes in turn.
type balancer struct {
	*httptest.Server

	mu   sync.Mutex
	to   []*httputil.ReverseProxy
	turn int
}

func balance(t *testing.T) *balancer {
	b := &balancer{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.turn++
		proxy := b.to[b.turn%len(b.to)]
		b.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// among hands requests to these from now on.
func (b *balancer) among(t *testing.T, apps ...*app.App) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = nil
	for _, a := range apps {
		u, err := url.Parse(a.URL())
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(u)
		proxy.Transport = &http.Transport{DisableKeepAlives: true}
		b.to = append(b.to, proxy)
	}
}

// another runs the program a second time on the same store. The function that it gives ends it.
func (w *slackWorld) another() (*app.App, func()) {
	w.Helper()
	log := logrus.New()
	log.SetOutput(w.Output())
	log.AddHook(w.log)
	ctx, cancel := context.WithCancel(context.Background())
	o := app.Options{Config: w.cfg, Policy: w.policy, Now: w.clock.Now, Log: log,
		Pace: bot.Pace{Poll: 20 * time.Millisecond, Tick: 20 * time.Millisecond}}
	w.slack.connect(&o)
	a, err := app.New(ctx, o)
	if err != nil {
		cancel()
		w.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("the other program ended with: %v", err)
		}
	})
	w.Cleanup(stop)
	return a, stop
}

// TestSlackReplicas has two processes share a store and Slack's requests, in turn; then one of them ends.
func TestSlackReplicas(t *testing.T) {
	uri, cfg := mongotest.URI(t), embedded(t)
	cfg.Mongo = config.Mongo{URI: config.NewSecret(uri), Database: mongotest.Database(t, uri)}
	n := newSlack(t, overHTTP, slackfake.Options{})
	w := &slackWorld{world: start(t, cfg, n), slack: n, fake: n.fake}
	other, end := w.another()
	b := balance(t)
	b.among(t, w.app, other)
	w.fake.Deliver(b.URL + "/hooks/slack")
	ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")

	for round := range 3 {
		if round == 2 { // one goes on alone
			end()
			b.among(t, w.app)
		}
		f := ana.types("general", fmt.Sprintf("/ticket the door of room %d", round)).Form
		f = ana.picks(f, f.with("type", "incident"), "category", "hardware")
		f = ana.picks(f, f.with("location", "3.14"), "device", "other")
		f = ana.picks(f, f.with(), "category", "other")
		key := fmt.Sprintf("HD-%05d", round+1)
		ana.reads(ana.fills(f), "Your ticket is", key)
		mine := ana.sees(direct, "", key+" · ")
		card := bram.sees("ict-triage", "", key+" · ")
		var both sync.WaitGroup
		answers := make([]answer, 2)
		for i, p := range []person{bram, carla} {
			both.Go(func() {
				var err error
				if answers[i], err = p.tryClick(card, "Claim"); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		w.settled()
		bram.watches(card, "Status: In progress")
		ana.sees(direct, mine.ID, "took this ticket")
		for i := range 5 {
			ana.says(direct, mine.ID, fmt.Sprintf("line %d.", i))
		}
		for i := range 5 {
			carla.sees("ict-triage", card.ID, fmt.Sprintf("line %d.", i))
		}
		w.settled()
		carla.inOrder("ict-triage", card.ID, "line 0.", "line 1.", "line 2.", "line 3.", "line 4.")
		ana.inOrder(direct, mine.ID, "took this ticket", "line 0.", "line 1.", "line 2.", "line 3.", "line 4.")
	}
}
