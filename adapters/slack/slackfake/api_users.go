package slackfake

import (
	"strings"
	"time"
)

// wire is the account as the Web API shows it to an app with these rights.
func (a *account) wire(g *grant, locale bool) map[string]any {
	offset, label := 0, a.TZ
	if place, err := time.LoadLocation(a.TZ); err == nil {
		_, offset = a.w.s.host.Now().In(place).Zone()
	}
	first, last, _ := strings.Cut(a.Real, " ")
	picture := func(size string) string { return "https://avatars.slack-edge.com/" + a.id + "_" + size + ".png" }
	profile := map[string]any{
		"real_name": a.Real, "real_name_normalized": a.Real, "display_name": "", "display_name_normalized": "",
		"first_name": first, "last_name": last, "title": a.Title, "team": a.w.ID, "avatar_hash": strings.ToLower(a.id),
		"image_24": picture("24"), "image_48": picture("48"), "image_72": picture("72"), "image_192": picture("192"),
		"image_512": picture("512"),
	}
	if a.Bot {
		profile["bot_id"] = a.botID
	} else if a.Email != "-" && g.may("users:read.email") {
		profile["email"] = a.Email
	}
	v := map[string]any{
		"id": a.id, "team_id": a.w.ID, "name": a.Name, "deleted": a.Deleted, "is_bot": a.Bot, "is_app_user": false,
		"updated": a.updated, "profile": profile,
	}
	if !a.Deleted {
		v["real_name"], v["tz"], v["tz_label"], v["tz_offset"] = a.Real, a.TZ, label, offset
		v["is_restricted"], v["is_ultra_restricted"], v["is_admin"], v["is_owner"] = a.Guest, false, false, false
	}
	if locale && !a.Bot {
		v["locale"] = a.Locale
	}
	if a.w.EnterpriseID != "" {
		v["enterprise_user"] = map[string]any{"id": a.id, "enterprise_id": a.w.EnterpriseID, "teams": []string{a.w.ID}}
	}
	return v
}

func usersInfo(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[c.str("user")]
	if a == nil || !c.grant.covers(a.w) {
		return nil, refuse("user_not_found")
	}
	return answer{"user": a.wire(c.grant, c.yes("include_locale"))}, nil
}

func botsInfo(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.str("bot") != s.BotID {
		return nil, refuse("bot_not_found")
	}
	return answer{"bot": map[string]any{"id": s.BotID, "app_id": s.AppID, "user_id": s.BotUserID, "name": "Balie", "deleted": false}}, nil
}

func usersList(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	w := c.home()
	if w == nil {
		return nil, refuse("team_not_found")
	}
	part, next, no := page(c, w.people, 1000, 1000)
	if no != nil {
		return nil, no
	}
	members := []map[string]any{}
	for _, a := range part {
		members = append(members, a.wire(c.grant, c.yes("include_locale")))
	}
	return answer{"members": members, "cache_ts": s.host.Now().Unix(), "next_cursor": next}, nil
}

func usersLookupByEmail(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	w := c.home()
	if w == nil {
		return nil, refuse("team_not_found")
	}
	for _, a := range w.people {
		if !a.Bot && !a.Deleted && strings.EqualFold(a.Email, c.str("email")) {
			return answer{"user": a.wire(c.grant, false)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func usergroupsList(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	w := c.home()
	if w == nil {
		return nil, refuse("team_not_found")
	}
	list := []map[string]any{}
	for _, g := range w.groups {
		v := map[string]any{
			"id": g.id, "team_id": w.ID, "is_usergroup": true, "name": g.name, "handle": g.handle, "date_delete": 0,
			"user_count": len(g.members),
		}
		if c.yes("include_users") {
			v["users"] = g.members
		}
		list = append(list, v)
	}
	return answer{"usergroups": list}, nil
}

func usergroupsUsersList(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.workspaces {
		for _, g := range w.groups {
			if g.id == c.str("usergroup") && c.grant.covers(w) {
				return answer{"users": append([]string{}, g.members...)}, nil
			}
		}
	}
	return nil, refuse("no_such_subteam")
}
