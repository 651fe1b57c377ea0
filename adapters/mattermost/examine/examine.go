// Package examine looks with the bot's token whether a Mattermost server and Balie are ready for each other, and says what to
// do about what is not. It leaves nothing behind.
package examine

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/doctor"
	"balie/adapters/mattermost/setup"
)

// examineWait bounds all of it.
const examineWait = time.Minute

// Options are Balie's settings for the server.
type Options struct {
	URL           string // the server's address
	Token         string // the bot's
	CommandTokens []string
	Callback      string   // Balie's own address, as the server reaches it
	Channels      []string // ids of the policy's triage channels; nil if the policy is not known
	Running       bool     // whether a Balie is running, so that its address can be tried
}

// visit is one examination.
type visit struct {
	Options
	doctor.Findings
	server setup.Server
	api    *model.Client4
	bot    *model.User
	teams  []*model.Team
	place  *model.Channel // one that the bot is in
}

// Examine looks at everything that can be looked at: without a server or a token that works, that is not much.
func Examine(ctx context.Context, o Options) []doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, examineWait)
	defer cancel()
	v := &visit{Options: o}
	v.Callback = strings.TrimRight(o.Callback, "/")
	if !v.lookAtServer(ctx) {
		return v.Findings
	}
	v.lookAtSocket(ctx)
	v.lookAtTeams(ctx)
	v.lookAtChannels(ctx)
	v.lookAtCommands(ctx)
	v.lookAtRights(ctx)
	v.lookAtAddress(ctx)
	return v.Findings
}

// lookAtServer says whether there is a server that knows the bot.
func (v *visit) lookAtServer(ctx context.Context) bool {
	server, err := setup.Connect(ctx, v.URL)
	if err != nil {
		v.Problem("MATTERMOST_URL: %v", err)
		return false
	}
	v.URL, v.api = server.URL, server.As(v.Token)
	if !server.Version.Supported() {
		v.Problem("Mattermost %s is too old: update it to %s or newer", server.Version, setup.Oldest)
	} else {
		v.Fine("Mattermost %s at %s: %s", server.Version, v.URL, server.Version.Abilities())
	}
	bot, resp, err := v.api.GetMe(ctx, "")
	switch {
	case setup.Status(resp) == http.StatusUnauthorized:
		v.Problem("MATTERMOST_TOKEN does not work (any more): balie mattermost setup makes a new one, " +
			"or you do, under Integrations > Bot Accounts, where a disabled bot can be enabled, too")
		return false
	case err != nil:
		v.Problem("who the bot is can't be asked: %s", setup.Reason(resp, err))
		return false
	case !bot.IsBot:
		v.Problem("MATTERMOST_TOKEN is @%s's own, which is no bot account: use a bot's, from balie mattermost setup", bot.Username)
		return false
	}
	v.bot = bot
	v.Fine("MATTERMOST_TOKEN is the bot @%s's", bot.Username)
	if v.server, err = server.SeenBy(ctx, v.Token); err != nil {
		v.server = server
	}
	if limit := resp.Header.Get("X-RateLimit-Limit"); limit != "" {
		v.Fine("the server limits how often it is called (bursts of %s): Balie waits when it says so; "+
			"if that makes it slow, raise the limits at System Console > Environment > Rate Limiting", limit)
	}
	return true
}

// lookAtTeams says where the bot is.
func (v *visit) lookAtTeams(ctx context.Context) {
	teams, resp, err := v.api.GetTeamsForUser(ctx, v.bot.Id, "")
	if err != nil {
		v.Problem("the bot's teams can't be read: %s", setup.Reason(resp, err))
		return
	}
	slices.SortFunc(teams, func(a, b *model.Team) int { return strings.Compare(a.Name, b.Name) })
	var names []string
	for _, t := range teams {
		if t.DeleteAt == 0 {
			v.teams = append(v.teams, t)
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		v.Problem("@%s is in no team: add it with balie mattermost setup, or with Invite People in a team", v.bot.Username)
		return
	}
	v.Fine("@%s is in the teams %s", v.bot.Username, list(names))
}

// list names some and counts the others.
func list(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// lookAtRights says what the bot may do about its posts.
func (v *visit) lookAtRights(ctx context.Context) {
	may, resp, err := setup.MayPostPrivately(ctx, v.api, v.bot)
	switch {
	case err != nil:
		v.Problem("the bot's roles can't be read: %s", setup.Reason(resp, err))
	case may:
		v.Fine("@%s may show people lines that nobody else sees", v.bot.Username)
	default:
		v.Fine("lines for one person come as direct messages, where they are no answer to a command or button; " +
			"balie mattermost setup --private-replies changes that")
	}
	if limit := v.server.Settings["PostEditTimeLimit"]; limit != "" && limit != "-1" {
		v.Problem("posts can be edited for %s seconds only, so that cards don't follow their tickets for longer: take the "+
			"time limit off, "+
			"at System Console > User Management > Permissions > Edit Own Posts (ServiceSettings.PostEditTimeLimit: -1)", limit)
	}
}
