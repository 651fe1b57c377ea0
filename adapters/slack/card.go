package slack

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// rendering is a message: its blocks, and the text that notifications show.
type rendering struct {
	text   string
	blocks []slackapi.Block
}

// tones stand before a card's title, since blocks have no colour.
var tones = map[chat.Tone]string{chat.Neutral: "⚪", chat.Info: "🔵", chat.Good: "🟢", chat.Warn: "🟠", chat.Alert: "🔴"}

// account is an id that may be mentioned.
var account = regexp.MustCompile(`^[UW][A-Z0-9]+$`)

// render is a post as a message. What it tells last is cut first, but the card and the buttons stay.
func render(p chat.Post, buttons func(chat.Button) []slackapi.BlockElement) rendering {
	lead := mentions(p)
	below := &layout{most: messageBlocks, left: cardMax}
	below.post(p.Card, p.Buttons, buttons)
	l := &layout{most: messageBlocks - len(below.blocks), left: min(blocksMax-cardMax+below.left, messageMax)}
	l.said(lead, p.Text)
	return rendering{text: notification(lead, p), blocks: append(l.blocks, below.blocks...)}
}

// renderPrivate is a private answer as one message.
func renderPrivate(r chat.Reply, buttons func(chat.Button) []slackapi.BlockElement) rendering {
	last, long := rows(r.Buttons, buttons)
	l := &layout{most: messageBlocks - len(last), left: blocksMax - long}
	l.text(r.Text, messageMax)
	for _, p := range r.Posts {
		if l.most <= 0 {
			break
		}
		mark := *l
		l.text(p.Text, messageMax)
		if n := len(l.blocks); !l.post(p.Card, p.Buttons, buttons) && len(l.blocks) == n {
			*l = mark
			break
		}
	}
	text := outbound(r.Text, notificationMax)
	for i := 0; text == "" && i < len(r.Posts); i++ {
		text = notification("", r.Posts[i])
	}
	if text == "" {
		text = labels(r.Buttons)
	}
	return rendering{text: text, blocks: append(l.blocks, last...)}
}

// mentions are those whom a post calls, at its beginning.
func mentions(p chat.Post) string {
	if p.Quiet {
		return ""
	}
	lead := ""
	for i, id := range p.Mention {
		if account.MatchString(id) && len(lead)+len(id) < mentionsMax && !slices.Contains(p.Mention[:i], id) {
			lead += "<@" + id + "> "
		}
	}
	return lead
}

// said puts what a post says, after those whom it calls.
func (l *layout) said(lead, text string) {
	if lead == "" {
		l.text(text, messageMax)
		return
	}
	parts := sections(text, l.left-utf8.RuneCountInString(lead)-1)
	switch {
	case len(parts) == 0:
		parts = []string{strings.TrimSpace(lead)}
	case paragraph(parts[0]) && utf8.RuneCountInString(lead+parts[0]) < sectionMax:
		parts[0] = lead + parts[0]
	case utf8.RuneCountInString(lead+parts[0]) < sectionMax:
		parts[0] = strings.TrimSpace(lead) + "\n" + parts[0]
	default:
		parts = append([]string{strings.TrimSpace(lead)}, parts...)
	}
	for _, p := range parts {
		l.add(utf8.RuneCountInString(p), section(p))
	}
}

// paragraph says whether a text in mrkdwn may stand on a line behind something else.
func paragraph(s string) bool {
	for _, begin := range []string{"&gt;", "```", "• ", "    ◦ ", "1. ", "1) "} {
		if strings.HasPrefix(s, begin) {
			return false
		}
	}
	return true
}

// notification is what a post says where there are no blocks.
func notification(lead string, p chat.Post) string {
	text := outbound(p.Text, notificationMax-utf8.RuneCountInString(lead))
	if text == "" && p.Card != nil {
		text = plain(p.Card.Title, cardTitleMax)
		if text == "" {
			text = outbound(p.Card.Text, notificationMax-utf8.RuneCountInString(lead))
		}
	}
	if text = strings.TrimSpace(lead + text); text == "" {
		text = labels(p.Buttons)
	}
	return text
}

// post puts a card and its buttons; false if not all of it goes any more. A card of only a title and what stands under it
// takes one block, with a single button beside it.
func (l *layout) post(c *chat.Card, buttons []chat.Button, make elements) bool {
	actions, long := rows(buttons, make)
	if c == nil {
		return l.add(long, actions...)
	}
	if c.Text == "" && len(c.Facts) == 0 && c.Author == nil {
		s := small(*c)
		if s == nil {
			return l.add(long, actions...)
		}
		said := utf8.RuneCountInString(s.Text.Text) + long
		if all := elementsOf(buttons, make); len(all) == 1 {
			s.Accessory = slackapi.NewAccessory(all[0])
			return l.add(said, s)
		}
		return l.add(said, append([]slackapi.Block{s}, actions...)...)
	}
	if len(actions) > l.most || long > l.left {
		return false
	}
	// The buttons come last, and are the last to go.
	l.most -= len(actions)
	l.left -= long
	whole := l.card(*c)
	l.blocks = append(l.blocks, actions...)
	return whole
}

