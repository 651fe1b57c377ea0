package bot_test

import (
	"strings"
	"testing"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// TestSaidToAClosedTicket has the requester answer a closed ticket. What they said is kept for a new one, and does not become
// part of the old one when it is told again after that was reopened.
func TestSaidToAClosedTicket(t *testing.T) {
	s, o := newSetup(t), &one{}
	s.policy.Teams[0].Requests = []ticket.Channel{{Platform: "one", ID: "c"}}
	b := s.make(o, bot.Pace{})
	s.run(b)
	e := event("open")
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"x"}, "type": {"question"}, "category": {"other"}}}
	handled(t, b, e)
	root := s.begun(o, "c").Key
	says := func(id string, m chat.Message) chat.Reply {
		t.Helper()
		e := event(id)
		e.Thread, e.Message = root, &m
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
	agent := ticket.Actor{Person: "bram", Teams: []string{"ict"}}
	act := func(a ticket.Action) {
		t.Helper()
		if _, err := s.desk.Act(t.Context(), current().ID, agent, a); err != nil {
			t.Fatal(err)
		}
	}
	told := func(r chat.Reply) bool { return strings.Contains(r.Text, "HD-00001 is closed") && len(r.Buttons) > 0 }
	taken := chat.Message{ID: "m1", Text: "It is the left one"}
	late := chat.Message{ID: "m2", Text: "One more thing"}

	says("e1", taken)
	act(ticket.Close{Text: "Done"})
	for range 2 { // told again, since nobody knows whether the answer was read
		if r := says("e2", late); !told(r) {
			t.Errorf("a closed ticket answers %+v", r)
		}
	}
	if r := says("e1", taken); r.Text != "" {
		t.Errorf("what was taken is answered with %+v when it is told again", r)
	}
	act(ticket.Reopen{})
	n := len(current().Entries)
	if r := says("e2", late); r.Text != "" || len(current().Entries) != n {
		t.Errorf("told again after the ticket was reopened it is answered with %+v, and the ticket has %d entries, not %d", r, len(current().Entries), n)
	}
	says("e3", chat.Message{ID: "m3", Text: "And another one"})
	if got := current().Entries; got[len(got)-1].Text != "And another one" {
		t.Errorf("the last entry is %+v", got[len(got)-1])
	}
}
