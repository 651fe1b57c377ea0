package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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
	if err := q.Check(); err != nil {
		return store.Page{}, fmt.Errorf("find tickets: %w", err)
	}
	if q.After != "" && !isPlace(q.After) {
		return store.Page{}, fmt.Errorf("find tickets: %q is no cursor", q.After)
	}
	if q.Order == store.Waiting {
		return s.findWaiting(ctx, q)
	}
	list := list(q)
	var err error
	if len(q.Words) > 0 {
		if q.Words = store.Tokens(strings.Join(q.Words, " ")); len(q.Words) == 0 {
			return store.Page{}, nil
		}
	}
	found, rare, err := s.findRare(ctx, q)
	if err == nil && !rare {
		found, err = s.findAlong(ctx, q, list)
	}
	if err != nil {
		return store.Page{}, err
	}
	sortListed(found, q.Order)
	var page store.Page
	if len(found) > q.Limit {
		found = found[:q.Limit]
		page.Next = found[q.Limit-1].Place
	}
	for _, f := range found {
		page.Tickets = append(page.Tickets, f.Ticket)
	}
	return page, nil
}

func sortListed(list []listed, o store.Order) {
	slices.SortFunc(list, func(a, b listed) int { return direction(o) * cmp.Compare(a.Place, b.Place) })
}

// list is the list that the query is for.
func list(q store.Query) string {
	switch {
	case q.Unassigned:
		return unassignedList(q.Team)
	case q.Team != "":
		return teamList(q.Team)
	case q.Person != "":
		return personList(q.Person)
	}
	return assigneeList(q.Assignee)
}

func direction(o store.Order) int {
	if o == store.Oldest {
		return 1
	}
	return -1
}

// findAlong reads along the index that has the lists in their order, so that it ends with the page and the ticket after it. The
// index has Open before the order: without a choice both parts are read, which takes half the indexes and never a sort
// on the server.
func (s *Store) findAlong(ctx context.Context, q store.Query, list string) ([]listed, error) {
	opens := []bool{true, false}
	if q.Open != nil {
		opens = []bool{*q.Open}
	} else if q.Unassigned {
		opens = opens[:1]
	}
	var found []listed
	for _, open := range opens {
		filter := slices.Concat(bson.D{{Key: "lists", Value: list}, {Key: "open", Value: open}}, beyond(q), containing(q.Words))
		part, err := many[listed](ctx, s, "list tickets", s.tickets, filter,
			options.Find().SetProjection(listedOnly).SetHint(indexLists).
				SetSort(bson.D{{Key: "place", Value: direction(q.Order)}}).SetLimit(int64(q.Limit)+1))
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
	}
	return found, nil
}

// fewEnough is how many matches of a search are sorted here. With more of them, the list in its own order comes upon a
// page of matches sooner.
const fewEnough = 2000

// findRare finds words by their own index, where only few tickets match. It says whether it did.
func (s *Store) findRare(ctx context.Context, q store.Query) (found []listed, rare bool, err error) {
	if len(q.Words) == 0 || q.Team == "" { // a person's tickets are few anyway
		return nil, false, nil
	}
	filter := slices.Concat(bson.D{{Key: "ticket.team", Value: q.Team}}, beyond(q), containing(q.Words))
	if q.Open != nil {
		filter = append(filter, bson.E{Key: "open", Value: *q.Open})
	}
	places, err := many[listed](ctx, s, "search tickets", s.tickets, filter,
		options.Find().SetProjection(bson.D{{Key: "_id", Value: 0}, {Key: "place", Value: 1}}).
			SetHint(indexWords).SetLimit(fewEnough+1))
	if err != nil || len(places) > fewEnough {
		return nil, false, err
	}
	if len(places) == 0 {
		return nil, true, nil
	}
	sortListed(places, q.Order)
	ids := []string{}
	for _, p := range places[:min(q.Limit+1, len(places))] {
		ids = append(ids, p.Place[placeID:])
	}
	found, err = many[listed](ctx, s, "read found tickets", s.tickets,
		bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(listedOnly))
	return found, true, err
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
