// Package mongo keeps a helpdesk in MongoDB, for production and for several replicas of Balie on one store.
//
// A ticket is one document with two halves, written by different people: Create and Save write the ticket, Lease and
// Settle its deliveries. Everything is a change of one document, so that no transactions are needed and a standalone
// server does as well as a replica set.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"balie/internal/store"
)

// DefaultDatabase is the database's name if neither the caller nor the URI gives one.
const DefaultDatabase = "balie"

// Options are the parts of Open that seldom differ from the defaults.
type Options struct {
	Wait      time.Duration         // for a server that is still starting; 0 is 30 s
	Operation time.Duration         // limit of one operation on the server; 0 is 8 s
	Log       logrus.FieldLogger    // nil logs nothing
	Now       func() time.Time      // nil is time.Now
	Monitor   *event.CommandMonitor // sees every command, for tests and traces
}

// selection is how long an operation looks for a server that takes writes before it fails.
const selection = 2500 * time.Millisecond

// Store is a helpdesk in one MongoDB database. It is safe for concurrent use.
type Store struct {
	client *driver.Client
	db     *driver.Database
	server *server
	limit  time.Duration
	log    logrus.FieldLogger
	now    func() time.Time
	closed atomic.Bool

	additions additions

	tickets, history, dead, people, drafts  *driver.Collection
	files, chunks, uploads, records         *driver.Collection
	counters, leases, settings, description *driver.Collection
}

var _ store.Store = (*Store)(nil)

// Open connects to the database and prepares it. With an empty database the URI's path names it, or DefaultDatabase.
// A server that does not answer yet is waited for; whatever waiting can't mend is said at once. The error names what is
// missing and never the URI's password.
func Open(ctx context.Context, uri, database string, o Options) (*Store, error) {
	if o.Wait == 0 {
		o.Wait = 30 * time.Second
	}
	if o.Operation == 0 {
		o.Operation = 8 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		o.Log = silent
	}
	name, err := checkURI(uri)
	if err != nil {
		return nil, err
	}
	if database == "" {
		database = name
	}
	srv := &server{database: database}
	c := options.Client().ApplyURI(uri).
		SetAppName("balie").
		SetServerSelectionTimeout(selection).
		SetConnectTimeout(selection).
		SetHeartbeatInterval(2 * time.Second).
		SetRetryWrites(true).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: new(true)}).
		SetReadConcern(readconcern.Local()).
		SetReadPreference(readpref.Primary()).
		SetRegistry(registry()).
		SetBSONOptions(&options.BSONOptions{UseJSONStructTags: true, OmitZeroStruct: true}).
		SetServerMonitor(srv.monitor()).
		SetMonitor(o.Monitor)
	if c.Auth != nil {
		srv.user = c.Auth.Username
	}
	client, err := driver.Connect(c)
	if err != nil {
		return nil, fmt.Errorf("connect to MongoDB: %s", redact(uri, err.Error()))
	}
	s := &Store{client: client, db: client.Database(database), server: srv, limit: o.Operation, log: o.Log, now: o.Now}
	s.tickets, s.history, s.dead = s.db.Collection("tickets"), s.db.Collection("history"), s.db.Collection("dead")
	s.people, s.drafts = s.db.Collection("people"), s.db.Collection("drafts")
	s.files, s.chunks = s.db.Collection("fs.files"), s.db.Collection("fs.chunks")
	s.uploads, s.records = s.db.Collection("uploads"), s.db.Collection("records")
	s.counters, s.leases = s.db.Collection("counters"), s.db.Collection("leases")
	s.settings, s.description = s.db.Collection("settings"), s.db.Collection("format")

	if err := s.start(ctx, o.Wait); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start waits for the server and prepares the database.
func (s *Store) start(ctx context.Context, wait time.Duration) error {
	if err := s.await(ctx, wait); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return s.server.explain("prepare the database", err)
	}
	return s.sweepUploads(ctx)
}

// Ping says whether the server is reached and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	if err := s.client.Ping(ctx, readpref.Primary()); err != nil {
		return s.server.explain("reach MongoDB", err)
	}
	return nil
}

// Close ends the connections. A second time it does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), selection)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("close the connections to MongoDB: %w", err)
	}
	return nil
}

// operation is the context of one operation: a server that hangs must not hang its callers.
func (s *Store) operation(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.limit)
}

// failed wraps an error of the driver's. The two that callers tell apart have to be handled before.
func (s *Store) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return s.server.explain(doing, err)
}

// one decodes the only document that the filter finds. ErrNotFound.
func one[T any](ctx context.Context, s *Store, doing string, c *driver.Collection, filter bson.D, o ...options.Lister[options.FindOneOptions]) (T, error) {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	var v T
	err := c.FindOne(ctx, filter, o...).Decode(&v)
	if errors.Is(err, driver.ErrNoDocuments) {
		return v, store.ErrNotFound
	}
	return v, s.failed(doing, err)
}

// many decodes what the filter finds.
func many[T any](ctx context.Context, s *Store, doing string, c *driver.Collection, filter bson.D, o ...options.Lister[options.FindOptions]) ([]T, error) {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	cur, err := c.Find(ctx, filter, o...)
	if err != nil {
		return nil, s.failed(doing, err)
	}
	var v []T
	if err := cur.All(ctx, &v); err != nil {
		return nil, s.failed(doing, err)
	}
	return v, nil
}
