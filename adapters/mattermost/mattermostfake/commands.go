package mattermostfake

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	responseURLTime = 30 * time.Minute
	responseURLUses = 5
	commandFailed   = "api.command.execute_command.failed.app_error"
	noCommand       = "store.sql_command.get.missing.app_error"
)

var (
	atMention      = regexp.MustCompile(`(?:^|\s)@([a-z0-9._-]+)`)
	channelMention = regexp.MustCompile(`(?:^|\s)~([a-z0-9_-]+)`)
)

// builtIn are some triggers that the server keeps for itself.
var builtIn = []string{"away", "code", "echo", "header", "help", "invite", "join", "kick", "leave", "logout", "me", "msg",
	"mute", "online", "open", "purpose", "rename", "search", "settings", "shortcuts", "shrug"}

func (s *Server) commandRoutes() []route {
	return []route{
		{method: "POST", path: "/commands", do: createCommand},
		{method: "GET", path: "/commands", do: listCommands},
		{method: "GET", path: "/commands/{command}", do: getCommand},
		{method: "PUT", path: "/commands/{command}", do: updateCommand},
		{method: "DELETE", path: "/commands/{command}", do: deleteCommand},
		{method: "PUT", path: "/commands/{command}/regen_token", do: regenToken},
		{method: "GET", path: "/teams/{team}/commands/autocomplete", do: listCommands},
		{method: "POST", path: "/commands/execute", do: executeCommand},
		{method: "POST", path: "!/hooks/commands/{hook}", do: lateAnswer, open: true},
	}
}

func createCommand(c *call) (any, *model.AppError) {
	var in model.Command
	if e := c.decode(&in, "command"); e != nil {
		return nil, e
	}
	if !c.s.canTeam(c.me.Id, in.TeamId, model.PermissionManageOwnSlashCommands) {
		return nil, notPermitted(c, model.PermissionManageOwnSlashCommands)
	}
	if in.CreatorId != "" && in.CreatorId != c.me.Id && !c.s.canTeam(c.me.Id, in.TeamId, model.PermissionManageOthersSlashCommands) {
		return nil, notPermitted(c, model.PermissionManageOthersSlashCommands)
	}
	if in.CreatorId == "" {
		in.CreatorId = c.me.Id
	}
	if c.s.users[in.CreatorId] == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	in.Trigger = strings.ToLower(in.Trigger)
	for _, other := range c.s.commands {
		if other.TeamId == in.TeamId && other.Trigger == in.Trigger && other.DeleteAt == 0 {
			return nil, fault(http.StatusBadRequest, "api.command.duplicate_trigger.app_error")
		}
	}
	if slices.Contains(builtIn, in.Trigger) {
		return nil, fault(http.StatusBadRequest, "api.command.duplicate_trigger.app_error")
	}
	in.Id, in.Token = "", ""
	in.PreSave()
	if e := in.IsValid(); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	c.s.commands[in.Id] = &in
	c.status = http.StatusCreated
	return &in, nil
}

func listCommands(c *call) (any, *model.AppError) {
	team := c.r.URL.Query().Get("team_id")
	if c.params["team"] != "" {
		team = c.params["team"]
	}
	if team == "" {
		return nil, invalidBody("team_id")
	}
	if !c.s.canTeam(c.me.Id, team, model.PermissionViewTeam) {
		return nil, notPermitted(c, model.PermissionViewTeam)
	}
	own := c.s.canTeam(c.me.Id, team, model.PermissionManageOwnSlashCommands)
	others := c.s.canTeam(c.me.Id, team, model.PermissionManageOthersSlashCommands)
	custom := c.r.URL.Query().Get("custom_only") == "true"
	if custom && !own {
		return nil, notPermitted(c, model.PermissionManageOwnSlashCommands)
	}
	out := []*model.Command{}
	for _, cmd := range c.s.commands {
		if cmd.TeamId != team || cmd.DeleteAt != 0 {
			continue
		}
		switch {
		case custom && (others || cmd.CreatorId == c.me.Id):
			out = append(out, cmd)
		case !custom && (cmd.AutoComplete || others || own && cmd.CreatorId == c.me.Id):
			copied := *cmd
			copied.Sanitize()
			out = append(out, &copied)
		}
	}
	return out, nil
}

// command finds the command of the call, for those who manage it.
func (c *call) command() (*model.Command, *model.AppError) {
	cmd := c.s.commands[c.params["command"]]
	if cmd == nil || cmd.DeleteAt != 0 || !c.s.canTeam(c.me.Id, cmd.TeamId, model.PermissionManageOwnSlashCommands) {
		return nil, fault(http.StatusNotFound, noCommand)
	}
	if cmd.CreatorId != c.me.Id && !c.s.canTeam(c.me.Id, cmd.TeamId, model.PermissionManageOthersSlashCommands) {
		return nil, notPermitted(c, model.PermissionManageOthersSlashCommands)
	}
	return cmd, nil
}

