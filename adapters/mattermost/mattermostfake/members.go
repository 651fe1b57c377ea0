package mattermostfake

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

const noMember = "app.channel.get_member.missing.app_error"

func (s *Server) memberRoutes() []route {
	return []route{
		{method: "POST", path: "/channels/{channel}/members", do: addMember},
		{method: "GET", path: "/channels/{channel}/members", do: listMembers},
		{method: "POST", path: "/channels/{channel}/members/ids", do: membersByIDs},
		{method: "GET", path: "/channels/{channel}/members/{user}", do: getMember},
		{method: "DELETE", path: "/channels/{channel}/members/{user}", do: removeMember},
		{method: "PUT", path: "/channels/{channel}/members/{user}/roles", do: setMemberRoles},
		{method: "PUT", path: "/channels/{channel}/members/{user}/schemeRoles", do: setMemberRoles},
		{method: "GET", path: "/users/{user}/teams/{team}/channels/members", do: membershipsOf},
		{method: "GET", path: "/users/{user}/channel_members", do: membershipsOf},
		{method: "GET", path: "/channels/{channel}/stats", do: channelStats},
	}
}

// join makes somebody a member of a channel, and nothing else.
func (s *Server) join(ch *model.Channel, user string, admin bool) *model.ChannelMember {
	m := &model.ChannelMember{
		ChannelId: ch.Id, UserId: user, SchemeUser: true, SchemeAdmin: admin,
		NotifyProps: model.GetDefaultChannelNotifyProps(), LastUpdateAt: s.millis(), Roles: model.ChannelUserRoleId,
	}
	if admin {
		m.Roles += " " + model.ChannelAdminRoleId
	}
	s.inChannel[ch.Id][user] = m
	return m
}

func addMember(c *call) (any, *model.AppError) {
	var in struct {
		UserID  string   `json:"user_id"`
		UserIDs []string `json:"user_ids"`
	}
	if e := c.decode(&in, "member"); e != nil {
		return nil, e
	}
	ids := in.UserIDs
	if len(ids) == 0 {
		ids = []string{in.UserID}
	}
	ch := c.s.channels[c.params["channel"]]
	if ch == nil {
		return nil, fault(http.StatusNotFound, noChannel)
	}
	added := []*model.ChannelMember{}
	for _, id := range ids {
		if !model.IsValidId(id) {
			return nil, invalidBody("user_id or user_ids")
		}
		m, e := c.addTo(ch, id)
		if e != nil {
			return nil, e
		}
		added = append(added, m)
	}
	c.status = http.StatusCreated
	if in.UserID != "" {
		return added[0], nil
	}
	return added, nil
}

func (c *call) addTo(ch *model.Channel, id string) (*model.ChannelMember, *model.AppError) {
	s := c.s
	switch {
	case ch.Type == model.ChannelTypeDirect || ch.Type == model.ChannelTypeGroup:
		return nil, fault(http.StatusBadRequest, "api.channel.add_user_to_channel.type.app_error")
	case ch.Type == model.ChannelTypePrivate && !s.canChannel(c.me.Id, ch, model.PermissionManagePrivateChannelMembers):
		return nil, notPermitted(c, model.PermissionManagePrivateChannelMembers)
	case ch.Type == model.ChannelTypeOpen && id == c.me.Id && !s.canTeam(c.me.Id, ch.TeamId, model.PermissionJoinPublicChannels):
		return nil, notPermitted(c, model.PermissionJoinPublicChannels)
	case ch.Type == model.ChannelTypeOpen && id != c.me.Id && !s.canChannel(c.me.Id, ch, model.PermissionManagePublicChannelMembers):
		return nil, notPermitted(c, model.PermissionManagePublicChannelMembers)
	}
	u := s.users[id]
	if u == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	if m := s.inChannel[ch.Id][id]; m != nil {
		return m, nil
	}
	if ch.DeleteAt != 0 {
		return nil, fault(http.StatusBadRequest, "api.channel.add_user_to_channel.deleted.app_error")
	}
	if !s.isInTeam(ch.TeamId, id) {
		return nil, fault(http.StatusNotFound, "app.team.get_member.missing.app_error")
	}
	m := s.join(ch, id, false)
	told := map[string]any{"user_id": id, "team_id": ch.TeamId}
	s.publish(model.WebsocketEventUserAdded, toChannel(ch.Id).but(id), told)
	s.publish(model.WebsocketEventUserAdded, toUserIn(ch.Id, id), told)
	if id == c.me.Id {
		s.systemPost(ch, u.User, model.PostTypeJoinChannel, u.Username+" joined the channel.",
			model.StringInterface{"username": u.Username})
	} else {
		s.systemPost(ch, c.me, model.PostTypeAddToChannel, u.Username+" added to the channel by "+c.me.Username+".",
			model.StringInterface{"addedUserId": id, "addedUsername": u.Username, "userId": c.me.Id, "username": c.me.Username})
	}
	return m, nil
}

