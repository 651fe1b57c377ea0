package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/oklog/ulid/v2"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// people remembers who was looked up lately, so that an event costs no look-up of its own. Another replica's change is
// seen when the memory fades.
type people struct {
	byAccount *expirable.LRU[string, store.Person]
	byID      *expirable.LRU[string, store.Person]
}

func (p *people) init() {
	const size, fades = 10_000, time.Minute
	p.byAccount = expirable.NewLRU[string, store.Person](size, nil, fades)
	p.byID = expirable.NewLRU[string, store.Person](size, nil, fades)
}

func (p *people) remember(who store.Person) {
	p.byID.Add(who.ID, who)
	for _, i := range who.Identities {
		p.byAccount.Add(i.Key(), who)
	}
}

// Identify is the person behind an account, as the platform describes it now. Whoever is not known yet becomes known; an
// account with the e-mail address of somebody known is theirs.
func (d *Desk) Identify(ctx context.Context, i chat.Identity, as chat.Person) (store.Person, error) {
	if i.ID == "" {
		return store.Person{}, errors.New("identify: the event names nobody")
	}
	if p, ok := d.people.byAccount.Get(i.Key()); ok && !describe(&p, as) {
		return p, nil
	}
	const tries = 5
	for range tries {
		p, err := d.Store.PersonByIdentity(ctx, i)
		if errors.Is(err, store.ErrNotFound) && as.Email != "" {
			p, err = d.Store.PersonByEmail(ctx, as.Email)
		}
		if errors.Is(err, store.ErrNotFound) {
			p, err = store.Person{ID: ulid.Make().String()}, nil
		}
		if err != nil {
			return store.Person{}, wrap("look up a person", err)
		}
		changed := describe(&p, as)
		if !slices.Contains(p.Identities, i) {
			p.Identities = append(slices.Clone(p.Identities), i)
			changed = true
		}
		if changed {
			err = d.Store.SavePerson(ctx, p)
			if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) {
				continue
			}
			if err != nil {
				return store.Person{}, wrap("keep a person", err)
			}
			p.Version++
		}
		d.people.remember(p)
		return p, nil
	}
	return store.Person{}, fmt.Errorf("keep a person: others were faster %d times", tries)
}

// describe brings p up to date and says whether that changed anything. What the platform does not tell stays.
func describe(p *store.Person, as chat.Person) bool {
	before := *p
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	name := as.Name
	if name != p.Name { // what is kept was cleaned when it was new
		name = ticket.Line(name)
	}
	if name == "" && p.Name == "" {
		name = ticket.Line(as.Handle)
	}
	if name == "" && p.Name == "" {
		name = as.ID
	}
	set(&p.Name, ticket.Cut(name, 80))
	set(&p.Email, as.Email)
	set(&p.Avatar, as.Avatar)
	set(&p.Locale, as.Locale)
	set(&p.TimeZone, as.TimeZone)
	return p.Name != before.Name || p.Email != before.Email || p.Avatar != before.Avatar ||
		p.Locale != before.Locale || p.TimeZone != before.TimeZone
}

// Person is the person with the id. Whoever is not known is shown by the id, so that a gap never stops a post.
func (d *Desk) Person(ctx context.Context, id string) (store.Person, error) {
	if p, ok := d.people.byID.Get(id); ok {
		return p, nil
	}
	p, err := d.Store.Person(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Person{ID: id, Name: id}, nil
	}
	if err != nil {
		return store.Person{}, wrap("look up a person", err)
	}
	d.people.remember(p)
	return p, nil
}

// Account is the person's account on a platform, in the workspace if it is given.
func Account(p store.Person, platform, workspace string) (chat.Identity, bool) {
	i := slices.IndexFunc(p.Identities, func(i chat.Identity) bool {
		return i.Platform == platform && (workspace == "" || i.Workspace == "" || i.Workspace == workspace)
	})
	if i < 0 {
		return chat.Identity{}, false
	}
	return p.Identities[i], true
}
