package bot_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/bot"
	"balie/deploy"
	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/policy"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

// generous is a platform that hands over any file.
type generous struct{ unwilling }

func (*generous) Fetch(_ context.Context, f chat.File) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(f.Name)), nil
}

// TestManyFiles shows more files than one post takes in several.
func TestManyFiles(t *testing.T) {
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	p.Limits.Files = 20
	p.Teams[0].Triage = []ticket.Channel{{Platform: "one", ID: "triage"}}
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	one := &generous{unwilling{caps: chat.Caps{FormRefresh: true, FilesMax: 5}}}
	b := bot.New(bot.Options{Desk: desk.New(s, p, time.Now), Log: log, Now: time.Now, Platforms: []chat.Platform{one},
		Pace: bot.Pace{Poll: 5 * time.Millisecond}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, b.Handle) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	e := chat.Event{ID: "e", Platform: "one", Workspace: "w", Channel: "c", Person: chat.Person{ID: "U1", Name: "Ana"}, At: time.Now()}
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"x"}, "type": {"question"}, "category": {"other"}},
		Files: map[string][]chat.File{}}
	for i := range 12 {
		e.Submit.Files["files"] = append(e.Submit.Files["files"], chat.File{ID: fmt.Sprint(i), Name: fmt.Sprintf("page-%02d.txt", i), Size: 11})
	}
	handled(t, b, e)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		shown := map[string]int{}
		for _, post := range one.sent() {
			if len(post.Files) > 5 {
				t.Fatalf("a post has %d files", len(post.Files))
			}
			for _, f := range post.Files {
				shown[f.Name]++
			}
		}
		if len(shown) == 12 {
			for name, n := range shown {
				if n != 1 {
					t.Errorf("%s is shown %d times", name, n)
				}
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("shown are %v", shown)
		}
	}
}