func getCommand(c *call) (any, *model.AppError) {
	cmd, e := c.command()
	if e != nil {
		return nil, fault(http.StatusNotFound, noCommand)
	}
	return cmd, nil
}

func updateCommand(c *call) (any, *model.AppError) {
	var in model.Command
	if e := c.decode(&in, "command"); e != nil || in.Id != c.params["command"] {
		return nil, invalidBody("command")
	}
	old, e := c.command()
	if e != nil {
		return nil, e
	}
	if in.TeamId != old.TeamId {
		return nil, fault(http.StatusBadRequest, "api.command.team_mismatch.app_error")
	}
	in.Trigger = strings.ToLower(in.Trigger)
	in.Token, in.CreateAt, in.DeleteAt, in.CreatorId = old.Token, old.CreateAt, old.DeleteAt, old.CreatorId
	in.UpdateAt = c.s.millis()
	if e := in.IsValid(); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	c.s.commands[in.Id] = &in
	return &in, nil
}

func deleteCommand(c *call) (any, *model.AppError) {
	cmd, e := c.command()
	if e != nil {
		return nil, e
	}
	delete(c.s.commands, cmd.Id)
	return ok200, nil
}

func regenToken(c *call) (any, *model.AppError) {
	old, e := c.command()
	if e != nil {
		return nil, e
	}
	cmd := *old
	cmd.Token = model.NewId()
	c.s.commands[cmd.Id] = &cmd
	return map[string]string{"token": cmd.Token}, nil
}

func executeCommand(c *call) (any, *model.AppError) {
	var in model.CommandArgs
	if e := c.decode(&in, "command_args"); e != nil {
		return nil, e
	}
	s := c.s
	if len(in.Command) <= 1 || in.Command[0] != '/' || !model.IsValidId(in.ChannelId) {
		return nil, fault(http.StatusBadRequest, "api.command.execute_command.start.app_error")
	}
	ch := s.channels[in.ChannelId]
	switch {
	case !s.canChannel(c.me.Id, ch, model.PermissionCreatePost):
		return nil, notPermitted(c, model.PermissionCreatePost)
	case ch == nil:
		return nil, fault(http.StatusNotFound, noChannel)
	case ch.DeleteAt != 0:
		return nil, fault(http.StatusBadRequest, "api.command.execute_command.deleted.error")
	case ch.TeamId != "":
		in.TeamId = ch.TeamId
	case !s.isInTeam(in.TeamId, c.me.Id) && !s.can(c.me.Id, model.PermissionCreatePost):
		return nil, notPermitted(c, model.PermissionCreatePost)
	}
	trigger, text := in.Command, ""
	if i := strings.IndexFunc(in.Command, unicode.IsSpace); i >= 0 {
		trigger, text = in.Command[:i], in.Command[i+1:]
	}
	trigger = strings.ToLower(strings.TrimPrefix(trigger, "/"))
	team := s.teams[in.TeamId]
	if team == nil {
		return nil, fault(http.StatusNotFound, noTeam)
	}
	var cmd *model.Command
	for _, each := range s.commands {
		if each.TeamId == team.Id && each.Trigger == trigger && each.DeleteAt == 0 {
			cmd = each
		}
	}
	if cmd == nil {
		if slices.Contains(builtIn, trigger) {
			s.host.Note("the built-in command /%s is not played here", trigger)
		}
		return nil, fault(http.StatusNotFound, "api.command.execute_command.not_found.app_error", "Trigger", trigger)
	}
	in.UserId = c.me.Id
	client, sealed := s.newTrigger(c.me.Id)
	return s.run(cmd, in, s.commandForm(cmd, in, team, ch, text, sealed), client)
}

func (s *Server) commandForm(cmd *model.Command, in model.CommandArgs, team *model.Team, ch *model.Channel,
	text, trigger string) url.Values {
	hook := model.NewId()
	s.hooks[hook] = &responseURL{command: cmd.Id, userID: in.UserId, channelID: in.ChannelId, rootID: in.RootId, made: s.host.Now()}
	form := url.Values{
		"token": {cmd.Token}, "team_id": {team.Id}, "team_domain": {team.Name}, "channel_id": {ch.Id}, "channel_name": {ch.Name},
		"user_id": {in.UserId}, "user_name": {s.users[in.UserId].Username}, "command": {"/" + cmd.Trigger}, "text": {text},
		"trigger_id": {trigger}, "root_id": {in.RootId}, "response_url": {s.URL + "/hooks/commands/" + hook},
	}
	for _, m := range atMention.FindAllStringSubmatch(text, -1) {
		if u := s.userNamed(m[1]); u != nil && s.isInTeam(team.Id, u.Id) {
			form.Add("user_mentions", u.Username)
			form.Add("user_mentions_ids", u.Id)
		}
	}
	for _, m := range channelMention.FindAllStringSubmatch(text, -1) {
		for _, other := range s.channels {
			if other.TeamId == team.Id && other.Name == m[1] && other.Type == model.ChannelTypeOpen {
				form.Add("channel_mentions", other.Name)
				form.Add("channel_mentions_ids", other.Id)
			}
		}
	}
	return form
}

