package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"balie/internal/store"
)

// writer is the one that writes: it commits all writes that wait as one transaction.
type writer struct {
	c      *conn
	wake   chan struct{}
	ended  chan struct{}
	broken atomic.Bool // the last transaction failed

	stale   stale
	known   map[string]bool // words in the vocabulary, not all of them
	waiting atomic.Int64    // how many are stale, for everybody

	mu     sync.Mutex
	queue  []*write
	closed bool

	started bool
}

// write is something to be written. Exactly one of its callers' giving up and the writer's taking it comes first.
type write struct {
	do        func(*conn) error
	committed func() // called after the commit, in the order of the writes; may be nil
	index     bool   // instead of do: bring the index of words up to date, after all writes that came before
	taken     atomic.Bool
	err       error
	done      chan struct{}
}

func newWriter(c *conn) *writer {
	return &writer{c: c, wake: make(chan struct{}, 1), ended: make(chan struct{}), stale: stale{}, known: map[string]bool{}}
}

// start lets the writer take writes.
func (w *writer) start() {
	w.started = true
	go w.run()
}

// write has f called within a transaction, and returns when that was committed. If f gives one of the errors of package
// store it must not have written anything; after any other error nothing of what it wrote is kept. It may be called
// more than once.
func (s *Store) write(ctx context.Context, doing string, f func(*conn) error) error {
	return s.writeThen(ctx, doing, f, nil)
}

// writeThen is write, with a function that is called after the commit: by the writer, in the order of the writes.
func (s *Store) writeThen(ctx context.Context, doing string, f func(*conn) error, committed func()) error {
	return s.failed(doing, s.writer.submit(ctx, &write{do: f, committed: committed, done: make(chan struct{})}))
}

func (w *writer) submit(ctx context.Context, job *write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.queue = append(w.queue, job)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
	select {
	case <-job.done:
		return job.err
	case <-ctx.Done():
		if job.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-job.done // it is being written: only the outcome is the truth
		return job.err
	}
}

// While writes come so fast that a transaction has more than gatherAbove of them, the next one waits for more: a commit
// costs about as much for ten writes as for twenty.
const (
	gatherAbove = 4
	gatherFor   = 500 * time.Microsecond
)

func (w *writer) run() {
	defer close(w.ended)
	var batch []*write
	for range w.wake {
		for {
			if len(batch) > gatherAbove {
				time.Sleep(gatherFor)
			}
			w.mu.Lock()
			batch, w.queue = w.queue, batch[:0]
			closed := w.closed
			w.mu.Unlock()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			w.commit(batch)
			clear(batch)
		}
	}
}

// commit writes the batch as one transaction. If that fails each is tried on its own, so that one which can't be written
// does not spoil the others.
func (w *writer) commit(batch []*write) {
	var searches []*write
	writes := batch[:0]
	for _, job := range batch {
		switch {
		case !job.taken.CompareAndSwap(false, true): // its caller gave up
		case job.index:
			searches = append(searches, job)
		default:
			writes = append(writes, job)
		}
	}
	if len(writes) > 0 {
		if err := w.try(writes); err != nil {
			w.tryEach(writes, err)
		}
	}
	if len(searches) > 0 || len(w.stale) >= indexAt {
		err := w.index() // if it fails and nobody waits for it, it is tried again with the next batch
		for _, job := range searches {
			job.err = err
			close(job.done)
		}
	}
}

// tryEach tries each write on its own, after err came of all together.
func (w *writer) tryEach(writes []*write, err error) {
	for i, job := range writes {
		if len(writes) > 1 {
			err = w.try(writes[i : i+1])
		}
		if err != nil {
			job.err = err
			close(job.done)
		}
	}
}

// try commits the writes and answers them. On an error nothing was written, and nobody was answered.
func (w *writer) try(batch []*write) error {
	err := w.transaction(func() error {
		for _, job := range batch {
			if job.err = job.do(w.c); job.err != nil && !refusal(job.err) {
				return job.err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, job := range batch {
		if job.err == nil && job.committed != nil {
			job.committed()
		}
		close(job.done)
	}
	return nil
}

// transaction commits what f writes, or nothing of it.
func (w *writer) transaction(f func() error) (err error) {
	defer func() { w.broken.Store(err != nil) }()
	if _, err := w.c.exec(begin); err != nil {
		return err
	}
	if err := f(); err != nil {
		return w.rollback(err)
	}
	if _, err := w.c.exec(commit); err != nil {
		return w.rollback(err)
	}
	return nil
}

// rollback takes back what the transaction wrote, and gives the error that made it necessary.
func (w *writer) rollback(because error) error {
	if _, err := w.c.exec(rollback); err != nil && !noTransaction(err) {
		return fmt.Errorf("%w (and then to take back what was written: %w)", because, err)
	}
	return because
}

// refusal says whether a write was refused before it wrote anything.
func refusal(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists)
}

// close answers what waits, and then ends the writer. What comes later is refused.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	if w.started {
		<-w.ended
	}
	return w.c.close()
}
