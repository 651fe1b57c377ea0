package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
	"balie/internal/ticket"
)

// waits is where the ticket stands among its team's that wait for an answer, the one that waits longest first, as a string
// that sorts like it; empty if it does not wait. The order is by team, so that one field leads to the answer.
func waits(t ticket.Ticket) string {
	since := t.WaitsSince()
	if since.IsZero() {
		return ""
	}
	return waitsIn(t.Team) + placeOf(since, t.ID)
}

func waitsIn(team string) string { return team + "/" }

// literalOrNone is the text for a pipeline; an empty one removes the field.
func literalOrNone(s string) any {
	if s == "" {
		return "$$REMOVE"
	}
	return literal(s)
}

// findWaiting lists a team's tickets that wait for an answer.
func (s *Store) findWaiting(ctx context.Context, q store.Query) (store.Page, error) {
	type waiting struct {
		Waits  string        `bson:"waits"`
		Ticket store.Summary `bson:"ticket"`
	}
	const last = "0" // follows the "/" that ends the team's id
	only := append(bson.D{{Key: "waits", Value: 1}}, listedOnly...)
	found, err := many[waiting](ctx, s, "list waiting tickets", s.tickets,
		bson.D{{Key: "waits", Value: bson.D{{Key: "$gt", Value: waitsIn(q.Team) + q.After}, {Key: "$lt", Value: q.Team + last}}}},
		options.Find().SetProjection(only).SetHint(indexWaits).SetSort(bson.D{{Key: "waits", Value: 1}}).SetLimit(int64(q.Limit)+1))
	if err != nil {
		return store.Page{}, err
	}
	var page store.Page
	if len(found) > q.Limit {
		found = found[:q.Limit]
		page.Next = found[q.Limit-1].Waits[len(waitsIn(q.Team)):]
	}
	for _, f := range found {
		page.Tickets = append(page.Tickets, f.Ticket)
	}
	return page, nil
}

// fillWaiting gives the tickets of the first format what they lack to be found by how long they wait, and as nobody's. A
// ticket that changes meanwhile gets it then.
func (s *Store) fillWaiting(ctx context.Context) (err error) {
	found, err := s.tickets.Find(ctx, bson.D{{Key: "open", Value: true}}, options.Find().SetProjection(ticketOnly))
	if err != nil {
		return fmt.Errorf("read open tickets: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close(context.WithoutCancel(ctx))) }()
	var batch []driver.WriteModel
	write := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := s.tickets.BulkWrite(ctx, batch, options.BulkWrite().SetOrdered(false))
		batch = nil
		if err != nil {
			return fmt.Errorf("complete open tickets: %w", err)
		}
		return nil
	}
	for found.Next(ctx) {
		var d document
		if err := found.Decode(&d); err != nil {
			return fmt.Errorf("decode a ticket: %w", err)
		}
		t := d.Ticket
		batch = append(batch, driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: "_id", Value: d.ID}, {Key: "ticket.version", Value: t.Version}}).
			SetUpdate(driver.Pipeline{bson.D{{Key: "$set", Value: bson.D{
				{Key: "lists", Value: literal(lists(t))}, {Key: "waits", Value: literalOrNone(waits(t))},
			}}}}))
		if len(batch) == 500 {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read open tickets: %w", err)
	}
	if err := write(); err != nil {
		return err
	}
	one, cancel := s.operation(ctx)
	defer cancel()
	_, err = s.description.UpdateOne(one, bson.D{{Key: "_id", Value: "format"}}, bson.D{{Key: "$set", Value: bson.D{{Key: "version", Value: format}}}})
	return err
}
