package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lives measures whole lives of tickets, and beside them what the bare engine does.
func (b *bench) lives(ctx context.Context) (err error) {
	at, err := b.place("lives")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.forget(ctx, at)) }()
	bare, err := b.bare(ctx, at)
	if err != nil {
		return err
	}
	s, err := b.program.start(ctx, at, b.people)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	idle, err := s.idle(ctx)
	if err != nil {
		return err
	}
	before, err := s.used()
	if err != nil {
		return err
	}
	r, err := play(ctx, s.url, b.people, b.warm, b.measured)
	if err != nil {
		return err
	}
	after, err := s.used()
	if err != nil {
		return err
	}
	_, most, err := s.memory()
	if err != nil {
		return err
	}
	again, err := b.bare(ctx, at)
	if err != nil {
		return err
	}
	bare = (bare + again) / 2

	b.begin(fmt.Sprintf("Lives: open, claim, reply, resolve, all delivered, by %d people at once", b.people), "what\tfigure\ttarget\t")
	if b.engine == "sqlite" {
		b.judge("lives a second", number(r.perSecond()), "≥ 400", r.perSecond() >= 400)
		b.figure("the bare engine's commits a second", number(bare))
		b.figure("lives for each bare commit", ratio(r.perSecond()/bare))
	} else {
		b.figure("lives a second", number(r.perSecond()))
		if err := b.writes(ctx, r, bare); err != nil {
			return err
		}
	}
	b.figure("processors that the server kept busy", ratio((after-before).Seconds()/r.all.Seconds()))
	b.figure("processor time of the server for a life", ms((after-before)/time.Duration(max(1, r.lived))))

	b.begin("From a request to its reply", "step\tp50\tp95\tp99\ttarget\t")
	for _, step := range replySteps {
		b.latencies(step, r.samples.of(step))
	}
	total := r.samples.of(replySteps...)
	b.latencies(allReplies, total, "p99 < 50 ms", len(total) > 0 && total.quantile(.99) < 50*time.Millisecond)
	b.begin("From a request to the post that shows it", "step\tp50\tp95\tp99\ttarget\t")
	for _, step := range seenSteps {
		b.latencies(step, r.samples.of(step))
	}
	total = r.samples.of(seenSteps...)
	b.latencies(allDelivered, total, "p95 < 250 ms", len(total) > 0 && total.quantile(.95) < 250*time.Millisecond)

	b.begin("Memory of the server", "what\tfigure\ttarget\t")
	b.judge("idle, after the start", mb(idle), "< 80 MB", idle < 80<<20)
	b.judge("most during the run", mb(most), "< 200 MB", most < 200<<20)
	b.figure("start, with no tickets", ms(s.started))
	return b.end()
}

// latencies adds a line of quantiles, and perhaps a target and whether it was reached.
func (b *bench) latencies(step string, d sorted, target ...any) {
	if len(d) == 0 {
		b.row("  " + step + "\tnever in this time\t\t")
		return
	}
	line := fmt.Sprintf("  %s\t%s\t%s\t%s", step, ms(d.quantile(.5)), ms(d.quantile(.95)), ms(d.quantile(.99)))
	if len(target) == 0 || b.engine == "mongo" { // the targets are for the embedded store
		b.row(line)
		return
	}
	word := "MISS"
	if target[1].(bool) {
		word = "PASS"
		b.pass++
	} else {
		b.missed++
	}
	b.row(fmt.Sprintf("%s\t%s\t%s", line, target[0], word))
}

// bare is what the engine alone does a second, on the same disk or server and for a fifth of the time.
func (b *bench) bare(ctx context.Context, at place) (float64, error) {
	if b.engine == "mongo" {
		return bareMongo(ctx, b.mongo, at.database, b.people, b.measured/5)
	}
	return bareSQLite(ctx, at.dir, b.measured/5)
}

// idle is what the process holds in memory a while after its start, with nobody there.
func (s *server) idle(ctx context.Context) (int64, error) {
	const while = 2 * time.Second // of tickers and pollers at work
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(while):
	}
	now, _, err := s.memory()
	return now, err
}
