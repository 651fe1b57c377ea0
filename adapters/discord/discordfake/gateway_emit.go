package discordfake

import (
	"bytes"
	"encoding/json"
	"slices"
)

// intentsOf are the intents of which a session needs one to hear of an event: in a guild, and in direct messages. Events that
// are not in it need none. https://docs.discord.com/developers/events/gateway#list-of-intents
var intentsOf = map[string]struct{ guild, direct int }{
	"GUILD_CREATE": {guild: IntentGuilds}, "GUILD_UPDATE": {guild: IntentGuilds}, "GUILD_DELETE": {guild: IntentGuilds},
	"GUILD_ROLE_CREATE": {guild: IntentGuilds}, "GUILD_ROLE_UPDATE": {guild: IntentGuilds}, "GUILD_ROLE_DELETE": {guild: IntentGuilds},
	"CHANNEL_CREATE": {guild: IntentGuilds}, "CHANNEL_UPDATE": {guild: IntentGuilds}, "CHANNEL_DELETE": {guild: IntentGuilds},
	"THREAD_CREATE": {guild: IntentGuilds}, "THREAD_UPDATE": {guild: IntentGuilds}, "THREAD_DELETE": {guild: IntentGuilds},
	"THREAD_LIST_SYNC": {guild: IntentGuilds}, "THREAD_MEMBER_UPDATE": {guild: IntentGuilds},
	"THREAD_MEMBERS_UPDATE": {guild: IntentGuilds | IntentMembers},
	"GUILD_MEMBER_ADD":      {guild: IntentMembers}, "GUILD_MEMBER_UPDATE": {guild: IntentMembers}, "GUILD_MEMBER_REMOVE": {guild: IntentMembers},
	"MESSAGE_CREATE": {IntentMessages, IntentDirect}, "MESSAGE_UPDATE": {IntentMessages, IntentDirect},
	"MESSAGE_DELETE": {IntentMessages, IntentDirect}, "MESSAGE_DELETE_BULK": {guild: IntentMessages},
	"MESSAGE_REACTION_ADD":          {IntentReactions, IntentDirectReactions},
	"MESSAGE_REACTION_REMOVE":       {IntentReactions, IntentDirectReactions},
	"MESSAGE_REACTION_REMOVE_ALL":   {IntentReactions, IntentDirectReactions},
	"MESSAGE_REACTION_REMOVE_EMOJI": {IntentReactions, IntentDirectReactions},
}

// emit tells the app of something, if it is in the guild (empty: none) and sees the channel (empty: all of the guild). It is
// called with s.mu.
func (s *Server) emit(guild, visibleIn, event string, data any) {
	if guild != "" {
		if g := s.guildByID(guild); g == nil || g.gone && event != "GUILD_DELETE" {
			return
		}
	}
	if ch := s.channels[visibleIn]; visibleIn != "" && (ch == nil || !s.botSees(ch)) {
		return
	}
	d := dispatch{event: event, data: data, intents: intentsOf[event].guild}
	if guild == "" {
		d.intents = intentsOf[event].direct
	}
	if guild != "" && (event == "MESSAGE_CREATE" || event == "MESSAGE_UPDATE") {
		d.full = mustJSON(data)
		d.empty = s.withoutContent(d.full)
	}
	s.dispatch(d)
}

// withoutContent is a message as an app gets it that may not read content; nil if that makes no difference.
// https://docs.discord.com/developers/events/gateway#message-content-intent
func (s *Server) withoutContent(raw json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	var about struct {
		Author   struct{ ID string }   `json:"author"`
		Mentions []struct{ ID string } `json:"mentions"`
	}
	if json.Unmarshal(raw, &m) != nil || json.Unmarshal(raw, &about) != nil || about.Author.ID == s.BotID ||
		slices.ContainsFunc(about.Mentions, func(u struct{ ID string }) bool { return u.ID == s.BotID }) {
		return nil
	}
	m["content"] = json.RawMessage(`""`)
	for _, list := range []string{"embeds", "attachments", "components"} {
		m[list] = json.RawMessage(`[]`)
	}
	delete(m, "poll")
	for _, inside := range []string{"referenced_message"} { // which is a message of its own
		if quoted := m[inside]; len(quoted) > 0 && !bytes.Equal(quoted, []byte("null")) {
			if bare := s.withoutContent(quoted); bare != nil {
				m[inside] = bare
			}
		}
	}
	return mustJSON(m)
}

// privileged are the privileged intents that were switched on in the portal.
func (s *Server) privileged() int {
	on := IntentContent | IntentMembers
	if s.o.NoContent {
		on &^= IntentContent
	}
	if s.o.NoMembers {
		on &^= IntentMembers
	}
	return on
}
