package e2e

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// answer turns what a client shows into what the person sees. It is asked for before they do anything: what the program says
// besides an answer, it lets come later if that takes long.
func (n *slackNetwork) answer(as string) func(slackfake.Answer, error) (answer, error) {
	before := ""
	for _, m := range n.team.As(as).Visible() {
		before = max(before, m.TS)
	}
	late := func() (all []message) {
		for _, m := range n.team.As(as).Visible() {
			if m.TS > before {
				all = append(all, n.split(as, whole(m))...)
			}
		}
		return all
	}
	return func(told slackfake.Answer, err error) (answer, error) {
		if err != nil {
			return answer{}, err
		}
		a := answer{Refused: told.Refused, Errors: told.Errors, late: late}
		for _, m := range told.Private {
			a.Private = append(a.Private, n.split(as, whole(m))...)
		}
		switch v := told.View; {
		case v == nil:
		case v.CallbackID == formCallback:
			a.Form = n.form(v)
		default:
			a.Private = append(a.Private, n.split(as, slackPart{view: v, to: len(v.Blocks)})...)
		}
		return a, nil
	}
}

// does does something outside of a form. One that was open before is no answer to it.
func (n *slackNetwork) does(as string, what func(*slackfake.User) (slackfake.Answer, error)) (answer, error) {
	u := n.team.As(as)
	before, tell := u.View(), n.answer(as)
	told, err := what(u)
	if told.View != nil && before != nil && told.View.ID == before.ID && told.View.Hash == before.Hash {
		told.View = nil
	}
	return tell(told, err)
}

// inForm is what comes of something done in a form, in which what is wrong with it may stand above the fields.
func (n *slackNetwork) inForm(as string) func(slackfake.Answer, error) (answer, error) {
	tell := n.answer(as)
	return func(told slackfake.Answer, err error) (answer, error) {
		a, err := tell(told, err)
		if a.Form != nil && len(a.Errors) == 0 {
			if wrong := n.alert(told.View); wrong != "" {
				a.Errors = map[string]string{"": wrong}
			}
		}
		return a, err
	}
}

// viewOf is the modal that a form is.
func (n *slackNetwork) viewOf(f *form) *slackfake.View { return f.raw.(*slackfake.View) }

// formCallback is what the program calls its forms.
const formCallback = "balie"

// alert is what is wrong with a form as a whole.
func (n *slackNetwork) alert(v *slackfake.View) string {
	for _, b := range blocksOf(v.Blocks) {
		if b.BlockID == "balie_alert" {
			return n.reading(b.Text.Text, true)
		}
	}
	return ""
}

// split takes the cards of a private answer apart.
func (n *slackNetwork) split(as string, p slackPart) (all []message) {
	from := 0
	for i, b := range blocksOf(p.blocks()) {
		if i > 0 && isTitle(b) {
			all = append(all, n.message(as, slackPart{p.msg, p.view, from, i}))
			from = i
		}
	}
	return append(all, n.message(as, slackPart{p.msg, p.view, from, p.to}))
}

// list is messages without those that were deleted. Files of the bot's come right after the post that they belong to, in a
// message of their own, since nobody can upload in another one's name.
func (n *slackNetwork) list(as string, messages []slackfake.Message) (all []message) {
	for _, raw := range messages {
		if raw.Subtype == "tombstone" {
			continue
		}
		m := n.message(as, whole(raw))
		if last := len(all) - 1; m.Bot && len(m.Files) > 0 && raw.Text == "" && last >= 0 && all[last].Bot {
			all[last].Files = append(all[last].Files, m.Files...)
			all[last].Text += m.Text
			continue
		}
		all = append(all, m)
	}
	return all
}

var slackLead = regexp.MustCompile(`^((?:@\S+ )*)`)

