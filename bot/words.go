package bot

import (
	"balie/internal/chat"
	"balie/internal/i18n"
	"balie/internal/ticket"
)

// The subcommands.
const (
	wordNew    = "new"
	wordMine   = "mine"
	wordShow   = "show"
	wordSearch = "search"
	wordQueue  = "queue"
	wordPanel  = "panel"
	wordHelp   = "help"
)

// optionKey is the option that names a ticket.
const optionKey = "key"

// CommandName is the command's name.
const CommandName = "ticket"

// Commands are the command and the shortcuts, for platforms that want to know them beforehand.
func Commands() chat.CommandSpec {
	named := func(name string, options ...chat.OptionSpec) chat.WordSpec {
		return chat.WordSpec{Name: name, Labels: inEach("word_" + name), About: inEach("word_" + name + "_about"), Options: options}
	}
	option := func(field, name string) chat.OptionSpec {
		return chat.OptionSpec{Field: field, Labels: inEach("option_" + name), About: inEach("option_" + name + "_about")}
	}
	summary, category, state := option("", "summary"), option(ticket.FieldCategory, "category"), option("", "state")
	category.Lookup = true
	state.Choices = []chat.ChoiceSpec{{Value: listClosed, Labels: inEach("option_state_closed")}}
	key, words := option(optionKey, "key"), option("", "words")
	key.Required, key.Lookup, words.Required = true, true, true
	return chat.CommandSpec{
		Name: CommandName, About: inEach("command_about"),
		Words: []chat.WordSpec{
			named(wordNew, summary, category), named(wordMine, state), named(wordShow, key), named(wordSearch, words), named(wordQueue),
			named(wordPanel), named(wordHelp),
		},
		Shortcuts: []chat.ShortcutSpec{{Name: ShortcutCreate, Labels: inEach("shortcut_create")}},
	}
}

// inEach is a text in every language.
func inEach(id string) chat.Words {
	out := chat.Words{}
	for _, lang := range i18n.Languages {
		out[lang] = i18n.In(lang).Say(id)
	}
	return out
}
