package slack

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// What our modals are called: a form, and a private answer that is shown as one.
const (
	formCallback  = "balie"
	replyCallback = "balie_reply"
)

// answerID is the id of every element in a form.
const answerID = "answer"

// When Slack tells what is typed into a text: at each character, or when it is done.
const (
	typedTrigger = "on_character_entered"
	enterTrigger = "on_enter_pressed"
)

// alertBlock is the block of what is wrong with a form as a whole.
const alertBlock = "balie_alert"

// Slack's limits of forms. https://docs.slack.dev/reference/views/modal-views
const (
	titleMax       = 24
	metadataMax    = 3000
	placeholderMax = 150
	labelTextMax   = 2000
	fieldsMax      = 95 // of 100 blocks
)

// state is what an open modal carries along.
type state struct {
	Form    chat.Value  `json:"v"`
	Channel string      `json:"c,omitempty"`
	Thread  string      `json:"r,omitempty"`
	Home    bool        `json:"h,omitempty"` // it was opened from the home
	Nonce   string      `json:"n,omitempty"` // the same for as long as it is open: sending it twice is one event
	Fixed   chat.Values `json:"x,omitempty"`
	Known   chat.Values `json:"k,omitempty"` // answers that options follow from: a question for options does not tell them
	Later   string      `json:"u,omitempty"` // where a private answer can be sent for half an hour
}

// encoded is the state as a modal takes it. What is least needed goes first.
func (st state) encoded() string {
	out := encode(st)
	if len(out) > metadataMax {
		st.Later = ""
		out = encode(st)
	}
	return out
}

// standing is what stands in an open form: the blocks of its fields, and what they were filled with.
type standing struct {
	blocks map[string]string
	values chat.Values
}

// modal is a form as Slack shows it. An answer that the person gave stays where it is, and one that the form gives gets a new
// place, or Slack would keep what was there.
func modal(f *chat.Form, st state, before *standing) (slackapi.ModalViewRequest, *standing) {
	st.Form, st.Fixed, st.Known = f.Value, f.Fixed, chat.Values{}
	for _, field := range f.Fields {
		if field.Refresh && len(field.Value) > 0 && field.Kind != chat.TextField && field.Kind != chat.LongTextField {
			st.Known[field.ID] = field.Value
		}
	}
	v := slackapi.ModalViewRequest{
		Type: slackapi.VTModal, CallbackID: formCallback, NotifyOnClose: true, PrivateMetadata: st.encoded(),
		Title: text(oneLine(f.Title, titleMax)), Submit: text(oneLine(f.Submit, titleMax)),
	}
	var intro []string
	if v.Title.Text != oneLine(f.Title, labelTextMax) {
		intro = append(intro, "*"+plain(f.Title, 300)+"*")
	}
	if f.Intro != "" {
		intro = append(intro, outbound(f.Intro, 2600))
	}
	if len(intro) > 0 {
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, slackapi.NewSectionBlock(
			slackapi.NewTextBlockObject(slackapi.MarkdownType, strings.Join(intro, "\n\n"), false, true), nil, nil))
	}
	now := &standing{blocks: map[string]string{}, values: chat.Values{}}
	for _, field := range f.Fields[:min(len(f.Fields), fieldsMax)] {
		salt := 0
		if before != nil {
			if block, ok := before.blocks[field.ID]; ok {
				_, salt = fieldOf(block)
				if !slices.Equal(before.values[field.ID], field.Value) && field.Kind != chat.FileField {
					salt++
				}
			}
		}
		id := blockID(field.ID, salt)
		now.blocks[field.ID] = id
		if len(field.Value) > 0 {
			now.values[field.ID] = field.Value
		}
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, input(field, id))
	}
	return v, now
}

