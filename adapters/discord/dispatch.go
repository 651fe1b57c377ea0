package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
)

// doings are what is done about what happens, by its name. Whatever is not here is nothing to the bot.
// https://docs.discord.com/developers/events/gateway-events
var doings map[string]func(t *term, ctx context.Context, data json.RawMessage) error

func init() {
	doings = map[string]func(t *term, ctx context.Context, data json.RawMessage) error{
		"READY":                   (*term).ready,
		"RESUMED":                 (*term).resumed,
		"GUILD_CREATE":            (*term).guildThere,
		"GUILD_DELETE":            (*term).guildGone,
		"GUILD_MEMBER_ADD":        (*term).peopleChanged,
		"GUILD_MEMBER_UPDATE":     (*term).peopleChanged,
		"GUILD_MEMBER_REMOVE":     (*term).peopleChanged,
		"GUILD_ROLE_CREATE":       (*term).peopleChanged,
		"GUILD_ROLE_UPDATE":       (*term).peopleChanged,
		"GUILD_ROLE_DELETE":       (*term).peopleChanged,
		"CHANNEL_CREATE":          (*term).placeThere,
		"CHANNEL_UPDATE":          (*term).placeThere,
		"CHANNEL_DELETE":          (*term).placeGone,
		"THREAD_CREATE":           (*term).placeThere,
		"THREAD_UPDATE":           (*term).threadChanged,
		"THREAD_DELETE":           (*term).placeGone,
		"THREAD_LIST_SYNC":        (*term).threadsThere,
		"MESSAGE_CREATE":          (*term).posted,
		"MESSAGE_UPDATE":          (*term).edited,
		"MESSAGE_DELETE":          (*term).deleted,
		"MESSAGE_DELETE_BULK":     (*term).deletedMany,
		"MESSAGE_REACTION_ADD":    (*term).reactionAdded,
		"MESSAGE_REACTION_REMOVE": (*term).reactionRemoved,
		"INTERACTION_CREATE":      (*term).interaction,
	}
}

// happen does what is to be done about what happened. Nothing in it can stop the bot.
func (t *term) happen(ctx context.Context, f frame) {
	defer func() {
		if what := recover(); what != nil && t.once.First("panic|"+f.Name) {
			t.log.WithField("event", f.Name).Errorf("discord: an event is more than the bot can handle: %v\n%s", what, debug.Stack())
		}
	}()
	do, known := doings[f.Name]
	if !known {
		if t.once.First("event|" + f.Name) {
			t.log.WithField("event", oneLine(f.Name, 60)).Debug("discord: nothing is done with this kind of event")
		}
		return
	}
	if err := do(t, ctx, f.Data); err != nil && t.once.First("unreadable|"+f.Name) {
		t.log.WithError(err).WithField("event", f.Name).Warn("discord: Discord told something that cannot be read")
	}
}

// resumed comes after all that was missed.
func (t *term) resumed(context.Context, json.RawMessage) error {
	t.places.follows.Store(true)
	return nil
}

// ready begins a session. What happened before it is read again, since this session does not tell; nor does it of a guild
// before that is there.
func (t *term) ready(_ context.Context, data json.RawMessage) error {
	var ready struct {
		Guilds []struct {
			ID string `json:"id"`
		} `json:"guilds"`
	}
	err := decode(data, &ready)
	t.places.follow(true) // what there is comes next
	var ids []string
	for _, g := range ready.Guilds {
		if snowflake.MatchString(g.ID) {
			ids = append(ids, g.ID)
			t.guilds.add(g.ID)
		}
	}
	for _, id := range t.guilds.ids() {
		if err == nil && !slices.Contains(ids, id) {
			t.guilds.remove(id)
			t.outages.end(id)
		}
	}
	now := t.theirNow()
	since := t.cursor.begin(now)
	for _, id := range ids {
		t.outages.begin(id, now)
	}
	if t.began || t.cursor.before {
		t.catchup.missed(since)
	}
	t.began = true
	t.cursor.Advance(now, now)
	return err
}

// guildThere is a guild that the bot is in: when a session begins, when the bot comes in, and when Discord's trouble with it
// is over.
func (t *term) guildThere(_ context.Context, data json.RawMessage) error {
	var g struct {
		ID          string        `json:"id"`
		Unavailable bool          `json:"unavailable"`
		Locale      string        `json:"preferred_locale"`
		Channels    []wireChannel `json:"channels"`
		Threads     []wireChannel `json:"threads"`
	}
	if err := decode(data, &g); err != nil || g.Unavailable {
		return err
	}
	if !snowflake.MatchString(g.ID) {
		return errNoIDs
	}
	t.guilds.add(g.ID)
	t.locales.Add(g.ID, g.Locale)
	for _, c := range slices.Concat(g.Channels, g.Threads) {
		c.GuildID = g.ID
		t.places.note(c)
	}
	if since, ok := t.outages.of(g.ID); ok {
		t.catchup.missedIn(g.ID, since)
		t.outages.end(g.ID) // only now, so that the cursor stays behind
	}
	return nil
}

