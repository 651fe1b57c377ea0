package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// draftArg says that the form for an addition starts with what was kept.
const draftArg = "draft"

// addForm asks the requester's side for what they want to add: where what people type is not heard, or where it can't be
// told which ticket it is for.
func (t *turn) addForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	typed := ""
	if c.Value.Arg == draftArg {
		d, err := t.desk.Store.Draft(ctx, t.who.ID, formOpen)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return chat.Reply{}, fmt.Errorf("read the draft: %w", err)
		}
		typed = d.Values.Get(ticket.FieldDescription)
		if typed == "" {
			typed = d.Values.Get(ticket.FieldSummary)
		}
	}
	r, err := t.form(ctx, c.Value, ticket.Message{}, func(ticket.Ticket) []chat.Field {
		f := chat.Field{ID: ticket.FieldText, Kind: chat.LongTextField, Required: true, Max: t.policy.Limits.Text,
			Label: t.say.Say("field_add"), Hint: t.say.Say("field_add_hint")}
		if typed != "" {
			f.Value = []string{typed}
		}
		return []chat.Field{f, {ID: ticket.FieldFiles, Kind: chat.FileField, Max: t.policy.Limits.Files, Label: t.say.Say("field_files"),
			Instead: t.say.Say("files_later")}}
	})
	if r.Form != nil {
		r.Form.Value.Arg = c.Value.Arg
	}
	return r, err
}

func (t *turn) add(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	c, err := t.desk.Act(ctx, s.Form.Ticket, t.by, ticket.Message{Text: s.Values.Get(ticket.FieldText), Files: t.files(s.Files[ticket.FieldFiles])})
	if err != nil {
		return chat.Reply{}, err
	}
	if s.Form.Arg == draftArg {
		if err := t.desk.Store.DeleteDraft(ctx, t.who.ID, formOpen); err != nil {
			t.log.WithError(err).Warn("a draft could not be deleted")
		}
	}
	return chat.Reply{Text: t.say.Say("added", "key", c.Ticket.Key)}, nil
}

// offeredMax is how many tickets somebody may choose from who says something.
const offeredMax = 4

// offerTickets offers to add what was said to one of the person's tickets, or to make a new one of it, where a direct
// conversation does not tell which one is meant.
func (t *turn) offerTickets(ctx context.Context, text string) (chat.Reply, error) {
	mine, err := t.desk.Mine(ctx, t.by, true, "", offeredMax)
	if err != nil {
		return chat.Reply{}, err
	}
	if len(mine.Tickets) == 0 {
		return t.offerTicket(ctx, openArg{}, text, t.say.Say("direct_offer"))
	}
	r, err := t.offerTicket(ctx, openArg{}, text, t.say.Say("direct_which"))
	if err != nil {
		return chat.Reply{}, err
	}
	var add []chat.Button
	for _, s := range mine.Tickets {
		add = append(add, chat.Button{Label: t.say.Say("button_add_to", "key", s.Key, "summary", ticket.Cut(s.Summary, 40)),
			Value: chat.Value{Verb: verbAdd, Ticket: s.ID, Arg: draftArg}})
	}
	r.Buttons = slices.Concat(add, r.Buttons)
	return r, nil
}
