package discord

import (
	"context"
	"regexp"
	"strings"
	"time"

	"balie/internal/chat"
)

// bareFor is how long cards are made of words in a channel before it is tried with embeds again.
const bareFor = 10 * time.Minute

// titleSign is what the title of a card in words begins with.
const titleSign = "### "

var titleLine = regexp.MustCompile("(?m)^" + titleSign + "(.+)$")

// titleInWords is the title of the card in words that a message has; empty if it has none. It may stand below what else the
// message says. In no other post of the bot's a line begins like that, but for code.
func titleInWords(content string) string {
	before, _, _ := strings.Cut(content, "```")
	if found := titleLine.FindStringSubmatch(before); found != nil {
		return found[1]
	}
	return ""
}

// inWords is the message with its card in words, for where the bot may not Embed Links: Discord takes embeds away then, and
// gives no error if anything else is left. https://docs.discord.com/developers/topics/permissions
func (o outgoing) inWords() outgoing {
	if len(o.Embeds) == 0 || o.Card == nil {
		return o
	}
	o.Content = strings.TrimSpace(o.Content + "\n" + cardWords(o.Card, contentMax-units(o.Content)-1))
	o.Embeds = nil
	o.Flags |= flagSuppressEmbeds
	return o
}

// cardWords is a card as at most so many characters of Discord's Markdown.
func cardWords(c *chat.Card, most int) string {
	const perLine = len("**:** \n")
	var head, tail []string
	left := most
	put := func(lines *[]string, before, text, after string) {
		if n := len(before) + units(text) + len(after) + 1; text != "" && n <= left {
			*lines = append(*lines, before+text+after)
			left -= n
		}
	}
	put(&head, titleSign, plain(c.Title, titleMax), "")
	if c.Author != nil {
		put(&head, "", plain(c.Author.Name, authorMax), "")
	}
	put(&tail, "-# ", plain(c.Footer, ourFooterMax), "")
	spared := min(units(c.Text), textLeast)
	fields, _ := factFields(c.Facts, max(left-spared-perLine*min(len(c.Facts), factsMax), 0))
	var facts []string
	for _, f := range fields {
		put(&facts, "**"+f.Name+":** ", f.Value, "")
	}
	var text []string
	if left > 1 {
		put(&text, "", outbound(c.Text, left-1), "")
	}
	return strings.Join(append(append(append(head, text...), facts...), tail...), "\n")
}

// fitting is a message as a channel is known to take it.
func (d *Discord) fitting(in wireChannel, o outgoing) outgoing {
	if until, ok := d.bare.Get(in.ID); ok && time.Now().Before(until) {
		return o.inWords()
	}
	return o
}

// emptied says whether an error may mean that nothing was left of a message without its card.
func emptied(err error) bool {
	return codeOf(err) == codeMissingPermission || codeOf(err) == codeEmptyMessage
}

// stripped says whether Discord took the card from a message that it made or changed, since the bot may not Embed Links in
// the channel. That is told to admins once.
func (d *Discord) stripped(ctx context.Context, in wireChannel, o outgoing, made wireMessage) bool {
	if len(o.Embeds) == 0 || len(made.Embeds) > 0 || in.GuildID == "" {
		return false
	}
	in, err := d.places.current(ctx, in.ID)
	if err != nil {
		return false
	}
	have, err := d.mine(ctx, in)
	if err != nil || have&permEmbed != 0 {
		return false
	}
	d.bare.Add(in.ID, time.Now().Add(bareFor))
	if d.once.First("embeds " + in.ID) {
		d.log.WithField("channel", in.ID).Warn("discord: cards are made of words in the channel #" + oneLine(in.Name, threadMax) +
			": give the bot Embed Links there")
	}
	return true
}