// message is a message as somebody sees it.
func (n *slackNetwork) message(as string, p slackPart) message {
	m := message{ID: p.msg.TS, Thread: p.msg.ThreadTS, Bot: p.msg.BotID != "" && p.msg.AppID == n.fake.AppID, raw: p}
	if p.view != nil {
		m.ID, m.Bot = p.view.ID, true
	}
	if m.Thread == m.ID {
		m.Thread = ""
	}
	blocks := blocksOf(p.blocks())
	if m.Bot && len(blocks) > 0 {
		m.Text = n.text(blocks)
		m.Mentions = n.called(mrkdwnIn(blocks)...)
		m.Buttons = buttonsIn(blocks)
	} else {
		m.Text = n.reading(p.msg.Text, true)
		m.Mentions = n.called(p.msg.Text)
	}
	for _, b := range blocks {
		if m.Bot && m.Title == "" && isTitle(b) {
			m.Title = n.title(b)
		}
	}
	if p.msg.Username != "" {
		m.Text = slackLead.ReplaceAllString(m.Text, "${1}"+strings.ReplaceAll(p.msg.Username, "$", "$$")+": ")
	}
	for _, f := range p.msg.Files {
		m.Text += "\nfile " + f.Name
		m.Files = append(m.Files, file{f.ID, f.Name})
	}
	m.Channel = p.msg.Channel
	if p.msg.Channel == n.room(as, direct) {
		m.Channel = direct
	}
	for _, name := range slackChannels {
		if n.team.ChannelID(name) == p.msg.Channel {
			m.Channel = name
		}
	}
	return m
}

// slackChannels are the names of channels in all workspaces.
var slackChannels = []string{"general", "ict-triage", "help", "secrets", "lobby", "desk"}

// form is a modal, with people by their names. What can be looked up is looked up, as when somebody opens the list.
func (n *slackNetwork) form(v *slackfake.View) *form {
	f := &form{Title: v.Title, raw: v}
	for _, b := range blocksOf(v.Blocks) {
		if b.Type == "section" {
			f.Intro = strings.TrimPrefix(f.Intro+"\n"+n.reading(b.Text.Text, true), "\n")
		}
	}
	for _, field := range v.Fields() {
		kind := fieldKinds[field.Kind]
		if field.Kind == "plain_text_input" && multiline(v, field.BlockID) {
			kind = chat.LongTextField
		}
		value := slices.Clone(field.Value)
		for i := range value {
			if kind == chat.PersonField {
				value[i] = n.fake.Name(value[i])
			}
		}
		f.Fields = append(f.Fields, chat.Field{
			ID: field.ID, Kind: kind, Label: field.Label, Hint: field.Hint, Required: field.Required,
			Value: value, Max: field.Max, Refresh: field.Dispatch && kind != chat.TextField && kind != chat.LongTextField,
			Lookup: strings.Contains(field.Kind, "external"), Options: optionsOf(field.Options)})
	}
	return f
}

var fieldKinds = map[string]chat.FieldKind{
	"plain_text_input": chat.TextField, "static_select": chat.SelectField, "external_select": chat.SelectField,
	"multi_static_select": chat.MultiField, "multi_external_select": chat.MultiField, "users_select": chat.PersonField,
	"datepicker": chat.DateField, "checkboxes": chat.CheckboxField, "file_input": chat.FileField,
}

// multiline says whether a text may have several lines.
func multiline(v *slackfake.View, block string) bool {
	for _, raw := range v.Blocks {
		var b struct {
			ID      string `json:"block_id"`
			Element struct {
				Multiline bool `json:"multiline"`
			} `json:"element"`
		}
		if json.Unmarshal(raw, &b) == nil && b.ID == block {
			return b.Element.Multiline
		}
	}
	return false
}

func optionsOf(list []slackfake.Option) (out []chat.Option) {
	for _, o := range list {
		out = append(out, chat.Option{Value: o.Value, Label: o.Label, Hint: o.Hint})
	}
	return out
}

// accounts are a form's answers with people by their ids.
func (n *slackNetwork) accounts(f *form, values map[string][]string) map[string][]string {
	out := maps.Clone(values)
	for _, field := range f.Fields {
		if field.Kind != chat.PersonField || len(out[field.ID]) == 0 {
			continue
		}
		out[field.ID] = slices.Clone(out[field.ID])
		for i, name := range out[field.ID] {
			if id := n.team.UserID(name); id != "" {
				out[field.ID][i] = id
			}
		}
	}
	return out
}
