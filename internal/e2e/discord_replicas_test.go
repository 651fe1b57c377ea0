package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/discord/discordfake"
	"balie/bot"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/store/mongo/mongotest"
)

// another runs the program a second time on the same store. The function that it gives ends it.
func (w *discordWorld) another() (*app.App, func()) {
	w.Helper()
	log := logrus.New()
	log.SetOutput(w.Output())
	log.AddHook(w.log)
	ctx, cancel := context.WithCancel(context.Background())
	o := app.Options{Config: w.cfg, Policy: w.policy, Now: w.clock.Now, Log: log,
		Pace: bot.Pace{Poll: 20 * time.Millisecond, Tick: 20 * time.Millisecond}}
	w.discord.connect(&o)
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

// TestDiscordReplicas has two processes share a store and, over HTTP, Discord's requests, in turn. One of them listens at the
// gateway; when it ends the other one takes over, and hears what was said between.
func TestDiscordReplicas(t *testing.T) {
	for _, by := range discordTransports {
		t.Run(string(by), func(t *testing.T) {
			uri, cfg := mongotest.URI(t), embedded(t)
			cfg.Mongo = config.Mongo{URI: config.NewSecret(uri), Database: mongotest.Database(t, uri)}
			n := newDiscord(t, by, discordfake.Options{})
			replicas(t, &discordWorld{world: start(t, cfg, n), discord: n, fake: n.fake})
		})
	}
}

func replicas(t *testing.T, w *discordWorld) {
	other, end := w.another()
	b := balance(t)
	b.among(t, w.app, other)
	deliver := func() {
		if w.discord.by == overHTTP {
			w.fake.Deliver(b.URL + "/hooks/discord")
		}
	}
	deliver()
	ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
	for round := range 2 {
		if n := w.fake.Sockets(); n != 1 {
			t.Errorf("%d processes listen", n)
		}
		f := w.longForm(ana, fmt.Sprintf("the door of room %d", round)) // whose pages may go to different processes
		ana.reads(ana.fills(f, "location", "3.14", "description", "It squeaks."), "Your ticket is")
		key := fmt.Sprintf("HD-%05d", round+1)
		mine := ana.sees(direct, "", key+" · ")
		card := bram.sees("ict-triage", "", key+" · ", "It squeaks.")
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
		lines := []string{"one.", "two.", "three.", "four.", "five."}
		for i, text := range lines {
			if i == 2 && round == 0 { // the one that listens ends, and the other one goes on alone
				w.stop()
				w.app, w.stop = other, end
				b.among(t, other)
				deliver()
			}
			ana.says(direct, mine.ID, text)
		}
		for _, text := range lines {
			carla.sees("ict-triage", card.ID, text)
		}
		w.settled()
		carla.inOrder("ict-triage", card.ID, lines...)
		ana.inOrder(direct, mine.ID, append([]string{"took this ticket"}, lines...)...)
	}
}
