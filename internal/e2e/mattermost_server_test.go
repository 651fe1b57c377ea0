package e2e

import (
	"strings"
	"testing"

	"balie/adapters/mattermost/mattermostfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// TestMattermostServerAway has the server answer with errors, then with nonsense, then not at all, and then forget whom
// it talked to: what people did before, between and after becomes part of the ticket once, in order.
func TestMattermostServerAway(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	bot := w.town.BotID
	fails, works := func() { w.fake.Fail(true, bot) }, func() { w.fake.Fail(false) }
	raves, clears := func() { w.fake.Garbage(true, bot) }, func() { w.fake.Garbage(false) }
	w.outlives(func() {},
		outage{name: "errors", begin: fails, end: works},
		outage{name: "nonsense", begin: raves, end: clears},
		outage{name: "errors and no socket", begin: func() { fails(); w.fake.DropSockets() }, end: works},
		outage{name: "nonsense and no socket", begin: func() { raves(); w.fake.DropSockets() }, end: clears},
		outage{name: "silence", begin: w.fake.Down, end: w.fake.Up, mute: true},
		outage{name: "a restart", begin: func() {}, end: w.fake.Restart})
}

// TestMattermostEventsGoAstray loses, repeats and reorders what the websocket tells.
func TestMattermostEventsGoAstray(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The heating is off")
	mine := w.mine(ana, key)
	w.settled()
	w.tells("heard", mine, card, func() {})
	w.fake.RepeatEvents(true)
	w.tells("repeated", mine, card, func() { w.fake.RepeatEvents(false) })
	w.fake.ReorderEvents(true)
	w.tells("reordered", mine, card, func() { w.fake.ReorderEvents(false) })
	// Without a trace, servers lose events when they end: the last ones before that.
	w.fake.ForgetEvents(1000)
	w.tells("forgotten", mine, card, func() {
		w.fake.ForgetEvents(0)
		w.fake.Restart()
	})
	carla.inOrder("ict-triage", card.ID, "heard 0.", "heard 1.", "heard 5.", "repeated 0.", "repeated 5.",
		"forgotten 0.", "forgotten 5.")
}

// TestMattermostCallbacksTwice delivers each command, click and form twice.
func TestMattermostCallbacksTwice(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	w.fake.RepeatCallbacks(true)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The tap drips")
	mine := w.mine(ana, key)
	carla.clicks(card, "Claim")
	ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
	carla.fills(carla.clicks(card, "Reply").Form, "text", "Which tap?")
	ana.sees(direct, mine.ID, "Carla Jansen: Which tap?")
	carla.sees("ict-triage", card.ID, "Which tap?")
	carla.types("general", "/ticket panel")
	carla.sees("general", "", "Need help?")
	carla.reads(carla.types("general", "/ticket queue"), key)
	w.settled()
	ana.inOrder(direct, mine.ID, "took this ticket", "Which tap?")
	carla.inOrder("ict-triage", card.ID, "Which tap?")
	ana.inOrder(direct, "", "Here you follow")
	carla.inOrder("general", "", "Ask a question")
}

// TestMattermostLongTexts says what is as long as the server takes, and longer.
func TestMattermostLongTexts(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("A long story")
		mine := w.mine(ana, key)

		ana.says(direct, mine.ID, strings.Repeat("x", 16_383))
		ana.sees(direct, mine.ID, "16383", "at most 10000 fit")
		a := ana.works(ana.net.say(t.Context(), ana.id, direct, mine.ID, strings.Repeat("y", 20_000)))
		if a.Refused == "" {
			t.Error("the server took 20 000 characters")
		}
		// What the policy takes arrives whole, though it is more than a field of a form takes.
		long := strings.Repeat("Turn it off. ", 770)[:9_999] + "!"
		times := strings.Count(long, "Turn it off.")
		ana.says(direct, mine.ID, long)
		whole := carla.sees("ict-triage", card.ID, "Ana Silva: Turn it off.")
		if n := strings.Count(whole.Text, "Turn it off."); n != times || !strings.HasSuffix(whole.Text, "!") {
			t.Errorf("Carla reads it %d times: …%s", n, whole.Text[len(whole.Text)-40:])
		}
		note := strings.Repeat("n", 10_000)
		w.listens(func() { carla.says("ict-triage", card.ID, note) }) // or it would be an answer after the restart
		f := carla.clicks(card, "Reply").Form
		answer := strings.Repeat("Turn it on. ", 240) + "Done"
		carla.fills(f, "text", answer)
		got := ana.sees(direct, mine.ID, "Carla Jansen: Turn it on.")
		if n := strings.Count(got.Text, "Turn it on."); n != 240 || !strings.HasSuffix(got.Text, "Done") {
			t.Errorf("Ana reads it %d times", n)
		}
		carla.sees("ict-triage", card.ID, "Reply to the requester", "Turn it on.")
		w.settled()
		w.neverReads(ana, note[:100])

		// Where the policy takes what agents type in their thread for answers, those may be as long as a ticket's texts.
		w.adjust = func(o *app.Options) { o.Policy.Teams[0].Thread = ticket.EntryReply }
		w.restart()
		carla.says("ict-triage", card.ID, long)
		got = ana.sees(direct, mine.ID, "Carla Jansen: Turn it off.")
		if n := strings.Count(got.Text, "Turn it off."); n != times || !strings.HasSuffix(got.Text, "!") {
			t.Errorf("Ana reads it %d times", n)
		}
	})
}