// input is a question.
func input(f chat.Field, id string) *slackapi.InputBlock {
	label := oneLine(f.Label, labelTextMax)
	if label == "" {
		label = f.ID
	}
	var hint *slackapi.TextBlockObject
	if h := oneLine(f.Hint, labelTextMax); h != "" {
		hint = text(h)
	}
	var placeholder *slackapi.TextBlockObject
	if p := oneLine(f.Placeholder, placeholderMax); p != "" {
		placeholder = text(p)
	}
	first := chat.Values{"": f.Value}.Get("")
	dispatch := f.Refresh
	var e slackapi.BlockElement
	switch f.Kind {
	case chat.TextField, chat.LongTextField:
		most := fieldMax
		if f.Max > 0 {
			most = min(f.Max, fieldMax)
		}
		told := typedTrigger
		if f.Refresh {
			told = enterTrigger
		}
		e = &slackapi.PlainTextInputBlockElement{Type: slackapi.METPlainTextInput, ActionID: answerID, Placeholder: placeholder,
			Multiline: f.Kind == chat.LongTextField, MaxLength: most, InitialValue: chat.Cut(first, most),
			DispatchActionConfig: &slackapi.DispatchActionConfig{TriggerActionsOn: []string{told}}}
		dispatch = true // what is typed is kept as a draft: a form that is closed does not tell it
	case chat.SelectField:
		e = selection(f, placeholder)
	case chat.MultiField:
		e = selections(f, placeholder)
	case chat.PersonField:
		e = &slackapi.SelectBlockElement{Type: slackapi.OptTypeUser, ActionID: answerID, Placeholder: placeholder, InitialUser: first}
	case chat.DateField:
		d := slackapi.NewDatePickerBlockElement(answerID)
		d.Placeholder, d.InitialDate = placeholder, first
		e = d
	case chat.CheckboxField:
		box := slackapi.NewOptionBlockObject("true", text(oneLine(f.Label, labelMax)), nil)
		c := slackapi.NewCheckboxGroupsBlockElement(answerID, box)
		if first == "true" {
			c.InitialOptions = []*slackapi.OptionBlockObject{box}
		}
		e = c
	case chat.FileField:
		most := filesMax
		if f.Max > 0 {
			most = min(f.Max, filesMax)
		}
		files := slackapi.NewFileInputBlockElement(answerID)
		files.MaxFiles = most
		e = files
	}
	return slackapi.NewInputBlock(id, text(label), hint, e).WithOptional(!f.Required).WithDispatchAction(dispatch)
}

// searched says whether the options are asked for while somebody types.
func searched(f chat.Field) bool { return f.Lookup || f.Dependent || len(f.Options) > optionsMax }

func selection(f chat.Field, placeholder *slackapi.TextBlockObject) *slackapi.SelectBlockElement {
	e := &slackapi.SelectBlockElement{Type: slackapi.OptTypeStatic, ActionID: answerID, Placeholder: placeholder}
	if chosen := chosenOf(f); len(chosen) > 0 {
		e.InitialOption = chosen[0]
	}
	if searched(f) {
		e.Type, e.MinQueryLength = slackapi.OptTypeExternal, new(int)
		return e
	}
	e.Options = options(f.Options)
	return e
}

func selections(f chat.Field, placeholder *slackapi.TextBlockObject) *slackapi.MultiSelectBlockElement {
	e := &slackapi.MultiSelectBlockElement{Type: slackapi.MultiOptTypeStatic, ActionID: answerID, Placeholder: placeholder,
		InitialOptions: chosenOf(f)}
	if searched(f) {
		e.Type, e.MinQueryLength = slackapi.MultiOptTypeExternal, new(int)
		return e
	}
	e.Options = options(f.Options)
	return e
}

func options(list []chat.Option) []*slackapi.OptionBlockObject {
	out := make([]*slackapi.OptionBlockObject, 0, min(len(list), optionsMax))
	for _, o := range list[:min(len(list), optionsMax)] {
		out = append(out, option(o))
	}
	return out
}

// chosenOf are the choices of a field that it still has: Slack takes no other ones.
func chosenOf(f chat.Field) []*slackapi.OptionBlockObject {
	var out []*slackapi.OptionBlockObject
	for _, o := range f.Options {
		if slices.Contains(f.Value, o.Value) {
			out = append(out, option(o))
		}
	}
	return out
}

// view is a modal or home that comes back.
type view struct {
	ID         string            `json:"id"`
	Type       string            `json:"type"`
	Hash       string            `json:"hash"`
	CallbackID string            `json:"callback_id"`
	Metadata   string            `json:"private_metadata"`
	AppTeam    string            `json:"app_installed_team_id"`
	Title      json.RawMessage   `json:"title"`
	Submit     json.RawMessage   `json:"submit"`
	Blocks     []json.RawMessage `json:"blocks"`
	State      struct {
		// By block and element. An empty one may be a list.
		Values json.RawMessage `json:"values"`
	} `json:"state"`
}

