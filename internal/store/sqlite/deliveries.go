package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
)

// pending are deliveries, and how the table has them: a line of JSON each. Nothing in it is changed in place.
type pending struct {
	list  []store.Delivery
	lines []byte
	due   int64 // the earliest, in milliseconds
}

func newPending(list []store.Delivery) (pending, error) {
	p := pending{due: math.MaxInt64}
	for _, d := range store.NormalDeliveries(list) {
		line, err := json.Marshal(d)
		if err != nil {
			return p, fmt.Errorf("encode the delivery %s: %w", d.ID, err)
		}
		p.add(d, line)
	}
	return p, nil
}

// readPending decodes the lines of the table.
func readPending(lines []byte) (pending, error) {
	p := pending{due: math.MaxInt64}
	err := each(lines, func(d store.Delivery, line []byte) error {
		p.add(d, line)
		return nil
	})
	return p, err
}

func (p *pending) add(d store.Delivery, line []byte) {
	p.list = append(p.list, d)
	p.lines = append(append(p.lines, line...), '\n')
	p.due = min(p.due, d.Next.UnixMilli())
}

// and are these and then the others.
func (p pending) and(others pending) pending {
	return pending{
		list:  slices.Concat(p.list, others.list),
		lines: slices.Concat(p.lines, others.lines),
		due:   min(p.due, others.due),
	}
}

// write adds them to what is pending already.
func (p pending) write(w *conn, seq int64, id string) error {
	if len(p.lines) == 0 {
		return nil
	}
	_, err := w.exec(pendingAdd, seq, id, p.due, p.lines)
	return err
}

// each calls f with every delivery of the lines.
func each(lines []byte, f func(d store.Delivery, line []byte) error) error {
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		var d store.Delivery
		if err := json.Unmarshal(line, &d); err != nil {
			return fmt.Errorf("decode a delivery: %w", err)
		}
		if err := f(d, line); err != nil {
			return err
		}
	}
	return nil
}

// without is what is left of the lines after the outcome of the work, which were its first lines.
func without(lines []byte, work store.Work, o store.Outcome) (pending, error) {
	if !slices.ContainsFunc(work.Pending, func(d store.Delivery) bool { return !slices.Contains(o.Done, d.ID) }) {
		for range work.Pending { // as almost always: there is no need to know what was in them
			_, lines, _ = bytes.Cut(lines, []byte("\n"))
		}
		return readPending(lines)
	}
	left := pending{due: math.MaxInt64}
	err := each(lines, func(d store.Delivery, line []byte) (err error) {
		switch {
		case slices.Contains(o.Done, d.ID), slices.ContainsFunc(o.Dead, func(dead store.Dead) bool { return dead.ID == d.ID }):
			return nil
		}
		if i := slices.IndexFunc(o.Retry, func(r store.Delivery) bool { return r.ID == d.ID }); i >= 0 {
			d.Next, d.Tries, d.Error = store.Millis(o.Retry[i].Next), o.Retry[i].Tries, o.Retry[i].Error
			if line, err = json.Marshal(d); err != nil {
				return fmt.Errorf("encode the delivery %s: %w", d.ID, err)
			}
		}
		left.add(d, line)
		return nil
	})
	return left, err
}

// Lease gives the caller a ticket to deliver for. See store.Deliveries.
func (s *Store) Lease(ctx context.Context, id, owner string, now, until time.Time) (work store.Work, err error) {
	const doing = "take what is to be delivered"
	if err := s.usable(ctx); err != nil {
		return work, fmt.Errorf("%s: %w", doing, err)
	}
	until = store.Millis(until)
	id, seq, ok := s.jobs.lease(id, owner, now, until)
	if !ok {
		return work, fmt.Errorf("%s: %w", doing, store.ErrNotFound)
	}
	work = store.Work{Owner: owner, Until: until}
	if work.Ticket, work.Pending, work.Refs, ok = s.recent.work(id); !ok {
		err = s.readWork(ctx, doing, seq, &work)
	}
	if err != nil {
		s.jobs.giveBack(id, owner, until)
		return store.Work{}, err
	}
	return work, nil
}

func (s *Store) readWork(ctx context.Context, doing string, seq int64, into *store.Work) error {
	var lines, doc, refs []byte
	err := s.read(ctx, doing, func(r *conn) error { return r.one(workGet, args(seq), &lines, &doc, &refs) })
	if err != nil {
		return err
	}
	p, err := readPending(lines)
	into.Pending = p.list
	return errors.Join(err, decoded(doing, doc, &into.Ticket), decoded(doing, refs, &into.Refs))
}

