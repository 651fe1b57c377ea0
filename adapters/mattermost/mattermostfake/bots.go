package mattermostfake

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"
)

func (s *Server) botRoutes() []route {
	return []route{
		{method: "POST", path: "/bots", do: createBot},
		{method: "GET", path: "/bots", do: listBots},
		{method: "GET", path: "/bots/{bot}", do: getBot},
		{method: "PUT", path: "/bots/{bot}", do: patchBot},
		{method: "POST", path: "/bots/{bot}/disable", do: disableBot},
		{method: "POST", path: "/bots/{bot}/enable", do: enableBot},
		{method: "POST", path: "/users/{user}/tokens", do: createToken},
		{method: "GET", path: "/users/{user}/tokens", do: listTokens},
		{method: "GET", path: "/users/tokens/{token}", do: getToken},
		{method: "POST", path: "/users/tokens/revoke", do: revokeToken},
		{method: "POST", path: "/users/tokens/disable", do: disableToken},
		{method: "POST", path: "/users/tokens/enable", do: enableToken},
	}
}

func createBot(c *call) (any, *model.AppError) {
	var b model.Bot
	if e := c.decode(&b, "bot"); e != nil {
		return nil, e
	}
	if !c.s.can(c.me.Id, model.PermissionCreateBot) {
		return nil, notPermitted(c, model.PermissionCreateBot)
	}
	if !*c.s.config.ServiceSettings.EnableBotAccountCreation {
		return nil, fault(http.StatusForbidden, "api.bot.create_disabled")
	}
	if !model.IsValidUsername(b.Username) {
		return nil, fault(http.StatusBadRequest, "model.user.is_valid.username.app_error")
	}
	if c.s.userNamed(b.Username) != nil {
		return nil, fault(http.StatusBadRequest, "app.user.save.username_exists.app_error")
	}
	u := c.s.addUser(&model.User{
		Username: b.Username, Email: b.Username + "@localhost", FirstName: b.DisplayName, Roles: model.SystemUserRoleId,
		IsBot: true, BotDescription: b.Description,
	}, "")
	c.s.bots[u.Id] = &model.Bot{
		UserId: u.Id, Username: b.Username, DisplayName: b.DisplayName, Description: b.Description, OwnerId: c.me.Id,
		CreateAt: u.CreateAt, UpdateAt: u.CreateAt,
	}
	c.status = http.StatusCreated
	return c.s.bots[u.Id], nil
}

// bot finds the bot that the call is about, for those who may know of it.
func (c *call) bot() (*model.Bot, *model.AppError) {
	b := c.s.bots[c.params["bot"]]
	if b == nil || !c.s.can(c.me.Id, model.PermissionReadOthersBots) &&
		(b.OwnerId != c.me.Id || !c.s.can(c.me.Id, model.PermissionReadBots)) {
		return nil, fault(http.StatusNotFound, "store.sql_bot.get.missing.app_error")
	}
	return b, nil
}

func getBot(c *call) (any, *model.AppError) {
	b, e := c.bot()
	if e != nil || b.DeleteAt != 0 && c.r.URL.Query().Get("include_deleted") != "true" {
		return nil, fault(http.StatusNotFound, "store.sql_bot.get.missing.app_error")
	}
	return b, nil
}

func listBots(c *call) (any, *model.AppError) {
	others := c.s.can(c.me.Id, model.PermissionReadOthersBots)
	if !others && !c.s.can(c.me.Id, model.PermissionReadBots) {
		return nil, notPermitted(c, model.PermissionReadBots)
	}
	bots := []*model.Bot{}
	for _, b := range c.s.bots {
		if (others || b.OwnerId == c.me.Id) && (b.DeleteAt == 0 || c.r.URL.Query().Get("include_deleted") == "true") {
			bots = append(bots, b)
		}
	}
	slices.SortFunc(bots, func(a, b *model.Bot) int { return cmp.Compare(a.CreateAt, b.CreateAt) })
	return page(c, bots), nil
}

func patchBot(c *call) (any, *model.AppError) {
	var patch model.BotPatch
	if e := c.decode(&patch, "bot"); e != nil {
		return nil, e
	}
	b, e := c.managedBot()
	if e != nil {
		return nil, e
	}
	b.Patch(&patch)
	b.UpdateAt = c.s.millis()
	c.s.bots[b.UserId] = b
	c.s.change(b.UserId, func(u *model.User) {
		u.Username, u.FirstName, u.BotDescription = b.Username, b.DisplayName, b.Description
	})
	return b, nil
}

// managedBot is a copy of the bot, for those who may change it.
func (c *call) managedBot() (*model.Bot, *model.AppError) {
	b, e := c.bot()
	if e != nil {
		return nil, e
	}
	if !c.s.ownsBot(c.me.Id, b.UserId) {
		return nil, notPermitted(c, model.PermissionManageOthersBots)
	}
	return b.Clone(), nil
}

func disableBot(c *call) (any, *model.AppError) { return c.enable(false) }

