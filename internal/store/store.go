// Package store says what Balie keeps and how. Two engines implement Store, mongo and sqlite; storetest is the contract
// that both pass. Both keep the same documents, encoded by their json tags.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// The errors that callers tell apart. Everything else means that the store could not do it now: nothing was changed.
var (
	ErrNotFound = errors.New("store: not found")
	ErrConflict = errors.New("store: somebody else was first") // the version moved on, or the lease was lost
	ErrExists   = errors.New("store: exists already")
)

// KeepEntries is how many timeline entries stay with the ticket; Save moves older ones to the history, at the latest
// when there are 1.25 times as many.
const KeepEntries = 200

// Store keeps everything durably: what a method has done survives a crash right after it returned. All methods may be
// called at once. Times are kept in milliseconds.
type Store interface {
	Tickets
	Deliveries
	People
	Files
	Records
	Coordination

	// Ping says whether the store can take work now, and if not why.
	Ping(ctx context.Context) error
	// Dump hands over everything, in an order that Restore takes.
	Dump(ctx context.Context, each func(Item) error) error
	// Restore puts back one item of a dump. The store must have been empty before the first.
	Restore(ctx context.Context, i Item) error
	Close() error
}

// Tickets is the ticket half of a ticket's document: written by Create and Save only.
type Tickets interface {
	// Create keeps a new ticket as version 1, with its first deliveries. ErrExists if its id, key or OpenEvent is taken.
	Create(ctx context.Context, t ticket.Ticket, out []Delivery) error
	// Save replaces the ticket if it still has the version t.Version, and counts that up; it adds the deliveries in the
	// same write. ErrConflict if it has another version by now.
	Save(ctx context.Context, t ticket.Ticket, out []Delivery) error
	// Ticket is the ticket with the id. ErrNotFound.
	Ticket(ctx context.Context, id string) (ticket.Ticket, error)
	// TicketByKey ignores upper and lower case. ErrNotFound.
	TicketByKey(ctx context.Context, key string) (ticket.Ticket, error)
	// TicketByEvent is the ticket opened by the event. ErrNotFound.
	TicketByEvent(ctx context.Context, event string) (ticket.Ticket, error)
	// TicketByRoom is the ticket that has a room whose first post is root, and that room's id. ErrNotFound.
	TicketByRoom(ctx context.Context, root chat.Ref) (t ticket.Ticket, room string, err error)
	// TicketsIn are the ids of all tickets that have a room whose first post stands in the channel, in no particular order:
	// those of one person in a direct conversation, but about everything in a team's channel.
	TicketsIn(ctx context.Context, channel chat.Ref) ([]string, error)
	// History are the entries that moved out of the ticket with a number below before, newest first, at most limit.
	History(ctx context.Context, id string, before, limit int) ([]ticket.Entry, error)
	// Find lists tickets, one page at a time.
	Find(ctx context.Context, q Query) (Page, error)
	// Due are the ids of at most limit tickets whose NextDue is not after now, the earliest first.
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// Query selects tickets. Exactly one of Person, Team and Assignee is set, so that an index leads to the answer; the
// other fields narrow it down.
type Query struct {
	Person   string // requester or follower
	Team     string // handled by
	Assignee string
	Open     *bool
	// Unassigned leaves only the open tickets of Team that nobody has. It goes with no Words.
	Unassigned bool
	// Words must all be in the ticket, the last of them at least as the beginning of a word. See Words.
	Words []string
	Order Order
	After string // the cursor of the page before
	Limit int    // 1 to 200
}

// Order is an order of tickets.
type Order string

// The orders. Each is total (ties are broken by id), so a cursor never skips or repeats a ticket that did not change.
const (
	Newest Order = ""       // by creation, the newest first
	Oldest Order = "oldest" // by creation, the oldest first: the queue
	// Waiting leaves only the tickets of Team that wait for an answer, the one that waits longest first: see
	// ticket.Ticket.WaitsSince. It goes with nothing else that narrows.
	Waiting Order = "waiting"
)

// Check says what is wrong with the query, if something is; nil means that an engine can answer it. Cursors are an
// engine's own.
func (q Query) Check() error {
	led := 0
	for _, by := range []string{q.Person, q.Team, q.Assignee} {
		if by != "" {
			led++
		}
	}
	switch {
	case led != 1:
		return errors.New("exactly one of person, team and assignee must be given")
	case q.Limit < 1 || q.Limit > 200:
		return fmt.Errorf("a page of %d: want 1 to 200", q.Limit)
	case q.Order != Newest && q.Order != Oldest && q.Order != Waiting:
		return fmt.Errorf("unknown order %q", q.Order)
	case q.Unassigned && (q.Team == "" || len(q.Words) > 0 || q.Open != nil && !*q.Open):
		return errors.New("only open tickets of a team, without words, can be found as unassigned")
	case q.Order == Waiting && (q.Team == "" || len(q.Words) > 0 || q.Unassigned || q.Open != nil && !*q.Open):
		return errors.New("only open tickets of a team, without words, can be found by how long they wait")
	}
	return nil
}

// Page is a part of a list. Next is the cursor of the next page, empty after the last.
type Page struct {
	Tickets []Summary
	Next    string
}

// Summary is what a list shows of a ticket.
type Summary struct {
	ID        string       `json:"id"`
	Key       string       `json:"key"`
	Team      string       `json:"team"`
	Category  string       `json:"category"`
	Summary   string       `json:"summary"`
	Priority  string       `json:"priority"`
	Status    string       `json:"status"`
	Phase     ticket.Phase `json:"phase"`
	Requester string       `json:"requester"`
	Assignee  string       `json:"assignee,omitempty"`
	Opened    time.Time    `json:"opened"`
	Updated   time.Time    `json:"updated"`
}

// Delivery is an effect on its way: pending until it was sent or given up.
type Delivery struct {
	ID     string        `json:"id"` // unique for ever; the post's key
	Effect ticket.Effect `json:"effect"`
	At     time.Time     `json:"at"`              // when it was decided
	Next   time.Time     `json:"next"`            // not to be tried before
	Tries  int           `json:"tries"`           // so far
	Error  string        `json:"error,omitempty"` // of the last try
}

// Deliveries is the delivery half of a ticket's document: written by Settle only, and by Create and Save adding to
// pending.
type Deliveries interface {
	// Lease gives the caller the sole right, until the time given, to deliver for one ticket that has something due at
	// now and is not leased: the ticket with the id or, with an empty id, the one that is due longest. ErrNotFound if
	// there is none.
	Lease(ctx context.Context, id, owner string, now, until time.Time) (Work, error)
	// Settle writes what became of the deliveries and ends the lease. What Save added meanwhile stays pending.
	// ErrConflict if the lease ran out and somebody else has taken it: what was sent is sent again then, under its key.
	Settle(ctx context.Context, w Work, o Outcome) error
	// Backlog counts the tickets with something pending (exactly up to 10 000) and says since when the oldest of them
	// is due; zero if none.
	Backlog(ctx context.Context) (n int, oldest time.Time, err error)
	// Underway are at most limit tickets with something pending, the one that is due longest first, and all that is pending
	// for each: of the person, who asked for them or follows them, or else of the team. They are not leased, and have no
	// Refs, Owner and Until.
	Underway(ctx context.Context, person, team string, limit int) ([]Work, error)
	// Dead lists deliveries given up, newest first.
	Dead(ctx context.Context, limit int) ([]Dead, error)
}

// Work is a leased ticket with what is to be delivered for it, in order.
type Work struct {
	Ticket  ticket.Ticket
	Pending []Delivery
	// Refs are the posts sent so far: a room's first post under the room's id, an entry's under PostID.
	Refs  map[string]chat.Ref
	Owner string
	Until time.Time
}

// Outcome is what became of a Work.
type Outcome struct {
	Done  []string            // ids of deliveries that are finished
	Refs  map[string]chat.Ref // posts that were made
	Lost  []string            // keys of Work.Refs whose posts are gone
	Retry []Delivery          // deliveries to be tried again: their Next, Tries and Error
	Dead  []Dead              // deliveries given up
}

// Dead is a delivery that was given up.
type Dead struct {
	Delivery
	Ticket string    `json:"ticket"` // id
	Key    string    `json:"key"`    // the ticket's
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

// People keeps who is who.
type People interface {
	// Person is the person with the id. ErrNotFound.
	Person(ctx context.Context, id string) (Person, error)
	// PersonByIdentity is the person with the account. ErrNotFound.
	PersonByIdentity(ctx context.Context, i chat.Identity) (Person, error)
	// PersonByEmail is a person with the address, in any case of letters. ErrNotFound.
	PersonByEmail(ctx context.Context, email string) (Person, error)
	// SavePerson keeps the person: as a new one if Version is 0, else in place of that version. ErrConflict if it has
	// another version by now, ErrExists if an account belongs to somebody else.
	SavePerson(ctx context.Context, p Person) error

	// Draft is what the person had typed into the form. ErrNotFound.
	Draft(ctx context.Context, person, form string) (Draft, error)
	SaveDraft(ctx context.Context, d Draft) error
	// DeleteDraft forgets it; that there is none is no error.
	DeleteDraft(ctx context.Context, person, form string) error
}

// Person is somebody, whatever the platform they come through.
type Person struct {
	ID         string          `json:"id"`
	Version    int64           `json:"version"`
	Name       string          `json:"name"`
	Email      string          `json:"email,omitempty"`
	Avatar     string          `json:"avatar,omitempty"`
	Locale     string          `json:"locale,omitempty"`
	TimeZone   string          `json:"timeZone,omitempty"`
	Identities []chat.Identity `json:"identities"`
}

// Draft is a form that was not sent yet. Drafts are forgotten after 30 days.
type Draft struct {
	Person string      `json:"person"`
	Form   string      `json:"form"`
	Values chat.Values `json:"values"`
	At     time.Time   `json:"at"`
}

// Files keeps attachments.
type Files interface {
	// PutFile keeps the content under the file's id. An id that is there already is left as it is, and is no error.
	PutFile(ctx context.Context, f FileInfo, content io.Reader) error
	// OpenFile reads it. ErrNotFound.
	OpenFile(ctx context.Context, id string) (FileInfo, io.ReadCloser, error)
}

// FileInfo describes a kept file.
type FileInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Size int64  `json:"size"` // bytes; set by PutFile
}

// Records keeps an adapter's own content: small documents in named spaces, each in one group and in an order there.
type Records interface {
	// PutRecord keeps r in place of what has its space and id.
	PutRecord(ctx context.Context, r Record) error
	// AddRecord keeps r, unless its space has the id already: then it gives that one, and false.
	AddRecord(ctx context.Context, r Record) (kept Record, added bool, err error)
	// DeleteRecord forgets it; that there is none is no error.
	DeleteRecord(ctx context.Context, space, id string) error
	// Record is the one with the id. ErrNotFound.
	Record(ctx context.Context, space, id string) (Record, error)
	// ListRecords are the records of the group with an order below before (all, if it is empty), the highest first, at
	// most limit.
	ListRecords(ctx context.Context, space, group, before string, limit int) ([]Record, error)
}

// Record is a small document.
type Record struct {
	Space string `json:"space"`
	ID    string `json:"id"`
	Group string `json:"group"`
	Order string `json:"order"` // compared bytewise
	Body  []byte `json:"body"`
}

// Coordination is what several processes on one store agree through.
type Coordination interface {
	// Next counts the counter up and gives its new value, 1 at first. No value is given twice.
	Next(ctx context.Context, counter string) (int64, error)
	// Hold takes or renews the named lease until the time given, and says whether owner has it.
	Hold(ctx context.Context, name, owner string, now, until time.Time) (bool, error)
	// Release gives it back, if owner has it.
	Release(ctx context.Context, name, owner string) error
	// Setting is the value kept under the name. If there is none yet it is made, once for all processes.
	Setting(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error)
}

// Item is one document of a dump. Kind is ticket, entry, person, draft, file, chunk, record, counter, setting or dead;
// Body is the document as JSON.
type Item struct {
	Kind string `json:"kind"`
	Body []byte `json:"body"`
}

// PostID is the name of an entry's post among a ticket's references.
func PostID(room string, entry int) string { return room + "/" + strconv.Itoa(entry) }
