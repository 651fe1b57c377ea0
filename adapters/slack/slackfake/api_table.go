package slackfake

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Calls a minute of Slack's tiers.
const (
	tier1 = 1
	tier2 = 20
	tier3 = 50
	tier4 = 100
)

// table are the methods of the Web API that the fake knows.
func table() map[string]method {
	history := []string{"channels:history", "groups:history", "im:history", "mpim:history"}
	rooms := []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	return map[string]method{
		"api.test":                     {do: apiTest, open: true, json: true},
		"auth.test":                    {do: authTest, json: true},
		"auth.revoke":                  {do: authRevoke},
		"auth.teams.list":              {do: authTeamsList, tier: tier2},
		"apps.connections.open":        {do: appsConnectionsOpen, app: true, json: true},
		"apps.uninstall":               {do: appsUninstall, tier: tier1},
		"oauth.v2.access":              {do: oauthAccess, open: true},
		"bots.info":                    {do: botsInfo, tier: tier3, scopes: []string{"users:read"}},
		"chat.postMessage":             {do: chatPostMessage, scopes: []string{"chat:write"}, json: true},
		"chat.update":                  {do: chatUpdate, tier: tier3, scopes: []string{"chat:write"}, json: true},
		"chat.delete":                  {do: chatDelete, tier: tier3, scopes: []string{"chat:write"}, json: true},
		"chat.postEphemeral":           {do: chatPostEphemeral, tier: tier4, scopes: []string{"chat:write"}, json: true},
		"chat.getPermalink":            {do: chatGetPermalink},
		"views.open":                   {do: viewsOpen, tier: tier4, json: true},
		"views.push":                   {do: viewsPush, tier: tier4, json: true},
		"views.update":                 {do: viewsUpdate, tier: tier4, json: true},
		"views.publish":                {do: viewsPublish, tier: tier4, json: true},
		"conversations.info":           {do: conversationsInfo, tier: tier3, scopes: rooms},
		"conversations.list":           {do: conversationsList, tier: tier2, scopes: rooms},
		"conversations.members":        {do: conversationsMembers, tier: tier4, scopes: rooms},
		"conversations.history":        {do: conversationsHistory, tier: tier3, scopes: history},
		"conversations.replies":        {do: conversationsReplies, tier: tier3, scopes: history},
		"conversations.open":           {do: conversationsOpen, tier: tier3, scopes: []string{"im:write", "mpim:write"}, json: true},
		"conversations.join":           {do: conversationsJoin, tier: tier3, scopes: []string{"channels:join"}, json: true},
		"users.conversations":          {do: usersConversations, tier: tier3, scopes: rooms},
		"users.info":                   {do: usersInfo, tier: tier4, scopes: []string{"users:read"}},
		"users.list":                   {do: usersList, tier: tier2, scopes: []string{"users:read"}},
		"users.lookupByEmail":          {do: usersLookupByEmail, tier: tier3, scopes: []string{"users:read.email"}},
		"usergroups.list":              {do: usergroupsList, tier: tier2, scopes: []string{"usergroups:read"}},
		"usergroups.users.list":        {do: usergroupsUsersList, tier: tier2, scopes: []string{"usergroups:read"}},
		"files.info":                   {do: filesInfo, tier: tier4, scopes: []string{"files:read"}},
		"files.getUploadURLExternal":   {do: filesGetUploadURLExternal, tier: tier4, scopes: []string{"files:write"}},
		"files.completeUploadExternal": {do: filesCompleteUploadExternal, tier: tier4, scopes: []string{"files:write"}, json: true},
		"reactions.get":                {do: reactionsGet, tier: tier3, scopes: []string{"reactions:read"}},
	}
}

// page is the part of a list that the cursor and the limit ask for, and the cursor of the next.
func page[T any](c *call, all []T, standard, most int) ([]T, string, *refusal) {
	from := 0
	if cursor := c.str("cursor"); cursor != "" {
		raw, err := base64.StdEncoding.DecodeString(cursor)
		at, ok := strings.CutPrefix(string(raw), "at:")
		from, _ = strconv.Atoi(at)
		if err != nil || !ok || from < 0 || from > len(all) {
			return nil, "", refuse("invalid_cursor")
		}
	}
	to := min(len(all), from+c.limit(standard, most))
	next := ""
	if to < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("at:" + strconv.Itoa(to)))
	}
	return all[from:to], next, nil
}

func apiTest(c *call) (answer, *refusal) {
	if code := c.str("error"); code != "" {
		return nil, refuse(code)
	}
	return answer{"args": map[string]any{}}, nil
}

func authTest(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	g := c.grant
	v := answer{"user": g.bot.Name, "user_id": g.bot.id, "bot_id": g.bot.botID, "is_enterprise_install": g.org != ""}
	if w := g.w; w != nil {
		v["url"], v["team"], v["team_id"] = "https://"+w.Domain+".slack.com/", w.Name, w.ID
		if w.EnterpriseID != "" {
			v["enterprise_id"] = w.EnterpriseID
		}
		return v, nil
	}
	v["url"], v["team"], v["team_id"], v["enterprise_id"] = "https://organisation.enterprise.slack.com/", "Organisation", g.org, g.org
	return v, nil
}

func appsConnectionsOpen(c *call) (answer, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return answer{"url": c.s.socketURL()}, nil
}

// home is the workspace that a call is about when it names no channel: that of the token, or of the argument team_id,
// which an organisation's token needs.
func (c *call) home() *Workspace {
	if c.grant.w != nil {
		return c.grant.w
	}
	for _, w := range c.s.workspaces {
		if w.ID == c.str("team_id") && c.grant.covers(w) {
			return w
		}
	}
	return nil
}
