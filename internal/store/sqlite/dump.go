package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"balie/internal/chat"
	"balie/internal/store"
)

// Dump hands over everything, as it is at one moment. See store.Store.
func (s *Store) Dump(ctx context.Context, each func(store.Item) error) (err error) {
	const doing = "dump the store"
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	// A dump takes long: it has a connection of its own, which no other reader waits for.
	c, err := s.connect(ctx, readerCache, "PRAGMA query_only = ON")
	if err != nil {
		return s.failed(doing, err)
	}
	defer func() { err = errors.Join(err, s.failed(doing, c.close())) }()
	if _, err := c.db.ExecContext(ctx, "BEGIN"); err != nil {
		return s.failed(doing, err)
	}
	defer func() {
		if err != nil { // or the connection would stay within the transaction
			_, rollback := c.db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, rollback)
		}
	}()
	d := dumper{ctx: ctx, s: s, c: c, each: each}
	for _, part := range []func() error{
		d.counters, d.settings,
		d.documents(store.KindPerson, dumpPeople), d.documents(store.KindDraft, dumpDrafts), d.documents(store.KindFile, dumpFiles),
		d.chunks, d.records, d.tickets, d.entries, d.documents(store.KindDead, dumpDead),
	} {
		if err := part(); err != nil {
			return s.failed(doing, err)
		}
	}
	_, err = c.db.ExecContext(ctx, "COMMIT")
	return s.failed(doing, err)
}

type dumper struct {
	ctx  context.Context
	s    *Store
	c    *conn
	each func(store.Item) error
}

// rows hands over what make makes of each row.
func (d *dumper) rows(kind string, id statementID, make func() (any, error), into ...any) error {
	return d.c.each(id, nil, func() (bool, error) {
		if err := d.s.usable(d.ctx); err != nil {
			return false, err
		}
		v, err := make()
		if err != nil {
			return false, err
		}
		body, ok := v.([]byte)
		if !ok {
			if body, err = json.Marshal(v); err != nil {
				return false, fmt.Errorf("encode a %s: %w", kind, err)
			}
		}
		return true, d.each(store.Item{Kind: kind, Body: body})
	}, into...)
}

// documents hands over documents that are kept as they are dumped.
func (d *dumper) documents(kind string, id statementID) func() error {
	return func() error {
		var body []byte
		return d.rows(kind, id, func() (any, error) { return body, nil }, &body)
	}
}

func (d *dumper) counters() error {
	var c store.CounterItem
	return d.rows(store.KindCounter, dumpCounters, func() (any, error) { return c, nil }, &c.Name, &c.Value)
}

func (d *dumper) settings() error {
	var v store.SettingItem
	return d.rows(store.KindSetting, dumpSettings, func() (any, error) { return v, nil }, &v.Name, &v.Value)
}

func (d *dumper) chunks() error {
	var c store.ChunkItem
	return d.rows(store.KindChunk, dumpChunks, func() (any, error) { return c, nil }, &c.File, &c.N, &c.Data)
}

func (d *dumper) records() error {
	var r store.Record
	return d.rows(store.KindRecord, dumpRecords, func() (any, error) { return r, nil }, &r.Space, &r.ID, &r.Group, &r.Order, &r.Body)
}

func (d *dumper) tickets() error {
	var seq int64
	var doc, lines []byte
	return d.rows(store.KindTicket, dumpTickets, func() (any, error) {
		var i store.TicketItem
		if err := json.Unmarshal(doc, &i.Ticket); err != nil {
			return nil, fmt.Errorf("decode a ticket: %w", err)
		}
		err := each(lines, func(p store.Delivery, _ []byte) error {
			i.Pending = append(i.Pending, p)
			return nil
		})
		if err != nil {
			return nil, err
		}
		i.Refs = map[string]chat.Ref{}
		return i, readRefs(d.c, seq, i.Refs)
	}, &seq, &doc, &lines)
}

