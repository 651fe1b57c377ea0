package discord_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestPaceOfAll: all calls together stay below what Discord takes of a bot in a second, however many are made at once.
func TestPaceOfAll(t *testing.T) {
	h := newHouse(t, discordfake.Options{Global: 50})
	h.d = h.paced()
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			p := chat.Post{Key: fmt.Sprint(i), To: h.place([]string{"help", "triage"}[i%2]), Text: fmt.Sprint(i)}
			for {
				_, err := h.d.Send(t.Context(), p)
				if err == nil {
					return
				}
				e, ok := errors.AsType[*chat.SendError](err)
				if !ok || e.Retry <= 0 {
					t.Errorf("Send: %v", err)
					return
				}
				time.Sleep(e.Retry) // as the deliverer does
			}
		})
	}
	all.Wait()
	if n := h.fake.Invalid(); n != 0 {
		t.Errorf("Discord refused %d calls", n)
	}
}

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
