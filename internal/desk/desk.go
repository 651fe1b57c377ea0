// Package desk holds the use cases over the store: open a ticket, act on it, find it, and who somebody is. Every surface
// (chat, portal, mail) goes through it.
package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"balie/internal/store"
	"balie/internal/ticket"
)

// Desk is the helpdesk. Its fields are set once, before it is used.
type Desk struct {
	Store  store.Store
	Policy *ticket.Policy
	Now    func() time.Time
	// Changed is told the id of every ticket that got something to deliver, right after that was stored.
	Changed func(id string)
	// Watch, if set, is told of every change of a ticket right after it was stored: what it was before, the zero Ticket for a
	// new one, and what it is. It must not wait for anything.
	Watch func(was, is ticket.Ticket)

	people people
	roster roster
}

// New makes a desk that tells nobody of changes until Changed is set.
func New(s store.Store, p *ticket.Policy, now func() time.Time) *Desk {
	d := &Desk{Store: s, Policy: p, Now: now, Changed: func(string) {}}
	d.people.init()
	return d
}

// Open makes a ticket and gives it its number. The same event (by.Event) opens one ticket only: asked again, Open gives
// that one. Errors fit for people are *ticket.Problem or ticket.Problems; any other means that nothing was stored.
func (d *Desk) Open(ctx context.Context, by ticket.Actor, o ticket.Open) (ticket.Ticket, error) {
	if by.Event == "" {
		by.Event = "balie:" + ulid.Make().String()
	} else if t, err := d.Store.TicketByEvent(ctx, by.Event); !errors.Is(err, store.ErrNotFound) {
		return t, wrap("look for the event", err)
	}
	now := d.now()
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("make an id: %w", err)
	}
	o.ID = id.String()
	c, err := d.Policy.Apply(ticket.Ticket{}, o, by, now)
	if err != nil {
		return ticket.Ticket{}, err
	}
	team, _ := d.Policy.Team(c.Ticket.Team)
	// A number that is taken (a helpdesk brought over from elsewhere) is skipped.
	for range 100 {
		n, err := d.Store.Next(ctx, team.Number.Prefix())
		if err != nil {
			return ticket.Ticket{}, wrap("take a number", err)
		}
		c.Ticket.Key = team.Number.Key(n)
		c.Ticket.Version = 1
		err = d.Store.Create(ctx, c.Ticket, deliveries(c, 1, now))
		if err == nil {
			d.Changed(c.Ticket.ID)
			if d.Watch != nil {
				d.Watch(ticket.Ticket{}, c.Ticket)
			}
			return c.Ticket, nil
		}
		if !errors.Is(err, store.ErrExists) {
			return ticket.Ticket{}, wrap("keep the ticket", err)
		}
		if t, err := d.Store.TicketByEvent(ctx, by.Event); !errors.Is(err, store.ErrNotFound) {
			return t, wrap("look for the event", err)
		}
	}
	return ticket.Ticket{}, fmt.Errorf("keep the ticket: no free number for %s", team.Number.Prefix())
}

// Act does a to the ticket with the id. When somebody else is faster it looks again and decides anew: Apply is pure.
// Errors are as Open's; a ticket that the actor may not see is NotFound.
func (d *Desk) Act(ctx context.Context, id string, by ticket.Actor, a ticket.Action) (ticket.Change, error) {
	const tries = 50
	for range tries {
		t, err := d.Store.Ticket(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return ticket.Change{}, &ticket.Problem{Code: ticket.NotFound, Args: map[string]string{"key": ""}}
		}
		if err != nil {
			return ticket.Change{}, wrap("read the ticket", err)
		}
		now := d.now()
		c, err := d.Policy.Apply(t, a, by, now)
		if err != nil || c.Nothing {
			return c, err
		}
		out := deliveries(c, t.Version+1, now)
		if err = d.Store.Save(ctx, c.Ticket, out); errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return ticket.Change{}, wrap("keep the ticket", err)
		}
		c.Ticket.Version++
		if len(out) > 0 {
			d.Changed(id)
		}
		if d.Watch != nil {
			d.Watch(t, c.Ticket)
		}
		return c, nil
	}
	return ticket.Change{}, fmt.Errorf("keep ticket %s: others were faster %d times", id, tries)
}

