package bot_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/bot"
	"balie/deploy"
	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

// unwilling is a platform that refuses whatever is for a person.
type unwilling struct {
	caps  chat.Caps
	mu    sync.Mutex
	posts []chat.Post
}

func (u *unwilling) Name() string                                    { return "one" }
func (u *unwilling) Caps() chat.Caps                                 { return u.caps }
func (u *unwilling) Hooks(chat.Handler) http.Handler                 { return nil }
func (u *unwilling) Edit(context.Context, chat.Ref, chat.Post) error { return nil }
func (u *unwilling) Delete(context.Context, chat.Ref) error          { return nil }

func (u *unwilling) Run(ctx context.Context, _ chat.Handler) error {
	<-ctx.Done()
	return nil
}

func (u *unwilling) Send(_ context.Context, p chat.Post) (chat.Ref, error) {
	if p.To.Person != "" {
		return chat.Ref{}, &chat.SendError{Refused: "nobody may write to them"}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.posts = append(u.posts, p)
	return chat.Ref{Platform: "one", Workspace: "w", Channel: p.To.Channel, Thread: p.To.Thread, Message: p.Key}, nil
}

// failing is a store that loses a number of changes and of outcomes, as a crash does.
type failing struct {
	store.Store
	changes, outcomes atomic.Int64 // still to be lost
}

func (f *failing) Save(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if f.changes.Add(-1) >= 0 {
		return errAway
	}
	return f.Store.Save(ctx, t, out)
}

func (f *failing) Settle(ctx context.Context, w store.Work, o store.Outcome) error {
	if len(o.Dead) > 0 && f.outcomes.Add(-1) >= 0 {
		return errAway
	}
	return f.Store.Settle(ctx, w, o)
}

// TestLostDelivery has a delivery refused for good. It is noted on its ticket, told to the team, and listed: once each,
// also if the note or the outcome could not be kept at first.
func TestLostDelivery(t *testing.T) {
	for name, lost := range map[string]struct{ changes, outcomes int64 }{"nothing fails": {}, "the note": {changes: 1}, "the outcome": {outcomes: 1}} {
		t.Run(name, func(t *testing.T) { loseDelivery(t, lost.changes, lost.outcomes) })
	}
}

func loseDelivery(t *testing.T, changes, outcomes int64) {
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Teams {
		p.Teams[i].Triage = []ticket.Channel{{Platform: "one", ID: "triage"}}
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	f, u := &failing{Store: s}, &unwilling{}
	f.changes.Store(changes)
	f.outcomes.Store(outcomes)
	d := desk.New(f, p, time.Now)
	b := bot.New(bot.Options{Desk: d, Platforms: []chat.Platform{u}, Log: log, Now: time.Now, Pace: bot.Pace{
		Poll: 10 * time.Millisecond, Lease: 200 * time.Millisecond, Send: 100 * time.Millisecond, Backoff: time.Millisecond}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, b.Handle) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Error(err)
		}
	})

	tk, err := d.Open(ctx, ticket.Actor{Person: "ana", Event: "e1"}, ticket.Open{
		Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U1", Type: "question", Category: "other", Summary: "printer"})
	if err != nil {
		t.Fatal(err)
	}
	late := time.After(30 * time.Second)
	for {
		dead, err := s.Dead(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, err := s.Backlog(ctx); err == nil && n == 0 && len(dead) > 0 {
			if len(dead) != 1 || dead[0].Ticket != tk.ID {
				t.Errorf("given up: %+v", dead)
			}
			break
		}
		select {
		case <-late:
			t.Fatal("it was not given up")
		case <-time.After(5 * time.Millisecond):
		}
	}
	if f.changes.Load() > 0 || f.outcomes.Load() > 0 {
		t.Error("what should have failed did not")
	}
	tk, err = s.Ticket(ctx, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	noted, told := 0, 0
	for _, e := range tk.Entries {
		if e.Kind == ticket.EntryUndelivered {
			noted++
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range u.posts {
		if p.To.Thread != "" {
			told++
		}
	}
	if noted != 1 || told != 1 {
		t.Errorf("noted %d times, and told the team %d times: %+v", noted, told, u.posts)
	}
}

// sent are the posts so far.
func (u *unwilling) sent() []chat.Post {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.posts)
}
