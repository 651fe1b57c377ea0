package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// Create keeps a new ticket. See store.Tickets.
func (s *Store) Create(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	t.Version = 1
	return s.insert(ctx, "keep the new ticket", t, out, nil)
}

// insert keeps a ticket that is not there yet, as the version that it has.
func (s *Store) insert(ctx context.Context, doing string, t ticket.Ticket, out []store.Delivery, refs map[string]chat.Ref) error {
	r, err := newRow(t)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	add, err := newPending(out)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	var seq int64
	return s.writeThen(ctx, doing, func(w *conn) error {
		err := w.one(ticketInsert, args(r.slot, r.id, r.key, r.event, r.version, r.due, r.open, r.team, r.assignee, r.lists, r.hash, r.head, r.doc), &seq)
		if unique(err) {
			return store.ErrExists
		}
		if err != nil {
			return err
		}
		if seq>>slotBits != r.slot>>slotBits {
			return fmt.Errorf("more than %d tickets were opened in one millisecond", 1<<slotBits)
		}
		for _, p := range people(t) {
			if _, err := w.exec(participantAdd, p, r.open, seq); err != nil {
				return err
			}
		}
		if r.waits != nil {
			if _, err := w.exec(waitingAdd, r.team, *r.waits, r.id, seq); err != nil {
				return err
			}
		}
		if err := s.writer.markStale(seq); err != nil {
			return err
		}
		if err := r.writeSpilled(w, seq); err != nil {
			return err
		}
		if err := putRefs(w, seq, refs); err != nil {
			return err
		}
		return add.write(w, seq, r.id)
	}, func() {
		s.recent.created(r.ticket, r.doc, add, refs)
		s.writer.staleNow(seq, r.ticket)
		s.jobs.add(r.id, seq, add)
	})
}

// Save keeps a ticket's next version. See store.Tickets.
func (s *Store) Save(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	const doing = "keep the ticket"
	before := t.Version
	t.Version++
	r, err := newRow(t)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	add, err := newPending(out)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	var (
		seq, hash int64
		forgotten *remembered // the other half, if the ticket is not among the recent ones
	)
	return s.writeThen(ctx, doing, func(w *conn) error {
		var (
			version int64
			due     sql.NullInt64
			inLists string
		)
		if err := w.one(ticketState, args(r.id), &seq, &version, &due, &inLists, &hash); err != nil {
			return err
		}
		if version != before {
			return store.ErrConflict
		}
		if inLists == r.lists && due.Valid == (r.due != nil) && (!due.Valid || due.Int64 == r.due) {
			_, err = w.exec(ticketSave, seq, r.version, r.hash, r.head, r.doc)
		} else {
			err = r.move(w, seq, inLists)
		}
		if err != nil {
			return err
		}
		if hash != r.hash {
			if err := s.writer.markStale(seq); err != nil {
				return err
			}
		}
		if err := r.writeSpilled(w, seq); err != nil {
			return err
		}
		if err := add.write(w, seq, r.id); err != nil {
			return err
		}
		forgotten, err = s.otherHalf(w, seq, r.id)
		return err
	}, func() {
		if forgotten != nil {
			s.recent.created(r.ticket, r.doc, forgotten.pending, forgotten.refs)
		} else {
			s.recent.saved(r.ticket, r.doc, add)
		}
		if hash != r.hash {
			s.writer.staleNow(seq, r.ticket)
		}
		s.jobs.add(r.id, seq, add)
	})
}

// otherHalf is what there is to deliver for a ticket that is not remembered; nil if it is.
func (s *Store) otherHalf(w *conn, seq int64, id string) (*remembered, error) {
	if s.recent.has(id) {
		return nil, nil
	}
	k := &remembered{refs: map[string]chat.Ref{}}
	var lines []byte
	err := w.one(pendingGet, args(seq), &lines)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if k.pending, err = readPending(lines); err != nil {
		return nil, err
	}
	return k, readRefs(w, seq, k.refs)
}

// move writes the ticket into other lists than the ones that it was in.
func (r *row) move(w *conn, seq int64, from string) error {
	if _, err := w.exec(ticketMove, seq, r.version, r.hash, r.head, r.doc, r.due, r.open, r.team, r.assignee, r.lists); err != nil {
		return err
	}
	var was, is lists
	if err := json.Unmarshal([]byte(from), &was); err != nil {
		return fmt.Errorf("decode the ticket's lists: %w", err)
	}
	if err := json.Unmarshal([]byte(r.lists), &is); err != nil {
		return fmt.Errorf("decode the ticket's lists: %w", err)
	}
	if err := r.wait(w, seq, was); err != nil {
		return err
	}
	if was.Open == is.Open && slices.Equal(was.People, is.People) {
		return nil
	}
	for _, p := range was.People {
		if _, err := w.exec(participantRemove, p, was.Open, seq); err != nil {
			return err
		}
	}
	for _, p := range is.People {
		if _, err := w.exec(participantAdd, p, is.Open, seq); err != nil {
			return err
		}
	}
	return nil
}

