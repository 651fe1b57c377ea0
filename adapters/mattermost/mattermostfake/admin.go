package mattermostfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/mattermost/mattermost/server/public/model"
)

func (s *Server) adminRoutes() []route {
	return []route{
		{method: "GET", path: "/system/ping", do: ping, open: true},
		{method: "GET", path: "/config/client", do: clientConfig, open: true},
		{method: "GET", path: "/license/client", do: clientLicense, open: true},
		{method: "GET", path: "/config", do: getConfig},
		{method: "PUT", path: "/config", do: putConfig},
		{method: "PUT", path: "/config/patch", do: patchConfig},
		{method: "POST", path: "/config/reload", do: reload},
		{method: "GET", path: "/roles", do: listRoles},
		{method: "GET", path: "/roles/name/{role_name}", do: roleByName},
		{method: "POST", path: "/roles/names", do: rolesByNames},
		{method: "GET", path: "/roles/{role}", do: roleByID},
		{method: "PUT", path: "/roles/{role}/patch", do: patchRole},
		{method: "GET", path: "/users/{user}/preferences", do: getPreferences},
		{method: "PUT", path: "/users/{user}/preferences", do: putPreferences},
		{method: "POST", path: "/users/{user}/preferences/delete", do: deletePreferences},
		{method: "GET", path: "/users/{user}/preferences/{category_name}", do: getPreferences},
		{method: "GET", path: "/users/{user}/preferences/{category_name}/name/{preference_name}", do: getPreference},
	}
}

// table is everything that the server knows how to do.
func (s *Server) table() []route {
	return slices.Concat(s.userRoutes(), s.botRoutes(), s.teamRoutes(), s.channelRoutes(), s.memberRoutes(), s.postRoutes(),
		s.fileRoutes(), s.commandRoutes(), s.actionRoutes(), s.adminRoutes(), s.socketRoutes())
}

func ping(c *call) (any, *model.AppError) {
	return map[string]string{
		"status": "OK", "AndroidLatestVersion": "", "AndroidMinVersion": "", "IosLatestVersion": "", "IosMinVersion": "",
		"ActiveSearchBackend": "database",
	}, nil
}

// clientConfig is what clients need to know of the settings.
func clientConfig(c *call) (any, *model.AppError) {
	set := c.s.config.ServiceSettings
	return map[string]string{
		"Version": c.s.version.String(), "BuildNumber": "", "SiteURL": *set.SiteURL, "SiteName": "Mattermost",
		"EnableCommands":             strconv.FormatBool(*set.EnableCommands),
		"EnableUserAccessTokens":     strconv.FormatBool(*set.EnableUserAccessTokens),
		"EnableBotAccountCreation":   strconv.FormatBool(*set.EnableBotAccountCreation),
		"EnablePostUsernameOverride": strconv.FormatBool(*set.EnablePostUsernameOverride),
		"EnablePostIconOverride":     strconv.FormatBool(*set.EnablePostIconOverride),
		"DefaultClientLocale":        "en", "CollapsedThreads": "always_on", "MaxFileSize": strconv.Itoa(maxUpload),
		"PostEditTimeLimit": "-1", "TelemetryId": "",
		"AsymmetricSigningPublicKey": c.s.publicKey(), "RequireEmailVerification": "false",
	}, nil
}

func clientLicense(*call) (any, *model.AppError) {
	return map[string]string{"IsLicensed": "false"}, nil
}

func getConfig(c *call) (any, *model.AppError) {
	if !c.s.can(c.me.Id, model.PermissionSysconsoleReadEnvironmentWebServer) {
		return nil, notPermitted(c, model.PermissionSysconsoleReadEnvironmentWebServer)
	}
	return c.s.config, nil
}

func putConfig(c *call) (any, *model.AppError) { return c.writeConfig(&model.Config{}) }

func patchConfig(c *call) (any, *model.AppError) { return c.writeConfig(c.s.config.Clone()) }

// writeConfig reads the call's settings into a base.
func (c *call) writeConfig(base *model.Config) (any, *model.AppError) {
	if !c.s.can(c.me.Id, model.PermissionSysconsoleWriteEnvironmentWebServer) {
		return nil, notPermitted(c, model.PermissionSysconsoleWriteEnvironmentWebServer)
	}
	if err := json.Unmarshal(c.body, base); err != nil {
		return nil, invalidBody("config")
	}
	base.SetDefaults()
	c.s.config = base
	return base, nil
}

func reload(*call) (any, *model.AppError) { return ok200, nil }

func listRoles(c *call) (any, *model.AppError) {
	if !c.s.can(c.me.Id, model.PermissionSysconsoleReadUserManagementPermissions) {
		return nil, notPermitted(c, model.PermissionSysconsoleReadUserManagementPermissions)
	}
	out := []*model.Role{}
	for _, r := range c.s.roles {
		out = append(out, r)
	}
	return out, nil
}

