package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// rostered has the program look all the time who the agents are.
func (w *discordWorld) rostered() {
	w.Helper()
	w.paced(func(o *app.Options) { o.Pace.Roster = 100 * time.Millisecond })
}

// relearned waits until the program has looked anew who the agents are.
func (w *discordWorld) relearned() {
	w.Helper()
	const list = "GET /guilds/{}/members"
	for range 2 { // when it looks again, it is done with the first look
		before := w.fake.Calls(list)
		w.discord.guild.Nick("david", "David Bakker") // people changed
		w.eventually(func() error {
			if w.fake.Calls(list) == before {
				return errors.New("nobody looks who the agents are")
			}
			return nil
		})
	}
}

// TestDiscordPeopleChange gives the requester another nickname, and sees an agent and a requester leave the server: what is
// said from then on has the new name, nobody can give a ticket to who left, and who comes back has the conversation where it was.
func TestDiscordPeopleChange(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		w.rostered()
		ana, bram, carla, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("eva")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		bram.clicks(card, "Claim")
		ana.sees(direct, mine.ID, "Bram de Wit took this ticket")
		w.discord.guild.Nick("ana", "Ana Ferreira")
		w.eventually(func() error { // until Discord has told the bot
			ana.types("general", "/ticket mine")
			_, err := carla.reading(carla.types("general", "/ticket show "+key), "by Ana Ferreira")
			return err
		})
		ana.says(direct, mine.ID, "It drips on my desk")
		w.notifies(carla.sees("ict-triage", card.ID, "Ana Ferreira: It drips on my desk"), "bram")

		w.discord.guild.Leave("bram")
		w.relearned()
		ana.says(direct, mine.ID, "And on my keyboard")
		carla.sees("ict-triage", card.ID, "Ana Ferreira: And on my keyboard")
		carla.fills(carla.clicks(card, "More …", "Assign").Form, "assignee", "carla")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		assign := carla.clicks(card, "More …", "Assign").Form
		a := carla.works(carla.trySend(assign, assign.with("assignee", "bram")))
		if !strings.Contains(a.Errors["assignee"], "Bram de Wit does not handle") {
			t.Errorf("a ticket for somebody who left: %+v", a)
		}
		carla.watches(card, "by Ana Ferreira", "Assignee: Carla Jansen")

		// Eva leaves while her ticket is open: the team reads that she can't be told, and her ticket goes on when she is back.
		second, hers := eva.opens("The window rattles")
		root := w.mine(eva, second)
		w.settled()
		w.discord.guild.Leave("eva")
		carla.fills(carla.clicks(hers, "Reply").Form, "text", "Which window?")
		carla.sees("ict-triage", hers.ID, "Reply to the requester", "Which window?")
		carla.later("ict-triage", hers.ID, "could not be delivered")
		w.settled()
		w.discord.guild.Join(discordfake.Person{Name: "eva"})
		carla.fills(carla.clicks(hers, "Reply").Form, "text", "The one in the hall?")
		carla.sees("ict-triage", hers.ID, "The one in the hall?")
		eva.later(direct, root.ID, "Carla Jansen: The one in the hall?")
		eva.says(direct, root.ID, "That one")
		carla.sees("ict-triage", hers.ID, "Eva Lindqvist: That one")
		w.settled()
		carla.inOrder("ict-triage", hers.ID, "Which window?", "The one in the hall?", "That one")
		carla.inOrder("ict-triage", card.ID, "It drips on my desk", "And on my keyboard")
		w.discord.guild.Join(discordfake.Person{Name: "bram"}) // so that he can be looked over the shoulder
	})
}

// TestDiscordRoles has a role say who handles tickets: who has it does, and who only sees the team's channel does not. A role
// that is given or taken away counts without a restart.
func TestDiscordRoles(t *testing.T) {
	o := discordfake.Options{Guilds: []discordfake.Guild{{Name: "Balie", Roles: []discordfake.Role{
		{Name: "helpdesk", Members: []string{"carla"}}, {Name: "choir", Members: []string{"bram", "eva"}}}}}}
	byRole := func(n *discordNetwork) {
		n.channels = func(team *ticket.Team) {
			team.Agents = []ticket.Agent{{Platform: "discord", Group: n.guild.RoleID("helpdesk")}}
		}
	}
	onDiscordWith(t, o, byRole, func(t *testing.T, w *discordWorld) {
		w.rostered()
		ana, bram, carla, david := w.as("ana"), w.as("bram"), w.as("carla"), w.as("david")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		w.eventually(func() error {
			_, err := carla.reading(carla.types("general", "/ticket queue"), key)
			return err
		})

		// Bram sees the card, and handles nothing.
		bram.reads(bram.clicks(card, "Claim"), "Er is geen melding")
		bram.reads(bram.types("general", "/ticket wachtrij"), "Dat kan alleen het team")
		carla.reads(carla.clicks(card, "Claim"), "is yours")
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")

		// David gets the role, and Carla loses it.
		david.reads(david.types("general", "/ticket wachtrij"), "Dat kan alleen het team")
		w.discord.guild.Give("david", "helpdesk", true)
		w.eventually(func() error {
			_, err := david.reading(david.types("general", "/ticket wachtrij"), key)
			return err
		})
		show := david.reads(david.types("general", "/ticket toon "+key), key)
		david.fills(david.clicks(show, "Antwoorden").Form, "text", "Ik kom eraan")
		ana.sees(direct, mine.ID, "David Bakker: Ik kom eraan")
		carla.sees("ict-triage", card.ID, "Ik kom eraan")
		w.discord.guild.Give("carla", "helpdesk", false)
		w.eventually(func() error {
			_, err := carla.reading(carla.types("general", "/ticket queue"), "Only the team")
			return err
		})
		if a := carla.works(carla.tryClick(card, "Resolve")); a.Form != nil {
			t.Errorf("who has the role no more may resolve: %+v", a.Form)
		}
		w.restart()
		carla.reads(carla.types("general", "/ticket queue"), "Only the team")
		david.reads(david.types("general", "/ticket wachtrij"), key)
	})
}
