package setup

import (
	"context"

	"github.com/mattermost/mattermost/server/public/model"
)

// setting is a switch of the server's that Balie needs.
type setting struct {
	name    string // as in config.json
	told    string // as clients are told it
	console string // where admins find it
	why     string
	of      func(*model.ServiceSettings) **bool
}

var needed = []setting{
	{"ServiceSettings.EnableBotAccountCreation", "EnableBotAccountCreation", "System Console > Integrations > Bot " +
		"Accounts > Enable Bot Account Creation",
		"a bot account can be made", func(s *model.ServiceSettings) **bool { return &s.EnableBotAccountCreation }},
	{"ServiceSettings.EnableCommands", "EnableCommands", "System Console > Integrations > Integration Management > Enable " +
		"Custom Slash Commands",
		"slash commands work", func(s *model.ServiceSettings) **bool { return &s.EnableCommands }},
}

// lookAfterSettings sees that bots and commands are allowed. Access tokens (EnableUserAccessTokens) need not be: bots have
// theirs in any case.
func (s *session) lookAfterSettings(ctx context.Context) {
	for _, n := range needed {
		var on *bool
		if s.config != nil {
			on = *n.of(&s.config.ServiceSettings)
		}
		if told, ok := s.server.Settings[n.told]; on == nil && ok {
			on = new(told == "true")
		}
		switch {
		case on == nil:
			s.say(ToDo, "setting", "@%s may not see %s: ask a system admin whether it is on, at %s", s.me.Username, n.name, n.console)
		case *on:
			s.say(Found, "setting", "%s is on: %s", n.name, n.why)
		case !s.ChangeSettings:
			s.say(ToDo, "setting", "%s is off: turn it on at %s, or run this with --change-settings", n.name, n.console)
		default:
			patch := &model.Config{}
			*n.of(&patch.ServiceSettings) = new(true)
			done := func(c *model.Config) bool {
				now := *n.of(&c.ServiceSettings)
				return now != nil && *now
			}
			if s.change(ctx, n.name, n.console, patch, done) {
				s.say(Changed, "setting", "%s is on now: %s", n.name, n.why)
			}
		}
	}
}

// change patches the server's settings and looks whether that had an effect: what the server's own environment says can't
// be changed from outside, and the server does not complain.
func (s *session) change(ctx context.Context, name, console string, patch *model.Config, done func(*model.Config) bool) bool {
	if _, resp, err := s.api.PatchConfig(ctx, patch); err != nil {
		s.refused("setting", resp, err, name+" could not be changed", "change it at "+console)
		return false
	}
	config, resp, err := s.api.GetConfig(ctx)
	if err != nil {
		s.refused("setting", resp, err, name+" was changed, but can't be read", "look at "+console)
		return false
	}
	s.config = config
	if !done(config) {
		s.say(ToDo, "setting", "%s keeps its value: change it where the server is started (environment or config.json)", name)
		return false
	}
	return true
}
