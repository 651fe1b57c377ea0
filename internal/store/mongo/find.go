package mongo

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
)

// listed is a ticket as a list needs it.
type listed struct {
	Place  string        `bson:"place"`
	Ticket store.Summary `bson:"ticket"`
}

var listedOnly = bson.D{
	{Key: "_id", Value: 0}, {Key: "place", Value: 1},
	{Key: "ticket.id", Value: 1}, {Key: "ticket.key", Value: 1}, {Key: "ticket.team", Value: 1},
	{Key: "ticket.category", Value: 1}, {Key: "ticket.summary", Value: 1}, {Key: "ticket.priority", Value: 1},
	{Key: "ticket.status", Value: 1}, {Key: "ticket.phase", Value: 1}, {Key: "ticket.requester", Value: 1},
	{Key: "ticket.assignee", Value: 1}, {Key: "ticket.opened", Value: 1}, {Key: "ticket.updated", Value: 1},
}

// Find implements store.Tickets.
func (s *Store) Find(ctx context.Context, q store.Query) (store.Page, error) {
	subject, index, err := subject(q)
	if err != nil {
		return store.Page{}, err
	}
	limit := min(max(q.Limit, 1), 200)
	var found []listed
	if rare, ok, err := s.findRare(ctx, q, subject, limit+1); err != nil {
		return store.Page{}, err
	} else if ok {
		found = rare
	} else {
		// The index has Open before the order. Without a choice both parts are read and merged: half the indexes, and
		// never a sort in memory.
		opens := []bool{true, false}
		if q.Open != nil {
			opens = []bool{*q.Open}
		}
		for _, open := range opens {
			part, err := s.findOrdered(ctx, q, subject, index, open, limit+1)
			if err != nil {
				return store.Page{}, err
			}
			found = append(found, part...)
		}
	}
	slices.SortFunc(found, func(a, b listed) int { return direction(q.Order) * cmp.Compare(a.Place, b.Place) })

	var page store.Page
	if len(found) > limit {
		found = found[:limit]
		page.Next = found[limit-1].Place
	}
	for _, f := range found {
		page.Tickets = append(page.Tickets, f.Ticket)
	}
	return page, nil
}

// subject is the condition that leads to the answer, and the name of the index that serves it in order.
func subject(q store.Query) (condition bson.E, index string, err error) {
	n := 0
	for _, c := range []struct{ value, field, index string }{
		{q.Team, "ticket.team", indexTeam},
		{q.Person, "people", indexPeople},
		{q.Assignee, "ticket.assignee", indexAssignee},
	} {
		if c.value != "" {
			n++
			condition, index = bson.E{Key: c.field, Value: c.value}, c.index
		}
	}
	if n != 1 {
		return bson.E{}, "", errors.New("store: a query needs exactly one of person, team and assignee")
	}
	return condition, index, nil
}

func direction(o store.Order) int {
	if o == store.Oldest {
		return 1
	}
	return -1
}

// findOrdered reads along the index of the list's order, so that it ends with the page.
func (s *Store) findOrdered(ctx context.Context, q store.Query, subject bson.E, index string, open bool, limit int) ([]listed, error) {
	filter := bson.D{subject, {Key: "open", Value: open}}
	filter = append(filter, beyond(q)...)
	filter = append(filter, containing(q.Words)...)
	return many[listed](ctx, s, "list tickets", s.tickets, filter,
		options.Find().SetProjection(listedOnly).SetHint(index).
			SetSort(bson.D{{Key: "place", Value: direction(q.Order)}}).SetLimit(int64(limit)))
}

// fewEnough is how many matches of a search are sorted here. With more of them, the list in its own order comes upon a
// page of matches sooner.
const fewEnough = 2000

// findRare finds words by their own index, where only few tickets match. It says whether it did.
func (s *Store) findRare(ctx context.Context, q store.Query, subject bson.E, limit int) (found []listed, ok bool, err error) {
	if len(q.Words) == 0 || q.Team == "" {
		return nil, false, nil // a person's tickets are few anyway
	}
	filter := bson.D{subject}
	if q.Open != nil {
		filter = append(filter, bson.E{Key: "open", Value: *q.Open})
	}
	filter = append(filter, beyond(q)...)
	filter = append(filter, containing(q.Words)...)
	places, err := many[listed](ctx, s, "search tickets", s.tickets, filter,
		options.Find().SetProjection(bson.D{{Key: "_id", Value: 0}, {Key: "place", Value: 1}}).
			SetHint(indexWords).SetLimit(fewEnough+1))
	if err != nil || len(places) > fewEnough {
		return nil, false, err
	}
	slices.SortFunc(places, func(a, b listed) int { return direction(q.Order) * cmp.Compare(a.Place, b.Place) })
	ids := []string{}
	for _, p := range places[:min(limit, len(places))] {
		ids = append(ids, p.Place[placeID:])
	}
	found, err = many[listed](ctx, s, "read found tickets", s.tickets,
		bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(listedOnly))
	return found, err == nil, err
}

// beyond is the condition that the cursor makes.
func beyond(q store.Query) bson.D {
	if q.After == "" {
		return nil
	}
	op := "$lt"
	if q.Order == store.Oldest {
		op = "$gt"
	}
	return bson.D{{Key: "place", Value: bson.D{{Key: op, Value: q.After}}}}
}

// containing is the condition that all the words are there, the last at least as the beginning of one.
func containing(words []string) bson.D {
	if len(words) == 0 {
		return nil
	}
	all := bson.A{}
	last := len(words) - 1
	for _, w := range words[:last] {
		all = append(all, bson.D{{Key: "words", Value: w}})
	}
	const highest = "\U0010FFFF" // sorts behind whatever can follow
	return bson.D{{Key: "$and", Value: append(all, bson.D{{Key: "words", Value: bson.D{{Key: "$elemMatch", Value: bson.D{
		{Key: "$gte", Value: words[last]}, {Key: "$lt", Value: words[last] + highest},
	}}}}})}}
}
