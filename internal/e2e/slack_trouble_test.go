package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
)

// TestSlackDown has Slack answer with errors, then not at all, and cut all connections: what people said and decided
// before, between and after becomes part of the ticket once, in order.
func TestSlackDown(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		fail := func(n int) func() {
			return func() { w.fake.FailNext("", n, slackfake.Fault{Status: http.StatusServiceUnavailable}) }
		}
		w.outlives(w.redelivered,
			outage{name: "errors", begin: fail(-1), end: fail(0)},
			outage{name: "silence", begin: func() { w.fake.Down(true) }, end: func() { w.fake.Down(false) }, mute: true},
			outage{name: "cut sockets", begin: func() {}, end: w.fake.CutSockets})
	})
}

// redelivered is what Slack does after a minute: it tells again what nobody took.
func (w *slackWorld) redelivered() {
	w.Helper()
	w.hears()
	w.fake.Redeliver()
}

// TestSlackUncertain has posts stand although Slack said nothing, or that it failed; metadata tells, and none is doubled.
func TestSlackUncertain(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		mine, card := w.doubts(func() { w.fake.Uncertain("chat.postMessage", 3) }, func() {
			if w.fake.Calls("conversations.replies")+w.fake.Calls("conversations.history") == 0 {
				t.Error("nobody looked whether the posts stand")
			}
			w.fake.Uncertain("files.completeUploadExternal", 1)
		})
		w.as("carla").inOrder("ict-triage", card.ID, "It is five past", "Which clock?", "A picture of it", "clock.png")
		w.as("ana").inOrder(direct, mine.ID, "It is five past", "Which clock?")
	})
}

// TestSlackRateLimit has each channel take one post a second: the team's has a queue, other channels go on meanwhile, and
// nothing is out of order.
func TestSlackRateLimit(t *testing.T) {
	onSlackWith(t, slackfake.Options{PostEvery: time.Second}, nil, func(t *testing.T, w *slackWorld) {
		w.queues("one.", "two.", "three.", "four.", "five.", "six.", "seven.", "eight.", "nine.", "ten.")
	})
}

// TestSlackEventsGoAstray repeats and reorders what Slack tells of, and answers nobody waited for.
func TestSlackEventsGoAstray(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		w.astray(func() { w.fake.Redeliver() }, w.fake.RepeatEvents, w.fake.HoldEvents)
	})
}

// TestSlackProgramAway stops the program while Ana goes on: what she wrote, changed and took back meanwhile becomes part
// of her ticket when it starts again. What was deleted Slack tells only by telling it again.
func TestSlackProgramAway(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) { w.comesBack("Shall I make a ticket of this?", w.redelivered) })
}

// TestSlackSocketNonsense sends down a socket what nobody knows: it is acknowledged, or Slack would send it again, and
// changes nothing.
func TestSlackSocketNonsense(t *testing.T) {
	w := onSlackBy(t, overSocket, slackfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The fridge hums")
	team := fmt.Sprintf(`"team_id":%q`, w.fake.TeamID)
	for _, c := range []struct{ kind, payload string }{
		{"telepathy", `{}`},
		{"interactive", `{}`},
		{"interactive", `[1,2]`},
		{"interactive", `{"type":"telepathy","user":{"id":"U1"}}`},
		{"slash_commands", `{}`},
		{"slash_commands", `"ticket"`},
		{"events_api", `{}`},
		{"events_api", `{"type":"event_callback",` + team + `,"event_id":"Ev1","event":{"type":"moon_phase"}}`},
		{"events_api", `{"type":"event_callback",` + team + `,"event_id":"Ev2","event":{"type":"message","subtype":"hologram"}}`},
		{"events_api", `{"type":"event_callback",` + team + `,"event_id":"Ev3","event":{"type":"message","blocks":[{"type":7}]}}`},
	} {
		if !w.fake.Envelope(w.Context(), c.kind, json.RawMessage(c.payload)) {
			t.Errorf("%s %s: not acknowledged", c.kind, c.payload)
		}
	}
	for _, frame := range []string{`{}`, `{"type":"unheard_of"}`, `nonsense`} {
		if err := w.fake.SendRaw(frame); err != nil {
			t.Fatal(err)
		}
	}
	w.hears()
	carla.reads(carla.types("general", "/ticket queue"), key, "Waiting for triage")
	ana.says(direct, w.mine(ana, key).ID, "still there.")
	carla.sees("ict-triage", card.ID, "Ana Silva: still there.")
}

// TestSlackSocketsEnd ends the sockets one by one, which leaves no gap, and all at once for a while, after which what was
// said meanwhile is read.
func TestSlackSocketsEnd(t *testing.T) {
	w := onSlackBy(t, overSocket, slackfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The window rattles")
	mine := w.mine(ana, key)
	w.settled()
	for i := range 6 {
		// Slack says that it will end one, and goes on with the other. It ends none while the other one is not back.
		w.eventually(func() error {
			if n := w.fake.Fresh(); n < 2 {
				return fmt.Errorf("%d sockets are open", n)
			}
			return w.fake.DisconnectNext("warning")
		})
		ana.says(direct, mine.ID, fmt.Sprintf("rattle %d.", i))
		carla.types("general", "/ticket queue")
	}
	for i := range 6 {
		carla.later("ict-triage", card.ID, fmt.Sprintf("rattle %d.", i))
	}
	w.fake.FailNext("apps.connections.open", -1, slackfake.Fault{Status: http.StatusServiceUnavailable})
	w.fake.CutSockets()
	w.eventually(func() error {
		if n := w.fake.Sockets(); n > 0 {
			return fmt.Errorf("%d sockets are left", n)
		}
		return nil
	})
	ana.says(direct, mine.ID, "crack.")
	said := ana.says(direct, mine.ID, "crash.")
	ana.corrects(said, "a loud crash.")
	gone := ana.says(direct, mine.ID, "boom.")
	ana.takesBack(gone)
	w.fake.FailNext("apps.connections.open", 0, slackfake.Fault{})
	carla.later("ict-triage", card.ID, "crack.")
	carla.later("ict-triage", card.ID, "a loud crash.")
	w.settled()
	carla.inOrder("ict-triage", card.ID, "rattle 0.", "rattle 1.", "rattle 2.", "rattle 3.", "rattle 4.", "rattle 5.",
		"crack.", "a loud crash.")
	carla.neverSees("boom.")
}
