package discord

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

func TestCommandsAreComparedByWhatPeopleSee(t *testing.T) {
	spec := chat.CommandSpec{
		Name: "ticket", About: chat.Words{"en": "The helpdesk", "nl": "De helpdesk"},
		Words: []chat.WordSpec{{Name: "show", Labels: chat.Words{"en": "show", "nl": "toon"}, About: chat.Words{"en": "Show a ticket", "nl": "Toon een ticket"},
			Options: []chat.OptionSpec{
				{Field: "key", About: chat.Words{"en": "Its number", "nl": "Het nummer"}, Required: true, Lookup: true},
				{Field: "state", About: chat.Words{"en": "State"}, Choices: []chat.ChoiceSpec{{Value: "closed", Labels: chat.Words{"en": "Closed", "nl": "Gesloten"}}}},
			}}},
		Shortcuts: []chat.ShortcutSpec{{Name: "create", Labels: chat.Words{"en": "Create ticket", "nl": "Ticket maken"}}},
	}
	text := string(encode(Commands(spec)))
	read := func(text string) (out []*discordgo.ApplicationCommand) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	// As Discord gives it: ids, empty values, in any order.
	theirs := read(strings.ReplaceAll(text, `"type":1,`, `"type":1,"default_member_permissions":null,"version":"7","nsfw":false,`))
	theirs[0], theirs[1] = theirs[1], theirs[0]
	theirs[0].ID, theirs[0].Options, theirs[0].DescriptionLocalizations = "5", nil, &map[discordgo.Locale]string{}
	slices.Reverse(*theirs[0].Contexts)
	if !sameCommands(theirs, Commands(spec)) {
		t.Errorf("what Discord adds counts as a difference:\n%s\n%s", encode(theirs), text)
	}
	for old, changed := range map[string]string{
		`"name":"ticket"`: `"name":"ticked"`, `"name":"show"`: `"name":"shows"`, `"toon"`: `"laat"`, `"The helpdesk"`: `"A helpdesk"`,
		`"De helpdesk"`: `"Een helpdesk"`, `"Show a ticket"`: `"Shows a ticket"`, `"Toon een ticket"`: `"Toont een ticket"`,
		`"required":true`: `"required":false`, `"autocomplete":true`: `"autocomplete":false`, `"closed"`: `"close"`, `"Closed"`: `"Close"`,
		`"Gesloten"`: `"Dicht"`, `"Create ticket"`: `"Make ticket"`, `"Ticket maken"`: `"Maak ticket"`, `"name":"key"`: `"name":"number"`,
		`"type":1,"name":"show"`: `"type":2,"name":"show"`,
		`"contexts":[0,1]`:       `"contexts":[0,1,2]`, `"integration_types":[0]`: `"integration_types":[0,1]`,
	} {
		if !strings.Contains(text, old) {
			t.Errorf("%s is not in\n%s", old, text)
			continue
		}
		if sameCommands(read(strings.ReplaceAll(text, old, changed)), Commands(spec)) {
			t.Errorf("%s in place of %s counts as no difference", changed, old)
		}
	}
	if sameCommands(nil, Commands(spec)) || !sameCommands(nil, nil) {
		t.Error("nothing is not the same as something")
	}
}