// titled is a card's title in mrkdwn.
func titled(c chat.Card) string {
	title := oneLine(c.Title, cardTitleMax)
	if title == "" {
		return ""
	}
	s := span{text: title, look: bold}
	if where := destination.Replace(c.URL); allowed(where) {
		s.link = where
	}
	out := written([]span{s})
	if sign := tones[c.Tone]; sign != "" {
		out = sign + " " + out
	}
	return out
}

// small is a card of a title and what stands under it; nil if it has neither.
func small(c chat.Card) *slackapi.SectionBlock {
	text := titled(c)
	if footer := plain(c.Footer, footerMax); footer != "" {
		text = strings.TrimPrefix(text+"\n"+footer, "\n")
	}
	if text == "" {
		return nil
	}
	return section(text)
}

// card puts a card; false if not all of it goes.
func (l *layout) card(c chat.Card) bool {
	whole := true
	add := func(characters int, b slackapi.Block) {
		if !l.add(characters, b) {
			whole = false
		}
	}
	if title := titled(c); title != "" {
		add(utf8.RuneCountInString(title), section(title))
	}
	if c.Author != nil {
		if b, long := by(*c.Author); b != nil {
			add(long, b)
		}
	}
	footer := oneLine(c.Footer, min(footerMax, l.left))
	spared := 0
	if footer != "" && l.most > 0 {
		spared = 1
	}
	l.left -= utf8.RuneCountInString(footer)
	facts, long := factsOf(c.Facts, l.left*2/3)
	for len(facts) > 0 && len(facts)+spared > l.most {
		facts = facts[:len(facts)-1]
		whole = false
	}
	// The text takes what the rest leaves.
	l.most -= len(facts) + spared
	l.left -= long
	l.text(c.Text, max(l.left, 0))
	l.blocks = append(l.blocks, facts...)
	if spared > 0 {
		l.blocks = append(l.blocks, slackapi.NewContextBlock("", plainText(footer)))
	}
	return whole
}

func plainText(s string) *slackapi.TextBlockObject {
	return &slackapi.TextBlockObject{Type: slackapi.PlainTextType, Text: s}
}

// by is the line that tells who it is from.
func by(a chat.Author) (b slackapi.Block, characters int) {
	name := oneLine(a.Name, cardTitleMax)
	if name == "" {
		return nil, 0
	}
	characters = utf8.RuneCountInString(name)
	if !pictured(a.Avatar) {
		return slackapi.NewContextBlock("", plainText(name)), characters
	}
	return slackapi.NewContextBlock("", slackapi.NewImageBlockElement(a.Avatar, name), plainText(name)),
		2*characters + len(a.Avatar)
}

// pictured says whether Slack has the picture. It refuses messages with pictures that it can't fetch, and one from
// elsewhere would tell whoever put it there that the card is read.
func pictured(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || len(address) > addressMax {
		return false
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".slack-edge.com") || strings.HasSuffix(host, ".slack.com") || host == "secure.gravatar.com"
}

// factsOf are the sections of facts, and how many characters they say.
func factsOf(facts []chat.Fact, most int) (out []slackapi.Block, characters int) {
	var fields []*slackapi.TextBlockObject
	for _, f := range facts {
		label := ""
		if l := oneLine(f.Label, factLabelMax); l != "" {
			label = written([]span{{text: l, look: bold}}) + "\n"
		}
		room := most - characters - utf8.RuneCountInString(label)
		value := plain(f.Value, min(factMax, room))
		if !f.Since.IsZero() {
			value = since(f)
		}
		s := strings.TrimSpace(label + value)
		n := utf8.RuneCountInString(s)
		if s == "" || n > most-characters {
			continue // a shorter one may still go
		}
		characters += n
		fields = append(fields, mrkdwnText(s))
	}
	for part := range slices.Chunk(fields, factsMax) {
		out = append(out, slackapi.NewSectionBlock(nil, part, nil))
	}
	return out, characters
}

// since is a time that clients show in the reader's time zone, and how long ago it is.
func since(f chat.Fact) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time} ({ago})|%s>", f.Since.Unix(),
		f.Since.UTC().Format("2006-01-02 15:04 UTC"))
}
