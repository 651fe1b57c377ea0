package setup

import (
	"context"
	"net/http"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// DisplayName is what people see as the bot's and the command's name.
const DisplayName = "Balie"

// tokenNote is the beginning of our tokens' descriptions.
const tokenNote = "Balie, made by setup on "

// lookAfterBot finds or creates the bot account.
func (s *session) lookAfterBot(ctx context.Context) {
	user, resp, err := s.api.GetUserByUsername(ctx, s.Bot, "")
	switch {
	case Status(resp) == http.StatusNotFound:
		s.createBot(ctx)
		return
	case err != nil:
		s.refused("bot", resp, err, "@"+s.Bot+" could not be looked up", "run this")
		return
	case !user.IsBot:
		s.say(ToDo, "bot", "@%s is somebody's own account: choose another name with --bot", s.Bot)
		return
	case user.DeleteAt > 0:
		if _, resp, err := s.api.EnableBot(ctx, user.Id); err != nil {
			s.refused("bot", resp, err, "@"+s.Bot+" is disabled", "enable it under Integrations > Bot Accounts")
			return
		}
		s.say(Changed, "bot", "@%s was disabled and is enabled now", s.Bot)
	default:
		s.say(Found, "bot", "@%s", s.Bot)
	}
	s.bot = user
}

func (s *session) createBot(ctx context.Context) {
	bot, resp, err := s.api.CreateBot(ctx, &model.Bot{Username: s.Bot, DisplayName: DisplayName,
		Description: "The helpdesk: opens tickets and posts what happens to them."})
	switch {
	case is(err, "api.bot.create_disabled"):
		s.say(ToDo, "bot", "@%s is missing, and bots can't be made: see the setting above, then run this again", s.Bot)
		return
	case err != nil:
		s.refused("bot", resp, err, "@"+s.Bot+" is missing and could not be created", "run this, or to add it under "+
			"Integrations > Bot Accounts")
		return
	}
	s.say(Created, "bot", "@%s", s.Bot)
	if s.bot, resp, err = s.api.GetUser(ctx, bot.UserId, ""); err != nil {
		s.bot = nil
		s.refused("bot", resp, err, "@"+s.Bot+" could not be looked up", "run this")
	}
}

// lookAfterToken keeps the bot's token if it works, and makes one otherwise: Mattermost tells a token only once.
func (s *session) lookAfterToken(ctx context.Context) {
	if s.bot == nil {
		s.result.Token = s.Token
		return
	}
	instead := ""
	if s.Token != "" {
		owner, resp, err := s.server.As(s.Token).GetMe(ctx, "")
		switch {
		case err == nil && owner.Id == s.bot.Id:
			s.result.Token = s.Token
			s.say(Found, "token", "MATTERMOST_TOKEN is @%s's and works", s.Bot)
			return
		case err == nil:
			instead = " in place of @" + owner.Username + "'s"
		case Status(resp) == http.StatusUnauthorized:
			instead = " in place of one that does not work any more"
		default:
			s.result.Token = s.Token
			s.say(ToDo, "token", "MATTERMOST_TOKEN could not be tried: %s; run this again", Reason(resp, err))
			return
		}
	}
	earlier := s.earlierTokens(ctx)
	note := tokenNote + s.Now().UTC().Format(time.DateTime)
	token, resp, err := s.api.CreateUserAccessToken(ctx, s.bot.Id, note, 0)
	if err != nil {
		s.refused("token", resp, err, "@"+s.Bot+"'s token could not be made", "make one under Integrations > Bot "+
			"Accounts, and put it into MATTERMOST_TOKEN")
		return
	}
	s.result.Token = token.Token
	s.say(Created, "token", "“%s” for @%s%s", note, s.Bot, instead)
	if earlier > 0 {
		s.say(Found, "token", "@%s has %d earlier of them: under Integrations > Bot Accounts you can delete those that "+
			"nothing uses", s.Bot, earlier)
	}
}

// earlierTokens counts the bot's tokens, as far as the admin may see them.
func (s *session) earlierTokens(ctx context.Context) int {
	tokens, _, err := s.api.GetUserAccessTokensForUser(ctx, s.bot.Id, 0, 200)
	if err != nil {
		return 0 // it is only a hint
	}
	return len(tokens)
}
