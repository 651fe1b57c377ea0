package ticket

import (
	"fmt"
	"slices"
	"time"
)

// keepEvents is how many event ids a ticket remembers. Platforms mostly repeat an event within minutes; what was typed is
// known again later as well, by its entry.
const keepEvents = 50

// Change is what an action does.
type Change struct {
	Ticket  Ticket
	Entries []Entry // the new ones
	Effects []Effect
	Nothing bool // the ticket is as it was: there is nothing to save
	Repeat  bool // because the event was applied before
}

// Apply does a to t. It is the whole state machine: who may do it, what it leads to, whom to tell, what is due next. An
// error is a *Problem or Problems; t is never changed. Doing what is done already changes nothing and is no error, so
// that a double click is harmless. Open takes the zero Ticket.
func (p *Policy) Apply(t Ticket, a Action, by Actor, now time.Time) (Change, error) {
	if repeats(t, a, by) {
		return Change{Ticket: t, Nothing: true, Repeat: true}, nil
	}
	if err := permit(p, t, a, by); err != nil {
		return Change{}, err
	}
	w := work{policy: p, was: t, t: t.clone(), by: by, now: now.UTC().Truncate(time.Millisecond)}
	if err := w.do(a); err != nil {
		return Change{}, err
	}
	if !w.changed {
		return Change{Ticket: t, Nothing: true}, nil
	}
	w.finish()
	return Change{Ticket: w.t, Entries: w.entries, Effects: w.effects}, nil
}

// repeats says whether the actor's event was applied to t before: it is among those remembered or, if a new message is told,
// that became an entry. Entries that moved to the history are not looked at.
func repeats(t Ticket, a Action, by Actor) bool {
	if by.Event != "" && (t.OpenEvent == by.Event || slices.Contains(t.Events, by.Event)) {
		return true
	}
	switch a.(type) {
	case Message, Reply, Note:
		return by.Origin.Room != "" && t.said(by.Origin.Message) >= 0
	}
	return false
}

// work is one action on its way through Apply.
type work struct {
	policy  *Policy
	was, t  Ticket
	by      Actor
	now     time.Time
	entries []Entry
	effects []Effect
	changed bool
}

func (w *work) do(a Action) error {
	switch a := a.(type) {
	case Open:
		return w.open(a)
	case Claim:
		return w.claim()
	case Assign:
		return w.assign(a)
	case Message:
		return w.message(a)
	case Reply:
		return w.reply(a)
	case Note:
		return w.note(a)
	case Quote:
		return w.quote(a)
	case Edit:
		return w.edit(a)
	case Delete:
		return w.remove()
	case SetPriority:
		return w.setPriority(a)
	case SetStatus:
		return w.setStatus(a)
	case Follow:
		return w.follow(a)
	case Unfollow:
		return w.unfollow(a)
	case SetShare:
		return w.setShare(a)
	case Resolve:
		return w.resolve(a)
	case Reopen:
		return w.reopen(a.Text)
	case Close:
		return w.close(a.Text)
	case Declined:
		w.changed = w.by.Event != ""
		return nil
	case Undelivered:
		w.tell(w.add(Entry{Kind: EntryUndelivered, Audience: TeamOnly, From: a.Room, Text: a.Reason}))
		return nil
	case Tick:
		return w.tick()
	default:
		panic(fmt.Sprintf("ticket: no rule for %T", a))
	}
}

// add appends an entry, as the actor's, at the end of the timeline.
func (w *work) add(e Entry) Entry {
	w.changed = true
	w.t.Last++
	e.N = w.t.Last
	if e.Kind != EntryQuote { // which tells what was said elsewhere and before, by somebody else
		e.At, e.By = w.now, w.by.Person
	}
	w.t.Entries = append(w.t.Entries, e)
	w.entries = append(w.entries, e)
	return e
}

// become gives the ticket a status and what goes with it.
func (w *work) become(status string) {
	s, ok := w.policy.Status(status)
	if !ok || w.t.Status == status {
		return
	}
	w.t.Status, w.t.StatusAt = status, w.now
	if s.Phase == w.t.Phase {
		return
	}
	w.t.Phase = s.Phase
	w.t.Resolved, w.t.ClosedAt = time.Time{}, time.Time{}
	switch s.Phase {
	case Resolved:
		w.t.Resolved = w.now
	case Closed:
		w.t.Resolved, w.t.ClosedAt = w.was.Resolved, w.now
	case New, InProgress, WaitingRequester, WaitingThirdParty, Planned:
	}
}

// finish derives what follows from the ticket as it is now.
func (w *work) finish() {
	w.t.Updated = w.now
	if w.by.Event != "" && w.was.ID != "" {
		w.t.Events = append(w.t.Events, w.by.Event)
		w.t.Events = w.t.Events[max(0, len(w.t.Events)-keepEvents):]
	}
	w.refresh()
	w.t.NextDue = w.policy.nextDue(w.t)
}

// nextDue is when time alone will change the ticket.
func (p *Policy) nextDue(t Ticket) time.Time {
	s, ok := p.Status(t.Status)
	if !ok || s.After == nil {
		return time.Time{}
	}
	since := t.StatusAt
	if t.SaidAt.After(since) {
		since = t.SaidAt
	}
	return since.Add(s.After.Wait)
}

// tick moves a ticket on that stood still for as long as its status allows.
func (w *work) tick() error {
	due := w.policy.nextDue(w.t)
	if due.IsZero() || due.After(w.now) {
		w.changed = !due.Equal(w.t.NextDue) // the policy is another one since it was kept
		return nil
	}
	s, _ := w.policy.Status(w.t.Status)
	to, _ := w.policy.Status(s.After.To)
	kind := EntryStatus
	switch to.Phase {
	case Resolved:
		kind = EntryResolved
	case Closed:
		kind = EntryClosed
	case New, InProgress, WaitingRequester, WaitingThirdParty, Planned:
	}
	w.become(to.ID)
	w.tell(w.add(Entry{Kind: kind, Audience: Public, From: s.ID, To: to.ID}))
	return nil
}
