package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

// BenchmarkLifecycle is what the whole program asks of the store for a ticket's life, from 64 callers at once: a number,
// Create and three times Save, eight deliveries, twelve records.
func BenchmarkLifecycle(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "balie.db"))
	var n atomic.Int64
	before := cpu(b)
	b.SetParallelism(32) // times GOMAXPROCS
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := lifecycle(context.Background(), s, int(n.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lifecycles/s")
	b.ReportMetric(float64(cpu(b)-before)/float64(b.Elapsed())*100, "%cpu")
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1000, "cpu-µs/op")
}

func lifecycle(ctx context.Context, s *sqlite.Store, n int) error {
	number, err := s.Next(ctx, "HD-")
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	k := benchTicket(n, now)
	k.Key = fmt.Sprintf("HD-%05d", number)
	out := func(step int) []store.Delivery {
		return []store.Delivery{
			{ID: fmt.Sprint(k.ID, step, "a"), Effect: ticket.Effect{Kind: ticket.EffectCard, Room: "triage"}, At: now, Next: now},
			{ID: fmt.Sprint(k.ID, step, "b"), Effect: ticket.Effect{Kind: ticket.EffectEntry, Room: "talk", Entry: step}, At: now, Next: now},
		}
	}
	for step := range 4 {
		for r := range 2 {
			if err := s.PutRecord(ctx, benchRecord(k.ID, step*2+r)); err != nil {
				return err
			}
		}
		if _, _, err := s.AddRecord(ctx, benchRecord(k.ID, 100+step)); err != nil {
			return err
		}
		if step == 0 {
			err = s.Create(ctx, k, out(step))
		} else {
			if k, err = s.Ticket(ctx, k.ID); err != nil {
				return err
			}
			k.Last++
			k.Entries = append(k.Entries, ticket.Entry{N: k.Last, At: now, Kind: ticket.EntryReply, Audience: ticket.Public, By: "bram",
				Text: "We had a look at the printer and will bring a new drum this afternoon, step " + fmt.Sprint(step)})
			k.Updated, k.Assignee = now, "bram"
			if step == 3 {
				k.Phase, k.Status = ticket.Resolved, "done"
			}
			err = s.Save(ctx, k, out(step))
		}
		if err != nil {
			return err
		}
		for range 2 {
			w, err := s.Lease(ctx, k.ID, "bench", now, now.Add(time.Minute))
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil {
				return err
			}
			o := store.Outcome{Done: []string{w.Pending[0].ID}, Refs: map[string]chat.Ref{
				store.PostID("talk", step): {Platform: "playground", Channel: "C1", Thread: k.ID, Message: w.Pending[0].ID}}}
			if step == 0 {
				o.Refs["triage"] = chat.Ref{Platform: "playground", Channel: "C2", Message: k.ID}
			}
			if err := s.Settle(ctx, w, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func benchRecord(id string, n int) store.Record {
	return store.Record{
		Space: "messages", ID: fmt.Sprintf("%s-%d", id, n), Group: "C1/" + id, Order: fmt.Sprintf("%08d", n),
		Body: []byte(`{"id":"x","author":"ana","text":"We had a look at the printer and will bring a new drum this afternoon","at":"2026-03-02T09:00:00Z","card":{"title":"HD-00012","facts":[]}}`),
	}
}

func benchTicket(n int, at time.Time) ticket.Ticket {
	return ticket.Ticket{
		ID: fmt.Sprintf("01J%013d%010d", at.UnixMilli(), n), Key: fmt.Sprintf("HD-%05d", n), Team: []string{"ict", "hr", "facilities"}[n%3],
		Category: "printer", Summary: fmt.Sprintf("Printer on floor %d is broken again", n%17),
		Description: "It says PC LOAD LETTER and the drum makes a grinding noise since Monday morning.",
		Requested:   "normal", Priority: "normal", Status: "new", Phase: ticket.New,
		Requester: fmt.Sprintf("01PERSON%05d", n%5000), Source: "playground", OpenEvent: fmt.Sprintf("event-%d-%d", n, at.UnixMilli()),
		Rooms: []ticket.Room{
			{ID: "triage", Kind: ticket.TriageRoom, Audience: ticket.TeamOnly, Place: chat.Place{Platform: "playground", Channel: "C2"}},
			{ID: "talk", Kind: ticket.ConversationRoom, Audience: ticket.Public, Person: "ana", Place: chat.Place{Platform: "playground", Person: "U1"}},
		},
		Entries: []ticket.Entry{{N: 1, At: at, Kind: ticket.EntryOpened, Audience: ticket.Public, By: "ana"}}, Last: 1,
		Opened: at, Updated: at, StatusAt: at,
	}
}
