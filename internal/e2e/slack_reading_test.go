package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// slackText is an object with a text.
type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slackBlock is what of a block can be read and pressed.
type slackBlock struct {
	Type      string            `json:"type"`
	BlockID   string            `json:"block_id"`
	Text      slackText         `json:"text"`
	Fields    []slackText       `json:"fields"`
	Accessory *slackElement     `json:"accessory"`
	Elements  []json.RawMessage `json:"elements"`
}

// slackElement is a button, a menu, a picture or a text.
type slackElement struct {
	Type     string          `json:"type"`
	ActionID string          `json:"action_id"`
	Value    string          `json:"value"`
	Text     json.RawMessage `json:"text"`
	Options  []slackOption   `json:"options"`
}

type slackOption struct {
	Text  slackText `json:"text"`
	Value string    `json:"value"`
}

// label is what stands on a button.
func (e slackElement) label() string {
	var object slackText
	if json.Unmarshal(e.Text, &object) == nil && object.Text != "" {
		return object.Text
	}
	return ""
}

func blocksOf(raw []json.RawMessage) []slackBlock {
	out := make([]slackBlock, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			panic(err) // the fake has read them
		}
	}
	return out
}

func (b slackBlock) elements() (all []slackElement) {
	for _, raw := range b.Elements {
		var e slackElement
		if json.Unmarshal(raw, &e) == nil {
			all = append(all, e)
		}
	}
	if b.Accessory != nil {
		all = append(all, *b.Accessory)
	}
	return all
}

// moreLabel is what the menu behind three dots is called in the stories.
const moreLabel = "More …"

// buttons are what can be pressed in blocks.
func buttonsIn(blocks []slackBlock) (all []button) {
	for _, b := range blocks {
		for _, e := range b.elements() {
			switch e.Type {
			case "button":
				all = append(all, button{Label: e.label()})
			case "overflow":
				menu := button{Label: moreLabel}
				for _, o := range e.Options {
					menu.Options = append(menu.Options, chat.Option{Value: o.Value, Label: o.Text.Text})
				}
				all = append(all, menu)
			}
		}
	}
	return all
}