// Settle writes what became of a lease's deliveries. See store.Deliveries.
func (s *Store) Settle(ctx context.Context, work store.Work, o store.Outcome) error {
	const doing = "keep what was delivered"
	dead := make([][]byte, len(o.Dead))
	for i, d := range o.Dead {
		d.At, d.Next, d.Since = store.Millis(d.At), store.Millis(d.Next), store.Millis(d.Since)
		var err error
		if dead[i], err = json.Marshal(d); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	id := work.Ticket.ID
	seq, ok := s.jobs.settle(id, work.Owner, work.Until)
	if !ok {
		return fmt.Errorf("%s: %w", doing, store.ErrConflict)
	}
	var left pending
	err := s.writeThen(ctx, doing, func(w *conn) error {
		var lines []byte
		if err := w.one(pendingGet, args(seq), &lines); err != nil {
			return err
		}
		var err error
		if left, err = without(lines, work, o); err != nil {
			return err
		}
		switch {
		case len(left.lines) == 0:
			_, err = w.exec(pendingDelete, seq)
		case !bytes.Equal(left.lines, lines):
			_, err = w.exec(pendingSet, seq, left.due, left.lines)
		}
		if err != nil {
			return err
		}
		for _, name := range o.Lost {
			if _, err := w.exec(refDelete, seq, name); err != nil {
				return err
			}
		}
		if err := putRefs(w, seq, o.Refs); err != nil {
			return err
		}
		for i, body := range dead {
			if _, err := w.exec(deadAdd, o.Dead[i].Since.UnixMilli(), body); err != nil {
				return err
			}
		}
		return nil
	}, func() {
		s.recent.settled(id, left, o)
		s.jobs.settled(id, left.due, len(left.lines) > 0)
	})
	if err != nil {
		s.jobs.unsettled(id)
	}
	return err
}

// Backlog counts the tickets with something to deliver. See store.Deliveries.
func (s *Store) Backlog(ctx context.Context) (n int, oldest time.Time, err error) {
	if err := s.usable(ctx); err != nil {
		return 0, oldest, fmt.Errorf("count what is to be delivered: %w", err)
	}
	n, first := s.jobs.backlog()
	if n == 0 {
		return 0, oldest, nil
	}
	return n, time.UnixMilli(first).UTC(), nil
}

// Underway are tickets of a person or a team with what is pending for them. See store.Deliveries.
func (s *Store) Underway(ctx context.Context, person, team string, limit int) (list []store.Work, err error) {
	const doing = "look what is under way"
	err = s.read(ctx, doing, func(r *conn) error {
		if person != "" {
			list, err = underwayOf(r, doing, person)
			list = list[:min(limit, len(list))]
			return err
		}
		list, err = s.underwayFor(r, doing, team, limit)
		return err
	})
	return list, err
}

func underwayOf(r *conn, doing, person string) ([]store.Work, error) {
	type work struct {
		store.Work
		due int64
	}
	var (
		all        []work
		due        int64
		lines, doc []byte
	)
	err := r.each(underwayPerson, args(person), func() (bool, error) {
		w, err := underway(doing, lines, doc)
		all = append(all, work{w, due})
		return true, err
	}, &due, &lines, &doc)
	slices.SortFunc(all, func(a, b work) int { return cmp.Compare(a.due, b.due) })
	list := make([]store.Work, len(all))
	for i, w := range all {
		list[i] = w.Work
	}
	return list, err
}

func (s *Store) underwayFor(r *conn, doing, team string, limit int) (list []store.Work, err error) {
	for _, seq := range s.jobs.all() {
		if len(list) == limit {
			break
		}
		var lines, doc []byte
		err := r.one(underwayTeam, args(seq, team), &lines, &doc)
		if errors.Is(err, store.ErrNotFound) { // another team's, or done by now
			continue
		}
		if err != nil {
			return nil, err
		}
		w, err := underway(doing, lines, doc)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

func underway(doing string, lines, doc []byte) (w store.Work, err error) {
	p, err := readPending(lines)
	w.Pending = p.list
	return w, errors.Join(err, decoded(doing, doc, &w.Ticket))
}

// Dead lists deliveries given up. See store.Deliveries.
func (s *Store) Dead(ctx context.Context, limit int) ([]store.Dead, error) {
	return list[store.Dead](ctx, s, "list what was given up", deadList, int64(math.MaxInt64), limit)
}

// loadJobs reads what is pending since the last time.
func (s *Store) loadJobs(c *conn) error {
	var (
		seq, due int64
		id       string
	)
	return c.each(pendingAll, nil, func() (bool, error) {
		s.jobs.add(id, seq, pending{lines: []byte("\n"), due: due})
		return true, nil
	}, &seq, &id, &due)
}

func readRefs(c *conn, seq int64, into map[string]chat.Ref) error {
	var name, ref string
	return c.each(refsGet, args(seq), func() (bool, error) {
		var r chat.Ref
		if err := json.Unmarshal([]byte(ref), &r); err != nil {
			return false, fmt.Errorf("decode the reference of %s: %w", name, err)
		}
		into[name] = r
		return true, nil
	}, &name, &ref)
}

func putRefs(w *conn, seq int64, refs map[string]chat.Ref) error {
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		ref, err := json.Marshal(refs[name])
		if err != nil {
			return fmt.Errorf("encode the reference of %s: %w", name, err)
		}
		if _, err := w.exec(refPut, seq, name, isRoom(name), string(ref)); err != nil {
			return err
		}
	}
	return nil
}

// refsIn is how the references begin that putRefs keeps of messages that stand in the channel itself.
func refsIn(channel chat.Ref) (string, error) {
	channel.Thread, channel.Message = "", "x"
	ref, err := json.Marshal(channel)
	return strings.TrimSuffix(string(ref), `x"}`), err
}

// isRoom says whether a reference's name is a room's, rather than an entry's: those end in the entry's number, see
// store.PostID.
func isRoom(name string) bool {
	i := strings.LastIndexByte(name, '/')
	return i < 0 || i == len(name)-1 || strings.Trim(name[i+1:], "0123456789") != ""
}
