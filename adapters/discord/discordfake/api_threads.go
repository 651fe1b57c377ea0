package discordfake

import (
	"slices"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// thread is the thread in the path.
func (c *call) thread() (*channel, *refusal) {
	ch, no := c.channel()
	if no == nil && !ch.isThread() {
		return nil, wrongChannelKind
	}
	return ch, no
}

// user is the person in the path, who may be "@me".
func (c *call) user() (*user, *refusal) {
	id := c.arg("user")
	if id == "@me" {
		return c.s.bot, nil
	}
	if no := snowflake("user_id", id); no != nil {
		return nil, no
	}
	u := c.s.users[id]
	if u == nil {
		return nil, unknownUser
	}
	return u, nil
}

// threadMember is the thread and the person in the path.
func (c *call) threadMember() (*channel, *user, *refusal) {
	th, no := c.thread()
	if no != nil {
		return nil, nil, no
	}
	u, no := c.user()
	return th, u, no
}

func getThreadMembers(c *call) (answer, *refusal) {
	th, no := c.thread()
	if no != nil {
		return answer{}, no
	}
	if c.s.o.NoMembers {
		return answer{}, missingAccess
	}
	out := []any{}
	for _, id := range th.guild.order {
		if _, in := th.joined[id]; in {
			out = append(out, c.s.wireThreadMember(th, id))
		}
	}
	return ok(out)
}

func getThreadMember(c *call) (answer, *refusal) {
	th, u, no := c.threadMember()
	if no != nil {
		return answer{}, no
	}
	if _, in := th.joined[u.id]; !in {
		return answer{}, unknownMember
	}
	return ok(c.s.wireThreadMember(th, u.id))
}

// putThreadMember adds somebody. https://docs.discord.com/developers/resources/channel#add-thread-member
func putThreadMember(c *call) (answer, *refusal) {
	s := c.s
	th, u, no := c.threadMember()
	if no != nil {
		return answer{}, no
	}
	_, in := th.joined[s.bot.id]
	switch {
	case th.archived:
		return answer{}, archivedThread
	case u != s.bot && !s.may(s.bot, th, SendInThreads),
		u != s.bot && th.kind == privateThread && !s.may(s.bot, th, ManageThreads) && (!in || !th.invitable && th.owner != s.bot.id):
		return answer{}, missingPermissions
	case th.guild.member(u) == nil:
		return answer{}, unknownMember
	case s.permissions(u, th)&ViewChannel == 0: // who doesn't see the channel can't be in its threads
		return answer{}, missingAccess
	}
	if no := s.joinThread(th, u, s.bot); no != nil {
		return answer{}, no
	}
	return done()
}

func deleteThreadMember(c *call) (answer, *refusal) {
	s := c.s
	th, u, no := c.threadMember()
	if no != nil {
		return answer{}, no
	}
	_, in := th.joined[u.id]
	switch {
	case th.archived:
		return answer{}, archivedThread
	case u != s.bot && !s.may(s.bot, th, ManageThreads) && !(th.kind == privateThread && th.owner == s.bot.id):
		return answer{}, missingPermissions
	case !in:
		return answer{}, unknownMember
	}
	s.leaveThread(th, u, s.bot)
	return done()
}

// threadList is an answer with threads, and with what the bot is in them.
func (s *Server) threadList(list []*channel) map[string]any {
	threads, members := []any{}, []any{}
	for _, th := range list {
		threads = append(threads, s.wireChannel(th))
		if _, in := th.joined[s.bot.id]; in {
			members = append(members, s.wireThreadMember(th, s.bot.id))
		}
	}
	return map[string]any{"threads": threads, "members": members}
}

func getActiveThreads(c *call) (answer, *refusal) {
	g, no := c.guild()
	if no != nil {
		return answer{}, no
	}
	list := c.s.threads(g, func(th *channel) bool { return !th.archived && c.s.botSees(th) })
	slices.Reverse(list) // the newest first
	return ok(c.s.threadList(list))
}

// archive is the channel in the path, in which the bot needs these permissions to list archived threads, and how many of them
// to list.
func (c *call) archive(needs uint64) (ch *channel, limit int, no *refusal) {
	ch, no = c.channel()
	switch {
	case no != nil:
		return nil, 0, no
	case ch.kind != textChannel && ch.kind != forumChannel:
		return nil, 0, wrongChannelKind
	case !c.s.may(c.s.bot, ch, needs):
		return nil, 0, missingPermissions
	}
	limit, no = c.number("limit", 50, 2, 100)
	return ch, limit, no
}

// getArchived lists archived threads, those first that were archived last.
// https://docs.discord.com/developers/resources/channel#list-public-archived-threads
func getArchived(c *call) (answer, *refusal) {
	s := c.s
	kind, needs := publicThread, ReadMessageHistory
	if c.route == "GET /channels/{channel}/threads/archived/private" {
		kind, needs = privateThread, ReadMessageHistory|ManageThreads
	}
	ch, limit, no := c.archive(needs)
	if no != nil {
		return answer{}, no
	}
	var before time.Time
	if text := c.query.Get("before"); text != "" {
		var err error
		if before, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return answer{}, formError("DATE_TIME_TYPE_PARSE", "Could not parse "+text+". Should be ISO8601.", "before")
		}
	}
	list := s.threads(ch.guild, func(th *channel) bool {
		return th.parent == ch && th.archived && th.kind == kind && s.botSees(th) && (before.IsZero() || th.archivedAt.Before(before))
	})
	slices.SortStableFunc(list, func(a, b *channel) int { return b.archivedAt.Compare(a.archivedAt) })
	return ok(s.threadPage(list, limit))
}

// threadPage is the beginning of a list of threads.
func (s *Server) threadPage(list []*channel, limit int) map[string]any {
	v := s.threadList(list[:min(limit, len(list))])
	v["has_more"] = len(list) > limit
	return v
}

// getJoinedArchived lists the archived private threads that the bot is in, the newest first.
// https://docs.discord.com/developers/resources/channel#list-joined-private-archived-threads
func getJoinedArchived(c *call) (answer, *refusal) {
	s := c.s
	ch, limit, no := c.archive(ReadMessageHistory)
	if no != nil {
		return answer{}, no
	}
	before := c.query.Get("before")
	if before != "" {
		if no := snowflake("before", before); no != nil {
			return answer{}, no
		}
	}
	list := s.threads(ch.guild, func(th *channel) bool {
		_, in := th.joined[s.bot.id]
		return th.parent == ch && th.archived && th.kind == privateThread && in && (before == "" || older(th.id, before) < 0)
	})
	slices.Reverse(list)
	return ok(s.threadPage(list, limit))
}
