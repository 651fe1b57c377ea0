package examine

import (
	"context"
	"net/http"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/setup"
)

// lookAtCommands says of each team whether its slash command calls us with a token that we know.
func (v *visit) lookAtCommands(ctx context.Context) {
	if len(v.CommandTokens) == 0 {
		v.Problem("MATTERMOST_COMMAND_TOKENS is empty, so that every slash command is refused: balie mattermost setup fills it, " +
			"or copy the commands' tokens, under Integrations > Slash Commands")
	}
	var hidden []*model.Team
	for _, team := range v.teams {
		if !v.seeCommands(ctx, team) {
			hidden = append(hidden, team)
		}
	}
	v.guess(ctx, hidden)
}

// seeCommands says whether there was something to see.
func (v *visit) seeCommands(ctx context.Context, team *model.Team) bool {
	commands, resp, err := v.api.ListCommands(ctx, team.Id, true)
	if err != nil && setup.Status(resp) != http.StatusForbidden {
		v.Problem("the slash commands of %s can't be listed: %s", team.Name, setup.Reason(resp, err))
		return true
	}
	seen := false
	for _, c := range commands {
		known := slices.Contains(v.CommandTokens, c.Token)
		switch here := c.URL == v.Callback+setup.CommandPath; {
		case c.DeleteAt > 0 || !here && !known:
			continue // others'
		case !here:
			v.Problem("/%s in %s calls %s and not %s: set BALIE_URL right, then run balie mattermost "+
				"setup", c.Trigger, team.Name, c.URL, v.Callback+setup.CommandPath)
		case c.Method != model.CommandMethodPost:
			v.Problem("/%s in %s calls with GET: set it to POST under %s > Integrations > Slash "+
				"Commands", c.Trigger, team.Name, team.DisplayName)
		case !known:
			v.Problem("/%s in %s has a token that is not in MATTERMOST_COMMAND_TOKENS: balie mattermost setup adds it", c.Trigger, team.Name)
		default:
			v.Fine("/%s in %s calls us, and its token is known", c.Trigger, team.Name)
		}
		seen = true
	}
	return seen
}

// guess is for the teams where the bot may not see what calls where, as most bots may not: everybody sees what the
// auto-complete list has.
func (v *visit) guess(ctx context.Context, teams []*model.Team) {
	var listed, missing []string
	for _, team := range teams {
		all, _, err := v.api.ListCommands(ctx, team.Id, false)
		found := false
		for _, c := range all {
			if err == nil && c.DisplayName == setup.DisplayName {
				listed = append(listed, "/"+c.Trigger+" in "+team.Name)
				found = true
			}
		}
		if !found {
			missing = append(missing, team.Name)
		}
	}
	remedy := "see under Integrations > Slash Commands that it sends POST to " + v.Callback + setup.CommandPath +
		", and that its token is in MATTERMOST_COMMAND_TOKENS; balie mattermost setup sees to both"
	if len(listed) > 0 {
		v.Fine("there is %s, and the bot may not see where it calls: if it fails, %s", list(listed), remedy)
	}
	switch {
	case len(missing) == 0:
	case len(v.CommandTokens) < len(v.teams):
		v.Problem("there seems to be no slash command in %s: %s", list(missing), remedy)
	default:
		v.Fine("the bot sees no slash command in %s: if yours fails, %s", list(missing), remedy)
	}
}
