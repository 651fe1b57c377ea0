package chat

// Words are a phrase by language, such as "en".
type Words map[string]string

// CommandSpec is the bot's slash command and its shortcuts, for platforms that want to know them beforehand.
type CommandSpec struct {
	Name      string
	About     Words
	Words     []WordSpec
	Shortcuts []ShortcutSpec // in the menu of a message
}

// WordSpec is a subcommand.
type WordSpec struct {
	Name    string // as in Command.Word: lower-case letters
	Labels  Words  // its name for people: lower-case letters
	About   Words
	Options []OptionSpec
}

// OptionSpec is what can be given with a subcommand.
type OptionSpec struct {
	Field    string // as in Command.Values; "" is Command.Text. Lower-case letters
	Labels   Words  // its name for people: lower-case letters
	About    Words
	Required bool
	Lookup   bool // its values are asked for while somebody types: see Query
	Choices  []ChoiceSpec
}

// ChoiceSpec is one of the values that an option can have.
type ChoiceSpec struct {
	Value  string
	Labels Words
}

// ShortcutSpec is a shortcut.
type ShortcutSpec struct {
	Name   string // as in Shortcut.Name
	Labels Words
}
