package discord

import (
	"fmt"
	"net/http"
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
	if len(commands) != 2 || len(commands[0].Options) != commandMost || commands[1].Name != "create" {
		t.Fatalf("%+v", commands)
	}
	few := spec // as many as go into the 8 000 characters that Discord takes in all
	few.Words = []chat.WordSpec{spec.Words[0], {Name: "word", Labels: spec.Words[1].Labels, About: spec.Words[1].About, Options: spec.Words[1].Options[:2]}}
	takes(t, Commands(few))
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
