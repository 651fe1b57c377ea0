package mattermostfake

import (
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// grants says whether one of the roles has the permission.
func (s *Server) grants(roles string, p *model.Permission) bool {
	for _, name := range strings.Fields(roles) {
		if r := s.roles[name]; r != nil && slices.Contains(r.Permissions, p.Id) {
			return true
		}
	}
	return false
}

func (s *Server) isAdmin(user string) bool {
	u := s.users[user]
	return u != nil && slices.Contains(strings.Fields(u.Roles), model.SystemAdminRoleId)
}

// can is a permission on the whole server.
func (s *Server) can(user string, p *model.Permission) bool {
	u := s.users[user]
	return u != nil && (s.isAdmin(user) || s.grants(u.Roles, p))
}

// canTeam is a permission in a team, or on the whole server.
func (s *Server) canTeam(user, team string, p *model.Permission) bool {
	if m := s.inTeam[team][user]; m != nil && m.DeleteAt == 0 && s.grants(m.Roles, p) {
		return true
	}
	return s.can(user, p)
}

// canChannel is a permission in a channel, or above it.
func (s *Server) canChannel(user string, ch *model.Channel, p *model.Permission) bool {
	if ch == nil {
		return s.can(user, p)
	}
	if m := s.inChannel[ch.Id][user]; m != nil && s.grants(m.Roles, p) {
		return true
	}
	if ch.TeamId != "" {
		return s.canTeam(user, ch.TeamId, p)
	}
	return s.can(user, p)
}

// canRead says whether somebody may read a channel: its members, and for public ones all of the team.
func (s *Server) canRead(user string, ch *model.Channel) bool {
	if ch == nil {
		return false
	}
	if s.canChannel(user, ch, model.PermissionReadChannelContent) {
		return true
	}
	return ch.Type == model.ChannelTypeOpen && s.canTeam(user, ch.TeamId, model.PermissionReadPublicChannel)
}

func (s *Server) isInTeam(team, user string) bool {
	m := s.inTeam[team][user]
	return m != nil && m.DeleteAt == 0
}

func (s *Server) ownsBot(user, bot string) bool {
	b := s.bots[bot]
	return b != nil && (b.OwnerId == user || s.can(user, model.PermissionManageOthersBots))
}
