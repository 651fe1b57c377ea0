package chat

// FieldKind is the kind of a form's field. The set is closed.
type FieldKind string

// The kinds of fields.
const (
	TextField     FieldKind = "text"
	LongTextField FieldKind = "long_text"
	SelectField   FieldKind = "select"
	MultiField    FieldKind = "multi_select"
	PersonField   FieldKind = "person"
	DateField     FieldKind = "date"
	CheckboxField FieldKind = "checkbox"
	FileField     FieldKind = "file"
)

// Form is a dialog to fill in. Labels and hints are plain text.
type Form struct {
	Value  Value // what it is for; comes back with the submission
	Title  string
	Intro  string // Markdown, above the fields
	Submit string // the button's label
	Fields []Field
	Fixed  Values // answers that were given before and are not asked again; they come back among the values
}

// Field is one question of a form.
type Field struct {
	ID          string    `json:"id"`
	Kind        FieldKind `json:"kind"`
	Label       string    `json:"label"`
	Hint        string    `json:"hint,omitempty"`
	Placeholder string    `json:"placeholder,omitempty"`
	Required    bool      `json:"required,omitempty"`
	Options     []Option  `json:"options,omitempty"`
	Value       []string  `json:"value,omitempty"`     // what it starts with
	Max         int       `json:"max,omitempty"`       // characters of a text, or number of files; 0 without limit
	Refresh     bool      `json:"refresh,omitempty"`   // a change of it changes the form: tell the handler
	Lookup      bool      `json:"lookup,omitempty"`    // it has so many options that they are asked for while somebody types: see Query
	Dependent   bool      `json:"dependent,omitempty"` // its options follow from another answer
	Instead     string    `json:"-"`                   // Markdown to read where a form can't have such a field
}

// Option is one choice.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint,omitempty"`
}
