package discordfake

import (
	"encoding/json"
	"strconv"
	"time"
)

// The JSON of things, as the REST API and the gateway show them. All are called with s.mu.

// stamp is a time as Discord writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

// orNull is a text, or null without one.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// orEmpty is a list that is never null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// wireUser is a user. https://docs.discord.com/developers/resources/user#user-object
func wireUser(u *user) map[string]any {
	v := map[string]any{
		"id": u.id, "username": u.Name, "discriminator": "0", "global_name": orNull(u.Global), "avatar": orNull(u.Avatar),
		"public_flags": 0, "banner": nil, "accent_color": nil, "avatar_decoration_data": nil,
	}
	if u.Bot {
		v["bot"] = true
	}
	return v
}

// botUser is the bot as it sees itself.
func (s *Server) botUser() map[string]any {
	v := wireUser(s.bot)
	v["verified"], v["mfa_enabled"], v["email"], v["flags"] = true, true, nil, 0
	return v
}

// wireMember is a member without the user. https://docs.discord.com/developers/resources/guild#guild-member-object
func wireMember(m *member) map[string]any {
	return map[string]any{
		"nick": orNull(m.nick), "avatar": nil, "roles": orEmpty(append([]string(nil), m.roles...)), "joined_at": stamp(m.joined),
		"premium_since": nil, "deaf": false, "mute": false, "flags": 0, "pending": false, "communication_disabled_until": nil,
	}
}

// wireMemberUser is a member with the user.
func wireMemberUser(m *member) map[string]any {
	v := wireMember(m)
	v["user"] = wireUser(m.user)
	return v
}

func wireRole(r *role) map[string]any {
	v := map[string]any{
		"id": r.id, "name": r.name, "permissions": bits(r.permissions), "position": r.position, "color": 0, "hoist": false,
		"managed": r.managed, "mentionable": false, "icon": nil, "unicode_emoji": nil, "flags": 0,
	}
	return v
}

func bits(permissions uint64) string { return strconv.FormatUint(permissions, 10) }

// wireChannel is a channel, a thread or a direct message.
// https://docs.discord.com/developers/resources/channel#channel-object
func (s *Server) wireChannel(ch *channel) map[string]any {
	v := map[string]any{"id": ch.id, "type": ch.kind, "last_message_id": orNull(ch.last), "flags": 0}
	if ch.guild == nil {
		v["recipients"] = []any{wireUser(ch.peer)}
		return v
	}
	v["guild_id"], v["name"], v["rate_limit_per_user"] = ch.guild.id, ch.name, 0
	if ch.isThread() {
		s.wireThread(ch, v)
		return v
	}
	over := []any{}
	for _, o := range ch.overwrites {
		kind := 0
		if o.member {
			kind = 1
		}
		over = append(over, map[string]any{"id": o.id, "type": kind, "allow": bits(o.allow), "deny": bits(o.deny)})
	}
	v["position"], v["permission_overwrites"], v["parent_id"], v["nsfw"], v["topic"] = ch.position, over, nil, false, orNull(ch.topic)
	if ch.kind == forumChannel {
		v["available_tags"] = orEmpty(append([]tag(nil), ch.tags...))
		v["default_reaction_emoji"], v["default_sort_order"], v["default_forum_layout"] = nil, nil, 0
		if ch.requireTag {
			v["flags"] = flagRequireTag
		}
	}
	return v
}

const flagRequireTag = 1 << 4

func (s *Server) wireThread(ch *channel, v map[string]any) {
	meta := map[string]any{
		"archived": ch.archived, "archive_timestamp": stamp(ch.archivedAt), "auto_archive_duration": ch.autoArchive,
		"locked": ch.locked, "create_timestamp": stamp(ch.made),
	}
	if ch.kind == privateThread {
		meta["invitable"] = ch.invitable
	}
	// The first message of a post, or the one that a thread hangs below, is not counted.
	count := ch.sent
	if _, first := ch.messages[ch.id]; first {
		count--
	}
	v["parent_id"], v["owner_id"], v["thread_metadata"] = ch.parent.id, ch.owner, meta
	v["message_count"], v["member_count"], v["total_message_sent"] = count, min(len(ch.joined), 50), count
	if ch.parent.kind == forumChannel {
		v["applied_tags"] = orEmpty(append([]string(nil), ch.applied...))
	}
	if _, in := ch.joined[s.bot.id]; in {
		v["member"] = s.wireThreadMember(ch, s.bot.id)
	}
}

func (s *Server) wireThreadMember(ch *channel, user string) map[string]any {
	return map[string]any{"id": ch.id, "user_id": user, "join_timestamp": stamp(ch.joined[user]), "flags": 1}
}

// wireMessage is a message with its content. https://docs.discord.com/developers/resources/message#message-object
func (s *Server) wireMessage(m *message) map[string]any {
	v := s.wirePlain(m)
	if m.reference == nil {
		return v
	}
	r := map[string]any{"type": m.reference.kind, "channel_id": m.reference.channel}
	if m.reference.message != "" {
		r["message_id"] = m.reference.message
	}
	if m.reference.guild != "" {
		r["guild_id"] = m.reference.guild
	}
	v["message_reference"] = r
	if m.kind == replyMessage || m.kind == threadStarter {
		v["referenced_message"] = nil
		if ch := s.channels[m.reference.channel]; ch != nil && ch.messages[m.reference.message] != nil {
			v["referenced_message"] = s.wirePlain(ch.messages[m.reference.message])
		}
	}
	return v
}