func enableBot(c *call) (any, *model.AppError) { return c.enable(true) }

func (c *call) enable(on bool) (any, *model.AppError) {
	b, e := c.managedBot()
	if e != nil {
		return nil, e
	}
	c.s.setActive(b.UserId, on)
	return c.s.bots[b.UserId], nil
}

func createToken(c *call) (any, *model.AppError) {
	var in model.UserAccessToken
	if e := c.decode(&in, "user_access_token"); e != nil {
		return nil, e
	}
	if in.Description == "" {
		return nil, invalidBody("description")
	}
	if e := c.managesTokens(model.PermissionCreateUserAccessToken); e != nil {
		return nil, e
	}
	if !*c.s.config.ServiceSettings.EnableUserAccessTokens && c.s.bots[c.params["user"]] == nil {
		return nil, fault(http.StatusNotImplemented, "app.user_access_token.disabled")
	}
	t := &model.UserAccessToken{
		Id: model.NewId(), Token: model.NewId(), UserId: c.params["user"], Description: in.Description, IsActive: true,
		ExpiresAt: in.ExpiresAt,
	}
	c.s.tokens[t.Id] = t
	c.s.sessions[t.Token] = &session{id: model.NewId(), token: t.Token, tokenID: t.Id, userID: t.UserId, expires: t.ExpiresAt}
	return t, nil
}

// managesTokens refuses who may not have to do with the tokens of the user of the call.
func (c *call) managesTokens(p *model.Permission) *model.AppError {
	id := c.params["user"]
	if c.s.users[id] == nil {
		return fault(http.StatusNotFound, noUser)
	}
	if !c.s.can(c.me.Id, p) {
		return notPermitted(c, p)
	}
	if id != c.me.Id && !c.s.can(c.me.Id, model.PermissionEditOtherUsers) && !c.s.ownsBot(c.me.Id, id) {
		return notPermitted(c, model.PermissionEditOtherUsers)
	}
	return nil
}

func listTokens(c *call) (any, *model.AppError) {
	if e := c.managesTokens(model.PermissionReadUserAccessToken); e != nil {
		return nil, e
	}
	out := []*model.UserAccessToken{}
	for _, t := range c.s.tokens {
		if t.UserId == c.params["user"] {
			out = append(out, secretless(t))
		}
	}
	return out, nil
}

func secretless(t *model.UserAccessToken) *model.UserAccessToken {
	copied := *t
	copied.Token = ""
	return &copied
}

// token finds the access token that the call is about.
func (c *call) token(id string, p *model.Permission) (*model.UserAccessToken, *model.AppError) {
	t := c.s.tokens[id]
	if t == nil {
		return nil, fault(http.StatusNotFound, "app.user_access_token.get_by_user.app_error")
	}
	c.params["user"] = t.UserId
	if e := c.managesTokens(p); e != nil {
		return nil, e
	}
	return t, nil
}

func getToken(c *call) (any, *model.AppError) {
	t, e := c.token(c.params["token"], model.PermissionReadUserAccessToken)
	if e != nil {
		return nil, e
	}
	return secretless(t), nil
}

func (c *call) namedToken() (*model.UserAccessToken, *model.AppError) {
	var in map[string]string
	if e := c.decode(&in, "token_id"); e != nil {
		return nil, e
	}
	return c.token(in["token_id"], model.PermissionRevokeUserAccessToken)
}

func revokeToken(c *call) (any, *model.AppError) {
	t, e := c.namedToken()
	if e != nil {
		return nil, e
	}
	c.s.revoke(t)
	delete(c.s.tokens, t.Id)
	return ok200, nil
}

// revoke ends what the token allowed.
func (s *Server) revoke(t *model.UserAccessToken) {
	delete(s.sessions, t.Token)
	s.hub.forgetToken(t.Token)
}

func disableToken(c *call) (any, *model.AppError) { return c.switchToken(false) }

func enableToken(c *call) (any, *model.AppError) { return c.switchToken(true) }

func (c *call) switchToken(on bool) (any, *model.AppError) {
	t, e := c.namedToken()
	if e != nil {
		return nil, e
	}
	copied := *t
	copied.IsActive = on
	c.s.tokens[t.Id] = &copied
	if on {
		c.s.sessions[t.Token] = &session{id: model.NewId(), token: t.Token, tokenID: t.Id, userID: t.UserId, expires: t.ExpiresAt}
	} else {
		c.s.revoke(t)
	}
	return ok200, nil
}

// RevokeToken takes an access token away, as an admin might.
func (s *Server) RevokeToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range maps.Values(s.tokens) {
		if t.Token == token {
			s.revoke(t)
			delete(s.tokens, t.Id)
		}
	}
	delete(s.sessions, token)
}

// ExpireToken lets an access token or a session run out now.
func (s *Server) ExpireToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess := s.sessions[token]; sess != nil {
		sess.expires = 1
		s.hub.forgetToken(token)
	}
}
