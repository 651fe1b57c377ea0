package bot

import (
	"context"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// topic is the conversation under a room's first post.
func (v view) topic(ctx context.Context, tk ticket.Ticket, r ticket.Room) *chat.Topic {
	status, _ := v.policy.Status(tk.Status)
	t := &chat.Topic{Name: tk.Key + " · " + tk.Summary, Closed: tk.Phase == ticket.Closed, Status: v.called(status.Label, tk.Status, v.say)}
	for _, s := range v.policy.Statuses {
		t.Statuses = append(t.Statuses, v.called(s.Label, s.ID, v.say))
	}
	if !v.private(r) {
		return t
	}
	// An account that nobody has is better than none, which would be everybody.
	t.People = []string{""}
	who, err := v.desk.Person(ctx, r.Person)
	if err != nil {
		v.log.WithError(err).Warn("a conversation can't be begun: its person is not known")
		return t
	}
	if account, ok := v.account(who, r.Place.Workspace); ok {
		t.People = []string{account}
	}
	return t
}

// private says whether a conversation in a channel is kept from others there.
func (v view) private(r ticket.Room) bool { return r.InChannel() && v.caps().Private }

func (v view) caps() chat.Caps {
	if p, ok := v.platforms[v.platform]; ok {
		return p.Caps()
	}
	return chat.Caps{}
}
