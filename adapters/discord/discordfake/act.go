package discordfake

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"balie/adapters/fakeserver"
)

// User is a person at their client, in one guild and in the direct message with the bot.
type User struct {
	ID, Name string

	s *Server
	g *guild
	u *user
}

// As is somebody in the guild; nil if nobody there is called that.
func (g *GuildState) As(name string) *User {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	u := g.s.names[name]
	if g.g.member(u) == nil {
		return nil
	}
	return &User{ID: u.id, Name: u.Name, s: g.s, g: g.g, u: u}
}

// As is somebody in the first guild; nil if nobody there is called that.
func (s *Server) As(name string) *User { return s.Main().As(name) }

// Direct is the direct message of somebody with the bot, by their handle; it is made if there is none.
func (s *Server) Direct(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.names[name]
	if u == nil {
		return ""
	}
	return s.directWith(u).id
}

// What Discord's client says to people.
const (
	notThere     = "You do not have access to this channel."
	noText       = "Cannot send an empty message"
	tooLong      = "Your message is too long: it can have 2000 characters at most."
	emptyFile    = "The file is empty."
	largeFile    = "Your files are too powerful. Max file size is 10 MB."
	tooManyFiles = "You can only upload 10 files at a time!"
	noFile       = "There is no such file."
)

// room is a channel that the person sees; nil if there is none. It is called with s.mu.
func (u *User) room(id string) *channel {
	ch := u.s.channels[id]
	switch {
	case ch == nil, ch.deleted, ch.guild != nil && ch.guild != u.g, !u.s.sees(u.u, ch):
		return nil
	}
	return ch
}

// doing does something that needs no answer of the app's.
func (u *User) doing(ctx context.Context, do func() (refused string)) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, fmt.Errorf("%s at the client: %w", u.Name, err)
	}
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	if u.s.host.Closed() {
		return Answer{}, fakeserver.ErrClosed
	}
	return Answer{Refused: do()}, nil
}

// Say posts a message in a channel, a thread or the direct message with the bot. "@name", "#name" and ":name:" become what the
// client makes of them. Answer.Message is what was posted.
func (u *User) Say(ctx context.Context, channelID, text string, uploads ...string) (Answer, error) {
	return u.Reply(ctx, channelID, "", text, uploads...)
}

// Reply answers a message in the same channel; without one it is Say.
func (u *User) Reply(ctx context.Context, channelID, messageID, text string, uploads ...string) (Answer, error) {
	var said Message
	a, err := u.doing(ctx, func() string {
		ch := u.room(channelID)
		if ch == nil {
			return notThere
		}
		m, no := u.write(ch, text, uploads)
		if no != "" {
			return no
		}
		var to *message
		if messageID != "" {
			if to = ch.messages[messageID]; to == nil {
				return unknownMessage.message
			}
			m.kind, m.reference = replyMessage, &reference{message: to.id, channel: ch.id, guild: ch.guildID()}
		}
		if no := u.s.writable(ch, u.u); no != nil {
			return no.message
		}
		u.s.mention(ch, m, nil)
		said = u.s.screen(u.s.say(ch, m))
		return ""
	})
	a.Message = said
	return a, err
}

// write makes a message of what somebody typed. It is called with s.mu.
func (u *User) write(ch *channel, text string, uploads []string) (*message, string) {
	text = strings.TrimSpace(u.typed(strings.ToValidUTF8(text, "\uFFFD")))
	switch {
	case text == "" && len(uploads) == 0:
		return nil, noText
	case utf8.RuneCountInString(text) > contentMax:
		return nil, tooLong
	case len(uploads) > maxFiles:
		return nil, tooManyFiles
	}
	m := &message{author: u.u, content: text, nonce: mustJSON(u.s.id())}
	for _, id := range uploads {
		f := u.s.files[id]
		if f == nil || f.by != u.u {
			return nil, noFile
		}
		next := *f
		next.channel, next.ephemeral = ch.id, false
		u.s.files[id] = &next
		m.attachments = append(m.attachments, &next)
	}
	return m, ""
}

var written = regexp.MustCompile(`([@#])([\pL\pN._-]+)|:([a-z0-9_+-]{1,32}):`)

// typed is what a client makes of what somebody typed. It is called with s.mu.
func (u *User) typed(text string) string {
	return written.ReplaceAllStringFunc(text, func(at string) string {
		if name, ok := strings.CutPrefix(at, ":"); ok {
			if e := emoji[strings.TrimSuffix(name, ":")]; e != "" {
				return e
			}
			return at
		}
		name := strings.TrimRight(at[1:], "._-")
		rest := at[1+len(name):]
		if at[0] == '#' {
			for _, ch := range u.g.channels {
				if ch.name == name && u.room(ch.id) != nil {
					return "<#" + ch.id + ">" + rest
				}
			}
			return at
		}
		for _, id := range u.g.order {
			if m := u.g.members[id]; m.user.Name == name || m.nick == name || m.user.Global == name {
				return "<@" + id + ">" + rest
			}
		}
		for _, r := range u.g.roles[1:] {
			if r.name == name && !r.managed {
				return "<@&" + r.id + ">" + rest
			}
		}
		return at
	})
}

