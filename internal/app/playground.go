package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"balie/adapters/playground"
	"balie/bot"
	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

const (
	playgroundName      = "playground"
	playgroundWorkspace = "demo"
)

// newPlayground is the chat in the browser, with the demo's people and a channel for each team.
func newPlayground(o Options, p *ticket.Policy, s store.Store, secret []byte) (*playground.Playground, error) {
	pg, err := playground.New(playground.Options{
		Content:   content{s},
		Secret:    secret,
		Workspace: playgroundWorkspace,
		Title:     "Balie demo",
		URL:       o.Config.URL,
		People:    append(playground.DemoPeople(), crowd(o.Crowd)...),
		Channels:  channels(p, o.Crowd),
		Commands:  []playground.Command{ticketCommand()},
		Shortcuts: []playground.Shortcut{{
			Name:  bot.ShortcutCreate,
			Label: map[string]string{"en": "Create ticket", "nl": "Melding maken"},
		}},
		Now: o.Now,
		Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the playground: %w", err)
	}
	return pg, nil
}

func ticketCommand() playground.Command {
	use := func(text, en, nl string) playground.Use {
		return playground.Use{Text: text, Hint: map[string]string{"en": en, "nl": nl}}
	}
	return playground.Command{
		Name: "ticket",
		Hint: map[string]string{"en": "Ask something or report a problem", "nl": "Vraag iets of meld een probleem"},
		Uses: []playground.Use{
			use("", "A new ticket; what you type becomes the summary", "Een nieuwe melding; wat je typt wordt de samenvatting"),
			use("mine", "Your open tickets; mine closed for the ones that are done", "Je open meldingen; mijn gesloten voor wat klaar is"),
			use("show", "One ticket, such as show HD-00012", "Eén melding, zoals toon HD-00012"),
			use("search", "Search your tickets", "Zoek in je meldingen"),
			use("queue", "For agents: the open tickets, the oldest first", "Voor behandelaars: de open meldingen, de oudste eerst"),
			use("panel", "For agents: a button for new tickets in this channel", "Voor behandelaars: een knop voor nieuwe meldingen in dit kanaal"),
			use("help", "What you can do", "Wat je kunt doen"),
		},
	}
}

// agents are the people of the demo who handle tickets.
var agents = []string{"bram", "carla"}

// tryOut is the policy as it works in the playground, beside the networks that are connected: each team has its channel
// there and, where nothing else is connected and unless the policy names people of the demo, the members of that channel
// as its agents.
func tryOut(p *ticket.Policy, connected []chat.Platform) *ticket.Policy {
	out := *p
	out.Teams = slices.Clone(p.Teams)
	for i := range out.Teams {
		t := &out.Teams[i]
		here := func(c ticket.Channel) bool { return c.Platform == playgroundName }
		there := func(c ticket.Channel) bool {
			return slices.ContainsFunc(connected, func(p chat.Platform) bool { return p.Name() == c.Platform })
		}
		t.Triage = slices.DeleteFunc(slices.Clone(t.Triage), func(c ticket.Channel) bool { return !here(c) && !there(c) })
		if !slices.ContainsFunc(t.Triage, here) {
			t.Triage = append(t.Triage, ticket.Channel{Platform: playgroundName, ID: strings.ReplaceAll(t.ID, "_", "-") + "-triage"})
		}
		if len(connected) > 0 {
			continue
		}
		t.Agents = slices.DeleteFunc(slices.Clone(t.Agents), func(a ticket.Agent) bool { return !ofDemo(a) })
	}
	return &out
}

// ofDemo says whether the agent is one of the demo's people.
func ofDemo(a ticket.Agent) bool {
	return slices.ContainsFunc(playground.DemoPeople(), func(p playground.Persona) bool {
		return a.Email != "" && strings.EqualFold(a.Email, p.Email) || a.Platform == playgroundName && a.Person == p.ID
	})
}

// channels are the demo's, and the channels of the policy that are not among them.
func channels(p *ticket.Policy, further int) []playground.Channel {
	list := playground.DemoChannels()
	for i := range list {
		if list[i].Members != nil { // a triage channel
			list[i].Members = append(list[i].Members, crowdAgents(further)...)
		}
	}
	add := func(c ticket.Channel, topic string, members []string) {
		if c.Platform == playgroundName && !slices.ContainsFunc(list, func(have playground.Channel) bool { return have.ID == c.ID }) {
			list = append(list, playground.Channel{ID: c.ID, Topic: topic, Members: members})
		}
	}
	for _, t := range p.Teams {
		name := t.Label.In(t.Language, p.Languages...)
		for _, c := range t.Triage {
			add(c, "New tickets for "+name, agents)
		}
		for _, c := range t.Requests {
			add(c, "Questions for "+name+", and the answers", nil)
		}
	}
	return list
}

// content keeps the playground's messages and files in the helpdesk's store.
type content struct{ store store.Store }

func (c content) PutRecord(ctx context.Context, r playground.Record) error {
	return c.store.PutRecord(ctx, store.Record(r))
}

func (c content) AddRecord(ctx context.Context, r playground.Record) (playground.Record, bool, error) {
	kept, added, err := c.store.AddRecord(ctx, store.Record(r))
	return playground.Record(kept), added, err
}

func (c content) DeleteRecord(ctx context.Context, space, id string) error {
	return c.store.DeleteRecord(ctx, space, id)
}

func (c content) Record(ctx context.Context, space, id string) (playground.Record, error) {
	r, err := c.store.Record(ctx, space, id)
	return playground.Record(r), absent(err)
}

func (c content) ListRecords(ctx context.Context, space, group, before string, limit int) ([]playground.Record, error) {
	list, err := c.store.ListRecords(ctx, space, group, before, limit)
	out := make([]playground.Record, len(list))
	for i, r := range list {
		out[i] = playground.Record(r)
	}
	return out, err
}

func (c content) PutFile(ctx context.Context, f playground.FileInfo, body io.Reader) error {
	return c.store.PutFile(ctx, store.FileInfo(f), body)
}

func (c content) OpenFile(ctx context.Context, id string) (playground.FileInfo, io.ReadCloser, error) {
	f, body, err := c.store.OpenFile(ctx, id)
	return playground.FileInfo(f), body, absent(err)
}

// absent says in the playground's words that something is not there.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", playground.ErrNotFound, err)
	}
	return err
}
