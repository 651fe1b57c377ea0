package discordfake

import (
	"context"
	"fmt"
)

// Answer is what a person sees of what they did.
type Answer struct {
	Refused string    // what Discord says when it was not done; empty if it was
	Status  int       // of the app's HTTP answer, 0 without any
	Private []Message // that only this person sees, made or changed by that
	Public  []Message // for everybody, made by that
	Updated *Message  // what it was done on, once it was changed
	Form    *Form     // the form that is open now by that; nil without one
	// Errors are what the client says to a form that can't be sent, by field.
	Errors  map[string]string
	Message Message // what the person posted

	sent *interaction
}

// look is what somebody sees of what came of an interaction until now.
func (u *User) look(in *interaction, status int) Answer {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	a := Answer{Status: status, Form: in.form, sent: in}
	if in.answered == 0 {
		a.Refused = failures[in.kind]
	}
	for _, id := range in.private {
		if m := s.find(in, id); m != nil {
			a.Private = append(a.Private, s.screen(m))
		}
	}
	for _, id := range in.public {
		if m := s.find(in, id); m != nil {
			a.Public = append(a.Public, s.screen(m))
		}
	}
	if in.updated != "" {
		if m := s.find(in, in.updated); m != nil {
			now := s.screen(m)
			a.Updated = &now
		}
	}
	return a
}

// Look is the answer with what came of it since.
func (u *User) Look(a Answer) Answer {
	if a.sent == nil {
		return a
	}
	return u.look(a.sent, a.Status)
}

// Repeat delivers again what an action sent to the app: an interaction with the same id and token, or a message that was posted.
// What the person sees is still what the app answered the first time, unless it had not.
func (u *User) Repeat(ctx context.Context, a Answer) (Answer, error) {
	if a.sent != nil {
		return u.deliver(ctx, a.sent)
	}
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	m := u.message(a.Message.Channel, a.Message.ID)
	if m == nil {
		return Answer{}, fmt.Errorf("%w: there is nothing to repeat", ErrNotOffered)
	}
	ch := u.s.channels[m.channel]
	u.s.emit(ch.guildID(), ch.id, "MESSAGE_CREATE", u.s.gatewayMessage(ch, m))
	return a, nil
}
