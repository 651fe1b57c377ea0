package e2e

import (
	"slices"
	"strings"
	"testing"

	"balie/adapters/discord/discordfake"
	"balie/internal/ticket"
)

// inForum has a team's cards in a forum.
func inForum(n *discordNetwork) {
	n.channels = func(team *ticket.Team) {
		team.Triage = []ticket.Channel{{Platform: "discord", ID: n.guild.ChannelID("desk")}}
	}
}

func deskForum(tags ...string) discordfake.Options {
	return discordfake.Options{Guilds: []discordfake.Guild{{Name: "Balie", Channels: []discordfake.Channel{
		{Name: "desk", Kind: discordfake.Forum, Private: true, Members: []string{"bram", "carla"}, Tags: tags}}}}}
}

// TestDiscordForum has a team whose cards are the posts of a forum: their tags tell where tickets stand.
func TestDiscordForum(t *testing.T) {
	onDiscordWith(t, deskForum("Waiting for triage", "in progress", "Closed", "Hardware"), inForum, func(t *testing.T, w *discordWorld) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		f := ana.types("general", "/ticket The printer is stuck").Form
		ana.fills(f, "type", "question", "category", "other")
		mine := ana.sees(direct, "", "HD-00001")
		card := bram.sees("desk", "", "HD-00001", "by Ana Silva")
		tagged := func(tags ...string) func(discordfake.Thread) bool {
			return func(th discordfake.Thread) bool {
				slices.Sort(th.Tags)
				return slices.Equal(th.Tags, tags)
			}
		}
		if th := w.thread(card.ID); th.Name != "HD-00001 · The printer is stuck" || th.Private || !tagged("Waiting for triage")(th) {
			t.Errorf("the post is %+v", th)
		}
		bram.clicks(card, "Claim")
		ana.sees(direct, mine.ID, "Bram de Wit took this ticket")
		bram.watches(card, "Assignee: Bram de Wit")
		w.becomes(card.ID, "in progress", tagged("in progress"))

		// They talk. A status without a tag takes the tag away.
		bram.fills(bram.clicks(card, "Ask").Form, "text", "Which tray?")
		ana.sees(direct, mine.ID, "Which tray?")
		bram.sees("desk", card.ID, "Which tray?")
		w.becomes(card.ID, "without a tag", tagged())
		ana.says(direct, mine.ID, "The lower one")
		w.notifies(bram.sees("desk", card.ID, "Ana Silva: The lower one"), "bram")
		carla.says("desk", card.ID, "She always says that")
		w.becomes(card.ID, "in progress", tagged("in progress"))

		// Closed and reopened.
		bram.fills(bram.clicks(card, "More …", "Close").Form)
		ana.sees(direct, mine.ID, "closed this ticket")
		bram.sees("desk", card.ID, "closed this ticket")
		w.becomes(card.ID, "closed", func(th discordfake.Thread) bool { return th.Archived && th.Locked && tagged("Closed")(th) })
		bram.watches(card, "Status: Closed")
		carla.clicks(card, "Reopen")
		ana.sees(direct, mine.ID, "reopened this ticket")
		carla.sees("desk", card.ID, "reopened this ticket")
		w.becomes(card.ID, "open", func(th discordfake.Thread) bool { return !th.Archived && !th.Locked && tagged("in progress")(th) })
		ana.neverSees("She always says that")
	})
}

// TestDiscordForumUncertain has a forum say nothing of a post that it made: it is found, and there is one.
func TestDiscordForumUncertain(t *testing.T) {
	w := onDiscordBy(t, overGateway, deskForum(), inForum)
	w.today()
	ana, carla := w.as("ana"), w.as("carla")
	w.fake.Uncertain("POST /channels/{}/threads", 1)
	key := ana.ticket("The clock is wrong")
	ana.sees(direct, "", "HD-00001")
	card := carla.later("desk", "", key)
	w.settled()
	carla.inOrder("desk", "", "HD-00001 · The clock is wrong")
	if all := w.fake.Threads(w.channel("carla", "desk")); len(all) != 1 {
		t.Errorf("the forum has %+v", all)
	}
	w.fake.FailNext("POST /channels/{}/threads", 2, discordfake.Fault{Status: 500})
	second := ana.ticket("Another clock")
	ana.sees(direct, "", second)
	carla.later("desk", "", second)

	// A post that somebody deleted is made again.
	w.fake.DeleteChannel(card.ID)
	ana.says(direct, w.mine(ana, key).ID, "It is five past")
	again := carla.later("desk", "", key+" · ")
	carla.later("desk", again.ID, "Ana Silva: It is five past")
	carla.clicks(again, "Claim")
	ana.sees(direct, w.mine(ana, key).ID, "Carla Jansen took this ticket")
	carla.watches(again, "Assignee: Carla Jansen")
	if !strings.Contains(w.thread(again.ID).Name, key) {
		t.Errorf("the post is %+v", w.thread(again.ID))
	}
}

// TestDiscordForumRequiresTag has a forum want a tag of each post: one that has a tag for each status gets on, one that has none
// for a new ticket makes admins read what to do.
func TestDiscordForumRequiresTag(t *testing.T) {
	required := func(tags ...string) discordfake.Options {
		o := deskForum(tags...)
		o.Guilds[0].Channels[0].RequireTag = true
		return o
	}
	w := onDiscordBy(t, overGateway, required("Waiting for triage", "In progress"), inForum)
	ana, carla := w.as("ana"), w.as("carla")
	key := ana.ticket("The clock is wrong")
	mine := ana.sees(direct, "", key)
	card := carla.sees("desk", "", key)
	carla.fills(carla.clicks(card, "Ask").Form, "text", "Which clock?") // a status without a tag
	ana.sees(direct, mine.ID, "Which clock?")
	carla.sees("desk", card.ID, "Which clock?")
	carla.watches(card, "Status: Waiting for requester")
	ana.says(direct, mine.ID, "All of them")
	carla.sees("desk", card.ID, "All of them")
	w.becomes(card.ID, "in progress", func(th discordfake.Thread) bool { return slices.Equal(th.Tags, []string{"In progress"}) })

	without := onDiscordBy(t, overGateway, required("Bug"), inForum)
	ana = without.as("ana")
	key = ana.ticket("The clock is wrong")
	ana.sees(direct, "", key)
	without.warns("posts wait for an admin", "the forum wants a tag on each post")
}
