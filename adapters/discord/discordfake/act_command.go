package discordfake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// The types of options of commands.
// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type
const (
	optionSub     = 1
	optionText    = 3
	optionInteger = 4
	optionBoolean = 5
	optionUser    = 6
	optionFile    = 11
)

// option is one of a command, or a subcommand, as the app registered it.
type option struct {
	Type         int               `json:"type"`
	Name         string            `json:"name"`
	Names        map[string]string `json:"name_localizations"`
	Required     bool              `json:"required"`
	Autocomplete bool              `json:"autocomplete"`
	MaxLength    int               `json:"max_length"`
	Options      []option          `json:"options"`
	Choices      []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"choices"`
}

// offered is a command as people have it in their menus.
type offered struct {
	Names       map[string]string `json:"name_localizations"`
	Options     []option          `json:"options"`
	Contexts    []int             `json:"contexts"`
	Permissions *string           `json:"default_member_permissions"`

	id, name string
	guild    string // of a command that only one guild has
}

// commandNamed is a command that the person has in a channel; nil if there is none. It is called with s.mu.
func (u *User) commandNamed(ch *channel, kind int, name string) *offered {
	lists := []struct {
		guild string
		all   []appCommand
	}{{"", u.s.commands}}
	if ch.guild != nil {
		lists = append(lists, struct {
			guild string
			all   []appCommand
		}{ch.guild.id, u.s.guildCmd[ch.guild.id]})
	}
	for _, list := range slices.Backward(lists) {
		for _, c := range list.all {
			out := &offered{id: c.id, name: c.name, guild: list.guild}
			if c.kind != kind || json.Unmarshal(mustJSON(c.raw), out) != nil {
				continue
			}
			if (c.name == name || out.Names[u.u.Locale] == name) && u.allowed(ch, out) {
				return out
			}
		}
	}
	return nil
}

// allowed says whether somebody may use a command in a channel. It is called with s.mu.
func (u *User) allowed(ch *channel, c *offered) bool {
	context := 0
	if ch.guild == nil {
		context = 1
	}
	if c.Contexts != nil && !slices.Contains(c.Contexts, context) || !u.s.may(u.u, ch, UseCommands) {
		return false
	}
	if c.Permissions == nil || ch.guild == nil {
		return true
	}
	wanted, err := strconv.ParseUint(*c.Permissions, 10, 64)
	may := u.s.permissions(u.u, ch)
	return err == nil && may&wanted == wanted && (wanted != 0 || may&Administrator != 0)
}

// Command types a command in a channel, a thread or the direct message with the bot: its name, its subcommand if it has any, and
// options by name. A file is given by the id of an upload, a person by theirs.
func (u *User) Command(ctx context.Context, channelID, name, sub string, options map[string]string) (Answer, error) {
	in, data, refused, err := u.typing(commandInteraction, channelID, name, sub, "", options)
	if in == nil {
		return Answer{Refused: refused}, err
	}
	return u.do(ctx, in, data)
}

// Complete types the beginning of an option's value; others are what the other options hold by now. It gives what is offered.
func (u *User) Complete(ctx context.Context, channelID, name, sub, option, typed string, others map[string]string) ([]Choice, Answer, error) {
	options := maps.Clone(others)
	if options == nil {
		options = map[string]string{}
	}
	options[option] = typed
	in, data, refused, err := u.typing(completeInteraction, channelID, name, sub, option, options)
	if in == nil {
		return nil, Answer{Refused: refused}, err
	}
	a, err := u.do(ctx, in, data)
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return in.choices, a, err
}

// typing makes the interaction of a command, or of one that is being typed.
func (u *User) typing(kind int, channelID, name, sub, focused string, given map[string]string) (*interaction, map[string]any, string, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := u.room(channelID)
	if ch == nil {
		return nil, nil, notThere, nil
	}
	cmd := u.commandNamed(ch, chatCommand, name)
	if cmd == nil {
		return nil, nil, "", fmt.Errorf("%w: no command /%s", ErrNotOffered, name)
	}
	all := cmd.Options
	var word *option
	if subs := slices.ContainsFunc(all, func(o option) bool { return o.Type == optionSub }); subs || sub != "" {
		i := slices.IndexFunc(all, func(o option) bool { return o.Type == optionSub && (o.Name == sub || o.Names[u.u.Locale] == sub) })
		if i < 0 {
			return nil, nil, "", fmt.Errorf("%w: no subcommand /%s %s", ErrNotOffered, name, sub)
		}
		word, all = &all[i], all[i].Options
	}
	resolved := map[string]any{}
	list, err := u.fill(ch, all, given, focused, resolved)
	if err != nil {
		return nil, nil, "", fmt.Errorf("/%s %s: %w", name, sub, err)
	}
	if word != nil {
		list = []any{map[string]any{"type": optionSub, "name": word.Name, "options": orEmpty(list)}}
	}
	in := s.newInteraction(kind, u, ch, nil)
	in.metadata["name"] = cmd.name
	data := map[string]any{"id": cmd.id, "name": cmd.name, "type": chatCommand, "options": orEmpty(list)}
	if cmd.guild != "" {
		data["guild_id"] = cmd.guild
	}
	if len(resolved) > 0 {
		data["resolved"] = resolved
	}
	return in, data, "", nil
}

// fill are the options as the app gets them, if the client takes what was typed.
func (u *User) fill(ch *channel, all []option, given map[string]string, focused string, resolved map[string]any) ([]any, error) {
	for name := range given {
		if !slices.ContainsFunc(all, func(o option) bool { return o.Name == name }) {
			return nil, fmt.Errorf("%w: no option %q", ErrNotOffered, name)
		}
	}
	var out []any
	for _, o := range all {
		text, there := given[o.Name]
		if !there {
			if o.Required && focused == "" {
				return nil, fmt.Errorf("%w: the option %q is required", ErrNotOffered, o.Name)
			}
			continue
		}
		if o.Name == focused && !o.Autocomplete {
			return nil, fmt.Errorf("%w: nothing is looked up for the option %q", ErrNotOffered, o.Name)
		}
		v := map[string]any{"type": o.Type, "name": o.Name}
		if o.Name == focused {
			v["value"], v["focused"] = text, true
			out = append(out, v)
			continue
		}
		value, err := u.value(ch, o, text, resolved)
		if err != nil {
			return nil, err
		}
		v["value"] = value
		out = append(out, v)
	}
	return out, nil
}

// value is what somebody typed for an option, as the app gets it.
func (u *User) value(ch *channel, o option, text string, resolved map[string]any) (any, error) {
	if len(o.Choices) > 0 {
		for _, c := range o.Choices {
			if c.Name == text || fmt.Sprint(c.Value) == text {
				return c.Value, nil
			}
		}
		return nil, fmt.Errorf("%w: no choice %q of %q", ErrNotOffered, text, o.Name)
	}
	most := o.MaxLength
	if most == 0 {
		most = 6000
	}
	switch o.Type {
	case optionText:
		text = u.typed(text)
		if n := utf8.RuneCountInString(text); n == 0 || n > most {
			return nil, fmt.Errorf("%w: the option %q has %d characters, 1 to %d go", ErrNotOffered, o.Name, n, most)
		}
		return text, nil
	case optionInteger:
		return strconv.Atoi(text)
	case optionBoolean:
		return strconv.ParseBool(text)
	case optionUser:
		if !u.thing(typeUserSelect, text) {
			return nil, fmt.Errorf("%w: nobody is %q", ErrNotOffered, text)
		}
		maps.Copy(resolved, u.s.resolve(u, typeUserSelect, []string{text}))
		return text, nil
	case optionFile:
		f := u.s.files[text]
		if f == nil || f.by != u.u {
			return nil, fmt.Errorf("%w: no file %q", ErrNotOffered, text)
		}
		next := *f
		next.channel, next.ephemeral = ch.id, true
		u.s.files[text] = &next
		resolved["attachments"] = map[string]any{text: u.s.wireAttachment(&next)}
		return text, nil
	}
	return nil, fmt.Errorf("%w: this fake knows no options of type %d", ErrNotOffered, o.Type)
}

// MessageCommand chooses a command from the menu of a message, by the name that it has in the person's language.
func (u *User) MessageCommand(ctx context.Context, channelID, messageID, name string) (Answer, error) {
	s := u.s
	s.mu.Lock()
	ch := u.room(channelID)
	if ch == nil || ch.messages[messageID] == nil {
		s.mu.Unlock()
		return Answer{Refused: unknownMessage.message}, nil
	}
	cmd := u.commandNamed(ch, messageCommand, name)
	if cmd == nil {
		s.mu.Unlock()
		return Answer{}, fmt.Errorf("%w: no %q in the menu of a message", ErrNotOffered, name)
	}
	m := ch.messages[messageID]
	in := s.newInteraction(commandInteraction, u, ch, m)
	in.metadata["name"], in.metadata["target_message_id"] = cmd.name, m.id
	data := map[string]any{"id": cmd.id, "name": cmd.name, "type": messageCommand, "target_id": m.id,
		"resolved": map[string]any{"messages": map[string]any{m.id: s.wireMessage(m)}}}
	if cmd.guild != "" {
		data["guild_id"] = cmd.guild
	}
	s.mu.Unlock()
	return u.do(ctx, in, data)
}

// ForgeCommand sends a command as somebody could who has a client of their own: data is that of the interaction, whatever it is.
func (u *User) ForgeCommand(ctx context.Context, channelID string, data map[string]any) (Answer, error) {
	s := u.s
	s.mu.Lock()
	ch := u.room(channelID)
	if ch == nil {
		s.mu.Unlock()
		return Answer{Refused: notThere}, nil
	}
	in := s.newInteraction(commandInteraction, u, ch, nil)
	s.mu.Unlock()
	return u.do(ctx, in, data)
}
