package mongo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"balie/internal/store"
	"balie/internal/ticket"
)

// TestOlderFormat prepares a database of the first format: what that lacked is made of the tickets.
func TestOlderFormat(t *testing.T) {
	s := open(t, Options{})
	ctx := t.Context()
	for n := range 6 {
		k := ticket.Ticket{ID: fmt.Sprint("t", n), Key: fmt.Sprint("HD-", n), Team: "ict", Phase: ticket.New,
			Opened: time.Date(2026, 3, 2, 9, n, 0, 0, time.UTC)}
		switch n {
		case 2:
			k.Assignee = "bram"
		case 3:
			k.Phase = ticket.WaitingRequester
		case 4:
			k.Phase = ticket.Closed
		}
		check(t, s.Create(ctx, k, nil))
	}
	_, err := s.tickets.UpdateMany(ctx, bson.D{}, bson.D{
		{Key: "$unset", Value: bson.D{{Key: "waits", Value: ""}}}, {Key: "$pull", Value: bson.D{{Key: "lists", Value: unassignedList("ict")}}},
	})
	check(t, err)
	_, err = s.description.UpdateOne(ctx, bson.D{{Key: "_id", Value: "format"}}, bson.D{{Key: "$set", Value: bson.D{{Key: "version", Value: 1}}}})
	check(t, err)
	finds := func(what string, q store.Query, want ...string) {
		t.Helper()
		q.Team, q.Limit = "ict", 100
		p, err := s.Find(ctx, q)
		check(t, err)
		var got []string
		for _, k := range p.Tickets {
			got = append(got, k.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	waiting, nobodys := store.Query{Order: store.Waiting}, store.Query{Unassigned: true, Order: store.Oldest}
	finds("waiting before", waiting)
	finds("nobody's before", nobodys)
	for range 2 { // the second time there is nothing to do
		check(t, s.prepare(ctx))
		finds("waiting", waiting, "t0", "t1", "t2", "t5")
		finds("nobody's", nobodys, "t0", "t1", "t3", "t5")
	}
	d, err := one[formatDocument](ctx, s, "read the format", s.description, bson.D{{Key: "_id", Value: "format"}})
	check(t, err)
	if d.Version != format {
		t.Errorf("the format is %d, want %d", d.Version, format)
	}
}
