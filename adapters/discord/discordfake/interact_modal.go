package discordfake

import (
	"encoding/json"
	"slices"
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
	SelectField      FieldKind = typeSelect
	TextField        FieldKind = typeInput
	UserField        FieldKind = typeUserSelect
	RoleField        FieldKind = typeRoleSelect
	MentionableField FieldKind = typeMentionable
	ChannelField     FieldKind = typeChannelSelect
	FileField        FieldKind = typeUpload
	RadioField       FieldKind = typeRadio
	BoxesField       FieldKind = typeBoxes
	BoxField         FieldKind = typeBox
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

const formPartsMax = 5

// fieldTypes are the components of forms that can be filled in.
var fieldTypes = []int{
	typeSelect, typeInput, typeUserSelect, typeRoleSelect, typeMentionable, typeChannelSelect,
	typeUpload, typeRadio, typeBoxes, typeBox,
}

// modalReader reads a form and collects what is wrong with it.
type modalReader struct {
	checks
	form *Form
}

// readForm reads what an app opens; the list says what is wrong with it.
// https://docs.discord.com/developers/components/reference
func readForm(raw json.RawMessage) (*Form, *issues) {
	k := &issues{}
	where := at{"data"}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		k.add(where, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType: %v", err)
		return nil, k
	}
	m, is := k.object(where, v)
	if !is {
		return nil, k
	}
	r := modalReader{checks: newChecks(k), form: &Form{
		CustomID: k.sized(where, m, "custom_id", 1, customMax), Title: k.sized(where, m, "title", 1, 45),
	}}
	list := k.listOf(where.to("components"), m["components"])
	k.amount(where.to("components"), len(list), 1, formPartsMax)
	for i, v := range list {
		at := where.to("components", i)
		if part, is := k.object(at, v); is {
			r.top(at, part)
		}
	}
	return r.form, k
}

// top reads a component at the top.
func (r *modalReader) top(where at, m map[string]any) {
	kind, is := r.kind(where, m, typeRow, typeText, typeLabel)
	if !is {
		return
	}
	part := modalPart{kind: kind, id: r.begin(where, m, kind), field: -1}
	switch kind {
	case typeText:
		r.form.Texts = append(r.form.Texts, r.k.sized(where, m, "content", 1, textMax))
	case typeLabel:
		f := Field{Label: r.k.sized(where, m, "label", 1, 45)}
		if m["description"] != nil {
			f.Description = r.k.sized(where, m, "description", 1, 100)
		}
		r.field(where.to("component"), m["component"], f, &part, fieldTypes...)
	case typeRow:
		list := r.k.listOf(where.to("components"), m["components"])
		if len(list) != 1 {
			r.k.add(where.to("components"), "COMPONENT_TYPE_INVALID", "A row of a modal has one text input")
			return
		}
		r.field(where.to("components", 0), list[0], Field{}, &part, typeInput)
	}
	r.form.layout = append(r.form.layout, part)
}

// field reads what can be filled in: one of these types, of which the label is known unless it is in a row.
func (r *modalReader) field(where at, v any, f Field, part *modalPart, kinds ...int) {
	if v == nil {
		r.k.required(where)
		return
	}
	m, is := r.k.object(where, v)
	if !is {
		return
	}
	kind, is := r.kind(where, m, kinds...)
	if !is {
		return
	}
	part.inner, part.field = r.begin(where, m, kind), len(r.form.Fields)
	f.ID, f.Kind = r.custom(where, m), FieldKind(kind)
	switch {
	case part.kind == typeRow:
		f.Label = r.k.sized(where, m, "label", 1, 45)
	case m["label"] != nil:
		r.k.add(where.to("label"), "COMPONENT_LABEL_TWICE", "A component in a label has no label of its own")
	}
	if r.k.boolean(where, m, "disabled") {
		r.k.add(where.to("disabled"), "COMPONENT_DISABLED_IN_MODAL", "Components in a modal cannot be disabled")
	}
	f.Required = kind != typeBox && (m["required"] == nil || r.k.boolean(where, m, "required"))
	r.fill(where, m, &f)
	r.form.Fields = append(r.form.Fields, f)
}

// fill reads what goes into a field, and what it starts with.
func (r *modalReader) fill(where at, m map[string]any, f *Field) {
	k := r.k
	var c choice
	switch kind := int(f.Kind); kind {
	case typeInput:
		r.input(where, m, f)
		return
	case typeSelect, typeUserSelect, typeRoleSelect, typeMentionable, typeChannelSelect:
		c = r.menu(where, m, kind)
	case typeUpload:
		c.least, c.most = r.amounts(where, m, 1, 10)
	case typeRadio:
		c.options, c.most = r.options(where, m, 2, 10), 1
		r.offered(where, m, &c)
	case typeBoxes:
		c.options = r.options(where, m, 1, 10)
		c.least, c.most = r.amounts(where, m, len(c.options), 10)
		r.offered(where, m, &c)
	case typeBox:
		if k.boolean(where, m, "default") {
			c.chosen = []string{"true"}
		}
	}
	if f.Required && c.least == 0 && m["min_values"] != nil {
		k.add(where.to("min_values"), "COMPONENT_REQUIRED_MIN_VALUES", "What is required has a min_values of at least 1")
	}
	f.Placeholder, f.Options, f.Min, f.Max, f.Value = c.placeholder, c.options, c.least, c.most, c.chosen
}

// input reads a text field.
func (r *modalReader) input(where at, m map[string]any, f *Field) {
	k := r.k
	if style, _ := k.whole(where, m, "style"); style != 1 && style != 2 {
		k.add(where.to("style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
	}
	f.Placeholder = k.sized(where, m, "placeholder", 0, 100)
	f.Min, f.Max = k.between(where, m, "min_length", 0, 0, textMax), k.between(where, m, "max_length", textMax, 1, textMax)
	if f.Max < f.Min {
		k.add(where.to("max_length"), "NUMBER_TYPE_MAX", "max_length %d is below min_length %d.", f.Max, f.Min)
	}
	if value := k.sized(where, m, "value", 0, f.Max); value != "" {
		f.Value = []string{value}
	}
}
