package bot

import (
	"context"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// replyForm asks for the text of a reply, a question, a note or a resolution.
func (t *turn) replyForm(ctx context.Context, c chat.Click) (chat.Reply, error) {
	return t.form(ctx, c.Value, written(c.Value.Verb, "", nil), func(ticket.Ticket) []chat.Field {
		return []chat.Field{
			{ID: ticket.FieldText, Kind: chat.LongTextField, Required: true, Max: t.policy.Limits.Text,
				Label: t.say.Say("field_" + c.Value.Verb), Hint: t.say.Say("field_" + c.Value.Verb + "_hint")},
			{ID: ticket.FieldFiles, Kind: chat.FileField, Max: t.policy.Limits.Files, Label: t.say.Say("field_files"),
				Instead: t.say.Say("files_later")},
		}
	})
}

func (t *turn) reply(ctx context.Context, s chat.Submit) (chat.Reply, error) {
	return t.act(ctx, s.Form, written(s.Form.Verb, s.Values.Get(ticket.FieldText), t.files(s.Files[ticket.FieldFiles])))
}

// written is the action of a verb with a text.
func written(verb, text string, files []ticket.File) ticket.Action {
	switch verb {
	case verbNote:
		return ticket.Note{Text: text, Files: files}
	case verbResolve:
		return ticket.Resolve{Text: text, Files: files}
	}
	return ticket.Reply{Text: text, Files: files, Ask: verb == verbAsk}
}

// form opens a verb's form for a ticket, unless the person may not do what it is for.
func (t *turn) form(ctx context.Context, v chat.Value, a ticket.Action, fields func(ticket.Ticket) []chat.Field) (chat.Reply, error) {
	tk, err := t.desk.TicketByID(ctx, v.Ticket, t.by)
	if err != nil {
		return chat.Reply{}, err
	}
	if err := t.policy.May(tk, a, t.by); err != nil {
		return chat.Reply{}, err
	}
	if tk.Phase == ticket.Closed {
		return chat.Reply{}, &ticket.Problem{Code: ticket.TicketClosed, Args: map[string]string{"key": tk.Key}}
	}
	return chat.Reply{Form: &chat.Form{
		Value:  chat.Value{Verb: v.Verb, Ticket: v.Ticket},
		Title:  t.say.Say("form_"+v.Verb, "key", tk.Key),
		Intro:  "**" + escape(tk.Summary) + "**",
		Submit: t.say.Say("button_" + v.Verb),
		Fields: fields(tk),
	}}, nil
}

// act does a and says nothing: the person sees it happen in the thread and on the card.
func (t *turn) act(ctx context.Context, v chat.Value, a ticket.Action) (chat.Reply, error) {
	c, err := t.desk.Act(ctx, v.Ticket, t.by, a)
	if err != nil {
		return chat.Reply{}, err
	}
	if c.Nothing && !c.Repeat {
		return chat.Reply{Text: t.say.Say("nothing_changed", "key", c.Ticket.Key)}, nil
	}
	return chat.Reply{}, nil
}
