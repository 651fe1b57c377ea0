package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// filling is what somebody enters into a form, by field.
type filling struct {
	values, files map[string][]string
	forged        bool // by a client that checks nothing
}

// Submit enters values and files, by field, and sends the form. What its client refuses is in Answer.Errors, and nothing was
// sent then.
func (u *User) Submit(ctx context.Context, v *View, values, files map[string][]string) (Answer, error) {
	return u.submit(ctx, v, filling{values: values, files: files})
}

// Forge sends the form as somebody could who has a client of their own: with choices that it does not offer, texts that are too
// long, and without required answers.
func (u *User) Forge(ctx context.Context, v *View, values map[string][]string) (Answer, error) {
	return u.submit(ctx, v, filling{values: values, forged: true})
}

func (u *User) submit(ctx context.Context, v *View, in filling) (Answer, error) {
	now, answer, err := u.fill(ctx, v, in)
	if now == nil || err != nil || len(answer.Errors) > 0 {
		return answer, err
	}
	s := u.s
	s.mu.Lock()
	if !in.forged {
		if wrong := missing(now.parts, s.screen(now.ID)); len(wrong) > 0 {
			s.mu.Unlock()
			return Answer{View: now, Errors: wrong}, nil
		}
	}
	payload := u.base("view_submission", now.ID)
	payload["view"], payload["response_urls"] = now.wire(s.state(now.parts, s.screen(now.ID))), []any{}
	s.mu.Unlock()
	var wrong map[string]string
	answer, err = u.interact(ctx, payload, func(r receipt) (refused string) {
		refused, wrong = u.submitted(now, r)
		return refused
	})
	answer.Errors = wrong
	return answer, err
}

// submitted does what the app answered to a form. It is called with s.mu.
func (u *User) submitted(v *View, r receipt) (refused string, wrong map[string]string) {
	s := u.s
	body := strings.TrimSpace(string(r.body))
	var in struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	switch {
	case r.failed != "" || s.views[v.ID] == nil:
		return troubleConnecting, nil
	case body != "" && body != "null" && json.Unmarshal([]byte(body), &in) != nil:
		s.host.Note("a form was answered with what is no JSON: %.100s", body)
		return troubleConnecting, nil
	}
	switch in.Action {
	case "":
		s.closeView(u.a, v.ID)
	case "clear":
		s.clearViews(u.a)
	case "errors":
		wrong = map[string]string{}
		now := s.views[v.ID].parts
		for id, text := range in.Errors {
			if text == "" || !slices.ContainsFunc(now, func(e widget) bool { return e.input && e.spot.block == id }) {
				s.host.Note("an error at %q, where the form has no field", id)
				return troubleConnecting, nil
			}
			wrong[fieldOf(id)] = text
		}
		if len(wrong) == 0 {
			s.host.Note("a form was answered with errors, but none")
			return troubleConnecting, nil
		}
	case "update", "push":
		s.mu.Unlock()
		next, no := s.read(in.View, "modal")
		s.mu.Lock()
		old := s.views[v.ID]
		switch {
		case no == nil && old == nil:
			no = refuse("not_found")
		case no == nil && in.Action == "update":
			no = s.replaceView(old, next)
		case no == nil:
			no = s.openView(u.a, next, true)
		}
		if no != nil {
			return troubleConnecting, nil
		}
	default:
		s.host.Note("a form was answered with the unknown action %q", in.Action)
		return troubleConnecting, nil
	}
	return "", wrong
}

// Change enters values and files, of which the field's is told to the app at once if the form wants that.
func (u *User) Change(ctx context.Context, v *View, field string, values, files map[string][]string) (Answer, error) {
	return u.change(ctx, v, field, filling{values: values, files: files}, "")
}

// Type enters values letter by letter; the field's is told to the app if the form wants that while somebody types.
func (u *User) Type(ctx context.Context, v *View, field string, values map[string][]string) (Answer, error) {
	return u.change(ctx, v, field, filling{values: values}, "on_character_entered")
}

func (u *User) change(ctx context.Context, v *View, field string, in filling, on string) (Answer, error) {
	now, answer, err := u.fill(ctx, v, in)
	if now == nil || err != nil || len(answer.Errors) > 0 {
		return answer, err
	}
	e, ok := fieldIn(now.parts, field)
	if !ok {
		return Answer{}, fmt.Errorf("the form %q has no field %q", now.Title, field)
	}
	text := strings.HasSuffix(e.Type, "_input") && e.Type != "file_input"
	if !e.tells || text && on != "" && !slices.Contains(e.Config.On, on) {
		return answer, nil
	}
	u.s.mu.Lock()
	payload := u.pressed(now, e, u.s.screen(now.ID).entries[e.spot])
	u.s.mu.Unlock()
	return u.interact(ctx, payload, nil)
}

// Dismiss enters values and closes the form without sending it.
func (u *User) Dismiss(ctx context.Context, v *View, values map[string][]string) (Answer, error) {
	now, answer, err := u.fill(ctx, v, filling{values: values, forged: true})
	if now == nil || err != nil {
		return answer, err
	}
	u.s.mu.Lock()
	u.s.closeView(u.a, now.ID)
	if !now.NotifyOnClose {
		u.s.mu.Unlock()
		answer.View = u.View()
		return answer, nil
	}
	payload := u.base("view_closed", "")
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = now.wire(nil), false
	u.s.mu.Unlock()
	// Nobody is told how that went: the form is closed.
	return u.interact(ctx, payload, func(receipt) string { return "" })
}

