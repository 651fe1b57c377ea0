package sqlite

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"balie/internal/store"
	"balie/internal/ticket"
)

// row is what the table of tickets has about one.
type row struct {
	id, key  string
	event    any // text, or nil
	version  int64
	due      any // milliseconds, or nil
	open     bool
	team     string
	assignee any // text, or nil
	lists    string
	waits    *int64
	hash     int64
	head     []byte
	doc      []byte

	ticket ticket.Ticket // as doc has it
	slot   int64         // where the numbers of its millisecond begin
	spill  []spilled
}

// spilled is an entry that moves to the history.
type spilled struct {
	n    int
	body []byte
}

// lists are the lists that a ticket is in.
type lists struct {
	Open     bool
	Team     string
	Assignee string
	People   []string
	Waits    *int64 `json:",omitempty"` // for an answer, since then in milliseconds
}

func listsOf(t ticket.Ticket) lists {
	l := lists{Open: t.Open(), Team: t.Team, Assignee: t.Assignee, People: people(t)}
	if since := t.WaitsSince(); !since.IsZero() {
		at := since.UnixMilli()
		l.Waits = &at
	}
	return l
}

const slotBits = 20

// slot is where the row numbers begin of tickets opened at the time. What lies outside of the times that fit is put at
// their edge; Find sorts what has one slot.
func slot(opened time.Time) int64 {
	const last = 1<<(63-slotBits) - 1
	return min(max(opened.UnixMilli(), 0), last) << slotBits
}

// newRow is the ticket as a row. The entries that must leave it are in spill.
func newRow(t ticket.Ticket) (*row, error) {
	t = store.Normal(t)
	old, kept := store.Spill(t.Entries)
	l := listsOf(t)
	r := &row{
		id: t.ID, key: store.FoldKey(t.Key), event: text(t.OpenEvent), version: t.Version, open: l.Open,
		team: t.Team, assignee: text(t.Assignee), slot: slot(t.Opened),
	}
	if !t.NextDue.IsZero() {
		r.due = t.NextDue.UnixMilli()
	}
	for _, e := range old {
		body, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode entry %d: %w", e.N, err)
		}
		r.spill = append(r.spill, spilled{e.N, body})
	}
	t.Entries = kept
	inLists, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode the ticket's lists: %w", err)
	}
	r.lists, r.waits = string(inLists), l.Waits
	r.hash = searchedBy(r.lists, t)
	if r.head, err = json.Marshal(summary(t)); err != nil {
		return nil, fmt.Errorf("encode the ticket's summary: %w", err)
	}
	r.ticket = t
	if r.doc, err = json.Marshal(t); err != nil {
		return nil, fmt.Errorf("encode the ticket: %w", err)
	}
	return r, nil
}

// searchedBy is a hash of everything that the index of words is made from.
func searchedBy(lists string, t ticket.Ticket) int64 {
	h := fnv.New64a()
	add := func(s string) {
		io.WriteString(h, s) // never fails
		h.Write([]byte{0})
	}
	for _, s := range []string{lists, t.Key, t.Summary, t.Description} {
		add(s)
	}
	for _, e := range t.Entries {
		if e.Audience == ticket.Public {
			add(e.Text)
		}
	}
	return int64(h.Sum64())
}

func summary(t ticket.Ticket) store.Summary {
	return store.Summary{
		ID: t.ID, Key: t.Key, Team: t.Team, Category: t.Category, Summary: t.Summary, Priority: t.Priority, Status: t.Status,
		Phase: t.Phase, Requester: t.Requester, Assignee: t.Assignee, Opened: t.Opened, Updated: t.Updated,
	}
}

// people are requester and followers, each once.
func people(t ticket.Ticket) []string {
	if len(t.Followers) == 0 {
		return []string{t.Requester}
	}
	all := append([]string{t.Requester}, t.Followers...)
	slices.Sort(all)
	return slices.Compact(all)
}

// text is the text as SQLite has it: NULL for none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}
