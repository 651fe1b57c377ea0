package discord

import (
	"context"
	"slices"
	"strings"

	"balie/internal/chat"
)

// wireEmoji is an emoji: a sign, or a picture of the guild's own with a name.
type wireEmoji struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// emojiNames are the emoji that mean something to a helpdesk, by their sign. The bot is told of no others.
var emojiNames = map[string]string{
	"🎫": "ticket", "🎟": "admission_tickets", "👀": "eyes", "✅": "white_check_mark", "✔": "heavy_check_mark", "👍": "+1", "👎": "-1",
	"❤": "heart", "❌": "x", "❓": "question", "❗": "exclamation", "🙏": "pray",
}

// ticketEmoji are the reactions that the bot needs to know the message of.
var ticketEmoji = []string{"ticket", "tickets", "admission_tickets"}

// bare takes away what makes a sign look another way: how it is drawn, and the tone of a skin.
var bare = strings.NewReplacer("\uFE0F", "", "\uFE0E", "", "\U0001F3FB", "", "\U0001F3FC", "", "\U0001F3FD", "", "\U0001F3FE", "", "\U0001F3FF", "")

// short is the emoji's short name; empty if it means nothing to the bot.
func (e wireEmoji) short() string {
	if e.ID != "" {
		if name := strings.ToLower(e.Name); slices.Contains(ticketEmoji, name) {
			return name
		}
		return ""
	}
	return emojiNames[bare.Replace(e.Name)]
}

// react fills in what somebody did with an emoji.
func (t *term) react(ctx context.Context, u *utterance, self string, out *chat.Event) (bool, error) {
	r := u.reaction
	if u.direct() {
		guild, err := t.places.guildOf(ctx, r.UserID)
		if err != nil {
			return false, err
		}
		out.Workspace = guild
	}
	if m := r.Member; m != nil && m.User != nil {
		out.Person = t.people.of(*m.User, m, u.guild, "")
	} else {
		a, err := t.people.lookup(ctx, out.Workspace, r.UserID)
		if err != nil {
			return false, err
		}
		if a.bot {
			return false, nil
		}
		out.Person = a.Person
		out.Person.ID = r.UserID
	}
	out.Reaction = &chat.Reaction{Emoji: r.Emoji.short(), Removed: u.kind == wasReactionRemoved}
	if !out.Reaction.Removed && slices.Contains(ticketEmoji, out.Reaction.Emoji) {
		if err := t.reactedTo(ctx, u, self, out); err != nil {
			return false, err
		}
	}
	out.Reaction.Message = t.refOf(*out, u)
	return true, nil
}

// reactedTo looks up what the message says that an emoji was put on, and what it belongs to.
func (t *term) reactedTo(ctx context.Context, u *utterance, self string, out *chat.Event) error {
	m, err := t.lookAt(ctx, u.channel, u.id)
	if err != nil {
		return err
	}
	m.ChannelID, m.GuildID = u.channel, u.guild
	unfold(m)
	if out.Thread == "" && u.channel == out.Channel {
		b, err := t.follow(ctx, u.channel, u.id, m, followMax)
		if err != nil {
			return err
		}
		if b.thread != u.id {
			out.Thread = b.thread
		}
	}
	if !m.byPerson(self) {
		return nil
	}
	said := t.heardFrom(*m)
	said.Author = t.who(ctx, *m.Author, nil, out.Workspace)
	out.Reaction.Said = &said
	return nil
}

// refOf is the reference of the message that something was done to.
func (t *term) refOf(e chat.Event, u *utterance) chat.Ref {
	ref := e.Place()
	ref.Message = u.id
	if ref.Thread != "" && t.places.starter(ref.Thread) == u.id {
		ref.Thread, ref.Message = "", ref.Thread // the first post of a private conversation, which the thread stands for
	}
	return ref
}
