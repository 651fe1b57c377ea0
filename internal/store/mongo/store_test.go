package mongo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/mongo/mongotest"
	"balie/internal/store/storetest"
)

// TestContract runs the contract, and then looks at the plan of every query that it made.
func TestContract(t *testing.T) {
	uri := mongotest.URI(t)
	seen := newShapes()
	storetest.Run(t, opener(t, uri, seen.monitor()))
	t.Run("Plans", func(t *testing.T) { seen.check(t, uri) })
}

func TestContractOnStandalone(t *testing.T) {
	storetest.Run(t, opener(t, mongotest.StandaloneURI(t), nil))
}

// opener opens stores on databases of their own.
func opener(t *testing.T, uri string, monitor *event.CommandMonitor) storetest.Opener {
	frees := freesAccounts(t, uri)
	return func(t *testing.T) (store.Store, func() store.Store) {
		if !frees && strings.HasSuffix(t.Name(), "/People/Changes") {
			t.Skip("this server is not quite MongoDB: a unique index keeps what was removed from an array")
		}
		database := mongotest.Database(t, uri)
		var s *mongo.Store
		open := func() store.Store {
			var err error
			if s, err = mongo.Open(context.Background(), uri, database, mongo.Options{Monitor: monitor}); err != nil {
				t.Fatal(err)
			}
			return s
		}
		t.Cleanup(func() { closed(t, s) })
		return open(), func() store.Store {
			closed(t, s)
			return open()
		}
	}
}

func opened(t testing.TB, uri string, o mongo.Options) *mongo.Store {
	t.Helper()
	s, err := mongo.Open(t.Context(), uri, mongotest.Database(t, uri), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t testing.TB, s *mongo.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// connected is the server without our store on it.
func connected(t testing.TB, uri, database string) *driver.Database {
	t.Helper()
	client, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Disconnect(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return client.Database(database)
}

// freesAccounts says whether a value that was removed from an array is free again in a unique index. MongoDB does that,
// and the store relies on it; a server that only speaks its protocol may not.
func freesAccounts(t *testing.T, uri string) bool {
	c := connected(t, uri, mongotest.Database(t, uri)).Collection("probe")
	ctx := t.Context()
	_, err := c.Indexes().CreateOne(ctx, driver.IndexModel{Keys: bson.D{{Key: "a", Value: 1}}, Options: options.Index().SetUnique(true)})
	for _, step := range []func() error{
		func() error { return err },
		func() error { _, err := c.InsertOne(ctx, bson.D{{Key: "a", Value: bson.A{1, 2}}}); return err },
		func() error {
			_, err := c.UpdateOne(ctx, bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "$pull", Value: bson.D{{Key: "a", Value: 1}}}})
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.InsertOne(ctx, bson.D{{Key: "a", Value: bson.A{1}}})
	if err != nil && !driver.IsDuplicateKeyError(err) {
		t.Fatal(errors.Join(errors.New("probe the server"), err))
	}
	return err == nil
}
