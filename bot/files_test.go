package bot_test

import (
	"fmt"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
)

// TestManyFiles shows more files than one post takes in several.
func TestManyFiles(t *testing.T) {
	s := newSetup(t)
	s.policy.Limits.Files = 20
	o := &one{caps: chat.Caps{FormRefresh: true, FilesMax: 5}}
	b := s.make(o, bot.Pace{Poll: 5 * time.Millisecond})
	s.run(b)
	e := event("e")
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"x"}, "type": {"question"}, "category": {"other"}},
		Files: map[string][]chat.File{}}
	for i := range 12 {
		e.Submit.Files["files"] = append(e.Submit.Files["files"], chat.File{ID: fmt.Sprint(i), Name: fmt.Sprintf("page-%02d.txt", i), Size: 11})
	}
	handled(t, b, e)
	shown := map[string]int{}
	s.eventually("all files are shown", func() bool {
		clear(shown)
		for _, post := range o.sent() {
			if len(post.Files) > 5 {
				t.Fatalf("a post has %d files", len(post.Files))
			}
			for _, f := range post.Files {
				shown[f.Name]++
			}
		}
		return len(shown) == 12
	})
	for name, n := range shown {
		if n != 1 {
			t.Errorf("%s is shown %d times", name, n)
		}
	}
}
