package discord_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestGlobalLimit: where Discord says that it wants no call at all for a while it gets none.
func TestGlobalLimit(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	h.sends(chat.Post{Key: "before", To: h.place("help"), Text: "before"})
	const route = "POST /channels/{channel}/messages"
	h.fake.FailNext(route, 1, discordfake.Fault{Status: http.StatusTooManyRequests, Wait: 30 * time.Second, Global: true})
	for i, channel := range []string{"help", "help", "help"} {
		_, err := h.d.Send(t.Context(), chat.Post{Key: fmt.Sprint(i), To: h.place(channel), Text: "x"})
		if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Retry < 20*time.Second {
			t.Errorf("try %d: %v", i, err)
		}
	}
	if n := h.fake.Calls(route); n != 2 {
		t.Errorf("%d posts were tried", n)
	}
}
