package e2e

import (
	"strings"
	"testing"

	"balie/adapters/discord/discordfake"
)

// TestDiscordDeaf does without being told what people type: buttons do it all.
func TestDiscordDeaf(t *testing.T) {
	onDiscordWith(t, discordfake.Options{NoContent: true}, requests("help"), func(t *testing.T, w *discordWorld) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		w.warnedOnce("Message Content Intent")
		f := ana.types("general", "/ticket The printer is stuck").Form
		ana.fills(f, "type", "question", "category", "other")
		root := ana.sees("help", "", "HD-00001")
		card := bram.sees("ict-triage", "", "HD-00001")
		if !root.has("Add") {
			t.Errorf("the conversation has %+v", root.Buttons)
		}

		// Each answers with a button, and what was said has one to answer with.
		bram.fills(bram.clicks(card, "Ask").Form, "text", "Which tray?")
		question := ana.sees("help", root.ID, "Bram de Wit: Which tray?")
		bram.sees("ict-triage", card.ID, "Which tray?")
		in := ana.clicks(question, "Add").Form.with("text", "The lower one")
		in.Files["files"] = []string{ana.uploads("help", "tray.png", "\x89PNG tray")}
		f = ana.clicks(question, "Add").Form
		ana.sends(f, in)
		ana.sees("help", root.ID, "Ana Silva: The lower one")
		heard := carla.sees("ict-triage", card.ID, "Ana Silva: The lower one", "file tray.png")
		carla.watches(card, "Status: In progress")
		carla.fills(carla.clicks(heard, "Reply").Form, "text", "Thanks")
		ana.sees("help", root.ID, "Carla Jansen: Thanks")
		carla.sees("ict-triage", card.ID, "Thanks")

		// What is typed becomes no empty message, and people are told once where to go. A mention is told.
		w.settled()
		before := w.fake.Messages(card.ID)
		ana.says("help", root.ID, "Are you there?")
		ana.sees("help", root.ID, "can't read what is typed here")
		ana.says("help", root.ID, "Hello?")
		ana.says("help", root.ID, "@balie It jams again")
		carla.sees("ict-triage", card.ID, "Ana Silva: It jams again")
		w.settled()
		if n := w.fake.Messages(card.ID); n != before+1 {
			t.Errorf("%d messages became %d", before, n)
		}
		for _, secret := range []string{"Are you there?", "Hello?"} {
			carla.neverSees(secret)
		}
		w.once(ana, "help", root.ID, "can't read what is typed here")
		carla.says("ict-triage", card.ID, "She always says that")
		carla.sees("ict-triage", card.ID, "can't read what is typed here")

		// A direct message is told all the same.
		ana.says(direct, "", "My screen is black")
		ana.sees(direct, "", "Is this for one of your tickets")
		if ana.lists(direct, ""); len(w.log.warned("Message Content Intent")) != 1 {
			t.Error("admins read it more than once")
		}
		ana.neverSees("She always says that")
	})
}

// TestDiscordMentioned has people mention the bot where it has no conversation.
func TestDiscordMentioned(t *testing.T) {
	for name, o := range map[string]discordfake.Options{"heard": {}, "deaf": {NoContent: true}} {
		t.Run(name, func(t *testing.T) {
			w := onDiscordBy(t, overGateway, o, nil)
			ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
			ana.says("general", "", "The beamer in room 4 flickers")
			said := eva.says("general", "", "@balie The beamer in room 5 flickers, too")
			eva.says("general", said.ID, "Since Monday")
			offer := eva.sees(direct, "", "Shall I make a ticket of this?")
			f := eva.clicks(offer, "New ticket").Form
			if got := w.field(f, "summary").Value; len(got) == 0 || got[0] != "The beamer in room 5 flickers, too" {
				t.Errorf("the summary starts as %q", got)
			}
			eva.fills(f, "type", "question", "category", "other")
			eva.sees(direct, "", "Your ticket is", "HD-00001")
			eva.sees(direct, "", "Here you follow", "HD-00001")
			card := carla.sees("ict-triage", "", "HD-00001", "The beamer in room 5")
			if !o.NoContent { // else nobody can read it
				carla.sees("ict-triage", card.ID, "Taken along from the chat", "Since Monday")
			}
			for _, m := range ana.lists("general", "") {
				if m.Bot || strings.Contains(m.Text, "HD-") {
					t.Errorf("everybody reads %q", m.Text)
				}
			}
		})
	}
}
