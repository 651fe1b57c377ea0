package examine

import (
	"context"
	"regexp"

	slackapi "github.com/slack-go/slack"
)

var channelPattern = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)

// lookAtChannels says whether posts arrive in the policy's channels, and whether somebody sees them.
func (v *visit) lookAtChannels(ctx context.Context) {
	switch {
	case v.Channels == nil:
		return
	case len(v.Channels) == 0:
		v.Fine("the policy names no channel on Slack: the cards go where it says")
		return
	case v.BotToken == "":
		v.Fine("the policy's channels can be looked at with SLACK_BOT_TOKEN only, and not in workspaces that installed Balie")
		return
	case v.bot == nil:
		return
	}
	for _, c := range v.Channels {
		v.lookAtChannel(ctx, c)
	}
}

func (v *visit) lookAtChannel(ctx context.Context, c Channel) {
	kind := "triage channel"
	if c.Requests {
		kind = "request channel"
	}
	switch {
	case c.Workspace != "" && c.Workspace != v.bot.TeamID && c.Workspace != v.bot.EnterpriseID:
		v.Fine("%s %s is in the workspace %s, where this bot is not: it can't be looked at from here", kind, c.ID, c.Workspace)
		return
	case !channelPattern.MatchString(c.ID):
		v.Problem("%s %q is no channel's id: it begins with C, and stands at the very end of the channel's details in Slack", kind, c.ID)
		return
	}
	room, err := v.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: c.ID})
	switch code := codeOf(err); {
	case code == "channel_not_found":
		v.Problem("%s %s: @%[3]s sees none with this id; in a private channel write /invite @%[3]s, else copy the id from the very end "+
			"of the channel's details", kind, c.ID, v.bot.User)
		return
	case code == "missing_scope":
		v.Problem("%s %s can't be looked at without the permissions channels:read and groups:read", kind, c.ID)
		return
	case err != nil:
		v.Problem("%s %s can't be looked at: %s", kind, c.ID, reason(err))
		return
	case room.IsArchived:
		v.Problem("%s #%s is archived: unarchive it, or name another one in the policy", kind, room.Name)
		return
	case !room.IsMember:
		v.Problem("%s #%s: @%[3]s is not in it; write there: /invite @%[3]s", kind, room.Name, v.bot.User)
		return
	}
	shared := ""
	if room.IsExtShared {
		shared = "; it is shared, so that people of another organization read it, too"
	}
	if c.Requests {
		v.Fine("%s #%s: @%s is in it%s", kind, room.Name, v.bot.User, shared)
		return
	}
	members, _, err := v.api.GetUsersInConversationContext(ctx, &slackapi.GetUsersInConversationParameters{ChannelID: c.ID, Limit: 200})
	if err != nil {
		v.Problem("%s #%s: its members can't be read: %s", kind, room.Name, reason(err))
		return
	}
	people := 0
	for _, m := range members {
		if m != v.bot.UserID {
			people++
		}
	}
	if people == 0 {
		v.Problem("%s #%s has nobody in it but the bot: add the agents", kind, room.Name)
		return
	}
	v.Fine("%s #%s: @%s is in it, and so are others%s", kind, room.Name, v.bot.User, shared)
}
