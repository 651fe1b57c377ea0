package bot_test

import (
	"fmt"
	"slices"
	"strings"
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

// withFiles makes a ticket with files of the names, each of which has its name as its content, and is all that says so.
func (s *setup) withFiles(b *bot.Bot, names ...string) {
	s.Helper()
	e := event("e")
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Files: map[string][]chat.File{},
		Values: chat.Values{"summary": {"x"}, "type": {"question"}, "category": {"other"}, "description": {"as you can see"}}}
	for _, name := range names {
		e.Submit.Files["files"] = append(e.Submit.Files["files"], chat.File{ID: name, Name: name, Size: int64(len(name))})
	}
	handled(s.T, b, e)
}

// entries waits for posts under the card with all of the files, and gives them.
func (s *setup) entries(o *one, files int) (found []chat.Post) {
	s.Helper()
	s.eventually("all files are shown", func() bool {
		found = nil
		n := 0
		for _, p := range o.sent() {
			if p.To.Channel == "triage" && p.To.Thread != "" {
				found = append(found, p)
				n += len(p.Files)
			}
		}
		return len(found) > 0 && n >= files
	})
	return found
}

// TestFilesThatAreTooLarge leaves out what the platform does not take, says so, and loses nothing else.
func TestFilesThatAreTooLarge(t *testing.T) {
	s := newSetup(t)
	o := &one{caps: chat.Caps{FormRefresh: true, FileMax: 10}}
	b := s.make(o, bot.Pace{Poll: 5 * time.Millisecond})
	s.run(b)
	s.withFiles(b, "just-fits.", "too_large.png", "small.txt")
	p := s.entries(o, 2)[0]
	if len(p.Files) != 2 || p.Files[0].Name != "just-fits." || p.Files[1].Name != "small.txt" {
		t.Errorf("the files are %+v", p.Files)
	}
	if want := `*The attachment too\_large.png (1 MB) is too large for here; it is kept with the ticket.*`; !strings.HasPrefix(p.Text, "as you can see") || !strings.Contains(p.Text, want) {
		t.Errorf("the post says %q", p.Text)
	}
}

// TestFilesOfManyBytes shows more bytes than one post takes in several.
func TestFilesOfManyBytes(t *testing.T) {
	s := newSetup(t)
	o := &one{caps: chat.Caps{FormRefresh: true, FilesMax: 3, PostBytes: 20}}
	b := s.make(o, bot.Pace{Poll: 5 * time.Millisecond})
	s.run(b)
	s.withFiles(b, "a123456789", "b123456789", "c1", "d-is-larger-than-a-post-takes", "e1", "f1", "g1", "h1")
	var got []string
	for _, p := range s.entries(o, 8) {
		var names []string
		for _, f := range p.Files {
			names = append(names, f.Name[:1])
		}
		got = append(got, strings.Join(names, ""))
	}
	if !slices.Equal(got, []string{"ab", "c", "d", "efg", "h"}) {
		t.Errorf("the posts have the files %q", got)
	}
}
