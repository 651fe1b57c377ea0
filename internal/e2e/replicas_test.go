package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"balie/adapters/discord/discordfake"
	"balie/adapters/slack/slackfake"
	"balie/internal/app"
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
func (w *world) another() (*app.App, func()) {
	w.Helper()
	a, leave, ended := w.launch()
	stop := sync.OnceFunc(func() {
		leave()
		if err := <-ended; err != nil {
			w.Errorf("the other program ended with: %v", err)
		}
	})
	w.Cleanup(stop)
	return a, stop
}

// atOnce has people press a button at the same moment, and gives what each of them sees.
func (w *world) atOnce(m message, label string, people ...person) []answer {
	w.Helper()
	var all sync.WaitGroup
	answers := make([]answer, len(people))
	for i, p := range people {
		all.Go(func() {
			var err error
			if answers[i], err = p.tryClick(m, label); err != nil {
				w.Error(err)
			}
		})
	}
	all.Wait()
	return answers
}

// shared goes on with a ticket that Ana has made, whichever process is asked: both agents claim it at once, and she says some
// lines, before each of which something may happen. Its card has the parts.
func (w *world) shared(key string, before func(line int), parts ...string) {
	w.Helper()
	ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
	mine := ana.sees(direct, "", key+" · ")
	card := bram.sees("ict-triage", "", append(parts, key+" · ")...)
	w.atOnce(card, "Claim", bram, carla)
	w.settled()
	bram.watches(card, "Status: In progress")
	ana.sees(direct, mine.ID, "took this ticket")
	lines := []string{"one.", "two.", "three.", "four.", "five."}
	for i, text := range lines {
		before(i)
		ana.says(direct, mine.ID, text)
	}
	for _, text := range lines {
		carla.sees("ict-triage", card.ID, text)
	}
	w.settled()
	carla.inOrder("ict-triage", card.ID, lines...)
	ana.inOrder(direct, mine.ID, append([]string{"took this ticket"}, lines...)...)
}

// TestSlackReplicas has two processes share a store and Slack's requests, in turn; then one of them ends.
func TestSlackReplicas(t *testing.T) {
	n := newSlack(t, overHTTP, slackfake.Options{})
	w := start(t, onMongo(t), n)
	other, end := w.another()
	b := balance(t)
	b.among(t, w.app, other)
	n.fake.Deliver(b.URL + "/hooks/slack")
	ana := w.as("ana")
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
		w.shared(key, func(int) {})
	}
}

// TestDiscordReplicas has two processes share a store and, over HTTP, Discord's requests, in turn. One of them listens at the
// gateway; when it ends the other one takes over, and hears what was said between.
func TestDiscordReplicas(t *testing.T) {
	for _, by := range discordTransports {
		t.Run(string(by), func(t *testing.T) {
			n := newDiscord(t, by, discordfake.Options{})
			w := &discordWorld{world: start(t, onMongo(t), n), discord: n, fake: n.fake}
			other, end := w.another()
			b := balance(t)
			among := func(apps ...*app.App) {
				b.among(t, apps...)
				if by == overHTTP {
					w.fake.Deliver(b.URL + "/hooks/discord")
				}
			}
			among(w.app, other)
			ana := w.as("ana")
			for round := range 2 {
				if n := w.fake.Sockets(); n != 1 {
					t.Errorf("%d processes listen", n)
				}
				f := w.longForm(ana, fmt.Sprintf("the door of room %d", round)) // whose pages may go to different processes
				ana.reads(ana.fills(f, "location", "3.14", "description", "It squeaks."), "Your ticket is")
				w.shared(fmt.Sprintf("HD-%05d", round+1), func(line int) {
					if line == 2 && round == 0 { // the one that listens ends, and the other one goes on alone
						w.stop()
						w.app, w.stop = other, end
						among(other)
					}
				}, "It squeaks.")
			}
		})
	}
}
