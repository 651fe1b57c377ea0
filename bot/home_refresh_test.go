package bot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// TestHomeFollowsChanges shows nobody's home but those that a change concerns, and none too often.
func TestHomeFollowsChanges(t *testing.T) {
	h := newHomeSetup(t)
	first := h.ticket("first")
	h.opens("ana")
	h.opens("dirk")
	team := labelled(t, h.opens("bram").Buttons, "ICT")
	h.presses("bram", team)
	h.presses("carla", labelled(t, h.opens("carla").Buttons, "Assigned to me"))
	h.run(h.bot)

	h.act(first, "carla", ticket.Claim{})
	for person, want := range map[string]string{"ana": "Carla", "bram": "", "carla": "first"} {
		h.eventually(person+" sees the claim", func() bool {
			home := h.on.home(person)
			return len(home.Sections) > 0 && strings.Contains(reads(home.Sections[:1]), want)
		})
	}
	h.act(first, "bram", ticket.Reply{Text: "said soon after"})
	h.act(first, "bram", ticket.Reply{Text: "said last"})
	h.quiet("ana", 1)
	h.later(10 * time.Second)
	h.eventually("Ana sees what was said", func() bool {
		return strings.Contains(h.on.home("ana").Sections[0].Posts[0].Card.Text, "said last")
	})
	h.eventually("Bram's team's tab follows", func() bool { return h.on.tried("bram") == 2 })
	h.quiet("ana", 2)
	if h.on.tried("dirk") != 0 {
		t.Error("a home was shown again that no change concerned")
	}

	// A reply has what changed: nothing is owed after it.
	h.later(10 * time.Second)
	tries := h.on.tried("bram")
	second := h.ticket("second")
	h.eventually("Bram and Ana see the new ticket", func() bool {
		return h.on.tried("bram") == tries+1 && strings.Contains(reads(h.on.home("ana").Sections), "second")
	})
	h.later(time.Minute)
	r := h.presses("bram", chat.Button{Value: chat.Value{Verb: "claim", Ticket: second.ID}})
	wantSection(t, r.Home.Sections[0], "", "")
	h.intime("Ana sees the second claim", func() bool {
		now := reads(h.on.home("ana").Sections)
		return strings.Contains(now, "second") && strings.Contains(now, "Assignee Bram")
	})
	h.quiet("bram", tries+1)

	// Whoever has been away for long is not shown anything.
	tries = h.on.tried("ana")
	h.later(9 * time.Hour)
	h.act(second, "bram", ticket.Reply{Text: "at night"})
	h.quiet("ana", tries)
}

// quiet fails the test unless the person's home was tried to be shown so often, after a round that had something to do.
func (h *homeSetup) quiet(person string, want int) {
	h.Helper()
	h.n++
	other := fmt.Sprint("other", h.n)
	h.opens(other)
	h.desk.Watch(ticket.Ticket{}, ticket.Ticket{ID: "x", Requester: h.actor(other).Person})
	h.eventually("there was a round", func() bool { return h.on.tried(other) == 1 })
	if got := h.on.tried(person); got != want {
		h.Errorf("the home of %s was shown %d times, want %d", person, got, want)
	}
}

func TestHomeTroubles(t *testing.T) {
	h := newHomeSetup(t)
	tk := h.ticket("first")
	h.opens("ana")
	h.presses("bram", labelled(t, h.opens("bram").Buttons, "ICT"))
	h.run(h.bot)

	// Busy: nobody's home is shown until the platform wants to be called again.
	busy := &chat.SendError{Retry: time.Minute, Err: errors.New("busy")}
	h.on.fail("ana", busy)
	h.on.fail("bram", busy)
	h.act(tk, "carla", ticket.Claim{})
	h.eventually("it was tried", func() bool { return h.on.tried("ana")+h.on.tried("bram") == 1 })
	h.later(30 * time.Second)
	time.Sleep(50 * time.Millisecond) // nothing tells of a round that waits
	if n := h.on.tried("ana") + h.on.tried("bram"); n != 1 {
		t.Errorf("it was tried %d times while the platform is busy", n)
	}
	h.on.fail("ana", nil)
	h.on.fail("bram", nil)
	h.intime("both are shown", func() bool { return len(h.on.home("ana").Sections)*len(h.on.home("bram").Sections) > 0 })

	// Away: it is tried again, less and less often, and told once.
	h.later(time.Hour)
	h.on.fail("ana", &chat.SendError{Err: errors.New("the line is cut")})
	h.act(tk, "carla", ticket.Reply{Text: "after the cut"})
	var waits []time.Duration
	for n, at := h.on.tried("ana")+1, h.now(); len(waits) < 10; n++ {
		h.intime("it is tried again", func() bool { return h.on.tried("ana") >= n })
		waits = append(waits, h.now().Sub(at))
		at = h.now()
	}
	if waits[1] > time.Minute || waits[9] < 2*time.Minute {
		t.Errorf("it was tried after %v", waits)
	}
	if n := strings.Count(h.logged(), "a home could not be brought up to date"); n != 1 {
		t.Errorf("it was told %d times:\n%s", n, h.logged())
	}
	h.on.fail("ana", nil)
	h.intime("Ana sees it after all", func() bool {
		return strings.Contains(h.on.home("ana").Sections[0].Posts[0].Card.Text, "after the cut")
	})

	// Gone: it is forgotten until it is opened again.
	h.on.fail("ana", &chat.SendError{Gone: true, Err: errors.New("no such person")})
	tries := h.on.tried("ana")
	h.act(tk, "carla", ticket.Reply{Text: "are you there?"})
	h.intime("it is tried", func() bool { return h.on.tried("ana") == tries+1 })
	h.on.fail("ana", nil)
	h.later(time.Minute)
	h.act(tk, "carla", ticket.Reply{Text: "hello?"})
	h.quiet("ana", tries+1)
	h.opens("ana")
	h.act(tk, "carla", ticket.Reply{Text: "welcome back"})
	h.intime("she is back", func() bool {
		return strings.Contains(reads(h.on.home("ana").Sections), "welcome back")
	})
}
