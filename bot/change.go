package bot

import (
	"context"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// priorityForm asks for another priority, and why: the requester reads it.
func (t *turn) priorityForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.form(ctx, c.Value, ticket.SetPriority{}, func(tk ticket.Ticket) []chat.Field {
		return []chat.Field{
			{ID: ticket.FieldPriority, Kind: chat.SelectField, Required: true, Options: t.priorities(), Value: one(tk.Priority),
				Label: t.say.Say("field_priority")},
			{ID: ticket.FieldReason, Kind: chat.LongTextField, Required: true, Max: t.policy.Limits.Text,
				Label: t.say.Say("field_reason"), Hint: t.say.Say("field_reason_hint")},
		}
	})
}

func (t *turn) priority(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	if err := onlyOne(s.Values); err != nil {
		return chat.Reply{}, err
	}
	return t.act(ctx, s.Form, ticket.SetPriority{To: s.Values.Get(ticket.FieldPriority), Reason: s.Values.Get(ticket.FieldReason)})
}

// statusForm asks for another status.
func (t *turn) statusForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.form(ctx, c.Value, ticket.SetStatus{}, func(tk ticket.Ticket) []chat.Field {
		var options []chat.Option
		for _, s := range t.policy.Statuses {
			options = append(options, chat.Option{Value: s.ID, Label: t.text(s.Label), Hint: t.text(s.Description)})
		}
		return []chat.Field{
			{ID: ticket.FieldStatus, Kind: chat.SelectField, Required: true, Options: options, Value: one(tk.Status),
				Label: t.say.Say("field_status")},
			{ID: ticket.FieldReason, Kind: chat.LongTextField, Max: t.policy.Limits.Text,
				Label: t.say.Say("field_reason"), Hint: t.say.Say("field_reason_hint")},
		}
	})
}

func (t *turn) status(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	if err := onlyOne(s.Values); err != nil {
		return chat.Reply{}, err
	}
	return t.act(ctx, s.Form, ticket.SetStatus{To: s.Values.Get(ticket.FieldStatus), Reason: s.Values.Get(ticket.FieldReason)})
}

// share lets everybody look at the ticket, or ends that.
func (t *turn) share(ctx context.Context, c chat.Click) (chat.Reply, error) {
	tk, err := t.desk.TicketByID(ctx, c.Value.Ticket, t.by)
	if err != nil {
		return chat.Reply{}, err
	}
	to := ticket.ShareEveryone
	if tk.Share == to {
		to = ticket.ShareNobody
	}
	return t.act(ctx, c.Value, ticket.SetShare{To: to})
}
