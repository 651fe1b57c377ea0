package bot

import (
	"context"
	"slices"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// inRequests says whether the turn is in a channel where requesters' conversations are for everybody to read.
func (t *turn) inRequests() bool {
	return slices.ContainsFunc(t.policy.Teams, func(team ticket.Team) bool { return t.in(team.Requests) })
}

// whereTo tells the requester of a new ticket where the conversation about it is.
func (t *turn) whereTo(tk ticket.Ticket) string {
	summary := escape(tk.Summary)
	i := slices.IndexFunc(tk.Rooms, func(r ticket.Room) bool { return r.Kind == ticket.ConversationRoom && r.InChannel() })
	switch {
	case i < 0 && t.caps.DirectFlat:
		return t.say.Say("opened_flat", "key", tk.Key, "summary", summary)
	case i < 0:
		return t.say.Say("opened", "key", tk.Key, "summary", summary)
	case t.caps.Private:
		return t.say.Say("opened_private", "key", tk.Key, "summary", summary)
	case tk.Rooms[i].Place.Channel == t.e.Channel:
		return t.say.Say("opened_here", "key", tk.Key, "summary", summary)
	}
	return t.say.Say("opened_elsewhere", "key", tk.Key, "summary", summary)
}

// bystander answers who wrote in the thread of a ticket that does not concern them, where all can write: once, for they
// may go on talking there. Neither what they wrote nor how they change it is part of the ticket.
func (t *turn) bystander(ctx context.Context, tk ticket.Ticket, m chat.Message) chat.Reply {
	if m.Edited || m.Deleted {
		return chat.Reply{}
	}
	if told, _ := t.bystanders.ContainsOrAdd(tk.ID+"|"+t.who.ID, struct{}{}); told {
		return chat.Reply{}
	}
	return chat.Reply{Text: t.say.Say("bystander", "key", tk.Key, "name", t.name(ctx, tk.Requester)),
		Buttons: []chat.Button{{Label: t.say.Say("button_open"), Value: openArg{}.value(), Style: chat.Primary}}}
}
