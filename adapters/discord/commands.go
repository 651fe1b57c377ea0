package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// Discord's limits of commands. https://docs.discord.com/developers/interactions/application-commands
const (
	commandName  = 32
	commandAbout = 100
	commandMost  = 25 // subcommands, options of one, and choices of an option
)

// Commands is the definition of the bot's commands, as Discord takes it: one command with subcommands, and one for each
// shortcut in the menu of a message.
func Commands(spec chat.CommandSpec) []*discordgo.ApplicationCommand {
	var out []*discordgo.ApplicationCommand
	if spec.Name != "" {
		c := newCommand(discordgo.ChatApplicationCommand)
		c.Name = handle(spec.Name)
		c.Description, c.DescriptionLocalizations = inLanguages(spec.About, spec.Name, commandAbout, false)
		for _, w := range spec.Words[:min(len(spec.Words), commandMost)] {
			c.Options = append(c.Options, subcommand(w))
		}
		out = append(out, c)
	}
	for _, s := range spec.Shortcuts {
		c := newCommand(discordgo.MessageApplicationCommand)
		c.Name, c.NameLocalizations = inLanguages(s.Labels, s.Name, commandName, false)
		out = append(out, c)
	}
	return out
}

// newCommand is a command of guilds where the bot is, and of direct conversations with it.
func newCommand(kind discordgo.ApplicationCommandType) *discordgo.ApplicationCommand {
	return &discordgo.ApplicationCommand{
		Type:             kind,
		Contexts:         &[]discordgo.InteractionContextType{discordgo.InteractionContextGuild, discordgo.InteractionContextBotDM},
		IntegrationTypes: &[]discordgo.ApplicationIntegrationType{discordgo.ApplicationIntegrationGuildInstall},
		Options:          []*discordgo.ApplicationCommandOption{},
	}
}

func subcommand(w chat.WordSpec) *discordgo.ApplicationCommandOption {
	o := &discordgo.ApplicationCommandOption{Type: discordgo.ApplicationCommandOptionSubCommand}
	named(o, w.Labels, w.Name, w.About)
	options := slices.Clone(w.Options)
	slices.SortStableFunc(options, func(a, b chat.OptionSpec) int { // those that are needed come first
		return cmp.Compare(wish(a.Required), wish(b.Required))
	})
	for _, s := range options[:min(len(options), commandMost)] {
		option := &discordgo.ApplicationCommandOption{Type: discordgo.ApplicationCommandOptionString, Required: s.Required}
		named(option, s.Labels, cmp.Or(s.Field, "text"), s.About)
		if option.Autocomplete = s.Lookup; !s.Lookup {
			for _, c := range s.Choices[:min(len(s.Choices), commandMost)] {
				label, languages := inLanguages(c.Labels, c.Value, optionMax, false)
				choice := &discordgo.ApplicationCommandOptionChoice{Name: label, Value: c.Value}
				if languages != nil {
					choice.NameLocalizations = *languages
				}
				option.Choices = append(option.Choices, choice)
			}
		}
		o.Options = append(o.Options, option)
	}
	return o
}

func wish(required bool) int {
	if required {
		return 0
	}
	return 1
}

// named gives an option its name and what it is about.
func named(o *discordgo.ApplicationCommandOption, labels chat.Words, name string, about chat.Words) {
	var languages *map[discordgo.Locale]string
	if o.Name, languages = inLanguages(labels, name, commandName, true); languages != nil {
		o.NameLocalizations = *languages
	}
	if o.Description, languages = inLanguages(about, o.Name, commandAbout, false); languages != nil {
		o.DescriptionLocalizations = *languages
	}
}

// inLanguages is a phrase in English, and in the other languages that it is in.
func inLanguages(w chat.Words, otherwise string, most int, isHandle bool) (string, *map[discordgo.Locale]string) {
	fit := func(s string) string {
		if isHandle {
			return handle(s)
		}
		return oneLine(s, most)
	}
	english := cmp.Or(fit(w["en"]), fit(otherwise))
	languages := map[discordgo.Locale]string{}
	for lang, locale := range map[string]discordgo.Locale{"nl": discordgo.Dutch} {
		if s := fit(w[lang]); s != "" && s != english {
			languages[locale] = s
		}
	}
	if len(languages) == 0 {
		return english, nil
	}
	return english, &languages
}

