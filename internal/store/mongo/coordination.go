package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
)

type counterDocument struct {
	ID    string `bson:"_id"`
	Value int64  `bson:"value"`
}

// Next implements store.Coordination.
func (s *Store) Next(ctx context.Context, counter string) (int64, error) {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	count := func() (int64, error) {
		var d counterDocument
		err := s.counters.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: counter}},
			bson.D{{Key: "$inc", Value: bson.D{{Key: "value", Value: int64(1)}}}},
			options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&d)
		return d.Value, err
	}
	n, err := count()
	if errors.Is(err, driver.ErrNoDocuments) {
		// Made apart from counting, so that nobody who loses the race of making it leaves a gap.
		if _, err := s.counters.InsertOne(ctx, counterDocument{ID: counter}); err != nil && !driver.IsDuplicateKeyError(err) {
			return 0, s.failed("make the counter "+counter, err)
		}
		n, err = count()
	}
	return n, s.failed("count "+counter, err)
}

// Hold implements store.Coordination.
func (s *Store) Hold(ctx context.Context, name, owner string, now, until time.Time) (bool, error) {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	// If somebody else holds it, nothing matches, and making it fails because it is there.
	_, err := s.leases.UpdateOne(ctx, bson.D{
		{Key: "_id", Value: name},
		{Key: "$or", Value: bson.A{
			bson.D{{Key: "owner", Value: owner}},
			bson.D{{Key: "until", Value: bson.D{{Key: "$lte", Value: now}}}},
		}},
	}, bson.D{{Key: "$set", Value: lease{Owner: owner, Until: store.Millis(until)}}}, options.UpdateOne().SetUpsert(true))
	if driver.IsDuplicateKeyError(err) {
		return false, nil
	}
	return err == nil, s.failed("hold "+name, err)
}

// Release implements store.Coordination.
func (s *Store) Release(ctx context.Context, name, owner string) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	_, err := s.leases.DeleteOne(ctx, bson.D{{Key: "_id", Value: name}, {Key: "owner", Value: owner}})
	return s.failed("release "+name, err)
}

type settingDocument struct {
	ID    string `bson:"_id"`
	Value []byte `bson:"value"`
}

// Setting implements store.Coordination.
func (s *Store) Setting(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error) {
	read := func() ([]byte, error) {
		d, err := one[settingDocument](ctx, s, "read a setting", s.settings, bson.D{{Key: "_id", Value: name}})
		return d.Value, err
	}
	value, err := read()
	if !errors.Is(err, store.ErrNotFound) {
		return value, err
	}
	if value, err = make(); err != nil {
		return nil, err
	}
	insert, cancel := s.operation(ctx)
	defer cancel()
	_, err = s.settings.InsertOne(insert, settingDocument{name, value})
	if driver.IsDuplicateKeyError(err) {
		return read()
	}
	if err != nil {
		return nil, s.failed("make a setting", err)
	}
	return value, nil
}
