package discordfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// openDirect opens the direct message with somebody. https://docs.discord.com/developers/resources/user#create-dm
func openDirect(c *call) (answer, *refusal) {
	var in struct {
		Recipient string `json:"recipient_id"`
	}
	if no := c.decode(&in); no != nil {
		return answer{}, no
	}
	if no := snowflake("recipient_id", in.Recipient); no != nil {
		return answer{}, no
	}
	u := c.s.users[in.Recipient]
	switch {
	case u == nil:
		return answer{}, unknownUser
	case u.Bot:
		return answer{}, closedDirect
	}
	return ok(c.s.wireChannel(c.s.directWith(u)))
}

func getChannel(c *call) (answer, *refusal) {
	ch, no := c.channel()
	if no != nil {
		return answer{}, no
	}
	return ok(c.s.wireChannel(ch))
}

// patch is a change of a channel. https://docs.discord.com/developers/resources/channel#modify-channel
type patch struct {
	Name        *string   `json:"name"`
	Archived    *bool     `json:"archived"`
	Locked      *bool     `json:"locked"`
	Invitable   *bool     `json:"invitable"`
	AutoArchive *int      `json:"auto_archive_duration"`
	Applied     *[]string `json:"applied_tags"`
	Available   *[]tag    `json:"available_tags"`
	Topic       *string   `json:"topic"`
	Slow        *int      `json:"rate_limit_per_user"`
	Flags       *int      `json:"flags"`
}

func patchChannel(c *call) (answer, *refusal) {
	ch, no := c.channel()
	if no != nil {
		return answer{}, no
	}
	var in patch
	if no := c.decode(&in); no != nil {
		return answer{}, no
	}
	if ch.guild == nil {
		return answer{}, wrongDirectAction
	}
	if ch.isThread() {
		no = c.s.patchThread(ch, c.s.bot, in)
	} else {
		no = c.s.patchRoom(ch, in)
	}
	if no != nil {
		return c.checked(no)
	}
	return ok(c.s.wireChannel(ch))
}

// patchThread changes a thread for somebody.
func (s *Server) patchThread(th *channel, u *user, in patch) *refusal {
	manages := s.may(u, th, ManageThreads)
	opens := th.archived && in.Archived != nil && !*in.Archived
	onlyArchive := in.Name == nil && in.Locked == nil && in.Invitable == nil && in.AutoArchive == nil && in.Applied == nil && in.Slow == nil
	switch {
	case th.archived && !opens:
		return archivedThread
	case manages:
	case opens && onlyArchive && !th.locked:
		if !s.mayPost(u, th) {
			return missingPermissions
		}
	case in.Locked != nil, th.locked, th.owner != u.id, in.Invitable != nil && th.kind != privateThread:
		return missingPermissions
	}
	if no := s.checkThread(th, u, in); no != nil {
		return no
	}
	if opens && s.full(th.guild) {
		return tooManyThreads
	}
	renamed := in.Name != nil && *in.Name != th.name
	if renamed {
		if no := th.rename(*in.Name, s.host.Now()); no != nil {
			return no
		}
	}
	if in.Archived != nil && *in.Archived != th.archived {
		th.archived, th.archivedAt = *in.Archived, s.host.Now()
	}
	if in.Locked != nil {
		th.locked = *in.Locked
	}
	if in.Invitable != nil {
		th.invitable = *in.Invitable
	}
	if in.AutoArchive != nil {
		th.autoArchive = *in.AutoArchive
	}
	if in.Applied != nil {
		th.applied = slices.Clone(*in.Applied)
	}
	s.threadChanged(th)
	if renamed && !th.archived {
		s.post(th, &message{kind: renamedMessage, author: u, content: th.name})
	}
	return nil
}

// checkThread checks the values of a change.
func (s *Server) checkThread(th *channel, u *user, in patch) *refusal {
	if in.Name != nil {
		if n := utf8.RuneCountInString(*in.Name); n < 1 || n > 100 {
			return formError("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.", "name")
		}
	}
	if in.AutoArchive != nil && !slices.Contains(archiveTimes, *in.AutoArchive) {
		return formError("BASE_TYPE_CHOICES", "Value must be one of (60, 1440, 4320, 10080).", "auto_archive_duration")
	}
	if in.Applied != nil {
		if th.parent.kind != forumChannel {
			return formError("APPLIED_TAGS_NOT_A_POST", "Only posts of a forum have tags.", "applied_tags")
		}
		return s.tagsOf(th.parent, *in.Applied, u)
	}
	return nil
}

// The name of a channel or a thread may be changed so often in so much time.
const (
	renamesMax  = 2
	renamesTime = 10 * time.Minute
)

func (c *channel) rename(name string, now time.Time) *refusal {
	c.renames = slices.DeleteFunc(c.renames, func(t time.Time) bool { return now.Sub(t) >= renamesTime })
	if len(c.renames) >= renamesMax {
		return tooMuch(c.renames[0].Add(renamesTime).Sub(now))
	}
	c.renames = append(c.renames, now)
	c.name = name
	return nil
}

