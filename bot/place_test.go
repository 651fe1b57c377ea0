package bot

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/desk"
	"balie/internal/store"
	"balie/internal/ticket"
)

// knowing is a store that knows Ana.
type knowing struct{ store.Store }

func (knowing) Person(context.Context, string) (store.Person, error) {
	return store.Person{ID: "ana", Identities: []chat.Identity{{Platform: "one", Workspace: "w", ID: "U1"}}}, nil
}

// closing is a platform on which some channels are gone.
type closing struct {
	chat.Platform
	gone map[string]bool
	why  error
	sent []chat.Post
}

func (c *closing) Send(_ context.Context, p chat.Post) (chat.Ref, error) {
	if c.gone[p.To.Channel] {
		return chat.Ref{}, &chat.SendError{Gone: true, Err: cmp.Or(c.why, errors.New("no such channel"))}
	}
	c.sent = append(c.sent, p)
	return chat.Ref{Platform: "one", Workspace: "w", Channel: p.To.Channel, Message: "1"}, nil
}

// TestChannelsThatAreGone: a room goes to the channel that the policy names in place of one that is gone.
func TestChannelsThatAreGone(t *testing.T) {
	ch := func(ids ...string) (list []ticket.Channel) {
		for _, id := range ids {
			list = append(list, ticket.Channel{Platform: "one", ID: id})
		}
		return append(list, ticket.Channel{Platform: "two", ID: "far"}, ticket.Channel{Platform: "one", Workspace: "other", ID: "theirs"})
	}
	triage := ticket.Room{ID: "triage", Kind: ticket.TriageRoom, Place: chat.Place{Platform: "one", Workspace: "w", Channel: "old"}}
	talk := ticket.Room{ID: "conversation", Kind: ticket.ConversationRoom, Person: "ana", Place: triage.Place}
	for name, c := range map[string]struct {
		room             ticket.Room
		triage, requests []ticket.Channel
		channel, person  string // where it is then; neither if it waits for an admin
	}{
		"the card":                            {triage, ch("new"), nil, "new", ""},
		"the card, with the old one named":    {triage, ch("old"), nil, "", ""},
		"the card, with both named":           {triage, ch("old", "new"), nil, "new", ""},
		"the card, with others' only":         {triage, ch(), ch("new"), "", ""},
		"the card, where others are gone too": {triage, ch("old", "older", "new"), nil, "new", ""},
		"the card, where all are gone":        {triage, ch("old", "older"), nil, "", ""},
		"the conversation":                    {talk, nil, ch("new"), "new", ""},
		"the conversation, with none named":   {talk, ch("new"), nil, "", "U1"},
		"the conversation, with the old one":  {talk, nil, ch("old"), "", ""},
		"the conversation, elsewhere's named": {talk, nil, ch(), "", "U1"},
	} {
		t.Run(name, func(t *testing.T) {
			on := &closing{gone: map[string]bool{"old": true, "older": true}}
			b := &batch{Work: store.Work{Ticket: ticket.Ticket{Team: "ict"}, Refs: map[string]chat.Ref{}}, out: store.Outcome{Refs: map[string]chat.Ref{}}}
			policy := &ticket.Policy{Teams: []ticket.Team{{ID: "ict", Triage: c.triage, Requests: c.requests}}}
			bot := &Bot{policy: policy, desk: desk.New(knowing{}, policy, time.Now)}
			s := sending{deliverer: &deliverer{Bot: bot}, lane: &lane{batch: b}, room: c.room, platform: on, view: view{Bot: bot, platform: "one"}}
			err := s.begin(t.Context(), chat.Post{Key: "key", To: c.room.Place})
			if c.channel == "" && c.person == "" {
				sent, ok := errors.AsType[*chat.SendError](err)
				if !ok || !strings.Contains(sent.Blocked, "old") || !strings.Contains(sent.Blocked, "ict") || len(b.Refs) > 0 {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || len(on.sent) != 1 {
				t.Fatalf("sent %v, %v", on.sent, err)
			}
			p := on.sent[0]
			if p.To != (chat.Place{Platform: "one", Workspace: "w", Channel: c.channel, Person: c.person}) || p.Key == "key" {
				t.Errorf("sent %q to %+v", p.Key, p.To)
			}
			if b.Refs[c.room.ID].Channel != c.channel {
				t.Errorf("it is known to stand at %+v", b.Refs)
			}
		})
	}
	t.Run("somebody unknown in a channel", func(t *testing.T) {
		on := &closing{gone: map[string]bool{"old": true}, why: chat.ErrUnknownPerson}
		s := sending{platform: on, room: talk}
		err := s.begin(t.Context(), chat.Post{Key: "key", To: talk.Place})
		if sent, ok := errors.AsType[*chat.SendError](err); !ok || !sent.Gone {
			t.Errorf("it waits for an admin: %v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		on := &closing{gone: map[string]bool{"": true}}
		s := sending{platform: on, room: ticket.Room{Place: chat.Place{Platform: "one", Person: "U9"}}}
		err := s.begin(t.Context(), chat.Post{Key: "key", To: s.room.Place})
		if sent, ok := errors.AsType[*chat.SendError](err); !ok || !sent.Gone {
			t.Errorf("somebody who is gone: %v", err)
		}
	})
}
