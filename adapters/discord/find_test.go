package discord_test

import (
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestEqualWords: of two posts that say the same the second is not taken for the first, also by a process that has sent neither.
func TestEqualWords(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "card", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	to := h.place("triage")
	to.Thread = root.Message
	asked := time.Now().Add(-time.Hour)
	first := h.sends(chat.Post{Key: "first", To: to, Text: "Any news?"})
	h.fake.Advance(10 * time.Minute)
	again := chat.Post{Key: "second", To: to, Text: "Any news?", Again: asked, Others: []chat.Ref{root, first}}
	second, err := h.another().Send(t.Context(), again)
	if err != nil || second == first {
		t.Fatalf("the second is at %v, %v, the first at %v", second, err, first)
	}
	h.fake.Advance(10 * time.Minute)
	if r, err := h.another().Send(t.Context(), again); err != nil || r != second {
		t.Errorf("the second sent again is at %v, %v, not %v", r, err, second)
	}
	if got := texts(h.fake.As("bram").Messages(root.Message)); len(got) != 2 {
		t.Errorf("the thread has %q", got)
	}
}
