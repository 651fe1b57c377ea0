// Package sqlite keeps a helpdesk in one SQLite file that belongs to one process.
//
// All writes go through one goroutine, which commits whatever is waiting as one transaction: many callers share the
// price of one sync to disk, and each is answered after its transaction was committed. Reads have connections of their
// own and wait for no write. Leases live in memory, since they end with the process that holds the file.
//
// A ticket's row number is made of the time it was opened, so that the table, its indexes and the index of words are all
// in the order in which tickets are listed.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the driver

	"balie/internal/store"
)

const (
	pageSize = 8 << 10 // bytes; a ticket or a card rarely needs two

	// Memory for pages of the file, in KiB. What does not fit is in the system's cache.
	writerCache = 12 << 10
	readerCache = 3 << 10

	// walPages is how many pages the write-ahead log grows to before it is copied into the file. Most pages are written
	// again and again, so a longer log means fewer to copy; 32 MiB are read back in a moment after a crash.
	walPages = 32 << 20 / pageSize
)

// Store is a store.Store in an SQLite file.
type Store struct {
	path   string
	unlock func() error
	db     *sql.DB
	writer *writer
	pool   *pool
	jobs   *jobs
	recent *recent
	leases leases
	making sync.Mutex // held while a setting is made

	closing  sync.Once
	closeErr error
}

var _ store.Store = (*Store)(nil)

// Open opens the file at path, and makes it if there is none. The file is locked until Close or the end of the process.
// Errors say what to do about them.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	unlock, err := lock(path)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := makeFile(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store: %w", err), unlock())
	}
	s := &Store{path: path, unlock: unlock, jobs: newJobs(), recent: newRecent()}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(s.failed("open the store", err), s.release())
	}
	return s, nil
}

// makeFile makes the file, if there is none, for nobody else to read: SQLite would let the umask decide.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) open(ctx context.Context) (err error) {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(s.path)}).EscapedPath()}
	if s.db, err = sql.Open("sqlite", dsn.String()); err != nil {
		return err
	}
	w, err := s.connect(ctx, writerCache,
		"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", fmt.Sprint("PRAGMA wal_autocheckpoint = ", walPages),
		fmt.Sprint("PRAGMA journal_size_limit = ", 2*walPages*pageSize))
	if err != nil {
		return err
	}
	s.writer = newWriter(w)
	if err := migrate(ctx, w.db); err != nil {
		return err
	}
	if err := dropUploads(w); err != nil {
		return err
	}
	if err := s.loadJobs(w); err != nil {
		return err
	}
	if err := s.writer.loadStale(); err != nil {
		return err
	}
	s.writer.start()
	s.pool = newPool()
	for range poolSize {
		r, err := s.connect(ctx, readerCache, "PRAGMA query_only = ON")
		if err != nil {
			return err
		}
		s.pool.add(r)
	}
	return nil
}

// connect opens a connection with a cache of so many KiB and the settings given.
func (s *Store) connect(ctx context.Context, cache int, settings ...string) (*conn, error) {
	db, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for _, set := range append([]string{
		fmt.Sprint("PRAGMA page_size = ", pageSize),
		fmt.Sprint("PRAGMA cache_size = -", cache),
		"PRAGMA busy_timeout = 5000", // somebody may look at the file with another program
		"PRAGMA temp_store = MEMORY",
	}, settings...) {
		if _, err := db.ExecContext(ctx, set); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return &conn{db: db}, nil
}

// Ping says whether the store can take work now. After a write that failed it tries another one.
func (s *Store) Ping(ctx context.Context) error {
	if s.writer.broken.Load() {
		return s.write(ctx, "write to the store", func(w *conn) error {
			_, err := w.exec(pingWrite)
			return err
		})
	}
	return s.read(ctx, "read the store", func(r *conn) error {
		var n int
		return r.one(ping, args(), &n)
	})
}

// Close waits for the calls that are under way, and closes the file. Closing again is harmless.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closeErr = s.release() })
	return s.closeErr
}

// release ends what was begun, whatever of it there is, and gives the file back last.
func (s *Store) release() error {
	var errs []error
	if s.pool != nil {
		errs = append(errs, s.pool.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(append(errs, s.unlock())...)
}
