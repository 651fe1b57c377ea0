package discordfake

import (
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// threadWish is a thread that somebody wants.
type threadWish struct {
	name        string
	kind        int // of those without a message: publicThread or privateThread
	autoArchive int // minutes; the standard if 0
	invitable   bool
	applied     []string // ids of a forum's tags
}

// archiveTimes are what a thread may be archived after, in minutes.
var archiveTimes = []int{60, 1440, 4320, 10080}

// threadAt checks whether somebody may start a thread in a channel.
func (s *Server) threadAt(parent *channel, u *user, wish threadWish) *refusal {
	switch {
	case parent.kind != textChannel && parent.kind != forumChannel:
		return wrongChannelKind
	case parent.kind == forumChannel && !s.may(u, parent, SendMessages),
		parent.kind == textChannel && wish.kind == publicThread && !s.may(u, parent, CreatePublicThreads),
		parent.kind == textChannel && wish.kind == privateThread && !s.may(u, parent, CreatePrivateThreads):
		return missingPermissions
	}
	if n := utf8.RuneCountInString(wish.name); n < 1 || n > 100 {
		return formError("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.", "name")
	}
	if wish.autoArchive != 0 && !slices.Contains(archiveTimes, wish.autoArchive) {
		return formError("BASE_TYPE_CHOICES", "Value must be one of (60, 1440, 4320, 10080).", "auto_archive_duration")
	}
	if no := s.tagsOf(parent, wish.applied, u); no != nil {
		return no
	}
	if s.full(parent.guild) {
		return tooManyThreads
	}
	return nil
}

// tagsOf checks the tags that a post is to have.
func (s *Server) tagsOf(forum *channel, ids []string, u *user) *refusal {
	if len(ids) > 5 {
		return formError("BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.", "applied_tags")
	}
	for _, id := range ids {
		i := slices.IndexFunc(forum.tags, func(t tag) bool { return t.ID == id })
		if i < 0 {
			return &refusal{status: http.StatusNotFound, code: 10087, message: "Unknown Tag"}
		}
		if forum.tags[i].Moderated && !s.may(u, forum, ManageThreads) {
			return missingPermissions
		}
	}
	if forum.kind == forumChannel && forum.requireTag && len(ids) == 0 {
		return tagNeeded
	}
	return nil
}

// full says whether no more threads of a guild may be open.
func (s *Server) full(g *guild) bool {
	return len(s.threads(g, func(ch *channel) bool { return !ch.archived })) >= g.max
}

// begin makes a thread, which was checked, and tells of it. With an id it hangs below the message of that id.
func (s *Server) beginThread(parent *channel, id string, u *user, wish threadWish) *channel {
	th := s.newChannel(wish.kind)
	if id != "" {
		delete(s.channels, th.id)
		th.id = id
		s.channels[id] = th
	}
	th.guild, th.parent, th.name, th.owner, th.invitable = parent.guild, parent, wish.name, u.id, wish.invitable
	th.made = s.host.Now()
	th.archivedAt, th.autoArchive, th.applied = th.made, wish.autoArchive, slices.Clone(wish.applied)
	if th.autoArchive == 0 {
		th.autoArchive = 4320
	}
	th.joined = map[string]time.Time{u.id: th.made}
	event := s.wireChannel(th)
	event["newly_created"] = true
	s.emit(th.guild.id, th.id, "THREAD_CREATE", event)
	return th
}

// threadFrom starts a thread below a message. https://docs.discord.com/developers/resources/channel#start-thread-from-message
func (s *Server) threadFrom(parent *channel, m *message, u *user, wish threadWish) (*channel, *refusal) {
	wish.kind = publicThread
	if parent.kind != textChannel {
		return nil, wrongChannelKind
	}
	if no := s.threadAt(parent, u, wish); no != nil {
		return nil, no
	}
	if th := s.channels[m.id]; th != nil && !th.deleted {
		return nil, threadExists
	}
	if m.kind != plainMessage && m.kind != replyMessage && m.kind != commandMessage && m.kind != contextMenuAnswer {
		return nil, &refusal{status: http.StatusBadRequest, code: 50068, message: "Invalid message type"}
	}
	th := s.beginThread(parent, m.id, u, wish)
	s.post(th, &message{kind: threadStarter, author: m.author, reference: &reference{message: m.id, channel: parent.id, guild: parent.guild.id}})
	s.emit(parent.guild.id, parent.id, "MESSAGE_UPDATE", s.gatewayMessage(parent, parent.messages[m.id]))
	return th, nil
}

// threadAlone starts a thread without a message. Of a public one the channel is told.
// https://docs.discord.com/developers/resources/channel#start-thread-without-message
func (s *Server) threadAlone(parent *channel, u *user, wish threadWish) (*channel, *refusal) {
	if parent.kind != textChannel {
		return nil, wrongChannelKind
	}
	if no := s.threadAt(parent, u, wish); no != nil {
		return nil, no
	}
	th := s.beginThread(parent, "", u, wish)
	if wish.kind == publicThread {
		s.post(parent, &message{kind: threadCreated, author: u, content: wish.name, reference: &reference{channel: th.id, guild: th.guild.id}})
	}
	return th, nil
}

// joinThread adds somebody to a thread and tells of it.
func (s *Server) joinThread(th *channel, u, by *user) *refusal {
	if _, in := th.joined[u.id]; in {
		return nil
	}
	if len(th.joined) >= s.o.MaxThreadMembers {
		return threadMembersMax
	}
	saw := s.botSees(th)
	th.joined[u.id] = s.host.Now()
	if u == s.bot && !saw {
		s.emit(th.guild.id, th.id, "THREAD_CREATE", s.wireChannel(th))
	}
	w := s.wireThreadMember(th, u.id)
	w["member"], w["presence"] = wireMemberUser(th.guild.members[u.id]), nil
	s.membersChanged(th, []any{w}, nil)
	if by != nil && by != u {
		s.post(th, &message{kind: recipientAdded, author: by, mentions: []*user{u}})
	}
	return nil
}

// leaveThread takes somebody out of a thread and tells of it.
func (s *Server) leaveThread(th *channel, u, by *user) {
	if _, in := th.joined[u.id]; !in {
		return
	}
	if by != nil && by != u {
		s.post(th, &message{kind: recipientRemoved, author: by, mentions: []*user{u}})
	}
	s.membersChanged(th, nil, []string{u.id}) // who leaves is told of it
	delete(th.joined, u.id)
}

func (s *Server) membersChanged(th *channel, added []any, removed []string) {
	v := map[string]any{"id": th.id, "guild_id": th.guild.id, "member_count": min(len(th.joined), 50)}
	if added != nil {
		v["added_members"] = added
	}
	if removed != nil {
		v["removed_member_ids"] = removed
	}
	s.emit(th.guild.id, th.id, "THREAD_MEMBERS_UPDATE", v)
}

// writable readies a channel for something that somebody writes: an archived thread is opened, unless it is locked.
func (s *Server) writable(ch *channel, u *user) *refusal {
	switch {
	case ch.guild == nil:
		if u == s.bot && (ch.peer.Closed || ch.peer.Bot || !s.shares(ch.peer)) {
			return closedDirect
		}
		return nil
	case ch.kind == forumChannel:
		return &refusal{status: http.StatusBadRequest, code: 50008, message: "Cannot send messages in a non-text channel"}
	case !s.mayPost(u, ch):
		return missingPermissions
	case !ch.isThread():
		return nil
	case ch.locked && !s.may(u, ch, ManageThreads):
		return lockedThread
	case ch.archived && s.full(ch.guild):
		return tooManyThreads
	case ch.archived:
		s.setArchived(ch, false)
	}
	return nil
}

// shares says whether somebody is in a guild with the bot.
func (s *Server) shares(u *user) bool {
	return slices.ContainsFunc(s.guilds, func(g *guild) bool { return !g.gone && g.member(u) != nil })
}

// setArchived archives a thread or opens it, and tells of it.
func (s *Server) setArchived(th *channel, archived bool) {
	if th.archived == archived {
		return
	}
	th.archived, th.archivedAt = archived, s.host.Now()
	s.threadChanged(th)
}

func (s *Server) threadChanged(th *channel) {
	s.emit(th.guild.id, th.id, "THREAD_UPDATE", s.wireChannel(th))
}

// say stores what somebody wrote in a channel where they may. Who writes in a thread is in it from then on, and so are those
// who are mentioned there.
func (s *Server) say(ch *channel, m *message) *message {
	s.fill(ch, m)
	if ch.isThread() {
		// That a thread is full keeps nobody from writing.
		_ = s.joinThread(ch, m.author, nil)
		for _, u := range m.pings {
			if ch.guild.member(u) != nil && s.permissions(u, ch)&ViewChannel != 0 {
				_ = s.joinThread(ch, u, nil)
			}
		}
	}
	return s.post(ch, m)
}

// dropChannel deletes a channel with its threads, or one thread, and tells of it.
func (s *Server) dropChannel(ch *channel) {
	if ch.deleted {
		return
	}
	if ch.isThread() {
		s.emit(ch.guild.id, ch.id, "THREAD_DELETE", map[string]any{
			"id": ch.id, "guild_id": ch.guild.id, "parent_id": ch.parent.id, "type": ch.kind,
		})
	} else {
		s.emit(ch.guild.id, ch.id, "CHANNEL_DELETE", s.wireChannel(ch))
		for _, th := range s.threads(ch.guild, func(th *channel) bool { return th.parent == ch }) {
			th.deleted = true
			delete(s.channels, th.id)
		}
		ch.guild.channels = slices.DeleteFunc(ch.guild.channels, func(other *channel) bool { return other == ch })
	}
	ch.deleted = true
	delete(s.channels, ch.id)
}
