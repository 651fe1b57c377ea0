package e2e

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// submit fills in a form page by page. One that was sent already is delivered again, and what a client does not send is sent
// as by one that checks nothing.
func (n *discordNetwork) submit(ctx context.Context, as string, f *form, in filled) (answer, error) {
	d, u := f.raw.(*discordForm), n.guild.As(as)
	if d.sent != nil {
		if _, err := u.Repeat(ctx, d.last); err != nil {
			return answer{}, err
		}
		told, err := u.ForgeForm(ctx, d.sent, d.entered)
		if err != nil {
			return answer{}, err
		}
		return n.answer(ctx, as, told)
	}
	d.known = in
	if wrong, told, err := n.answering(ctx, d, in); err != nil || len(wrong) > 0 || told.Refused != "" {
		return answer{Refused: told.Refused, Errors: wrong, Form: f}, err
	}
	if d.page == nil {
		if err := n.again(ctx, d); err != nil || d.page == nil {
			return answer{Refused: "the form does not open again"}, err
		}
	}
	for {
		told, entered, err := n.send(ctx, u, d.page, f, in)
		if err != nil || told.Refused != "" {
			return answer{Refused: told.Refused}, err
		}
		n.answered(told)
		sent := d.page
		d.page = nil
		m, next := n.prompt(told)
		switch {
		case m == nil:
			d.sent, d.entered, d.last = sent, entered, told
			return n.answer(ctx, as, told)
		case !strings.HasPrefix(next, "Continue") && !strings.HasPrefix(next, "Verder"):
			d.correct = m
			return answer{Errors: n.complaints(d, *m), Private: n.split(as, *m), Form: f}, nil
		}
		d.correct = m
		if err := n.again(ctx, d); err != nil || d.page == nil {
			return answer{Refused: "the next page does not open"}, err
		}
	}
}

// again presses the button that opens a page of a form.
func (n *discordNetwork) again(ctx context.Context, d *discordForm) error {
	if d.correct == nil {
		return nil
	}
	buttons := d.correct.Buttons()
	told, err := n.guild.As(d.as).Forge(ctx, *d.correct, buttons[len(buttons)-1].CustomID)
	if err != nil {
		return err
	}
	n.answered(told)
	if told.Form != nil {
		n.opened(d, told.Form)
	}
	return nil
}

// prompt is the message with which a form goes on, and what its button says; nil if it is done.
func (n *discordNetwork) prompt(told discordfake.Answer) (*discordfake.Message, string) {
	for _, m := range everythingTold(told) {
		for _, b := range m.Buttons() {
			if strings.HasPrefix(b.CustomID, "p.") {
				n.isStep(m)
				return &m, b.Label
			}
		}
	}
	return nil, ""
}

// send enters and sends a page. What stands in no field of the form that the person knows stays as it is.
func (n *discordNetwork) send(ctx context.Context, u *discordfake.User, page *discordfake.Form, f *form, in filled) (
	told discordfake.Answer, entered map[string][]string, err error) {
	values, files := map[string][]string{}, map[string][]string{}
	entered = map[string][]string{}
	for _, field := range page.Fields {
		value, given := in.Values[field.ID]
		base, _, part := strings.Cut(field.ID, "~")
		knows := slices.ContainsFunc(f.Fields, func(o chat.Field) bool { return o.ID == field.ID })
		switch {
		case field.Kind == discordfake.FileField:
			files[field.ID] = in.Files[field.ID]
			entered[field.ID] = in.Files[field.ID]
			continue
		case !given && part && in.Values[base] != nil: // a text that was too long for one is in several
			value = nil
		case !given && !knows:
			value = field.Value
		case field.Kind == discordfake.UserField:
			value = slices.Clone(value)
			for i, name := range value {
				if id := n.guild.UserID(name); id != "" {
					value[i] = id
				}
			}
		}
		values[field.ID], entered[field.ID] = value, value
	}
	told, err = u.Submit(ctx, page, values, files)
	if err == nil && len(told.Errors) > 0 {
		told, err = u.ForgeForm(ctx, page, entered)
		u.CloseForm()
	}
	return told, entered, err
}

var complaint = regexp.MustCompile(`^- \*\*(.+?)\*\*: (.*)$`)

// complaints are what is wrong with a form, by the fields whose labels stand before it.
func (n *discordNetwork) complaints(d *discordForm, m discordfake.Message) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(m.Content, "\n") {
		rest, ok := strings.CutPrefix(line, "- ")
		if !ok {
			continue
		}
		id, text := "", n.reading(rest)
		if found := complaint.FindStringSubmatch(line); found != nil {
			label := n.reading(found[1])
			i := slices.IndexFunc(d.seen, func(f chat.Field) bool {
				return strings.HasPrefix(label, strings.TrimSuffix(f.Label, "…"))
			})
			if i >= 0 {
				id, text = d.seen[i].ID, n.reading(found[2])
			}
		}
		out[id] = text
	}
	if len(out) == 0 {
		out[""] = n.text(m)
	}
	return out
}
