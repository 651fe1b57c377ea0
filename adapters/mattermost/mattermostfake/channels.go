package mattermostfake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/mattermost/mattermost/server/public/model"
)

const noChannel = "app.channel.get.existing.app_error"

func (s *Server) channelRoutes() []route {
	return []route{
		{method: "POST", path: "/channels", do: createChannel},
		{method: "POST", path: "/channels/direct", do: createDirect},
		{method: "POST", path: "/channels/group", do: createGroup},
		{method: "GET", path: "/channels", do: listAllChannels},
		{method: "GET", path: "/channels/{channel}", do: getChannel},
		{method: "PUT", path: "/channels/{channel}", do: patchChannel},
		{method: "PUT", path: "/channels/{channel}/patch", do: patchChannel},
		{method: "PUT", path: "/channels/{channel}/privacy", do: setPrivacy},
		{method: "DELETE", path: "/channels/{channel}", do: archiveChannel},
		{method: "POST", path: "/channels/{channel}/restore", do: restoreChannel},
		{method: "GET", path: "/teams/{team}/channels", do: publicChannels},
		{method: "GET", path: "/teams/{team}/channels/name/{channel_name}", do: getChannelByName},
		{method: "GET", path: "/teams/name/{team_name}/channels/name/{channel_name}", do: getChannelByNames},
		{method: "POST", path: "/teams/{team}/channels/search", do: searchChannels},
		{method: "GET", path: "/users/{user}/teams/{team}/channels", do: channelsOf},
		{method: "GET", path: "/users/{user}/channels", do: channelsOf},
		{method: "POST", path: "/channels/members/{user}/view", do: viewChannel},
	}
}

// addChannel keeps a new channel.
func (s *Server) addChannel(ch *model.Channel) *model.Channel {
	ch.PreSave()
	ch.CreateAt = s.millis()
	ch.UpdateAt = ch.CreateAt
	s.channels[ch.Id] = ch
	s.inChannel[ch.Id] = map[string]*model.ChannelMember{}
	return ch
}

func createChannel(c *call) (any, *model.AppError) {
	var ch model.Channel
	if e := c.decode(&ch, "channel"); e != nil {
		return nil, e
	}
	if ch.TeamId == "" || c.s.teams[ch.TeamId] == nil {
		return nil, invalidParam("team_id")
	}
	p := model.PermissionCreatePublicChannel
	if ch.Type == model.ChannelTypePrivate {
		p = model.PermissionCreatePrivateChannel
	}
	if !c.s.canTeam(c.me.Id, ch.TeamId, p) {
		return nil, notPermitted(c, p)
	}
	if ch.Type == model.ChannelTypeDirect || ch.Type == model.ChannelTypeGroup {
		return nil, fault(http.StatusBadRequest, "api.channel.create_channel.direct_channel.app_error")
	}
	if ch.DisplayName == "" {
		return nil, fault(http.StatusBadRequest, "api.channel.create_channel.missing_display_name.error")
	}
	ch.Id, ch.DeleteAt, ch.CreatorId = "", 0, c.me.Id
	probe := ch
	probe.PreSave()
	if e := probe.IsValid(); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	for _, other := range c.s.channels {
		if other.TeamId == ch.TeamId && other.Name == ch.Name {
			return nil, fault(http.StatusBadRequest, "store.sql_channel.save_channel.exists.app_error")
		}
	}
	made := c.s.addChannel(&ch)
	c.s.join(made, c.me.Id, true)
	c.s.publish(model.WebsocketEventChannelCreated, toUser(c.me.Id), map[string]any{"channel_id": made.Id, "team_id": made.TeamId})
	c.s.systemPost(made, c.me, model.PostTypeJoinChannel, c.me.Username+" joined the channel.",
		model.StringInterface{"username": c.me.Username})
	c.status = http.StatusCreated
	return c.s.channels[made.Id], nil
}

