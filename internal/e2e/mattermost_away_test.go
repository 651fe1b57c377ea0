package e2e

import (
	"context"
	"errors"
	"io"
	"strings"
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
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The projector hums")
		mine := w.mine(ana, key)
		before := ana.says(direct, mine.ID, "It hums in C")
		heard := carla.sees("ict-triage", card.ID, "Ana Silva: It hums in C")
		doomed := ana.says(direct, mine.ID, "It smells funny")
		smelled := carla.sees("ict-triage", card.ID, "It smells funny")
		w.settled()
		w.stop()

		ana.says(direct, mine.ID, "Now it smokes")
		ana.corrects(before, "It hums in D")
		ana.takesBack(doomed)
		wrong := ana.says(direct, mine.ID, "Nice weather")
		ana.takesBack(wrong)
		unsure := ana.says(direct, mine.ID, "Is that bad?")
		ana.corrects(unsure, "That is bad")
		picture := ana.uploads(direct, "smoke.png", "\x89PNG smoke")
		ana.says(direct, mine.ID, "Look", picture)
		carla.says("ict-triage", card.ID, "She should unplug it")
		ana.says(direct, "", "And the lamp is broken")
		if a := ana.works(ana.net.command(t.Context(), ana.id, "general", "", "/ticket")); a.Refused == "" {
			t.Error("a command was answered by nobody")
		}
		w.run()

		carla.sees("ict-triage", card.ID, "Ana Silva: Now it smokes")
		carla.sees("ict-triage", card.ID, "Ana Silva: That is bad")
		shot := carla.sees("ict-triage", card.ID, "Ana Silva: Look", "file smoke.png")
		if got := carla.downloads(shot, shot.Files[0]); got != "\x89PNG smoke" {
			t.Errorf("the picture arrives as %q", got)
		}
		carla.watches(heard, "It hums in D")
		carla.losesSight(smelled)
		offer := ana.sees(direct, "", "Shall I make a ticket of this?")
		if got := w.field(ana.clicks(offer, "New ticket").Form, "summary").Value; got[0] != "And the lamp is broken" {
			t.Errorf("the summary starts as %q", got)
		}
		w.settled()
		w.restart() // and nothing comes again
		ana.says(direct, mine.ID, "I unplugged it")
		carla.sees("ict-triage", card.ID, "I unplugged it")
		carla.inOrder("ict-triage", card.ID, "It hums in D", "Now it smokes", "That is bad", "Look", "I unplugged it")
		for _, text := range []string{"Nice weather", "It smells funny"} {
			carla.neverSees(text)
		}
		shown := carla.reads(carla.types("general", "/ticket show "+key), key, "She should unplug it")
		if strings.Contains(shown.Text, "weather") {
			t.Errorf("the ticket has what was taken back: %s", shown.Text)
		}
	})
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
		ana.says(direct, mine.ID, said)
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
