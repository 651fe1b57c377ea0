package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// errUnsettled says that it can't be known yet whose thread something was said in. Nothing was stored: the platform has
// to tell it again.
var errUnsettled = errors.New("whose thread it is will be known once what is under way has been delivered")

// ticketOf is the ticket that has a room whose first post is root, and the room's id; store.ErrNotFound if the thread is
// none of ours.
//
// A first post can be seen, and answered, a moment before the store knows where it stands, and after a crash that moment
// lasts until the post was sent again. So a thread is none of ours only if it is not known once everything was carried
// out that was due when we were asked; and where the platform tells that the first post is the bot's, once nothing at all
// is left to deliver, because a post that was reported as failed may stand there all the same.
func (t *turn) ticketOf(ctx context.Context, root chat.Ref) (tk ticket.Ticket, room string, err error) {
	const patience, between = 2 * time.Second, 20 * time.Millisecond
	tk, room, err = t.desk.Store.TicketByRoom(ctx, root)
	if !errors.Is(err, store.ErrNotFound) || !t.postsHere() {
		return tk, room, err
	}
	asked := t.now()
	late := time.NewTimer(patience)
	defer late.Stop()
	again := time.NewTicker(between)
	defer again.Stop()
	for {
		// Before the thread is looked up: a post's place is stored in the write that ends its delivery.
		n, oldest, err := t.desk.Store.Backlog(ctx)
		if err != nil {
			return ticket.Ticket{}, "", fmt.Errorf("look what is under way: %w", err)
		}
		tk, room, err = t.desk.Store.TicketByRoom(ctx, root)
		if !errors.Is(err, store.ErrNotFound) || n == 0 || oldest.After(asked) && !t.e.OwnThread {
			return tk, room, err
		}
		select {
		case <-ctx.Done():
			return ticket.Ticket{}, "", ctx.Err()
		case <-late.C:
			return ticket.Ticket{}, "", errUnsettled
		case <-again.C:
		}
	}
}

// postsHere says whether tickets may have a room in this turn's channel.
func (t *turn) postsHere() bool {
	return t.e.Direct || slices.ContainsFunc(t.policy.Teams, func(team ticket.Team) bool {
		return t.in(team.Triage) || t.in(team.Requests)
	})
}

// in says whether the turn is in one of the channels.
func (t *turn) in(list []ticket.Channel) bool {
	return slices.ContainsFunc(list, func(c ticket.Channel) bool {
		return c.Platform == t.e.Platform && c.ID == t.e.Channel && (c.Workspace == "" || c.Workspace == t.e.Workspace)
	})
}
