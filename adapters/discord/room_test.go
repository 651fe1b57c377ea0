package discord_test

import (
	"errors"
	"strings"
	"testing"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestRoomIsMade has a guild that takes no more open threads: where nothing else can take their place, the conversation that has
// been quiet for the longest is archived, and opens again when something is written in it.
func TestRoomIsMade(t *testing.T) {
	for name, c := range map[string]struct {
		channel string
		people  []string
	}{"posts of a forum": {"forum", nil}, "private threads": {"help", []string{"ana"}}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, discordfake.Options{MaxActiveThreads: 2})
			var people []string
			for _, p := range c.people {
				people = append(people, h.fake.UserID(p))
			}
			begin := func(key string) chat.Ref {
				return h.sends(chat.Post{Key: key, To: h.place(c.channel), Text: "about " + key, Card: card(key), Topic: topic(key, false, people...)})
			}
			archived := func(want ...bool) {
				t.Helper()
				for i, th := range h.fake.Threads(h.place(c.channel).Channel) {
					if i < len(want) && th.Archived != want[i] {
						t.Errorf("%s is archived: %v", th.Name, th.Archived)
					}
				}
			}
			say := func(root chat.Ref, text string) {
				t.Helper()
				to := h.place(c.channel)
				to.Thread = root.Message
				if r := h.sends(chat.Post{Key: text, To: to, Text: text}); r.Thread != root.Message {
					t.Errorf("%q stands at %+v", text, r)
				}
				if got := texts(h.fake.As("bram").Messages(root.Message)); people == nil && got[len(got)-1] != text {
					t.Errorf("the conversation has %q", got)
				}
			}
			first, second := begin("HD-1"), begin("HD-2")
			say(first, "not the quietest")
			if people == nil {
				begin("HD-3")
			} else { // it is begun directly, so another one is put away
				h.fake.Archive(second.Message, false)
				begin("HD-3")
			}
			archived(false, true, false)
			say(second, "here again")
			archived(true, false, false)
			say(first, "and here")
			archived(false, false, true)
			if n := strings.Count(h.log.String(), "are archived for others"); n != 1 {
				t.Errorf("an admin is told %d times: %s", n, h.log.String())
			}

			// Without any conversation of ours that is open, an admin has to make the room.
			h.fake.Archive(first.Message, false)
			h.fake.Archive(second.Message, false)
			h.fake.Main().MaxThreads(0)
			to := h.place(c.channel)
			to.Thread = first.Message
			_, err := h.d.Send(t.Context(), chat.Post{Key: "no room", To: to, Text: "no room"})
			if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Gone || e.Refused != "" || !strings.Contains(err.Error(), "close some") {
				t.Errorf("without room: %v", err)
			}
			h.fake.Main().MaxThreads(5)
			say(first, "no room")
		})
	}
}
