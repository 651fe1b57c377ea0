package discordfake

import "slices"

// GuildState is a guild of a running server, for tests. Its methods may be called from several goroutines.
type GuildState struct {
	// GuildID is its id, which is @everyone's too.
	GuildID string

	s *Server
	g *guild
}

// Main is the first guild.
func (s *Server) Main() *GuildState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &GuildState{GuildID: s.guilds[0].id, s: s, g: s.guilds[0]}
}

// Guild is a guild by its name or id; nil if there is none.
func (s *Server) Guild(name string) *GuildState {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.guilds {
		if g.name == name || g.id == name {
			return &GuildState{GuildID: g.id, s: s, g: g}
		}
	}
	return nil
}

// AddGuild invites the bot to another guild.
func (s *Server) AddGuild(o Guild) *GuildState {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.addGuild(o)
	s.emit(g.id, "", "GUILD_CREATE", s.guildCreate(g))
	return &GuildState{GuildID: g.id, s: s, g: g}
}

// UserID is somebody's id by their handle; empty if there is nobody. The bot's handle is "balie".
func (s *Server) UserID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.names[name]; u != nil {
		return u.id
	}
	return ""
}

// UserID is somebody's id by their handle; empty if there is nobody.
func (g *GuildState) UserID(name string) string { return g.s.UserID(name) }

// ChannelID is a channel's id by its name; empty if there is none. Threads are not among them.
func (g *GuildState) ChannelID(name string) string {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	for _, ch := range g.g.channels {
		if ch.name == name {
			return ch.id
		}
	}
	return ""
}

// RoleID is a role's id by its name; empty if there is none. The bot's own has its handle.
func (g *GuildState) RoleID(name string) string {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if r := g.g.role(name); r != nil {
		return r.id
	}
	return ""
}

// TagID is the id of a forum's tag by its name; empty if there is none.
func (g *GuildState) TagID(channelID, name string) string {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if ch := g.s.channels[channelID]; ch != nil {
		for _, t := range ch.tags {
			if t.Name == name {
				return t.ID
			}
		}
	}
	return ""
}

// Name is what has this id: a person's handle, or the name of a channel, a thread or a role; empty if nothing has.
func (g *GuildState) Name(id string) string {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if u := g.s.users[id]; u != nil {
		return u.Name
	}
	if ch := g.s.channels[id]; ch != nil {
		return ch.name
	}
	for _, r := range g.g.roles {
		if r.id == id {
			return r.name
		}
	}
	return ""
}

// Thread is how a thread is now; nil if there is none with that id.
func (s *Server) Thread(id string) *Thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	th := s.threadByID(id)
	if th == nil {
		return nil
	}
	now := s.thread(th)
	return &now
}

// Threads are a channel's threads as they are now, the oldest first, whoever sees them.
func (s *Server) Threads(channelID string) []Thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelID]
	if ch == nil || ch.guild == nil {
		return nil
	}
	var out []Thread
	for _, th := range s.threads(ch.guild, func(th *channel) bool { return th.parent == ch }) {
		out = append(out, s.thread(th))
	}
	return out
}

// Archive archives a thread, as Discord does after a while, or as a moderator does who locks it as well.
func (s *Server) Archive(threadID string, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if th := s.threadByID(threadID); th != nil {
		changed := th.locked != locked || !th.archived
		th.locked = locked
		if th.archived, th.archivedAt = true, s.host.Now(); changed {
			s.threadChanged(th)
		}
	}
}

// MaxThreads is how many threads of the guild may be open from now on.
func (g *GuildState) MaxThreads(n int) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.g.max = n
}

// Deny takes permissions from the bot in a channel; Allow gives them back, whatever its role says.
func (s *Server) Deny(channelID string, permissions uint64) { s.overwrite(channelID, 0, permissions) }

// Allow gives the bot permissions in a channel.
func (s *Server) Allow(channelID string, permissions uint64) { s.overwrite(channelID, permissions, 0) }

func (s *Server) overwrite(channelID string, allow, deny uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelID]
	if ch == nil || ch.guild == nil || ch.isThread() {
		s.host.Note("a test changed permissions in %s, which is no channel of a guild", channelID)
		return
	}
	saw := s.botSees(ch)
	i := slices.IndexFunc(ch.overwrites, func(o overwrite) bool { return o.id == s.bot.id })
	if i < 0 {
		ch.overwrites = append(ch.overwrites, overwrite{id: s.bot.id, member: true})
		i = len(ch.overwrites) - 1
	}
	ch.overwrites = slices.Clone(ch.overwrites)
	o := &ch.overwrites[i]
	o.allow, o.deny = o.allow&^deny|allow, o.deny&^allow|deny
	visible := ch.id
	if saw && !s.botSees(ch) {
		visible = "" // it is told of what it loses
	}
	s.emit(ch.guild.id, visible, "CHANNEL_UPDATE", s.wireChannel(ch))
}

