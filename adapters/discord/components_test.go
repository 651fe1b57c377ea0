package discord

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

func TestClicks(t *testing.T) {
	s := setStage(t)
	value := chat.Value{Verb: "claim", Ticket: aTicket}
	id := s.d.bag(aGuild).id(value, false)
	author := map[string]any{"id": anApplication}
	s.d.places.starters.Add(aThread, "888")
	for name, c := range map[string]struct {
		more []func(map[string]any)
		want chat.Ref // of the message
		at   string   // the event's thread
	}{
		"card":         {nil, chat.Ref{Channel: aChannel, Message: aCard}, ""},
		"thread":       {[]func(map[string]any){within(publicThread)}, chat.Ref{Channel: aChannel, Thread: aThread, Message: aCard}, aThread},
		"forum":        {[]func(map[string]any){within(publicThread), on(map[string]any{"id": aThread, "author": author})}, chat.Ref{Channel: aChannel, Message: aThread}, aThread},
		"conversation": {[]func(map[string]any){within(privateThread), on(map[string]any{"id": "888", "author": author})}, chat.Ref{Channel: aChannel, Message: aThread}, aThread},
		"private":      {[]func(map[string]any){on(map[string]any{"id": "9", "author": author, "flags": flagEphemeral})}, chat.Ref{}, ""},
		"direct":       {[]func(map[string]any){direct}, chat.Ref{Channel: "555", Message: aCard}, ""},
		"direct thread": {[]func(map[string]any){direct, on(map[string]any{"id": "9", "author": author, "type": 19,
			"message_reference": map[string]any{"message_id": "4"}})}, chat.Ref{Channel: "555", Thread: "4", Message: "9"}, "4"},
	} {
		s.does(s.click(id, c.more...))
		e := s.last()
		if c.want != (chat.Ref{}) {
			c.want.Platform, c.want.Workspace = Name, aGuild
		}
		if e.Click == nil || e.Click.Value != value || e.Click.Message != c.want || e.Thread != c.at || e.Workspace != aGuild || len(e.Click.Choice) != 0 {
			t.Errorf("%s: %+v in thread %q, want %+v in %q", name, e.Click, e.Thread, c.want, c.at)
		}
	}
	if got := s.does(s.click(id)); got.Type != answerDeferredUpdate {
		t.Errorf("without an answer: %s", got.raw)
	}
	golden.Check(t, "deferred", "discord-interaction-response", answer{Type: answerDeferredUpdate})
}

