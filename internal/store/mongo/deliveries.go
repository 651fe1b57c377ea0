package mongo

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
)

// Lease implements store.Deliveries.
func (s *Store) Lease(ctx context.Context, id, owner string, now, until time.Time) (store.Work, error) {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	o := options.FindOneAndUpdate().SetReturnDocument(options.After).SetProjection(bson.D{
		{Key: "ticket", Value: 1}, {Key: "pending", Value: 1}, {Key: "refs", Value: 1}, {Key: "sendLease", Value: 1},
	})
	take := bson.D{{Key: "$set", Value: bson.D{{Key: "sendLease", Value: literal(lease{Owner: owner, Until: store.Millis(until)})}}}}
	var d document
	var err error
	if id == "" {
		err = s.tickets.FindOneAndUpdate(ctx, bson.D{
			{Key: "sendAt", Value: bson.D{{Key: "$lte", Value: now}}},
			{Key: "sendLease.until", Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gt", Value: now}}}}},
		}, driver.Pipeline{take}, o.SetSort(bson.D{{Key: "sendAt", Value: 1}})).Decode(&d)
	} else {
		due := bson.D{{Key: "$and", Value: bson.A{
			bson.D{{Key: "$gt", Value: bson.A{"$sendAt", nil}}},
			bson.D{{Key: "$lte", Value: bson.A{"$sendAt", now}}},
			bson.D{{Key: "$not", Value: bson.A{bson.D{{Key: "$gt", Value: bson.A{"$sendLease.until", now}}}}}},
		}}}
		err = s.tickets.FindOneAndUpdate(ctx, withID(id), driver.Pipeline{guard(due), take}, o).Decode(&d)
		if refused(err) {
			return store.Work{}, store.ErrNotFound
		}
	}
	if errors.Is(err, driver.ErrNoDocuments) {
		return store.Work{}, store.ErrNotFound
	}
	if err != nil {
		return store.Work{}, s.failed("lease a ticket's deliveries", err)
	}
	return d.work(), nil
}

// Settle implements store.Deliveries.
func (s *Store) Settle(ctx context.Context, w store.Work, o store.Outcome) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	// Given up comes first: a crash in between repeats a delivery and loses no complaint about one.
	added, err := s.bury(ctx, o.Dead)
	if err != nil {
		return err
	}
	held := bson.D{{Key: "$and", Value: bson.A{
		bson.D{{Key: "$eq", Value: bson.A{"$sendLease.owner", literal(w.Owner)}}},
		bson.D{{Key: "$eq", Value: bson.A{"$sendLease.until", w.Until}}},
	}}}
	r, err := s.tickets.UpdateOne(ctx, withID(w.Ticket.ID), append(driver.Pipeline{guard(held)}, settlement(w, o)...))
	if refused(err) {
		r, err = &driver.UpdateResult{}, nil
	}
	if err != nil {
		return s.failed("settle deliveries", err)
	}
	if r.MatchedCount > 0 {
		return nil
	}
	if len(added) > 0 { // whoever has the lease now decides anew
		_, err := s.dead.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: added}}}})
		if err != nil {
			return errors.Join(store.ErrConflict, s.failed("take back deliveries given up", err))
		}
	}
	return store.ErrConflict
}

// settlement is the update that carries out o on what is pending by then, which Save may have added to.
func settlement(w store.Work, o store.Outcome) driver.Pipeline {
	gone := bson.A{}
	for _, id := range o.Done {
		gone = append(gone, id)
	}
	for _, d := range o.Dead {
		gone = append(gone, d.ID)
	}
	rest := bson.D{{Key: "$filter", Value: bson.D{
		{Key: "input", Value: "$pending"}, {Key: "as", Value: "p"},
		{Key: "cond", Value: bson.D{{Key: "$not", Value: bson.A{bson.D{{Key: "$in", Value: bson.A{"$$p.id", literal(gone)}}}}}}},
	}}}
	if len(o.Retry) > 0 {
		rest = retried(rest, o.Retry)
	}
	first := bson.D{{Key: "pending", Value: rest}}
	var roots, oldRoots, lost bson.A
	for key, ref := range o.Refs {
		first = append(first, bson.E{Key: "refs." + field(key), Value: literal(ref)})
		if isRoot(key) {
			roots = append(roots, ref.Key())
		}
		if old, ok := w.Refs[key]; ok && isRoot(key) {
			oldRoots = append(oldRoots, old.Key())
		}
	}
	for _, key := range o.Lost {
		if old, ok := w.Refs[key]; ok && isRoot(key) {
			oldRoots = append(oldRoots, old.Key())
		}
		if _, again := o.Refs[key]; !again {
			lost = append(lost, "refs."+field(key))
		}
	}
	p := driver.Pipeline{}
	if len(lost) > 0 {
		p = append(p, bson.D{{Key: "$unset", Value: lost}})
	}
	p = append(p, bson.D{{Key: "$set", Value: first}})
	second := bson.D{{Key: "sendAt", Value: sendAt}}
	if len(roots)+len(oldRoots) > 0 {
		second = append(second, bson.E{Key: "roots", Value: bson.D{{Key: "$setUnion", Value: bson.A{
			bson.D{{Key: "$setDifference", Value: bson.A{
				ifNull("$roots", bson.A{}), literal(append(bson.A{}, oldRoots...)),
			}}},
			literal(append(bson.A{}, roots...)),
		}}}})
	}
	return append(p, bson.D{{Key: "$set", Value: second}}, bson.D{{Key: "$unset", Value: "sendLease"}})
}

// literal keeps a value that begins with "$" from being read as an expression.
func literal(v any) bson.D { return bson.D{{Key: "$literal", Value: v}} }

