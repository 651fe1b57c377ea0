package e2e

import (
	"strings"
	"testing"

	"balie/adapters/slack/slackfake"
	"balie/internal/ticket"
)

// TestSlackConversation goes through a conversation as Slack shows it: whose words they are, what was changed and taken
// back, and files both ways.
func TestSlackConversation(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, bram, carla, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("eva")
		w.known(eva, "Eva Lindqvist") // whom Ana will mention
		key, card := ana.opens("The door squeaks")
		mine := w.mine(ana, key)
		reply := bram.clicks(card, "Reply").Form
		bram.fills(reply, "text", "Which *door*?\n\n- the red one\n- `B12`")
		got := ana.sees(direct, mine.ID, "Bram de Wit: Which ", "B12")
		m := w.raw(got)
		if m.Username != "Bram de Wit" || m.IconURL == "" {
			t.Errorf("Bram's reply is %q's, with the picture %q", m.Username, m.IconURL)
		}
		if m.Text == "" {
			t.Error("the reply has no text for notifications")
		}
		carla.sees("ict-triage", card.ID, "Bram de Wit", "Reply to the requester", "B12")

		// Markup, people, channels, links and dates of Slack's arrive as what they mean.
		ana.says(direct, mine.ID, "The *red* one, _see_ https://example.org/door, ask @eva, @here :door: <b>")
		heard := carla.sees("ict-triage", card.ID, "Ana Silva: The ", "red", "Eva", "https://example.org/door", "<b>")
		w.notifies(heard, "bram")
		whole := carla.reads(carla.types("general", "/ticket show "+key), "red").Text
		if !strings.Contains(whole, "**red**") || strings.Contains(whole, "<@U") {
			t.Errorf("the ticket has: %s", whole)
		}

		// What is changed is changed on the other side, what is taken back is gone.
		said := ana.says(direct, mine.ID, "The blue one")
		echo := carla.sees("ict-triage", card.ID, "Ana Silva: The blue one")
		ana.corrects(said, "The red one, I said")
		carla.watches(echo, "The red one, I said")
		ana.takesBack(said)
		carla.losesSight(echo)

		// A file with a text, a file without, and one of an agent's that stays in the team.
		picture := ana.uploads(direct, "door.png", "\x89PNG door")
		ana.says(direct, mine.ID, "Listen", picture)
		for _, p := range []person{bram, carla} {
			shot := p.find("ict-triage", card.ID, []string{"file door.png"}, func(message) bool { return true })
			if got := p.downloads(shot, shot.Files[0]); got != "\x89PNG door" {
				t.Errorf("%s reads %q", p.id, got)
			}
		}
		w.expects(bram, "ict-triage", card.ID, "Listen")
		ana.says(direct, mine.ID, "", ana.uploads(direct, "squeak.wav", "RIFF squeak"))
		carla.sees("ict-triage", card.ID, "file squeak.wav")
		carla.says("ict-triage", card.ID, "The hinge", carla.uploads("ict-triage", "hinge.png", "\x89PNG hinge"))
		w.settled()
		ana.neverSees("hinge")
	})
}

// TestSlackRequestChannel keeps the conversation in a thread of a channel where everybody reads along.
func TestSlackRequestChannel(t *testing.T) {
	onSlackWith(t, slackfake.Options{}, func(n *slackNetwork) {
		n.channels = func(team *ticket.Team) {
			team.Requests = []ticket.Channel{{Platform: "slack", ID: n.fake.ChannelID("help")}}
		}
	}, func(t *testing.T, w *slackWorld) {
		ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
		f := ana.types("general", "/ticket the tap drips").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "HD-00001")
		mine := ana.sees("help", "", "HD-00001 · the tap drips")
		w.notifies(mine, "ana")
		card := carla.sees("ict-triage", "", "HD-00001 · the tap drips")
		ana.says("help", mine.ID, "In the kitchen")
		carla.sees("ict-triage", card.ID, "Ana Silva: In the kitchen")
		a := eva.must(w.net.say(w.Context(), "eva", "help", mine.ID, "In the hall, too"))
		eva.reads(a, "what you write here is not part of it")
		carla.fills(carla.clicks(card, "Reply").Form, "text", "A plumber comes")
		eva.sees("help", mine.ID, "Carla Jansen: A plumber comes")
		carla.sees("ict-triage", card.ID, "A plumber comes")
		carla.says("ict-triage", card.ID, "At last")
		carla.fills(carla.clicks(card, "Resolve").Form, "text", "A new washer.")
		done := ana.sees("help", mine.ID, "Carla Jansen resolved this ticket")
		carla.sees("ict-triage", card.ID, "resolved this ticket")
		if a := eva.works(eva.tryClick(done, "Reopen")); a.Refused == "" {
			if m, told := a.reads("HD-00001"); told && !strings.Contains(m.Text, "no ticket") {
				t.Errorf("Eva reopened Ana's ticket: %+v", a)
			}
		}
		ana.clicks(done, "Reopen")
		ana.sees("help", mine.ID, "Ana Silva reopened this ticket")
		carla.sees("ict-triage", card.ID, "Ana Silva reopened this ticket")
		w.settled()
		eva.neverSees("At last")
		whole := carla.reads(carla.types("general", "/ticket show HD-00001"), "In the kitchen").Text
		if strings.Contains(whole, "hall") {
			t.Errorf("the ticket has what Eva said: %s", whole)
		}
	})
}

// TestSlackRefusals presses what is not one's own: who does reads why, and nobody else does.
func TestSlackRefusals(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, bram, carla, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("eva")
		key, card := ana.opens("Mine alone")
		mine := w.mine(ana, key)
		eva.reads(eva.types("general", "/ticket show "+key), "There is no ticket "+key+" that you can see")
		eva.reads(eva.types("general", "/ticket queue"), "Only the team")
		carla.reads(carla.clicks(card, "Claim"), "is yours")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		if card = bram.watches(card, "Assignee: Carla Jansen"); card.has("Claim") {
			t.Error("a claimed ticket can be claimed")
		}
		for _, p := range []person{ana, bram, eva} {
			p.neverSees("is yours")
			p.neverSees("Only the team")
		}
		w.settled()
	})
}
