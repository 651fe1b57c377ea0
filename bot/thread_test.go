package bot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus/hooks/test"

	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/store"
	"balie/internal/ticket"
)

// settling is a store in which a post's place becomes known when its delivery ends.
type settling struct {
	store.Store
	known   time.Time        // from when the thread's ticket is known; zero for never
	pending []store.Delivery // for Ana's ticket
	settled time.Time        // when that has been carried out; zero for never
}

func (s settling) TicketByRoom(context.Context, chat.Ref) (ticket.Ticket, string, error) {
	if s.known.IsZero() || time.Now().Before(s.known) {
		return ticket.Ticket{}, "", store.ErrNotFound
	}
	return ticket.Ticket{ID: "1"}, "triage", nil
}

func (s settling) Underway(_ context.Context, person, team string, _ int) ([]store.Work, error) {
	if person != "ana" && team != "ict" || len(s.pending) == 0 || !s.settled.IsZero() && !time.Now().Before(s.settled) {
		return nil, nil
	}
	tk := ticket.Ticket{ID: "1", Requester: "ana", Team: "ict", Rooms: []ticket.Room{
		{ID: "triage", Place: chat.Place{Platform: "one", Channel: "cards"}},
		{ID: "conversation", Person: "ana", Place: chat.Place{Platform: "one", Person: "U1"}},
		{ID: "follower:bea", Person: "bea", Place: chat.Place{Platform: "one", Person: "U2"}},
		{ID: "requests", Person: "ana", Place: chat.Place{Platform: "one", Channel: "requests"}},
		{ID: "moved", Kind: ticket.TriageRoom, Place: chat.Place{Platform: "one", Channel: "gone"}},
		{ID: "far", Person: "ana", Place: chat.Place{Platform: "two", Person: "U1"}},
	}}
	return []store.Work{{Ticket: tk, Pending: s.pending}}, nil
}

