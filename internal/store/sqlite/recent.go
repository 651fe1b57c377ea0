package sqlite

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// recentMax is how many bytes of documents each of the two generations of recent may hold.
const recentMax = 2 << 20

// recent remembers the tickets that were written last: a ticket is read several times after each of its changes, and to
// read and decode its document costs more than all else. The writer keeps it, after each commit; what it has is what the
// file has. Tickets go out and come in as copies.
type recent struct {
	mu         sync.Mutex
	young, old map[string]*remembered // what was not asked for while young filled up is forgotten
	size       int                    // bytes of young
}

// remembered is a ticket with both its halves.
type remembered struct {
	ticket  ticket.Ticket
	pending pending
	refs    map[string]chat.Ref
	size    int // bytes of the document
}

func newRecent() *recent { return &recent{young: map[string]*remembered{}} }

// get is the ticket as remembered, or nil. The caller has the lock.
func (r *recent) get(id string) *remembered {
	k := r.young[id]
	if k == nil {
		if k = r.old[id]; k != nil {
			delete(r.old, id)
			r.put(id, k)
		}
	}
	return k
}

// put remembers the ticket. The caller has the lock.
func (r *recent) put(id string, k *remembered) {
	if r.size > recentMax {
		r.young, r.old, r.size = map[string]*remembered{}, r.young, 0
	}
	r.young[id] = k
	r.size += k.size
}

func (r *recent) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.get(id) != nil
}

// created remembers a ticket that was read or is new.
func (r *recent) created(t ticket.Ticket, doc []byte, p pending, refs map[string]chat.Ref) {
	if lossy(doc) {
		return
	}
	k := &remembered{ticket: copied(t), pending: p, refs: map[string]chat.Ref{}, size: len(doc)}
	maps.Copy(k.refs, refs)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(t.ID, k)
}

// saved remembers the next version of a ticket that is remembered.
func (r *recent) saved(t ticket.Ticket, doc []byte, added pending) {
	t = copied(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.get(t.ID)
	switch {
	case k == nil:
	case lossy(doc):
		delete(r.young, t.ID)
	default:
		k.ticket, k.pending = t, k.pending.and(added)
	}
}

// settled remembers what became of deliveries.
func (r *recent) settled(id string, left pending, o store.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.get(id)
	if k == nil {
		return
	}
	k.pending = left
	for _, name := range o.Lost {
		delete(k.refs, name)
	}
	maps.Copy(k.refs, o.Refs)
}

// ticket is a copy of the ticket, if it is remembered.
func (r *recent) ticket(id string) (ticket.Ticket, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.get(id)
	if k == nil {
		return ticket.Ticket{}, false
	}
	return copied(k.ticket), true
}

// work is a copy of the ticket with what is to be delivered, if it is remembered.
func (r *recent) work(id string) (t ticket.Ticket, list []store.Delivery, refs map[string]chat.Ref, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.get(id)
	if k == nil {
		return t, nil, nil, false
	}
	list = slices.Clone(k.pending.list)
	for i := range list {
		list[i].Effect.Mention = slices.Clone(list[i].Effect.Mention)
	}
	return copied(k.ticket), list, maps.Clone(k.refs), true
}

// lossy says whether the document differs from what was encoded: what is no text in UTF-8 was replaced.
func lossy(doc []byte) bool { return bytes.Contains(doc, []byte(`\ufffd`)) }

// copied is a copy of the ticket that shares nothing with it.
func copied(t ticket.Ticket) ticket.Ticket {
	if t.Fields != nil {
		t.Fields = t.Fields.Clone()
	}
	t.Followers, t.Rooms, t.Entries, t.Events = slices.Clone(t.Followers), slices.Clone(t.Rooms), slices.Clone(t.Entries), slices.Clone(t.Events)
	for i := range t.Entries {
		e := &t.Entries[i]
		e.Files, e.Earlier = slices.Clone(e.Files), slices.Clone(e.Earlier)
	}
	return t
}
