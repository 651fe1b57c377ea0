package bot

import (
	"context"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// followForm asks who should follow the ticket.
func (t *turn) followForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.form(ctx, c.Value, ticket.Follow{Person: "somebody"}, func(ticket.Ticket) []chat.Field {
		return []chat.Field{{ID: ticket.FieldPerson, Kind: chat.PersonField, Required: true,
			Label: t.say.Say("field_follower"), Hint: t.say.Say("field_follower_hint")}}
	})
}

func (t *turn) follow(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	account := s.Values.Get(ticket.FieldPerson)
	if account == "" {
		return chat.Reply{}, &ticket.Problem{Code: ticket.Required, Field: ticket.FieldPerson}
	}
	who, err := t.person(ctx, account)
	if err != nil {
		return chat.Reply{}, err
	}
	return t.act(ctx, s.Form, ticket.Follow{Person: who.ID,
		Account: chat.Identity{Platform: t.e.Platform, Workspace: t.e.Workspace, ID: account}})
}

// unfollow ends the person's own following.
func (t *turn) unfollow(ctx context.Context, c chat.Click) (chat.Reply, error) {
	change, err := t.desk.Act(ctx, c.Value.Ticket, t.by, ticket.Unfollow{})
	if err != nil {
		return chat.Reply{}, err
	}
	return chat.Reply{Text: t.say.Say("unfollowed", "key", change.Ticket.Key)}, nil
}
