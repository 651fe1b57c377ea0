package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/deploy"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/mongo"
)

// inside plays a crowd with a server that runs within this process, on the store given, which it closes.
func (b *bench) inside(ctx context.Context, s store.Store, during func(play func() (result, error)) error) (err error) {
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	log := logrus.New()
	log.SetLevel(logrus.WarnLevel)
	c := config.Config{Addr: "127.0.0.1:0", URL: "http://127.0.0.1:0"}
	a, err := app.New(ctx, app.Options{Config: c, Policy: p, Store: s, Playground: true, Crowd: b.people, Log: log})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	err = during(func() (result, error) {
		return play(ctx, "http://"+a.Addr().String(), b.people, b.warm, b.measured)
	})
	stop()
	return errors.Join(err, <-ended)
}

// profileInside writes a CPU profile of a server at work. The people are in it too, below package main.
func (b *bench) profileInside(ctx context.Context) error {
	at, err := b.place("profile")
	if err != nil {
		return err
	}
	s, err := b.open(ctx, at)
	if err != nil {
		return err
	}
	f, err := os.Create(b.profile)
	if err != nil {
		return errors.Join(fmt.Errorf("write the profile: %w", err), s.Close())
	}
	var r result
	err = b.inside(ctx, s, func(play func() (result, error)) (err error) {
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		defer pprof.StopCPUProfile()
		r, err = play()
		return err
	})
	if err = errors.Join(err, f.Close(), b.forget(ctx, at)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.out, "%s lives a second; the profile is in %s\n", number(r.perSecond()), b.profile)
	return err
}

// counter counts the writes that a MongoDB server is sent, by collection and command. What is kept of the playground's
// content is apart.
type counter struct {
	mu     sync.Mutex
	writes map[string]int
}

// playgroundRecords is the collection that adapters keep their own content in.
const playgroundRecords = "records"

func (c *counter) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		switch e.CommandName {
		case "insert", "update", "delete", "findAndModify":
		default:
			return
		}
		n := 1 // a command can carry many writes
		for _, list := range []string{"documents", "updates", "deletes"} {
			if many, ok := e.Command.Lookup(list).ArrayOK(); ok {
				if values, err := many.Values(); err == nil {
					n = len(values)
				}
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.writes[e.Command.Lookup(e.CommandName).StringValue()+" "+e.CommandName] += n
	}}
}

// writes counts what a life costs on MongoDB, in a run of its own within this process, and compares the rate of the
// measured run with the bare server's.
func (b *bench) writes(ctx context.Context, measured result, bare float64) (err error) {
	at, err := b.place("writes")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.forget(ctx, at)) }()
	count := &counter{writes: map[string]int{}}
	s, err := mongo.Open(ctx, b.mongo, at.database, mongo.Options{Monitor: count.monitor()})
	if err != nil {
		return err
	}
	all := *b
	all.warm, all.measured = 0, min(b.measured, 3*time.Second)
	var lives int64
	before := map[string]int{}
	err = all.inside(ctx, s, func(play func() (result, error)) error {
		if _, err := play(); err != nil { // so that everybody is known
			return err
		}
		count.mu.Lock()
		maps.Copy(before, count.writes)
		count.mu.Unlock()
		r, err := play()
		lives = r.lived
		return err
	})
	if err != nil {
		return err
	}
	total, own := 0, 0
	for _, name := range slices.Sorted(maps.Keys(count.writes)) {
		n := count.writes[name] - before[name]
		if strings.HasPrefix(name, playgroundRecords+" ") {
			own += n
			continue
		}
		if n == 0 {
			continue
		}
		total += n
		b.figure("  "+name, ratio(float64(n)/float64(lives)))
	}
	each := float64(total) / float64(lives)
	b.judge("writes a life, deliveries included", ratio(each), "≤ 16", each <= 16)
	b.figure("further writes of the playground's content", ratio(float64(own)/float64(lives)))
	b.figure("the bare server's writes a second", number(bare))
	rate := measured.perSecond() * each
	b.figure("writes a second, to the bare server's", ratio(rate/bare))
	rate += measured.perSecond() * float64(own) / float64(lives)
	b.judge("the same, with the playground's", ratio(rate/bare), "≥ 0.5", rate/bare >= .5)
	return nil
}

// forget drops what a run kept on a MongoDB server. Folders go with the one that they are in.
func (b *bench) forget(ctx context.Context, at place) (err error) {
	if b.engine != "mongo" {
		return nil
	}
	client, err := driver.Connect(options.Client().ApplyURI(b.mongo))
	if err != nil {
		return fmt.Errorf("drop the database: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(client.Database(at.database).Drop(ctx), client.Disconnect(ctx))
}