// guildGone is a guild that the bot was taken out of, or that Discord has trouble with.
func (t *term) guildGone(_ context.Context, data json.RawMessage) error {
	var g struct {
		ID          string `json:"id"`
		Unavailable bool   `json:"unavailable"`
	}
	if err := decode(data, &g); err != nil {
		return err
	}
	if !g.Unavailable {
		t.guilds.remove(g.ID)
		t.outages.end(g.ID)
	} else if snowflake.MatchString(g.ID) {
		t.outages.begin(g.ID, t.cursor.begin(t.theirNow()))
	}
	return nil
}

func (t *term) peopleChanged(_ context.Context, data json.RawMessage) error {
	var of struct {
		Guild string `json:"guild_id"`
	}
	if err := decode(data, &of); err != nil {
		return err
	}
	if of.Guild == "" {
		return errNoIDs
	}
	t.changed(of.Guild)
	return nil
}

func (t *term) placeThere(_ context.Context, data json.RawMessage) error {
	var c wireChannel
	if err := decode(data, &c); err != nil {
		return err
	}
	t.places.note(c)
	return nil
}

// threadChanged is a thread that may have been put away before, so that it is missing where it is looked for.
func (t *term) threadChanged(ctx context.Context, data json.RawMessage) error {
	var c wireChannel
	if err := decode(data, &c); err != nil {
		return err
	}
	t.places.note(c)
	if snowflake.MatchString(c.ID) && c.Thread != nil && !c.Thread.Archived {
		t.catchup.comesFirst(c.ID, false)
	}
	return nil
}

func (t *term) placeGone(_ context.Context, data json.RawMessage) error {
	var c wireChannel
	if err := decode(data, &c); err != nil {
		return err
	}
	t.places.forget(c.ID)
	return nil
}

// threadsThere are the threads of channels that the bot sees now and did not see before.
func (t *term) threadsThere(_ context.Context, data json.RawMessage) error {
	var list struct {
		Guild   string        `json:"guild_id"`
		Threads []wireChannel `json:"threads"`
	}
	if err := decode(data, &list); err != nil {
		return err
	}
	for _, c := range list.Threads {
		c.GuildID = list.Guild
		t.places.note(c)
	}
	return nil
}

func (t *term) posted(_ context.Context, data json.RawMessage) error {
	u, err := spoken(wasPosted, data)
	if err == nil {
		t.heard(u)
	}
	return err
}

// edited is a message that changed: Discord tells so, too, when it shows where a link leads.
func (t *term) edited(_ context.Context, data json.RawMessage) error {
	u, err := spoken(wasEdited, data)
	if err == nil && u.message.Edited != nil {
		t.heard(u)
	}
	return err
}

func (t *term) deleted(ctx context.Context, data json.RawMessage) error {
	var one struct {
		ID      string `json:"id"`
		Channel string `json:"channel_id"`
		Guild   string `json:"guild_id"`
	}
	if err := decode(data, &one); err != nil {
		return err
	}
	return t.deletedAll(one.Channel, one.Guild, []string{one.ID})
}

func (t *term) deletedMany(_ context.Context, data json.RawMessage) error {
	var many struct {
		IDs     []string `json:"ids"`
		Channel string   `json:"channel_id"`
		Guild   string   `json:"guild_id"`
	}
	if err := decode(data, &many); err != nil {
		return err
	}
	return t.deletedAll(many.Channel, many.Guild, many.IDs)
}

func (t *term) deletedAll(channel, guild string, messages []string) error {
	if !ids(channel) || guild != "" && !ids(guild) || !ids(messages...) {
		return errNoIDs
	}
	for _, id := range messages {
		t.heard(&utterance{kind: wasDeleted, channel: channel, guild: guild, id: id, at: t.theirNow()})
	}
	return nil
}

func (t *term) reactionAdded(_ context.Context, data json.RawMessage) error {
	u, err := reacted(wasReaction, data, t.theirNow())
	if err != nil {
		return err
	}
	u.turn = t.gateway.turn()
	t.heard(u)
	return nil
}

func (t *term) reactionRemoved(_ context.Context, data json.RawMessage) error {
	u, err := reacted(wasReactionRemoved, data, t.theirNow())
	if err != nil {
		return err
	}
	u.turn = t.gateway.turn()
	t.heard(u)
	return nil
}

func (t *term) interaction(ctx context.Context, data json.RawMessage) error {
	t.interacted(ctx, data)
	return nil
}

// decode reads an object. A field of another kind than it should be is left out; the others are read.
func decode(data json.RawMessage, into any) error {
	if err := json.Unmarshal(data, into); err != nil && !partly(err) {
		return fmt.Errorf("decode an event: %w", err)
	}
	return nil
}
