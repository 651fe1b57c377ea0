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

// message is what was said where the bot can read it. In a ticket's thread it becomes part of the ticket; in the direct
// conversation it is a way in; anywhere else it is none of our business.
func (t *turn) message(ctx context.Context, m chat.Message) (chat.Reply, error) {
	if t.e.Thread != "" {
		root := chat.Ref{Platform: t.e.Platform, Workspace: t.e.Workspace, Channel: t.e.Channel, Message: t.e.Thread}
		tk, room, err := t.ticketOf(ctx, root)
		if err == nil {
			return t.inThread(ctx, tk, room, m)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return chat.Reply{}, fmt.Errorf("look for the thread's ticket: %w", err)
		}
	}
	switch {
	case m.Deleted && t.e.Direct && t.caps.DirectFlat:
		return t.takenBack(ctx, m)
	case m.Edited || m.Deleted || !t.e.Direct && !m.ToBot:
		return chat.Reply{}, nil
	case ticket.Clean(m.Text) == "" && t.e.Thread == "":
		if m.ToBot {
			return t.help(), nil
		}
		return chat.Reply{}, nil
	case t.e.Direct && t.caps.DirectFlat:
		return t.offerTickets(ctx, m.Text)
	case t.e.Direct:
		return t.offerTicket(ctx, openArg{}, m.Text, t.say.Say("direct_offer"))
	}
	return t.offerTicket(ctx, openArg{Gather: t.at(m.ID)}, m.Text, t.say.Say("direct_offer"))
}

// at is where a message of this turn's channel stands.
func (t *turn) at(message string) chat.Ref {
	r := t.e.Place()
	r.Message = message
	return r
}

// ticketEmoji are the reactions that ask for a ticket.
var ticketEmoji = []string{"ticket", "tickets", "admission_tickets"}

// reaction offers to make a ticket of the message that a ticket was put on, unless it is part of one already.
func (t *turn) reaction(ctx context.Context, r chat.Reaction) (chat.Reply, error) {
	if r.Removed || r.Said == nil || !slices.Contains(ticketEmoji, r.Emoji) {
		return chat.Reply{}, nil
	}
	if t.e.Thread != "" {
		if ours, err := t.inTicket(ctx); err != nil || ours {
			return chat.Reply{}, err
		}
	}
	return t.offerTicket(ctx, openArg{Gather: r.Message}, r.Said.Text, t.say.Say("direct_offer"))
}

// inTicket says whether the turn's thread is a ticket's.
func (t *turn) inTicket(ctx context.Context) (bool, error) {
	root := t.e.Place()
	root.Thread, root.Message = "", t.e.Thread
	_, _, err := t.ticketOf(ctx, root)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the thread's ticket: %w", err)
	}
	return true, nil
}

// offerTicket keeps the text and offers to make a ticket of it.
func (t *turn) offerTicket(ctx context.Context, arg openArg, text, line string) (chat.Reply, error) {
	d := store.Draft{Person: t.who.ID, Form: formOpen, Values: t.fromText(text), At: t.now().UTC()}
	if err := t.desk.Store.SaveDraft(ctx, d); err != nil {
		return chat.Reply{}, fmt.Errorf("keep the draft: %w", err)
	}
	return t.offer(arg, line), nil
}

// offer offers to make a ticket of what was kept.
func (t *turn) offer(arg openArg, line string) chat.Reply {
	arg.Draft = true
	return chat.Reply{Text: line, Buttons: []chat.Button{
		{Label: t.say.Say("button_open"), Value: arg.value(), Style: chat.Primary},
		{Label: t.say.Say("button_mine"), Value: chat.Value{Verb: verbList, Arg: listMine}},
	}}
}

