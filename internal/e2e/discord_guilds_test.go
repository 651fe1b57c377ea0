package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// twoGuilds are a Discord with two servers, each with a team's channel; Eva is in both.
func twoGuilds() discordfake.Options {
	return discordfake.Options{
		People: []discordfake.Person{{Name: "yan", Global: "Yan Li"}, {Name: "zoe", Global: "Zoë Martin"}},
		Guilds: []discordfake.Guild{
			{Name: "Balie", Members: inhabitants},
			{Name: "Next door", Members: []string{"yan", "zoe", "eva"}, Channels: []discordfake.Channel{
				{Name: "lobby"}, {Name: "desk", Private: true, Members: []string{"yan"}}}},
		}}
}

func inBoth(n *discordNetwork) {
	n.channels = func(team *ticket.Team) {
		second := n.fake.Guild("Next door")
		team.Triage = []ticket.Channel{
			{Platform: "discord", Workspace: n.guild.GuildID, ID: n.guild.ChannelID("ict-triage")},
			{Platform: "discord", Workspace: second.GuildID, ID: second.ChannelID("desk")},
		}
	}
}

// in is the same world as people of another server see it.
func (w *discordWorld) in(name string) *discordWorld {
	n := &discordNetwork{fake: w.fake, guild: w.fake.Guild(name), by: w.discord.by, base: w.discord.base, policy: w.discord.policy,
		greeted: map[string]bool{}, discordNotes: w.discord.discordNotes}
	there := *w.world
	there.net = n
	return &discordWorld{world: &there, discord: n, fake: w.fake}
}

// TestDiscordSecondGuild has the bot in two servers: both have tickets of their own, with agents and channels apart, and one
// goes on when the bot is removed from the other.
func TestDiscordSecondGuild(t *testing.T) {
	onDiscordWith(t, twoGuilds(), inBoth, func(t *testing.T, w *discordWorld) {
		w.paced(func(o *app.Options) { o.Pace.Roster = 200 * time.Millisecond })
		there := w.in("Next door")
		ana, carla := w.as("ana"), w.as("carla")
		yan, zoe := there.as("yan"), there.as("zoe")
		key, card, its, other := w.beside(there.world)

		// Nobody takes a button to another server.
		claim, _, _ := pressableAt(w.raw(card), "Claim", "")
		said := w.raw(yan.says("lobby", "", "Look here"))
		told := there.told(there.user(yan).Forge(w.Context(), said, claim))
		there.says(told, "belongs to another server")
		w.settled()
		carla.watches(card, "Assignee: nobody yet")

		// One server removes the bot; the other does not notice.
		w.fake.Guild("Next door").RemoveBot()
		mine := w.mine(ana, key)
		ana.says(direct, mine.ID, "It still leaks")
		carla.sees("ict-triage", card.ID, "Ana Silva: It still leaks")
		w.fake.Guild("Next door").Invite()
		zoe.says(direct, its.ID, "It is out")
		yan.later("desk", other.ID, "Zoë Martin: It is out")
		w.settled()
	})
}

// TestDiscordInTwoGuilds has somebody who is in both servers ask in each, and in the direct conversation, where the server
// counts in which they were last.
func TestDiscordInTwoGuilds(t *testing.T) {
	onDiscordWith(t, twoGuilds(), inBoth, func(t *testing.T, w *discordWorld) {
		there := w.in("Next door")
		carla, yan := w.as("carla"), there.as("yan")
		asks := func(at *discordWorld, channel, summary, key string) {
			t.Helper()
			eva := at.as("eva")
			f := eva.types(channel, "/ticket "+summary).Form
			a := eva.fills(f, "type", "question", "category", "other")
			if channel != direct {
				eva.reads(a, "Your ticket is", key)
			} else {
				eva.sees(direct, "", "Your ticket is", key)
			}
			eva.sees(direct, "", key+" · ")
		}
		asks(w, "general", "Here", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001 · Here")
		asks(there, "lobby", "There", "HD-00002")
		other := yan.sees("desk", "", "HD-00002 · There")
		asks(there, direct, "There, too", "HD-00003")
		yan.sees("desk", "", "HD-00003 · There, too")
		asks(w, "general", "Here again", "HD-00004")
		carla.sees("ict-triage", "", "HD-00004 · Here again")
		asks(w, direct, "And here", "HD-00005")
		carla.sees("ict-triage", "", "HD-00005 · And here")

		// What she adds goes where its ticket is, whatever was last.
		eva := w.as("eva")
		for i, c := range []struct {
			key string
			at  person
			in  string
			to  message
		}{{"HD-00001", carla, "ict-triage", card}, {"HD-00002", yan, "desk", other}} {
			text := fmt.Sprintf("more %d.", i)
			eva.says(direct, w.mine(eva, c.key).ID, text)
			c.at.sees(c.in, c.to.ID, "Eva Lindqvist: "+text)
			c.at.fills(c.at.clicks(c.to, "Reply").Form, "text", "answer to "+text)
			eva.sees(direct, w.mine(eva, c.key).ID, "answer to "+text)
			c.at.sees(c.in, c.to.ID, "answer to "+text)
		}
		for _, m := range carla.sights() {
			if strings.Contains(m.Text, "There") {
				t.Errorf("Carla reads %q", m.Text)
			}
		}
	})
}
