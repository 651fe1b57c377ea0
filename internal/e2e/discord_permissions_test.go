package e2e

import (
	"strings"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	discordexamine "balie/adapters/discord/examine"
	"balie/bot"
	"balie/internal/app"
)

// permissions are what the bot needs in the team's channel, as Discord's settings call it.
var permissions = []struct {
	name string
	bit  uint64
}{
	{"View Channels", discordfake.ViewChannel},
	{"Send Messages and Create Posts", discordfake.SendMessages},
	{"Send Messages in Threads and Posts", discordfake.SendInThreads},
	{"Attach Files", discordfake.AttachFiles},
	{"Read Message History", discordfake.ReadMessageHistory},
	{"Create Public Threads", discordfake.CreatePublicThreads},
	{"Manage Threads and Posts", discordfake.ManageThreads},
}

// TestDiscordPermissions takes the bot's permissions in the team's channel away one by one: nobody is turned away, what it
// can't say waits, and admins read which one is missing. Given back, all arrives once and in order.
func TestDiscordPermissions(t *testing.T) {
	for _, missing := range permissions {
		t.Run(missing.name, func(t *testing.T) {
			t.Parallel()
			w := onDiscordBy(t, overGateway, discordfake.Options{}, nil)
			ana, carla := w.as("ana"), w.as("carla")
			key, card := ana.opens("No coffee")
			mine := w.mine(ana, key)
			w.settled()
			triage := w.channel("", "ict-triage")
			w.fake.Deny(triage, missing.bit)
			ana.says(direct, mine.ID, "Still no coffee")
			ana.says(direct, mine.ID, "A picture of it", ana.uploads(direct, "cup.png", "\x89PNG cup"))
			second := ana.ticket("No tea either")
			ana.sees(direct, "", "Here you follow", second)
			ana.says(direct, w.mine(ana, second).ID, "No milk")
			carla.reads(carla.types("general", "/ticket queue"), second)
			if !w.works(missing.bit) {
				w.warns("posts wait for an admin", missing.name, "ict-triage")
			}
			if found := w.examined(); !strings.Contains(strings.Join(found, "\n"), strings.TrimSuffix(missing.name, "s")) {
				t.Errorf("who looks finds only: %s", strings.Join(found, "\n"))
			}
			w.fake.Allow(triage, missing.bit)
			carla.later("ict-triage", card.ID, "Ana Silva: Still no coffee")
			carla.later("ict-triage", card.ID, "Ana Silva: A picture of it", "file cup.png")
			other := carla.later("ict-triage", "", second, "No tea either")
			carla.later("ict-triage", other.ID, "Ana Silva: No milk")
			w.settled()
			carla.inOrder("ict-triage", card.ID, "No coffee", "Still no coffee", "A picture of it")
			for _, title := range []string{"No coffee", "No tea either"} {
				carla.inOrder("ict-triage", "", title)
			}
		})
	}
}

// works says whether posts go out without a permission.
func (w *discordWorld) works(missing uint64) bool {
	return missing == discordfake.ManageThreads || missing == discordfake.ReadMessageHistory
}

// examined is what admins read who look whether everything is right.
func (w *discordWorld) examined() (problems []string) {
	w.Helper()
	found := discordexamine.Examine(w.Context(), discordexamine.Options{Token: w.fake.Token, ApplicationID: w.fake.ApplicationID,
		APIURL: w.fake.APIURL, Commands: bot.Commands(), Channels: []discordexamine.Channel{{ID: w.channel("", "ict-triage")}}})
	for _, f := range found {
		problems = append(problems, f.Problem)
	}
	return problems
}

// TestDiscordEmbedLinks takes away what cards are shown by: Discord says nothing of that. Cards are made of words then, admins
// read it and find it when they look, and once it is given back cards are whole again with the next change.
func TestDiscordEmbedLinks(t *testing.T) {
	w := onDiscordBy(t, overGateway, discordfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	_, card := ana.opens("No coffee")
	w.settled()
	triage := w.channel("", "ict-triage")
	w.fake.Deny(triage, discordfake.EmbedLinks)
	second := ana.ticket("No tea either")
	ana.sees(direct, "", "Here you follow", second)
	bare := carla.sees("ict-triage", "", second, "No tea either") // in words
	w.warnedOnce("cards are made of words", "Embed Links")
	if found := strings.Join(w.examined(), "\n"); !strings.Contains(found, "Embed Links") {
		t.Errorf("who looks finds only: %s", found)
	}
	w.fake.Allow(triage, discordfake.EmbedLinks)
	w.restart() // or ten minutes later
	carla.clicks(bare, "Claim")
	carla.watches(bare, second, "No tea either", "Assignee: Carla Jansen")
	ana.sees(direct, w.mine(ana, second).ID, "Carla Jansen took this ticket")
	carla.watches(card, "No coffee")
}

// TestDiscordBotRemoved removes the bot from the server and invites it again: it goes on where it was.
func TestDiscordBotRemoved(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		w.paced(func(o *app.Options) { o.Pace.Roster = 200 * time.Millisecond })
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The roof leaks")
		mine := w.mine(ana, key)
		w.settled()
		w.discord.guild.RemoveBot()
		ana.says(direct, mine.ID, "Two buckets")
		w.warns("posts wait for an admin", "ict-triage")
		carla.says("ict-triage", card.ID, "Who has a bucket?")
		w.clock.forward(time.Hour)
		w.discord.guild.Invite()
		carla.later("ict-triage", card.ID, "Ana Silva: Two buckets")
		w.eventually(func() error { // the program looks anew who the agents are
			_, err := carla.reading(carla.types("general", "/ticket queue"), key)
			return err
		})
		carla.fills(carla.clicks(card, "Reply").Form, "text", "On my way")
		ana.later(direct, mine.ID, "Carla Jansen: On my way")
		carla.later("ict-triage", card.ID, "On my way")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "Who has a bucket?", "Two buckets", "On my way")
	})
}

// TestDiscordTokenRevoked takes the bot's token away: admins read in the log what to do, and a new start brings everything.
func TestDiscordTokenRevoked(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The lamp is broken")
		mine := w.mine(ana, key)
		w.settled()
		w.fake.FailNext(posting[0], -1, discordfake.Fault{Status: 503})
		ana.says(direct, mine.ID, "It is dark")
		carla.reads(carla.clicks(card, "Claim"), "is yours")
		w.fake.RevokeToken()
		w.fake.FailNext(posting[0], 0, discordfake.Fault{})
		w.warns("posts wait for an admin", "DISCORD_TOKEN")
		w.eventually(func() error { return times(1, w.log.take("the bot hears nothing", "DISCORD_TOKEN")) })
		w.stop()
		w.fake.Restore()
		ana.says(direct, mine.ID, "Very dark")
		w.run()
		carla.later("ict-triage", card.ID, "Ana Silva: It is dark")
		carla.later("ict-triage", card.ID, "Ana Silva: Very dark")
		ana.later(direct, mine.ID, "Carla Jansen took this ticket")
		carla.watches(card, "Assignee: Carla Jansen")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "It is dark", "Very dark")
	})
}
