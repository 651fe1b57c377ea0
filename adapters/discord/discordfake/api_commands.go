package discordfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// appCommand is a command as Discord has it: what the app sent, with ids.
type appCommand struct {
	id, name string
	kind     int
	raw      map[string]any
}

// Types of commands. https://docs.discord.com/developers/interactions/application-commands
const (
	chatCommand    = 1
	userCommand    = 2
	messageCommand = 3
)

// The most commands of each type, in one place.
var commandsMax = map[int]int{chatCommand: 100, userCommand: 15, messageCommand: 15}

func getCommands(c *call) (answer, *refusal) {
	list, no := c.commands()
	if no != nil {
		return answer{}, no
	}
	out := []any{}
	for _, cmd := range list {
		v := maps.Clone(cmd.raw)
		if c.query.Get("with_localizations") != "true" {
			delete(v, "name_localizations") // of what is inside, too; nobody looks there
			delete(v, "description_localizations")
		}
		out = append(out, v)
	}
	return ok(out)
}

// commands are those of the application in the path, of a guild if there is one in it.
func (c *call) commands() ([]appCommand, *refusal) {
	if c.arg("application") != c.s.ApplicationID {
		return nil, unknownApplication
	}
	if c.arg("guild") == "" {
		return c.s.commands, nil
	}
	g, no := c.guild()
	if no != nil {
		return nil, missingAccess
	}
	return c.s.guildCmd[g.id], nil
}

