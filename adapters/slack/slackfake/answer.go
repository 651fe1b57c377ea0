package slackfake

import (
	"encoding/json"
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
func (m Message) Buttons() []Button { return buttonsIn(widgets(m.Blocks)) }

// Buttons are what can be pressed in a view, from the top.
func (v *View) Buttons() []Button { return buttonsIn(v.parts) }

func buttonsIn(all []widget) []Button {
	var out []Button
	for _, e := range all {
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

// Text is one text of a message, as the app wrote it.
type Text struct {
	Kind     string `json:"type"` // "mrkdwn", "plain_text" or "markdown"
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"` // Slack looks for no names and addresses in it
}

// Texts are the texts of a message's sections, facts and lines, from the top, without what is on buttons.
func (m Message) Texts() []Text {
	var out []Text
	add := func(raw json.RawMessage) {
		var t Text
		if json.Unmarshal(raw, &t) == nil && t.Text != "" {
			out = append(out, t)
		}
	}
	for _, raw := range m.Blocks {
		var b struct {
			Type     string            `json:"type"`
			Text     json.RawMessage   `json:"text"`
			Fields   []json.RawMessage `json:"fields"`
			Elements []json.RawMessage `json:"elements"`
		}
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		switch b.Type {
		case "section", "header", "context":
			add(b.Text)
			for _, inside := range append(b.Fields, b.Elements...) {
				add(inside)
			}
		case "markdown":
			out = append(out, Text{Kind: "markdown", Text: textIn(b.Text)})
		}
	}
	return out
}

var called = regexp.MustCompile(`@(here|channel|everyone)\b`)

// Leads are whom a text notifies, by id or as "@here", and the addresses that it links to.
func (t Text) Leads() (mentions, links []string) {
	if t.Kind == "plain_text" {
		return nil, nil
	}
	rest := token.ReplaceAllStringFunc(t.Text, func(s string) string {
		target := token.FindStringSubmatch(s)[1]
		switch {
		case strings.HasPrefix(target, "@"):
			mentions = append(mentions, target[1:])
		case strings.HasPrefix(target, "!date^"), strings.HasPrefix(target, "#"):
		case strings.HasPrefix(target, "!"):
			mentions = append(mentions, "@"+target[1:])
		default:
			links = append(links, unescape.Replace(target))
		}
		return ""
	})
	if !t.Verbatim {
		mentions = append(mentions, called.FindAllString(rest, -1)...)
		links = append(links, address.FindAllString(rest, -1)...)
	}
	return mentions, links
}