// handle is a name as commands and options have it: lower-case letters, digits and a few marks, without spaces.
// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
func handle(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsNumber(r), strings.ContainsRune("-_'", r), unicode.In(r, unicode.Devanagari, unicode.Thai):
			return r
		}
		return -1
	}, oneLine(strings.ToLower(s), 10*commandName))
	if r := []rune(s); len(r) > commandName {
		s = string(r[:commandName])
	}
	return s
}

// subcommand is the subcommand of a command that came in, and its options.
func (d interactionData) subcommand() (name string, options []interactionOpt) {
	for _, o := range d.Options {
		if o.Type == int(discordgo.ApplicationCommandOptionSubCommand) {
			return o.Name, o.Options
		}
	}
	return "", d.Options
}

// text is what an option is set to.
func (o interactionOpt) text() string {
	var s string
	if json.Unmarshal(o.Value, &s) != nil {
		return ""
	}
	return chat.Clean(s)
}

// wordFor is the subcommand that has a name in the definition.
func wordFor(spec chat.CommandSpec, name string) (chat.WordSpec, bool) {
	for _, w := range spec.Words {
		if english, _ := inLanguages(w.Labels, w.Name, commandName, true); english == name {
			return w, true
		}
	}
	return chat.WordSpec{}, false
}

// wordOf is the bot's word for a subcommand; of an older definition, the name itself.
func wordOf(spec chat.CommandSpec, name string) string {
	if w, ok := wordFor(spec, name); ok {
		return w.Name
	}
	return name
}

// fieldOf is the field that an option of a subcommand is for; of an older definition, the name itself.
func fieldOf(spec chat.CommandSpec, word, name string) string {
	w, _ := wordFor(spec, word)
	for _, o := range w.Options {
		if english, _ := inLanguages(o.Labels, cmp.Or(o.Field, "text"), commandName, true); english == name {
			return o.Field
		}
	}
	return name
}

// fieldsOf are the options that are set, by field. What is typed at this moment is left out where others are asked for.
func fieldsOf(spec chat.CommandSpec, word string, options []interactionOpt, others bool) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, o := range options {
			text := o.text()
			if text == "" || others && o.Focused {
				continue
			}
			if !yield(fieldOf(spec, word, o.Name), text) {
				return
			}
		}
	}
}

// shortcutOf is the shortcut that has a name in the definition; of an older definition, the name itself.
func shortcutOf(spec chat.CommandSpec, name string) string {
	for _, s := range spec.Shortcuts {
		if english, _ := inLanguages(s.Labels, s.Name, commandName, false); english == name {
			return s.Name
		}
	}
	return name
}

// setUp tells Discord of the commands where they changed, and tries until that worked or ctx ended.
func (d *Discord) setUp(ctx context.Context) {
	if d.opts.Commands.Name == "" && len(d.opts.Commands.Shortcuts) == 0 {
		return
	}
	wait := d.opts.RetryAfter
	for {
		err := d.register(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		pause := wait
		sent, known := errors.AsType[*chat.SendError](err)
		if known && sent.Retry > pause {
			pause = sent.Retry
		}
		log := d.log.WithError(err)
		switch {
		case known && (sent.Blocked != "" || sent.Refused != "") && d.once.First("commands: "+err.Error()):
			log.Error("discord: the commands could not be registered; that is tried again")
		default:
			log.Debug("discord: the commands could not be registered; that is tried again")
		}
		if upstream.Pause(ctx, pause) != nil {
			return
		}
		wait = min(2*wait, time.Minute)
	}
}

// register tells Discord of the commands, unless it knows the very same.
func (d *Discord) register(ctx context.Context) error {
	me, err := d.self.get(ctx)
	if err != nil {
		return err
	}
	commands := Commands(d.opts.Commands)
	have, err := registered(ctx, d.api, me.Application)
	if err != nil || sameCommands(have, commands) {
		return err
	}
	err = d.api.do(ctx, call{doing: "register the commands", method: http.MethodPut, path: "/applications/" + me.Application + "/commands", body: commands})
	if err == nil {
		d.log.WithField("commands", len(commands)).Info("discord: the commands are registered")
	}
	return err
}
