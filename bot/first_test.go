package bot_test

import (
	"strings"
	"testing"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// TestAskedFirst opens a ticket where a form can't change while it is filled in: what changes it is asked before, one menu
// at a time, and stays answered.
func TestAskedFirst(t *testing.T) {
	b := newSetup(t).make(&one{caps: chat.Caps{FormErrors: true, FormLine: 150, FormText: 3000}}, bot.Pace{})
	e := event("command")
	e.Command = &chat.Command{Name: "ticket", Text: "the printer is broken"}
	r := handled(t, b, e)
	for n, choice := range []string{"incident", "hardware", "printer"} {
		if r.Form != nil || len(r.Buttons) != 1 || len(r.Buttons[0].Options) == 0 || !strings.Contains(r.Text, "**"+r.Buttons[0].Label+"**") {
			t.Fatalf("before %s: %+v", choice, r)
		}
		e := event("pick" + choice)
		e.Click = &chat.Click{Value: r.Buttons[0].Value, Choice: []string{choice}}
		if n == 0 { // an invented choice is asked again
			odd := e
			odd.Click = &chat.Click{Value: r.Buttons[0].Value, Choice: []string{"nonsense"}}
			handled(t, b, odd)
		}
		r = handled(t, b, e)
	}
	if r.Form == nil || !strings.Contains(r.Form.Intro, "**Printer**") || !strings.Contains(r.Form.Intro, "thread") {
		t.Fatalf("the form: %+v", r)
	}
	values := r.Form.Fixed.Clone()
	for _, f := range r.Form.Fields {
		if f.Refresh || f.Kind == chat.FileField {
			t.Errorf("the form asks %+v", f)
		}
		values[f.ID] = f.Value
	}
	if got := values.Get(ticket.FieldSummary); got != "the printer is broken" {
		t.Errorf("the summary starts as %q", got)
	}
	values["problem"], values["location"] = []string{"jam"}, []string{"3.14"}
	e = event("send")
	e.Submit = &chat.Submit{Form: r.Form.Value, Values: values}
	if r = handled(t, b, e); !strings.Contains(r.Text, "HD-00001") {
		t.Errorf("sent: %+v", r)
	}

	// Who starts again chooses again.
	e = event("command 2")
	e.Command = &chat.Command{Name: "ticket"}
	if r = handled(t, b, e); r.Form != nil || len(r.Buttons) != 1 {
		t.Errorf("again: %+v", r)
	}
}

// TestMessagesLeadIn makes tickets of what is said: by mentioning the bot, and by an emoji.
func TestMessagesLeadIn(t *testing.T) {
	b := newSetup(t).make(&one{caps: chat.Caps{FormRefresh: true, FormFiles: true}}, bot.Pace{})
	offered := func(r chat.Reply, summary string) {
		t.Helper()
		if len(r.Buttons) == 0 {
			t.Fatalf("nothing is offered: %+v", r)
		}
		e := event("click " + summary)
		e.Click = &chat.Click{Value: r.Buttons[0].Value}
		f := handled(t, b, e).Form
		if f == nil || f.Fields[0].Value[0] != summary {
			t.Errorf("the form: %+v", f)
		}
	}
	said := chat.Message{ID: "m1", Author: chat.Person{ID: "U2"}, Text: "the door is stuck"}
	e := event("r1")
	e.Reaction = &chat.Reaction{Message: chat.Ref{Platform: "one", Workspace: "w", Channel: "c", Message: "m1"}, Said: &said, Emoji: "ticket"}
	offered(handled(t, b, e), "the door is stuck")
	for _, other := range []chat.Reaction{{Said: &said, Emoji: "eyes"}, {Said: &said, Emoji: "ticket", Removed: true}, {Emoji: "ticket"}} {
		e := event("r2")
		e.Reaction = &other
		if r := handled(t, b, e); r.Text != "" || len(r.Buttons) > 0 {
			t.Errorf("%+v is answered with %+v", other, r)
		}
	}

	e = event("m2")
	e.Message = &chat.Message{ID: "m2", Text: "my screen is black", ToBot: true}
	offered(handled(t, b, e), "my screen is black")
	e.Message = &chat.Message{ID: "m3", Text: "my screen is black"}
	if r := handled(t, b, e); r.Text != "" {
		t.Errorf("what was not for the bot is answered with %+v", r)
	}
	e.Message = &chat.Message{ID: "m4", ToBot: true}
	if r := handled(t, b, e); !strings.Contains(r.Text, "/ticket") {
		t.Errorf("an empty mention is answered with %+v", r)
	}
}

// TestPickedAgain asks again for a category that the command named, if what is chosen after it does not offer it: it would be
// missing in the form, which nobody could send.
func TestPickedAgain(t *testing.T) {
	s := newSetup(t)
	s.policy.Programs = []ticket.Choice{{ID: "school"}, {ID: "office"}}
	for i := range s.policy.Categories {
		if c := &s.policy.Categories[i]; c.ID == "hardware" {
			c.Types, c.Programs = []string{"incident"}, []string{"office"}
		}
	}
	b := s.make(&one{}, bot.Pace{})
	asked := func(summary, typ, program string) chat.Reply {
		t.Helper()
		e := event("command " + summary)
		e.Command = &chat.Command{Name: "ticket", Word: "new", Text: summary, Values: chat.Values{"category": {"hardware"}}}
		r := handled(t, b, e)
		for _, choice := range []string{typ, program} {
			if len(r.Buttons) != 1 || !offered(r.Buttons[0], choice) {
				t.Fatalf("%s: before %s: %+v", summary, choice, r)
			}
			e := event("pick " + summary + choice)
			e.Click = &chat.Click{Value: r.Buttons[0].Value, Choice: []string{choice}}
			r = handled(t, b, e)
		}
		return r
	}
	// What is offered by all that was chosen stays picked, although it was not before the program was.
	if r := asked("fits", "incident", "office"); r.Form != nil || !offered(r.Buttons[0], "printer") {
		t.Errorf("what comes next is %+v", r)
	}
	for _, c := range [][2]string{{"question", "office"}, {"incident", "school"}} {
		r := asked("no"+c[0]+c[1], c[0], c[1])
		if r.Form != nil || len(r.Buttons) != 1 || !offered(r.Buttons[0], "other") || offered(r.Buttons[0], "hardware") {
			t.Fatalf("%q: what comes next is %+v", c, r)
		}
		e := event("again" + c[0] + c[1])
		e.Click = &chat.Click{Value: r.Buttons[0].Value, Choice: []string{"other"}}
		if r = handled(t, b, e); r.Form == nil || r.Form.Fixed.Get("category") != "other" {
			t.Errorf("%q: then %+v", c, r)
		}
	}
}

func offered(menu chat.Button, option string) bool {
	for _, o := range menu.Options {
		if o.Value == option {
			return true
		}
	}
	return false
}

// TestOneOfSeveralLists refuses two answers to a question that was in several lists: nobody knows which one is meant.
func TestOneOfSeveralLists(t *testing.T) {
	s := newSetup(t)
	b := s.make(&one{caps: chat.Caps{FormRefresh: true, ListMax: 2}}, bot.Pace{})
	e := event("send")
	e.Submit = &chat.Submit{Form: chat.Value{Verb: "open"}, Values: chat.Values{"summary": {"x"}, "type": {"question"}, "type^2": {"incident"},
		"category": {"other"}, "category^2": {"other"}, "priority": {"p3"}, "priority^2": {"p1"}}}
	r := handled(t, b, e)
	const want = "Please choose only one."
	if len(r.Errors) != 2 || r.Errors["type"] != want || r.Errors["priority"] != want {
		t.Errorf("the answer is %+v", r)
	}
	e.Submit.Values = chat.Values{"summary": {"x"}, "type": {"incident"}, "category": {"hardware"}, "device": {"printer"}, "device^2": {"laptop"},
		"location": {"3.14"}}
	if r = handled(t, b, e); r.Errors["device"] != want {
		t.Errorf("for a category's question the answer is %+v", r)
	}
	tk := opened(t, s, b, "open")
	for verb, field := range map[string]string{"priority": "priority", "status": "status"} {
		e := event(verb)
		e.Submit = &chat.Submit{Form: chat.Value{Verb: verb, Ticket: tk.ID}, Values: chat.Values{field: {"a"}, field + "^2": {"b"}, "reason": {"x"}}}
		if r := handled(t, b, e); r.Errors[field] != want {
			t.Errorf("for %s the answer is %+v", verb, r)
		}
	}
}
