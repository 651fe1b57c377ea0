package setup

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// explanation is what the auto-complete list says about the command.
type explanation struct{ hint, description string }

var explanations = map[string]explanation{
	"en": {"[what it is about]", "Ask the helpdesk: opens a form for a new ticket. “help” shows all commands."},
	"nl": {"[waar het over gaat]", "Vraag het de helpdesk: opent een formulier voor een nieuw ticket. “help” toont alle commando's."},
}

// explain is the explanation in the server's own language.
func (s *session) explain() explanation {
	locale := s.server.Settings["DefaultClientLocale"]
	if s.config != nil && s.config.LocalizationSettings.DefaultServerLocale != nil {
		locale = *s.config.LocalizationSettings.DefaultServerLocale
	}
	language, _, _ := strings.Cut(locale, "-")
	if e, ok := explanations[language]; ok {
		return e
	}
	return explanations["en"]
}

// wanted is what a team's command should be like.
func (s *session) wanted(team *model.Team) *model.Command {
	e := s.explain()
	return &model.Command{
		TeamId: team.Id, Trigger: s.Trigger, Method: model.CommandMethodPost, URL: s.Callback + CommandPath, Username: s.Bot,
		AutoComplete: true, AutoCompleteHint: e.hint, AutoCompleteDesc: e.description,
		DisplayName: DisplayName, Description: "The helpdesk",
	}
}

// lookAfterCommands sees that every team has the slash command, and collects the tokens.
func (s *session) lookAfterCommands(ctx context.Context) {
	for _, team := range s.teams {
		s.lookAfterCommand(ctx, team)
	}
	s.lookElsewhere(ctx)
	s.collectTokens()
}

func (s *session) lookAfterCommand(ctx context.Context, team *model.Team) {
	name := "/" + s.Trigger + " in " + team.Name
	remedy := "run this, or to add the command under " + team.DisplayName + " > Integrations > Slash Commands: POST to " +
		s.Callback + CommandPath
	same := func(c *model.Command) bool { return c.Trigger == s.Trigger && c.DeleteAt == 0 }
	all, resp, err := s.api.ListCommands(ctx, team.Id, true)
	if err != nil {
		s.blind = true
		s.refused("command", resp, err, name+" could not be looked for", remedy)
		return
	}
	i := slices.IndexFunc(all, same)
	if i < 0 {
		// The other list names, without any detail, those of Mattermost, of plugins and of others, too.
		if others, _, err := s.api.ListCommands(ctx, team.Id, false); err == nil && slices.ContainsFunc(others, same) {
			s.taken(name)
			return
		}
		s.createCommand(ctx, team, name, remedy)
		return
	}
	switch {
	case !s.ours(all[i]) && strings.HasSuffix(all[i].URL, CommandPath):
		s.say(ToDo, "command", "%s calls another Balie, at %s%s: choose another one with --command; if it is this one that "+
			"moved, set MATTERMOST_COMMAND_TOKENS "+
			"to the command's token, or delete it, under %s > Integrations > Slash Commands, and run this again",
			name, strings.TrimSuffix(all[i].URL, CommandPath), s.madeBy(ctx, all[i].CreatorId), team.DisplayName)
	case !s.ours(all[i]):
		s.say(ToDo, "command", "%s belongs to another integration: it calls %s%s; choose another one with --command, or "+
			"delete it under %s > Integrations > Slash Commands",
			name, origin(all[i].URL), s.madeBy(ctx, all[i].CreatorId), team.DisplayName)
	default:
		s.updateCommand(ctx, team, all[i], name, remedy)
	}
}

// ours says whether a command is this Balie's, which may have had another address before.
func (s *session) ours(c *model.Command) bool {
	return c.URL == s.Callback+CommandPath || slices.Contains(s.CommandTokens, c.Token)
}