func createDirect(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "user_ids"); e != nil {
		return nil, e
	}
	if len(ids) == 1 {
		ids = append(ids, ids[0])
	}
	if len(ids) != 2 || !model.IsValidId(ids[0]) || !model.IsValidId(ids[1]) {
		return nil, invalidBody("user_ids")
	}
	if !c.s.can(c.me.Id, model.PermissionCreateDirectChannel) {
		return nil, notPermitted(c, model.PermissionCreateDirectChannel)
	}
	if !slices.Contains(ids, c.me.Id) && !c.s.isAdmin(c.me.Id) {
		return nil, notPermitted(c, model.PermissionManageSystem)
	}
	for _, id := range ids {
		if c.s.users[id] == nil {
			return nil, fault(http.StatusBadRequest, "api.channel.create_direct_channel.invalid_user.app_error")
		}
	}
	c.status = http.StatusCreated
	name := model.GetDMNameFromIds(ids[0], ids[1])
	for _, ch := range c.s.channels {
		if ch.Name == name {
			return ch, nil
		}
	}
	ch := c.s.addChannel(&model.Channel{Name: name, Type: model.ChannelTypeDirect, CreatorId: c.me.Id})
	for _, id := range ids {
		c.s.join(ch, id, false)
	}
	c.s.publish(model.WebsocketEventDirectAdded, toChannel(ch.Id), map[string]any{"creator_id": ids[0], "teammate_id": ids[1]})
	return ch, nil
}

func createGroup(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "user_ids"); e != nil {
		return nil, e
	}
	if !slices.Contains(ids, c.me.Id) {
		ids = append(ids, c.me.Id)
	}
	if !c.s.can(c.me.Id, model.PermissionCreateGroupChannel) {
		return nil, notPermitted(c, model.PermissionCreateGroupChannel)
	}
	for _, id := range ids {
		if !model.IsValidId(id) || c.s.users[id] == nil {
			return nil, invalidBody("user_id")
		}
	}
	if len(ids) < model.ChannelGroupMinUsers || len(ids) > model.ChannelGroupMaxUsers {
		return nil, fault(http.StatusBadRequest, "api.channel.create_group.bad_size.app_error")
	}
	c.status = http.StatusCreated
	name := model.GetGroupNameFromUserIds(ids)
	for _, ch := range c.s.channels {
		if ch.Name == name {
			return ch, nil
		}
	}
	var us []*model.User
	for _, id := range ids {
		us = append(us, c.s.users[id].User)
	}
	display := model.GetGroupDisplayNameFromUsers(us, true)
	ch := c.s.addChannel(&model.Channel{Name: name, DisplayName: display, Type: model.ChannelTypeGroup, CreatorId: c.me.Id})
	for _, id := range ids {
		c.s.join(ch, id, false)
		c.s.publish(model.WebsocketEventGroupAdded, toUserIn(ch.Id, id), map[string]any{"teammate_ids": model.ArrayToJSON(ids)})
	}
	return ch, nil
}

// channel finds the channel of the call, for those who may read it.
func (c *call) channel() (*model.Channel, *model.AppError) {
	ch := c.s.channels[c.params["channel"]]
	if ch == nil {
		return nil, fault(http.StatusNotFound, noChannel)
	}
	if !c.s.canRead(c.me.Id, ch) {
		if ch.Type == model.ChannelTypeOpen {
			return nil, notPermitted(c, model.PermissionReadPublicChannel)
		}
		return nil, notPermitted(c, model.PermissionReadChannel)
	}
	return ch, nil
}

func getChannel(c *call) (any, *model.AppError) {
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	return ch, nil
}

func listAllChannels(c *call) (any, *model.AppError) {
	if !c.s.can(c.me.Id, model.PermissionSysconsoleReadUserManagementChannels) {
		return nil, notPermitted(c, model.PermissionSysconsoleReadUserManagementChannels)
	}
	return page(c, c.s.sortedChannels(func(ch *model.Channel) bool { return ch.TeamId != "" && ch.DeleteAt == 0 })), nil
}

func (s *Server) sortedChannels(want func(*model.Channel) bool) []*model.Channel {
	out := []*model.Channel{}
	for _, ch := range s.channels {
		if want(ch) {
			out = append(out, ch)
		}
	}
	slices.SortFunc(out, func(a, b *model.Channel) int {
		return cmp.Or(cmp.Compare(a.DisplayName, b.DisplayName), cmp.Compare(a.Id, b.Id))
	})
	return out
}

func publicChannels(c *call) (any, *model.AppError) {
	team := c.params["team"]
	if !c.s.canTeam(c.me.Id, team, model.PermissionListTeamChannels) {
		return nil, notPermitted(c, model.PermissionListTeamChannels)
	}
	return page(c, c.s.sortedChannels(func(ch *model.Channel) bool {
		return ch.TeamId == team && ch.Type == model.ChannelTypeOpen && ch.DeleteAt == 0
	})), nil
}

