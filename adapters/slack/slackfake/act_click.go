package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Click presses a button of a message by its label, or chooses from a menu by the choice's label or value. A menu behind three
// dots has no label: its choice is enough. The message is pressed as it is given, which may be how it looked a moment ago.
func (u *User) Click(ctx context.Context, m Message, label, choice string) (Answer, error) {
	s := u.s
	s.mu.Lock()
	ch := u.room(m.Channel)
	if ch == nil || !u.stands(ch, m) {
		s.mu.Unlock()
		return Answer{Refused: noMessage}, nil
	}
	all := widgets(m.Blocks)
	e, chosen, err := find(all, label, 0, choice)
	if err != nil {
		s.mu.Unlock()
		return Answer{}, fmt.Errorf("the message %s: %w", m.TS, err)
	}
	payload := u.base("block_actions", "")
	container := map[string]any{"type": "message", "message_ts": m.TS, "channel_id": ch.id, "is_ephemeral": m.Ephemeral}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	sc := &screen{entries: map[spot]entry{}}
	for _, other := range all {
		sc.entries[other.spot] = other.initial()
	}
	if chosen != nil {
		sc.entries[e.spot] = entry{options: []json.RawMessage{chosen.raw}}
	}
	maps.Copy(payload, map[string]any{"container": container, "channel": ch.named(), "state": s.state(all, sc),
		"response_url": s.newResponseURL(ch, u.a.id, &m), "actions": []any{s.action(e, sc.entries[e.spot])}})
	if !m.Ephemeral { // which Slack does not keep
		payload["message"] = m.wire(false)
	}
	s.mu.Unlock()
	return u.interact(ctx, payload, nil)
}

// stands says whether a message is still there for the person. It is called with s.mu.
func (u *User) stands(ch *channel, m Message) bool {
	if m.Ephemeral {
		return m.For == u.a.id && u.shownNow(m.TS) != nil
	}
	now := ch.messages[m.TS]
	return now != nil && now.Subtype != tombstone
}

// ClickHome presses something in the app's home tab: among those with the same label the nth, from 0.
func (u *User) ClickHome(ctx context.Context, label string, nth int, choice string) (Answer, error) {
	home := u.HomeView()
	if home == nil {
		return Answer{}, fmt.Errorf("the home of %s is empty", u.Name)
	}
	return u.clickView(ctx, home, label, nth, choice)
}

// ClickView presses something in the modal that is open.
func (u *User) ClickView(ctx context.Context, v *View, label string, nth int, choice string) (Answer, error) {
	if now := u.View(); v == nil || now == nil || now.ID != v.ID {
		return Answer{Refused: viewGone}, nil
	}
	return u.clickView(ctx, v, label, nth, choice)
}

func (u *User) clickView(ctx context.Context, v *View, label string, nth int, choice string) (Answer, error) {
	e, chosen, err := find(v.parts, label, nth, choice)
	if err != nil {
		return Answer{}, fmt.Errorf("the view %q: %w", v.Title, err)
	}
	u.s.mu.Lock()
	sc := u.s.screen(v.ID)
	if chosen != nil && e.holds() {
		sc.entries[e.spot] = entry{options: []json.RawMessage{chosen.raw}}
	}
	now := sc.entries[e.spot]
	if chosen != nil {
		now = entry{options: []json.RawMessage{chosen.raw}}
	}
	payload := u.pressed(v, e, now)
	u.s.mu.Unlock()
	return u.interact(ctx, payload, nil)
}

// pressed is the payload of something done in a view. It is called with s.mu.
func (u *User) pressed(v *View, e widget, now entry) map[string]any {
	inModal := ""
	if v.Type == "modal" {
		inModal = v.ID
	}
	payload := u.base("block_actions", inModal)
	maps.Copy(payload, map[string]any{"container": map[string]any{"type": "view", "view_id": v.ID},
		"view": v.wire(u.s.state(v.parts, u.s.screen(v.ID))), "actions": []any{u.s.action(e, now)}})
	return payload
}

// action is what was pressed or changed. It is called with s.mu.
func (s *Server) action(e widget, now entry) map[string]any {
	out := map[string]any{"type": e.Type}
	switch {
	case e.Type == "button":
		out["text"] = e.Text
		if e.Value != "" {
			out["value"] = e.Value
		}
		if e.Style != "" {
			out["style"] = e.Style
		}
	default:
		out = s.holding(e, now)
	}
	out["block_id"], out["action_id"], out["action_ts"] = e.spot.block, e.spot.action, s.ts()
	return out
}

// ErrNotOffered says that there is nothing like that to press.
var ErrNotOffered = errors.New("that is not offered")

// find looks for something to press: the nth that has the label and, if one is named, the choice.
func find(all []widget, label string, nth int, choice string) (widget, *Option, error) {
	var named []string
	for _, e := range all {
		if e.input {
			continue
		}
		named = append(named, e.name())
		var chosen *Option
		if choice != "" {
			options := e.choices()
			i := slices.IndexFunc(options, func(o Option) bool { return o.Label == choice })
			if i < 0 {
				i = slices.IndexFunc(options, func(o Option) bool { return o.Value == choice })
			}
			if i < 0 {
				continue
			}
			chosen = &options[i]
		}
		if (e.name() == label || e.Type == "overflow" && choice != "") && (e.Type == "button") == (choice == "") {
			if nth == 0 {
				return e, chosen, nil
			}
			nth--
		}
	}
	if choice != "" {
		return widget{}, nil, fmt.Errorf("%w: no choice %q of %q, only %q", ErrNotOffered, choice, label, named)
	}
	return widget{}, nil, fmt.Errorf("%w: no button %q, only %q", ErrNotOffered, label, named)
}

const viewGone = "this form is not open"