// SetRole changes what a role may do. The bot's own has its handle, @everyone is called so.
func (g *GuildState) SetRole(name string, permissions uint64) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if r := g.g.role(name); r != nil {
		r.permissions = permissions
		g.s.emit(g.g.id, "", "GUILD_ROLE_UPDATE", map[string]any{"guild_id": g.g.id, "role": wireRole(r)})
	}
}

// Give gives somebody a role, or takes it away.
func (g *GuildState) Give(name, roleName string, on bool) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	m, r := g.g.member(g.s.names[name]), g.g.role(roleName)
	if m == nil || r == nil {
		g.s.host.Note("a test gave %s the role %s, one of which is not there", name, roleName)
		return
	}
	m.roles = slices.DeleteFunc(slices.Clone(m.roles), func(other string) bool { return other == r.id })
	if on {
		m.roles = append(m.roles, r.id)
	}
	g.tellOf(m, "GUILD_MEMBER_UPDATE")
}

// tellOf tells what happened to somebody.
func (g *GuildState) tellOf(m *member, event string) {
	v := wireMemberUser(m)
	v["guild_id"] = g.g.id
	g.s.emit(g.g.id, "", event, v)
}

// Nick gives somebody another name in the guild.
func (g *GuildState) Nick(name, nick string) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if m := g.g.member(g.s.names[name]); m != nil {
		m.nick = nick
		g.tellOf(m, "GUILD_MEMBER_UPDATE")
	}
}

// Join has somebody join the guild, who is new on Discord if nobody has that name.
func (g *GuildState) Join(p Person) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	u := g.s.names[p.Name]
	if u == nil {
		u = g.s.addUser(p)
		g.s.people = append(g.s.people, u)
	}
	if g.g.member(u) != nil {
		return
	}
	g.tellOf(g.s.join(g.g, u), "GUILD_MEMBER_ADD")
}

// Leave has somebody leave the guild, and its threads.
func (g *GuildState) Leave(name string) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	u := g.s.names[name]
	if g.g.member(u) == nil {
		return
	}
	for _, th := range g.s.threads(g.g, func(*channel) bool { return true }) {
		delete(th.joined, u.id)
	}
	g.g.leave(u)
	g.s.emit(g.g.id, "", "GUILD_MEMBER_REMOVE", map[string]any{"guild_id": g.g.id, "user": wireUser(u)})
}

// CloseDirect has somebody take no direct messages any more, or take them again.
func (s *Server) CloseDirect(name string, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.names[name]; u != nil {
		u.Closed = closed
	}
}

// RemoveBot removes the bot from the guild.
func (g *GuildState) RemoveBot() {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if g.g.gone {
		return
	}
	g.s.emit(g.g.id, "", "GUILD_DELETE", map[string]any{"id": g.g.id})
	g.g.gone = true
	g.g.leave(g.s.bot)
}

// Invite invites the bot again, with the permissions that it had.
func (g *GuildState) Invite() {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if !g.g.gone {
		return
	}
	g.g.gone = false
	m := g.s.join(g.g, g.s.bot)
	for _, r := range g.g.roles {
		if r.managed {
			m.roles = append(m.roles, r.id)
		}
	}
	g.s.emit(g.g.id, "", "GUILD_CREATE", g.s.guildCreate(g.g))
}

// AddChannel makes a channel; the answer is its id.
func (g *GuildState) AddChannel(o Channel) string {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	ch := g.s.addChannel(g.g, o)
	g.s.emit(g.g.id, ch.id, "CHANNEL_CREATE", g.s.wireChannel(ch))
	return ch.id
}

// DeleteChannel deletes a channel with its threads, or one thread.
func (s *Server) DeleteChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[id]; ch != nil && ch.guild != nil {
		s.dropChannel(ch)
	}
}

// DeleteMessage deletes any message, as a moderator does.
func (s *Server) DeleteMessage(channelID, messageID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[channelID]; ch != nil && ch.messages[messageID] != nil {
		s.remove(ch, ch.messages[messageID])
	}
}

// RemoveFromThread takes somebody out of a thread, as a moderator does.
func (s *Server) RemoveFromThread(threadID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if th, u := s.threadByID(threadID), s.names[name]; th != nil && u != nil {
		s.leaveThread(th, u, nil)
	}
}

// RevokeToken makes the bot's token one that Discord does not take any more, and closes what was opened with it.
func (s *Server) RevokeToken() {
	s.mu.Lock()
	s.revoked = true
	s.mu.Unlock()
	s.CloseSockets(closeBadToken)
}

// Restore makes the token good again.
func (s *Server) Restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = false
}

// Messages are how many messages of people and of the bot stand in a channel or a thread: those that the system made are
// not counted.
func (s *Server) Messages(channelID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, n := s.channels[channelID], 0
	if ch == nil {
		return 0
	}
	for _, m := range ch.messages {
		switch m.kind {
		case plainMessage, replyMessage, commandMessage, contextMenuAnswer:
			n++
		}
	}
	return n
}
