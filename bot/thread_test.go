package bot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/store"
	"balie/internal/ticket"
)

// settling is a store in which a post's place becomes known when its delivery ends.
type settling struct {
	store.Store
	known   time.Time // from when the thread's ticket is known; zero for never
	due     time.Time // since when the oldest delivery is due; zero if there is none
	settled time.Time // when that has been carried out; zero for never
}

func (s settling) TicketByRoom(context.Context, chat.Ref) (ticket.Ticket, string, error) {
	if s.known.IsZero() || time.Now().Before(s.known) {
		return ticket.Ticket{}, "", store.ErrNotFound
	}
	return ticket.Ticket{ID: "1"}, "triage", nil
}

func (s settling) Backlog(context.Context) (int, time.Time, error) {
	if s.due.IsZero() || !s.settled.IsZero() && !time.Now().Before(s.settled) {
		return 0, time.Time{}, nil
	}
	return 1, s.due, nil
}

func TestTicketOfThread(t *testing.T) {
	const moment = 300 * time.Millisecond
	for name, c := range map[string]struct {
		known, due, settled time.Duration // from now; 0 for never
		elsewhere           bool
		want                error
		waits               bool
	}{
		"known":                               {known: -1},
		"of somebody else's":                  {want: store.ErrNotFound},
		"with only newer work under way":      {due: moment, want: store.ErrNotFound},
		"whose first post is being delivered": {known: moment, due: -moment, settled: moment, waits: true},
		"while other posts are delivered":     {due: -moment, settled: moment, want: store.ErrNotFound, waits: true},
		"while nothing gets on":               {due: -moment, want: errUnsettled, waits: true},
		"where tickets have no rooms":         {due: -moment, elsewhere: true, want: store.ErrNotFound},
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
				s := settling{known: at(c.known), due: at(c.due), settled: at(c.settled)}
				in := &turn{Bot: &Bot{desk: &desk.Desk{Store: s}, policy: &ticket.Policy{}, now: time.Now}, e: chat.Event{Direct: !c.elsewhere}}
				tk, room, err := in.ticketOf(t.Context(), chat.Ref{Message: "root"})
				if !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
				if err == nil && (tk.ID != "1" || room != "triage") {
					t.Errorf("got ticket %q in %q", tk.ID, room)
				}
				if waited := time.Since(began) > 0; waited != c.waits {
					t.Errorf("waited %s", time.Since(began))
				}
			})
		})
	}
}
