package discord

import (
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

// Limits of messages that are made of components. https://docs.discord.com/developers/components/reference
const (
	componentsMax = 40
	displayedMax  = 4000 // characters of all texts of a message
)

// What an answer may take, so that it stays one.
const (
	repliesMax  = 5    // messages of an answer
	textPartMax = 1900 // characters of one text of a message made of components
	itemTextMax = 800  // characters of a text of one of several posts
	itemFactMax = 150  // characters of a fact of those
	itemFacts   = 4
)

// renderReply is a private answer as messages; none if it says nothing.
func renderReply(r chat.Reply, b *bag) []outgoing {
	if len(r.Posts) > 1 {
		return severalPosts(r, b)
	}
	text, buttons := r.Text, slices.Clone(r.Buttons)
	var card *chat.Card
	if len(r.Posts) == 1 {
		p := r.Posts[0]
		text = strings.TrimSpace(text + "\n\n" + p.Text)
		buttons = append(slices.Clone(p.Buttons), buttons...)
		card = p.Card
	}
	var out []outgoing
	parts, _ := packed(text, contentMax, repliesMax)
	for _, part := range parts {
		out = append(out, outgoing{Content: part, Flags: flagEphemeral | flagSuppressEmbeds})
	}
	below := outgoing{Embeds: embeds(card), Components: rows(buttons, b), Flags: flagEphemeral}
	if len(below.Embeds) == 0 {
		below.Flags |= flagSuppressEmbeds
	}
	switch n := len(out); {
	case n > 0:
		below.Content, out = out[n-1].Content, out[:n-1]
	case len(below.Embeds) == 0 && len(below.Components) == 0:
		return nil
	case len(below.Embeds) == 0:
		below.Content = labels(buttons)
	}
	return append(out, below)
}

// severalPosts is an answer of several posts, as few messages as they go into.
func severalPosts(r chat.Reply, b *bag) []outgoing {
	last := rows(r.Buttons, b)
	s := &sheets{spared: componentsOf(last)}
	parts, _ := packed(r.Text, textPartMax, 2)
	for _, part := range parts {
		s.put(discordgo.TextDisplay{Content: part})
	}
	for _, p := range r.Posts {
		text := itemText(p)
		switch {
		case text == "":
			s.put(rows(p.Buttons, b)...)
		case len(p.Buttons) == 1 && len(p.Buttons[0].Options) == 0:
			s.put(discordgo.Section{
				Components: []discordgo.MessageComponent{discordgo.TextDisplay{Content: text}}, Accessory: button(p.Buttons[0], b),
			})
		default:
			s.put(append([]discordgo.MessageComponent{discordgo.TextDisplay{Content: text}}, rows(p.Buttons, b)...)...)
		}
	}
	s.spared = 0
	s.put(last...)
	s.next()
	return s.out
}

// sheets lays components out on messages.
type sheets struct {
	out    []outgoing
	now    []discordgo.MessageComponent
	count  int // components of the message that is being made
	said   int // characters of it
	spared int // components that the last message has to have room for
	full   bool
}

// put puts components that belong together, on the next message if they do not go on this one.
func (s *sheets) put(all ...discordgo.MessageComponent) {
	count, said := componentsOf(all), displayed(all)
	if count == 0 || s.full && s.spared > 0 {
		return
	}
	if s.count+count > s.most() || s.said+said > displayedMax {
		if len(s.out) == repliesMax-1 {
			s.full = true
			return
		}
		s.next()
	}
	s.now = append(s.now, all...)
	s.count += count
	s.said += said
}

// most is how many components the message takes.
func (s *sheets) most() int {
	if len(s.out) == repliesMax-1 {
		return componentsMax - s.spared
	}
	return componentsMax
}

// next ends a message.
func (s *sheets) next() {
	if len(s.now) > 0 {
		s.out = append(s.out, outgoing{Components: s.now, Flags: flagEphemeral | flagComponents})
	}
	s.now, s.count, s.said = nil, 0, 0
}

// inside are the components that a component is made of.
func inside(c discordgo.MessageComponent) []discordgo.MessageComponent {
	switch v := c.(type) {
	case discordgo.ActionsRow:
		return v.Components
	case discordgo.Section:
		return append(slices.Clone(v.Components), v.Accessory)
	}
	return nil
}

// componentsOf is how many components these are as Discord counts them, with those in them.
func componentsOf(all []discordgo.MessageComponent) int {
	n := len(all)
	for _, c := range all {
		n += componentsOf(inside(c))
	}
	return n
}

// displayed is how many characters of text they show.
func displayed(all []discordgo.MessageComponent) (n int) {
	for _, c := range all {
		if t, ok := c.(discordgo.TextDisplay); ok {
			n += units(t.Content)
		}
		n += displayed(inside(c))
	}
	return n
}

// toneSigns stand before the title of one of several posts, which has no colour.
var toneSigns = map[chat.Tone]string{chat.Neutral: "⚪", chat.Info: "🔵", chat.Good: "🟢", chat.Warn: "🟠", chat.Alert: "🔴"}

// itemText is one of several posts as a text.
func itemText(p chat.Post) string {
	var out []string
	say := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	say(outbound(p.Text, itemTextMax))
	if c := p.Card; c != nil {
		say(itemTitle(*c))
		if c.Author != nil {
			say(plain(c.Author.Name, titleMax))
		}
		say(outbound(c.Text, itemTextMax))
		for _, f := range c.Facts[:min(len(c.Facts), itemFacts)] {
			field := factField(f, itemFactMax, itemFactMax)
			say("**" + field.Name + "** " + field.Value)
		}
		if footer := plain(c.Footer, ourFooterMax); footer != "" {
			say("-# " + footer)
		}
	}
	return strings.Join(out, "\n")
}

// itemTitle is a card's title, which leads where the card does.
func itemTitle(c chat.Card) string {
	title := inOneLine(c.Title, titleMax)
	if title == "" {
		return ""
	}
	s := span{text: title, look: bold}
	if address := webAddress(c.URL, "https", "http"); address != "" && !strings.Contains(title, "://") {
		s.link = inParentheses(address)
	}
	out := written([]row{{spans: []span{s}}}, false)
	if sign := toneSigns[c.Tone]; sign != "" {
		out = sign + " " + out
	}
	return out
}