// fill enters something into a form that is open. The view is nil if that is not so.
func (u *User) fill(ctx context.Context, v *View, in filling) (*View, Answer, error) {
	now := u.View()
	if v == nil || now == nil || now.ID != v.ID {
		return nil, Answer{Refused: viewGone, View: now}, nil
	}
	wrong := map[string]string{}
	all := maps.Clone(in.values)
	if all == nil {
		all = map[string][]string{}
	}
	maps.Copy(all, in.files)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		e, ok := fieldIn(now.parts, id)
		if !ok {
			if in.forged {
				continue
			}
			return nil, Answer{}, fmt.Errorf("the form %q has no field %q", now.Title, id)
		}
		entered, no, err := u.enter(ctx, now, e, all[id], in.forged)
		if err != nil {
			return nil, Answer{}, err
		}
		if no != "" {
			wrong[id] = no
			continue
		}
		u.s.mu.Lock()
		u.s.screen(now.ID).entries[e.spot] = entered
		u.s.mu.Unlock()
	}
	return now, Answer{View: now, Errors: wrong}, nil
}

func fieldIn(all []widget, id string) (widget, bool) {
	for _, match := range []func(widget) bool{
		func(e widget) bool { return e.spot.block == id }, func(e widget) bool { return fieldOf(e.spot.block) == id },
	} {
		if i := slices.IndexFunc(all, func(e widget) bool { return e.holds() && match(e) }); i >= 0 {
			return all[i], true
		}
	}
	return widget{}, false
}

// enter is what stands in a field when somebody entered values, or what the client says to that.
func (u *User) enter(ctx context.Context, v *View, e widget, values []string, forged bool) (entry, string, error) {
	values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
	if !e.hasOptions() {
		return entry{values: values}, u.cannot(e, values), nil
	}
	var out entry
	for _, value := range values {
		o, err := u.option(ctx, v, e, value)
		switch {
		case err != nil:
			return out, "", err
		case o != nil:
			out.options = append(out.options, o.raw)
		case forged:
			raw, err := json.Marshal(map[string]any{"text": map[string]any{"type": "plain_text", "text": value}, "value": value})
			if err != nil {
				return out, "", fmt.Errorf("an option: %w", err)
			}
			out.options = append(out.options, raw)
		default:
			return out, "No results", nil
		}
	}
	if n := len(out.options); !forged && (n > 1 && !e.many() || e.MaxSelected > 0 && n > e.MaxSelected) {
		return out, "Too many are selected", nil
	}
	return out, "", nil
}

// cannot is why a client does not take words, people or files; empty if it does.
func (u *User) cannot(e widget, values []string) string {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	for _, v := range values {
		switch e.Type {
		case "users_select", "multi_users_select":
			if a := u.s.accounts[v]; a == nil || a.w != u.w {
				return "No results"
			}
		case "file_input":
			f := u.s.files[v]
			if f == nil || f.User != u.a.id || len(e.FileTypes) > 0 && !slices.Contains(e.FileTypes, f.Filetype) {
				return "This file can't be used"
			}
			f.ours = true // the app gets to read what is put into its form
		}
	}
	if e.Type == "file_input" && len(values) > max(1, e.MaxFiles) && (e.MaxFiles > 0 || len(values) > uploadsMax) {
		return "Too many files"
	}
	return ""
}

// option is what a menu offers under a value; nil if it does not. What has to be looked up is looked up.
func (u *User) option(ctx context.Context, v *View, e widget, value string) (*Option, error) {
	known := func() *Option {
		u.s.mu.Lock()
		defer u.s.mu.Unlock()
		sc := u.s.screen(v.ID)
		all := append(e.choices(), sc.offered[e.spot]...)
		for _, raw := range sc.entries[e.spot].options {
			all = append(all, optionOf(raw))
		}
		if i := slices.IndexFunc(all, func(o Option) bool { return o.Value == value }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	if o := known(); o != nil || !e.external() {
		return o, nil
	}
	for _, text := range []string{"", value} {
		if _, err := u.lookUp(ctx, v, e, text); err != nil && !errors.Is(err, ErrNotLoaded) {
			return nil, err
		}
		if o := known(); o != nil {
			return o, nil
		}
	}
	return nil, nil
}

// missing is what a client says to a form that can't be sent, by field.
func missing(all []widget, sc *screen) map[string]string {
	wrong := map[string]string{}
	for _, e := range all {
		if !e.input {
			continue
		}
		in := sc.entries[e.spot]
		n := utf8.RuneCountInString(strings.Join(in.values, ""))
		text := strings.HasSuffix(e.Type, "_input") && e.Type != "file_input"
		switch {
		case in.empty() && !e.optional:
			wrong[fieldOf(e.spot.block)] = "Please complete this required field."
		case text && e.MaxLength > 0 && n > e.MaxLength:
			wrong[fieldOf(e.spot.block)] = fmt.Sprintf("Must be less than %d characters.", e.MaxLength+1)
		case text && n > 0 && n < e.MinLength:
			wrong[fieldOf(e.spot.block)] = fmt.Sprintf("Must be at least %d characters.", e.MinLength)
		}
	}
	return wrong
}