// TestTicketOfThread answers under a post whose ticket is not known, or not yet, while something is to be delivered.
func TestTicketOfThread(t *testing.T) {
	const moment, ages = 300 * time.Millisecond, 1000 * time.Hour
	talk, cards := chat.Event{Direct: true}, chat.Event{Channel: "cards"}
	own := func(e chat.Event) chat.Event {
		e.OwnThread = true
		return e
	}
	type due struct {
		in    string
		next  time.Duration // from now
		tries int
	}
	ours, told := []due{{"conversation", -moment, 0}}, []due{{"triage", -moment, 0}}
	failed := []due{{"conversation", moment, 1}}
	for name, c := range map[string]struct {
		e              chat.Event
		known, settled time.Duration // from now; 0 for never
		pending        []due
		blocked        bool          // the conversation
		told           time.Duration // for so long already
		nobody         bool
		want           error
		waits          bool
	}{
		"known":                                              {e: talk, known: -1, pending: ours},
		"of somebody else's":                                 {e: talk, want: store.ErrNotFound},
		"with only newer work under way":                     {e: talk, pending: []due{{"conversation", moment, 0}}, want: store.ErrNotFound},
		"whose first post is being delivered":                {e: talk, known: moment, pending: ours, settled: moment, waits: true},
		"in a channel, being delivered":                      {e: cards, known: moment, pending: told, settled: moment, waits: true},
		"that began directly for want of room":               {e: talk, known: moment, pending: []due{{"requests", -moment, 0}}, settled: moment, waits: true},
		"whose card moves to a channel that is named by now": {e: cards, known: moment, pending: []due{{"moved", -moment, 0}}, settled: moment, waits: true},
		"while other posts are delivered":                    {e: talk, pending: ours, settled: moment, want: store.ErrNotFound, waits: true},
		"while nothing gets on":                              {e: talk, pending: ours, want: errUnsettled, waits: true},
		"while nothing gets on in a channel":                 {e: own(cards), pending: told, want: errUnsettled, waits: true},
		"where tickets have no rooms":                        {e: chat.Event{Channel: "lunch"}, pending: told, want: store.ErrNotFound},
		"that somebody unknown speaks of":                    {e: own(talk), nobody: true, pending: ours, want: store.ErrNotFound},

		"while nothing gets on in a channel that is not this": {e: own(talk), pending: told, want: store.ErrNotFound},
		"while nothing gets on with others":                   {e: own(talk), pending: []due{{"follower:bea", -moment, 3}}, want: store.ErrNotFound},
		"while nothing gets on elsewhere":                     {e: own(talk), pending: []due{{"far", -moment, 3}}, want: store.ErrNotFound},
		"while nothing gets on with somebody":                 {e: own(cards), pending: ours, want: store.ErrNotFound},
		"while files are fetched":                             {e: own(talk), pending: []due{{"", -moment, 3}}, want: store.ErrNotFound},

		"of a post that failed, perhaps":             {e: own(talk), pending: failed, want: errUnsettled, waits: true},
		"of a post in a channel that failed":         {e: own(cards), pending: []due{{"triage", moment, 1}}, want: errUnsettled, waits: true},
		"of a post that stands although it failed":   {e: own(talk), known: moment, pending: failed, settled: moment, waits: true},
		"of somebody else's, while a post fails":     {e: talk, pending: failed, want: store.ErrNotFound},
		"of a post that was never tried":             {e: own(talk), pending: []due{{"conversation", moment, 0}}, want: store.ErrNotFound},
		"while another post fails on and on":         {e: own(talk), pending: failed, told: failingFor, want: store.ErrNotFound},
		"while another post fails for a while":       {e: own(talk), pending: failed, told: failingFor - time.Minute, want: errUnsettled, waits: true},
		"while others wait for an admin":             {e: own(talk), pending: failed, blocked: true, want: store.ErrNotFound},
		"while one behind another is tried again":    {e: own(talk), pending: []due{{"conversation", ages, 0}, {"conversation", ages, 1}}, want: store.ErrNotFound},
		"told again while newer posts are under way": {e: own(talk), pending: ours, told: time.Minute, want: store.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				at := func(d time.Duration) time.Time {
					if d == 0 {
						return time.Time{}
					}
					return began.Add(d)
				}
				s := settling{known: at(c.known), settled: at(c.settled)}
				for _, d := range c.pending {
					s.pending = append(s.pending, store.Delivery{Effect: ticket.Effect{Kind: ticket.EffectCard, Room: d.in}, Next: at(d.next), Tries: d.tries})
				}
				asked, err := lru.New[string, time.Time](1)
				if err != nil {
					t.Fatal(err)
				}
				if c.told > 0 {
					asked.Add("event", began.Add(-c.told))
				}
				d := &deliverer{blocked: map[chat.Place]string{}}
				if c.blocked {
					d.blocked[chat.Place{Platform: "one", Person: "U1"}] = "an admin"
				}
				p := &ticket.Policy{Teams: []ticket.Team{{ID: "ict", Triage: []ticket.Channel{{Platform: "one", ID: "cards"}}}}}
				log, logged := test.NewNullLogger()
				in := &turn{Bot: &Bot{log: log, desk: &desk.Desk{Store: s}, policy: p, now: time.Now, asked: asked, deliverer: d}, e: c.e,
					who: store.Person{ID: "ana"}, by: ticket.Actor{Event: "event"}}
				in.e.Platform = "one"
				if c.nobody {
					in.who.ID = ""
				}
				tk, room, err := in.ticketOf(t.Context(), chat.Ref{Message: "root"})
				if !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
				if err == nil && (tk.ID != "1" || room != "triage") {
					t.Errorf("got ticket %q in %q", tk.ID, room)
				}
				// What is given up although something may come is told.
				doubt := c.e.OwnThread && c.want == store.ErrNotFound && (c.told >= failingFor || c.blocked)
				if told := len(logged.AllEntries()) > 0; told != doubt {
					t.Errorf("logged: %v", told)
				}
				if waited := time.Since(began) > 0; waited != c.waits {
					t.Errorf("waited %s", time.Since(began))
				}
			})
		})
	}
}