// run calls the integration of a command and does what it answers.
func (s *Server) run(cmd *model.Command, in model.CommandArgs, form url.Values, trigger string) (any, *model.AppError) {
	header := http.Header{"Accept": {"application/json"}, "Authorization": {"Token " + cmd.Token}}
	target, body := cmd.URL, form.Encode()
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := s.integrate(target, header, []byte(body))
	if err != nil {
		e := fault(http.StatusInternalServerError, commandFailed, "Trigger", cmd.Trigger)
		e.DetailedError = err.Error()
		return nil, e
	}
	if a.status != http.StatusOK {
		return nil, fault(http.StatusInternalServerError, "api.command.execute_command.failed_resp.app_error",
			"Trigger", cmd.Trigger, "Status", a.line)
	}
	r, err := model.CommandResponseFromHTTPBody(a.kind, bytes.NewReader(a.body))
	if err != nil || r == nil {
		return nil, fault(http.StatusInternalServerError, commandFailed, "Trigger", cmd.Trigger)
	}
	r.TriggerId = trigger
	if e := s.respond(cmd, in, r); e != nil {
		return nil, e
	}
	return r, nil
}

// respond posts what a command answered, at once or late.
func (s *Server) respond(cmd *model.Command, in model.CommandArgs, r *model.CommandResponse) *model.AppError {
	failed := s.respondOne(cmd, in, r) != nil
	for _, extra := range r.ExtraResponses {
		failed = s.respondOne(cmd, in, extra) != nil || failed
	}
	if failed {
		return fault(http.StatusInternalServerError, "api.command.execute_command.create_post_failed.app_error", "Trigger", cmd.Trigger)
	}
	return nil
}

func (s *Server) respondOne(cmd *model.Command, in model.CommandArgs, r *model.CommandResponse) *model.AppError {
	p := &model.Post{ChannelId: in.ChannelId, RootId: in.RootId, UserId: in.UserId, Type: r.Type, CreateAt: s.millis()}
	p.SetProps(r.Props)
	if r.ChannelId != "" {
		if s.inChannel[r.ChannelId][in.UserId] == nil {
			return fault(http.StatusForbidden, "api.command.command_post.forbidden.app_error")
		}
		p.ChannelId = r.ChannelId
	}
	if name := cmd.Username + r.Username; name != "" && *s.config.ServiceSettings.EnablePostUsernameOverride {
		p.AddProp(model.PostPropsOverrideUsername, firstOf(cmd.Username, r.Username))
	}
	if *s.config.ServiceSettings.EnablePostIconOverride {
		p.AddProp(model.PostPropsOverrideIconURL, firstOf(cmd.IconURL, r.IconURL))
	}
	p.AddProp(model.PostPropsFromWebhook, "true")
	if !r.SkipSlackParsing {
		r.Text = model.ParseSlackLinksToMarkdown(r.Text)
	}
	p.Message = r.Text
	if strings.HasPrefix(p.Type, model.PostSystemMessagePrefix) {
		return invalidParam("post.type")
	}
	if r.Attachments != nil {
		model.ParseMessageAttachment(p, r.Attachments)
		s.checkAnswer(r.Attachments)
	}
	ch := s.channels[p.ChannelId]
	switch {
	case r.ResponseType == model.CommandResponseTypeInChannel:
		_, e := s.savePost(p, ch)
		return e
	case (r.ResponseType == "" || r.ResponseType == model.CommandResponseTypeEphemeral) && (r.Text != "" || r.Attachments != nil):
		s.sendEphemeral(in.UserId, p)
	}
	return nil
}

// checkAnswer notes invalid attachments in an integration's answer.
func (s *Server) checkAnswer(as []*model.MessageAttachment) {
	for _, a := range as {
		if err := a.IsValid(); err != nil {
			s.host.Note("an attachment of an answer is invalid: %v", err)
		}
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// lateAnswer takes what comes through a response URL, which is good for a few answers within half an hour.
func lateAnswer(c *call) (any, *model.AppError) {
	const general = "web.command_webhook.general.app_error"
	s := c.s
	hook := s.hooks[c.params["hook"]]
	r, err := model.CommandResponseFromHTTPBody(c.r.Header.Get("Content-Type"), bytes.NewReader(c.body))
	if err != nil {
		return nil, fault(http.StatusBadRequest, "web.command_webhook.parse.app_error")
	}
	if hook == nil || s.host.Now().Sub(hook.made) > responseURLTime {
		return nil, fault(http.StatusNotFound, general)
	}
	cmd := s.commands[hook.command]
	if cmd == nil || hook.used >= responseURLUses {
		return nil, fault(http.StatusBadRequest, general)
	}
	hook.used++
	in := model.CommandArgs{UserId: hook.userID, ChannelId: hook.channelID, TeamId: cmd.TeamId, RootId: hook.rootID}
	if e := s.respond(cmd, in, r); e != nil {
		return nil, fault(e.StatusCode, general)
	}
	return raw{"text/plain", []byte("ok")}, nil
}
