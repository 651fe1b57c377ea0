package e2e

import (
	"fmt"
	"strings"
	"testing"

	"balie/adapters/slack/slackfake"
)

// TestSlackHomeOfARequester shows a requester what they asked for, with where it stands and the last word, and keeps it up
// to date.
func TestSlackHomeOfARequester(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		w.visits(ana)
		w.atHome(ana, "You have no open tickets", "You have no tickets that are done")
		key, card := ana.opens("The blinds are stuck")
		mine := w.mine(ana, key)
		w.atHome(ana, key, "The blinds are stuck", "Waiting for triage")
		carla.clicks(card, "Claim")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		w.atHome(ana, key, "In progress")
		carla.fills(carla.clicks(card, "Ask").Form, "text", "Open or shut?")
		ana.sees(direct, mine.ID, "Open or shut?")
		carla.sees("ict-triage", card.ID, "Open or shut?")
		w.atHome(ana, key, "Waiting for requester", "Open or shut?")
		ana.says(direct, mine.ID, "Shut")
		carla.sees("ict-triage", card.ID, "Ana Silva: Shut")
		w.atHome(ana, key, "In progress", "Shut")
		carla.fills(carla.clicks(card, "More …", "Note").Form, "text", "She broke it herself")
		carla.sees("ict-triage", card.ID, "She broke it herself")
		carla.fills(carla.clicks(card, "Resolve").Form, "text", "A new cord.")
		ana.sees(direct, mine.ID, "resolved this ticket")
		carla.sees("ict-triage", card.ID, "resolved this ticket")
		w.atHome(ana, key, "Resolved", "A new cord.")

		// What is done stands among what is done, and what the team says to itself nowhere.
		ana.fills(ana.clicks(ana.watches(mine, "Resolved"), "Close").Form)
		ana.sees(direct, mine.ID, "Ana Silva closed this ticket")
		carla.sees("ict-triage", card.ID, "Ana Silva closed this ticket")
		w.atHome(ana, "You have no open tickets", key, "Closed")
		if home := w.home(ana); strings.Contains(home, "She broke it") {
			t.Errorf("Ana reads at home: %s", home)
		}
		a := w.pressesAtHome(ana, "Show", key)
		ana.reads(a, key, "The blinds are stuck", "Closed")
	})
}

// TestSlackHomeOfAnAgent shows an agent what is theirs, what nobody has and what waits, and lets them claim it there.
func TestSlackHomeOfAnAgent(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		for _, p := range []person{bram, carla} {
			w.visits(p)
			w.pressesAtHome(p, "ICT", "")
		}
		w.atHome(carla, "Every open ticket has somebody", "Nobody waits for an answer")
		var keys []string
		var cards []message
		for i := range 3 {
			key, card := ana.opens(fmt.Sprintf("Lamp %d is broken", i))
			keys, cards = append(keys, key), append(cards, card)
		}
		w.atHome(carla, keys...)
		w.atHome(bram, keys...)
		a := w.pressesAtHome(carla, "Claim", keys[1])
		if home := w.home(carla); len(a.Errors) > 0 || strings.Count(home, "[Claim]") != 2 {
			t.Errorf("Carla has claimed one (%+v) and sees %s", a, home)
		}
		ana.sees(direct, w.mine(ana, keys[1]).ID, "Carla Jansen took this ticket")
		carla.watches(cards[1], "Assignee: Carla Jansen")
		w.hurried(func() error {
			if n := strings.Count(w.home(bram), "[Oppakken]"); n != 2 {
				return fmt.Errorf("Bram can claim %d: %s", n, w.home(bram))
			}
			return nil
		})
		w.pressesAtHome(carla, "Assigned to me", "")
		w.atHome(carla, keys[1], "In progress")
		a = w.pressesAtHome(bram, "Tonen", keys[0])
		bram.reads(a, keys[0], "Lamp 0 is broken")
	})
}

// TestSlackHomePages has more tickets than a page holds.
func TestSlackHomePages(t *testing.T) {
	w := onSlackBy(t, overHTTP, slackfake.Options{}, nil)
	ana := w.as("ana")
	keys := map[string]bool{}
	for i := range 17 {
		key, _ := ana.opens(fmt.Sprintf("bulk %d", i))
		keys[key] = true
	}
	w.settled()
	w.visits(ana)
	w.atHome(ana, "HD-00017")
	for page := 1; ; page++ {
		home := w.home(ana)
		for key := range keys {
			if strings.Contains(home, key) {
				delete(keys, key)
			}
		}
		if !strings.Contains(home, "[Next]") {
			break
		}
		if page > 10 {
			t.Fatal("the home has no last page")
		}
		w.pressesAtHome(ana, "Next", "")
		if w.home(ana) == home {
			t.Fatalf("page %d stays", page)
		}
	}
	if len(keys) > 0 {
		t.Errorf("on no page: %v", keys)
	}
	w.pressesAtHome(ana, "Previous", "")
}

// TestSlackHomeIsNotHammered changes a ticket often: who looks at it sees the last of it, after few calls.
func TestSlackHomeIsNotHammered(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The clock stands still")
		mine := w.mine(ana, key)
		w.settled()
		w.visits(ana)
		w.atHome(ana, key)
		before := w.fake.Calls("views.publish")
		const changes = 40
		for i := range changes {
			ana.says(direct, mine.ID, fmt.Sprintf("tick %d.", i))
		}
		carla.sees("ict-triage", card.ID, fmt.Sprintf("tick %d.", changes-1))
		w.atHome(ana, key, fmt.Sprintf("tick %d.", changes-1))
		w.settled()
		if n := w.fake.Calls("views.publish") - before; n > changes/4 {
			t.Errorf("%d changes made %d calls", changes, n)
		}
		for i := range changes - 1 {
			w.expects(carla, "ict-triage", card.ID, fmt.Sprintf("tick %d.", i))
		}
		// Who never looked at it has nothing published.
		if w.fake.As("eva").HomeView() != nil {
			t.Error("Eva has a home that she never opened")
		}
	})
}
