package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermostfake"
	"balie/internal/app"
)

// TestMattermostArchivedTriage archives the team's channel while people ask: nobody is turned away, and the team reads
// everything once the channel is back.
func TestMattermostArchivedTriage(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("The door is stuck")
		mine := w.mine(ana, key)

		triage := w.town.ChannelID("ict-triage")
		w.has(func(ctx context.Context, c *model.Client4) error { _, err := c.DeleteChannel(ctx, triage); return err })
		second := ana.ticket("The window, too")
		ana.sees(direct, "", "Here you follow", second)
		ana.says(direct, mine.ID, "It is cold here")
		ana.says(direct, mine.ID, "And it rains")
		third := ana.ticket("Now the roof")
		ana.sees(direct, "", "Here you follow", third)
		w.warns("posts wait for an admin", "the channel ict-triage is archived: unarchive it")
		w.clock.forward(10 * time.Minute)

		w.has(func(ctx context.Context, c *model.Client4) error {
			_, _, err := c.RestoreChannel(ctx, triage)
			return err
		})
		carla.later("ict-triage", "", second, "The window, too")
		carla.later("ict-triage", "", third, "Now the roof")
		carla.later("ict-triage", card.ID, "Ana Silva: It is cold here")
		carla.later("ict-triage", card.ID, "Ana Silva: And it rains")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "It is cold here", "And it rains")
		for _, title := range []string{"The door is stuck", "The window, too", "Now the roof"} {
			carla.inOrder("ict-triage", "", title)
		}
		w.warnedOnce("posts wait for an admin")
		carla.clicks(card, "Claim") // the card lives
		ana.sees(direct, mine.ID, "Carla Jansen took this ticket")
		carla.watches(card, "Assignee: Carla Jansen")
	})
}

// TestMattermostBotSentAway takes the bot out of the team's channel, and then out of the team: what it could not say
// waits for it to come back.
func TestMattermostBotSentAway(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		w.adjust = func(o *app.Options) { o.Pace.Roster = 200 * time.Millisecond }
		w.restart()
		ana, carla := w.as("ana"), w.as("carla")
		key, card := ana.opens("No coffee")
		mine := w.mine(ana, key)
		triage := w.town.ChannelID("ict-triage")

		w.has(func(ctx context.Context, c *model.Client4) error {
			_, err := c.RemoveUserFromChannel(ctx, triage, w.town.BotID)
			return err
		})
		w.warns("the bot was removed from the channel", "ict-triage", "/invite @"+w.town.Bot.Username)
		ana.says(direct, mine.ID, "Still no coffee")
		second := ana.ticket("No tea either")
		ana.sees(direct, "", "Here you follow", second)
		w.warns("posts wait for an admin", "add it to the team and the channel again")
		carla.reads(carla.types("general", "/ticket queue"), second) // who the agents are is not forgotten
		w.warns("agents could not be looked up")

		w.has(func(ctx context.Context, c *model.Client4) error {
			_, _, err := c.AddChannelMember(ctx, triage, w.town.BotID)
			return err
		})
		carla.later("ict-triage", card.ID, "Ana Silva: Still no coffee")
		carla.later("ict-triage", "", second, "No tea either")
		carla.says("ict-triage", card.ID, "The machine is being descaled")

		w.has(func(ctx context.Context, c *model.Client4) error {
			_, err := c.RemoveTeamMember(ctx, w.town.Team.Id, w.town.BotID)
			return err
		})
		w.warns("the bot was removed from the team", "@"+w.town.Bot.Username)
		w.settled()
		before := len(w.log.warned("posts wait for an admin"))
		third := ana.ticket("No water")
		ana.sees(direct, "", "Here you follow", third)
		ana.says(direct, mine.ID, "Hello?")
		w.eventually(func() error {
			w.clock.forward(time.Second)
			return times(before+1, w.log.warned("posts wait for an admin"))
		})
		w.has(func(ctx context.Context, c *model.Client4) error {
			_, _, err := c.AddTeamMember(ctx, w.town.Team.Id, w.town.BotID)
			return err
		})
		w.has(func(ctx context.Context, c *model.Client4) error {
			for _, name := range []string{"ict-triage", "general"} {
				if _, _, err := c.AddChannelMember(ctx, w.town.ChannelID(name), w.town.BotID); err != nil {
					return err
				}
			}
			return nil
		})
		carla.later("ict-triage", card.ID, "Ana Silva: Hello?")
		carla.later("ict-triage", "", third, "No water")
		w.settled()
		carla.inOrder("ict-triage", card.ID, "Still no coffee", "Hello?")
		for _, title := range []string{"No coffee", "No tea either", "No water"} {
			carla.inOrder("ict-triage", "", title)
		}
	})
}

// TestMattermostTokenRunsOut takes the bot's token away: what people ask for is stored, admins read in the log what to
// do, and a new token brings everything.
func TestMattermostTokenRunsOut(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The lamp is broken")
	mine := w.mine(ana, key)

	w.fake.ExpireToken(w.town.BotToken)
	w.fake.DropSockets() // else it is noticed within a minute
	ana.says(direct, mine.ID, "It is dark")
	second := ana.ticket("The other lamp, too")
	carla.fills(carla.clicks(card, "Reply").Form, "text", "On my way")
	w.warns("posts wait for an admin", "balie mattermost setup")
	w.eventually(func() error {
		return times(1, w.log.take("the bot hears nothing", "access token", "balie mattermost setup"))
	})

	token, _, err := w.admin().CreateUserAccessToken(t.Context(), w.town.BotID, "a new one", 0)
	w.done(err)
	w.stop()
	w.town.BotToken = token.Token
	w.run()
	carla.later("ict-triage", "", second, "The other lamp, too")
	ana.later(direct, "", "Here you follow", second)
	ana.later(direct, mine.ID, "Carla Jansen: On my way")
	carla.later("ict-triage", card.ID, "Reply to the requester", "On my way")
	carla.later("ict-triage", card.ID, "Ana Silva: It is dark")
	w.settled()
	carla.inOrder("ict-triage", card.ID, "On my way", "It is dark")
	ana.inOrder(direct, mine.ID, "It is dark", "On my way")
}

// TestMattermostTokenIsGoodAgain disables the bot's token for a while, under a program that goes on.
func TestMattermostTokenIsGoodAgain(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	ana, carla := w.as("ana"), w.as("carla")
	first, card := ana.opens("The door is locked")
	tokens, _, err := w.admin().GetUserAccessTokensForUser(t.Context(), w.town.BotID, 0, 10)
	w.done(err)
	_, err = w.admin().DisableUserAccessToken(t.Context(), tokens[0].Id)
	w.done(err)
	w.fake.DropSockets()
	key := ana.ticket("Where is the key?")
	w.eventually(func() error { return times(1, w.log.take("the bot hears nothing", "access token")) })
	ana.says(direct, "", "Anybody there?") // heard as soon as the bot hears again
	w.restart()                            // without anybody to ask who people are
	carla.reads(carla.clicks(card, "Claim"), "is yours")
	w.eventually(func() error { return times(1, w.log.take("the bot hears nothing", "access token")) })
	_, err = w.admin().EnableUserAccessToken(t.Context(), tokens[0].Id)
	w.done(err)
	carla.later("ict-triage", "", key, "Where is the key?", "by Ana Silva")
	ana.later(direct, "", "Here you follow", key)
	ana.later(direct, "", "Shall I make a ticket of this?")
	carla.watches(card, "Assignee: Carla Jansen")
	ana.later(direct, w.mine(ana, first).ID, "Carla Jansen took this ticket")
}
