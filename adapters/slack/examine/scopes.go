package examine

import (
	"slices"
	"strings"

	"balie/adapters/slack/manifest"
)

// ignored are granted to every token, or to those of persons, and say nothing.
var ignored = []string{"", "identify"}

// lookAtScopes compares what the bot may with what it needs. Every answer of Slack's has the permissions in a header.
func (v *visit) lookAtScopes() {
	header, told := v.bot.Header["X-Oauth-Scopes"]
	if !told {
		v.Fine("Slack does not say which permissions the bot has")
		return
	}
	var granted, surplus []string
	for scope := range strings.SplitSeq(strings.Join(header, ","), ",") {
		if scope = strings.TrimSpace(scope); !slices.Contains(ignored, scope) {
			granted = append(granted, scope)
		}
	}
	missing := 0
	for _, s := range manifest.Scopes {
		if !slices.Contains(granted, s.Name) {
			missing++
			v.Problem("the permission %s is missing, which is for %s: add it under OAuth & Permissions > Bot Token Scopes, "+
				"then Reinstall to Workspace", s.Name, s.For)
		}
	}
	if missing == 0 {
		v.Fine("the bot has all %d permissions that it needs", len(manifest.Scopes))
	}
	for _, scope := range granted {
		if !slices.Contains(manifest.BotScopes, scope) {
			surplus = append(surplus, scope)
		}
	}
	if len(surplus) > 0 {
		v.Fine("the bot has permissions that it does not need: %s; they can be taken away under OAuth & Permissions > Bot Token Scopes",
			strings.Join(surplus, ", "))
	}
}
