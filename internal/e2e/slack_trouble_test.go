package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
)

// TestSlackDown has Slack answer with errors, then not at all, and cut all connections: what people said and decided
// before, between and after becomes part of the ticket once, in order.
func TestSlackDown(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The lift is stuck")
		mine := w.mine(ana, key)
		fail := func(n int) func() {
			return func() { w.fake.FailNext("", n, slackfake.Fault{Status: http.StatusServiceUnavailable}) }
		}
		for _, trouble := range []struct {
			name       string
			begin, end func()
		}{
			{"errors", fail(-1), fail(0)},
			{"silence", func() { w.fake.Down(true) }, func() { w.fake.Down(false) }},
			{"cut sockets", func() {}, w.fake.CutSockets},
		} {
			said := []string{trouble.name + " are near", trouble.name + " are here", trouble.name + " are over"}
			answer := "Carla on " + trouble.name
			ana.says(direct, mine.ID, said[0])
			carla.fills(carla.clicks(card, "Reply").Form, "text", answer)
			trouble.begin()
			if trouble.name == "silence" { // then nobody says anything
				said = []string{said[0], said[2]}
			} else {
				ana.says(direct, mine.ID, said[1])
			}
			trouble.end()
			ana.says(direct, mine.ID, said[len(said)-1])
			w.hears()
			w.fake.Redeliver() // as Slack does after a minute
			for _, text := range said {
				carla.later("ict-triage", card.ID, "Ana Silva: "+text)
			}
			carla.later("ict-triage", card.ID, "Reply to the requester", answer)
			ana.later(direct, mine.ID, "Carla Jansen: "+answer)
			w.settled()
			ana.inOrder(direct, mine.ID, answer)
			carla.inOrder("ict-triage", card.ID, said...)
		}
	})
}

// TestSlackUncertain has posts stand although Slack said nothing, or that it failed; metadata tells, and none is doubled.
func TestSlackUncertain(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The clock is wrong")
		mine := w.mine(ana, key)
		w.settled()
		w.fake.Uncertain("chat.postMessage", 3)
		ana.says(direct, mine.ID, "It is five past")
		carla.fills(carla.clicks(card, "Ask").Form, "text", "Which clock?")
		second := ana.ticket("Another clock")
		carla.later("ict-triage", card.ID, "Ana Silva: It is five past")
		carla.later("ict-triage", card.ID, "Question to the requester")
		ana.later(direct, mine.ID, "Carla Jansen: Which clock?")
		ana.later(direct, "", second+" · ")
		carla.later("ict-triage", "", second)
		w.settled()
		carla.inOrder("ict-triage", card.ID, "It is five past", "Which clock?")
		ana.inOrder(direct, mine.ID, "It is five past", "Which clock?")
		carla.inOrder("ict-triage", "", "The clock is wrong", "Another clock")
		if w.fake.Calls("conversations.replies")+w.fake.Calls("conversations.history") == 0 {
			t.Error("nobody looked whether the posts stand")
		}
		// The upload of a file that is not known to stand.
		w.fake.Uncertain("files.completeUploadExternal", 1)
		ana.says(direct, mine.ID, "A picture of it", ana.uploads(direct, "clock.png", "\x89PNG clock"))
		carla.later("ict-triage", card.ID, "file clock.png")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "It is five past", "A picture of it", "clock.png")
	})
}

// TestSlackRateLimit has each channel take one post a second: the team's has a queue, other channels go on meanwhile, and
// nothing is out of order.
func TestSlackRateLimit(t *testing.T) {
	for _, by := range transports {
		t.Run(string(by), func(t *testing.T) {
			w := onSlackBy(t, by, slackfake.Options{PostEvery: time.Second}, nil)
			ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
			key, card := ana.opens("The printer prints")
			mine := w.mine(ana, key)
			said := []string{"one.", "two.", "three.", "four.", "five.", "six.", "seven.", "eight.", "nine.", "ten."}
			for _, text := range said {
				ana.says(direct, mine.ID, text)
			}
			// Meanwhile another one's conversation begins, and the answer arrives.
			f := eva.types("general", "/ticket The scanner scans").Form
			eva.fills(f, "type", "question", "category", "other")
			eva.later(direct, "", "HD-00002 · ")
			carla.fills(carla.clicks(card, "Reply").Form, "text", "Good")
			ana.later(direct, mine.ID, "Carla Jansen: Good")
			for _, m := range carla.lists("ict-triage", card.ID) {
				if strings.Contains(m.Text, said[len(said)-1]) {
					t.Error("the team's channel has no queue")
				}
			}
			for _, text := range said {
				carla.later("ict-triage", card.ID, "Ana Silva: "+text)
			}
			carla.later("ict-triage", "", "HD-00002 · The scanner scans")
			carla.later("ict-triage", card.ID, "Good")
			w.settled()
			carla.inOrder("ict-triage", card.ID, said...)
		})
	}
}

