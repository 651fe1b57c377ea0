package slack

import (
	"encoding/json"
	"strconv"
	"strings"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// Slack's limits of what a button and a menu carry. https://docs.slack.dev/reference/block-kit/block-elements
const (
	valueMax    = 2000
	actionIDMax = 255
	menuMax     = 5 // options of a menu behind three dots
)

// load is what a button carries: what it does, and where it was put up.
type load struct {
	chat.Value
	Choice    string `json:"c,omitempty"` // of a menu whose choice became a button
	Workspace string `json:"w,omitempty"`
}

// menuPrefix begins the id of a menu, which has no other place for what it carries.
const menuPrefix = "menu:"

// buttonsIn makes the elements of buttons that stand in the workspace. A menu takes five choices; those before them become
// buttons of their own.
func buttonsIn(workspace string) func(chat.Button) []slackapi.BlockElement {
	return func(b chat.Button) []slackapi.BlockElement {
		if len(b.Options) == 0 {
			return []slackapi.BlockElement{button(b, load{Value: b.Value, Workspace: workspace}, b.Label)}
		}
		id := menuPrefix + encode(load{Value: b.Value, Workspace: workspace})
		inMenu := min(len(b.Options), menuMax)
		if len(id) > actionIDMax || inMenu == 1 {
			inMenu = 0
		}
		var out []slackapi.BlockElement
		alone := len(b.Options) - inMenu
		for _, o := range b.Options[:alone] {
			out = append(out, button(chat.Button{Value: b.Value}, load{Value: b.Value, Choice: o.Value, Workspace: workspace}, o.Label))
		}
		if inMenu > 0 {
			var options []*slackapi.OptionBlockObject
			for _, o := range b.Options[alone:] {
				options = append(options, option(o))
			}
			out = append(out, slackapi.NewOverflowBlockElement(id, options...))
		}
		return out
	}
}

func button(b chat.Button, l load, label string) *slackapi.ButtonBlockElement {
	if label = oneLine(label, labelMax); label == "" {
		label = l.Verb
	}
	value := encode(l)
	e := slackapi.NewButtonBlockElement("b"+hashID(value), value, text(label))
	switch b.Style {
	case chat.Primary:
		e.Style = slackapi.StylePrimary
	case chat.Danger:
		e.Style = slackapi.StyleDanger
	case chat.Plain:
	}
	if b.Confirm != "" {
		e.Confirm = slackapi.NewConfirmationBlockObject(text(oneLine(label, 100)), text(oneLine(b.Confirm, 300)),
			text(oneLine(label, 30)), text("✕"))
	}
	return e
}

// option is a choice as Slack takes it; what it carries is never cut, since policies keep ids short.
func option(o chat.Option) *slackapi.OptionBlockObject {
	label := oneLine(o.Label, labelMax)
	if label == "" {
		label = oneLine(o.Value, labelMax)
	}
	var hint *slackapi.TextBlockObject
	if h := oneLine(o.Hint, labelMax); h != "" {
		hint = text(h)
	}
	return slackapi.NewOptionBlockObject(o.Value, text(label), hint)
}

// text is plain text.
func text(s string) *slackapi.TextBlockObject {
	return &slackapi.TextBlockObject{Type: slackapi.PlainTextType, Text: s}
}

// carried is what a pressed button or a choice carries; not ok if it is none of ours.
func carried(p pressed) (l load, choice string, ok bool) {
	raw := p.Value
	if menu, is := strings.CutPrefix(p.ActionID, menuPrefix); is {
		if p.Selected == nil {
			return l, "", false
		}
		raw, choice = menu, p.Selected.Value
	}
	if raw == "" || json.Unmarshal([]byte(raw), &l) != nil || l.Verb == "" {
		return l, "", false
	}
	if choice == "" {
		choice = l.Choice
	}
	return l, choice, true
}

// encode makes JSON of a struct that always has one.
func encode(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// blockID is where an answer stands in a form. Slack keeps what was typed there for as long as the id is the same, so that
// an answer that the form gives needs another one: the salt counts up.
func blockID(field string, salt int) string {
	if salt == 0 {
		return field
	}
	return field + "." + strconv.Itoa(salt)
}

// fieldOf is the field that stands at a block, and its salt.
func fieldOf(block string) (field string, salt int) {
	i := strings.LastIndexByte(block, '.')
	if i < 0 {
		return block, 0
	}
	n, err := strconv.Atoi(block[i+1:])
	if err != nil || n <= 0 {
		return block, 0
	}
	return block[:i], n
}
