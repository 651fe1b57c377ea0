package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"balie/deploy"
	"balie/internal/app"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/sqlite"
)

// sizesOf fills a helpdesk up, step by step, and looks at each size how long its queue takes, and the start.
func (b *bench) sizesOf(ctx context.Context) (err error) {
	at, err := b.place("queue")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.forget(ctx, at)) }()
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		return err
	}
	a, err := newArchive(p, b.sizes[len(b.sizes)-1], time.Now())
	if err != nil {
		return err
	}
	var views []size
	for _, n := range b.sizes {
		v, err := b.sizeOf(ctx, at, a, n)
		if err != nil {
			return fmt.Errorf("%d tickets: %w", n, err)
		}
		views = append(views, v)
	}
	b.begin(fmt.Sprintf("The queue: the %d oldest open tickets of a team, one in %d is open", queueLength, openEvery),
		"tickets\tp50\tp99\t/ticket queue p50\tp99\tstart\tidle memory\tfilled in\t")
	for _, v := range views {
		b.row(fmt.Sprintf("  %d\t%s\t%s\t%s\t%s\t%s\t%s\t%s", v.tickets, ms(v.views.quantile(.5)), ms(v.views.quantile(.99)),
			ms(v.commands.quantile(.5)), ms(v.commands.quantile(.99)), ms(v.started), mb(v.idle), v.filled.Round(time.Millisecond)))
	}
	first, last := views[0], views[len(views)-1]
	b.begin(fmt.Sprintf("With %d tickets", last.tickets), "what\tfigure\ttarget\t")
	view := last.views.quantile(.99)
	b.judge("view of the queue, p99", ms(view), "< 10 ms", view < 10*time.Millisecond)
	growth := float64(last.views.quantile(.5)) / float64(first.views.quantile(.5))
	b.judge(fmt.Sprintf("the same, p50, to that of %d tickets", first.tickets), ratio(growth), "≤ 3", growth <= 3)
	b.judge("start", ms(last.started), "< 1 s", last.started < time.Second)
	b.judge("memory, idle", mb(last.idle), "< 80 MB", last.idle < 80<<20)
	return b.end()
}

// size is what was seen at one size.
type size struct {
	tickets         int
	views, commands sorted
	started, filled time.Duration
	idle            int64
}

// sizeOf fills the store up to so many tickets and looks at it.
func (b *bench) sizeOf(ctx context.Context, at place, a *archive, tickets int) (v size, err error) {
	v.tickets = tickets
	s, err := b.open(ctx, at)
	if err != nil {
		return v, err
	}
	began := time.Now()
	err = fill(ctx, s, a, tickets-a.made)
	v.filled = time.Since(began)
	if err == nil {
		v.views, err = queueViews(ctx, s, b.measured/5)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return v, err
	}
	served, err := b.program.start(ctx, at, 0)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, served.stop()) }()
	v.started = served.started
	if v.idle, err = served.idle(ctx); err != nil {
		return v, err
	}
	v.commands, err = queueCommands(served.url, b.measured/5)
	return v, err
}

// open opens the store itself, which no server has open.
func (b *bench) open(ctx context.Context, at place) (store.Store, error) {
	if b.engine == "mongo" {
		return mongo.Open(ctx, b.mongo, at.database, mongo.Options{})
	}
	return sqlite.Open(ctx, filepath.Join(at.dir, app.StoreFile))
}

// queueLength is how many tickets the view that is measured shows.
const queueLength = 50

// queueViews times the queue of the team, the 50 oldest open tickets, by asking the store for so long.
func queueViews(ctx context.Context, s store.Store, measured time.Duration) (sorted, error) {
	open := true
	q := store.Query{Team: team, Open: &open, Order: store.Oldest, Limit: queueLength}
	var times sorted
	for began := time.Now(); time.Since(began) < measured || len(times) < 20; {
		asked := time.Now()
		page, err := s.Find(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("view the queue: %w", err)
		}
		times = append(times, time.Since(asked))
		if len(page.Tickets) != queueLength || page.Next == "" {
			return nil, fmt.Errorf("view the queue: %d tickets, and %q after them", len(page.Tickets), page.Next)
		}
	}
	slices.Sort(times)
	return times, nil
}

// queueCommands times "/ticket queue" as an agent types it, for so long: the first page, as the chat shows it.
func queueCommands(url string, measured time.Duration) (times sorted, err error) {
	l, err := dial(strings.TrimPrefix(url, "http://"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	for began := time.Now(); time.Since(began) < measured || len(times) < 20; {
		body := fmt.Appendf(nil, `{"as":"bram","nonce":"queue-%09d","channel":"general","name":"ticket","text":"queue"}`, len(times))
		asked := time.Now()
		answer, err := l.post("command", body)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(asked))
		if !strings.Contains(string(answer), prefix) {
			return nil, fmt.Errorf("view the queue: no ticket in %.300s", answer)
		}
	}
	slices.Sort(times)
	return times, nil
}
