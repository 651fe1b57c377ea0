package discordfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Form is a form that a person has open, which the API calls a modal.
type Form struct {
	// CustomID and Title are as the app said.
	CustomID, Title string
	// Fields are what can be filled in, Texts what only is to be read.
	Fields []Field
	Texts  []string

	id     string // unique
	from   *interaction
	layout []modalPart
}

// Field is one thing to fill in.
type Field struct {
	// ID is its custom id.
	ID   string
	Kind FieldKind
	// Label and Description are above it; Placeholder is in it while it is empty.
	Label, Description, Placeholder string
	Required                        bool
	Options                         []Option
	// Value is what it starts with: a text, the values of options or the ids of people, or "true".
	Value []string
	// Min and Max are how many characters, options or files go.
	Min, Max int
}

// FieldKind is a component's type.
type FieldKind int

// The kinds of fields. https://docs.discord.com/developers/components/reference#what-is-a-component
const (
	SelectField      FieldKind = 3
	TextField        FieldKind = 4
	UserField        FieldKind = 5
	RoleField        FieldKind = 6
	MentionableField FieldKind = 7
	ChannelField     FieldKind = 8
	FileField        FieldKind = 19
	RadioField       FieldKind = 21
	BoxesField       FieldKind = 22
	BoxField         FieldKind = 23
)

// Option is one choice.
type Option struct {
	Label       string `json:"label"`
	Value       string `json:"value"`
	Description string `json:"description"`
	Default     bool   `json:"default"`
}

// Field is the field with that custom id or label; nil if there is none.
func (f *Form) Field(id string) *Field {
	for _, by := range []func(Field) bool{func(x Field) bool { return x.ID == id }, func(x Field) bool { return x.Label == id }} {
		if i := slices.IndexFunc(f.Fields, by); i >= 0 {
			return &f.Fields[i]
		}
	}
	return nil
}

// modalPart is a top-level component of a form.
type modalPart struct {
	kind, id int
	field    int // its index in Fields; -1 of a text
	inner    int // the component's own numeric id
}

const (
	rowComponent   = 1
	textComponent  = 10
	labelComponent = 18
	formPartsMax   = 5
)

// modalComponent is any component of a form, as the app sends it.
type modalComponent struct {
	Type        int               `json:"type"`
	ID          int               `json:"id"`
	CustomID    *string           `json:"custom_id"`
	Label       *string           `json:"label"`
	Description *string           `json:"description"`
	Content     *string           `json:"content"`
	Component   *modalComponent   `json:"component"`
	Components  []modalComponent  `json:"components"`
	Style       int               `json:"style"`
	Value       *string           `json:"value"`
	Placeholder *string           `json:"placeholder"`
	Required    *bool             `json:"required"`
	Disabled    bool              `json:"disabled"`
	Default     bool              `json:"default"`
	MinLength   *int              `json:"min_length"`
	MaxLength   *int              `json:"max_length"`
	MinValues   *int              `json:"min_values"`
	MaxValues   *int              `json:"max_values"`
	Options     []modalOption     `json:"options"`
	Defaults    []json.RawMessage `json:"default_values"`
}

type modalOption struct {
	Label       *string `json:"label"`
	Value       *string `json:"value"`
	Description *string `json:"description"`
	Default     bool    `json:"default"`
}

// modalReader reads a form and collects what is wrong with it.
type modalReader struct {
	form    *Form
	wrong   issues
	customs map[string]bool
	ids     map[int]bool
	lastID  int
}

// readForm reads what an app opens; the list says what is wrong with it.
// https://docs.discord.com/developers/components/reference
func readForm(raw json.RawMessage) (*Form, *issues) {
	var in struct {
		CustomID   *string          `json:"custom_id"`
		Title      *string          `json:"title"`
		Components []modalComponent `json:"components"`
	}
	r := modalReader{form: &Form{}, customs: map[string]bool{}, ids: map[int]bool{}}
	if err := json.Unmarshal(raw, &in); err != nil {
		r.bad("data", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType: "+err.Error())
		return nil, &r.wrong
	}
	r.form.CustomID = r.text("data.custom_id", in.CustomID, true, 1, customMax)
	r.form.Title = r.text("data.title", in.Title, true, 1, 45)
	if n := len(in.Components); n < 1 || n > formPartsMax {
		r.bad("data.components", "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between 1 and %d in length.", formPartsMax))
	}
	for i, c := range in.Components {
		r.top("data.components."+strconv.Itoa(i), c)
	}
	return r.form, &r.wrong
}

