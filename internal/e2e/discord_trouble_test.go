package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
)

// TestDiscordDown has Discord answer with errors, then not at all, and cut the gateway: what people said and decided before,
// between and after becomes part of the ticket once, in order.
func TestDiscordDown(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		fail := func(n int) func() {
			return func() { w.fake.FailNext("", n, discordfake.Fault{Status: http.StatusServiceUnavailable}) }
		}
		w.outlives(w.hears,
			outage{name: "errors", begin: fail(-1), end: fail(0)},
			outage{name: "silence", begin: func() { w.fake.Down(true) }, end: func() { w.fake.Down(false) }},
			outage{name: "cut sockets", begin: func() {}, end: w.fake.DropSockets},
			outage{name: "a new session", begin: w.fake.AskReconnect, end: func() {}})
	})
}

// TestDiscordUncertain has posts stand although Discord said nothing, or that it failed; none is doubled, though Discord
// remembers a nonce for some minutes only.
func TestDiscordUncertain(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		w.today()
		w.doubts(func() { w.fake.Uncertain(posting[0], 3) }, func() { w.fake.Uncertain(posting[0], 1, http.StatusBadGateway) })
		// Threads have no nonces at all.
		ana, carla := w.as("ana"), w.as("carla")
		w.fake.Uncertain("POST /channels/{}/messages/{}/threads", 1)
		third := ana.ticket("A third clock")
		ana.sees(direct, "", third)
		other := carla.later("ict-triage", "", third)
		ana.says(direct, w.mine(ana, third).ID, "It stands still")
		carla.later("ict-triage", other.ID, "It stands still")
		w.settled()
		carla.inOrder("ict-triage", other.ID, "It stands still")
	})
}

// TestDiscordUncertainConversation has Discord say nothing of the private thread that it made.
func TestDiscordUncertainConversation(t *testing.T) {
	w := onDiscordBy(t, overHTTP, discordfake.Options{}, requests("help"))
	w.today()
	ana, carla := w.as("ana"), w.as("carla")
	w.fake.Uncertain(posting[1], 1)
	w.fake.Uncertain("PUT /channels/{}/thread-members/{}", 1)
	w.fake.Uncertain(posting[0], 2)
	f := ana.types("general", "/ticket The printer is stuck").Form
	ana.fills(f, "type", "question", "category", "other")
	root := ana.later("help", "", "HD-00001")
	carla.later("ict-triage", "", "HD-00001")
	w.settled()
	if all := w.fake.Threads(w.channel("", "help")); len(all) != 1 {
		t.Errorf("there are %+v", all)
	}
	if n := w.fake.Messages(root.ID); n != 1 {
		t.Errorf("it begins with %d messages", n)
	}
}

// TestDiscordRateLimit has Discord's usual limits: the team's channel has a queue, other channels go on meanwhile, and nothing
// is out of order.
func TestDiscordRateLimit(t *testing.T) {
	for _, by := range discordTransports {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			w := onDiscordBy(t, by, discordfake.Options{PostEvery: time.Second}, nil)
			w.queues("one.", "two.", "three.", "four.", "five.", "six.")
			if n := w.fake.Early(); n > 0 {
				t.Errorf("%d calls came before their time", n)
			}
		})
	}
}

// TestDiscordThreadsFull has as many open threads in the server as Discord allows: replies stand in the channel, and a
// conversation that can't be private there is a direct one.
func TestDiscordThreadsFull(t *testing.T) {
	onDiscordWith(t, discordfake.Options{}, requests("help"), func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		w.discord.guild.MaxThreads(0)
		f := ana.types("general", "/ticket The printer is stuck").Form
		ana.fills(f, "type", "question", "category", "other")
		mine := ana.sees(direct, "", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001")
		carla.fills(carla.clicks(card, "Reply").Form, "text", "Which tray?")
		reply := carla.sees("ict-triage", card.ID, "Reply to the requester", "Which tray?")
		if reply.Channel != "ict-triage" || w.raw(reply).Reply != card.ID {
			t.Errorf("the reply is %+v", w.raw(reply))
		}
		ana.sees(direct, mine.ID, "Which tray?")
		said := ana.says(direct, mine.ID, "The lower one")
		heard := carla.sees("ict-triage", card.ID, "Ana Silva: The lower one")
		ana.corrects(said, "The upper one")
		carla.watches(heard, "The upper one")
		if _, err := w.user(carla).Reply(w.Context(), w.channel("", "ict-triage"), heard.ID, "She always says that"); err != nil {
			t.Fatal(err)
		}
		w.settled()
		ana.neverSees("She always says that")
		w.warnedOnce("as many open threads as Discord allows")

		// With room again, the next ticket has its threads.
		w.discord.guild.MaxThreads(10)
		f = ana.types("general", "/ticket The door is stuck").Form
		ana.fills(f, "type", "question", "category", "other")
		ana.sees("help", "", "HD-00002")
		second := carla.sees("ict-triage", "", "HD-00002")
		w.eventually(func() error {
			if w.fake.Thread(second.ID) == nil {
				return fmt.Errorf("the card has no thread")
			}
			return nil
		})
	})
}

// TestDiscordClosedDirect has somebody take no direct messages: their ticket is made, and the team reads that they can't be
// reached.
func TestDiscordClosedDirect(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		w.fake.CloseDirect("ana", true)
		f := ana.types("general", "/ticket The printer is stuck").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001")
		carla.later("ict-triage", card.ID, "could not be delivered")
		ana.reads(ana.types("general", "/ticket mine"), "HD-00001")
		ana.reads(ana.types("general", "/ticket show HD-00001"), "HD-00001")

		// Whoever opens them again has the conversation with the next thing that happens.
		w.fake.CloseDirect("ana", false)
		carla.fills(carla.clicks(card, "Reply").Form, "text", "Which tray?")
		carla.sees("ict-triage", card.ID, "Which tray?")
		mine := ana.later(direct, "", "Here you follow", "HD-00001")
		ana.later(direct, mine.ID, "Carla Jansen: Which tray?")
		ana.says(direct, mine.ID, "The lower one")
		carla.sees("ict-triage", card.ID, "The lower one")
		w.settled()
	})
}

// TestDiscordEventsGoAstray repeats, reorders and delays what Discord tells of.
func TestDiscordEventsGoAstray(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		w.astray(func() {}, w.fake.RepeatDispatches, func() func() { return w.fake.HoldDispatches(true) })
	})
}
