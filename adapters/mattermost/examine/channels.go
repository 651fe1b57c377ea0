package examine

import (
	"context"
	"fmt"
	"net/http"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/setup"
)

const membersMax = 200 // enough to see somebody who is no bot

// lookAtChannels says whether cards arrive in the policy's channels, and whether somebody sees them.
func (v *visit) lookAtChannels(ctx context.Context) {
	if v.Channels != nil && len(v.Channels) == 0 {
		v.Fine("the policy names no triage channel on Mattermost: the cards go where it says")
	}
	for _, id := range v.Channels {
		v.lookAtChannel(ctx, id)
	}
	for _, team := range v.teams {
		if v.place == nil {
			// Everybody in a team is in its town square.
			if c, _, err := v.api.GetChannelByName(ctx, model.DefaultChannelName, team.Id, ""); err == nil {
				v.place = c
			}
		}
	}
}

func (v *visit) lookAtChannel(ctx context.Context, id string) {
	channel, resp, err := v.api.GetChannel(ctx, id)
	switch {
	case setup.Status(resp) == http.StatusForbidden:
		v.Problem("triage channel %s: @%[2]s may not see it; add it to the channel's team, and write /invite @%[2]s in the "+
			"channel", id, v.bot.Username)
		return
	case setup.Status(resp) == http.StatusNotFound || setup.Status(resp) == http.StatusBadRequest:
		v.Problem("triage channel %s: there is none with this id; balie mattermost setup --channel TEAM/NAME tells ids, and "+
			"so does the channel's View Info", id)
		return
	case err != nil:
		v.Problem("triage channel %s can't be looked at: %s", id, setup.Reason(resp, err))
		return
	case channel.DeleteAt > 0:
		v.Problem("triage channel %s is archived: unarchive it, or name another one in the policy", channel.Name)
		return
	}
	if _, resp, err := v.api.GetChannelMember(ctx, id, v.bot.Id, ""); err != nil {
		if setup.Status(resp) == http.StatusNotFound || setup.Status(resp) == http.StatusForbidden {
			v.Problem("triage channel %s: @%[2]s is not in it; write there: /invite @%[2]s", channel.Name, v.bot.Username)
		} else {
			v.Problem("triage channel %s: its members can't be read: %s", channel.Name, setup.Reason(resp, err))
		}
		return
	}
	if v.place == nil && channel.TeamId != "" {
		v.place = channel
	}
	members, resp, err := v.api.GetUsersInChannel(ctx, id, 0, membersMax, "")
	if err != nil {
		v.Problem("triage channel %s: its members can't be read: %s", channel.Name, setup.Reason(resp, err))
		return
	}
	people := 0
	for _, m := range members {
		if !m.IsBot && m.DeleteAt == 0 {
			people++
		}
	}
	if people == 0 {
		v.Problem("triage channel %s has nobody in it but bots: add the agents", channel.Name)
		return
	}
	others := "1 person is"
	if people > 1 {
		others = fmt.Sprintf("%d people are", people)
	}
	v.Fine("triage channel %s: @%s is in it, and %s", channel.Name, v.bot.Username, others)
}