// bad notes what is wrong at a place.
func (r *modalReader) bad(path, code, message string) {
	r.wrong.add(strings.Split(path, "."), code, "%s", message)
}

// customMax is how long a custom id may be.
const customMax = 100

// text checks a text's length, in characters.
func (r *modalReader) text(path string, s *string, required bool, least, most int) string {
	if s == nil {
		if required {
			r.bad(path, "BASE_TYPE_REQUIRED", "This field is required")
		}
		return ""
	}
	if n := utf8.RuneCountInString(*s); n < least || n > most {
		r.bad(path, "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between %d and %d in length.", least, most))
	}
	return *s
}

// number gives a component its numeric id.
func (r *modalReader) number(path string, id int) int {
	if id == 0 {
		for r.lastID++; r.ids[r.lastID]; r.lastID++ {
		}
		id = r.lastID
	} else if r.ids[id] {
		r.bad(path+".id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
	}
	r.ids[id] = true
	return id
}

func (r *modalReader) top(path string, c modalComponent) {
	part := modalPart{kind: c.Type, id: r.number(path, c.ID), field: -1}
	switch c.Type {
	case textComponent:
		r.form.Texts = append(r.form.Texts, r.text(path+".content", c.Content, true, 1, 4000))
	case labelComponent:
		f := Field{Label: r.text(path+".label", c.Label, true, 1, 45), Description: r.text(path+".description", c.Description, false, 1, 100)}
		if c.Component == nil {
			r.bad(path+".component", "BASE_TYPE_REQUIRED", "This field is required")
			return
		}
		part.inner = r.number(path+".component", c.Component.ID)
		part.field = len(r.form.Fields)
		r.form.Fields = append(r.form.Fields, r.field(path+".component", *c.Component, f, true))
	case rowComponent:
		if len(c.Components) != 1 || c.Components[0].Type != int(TextField) {
			r.bad(path+".components", "COMPONENT_TYPE_INVALID", "A row of a modal has one text input")
			return
		}
		inner := c.Components[0]
		part.inner = r.number(path+".components.0", inner.ID)
		part.field = len(r.form.Fields)
		f := Field{Label: r.text(path+".components.0.label", inner.Label, true, 1, 45)}
		r.form.Fields = append(r.form.Fields, r.field(path+".components.0", inner, f, false))
	default:
		r.bad(path+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1, 10, 18).")
	}
	r.form.layout = append(r.form.layout, part)
}

// field reads what can be filled in.
func (r *modalReader) field(path string, c modalComponent, f Field, labelled bool) Field {
	f.ID = r.text(path+".custom_id", c.CustomID, true, 1, customMax)
	if r.customs[f.ID] {
		r.bad(path+".custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	r.customs[f.ID] = true
	if c.Disabled {
		r.bad(path+".disabled", "COMPONENT_DISABLED_IN_MODAL", "Components in a modal cannot be disabled")
	}
	f.Kind, f.Required = FieldKind(c.Type), c.Required == nil || *c.Required
	if labelled && c.Label != nil {
		r.bad(path+".label", "COMPONENT_LABEL_TWICE", "A component in a label has no label of its own")
	}
	switch f.Kind {
	case TextField:
		return r.textField(path, c, f)
	case SelectField:
		f.Placeholder = r.text(path+".placeholder", c.Placeholder, false, 0, 150)
		f.Options = r.options(path, c.Options, 1, 25)
		f.Min, f.Max = r.counts(path, c, f.Required, 25, len(f.Options))
		f.Value = defaults(f.Options)
		if len(f.Value) > f.Max {
			r.bad(path+".options", "COMPONENT_MAX_DEFAULTS", "More options are chosen than may be")
		}
	case UserField, RoleField, MentionableField, ChannelField:
		f.Placeholder = r.text(path+".placeholder", c.Placeholder, false, 0, 150)
		f.Min, f.Max = r.counts(path, c, f.Required, 25, 25)
		for _, raw := range c.Defaults {
			var d struct{ ID, Type string }
			if json.Unmarshal(raw, &d) != nil || d.ID == "" || d.Type == "" {
				r.bad(path+".default_values", "BASE_TYPE_REQUIRED", "This field is required")
			}
			f.Value = append(f.Value, d.ID)
		}
		if len(f.Value) > f.Max || len(f.Value) > 0 && len(f.Value) < f.Min {
			r.bad(path+".default_values", "BASE_TYPE_BAD_LENGTH", "There are too many or too few default values")
		}
	case FileField:
		f.Min, f.Max = r.counts(path, c, f.Required, 10, 10)
	case RadioField:
		f.Options, f.Max = r.options(path, c.Options, 2, 10), 1
		if f.Value = defaults(f.Options); len(f.Value) > 1 {
			r.bad(path+".options", "COMPONENT_MAX_DEFAULTS", "Only one option can be chosen")
		}
	case BoxesField:
		f.Options = r.options(path, c.Options, 1, 10)
		f.Min, f.Max = r.counts(path, c, f.Required, 10, len(f.Options))
		if c.MaxValues == nil {
			f.Max = len(f.Options)
		}
		f.Value = defaults(f.Options)
	case BoxField:
		if f.Required = false; c.Default {
			f.Value = []string{"true"}
		}
		if c.Required != nil {
			r.bad(path+".required", "UNKNOWN_FIELD", "A checkbox is never required")
		}
	default:
		r.bad(path+".type", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (3, 4, 5, 6, 7, 8, 19, 21, 22, 23).")
	}
	return f
}

func (r *modalReader) textField(path string, c modalComponent, f Field) Field {
	if c.Style != 1 && c.Style != 2 {
		r.bad(path+".style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
	}
	f.Placeholder = r.text(path+".placeholder", c.Placeholder, false, 0, 100)
	f.Max = 4000
	if c.MinLength != nil {
		if f.Min = *c.MinLength; f.Min < 0 || f.Min > 4000 {
			r.bad(path+".min_length", "NUMBER_TYPE_MAX", "int value should be between 0 and 4000.")
		}
	}
	if c.MaxLength != nil {
		if f.Max = *c.MaxLength; f.Max < 1 || f.Max > 4000 || f.Max < f.Min {
			r.bad(path+".max_length", "NUMBER_TYPE_MAX", "int value should be between 1 and 4000, and not below min_length.")
		}
	}
	if c.Value != nil {
		if r.text(path+".value", c.Value, false, 0, f.Max); *c.Value != "" {
			f.Value = []string{*c.Value}
		}
	}
	return f
}

// counts are how many may be chosen.
func (r *modalReader) counts(path string, c modalComponent, required bool, most, there int) (least, upTo int) {
	least, upTo = 1, 1
	if c.MinValues != nil {
		if least = *c.MinValues; least < 0 || least > most {
			r.bad(path+".min_values", "NUMBER_TYPE_MAX", fmt.Sprintf("int value should be between 0 and %d.", most))
		}
		if least == 0 && required {
			r.bad(path+".min_values", "COMPONENT_REQUIRED_MIN_VALUES", "What is required has a min_values of at least 1")
		}
	}
	if c.MaxValues != nil {
		if upTo = *c.MaxValues; upTo < 1 || upTo > most {
			r.bad(path+".max_values", "NUMBER_TYPE_MAX", fmt.Sprintf("int value should be between 1 and %d.", most))
		}
	}
	if least > upTo || upTo > there {
		r.bad(path+".max_values", "COMPONENT_MAX_VALUES", "max_values is below min_values, or above the number of options")
	}
	return least, upTo
}

func (r *modalReader) options(path string, all []modalOption, least, most int) []Option {
	if len(all) < least || len(all) > most {
		r.bad(path+".options", "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between %d and %d in length.", least, most))
	}
	seen := map[string]bool{}
	var out []Option
	for i, o := range all {
		at := path + ".options." + strconv.Itoa(i)
		made := Option{Label: r.text(at+".label", o.Label, true, 1, 100), Value: r.text(at+".value", o.Value, true, 1, 100),
			Description: r.text(at+".description", o.Description, false, 0, 100), Default: o.Default}
		if seen[made.Value] {
			r.bad(at+".value", "COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
		}
		seen[made.Value] = true
		out = append(out, made)
	}
	return out
}

func defaults(all []Option) []string {
	var out []string
	for _, o := range all {
		if o.Default {
			out = append(out, o.Value)
		}
	}
	return out
}
