package bot_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/store"
	"balie/internal/ticket"
)

// moody is a platform on which every other attempt fails: to send a post to a channel, or to hand over a file.
type moody struct {
	one
	fails    error
	attempts int
}

func (m *moody) mood() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.attempts++; m.attempts%2 == 1 {
		return m.fails
	}
	return nil
}

func (m *moody) Send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	if err := m.mood(); err != nil && p.To.Channel != "" {
		return chat.Ref{}, err
	}
	return m.one.Send(ctx, p)
}

func (m *moody) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	if err := m.mood(); err != nil {
		return nil, err
	}
	return m.one.Fetch(ctx, f)
}

// TestNothingOvertakesWhatWaits has what a delivery waits for be over by the time that the next one is looked at: that one
// waits all the same, or it would be posted before the other, or without its file.
func TestNothingOvertakesWhatWaits(t *testing.T) {
	for name, fails := range map[string]error{
		"asked to wait": &chat.SendError{Retry: time.Millisecond, Err: errAway},
		"failed":        &chat.SendError{Err: errAway},
	} {
		t.Run(name, func(t *testing.T) {
			s, on := newSetup(t), &moody{fails: fails}
			s.now = running(time.Minute)
			b := s.make(on, bot.Pace{Poll: time.Millisecond, Backoff: time.Millisecond, Lease: 10_000 * time.Hour, Patience: 10_000 * time.Hour})
			tk, err := s.desk.Open(t.Context(), ticket.Actor{Person: "ana", Event: "open"}, ticket.Open{
				Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U1", Type: "question", Category: "other", Summary: "printer"})
			if err != nil {
				t.Fatal(err)
			}
			const many = 30
			for i := range many {
				name := fmt.Sprintf("%02d.txt", i)
				note := ticket.Note{Text: fmt.Sprintf("number %02d", i),
					Files: []ticket.File{{Name: name, Size: int64(len(name)), Platform: "one", Source: chat.File{Name: name}}}}
				if _, err := s.desk.Act(t.Context(), tk.ID, ticket.Actor{Person: "bram", Teams: []string{"ict"}}, note); err != nil {
					t.Fatal(err)
				}
			}
			s.run(b)
			s.eventually("everything is delivered", func() bool {
				n, _, err := s.store.Backlog(t.Context())
				return err == nil && n == 0
			})
			var posts []chat.Post
			for _, p := range on.sent() {
				if p.To.Thread != "" {
					posts = append(posts, p)
				}
			}
			if len(posts) != many {
				t.Fatalf("%d posts in the thread, want %d", len(posts), many)
			}
			for i, p := range posts {
				if want := fmt.Sprintf("number %02d", i); !strings.HasSuffix(p.Text, want) || len(p.Files) != 1 {
					t.Errorf("post %d is %q with %d files, want %q with one", i, p.Text, len(p.Files), want)
				}
			}
		})
	}
}

// stopping is a store that has the bot told to stop just when it has taken something to deliver.
type stopping struct {
	store.Store
	stop context.CancelFunc
}

func (s *stopping) Lease(ctx context.Context, id, owner string, now, until time.Time) (store.Work, error) {
	w, err := s.Store.Lease(ctx, id, owner, now, until)
	if err == nil {
		s.stop()
	}
	return w, err
}

// TestStoppedWithALease has the bot stop when it has just taken something to deliver: the next one need not wait for it.
func TestStoppedWithALease(t *testing.T) {
	for range 10 { // a worker may take it yet, or nobody
		s := newSetup(t)
		kept := s.store
		tk, err := desk.New(kept, s.policy, s.now).Open(t.Context(), ticket.Actor{Person: "ana", Event: "open"}, ticket.Open{
			Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U1", Type: "question", Category: "other", Summary: "printer"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		s.store = &stopping{kept, stop}
		b := s.make(&one{}, bot.Pace{})
		if err := b.Run(ctx, b.Handle); err != nil {
			t.Fatal(err)
		}
		if _, err := kept.Lease(t.Context(), tk.ID, "next", s.now(), s.now().Add(time.Minute)); err != nil {
			t.Errorf("the next one takes it: %v", err)
		}
	}
}

// lessor is a store that notes which tickets were taken to deliver for, and when.
type lessor struct {
	store.Store
	mu    sync.Mutex
	taken map[string][]time.Time
	of    map[string]string // a delivery's ticket
}

func (l *lessor) Lease(ctx context.Context, id, owner string, now, until time.Time) (store.Work, error) {
	w, err := l.Store.Lease(ctx, id, owner, now, until)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.taken[w.Ticket.ID] = append(l.taken[w.Ticket.ID], time.Now())
		for _, p := range w.Pending {
			l.of[p.ID] = w.Ticket.ID
		}
	}
	return w, err
}

// stuck is a platform that makes no post until goes is closed.
type stuck struct {
	one
	*lessor
	goes  chan struct{}
	begun []int // how often each ticket was taken by the time that something of it was posted first
}

func (s *stuck) Send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	s.lessor.mu.Lock()
	id := s.of[p.Key]
	if n := len(s.taken[id]); n > 0 {
		s.begun = append(s.begun, n)
		s.taken[id] = nil
	}
	s.lessor.mu.Unlock()
	<-s.goes
	return s.one.Send(ctx, p)
}

// TestNothingIsBegunLate has a ticket wait for a worker for longer than somebody may wait who has it: another process may be
// at it by now, so it has to be taken again.
func TestNothingIsBegunLate(t *testing.T) {
	const may = 50 * time.Millisecond
	s := newSetup(t)
	l := &lessor{Store: s.store, taken: map[string][]time.Time{}, of: map[string]string{}}
	s.store = l
	on := &stuck{lessor: l, goes: make(chan struct{})}
	b := s.make(on, bot.Pace{Workers: 1, Poll: 5 * time.Millisecond, Lease: time.Hour, Send: time.Hour - may})
	for _, id := range []string{"first", "second"} {
		if _, err := s.desk.Open(t.Context(), ticket.Actor{Person: "ana", Event: id}, ticket.Open{
			Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U1", Type: "question", Category: "other", Summary: id}); err != nil {
			t.Fatal(err)
		}
	}
	s.run(b)
	s.eventually("one is being posted, and the other waits for a while", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, taken := range l.taken {
			if len(taken) == 1 && time.Since(taken[0]) > 2*may {
				return len(on.begun) == 1
			}
		}
		return false
	})
	close(on.goes)
	s.eventually("everything is delivered", func() bool {
		n, _, err := s.store.Backlog(t.Context())
		return err == nil && n == 0
	})
	if len(on.begun) != 2 || on.begun[1] < 2 {
		t.Errorf("when it was their turn, they had been taken %v times", on.begun)
	}
}
