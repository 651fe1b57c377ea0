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
	if dir, err = os.MkdirTemp(dir, "bare-"); err != nil {
		return 0, fmt.Errorf("bare SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "bare.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return 0, fmt.Errorf("bare SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		return 0, fmt.Errorf("bare SQLite: %w", err)
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO rows (body) VALUES (?)")
	if err != nil {
		return 0, fmt.Errorf("bare SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	body := make([]byte, rowSize)
	if _, err := rand.Read(body); err != nil {
		return 0, fmt.Errorf("bare SQLite: %w", err)
	}
	n := 0
	began := time.Now()
	for time.Since(began) < measured {
		if _, err := insert.ExecContext(ctx, body); err != nil {
			return 0, fmt.Errorf("bare SQLite: %w", err)
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
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
