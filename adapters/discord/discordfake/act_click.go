package discordfake

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrNotOffered says that there is nothing like that to press, to choose or to type.
var ErrNotOffered = errors.New("that is not offered")

// Click presses a button of a message by its label or its custom id. The message is pressed as it is given, which may be how it
// looked a moment ago; Discord refuses what is not on it any more.
func (u *User) Click(ctx context.Context, m Message, label string) (Answer, error) {
	return u.ClickNth(ctx, m, label, 0)
}

// ClickNth is Click of the nth button with that label, from 0.
func (u *User) ClickNth(ctx context.Context, m Message, label string, nth int) (Answer, error) {
	var there []string
	for _, p := range parts(m.Components) {
		if p.Type != typeButton {
			continue
		}
		there = append(there, p.Label)
		if p.Label != label && p.CustomID != label {
			continue
		}
		if nth--; nth >= 0 {
			continue
		}
		if p.Disabled || p.CustomID == "" {
			return Answer{}, fmt.Errorf("%w: the button %q can't be pressed", ErrNotOffered, label)
		}
		return u.press(ctx, m, p, nil, false)
	}
	return Answer{}, fmt.Errorf("%w: no button %q, only %q", ErrNotOffered, label, there)
}

// Choose sets a menu of a message, found by its placeholder or its custom id, to options by their labels or values, or to people
// and the like by their ids.
func (u *User) Choose(ctx context.Context, m Message, menu string, choices ...string) (Answer, error) {
	var there []string
	for _, p := range parts(m.Components) {
		if !p.isMenu() {
			continue
		}
		there = append(there, p.Placeholder)
		if p.Placeholder != menu && p.CustomID != menu {
			continue
		}
		values, err := u.chosen(p, choices)
		if errors.Is(err, errNoOption) && slices.ContainsFunc(parts(m.Components), func(o part) bool {
			return o.isMenu() && o.ID > p.ID && o.Placeholder == p.Placeholder
		}) {
			continue // a menu may go on in another one
		}
		if err != nil {
			return Answer{}, err
		}
		return u.press(ctx, m, p, values, false)
	}
	return Answer{}, fmt.Errorf("%w: no %q in a menu %q, only %q", ErrNotOffered, choices, menu, there)
}

var errNoOption = fmt.Errorf("%w: the menu has no such option", ErrNotOffered)

// chosen are the values of what somebody chose, if the menu takes them.
func (u *User) chosen(p part, choices []string) ([]string, error) {
	if len(choices) < p.least() || len(choices) > p.most() || p.Disabled {
		return nil, fmt.Errorf("%w: %d choices, %d to %d go", ErrNotOffered, len(choices), p.least(), p.most())
	}
	var out []string
	for _, c := range choices {
		switch p.Type {
		case typeSelect:
			i := slices.IndexFunc(p.Options, func(o Option) bool { return o.Label == c })
			if i < 0 {
				i = slices.IndexFunc(p.Options, func(o Option) bool { return o.Value == c })
			}
			if i < 0 {
				return nil, errNoOption
			}
			c = p.Options[i].Value
		default:
			u.s.mu.Lock()
			there := u.thing(p.Type, c)
			u.s.mu.Unlock()
			if !there {
				return nil, errNoOption
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// thing says whether there is somebody, or something, with that id to be chosen. It is called with s.mu.
func (u *User) thing(kind int, id string) bool {
	switch kind {
	case typeUserSelect:
		return u.g.members[id] != nil
	case typeRoleSelect:
		return slices.ContainsFunc(u.g.roles, func(r *role) bool { return r.id == id })
	case typeMentionable:
		return u.thing(typeUserSelect, id) || u.thing(typeRoleSelect, id)
	default:
		return u.room(id) != nil
	}
}

// press delivers that a component was used. Forged, it need not be there.
func (u *User) press(ctx context.Context, m Message, p part, values []string, forged bool) (Answer, error) {
	s := u.s
	s.mu.Lock()
	ch := u.room(m.Channel)
	now := u.message(m.Channel, m.ID)
	if ch == nil || now == nil {
		s.mu.Unlock()
		return Answer{Refused: unknownMessage.message}, nil
	}
	there := slices.ContainsFunc(parts(now.components), func(o part) bool {
		return o.Type == p.Type && o.CustomID == p.CustomID && !o.Disabled
	})
	if !there && !forged {
		s.mu.Unlock()
		return Answer{Refused: failedClick}, nil
	}
	in := s.newInteraction(componentInteraction, u, ch, now)
	in.metadata["interacted_message_id"] = now.id
	data := map[string]any{"custom_id": p.CustomID, "component_type": p.Type, "id": p.ID}
	if p.Type != typeButton {
		data["values"] = orEmpty(values)
		if p.Type != typeSelect {
			data["resolved"] = s.resolve(u, p.Type, values)
		}
	}
	s.mu.Unlock()
	return u.do(ctx, in, data)
}

// resolve is what Discord tells of people, roles and channels that were chosen. It is called with s.mu.
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-resolved-data-structure
func (s *Server) resolve(u *User, kind int, ids []string) map[string]any {
	users, members, roles, channels := map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}
	for _, id := range ids {
		if who := s.users[id]; who != nil && (kind == typeUserSelect || kind == typeMentionable) {
			users[id] = wireUser(who)
			if m := u.g.members[id]; m != nil {
				member := wireMember(m)
				member["permissions"] = bits(u.g.guildPermissions(who))
				members[id] = member
			}
		}
		for _, r := range u.g.roles {
			if r.id == id && (kind == typeRoleSelect || kind == typeMentionable) {
				roles[id] = wireRole(r)
			}
		}
		if ch := s.channels[id]; ch != nil && kind == typeChannelSelect {
			channels[id] = map[string]any{"id": ch.id, "name": ch.name, "type": ch.kind, "permissions": bits(s.permissions(u.u, ch))}
		}
	}
	out := map[string]any{}
	for name, list := range map[string]map[string]any{"users": users, "members": members, "roles": roles, "channels": channels} {
		if len(list) > 0 {
			out[name] = list
		}
	}
	return out
}

// Forge uses a component as somebody could who has a client of their own: any custom id, a button or, with values, a menu, on a
// message that need not have it.
func (u *User) Forge(ctx context.Context, m Message, customID string, values ...string) (Answer, error) {
	p := part{Type: typeButton, CustomID: customID, ID: 1}
	if len(values) > 0 {
		p.Type = typeSelect
	}
	for _, have := range parts(m.Components) {
		if have.CustomID == customID {
			p = have
		}
	}
	return u.press(ctx, m, p, values, true)
}

// Dismiss takes a message that only this person sees from their screen. The app hears nothing of it.
func (u *User) Dismiss(messageID string) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.s.client(u.u).drop(messageID)
}
