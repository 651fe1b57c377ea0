package discordfake

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"time"
)

// Message is a message as somebody sees it.
type Message struct {
	ID, Channel, Guild string
	// Author is who wrote it, by id; Bot says that it was the app.
	Author string
	Bot    bool
	// System says that Discord wrote it: somebody joined, a thread was named anew.
	System  bool
	Content string
	Embeds  []Embed
	Files   []File
	Edited  bool
	At      time.Time
	// Reply is the message that it answers, Thread the thread below it; empty without.
	Reply, Thread string
	// Ephemeral messages are for one person.
	Ephemeral bool
	// Loading says that the app is thinking.
	Loading bool
	// Quiet messages notify nobody, and one without previews does not show what its links lead to.
	Quiet, NoPreviews bool
	// Notified are the ids of those whom it notifies by a mention, or "@everyone".
	Notified []string
	// Reactions are the emoji below it, with the ids of who put them there.
	Reactions map[string][]string
	// Components are as the app sent them.
	Components []json.RawMessage
}

// Embed is a card in a message. https://docs.discord.com/developers/resources/message#embed-object
type Embed struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Color       int    `json:"color"`
	Author      struct {
		Name    string `json:"name"`
		URL     string `json:"url"`
		IconURL string `json:"icon_url"`
	} `json:"author"`
	Fields []struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		Inline bool   `json:"inline"`
	} `json:"fields"`
	Footer struct {
		Text string `json:"text"`
	} `json:"footer"`
}

// File is a file of a message.
type File struct {
	ID, Name, Type, URL string
	Size                int
}

// screen is a message as somebody sees it. It is called with s.mu.
func (s *Server) screen(m *message) Message {
	out := Message{
		ID: m.id, Channel: m.channel, Author: m.author.id, Bot: m.author == s.bot, Content: m.content, Edited: !m.edited.IsZero(), At: m.at,
		System:    !slices.Contains([]int{plainMessage, replyMessage, commandMessage, contextMenuAnswer}, m.kind),
		Ephemeral: m.seenBy != nil, Loading: m.flags&flagLoading != 0, Quiet: m.flags&flagSilent != 0, NoPreviews: m.flags&flagSuppressEmbeds != 0,
		Components: slices.Clone(m.components),
	}
	if ch := s.channels[m.channel]; ch != nil {
		out.Guild = ch.guildID()
	}
	if m.kind == replyMessage && m.reference != nil {
		out.Reply = m.reference.message
	}
	if th := s.threadBelow(m); th != nil {
		out.Thread = th.id
	}
	for _, raw := range m.embeds {
		var e Embed
		if json.Unmarshal(raw, &e) == nil {
			out.Embeds = append(out.Embeds, e)
		}
	}
	for _, f := range m.attachments {
		out.Files = append(out.Files, File{ID: f.id, Name: f.shown(), Type: f.kind, URL: s.linkTo(f), Size: len(f.data)})
	}
	for _, u := range m.pings {
		out.Notified = append(out.Notified, u.id)
	}
	if m.everyone {
		out.Notified = append(out.Notified, "@everyone")
	}
	for _, r := range m.reactions {
		if out.Reactions == nil {
			out.Reactions = map[string][]string{}
		}
		out.Reactions[r.emoji] = slices.Clone(r.users)
	}
	return out
}

// shown is what a client calls a file.
func (f *attachment) shown() string {
	if f.title != "" {
		return f.title + path.Ext(f.name)
	}
	return f.name
}

// Messages are what a channel, a thread or a direct message shows the person, the oldest first, with what only they see; nil if
// they don't see it.
func (u *User) Messages(channelID string) []Message {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := u.room(channelID)
	if ch == nil {
		return nil
	}
	return u.messages(ch)
}

func (u *User) messages(ch *channel) []Message {
	out := []Message{}
	for _, m := range ch.latest() {
		out = append(out, u.s.screen(m))
	}
	mine := u.s.client(u.u)
	for _, id := range mine.order {
		if m := mine.private[id]; m != nil && m.channel == ch.id {
			out = append(out, u.s.screen(m))
		}
	}
	slices.SortStableFunc(out, func(a, b Message) int { return older(a.ID, b.ID) })
	return out
}

// older compares ids by when they were made.
func older(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Message is a message as it stands now; nil if it is not there, or not for this person.
func (u *User) Message(channelID, id string) *Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	if m := u.message(channelID, id); m != nil {
		now := u.s.screen(m)
		return &now
	}
	return nil
}

// message is called with s.mu.
func (u *User) message(channelID, id string) *message {
	if m := u.s.client(u.u).private[id]; m != nil {
		return m
	}
	if ch := u.room(channelID); ch != nil {
		return ch.messages[id]
	}
	return nil
}

// Private are the messages that only this person sees, the oldest first, as they are now.
func (u *User) Private() []Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	mine := u.s.client(u.u)
	var out []Message
	for _, id := range mine.order {
		out = append(out, u.s.screen(mine.private[id]))
	}
	return out
}

// Visible is everything that the person sees in their guild and in the direct message with the bot: all messages, by the channel
// or thread that they stand in.
func (u *User) Visible() map[string][]Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	out := map[string][]Message{}
	for id, ch := range u.s.channels {
		if u.room(id) != nil {
			if all := u.messages(ch); len(all) > 0 {
				out[id] = all
			}
		}
	}
	return out
}

// Thread is a thread as somebody sees it.
type Thread struct {
	ID, Parent, Name          string
	Private, Archived, Locked bool
	// Members are the ids of who is in it, Tags the names of those of a forum's post.
	Members, Tags []string
}

// Threads are the threads of a channel that the person sees, the oldest first.
func (u *User) Threads(channelID string) []Thread {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	ch := u.room(channelID)
	if ch == nil || ch.guild == nil {
		return nil
	}
	var out []Thread
	for _, th := range u.s.threads(ch.guild, func(th *channel) bool { return th.parent == ch && u.room(th.id) != nil }) {
		out = append(out, u.s.thread(th))
	}
	return out
}

func (s *Server) thread(th *channel) Thread {
	out := Thread{ID: th.id, Parent: th.parent.id, Name: th.name, Private: th.kind == privateThread, Archived: th.archived, Locked: th.locked}
	for id := range th.joined {
		out.Members = append(out.Members, id)
	}
	slices.SortFunc(out.Members, older)
	for _, id := range th.applied {
		for _, t := range th.parent.tags {
			if t.ID == id {
				out.Tags = append(out.Tags, t.Name)
			}
		}
	}
	return out
}

// Form is the form that the person looks at; nil without one.
func (u *User) Form() *Form {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.s.client(u.u).form
}
