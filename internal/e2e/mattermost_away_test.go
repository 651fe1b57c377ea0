package e2e

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"github.com/sirupsen/logrus"

	"balie/adapters/mattermost/mattermostfake"
	"balie/internal/app"
	"balie/internal/store"
)

// TestMattermostProgramAway stops the program while Ana goes on: what she wrote, changed and took back meanwhile becomes
// part of her ticket when it starts again, once and in order.
func TestMattermostProgramAway(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) { w.comesBack("Shall I make a ticket of this?", func() {}) })
}

// dying is a store whose process dies: from then on nothing is written any more.
type dying struct {
	store.Store
	dead atomic.Bool
}

var errDead = errors.New("the process is dead")

// Settle implements store.Store.
func (d *dying) Settle(ctx context.Context, w store.Work, o store.Outcome) error {
	if d.dead.Load() {
		return errDead
	}
	return d.Store.Settle(ctx, w, o)
}

// TestMattermostKilledWhileSending ends the program between a post and the knowledge that it stands, and also forgets on
// the server that it was ever asked for it: the next process finds it and posts it no second time.
func TestMattermostKilledWhileSending(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The clock is wrong")
	mine := w.mine(ana, key)
	w.settled()
	open := func() *dying {
		var d *dying
		w.adjust = func(o *app.Options) {
			silent := logrus.New()
			silent.SetOutput(io.Discard)
			s, err := app.OpenStore(t.Context(), o.Config, silent)
			if err != nil {
				t.Fatal(err)
			}
			d = &dying{Store: s}
			o.Store = d
		}
		w.restart()
		return d
	}
	for _, how := range []string{"answered", "unanswered"} {
		d := open()
		d.dead.Store(true)
		if how == "unanswered" {
			w.fake.UncertainNextPost(w.town.BotID)
		}
		said, asked, summary := "It is five past "+how, "Which clock is "+how+"?", "Another one, "+how
		w.listens(func() { ana.says(direct, mine.ID, said) }) // a click comes another way, and may come before it
		carla.fills(carla.clicks(card, "Ask").Form, "text", asked)
		second := ana.ticket(summary)
		carla.later("ict-triage", card.ID, "Ana Silva: "+said) // not at once: whoever had the ticket before seems to be at it
		ana.later(direct, mine.ID, "Carla Jansen: "+asked)
		carla.later("ict-triage", card.ID, "Question to the requester", asked)
		first := ana.later(direct, "", "Here you follow", second)
		next := carla.later("ict-triage", "", second, summary)
		w.stop()
		w.fake.Restart() // which forgets the ids under which it was asked to post
		ana.says(direct, first.ID, "Are you there?")
		w.adjust = nil
		w.run()
		carla.later("ict-triage", next.ID, "Ana Silva: Are you there?")
		w.settled()
		ana.inOrder(direct, mine.ID, said, asked)
		carla.inOrder("ict-triage", card.ID, said, asked)
		carla.inOrder("ict-triage", "", summary)
		carla.inOrder("ict-triage", next.ID, "Are you there?")
	}
}
