package e2e

import (
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"
)

// TestMattermostThreadCommand makes a ticket of the thread in which the command was typed, with what people said there and
// nobody else.
func TestMattermostThreadCommand(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, bram, carla, eva := w.as("ana"), w.as("bram"), w.as("carla"), w.as("eva")
		robot, byHook := w.robot(), model.StringInterface{model.PostPropsFromWebhook: "true"}
		root := eva.says("general", "", "The beamer in room 4 flickers")
		ana.says("general", root.ID, "Same in room 5")
		w.chatters(robot, "general", root.ID, "Beep, says a robot", nil)
		client, err := w.town.As("eva").Client(t.Context())
		w.done(err)
		w.chatters(client, "general", root.ID, "A build failed, says a webhook", byHook)
		eva.says("general", root.ID, "It started on Monday")

		a := bram.must(w.net.command(t.Context(), "bram", "general", root.ID, "/ticket Flickering beamers"))
		if got := w.field(a.Form, "summary").Value; got[0] != "Flickering beamers" {
			t.Errorf("the summary starts as %q", got)
		}
		bram.reads(bram.fills(a.Form, "type", "question", "category", "other"), "Je melding is", "HD-00001")
		bram.sees(direct, "", "Hier volg je", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001", "Flickering beamers", "by Bram de Wit")
		carla.sees("ict-triage", card.ID, "Eva Lindqvist", "Taken along from the chat", "The beamer in room 4 flickers")
		carla.sees("ict-triage", card.ID, "Ana Silva", "Same in room 5")
		carla.sees("ict-triage", card.ID, "Eva Lindqvist", "It started on Monday")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "The beamer in room 4 flickers", "Same in room 5", "It started on Monday")

		// What programs say in the team's thread is nobody's note, and whom they mention is offered nothing.
		w.chatters(robot, "ict-triage", card.ID, "Beep again", nil)
		w.chatters(robot, "general", "", "@"+w.town.Bot.Username+" beep", nil)
		client, err = w.town.As("carla").Client(t.Context())
		w.done(err)
		w.chatters(client, "ict-triage", card.ID, "Another build failed", byHook)
		carla.says("ict-triage", card.ID, "Both beamers are from 2009")
		w.eventually(func() error {
			a := carla.types("general", "/ticket show HD-00001")
			_, err := carla.reading(a, "Both beamers are from 2009")
			return err
		})
		whole := carla.reads(carla.types("general", "/ticket show HD-00001"), "Both beamers").Text
		for _, noise := range []string{"Beep", "build failed"} {
			if strings.Contains(whole, noise) {
				t.Errorf("the ticket has %q: %s", noise, whole)
			}
		}
	})
}

// TestMattermostMention mentions the bot in a channel, and puts a ticket on somebody else's message.
func TestMattermostMention(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, carla, david, eva := w.as("ana"), w.as("carla"), w.as("david"), w.as("eva")
		root := eva.says("general", "", "@"+w.town.Bot.Username+" my beamer flickers")
		offer := eva.sees(direct, "", "Shall I make a ticket of this?")
		david.says("general", root.ID, "Mine, too")
		f := eva.clicks(offer, "New ticket").Form
		if got := w.field(f, "summary").Value; got[0] != "my beamer flickers" {
			t.Errorf("the summary starts as %q", got)
		}
		eva.fills(f, "type", "question", "category", "other")
		eva.sees(direct, "", "Your ticket is", "HD-00001")
		eva.sees(direct, "", "Here you follow", "HD-00001")
		card := carla.sees("ict-triage", "", "HD-00001", "my beamer flickers")
		carla.sees("ict-triage", card.ID, "David Bakker", "Mine, too")

		// Somebody else's message is theirs, the ticket that of whoever made it.
		said := david.says("general", "", "The fridge leaks")
		f = ana.makesTicketOf(said)
		ana.fills(f, "type", "question", "category", "other")
		ana.sees(direct, "", "Your ticket is", "HD-00002")
		ana.sees(direct, "", "Here you follow", "HD-00002")
		card = carla.sees("ict-triage", "", "HD-00002", "The fridge leaks", "by Ana Silva")
		if a := ana.works(ana.net.react(t.Context(), ana.id, card, "ticket")); a.Refused == "" {
			t.Error("Ana can see the team's channel")
		}
		// A name that only begins like the bot's, and one in code, call nobody.
		for _, text := range []string{"@" + w.town.Bot.Username + "x hello", "`@" + w.town.Bot.Username + "` is its name"} {
			eva.says("general", "", text)
		}
		eva.says(direct, "", "Are you there?") // heard after those
		eva.sees(direct, "", "Shall I make a ticket of this?")
	})
}

