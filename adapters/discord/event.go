package discord

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"balie/internal/chat"
)

// kind is what happened.
type kind int

const (
	wasPosted kind = iota
	wasEdited
	wasDeleted
	wasReaction
	wasReactionRemoved
)

// utterance is something that somebody did, as Discord told it.
type utterance struct {
	kind     kind
	channel  string // or thread
	guild    string // empty in a direct conversation
	id       string // of the message
	message  *wireMessage
	reaction *wireReaction
	at       int64  // milliseconds since 1970, by Discord's clock
	late     bool   // the bot may have been told before
	turn     string // which of the session's events a reaction is
	tried    time.Time
}

// wireReaction is an emoji that was put on a message, or taken away from it.
// https://docs.discord.com/developers/events/gateway-events#message-reaction-add
type wireReaction struct {
	UserID    string      `json:"user_id"`
	ChannelID string      `json:"channel_id"`
	MessageID string      `json:"message_id"`
	GuildID   string      `json:"guild_id"`
	Member    *wireMember `json:"member"`
	Emoji     wireEmoji   `json:"emoji"`
}

// errNoIDs says that an event is not complete.
var errNoIDs = errors.New("the ids are missing")

// spoken reads a message that was posted or edited. Nothing in it is trusted to be there.
func spoken(kind kind, data json.RawMessage) (*utterance, error) {
	var m wireMessage
	if err := json.Unmarshal(data, &m); err != nil && !partly(err) {
		return nil, err
	}
	if !ids(m.ID, m.ChannelID) || m.GuildID != "" && !ids(m.GuildID) {
		return nil, errNoIDs
	}
	return uttered(kind, m), nil
}

// partly says that one field of a message is of an unknown kind; the others were read.
func partly(err error) bool {
	_, ok := errors.AsType[*json.UnmarshalTypeError](err)
	return ok
}

func ids(all ...string) bool {
	return !slices.ContainsFunc(all, func(id string) bool { return !snowflake.MatchString(id) })
}

// uttered is what a message says.
func uttered(kind kind, m wireMessage) *utterance {
	unfold(&m)
	u := &utterance{kind: kind, channel: m.ChannelID, guild: m.GuildID, id: m.ID, message: &m, at: madeAt(m.ID)}
	if kind == wasEdited && m.Edited != nil && !m.Edited.IsZero() {
		u.at = m.Edited.UnixMilli()
	}
	return u
}

// late is what happened to a message after a time, in milliseconds, of which the bot may have been told.
func late(m wireMessage, from int64) []*utterance {
	var out []*utterance
	if !ids(m.ID, m.ChannelID) {
		return nil
	}
	if madeAt(m.ID) > from {
		out = append(out, uttered(wasPosted, m))
	}
	if m.Edited != nil && m.Edited.UnixMilli() > from {
		out = append(out, uttered(wasEdited, m))
	}
	for _, u := range out {
		u.late = true
	}
	return out
}

// unfold puts what a forwarded message says where messages say something.
// https://docs.discord.com/developers/resources/message#message-snapshot-object
func unfold(m *wireMessage) {
	for _, s := range m.Snapshots {
		if s.Message.Content != "" {
			m.Content = strings.TrimPrefix(m.Content+"\n> "+strings.ReplaceAll(s.Message.Content, "\n", "\n> "), "\n")
		}
		m.Attachments = append(m.Attachments, s.Message.Attachments...)
		m.Mentions = append(m.Mentions, s.Message.Mentions...)
	}
	m.Snapshots = nil
}

// reacted reads a reaction.
func reacted(kind kind, data json.RawMessage, at int64) (*utterance, error) {
	r := &wireReaction{}
	if err := json.Unmarshal(data, r); err != nil && !partly(err) {
		return nil, err
	}
	if !ids(r.ChannelID, r.MessageID, r.UserID) || r.GuildID != "" && !ids(r.GuildID) {
		return nil, errNoIDs
	}
	return &utterance{kind: kind, channel: r.ChannelID, guild: r.GuildID, id: r.MessageID, reaction: r, at: at}, nil
}

// direct says whether it happened in a direct conversation.
func (u *utterance) direct() bool { return u.guild == "" }

// repliesTo is the message that this one is a reply to; empty if it is none.
func (u *utterance) repliesTo() string {
	if u.message == nil {
		return ""
	}
	return u.message.repliesTo()
}

func (m *wireMessage) repliesTo() string {
	if m.Reference == nil || m.Reference.Type != 0 || m.Type != replyMessage || !snowflake.MatchString(m.Reference.MessageID) ||
		m.Reference.ChannelID != "" && m.ChannelID != "" && m.Reference.ChannelID != m.ChannelID {
		return ""
	}
	return m.Reference.MessageID
}

// byPerson says whether a message is a person's own words.
func (m *wireMessage) byPerson(self string) bool {
	return m.Author != nil && ids(m.Author.ID) && m.Author.ID != self && !m.Author.Bot && !m.Author.System && m.WebhookID == "" &&
		(m.Type == plainMessage || m.Type == replyMessage)
}

