package mongo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
	"balie/internal/ticket"
)

// Dump implements store.Store. Each document is whole; what is written meanwhile may be in it or not.
func (s *Store) Dump(ctx context.Context, each func(store.Item) error) error {
	give := func(kind string, v any) error {
		body, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("dump a %s: %w", kind, err)
		}
		return each(store.Item{Kind: kind, Body: body})
	}
	for _, part := range []func() error{
		func() error {
			return all(ctx, s, s.counters, func(d counterDocument) error {
				return give(store.KindCounter, store.CounterItem{Name: d.ID, Value: d.Value})
			})
		},
		func() error {
			return all(ctx, s, s.settings, func(d settingDocument) error {
				return give(store.KindSetting, store.SettingItem{Name: d.ID, Value: d.Value})
			})
		},
		func() error {
			return all(ctx, s, s.people, func(d personDocument) error { return give(store.KindPerson, d.Person) })
		},
		func() error {
			return all(ctx, s, s.drafts, func(d draftDocument) error {
				return give(store.KindDraft, store.Draft{Person: d.ID.Person, Form: d.ID.Form, Values: d.Values, At: d.At})
			})
		},
		func() error {
			return all(ctx, s, s.files, func(d fileDocument) error { return give(store.KindFile, d.info()) })
		},
		func() error { return s.dumpChunks(ctx, give) },
		func() error {
			return all(ctx, s, s.records, func(d recordDocument) error { return give(store.KindRecord, d.record()) })
		},
		func() error {
			return all(ctx, s, s.tickets, func(d document) error {
				return give(store.KindTicket, store.TicketItem{Ticket: d.Ticket, Pending: d.Pending, Refs: d.Refs})
			})
		},
		func() error { return s.dumpHistory(ctx, give) },
		func() error {
			return all(ctx, s, s.dead, func(d deadDocument) error { return give(store.KindDead, d.dead()) })
		},
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// all gives every document of the collection, by id.
func all[T any](ctx context.Context, s *Store, c *driver.Collection, each func(T) error) error {
	return every(ctx, s, c, bson.D{}, byID(), each)
}

func byID() *options.FindOptionsBuilder {
	return options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetHint(indexID)
}

func every[T any](ctx context.Context, s *Store, c *driver.Collection, filter bson.D, o *options.FindOptionsBuilder, each func(T) error) (err error) {
	cur, err := c.Find(ctx, filter, o)
	if err != nil {
		return s.failed("dump "+c.Name(), err)
	}
	defer func() { err = errors.Join(err, cur.Close(context.WithoutCancel(ctx))) }()
	for cur.Next(ctx) {
		var v T
		if err := cur.Decode(&v); err != nil {
			return s.failed("dump "+c.Name(), err)
		}
		if err := each(v); err != nil {
			return err
		}
	}
	return s.failed("dump "+c.Name(), cur.Err())
}

// dumpChunks gives the chunks of whole files. What is left of an upload that was cut off belongs to none.
func (s *Store) dumpChunks(ctx context.Context, give func(string, any) error) error {
	return all(ctx, s, s.files, func(f fileDocument) error {
		return every(ctx, s, s.chunks, bson.D{{Key: "files_id", Value: f.ID}},
			options.Find().SetSort(bson.D{{Key: "n", Value: 1}}).SetBatchSize(16), func(c chunkDocument) error {
				return give(store.KindChunk, store.ChunkItem{File: f.Metadata.ID, N: c.N, Data: c.Data})
			})
	})
}

// dumpHistory gives the entries that left their tickets, and of those still on their way the ones not there yet.
func (s *Store) dumpHistory(ctx context.Context, give func(string, any) error) error {
	entry := func(id string, e ticket.Entry) error {
		return give(store.KindEntry, store.EntryItem{Ticket: id, Entry: e})
	}
	err := every(ctx, s, s.history, bson.D{}, options.Find().SetHint("ticket").
		SetSort(bson.D{{Key: "ticket", Value: 1}, {Key: "n", Value: -1}}), func(h historyEntry) error {
		return entry(h.Ticket, h.Entry)
	})
	if err != nil {
		return err
	}
	// They are so rare that no index is kept of them.
	return every(ctx, s, s.tickets, bson.D{}, byID().SetProjection(bson.D{{Key: "moving", Value: 1}}), func(d document) error {
		if len(d.Moving) == 0 {
			return nil
		}
		kept, err := s.kept(ctx, d.ID, d.Moving)
		if err != nil {
			return err
		}
		for _, e := range d.Moving {
			if !slices.Contains(kept, e.N) {
				if err := entry(d.ID, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// kept are the numbers of those entries that the history has.
func (s *Store) kept(ctx context.Context, id string, entries []ticket.Entry) ([]int, error) {
	ids := []string{}
	for _, e := range entries {
		ids = append(ids, newHistoryEntry(id, e).ID)
	}
	found, err := many[historyEntry](ctx, s, "read history", s.history, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	var numbers []int
	for _, h := range found {
		numbers = append(numbers, h.N)
	}
	return numbers, err
}

// Restore implements store.Store.
func (s *Store) Restore(ctx context.Context, item store.Item) error {
	switch item.Kind {
	case store.KindCounter:
		return restore(ctx, s, item, s.counters, func(i store.CounterItem) any { return counterDocument{i.Name, i.Value} })
	case store.KindSetting:
		return restore(ctx, s, item, s.settings, func(i store.SettingItem) any { return settingDocument{i.Name, i.Value} })
	case store.KindPerson:
		return restore(ctx, s, item, s.people, func(p store.Person) any { return newPersonDocument(p) })
	case store.KindDraft:
		return restore(ctx, s, item, s.drafts, func(d store.Draft) any {
			return draftDocument{ID: draftID{d.Person, d.Form}, Values: d.Values, At: store.Millis(d.At)}
		})
	case store.KindFile:
		return restore(ctx, s, item, s.files, func(f store.FileInfo) any {
			return fileDocument{
				ID: f.ID, Length: f.Size, ChunkSize: store.ChunkSize, Uploaded: store.Millis(s.now()),
				Name: f.Name, Metadata: fileMeta{ID: f.ID, Type: f.Type},
			}
		})
	case store.KindChunk:
		return restore(ctx, s, item, s.chunks, func(c store.ChunkItem) any { return chunkDocument{c.File, c.N, c.Data} })
	case store.KindRecord:
		return restore(ctx, s, item, s.records, func(r store.Record) any { return newRecordDocument(r) })
	case store.KindTicket:
		return s.restoreTicket(ctx, item)
	case store.KindEntry:
		return restore(ctx, s, item, s.history, func(e store.EntryItem) any { return newHistoryEntry(e.Ticket, e.Entry) })
	case store.KindDead:
		return restore(ctx, s, item, s.dead, func(d store.Dead) any { return newDeadDocument(d) })
	}
	return fmt.Errorf("a dump has no items of the kind %q", item.Kind)
}

// restore adds the document made of the item.
func restore[T any](ctx context.Context, s *Store, item store.Item, c *driver.Collection, document func(T) any) error {
	var v T
	if err := json.Unmarshal(item.Body, &v); err != nil {
		return fmt.Errorf("read a %s of a dump: %w", item.Kind, err)
	}
	err := s.insert(ctx, "restore a "+item.Kind, c, document(v))
	if driver.IsDuplicateKeyError(err) {
		return fmt.Errorf("restore a %s: %w", item.Kind, store.ErrExists)
	}
	return err
}

func (s *Store) restoreTicket(ctx context.Context, item store.Item) error {
	var moved []ticket.Entry
	var id string
	err := restore(ctx, s, item, s.tickets, func(i store.TicketItem) any {
		t := store.Normal(i.Ticket)
		id = t.ID
		moved, t.Entries = spill(t.Entries)
		d := newDocument(t, i.Pending)
		d.Moving = moved
		for key, ref := range i.Refs {
			d.Refs[key] = ref
			if isRoot(key) {
				d.Roots = append(d.Roots, ref.Key())
			}
		}
		return d
	})
	if err == nil {
		s.moved(ctx, id, moved)
	}
	return err
}