// Ticket is the ticket with the key, as far as the actor may see it; else a NotFound problem.
func (d *Desk) Ticket(ctx context.Context, key string, by ticket.Actor) (ticket.Ticket, error) {
	key = strings.TrimSpace(key)
	t, err := d.Store.TicketByKey(ctx, key)
	if errors.Is(err, store.ErrNotFound) || err == nil && !t.VisibleTo(by) {
		return ticket.Ticket{}, &ticket.Problem{Code: ticket.NotFound, Args: map[string]string{"key": ticket.Cut(ticket.Line(key), 40)}}
	}
	return t, wrap("read the ticket", err)
}

// TicketByID is the ticket with the id, as far as the actor may see it; else a NotFound problem.
func (d *Desk) TicketByID(ctx context.Context, id string, by ticket.Actor) (ticket.Ticket, error) {
	t, err := d.Store.Ticket(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !t.VisibleTo(by) {
		return ticket.Ticket{}, &ticket.Problem{Code: ticket.NotFound, Args: map[string]string{"key": ""}}
	}
	return t, wrap("read the ticket", err)
}

// Search finds tickets that the actor may see and that have all the words, the newest first: in the actor's teams, and
// among the actor's own.
func (d *Desk) Search(ctx context.Context, by ticket.Actor, text string, limit int) ([]store.Summary, error) {
	words := store.Tokens(text)
	if len(words) == 0 {
		return nil, nil
	}
	queries := []store.Query{{Person: by.Person, Words: words, Limit: limit}}
	for _, team := range by.Teams {
		queries = append(queries, store.Query{Team: team, Words: words, Limit: limit})
	}
	return d.merge(ctx, queries, limit)
}

// Queue lists the open tickets of the actor's teams, the oldest first.
func (d *Desk) Queue(ctx context.Context, by ticket.Actor, after string, limit int) (store.Page, error) {
	open := true
	if len(by.Teams) == 0 {
		return store.Page{}, &ticket.Problem{Code: ticket.NotAllowed}
	}
	if len(by.Teams) == 1 {
		p, err := d.Store.Find(ctx, store.Query{Team: by.Teams[0], Open: &open, Order: store.Oldest, After: after, Limit: limit})
		return p, wrap("list the queue", err)
	}
	var queries []store.Query
	for _, team := range by.Teams {
		queries = append(queries, store.Query{Team: team, Open: &open, Order: store.Oldest, Limit: limit})
	}
	list, err := d.merge(ctx, queries, limit)
	return store.Page{Tickets: list}, err
}

// Mine lists the tickets that the actor asked for or follows, the newest first.
func (d *Desk) Mine(ctx context.Context, by ticket.Actor, open bool, after string, limit int) (store.Page, error) {
	p, err := d.Store.Find(ctx, store.Query{Person: by.Person, Open: &open, After: after, Limit: limit})
	return p, wrap("list the tickets", err)
}

// Assigned lists the open tickets that the actor has, the oldest first.
func (d *Desk) Assigned(ctx context.Context, by ticket.Actor, after string, limit int) (store.Page, error) {
	open := true
	p, err := d.Store.Find(ctx, store.Query{Assignee: by.Person, Open: &open, Order: store.Oldest, After: after, Limit: limit})
	return p, wrap("list what is assigned", err)
}

// Unassigned lists the open tickets that nobody has in a team of the actor's, the oldest first.
func (d *Desk) Unassigned(ctx context.Context, by ticket.Actor, team, after string, limit int) (store.Page, error) {
	if !by.Agent(team) {
		return store.Page{}, &ticket.Problem{Code: ticket.NotAllowed}
	}
	p, err := d.Store.Find(ctx, store.Query{Team: team, Unassigned: true, Order: store.Oldest, After: after, Limit: limit})
	return p, wrap("list what nobody has", err)
}

// Waiting lists the tickets that wait for an answer of a team of the actor's, the one that waits longest first.
func (d *Desk) Waiting(ctx context.Context, by ticket.Actor, team, after string, limit int) (store.Page, error) {
	if !by.Agent(team) {
		return store.Page{}, &ticket.Problem{Code: ticket.NotAllowed}
	}
	p, err := d.Store.Find(ctx, store.Query{Team: team, Order: store.Waiting, After: after, Limit: limit})
	return p, wrap("list what waits", err)
}

func (d *Desk) now() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }

// deliveries are a change's effects as they are kept until they were carried out. The version that the change makes names
// them: no two changes of a ticket make the same one.
func deliveries(c ticket.Change, version int64, now time.Time) []store.Delivery {
	out := make([]store.Delivery, len(c.Effects))
	for i, e := range c.Effects {
		out[i] = store.Delivery{ID: fmt.Sprintf("%s-%d-%d", c.Ticket.ID, version, i), Effect: e, At: now, Next: now}
	}
	return out
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