func ifNull(v, instead any) bson.D {
	return bson.D{{Key: "$ifNull", Value: bson.A{v, literal(instead)}}}
}

// retried writes what is to be tried again over the pending deliveries that pending computes.
func retried(pending any, retry []store.Delivery) bson.D {
	changes := bson.A{}
	for _, d := range store.NormalDeliveries(retry) {
		changes = append(changes, bson.D{
			{Key: "id", Value: d.ID}, {Key: "next", Value: d.Next}, {Key: "tries", Value: d.Tries}, {Key: "error", Value: d.Error},
		})
	}
	change := bson.D{{Key: "$arrayElemAt", Value: bson.A{bson.D{{Key: "$filter", Value: bson.D{
		{Key: "input", Value: literal(changes)}, {Key: "as", Value: "c"},
		{Key: "cond", Value: bson.D{{Key: "$eq", Value: bson.A{"$$c.id", "$$p.id"}}}},
	}}}, 0}}}
	return bson.D{{Key: "$map", Value: bson.D{
		{Key: "input", Value: pending}, {Key: "as", Value: "p"},
		{Key: "in", Value: bson.D{{Key: "$mergeObjects", Value: bson.A{"$$p", ifNull(change, bson.D{})}}}},
	}}}
}

// sendAt computes due on the server. There is no such field when nothing is pending.
var sendAt = bson.D{{Key: "$ifNull", Value: bson.A{
	bson.D{{Key: "$min", Value: bson.D{{Key: "$map", Value: bson.D{
		{Key: "input", Value: "$pending"}, {Key: "as", Value: "p"}, {Key: "in", Value: "$$p.next"},
	}}}}},
	"$$REMOVE",
}}}

// bury keeps deliveries that are given up, and gives the ids of those that were not kept yet.
func (s *Store) bury(ctx context.Context, list []store.Dead) (added bson.A, err error) {
	for _, d := range list {
		_, err := s.dead.InsertOne(ctx, newDeadDocument(d))
		if driver.IsDuplicateKeyError(err) {
			continue
		}
		if err != nil {
			return added, s.failed("keep a delivery given up", err)
		}
		added = append(added, d.ID)
	}
	return added, nil
}

// deadDocument is a delivery given up, under the delivery's id.
type deadDocument struct {
	ID       string         `bson:"_id"`
	Since    time.Time      `bson:"since"`
	Delivery store.Delivery `bson:"delivery"`
	Ticket   string         `bson:"ticket"`
	Key      string         `bson:"key"`
	Reason   string         `bson:"reason"`
}

func newDeadDocument(d store.Dead) deadDocument {
	return deadDocument{
		ID: d.ID, Since: store.Millis(d.Since), Delivery: store.NormalDeliveries([]store.Delivery{d.Delivery})[0],
		Ticket: d.Ticket, Key: d.Key, Reason: d.Reason,
	}
}

func (d deadDocument) dead() store.Dead {
	return store.Dead{Delivery: d.Delivery, Ticket: d.Ticket, Key: d.Key, Reason: d.Reason, Since: d.Since}
}

// Dead implements store.Deliveries.
func (s *Store) Dead(ctx context.Context, limit int) ([]store.Dead, error) {
	docs, err := many[deadDocument](ctx, s, "list deliveries given up", s.dead, bson.D{},
		options.Find().SetSort(bson.D{{Key: "since", Value: -1}, {Key: "_id", Value: -1}}).SetLimit(int64(limit)))
	list := make([]store.Dead, len(docs))
	for i, d := range docs {
		list[i] = d.dead()
	}
	return list, err
}

// maxBacklog is as far as Backlog counts.
const maxBacklog = 10_000

// Backlog implements store.Deliveries.
func (s *Store) Backlog(ctx context.Context) (int, time.Time, error) {
	waiting := bson.D{{Key: "sendAt", Value: bson.D{{Key: "$exists", Value: true}}}}
	first, err := one[document](ctx, s, "find the oldest delivery", s.tickets, waiting,
		options.FindOne().SetSort(bson.D{{Key: "sendAt", Value: 1}}).SetHint(indexSend).
			SetProjection(bson.D{{Key: "sendAt", Value: 1}}))
	if errors.Is(err, store.ErrNotFound) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, err
	}
	ctx, cancel := s.operation(ctx)
	defer cancel()
	n, err := s.tickets.CountDocuments(ctx, waiting, options.Count().SetLimit(maxBacklog).SetHint(indexSend))
	if err != nil {
		return 0, time.Time{}, s.failed("count deliveries", err)
	}
	return int(n), first.SendAt, nil
}

// Underway implements store.Deliveries.
func (s *Store) Underway(ctx context.Context, person, team string, limit int) ([]store.Work, error) {
	list := personList(person)
	if person == "" {
		list = teamList(team)
	}
	// Led by what is pending, which is little beside all tickets of a team.
	docs, err := many[document](ctx, s, "look what is under way", s.tickets,
		bson.D{{Key: "sendAt", Value: bson.D{{Key: "$exists", Value: true}}}, {Key: "lists", Value: list}},
		options.Find().SetSort(bson.D{{Key: "sendAt", Value: 1}}).SetHint(indexSend).SetLimit(int64(limit)).
			SetProjection(bson.D{{Key: "ticket", Value: 1}, {Key: "pending", Value: 1}}))
	found := make([]store.Work, len(docs))
	for i, d := range docs {
		found[i] = d.work()
	}
	return found, err
}

// isRoot says whether the name of a reference is a room's id, and not a store.PostID.
func isRoot(key string) bool {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return true
	}
	_, err := strconv.Atoi(key[i+1:])
	return err != nil
}
