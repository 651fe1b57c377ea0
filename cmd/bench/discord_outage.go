package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"balie/adapters/discord/discordfake"
)

// absence is a time in which Discord's gateway is down.
type absence struct {
	how     string // interactions go
	long    time.Duration
	hooks   bool
	resumes bool // the session can be gone on with afterwards
}

// resumable is how long the gateway is away at most when its session is to be gone on with, which Discord keeps for a while.
const resumable = 20 * time.Second

// discordOutage takes Discord's gateway down under busy people, who go on writing in the threads of their tickets: requesters
// in theirs, or directly to the bot, and agents under the cards. Interactions fail meanwhile, unless they go over HTTP. When
// it is back everybody finishes what they were at. Then all that was written must be there once, in order.
func (b *bench) discordOutage(ctx context.Context, away absence) (err error) {
	const settling = 10 * time.Minute // from the gateway's return
	h, err := b.moveToDiscord(ctx, discordStay{hooks: away.hooks, typed: true, fake: discordfake.Options{Limits: true, Global: discordCalls}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	h.talk, h.again, h.below = newTalk(away.long+settling), max(b.think, h.again), h.town.below
	h.talk.grumbles, h.late = true, true
	ctx, cancel := context.WithTimeout(ctx, b.measured+away.long+2*settling)
	defer cancel()
	playing, give := context.WithCancel(ctx)
	defer give()
	moved := time.Now()
	ended := make(chan error, 1)
	go func() {
		defer give()
		ended <- h.play(playing, 0, b.measured+away.long+settling)
	}()
	giveUp := func(err error) error {
		give()
		return errors.Join(err, <-ended, tail(h.log))
	}
	for time.Since(moved) < b.measured || h.talk.opened() < h.people { // or there is little to write in
		if err := pause(playing, 100*time.Millisecond); err != nil {
			return giveUp(err)
		}
	}
	begun, resumed := h.town.Identified(), h.town.Resumed()
	h.town.GatewayDown(true)
	began := time.Now()
	if err := pause(ctx, away.long); err != nil {
		return giveUp(err)
	}
	h.last.Store(true)
	if !away.resumes {
		h.town.ExpireSessions()
	}
	h.town.GatewayDown(false)
	returned := time.Now()
	written := h.talk.written(began, returned)
	stuck := <-ended
	finished := time.Since(returned)
	found, err := settled(ctx, settling, func(context.Context) (tally, error) { return h.talk.tally(h.town.shelves()), nil })
	if err != nil {
		return errors.Join(stuck, err, tail(h.log))
	}
	late := h.talk.late(returned)

	b.begin(fmt.Sprintf("Discord's gateway taken down under %d people, and back; interactions go %s", h.people, away.how), "what\tfigure\ttarget\t")
	b.figure("how long it was away", returned.Sub(began).Round(100*time.Millisecond).String())
	b.figure("messages that people wrote in their tickets meanwhile", strconv.Itoa(written))
	b.figure("attempts of people that failed", strconv.FormatInt(h.talk.failed.Load(), 10))
	begun, resumed = h.town.Identified()-begun, h.town.Resumed()-resumed
	if away.resumes {
		b.judge("sessions gone on with, and begun anew", fmt.Sprintf("%d, %d", resumed, begun), "≥ 1, 0", resumed > 0 && begun == 0)
	} else {
		b.judge("sessions gone on with, and begun anew", fmt.Sprintf("%d, %d", resumed, begun), "0, ≥ 1", resumed == 0 && begun > 0)
	}
	b.judgeTally(found)
	b.figure("from its return until everybody was done", finished.Round(100*time.Millisecond).String())
	b.figure(fmt.Sprintf("  until the %d deliveries were there that had waited for it", late.interrupted), late.resumed.Round(100*time.Millisecond).String())
	b.judgeRefused(h, returned.Add(finished).Sub(moved))
	if err := b.end(); err != nil {
		return err
	}
	if found.wrong() > 0 {
		err = errors.Join(found.explain(), tail(h.log))
	}
	return errors.Join(stuck, err)
}
