package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// outages stops the server while people are busy, starts it again, lets everybody finish what they were at, and looks
// whether everything that was acknowledged is there once.
func (b *bench) outages(ctx context.Context, own *ownServer) (err error) {
	const settling = 3 * time.Minute // from the server's return
	people := max(1, b.people/2)
	h, err := b.moveIn(ctx, own.site, people)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	h.talk = newTalk(h.town, b.outage+settling)
	ctx, cancel := context.WithTimeout(ctx, b.measured+b.outage+2*settling)
	defer cancel()
	playing, give := context.WithCancel(ctx)
	defer give()
	ended := make(chan error, 1)
	go func() { ended <- h.play(playing, 0, b.measured+settling) }()
	giveUp := func(err error) error {
		give()
		return errors.Join(err, <-ended, h.tail())
	}
	if err := pause(ctx, b.measured); err != nil {
		return giveUp(err)
	}
	began := time.Now()
	if err := own.stop(ctx); err != nil {
		return giveUp(err)
	}
	h.last.Store(true)
	if err := pause(ctx, b.outage); err != nil {
		return giveUp(err)
	}
	answers := own.answers(ctx)
	if _, err := own.start(ctx); err != nil {
		return giveUp(err)
	}
	returned := <-answers
	stuck := <-ended
	finished := time.Since(returned)
	found, err := h.settled(ctx)
	if err != nil {
		return errors.Join(stuck, err, h.tail())
	}
	late := h.talk.late(returned)

	b.begin(fmt.Sprintf("The Mattermost server stopped under %d people and started again", people), "what\tfigure\ttarget\t")
	b.figure("how long it was away", returned.Sub(began).Round(100*time.Millisecond).String())
	b.figure("attempts of people that failed meanwhile", strconv.FormatInt(h.talk.failed.Load(), 10))
	b.figure("tickets", strconv.Itoa(found.tickets))
	b.figure("messages and replies", strconv.Itoa(found.messages))
	b.figure("posts looked at", strconv.Itoa(found.posts))
	none := func(what string, list []string) { b.judge(what, strconv.Itoa(len(list)), "0", len(list) == 0) }
	none("lost", found.lost)
	none("doubled", found.doubled)
	none("out of order", found.jumbled)
	none("in a wrong thread", found.elsewhere)
	b.figure("from its return until everybody was done", finished.Round(100*time.Millisecond).String())
	b.figure(fmt.Sprintf("  until the %d deliveries were there that had waited for it", late.interrupted), late.resumed.Round(100*time.Millisecond).String())
	b.figure("  until nothing took longer than a second any more", late.even.Round(100*time.Millisecond).String())
	if err := b.end(); err != nil {
		return err
	}
	if found.wrong() > 0 {
		err = errors.Join(found.explain(), h.tail())
	}
	return errors.Join(stuck, err)
}

// settled is the tally once nothing is missing from it any more, or after a while.
func (h *household) settled(ctx context.Context) (tally, error) {
	const while, between = 3 * time.Minute, 2 * time.Second
	began := time.Now()
	for {
		found, err := h.tally(ctx)
		if err != nil || len(found.lost) == 0 || time.Since(began) > while {
			return found, err
		}
		if err := pause(ctx, between); err != nil {
			return found, err
		}
	}
}

// explain names some of what is wrong.
func (t *tally) explain() error {
	const most = 10
	for name, list := range map[string][]string{"lost": t.lost, "doubled": t.doubled, "out of order": t.jumbled, "elsewhere": t.elsewhere} {
		if len(list) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.Join(list[:min(len(list), most)], ", ")); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}
