package mattermostfake

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

const noTeam = "app.team.get.find.app_error"

func (s *Server) teamRoutes() []route {
	return []route{
		{method: "POST", path: "/teams", do: createTeam},
		{method: "GET", path: "/teams", do: listTeams},
		{method: "GET", path: "/teams/{team}", do: getTeam},
		{method: "GET", path: "/teams/name/{team_name}", do: getTeamByName},
		{method: "PUT", path: "/teams/{team}/patch", do: patchTeam},
		{method: "DELETE", path: "/teams/{team}", do: deleteTeam},
		{method: "GET", path: "/users/{user}/teams", do: teamsOf},
		{method: "GET", path: "/users/{user}/teams/members", do: teamMembershipsOf},
		{method: "POST", path: "/teams/{team}/members", do: addTeamMember},
		{method: "GET", path: "/teams/{team}/members", do: listTeamMembers},
		{method: "POST", path: "/teams/{team}/members/batch", do: addTeamMembers},
		{method: "POST", path: "/teams/{team}/members/ids", do: teamMembersByIDs},
		{method: "GET", path: "/teams/{team}/members/{user}", do: getTeamMember},
		{method: "DELETE", path: "/teams/{team}/members/{user}", do: removeTeamMember},
		{method: "PUT", path: "/teams/{team}/members/{user}/roles", do: setTeamRoles},
		{method: "PUT", path: "/teams/{team}/members/{user}/schemeRoles", do: setTeamSchemeRoles},
	}
}

func createTeam(c *call) (any, *model.AppError) {
	var t model.Team
	if e := c.decode(&t, "team"); e != nil {
		return nil, e
	}
	if !c.s.can(c.me.Id, model.PermissionCreateTeam) {
		return nil, notPermitted(c, model.PermissionCreateTeam)
	}
	t.Id, t.Email = "", c.me.Email
	t.PreSave()
	t.CreateAt = c.s.millis()
	t.UpdateAt = t.CreateAt
	if e := t.IsValid(); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	for _, other := range c.s.teams {
		if other.Name == t.Name {
			return nil, fault(http.StatusBadRequest, "app.team.save.existing.app_error")
		}
	}
	c.s.teams[t.Id] = &t
	for _, name := range []string{model.DefaultChannelName, "off-topic"} {
		display := map[string]string{model.DefaultChannelName: "Town Square", "off-topic": "Off-Topic"}[name]
		c.s.addChannel(&model.Channel{TeamId: t.Id, Name: name, DisplayName: display, Type: model.ChannelTypeOpen})
	}
	c.s.joinTeam(&t, c.me, "", true)
	c.status = http.StatusCreated
	return &t, nil
}

// team finds the team of the call.
func (c *call) team() (*model.Team, *model.AppError) {
	if t := c.s.teams[c.params["team"]]; t != nil {
		return t, nil
	}
	return nil, fault(http.StatusNotFound, noTeam)
}

func listTeams(c *call) (any, *model.AppError) {
	ts := slices.SortedFunc(maps.Values(c.s.teams), func(a, b *model.Team) int { return cmp.Compare(a.DisplayName, b.DisplayName) })
	ts = slices.DeleteFunc(ts, func(t *model.Team) bool {
		return t.DeleteAt != 0 || !c.s.can(c.me.Id, model.PermissionListPrivateTeams) && !t.AllowOpenInvite
	})
	return page(c, ts), nil
}

func getTeam(c *call) (any, *model.AppError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	if !c.s.canTeam(c.me.Id, t.Id, model.PermissionViewTeam) && !t.AllowOpenInvite {
		return nil, notPermitted(c, model.PermissionViewTeam)
	}
	return t, nil
}

func getTeamByName(c *call) (any, *model.AppError) {
	for _, t := range c.s.teams {
		if t.Name == c.params["team_name"] {
			c.params["team"] = t.Id
			return getTeam(c)
		}
	}
	return nil, fault(http.StatusNotFound, "app.team.get_by_name.missing.app_error")
}

func patchTeam(c *call) (any, *model.AppError) {
	var patch model.TeamPatch
	if e := c.decode(&patch, "team"); e != nil {
		return nil, e
	}
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	if !c.s.canTeam(c.me.Id, t.Id, model.PermissionManageTeam) {
		return nil, notPermitted(c, model.PermissionManageTeam)
	}
	copied := *t
	copied.Patch(&patch)
	copied.UpdateAt = c.s.millis()
	c.s.teams[t.Id] = &copied
	return &copied, nil
}

