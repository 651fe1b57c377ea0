package setup

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

const pageSize = 200

// lookAfterTeams finds the teams and sees that the bot is in them.
func (s *session) lookAfterTeams(ctx context.Context) {
	if len(s.Teams) == 0 && len(s.Channels) == 0 {
		s.allTeams(ctx)
	} else {
		s.namedTeams(ctx)
	}
	if s.bot == nil {
		return
	}
	for _, team := range s.teams {
		member, _, err := s.api.GetTeamMember(ctx, team.Id, s.bot.Id, "")
		if err == nil && member.DeleteAt == 0 {
			s.say(Found, "team", "@%s is in %s", s.Bot, team.Name)
			continue
		}
		if _, resp, err := s.api.AddTeamMember(ctx, team.Id, s.bot.Id); err != nil {
			s.refused("team", resp, err, "@"+s.Bot+" is not in "+team.Name, "add it: "+team.DisplayName+" > Invite People > @"+s.Bot)
			continue
		}
		s.say(Changed, "team", "@%s is in %s now", s.Bot, team.Name)
	}
}

func (s *session) allTeams(ctx context.Context) {
	for page := 0; ; page++ {
		teams, resp, err := s.api.GetAllTeams(ctx, "", page, pageSize)
		if err != nil {
			s.refused("team", resp, err, "the teams could not be listed", "run this, or name the teams with --team")
			return
		}
		for _, t := range teams {
			if t.DeleteAt == 0 {
				s.teams = append(s.teams, t)
			}
		}
		if len(teams) < pageSize {
			break
		}
	}
	slices.SortFunc(s.teams, func(a, b *model.Team) int { return strings.Compare(a.Name, b.Name) })
	if len(s.teams) == 0 {
		s.say(ToDo, "team", "there is no team that @%s sees: create one, or name one with --team", s.me.Username)
	}
}

// namedTeams are those of --team, and those of --channel: nobody is in a channel without being in its team.
func (s *session) namedTeams(ctx context.Context) {
	names := slices.Clone(s.Teams)
	for _, c := range s.Channels {
		if team, _, ok := strings.Cut(c, "/"); ok {
			names = append(names, team)
		}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		team, resp, err := s.api.GetTeamByName(ctx, name, "")
		switch {
		case Status(resp) == http.StatusNotFound, err == nil && team.DeleteAt > 0:
			s.say(ToDo, "team", "there is no team %s: use the name that its address has, as in %s/NAME/channels/town-square", name, s.URL)
		case err != nil:
			s.refused("team", resp, err, "the team "+name+" could not be looked up", "run this")
		default:
			s.teams = append(s.teams, team)
		}
	}
}

// lookAfterChannels finds the triage channels and sees that the bot is in them.
func (s *session) lookAfterChannels(ctx context.Context) {
	for _, name := range s.Channels {
		teamName, channelName, _ := strings.Cut(name, "/")
		i := slices.IndexFunc(s.teams, func(t *model.Team) bool { return t.Name == teamName })
		if i < 0 {
			continue // told with the teams
		}
		channel := s.channel(ctx, s.teams[i], channelName)
		if channel == nil {
			continue
		}
		s.result.Channels = append(s.result.Channels, Channel{name, channel.Id})
		if s.bot == nil {
			continue
		}
		if _, _, err := s.api.GetChannelMember(ctx, channel.Id, s.bot.Id, ""); err == nil {
			s.say(Found, "channel", "@%s is in %s", s.Bot, name)
			continue
		}
		if _, resp, err := s.api.AddChannelMember(ctx, channel.Id, s.bot.Id); err != nil {
			s.refused("channel", resp, err, "@"+s.Bot+" is not in "+name, "write there: /invite @"+s.Bot)
			continue
		}
		s.say(Changed, "channel", "@%s is in %s now", s.Bot, name)
	}
}

// channel is the one with the name, which may be new; nil if there is none.
func (s *session) channel(ctx context.Context, team *model.Team, name string) *model.Channel {
	full := team.Name + "/" + name
	channel, resp, err := s.api.GetChannelByNameIncludeDeleted(ctx, name, team.Id, "")
	switch {
	case err == nil && channel.DeleteAt > 0:
		s.say(ToDo, "channel", "%s is archived: unarchive it in its menu, or name another one", full)
		return nil
	case err == nil:
		s.say(Found, "channel", "%s, id %s", full, channel.Id)
		return channel
	case Status(resp) != http.StatusNotFound:
		s.refused("channel", resp, err, full+" could not be looked up", "run this")
		return nil
	case !s.CreateChannels:
		s.say(ToDo, "channel", "there is no channel %s that @%s sees: create it, or run this with --create-channels", full, s.me.Username)
		return nil
	}
	channel, resp, err = s.api.CreateChannel(ctx, &model.Channel{TeamId: team.Id, Name: name, DisplayName: name, Type: model.ChannelTypePrivate})
	if err != nil {
		s.refused("channel", resp, err, full+" could not be created", "create it")
		return nil
	}
	s.say(Created, "channel", "%s, private, id %s; @%s and the bot are in it: add the agents", full, channel.Id, s.me.Username)
	return channel
}
