package e2e

import (
	"net/http"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
	"balie/internal/app"
)

// TestSlackArchivedTriage archives the team's channel while people ask: nobody is turned away, and the team reads
// everything once the channel is back.
func TestSlackArchivedTriage(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The door is stuck")
		mine := w.mine(ana, key)
		w.fake.Archive("ict-triage")
		second := ana.ticket("The window, too")
		ana.sees(direct, "", "Here you follow", second)
		ana.says(direct, mine.ID, "It is cold here")
		ana.says(direct, mine.ID, "And it rains")
		w.warns("posts wait for an admin", "ict-triage", "archived")
		w.clock.forward(10 * time.Minute)
		w.fake.Unarchive("ict-triage")
		carla.later("ict-triage", "", second, "The window, too")
		carla.later("ict-triage", card.ID, "Ana Silva: It is cold here")
		carla.later("ict-triage", card.ID, "Ana Silva: And it rains")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "It is cold here", "And it rains")
		for _, title := range []string{"The door is stuck", "The window, too"} {
			carla.inOrder("ict-triage", "", title)
		}
		w.warnedOnce("posts wait for an admin")
		carla.clicks(card, "Claim") // the card lives
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		carla.watches(card, "Assignee: Carla Jansen")
	})
}

// TestSlackBotSentAway takes the bot out of the team's channel: what it could not say waits for it to come back.
func TestSlackBotSentAway(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		w.adjust = func(o *app.Options) { o.Pace.Roster = 200 * time.Millisecond }
		w.restart()
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("No coffee")
		mine := w.mine(ana, key)
		w.fake.RemoveBot("ict-triage")
		ana.says(direct, mine.ID, "Still no coffee")
		second := ana.ticket("No tea either")
		ana.sees(direct, "", "Here you follow", second)
		w.warns("posts wait for an admin", w.fake.ChannelID("ict-triage"), "/invite")
		carla.reads(carla.types("general", "/ticket queue"), second) // who the agents are is not forgotten
		w.fake.AddBot("ict-triage")
		carla.later("ict-triage", card.ID, "Ana Silva: Still no coffee")
		carla.later("ict-triage", "", second, "No tea either")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "Still no coffee")
		for _, title := range []string{"No coffee", "No tea either"} {
			carla.inOrder("ict-triage", "", title)
		}
	})
}

// TestSlackTokenRevoked takes the bot's token away: admins read in the log what to do, and a new token brings everything.
func TestSlackTokenRevoked(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The lamp is broken")
		mine := w.mine(ana, key)
		w.settled()
		w.fake.FailNext("chat.postMessage", -1, slackfake.Fault{Status: http.StatusServiceUnavailable})
		ana.says(direct, mine.ID, "It is dark")
		carla.reads(carla.clicks(card, "Claim"), "is yours")
		w.fake.RevokeToken()
		w.fake.FailNext("chat.postMessage", 0, slackfake.Fault{})
		w.warns("posts wait for an admin", "SLACK_BOT_TOKEN")
		w.removed()
		w.stop()
		w.fake.Main().Reinstall()
		w.run()
		carla.later("ict-triage", card.ID, "Ana Silva: It is dark")
		ana.later(direct, mine.ID, "Carla Jansen took this ticket")
		carla.watches(card, "Assignee: Carla Jansen")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "It is dark")
	})
}

// TestSlackUninstalled takes the whole app away, and installs it again.
func TestSlackUninstalled(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		reply := carla.clicks(card, "Reply").Form
		carla.fills(reply, "text", "A bucket?")
		ana.sees(direct, mine.ID, "A bucket?")
		carla.sees("ict-triage", card.ID, "A bucket?")
		w.settled()
		w.fake.Uninstall()
		w.removed()
		w.clock.forward(time.Hour)
		w.stop()
		w.fake.Main().Reinstall()
		for _, name := range []string{"general", "ict-triage"} {
			w.fake.AddBot(name)
		}
		w.run()
		ana.says(direct, mine.ID, "Two buckets")
		carla.later("ict-triage", card.ID, "Ana Silva: Two buckets")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "A bucket?", "Two buckets")
	})
}

// TestSlackPeopleChange renames the requester, sees an agent off, and lets somebody new into the team's channel.
func TestSlackPeopleChange(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		w.adjust = func(o *app.Options) { o.Pace.Roster = 100 * time.Millisecond }
		w.restart()
		ana, bram, carla, david := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		bram.clicks(card, "Claim")
		ana.sees(direct, mine.ID, "Bram de Wit took this ticket")
		w.fake.ChangePerson("ana", func(p *slackfake.Person) { p.Real = "Ana Ferreira" })
		w.eventually(func() error {
			ana.types("general", "/ticket mine")
			_, err := carla.reading(carla.types("general", "/ticket show "+key), "by Ana Ferreira")
			return err
		})
		ana.says(direct, mine.ID, "It drips on my desk")
		w.notifies(carla.sees("ict-triage", card.ID, "Ana Ferreira: It drips on my desk"), "bram")
		w.fake.ChangePerson("bram", func(p *slackfake.Person) { p.Deleted = true })
		w.fake.AddMember("ict-triage", "david")
		w.within(2*patience, func() error { // the adapter remembers for 20 s who is in a channel, and goes by the real clock
			_, err := david.reading(david.types("general", "/ticket wachtrij"), key)
			return err
		})
		assign := carla.clicks(card, "More …", "Assign").Form
		carla.fills(assign, "assignee", "david")
		ana.sees(direct, mine.ID, "assigned this ticket to David Bakker")
		w.notifies(carla.sees("ict-triage", card.ID, "assigned this ticket to David Bakker"), "david")
		ana.says(direct, mine.ID, "Thanks")
		w.notifies(carla.sees("ict-triage", card.ID, "Ana Ferreira: Thanks"), "david")
		carla.watches(card, "by Ana Ferreira", "Assignee: David Bakker")
	})
}

// removed waits until admins have read that the bot's token is no good any more, and fails if that was not said once.
func (w *slackWorld) removed() {
	w.Helper()
	w.eventually(func() error { return times(1, w.log.take("was removed from the Slack workspace", "SLACK_BOT_TOKEN")) })
}
