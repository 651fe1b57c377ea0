package playground

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// Persona is somebody whom a visitor may be.
type Persona struct {
	ID       string // lower-case letters, digits and "-"
	Name     string
	Handle   string // the id if empty
	Title    string // what they do, for the visitor
	Email    string
	Locale   string // BCP 47
	TimeZone string // IANA
}

// Channel is a place to talk in.
type Channel struct {
	ID      string // lower-case letters, digits and "-"
	Name    string // the id if empty; shown after "#"
	Topic   string
	Members []string // ids; nil is everybody
}

// DemoPeople are the people of the demo: three of the staff and two agents.
func DemoPeople() []Persona {
	return []Persona{
		{ID: "ana", Name: "Ana Silva", Title: "Staff, finance", Email: "ana@example.org", Locale: "en-GB", TimeZone: "Europe/Amsterdam"},
		{ID: "bram", Name: "Bram de Wit", Title: "Agent, ICT support", Email: "bram@example.org", Locale: "nl-NL", TimeZone: "Europe/Amsterdam"},
		{ID: "carla", Name: "Carla Jansen", Title: "Agent, ICT support", Email: "carla@example.org", Locale: "en-GB", TimeZone: "Europe/Amsterdam"},
		{ID: "david", Name: "David Bakker", Title: "Staff, warehouse", Email: "david@example.org", Locale: "nl-NL", TimeZone: "Europe/Amsterdam"},
		{ID: "eva", Name: "Eva Lindqvist", Title: "Staff, sales", Email: "eva@example.org", Locale: "en-GB", TimeZone: "Europe/Stockholm"},
	}
}

// DemoChannels are the channels of the demo.
func DemoChannels() []Channel {
	return []Channel{
		{ID: "general", Topic: "Everybody, about everything"},
		{ID: "ict-triage", Topic: "New tickets for ICT support", Members: []string{"bram", "carla"}},
		{ID: "random", Topic: "Cakes, cats and the rest"},
	}
}

// room is a channel or a direct conversation with who is in it.
type room struct {
	id, name, topic string
	person          string // whose direct conversation with the bot this is
	members         map[string]bool
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

const directPrefix = "dm-"

func directID(person string) string { return directPrefix + person }

// settle checks the people and channels and makes the rooms.
func (p *Playground) settle() error {
	for i := range p.opts.People {
		who := p.opts.People[i]
		if !idPattern.MatchString(who.ID) || who.ID == wire.BotID || p.people[who.ID] != nil {
			return fmt.Errorf("playground: %q can't be a person's id, or is one twice", who.ID)
		}
		who.Handle = cmp.Or(who.Handle, who.ID)
		who.Name = cmp.Or(who.Name, who.Handle)
		p.people[who.ID] = &who
		p.rooms[directID(who.ID)] = &room{id: directID(who.ID), person: who.ID, members: map[string]bool{who.ID: true}}
	}
	for _, c := range p.opts.Channels {
		if !idPattern.MatchString(c.ID) || strings.HasPrefix(c.ID, directPrefix) || p.rooms[c.ID] != nil {
			return fmt.Errorf("playground: %q can't be a channel's id, or is one twice", c.ID)
		}
		r := &room{id: c.ID, name: cmp.Or(c.Name, c.ID), topic: c.Topic, members: map[string]bool{}}
		for _, id := range c.Members {
			if p.people[id] == nil {
				return fmt.Errorf("playground: channel %q has a member %q who is nobody", c.ID, id)
			}
			r.members[id] = true
		}
		if c.Members == nil {
			for id := range p.people {
				r.members[id] = true
			}
		}
		p.rooms[c.ID] = r
	}
	return nil
}

// enter is the room, if the person is in it. What somebody is not in looks as if it were not there.
func (p *Playground) enter(who *Persona, channel string) (*room, error) {
	r := p.rooms[channel]
	if r == nil || !r.members[who.ID] {
		return nil, &problem{status: 404, Code: "no_channel", Message: "There is no such channel, or you are not in it."}
	}
	return r, nil
}

func (who *Persona) chat() chat.Person {
	return chat.Person{
		ID: who.ID, Name: who.Name, Handle: who.Handle, Avatar: avatarPath(who.ID), Email: who.Email,
		Locale: who.Locale, TimeZone: who.TimeZone,
	}
}

func (who *Persona) wire() wire.Person {
	return wire.Person{
		ID: who.ID, Name: who.Name, Handle: who.Handle, Avatar: avatarPath(who.ID), Locale: who.Locale, Title: who.Title,
	}
}

// in picks the text in the person's language, English failing that.
func (who *Persona) in(texts map[string]string) string {
	lang, _, _ := strings.Cut(who.Locale, "-")
	return cmp.Or(texts[who.Locale], texts[lang], texts["en"])
}

// Workspaces is the one workspace that there is.
func (p *Playground) Workspaces() []string { return []string{p.opts.Workspace} }

// Person describes one account.
func (p *Playground) Person(_ context.Context, workspace, id string) (chat.Person, error) {
	who := p.people[id]
	if who == nil || workspace != p.opts.Workspace {
		return chat.Person{}, fmt.Errorf("playground: %w", chat.ErrUnknownPerson)
	}
	return who.chat(), nil
}

// Members lists the people in a channel, in the order in which they were given.
func (p *Playground) Members(_ context.Context, workspace, channel string) ([]chat.Person, error) {
	r := p.rooms[channel]
	if r == nil || workspace != p.opts.Workspace {
		return nil, errors.New("playground: no such channel")
	}
	var people []chat.Person
	for _, who := range p.opts.People {
		if r.members[who.ID] {
			people = append(people, p.people[who.ID].chat())
		}
	}
	return slices.Clip(people), nil
}