// deleteTeam archives a team; permanent deletion is the same here, but it is gone for everybody.
func deleteTeam(c *call) (any, *model.AppError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	if !c.s.canTeam(c.me.Id, t.Id, model.PermissionManageTeam) {
		return nil, notPermitted(c, model.PermissionManageTeam)
	}
	copied := *t
	copied.DeleteAt = c.s.millis()
	c.s.teams[t.Id] = &copied
	if c.r.URL.Query().Get("permanent") == "true" {
		delete(c.s.teams, t.Id)
	}
	return ok200, nil
}

func teamsOf(c *call) (any, *model.AppError) {
	id := c.params["user"]
	if id != c.me.Id && !c.s.can(c.me.Id, model.PermissionSysconsoleReadUserManagementUsers) {
		return nil, notPermitted(c, model.PermissionSysconsoleReadUserManagementUsers)
	}
	ts := []*model.Team{}
	for team, members := range c.s.inTeam {
		if m := members[id]; m != nil && m.DeleteAt == 0 && c.s.teams[team] != nil {
			ts = append(ts, c.s.teams[team])
		}
	}
	slices.SortFunc(ts, func(a, b *model.Team) int { return cmp.Compare(a.Name, b.Name) })
	return ts, nil
}

func teamMembershipsOf(c *call) (any, *model.AppError) {
	ms := []*model.TeamMember{}
	for _, members := range c.s.inTeam {
		if m := members[c.params["user"]]; m != nil {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

// joinTeam makes somebody a member, with the channels that everybody is in.
func (s *Server) joinTeam(t *model.Team, u *model.User, by string, admin bool) *model.TeamMember {
	if s.isInTeam(t.Id, u.Id) {
		return s.inTeam[t.Id][u.Id]
	}
	m := &model.TeamMember{TeamId: t.Id, UserId: u.Id, SchemeUser: true, SchemeAdmin: admin, CreateAt: s.millis()}
	m.Roles = teamRoles(m)
	if s.inTeam[t.Id] == nil {
		s.inTeam[t.Id] = map[string]*model.TeamMember{}
	}
	s.inTeam[t.Id][u.Id] = m
	for _, ch := range s.channels {
		if ch.TeamId != t.Id || ch.Name != model.DefaultChannelName && ch.Name != "off-topic" {
			continue
		}
		s.join(ch, u.Id, admin)
		if ch.Name == model.DefaultChannelName {
			s.systemPost(ch, u, model.PostTypeJoinTeam, u.Username+" joined the team.", model.StringInterface{"username": u.Username})
		}
	}
	s.publish(model.WebsocketEventAddedToTeam, toUser(u.Id), map[string]any{"team_id": t.Id, "user_id": u.Id})
	return m
}

func teamRoles(m *model.TeamMember) string {
	roles := strings.Fields(m.ExplicitRoles)
	if m.SchemeUser {
		roles = append(roles, model.TeamUserRoleId)
	}
	if m.SchemeAdmin {
		roles = append(roles, model.TeamAdminRoleId)
	}
	return strings.Join(roles, " ")
}

func addTeamMember(c *call) (any, *model.AppError) {
	var in model.TeamMember
	if e := c.decode(&in, "team_member"); e != nil {
		return nil, e
	}
	return c.addToTeam(in.UserId)
}

func (c *call) addToTeam(id string) (*model.TeamMember, *model.AppError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	u := c.s.users[id]
	if u == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	if id == c.me.Id {
		p := model.PermissionJoinPrivateTeams
		if t.AllowOpenInvite {
			p = model.PermissionJoinPublicTeams
		}
		if !c.s.can(c.me.Id, p) {
			return nil, notPermitted(c, p)
		}
	} else if !c.s.canTeam(c.me.Id, t.Id, model.PermissionAddUserToTeam) {
		return nil, notPermitted(c, model.PermissionAddUserToTeam)
	}
	c.status = http.StatusCreated
	return c.s.joinTeam(t, u.User, c.me.Id, false), nil
}

func addTeamMembers(c *call) (any, *model.AppError) {
	var in []model.TeamMember
	if e := c.decode(&in, "members"); e != nil {
		return nil, e
	}
	out := []*model.TeamMember{}
	for _, m := range in {
		added, e := c.addToTeam(m.UserId)
		if e != nil {
			return nil, e
		}
		out = append(out, added)
	}
	return out, nil
}

func listTeamMembers(c *call) (any, *model.AppError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	if !c.s.canTeam(c.me.Id, t.Id, model.PermissionViewTeam) {
		return nil, notPermitted(c, model.PermissionViewTeam)
	}
	ms := slices.SortedFunc(maps.Values(c.s.inTeam[t.Id]), func(a, b *model.TeamMember) int { return cmp.Compare(a.UserId, b.UserId) })
	return page(c, slices.DeleteFunc(ms, func(m *model.TeamMember) bool { return m.DeleteAt != 0 })), nil
}

func teamMembersByIDs(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "user_ids"); e != nil {
		return nil, e
	}
	ms := []*model.TeamMember{}
	for _, id := range ids {
		if m := c.s.inTeam[c.params["team"]][id]; m != nil {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

func getTeamMember(c *call) (any, *model.AppError) {
	team := c.params["team"]
	if !c.s.canTeam(c.me.Id, team, model.PermissionViewTeam) {
		return nil, notPermitted(c, model.PermissionViewTeam)
	}
	if m := c.s.inTeam[team][c.params["user"]]; m != nil {
		return m, nil
	}
	return nil, fault(http.StatusNotFound, "app.team.get_member.missing.app_error")
}

func removeTeamMember(c *call) (any, *model.AppError) {
	team, user := c.params["team"], c.params["user"]
	if user != c.me.Id && !c.s.canTeam(c.me.Id, team, model.PermissionRemoveUserFromTeam) {
		return nil, notPermitted(c, model.PermissionRemoveUserFromTeam)
	}
	if !c.s.isInTeam(team, user) {
		return nil, fault(http.StatusNotFound, "app.team.get_member.missing.app_error")
	}
	c.s.leaveTeam(team, user, c.me.Id)
	return ok200, nil
}

// leaveTeam takes somebody out of a team and all its channels.
func (s *Server) leaveTeam(team, user, by string) {
	for id, ch := range s.channels {
		if ch.TeamId == team && s.inChannel[id][user] != nil {
			s.leave(ch, user, by, false)
		}
	}
	s.publish(model.WebsocketEventLeaveTeam, toTeam(team), map[string]any{"user_id": user, "team_id": team})
	m := *s.inTeam[team][user]
	m.DeleteAt, m.Roles, m.ExplicitRoles, m.SchemeAdmin = s.millis(), "", "", false
	s.inTeam[team][user] = &m
}

func (c *call) changeTeamRoles(f func(m *model.TeamMember)) (any, *model.AppError) {
	team, user := c.params["team"], c.params["user"]
	if !c.s.canTeam(c.me.Id, team, model.PermissionManageTeamRoles) {
		return nil, notPermitted(c, model.PermissionManageTeamRoles)
	}
	old := c.s.inTeam[team][user]
	if old == nil {
		return nil, fault(http.StatusNotFound, "app.team.get_member.missing.app_error")
	}
	m := *old
	f(&m)
	m.Roles = teamRoles(&m)
	c.s.inTeam[team][user] = &m
	return ok200, nil
}

func setTeamRoles(c *call) (any, *model.AppError) {
	var in map[string]string
	if e := c.decode(&in, "roles"); e != nil {
		return nil, e
	}
	return c.changeTeamRoles(func(m *model.TeamMember) {
		m.SchemeAdmin = false
		var explicit []string
		for _, r := range strings.Fields(in["roles"]) {
			switch r {
			case model.TeamAdminRoleId:
				m.SchemeAdmin = true
			case model.TeamUserRoleId:
			default:
				explicit = append(explicit, r)
			}
		}
		m.ExplicitRoles = strings.Join(explicit, " ")
	})
}

func setTeamSchemeRoles(c *call) (any, *model.AppError) {
	var in model.SchemeRoles
	if e := c.decode(&in, "scheme_roles"); e != nil {
		return nil, e
	}
	return c.changeTeamRoles(func(m *model.TeamMember) { m.SchemeAdmin, m.SchemeUser = in.SchemeAdmin, in.SchemeUser })
}

// RemoveFromTeam takes somebody out of a team, as an admin might.
func (s *Server) RemoveFromTeam(teamID, userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isInTeam(teamID, userID) {
		s.leaveTeam(teamID, userID, "")
	}
}