var (
	slackToken = regexp.MustCompile(`<([^<>\n]*)>`)
	slackBold  = regexp.MustCompile(`\*([^\s*\x{200a}](?:[^*\n]*[^\s*\x{200a}])?)\*`)
	slackTitle = regexp.MustCompile(`^[⚪🔵🟢🟠🔴] \*([^\n]+)\*(?:\n|$)`)
	slackFact  = regexp.MustCompile(`^\*([^\n]+)\*\n((?s).*)$`)
	slackSigns = strings.NewReplacer("\u200a", "", "\u200b", "", "\u2035", "`", "&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// reading is a text as somebody reads it; mrkdwn says whether it is more than plain text.
func (n *slackNetwork) reading(text string, mrkdwn bool) string {
	if !mrkdwn {
		return text
	}
	text = slackToken.ReplaceAllStringFunc(text, func(token string) string {
		token = token[1 : len(token)-1]
		what, label, labelled := strings.Cut(token, "|")
		switch {
		case strings.HasPrefix(what, "@"):
			if name := n.fake.Name(what[1:]); name != "" {
				return "@" + name
			}
			return what
		case labelled:
			return label
		case strings.HasPrefix(what, "!"):
			return "@" + what[1:]
		}
		return what
	})
	return slackSigns.Replace(slackBold.ReplaceAllString(text, "**$1**"))
}

// isTitle says whether the block begins a card.
func isTitle(b slackBlock) bool {
	return b.Type == "header" || b.Type == "section" && b.Text.Type == "mrkdwn" && slackTitle.MatchString(b.Text.Text)
}

func (n *slackNetwork) title(b slackBlock) string {
	if b.Type == "header" {
		return b.Text.Text
	}
	return n.reading(slackTitle.FindStringSubmatch(b.Text.Text)[1], true)
}

// text is all that there is to read in blocks.
func (n *slackNetwork) text(blocks []slackBlock) string {
	var lines []string
	add := func(s string) {
		if s != "" {
			lines = append(lines, s)
		}
	}
	for i, b := range blocks {
		switch {
		case isTitle(b) && b.Type == "section":
			_, rest, _ := strings.Cut(b.Text.Text, "\n")
			add(n.title(b))
			add(n.reading(rest, true))
		default:
			add(n.reading(b.Text.Text, b.Text.Type == "mrkdwn"))
		}
		for _, f := range b.Fields {
			if fact := slackFact.FindStringSubmatch(f.Text); fact != nil {
				add(n.reading(fact[1], true) + ": " + n.reading(fact[2], true))
			} else {
				add(n.reading(f.Text, f.Type == "mrkdwn"))
			}
		}
		if b.Type == "context" {
			said := ""
			for _, raw := range b.Elements {
				var t slackText
				if json.Unmarshal(raw, &t) == nil && t.Type != "image" {
					said += n.reading(t.Text, t.Type == "mrkdwn")
				}
			}
			if i > 0 && isTitle(blocks[i-1]) {
				said = "by " + said // whose card it is
			}
			add(said)
		}
	}
	return strings.Join(lines, "\n")
}

// called are the people whom a text calls, by name, and the words that stand for all of a channel.
func (n *slackNetwork) called(texts ...string) (names []string) {
	for _, found := range slackToken.FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
		what, _, _ := strings.Cut(found[1], "|")
		name := ""
		switch {
		case strings.HasPrefix(what, "@"):
			name = n.fake.Name(what[1:])
		case strings.HasPrefix(what, "!") && !strings.HasPrefix(what, "!date"):
			name = what[1:]
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// mrkdwnIn are the texts of blocks in which Slack looks for people.
func mrkdwnIn(blocks []slackBlock) (texts []string) {
	for _, b := range blocks {
		for _, t := range append([]slackText{b.Text}, b.Fields...) {
			if t.Type == "mrkdwn" {
				texts = append(texts, t.Text)
			}
		}
		for _, raw := range b.Elements {
			var t slackText
			if json.Unmarshal(raw, &t) == nil && t.Type == "mrkdwn" {
				texts = append(texts, t.Text)
			}
		}
	}
	return texts
}

// slackPart is a message, or a modal that is an answer, or one card of either: the blocks from one up to another.
type slackPart struct {
	msg      slackfake.Message
	view     *slackfake.View
	from, to int
}

// whole is all of a message.
func whole(m slackfake.Message) slackPart { return slackPart{msg: m, to: len(m.Blocks)} }

func (p slackPart) blocks() []json.RawMessage {
	if p.view != nil {
		return p.view.Blocks[p.from:p.to]
	}
	return p.msg.Blocks[p.from:p.to]
}

// press is what somebody presses: a button, or a choice behind three dots.
type press struct{ label, choice, id, block, value string }

// pressable finds the button with the label or, with a choice, the one for that choice, wherever it is.
func pressable(raw []json.RawMessage, label, choice string) (press, bool) {
	for _, b := range blocksOf(raw) {
		for _, e := range b.elements() {
			var load struct {
				Choice string `json:"c"`
			}
			if e.Type == "button" && json.Unmarshal([]byte(e.Value), &load) != nil {
				continue
			}
			switch {
			case e.Type == "button" && choice == "" && e.label() == label,
				e.Type == "button" && choice != "" && label == moreLabel && (e.label() == choice || load.Choice == choice):
				return press{e.label(), "", e.ActionID, b.BlockID, e.Value}, true
			case e.Type == "overflow" && label == moreLabel:
				for _, o := range e.Options {
					if o.Text.Text == choice || o.Value == choice {
						return press{moreLabel, o.Value, e.ActionID, b.BlockID, ""}, true
					}
				}
			}
		}
	}
	return press{}, false
}