func (v *view) hash() string {
	if v == nil {
		return ""
	}
	return v.Hash
}

// state is what the modal carries along; empty for a home.
func (v *view) state() (st state) {
	if json.Unmarshal([]byte(v.Metadata), &st) != nil {
		return state{}
	}
	return st
}

// given is an answer in a form.
type given struct {
	Type     string   `json:"type"`
	Value    string   `json:"value"`
	Selected *choice  `json:"selected_option"`
	Several  []choice `json:"selected_options"`
	Date     string   `json:"selected_date"`
	User     string   `json:"selected_user"`
	Files    []file   `json:"files"`
}

// values are the answer's.
func (g given) values() (out []string) {
	add := func(v string) {
		if strings.TrimSpace(v) != "" {
			out = append(out, v)
		}
	}
	add(g.Value)
	add(g.Date)
	add(g.User)
	if g.Selected != nil {
		add(g.Selected.Value)
	}
	for _, c := range g.Several {
		add(c.Value)
	}
	return out
}

// block is what is known of a block that comes back.
type block struct {
	Type     string `json:"type"`
	BlockID  string `json:"block_id"`
	Dispatch bool   `json:"dispatch_action"`
	Element  struct {
		Type    string   `json:"type"`
		Value   string   `json:"initial_value"`
		Option  *choice  `json:"initial_option"`
		Options []choice `json:"initial_options"`
		Date    string   `json:"initial_date"`
		User    string   `json:"initial_user"`
		Config  struct {
			On []string `json:"trigger_actions_on"`
		} `json:"dispatch_action_config"`
	} `json:"element"`
}

// typed says whether a change of it is only something that somebody types, and leaves the form as it is.
func (b block) typed() bool { return slices.Contains(b.Element.Config.On, typedTrigger) }

// inputs are the questions of a form that comes back, by block.
func (v *view) inputs() map[string]block {
	out := map[string]block{}
	for _, raw := range v.Blocks {
		var b block
		if json.Unmarshal(raw, &b) == nil && b.Type == "input" {
			out[b.BlockID] = b
		}
	}
	return out
}

// answers are what a form that comes back was filled with.
func (v *view) answers() (now *standing, files map[string][]file) {
	now = &standing{blocks: map[string]string{}, values: chat.Values{}}
	files = map[string][]file{}
	inputs := v.inputs()
	for id := range inputs {
		field, _ := fieldOf(id)
		now.blocks[field] = id
	}
	var all map[string]map[string]given
	if json.Unmarshal(v.State.Values, &all) != nil {
		return now, files
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		field, _ := fieldOf(id)
		if now.blocks[field] != id { // it was asked at another place before
			continue
		}
		g := all[id][answerID]
		if inputs[id].Element.Type == "file_input" {
			files[field] = g.Files
			continue
		}
		if values := g.values(); len(values) > 0 {
			now.values[field] = values
		}
	}
	return now, files
}

// begun is what a form began with.
func (v *view) begun() chat.Values {
	out := chat.Values{}
	for id, b := range v.inputs() {
		field, _ := fieldOf(id)
		e := b.Element
		if values := (given{Value: e.Value, Selected: e.Option, Several: e.Options, Date: e.Date, User: e.User}).values(); len(values) > 0 {
			out[field] = values
		}
	}
	return out
}

// submitted is the event of a form that was sent, changed or closed.
func (a *asked) submitted(ctx context.Context) (chat.Event, state, *standing) {
	st := a.in.View.state()
	now, files := a.in.View.answers()
	values := st.Fixed.Clone()
	maps.Copy(values, now.values)
	e := a.event("form|" + st.Nonce)
	e.Channel, e.Thread, e.Home = st.Channel, st.Thread, st.Home
	e.Direct = a.isDirect(a.w, e.Channel, e.Person.ID)
	if e.Describe != nil {
		e.Person, e.Describe = e.Describe(ctx), nil
	}
	e.Submit = &chat.Submit{Form: st.Form, Values: values, Files: map[string][]chat.File{}}
	for field, list := range files {
		for _, f := range list {
			e.Submit.Files[field] = append(e.Submit.Files[field], f.of(a.w))
		}
	}
	return e, st, now
}
