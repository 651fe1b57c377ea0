package mongo

import (
	"context"
	"errors"
	"sync"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
)

// additions are records that wait to be added. What comes while some are on their way goes together with the next: many
// documents in one command cost the server little more than one.
type additions struct {
	mu      sync.Mutex
	busy    bool
	waiting []*addition
}

type addition struct {
	document recordDocument
	err      error
	done     chan struct{}
}

// alone is from how many bytes on a record is added by itself, so that one which is too large spoils no others.
const alone = 256 << 10

// AddRecord implements store.Records.
func (s *Store) AddRecord(ctx context.Context, r store.Record) (store.Record, bool, error) {
	const doing = "add a record"
	if err := ctx.Err(); err != nil {
		return store.Record{}, false, s.failed(doing, err)
	}
	a := &addition{document: newRecordDocument(r), done: make(chan struct{})}
	if len(r.Body) > alone {
		s.addAll([]*addition{a})
	} else {
		s.queue(a)
	}
	select {
	case <-a.done:
	case <-ctx.Done(): // it may be added all the same
		return store.Record{}, false, s.failed(doing, ctx.Err())
	}
	if driver.IsDuplicateKeyError(a.err) {
		kept, err := s.Record(ctx, r.Space, r.ID)
		return kept, false, err
	}
	return r, a.err == nil, s.failed(doing, a.err)
}

func (s *Store) queue(a *addition) {
	q := &s.additions
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, a)
	if !q.busy {
		q.busy = true
		go s.addWaiting()
	}
}

// addWaiting adds until nothing waits any more.
func (s *Store) addWaiting() {
	q := &s.additions
	for {
		q.mu.Lock()
		batch := q.waiting
		q.waiting = nil
		q.busy = len(batch) > 0
		q.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		s.addAll(batch)
	}
}

func (s *Store) addAll(batch []*addition) {
	ctx, cancel := s.operation(context.Background()) // whoever gives up is not the only one
	defer cancel()
	documents := make([]recordDocument, len(batch))
	for i, a := range batch {
		documents[i] = a.document
	}
	_, err := s.records.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	bulk, some := errors.AsType[driver.BulkWriteException](err)
	if some && bulk.WriteConcernError == nil {
		for _, e := range bulk.WriteErrors {
			batch[e.Index].err = e.WriteError
		}
	} else {
		for _, a := range batch {
			a.err = err
		}
	}
	for _, a := range batch {
		close(a.done)
	}
}
