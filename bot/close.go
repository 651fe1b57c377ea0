package bot

import (
	"context"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// closeForm asks for a last word, which may be left out.
func (t *turn) closeForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.form(ctx, c.Value, ticket.Close{}, func(ticket.Ticket) []chat.Field {
		return []chat.Field{{ID: ticket.FieldText, Kind: chat.LongTextField, Max: t.policy.Limits.Text,
			Label: t.say.Say("field_close"), Hint: t.say.Say("field_close_hint")}}
	})
}

func (t *turn) close(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	return t.act(ctx, s.Form, ticket.Close{Text: s.Values.Get(ticket.FieldText)})
}

func (t *turn) reopen(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.act(ctx, c.Value, ticket.Reopen{})
}
