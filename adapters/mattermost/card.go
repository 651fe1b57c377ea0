package mattermost

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/markup"
	"balie/internal/chat"
)

// What clients show: an attachment's text and its fields' values as Markdown, and its title as Markdown too, of which
// they only make links, unless it is a link itself. Everything else is shown as it is: names, fields' titles, footers
// and buttons. The server looks for mentions in texts and fields' values.

const (
	valueMax    = 2_000 // characters of a fact
	shortMax    = 30    // characters of a fact that leaves room for another one beside it
	footerMax   = 300   // clients show no more
	fallbackMax = 200   // characters of a notification
	handlesMax  = 2_000 // characters of those who are mentioned
)

// colours are for a stripe beside the card that stands out on light and dark themes.
var colours = map[chat.Tone]string{
	chat.Info: "#2f80ed", chat.Good: "#27ae60", chat.Warn: "#e2a03f", chat.Alert: "#d64545",
}

// begins tells a text that is no paragraph at its beginning.
var begins = regexp.MustCompile("^(?:\\s|>|#|```|~~~|[-+*](?:\\s|$)|\\d{1,9}[.)](?:\\s|$)|\\||[-*_=]{3})")

// render is a post's message and what hangs on it. A button is made by the function given, and left out if that has
// none; handle tells the name that mentions a person, and "" if there is none. Without a handle nobody is mentioned.
func (m *Mattermost) render(
	p chat.Post, handle func(id string) string, button func(chat.Button) *model.PostAction,
) (string, []*model.MessageAttachment) {
	var attachments []*model.MessageAttachment
	actions := actionsOf(p.Buttons, button)
	switch {
	case p.Card != nil:
		a := m.attachment(*p.Card, actions)
		a.Actions = actions
		attachments = append(attachments, a)
	case len(actions) > 0:
		attachments = append(attachments, &model.MessageAttachment{Actions: actions})
	}
	return wording(p, handle), attachments
}

// wording is what a post says, after those it calls and the one who says it.
func wording(p chat.Post, handle func(id string) string) string {
	lead := ""
	if !p.Quiet && handle != nil {
		for _, id := range p.Mention {
			if name := handle(id); model.IsValidUsername(name) && len(lead)+len(name) < handlesMax {
				lead += "@" + name + " "
			}
		}
	}
	if p.Author != nil {
		if name := plain(line(p.Author.Name, labelMax), labelMax); name != "" {
			lead += "**" + name + ":** "
		}
	}
	space := 0
	if lead != "" {
		space = 2
	}
	text := outbound(p.Text, messageMax-utf8.RuneCountInString(lead)-space)
	if begins.MatchString(text) && lead != "" {
		lead = strings.TrimSuffix(lead, " ") + "\n\n"
	}
	return strings.TrimRight(lead+text, " ")
}

func actionsOf(buttons []chat.Button, button func(chat.Button) *model.PostAction) []*model.PostAction {
	var out []*model.PostAction
	for _, b := range buttons[:min(len(buttons), buttonsMax)] {
		if a := button(b); a != nil {
			out = append(out, a)
		}
	}
	return out
}

// attachment is a card as the server knows it. What it tells last is cut first.
func (m *Mattermost) attachment(c chat.Card, actions []*model.PostAction) *model.MessageAttachment {
	a := &model.MessageAttachment{Color: colours[c.Tone], Fallback: fallback(c)}
	left := cardMax
	take := func(s string) string {
		left -= utf8.RuneCountInString(s)
		return s
	}
	take(a.Fallback)
	for _, b := range actions {
		take(b.Name)
	}
	if a.Title = line(c.Title, labelMax); a.Title != "" && model.IsValidHTTPURL(c.URL) {
		a.TitleLink = take(c.URL)
	} else {
		a.Title = plain(a.Title, labelMax)
	}
	take(a.Title)
	if c.Author != nil {
		a.AuthorName = take(line(c.Author.Name, labelMax))
		if m.ours(c.Author.Avatar) {
			a.AuthorIcon = take(c.Author.Avatar)
		}
	}
	a.Footer = take(line(c.Footer, footerMax))
	for _, f := range c.Facts {
		if left <= 0 {
			break
		}
		value := f.Value
		if !f.Since.IsZero() {
			value = f.Since.UTC().Format("2006-01-02 15:04 UTC")
		}
		title := take(line(f.Label, labelMax))
		if value = take(plain(value, min(valueMax, left))); title == "" && value == "" {
			continue
		}
		long := max(utf8.RuneCountInString(title), utf8.RuneCountInString(value)) > shortMax || strings.Contains(value, "\n")
		a.Fields = append(a.Fields, &model.MessageAttachmentField{Title: title, Value: value, Short: !model.SlackCompatibleBool(long)})
	}
	a.Text = outbound(c.Text, left)
	return a
}

// ours says whether an address is the server's own. A picture from elsewhere would tell whoever put it there who reads
// the card.
func (m *Mattermost) ours(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	server, err := url.Parse(m.opts.URL)
	if err != nil || server.Host == "" || !model.IsValidHTTPURL(address) {
		return false
	}
	return u.Scheme == server.Scheme && u.Host == server.Host &&
		strings.HasPrefix(path.Clean(u.Path)+"/", strings.TrimRight(server.Path, "/")+"/")
}

var (
	marks  = regexp.MustCompile("\\*\\*|~~|`+|^[> ]+|" + gap)
	linked = regexp.MustCompile(`!?\[([^\]]*)\]\([^)\s]*\)`)
	meant  = regexp.MustCompile(`\\([[:punct:]])`)
)

// fallback is a card in a notification, which shows no Markdown.
func fallback(c chat.Card) string {
	out := line(c.Title, fallbackMax)
	for first := range strings.Lines(washed(c.Text)) {
		first = markup.Shorten(first, 4*fallbackMax) // which is enough for what remains of it
		first = linked.ReplaceAllString(first, "$1")
		if first = line(meant.ReplaceAllString(marks.ReplaceAllString(first, ""), "$1"), fallbackMax); first == "" {
			continue
		}
		if out != "" {
			out += " – "
		}
		return chat.Cut(out+first, fallbackMax)
	}
	return out
}
