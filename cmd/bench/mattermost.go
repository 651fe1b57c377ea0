package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
)

// What is seen of a life on Mattermost, besides the steps that all benchmarks have.
const seenClaimed = "claim, the card in triage"

var shownSteps = []string{seenTriage, seenDirect, seenClaimed, seenReply, seenResolve}

// mattermost measures the program with a Mattermost server, and without what that takes by itself.
func (b *bench) mattermost(ctx context.Context) (failed error) {
	if err := b.callbacks(ctx); err != nil {
		return fmt.Errorf("through Mattermost's hooks: %w", err)
	}
	site, own, err := b.mattermostServer(ctx)
	if err != nil && (b.only == "mattermost" || ctx.Err() != nil) {
		return err
	}
	if err != nil {
		return b.notMeasured("on a real Mattermost server", err.Error())
	}
	if own != nil {
		defer func() { failed = errors.Join(failed, own.close(ctx)) }()
	} else {
		defer site.Close()
	}
	if err := b.onServer(ctx, site); err != nil {
		return fmt.Errorf("on a Mattermost server: %w", err)
	}
	if own == nil {
		return b.notMeasured("while a Mattermost server is down", mattermosttest.EnvURL+" names one that is not ours to stop")
	}
	if err := b.outages(ctx, own); err != nil {
		return fmt.Errorf("while the Mattermost server is down: %w", err)
	}
	return nil
}

// mattermostServer is the server that the environment names, else one of our own.
func (b *bench) mattermostServer(ctx context.Context) (site *mattermosttest.Site, own *ownServer, err error) {
	if os.Getenv(mattermosttest.EnvURL) != "" {
		site, err = mattermosttest.Find(ctx)
		return site, nil, err
	}
	if own, err = startMattermost(ctx); err != nil {
		return nil, nil, err
	}
	return own.site, own, nil
}

// notMeasured says loudly that something is missing from the tables.
func (b *bench) notMeasured(what, why string) error {
	if err := b.end(); err != nil {
		return err
	}
	line := strings.Repeat("*", 72)
	_, err := fmt.Fprintf(b.out, "\n%s\n*** NOT measured %s: %s\n%s\n", line, what, why, line)
	return err
}

// onServer lets half as many people as elsewhere live tickets' lives on a Mattermost server.
func (b *bench) onServer(ctx context.Context, site *mattermosttest.Site) (err error) {
	people := max(1, b.people/2)
	in, err := b.moveIn(ctx, site, people)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.leave()) }()
	var bare samples
	if bare, err = b.beside(ctx, func() error { return in.play(ctx, b.warm, b.measured) }); err != nil {
		return errors.Join(err, tail(in.log))
	}
	if _, in.most, err = in.server.memory(); err != nil {
		return err
	}
	if n := in.refused.Load(); n > 0 {
		return errors.Join(fmt.Errorf("%d callbacks were not answered with status 200", n), tail(in.log))
	}
	taken := in.times.taken()
	b.begin(fmt.Sprintf("On Mattermost %s, which bounds it: open, claim, reply, resolve, all delivered, by %d people at once who take %s between two steps; the server yields the processors to us",
		in.version, people, b.think), "what\tfigure\ttarget\t")
	b.figure("lives a second", number(float64(in.lives.Load())/b.measured.Seconds()))
	b.figure("most memory of the program", mb(in.most))
	b.begin("From what somebody does to the answer, as they see it (nearly all of it is the server's own work)", "step\tp50\tp95\tp99\ttarget\t")
	for _, kind := range kinds {
		b.latencies(kind, taken.of(kind))
	}
	b.begin("From the server's callback to our answer, with what we ask of the server meanwhile", "step\tp50\tp95\tp99\ttarget\t")
	for _, kind := range kinds {
		b.latencies(kind, taken.of(kind+partAnswer))
	}
	b.begin("Our part of that, without waiting for the server", "step\tp50\tp95\tp99\ttarget\t")
	for _, kind := range kinds {
		d := taken.of(kind + partOwn)
		b.latencies(kind, d, "p99 < 50 ms", len(d) > 0 && d.quantile(.99) < 50*time.Millisecond)
	}
	b.latencies(bareCommit, bare.of(bareCommit))
	b.begin("From what somebody does to the post that shows it", "step\tp50\tp95\tp99\ttarget\t")
	for _, step := range shownSteps {
		b.latencies(step, taken.of(step))
	}
	return b.end()
}

const bareCommit = "beside it, the bare engine's commit"

// beside does something, and times meanwhile how long the bare engine takes.
func (b *bench) beside(ctx context.Context, do func() error) (samples, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var times []time.Duration
	ended := make(chan error, 1)
	go func() {
		var err error
		times, err = bareCommits(ctx, b.dir)
		ended <- err
	}()
	err := do()
	stop()
	err = errors.Join(err, <-ended)
	return samples{bareCommit: times}, err
}

// household is a crew in a town, and the program that helps them.
type household struct {
	*crew
	town     *town
	recorder *recorder
	refused  atomic.Int64 // callbacks
	server   *server
	version  string
	log      string // the program's
	most     int64  // memory, in bytes
	quiet    func() error
}

// moveIn makes a town with a crew, starts the program for it, and listens to what is posted there.
func (b *bench) moveIn(ctx context.Context, site *mattermosttest.Site, people int) (h *household, err error) {
	at, err := b.place("mattermost")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	h = &household{quiet: func() error { return nil }, log: logOf(at)}
	defer func() {
		if err != nil {
			err = errors.Join(err, tail(h.log), h.leave())
		}
	}()
	times := newTimings()
	if h.recorder, err = record(addr, func(*exchange) {}, func(x *exchange) {
		if x.status != http.StatusOK {
			h.refused.Add(1)
			return
		}
		times.answered(kindOf(x.path, x.body), x.took, x.header.Get(serverTiming))
	}); err != nil {
		return h, err
	}
	if h.town, err = settle(ctx, site, people, h.recorder.URL); err != nil {
		return h, err
	}
	triage := h.town.ChannelID(triageChannel)
	h.crew = newCrew(h.town, people, []string{triage}, times)
	h.crew.think = b.think
	env := append(h.town.environment(), "BALIE_URL="+h.recorder.URL)
	if h.server, err = b.program.serve(ctx, at, addr, helpdesk("mattermost", triage), env); err != nil {
		return h, err
	}
	_, resp, err := site.Admin.GetPingWithOptions(ctx, model.SystemPingOptions{})
	if err != nil {
		return h, fmt.Errorf("ask for the server's version: %w", err)
	}
	h.version, _, _ = strings.Cut(resp.ServerVersion, ".0.")
	hearing, stop := context.WithCancel(ctx)
	ended, err := h.town.hear(hearing, h.tell)
	if err != nil {
		stop()
		return h, err
	}
	h.quiet = func() error {
		stop()
		<-ended
		return nil
	}
	return h, nil
}

// leave ends everything of the household.
func (h *household) leave() error {
	err := h.quiet()
	if h.server != nil {
		err = errors.Join(err, h.server.stop())
	}
	if h.town != nil {
		h.town.Close()
	}
	if h.recorder != nil {
		err = errors.Join(err, h.recorder.close())
	}
	return err
}
