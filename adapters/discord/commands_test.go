package discord

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/adaptertest/golden"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

func TestGoldenCommands(t *testing.T) {
	golden.Check(t, "commands", "discord-commands", Commands(someCommands()))
}

// Whatever a policy calls things, Discord takes the definition, and what comes back is known again.
func TestCommandsOfOddNames(t *testing.T) {
	long := strings.Repeat("Één ", 40)
	spec := chat.CommandSpec{Name: "ticket", Words: []chat.WordSpec{{Name: "new"}}, Shortcuts: []chat.ShortcutSpec{{Name: "create", Labels: chat.Words{"nl": long}}}}
	for i := range 30 {
		w := chat.WordSpec{Name: "word" + strings.Repeat("x", i), Labels: chat.Words{"en": fmt.Sprint("word ", i, " {|} ", long)}, About: chat.Words{"nl": long}}
		for n := range 30 {
			o := chat.OptionSpec{Field: "field" + strings.Repeat("x", n), Labels: chat.Words{"en": fmt.Sprint("Option ", n, " {|} ", long)}, Required: n%2 == 1}
			for range 30 {
				o.Choices = append(o.Choices, chat.ChoiceSpec{Value: "v", Labels: chat.Words{"en": long}})
			}
			w.Options = append(w.Options, o)
		}
		spec.Words = append(spec.Words, w)
	}
	commands := Commands(spec)
	all := Commands(chat.CommandSpec{Name: "ticket", Words: spec.Words[1:2]})[0].Options
	if len(all) != 1 || len(all[0].Options) != commandMost {
		t.Errorf("of 30 options there are %d", len(all[0].Options))
	}
	var check func(o *discordgo.ApplicationCommandOption)
	check = func(o *discordgo.ApplicationCommandOption) {
		if n := utf8.RuneCountInString(o.Name); n < 1 || n > commandName || strings.ContainsRune(o.Name, ' ') || o.Name != strings.ToLower(o.Name) {
			t.Errorf("an option is called %q", o.Name)
		}
		if n := utf8.RuneCountInString(o.Description); n < 1 || n > commandAbout || len(o.Options) > commandMost || len(o.Choices) > commandMost {
			t.Errorf("%q is about %q, with %d options and %d choices", o.Name, o.Description, len(o.Options), len(o.Choices))
		}
		optional := false
		for _, sub := range o.Options {
			if sub.Required && optional {
				t.Errorf("%q comes after what is optional", sub.Name)
			}
			optional = optional || !sub.Required
			check(sub)
		}
	}
	if len(commands) != 2 || len(commands[0].Options) < 5 || commands[1].Name != "create" {
		t.Fatalf("%+v", commands)
	}
	takes(t, commands)
	for i, o := range commands[0].Options {
		check(o)
		w := spec.Words[i]
		if got := wordOf(spec, o.Name); got != w.Name {
			t.Errorf("%q is %q, want %q", o.Name, got, w.Name)
		}
		for _, sub := range o.Options {
			if got := fieldOf(spec, o.Name, sub.Name); !strings.HasPrefix(got, "field") {
				t.Errorf("%q is %q", sub.Name, got)
			}
		}
	}
	for name, want := range map[string]string{
		"Nieuw": "nieuw", "Find a ticket!": "find-a-ticket", "a|b/c{d}": "abcd", "l'École_2": "l'école_2", "ค้นหา": "ค้นหา", "İstanbul": "istanbul", "🎫": "", "": "",
	} {
		if got := handle(name); got != want {
			t.Errorf("%q is called %q, want %q", name, got, want)
		}
	}
	if english, dutch := inLanguages(chat.Words{"en": "🎫", "nl": "!?"}, "ticket", commandName, true); english != "ticket" || dutch != nil {
		t.Errorf("without any letter it is called %q, %v", english, dutch)
	}
	if wordOf(spec, "older") != "older" || fieldOf(spec, "older", "x") != "x" || shortcutOf(spec, "Older") != "Older" || shortcutOf(spec, "create") != "create" {
		t.Error("what an older definition had is not told as it is")
	}
}