// by says whether somebody wrote it.
func (u *utterance) by(user string) bool {
	return u.message != nil && u.message.Author != nil && u.message.Author.ID == user
}

// silent says that nobody can want to hear it: the bot itself, another bot, a webhook or Discord said it, or it was only
// Discord that changed it, which shows where a link leads.
func (u *utterance) silent(self string) bool {
	switch u.kind {
	case wasPosted:
		return !u.message.byPerson(self)
	case wasEdited:
		return u.message.Edited == nil || !u.message.byPerson(self)
	case wasReaction, wasReactionRemoved:
		m := u.reaction.Member
		return u.reaction.UserID == self || m != nil && m.User != nil && m.User.Bot || u.reaction.Emoji.short() == ""
	case wasDeleted:
	}
	return false
}

// eventID is the event's, the same however the bot comes to know of it.
func (u *utterance) eventID() string {
	switch u.kind {
	case wasPosted:
	case wasEdited:
		return "e|" + u.id + "|" + strconv.FormatInt(u.at, 10)
	case wasDeleted:
		return "d|" + u.id
	case wasReaction, wasReactionRemoved:
		// Discord gives reactions no ids, but tells of each in one session only, with the same number when it tells again.
		kind := "r|"
		if u.kind == wasReactionRemoved {
			kind = "u|"
		}
		return kind + strings.Join([]string{u.id, u.reaction.UserID, u.reaction.Emoji.short(), u.turn}, "|")
	}
	return "m|" + u.id
}

// again says since when the answer may have been given by an earlier try, by our clock; zero if there was none.
func (t *term) again(u *utterance) time.Time {
	first := u.tried
	if first.IsZero() {
		u.tried = time.Now()
	}
	if u.late {
		return t.api.ours(time.UnixMilli(u.at))
	}
	return first
}

// event is what the bot is told of an utterance; false if that is nothing. An error is one that passes.
func (t *term) event(ctx context.Context, u *utterance) (chat.Event, bool, error) {
	me, err := t.self.get(ctx)
	if err != nil {
		return chat.Event{}, false, err
	}
	at, err := t.placeOf(ctx, u)
	if err != nil || at.channel == "" {
		return chat.Event{}, false, passing(err)
	}
	out := chat.Event{ID: u.eventID(), Platform: Name, Workspace: u.guild, Channel: at.channel, Thread: at.thread, Direct: u.direct(),
		At: time.UnixMilli(u.at).UTC()}
	told := true
	switch u.kind {
	case wasPosted, wasEdited:
		told, err = t.said(ctx, u, &out)
	case wasDeleted:
		out.Message = &chat.Message{ID: u.id, At: time.UnixMilli(madeAt(u.id)).UTC(), Deleted: true}
		if out.Direct { // who deleted it Discord does not say
			out.Workspace, err = t.guildIn(ctx, u.channel, out.Thread)
		}
	case wasReaction, wasReactionRemoved:
		told, err = t.react(ctx, u, me.ID, &out)
	}
	if err == nil && told && out.Thread != "" {
		out.OwnThread, err = t.isOwn(ctx, out, me.ID)
	}
	if err != nil {
		return chat.Event{}, false, passing(err)
	}
	return out, told, nil
}

// passing is an error if it can pass by itself, or once an admin did something. What Discord does not have or does not show
// is not worth waiting for.
func passing(err error) error {
	if err == nil || hidden(err) {
		return nil
	}
	return err
}

// said fills in what a person wrote.
func (t *term) said(ctx context.Context, u *utterance, out *chat.Event) (bool, error) {
	m := *u.message
	if u.direct() {
		guild, err := t.places.guildFor(ctx, m.Author.ID, u.channel, out.Thread)
		if err != nil {
			return false, err
		}
		out.Workspace = guild
		t.places.direct(ctx, u.channel, m.Author.ID, guild)
	} else {
		t.places.met(m.Author.ID, u.guild)
	}
	out.Person = t.who(ctx, *m.Author, m.Member, out.Workspace)
	said := t.heardFrom(m)
	said.Author, said.Edited = out.Person, u.kind == wasEdited
	if said.At.IsZero() || said.At.Year() < 2015 {
		said.At = time.UnixMilli(madeAt(m.ID)).UTC()
	}
	out.Message = &said
	if said.Text != "" || len(said.Files) > 0 || said.ToBot {
		return true, nil
	}
	// A sticker or the like, or Discord does not tell what it says: an empty message is no part of a ticket.
	if u.kind == wasPosted && t.self.deaf() && !u.direct() {
		t.hint(ctx, *out)
	}
	return false, nil
}

// who is a person as the bot knows people. What is read over REST lacks what the guild calls them.
func (t *term) who(ctx context.Context, u wireUser, m *wireMember, guild string) chat.Person {
	if m == nil && guild != "" {
		if a, err := t.people.lookup(ctx, guild, u.ID); err == nil && !a.unknown {
			return a.Person
		}
	}
	return t.people.of(u, m, guild, "")
}
