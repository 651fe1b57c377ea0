package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// errUnsettled says that it can't be known yet whose thread something was said in. Nothing was stored: the platform has
// to tell it again.
var errUnsettled = errors.New("whose thread it is will be known once what is under way there has been delivered")

// failingFor is how long what is said waits for posts that failed before. A post that was reported as failed may stand all
// the same, and the next try, minutes later at most, finds it; those that fail on and on must not hold up a conversation.
const failingFor = 10 * time.Minute

// ticketOf is the ticket that has a room whose first post is root, and the room's id; store.ErrNotFound if the thread is
// none of ours.
//
// A first post can be seen, and answered, a moment before the store knows where it stands, and after a crash that moment
// lasts until the post was sent again. So a thread is none of ours only if it is not known once everything was carried
// out that may be its first post: see turn.underway.
func (t *turn) ticketOf(ctx context.Context, root chat.Ref) (tk ticket.Ticket, room string, err error) {
	const patience, soon = 2 * time.Second, 20 * time.Millisecond
	tk, room, err = t.desk.Store.TicketByRoom(ctx, root)
	if !errors.Is(err, store.ErrNotFound) || !t.postsHere() {
		return tk, room, err
	}
	asked := t.firstAsked()
	late := time.NewTimer(patience)
	defer late.Stop()
	for wait := soon; ; wait *= 2 {
		// Before the thread is looked up: a post's place is stored in the write that ends its delivery.
		underway, err := t.underway(ctx, asked)
		if err != nil {
			return ticket.Ticket{}, "", fmt.Errorf("look what is under way: %w", err)
		}
		tk, room, err = t.desk.Store.TicketByRoom(ctx, root)
		if !errors.Is(err, store.ErrNotFound) || !underway {
			return tk, room, err
		}
		again := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-late.C:
			err = errUnsettled
		case <-again.C:
			continue
		}
		again.Stop()
		return ticket.Ticket{}, "", err
	}
}

// firstAsked is when this process was first told what it is told now.
func (t *turn) firstAsked() time.Time {
	now := t.now()
	if t.by.Event == "" {
		return now
	}
	if before, ok, _ := t.asked.PeekOrAdd(t.by.Event, now); ok {
		return before
	}
	return now
}

// underway says whether a post to this turn's channel, or to the person whose direct conversation it is, may stand without
// the store knowing where: it was due when we were first asked, and was not carried out since; or, where the platform tells
// that the thread began with a post of the bot's, it is tried again because it failed, but not for long and not if it
// waits for an admin. What goes elsewhere is nobody's concern here: it may never arrive.
func (t *turn) underway(ctx context.Context, asked time.Time) (bool, error) {
	const most = 1000
	var works []store.Work
	var err error
	cut := false // there are more
	if !t.e.Direct {
		for _, team := range t.teamsHere() {
			more, err := t.desk.Store.Underway(ctx, "", team.ID, most)
			if err != nil {
				return false, err
			}
			works, cut = append(works, more...), cut || len(more) >= most
		}
	} else if t.who.ID != "" { // what somebody unknown takes away was said before, and waited for then
		if works, err = t.desk.Store.Underway(ctx, t.who.ID, "", most); err != nil {
			return false, err
		}
		cut = len(works) >= most
	}
	soon := t.now().Before(asked.Add(failingFor))
	if t.e.OwnThread && cut && soon {
		return true, nil // it may be about one of those that were not looked at
	}
	pending := false
	for _, w := range works {
		looked := map[string]bool{}
		for _, p := range w.Pending {
			r, ok := w.Ticket.Room(p.Effect.Room)
			if !ok || looked[r.ID] || !t.isHere(w.Ticket, r) {
				continue
			}
			looked[r.ID] = true // nothing overtakes the first one in its room
			failed := t.e.OwnThread && p.Tries > 0
			if failed && soon && !t.deliverer.waitsForAdmin(r.Place) || !p.Next.After(asked) {
				return true, nil
			}
			pending = pending || failed
		}
	}
	if pending { // as long as that fails nobody can know
		t.log.WithFields(logrus.Fields{"platform": t.e.Platform, "channel": t.e.Channel, "thread": t.e.Thread}).
			Warn("a reply to a post of the bot's may be about a ticket whose post seems to have failed; it is taken for one about none")
	}
	return false, nil
}

// isHere says whether posts to the room go to this turn's channel, or to the person whose direct conversation it is. Those to a
// channel that the policy does not name any more may go to any that it does.
func (t *turn) isHere(tk ticket.Ticket, r ticket.Room) bool {
	if r.Place.Platform != t.e.Platform {
		return false
	}
	if t.e.Direct {
		return r.Person == t.who.ID // its place may be a channel that has no room for a thread, so that it began directly
	}
	if r.Place.Channel == t.e.Channel {
		return true
	}
	named := t.channelsOf(tk.Team, r.Kind)
	return r.Place.Channel != "" && t.in(named) && !slices.ContainsFunc(named, func(c ticket.Channel) bool { return c.ID == r.Place.Channel })
}

// waitsForAdmin says whether posts to the place wait for an admin, as far as this process knows.
func (d *deliverer) waitsForAdmin(to chat.Place) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, blocked := d.blocked[to]
	return blocked
}

// postsHere says whether tickets may have a room in this turn's channel.
func (t *turn) postsHere() bool { return t.e.Direct || len(t.teamsHere()) > 0 }

// teamsHere are the teams whose tickets may have a room in this turn's channel.
func (t *turn) teamsHere() []ticket.Team {
	var here []ticket.Team
	for _, team := range t.policy.Teams {
		if t.in(team.Triage) || t.in(team.Requests) {
			here = append(here, team)
		}
	}
	return here
}

// in says whether the turn is in one of the channels.
func (t *turn) in(list []ticket.Channel) bool {
	return slices.ContainsFunc(list, func(c ticket.Channel) bool {
		return c.Platform == t.e.Platform && c.ID == t.e.Channel && (c.Workspace == "" || c.Workspace == t.e.Workspace)
	})
}
