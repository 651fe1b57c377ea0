package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// Create implements store.Tickets.
func (s *Store) Create(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	t = store.Normal(t)
	t.Version = 1
	old, kept := spill(t.Entries)
	t.Entries = kept
	d := newDocument(t, out)
	d.Moving = old
	_, err := s.tickets.InsertOne(ctx, d)
	if driver.IsDuplicateKeyError(err) {
		return store.ErrExists
	}
	if err != nil {
		return s.failed("create a ticket", err)
	}
	s.moved(ctx, t.ID, old)
	return nil
}

// Save implements store.Tickets.
func (s *Store) Save(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	t = store.Normal(t)
	loaded := bson.D{{Key: "$eq", Value: bson.A{"$ticket.version", t.Version}}}
	t.Version++
	old, kept := spill(t.Entries)
	t.Entries = kept

	set := ticketHalf(t)
	if len(old) > 0 {
		set = append(set, bson.E{Key: "moving", Value: joined("$moving", old)})
	}
	if len(out) > 0 {
		out = store.NormalDeliveries(out)
		at, _ := due(out)
		set = append(set, bson.E{Key: "pending", Value: joined("$pending", out)},
			bson.E{Key: "sendAt", Value: bson.D{{Key: "$min", Value: bson.A{"$sendAt", at}}}})
	}
	r, err := s.tickets.UpdateOne(ctx, withID(t.ID), driver.Pipeline{guard(loaded), bson.D{{Key: "$set", Value: set}}})
	if refused(err) {
		return store.ErrConflict
	}
	if err != nil {
		return s.failed("save a ticket", err)
	}
	if r.MatchedCount == 0 {
		return store.ErrConflict
	}
	s.moved(ctx, t.ID, old)
	return nil
}

// joined is the array that field has, if any, and the list after it.
func joined[T any](field string, list []T) bson.D {
	return bson.D{{Key: "$concatArrays", Value: bson.A{ifNull(field, bson.A{}), literal(list)}}}
}

// historyEntry is an entry that moved out of its ticket.
type historyEntry struct {
	ID     string       `bson:"_id"`
	Ticket string       `bson:"ticket"`
	N      int          `bson:"n"`
	Entry  ticket.Entry `bson:"entry"`
}

func newHistoryEntry(id string, e ticket.Entry) historyEntry {
	return historyEntry{ID: fmt.Sprintf("%s/%d", id, e.N), Ticket: id, N: e.N, Entry: e}
}

// moved takes the entries that left the ticket over to the history: copied first, then removed. They are safe and found
// from the moment they were saved; so a failure here harms nobody, and the next entries to move take the rest along.
func (s *Store) moved(ctx context.Context, id string, old []ticket.Entry) {
	if len(old) == 0 {
		return
	}
	if err := s.move(ctx, id); err != nil {
		s.log.WithError(err).WithField("ticket", id).Warn("entries stay with their ticket until the next move to the history")
	}
}

func (s *Store) move(ctx context.Context, id string) error {
	moving, err := s.moving(ctx, id)
	if err != nil || len(moving) == 0 { // somebody else was as quick
		return err
	}
	numbers := make([]int, len(moving))
	for i, e := range moving {
		numbers[i] = e.N
	}
	if err := s.keepHistory(ctx, id, moving); err != nil {
		return err
	}
	_, err = s.tickets.UpdateOne(ctx, bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$pull", Value: bson.D{
		{Key: "moving", Value: bson.D{{Key: "n", Value: bson.D{{Key: "$in", Value: numbers}}}}},
	}}})
	return s.failed("clear moved entries", err)
}

// keepHistory adds the entries. Those that are there already were copied before and never change.
func (s *Store) keepHistory(ctx context.Context, id string, entries []ticket.Entry) error {
	docs := make([]historyEntry, len(entries))
	for i, e := range entries {
		docs[i] = newHistoryEntry(id, e)
	}
	_, err := s.history.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	if err != nil && !onlyDuplicates(err) {
		return s.failed("keep history", err)
	}
	return nil
}

