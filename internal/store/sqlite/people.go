package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
)

// draftLife is how long a draft is kept.
const draftLife = 30 * 24 * time.Hour

// Person is the person with the id. See store.People.
func (s *Store) Person(ctx context.Context, id string) (store.Person, error) {
	return single[store.Person](ctx, s, "read the person", personGet, id)
}

// PersonByIdentity is the person with the account. See store.People.
func (s *Store) PersonByIdentity(ctx context.Context, i chat.Identity) (store.Person, error) {
	return single[store.Person](ctx, s, "read the person by their account", personByIdentity, i.Key())
}

// PersonByEmail is a person with the address. See store.People.
func (s *Store) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	return single[store.Person](ctx, s, "read the person by their address", personByEmail, text(strings.ToLower(email)))
}

// SavePerson keeps a person's next version. See store.People.
func (s *Store) SavePerson(ctx context.Context, p store.Person) error {
	before := p.Version
	p.Version++
	return s.putPerson(ctx, "keep the person", p, before)
}

// putPerson keeps p in place of the version before, which is 0 for a new one.
func (s *Store) putPerson(ctx context.Context, doing string, p store.Person, before int64) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return s.write(ctx, doing, func(w *conn) error {
		var version int64
		if err := w.one(personVersion, args(p.ID), &version); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if version != before {
			return store.ErrConflict
		}
		for _, i := range p.Identities {
			owner := p.ID
			if err := w.one(identityOwner, args(i.Key()), &owner); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if owner != p.ID {
				return store.ErrExists
			}
		}
		if _, err := w.exec(personPut, p.ID, p.Version, text(strings.ToLower(p.Email)), body); err != nil {
			return err
		}
		if _, err := w.exec(identitiesForget, p.ID); err != nil {
			return err
		}
		for _, i := range p.Identities {
			if _, err := w.exec(identityPut, i.Key(), p.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Draft is what the person had typed into the form. See store.People.
func (s *Store) Draft(ctx context.Context, person, form string) (store.Draft, error) {
	return single[store.Draft](ctx, s, "read the draft", draftGet, person, form)
}

// SaveDraft keeps a draft, and forgets those that are 30 days older: the store has no clock of its own.
func (s *Store) SaveDraft(ctx context.Context, d store.Draft) error {
	const doing = "keep the draft"
	d.At = store.Millis(d.At)
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return s.write(ctx, doing, func(w *conn) error {
		if _, err := w.exec(draftPut, d.Person, d.Form, d.At.UnixMilli(), body); err != nil {
			return err
		}
		_, err := w.exec(draftsExpire, d.At.Add(-draftLife).UnixMilli())
		return err
	})
}

// DeleteDraft forgets a draft. See store.People.
func (s *Store) DeleteDraft(ctx context.Context, person, form string) error {
	return s.write(ctx, "forget the draft", func(w *conn) error {
		_, err := w.exec(draftDelete, person, form)
		return err
	})
}

// single reads the document that a statement gives.
func single[T any](ctx context.Context, s *Store, doing string, id statementID, arguments ...any) (v T, err error) {
	var body []byte
	if err := s.read(ctx, doing, func(r *conn) error { return r.one(id, arguments, &body) }); err != nil {
		return v, err
	}
	return v, decoded(doing, body, &v)
}
