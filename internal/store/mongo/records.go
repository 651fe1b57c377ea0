package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
)

// recordID is a record's identity within the collection.
func recordID(space, id string) string { return space + "/" + id }

type recordDocument struct {
	ID    string `bson:"_id"`
	Space string `bson:"space"`
	Group string `bson:"group"`
	Order string `bson:"order"`
	Body  []byte `bson:"body"`
}

func newRecordDocument(r store.Record) recordDocument {
	return recordDocument{ID: recordID(r.Space, r.ID), Space: r.Space, Group: r.Group, Order: r.Order, Body: r.Body}
}

func (d recordDocument) record() store.Record {
	return store.Record{Space: d.Space, ID: d.ID[len(d.Space)+1:], Group: d.Group, Order: d.Order, Body: d.Body}
}

// PutRecord implements store.Records.
func (s *Store) PutRecord(ctx context.Context, r store.Record) error {
	d := newRecordDocument(r)
	return s.put(ctx, "keep a record", s.records, d.ID, d)
}

// DeleteRecord implements store.Records.
func (s *Store) DeleteRecord(ctx context.Context, space, id string) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	_, err := s.records.DeleteOne(ctx, bson.D{{Key: "_id", Value: recordID(space, id)}})
	return s.failed("delete a record", err)
}

// Record implements store.Records.
func (s *Store) Record(ctx context.Context, space, id string) (store.Record, error) {
	d, err := one[recordDocument](ctx, s, "read a record", s.records, bson.D{{Key: "_id", Value: recordID(space, id)}})
	if err != nil {
		return store.Record{}, err
	}
	return d.record(), nil
}

// ListRecords implements store.Records.
func (s *Store) ListRecords(ctx context.Context, space, group, before string, limit int) ([]store.Record, error) {
	filter := bson.D{{Key: "space", Value: space}, {Key: "group", Value: group}}
	if before != "" {
		filter = append(filter, bson.E{Key: "order", Value: bson.D{{Key: "$lt", Value: before}}})
	}
	docs, err := many[recordDocument](ctx, s, "list records", s.records, filter,
		options.Find().SetSort(bson.D{{Key: "order", Value: -1}}).SetLimit(int64(limit)))
	list := make([]store.Record, len(docs))
	for i, d := range docs {
		list[i] = d.record()
	}
	return list, err
}