// putCommands replaces all commands.
// https://docs.discord.com/developers/interactions/application-commands#bulk-overwrite-global-application-commands
func putCommands(c *call) (answer, *refusal) {
	s := c.s
	old, no := c.commands()
	if no != nil {
		return answer{}, no
	}
	var in []any
	if no := c.decode(&in); no != nil {
		return answer{}, no
	}
	k := &issues{}
	var list []appCommand
	counts, names := map[int]int{}, map[string]bool{}
	for i, v := range in {
		where := at{itoa(i)}
		m, is := k.object(where, v)
		if !is {
			continue
		}
		cmd := k.command(where, m)
		key := fmt.Sprint(cmd.kind, cmd.name)
		if names[key] {
			k.add(where.to("name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		names[key] = true
		if counts[cmd.kind]++; counts[cmd.kind] > commandsMax[cmd.kind] {
			k.add(where, "APPLICATION_COMMANDS_MAX", "There are more than %d commands of type %d.", commandsMax[cmd.kind], cmd.kind)
		}
		list = append(list, cmd)
	}
	if no := k.refusal(); no != nil {
		c.complain(no)
		return answer{}, no
	}
	for i := range list {
		cmd := &list[i]
		cmd.id = s.id()
		if j := slices.IndexFunc(old, func(o appCommand) bool { return o.name == cmd.name && o.kind == cmd.kind }); j >= 0 {
			cmd.id = old[j].id
		}
		cmd.raw["id"], cmd.raw["application_id"], cmd.raw["type"], cmd.raw["version"] = cmd.id, s.ApplicationID, cmd.kind, s.id()
		for name, standard := range map[string]any{
			"description": "", "default_member_permissions": nil, "dm_permission": true, "nsfw": false, "contexts": nil,
			"integration_types": []int{0},
		} {
			if _, has := cmd.raw[name]; !has {
				cmd.raw[name] = standard
			}
		}
		if g := c.arg("guild"); g != "" {
			cmd.raw["guild_id"] = g
		}
	}
	s.writes++
	if g := c.arg("guild"); g != "" {
		s.guildCmd[g] = list
	} else {
		s.commands = list
	}
	out := []any{}
	for _, cmd := range list {
		out = append(out, cmd.raw)
	}
	return ok(out)
}

// CommandWrites counts how often the app overwrote its commands.
func (s *Server) CommandWrites() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// Commands are the application's commands as Discord has them, as JSON; none of a guild's own.
func (s *Server) Commands() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []json.RawMessage
	for _, cmd := range s.commands {
		out = append(out, mustJSON(cmd.raw))
	}
	return out
}

// commandName is what a command, or one of its options, may be called.
// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
var commandName = regexp.MustCompile(`^[-_'\pL\pN\p{Devanagari}\p{Thai}]{1,32}$`)

func (k *issues) commandName(where at, name string) {
	if !commandName.MatchString(name) || strings.ToLower(name) != name {
		k.add(where, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	}
}

var commandFields = strings.Fields(`id type name name_localizations description description_localizations options
	default_member_permissions dm_permission default_permission contexts integration_types nsfw handler application_id guild_id version`)

// command checks one command. https://docs.discord.com/developers/interactions/application-commands#application-command-object
func (k *issues) command(where at, m map[string]any) appCommand {
	k.fields(where, m, commandFields)
	cmd := appCommand{kind: k.between(where, m, "type", chatCommand, chatCommand, 4), raw: m, name: k.text(where, m, "name")}
	description := k.text(where, m, "description")
	if cmd.kind != chatCommand {
		k.length(where.to("name"), cmd.name, 1, 32)
		if description != "" {
			k.add(where.to("description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", "Context menu commands cannot have description")
		}
		if m["options"] != nil && len(k.listOf(where.to("options"), m["options"])) > 0 {
			k.add(where.to("options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", "Context menu commands cannot have options")
		}
		k.localized(where, m, "name_localizations", func(of at, s string) { k.length(of, s, 1, 32) })
		return cmd
	}
	k.commandName(where.to("name"), cmd.name)
	k.length(where.to("description"), description, 1, 100)
	k.names(where, m)
	total := longest(m, "name") + longest(m, "description")
	total += k.options(where.to("options"), m["options"], 0)
	if total > commandChars {
		k.add(where, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (%d)", commandChars)
	}
	return cmd
}

// commandChars is how many characters a command may have in its names, descriptions and values, those of its options and
// choices included.
// https://docs.discord.com/developers/interactions/application-commands#slash-commands
const commandChars = 8000

// longest is how many characters a text has in the language in which it has most: only that one counts.
func longest(m map[string]any, name string) int {
	text, _ := m[name].(string)
	n := utf8.RuneCountInString(text)
	in, _ := m[name+"_localizations"].(map[string]any)
	for _, v := range in {
		text, _ := v.(string)
		n = max(n, utf8.RuneCountInString(text))
	}
	return n
}

func (k *issues) fields(where at, m map[string]any, known []string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(known, name) {
			k.add(where.to(name), "UNKNOWN_FIELD", "There is no such field.")
		}
	}
}

// names checks the names and descriptions in other languages.
func (k *issues) names(where at, m map[string]any) {
	k.localized(where, m, "name_localizations", k.commandName)
	k.localized(where, m, "description_localizations", func(of at, s string) { k.length(of, s, 1, 100) })
}

// locales are the languages that Discord has. https://docs.discord.com/developers/reference#locales
var locales = strings.Fields(`id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th
	zh-CN ja zh-TW ko`)

func (k *issues) localized(where at, m map[string]any, name string, check func(at, string)) {
	if m[name] == nil {
		return
	}
	in, is := k.object(where.to(name), m[name])
	if !is {
		return
	}
	for _, locale := range slices.Sorted(maps.Keys(in)) {
		if !slices.Contains(locales, locale) {
			k.add(where.to(name, locale), "BASE_TYPE_CHOICES", "There is no such locale.")
			continue
		}
		check(where.to(name, locale), k.text(where.to(name), in, locale))
	}
}

var optionFields = strings.Fields(`type name name_localizations description description_localizations required choices options
	channel_types min_value max_value min_length max_length autocomplete`)

// options checks a command's options, and counts their characters.
func (k *issues) options(where at, v any, depth int) (total int) {
	list := k.listOf(where, v)
	if len(list) > 25 {
		k.add(where, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
	}
	names, optional, subs := map[string]bool{}, false, 0
	for i, v := range list {
		at := where.to(i)
		o, is := k.object(at, v)
		if !is {
			continue
		}
		k.fields(at, o, optionFields)
		kind := k.between(at, o, "type", 0, 1, 11)
		name, description := k.text(at, o, "name"), k.text(at, o, "description")
		k.commandName(at.to("name"), name)
		k.length(at.to("description"), description, 1, 100)
		k.names(at, o)
		total += longest(o, "name") + longest(o, "description")
		if names[name] {
			k.add(at.to("name"), "APPLICATION_COMMAND_OPTIONS_NAME_NOT_UNIQUE", "Option names must be unique")
		}
		names[name] = true
		required := k.boolean(at, o, "required")
		if required && optional {
			k.add(at.to("required"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options")
		}
		optional = optional || !required
		if kind <= 2 { // a subcommand, or a group of them
			subs++
			if depth > 1 || kind == 2 && depth > 0 {
				k.add(at.to("type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command option types are invalid")
			}
			total += k.options(at.to("options"), o["options"], depth+1)
			continue
		}
		total += k.choices(at, o)
	}
	if subs > 0 && subs < len(list) {
		k.add(where, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and sub-command group option types are mutually exclusive to all other types")
	}
	return total
}

func (k *issues) choices(where at, o map[string]any) (total int) {
	list := k.listOf(where.to("choices"), o["choices"])
	if len(list) > 25 {
		k.add(where.to("choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
	}
	if k.boolean(where, o, "autocomplete") && len(list) > 0 {
		k.add(where.to("choices"), "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES", "autocomplete and choices exclude each other")
	}
	for i, v := range list {
		place := where.to("choices", i)
		choice, is := k.object(place, v)
		if !is {
			continue
		}
		name := k.text(place, choice, "name")
		k.length(place.to("name"), name, 1, 100)
		k.localized(place, choice, "name_localizations", func(of at, s string) { k.length(of, s, 1, 100) })
		value := fmt.Sprint(choice["value"])
		k.length(place.to("value"), value, 1, 100)
		total += longest(choice, "name") + utf8.RuneCountInString(value)
	}
	k.between(where, o, "min_length", 0, 0, 6000)
	k.between(where, o, "max_length", 1, 1, 6000)
	return total
}