// TestSlackEventsGoAstray repeats and reorders what Slack tells of, and answers nobody waited for.
func TestSlackEventsGoAstray(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The heating is off")
		mine := w.mine(ana, key)
		w.settled()
		tell := func(how string) {
			t.Helper()
			var said []string
			for i := range 5 {
				said = append(said, fmt.Sprintf("%s %d.", how, i))
				ana.says(direct, mine.ID, said[i])
			}
			wrong := ana.says(direct, mine.ID, how+" wrong")
			ana.corrects(wrong, how+" right.")
			gone := ana.says(direct, mine.ID, how+" gone")
			ana.takesBack(gone)
			w.fake.Redeliver()
			for _, text := range append(said, how+" right.") {
				carla.later("ict-triage", card.ID, "Ana Silva: "+text)
			}
			w.settled()
			for _, m := range carla.lists("ict-triage", card.ID) {
				for _, text := range []string{how + " wrong", how + " gone"} {
					if strings.Contains(m.Text, text) {
						t.Errorf("%s: Carla still reads %q", how, m.Text)
					}
				}
			}
			for _, text := range append(said, how+" right.") {
				w.once(carla, "ict-triage", card.ID, text)
			}
		}
		tell("heard")
		w.fake.RepeatEvents(100)
		tell("repeated")
		w.fake.RepeatEvents(0)

		// The last word is told first.
		release := w.fake.HoldEvents()
		var said sync.WaitGroup
		for i := range 4 {
			text := fmt.Sprintf("reversed %d.", i)
			said.Go(func() { ana.says(direct, mine.ID, text) })
			ana.find(direct, mine.ID, []string{text}, any1)
		}
		release()
		said.Wait()
		for i := range 4 {
			carla.sees("ict-triage", card.ID, fmt.Sprintf("reversed %d.", i))
		}
		w.settled()
		for i := range 4 {
			w.once(carla, "ict-triage", card.ID, fmt.Sprintf("reversed %d.", i))
		}
	})
}

// TestSlackProgramAway stops the program while Ana goes on: what she wrote, changed and took back meanwhile becomes part
// of her ticket when it starts again.
func TestSlackProgramAway(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The projector hums")
		mine := w.mine(ana, key)
		before := ana.says(direct, mine.ID, "It hums in C")
		heard := carla.sees("ict-triage", card.ID, "Ana Silva: It hums in C")
		doomed := ana.says(direct, mine.ID, "It smells funny")
		smelled := carla.sees("ict-triage", card.ID, "It smells funny")
		w.settled()
		w.stop()

		ana.says(direct, mine.ID, "Now it smokes")
		ana.corrects(before, "It hums in D")
		ana.takesBack(doomed)
		wrong := ana.says(direct, mine.ID, "Nice weather")
		ana.takesBack(wrong)
		unsure := ana.says(direct, mine.ID, "Is that bad?")
		ana.corrects(unsure, "That is bad")
		picture := ana.uploads(direct, "smoke.png", "\x89PNG smoke")
		ana.says(direct, mine.ID, "Look", picture)
		carla.says("ict-triage", card.ID, "She should unplug it")
		ana.says(direct, "", "And the lamp is broken")
		if a := ana.works(ana.net.command(t.Context(), ana.id, "general", "", "/ticket")); a.Refused == "" {
			t.Error("a command was answered by nobody")
		}
		w.run()

		carla.sees("ict-triage", card.ID, "Ana Silva: Now it smokes")
		carla.sees("ict-triage", card.ID, "Ana Silva: That is bad")
		carla.sees("ict-triage", card.ID, "Ana Silva: Look")
		shot := carla.find("ict-triage", card.ID, []string{"file smoke.png"}, any1)
		if got := carla.downloads(shot, shot.Files[0]); got != "\x89PNG smoke" {
			t.Errorf("the picture arrives as %q", got)
		}
		carla.watches(heard, "It hums in D")
		w.hears()
		w.fake.Redeliver() // as Slack does after a minute; what was deleted it does not tell otherwise
		carla.losesSight(smelled)
		offer := ana.sees(direct, "", "Shall I make a ticket of this?")
		if got := w.field(ana.clicks(offer, "New ticket").Form, "summary").Value; got[0] != "And the lamp is broken" {
			t.Errorf("the summary starts as %q", got)
		}
		w.settled()
		w.restart() // and nothing comes again
		ana.says(direct, mine.ID, "I unplugged it")
		carla.sees("ict-triage", card.ID, "I unplugged it")
		carla.inOrder("ict-triage", card.ID, "It hums in D", "Now it smokes", "That is bad", "Look", "I unplugged it")
		for _, text := range []string{"Nice weather", "It smells funny"} {
			carla.neverSees(text)
		}
	})
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
