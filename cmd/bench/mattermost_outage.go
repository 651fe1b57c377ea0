package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	h.talk, h.speak = newTalk(b.outage+settling), h.town.write
	ctx, cancel := context.WithTimeout(ctx, b.measured+b.outage+2*settling)
	defer cancel()
	playing, give := context.WithCancel(ctx)
	defer give()
	ended := make(chan error, 1)
	go func() { ended <- h.play(playing, 0, b.measured+settling) }()
	giveUp := func(err error) error {
		give()
		return errors.Join(err, <-ended, tail(h.log))
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
	found, err := settled(ctx, settling, h.tally)
	if err != nil {
		return errors.Join(stuck, err, tail(h.log))
	}
	late := h.talk.late(returned)

	b.begin(fmt.Sprintf("The Mattermost server stopped under %d people and started again", people), "what\tfigure\ttarget\t")
	b.figure("how long it was away", returned.Sub(began).Round(100*time.Millisecond).String())
	b.figure("attempts of people that failed meanwhile", strconv.FormatInt(h.talk.failed.Load(), 10))
	b.judgeTally(found)
	b.figure("from its return until everybody was done", finished.Round(100*time.Millisecond).String())
	b.figure(fmt.Sprintf("  until the %d deliveries were there that had waited for it", late.interrupted), late.resumed.Round(100*time.Millisecond).String())
	b.figure("  until nothing took longer than a second any more", late.even.Round(100*time.Millisecond).String())
	if err := b.end(); err != nil {
		return err
	}
	if found.wrong() > 0 {
		err = errors.Join(found.explain(), tail(h.log))
	}
	return errors.Join(stuck, err)
}

// tally reads everything that stands in the town, and compares it.
func (h *household) tally(ctx context.Context) (tally, error) {
	read := func(name, channel, owner string) (shelf, error) {
		s := shelf{owner: owner, triage: h.triage[channel]}
		posts, err := h.town.As(name).Posts(ctx, channel)
		if err != nil {
			return s, err
		}
		for _, p := range posts {
			text, err := json.Marshal(p)
			if err != nil {
				return s, fmt.Errorf("read a post: %w", err)
			}
			s.list = append(s.list, messageOf(p, string(text), h.town.BotID))
		}
		return s, nil
	}
	triage, err := read(helper(0), h.town.ChannelID(triageChannel), "")
	if err != nil {
		return tally{}, err
	}
	all := []shelf{triage}
	for i := range h.people {
		name := requester(i)
		direct, err := read(name, h.town.directs[name], h.town.UserID(name))
		if err != nil {
			return tally{}, err
		}
		all = append(all, direct)
	}
	return h.talk.tally(all), nil
}
