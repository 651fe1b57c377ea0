package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"
)

var slackKinds = []string{kindCommand, kindChange, kindLookUp, kindSubmit, kindClick, kindSay}

// slackRun is a way in which people use the helpdesk in Slack.
type slackRun struct {
	how     string
	sockets bool
	forms   bool // and nothing else
	think   time.Duration
	judged  bool // or they fill the machine, which Slack and its people need, too
}

// slack measures the program with a Slack in this process.
func (b *bench) slack(ctx context.Context) error {
	const rarely = 400 // what this process does besides is time that the program lacks
	defer debug.SetGCPercent(debug.SetGCPercent(rarely))
	runs := []slackRun{
		{how: fmt.Sprintf("over signed HTTP, by people who take %s between two steps", b.think), think: b.think, judged: true},
		{how: "over signed HTTP, by people who take no time between two steps but for what Slack's pace makes them wait"},
		{how: "over signed HTTP, by people who do nothing but fill in forms, as fast as this machine goes", forms: true},
		{how: fmt.Sprintf("over Socket Mode, by people who take %s between two steps", b.think), think: b.think, sockets: true, judged: true},
	}
	for _, r := range runs {
		if err := b.inSlack(ctx, r); err != nil {
			return fmt.Errorf("in Slack %s: %w", r.how, err)
		}
	}
	if err := b.slackOutage(ctx); err != nil {
		return fmt.Errorf("while Slack is down: %w", err)
	}
	return nil
}

// inSlack lets people live tickets' lives in Slack.
func (b *bench) inSlack(ctx context.Context, run slackRun) (err error) {
	each := 1 // or they would wait for posts in their team's channel most of the time
	if run.forms {
		each = eachTeam
	}
	h, err := b.moveToSlack(ctx, run.sockets, each)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	h.think, h.forms = run.think, run.forms
	before, err := h.server.spent()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := h.play(ctx, b.warm, b.measured); err != nil {
		return errors.Join(err, tail(h.log))
	}
	took := time.Since(began)
	after, err := h.server.spent()
	if err != nil {
		return err
	}
	_, most, err := h.server.memory()
	if err != nil {
		return err
	}
	if n := h.refused.Load(); n > 0 {
		return errors.Join(fmt.Errorf("%d requests were not answered with status 200", n), tail(h.log))
	}
	b.slackTimes(h, run)
	b.begin("Besides", "what\tfigure\ttarget\t")
	what := "lives a second"
	if run.forms {
		what = "tickets opened a second"
	}
	b.figure(what, number(float64(h.lives.Load())/b.measured.Seconds()))
	busy := func(d time.Duration) string { return ratio(d.Seconds() / took.Seconds()) }
	b.figure("processors that the program kept busy", busy(after.program-before.program))
	b.figure("  Slack and its people", busy(after.own-before.own))
	b.figure("  whoever else is on this machine", busy(max(0, after.all-after.program-after.own-(before.all-before.program-before.own))))
	b.figure("most memory of the program", mb(most))
	b.figure("posts that Slack refused since they were too early", strconv.FormatInt(h.limited.Load(), 10))
	return b.end()
}

// spent is the processor time of a network with its people, the program and the whole machine.
type spent struct{ program, own, all time.Duration }

func (s *server) spent() (all spent, err error) {
	if all.program, err = s.used(); err != nil {
		return all, err
	}
	if all.own, err = usedBy(os.Getpid()); err != nil {
		return all, err
	}
	all.all, err = busy()
	return all, err
}

// slackTimes prints how long everything took.
func (b *bench) slackTimes(h *slackHouse, run slackRun) {
	taken := h.times.taken()
	some := func(step, kind string, limit time.Duration) {
		d := taken.of(kind)
		switch {
		case len(d) == 0:
		case limit == 0 || !run.judged:
			b.latencies(step, d)
		default:
			b.latencies(step, d, fmt.Sprintf("p99 < %d ms", limit.Milliseconds()), d.quantile(.99) < limit)
		}
	}
	b.begin(fmt.Sprintf("Slack %s, %d at once: from the request to the form's call", run.how, h.people), "step\tp50\tp95\tp99\ttarget\t")
	some("command to views.open", kindCommand+partForm, 50*time.Millisecond)
	some("button to views.open", kindClick+partForm, 0)
	some("form changed to views.update", kindChange+partForm, 0)
	title := "The same, from the request to the answer, signatures checked"
	if run.sockets {
		title = "The same, from the envelope to its acknowledgement"
	}
	b.begin(title, "step\tp50\tp95\tp99\ttarget\t")
	for _, kind := range slackKinds {
		limit := time.Duration(0)
		if kind == kindSubmit {
			limit = 80 * time.Millisecond
		}
		some(kind, kind+partAnswer, limit)
	}
	if !run.sockets {
		b.begin("Our part of that, without waiting for Slack", "step\tp50\tp95\tp99\ttarget\t")
		for _, kind := range slackKinds {
			some(kind, kind+partOwn, 0)
		}
	}
	if !run.forms {
		b.begin(fmt.Sprintf("From what somebody does to the post that shows it, of which Slack takes one each %s in a channel", slackEvery), "step\tp50\tp95\tp99\ttarget\t")
		for _, step := range shownSteps {
			some(step, step, 0)
		}
	}
}
