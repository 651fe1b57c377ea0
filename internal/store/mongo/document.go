package mongo

import (
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"balie/internal/store"
	"balie/internal/ticket"
)

// document is a ticket with both its halves. Ticket and what is derived from it are written by Create and Save;
// everything from Pending on by Lease and Settle, and by Save adding to Pending and Moving.
type document struct {
	ID     string        `bson:"_id"`
	Names  []string      `bson:"names"` // unique over all tickets, see keyName and eventName
	Ticket ticket.Ticket `bson:"ticket"`
	Open   bool          `bson:"open"`
	Lists  []string      `bson:"lists"` // that it stands on, see lists
	Words  []string      `bson:"words"`
	Place  string        `bson:"place"`           // in the order of creation, see place
	Waits  string        `bson:"waits,omitempty"` // in the order of those that wait for an answer, see waits

	Pending []store.Delivery `bson:"pending"`
	Refs    refs             `bson:"refs"`
	Roots   []string         `bson:"roots,omitempty"`  // chat.Ref.Key of the rooms' first posts
	SendAt  time.Time        `bson:"sendAt,omitempty"` // when Pending has something to do; left out when it never has
	Lease   *lease           `bson:"sendLease,omitempty"`
	// Moving are entries that left the ticket on their way to the history.
	Moving []ticket.Entry `bson:"moving,omitempty"`
}

// lease is the sole right to do something.
type lease struct {
	Owner string    `bson:"owner"`
	Until time.Time `bson:"until"`
}

// work is the ticket as its deliverer gets it.
func (d document) work() store.Work {
	w := store.Work{Ticket: d.Ticket, Pending: d.Pending, Refs: d.Refs}
	if d.Lease != nil {
		w.Owner, w.Until = d.Lease.Owner, d.Lease.Until
	}
	return w
}

// ticketHalf is what Save sets in a pipeline: the ticket, and what its lookups go by. What never changes is left out.
func ticketHalf(t ticket.Ticket) bson.D {
	return bson.D{
		{Key: "ticket", Value: literal(t)},
		{Key: "open", Value: literal(t.Open())},
		{Key: "lists", Value: literal(lists(t))},
		{Key: "words", Value: literal(words(t))},
		{Key: "waits", Value: literalOrNone(waits(t))},
	}
}

// newDocument is the document of a new ticket.
func newDocument(t ticket.Ticket, out []store.Delivery) document {
	d := document{
		ID: t.ID, Names: []string{keyName(t.Key)}, Ticket: t,
		Open: t.Open(), Lists: lists(t), Words: words(t), Place: place(t), Waits: waits(t),
		Pending: store.NormalDeliveries(out), Refs: refs{},
	}
	if t.OpenEvent != "" {
		d.Names = append(d.Names, eventName(t.OpenEvent))
	}
	if at, ok := due(d.Pending); ok {
		d.SendAt = at
	}
	return d
}

// A ticket's names are what else than its id it is looked up by, in one array: each index costs time at every write.
func keyName(key string) string     { return "key/" + store.FoldKey(key) }
func eventName(event string) string { return "event/" + event }

// The lists that tickets are shown on.
func teamList(team string) string         { return "team/" + team }
func personList(person string) string     { return "person/" + person }
func assigneeList(assignee string) string { return "assignee/" + assignee }

// unassignedList has the open tickets of the team that nobody has.
func unassignedList(team string) string { return "unassigned/" + team }

// lists are the lists that the ticket stands on: its team's, its requester's and followers', and its assignee's.
func lists(t ticket.Ticket) []string {
	out := []string{teamList(t.Team), personList(t.Requester)}
	for _, f := range t.Followers {
		out = append(out, personList(f))
	}
	if t.Assignee != "" {
		out = append(out, assigneeList(t.Assignee))
	} else if t.Open() {
		out = append(out, unassignedList(t.Team))
	}
	return out
}

// words are never nil: the index takes an empty array, and a query has no other case to think of.
func words(t ticket.Ticket) []string {
	return append([]string{}, store.Words(t)...)
}

// place is where the ticket stands in the order of creation, as a string that sorts like it: one field gives the order,
// breaks its ties, and is the cursor.
func place(t ticket.Ticket) string { return placeOf(t.Opened, t.ID) }

func placeOf(at time.Time, id string) string {
	const sign = 1 << 63 // so that times before 1970 come first
	return fmt.Sprintf("%016x.%s", uint64(at.UnixMilli())^sign, id)
}

// placeID is where the ticket's id begins in a place.
const placeID = 17

// isPlace says whether the text was made by place.
func isPlace(text string) bool {
	if len(text) <= placeID || text[placeID-1] != '.' {
		return false
	}
	_, err := strconv.ParseUint(text[:placeID-1], 16, 64)
	return err == nil
}

// due is when the first of the deliveries can be tried. Settle says the same to the server.
func due(pending []store.Delivery) (at time.Time, ok bool) {
	for _, d := range pending {
		if !ok || d.Next.Before(at) {
			at, ok = d.Next, true
		}
	}
	return at, ok
}

// maxText is how many bytes of text the entries of one document may hold, well below the 16 MiB that MongoDB takes.
const maxText = 4 << 20

// spill parts the entries like store.Spill, and before a timeline of very long texts gets too large for a document.
func spill(entries []ticket.Entry) (old, kept []ticket.Entry) {
	old, kept = store.Spill(entries)
	size := 0
	for _, e := range kept {
		size += textSize(e)
	}
	if size <= maxText {
		return old, kept
	}
	n := 0
	for ; n < len(kept)-1 && size > maxText/2; n++ {
		size -= textSize(kept[n])
	}
	n += len(old)
	return entries[:n:n], entries[n:]
}

func textSize(e ticket.Entry) int {
	n := len(e.Text)
	for _, r := range e.Earlier {
		n += len(r.Text)
	}
	return n
}
