package mongo_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/mongo/mongotest"
	"balie/internal/ticket"
)

// counting counts the commands that write.
func counting(n *atomic.Int64) *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		switch e.CommandName {
		case "insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction":
			n.Add(1)
		}
	}}
}

// lifecycle lives a ticket's life as the program does: it is opened, claimed, answered and resolved, and each step is
// delivered to the team and to the requester.
func lifecycle(ctx context.Context, s store.Store, worker string, now time.Time) error {
	n, err := s.Next(ctx, "HD-#####")
	if err != nil {
		return err
	}
	id := fmt.Sprintf("T%09d", n)
	k := ticket.Ticket{
		ID: id, Key: fmt.Sprintf("HD-%05d", n), Team: "ict", Category: "printer", Summary: "The printer is broken",
		Description: "It says PC LOAD LETTER.", Requester: "ana", Opened: now, Updated: now, Phase: ticket.New, OpenEvent: "e" + id,
		Rooms: []ticket.Room{{ID: "triage", Kind: ticket.TriageRoom}, {ID: "talk", Kind: ticket.ConversationRoom}},
	}
	entry := func(kind ticket.EntryKind, text string) []store.Delivery {
		k.Last++
		k.Entries = append(k.Entries, ticket.Entry{N: k.Last, At: now, Kind: kind, Audience: ticket.Public, Text: text})
		var out []store.Delivery
		for _, room := range []string{"triage", "talk"} {
			out = append(out, store.Delivery{
				ID: store.PostID(id+room, k.Last), At: now, Next: now,
				Effect: ticket.Effect{Kind: ticket.EffectEntry, Room: room, Entry: k.Last},
			})
		}
		return out
	}
	deliver := func() error {
		w, err := s.Lease(ctx, id, worker, now, now.Add(time.Minute))
		if err != nil {
			return fmt.Errorf("lease: %w", err)
		}
		o := store.Outcome{Refs: map[string]chat.Ref{}}
		for _, d := range w.Pending {
			o.Done = append(o.Done, d.ID)
			o.Refs[store.PostID(d.Effect.Room, d.Effect.Entry)] = chat.Ref{Platform: "playground", Channel: "C", Message: d.ID}
		}
		return s.Settle(ctx, w, o)
	}
	if err := s.Create(ctx, k, entry(ticket.EntryOpened, "")); err != nil {
		return err
	}
	if err := deliver(); err != nil {
		return err
	}
	for version, step := range []func() []store.Delivery{
		func() []store.Delivery { k.Assignee = "bram"; return entry(ticket.EntryAssigned, "") },
		func() []store.Delivery {
			return entry(ticket.EntryReply, "Have you tried turning it off and on again?")
		},
		func() []store.Delivery { k.Phase = ticket.Resolved; return entry(ticket.EntryResolved, "It works.") },
	} {
		k.Version = int64(version + 1)
		if err := s.Save(ctx, k, step()); err != nil {
			return err
		}
		if err := deliver(); err != nil {
			return err
		}
	}
	return nil
}

func TestWritesOfLifecycle(t *testing.T) {
	var writes atomic.Int64
	s := opened(t, mongotest.URI(t), mongo.Options{Monitor: counting(&writes)})
	for range 2 { // the first one makes the counter
		writes.Store(0)
		if err := lifecycle(t.Context(), s, "me", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if n := writes.Load(); n != 13 {
		t.Errorf("a lifecycle took %d writes, want 13: a number, a creation, three changes, and four leases with what came of them", n)
	}
}

// BenchmarkLifecycle prints the writes of a ticket's life, and how close they come to what the server can write.
func BenchmarkLifecycle(b *testing.B) {
	const people = 32
	uri := mongotest.URI(b)
	var writes atomic.Int64
	s := opened(b, uri, mongo.Options{Monitor: counting(&writes)})
	before := bareRate(b, uri, people)
	writes.Store(0)
	b.SetParallelism(people / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	var worker atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		name := fmt.Sprint("worker ", worker.Add(1))
		for pb.Next() {
			if err := lifecycle(b.Context(), s, name, time.Now()); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	rate := float64(writes.Load()) / b.Elapsed().Seconds()
	bare := (before + bareRate(b, uri, people)) / 2 // the disk is seldom equally fast for long
	b.ReportMetric(float64(writes.Load())/float64(b.N), "writes/lifecycle")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lifecycles/s")
	b.ReportMetric(rate, "writes/s")
	b.ReportMetric(bare, "bare-writes/s")
	b.ReportMetric(rate/bare, "of-bare")
}

// bareRate is how many documents of 1 KiB the server inserts in a second, each acknowledged and journaled.
func bareRate(b *testing.B, uri string, people int) float64 {
	c := connected(b, uri, mongotest.Database(b, uri)).Collection("bare", options.Collection().SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: new(true)}))
	const each = 100
	document := bson.D{{Key: "text", Value: string(make([]byte, 1024))}}
	errs := make(chan error, people)
	began := time.Now()
	for range people {
		go func() { errs <- insertSome(b.Context(), c, document, each) }()
	}
	for range people {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
	return float64(people*each) / time.Since(began).Seconds()
}

func insertSome(ctx context.Context, c *driver.Collection, document bson.D, n int) error {
	for range n {
		if _, err := c.InsertOne(ctx, document); err != nil {
			return err
		}
	}
	return nil
}
