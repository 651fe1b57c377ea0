package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	_ "modernc.org/sqlite" // the driver that the embedded store uses
)

// rowSize is about what one change of a ticket writes, in bytes.
const rowSize = 2 << 10

// bareSQLite is how many rows a second SQLite alone commits, each in a transaction of its own and synced to disk.
func bareSQLite(ctx context.Context, dir string, measured time.Duration) (perSecond float64, err error) {
	insert, end, err := bareTable(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, end()) }()
	n := 0
	began := time.Now()
	for time.Since(began) < measured {
		if err := insert(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// bareCommits are how long SQLite alone takes for a commit, every now and then until ctx ends.
func bareCommits(ctx context.Context, dir string) (times []time.Duration, err error) {
	insert, end, err := bareTable(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	const every = 25 * time.Millisecond
	for pause(ctx, every) == nil {
		began := time.Now()
		if err := insert(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began))
	}
	return times, nil
}

// bareTable is a new SQLite database, and what commits a row to it.
func bareTable(ctx context.Context, dir string) (insert, end func() error, err error) {
	ctx = context.WithoutCancel(ctx)
	if dir, err = os.MkdirTemp(dir, "bare-"); err != nil {
		return nil, nil, fmt.Errorf("bare SQLite: %w", err)
	}
	end = func() error { return os.RemoveAll(dir) }
	fail := func(err error) (func() error, func() error, error) {
		return nil, nil, errors.Join(fmt.Errorf("bare SQLite: %w", err), end())
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "bare.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return fail(err)
	}
	end = func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		return fail(err)
	}
	prepared, err := db.PrepareContext(ctx, "INSERT INTO rows (body) VALUES (?)")
	if err != nil {
		return fail(err)
	}
	end = func() error { return errors.Join(prepared.Close(), db.Close(), os.RemoveAll(dir)) }
	body := make([]byte, rowSize)
	if _, err := rand.Read(body); err != nil {
		return fail(err)
	}
	insert = func() error {
		if _, err := prepared.ExecContext(ctx, body); err != nil {
			return fmt.Errorf("bare SQLite: %w", err)
		}
		return nil
	}
	return insert, end, nil
}

// bareMongo is how many documents a second the MongoDB server alone takes from so many writers, each acknowledged by the
// majority and journaled.
func bareMongo(ctx context.Context, uri, database string, writers int, measured time.Duration) (perSecond float64, err error) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetMaxPoolSize(uint64(writers)).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: new(true)}))
	if err != nil {
		return 0, fmt.Errorf("bare MongoDB: %w", err)
	}
	defer func() { err = errors.Join(err, client.Disconnect(context.WithoutCancel(ctx))) }()
	rows := client.Database(database).Collection("bare")
	body := make([]byte, rowSize)
	if _, err := rand.Read(body); err != nil {
		return 0, fmt.Errorf("bare MongoDB: %w", err)
	}
	var n atomic.Int64
	failed := make(chan error, writers)
	began := time.Now()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for time.Since(began) < measured {
				if _, err := rows.InsertOne(ctx, bson.D{{Key: "body", Value: body}}); err != nil {
					failed <- fmt.Errorf("bare MongoDB: %w", err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	if err := rows.Drop(ctx); err != nil {
		return 0, fmt.Errorf("bare MongoDB: %w", err)
	}
	return float64(n.Load()) / took.Seconds(), nil
}