// moving are the entries of the ticket that are on their way to the history, by number.
func (s *Store) moving(ctx context.Context, id string) ([]ticket.Entry, error) {
	d, err := one[document](ctx, s, "read moving entries", s.tickets, bson.D{{Key: "_id", Value: id}},
		options.FindOne().SetProjection(bson.D{{Key: "moving", Value: 1}}))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(d.Moving, func(a, b ticket.Entry) int { return a.N - b.N })
	return d.Moving, nil
}

// ticketOnly leaves out what belongs to deliveries and lookups.
var ticketOnly = bson.D{{Key: "ticket", Value: 1}}

// Ticket implements store.Tickets.
func (s *Store) Ticket(ctx context.Context, id string) (ticket.Ticket, error) {
	return s.ticketBy(ctx, bson.D{{Key: "_id", Value: id}})
}

// TicketByKey implements store.Tickets.
func (s *Store) TicketByKey(ctx context.Context, key string) (ticket.Ticket, error) {
	return s.ticketBy(ctx, bson.D{{Key: "names", Value: keyName(key)}})
}

// TicketByEvent implements store.Tickets.
func (s *Store) TicketByEvent(ctx context.Context, event string) (ticket.Ticket, error) {
	if event == "" {
		return ticket.Ticket{}, store.ErrNotFound
	}
	return s.ticketBy(ctx, bson.D{{Key: "names", Value: eventName(event)}})
}

func (s *Store) ticketBy(ctx context.Context, filter bson.D) (ticket.Ticket, error) {
	d, err := one[document](ctx, s, "read a ticket", s.tickets, filter, options.FindOne().SetProjection(ticketOnly))
	return d.Ticket, err
}

// TicketByRoom implements store.Tickets.
func (s *Store) TicketByRoom(ctx context.Context, root chat.Ref) (ticket.Ticket, string, error) {
	d, err := one[document](ctx, s, "read a room's ticket", s.tickets, bson.D{{Key: "roots", Value: root.Key()}},
		options.FindOne().SetProjection(bson.D{{Key: "ticket", Value: 1}, {Key: "refs", Value: 1}}))
	if err != nil {
		return ticket.Ticket{}, "", err
	}
	for key, ref := range d.Refs {
		if ref == root && isRoot(key) {
			return d.Ticket, key, nil
		}
	}
	return ticket.Ticket{}, "", store.ErrNotFound
}

// TicketsIn implements store.Tickets.
func (s *Store) TicketsIn(ctx context.Context, channel chat.Ref) ([]string, error) {
	channel.Thread, channel.Message = "", ""
	begin := channel.Key()
	docs, err := many[document](ctx, s, "find the tickets of a channel", s.tickets,
		bson.D{{Key: "roots", Value: bson.D{{Key: "$elemMatch", Value: bson.D{{Key: "$gte", Value: begin}, {Key: "$lt", Value: begin + "\U0010ffff"}}}}}},
		options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	return ids, err
}

// History implements store.Tickets.
func (s *Store) History(ctx context.Context, id string, before, limit int) ([]ticket.Entry, error) {
	// Read before the history: an entry that moves meanwhile is seen twice then, and not missed.
	moving, err := s.moving(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	kept, err := many[historyEntry](ctx, s, "read history", s.history,
		bson.D{{Key: "ticket", Value: id}, {Key: "n", Value: bson.D{{Key: "$lt", Value: before}}}},
		options.Find().SetSort(bson.D{{Key: "n", Value: -1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, err
	}
	var entries []ticket.Entry
	for _, h := range kept {
		entries = append(entries, h.Entry)
	}
	for _, e := range moving {
		if e.N < before {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b ticket.Entry) int { return b.N - a.N })
	entries = slices.CompactFunc(entries, func(a, b ticket.Entry) bool { return a.N == b.N })
	return entries[:min(limit, len(entries))], nil
}

// Due implements store.Tickets.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	docs, err := many[document](ctx, s, "find tickets that are due", s.tickets,
		bson.D{{Key: "ticket.nextDue", Value: bson.D{{Key: "$lte", Value: now}}}},
		options.Find().SetSort(bson.D{{Key: "ticket.nextDue", Value: 1}}).SetLimit(int64(limit)).
			SetProjection(bson.D{{Key: "_id", Value: 1}}))
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	return ids, err
}