// patchRoom changes a channel, for the bot.
func (s *Server) patchRoom(ch *channel, in patch) *refusal {
	if !s.may(s.bot, ch, ManageChannels) {
		return missingPermissions
	}
	if in.Available != nil {
		if no := s.setTags(ch, *in.Available); no != nil {
			return no
		}
	}
	if in.Name != nil && *in.Name != ch.name {
		if n := utf8.RuneCountInString(*in.Name); n < 1 || n > 100 {
			return formError("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.", "name")
		}
		if no := ch.rename(*in.Name, s.host.Now()); no != nil {
			return no
		}
	}
	if in.Topic != nil {
		ch.topic = *in.Topic
	}
	s.roomChanged(ch)
	return nil
}

// setTags gives a forum other tags.
func (s *Server) setTags(ch *channel, tags []tag) *refusal {
	if ch.kind != forumChannel {
		return wrongChannelKind
	}
	if len(tags) > 20 {
		return formError("BASE_TYPE_MAX_LENGTH", "Must be 20 or fewer in length.", "available_tags")
	}
	tags, names := slices.Clone(tags), map[string]bool{}
	for i := range tags {
		t := &tags[i]
		if n := utf8.RuneCountInString(t.Name); n < 1 || n > 20 {
			return formError("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 20 in length.", "available_tags", itoa(i), "name")
		}
		if names[t.Name] {
			return &refusal{status: http.StatusBadRequest, code: 40061, message: "Tag names must be unique"}
		}
		names[t.Name] = true
		if !slices.ContainsFunc(ch.tags, func(old tag) bool { return old.ID == t.ID }) {
			t.ID = s.id()
		}
	}
	ch.tags = tags
	return nil
}

func (s *Server) roomChanged(ch *channel) {
	s.emit(ch.guild.id, ch.id, "CHANNEL_UPDATE", s.wireChannel(ch))
}

func deleteChannel(c *call) (answer, *refusal) {
	s := c.s
	ch, no := c.channel()
	switch {
	case no != nil:
		return answer{}, no
	case ch.guild == nil:
		delete(s.direct, ch.peer.id) // it is made anew, empty, when it is opened again
		delete(s.channels, ch.id)
		return ok(s.wireChannel(ch))
	case ch.isThread() && !s.may(s.bot, ch, ManageThreads), !ch.isThread() && !s.may(s.bot, ch, ManageChannels):
		return answer{}, missingPermissions
	}
	out := s.wireChannel(ch)
	s.dropChannel(ch)
	return ok(out)
}

// newThread is the body of a call that starts a thread.
type newThread struct {
	Name        string          `json:"name"`
	AutoArchive *int            `json:"auto_archive_duration"`
	Type        *int            `json:"type"`
	Invitable   *bool           `json:"invitable"`
	Slow        *int            `json:"rate_limit_per_user"`
	Message     json.RawMessage `json:"message"`
	Applied     []string        `json:"applied_tags"`
}

func (in newThread) wish() threadWish {
	w := threadWish{name: in.Name, kind: privateThread, invitable: true, applied: in.Applied}
	if in.Type != nil {
		w.kind = *in.Type
	}
	if in.AutoArchive != nil {
		w.autoArchive = *in.AutoArchive
	}
	if in.Invitable != nil {
		w.invitable = *in.Invitable
	}
	return w
}

func startFromMessage(c *call) (answer, *refusal) {
	ch, m, no := c.message()
	if no != nil {
		return answer{}, no
	}
	var in newThread
	if no := c.decode(&in); no != nil {
		return answer{}, no
	}
	th, no := c.s.threadFrom(ch, m, c.s.bot, in.wish())
	return c.started(th, no)
}

func startThread(c *call) (answer, *refusal) {
	ch, no := c.channel()
	if no != nil {
		return answer{}, no
	}
	var in newThread
	if no := c.decode(&in); no != nil {
		return answer{}, no
	}
	if ch.kind == forumChannel {
		return c.startPost(ch, in)
	}
	wish := in.wish()
	if wish.kind != publicThread && wish.kind != privateThread {
		return c.started(nil, formError("BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.", "type"))
	}
	th, no := c.s.threadAlone(ch, c.s.bot, wish)
	return c.started(th, no)
}

// started is the answer to who started a thread.
func (c *call) started(th *channel, no *refusal) (answer, *refusal) {
	if no != nil {
		return c.checked(no)
	}
	return created(c.s.wireChannel(th))
}

// startPost starts a post of a forum, whose first message has the post's id.
// https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel
func (c *call) startPost(forum *channel, in newThread) (answer, *refusal) {
	s := c.s
	if len(in.Message) == 0 {
		return c.started(nil, formError("BASE_TYPE_REQUIRED", "This field is required", "message"))
	}
	p, no := c.payload(in.Message, c.uploads, newMessage)
	if no != nil {
		return answer{}, no
	}
	wish := in.wish()
	wish.kind = publicThread
	if no := s.threadAt(forum, s.bot, wish); no != nil {
		return c.started(nil, no)
	}
	if no := s.grantPayload(forum, p); no != nil {
		return answer{}, no
	}
	th, m := s.beginPost(forum, s.bot, wish, func(th *channel) *message { return s.apply(th, p, nil, s.bot, false) })
	v := s.wireChannel(th)
	v["message"] = s.wireMessage(m)
	return created(v)
}

// beginPost makes a post of a forum with its first message, which was checked.
func (s *Server) beginPost(forum *channel, u *user, wish threadWish, first func(*channel) *message) (*channel, *message) {
	wish.kind = publicThread
	th := s.beginThread(forum, "", u, wish)
	m := first(th)
	m.id = th.id
	return th, s.say(th, m)
}
