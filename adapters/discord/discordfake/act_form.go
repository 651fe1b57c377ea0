package discordfake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// formGone is what a person reads who sends a form that is not open.
const formGone = "this form is not open"

// Submit enters values and files, by field, and sends the form; a field that is not named keeps what it has. Fields are found by
// their custom ids or labels. What the client refuses is in Answer.Errors, by custom id, and nothing was sent then. A form that
// the app does not take stays open.
func (u *User) Submit(ctx context.Context, f *Form, values, files map[string][]string) (Answer, error) {
	if f == nil || u.Form() == nil || u.Form().id != f.id {
		return Answer{Refused: formGone}, nil
	}
	entered := map[string][]string{}
	for _, field := range f.Fields {
		entered[field.ID] = field.Value
	}
	for _, given := range []map[string][]string{values, files} {
		for _, id := range slices.Sorted(maps.Keys(given)) {
			field := f.Field(id)
			if field == nil {
				return Answer{}, fmt.Errorf("%w: the form %q has no field %q", ErrNotOffered, f.Title, id)
			}
			entered[field.ID] = slices.DeleteFunc(slices.Clone(given[id]), func(s string) bool { return s == "" })
		}
	}
	wrong := map[string]string{}
	u.s.mu.Lock()
	for _, field := range f.Fields {
		got, no := u.enter(field, entered[field.ID])
		if entered[field.ID] = got; no != "" {
			wrong[field.ID] = no
		}
	}
	u.s.mu.Unlock()
	if len(wrong) > 0 {
		return Answer{Form: f, Errors: wrong}, nil
	}
	a, err := u.submit(ctx, f, entered)
	if err != nil {
		return a, err
	}
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	mine := u.s.client(u.u)
	switch {
	case a.Refused != "":
		a.Form = f
	case mine.form != nil && mine.form.id == f.id:
		mine.form = nil
	}
	return a, nil
}

// ForgeForm sends a form as somebody could who has a client of their own: it need not be open, nor theirs, and nothing is checked.
func (u *User) ForgeForm(ctx context.Context, f *Form, values map[string][]string) (Answer, error) {
	return u.submit(ctx, f, values)
}

// CloseForm closes the form that is open. The app hears nothing of it.
func (u *User) CloseForm() {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.s.client(u.u).form = nil
}

// enter is what stands in a field when somebody entered values, or what the client says to that. It is called with s.mu.
func (u *User) enter(f Field, values []string) ([]string, string) {
	if len(values) == 0 {
		if f.Required {
			return nil, "This field is required."
		}
		return nil, ""
	}
	if f.Kind == TextField {
		if len(values) > 1 {
			return values, "There is only one text."
		}
		switch n := utf8.RuneCountInString(values[0]); {
		case n > f.Max:
			return values, fmt.Sprintf("Must be %d or fewer in length.", f.Max)
		case n < f.Min:
			return values, fmt.Sprintf("Must be %d or more in length.", f.Min)
		case strings.TrimSpace(values[0]) == "" && f.Required:
			return values, "This field is required."
		}
		return values, ""
	}
	if f.Kind == BoxField {
		if !slices.Equal(values, []string{"true"}) {
			return values, "A checkbox is checked or not."
		}
		return values, ""
	}
	if len(values) > f.Max || len(values) < f.Min {
		return values, fmt.Sprintf("Choose %d to %d.", f.Min, f.Max)
	}
	var out []string
	for _, v := range values {
		switch f.Kind {
		case FileField:
			if up := u.s.files[v]; up == nil || up.by != u.u {
				return values, noFile
			}
		case UserField, RoleField, MentionableField, ChannelField:
			if !u.thing(int(f.Kind), v) {
				return values, "No results"
			}
		default:
			i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Value == v })
			if i < 0 {
				i = slices.IndexFunc(f.Options, func(o Option) bool { return o.Label == v })
			}
			if i < 0 {
				return values, "No results"
			}
			v = f.Options[i].Value
		}
		out = append(out, v)
	}
	return out, ""
}

// submit delivers a form.
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-modal-submit-data-structure
func (u *User) submit(ctx context.Context, f *Form, entered map[string][]string) (Answer, error) {
	s := u.s
	s.mu.Lock()
	from := f.from
	source := from.source
	if from.kind == commandInteraction {
		source = nil
	} else if source != nil {
		if now := s.find(from, source.id); now != nil {
			source = now
		}
	}
	in := s.newInteraction(formInteraction, u, from.ch, source)
	in.metadata["triggering_interaction_metadata"] = from.metadata
	resolved := map[string]any{}
	components := []any{}
	for _, p := range f.layout {
		v := map[string]any{"type": p.kind, "id": p.id}
		if p.field >= 0 {
			field := f.Fields[p.field]
			inner := u.entered(in, field, entered[field.ID], resolved)
			inner["id"] = p.inner
			if p.kind == typeLabel {
				v["component"] = inner
			} else {
				v["components"] = []any{inner}
			}
		}
		components = append(components, v)
	}
	data := map[string]any{"custom_id": f.CustomID, "components": components}
	if len(resolved) > 0 {
		data["resolved"] = resolved
	}
	s.mu.Unlock()
	return u.do(ctx, in, data)
}

// entered is a field of a form that was sent. It is called with s.mu.
func (u *User) entered(in *interaction, f Field, values []string, resolved map[string]any) map[string]any {
	out := map[string]any{"type": int(f.Kind), "custom_id": f.ID}
	switch f.Kind {
	case TextField:
		out["value"] = strings.Join(values, "")
	case BoxField:
		out["value"] = slices.Contains(values, "true")
	case RadioField:
		out["value"] = nil
		if len(values) > 0 {
			out["value"] = values[0]
		}
	case FileField:
		out["values"] = orEmpty(values)
		files, _ := resolved["attachments"].(map[string]any)
		for _, id := range values {
			up := u.s.files[id]
			if up == nil {
				continue
			}
			next := *up
			next.channel, next.ephemeral = in.ch.id, true
			u.s.files[id] = &next
			if files == nil {
				files = map[string]any{}
				resolved["attachments"] = files
			}
			files[id] = u.s.wireAttachment(&next)
		}
	case UserField, RoleField, MentionableField, ChannelField:
		out["values"] = orEmpty(values)
		for name, list := range u.s.resolve(u, int(f.Kind), values) {
			have, _ := resolved[name].(map[string]any)
			if have == nil {
				have = map[string]any{}
				resolved[name] = have
			}
			if more, is := list.(map[string]any); is {
				maps.Copy(have, more)
			}
		}
	default:
		out["values"] = orEmpty(values)
	}
	return out
}
