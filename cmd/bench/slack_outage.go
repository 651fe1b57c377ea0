package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// slackOutage takes Slack down under busy people. For the first quarter nothing can be sent, but what people do still
// reaches the program; for the rest they can't do anything either. When Slack is back everybody finishes what they were
// at. Then all that was acknowledged must be there once, in order, and at Slack's pace.
func (b *bench) slackOutage(ctx context.Context) (err error) {
	const settling = 10 * time.Minute // from Slack's return
	h, err := b.moveToSlack(ctx, false, eachTeam)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	h.talk, h.again = newTalk(b.outage+settling), max(b.think, h.again)
	h.talk.grumbles = true
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
	seen := h.server.watch(ctx)
	defer seen.stop()
	if err := pause(ctx, b.measured); err != nil {
		return giveUp(err)
	}
	h.town.Down(true)
	began := time.Now()
	h.last.Store(true)
	if err := h.redeliver(ctx, b.outage/4); err != nil {
		return giveUp(err)
	}
	back := h.talk.cutOff()
	defer back()
	if err := pause(ctx, b.outage-b.outage/4); err != nil {
		return giveUp(err)
	}
	atEnd, waited := seen.last(), h.talk.waiting()
	limited := h.limited.Load()
	h.town.Down(false)
	returned := time.Now()
	back()
	h.town.Redeliver()
	stuck := <-ended
	finished := time.Since(returned)
	found, err := settled(ctx, settling, func(context.Context) (tally, error) {
		h.town.Redeliver()
		return h.talk.tally(h.town.shelves()), nil
	})
	if err != nil {
		return errors.Join(stuck, err, tail(h.log))
	}
	empty := seen.empty(ctx, returned)
	late := h.talk.late(returned)
	pace := paceOf(h.town.shelves(), returned, late.resumed)

	b.begin(fmt.Sprintf("Slack taken down under %d people, and back", h.people), "what\tfigure\ttarget\t")
	b.figure("how long it was away", returned.Sub(began).Round(100*time.Millisecond).String())
	b.figure("  of that, while what people did still reached us", (b.outage / 4).String())
	b.figure("attempts of people that failed meanwhile", strconv.FormatInt(h.talk.failed.Load(), 10))
	b.judgeTally(found)
	b.judge("posts less than a second after another in their channel", strconv.Itoa(pace.broken), "0", pace.broken == 0)
	b.figure("calls that Slack refused since they were too early", strconv.FormatInt(h.limited.Load()-limited, 10))
	b.judge("tickets with something to deliver, by /metrics, before it came back", strconv.Itoa(atEnd.tickets), fmt.Sprintf("≥ the %d of them", waited),
		atEnd.tickets > 0 && atEnd.tickets >= waited)
	b.judge("how long the oldest had waited then, by /metrics", seconds(atEnd.delay), "≥ half of it", atEnd.delay >= b.outage.Seconds()/2)
	b.figure("from its return until everybody was done", finished.Round(100*time.Millisecond).String())
	b.figure(fmt.Sprintf("  until the %d deliveries were there that had waited for it", late.interrupted), late.resumed.Round(100*time.Millisecond).String())
	b.figure("  in which Slack's pace let the busiest channel have so many posts, of which it got", fmt.Sprintf("%.0f, %d", late.resumed.Seconds()/slackEvery.Seconds(), pace.busiest))
	b.figure("  until /metrics had no backlog any more", empty)
	if err := b.end(); err != nil {
		return err
	}
	if found.wrong() > 0 || pace.broken > 0 {
		err = errors.Join(found.explain(), tail(h.log))
	}
	return errors.Join(stuck, err)
}

// redeliver waits, and delivers again meanwhile what the program did not take.
func (h *slackHouse) redeliver(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); h.town.Redeliver() {
		if err := pause(ctx, min(time.Until(end), 10*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// pace is how close to each other posts stand.
type pace struct {
	broken  int // that are too close to the one before
	busiest int // most in one channel, within a time
}

// paceOf looks at all posts of the bot's, and counts those in a channel since a moment, for so long.
func paceOf(all []shelf, since time.Time, long time.Duration) (p pace) {
	const exact = 5 * time.Millisecond // from Slack's look at the pace to its time stamp
	for _, s := range all {
		var times []int64
		for _, m := range s.list {
			if m.posted {
				times = append(times, microseconds(m.id))
			}
		}
		slices.Sort(times)
		within, before := 0, int64(0)
		for _, at := range times {
			if time.Duration(at-before)*time.Microsecond < slackEvery-exact {
				p.broken++
			}
			if t := time.UnixMicro(at); t.After(since) && !t.After(since.Add(long)) {
				within++
			}
			before = at
		}
		p.busiest = max(p.busiest, within)
	}
	return p
}

// microseconds is when a time stamp was given, since 1970.
func microseconds(ts string) int64 {
	var s, us int64
	if _, err := fmt.Sscanf(ts, "%d.%d", &s, &us); err != nil {
		return 0
	}
	return s*1e6 + us
}

func seconds(s float64) string { return number(s) + " s" }