// wirePlain is a message without the one that it answers.
func (s *Server) wirePlain(m *message) map[string]any {
	mentions := []any{}
	for _, u := range m.mentions {
		mentions = append(mentions, wireUser(u))
	}
	files := []any{}
	for _, f := range m.attachments {
		files = append(files, s.wireAttachment(f))
	}
	v := map[string]any{
		"id": m.id, "type": m.kind, "channel_id": m.channel, "author": wireUser(m.author), "content": m.content,
		"timestamp": stamp(m.at), "edited_timestamp": nil, "tts": false, "mention_everyone": m.everyone, "mentions": mentions,
		"mention_roles": orEmpty(m.mentionRoles), "attachments": files, "embeds": orEmpty(m.embeds),
		"components": orEmpty(m.components), "flags": m.flags, "pinned": false,
	}
	if !m.edited.IsZero() {
		v["edited_timestamp"] = stamp(m.edited)
	}
	if m.webhook != "" {
		v["webhook_id"] = m.webhook
	}
	if m.webhook != "" || m.author == s.bot {
		v["application_id"] = s.ApplicationID
	}
	if m.metadata != nil {
		v["interaction_metadata"] = m.metadata
	}
	if len(m.reactions) > 0 {
		list := []any{}
		for _, r := range m.reactions {
			me := false
			for _, id := range r.users {
				me = me || id == s.bot.id
			}
			list = append(list, map[string]any{"count": len(r.users), "me": me, "emoji": wireEmoji(r.emoji),
				"count_details": map[string]any{"burst": 0, "normal": len(r.users)}, "me_burst": false, "burst_colors": []any{}})
		}
		v["reactions"] = list
	}
	if th := s.threadBelow(m); th != nil {
		v["thread"] = s.wireChannel(th)
		v["flags"] = m.flags | flagHasThread
	}
	return v
}

// gatewayMessage is a message as the gateway tells it: with the guild, and with who the author is there.
func (s *Server) gatewayMessage(ch *channel, m *message) map[string]any {
	v := s.wireMessage(m)
	if ch.guild == nil {
		return v
	}
	v["guild_id"] = ch.guild.id
	if mem := ch.guild.member(m.author); mem != nil && m.webhook == "" {
		v["member"] = wireMember(mem)
	}
	mentions := []any{}
	for _, u := range m.mentions {
		w := wireUser(u)
		if mem := ch.guild.member(u); mem != nil {
			w["member"] = wireMember(mem)
		}
		mentions = append(mentions, w)
	}
	v["mentions"] = mentions
	return v
}

// restMessage is a message as the REST API shows it: without content to an app that may not read it.
func (s *Server) restMessage(ch *channel, m *message) any {
	v := s.wireMessage(m)
	if !s.o.NoContent || ch.guild == nil {
		return v
	}
	raw := mustJSON(v)
	if bare := s.withoutContent(raw); bare != nil {
		return bare
	}
	return json.RawMessage(raw)
}

// wireGuild is a guild as the REST API shows it. https://docs.discord.com/developers/resources/guild#guild-object
func (s *Server) wireGuild(g *guild) map[string]any {
	roles := []any{}
	for _, r := range g.roles {
		roles = append(roles, wireRole(r))
	}
	return map[string]any{
		"id": g.id, "name": g.name, "icon": nil, "owner_id": g.owner, "roles": roles, "emojis": []any{}, "features": []any{},
		"preferred_locale": "en-US", "verification_level": 0, "default_message_notifications": 1, "explicit_content_filter": 0,
		"mfa_level": 0, "system_channel_id": nil, "premium_tier": 0, "nsfw_level": 0, "afk_timeout": 300, "description": nil,
	}
}

// guildCreate is what the gateway tells of a guild when the bot comes to see it.
// https://docs.discord.com/developers/events/gateway-events#guild-create
func (s *Server) guildCreate(g *guild) map[string]any {
	v := s.wireGuild(g)
	channels, threads, members := []any{}, []any{}, []any{}
	for _, ch := range g.channels {
		if !ch.deleted {
			channels = append(channels, s.wireChannel(ch)) // those that the bot may not see, too
		}
	}
	for _, th := range s.threads(g, func(th *channel) bool { return !th.archived && s.botSees(th) }) {
		threads = append(threads, s.wireChannel(th))
	}
	if m := g.member(s.bot); m != nil {
		v["joined_at"] = stamp(m.joined)
		members = append(members, wireMemberUser(m))
	}
	v["channels"], v["threads"], v["members"], v["member_count"] = channels, threads, members, len(g.members)
	v["large"], v["unavailable"], v["presences"], v["voice_states"] = false, false, []any{}, []any{}
	v["stage_instances"], v["guild_scheduled_events"], v["soundboard_sounds"] = []any{}, []any{}, []any{}
	return v
}
