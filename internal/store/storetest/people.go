package storetest

import (
	"errors"
	"fmt"
	"testing"

	"balie/internal/chat"
	"balie/internal/store"
)

func account(platform, id string) chat.Identity {
	return chat.Identity{Platform: platform, Workspace: "w", ID: id}
}

func person(id string, accounts ...chat.Identity) store.Person {
	return store.Person{
		ID: id, Name: "Ana " + Awkward, Email: id + "@Example.org", Avatar: "https://example.org/a.png", Locale: "nl-NL",
		TimeZone: "Europe/Amsterdam", Identities: accounts,
	}
}

var peopleTests = []test{
	{"Person", func(t *testing.T, s *box) {
		ana := person("ana", account("slack", "U1"), account("discord", "7"))
		must(t, s.SavePerson(t.Context(), ana))
		ana.Version = 1
		s.reopen()
		got, err := s.Person(t.Context(), "ana")
		must(t, err)
		same(t, "person", got, ana)
		for _, i := range ana.Identities {
			got, err = s.PersonByIdentity(t.Context(), i)
			must(t, err)
			same(t, "person by identity", got, ana)
		}
		for _, email := range []string{"ana@Example.org", "ana@example.org", "ANA@EXAMPLE.ORG"} {
			got, err = s.PersonByEmail(t.Context(), email)
			must(t, err)
			same(t, "person by "+email, got, ana)
		}
		_, err = s.Person(t.Context(), "ANA")
		wantErr(t, "Person", err, store.ErrNotFound)
		for _, i := range []chat.Identity{{}, account("mattermost", "U1"), account("slack", "u1"), {Platform: "slack", ID: "U1"}} {
			_, err = s.PersonByIdentity(t.Context(), i)
			wantErr(t, fmt.Sprint("PersonByIdentity ", i), err, store.ErrNotFound)
		}
		noEmail := person("bea", account("slack", "U2"))
		noEmail.Email = ""
		must(t, s.SavePerson(t.Context(), noEmail))
		for _, email := range []string{"", "ana", "ana@example_org"} {
			_, err = s.PersonByEmail(t.Context(), email)
			wantErr(t, fmt.Sprintf("PersonByEmail %q", email), err, store.ErrNotFound)
		}
	}},
	{"Changes", func(t *testing.T, s *box) {
		ana := person("ana", account("slack", "U1"), account("discord", "7"))
		must(t, s.SavePerson(t.Context(), ana))
		ana.Version, ana.Email, ana.Name = 1, "new@example.org", "Ana B."
		ana.Identities = []chat.Identity{account("discord", "7"), account("mattermost", "m")}
		must(t, s.SavePerson(t.Context(), ana))
		wantErr(t, "SavePerson of an old version", s.SavePerson(t.Context(), ana), store.ErrConflict)
		ana.Version = 2
		s.reopen()
		got, err := s.PersonByIdentity(t.Context(), account("mattermost", "m"))
		must(t, err)
		same(t, "person", got, ana)
		_, err = s.PersonByIdentity(t.Context(), account("slack", "U1"))
		wantErr(t, "an account given up", err, store.ErrNotFound)
		_, err = s.PersonByEmail(t.Context(), "ana@example.org")
		wantErr(t, "an address given up", err, store.ErrNotFound)
		_, err = s.PersonByEmail(t.Context(), "NEW@example.org")
		must(t, err)
		// The account that was given up is free for somebody else.
		must(t, s.SavePerson(t.Context(), person("bea", account("slack", "U1"))))
		ghost := person("ghost")
		ghost.Version = 3
		wantErr(t, "SavePerson of nobody's version", s.SavePerson(t.Context(), ghost), store.ErrConflict)
	}},
	{"AccountsAreUnique", func(t *testing.T, s *box) {
		must(t, s.SavePerson(t.Context(), person("ana", account("slack", "U1"))))
		must(t, s.SavePerson(t.Context(), person("bea", account("slack", "U2"))))
		thief := person("thief", account("slack", "U3"), account("slack", "U1"))
		wantErr(t, "a new person with a taken account", s.SavePerson(t.Context(), thief), store.ErrExists)
		_, err := s.PersonByIdentity(t.Context(), account("slack", "U3"))
		wantErr(t, "an account of who was refused", err, store.ErrNotFound)
		bea, err := s.Person(t.Context(), "bea")
		must(t, err)
		bea.Identities = append(bea.Identities, account("slack", "U1"))
		wantErr(t, "a known person with a taken account", s.SavePerson(t.Context(), bea), store.ErrExists)
		ana, err := s.PersonByIdentity(t.Context(), account("slack", "U1"))
		must(t, err)
		if ana.ID != "ana" {
			t.Errorf("the account went to %s", ana.ID)
		}
	}},
	{"FirstContactAtOnce", func(t *testing.T, s *box) {
		oneWins(t, together(atOnce, func(i int) error {
			return s.SavePerson(t.Context(), person(fmt.Sprint("p", i), account("slack", "U1")))
		}), store.ErrExists)
		oneWins(t, together(atOnce, func(i int) error {
			return s.SavePerson(t.Context(), person("same", account("slack", "U2")))
		}), store.ErrExists, store.ErrConflict)
	}},
	{"SaveAtOnce", func(t *testing.T, s *box) {
		must(t, s.SavePerson(t.Context(), person("ana", account("slack", "U0"))))
		for _, err := range together(atOnce, func(i int) error {
			for {
				p, err := s.Person(t.Context(), "ana")
				if err != nil {
					return err
				}
				p.Identities = append(p.Identities, account("discord", fmt.Sprint(i)))
				if err := s.SavePerson(t.Context(), p); !errors.Is(err, store.ErrConflict) {
					return err
				}
			}
		}) {
			must(t, err)
		}
		p, err := s.Person(t.Context(), "ana")
		must(t, err)
		if p.Version != 1+atOnce || len(p.Identities) != 1+atOnce {
			t.Errorf("version %d with %d accounts after %d saves", p.Version, len(p.Identities), atOnce)
		}
	}},
	{"Drafts", func(t *testing.T, s *box) {
		d := store.Draft{Person: "ana", Form: "open", Values: chat.Values{"summary": {Awkward}, "a.b $c": {"x", "y"}}, At: minute(1)}
		_, err := s.Draft(t.Context(), "ana", "open")
		wantErr(t, "Draft", err, store.ErrNotFound)
		must(t, s.SaveDraft(t.Context(), d))
		must(t, s.SaveDraft(t.Context(), store.Draft{Person: "ana", Form: "reply", At: minute(2)}))
		d.Values["summary"] = []string{"second thoughts"}
		d.At = minute(3)
		must(t, s.SaveDraft(t.Context(), d))
		s.reopen()
		got, err := s.Draft(t.Context(), "ana", "open")
		must(t, err)
		same(t, "draft", got, d)
		must(t, s.DeleteDraft(t.Context(), "ana", "open"))
		must(t, s.DeleteDraft(t.Context(), "ana", "open"))
		_, err = s.Draft(t.Context(), "ana", "open")
		wantErr(t, "Draft after it was deleted", err, store.ErrNotFound)
		_, err = s.Draft(t.Context(), "ana", "reply")
		must(t, err)
		_, err = s.Draft(t.Context(), "bea", "reply")
		wantErr(t, "somebody else's draft", err, store.ErrNotFound)
	}},
}
