package sqlite

import (
	"context"

	"balie/internal/store"
)

// PutRecord keeps r. See store.Records.
func (s *Store) PutRecord(ctx context.Context, r store.Record) error {
	return s.write(ctx, "keep the record", func(w *conn) error {
		done, err := w.exec(recordSet, r.Space, r.ID, r.Group, r.Order, r.Body)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); n > 0 || err != nil {
			return err
		}
		_, err = w.exec(recordPut, r.Space, r.ID, r.Group, r.Order, r.Body)
		return err
	})
}

// AddRecord keeps r if its id is new. See store.Records.
func (s *Store) AddRecord(ctx context.Context, r store.Record) (kept store.Record, added bool, err error) {
	err = s.write(ctx, "add the record", func(w *conn) error {
		kept, added = r, true
		_, err := w.exec(recordAdd, r.Space, r.ID, r.Group, r.Order, r.Body)
		if !unique(err) {
			return err
		}
		added = false
		return w.one(recordGet, args(r.Space, r.ID), &kept.Group, &kept.Order, &kept.Body)
	})
	if err != nil {
		return store.Record{}, false, err
	}
	return kept, added, nil
}

// DeleteRecord forgets a record. See store.Records.
func (s *Store) DeleteRecord(ctx context.Context, space, id string) error {
	return s.write(ctx, "forget the record", func(w *conn) error {
		_, err := w.exec(recordDelete, space, id)
		return err
	})
}

// Record is the one with the id. See store.Records.
func (s *Store) Record(ctx context.Context, space, id string) (store.Record, error) {
	r := store.Record{Space: space, ID: id}
	err := s.read(ctx, "read the record", func(c *conn) error {
		return c.one(recordGet, args(space, id), &r.Group, &r.Order, &r.Body)
	})
	if err != nil {
		return store.Record{}, err
	}
	return r, nil
}

// ListRecords are a group's records. See store.Records.
func (s *Store) ListRecords(ctx context.Context, space, group, before string, limit int) (out []store.Record, err error) {
	statement, arguments := recordList, args(space, group, limit)
	if before != "" {
		statement, arguments = recordListBefore, append(arguments, before)
	}
	err = s.read(ctx, "list the records", func(c *conn) error {
		r := store.Record{Space: space, Group: group}
		return c.each(statement, arguments, func() (bool, error) {
			out = append(out, r)
			r.Body = nil // the next one is read into memory of its own
			return true, nil
		}, &r.ID, &r.Order, &r.Body)
	})
	return out, err
}
