package bot_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
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
