package mattermostfake

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	noUser = "app.user.missing_account.const"
)

func (s *Server) userRoutes() []route {
	return []route{
		{method: "POST", path: "/users/login", do: login, open: true},
		{method: "POST", path: "/users/logout", do: logout, open: true},
		{method: "POST", path: "/users", do: createUser, open: true},
		{method: "GET", path: "/users", do: listUsers},
		{method: "POST", path: "/users/ids", do: usersByIDs},
		{method: "POST", path: "/users/usernames", do: usersByNames},
		{method: "POST", path: "/users/search", do: searchUsers},
		{method: "GET", path: "/users/{user}", do: getUser},
		{method: "GET", path: "/users/username/{user_name}", do: getUserByName},
		{method: "GET", path: "/users/email/{mail_name}", do: getUserByMail},
		{method: "PUT", path: "/users/{user}/patch", do: patchUser},
		{method: "PUT", path: "/users/{user}/active", do: setActive},
		{method: "PUT", path: "/users/{user}/roles", do: setUserRoles},
		{method: "DELETE", path: "/users/{user}", do: deactivate},
		{method: "GET", path: "/users/{user}/status", do: getStatus},
		{method: "PUT", path: "/users/{user}/status", do: getStatus},
		{method: "POST", path: "/users/status/ids", do: getStatuses},
		{method: "POST", path: "/users/{user}/image", do: setPicture},
		{method: "GET", path: "/users/{user}/image", do: getPicture},
	}
}

// addUser keeps a new user and gives them what the server fills in.
func (s *Server) addUser(u *model.User, password string) *model.User {
	u.PreSave(nil) // there is no password to hash
	u.CreateAt = s.millis()
	u.UpdateAt = u.CreateAt
	u.LastPasswordUpdate = u.CreateAt
	u.Password = ""
	s.users[u.Id] = &account{User: u, password: password}
	return u
}

// userNamed finds a user by name or e-mail address; nil if there is none.
func (s *Server) userNamed(name string) *account {
	for _, u := range s.users {
		if strings.EqualFold(u.Username, name) || strings.EqualFold(u.Email, name) {
			return u
		}
	}
	return nil
}

// authenticate fills in who asks.
func (s *Server) authenticate(c *call, open bool) *model.AppError {
	token := requestToken(c.r)
	sess := s.sessionOf(token)
	if sess == nil {
		if open {
			return nil
		}
		return fault(http.StatusUnauthorized, errSession)
	}
	c.sess = sess
	c.me = s.users[sess.userID].User
	return nil
}

func requestToken(r *http.Request) string {
	h := r.Header.Get("Authorization")
	for _, kind := range []string{"Bearer ", "Token "} {
		if len(h) > len(kind) && strings.EqualFold(h[:len(kind)], kind) {
			return h[len(kind):]
		}
	}
	if c, err := r.Cookie(model.SessionCookieToken); err == nil {
		return c.Value
	}
	return ""
}

// sessionOf is whoever may use the token; nil if nobody (any more).
func (s *Server) sessionOf(token string) *session {
	sess := s.sessions[token]
	if sess == nil || sess.expires != 0 && sess.expires <= s.millis() || s.users[sess.userID].DeleteAt != 0 {
		return nil
	}
	return sess
}

func login(c *call) (any, *model.AppError) {
	var in map[string]string
	if e := c.decode(&in, "login"); e != nil {
		return nil, e
	}
	u := c.s.userNamed(in["login_id"])
	if id := in["id"]; id != "" {
		u = c.s.users[id]
	}
	if u == nil || u.password == "" || u.password != in["password"] {
		return nil, fault(http.StatusUnauthorized, "api.user.login.invalid_credentials_email_username")
	}
	if u.DeleteAt != 0 {
		return nil, fault(http.StatusUnauthorized, "api.user.login.inactive.app_error")
	}
	sess := &session{id: model.NewId(), token: model.NewId(), userID: u.Id}
	c.s.sessions[sess.token] = sess
	c.w.Header().Set(model.HeaderToken, sess.token)
	return c.s.profile(u.User, u.Id), nil
}

func logout(c *call) (any, *model.AppError) {
	if c.sess != nil {
		delete(c.s.sessions, c.sess.token)
		c.s.hub.forgetToken(c.sess.token)
	}
	return ok200, nil
}

