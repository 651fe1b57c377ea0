package discordfake

import "slices"

func getGateway(c *call) (answer, *refusal) { return ok(map[string]any{"url": c.s.gatewayURL()}) }

func getGatewayBot(c *call) (answer, *refusal) {
	return ok(map[string]any{
		"url": c.s.gatewayURL(), "shards": 1,
		"session_start_limit": c.s.startLimit(),
	})
}

func getMe(c *call) (answer, *refusal) { return ok(c.s.botUser()) }

func getUser(c *call) (answer, *refusal) {
	u, no := c.user()
	if no != nil {
		return answer{}, no
	}
	return ok(wireUser(u))
}

func getMyGuilds(c *call) (answer, *refusal) {
	limit, no := c.number("limit", 200, 1, 200)
	if no != nil {
		return answer{}, no
	}
	out := []any{}
	for _, g := range c.s.guilds {
		if g.gone || compareIDs(g.id, c.query.Get("after")) <= 0 || len(out) >= limit {
			continue
		}
		out = append(out, map[string]any{
			"id": g.id, "name": g.name, "icon": nil, "owner": false, "permissions": bits(g.guildPermissions(c.s.bot)), "features": []any{},
		})
	}
	return ok(out)
}

func getApplication(c *call) (answer, *refusal) {
	s := c.s
	return ok(map[string]any{
		"id": s.ApplicationID, "name": s.bot.Name, "icon": nil, "description": "", "bot_public": true, "bot_require_code_grant": false,
		"verify_key": s.PublicKey, "flags": s.appFlags(), "interactions_endpoint_url": orNull(s.endpoint), "bot": wireUser(s.bot),
		"approximate_guild_count": len(s.guilds), "hook": true, "redirect_uris": []any{},
	})
}

func getGuild(c *call) (answer, *refusal) {
	g, no := c.guild()
	if no != nil {
		return answer{}, no
	}
	v := c.s.wireGuild(g)
	if c.query.Get("with_counts") == "true" {
		v["approximate_member_count"], v["approximate_presence_count"] = len(g.members), 1
	}
	return ok(v)
}

// getGuildChannels lists the channels that the bot sees, without threads.
func getGuildChannels(c *call) (answer, *refusal) {
	g, no := c.guild()
	if no != nil {
		return answer{}, no
	}
	out := []any{}
	for _, ch := range g.channels {
		if c.s.botSees(ch) {
			out = append(out, c.s.wireChannel(ch))
		}
	}
	return ok(out)
}

func getGuildRoles(c *call) (answer, *refusal) {
	g, no := c.guild()
	if no != nil {
		return answer{}, no
	}
	out := []any{}
	for _, r := range g.roles {
		out = append(out, wireRole(r))
	}
	return ok(out)
}

// getMembers lists the members, which takes a privileged intent.
// https://docs.discord.com/developers/resources/guild#list-guild-members
func getMembers(c *call) (answer, *refusal) {
	g, no := c.guild()
	if no != nil {
		return answer{}, no
	}
	if c.s.o.NoMembers {
		return answer{}, missingAccess
	}
	limit, no := c.number("limit", 1, 1, 1000)
	if no != nil {
		return answer{}, no
	}
	i, found := 0, false
	if after := c.query.Get("after"); after != "" && after != "0" {
		if no := snowflake("after", after); no != nil {
			return answer{}, no
		}
		if i, found = slices.BinarySearchFunc(g.order, after, compareIDs); found {
			i++
		}
	}
	out := []any{}
	for _, id := range g.order[i:min(len(g.order), i+limit)] {
		out = append(out, wireMemberUser(g.members[id]))
	}
	return ok(out)
}

func getMember(c *call) (answer, *refusal) {
	g, no := c.guild()
	if no != nil {
		return answer{}, no
	}
	u, no := c.user()
	if no != nil {
		return answer{}, no
	}
	m := g.member(u)
	if m == nil {
		return answer{}, unknownMember
	}
	return ok(wireMemberUser(m))
}
