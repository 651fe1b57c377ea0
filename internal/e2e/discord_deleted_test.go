package e2e

import (
	"testing"

	"balie/adapters/discord/discordfake"
)

// TestDiscordCardDeleted has a moderator delete the team's card: it is posted again, and the conversation goes on below it.
func TestDiscordCardDeleted(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		carla.says("ict-triage", card.ID, "Old roof")
		w.settled()
		w.fake.DeleteMessage(w.channel("", "ict-triage"), card.ID)
		ana.says(direct, mine.ID, "It drips on my desk")
		carla.sees("ict-triage", card.ID, "Ana Silva: It drips on my desk") // the thread is still there
		bram.reads(bram.types("general", "/ticket wachtrij"), key)
		show := bram.reads(bram.types("general", "/ticket toon "+key), key)
		bram.clicks(show, "Oppakken")
		again := carla.later("ict-triage", "", key, "Assignee: Bram de Wit")
		ana.sees(direct, mine.ID, "Bram de Wit took this ticket")
		ana.says(direct, mine.ID, "And on my keyboard")
		w.notifies(carla.sees("ict-triage", again.ID, "Ana Silva: And on my keyboard"), "bram")
		carla.says("ict-triage", again.ID, "A bucket?")
		carla.fills(carla.clicks(again, "Reply").Form, "text", "We bring a bucket")
		ana.sees(direct, mine.ID, "We bring a bucket")
		carla.sees("ict-triage", again.ID, "We bring a bucket")
		w.settled()
		ana.neverSees("A bucket?")
	})
}

// TestDiscordThreadDeleted has a moderator delete the thread below the card, while the program knows it and while it does not.
func TestDiscordThreadDeleted(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		ana.says(direct, mine.ID, "first.")
		carla.sees("ict-triage", card.ID, "first.")
		w.settled()
		w.fake.DeleteChannel(card.ID)
		ana.says(direct, mine.ID, "second.")
		carla.sees("ict-triage", card.ID, "second.")
		w.settled()
		w.fake.LoseDispatches(1) // nobody tells
		w.fake.DeleteChannel(card.ID)
		ana.says(direct, mine.ID, "third.")
		carla.later("ict-triage", card.ID, "third.")
		carla.says("ict-triage", card.ID, "noted.")
		w.settled()
		w.stop()
		w.fake.DeleteChannel(card.ID)
		w.run()
		ana.says(direct, mine.ID, "fourth.")
		carla.later("ict-triage", card.ID, "fourth.")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "fourth.")
	})
}

// TestDiscordConversationDeleted has a moderator delete the private thread of a conversation: it begins again, for the
// requester alone.
func TestDiscordConversationDeleted(t *testing.T) {
	w := onDiscordBy(t, overGateway, discordfake.Options{}, requests("help"))
	ana, bram, eva := w.as("ana"), w.as("bram"), w.as("eva")
	f := ana.types("general", "/ticket The printer is stuck").Form
	ana.fills(f, "type", "question", "category", "other")
	root := ana.sees("help", "", "HD-00001")
	card := bram.sees("ict-triage", "", "HD-00001")
	w.settled()
	w.fake.DeleteChannel(root.ID)
	bram.fills(bram.clicks(card, "Reply").Form, "text", "Which tray?")
	bram.sees("ict-triage", card.ID, "Which tray?")
	again := ana.later("help", "", "HD-00001")
	ana.later("help", again.ID, "Bram de Wit: Which tray?")
	ana.says("help", again.ID, "The lower one")
	bram.sees("ict-triage", card.ID, "Ana Silva: The lower one")
	w.settled()
	ana.inOrder("help", again.ID, "Which tray?", "The lower one")
	eva.neverSees("Which tray?")
}

// TestDiscordChannelDeleted deletes the team's channel: nobody is turned away, and admins read it.
func TestDiscordChannelDeleted(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana := w.as("ana")
		key, _ := ana.opens("The door is stuck")
		mine := w.mine(ana, key)
		w.settled()
		w.fake.DeleteChannel(w.channel("", "ict-triage"))
		ana.says(direct, mine.ID, "It is cold here")
		second := ana.ticket("The window, too")
		ana.sees(direct, "", "Here you follow", second)
		w.warns("posts wait for an admin", "name another one in the policy")
		ana.reads(ana.types("general", "/ticket mine"), second)
		w.says(w.told(w.user(ana).Command(w.Context(), w.channel("ana", "general"), "ticket", "show", map[string]string{"ticket": key})), key)
	})
}