// emoji are some of the emoji that people use, by their names.
var emoji = map[string]string{
	"eyes": "👀", "white_check_mark": "✅", "thumbsup": "👍", "+1": "👍", "thumbsdown": "👎", "tada": "🎉", "x": "❌", "heart": "❤️",
	"ticket": "🎫", "tickets": "🎟️", "raised_hand": "✋", "sos": "🆘", "question": "❓", "wave": "👋", "smile": "😄", "fire": "🔥", "bug": "🐛",
}

// Emoji is the emoji of that name; the name itself if this fake does not know it.
func Emoji(name string) string {
	if e := emoji[strings.Trim(name, ":")]; e != "" {
		return e
	}
	return name
}

// StartThread starts a public thread below a message. Answer.Message.Channel is its id.
func (u *User) StartThread(ctx context.Context, channelID, messageID, name string) (Answer, error) {
	var made Message
	a, err := u.doing(ctx, func() string {
		ch := u.room(channelID)
		if ch == nil {
			return notThere
		}
		m := ch.messages[messageID]
		if m == nil || ch.isThread() || ch.guild == nil {
			return unknownMessage.message
		}
		th, no := u.s.threadFrom(ch, m, u.u, threadWish{name: name})
		if no != nil {
			return no.message
		}
		made.Channel, made.Guild = th.id, th.guild.id
		return ""
	})
	a.Message = made
	return a, err
}

// Edit changes what the person said.
func (u *User) Edit(ctx context.Context, channelID, messageID, text string) (Answer, error) {
	return u.own(ctx, channelID, messageID, func(ch *channel, m *message) string {
		now, no := u.write(ch, text, nil)
		if no != "" && (len(m.attachments) == 0 || no != noText) {
			return no
		}
		if no := u.s.writable(ch, u.u); no != nil {
			return no.message
		}
		next := *m
		next.content = ""
		if now != nil {
			next.content = now.content
		}
		next.edited = u.s.host.Now()
		pinged := slices.Clone(m.pings)
		u.s.mention(ch, &next, nil)
		next.pings = pinged // an edit notifies nobody
		u.s.change(ch, &next)
		return ""
	})
}

// Delete takes away what the person said.
func (u *User) Delete(ctx context.Context, channelID, messageID string) (Answer, error) {
	return u.own(ctx, channelID, messageID, func(ch *channel, m *message) string {
		u.s.remove(ch, m)
		return ""
	})
}

func (u *User) own(ctx context.Context, channelID, messageID string, do func(*channel, *message) string) (Answer, error) {
	return u.doing(ctx, func() string {
		ch := u.room(channelID)
		if ch == nil {
			return notThere
		}
		m := ch.messages[messageID]
		switch {
		case m == nil:
			return unknownMessage.message
		case m.author != u.u:
			return otherAuthor.message
		}
		return do(ch, m)
	})
}

// React puts an emoji on a message.
func (u *User) React(ctx context.Context, channelID, messageID, emoji string) (Answer, error) {
	return u.reaction(ctx, channelID, messageID, emoji, true)
}

// Unreact takes an emoji of the person's away.
func (u *User) Unreact(ctx context.Context, channelID, messageID, emoji string) (Answer, error) {
	return u.reaction(ctx, channelID, messageID, emoji, false)
}

func (u *User) reaction(ctx context.Context, channelID, messageID, emoji string, on bool) (Answer, error) {
	return u.doing(ctx, func() string {
		ch := u.room(channelID)
		switch {
		case ch == nil:
			return notThere
		case ch.messages[messageID] == nil:
			return unknownMessage.message
		case on && !u.s.may(u.u, ch, AddReactions):
			return missingPermissions.message
		case !u.s.react(ch, ch.messages[messageID], u.u, emoji, on):
			return "Nothing changed."
		}
		return ""
	})
}

// Upload brings a file, to be used in a message or a form. Without an id, the second value is what Discord says.
func (u *User) Upload(_ context.Context, name string, content []byte) (fileID, refused string) {
	switch {
	case len(content) == 0:
		return "", emptyFile
	case len(content) > maxFile:
		return "", largeFile
	}
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	f := u.s.newFile("", name, "", slices.Clone(content))
	f.by = u.u
	return f.id, ""
}

// Download reads a file of a message that the person sees.
func (u *User) Download(_ context.Context, fileID string) ([]byte, error) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	f := u.s.files[fileID]
	if f == nil || f.by != u.u && u.room(f.channel) == nil {
		return nil, fmt.Errorf("%s does not see a file %s", u.Name, fileID)
	}
	return slices.Clone(f.data), nil
}
