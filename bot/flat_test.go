package bot_test

import (
	"slices"
	"strings"
	"testing"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// opened makes a ticket of Ana's.
func opened(t *testing.T, s *setup, b *bot.Bot, id string) ticket.Ticket {
	t.Helper()
	e := event(id)
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"the printer"}, "type": {"question"}, "category": {"other"}}}
	handled(t, b, e)
	tk, err := s.store.TicketByKey(t.Context(), "HD-00001")
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// TestFlatDirect lives with a direct conversation that has no threads: what is said there can be added to one of the
// person's tickets.
func TestFlatDirect(t *testing.T) {
	s, o := newSetup(t), &one{caps: chat.Caps{DirectFlat: true}}
	b := s.make(o, bot.Pace{})
	s.run(b)
	says := func(id, text string) chat.Reply {
		e := event(id)
		e.Direct, e.Message = true, &chat.Message{ID: id, Text: text}
		return handled(t, b, e)
	}
	if r := says("m0", "hello?"); len(r.Buttons) != 2 {
		t.Errorf("without a ticket: %+v", r)
	}
	tk := opened(t, s, b, "open")
	root := s.root(o, "")
	if root.To.Person != "U1" || root.Buttons[0].Value.Verb != "add" || !strings.Contains(root.Text, "reply to this message") {
		t.Errorf("the conversation begins with %+v", root)
	}
	r := says("m1", "it is the one upstairs")
	if len(r.Buttons) != 3 || r.Buttons[0].Value.Ticket != tk.ID || !strings.Contains(r.Buttons[0].Label, "HD-00001") {
		t.Fatalf("what is said there: %+v", r)
	}
	e := event("click")
	e.Click = &chat.Click{Value: r.Buttons[0].Value}
	f := handled(t, b, e).Form
	if f == nil || !slices.Equal(f.Fields[0].Value, []string{"it is the one upstairs"}) {
		t.Fatalf("the form is %+v", f)
	}
	e = event("send")
	e.Submit = &chat.Submit{Form: f.Value, Values: chat.Values{"text": {"it is the one upstairs"}}}
	if r := handled(t, b, e); !strings.Contains(r.Text, "HD-00001") {
		t.Errorf("the answer is %+v", r)
	}
	tk, err := s.store.TicketByKey(t.Context(), "HD-00001")
	if err != nil {
		t.Fatal(err)
	}
	if last := tk.Entries[len(tk.Entries)-1]; last.Kind != ticket.EntryMessage || last.Text != "it is the one upstairs" {
		t.Errorf("the last entry is %+v", last)
	}
	if _, err := s.store.Draft(t.Context(), last(tk).By, "open"); err == nil {
		t.Error("what was added is kept as a draft")
	}
}

func last(tk ticket.Ticket) ticket.Entry { return tk.Entries[len(tk.Entries)-1] }

// TestPrivateConversation has a conversation in a channel be for the requester alone, where the platform can do that.
func TestPrivateConversation(t *testing.T) {
	s, o := newSetup(t), &one{caps: chat.Caps{Private: true}}
	s.policy.Teams[0].Requests = []ticket.Channel{{Platform: "one", ID: "help"}}
	b := s.make(o, bot.Pace{})
	s.run(b)
	e := event("open")
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"the printer"}, "type": {"question"}, "category": {"other"}}}
	if r := handled(t, b, e); !strings.Contains(r.Text, "private thread") {
		t.Errorf("the answer is %q", r.Text)
	}
	root := s.root(o, "help")
	if root.Topic == nil || !slices.Equal(root.Topic.People, []string{"U1"}) || root.Topic.Name != "HD-00001 · the printer" ||
		!slices.Contains(root.Topic.Statuses, root.Topic.Status) || !strings.Contains(root.Text, "Here you follow") {
		t.Errorf("the conversation begins with %+v, about %+v", root, root.Topic)
	}
	if triage := s.root(o, "triage"); triage.Topic == nil || len(triage.Topic.People) != 0 {
		t.Errorf("the card is about %+v", triage.Topic)
	}
}

// TestDeaf offers buttons where what people type is not heard.
func TestDeaf(t *testing.T) {
	s, o := newSetup(t), &one{caps: chat.Caps{Deaf: true}}
	s.policy.Teams[0].Agents = []ticket.Agent{{Platform: "one", Person: "U2"}}
	b := s.make(o, bot.Pace{})
	s.run(b)
	tk := opened(t, s, b, "open")
	if root := s.root(o, ""); root.Buttons[0].Value.Verb != "add" || !strings.Contains(root.Text, "can't read") {
		t.Errorf("the conversation begins with %+v", root)
	}
	who := func(id, event string, submit chat.Submit) {
		t.Helper()
		e := chat.Event{ID: event, Platform: "one", Workspace: "w", Channel: "c", Person: chat.Person{ID: id, Name: id}, Submit: &submit}
		handled(t, b, e)
	}
	if _, err := s.desk.Identify(t.Context(), chat.Identity{Platform: "one", Workspace: "w", ID: "U2"}, chat.Person{ID: "U2", Name: "Bram"}); err != nil {
		t.Fatal(err)
	}
	if err := s.desk.SetAgents(t.Context(), "ict", []chat.Identity{{Platform: "one", Workspace: "w", ID: "U2"}}); err != nil {
		t.Fatal(err)
	}
	under := func(channel, text string) (p chat.Post) {
		t.Helper()
		s.eventually(text+" is posted", func() bool {
			for _, p = range o.sent() {
				if p.To.Channel == channel && strings.Contains(p.Text, text) {
					return true
				}
			}
			return false
		})
		return p
	}
	who("U2", "reply", chat.Submit{Form: chat.Value{Verb: "reply", Ticket: tk.ID}, Values: chat.Values{"text": {"try now"}}})
	if p := under("", "try now"); len(p.Buttons) != 1 || p.Buttons[0].Value.Verb != "add" {
		t.Errorf("the reply has the buttons %+v", p.Buttons)
	}
	who("U1", "add", chat.Submit{Form: chat.Value{Verb: "add", Ticket: tk.ID}, Values: chat.Values{"text": {"it works"}}})
	if p := under("triage", "it works"); len(p.Buttons) != 1 || p.Buttons[0].Value.Verb != "reply" {
		t.Errorf("the addition has the buttons %+v", p.Buttons)
	}
}

// TestDeletedByNobody takes back what was said, where nobody tells who took it away.
func TestDeletedByNobody(t *testing.T) {
	s, o := newSetup(t), &one{}
	b := s.make(o, bot.Pace{})
	s.run(b)
	opened(t, s, b, "open")
	root := s.begun(o, "")
	e := event("said")
	e.Channel, e.Thread, e.Direct, e.Message = "", root.Key, true, &chat.Message{ID: "m1", Text: "oops"}
	handled(t, b, e)
	e.ID, e.Person, e.Message = "gone", chat.Person{}, &chat.Message{ID: "m1", Deleted: true}
	handled(t, b, e)
	tk, err := s.store.TicketByKey(t.Context(), "HD-00001")
	if err != nil {
		t.Fatal(err)
	}
	if l := last(tk); !l.Deleted || l.Text != "" {
		t.Errorf("the last entry is %+v", l)
	}
	e.ID, e.Message = "gone2", &chat.Message{ID: "never said", Deleted: true}
	if r := handled(t, b, e); r.Text != "" {
		t.Errorf("a message that is no part of it: %+v", r)
	}
}
