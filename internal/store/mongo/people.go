package mongo

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/chat"
	"balie/internal/store"
)

// personDocument is a person with what lookups go by. Both are left out when empty: the indexes are sparse.
type personDocument struct {
	ID       string       `bson:"_id"`
	Person   store.Person `bson:"person"`
	Mail     string       `bson:"mail,omitempty"`     // in lower case
	Accounts []string     `bson:"accounts,omitempty"` // chat.Identity.Key
}

func newPersonDocument(p store.Person) personDocument {
	d := personDocument{ID: p.ID, Person: p, Mail: strings.ToLower(p.Email)}
	for _, i := range p.Identities {
		d.Accounts = append(d.Accounts, i.Key())
	}
	return d
}

// Person implements store.People.
func (s *Store) Person(ctx context.Context, id string) (store.Person, error) {
	return s.personBy(ctx, bson.D{{Key: "_id", Value: id}})
}

// PersonByIdentity implements store.People.
func (s *Store) PersonByIdentity(ctx context.Context, i chat.Identity) (store.Person, error) {
	return s.personBy(ctx, bson.D{{Key: "accounts", Value: i.Key()}})
}

// PersonByEmail implements store.People.
func (s *Store) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	if email == "" {
		return store.Person{}, store.ErrNotFound
	}
	return s.personBy(ctx, bson.D{{Key: "mail", Value: strings.ToLower(email)}})
}

func (s *Store) personBy(ctx context.Context, filter bson.D) (store.Person, error) {
	d, err := one[personDocument](ctx, s, "read a person", s.people, filter)
	return d.Person, err
}

// SavePerson implements store.People.
func (s *Store) SavePerson(ctx context.Context, p store.Person) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	before := p.Version
	p.Version++
	d := newPersonDocument(p)
	var err error
	matched := int64(1)
	if before == 0 {
		_, err = s.people.InsertOne(ctx, d)
	} else {
		var r *driver.UpdateResult
		if r, err = s.people.ReplaceOne(ctx, bson.D{
			{Key: "_id", Value: p.ID}, {Key: "person.version", Value: before},
		}, d); err == nil {
			matched = r.MatchedCount
		}
	}
	switch {
	case driver.IsDuplicateKeyError(err) && strings.Contains(err.Error(), indexAccounts):
		return store.ErrExists
	case driver.IsDuplicateKeyError(err), err == nil && matched == 0:
		return store.ErrConflict
	}
	return s.failed("save a person", err)
}

// draftID is a draft's identity. The order of its fields is part of it.
type draftID struct {
	Person string `bson:"person"`
	Form   string `bson:"form"`
}

type draftDocument struct {
	ID     draftID     `bson:"_id"`
	Values chat.Values `bson:"values"`
	At     time.Time   `bson:"at"` // the server forgets it maxDraftAge later
}

// maxDraftAge is how long a draft is kept.
const maxDraftAge = 30 * 24 * time.Hour

// Draft implements store.People.
func (s *Store) Draft(ctx context.Context, person, form string) (store.Draft, error) {
	d, err := one[draftDocument](ctx, s, "read a draft", s.drafts, bson.D{{Key: "_id", Value: draftID{person, form}}})
	if err != nil {
		return store.Draft{}, err
	}
	return store.Draft{Person: person, Form: form, Values: d.Values, At: d.At}, nil
}

// SaveDraft implements store.People.
func (s *Store) SaveDraft(ctx context.Context, d store.Draft) error {
	id := draftID{d.Person, d.Form}
	return s.put(ctx, "save a draft", s.drafts, id, draftDocument{ID: id, Values: d.Values, At: store.Millis(d.At)})
}

// DeleteDraft implements store.People.
func (s *Store) DeleteDraft(ctx context.Context, person, form string) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	_, err := s.drafts.DeleteOne(ctx, bson.D{{Key: "_id", Value: draftID{person, form}}})
	return s.failed("delete a draft", err)
}

// put keeps the document in place of the one with its id. Of two first ones at once, either may be told that the other
// exists by now, and replaces it.
func (s *Store) put(ctx context.Context, doing string, c *driver.Collection, id, document any) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	replace := func() error {
		_, err := c.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}}, document, options.Replace().SetUpsert(true))
		return err
	}
	err := replace()
	if driver.IsDuplicateKeyError(err) {
		err = replace()
	}
	return s.failed(doing, err)
}
