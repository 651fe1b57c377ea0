package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"balie/internal/store"
	"balie/internal/ticket"
)

const schema2 = `
CREATE INDEX tickets_unassigned ON tickets (team) WHERE open AND assignee IS NULL;

-- Tickets that wait for an answer of their team.
CREATE TABLE waiting (
	team  TEXT NOT NULL,
	since INTEGER NOT NULL, -- milliseconds
	id    TEXT NOT NULL,
	seq   INTEGER NOT NULL,
	PRIMARY KEY (team, since, id)
) WITHOUT ROWID;
`

// fillWaiting makes the list of those that wait in a file that had none.
func fillWaiting(ctx context.Context, db *sql.Conn) (err error) {
	type found struct {
		seq   int64
		id    string
		lists lists
	}
	var open []found
	rows, err := db.QueryContext(ctx, "SELECT seq, doc FROM tickets WHERE open")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var seq int64
		var doc []byte
		if err := rows.Scan(&seq, &doc); err != nil {
			return err
		}
		var t ticket.Ticket
		if err := json.Unmarshal(doc, &t); err != nil {
			return fmt.Errorf("decode a ticket: %w", err)
		}
		if l := listsOf(t); l.Waits != nil {
			open = append(open, found{seq, t.ID, l})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, f := range open {
		in, err := json.Marshal(f.lists)
		if err != nil {
			return fmt.Errorf("encode the ticket's lists: %w", err)
		}
		if _, err := db.ExecContext(ctx, "INSERT INTO waiting VALUES (?, ?, ?, ?)", f.lists.Team, *f.lists.Waits, f.id, f.seq); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, "UPDATE tickets SET lists = ? WHERE seq = ?", string(in), f.seq); err != nil {
			return err
		}
	}
	return nil
}

// wait moves the ticket among those that wait.
func (r *row) wait(w *conn, seq int64, was lists) error {
	if was.Team == r.team && (was.Waits == nil) == (r.waits == nil) && (r.waits == nil || *r.waits == *was.Waits) {
		return nil
	}
	if was.Waits != nil {
		if _, err := w.exec(waitingRemove, was.Team, *was.Waits, r.id); err != nil {
			return err
		}
	}
	if r.waits == nil {
		return nil
	}
	_, err := w.exec(waitingAdd, r.team, *r.waits, r.id, seq)
	return err
}

// findWaiting lists a team's tickets that wait for an answer.
func (s *Store) findWaiting(ctx context.Context, q store.Query) (page store.Page, err error) {
	const doing = "find tickets that wait"
	after := place{at: math.MinInt64}
	if q.After != "" {
		if after, err = placeAt(q.After); err != nil {
			return page, fmt.Errorf("%s: %w", doing, err)
		}
	}
	err = s.read(ctx, doing, func(c *conn) error {
		page = store.Page{}
		var (
			since int64
			head  []byte
			last  place
		)
		return c.each(listWaiting, args(q.Team, after.at, after.id, q.Limit+1), func() (bool, error) {
			if len(page.Tickets) == q.Limit {
				page.Next = last.String()
				return false, nil
			}
			var t store.Summary
			if err := json.Unmarshal(head, &t); err != nil {
				return false, fmt.Errorf("decode a ticket's summary: %w", err)
			}
			page.Tickets = append(page.Tickets, t)
			last = place{since, t.ID}
			return true, nil
		}, &since, &head)
	})
	return page, err
}