func (d *dumper) entries() error {
	var id string
	var body []byte
	return d.rows(store.KindEntry, dumpEntries, func() (any, error) {
		i := store.EntryItem{Ticket: id}
		if err := json.Unmarshal(body, &i.Entry); err != nil {
			return nil, fmt.Errorf("decode an entry of a history: %w", err)
		}
		return i, nil
	}, &id, &body)
}

// Restore puts back one item. See store.Store, and store.RestoreAll for many.
func (s *Store) Restore(ctx context.Context, i store.Item) error {
	doing := "restore a " + i.Kind
	switch i.Kind {
	case store.KindCounter:
		return restored(doing, i, func(c store.CounterItem) error { return s.exec(ctx, doing, counterPut, c.Name, c.Value) })
	case store.KindSetting:
		return restored(doing, i, func(v store.SettingItem) error { return s.putSetting(ctx, doing, v.Name, v.Value) })
	case store.KindPerson:
		return restored(doing, i, func(p store.Person) error { return s.putPerson(ctx, doing, p, 0) })
	case store.KindDraft:
		return restored(doing, i, func(d store.Draft) error {
			return s.exec(ctx, doing, draftPut, d.Person, d.Form, d.At.UnixMilli(), i.Body)
		})
	case store.KindFile:
		return restored(doing, i, func(f store.FileInfo) error { return s.restoreFile(ctx, doing, f, i.Body) })
	case store.KindChunk:
		return restored(doing, i, func(c store.ChunkItem) error { return s.restoreChunk(ctx, doing, c) })
	case store.KindRecord:
		return restored(doing, i, func(r store.Record) error { return s.PutRecord(ctx, r) })
	case store.KindTicket:
		return restored(doing, i, func(t store.TicketItem) error { return s.insert(ctx, doing, t.Ticket, t.Pending, t.Refs) })
	case store.KindEntry:
		return restored(doing, i, func(e store.EntryItem) error { return s.restoreEntry(ctx, doing, e) })
	case store.KindDead:
		return restored(doing, i, func(d store.Dead) error { return s.exec(ctx, doing, deadAdd, d.Since.UnixMilli(), i.Body) })
	}
	return fmt.Errorf("restore an item: its kind %q is unknown: the dump may come from a newer Balie", i.Kind)
}

// restored calls put with what the item is.
func restored[T any](doing string, i store.Item, put func(T) error) error {
	var v T
	if err := decoded(doing, i.Body, &v); err != nil {
		return err
	}
	return put(v)
}

// exec writes with one statement.
func (s *Store) exec(ctx context.Context, doing string, id statementID, arguments ...any) error {
	return s.write(ctx, doing, func(w *conn) error {
		_, err := w.exec(id, arguments...)
		if unique(err) {
			return store.ErrExists
		}
		return err
	})
}

func (s *Store) restoreFile(ctx context.Context, doing string, f store.FileInfo, info []byte) error {
	return s.write(ctx, doing, func(w *conn) error {
		var content int64
		if err := w.one(uploadBegin, nil, &content); err != nil {
			return err
		}
		if _, err := w.exec(filePut, f.ID, content, info); err != nil {
			return err
		}
		_, err := w.exec(uploadEnd, content)
		return err
	})
}

func (s *Store) restoreChunk(ctx context.Context, doing string, c store.ChunkItem) error {
	if c.N < 0 || c.N >= 1<<chunkBits || len(c.Data) > math.MaxInt32 {
		return fmt.Errorf("%s: chunk %d of %s can't be", doing, c.N, c.File)
	}
	return s.write(ctx, doing, func(w *conn) error {
		var content int64
		var info []byte
		if err := w.one(fileGet, args(c.File), &content, &info); err != nil {
			return err
		}
		_, err := w.exec(chunkPut, content<<chunkBits|int64(c.N), c.Data)
		return err
	})
}

func (s *Store) restoreEntry(ctx context.Context, doing string, e store.EntryItem) error {
	body, err := json.Marshal(e.Entry)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return s.write(ctx, doing, func(w *conn) error {
		var seq int64
		if err := w.one(ticketSeq, args(e.Ticket), &seq); err != nil {
			return err
		}
		_, err := w.exec(historyPut, seq, e.Entry.N, body)
		return err
	})
}