func (r *row) writeSpilled(w *conn, seq int64) error {
	for _, e := range r.spill {
		if _, err := w.exec(historyPut, seq, e.n, e.body); err != nil {
			return err
		}
	}
	return nil
}

// Ticket is the ticket with the id. See store.Tickets.
func (s *Store) Ticket(ctx context.Context, id string) (ticket.Ticket, error) {
	const doing = "read the ticket"
	if err := s.usable(ctx); err != nil {
		return ticket.Ticket{}, fmt.Errorf("%s: %w", doing, err)
	}
	if t, ok := s.recent.ticket(id); ok {
		return t, nil
	}
	return s.ticket(ctx, doing, ticketByID, id)
}

// TicketByKey is the ticket with the key. See store.Tickets.
func (s *Store) TicketByKey(ctx context.Context, key string) (ticket.Ticket, error) {
	return s.ticket(ctx, "read the ticket by its key", ticketByKey, store.FoldKey(key))
}

// TicketByEvent is the ticket that the event opened. See store.Tickets.
func (s *Store) TicketByEvent(ctx context.Context, event string) (ticket.Ticket, error) {
	return s.ticket(ctx, "read the ticket by its event", ticketByEvent, text(event))
}

func (s *Store) ticket(ctx context.Context, doing string, by statementID, arg any) (t ticket.Ticket, err error) {
	var doc []byte
	err = s.read(ctx, doing, func(r *conn) error { return r.one(by, args(arg), &doc) })
	if err != nil {
		return t, err
	}
	return t, decoded(doing, doc, &t)
}

// TicketByRoom is the ticket with a room whose first post is root. See store.Tickets.
func (s *Store) TicketByRoom(ctx context.Context, root chat.Ref) (t ticket.Ticket, room string, err error) {
	const doing = "read the ticket by its room"
	ref, err := json.Marshal(root)
	if err != nil {
		return t, "", fmt.Errorf("%s: %w", doing, err)
	}
	var doc []byte
	err = s.read(ctx, doing, func(r *conn) error { return r.one(ticketByRoom, args(string(ref)), &doc, &room) })
	if err != nil {
		return t, "", err
	}
	return t, room, decoded(doing, doc, &t)
}

// TicketsIn are the tickets with a room in the channel. See store.Tickets.
func (s *Store) TicketsIn(ctx context.Context, channel chat.Ref) (ids []string, err error) {
	const doing = "find the tickets of a channel"
	begin, err := refsIn(channel)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	err = s.read(ctx, doing, func(r *conn) error {
		found := map[string]bool{}
		var id string
		err := r.each(ticketsIn, args(begin), func() (bool, error) {
			found[id] = true
			return true, nil
		}, &id)
		ids = slices.Collect(maps.Keys(found))
		return err
	})
	return ids, err
}

// History are entries that moved out of the ticket. See store.Tickets.
func (s *Store) History(ctx context.Context, id string, before, limit int) ([]ticket.Entry, error) {
	return list[ticket.Entry](ctx, s, "read the ticket's history", historyPage, id, before, limit)
}

// Due are the ids of tickets that time asks something of. See store.Tickets.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (ids []string, err error) {
	err = s.read(ctx, "find what is due", func(r *conn) error {
		ids = nil
		var id string
		return r.each(ticketsDue, args(now.UnixMilli(), limit), func() (bool, error) {
			ids = append(ids, id)
			return true, nil
		}, &id)
	})
	return ids, err
}

// list reads the documents that a statement gives.
func list[T any](ctx context.Context, s *Store, doing string, id statementID, arguments ...any) (out []T, err error) {
	err = s.read(ctx, doing, func(r *conn) error {
		var body []byte
		return r.each(id, arguments, func() (bool, error) {
			var v T
			out = append(out, v)
			return true, decoded(doing, body, &out[len(out)-1])
		}, &body)
	})
	return out, err
}

// decoded decodes a document.
func decoded(doing string, body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: decode it: %w", doing, err)
	}
	return nil
}