func getChannelByName(c *call) (any, *model.AppError) {
	deleted, _ := strconv.ParseBool(c.r.URL.Query().Get("include_deleted"))
	for _, ch := range c.s.channels {
		if ch.TeamId == c.params["team"] && ch.Name == c.params["channel_name"] && (deleted || ch.DeleteAt == 0) {
			c.params["channel"] = ch.Id
			found, e := c.channel()
			if e != nil && ch.Type == model.ChannelTypePrivate {
				return nil, fault(http.StatusNotFound, "app.channel.get_by_name.missing.app_error")
			}
			if e != nil {
				return nil, e
			}
			return found, nil
		}
	}
	return nil, fault(http.StatusNotFound, "app.channel.get_by_name.missing.app_error")
}

func getChannelByNames(c *call) (any, *model.AppError) {
	for _, t := range c.s.teams {
		if t.Name == c.params["team_name"] {
			c.params["team"] = t.Id
			return getChannelByName(c)
		}
	}
	return nil, fault(http.StatusNotFound, "app.channel.get_by_name.missing.app_error")
}

func searchChannels(c *call) (any, *model.AppError) {
	var in model.ChannelSearch
	if e := c.decode(&in, "channel_search"); e != nil {
		return nil, e
	}
	return c.s.sortedChannels(func(ch *model.Channel) bool {
		return ch.TeamId == c.params["team"] && ch.DeleteAt == 0 && c.s.canRead(c.me.Id, ch) &&
			contains(ch.Name+" "+ch.DisplayName, in.Term)
	}), nil
}

func channelsOf(c *call) (any, *model.AppError) {
	user, team := c.params["user"], c.params["team"]
	if user != c.me.Id && !c.s.can(c.me.Id, model.PermissionEditOtherUsers) {
		return nil, notPermitted(c, model.PermissionEditOtherUsers)
	}
	deleted, _ := strconv.ParseBool(c.r.URL.Query().Get("include_deleted"))
	out := c.s.sortedChannels(func(ch *model.Channel) bool {
		return c.s.inChannel[ch.Id][user] != nil && (deleted || ch.DeleteAt == 0) && (team == "" || ch.TeamId == team || ch.TeamId == "")
	})
	if len(out) == 0 && team != "" {
		return nil, fault(http.StatusNotFound, "app.channel.get_channels.not_found.app_error")
	}
	return out, nil
}

// changeChannel replaces a channel and tells its members.
func (s *Server) changeChannel(id string, f func(ch *model.Channel)) *model.Channel {
	ch := s.channels[id].DeepCopy()
	f(ch)
	ch.UpdateAt = s.millis()
	s.channels[id] = ch
	return ch
}

func (c *call) manages(ch *model.Channel) *model.AppError {
	p := model.PermissionManagePublicChannelProperties
	if ch.Type == model.ChannelTypePrivate {
		p = model.PermissionManagePrivateChannelProperties
	}
	if ch.TeamId != "" && !c.s.canChannel(c.me.Id, ch, p) || ch.TeamId == "" && c.s.inChannel[ch.Id][c.me.Id] == nil {
		return notPermitted(c, p)
	}
	return nil
}

func patchChannel(c *call) (any, *model.AppError) {
	var patch model.ChannelPatch
	if e := c.decode(&patch, "channel"); e != nil {
		return nil, e
	}
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	if e := c.manages(ch); e != nil {
		return nil, e
	}
	if ch.DeleteAt != 0 {
		return nil, fault(http.StatusBadRequest, "api.channel.update_channel.deleted.app_error")
	}
	ch = c.s.changeChannel(ch.Id, func(ch *model.Channel) { ch.Patch(&patch) })
	c.s.publish(model.WebsocketEventChannelUpdated, toChannel(ch.Id), map[string]any{"channel": encoded(ch)})
	return ch, nil
}

func setPrivacy(c *call) (any, *model.AppError) {
	var in map[string]string
	if e := c.decode(&in, "privacy"); e != nil || in["privacy"] != "O" && in["privacy"] != "P" {
		return nil, invalidBody("privacy")
	}
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	if !c.s.canTeam(c.me.Id, ch.TeamId, model.PermissionManageTeam) {
		return nil, notPermitted(c, model.PermissionConvertPublicChannelToPrivate)
	}
	ch = c.s.changeChannel(ch.Id, func(ch *model.Channel) { ch.Type = model.ChannelType(in["privacy"]) })
	c.s.publish(model.WebsocketEventChannelConverted, toTeam(ch.TeamId), map[string]any{"channel_id": ch.Id})
	return ch, nil
}

func viewChannel(c *call) (any, *model.AppError) {
	return &model.ChannelViewResponse{Status: "OK", LastViewedAtTimes: map[string]int64{}}, nil
}