func createUser(c *call) (any, *model.AppError) {
	var u model.User
	if e := c.decode(&u, "user"); e != nil {
		return nil, e
	}
	password := u.Password
	if len(password) < 8 {
		return nil, fault(http.StatusBadRequest, "model.user.is_valid.pwd_min_length.app_error")
	}
	u.Password = ""
	u.Roles = model.SystemUserRoleId
	u.Id, u.DeleteAt = "", 0
	u.Username, u.Email = strings.ToLower(u.Username), strings.ToLower(u.Email)
	if c.s.userNamed(u.Username) != nil {
		return nil, fault(http.StatusBadRequest, "app.user.save.username_exists.app_error")
	}
	if c.s.userNamed(u.Email) != nil {
		return nil, fault(http.StatusBadRequest, "app.user.save.email_exists.app_error")
	}
	probe := u.DeepCopy()
	probe.PreSave(nil) // as above
	if e := probe.IsValid(); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	made := c.s.addUser(&u, password)
	c.s.publish(model.WebsocketEventNewUser, everybody, map[string]any{"user_id": made.Id})
	c.status = http.StatusCreated
	return c.s.profile(made, made.Id), nil
}

// profile is a user as somebody sees them; e-mail addresses are shown to all, as servers do by default.
func (s *Server) profile(u *model.User, viewer string) *model.User {
	u = u.DeepCopy()
	if b := s.bots[u.Id]; b != nil {
		u.IsBot = true
		u.BotDescription = b.Description
	}
	u.Password, u.MfaSecret = "", ""
	u.AuthData = model.NewPointer("")
	if viewer != u.Id && !s.isAdmin(viewer) {
		u.NotifyProps, u.Props, u.LastPasswordUpdate, u.FailedAttempts, u.AuthService = nil, nil, 0, 0, ""
		u.AllowMarketing, u.EmailVerified = false, false
	}
	return u
}

func (s *Server) profiles(viewer string, us []*model.User) []*model.User {
	out := make([]*model.User, 0, len(us))
	for _, u := range us {
		out = append(out, s.profile(u, viewer))
	}
	return out
}

func getUser(c *call) (any, *model.AppError) {
	u := c.s.users[c.params["user"]]
	if u == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	return c.s.profile(u.User, c.me.Id), nil
}

func getUserByName(c *call) (any, *model.AppError) {
	for _, u := range c.s.users {
		if strings.EqualFold(u.Username, c.params["user_name"]) {
			return c.s.profile(u.User, c.me.Id), nil
		}
	}
	return nil, fault(http.StatusNotFound, "app.user.get_by_username.app_error")
}

func getUserByMail(c *call) (any, *model.AppError) {
	for _, u := range c.s.users {
		if strings.EqualFold(u.Email, c.params["mail_name"]) {
			return c.s.profile(u.User, c.me.Id), nil
		}
	}
	return nil, fault(http.StatusNotFound, noUser)
}

// listUsers lists everybody, or who is in a team or a channel.
func listUsers(c *call) (any, *model.AppError) {
	q := c.r.URL.Query()
	var us []*model.User
	for _, u := range c.s.sortedUsers() {
		if team := q.Get("in_team"); team != "" && !c.s.isInTeam(team, u.Id) {
			continue
		}
		if ch := q.Get("in_channel"); ch != "" && c.s.inChannel[ch][u.Id] == nil {
			continue
		}
		if ch := q.Get("not_in_channel"); ch != "" && c.s.inChannel[ch][u.Id] != nil {
			continue
		}
		us = append(us, u)
	}
	if ch := q.Get("in_channel"); ch != "" && !c.s.canRead(c.me.Id, c.s.channels[ch]) {
		return nil, notPermitted(c, model.PermissionReadChannel)
	}
	return c.s.profiles(c.me.Id, page(c, us)), nil
}

func (s *Server) sortedUsers() []*model.User {
	us := make([]*model.User, 0, len(s.users))
	for _, u := range s.users {
		us = append(us, u.User)
	}
	slices.SortFunc(us, func(a, b *model.User) int { return cmp.Compare(a.Username, b.Username) })
	return us
}

func usersByIDs(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "user_ids"); e != nil || len(ids) == 0 {
		return nil, invalidBody("user_ids")
	}
	return c.s.profiles(c.me.Id, c.s.pick(func(u *model.User) bool { return slices.Contains(ids, u.Id) })), nil
}