// TestMattermostEverywhere types the command in the direct conversation, in a group's, and in another team with a
// command of its own.
func TestMattermostEverywhere(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		f := ana.types(direct, "/ticket from our own conversation").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00001")
		ana.sees(direct, "", "Here you follow", "HD-00001")
		carla.sees("ict-triage", "", "HD-00001", "from our own conversation")

		client, err := w.town.As("ana").Client(t.Context())
		w.done(err)
		group, _, err := client.CreateGroupChannel(t.Context(),
			[]string{w.town.UserID("ana"), w.town.UserID("david"), w.town.UserID("eva")})
		w.done(err)
		w.mm.channels["group"] = group.Id
		f = ana.types("group", "/ticket from a group").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00002")
		ana.sees(direct, "", "Here you follow", "HD-00002")
		carla.sees("ict-triage", "", "HD-00002", "from a group")
		ana.reads(ana.types("group", "/ticket mine"), "from a group")

		// Another team's command has a token of its own, which the program has to know.
		token := w.secondTeam("ana", "carla")
		a := ana.works(ana.net.command(t.Context(), ana.id, "lobby", "", "/ticket from next door"))
		if !strings.Contains(a.Refused, "403") {
			t.Errorf("a command with a token that nobody told us of: %+v", a)
		}
		w.mm.tokens = append(w.mm.tokens, token)
		w.restart()
		f = ana.types("lobby", "/ticket from next door").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00003")
		ana.sees(direct, "", "Here you follow", "HD-00003")
		carla.sees("ict-triage", "", "HD-00003", "from next door")
		f = ana.types("general", "/ticket from here").Form
		ana.reads(ana.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00004")
		ana.sees(direct, "", "Here you follow", "HD-00004")
		carla.sees("ict-triage", "", "HD-00004", "from here")
		carla.reads(carla.types("lobby", "/ticket queue"), "from next door")
	})
}

// robot is another bot's client, in all of the town's channels.
func (w *mattermostWorld) robot() *model.Client4 {
	w.Helper()
	bot, _, err := w.admin().CreateBot(w.Context(), &model.Bot{Username: "robot-" + model.NewId()[:8], DisplayName: "Robot"})
	w.done(err)
	token, _, err := w.admin().CreateUserAccessToken(w.Context(), bot.UserId, "test", 0)
	w.done(err)
	_, _, err = w.admin().AddTeamMember(w.Context(), w.town.Team.Id, bot.UserId)
	w.done(err)
	for _, name := range []string{"general", "ict-triage"} {
		_, _, err = w.admin().AddChannelMember(w.Context(), w.town.ChannelID(name), bot.UserId)
		w.done(err)
	}
	client := model.NewAPIv4Client(w.town.URL)
	client.SetToken(token.Token)
	w.Cleanup(client.HTTPClient.CloseIdleConnections)
	return client
}

// chatters posts what no person says.
func (w *mattermostWorld) chatters(as *model.Client4, channel, thread, text string, props model.StringInterface) {
	w.Helper()
	_, _, err := as.CreatePost(w.Context(),
		&model.Post{ChannelId: w.town.ChannelID(channel), RootId: thread, Message: text, Props: props})
	w.done(err)
}

// secondTeam makes a team with a channel called lobby and a command, and gives the command's token.
func (w *mattermostWorld) secondTeam(members ...string) (token string) {
	w.Helper()
	ctx, name := w.Context(), "next-door-"+model.NewId()[:8]
	team, _, err := w.admin().CreateTeam(ctx, &model.Team{Name: name, DisplayName: name, Type: model.TeamInvite})
	w.done(err)
	lobby, _, err := w.admin().CreateChannel(ctx,
		&model.Channel{TeamId: team.Id, Name: "lobby", DisplayName: "lobby", Type: model.ChannelTypeOpen})
	w.done(err)
	for _, member := range members {
		_, _, err = w.admin().AddTeamMember(ctx, team.Id, w.town.UserID(member))
		w.done(err)
		_, _, err = w.admin().AddChannelMember(ctx, lobby.Id, w.town.UserID(member))
		w.done(err)
	}
	command, _, err := w.admin().CreateCommand(ctx, &model.Command{TeamId: team.Id, Trigger: "ticket",
		Method: model.CommandMethodPost, URL: w.mm.hooks() + "/command"})
	w.done(err)
	w.mm.channels["lobby"] = lobby.Id
	return command.Token
}
