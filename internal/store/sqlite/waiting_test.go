package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"balie/internal/store"
	"balie/internal/ticket"
)

// TestOlderFile opens a file as the first version of the schema had it: what that lacked is made of the tickets.
func TestOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balie.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		k := testTicket(n, "older")
		switch n {
		case 2:
			k.Assignee = "bram"
		case 3:
			k.Phase = ticket.WaitingRequester
		case 4:
			k.Phase = ticket.Closed
		}
		if err := s.Create(t.Context(), k, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		"DROP TABLE waiting", "DROP INDEX tickets_unassigned", "UPDATE tickets SET lists = json_remove(lists, '$.Waits')", "PRAGMA user_version = 1",
	} {
		inWriter(t, s, sql)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	check := func(what string, q store.Query, want ...int) {
		t.Helper()
		q.Team, q.Limit = "ict", 100
		p, err := s.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var got, ids []string
		for _, k := range p.Tickets {
			got = append(got, k.ID)
		}
		for _, n := range want {
			ids = append(ids, fmt.Sprint("t", n))
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%s: %v, want %v", what, got, ids)
		}
	}
	check("waiting", store.Query{Order: store.Waiting}, 0, 1, 2, 5)
	check("nobody's", store.Query{Unassigned: true, Order: store.Oldest}, 0, 1, 3, 5)
	k, err := s.Ticket(t.Context(), "t1")
	if err != nil {
		t.Fatal(err)
	}
	k.Phase = ticket.Closed
	if err := s.Save(t.Context(), k, nil); err != nil {
		t.Fatal(err)
	}
	check("waiting after a change", store.Query{Order: store.Waiting}, 0, 2, 5)
}