// takes registers commands at a Discord, which takes only what is as it is documented.
func takes(t *testing.T, commands []*discordgo.ApplicationCommand) {
	t.Helper()
	fake := discordfake.New(t, discordfake.Options{})
	r, err := newREST(fake.APIURL, fake.Token)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	err = r.do(t.Context(), call{doing: "register the commands", method: http.MethodPut, path: "/applications/" + fake.ApplicationID + "/commands", body: commands})
	if err != nil {
		t.Error(err)
	}
}

// TestLongCommands: where a command has more characters than Discord takes in all, what is least missed goes.
func TestLongCommands(t *testing.T) {
	for name, c := range map[string]struct {
		words, options, choices int
		about                   int // characters, in Dutch
		required                bool

		wantWords, wantOptions, least, most int // in all; least and most of one subcommand
		keepsChoices                        bool
	}{
		"enough":              {words: 10, options: 3, choices: 1, about: 100, wantWords: 10, wantOptions: 30, least: 3, most: 3, keepsChoices: true},
		"told at length":      {words: 25, options: 3, about: 100, wantWords: 25, wantOptions: 75, least: 3, most: 3},
		"much to choose from": {words: 3, options: 2, choices: 25, about: 100, wantWords: 3, wantOptions: 6, least: 2, most: 2},
		"many options":        {words: 25, options: 25, about: 100, wantWords: 25, wantOptions: 333, least: 13, most: 14},
		"all of it needed":    {words: 25, options: 25, about: 100, required: true, wantWords: 13, wantOptions: 325, least: 25, most: 25},
	} {
		t.Run(name, func(t *testing.T) {
			about := chat.Words{"en": "about", "nl": strings.Repeat("x", c.about)}
			spec := chat.CommandSpec{Name: "ticket", About: about}
			for i := range c.words {
				w := chat.WordSpec{Name: fmt.Sprintf("word-%05d", i), About: about}
				for n := range c.options {
					o := chat.OptionSpec{Field: fmt.Sprintf("option%04d", n), About: about, Required: c.required}
					for k := range c.choices {
						o.Choices = append(o.Choices, chat.ChoiceSpec{Value: fmt.Sprint(k), Labels: chat.Words{"nl": strings.Repeat("y", 90)}})
					}
					w.Options = append(w.Options, o)
				}
				spec.Words = append(spec.Words, w)
			}
			command := Commands(spec)[0]
			takes(t, []*discordgo.ApplicationCommand{command})
			options, choices, least, most := 0, 0, commandMost, 0
			for i, w := range command.Options {
				if w.Name != spec.Words[i].Name {
					t.Errorf("subcommand %d is %s", i, w.Name)
				}
				options += len(w.Options)
				least, most = min(least, len(w.Options)), max(most, len(w.Options))
				for _, o := range w.Options {
					choices += len(o.Choices)
				}
			}
			if len(command.Options) != c.wantWords || options != c.wantOptions || least != c.least || most != c.most {
				t.Errorf("%d subcommands with %d options, %d to %d each", len(command.Options), options, least, most)
			}
			if all := c.words * c.options * c.choices; c.keepsChoices && choices != all || !c.keepsChoices && all > 0 && (choices == 0 || choices == all) {
				t.Errorf("of %d choices %d are left", all, choices)
			}
			if n := utf8.RuneCountInString(command.Options[0].DescriptionLocalizations[discordgo.Dutch]); name == "enough" && n != c.about {
				t.Errorf("what it is about has %d characters", n)
			}
		})
	}
}

// TestShortListsStay: where there is too much to choose from the longest lists go first, wherever they are.
func TestShortListsStay(t *testing.T) {
	w := chat.WordSpec{Name: "new"}
	for i, n := range []int{2, 25, 25, 3} {
		o := chat.OptionSpec{Field: fmt.Sprint("option", i)}
		for k := range n {
			o.Choices = append(o.Choices, chat.ChoiceSpec{Value: fmt.Sprint(strings.Repeat("v", 90), k), Labels: chat.Words{"en": strings.Repeat("y", 90)}})
		}
		w.Options = append(w.Options, o)
	}
	var left []int
	for _, o := range Commands(chat.CommandSpec{Name: "ticket", Words: []chat.WordSpec{w}})[0].Options[0].Options {
		left = append(left, len(o.Choices))
	}
	if !slices.Equal(left, []int{2, 0, 25, 3}) {
		t.Errorf("the lists have %v", left)
	}
}
