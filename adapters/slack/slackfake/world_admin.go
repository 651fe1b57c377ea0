package slackfake

import "slices"

// UserID is the id of somebody of the first workspace, empty if nobody is called that.
func (s *Server) UserID(name string) string { return s.main.UserID(name) }

// Name is what somebody of any workspace is called, empty if the id is nobody's.
func (s *Server) Name(userID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[userID]; a != nil {
		return a.Name
	}
	return ""
}

// ChannelID is the id of a channel of the first workspace, empty if none is called that.
func (s *Server) ChannelID(name string) string { return s.main.ChannelID(name) }

// Direct is the id of somebody's direct message with the bot in the first workspace; it is made if there is none.
func (s *Server) Direct(name string) string { return s.main.Direct(name) }

// UserID is the id of somebody, empty if nobody is called that.
func (w *Workspace) UserID(name string) string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if a := w.byName[name]; a != nil {
		return a.id
	}
	return ""
}

// ChannelID is the id of a channel, empty if none is called that.
func (w *Workspace) ChannelID(name string) string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if ch := w.byRoom[name]; ch != nil {
		return ch.id
	}
	return ""
}

// Direct is the id of somebody's direct message with the bot; it is made if there is none. It is empty if nobody is called
// that.
func (w *Workspace) Direct(name string) string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if a := w.byName[name]; a != nil {
		return w.directWith(a.id).id
	}
	return ""
}

// room is a channel by its name or id, nil if there is none. It is called with s.mu.
func (w *Workspace) room(room string) *channel {
	if ch := w.s.channels[room]; ch != nil && ch.w == w {
		return ch
	}
	return w.byRoom[room]
}

// with does something to a channel, given by its name or id; the first workspace's.
func (s *Server) with(room string, do func(*channel)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.main.room(room); ch != nil {
		do(ch)
		return
	}
	s.host.Note("there is no channel %q", room)
}

// Archive archives a channel of the first workspace, given by its name or id, as those below.
func (s *Server) Archive(room string) {
	s.with(room, func(ch *channel) { ch.archived = true })
}

// Unarchive takes a channel out of the archive.
func (s *Server) Unarchive(room string) {
	s.with(room, func(ch *channel) { ch.archived = false })
}

// RemoveBot puts the bot out of a channel.
func (s *Server) RemoveBot(room string) {
	s.with(room, func(ch *channel) { ch.leave(s.BotUserID) })
}

// AddBot brings the bot into a channel.
func (s *Server) AddBot(room string) {
	s.with(room, func(ch *channel) { ch.join(s.BotUserID) })
}

// DeleteChannel deletes a channel with all that was said there.
func (s *Server) DeleteChannel(room string) {
	s.with(room, func(ch *channel) {
		delete(s.channels, ch.id)
		delete(s.main.byRoom, ch.name)
		s.main.rooms = slices.DeleteFunc(s.main.rooms, func(o *channel) bool { return o == ch })
	})
}

// AddMember has somebody join a channel.
func (s *Server) AddMember(room, name string) {
	s.with(room, func(ch *channel) { ch.join(s.main.idOf(name)) })
}

// RemoveMember has somebody leave a channel.
func (s *Server) RemoveMember(room, name string) {
	s.with(room, func(ch *channel) { ch.leave(s.main.idOf(name)) })
}

// idOf is the id of somebody; a name that is nobody's is noted.
func (w *Workspace) idOf(name string) string {
	if a := w.byName[name]; a != nil {
		return a.id
	}
	w.s.host.Note("nobody is called %q", name)
	return ""
}

// AddPerson has somebody join the first workspace and its open channels that everybody is in.
func (s *Server) AddPerson(p Person) (userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.main.addPerson(p)
	for _, c := range s.main.o.Channels {
		if ch := s.main.byRoom[c.Name]; ch != nil && c.Members == nil && !p.Bot && (!p.Guest || c.Private) {
			ch.join(a.id)
		}
	}
	return a.id
}

// AddChannel adds a channel to the first workspace.
func (s *Server) AddChannel(c Channel) (channelID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.main.addChannel(c).id
}

// SetGroup adds a user group to the first workspace, or replaces the one with its handle; the id is the result.
func (s *Server) SetGroup(g Group) (groupID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.main.setGroup(g)
	i := slices.IndexFunc(s.main.groups, func(have *group) bool { return have.handle == g.Handle })
	return s.main.groups[i].id
}

// GroupID is the id of a user group of the first workspace, empty if none has the handle.
func (s *Server) GroupID(handle string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.main.groups {
		if g.handle == handle {
			return g.id
		}
	}
	return ""
}

// ChangePerson changes what somebody of the first workspace is and tells the app; the name stays as it is.
func (s *Server) ChangePerson(name string, change func(*Person)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.main.byName[name]
	if a == nil {
		s.host.Note("nobody is called %q", name)
		return
	}
	change(&a.Person)
	a.Name, a.updated = name, s.host.Now().Unix()
	if a.Deleted {
		for _, ch := range s.main.rooms {
			ch.leave(a.id)
		}
	}
	if g := s.main.grant; g != nil {
		ts := s.ts()
		s.emit(s.main, map[string]any{"type": "user_change", "user": a.wire(g, true), "cache_ts": s.host.Now().Unix(), "event_ts": ts})
	}
}
