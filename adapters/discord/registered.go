package discord

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

// Registered are the commands that Discord knows of an application.
type Registered struct {
	Names   []string // as people see them: /ticket, or a shortcut's name
	Current bool     // they are what the specification makes
}

// Commands asks which commands an application has registered, and compares them with a specification.
func (c *Client) Commands(ctx context.Context, application string, spec chat.CommandSpec) (Registered, error) {
	have, err := registered(ctx, c.d.api, application)
	if err != nil {
		return Registered{}, err
	}
	r := Registered{Current: sameCommands(have, Commands(spec))}
	for _, command := range have {
		name := command.Name
		if command.Type == discordgo.ChatApplicationCommand {
			name = "/" + name
		}
		r.Names = append(r.Names, name)
	}
	slices.Sort(r.Names)
	return r, nil
}

// registered are an application's commands as Discord has them, in every language.
func registered(ctx context.Context, api *rest, application string) (have []*discordgo.ApplicationCommand, err error) {
	err = patiently(ctx, func() error {
		return api.do(ctx, call{doing: "list the commands", method: http.MethodGet, path: "/applications/" + application + "/commands",
			query: url.Values{"with_localizations": {"true"}}, out: &have})
	})
	return have, err
}

// sameCommands says whether people see no difference between two definitions, in whatever order Discord lists them.
func sameCommands(a, b []*discordgo.ApplicationCommand) bool {
	return slices.EqualFunc(commandShapes(a), commandShapes(b), func(a, b commandShape) bool { return bytes.Equal(encode(a), encode(b)) })
}

// commandShape is what matters of a command, an option or a choice: Discord adds ids and versions, and leaves out what is empty.
type commandShape struct {
	Type     int                         `json:"type"`
	Name     string                      `json:"name"`
	Names    map[discordgo.Locale]string `json:"names,omitempty"`
	About    string                      `json:"about,omitempty"`
	Abouts   map[discordgo.Locale]string `json:"abouts,omitempty"`
	Required bool                        `json:"required,omitempty"`
	Lookup   bool                        `json:"lookup,omitempty"`
	Value    any                         `json:"value,omitempty"`
	Parts    []commandShape              `json:"parts,omitempty"`
	Choices  []commandShape              `json:"choices,omitempty"`
	// Where it can be used, and who installs it.
	Contexts []discordgo.InteractionContextType     `json:"contexts,omitempty"`
	Installs []discordgo.ApplicationIntegrationType `json:"installs,omitempty"`
}

func commandShapes(commands []*discordgo.ApplicationCommand) []commandShape {
	var out []commandShape
	for _, c := range commands {
		s := commandShape{Type: int(c.Type), Name: c.Name, About: c.Description, Parts: optionShapes(c.Options)}
		if c.Contexts != nil {
			s.Contexts = slices.Sorted(slices.Values(*c.Contexts))
		}
		if c.IntegrationTypes != nil {
			s.Installs = slices.Sorted(slices.Values(*c.IntegrationTypes))
		}
		if c.NameLocalizations != nil {
			s.Names = maps.Clone(*c.NameLocalizations)
		}
		if c.DescriptionLocalizations != nil {
			s.Abouts = maps.Clone(*c.DescriptionLocalizations)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b commandShape) int {
		if a.Type != b.Type {
			return a.Type - b.Type
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func optionShapes(options []*discordgo.ApplicationCommandOption) []commandShape {
	var out []commandShape
	for _, o := range options {
		s := commandShape{
			Type: int(o.Type), Name: o.Name, Names: o.NameLocalizations, About: o.Description, Abouts: o.DescriptionLocalizations,
			Required: o.Required, Lookup: o.Autocomplete, Parts: optionShapes(o.Options),
		}
		for _, choice := range o.Choices {
			s.Choices = append(s.Choices, commandShape{Name: choice.Name, Names: choice.NameLocalizations, Value: choice.Value})
		}
		out = append(out, s)
	}
	return out
}
