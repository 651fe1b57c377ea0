package discord

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/markup"
	"balie/internal/chat"
)

// outgoing is a message on its way out, without what makes it one: its nonce, what it replies to, people's files.
type outgoing struct {
	Content    string
	Embeds     []*discordgo.MessageEmbed
	Components []discordgo.MessageComponent
	Flags      int
	Mentions   []string     // whom it notifies
	Attach     []attachment // what is too long for a message
	Card       *chat.Card   // what the embed shows
}

// attachment is a file that the adapter makes itself.
type attachment struct {
	Name    string
	Type    string // media type
	Content []byte
}

// payload is what Discord takes to make or edit a message, and as the data of an answer to an interaction. Nothing that an
// edit has to take away is left out. https://docs.discord.com/developers/resources/message#create-message
func (o outgoing) payload() map[string]any {
	out := map[string]any{
		"components": orEmpty(o.Components), "flags": o.Flags,
		"allowed_mentions": map[string]any{"parse": []string{}, "users": orEmpty(o.Mentions)},
	}
	if o.Flags&flagComponents == 0 {
		out["content"], out["embeds"] = o.Content, orEmpty(o.Embeds)
	}
	return out
}

func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// tones are the colours of cards.
var tones = map[chat.Tone]int{chat.Neutral: 0x80848e, chat.Info: 0x5865f2, chat.Good: 0x248046, chat.Warn: 0xf0b232, chat.Alert: 0xda373c}

const (
	mentionsMax  = 30               // people that a message notifies
	addressLimit = 2048             // characters of an address of an embed
	shortFact    = 40               // characters of a fact that others may stand beside
	textLeast    = 500              // characters of a card's text that facts leave it
	ourFooterMax = 300              // characters of what stands under a card
	wholeName    = "whole-text.txt" // a name that clients give no file
	noValue      = "–"
)

// render is a post as a message.
func render(p chat.Post, b *bag) outgoing {
	o := outgoing{Embeds: embeds(p.Card), Components: rows(p.Buttons, b), Card: p.Card}
	if p.Quiet {
		o.Flags |= flagSilent
	} else {
		o.Mentions = mentioned(p.Mention)
	}
	lead := lead(p.Author, o.Mentions)
	room := contentMax - units(lead) - 1
	parts, whole := packed(p.Text, room, 1)
	o.Content = under(lead, strings.Join(parts, ""), p.Author != nil)
	if !whole {
		o.Attach = []attachment{{Name: wholeName, Type: "text/plain; charset=utf-8", Content: []byte(strings.TrimSpace(markup.Wash(p.Text)) + "\n")}}
	}
	if o.Content == "" && len(o.Embeds) == 0 {
		o.Content = labels(p.Buttons) // Discord takes no message of nothing but buttons
	}
	if len(o.Embeds) == 0 {
		o.Flags |= flagSuppressEmbeds // no pictures of what a text leads to
	}
	return o
}

// mentioned are the accounts to notify.
func mentioned(ids []string) []string {
	var out []string
	for _, id := range ids {
		if snowflake.MatchString(id) && !slices.Contains(out, id) && len(out) < mentionsMax {
			out = append(out, id)
		}
	}
	return out
}

// lead is what a message begins with: who says it, and who is to hear it.
func lead(author *chat.Author, mentions []string) string {
	var out []string
	if author != nil {
		if name := plain(author.Name, authorMax); name != "" {
			out = append(out, "**"+name+"**")
		}
	}
	for _, id := range mentions {
		out = append(out, "<@"+id+">")
	}
	return strings.Join(out, " ")
}

// under is a text below what the message begins with, or beside it where that is no line of its own.
func under(lead, text string, own bool) string {
	between := " "
	if own || strings.HasPrefix(text, "> ") || strings.HasPrefix(text, "- ") || strings.HasPrefix(text, fence) || beginsNumbered(text) {
		between = "\n"
	}
	return strings.TrimSpace(lead + between + text)
}

func beginsNumbered(text string) bool {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	return digits > 0 && strings.HasPrefix(text[digits:], ". ")
}

// labels is what buttons say, for where nothing else is said.
func labels(buttons []chat.Button) string {
	var out []string
	for _, b := range buttons {
		out = append(out, plain(buttonLabel(b), buttonMax))
	}
	return outbound(strings.Join(out, " · "), contentMax)
}

// embeds are a card as Discord has cards; none if there is nothing on it.
func embeds(c *chat.Card) []*discordgo.MessageEmbed {
	if c == nil {
		return nil
	}
	e := &discordgo.MessageEmbed{Title: plain(c.Title, titleMax)}
	left := embedsMax - units(e.Title)
	if c.Author != nil {
		if name := inOneLine(c.Author.Name, authorMax); name != "" {
			e.Author = &discordgo.MessageEmbedAuthor{Name: name, IconURL: webAddress(c.Author.Avatar, "https")}
			left -= units(name)
		}
	}
	if footer := inOneLine(c.Footer, ourFooterMax); footer != "" {
		e.Footer = &discordgo.MessageEmbedFooter{Text: footer}
		left -= units(footer)
	}
	// The text takes what the facts leave it.
	spared := min(units(c.Text), textLeast)
	fields, long := factFields(c.Facts, left-spared)
	e.Fields = fields
	e.Description = outbound(c.Text, min(describeMax, left-long))
	if e.Title == "" && e.Description == "" && e.Author == nil && e.Footer == nil && len(e.Fields) == 0 {
		return nil
	}
	if e.Title != "" {
		e.URL = webAddress(c.URL, "https", "http")
	}
	e.Color = tones[cmp.Or(c.Tone, chat.Neutral)]
	return []*discordgo.MessageEmbed{e}
}

// webAddress is an address that Discord takes for a link or a picture; empty if it is none. Discord fetches pictures
// itself, so that nobody else learns who sees them.
func webAddress(address string, schemes ...string) string {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes, u.Scheme) || !leadable(address) || u.User != nil || units(address) > addressLimit ||
		strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= utf8.RuneSelf || strings.ContainsRune("<>\"\\^`{|}", r) }) {
		return ""
	}
	return address
}

// factFields are as many facts as go into so many characters, and how many they take.
func factFields(facts []chat.Fact, most int) (out []*discordgo.MessageEmbedField, long int) {
	all := 0
	for _, f := range facts {
		field := factField(f, factNameMax, factTextMax)
		out = append(out, field)
		all += units(field.Name) + units(field.Value)
	}
	if all <= most && len(out) <= factsMax {
		return out, all
	}
	out = nil
	for i, f := range facts {
		if len(out) == factsMax {
			break
		}
		// A long one leaves those behind it room.
		room := most - long
		fair := max(room/min(len(facts)-i, factsMax-len(out)), 2*shortFact)
		field := factField(f, min(factNameMax, fair/2), min(factTextMax, fair/2))
		n := units(field.Name) + units(field.Value)
		if n > room {
			continue // a shorter one may still go
		}
		out, long = append(out, field), long+n
	}
	return out, long
}

func factField(f chat.Fact, name, value int) *discordgo.MessageEmbedField {
	field := &discordgo.MessageEmbedField{
		Name: cmp.Or(plain(f.Label, name), gap), Value: cmp.Or(plain(f.Value, value), noValue),
	}
	field.Inline = units(field.Value) <= shortFact && units(field.Name) <= shortFact
	if !f.Since.IsZero() {
		// https://docs.discord.com/developers/reference#message-formatting-timestamp-styles
		field.Value, field.Inline = fmt.Sprintf("<t:%d:R>", f.Since.Unix()), true
	}
	return field
}
