package bot_test

import (
	"strings"
	"testing"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// TestInRequestsChannel says things in the thread of a ticket whose conversation is in a channel, as each of those who may
// be there.
func TestInRequestsChannel(t *testing.T) {
	s, o := newSetup(t), &one{}
	s.policy.Teams[0].Requests = []ticket.Channel{{Platform: "one", ID: "c"}}
	s.policy.Teams[0].Agents = []ticket.Agent{{Platform: "one", Person: "U2"}}
	b := s.make(o, bot.Pace{})
	s.run(b)
	who := func(id, name string) chat.Event {
		e := event(name)
		e.Person = chat.Person{ID: id, Name: "Person " + id}
		return e
	}
	e := who("U1", "open")
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"x"}, "type": {"question"}, "category": {"other"}}}
	if r := handled(t, b, e); !strings.Contains(r.Text, "in this channel") {
		t.Errorf("the answer is %q", r.Text)
	}
	root := s.begun(o, "c")
	if len(root.Mention) != 1 || root.Mention[0] != "U1" || !strings.Contains(root.Text, "Person U1's ticket") || root.Card.Author == nil {
		t.Errorf("the conversation begins with %+v", root)
	}
	agent, err := s.desk.Identify(t.Context(), chat.Identity{Platform: "one", Workspace: "w", ID: "U2"}, chat.Person{ID: "U2", Name: "Person U2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.desk.SetAgents(t.Context(), "ict", []chat.Identity{{Platform: "one", Workspace: "w", ID: "U2"}}); err != nil {
		t.Fatal(err)
	}
	says := func(id, event string, m chat.Message) chat.Reply {
		t.Helper()
		e := who(id, event)
		e.Thread, e.Message = root.Key, &m
		return handled(t, b, e)
	}
	current := func() ticket.Ticket {
		t.Helper()
		tk, err := s.store.TicketByKey(t.Context(), "HD-00001")
		if err != nil {
			t.Fatal(err)
		}
		return tk
	}
	last := func() ticket.Entry { return current().Entries[len(current().Entries)-1] }

	// Somebody else is told once that it is no part of the ticket, and the ticket stays as it is.
	before := current().Version
	if r := says("U3", "m1", chat.Message{ID: "m1", Text: "me too"}); !strings.Contains(r.Text, "Person U1's ticket") || len(r.Buttons) != 1 {
		t.Errorf("somebody else reads %+v", r)
	}
	for event, m := range map[string]chat.Message{"m2": {ID: "m2", Text: "really"}, "m3": {ID: "m1", Text: "me 2", Edited: true}, "m4": {ID: "m1", Deleted: true}} {
		if r := says("U3", event, m); r.Text != "" {
			t.Errorf("after %+v somebody else reads %q", m, r.Text)
		}
	}
	if r := says("U4", "m5", chat.Message{ID: "m5", Text: "I as well"}); r.Text == "" {
		t.Error("another one is not told")
	}
	e = who("U3", "click")
	e.Click = &chat.Click{Value: chat.Value{Verb: "close", Ticket: current().ID}}
	if r := handled(t, b, e); !strings.Contains(r.Text, "somebody else's ticket") || r.Form != nil {
		t.Errorf("whoever presses a button of somebody else's ticket gets %+v", r)
	}
	if current().Version != before {
		t.Error("the ticket was changed")
	}

	// The requester speaks as such, an agent as the team: also one who follows.
	says("U1", "m6", chat.Message{ID: "m6", Text: "it is the left one"})
	if got := last(); got.Kind != ticket.EntryMessage || got.Text != "it is the left one" {
		t.Errorf("the requester said %+v", got)
	}
	says("U2", "m7", chat.Message{ID: "m7", Text: "thanks"})
	if got := last(); got.Kind != ticket.EntryReply || got.By != agent.ID {
		t.Errorf("the agent said %+v", got)
	}
	if _, err := s.desk.Act(t.Context(), current().ID, ticket.Actor{Person: agent.ID, Teams: []string{"ict"}}, ticket.Follow{}); err != nil {
		t.Fatal(err)
	}
	says("U2", "m8", chat.Message{ID: "m8", Text: "done"})
	if got := last(); got.Kind != ticket.EntryReply {
		t.Errorf("the agent who follows said %+v", got)
	}
}