func (s *session) taken(name string) {
	s.say(ToDo, "command", "%s belongs to Mattermost itself, to a plugin or to an integration that @%s may not see: "+
		"choose another one with --command",
		name, s.me.Username)
}

func (s *session) madeBy(ctx context.Context, userID string) string {
	user, _, err := s.api.GetUser(ctx, userID, "")
	if err != nil {
		return ""
	}
	return ", and was made by @" + user.Username
}

func (s *session) createCommand(ctx context.Context, team *model.Team, name, remedy string) {
	c := s.wanted(team)
	if s.bot != nil {
		c.CreatorId = s.bot.Id // so that it outlives the admin's account
	}
	made, resp, err := s.api.CreateCommand(ctx, c)
	if Status(resp) == http.StatusForbidden && c.CreatorId != "" {
		c.CreatorId = "" // some may make commands, but only of their own
		made, resp, err = s.api.CreateCommand(ctx, c)
	}
	switch {
	case is(err, "api.command.duplicate_trigger.app_error"):
		s.taken(name)
	case err != nil:
		s.refused("command", resp, err, name+" could not be created", remedy)
	default:
		s.commands = append(s.commands, made)
		s.say(Created, "command", "%s, calling %s", name, made.URL)
	}
}

// updateCommand corrects what differs from what is wanted; the token stays.
func (s *session) updateCommand(ctx context.Context, team *model.Team, c *model.Command, name, remedy string) {
	s.commands = append(s.commands, c)
	want := s.wanted(team)
	var differs []string
	set := func(what string, have *string, should string) {
		if *have != should {
			*have = should
			differs = append(differs, what)
		}
	}
	set("address", &c.URL, want.URL)
	set("method", &c.Method, want.Method)
	set("hint", &c.AutoCompleteHint, want.AutoCompleteHint)
	set("description", &c.AutoCompleteDesc, want.AutoCompleteDesc)
	if !c.AutoComplete {
		c.AutoComplete = true
		differs = append(differs, "auto-complete")
	}
	if len(differs) == 0 {
		s.say(Found, "command", "%s, calling %s", name, c.URL)
		return
	}
	if _, resp, err := s.api.UpdateCommand(ctx, c); err != nil {
		s.refused("command", resp, err, name+" could not be updated ("+strings.Join(differs, ", ")+")", remedy)
		return
	}
	s.say(Changed, "command", "%s: %s; it calls %s and keeps its token", name, strings.Join(differs, ", "), c.URL)
}

// lookElsewhere finds our commands that this run is not about: of other teams that the bot is in, or with other triggers.
func (s *session) lookElsewhere(ctx context.Context) {
	if s.bot == nil {
		s.blind = true
		return
	}
	teams, _, err := s.api.GetTeamsForUser(ctx, s.bot.Id, "")
	if err != nil {
		s.blind = true
		return
	}
	for _, team := range teams {
		commands, _, err := s.api.ListCommands(ctx, team.Id, true)
		if err != nil {
			s.blind = true
			continue
		}
		for _, c := range commands {
			known := slices.ContainsFunc(s.commands, func(k *model.Command) bool { return k.Id == c.Id })
			if !known && c.URL == s.Callback+CommandPath && c.DeleteAt == 0 {
				s.commands = append(s.commands, c)
				s.say(Found, "command", "/%s in %s calls Balie, too", c.Trigger, team.Name)
			}
		}
	}
}

// collectTokens are the tokens so far, in their order, then new ones. One that no command has any more is left out if every
// command could be seen.
func (s *session) collectTokens() {
	var out []string
	for _, token := range s.CommandTokens {
		if s.blind || slices.ContainsFunc(s.commands, func(c *model.Command) bool { return c.Token == token }) {
			out = append(out, token)
		}
	}
	for _, c := range s.commands {
		if c.Token != "" && !slices.Contains(out, c.Token) {
			out = append(out, c.Token)
		}
	}
	s.result.CommandTokens = out
}