func listMembers(c *call) (any, *model.AppError) {
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	ms := slices.SortedFunc(maps.Values(c.s.inChannel[ch.Id]),
		func(a, b *model.ChannelMember) int { return cmp.Compare(a.UserId, b.UserId) })
	return page(c, ms), nil
}

func membersByIDs(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "user_ids"); e != nil {
		return nil, e
	}
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	ms := []*model.ChannelMember{}
	for _, id := range ids {
		if m := c.s.inChannel[ch.Id][id]; m != nil {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

func getMember(c *call) (any, *model.AppError) {
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	m := c.s.inChannel[ch.Id][c.params["user"]]
	if m == nil {
		return nil, fault(http.StatusNotFound, noMember)
	}
	return m, nil
}

func removeMember(c *call) (any, *model.AppError) {
	id := c.params["user"]
	ch := c.s.channels[c.params["channel"]]
	if ch == nil {
		return nil, fault(http.StatusNotFound, noChannel)
	}
	if ch.TeamId == "" {
		return nil, fault(http.StatusBadRequest, "api.channel.remove_channel_member.type.app_error")
	}
	p := model.PermissionManagePublicChannelMembers
	if ch.Type == model.ChannelTypePrivate {
		p = model.PermissionManagePrivateChannelMembers
	}
	if id != c.me.Id && !c.s.canChannel(c.me.Id, ch, p) {
		return nil, notPermitted(c, p)
	}
	if ch.Name == model.DefaultChannelName {
		return nil, fault(http.StatusBadRequest, "api.channel.remove.default.app_error")
	}
	if c.s.inChannel[ch.Id][id] == nil {
		return nil, fault(http.StatusNotFound, noMember)
	}
	c.s.leave(ch, id, c.me.Id, true)
	return ok200, nil
}

// leave takes somebody out of a channel.
func (s *Server) leave(ch *model.Channel, user, by string, post bool) {
	delete(s.inChannel[ch.Id], user)
	s.publish(model.WebsocketEventUserRemoved, toChannel(ch.Id), map[string]any{"user_id": user, "remover_id": by})
	s.publish(model.WebsocketEventUserRemoved, toUser(user), map[string]any{"channel_id": ch.Id, "remover_id": by})
	if !post {
		return
	}
	u := s.users[user].User
	if remover := s.users[by]; remover != nil && by != user {
		s.systemPost(ch, remover.User, model.PostTypeRemoveFromChannel, u.Username+" was removed from the channel.",
			model.StringInterface{"removedUserId": user, "removedUsername": u.Username})
		return
	}
	s.systemPost(ch, u, model.PostTypeLeaveChannel, u.Username+" has left the channel.", model.StringInterface{"username": u.Username})
}

func setMemberRoles(c *call) (any, *model.AppError) {
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	if !c.s.canChannel(c.me.Id, ch, model.PermissionManageChannelRoles) {
		return nil, notPermitted(c, model.PermissionManageChannelRoles)
	}
	old := c.s.inChannel[ch.Id][c.params["user"]]
	if old == nil {
		return nil, fault(http.StatusNotFound, noMember)
	}
	var in struct {
		Roles       string `json:"roles"`
		SchemeAdmin bool   `json:"scheme_admin"`
	}
	if e := c.decode(&in, "roles"); e != nil {
		return nil, e
	}
	c.s.join(ch, old.UserId, in.SchemeAdmin || strings.Contains(in.Roles, model.ChannelAdminRoleId))
	return ok200, nil
}

func membershipsOf(c *call) (any, *model.AppError) {
	ms := []*model.ChannelMember{}
	for id, members := range c.s.inChannel {
		if m := members[c.params["user"]]; m != nil && (c.params["team"] == "" || c.s.channels[id].TeamId == c.params["team"]) {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

func channelStats(c *call) (any, *model.AppError) {
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	return &model.ChannelStats{ChannelId: ch.Id, MemberCount: int64(len(c.s.inChannel[ch.Id]))}, nil
}

func archiveChannel(c *call) (any, *model.AppError) {
	ch := c.s.channels[c.params["channel"]]
	if ch == nil {
		return nil, fault(http.StatusNotFound, noChannel)
	}
	p := model.PermissionDeletePublicChannel
	if ch.Type == model.ChannelTypePrivate {
		p = model.PermissionDeletePrivateChannel
	}
	switch {
	case ch.TeamId == "":
		return nil, fault(http.StatusBadRequest, "api.channel.delete_channel.type.invalid")
	case !c.s.canChannel(c.me.Id, ch, p):
		return nil, notPermitted(c, p)
	case ch.Name == model.DefaultChannelName:
		return nil, fault(http.StatusBadRequest, "api.channel.delete_channel.cannot.app_error")
	case ch.DeleteAt != 0:
		return nil, fault(http.StatusBadRequest, "api.channel.delete_channel.deleted.app_error")
	}
	c.s.archive(ch, c.me)
	return ok200, nil
}

func (s *Server) archive(ch *model.Channel, by *model.User) {
	s.systemPost(ch, by, model.PostTypeChannelDeleted, by.Username+" archived the channel.",
		model.StringInterface{"username": by.Username})
	at := s.millis()
	s.changeChannel(ch.Id, func(ch *model.Channel) { ch.DeleteAt = at })
	to := toTeam(ch.TeamId)
	if ch.Type == model.ChannelTypePrivate {
		to = toChannel(ch.Id)
	}
	s.publish(model.WebsocketEventChannelDeleted, to, map[string]any{"channel_id": ch.Id, "delete_at": at})
}

func restoreChannel(c *call) (any, *model.AppError) {
	ch := c.s.channels[c.params["channel"]]
	if ch == nil {
		return nil, fault(http.StatusNotFound, noChannel)
	}
	if !c.s.canTeam(c.me.Id, ch.TeamId, model.PermissionManageTeam) {
		return nil, notPermitted(c, model.PermissionManageTeam)
	}
	if ch.DeleteAt == 0 {
		return nil, fault(http.StatusBadRequest, "api.channel.restore_channel.restored.app_error")
	}
	ch = c.s.changeChannel(ch.Id, func(ch *model.Channel) { ch.DeleteAt = 0 })
	c.s.publish(model.WebsocketEventChannelRestored, toTeam(ch.TeamId), map[string]any{"channel_id": ch.Id})
	return ch, nil
}

// ArchiveChannel archives a channel, as an admin might.
func (s *Server) ArchiveChannel(channelID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive(s.channels[channelID], s.userNamed(AdminName).User)
}

// RestoreChannel takes a channel out of the archive again.
func (s *Server) RestoreChannel(channelID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeChannel(channelID, func(ch *model.Channel) { ch.DeleteAt = 0 })
	s.publish(model.WebsocketEventChannelRestored, toTeam(s.channels[channelID].TeamId), map[string]any{"channel_id": channelID})
}

// RemoveFromChannel takes somebody out of a channel, as an admin might.
func (s *Server) RemoveFromChannel(channelID, userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inChannel[channelID][userID] != nil {
		s.leave(s.channels[channelID], userID, s.userNamed(AdminName).Id, true)
	}
}

// page cuts a list as the call's page and per_page say, 60 by default.
func page[T any](c *call, all []T) []T {
	q := c.r.URL.Query()
	n, err := strconv.Atoi(q.Get("per_page"))
	if err != nil || n <= 0 {
		n = 60
	}
	n = min(n, 200)
	at, err := strconv.Atoi(q.Get("page"))
	if err != nil || at < 0 {
		at = 0
	}
	if at*n >= len(all) {
		return []T{}
	}
	return all[at*n : min(len(all), (at+1)*n)]
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// encoded is JSON within JSON, as many events have it.
func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
