package discordfake

import (
	"encoding/json"
	"strings"
)

// part is a component of a message, of any kind.
type part struct {
	Type        int      `json:"type"`
	ID          int      `json:"id"`
	CustomID    string   `json:"custom_id"`
	Label       string   `json:"label"`
	Style       int      `json:"style"`
	URL         string   `json:"url"`
	Disabled    bool     `json:"disabled"`
	Placeholder string   `json:"placeholder"`
	Content     string   `json:"content"`
	Options     []Option `json:"options"`
	MinValues   *int     `json:"min_values"`
	MaxValues   *int     `json:"max_values"`
	Components  []part   `json:"components"`
	Accessory   *part    `json:"accessory"`
}

// parts are all components of a message, from the top.
func parts(list []json.RawMessage) []part {
	var out []part
	var walk func(p part)
	walk = func(p part) {
		out = append(out, p)
		for _, child := range p.Components {
			walk(child)
		}
		if p.Accessory != nil {
			walk(*p.Accessory)
		}
	}
	for _, raw := range list {
		var p part
		if json.Unmarshal(raw, &p) == nil {
			walk(p)
		}
	}
	return out
}

// Button is something to press on a message.
type Button struct {
	Label, CustomID string
	Style           int
	URL             string // that it opens instead
	Disabled        bool
}

// Menu is something to choose from on a message.
type Menu struct {
	Placeholder, CustomID string
	Kind                  FieldKind
	Options               []Option // none of menus of people and the like
	Min, Max              int
}

// Buttons are the buttons of a message, from the top.
func (m Message) Buttons() []Button {
	var out []Button
	for _, p := range parts(m.Components) {
		if p.Type == typeButton {
			out = append(out, Button{p.Label, p.CustomID, p.Style, p.URL, p.Disabled})
		}
	}
	return out
}

// Menus are the menus of a message, from the top.
func (m Message) Menus() []Menu {
	var out []Menu
	for _, p := range parts(m.Components) {
		if p.isMenu() {
			out = append(out, Menu{p.Placeholder, p.CustomID, FieldKind(p.Type), p.Options, p.least(), p.most()})
		}
	}
	return out
}

func (p part) isMenu() bool {
	return p.Type == typeSelect || p.Type >= typeUserSelect && p.Type <= typeChannelSelect
}

func (p part) least() int {
	if p.MinValues != nil {
		return *p.MinValues
	}
	return 1
}

func (p part) most() int {
	if p.MaxValues != nil {
		return *p.MaxValues
	}
	return 1
}

// Labels are what stands on the buttons of a message, and in its menus while nothing is chosen, from the top.
func (m Message) Labels() []string {
	var out []string
	for _, p := range parts(m.Components) {
		switch {
		case p.Type == typeButton:
			out = append(out, p.Label)
		case p.isMenu():
			out = append(out, p.Placeholder)
		}
	}
	return out
}

// Texts are what a message says, as the app wrote it: its content, what its embeds say, and its text displays.
func (m Message) Texts() []string {
	var out []string
	add := func(text string) {
		if text != "" {
			out = append(out, text)
		}
	}
	add(m.Content)
	for _, e := range m.Embeds {
		add(e.Author.Name)
		add(e.Title)
		add(e.Description)
		for _, f := range e.Fields {
			add(f.Name)
			add(f.Value)
		}
		add(e.Footer.Text)
	}
	for _, p := range parts(m.Components) {
		add(p.Content)
	}
	return out
}

// Plain is all that people read of a message, without its buttons: one line for each text and file.
func (m Message) Plain() string {
	var lines []string
	for _, text := range m.Texts() {
		lines = append(lines, Readable(text))
	}
	for _, f := range m.Files {
		lines = append(lines, f.Name)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// Links are the addresses that a client would follow from a message: those of its texts, of its embeds' titles and authors, and
// of its buttons.
func (m Message) Links() []string {
	links := linksIn(m.Content)
	add := func(at string) {
		if at != "" {
			links = append(links, at)
		}
	}
	for _, e := range m.Embeds {
		add(e.URL)
		add(e.Author.URL)
		links = append(links, linksIn(e.Title)...)
		links = append(links, linksIn(e.Description)...)
		for _, f := range e.Fields {
			links = append(links, linksIn(f.Value)...)
		}
	}
	for _, p := range parts(m.Components) {
		add(p.URL)
		links = append(links, linksIn(p.Content)...)
	}
	return links
}