func usersByNames(c *call) (any, *model.AppError) {
	var names []string
	if e := c.decode(&names, "usernames"); e != nil || len(names) == 0 {
		return nil, invalidBody("usernames")
	}
	return c.s.profiles(c.me.Id, c.s.pick(func(u *model.User) bool { return slices.Contains(names, u.Username) })), nil
}

func searchUsers(c *call) (any, *model.AppError) {
	var in model.UserSearch
	if e := c.decode(&in, "props"); e != nil || in.Term == "" {
		return nil, invalidBody("term")
	}
	term := strings.ToLower(in.Term)
	return c.s.profiles(c.me.Id, c.s.pick(func(u *model.User) bool {
		return (u.DeleteAt == 0 || in.AllowInactive) && (in.TeamId == "" || c.s.isInTeam(in.TeamId, u.Id)) &&
			strings.Contains(strings.ToLower(u.Username+" "+u.FirstName+" "+u.LastName), term)
	})), nil
}

func (s *Server) pick(want func(*model.User) bool) []*model.User {
	return slices.DeleteFunc(s.sortedUsers(), func(u *model.User) bool { return !want(u) })
}

// change replaces a user and tells everybody.
func (s *Server) change(id string, f func(u *model.User)) *model.User {
	a := *s.users[id]
	a.User = a.DeepCopy()
	f(a.User)
	a.UpdateAt = s.millis()
	s.users[id] = &a
	s.publish(model.WebsocketEventUserUpdated, everybody, map[string]any{"user": s.profile(a.User, "")})
	return a.User
}

func patchUser(c *call) (any, *model.AppError) {
	var patch model.UserPatch
	if e := c.decode(&patch, "user"); e != nil {
		return nil, e
	}
	id := c.params["user"]
	if c.s.users[id] == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	if id != c.me.Id && !c.s.can(c.me.Id, model.PermissionEditOtherUsers) {
		return nil, notPermitted(c, model.PermissionEditOtherUsers)
	}
	return c.s.profile(c.s.change(id, func(u *model.User) { u.Patch(&patch) }), c.me.Id), nil
}

func setActive(c *call) (any, *model.AppError) {
	var in struct {
		Active *bool `json:"active"`
	}
	if e := c.decode(&in, "active"); e != nil || in.Active == nil {
		return nil, invalidBody("active")
	}
	return c.activate(*in.Active)
}

func deactivate(c *call) (any, *model.AppError) { return c.activate(false) }

func (c *call) activate(active bool) (any, *model.AppError) {
	id := c.params["user"]
	if c.s.users[id] == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	if id != c.me.Id && !c.s.can(c.me.Id, model.PermissionSysconsoleWriteUserManagementUsers) {
		return nil, notPermitted(c, model.PermissionSysconsoleWriteUserManagementUsers)
	}
	c.s.setActive(id, active)
	return ok200, nil
}

// setActive switches an account off, which ends its sessions, or on again.
func (s *Server) setActive(id string, active bool) {
	s.change(id, func(u *model.User) {
		u.DeleteAt = 0
		if !active {
			u.DeleteAt = s.millis()
		}
	})
	if b := s.bots[id]; b != nil {
		b := b.Clone()
		b.DeleteAt = s.users[id].DeleteAt
		s.bots[id] = b
	}
	if !active {
		for token, sess := range s.sessions {
			if sess.userID == id && sess.tokenID == "" {
				delete(s.sessions, token)
			}
		}
		s.hub.forgetUser(id)
	}
}

func setUserRoles(c *call) (any, *model.AppError) {
	var in map[string]string
	if e := c.decode(&in, "roles"); e != nil {
		return nil, e
	}
	id := c.params["user"]
	if c.s.users[id] == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	if !c.s.can(c.me.Id, model.PermissionManageRoles) {
		return nil, notPermitted(c, model.PermissionManageRoles)
	}
	for _, name := range strings.Fields(in["roles"]) {
		if c.s.roles[name] == nil {
			return nil, fault(http.StatusBadRequest, "api.user.update_user_roles.license.app_error")
		}
	}
	c.s.change(id, func(u *model.User) { u.Roles = in["roles"] })
	return ok200, nil
}