// A person's reply in a direct conversation belongs to what the bot's post belongs to.
func TestRootsOfReplies(t *testing.T) {
	s := setStage(t)
	bot, person := &wireUser{ID: anApplication}, &wireUser{ID: ana}
	to := func(id string) *wireReference { return &wireReference{MessageID: id} }
	for name, c := range map[string]struct {
		m    wireMessage
		want string
	}{
		"the bot's":         {wireMessage{Author: bot, Reference: to("1")}, "1"},
		"nothing":           {wireMessage{Author: person}, ""},
		"forwarded":         {wireMessage{Author: person, Reference: &wireReference{Type: 1, MessageID: "1"}}, ""},
		"to a post":         {wireMessage{Author: person, Reference: to("2"), Referenced: &wireMessage{Author: bot}}, "2"},
		"to a reply":        {wireMessage{Author: person, Reference: to("2"), Referenced: &wireMessage{Author: bot, Reference: to("1")}}, "1"},
		"to a person":       {wireMessage{Author: person, Reference: to("2"), Referenced: &wireMessage{Author: person}}, ""},
		"to what is gone":   {wireMessage{Author: person, Reference: to("2")}, ""},
		"by nobody at all":  {wireMessage{Reference: to("2"), Referenced: &wireMessage{}}, ""},
		"to the bot's copy": {wireMessage{Author: person, Reference: to("2"), Referenced: &wireMessage{Author: bot, Reference: &wireReference{Type: 1, MessageID: "1"}}}, "2"},
	} {
		if got := (&asked{Discord: s.d}).rootOf(c.m); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMenus(t *testing.T) {
	s := setStage(t)
	value := chat.Value{Verb: "pick", Arg: strings.Repeat("x", 200)}
	b := s.d.bag(aGuild)
	id := b.menuID(value, 0)
	if err := b.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	message := on(map[string]any{"id": aCard, "components": []any{map[string]any{"type": 1, "components": []any{
		map[string]any{"type": 3, "custom_id": id, "options": []any{map[string]any{"value": "hw", "label": "Hardware"}, map[string]any{"value": "sw", "label": "Software"}}}}}}})
	choose := func(kind int, values ...string) map[string]any {
		return s.deed(componentInteraction, map[string]any{"custom_id": id, "component_type": kind, "values": values}, message)
	}
	s.does(choose(3, "sw"))
	if c := s.last().Click; c == nil || c.Value != value || !slices.Equal(c.Choice, []string{"sw"}) {
		t.Errorf("the click is %+v", c)
	}
	for name, in := range map[string]map[string]any{"not offered": choose(3, "p9"), "nothing": choose(3), "a button": choose(2, "sw")} {
		if got := s.does(in); got.Type != answerMessage || got.Data.Content != words("").oldButton {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	// After a restart the memory still has it, and while that is away somebody reads so.
	s.d.values = newValues(valuesSecret, s.shelf)
	s.shelf.Fail(errors.New("away"))
	if got := s.does(choose(3, "sw")); got.Data.Content != words("").slow {
		t.Errorf("while the memory is away: %s", got.raw)
	}
	s.shelf.Fail(nil)
	s.does(choose(3, "hw"))
	s.shelf.Clear()
	s.d.values = newValues(valuesSecret, s.shelf)
	if got := s.does(choose(3, "sw")); got.Data.Content != words("").oldButton || len(s.Told()) != 2 {
		t.Errorf("when it is not kept any more: %s, %d events", got.raw, len(s.Told()))
	}
}

func TestComponentsOfOthers(t *testing.T) {
	s := setStage(t)
	elsewhere := s.d.bag("99").id(chat.Value{Verb: "claim"}, false)
	for name, c := range map[string]struct{ id, want string }{
		"forged": {"b.AAAA.BBBB", words("").oldButton}, "another bot's": {"close_ticket", words("").oldButton}, "of another server": {elsewhere, words("").elsewhere},
	} {
		if got := s.does(s.click(c.id)); got.Type != answerMessage || got.Data.Content != c.want || got.Data.Flags&flagEphemeral == 0 {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	if len(s.Told()) != 0 {
		t.Errorf("the bot heard %+v", s.Told())
	}
	s.does(s.click(elsewhere, direct)) // a direct conversation counts to where the button was put up
	if e := s.last(); e.Workspace != "99" || e.Click == nil {
		t.Errorf("in a direct conversation: %+v", e)
	}
}

func TestQuestionsBeforeAClick(t *testing.T) {
	s := setStage(t)
	s.Says(chat.Reply{Text: "Closed."}, nil)
	value := chat.Value{Verb: "close", Ticket: aTicket}
	got := s.does(s.click(s.d.bag(aGuild).id(value, true)))
	if got.Type != answerMessage || got.Data.Content != "**Press me**: are you sure?" || len(s.Told()) != 0 {
		t.Fatalf("the question is %s", got.raw)
	}
	golden.Check(t, "question", "discord-interaction-response", json.RawMessage(got.raw))
	sure := got.button(t, "Press me")
	ephemeral := on(map[string]any{"id": "3", "flags": flagEphemeral, "components": []any{map[string]any{"type": 1, "components": []any{map[string]any{"type": 2, "custom_id": sure}}}}})
	got = s.does(s.click(sure, ephemeral))
	if c := s.last().Click; c == nil || c.Value != value || got.Type != answerUpdate || got.Data.Content != "Closed." || len(got.Data.Components) != 0 {
		t.Errorf("afterwards %s, %+v", got.raw, c)
	}
	golden.Check(t, "question-answered", "discord-interaction-response", json.RawMessage(got.raw))
	s.Says(chat.Reply{}, nil)
	if got := s.does(s.click(sure, ephemeral)); got.Type != answerUpdate || got.Data.Content != "Done." {
		t.Errorf("without an answer: %s", got.raw)
	}
}
