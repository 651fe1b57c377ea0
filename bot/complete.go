package bot

import (
	"context"
	"slices"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// complete offers what can be given with a subcommand while somebody types it: categories, and the tickets that they may
// see.
func (t *turn) complete(ctx context.Context, q chat.Query) (chat.Reply, error) {
	switch q.Field {
	case ticket.FieldCategory:
		i := slices.IndexFunc(t.openForm(openArg{}, nil).Fields, func(f chat.Field) bool { return f.ID == ticket.FieldCategory })
		return chat.Reply{Options: matching(t.openForm(openArg{}, nil).Fields[i].Options, q.Text)}, nil
	case optionKey:
		return t.completeKey(ctx, q.Text)
	}
	return chat.Reply{}, nil
}

// completeMax is how many tickets are offered.
const completeMax = 25

// completeKey offers the tickets that the person may see: those that match what is typed or, as long as nothing is, their
// own open ones and what their teams have to do.
func (t *turn) completeKey(ctx context.Context, text string) (chat.Reply, error) {
	var found []store.Summary
	if tk, err := t.desk.Ticket(ctx, text, t.by); err == nil {
		found = append(found, store.Summary{Key: tk.Key, Summary: tk.Summary})
	}
	if len(store.Tokens(text)) > 0 {
		more, err := t.desk.Search(ctx, t.by, text, completeMax)
		if err != nil {
			return chat.Reply{}, err
		}
		found = append(found, more...)
	} else {
		mine, err := t.desk.Mine(ctx, t.by, true, "", completeMax)
		if err != nil {
			return chat.Reply{}, err
		}
		found = append(found, mine.Tickets...)
		if len(t.by.Teams) > 0 {
			queue, err := t.desk.Queue(ctx, t.by, "", completeMax)
			if err != nil {
				return chat.Reply{}, err
			}
			found = append(found, queue.Tickets...)
		}
	}
	var r chat.Reply
	for _, s := range found {
		if len(r.Options) == completeMax || slices.ContainsFunc(r.Options, func(o chat.Option) bool { return o.Value == s.Key }) {
			continue
		}
		r.Options = append(r.Options, chat.Option{Value: s.Key, Label: s.Key + " · " + ticket.Line(s.Summary)})
	}
	return r, nil
}
