package bot

import (
	"context"
	"slices"
	"strings"

	"balie/internal/chat"
	"balie/internal/store"
)

// queryMax is how many options are offered to somebody who types.
const queryMax = 50

// query gives the options of a field, of a form that is open, that have the words somebody types: those that begin with
// them first.
func (t *turn) query(ctx context.Context, q chat.Query) (chat.Reply, error) {
	if q.Word != "" {
		return t.complete(ctx, q)
	}
	form, err := t.formOf(ctx, q)
	if err != nil || form == nil {
		return chat.Reply{}, err
	}
	i := slices.IndexFunc(form.Fields, func(f chat.Field) bool { return f.ID == q.Field })
	if i < 0 {
		return chat.Reply{}, nil
	}
	return chat.Reply{Options: matching(form.Fields[i].Options, q.Text)}, nil
}

// matching are the options that have the words.
func matching(options []chat.Option, text string) []chat.Option {
	typed := strings.Join(store.Tokens(text), " ")
	var first, more []chat.Option
	for _, o := range options {
		label := strings.Join(store.Tokens(o.Label), " ")
		switch {
		case strings.HasPrefix(label, typed):
			first = append(first, o)
		case strings.Contains(label, typed):
			more = append(more, o)
		}
	}
	found := append(first, more...)
	return found[:min(len(found), queryMax)]
}

// formOf is the form that a query is about, as it looks with the answers so far; nil if it is none that opens any more.
func (t *turn) formOf(ctx context.Context, q chat.Query) (*chat.Form, error) {
	if q.Form.Verb == verbOpen {
		return t.openForm(openArgOf(q.Form), chat.Gather(q.Values)), nil
	}
	v, ok := verbs[q.Form.Verb]
	if !ok || v.click == nil || v.submit == nil { // what opens no form may do something instead
		return nil, nil
	}
	r, err := v.click(t, ctx, chat.Click{Value: q.Form})
	return r.Form, err
}
