// Package sample fills a new helpdesk with a month of believable tickets, for the demo. They are made through the desk
// like any other, with a clock in the past, so that their timelines, cards and conversations are real.
package sample

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/store"
	"balie/internal/ticket"
)

// Directory finds the people of the demo.
type Directory interface {
	Person(ctx context.Context, workspace, id string) (chat.Person, error)
}

// Place is where the people of the demo are.
type Place struct {
	Platform  string
	Workspace string
	Directory Directory
}

// ErrUnfit says that the policy is another one than the tickets were written for.
var ErrUnfit = errors.New("the sample tickets do not fit this policy")

// Empty says whether none of the policy's teams has a ticket.
func Empty(ctx context.Context, s store.Store, p *ticket.Policy) (bool, error) {
	for _, t := range p.Teams {
		page, err := s.Find(ctx, store.Query{Team: t.ID, Limit: 1})
		if err != nil {
			return false, fmt.Errorf("look for tickets: %w", err)
		}
		if len(page.Tickets) > 0 {
			return false, nil
		}
	}
	return true, nil
}

// Add makes the tickets as if they had come in over the last month, the newest ones shortly before now. The desk has to
// know its agents. The same store, desk and now give the same tickets. ErrUnfit if the policy does not have what they need;
// nothing is made then.
func Add(ctx context.Context, d *desk.Desk, at Place, now time.Time) error {
	c, err := gather(ctx, d, at)
	if err != nil {
		return err
	}
	ref := latest(now)
	var all []*telling
	for i, s := range stories() {
		before := s.before
		if before >= day { // nobody asks on the hour
			before += time.Duration(i*17%43) * minute
		}
		all = append(all, &telling{story: s, event: fmt.Sprintf("sample:%d", i+1), at: back(ref, before)})
	}
	slices.SortStableFunc(all, func(a, b *telling) int { return a.at.Compare(b.at) })
	for _, t := range all {
		if _, err := d.Policy.Apply(ticket.Ticket{}, t.open(c, at), c[t.by].actor, t.at); err != nil {
			return fmt.Errorf("%w: %q: %w", ErrUnfit, t.summary, err)
		}
	}
	var clock time.Time
	past := desk.New(d.Store, d.Policy, func() time.Time { return clock })
	past.Changed = d.Changed
	for _, t := range all { // in the order of their numbers
		clock = t.at
		by := c[t.by].actor
		by.Event = t.event
		made, err := past.Open(ctx, by, t.open(c, at))
		if err != nil {
			return fmt.Errorf("open %q: %w", t.summary, err)
		}
		t.id = made.ID
	}
	for _, t := range all {
		clock = t.at
		for i, s := range t.then {
			clock = forward(clock, s.after)
			by := c[s.by].actor
			by.Event = fmt.Sprintf("%s:%d", t.event, i+1)
			if _, err := past.Act(ctx, t.id, by, s.do(c)); err != nil {
				return fmt.Errorf("%q, step %d: %w", t.summary, i+1, err)
			}
		}
		if err := pass(ctx, past, &clock, t.id, now); err != nil {
			return fmt.Errorf("%q: %w", t.summary, err)
		}
	}
	return nil
}

// pass lets time do what it would have done to the ticket by now.
func pass(ctx context.Context, d *desk.Desk, clock *time.Time, id string, now time.Time) error {
	for {
		t, err := d.Store.Ticket(ctx, id)
		if err != nil {
			return fmt.Errorf("read the ticket: %w", err)
		}
		if t.NextDue.IsZero() || t.NextDue.After(now) {
			return nil
		}
		*clock = t.NextDue
		if _, err := d.Act(ctx, id, ticket.Balie, ticket.Tick{}); err != nil {
			return fmt.Errorf("let time pass: %w", err)
		}
	}
}

// telling is a story at its time.
type telling struct {
	story
	event string
	at    time.Time
	id    string
}

func (t *telling) open(c cast, at Place) ticket.Open {
	fields := chat.Values{}
	for id, values := range t.about.fields {
		fields[id] = slices.Clone(values)
	}
	if who := t.about.colleague; who != "" {
		fields["colleague"] = []string{c[who].id}
	}
	if t.since > 0 {
		fields["since"] = []string{t.at.In(place).AddDate(0, 0, -t.since).Format(time.DateOnly)}
	}
	return ticket.Open{
		Source: chat.Ref{Platform: at.Platform, Workspace: at.Workspace}, Account: t.by,
		Type: cmp.Or(t.kind, "incident"), Category: t.about.category, Summary: t.summary, Description: t.text,
		Requested: t.priority, Fields: fields,
	}
}

// member is one of the people in the stories.
type member struct {
	id      string
	account chat.Identity
	actor   ticket.Actor
}

// cast is everybody in the stories, by account.
type cast map[string]member

func gather(ctx context.Context, d *desk.Desk, at Place) (cast, error) {
	c := cast{}
	for _, s := range stories() {
		names := []string{s.by, s.about.colleague}
		for _, step := range s.then {
			names = append(names, step.by, step.whom)
		}
		for _, name := range names {
			if _, known := c[name]; known || name == "" {
				continue
			}
			as, err := at.Directory.Person(ctx, at.Workspace, name)
			if err != nil {
				return nil, fmt.Errorf("look up %s: %w", name, err)
			}
			account := chat.Identity{Platform: at.Platform, Workspace: at.Workspace, ID: name}
			who, err := d.Identify(ctx, account, as)
			if err != nil {
				return nil, fmt.Errorf("look up %s: %w", name, err)
			}
			c[name] = member{id: who.ID, account: account, actor: ticket.Actor{Person: who.ID, Teams: d.TeamsOf(who)}}
		}
	}
	return c, nil
}