func roleByName(c *call) (any, *model.AppError) {
	if r := c.s.roles[c.params["role_name"]]; r != nil {
		return r, nil
	}
	return nil, fault(http.StatusNotFound, "app.role.get_by_name.app_error")
}

func rolesByNames(c *call) (any, *model.AppError) {
	var names []string
	if e := c.decode(&names, "rolenames"); e != nil {
		return nil, e
	}
	out := []*model.Role{}
	for _, n := range names {
		if r := c.s.roles[n]; r != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

func (c *call) role() (*model.Role, *model.AppError) {
	for _, r := range c.s.roles {
		if r.Id == c.params["role"] {
			return r, nil
		}
	}
	return nil, fault(http.StatusNotFound, "app.role.get.app_error")
}

func roleByID(c *call) (any, *model.AppError) {
	r, e := c.role()
	if e != nil {
		return nil, e
	}
	return r, nil
}

func patchRole(c *call) (any, *model.AppError) {
	var patch model.RolePatch
	if e := c.decode(&patch, "role"); e != nil {
		return nil, e
	}
	old, e := c.role()
	if e != nil {
		return nil, e
	}
	if !c.s.can(c.me.Id, model.PermissionSysconsoleWriteUserManagementPermissions) {
		return nil, notPermitted(c, model.PermissionSysconsoleWriteUserManagementPermissions)
	}
	r := *old
	if patch.Permissions != nil {
		r.Permissions = slices.Clone(*patch.Permissions)
	}
	r.UpdateAt = c.s.millis()
	c.s.roles[r.Name] = &r
	return &r, nil
}

// own refuses to have to do with other people's preferences.
func (c *call) own() *model.AppError {
	if c.params["user"] != c.me.Id && !c.s.can(c.me.Id, model.PermissionEditOtherUsers) {
		return notPermitted(c, model.PermissionEditOtherUsers)
	}
	return nil
}

func getPreferences(c *call) (any, *model.AppError) {
	if e := c.own(); e != nil {
		return nil, e
	}
	out := model.Preferences{}
	for _, p := range c.s.prefs[c.params["user"]] {
		if category := c.params["category_name"]; category == "" || p.Category == category {
			out = append(out, p)
		}
	}
	if len(out) == 0 && c.params["category_name"] != "" {
		return nil, fault(http.StatusNotFound, "api.preference.preferences_category.get.app_error")
	}
	return out, nil
}

func getPreference(c *call) (any, *model.AppError) {
	if e := c.own(); e != nil {
		return nil, e
	}
	p, ok := c.s.prefs[c.params["user"]][c.params["category_name"]+"/"+c.params["preference_name"]]
	if !ok {
		return nil, fault(http.StatusNotFound, "app.preference.get.app_error")
	}
	return &p, nil
}

func (c *call) preferences() (model.Preferences, *model.AppError) {
	var ps model.Preferences
	if e := c.decode(&ps, "preferences"); e != nil || len(ps) == 0 || len(ps) > 100 {
		return nil, invalidBody("preferences")
	}
	if e := c.own(); e != nil {
		return nil, e
	}
	for _, p := range ps {
		if p.UserId != c.params["user"] {
			return nil, fault(http.StatusForbidden, "api.preference.update_preferences.set.app_error")
		}
	}
	return ps, nil
}

func putPreferences(c *call) (any, *model.AppError) {
	ps, e := c.preferences()
	if e != nil {
		return nil, e
	}
	user := c.params["user"]
	if c.s.prefs[user] == nil {
		c.s.prefs[user] = map[string]model.Preference{}
	}
	for _, p := range ps {
		if e := p.IsValid(); e != nil {
			return nil, fault(http.StatusBadRequest, e.Id)
		}
		c.s.prefs[user][p.Category+"/"+p.Name] = p
	}
	c.s.publish(model.WebsocketEventSidebarCategoryUpdated, toUser(user), map[string]any{})
	c.s.publish(model.WebsocketEventPreferencesChanged, toUser(user), map[string]any{"preferences": encoded(ps)})
	return ok200, nil
}

func deletePreferences(c *call) (any, *model.AppError) {
	ps, e := c.preferences()
	if e != nil {
		return nil, e
	}
	user := c.params["user"]
	for _, p := range ps {
		delete(c.s.prefs[user], p.Category+"/"+p.Name)
	}
	c.s.publish(model.WebsocketEventSidebarCategoryUpdated, toUser(user), map[string]any{})
	c.s.publish(model.WebsocketEventPreferencesDeleted, toUser(user), map[string]any{"preferences": encoded(ps)})
	return ok200, nil
}
