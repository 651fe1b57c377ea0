package slackfake

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// A person's client keeps what was entered into a view for as long as a block and its element have the same ids. What an
// update says an answer should start with is only looked at where they are new.

// spot is where something can be entered.
type spot struct{ block, action string }

// entry is what stands there.
type entry struct {
	values  []string          // of everything but options
	options []json.RawMessage // of menus and boxes
}

func (e entry) empty() bool { return strings.Join(e.values, "") == "" && len(e.options) == 0 }

// screen is a view as somebody's client shows it.
type screen struct {
	entries map[spot]entry
	offered map[spot][]Option // what came of looking something up
}

// textObject is a text object, of which the kind does not matter here.
type textObject struct {
	Text string `json:"text"`
}

// Option is a choice of a menu, as it was sent.
type Option struct {
	Label, Value, Hint string

	raw json.RawMessage
}

// UnmarshalJSON keeps an option as it was sent, too.
func (o *Option) UnmarshalJSON(raw []byte) error {
	var in struct {
		Text        textObject `json:"text"`
		Value       string     `json:"value"`
		Description textObject `json:"description"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*o = Option{Label: in.Text.Text, Value: in.Value, Hint: in.Description.Text, raw: slices.Clone(raw)}
	return nil
}

// widget is something to press or to enter something into.
type widget struct {
	Type        string          `json:"type"`
	ActionID    string          `json:"action_id"`
	Text        json.RawMessage `json:"text"`
	Value       string          `json:"value"`
	URL         string          `json:"url"`
	Style       string          `json:"style"`
	Placeholder textObject      `json:"placeholder"`
	Options     []Option        `json:"options"`
	Groups      []struct {
		Options []Option `json:"options"`
	} `json:"option_groups"`
	InitialValue   string   `json:"initial_value"`
	InitialOption  *Option  `json:"initial_option"`
	InitialOptions []Option `json:"initial_options"`
	InitialUser    string   `json:"initial_user"`
	InitialUsers   []string `json:"initial_users"`
	InitialDate    string   `json:"initial_date"`
	InitialTime    string   `json:"initial_time"`
	InitialAt      int64    `json:"initial_date_time"`
	MinLength      int      `json:"min_length"`
	MaxLength      int      `json:"max_length"`
	MaxSelected    int      `json:"max_selected_items"`
	MaxFiles       int      `json:"max_files"`
	FileTypes      []string `json:"filetypes"`
	MinQuery       *int     `json:"min_query_length"`
	Config         struct {
		On []string `json:"trigger_actions_on"`
	} `json:"dispatch_action_config"`

	spot            spot
	input           bool // it stands in an input block
	optional, tells bool // of the block
	label, hint     string
}

// anyBlock is any block, as far as people can read it or do something with it.
type anyBlock struct {
	Type      string            `json:"type"`
	ID        string            `json:"block_id"`
	Text      json.RawMessage   `json:"text"`
	Fields    []textObject      `json:"fields"`
	Label     textObject        `json:"label"`
	Hint      textObject        `json:"hint"`
	Title     textObject        `json:"title"`
	AltText   string            `json:"alt_text"`
	Optional  bool              `json:"optional"`
	Dispatch  bool              `json:"dispatch_action"`
	Element   json.RawMessage   `json:"element"`
	Accessory json.RawMessage   `json:"accessory"`
	Elements  []json.RawMessage `json:"elements"`
	Rows      json.RawMessage   `json:"rows"`
}

// widgets are all that can be pressed or filled in, from the top.
func widgets(blocks []json.RawMessage) []widget {
	var out []widget
	for _, raw := range blocks {
		var b anyBlock
		if json.Unmarshal(raw, &b) != nil {
			continue // it was checked when it came
		}
		var inside []json.RawMessage
		switch b.Type {
		case "input":
			inside = []json.RawMessage{b.Element}
		case "section":
			inside = []json.RawMessage{b.Accessory}
		case "actions":
			inside = b.Elements
		}
		for _, raw := range inside {
			var e widget
			if len(raw) == 0 || json.Unmarshal(raw, &e) != nil || e.ActionID == "" {
				continue
			}
			e.spot, e.input = spot{b.ID, e.ActionID}, b.Type == "input"
			e.optional, e.tells, e.label, e.hint = b.Optional, b.Dispatch || !e.input, b.Label.Text, b.Hint.Text
			out = append(out, e)
		}
	}
	return out
}

// holds says whether something can be entered into the element.
func (e widget) holds() bool {
	switch e.Type {
	case "button", "overflow", "image", "workflow_button":
		return false
	}
	return true
}

// external says whether what can be chosen has to be looked up.
func (e widget) external() bool { return strings.HasSuffix(e.Type, "external_select") }

// choices are the options that came with the element.
func (e widget) choices() []Option {
	all := slices.Clone(e.Options)
	for _, g := range e.Groups {
		all = append(all, g.Options...)
	}
	return all
}

// hasOptions says whether options are chosen here, rather than people, dates or words.
func (e widget) hasOptions() bool {
	switch e.Type {
	case "static_select", "external_select", "radio_buttons", "multi_static_select", "multi_external_select", "checkboxes", "overflow":
		return true
	}
	return false
}

// many says whether several can be chosen.
func (e widget) many() bool { return strings.HasPrefix(e.Type, "multi_") || e.Type == "checkboxes" }

// initial is what stands there before anybody did anything.
func (e widget) initial() entry {
	var out entry
	if e.InitialOption != nil {
		out.options = append(out.options, e.InitialOption.raw)
	}
	for _, o := range e.InitialOptions {
		out.options = append(out.options, o.raw)
	}
	for _, v := range append([]string{e.InitialValue, e.InitialUser, e.InitialDate, e.InitialTime}, e.InitialUsers...) {
		if v != "" {
			out.values = append(out.values, v)
		}
	}
	if e.InitialAt != 0 {
		out.values = append(out.values, strconv.FormatInt(e.InitialAt, 10))
	}
	return out
}

// rendered has the client show a view that was opened, updated or published. It is called with s.mu.
func (s *Server) rendered(v *View) {
	screens := &s.delivery.screens
	if *screens == nil {
		*screens = map[string]*screen{}
	}
	if len(*screens) > 1000 {
		for id := range *screens {
			if s.views[id] == nil {
				delete(*screens, id)
			}
		}
	}
	old := (*screens)[v.ID]
	if old == nil {
		old = &screen{}
	}
	next := &screen{entries: map[spot]entry{}, offered: map[spot][]Option{}}
	for _, e := range v.parts {
		if !e.holds() {
			continue
		}
		have, was := old.entries[e.spot]
		switch {
		case !was:
			have = e.initial()
		case e.hasOptions() && !e.external(): // what is no longer on offer is no longer chosen
			have.options = slices.DeleteFunc(slices.Clone(have.options), func(raw json.RawMessage) bool {
				return !slices.ContainsFunc(e.choices(), func(o Option) bool { return o.Value == optionOf(raw).Value })
			})
		}
		next.entries[e.spot] = have
		if offered := old.offered[e.spot]; offered != nil {
			next.offered[e.spot] = offered
		}
	}
	(*screens)[v.ID] = next
}

func optionOf(raw json.RawMessage) Option {
	var o Option
	if json.Unmarshal(raw, &o) != nil {
		return Option{}
	}
	return o
}

// screen is what somebody's client shows of a view. It is called with s.mu.
func (s *Server) screen(id string) *screen {
	if sc := s.delivery.screens[id]; sc != nil {
		return sc
	}
	return &screen{entries: map[spot]entry{}, offered: map[spot][]Option{}}
}

// state is what view.state and state hold.
func (s *Server) state(all []widget, sc *screen) map[string]any {
	values := map[string]map[string]any{}
	for _, e := range all {
		if !e.holds() {
			continue
		}
		if values[e.spot.block] == nil {
			values[e.spot.block] = map[string]any{}
		}
		values[e.spot.block][e.spot.action] = s.holding(e, sc.entries[e.spot])
	}
	return map[string]any{"values": values}
}

// holding is an element's part of the state, and of the action when it changes.
func (s *Server) holding(e widget, in entry) map[string]any {
	out := map[string]any{"type": e.Type}
	first := func(values []string) any {
		if len(values) == 0 || values[0] == "" {
			return nil
		}
		return values[0]
	}
	all := func(values []string) []string { return append([]string{}, values...) }
	switch {
	case e.hasOptions() && e.many():
		out["selected_options"] = append([]json.RawMessage{}, in.options...)
	case e.hasOptions():
		out["selected_option"] = nil
		if len(in.options) > 0 {
			out["selected_option"] = in.options[0]
		}
	default:
		switch e.Type {
		case "users_select":
			out["selected_user"] = first(in.values)
		case "conversations_select":
			out["selected_conversation"] = first(in.values)
		case "channels_select":
			out["selected_channel"] = first(in.values)
		case "multi_users_select":
			out["selected_users"] = all(in.values)
		case "multi_conversations_select":
			out["selected_conversations"] = all(in.values)
		case "multi_channels_select":
			out["selected_channels"] = all(in.values)
		case "datepicker":
			out["selected_date"] = first(in.values)
		case "timepicker":
			out["selected_time"] = first(in.values)
		case "datetimepicker":
			out["selected_date_time"] = nil
			if n, err := strconv.ParseInt(strings.Join(in.values, ""), 10, 64); err == nil {
				out["selected_date_time"] = n
			}
		case "file_input":
			files := []File{}
			for _, id := range in.values {
				if f := s.files[id]; f != nil {
					files = append(files, f.File)
				}
			}
			out["files"] = files
		default: // one of the texts
			out["value"] = first(in.values)
		}
	}
	return out
}

// read is what stands there as a person reads it: values of options, words, ids.
func (in entry) read() []string {
	var out []string
	for _, v := range in.values {
		if v != "" {
			out = append(out, v)
		}
	}
	for _, raw := range in.options {
		out = append(out, optionOf(raw).Value)
	}
	return out
}

// Field is one question of a view, as a person's client shows it now.
type Field struct {
	ID       string // the block's id, without a number behind a dot
	BlockID  string
	ActionID string
	Kind     string // of the widget, such as "plain_text_input"
	Label    string
	Hint     string
	Required bool
	Dispatch bool // a change is told at once
	Options  []Option
	Value    []string // texts, dates, ids, and the values of options
	Max      int      // characters
}

// Fields are the questions of a view, from the top.
func (v *View) Fields() []Field {
	s := v.w.s
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.screen(v.ID)
	var out []Field
	for _, e := range v.parts {
		if !e.input {
			continue
		}
		have, shown := sc.entries[e.spot]
		if !shown {
			have = e.initial()
		}
		out = append(out, Field{ID: fieldOf(e.spot.block), BlockID: e.spot.block, ActionID: e.spot.action, Kind: e.Type, Label: e.label, Hint: e.hint,
			Required: !e.optional, Dispatch: e.tells, Options: e.choices(), Value: have.read(), Max: e.MaxLength})
	}
	return out
}

// Field is one question of a view; nil if it has none with that id.
func (v *View) Field(id string) *Field {
	for _, f := range v.Fields() {
		if f.ID == id || f.BlockID == id {
			return &f
		}
	}
	return nil
}

// fieldOf is a block's id without the number that makes Slack take it for another one.
func fieldOf(block string) string {
	i := strings.LastIndexByte(block, '.')
	if i < 0 {
		return block
	}
	if n, err := strconv.Atoi(block[i+1:]); err != nil || n <= 0 {
		return block
	}
	return block[:i]
}