func (t *turn) inThread(ctx context.Context, tk ticket.Ticket, room string, m chat.Message) (chat.Reply, error) {
	t.by.Origin = ticket.Origin{Room: room, Message: t.at(m.ID)}
	if t.who.ID == "" {
		e, ok := tk.EntryFrom(t.by.Origin.Message)
		if !ok {
			return chat.Reply{}, nil
		}
		if err := t.asAuthor(ctx, e); err != nil {
			return chat.Reply{}, err
		}
	}
	if !m.Edited && !m.Deleted {
		if before, err := t.saidLongAgo(ctx, tk, m); err != nil || before {
			return chat.Reply{}, err
		}
	}
	c, err := t.desk.Act(ctx, tk.ID, t.by, t.said(tk, room, m))
	if err == nil && c.Repeat && c.Ticket.Phase == ticket.Closed && !m.Edited && !m.Deleted {
		if _, taken := c.Ticket.EntryFrom(t.by.Origin.Message); !taken { // perhaps nobody heard the answer
			return t.offer(openArg{}, t.closed(ctx, tk)), nil
		}
	}
	p, ok := errors.AsType[*ticket.Problem](err)
	if !ok {
		return chat.Reply{}, err
	}
	r, _ := tk.Room(room)
	switch {
	case p.Code == ticket.TicketClosed && tk.VisibleTo(t.by):
		offer, err := t.offerTicket(ctx, openArg{}, m.Text, t.closed(ctx, tk))
		if err != nil {
			return chat.Reply{}, err
		}
		if _, err := t.desk.Act(ctx, tk.ID, t.by, ticket.Declined{}); err != nil {
			return chat.Reply{}, err
		}
		return offer, nil
	case r.InChannel() && (p.Code == ticket.NotFound || p.Code == ticket.NotAllowed):
		return t.bystander(ctx, tk, m), nil
	}
	return chat.Reply{}, err
}

// asAuthor has the turn be of whoever said the entry: a message was taken away, and nobody knows by whom.
func (t *turn) asAuthor(ctx context.Context, e ticket.Entry) error {
	who, err := t.desk.Person(ctx, e.By)
	if err != nil {
		return err
	}
	t.by.Person, t.by.Teams = who.ID, t.desk.TeamsOf(who)
	return nil
}

// saidLongAgo says whether a message is told again that became an entry so long ago that this moved to the ticket's
// history. What was said after the oldest entry that is kept can't be there, so the history is seldom asked.
func (t *turn) saidLongAgo(ctx context.Context, tk ticket.Ticket, m chat.Message) (bool, error) {
	const slow, page = 5 * time.Minute, 200 // our clock may be so far behind the platform's
	// A quote tells of a time before its own.
	i := slices.IndexFunc(tk.Entries, func(e ticket.Entry) bool { return e.Kind != ticket.EntryQuote })
	if m.At.IsZero() || i >= 0 && m.At.After(tk.Entries[i].At.Add(slow)) {
		return false, nil
	}
	for before := tk.Last + 1 - len(tk.Entries); before > 1; {
		older, err := t.desk.Store.History(ctx, tk.ID, before, page)
		if err != nil {
			return false, fmt.Errorf("read the history: %w", err)
		}
		if len(older) == 0 {
			break
		}
		if slices.ContainsFunc(older, func(e ticket.Entry) bool { return e.SaidAs(t.by.Origin.Message) }) {
			return true, nil
		}
		before = older[len(older)-1].N
	}
	return false, nil
}

// closed says that a closed ticket takes no answers, and that what was typed is kept.
func (t *turn) closed(ctx context.Context, tk ticket.Ticket) string {
	p := &ticket.Problem{Code: ticket.TicketClosed, Args: map[string]string{"key": tk.Key}}
	return t.problem(ctx, p) + " " + t.say.Say("closed_offer")
}

// said is the action that a message in a ticket's room stands for.
func (t *turn) said(tk ticket.Ticket, room string, m chat.Message) ticket.Action {
	if m.Deleted {
		return ticket.Delete{}
	}
	if m.Edited {
		return ticket.Edit{Text: m.Text}
	}
	attached := t.files(m.Files)
	r, _ := tk.Room(room)
	if r.Kind == ticket.TriageRoom {
		if team, _ := t.policy.Team(tk.Team); team.Thread == ticket.EntryReply {
			return ticket.Reply{Text: m.Text, Files: attached}
		}
		return ticket.Note{Text: m.Text, Files: attached}
	}
	roles := tk.Roles(t.by)
	agent := slices.Contains(roles, ticket.AgentRole) && !slices.Contains(roles, ticket.RequesterRole)
	if agent && (r.InChannel() || !slices.Contains(roles, ticket.FollowerRole)) {
		return ticket.Reply{Text: m.Text, Files: attached}
	}
	return ticket.Message{Text: m.Text, Files: attached}
}
