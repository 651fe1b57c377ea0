package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"unicode/utf8"
)

// ErrNotLoaded is what somebody reads in a menu when the app had no answer.
var ErrNotLoaded = errors.New("result not loaded, try again")

// Suggest enters values and then types into a field that looks up its options, and gives those that the menu shows.
func (u *User) Suggest(ctx context.Context, v *View, field, text string, values map[string][]string) ([]Option, error) {
	now, answer, err := u.fill(ctx, v, filling{values: values})
	if err != nil {
		return nil, err
	}
	if now == nil || len(answer.Errors) > 0 {
		return nil, fmt.Errorf("the form can't be filled in: %s %q", answer.Refused, answer.Errors)
	}
	e, ok := fieldIn(now.parts, field)
	if !ok || !e.external() {
		return nil, fmt.Errorf("the form %q looks up nothing in %q", now.Title, field)
	}
	return u.lookUp(ctx, now, e, text)
}

// lookUp asks the app for options.
//
// Its view carries no state: what Slack sends there is not what the person sees, so nobody may rely on it.
// https://github.com/slackapi/bolt-js/issues/1146
func (u *User) lookUp(ctx context.Context, v *View, e widget, text string) ([]Option, error) {
	least := 3
	if e.MinQuery != nil {
		least = *e.MinQuery
	}
	if utf8.RuneCountInString(text) < least {
		return nil, nil
	}
	u.s.mu.Lock()
	payload := u.base("block_suggestion", "")
	delete(payload, "trigger_id")
	maps.Copy(payload, map[string]any{"block_id": e.spot.block, "action_id": e.spot.action, "value": text, "view": v.wire(nil),
		"container": map[string]any{"type": "view", "view_id": v.ID}})
	u.s.mu.Unlock()
	var found []Option
	answer, err := u.interact(ctx, payload, func(r receipt) string {
		if r.failed == "" {
			var no string
			if found, no = offers(r.body); no == "" {
				u.s.screen(v.ID).offered[e.spot] = append(u.s.screen(v.ID).offered[e.spot], found...)
				return ""
			}
			u.s.host.Note("options that Slack refuses: %s", no)
		}
		return ErrNotLoaded.Error()
	})
	switch {
	case err != nil:
		return nil, err
	case answer.Refused != "":
		return nil, ErrNotLoaded
	}
	return found, nil
}

// What Slack takes at most. https://docs.slack.dev/reference/block-kit/composition-objects/option-object
const (
	optionsMost    = 100
	optionTextMost = 75
	hintMost       = 75
)

// offers reads the options that the app answered, or says what is wrong with them.
func offers(body []byte) (found []Option, wrong string) {
	var in struct {
		Options []Option `json:"options"`
		Groups  []struct {
			Options []Option `json:"options"`
		} `json:"option_groups"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Options == nil && in.Groups == nil {
		return nil, fmt.Sprintf("no list: %.100s", body)
	}
	found = in.Options
	if len(found) > optionsMost || len(in.Groups) > optionsMost {
		return nil, "more than 100"
	}
	for _, g := range in.Groups {
		if len(g.Options) > optionsMost {
			return nil, "more than 100 in a group"
		}
		found = append(found, g.Options...)
	}
	for _, o := range found {
		for what, n := range map[string]int{"text": utf8.RuneCountInString(o.Label), "value": utf8.RuneCountInString(o.Value)} {
			if n == 0 || n > optionTextMost {
				return nil, fmt.Sprintf("a %s of %d characters", what, n)
			}
		}
		if utf8.RuneCountInString(o.Hint) > hintMost {
			return nil, "a description that is too long"
		}
	}
	return found, ""
}
