package slackfake

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Answer is what a person sees of what they did.
type Answer struct {
	Refused string            // what Slack says when it was not done; empty if it was
	Status  int               // of the app's HTTP answer, 200 of one over a socket, 0 without any
	Private []Message         // that only this person sees, made or changed meanwhile
	View    *View             // the modal that is open now; nil without one
	Errors  map[string]string // of a form, by field: what the app said, or what the client says before it sends anything

	sent []parcel
}

// Button is something to press on a message or a page: a button, or a menu with its choices.
type Button struct {
	Label   string // empty of a menu behind three dots
	Options []Option
	URL     string // that it opens as well
	Style   string
	Value   string
}

// Buttons are what can be pressed on a message, from the top.
func (m Message) Buttons() []Button { return buttonsIn(m.Blocks) }

// Buttons are what can be pressed in a view, from the top.
func (v *View) Buttons() []Button { return buttonsIn(v.Blocks) }

func buttonsIn(blocks []json.RawMessage) []Button {
	var out []Button
	for _, e := range widgets(blocks) {
		if e.input {
			continue
		}
		out = append(out, Button{Label: e.name(), Options: e.choices(), URL: e.URL, Style: e.Style, Value: e.Value})
	}
	return out
}

// name is what people call an element.
func (e widget) name() string {
	if e.Type == "button" {
		return textIn(e.Text)
	}
	return e.Placeholder.Text
}

// textIn is the text of a text object, or of a string.
func textIn(raw json.RawMessage) string {
	var object textObject
	if json.Unmarshal(raw, &object) == nil && object.Text != "" {
		return object.Text
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return ""
}

// Plain is all that people read of a message, without its buttons: one line for each block, field and file.
func (m Message) Plain() string {
	lines := []string{Readable(m.Text)}
	if len(m.Blocks) > 0 {
		lines = readableBlocks(m.Blocks)
	}
	for _, f := range m.Files {
		lines = append(lines, f.Title)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Text is all that people read in a view: its title, texts, and the labels of its fields.
func (v *View) Text() string {
	return strings.TrimSpace(strings.Join(append([]string{v.Title}, readableBlocks(v.Blocks)...), "\n"))
}

func readableBlocks(blocks []json.RawMessage) []string {
	var lines []string
	add := func(text string) {
		if text != "" {
			lines = append(lines, Readable(text))
		}
	}
	for _, raw := range blocks {
		var b anyBlock
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		add(textIn(b.Text))
		for _, f := range b.Fields {
			add(f.Text)
		}
		add(b.Title.Text)
		add(b.Label.Text)
		add(b.Hint.Text)
		switch b.Type {
		case "context", "rich_text":
			for _, e := range b.Elements {
				add(deepText(e))
			}
		case "table":
			add(deepText(b.Rows))
		}
	}
	return lines
}

// deepText is all text inside something, wherever it is.
func deepText(raw json.RawMessage) string {
	var any any
	if json.Unmarshal(raw, &any) != nil {
		return ""
	}
	var b strings.Builder
	collect(&b, any)
	return b.String()
}

func collect(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, inside := range v {
			collect(b, inside)
		}
	case map[string]any:
		if text, ok := v["text"].(string); ok {
			b.WriteString(text)
			return
		}
		for _, name := range []string{"text", "elements"} {
			collect(b, v[name])
		}
	}
}

var token = regexp.MustCompile(`<([^<>|]*)(?:\|([^<>]*))?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// Readable is mrkdwn as people read it, but for its bold, italic and the like: links by their words, people, channels and
// groups by their ids or words.
func Readable(mrkdwn string) string {
	return unescape.Replace(token.ReplaceAllStringFunc(mrkdwn, func(t string) string {
		parts := token.FindStringSubmatch(t)
		target, words := parts[1], parts[2]
		switch {
		case strings.HasPrefix(target, "!date^"), words != "" && !strings.HasPrefix(target, "@") && !strings.HasPrefix(target, "#"):
			return words
		case strings.HasPrefix(target, "!"):
			return "@" + strings.TrimPrefix(target, "!")
		}
		return target
	}))
}

var entity = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var (
	mention = regexp.MustCompile(`@[\pL\pN._-]+`)
	address = regexp.MustCompile(`https?://[^\s<>|"'()\[\]]*[^\s<>|"'()\[\].,:;!?*_~` + "`" + `]`)
)

// typed is what a client makes of what somebody typed: tokens of people, channels and addresses, and entities. It is
// called with s.mu.
func (w *Workspace) typed(text string, links bool) string {
	var out strings.Builder
	for len(text) > 0 {
		at, end, as := len(text), len(text), ""
		if m := mention.FindStringIndex(text); m != nil {
			at, end = m[0], m[1]
			as = w.tokenOf(strings.TrimRight(text[at+1:end], ".-_"))
			end = at + 1 + len(strings.TrimRight(text[at+1:end], ".-_"))
		}
		if a := address.FindStringIndex(text); links && a != nil && a[0] < at {
			at, end = a[0], a[1]
			as = "<" + entity.Replace(text[at:end]) + ">"
		}
		out.WriteString(entity.Replace(text[:at]))
		if as == "" {
			as = entity.Replace(text[at:end])
		}
		out.WriteString(as)
		text = text[end:]
	}
	return out.String()
}

// tokenOf is what a client makes of a name behind an @; nothing if nobody is called that.
func (w *Workspace) tokenOf(name string) string {
	switch name {
	case "here", "channel", "everyone":
		return "<!" + name + ">"
	}
	if a := w.byName[name]; a != nil {
		return "<@" + a.id + ">"
	}
	for _, a := range w.people {
		if first, _, _ := strings.Cut(a.Real, " "); strings.EqualFold(first, name) {
			return "<@" + a.id + ">"
		}
	}
	for _, g := range w.groups {
		if g.handle == name {
			return fmt.Sprintf("<!subteam^%s>", g.id)
		}
	}
	return ""
}

// richText are the blocks that a client sends with a text.
func richText(text string) []json.RawMessage {
	var inside []any
	plain := func(s string) {
		if s != "" {
			inside = append(inside, map[string]any{"type": "text", "text": unescape.Replace(s)})
		}
	}
	for text != "" {
		at := token.FindStringIndex(text)
		if at == nil {
			plain(text)
			break
		}
		plain(text[:at[0]])
		target := text[at[0]+1 : at[1]-1]
		switch {
		case strings.HasPrefix(target, "@"):
			inside = append(inside, map[string]any{"type": "user", "user_id": target[1:]})
		case strings.HasPrefix(target, "!subteam^"):
			inside = append(inside, map[string]any{"type": "usergroup", "usergroup_id": strings.TrimPrefix(target, "!subteam^")})
		case strings.HasPrefix(target, "!"):
			inside = append(inside, map[string]any{"type": "broadcast", "range": target[1:]})
		default:
			inside = append(inside, map[string]any{"type": "link", "url": unescape.Replace(target)})
		}
		text = text[at[1]:]
	}
	raw, err := json.Marshal(map[string]any{"type": "rich_text", "block_id": random(3),
		"elements": []any{map[string]any{"type": "rich_text_section", "elements": inside}}})
	if err != nil {
		panic(err) // it holds nothing but text
	}
	return []json.RawMessage{raw}
}

// clientID is what a client calls a message before the server has it.
func clientID() string {
	r := random(16)
	return r[:8] + "-" + r[8:12] + "-" + r[12:16] + "-" + r[16:20] + "-" + r[20:]
}
