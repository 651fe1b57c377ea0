package bot

import (
	"context"

	"balie/internal/chat"
	"balie/internal/ticket"
)

func (t *turn) claim(ctx context.Context, c chat.Click) (chat.Reply, error) {
	change, err := t.desk.Act(ctx, c.Value.Ticket, t.by, ticket.Claim{})
	if err != nil {
		return chat.Reply{}, err
	}
	if change.Nothing {
		return chat.Reply{Text: t.say.Say("claimed_before", "key", change.Ticket.Key)}, nil
	}
	return chat.Reply{Text: t.say.Say("claimed", "key", change.Ticket.Key)}, nil
}

// assignForm asks whom to give the ticket to.
func (t *turn) assignForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.form(ctx, c.Value, ticket.Assign{}, func(ticket.Ticket) []chat.Field {
		return []chat.Field{{ID: ticket.FieldAssignee, Kind: chat.PersonField, Label: t.say.Say("field_assignee"),
			Hint: t.say.Say("field_assignee_hint")}}
	})
}

func (t *turn) assign(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	a := ticket.Assign{}
	if account := s.Values.Get(ticket.FieldAssignee); account != "" {
		who, err := t.person(ctx, account)
		if err != nil {
			return chat.Reply{}, err
		}
		a.To, a.ToTeams = who.ID, t.desk.TeamsOf(who)
	}
	return t.act(ctx, s.Form, a)
}
