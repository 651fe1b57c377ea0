package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"balie/adapters/discord/discordfake"
)

// discordSteps are what people do on Discord that the program has to answer at once, and how that is called.
var discordSteps = []struct{ kind, called string }{
	{kindCommand, "command, to the first question"}, {kindChange, "choice, to the next question or the form"},
	{kindPage, "page of the form sent"}, {kindSubmit, "whole form sent"}, {kindClick, "button"},
}

// discordOwn are the kinds of which the program says how long it took by itself, and discordCounted those as it counts them.
var (
	discordOwn = []struct{ kind, called string }{
		{kindCommand, "command"}, {kindChange, "choice"}, {kindClick, "button"}, {kindSubmit, "page or form sent"},
	}
	discordCounted = []struct{ kind, called string }{{"command", "command"}, {"click", "button or choice"}, {"form", "page or form sent"}}
)

// discordRun is a way in which people use the helpdesk on Discord.
type discordRun struct {
	how   string
	hooks bool
	calls int // that Discord takes in a second; 0 for any number
}

// discord measures the program with a Discord in this process.
func (b *bench) discord(ctx context.Context) error {
	const rarely = 400 // what this process does besides is time that the program lacks
	defer debug.SetGCPercent(debug.SetGCPercent(rarely))
	for _, run := range []discordRun{
		{how: "over the gateway", calls: discordCalls},
		{how: "over signed HTTP", calls: discordCalls, hooks: true},
		{how: "over the gateway, as if it took any number of calls"},
	} {
		if err := b.onDiscord(ctx, run); err != nil {
			return fmt.Errorf("on Discord %s: %w", run.how, err)
		}
	}
	for _, a := range []absence{
		{how: "over the gateway", long: b.outage},
		{how: "over signed HTTP", long: min(b.outage, resumable), hooks: true, resumes: true},
	} {
		if err := b.discordOutage(ctx, a); err != nil {
			return fmt.Errorf("while Discord's gateway is down, %s: %w", a.how, err)
		}
	}
	if err := b.discordMemory(ctx); err != nil {
		return fmt.Errorf("over many interactions on Discord: %w", err)
	}
	return nil
}

// longer is how much longer people act on Discord than elsewhere: its pace leaves them little to do in a second.
const longer = 2

// onDiscord lets people live tickets' lives on Discord.
func (b *bench) onDiscord(ctx context.Context, run discordRun) (err error) {
	h, err := b.moveToDiscord(ctx, discordStay{hooks: run.hooks, fake: discordfake.Options{Limits: run.calls > 0, Global: run.calls}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	before, err := h.server.spent()
	if err != nil {
		return err
	}
	told, err := h.server.metrics(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	bare, err := b.beside(ctx, func() error { return h.play(ctx, b.warm, longer*b.measured) })
	if err != nil {
		return errors.Join(err, tail(h.log))
	}
	took := time.Since(began)
	after, err := h.server.spent()
	if err != nil {
		return err
	}
	tells, err := h.server.metrics(ctx)
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
	taken := h.times.taken()
	taken.merge(bare)
	b.discordTimes(taken, run.how, h.people)
	if run.hooks {
		b.begin("Our part of that, without waiting for Discord", "step\tp50\tp95\tp99\ttarget\t")
		for _, s := range discordOwn {
			b.latencies(s.called, taken.of(s.kind+partOwn))
		}
	} else {
		b.begin("Our part of that, without waiting for Discord, by /metrics", "step\tp50\tp95\tp99\t")
		for _, s := range discordCounted {
			if list := ownTimes(told, tells, "discord", s.kind); len(list) > 0 {
				b.row(fmt.Sprintf("  %s\t%s\t%s\t%s", s.called, quantile(list, .5), quantile(list, .95), quantile(list, .99)))
			}
		}
	}
	title := "From what somebody does to the post that shows it"
	if run.calls > 0 {
		title += fmt.Sprintf(", of all calls for which Discord takes %d a second", run.calls)
	}
	b.begin(title, "step\tp50\tp95\tp99\ttarget\t")
	for _, step := range shownSteps {
		b.latencies(step, taken.of(step))
	}
	b.begin("Besides", "what\tfigure\ttarget\t")
	b.figure("lives a second", number(float64(h.lives.Load())/(longer*b.measured).Seconds()))
	b.figure("interactions a second", number(float64(h.town.interactions())/took.Seconds()))
	busy := func(d time.Duration) string { return ratio(d.Seconds() / took.Seconds()) }
	b.figure("processors that the program kept busy", busy(after.program-before.program))
	b.figure("  Discord and its people", busy(after.own-before.own))
	b.figure("  whoever else is on this machine", busy(max(0, after.all-after.program-after.own-(before.all-before.program-before.own))))
	b.figure("most memory of the program", mb(most))
	b.judgeRefused(h, took)
	return b.end()
}

// judgeRefused says how many calls Discord refused since they came too early. It shuts out who has 10 000 in ten minutes.
// https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
func (b *bench) judgeRefused(h *discordHouse, within time.Duration) {
	const most, every = 10_000, 10 * time.Minute
	rate := float64(h.limited.Load()) * every.Seconds() / max(within, time.Second).Seconds()
	b.judge("calls that Discord refused as too early, in ten minutes at this rate", fmt.Sprintf("%.0f", rate), "< 10000", rate < most)
}

// discordTimes prints how long people waited for an answer.
func (b *bench) discordTimes(taken samples, how string, people int) {
	const limit = 50 * time.Millisecond
	title := "from the interaction to the first answer"
	b.begin(fmt.Sprintf("Discord %s, by people who take %s between two steps, %d at once: %s", how, b.think, people, title), "step\tp50\tp95\tp99\ttarget\t")
	var kinds []string
	for _, s := range discordSteps {
		kinds = append(kinds, s.kind)
		d := taken.of(s.kind)
		b.latencies(s.called, d, "p99 < 50 ms", len(d) > 0 && d.quantile(.99) < limit)
	}
	all := taken.of(kinds...)
	b.latencies("all of them", all, "p99 < 50 ms", len(all) > 0 && all.quantile(.99) < limit)
	b.latencies(bareCommit, taken.of(bareCommit))
}
