package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"balie/internal/chat"
)

// about checks what every event tells, whatever happened.
func (b *probe) about(e chat.Event, person string, direct bool) {
	b.Helper()
	if e.ID == "" || e.Platform != b.p.Name() || e.Workspace != b.places.Workspace || e.Channel == "" {
		b.Errorf("event %+v lacks its id or place", e)
	}
	if e.Person.ID != person || e.Person.Name == "" {
		b.Errorf("by %+v, want %q with a name", e.Person, person)
	}
	if e.Direct != direct {
		b.Errorf("direct = %v, want %v", e.Direct, direct)
	}
	if age := time.Since(e.At); age > time.Minute || age < -time.Minute {
		b.Errorf("it happened at %s", e.At)
	}
	set := 0
	for _, there := range []bool{e.Command != nil, e.Click != nil, e.Submit != nil, e.Message != nil, e.Reaction != nil, e.Shortcut != nil, e.Query != nil, e.HomeOpened != nil} {
		if there {
			set++
		}
	}
	if set != 1 {
		b.Errorf("event %s has %d kinds, want 1", e.ID, set)
	}
}

func waysIn(b *probe) {
	b.Says(chat.Reply{Text: "I heard you."}, nil)
	n := 0
	if b.has(Command) {
		seen := b.act(Act{Kind: Command, As: b.places.Requester, In: b.open(), Name: b.places.Command, Text: "printer *is* broken"})
		e := b.next(n)
		b.about(e, b.places.Requester, false)
		if e.Command == nil || e.Command.Name != b.places.Command || e.Command.Text != "printer *is* broken" || e.Channel != b.places.Open {
			b.Errorf("command = %+v in %s", e.Command, e.Channel)
		}
		if !slices.Contains(seen.Texts, "I heard you.") {
			b.Errorf("the person read %q", seen.Texts)
		}
		n++
	}
	said := b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "hello there"})
	e := b.next(n)
	b.about(e, b.places.Requester, false)
	if e.Message == nil || e.Message.ID != said.Message.Message || e.Message.Text != "hello there" || e.Thread != "" || e.Message.Author.ID != b.places.Requester {
		b.Errorf("message = %+v in thread %q", e.Message, e.Thread)
	}
	n++
	b.act(Act{Kind: Say, As: b.places.Agent, In: chat.Ref{Channel: b.places.Open, Thread: said.Message.Message}, Text: "in the thread"})
	if e = b.next(n); e.Message == nil || e.Thread != said.Message.Message || e.Person.ID != b.places.Agent {
		b.Errorf("reply = %+v in thread %q", e.Message, e.Thread)
	}
	n++
	b.act(Act{Kind: Say, As: b.places.Requester, Direct: true, Text: "just you and me"})
	b.about(b.next(n), b.places.Requester, true)
	n++
	if b.has(Shortcut) {
		b.act(Act{Kind: Shortcut, As: b.places.Agent, In: said.Message, Name: b.places.Shortcut})
		e = b.next(n)
		b.about(e, b.places.Agent, false)
		if e.Shortcut == nil || e.Shortcut.Name != b.places.Shortcut || e.Shortcut.Message.Text != "hello there" ||
			e.Shortcut.Message.Author.ID != b.places.Requester || e.Shortcut.Ref != said.Message {
			b.Errorf("shortcut = %+v", e.Shortcut)
		}
		n++
	}
	if extra := len(b.Told()) - n; extra != 0 {
		b.Errorf("%d events too many", extra)
	}
}

func forms(b *probe) {
	value := chat.Value{Verb: "open", Arg: "draft"}
	form := func(fields ...string) *chat.Form {
		f := &chat.Form{Value: value, Title: "New ticket", Submit: "Send"}
		for _, id := range fields {
			f.Fields = append(f.Fields, chat.Field{ID: id, Kind: chat.TextField, Label: id, Refresh: id == "category"})
		}
		return f
	}
	fields := []string{"category", "summary"}
	if !b.p.Caps().FormRefresh {
		fields = append(fields, "asset") // which can't come later
	}
	b.Answer(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		switch {
		case e.Command != nil, e.Click != nil:
			return chat.Reply{Form: form(fields...)}, nil
		case e.Submit == nil, e.Submit.Closed:
			return chat.Reply{}, nil
		case e.Submit.Changed != "":
			return chat.Reply{Form: form("category", "summary", "asset")}, nil
		case e.Submit.Values.Get("asset") == "":
			return chat.Reply{Errors: map[string]string{"asset": "Which one?"}}, nil
		}
		return chat.Reply{Text: "Thank you."}, nil
	})
	seen := b.openForm()
	if !slices.Equal(seen.Fields, fields) {
		b.Fatalf("fields = %q", seen.Fields)
	}
	n := len(b.Told())
	in := chat.Values{"category": {"hw"}, "summary": {"Zoë’s printer – it’s ✗"}}
	if b.p.Caps().FormRefresh && b.has(Change) {
		seen = b.act(Act{Kind: Change, As: b.places.Requester, Form: seen.Form, Field: "category", Values: in})
		if e := b.next(n); e.Submit == nil || e.Submit.Changed != "category" || e.Submit.Form != value {
			b.Errorf("change = %+v", e.Submit)
		}
		if !slices.Equal(seen.Fields, []string{"category", "summary", "asset"}) {
			b.Errorf("after the change the fields are %q", seen.Fields)
		}
		n++
	}
	wrong := b.act(Act{Kind: Submit, As: b.places.Requester, Form: seen.Form, Values: in})
	first := b.next(n)
	b.about(first, b.places.Requester, false)
	if first.Submit == nil || first.Submit.Form != value || !maps.EqualFunc(first.Submit.Values, in, slices.Equal) {
		b.Errorf("submitted %+v, want %+v", first.Submit, in)
	}
	if b.p.Caps().FormErrors && wrong.Errors["asset"] != "Which one?" {
		b.Errorf("errors = %q", wrong.Errors)
	}
	in["asset"] = []string{"P-3"}
	right := b.act(Act{Kind: Submit, As: b.places.Requester, Form: seen.Form, Values: in})
	if second := b.next(n + 1); second.ID != first.ID {
		b.Errorf("one form has the ids %q and %q", first.ID, second.ID)
	}
	if !slices.Contains(right.Texts, "Thank you.") {
		b.Errorf("the person read %q", right.Texts)
	}
	if stolen := b.try(Act{Kind: Submit, As: b.places.Agent, Form: seen.Form, Values: in}); !stolen.Refused {
		b.Error("somebody else could send the form")
	}
	if b.has(CloseIt) {
		again := b.openForm()
		b.act(Act{Kind: CloseIt, As: b.places.Requester, Form: again.Form, Values: in})
		if last := b.Told()[len(b.Told())-1]; last.Submit == nil || !last.Submit.Closed || last.Submit.Form != value {
			b.Errorf("closed = %+v", last.Submit)
		}
	}
}

// openForm opens a form by command or, where there is none, by a button.
func (b *probe) openForm() Seen {
	b.Helper()
	var seen Seen
	if b.has(Command) {
		seen = b.act(Act{Kind: Command, As: b.places.Requester, In: b.open(), Name: b.places.Command})
	} else {
		at := b.send(chat.Post{Key: fmt.Sprint("panel", len(b.Told())), To: b.to(b.places.Open), Text: "Need help?",
			Buttons: []chat.Button{{Label: "New ticket", Value: chat.Value{Verb: "new"}}}})
		seen = b.act(Act{Kind: Click, As: b.places.Requester, In: at, Button: "New ticket"})
	}
	if seen.Form == nil {
		b.Fatal("no form opened")
	}
	return seen
}

func buttons(b *probe) {
	claim := chat.Value{Verb: "claim", Ticket: "t-1", Arg: `a "quoted" ✓ arg`}
	at := b.send(chat.Post{Key: "card", To: b.to(b.places.Closed), Card: &chat.Card{Title: "HD-1"}, Buttons: []chat.Button{
		{Label: "Claim", Value: claim},
		{Label: "Priority", Value: chat.Value{Verb: "priority", Ticket: "t-1"}, Options: []chat.Option{{Value: "p1", Label: "High"}, {Value: "p2", Label: "Low"}}},
	}})
	b.Says(chat.Reply{Text: "Yours now."}, nil)
	seen := b.act(Act{Kind: Click, As: b.places.Agent, In: at, Button: "Claim"})
	e := b.next(0)
	b.about(e, b.places.Agent, false)
	if e.Click == nil || e.Click.Value != claim || e.Click.Message != at || len(e.Click.Choice) != 0 {
		b.Errorf("click = %+v on %+v", e.Click, at)
	}
	if !slices.Contains(seen.Texts, "Yours now.") {
		b.Errorf("the agent read %q", seen.Texts)
	}
	b.act(Act{Kind: Click, As: b.places.Agent, In: at, Button: "Priority", Choice: "p2"})
	if e := b.next(1); e.Click == nil || e.Click.Value.Verb != "priority" || !slices.Equal(e.Click.Choice, []string{"p2"}) {
		b.Errorf("choice = %+v", e.Click)
	}
	if seen := b.try(Act{Kind: Click, As: b.places.Agent, In: at, Button: "Priority", Choice: "p9"}); !seen.Refused {
		b.Error("a choice that the menu does not have was taken")
	}
	if seen := b.try(Act{Kind: Click, As: b.places.Requester, In: at, Button: "Claim"}); !seen.Refused {
		b.Error("somebody who is not in the channel could click")
	}
	if n := len(b.Told()); n != 2 {
		b.Errorf("%d events, want 2", n)
	}
}

func messages(b *probe) {
	said := b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "first"})
	b.act(Act{Kind: Edit, As: b.places.Requester, In: said.Message, Text: "second"})
	if e := b.next(1); e.Message == nil || !e.Message.Edited || e.Message.Deleted || e.Message.Text != "second" || e.Message.ID != said.Message.Message {
		b.Errorf("edit = %+v", e.Message)
	}
	last := 2
	if b.has(React) {
		last = 4
		b.act(Act{Kind: React, As: b.places.Agent, In: said.Message, Name: "eyes"})
		b.act(Act{Kind: Unreact, As: b.places.Agent, In: said.Message, Name: "eyes"})
		on, off := b.next(2), b.next(3)
		if on.Reaction == nil || on.Reaction.Emoji != "eyes" || on.Reaction.Removed || on.Reaction.Message != said.Message || on.ID == off.ID {
			b.Errorf("reaction = %+v", on.Reaction)
		}
		if off.Reaction == nil || !off.Reaction.Removed {
			b.Errorf("taken away = %+v", off.Reaction)
		}
	}
	b.act(Act{Kind: Delete, As: b.places.Requester, In: said.Message})
	if e := b.next(last); e.Message == nil || !e.Message.Deleted || e.Message.Text != "" || e.Message.ID != said.Message.Message {
		b.Errorf("deletion = %+v", e.Message)
	}
	all := b.Told()
	ids := map[string]bool{}
	for _, e := range all {
		ids[e.ID] = true
	}
	if len(ids) != len(all) {
		b.Errorf("%d events have %d ids", len(all), len(ids))
	}
}

func oneID(b *probe) {
	at := b.send(chat.Post{Key: "card", To: b.to(b.places.Open), Text: "card", Buttons: []chat.Button{{Label: "Claim", Value: chat.Value{Verb: "claim"}}}})
	for _, a := range []Act{
		{Kind: Say, As: b.places.Requester, In: b.open(), Text: "hello", Repeat: "once-say-0001"},
		{Kind: Click, As: b.places.Requester, In: at, Button: "Claim", Repeat: "once-click-0001"},
		{Kind: Command, As: b.places.Requester, In: b.open(), Name: b.places.Command, Repeat: "once-command-0001"},
	} {
		if !b.has(a.Kind) {
			continue
		}
		before := len(b.Told())
		b.act(a)
		b.act(a)
		b.next(before)
		for _, e := range b.Told()[before:] {
			if e.ID != b.Told()[before].ID {
				b.Errorf("%s delivered again has the ids %q and %q", a.Kind, b.Told()[before].ID, e.ID)
			}
		}
		if a.Kind == Say {
			said := 0
			for _, m := range b.shown(b.places.Requester, b.open()) {
				if m.Text == "hello" {
					said++
				}
			}
			if said != 1 {
				b.Errorf("the message stands %d times, want once", said)
			}
		}
	}
}

func slowHandler(b *probe) {
	b.Answer(func(ctx context.Context, _ chat.Event) (chat.Reply, error) {
		<-ctx.Done()
		return chat.Reply{Text: "I am slow today."}, ctx.Err()
	})
	const soon = 3 * time.Second
	took := soon
	for range 3 { // once the machine may have been slow, and not the adapter
		began := time.Now()
		seen := b.try(Act{Kind: Command, As: b.places.Requester, In: b.open(), Name: b.places.Command})
		took = time.Since(began)
		if !seen.Refused || strings.Join(seen.Texts, "") == "" {
			b.Errorf("the person saw %+v, want to be told", seen)
		}
		if took <= soon {
			return
		}
	}
	b.Errorf("the answer took %s", took)
}

func failingHandler(b *probe) {
	away := errors.New("the store is away")
	b.Answer(func(context.Context, chat.Event) (chat.Reply, error) {
		return chat.Reply{Text: "Please try again."}, away
	})
	if b.has(Command) {
		seen := b.try(Act{Kind: Command, As: b.places.Requester, In: b.open(), Name: b.places.Command})
		if !seen.Refused || !slices.Contains(seen.Texts, "Please try again.") {
			b.Errorf("the person saw %+v", seen)
		}
	}
	before := len(b.Told())
	b.try(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "can you hear me?", Repeat: "failing-0001"})
	b.next(before)
	b.Answer(nil)
	b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "can you hear me?", Repeat: "failing-0001"})
	b.next(before + 1) // told once more after the failure
	heard := b.Told()[before:]
	for _, e := range heard {
		if e.ID != heard[0].ID || e.Message.ID != heard[0].Message.ID || e.Message.Text != "can you hear me?" {
			b.Errorf("told again as %+v, first as %+v", e, heard[0])
		}
	}
}

func ownPosts(b *probe) {
	at := b.send(chat.Post{Key: "own", To: b.to(b.places.Open), Text: "from the bot"})
	b.send(chat.Post{Key: "own-2", To: b.under(at), Text: "under it", Author: &chat.Author{Name: "Somebody"}})
	if err := b.p.Edit(b.Context(), at, chat.Post{Text: "changed"}); err != nil {
		b.Fatal(err)
	}
	b.send(chat.Post{Key: "own-3", To: b.toPerson(b.places.Requester), Text: "in private"})
	// A person's message comes after all of that: nothing else may have come by then.
	b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "the end"})
	if e := b.next(0); e.Message == nil || e.Message.Text != "the end" || len(b.Told()) != 1 {
		b.Errorf("the bot heard itself: %+v", b.Told())
	}
}

func order(b *probe) {
	root := b.send(chat.Post{Key: "root", To: b.to(b.places.Open), Text: "root"})
	thread := chat.Ref{Channel: b.places.Open, Thread: root.Message}
	for i := range 10 {
		b.act(Act{Kind: Say, As: b.places.Requester, In: thread, Text: fmt.Sprint("said ", i)})
		b.send(chat.Post{Key: fmt.Sprint("answer", i), To: b.under(root), Text: fmt.Sprint("answered ", i)})
	}
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint("said ", i), fmt.Sprint("answered ", i))
		if e := b.next(i); e.Message.Text != fmt.Sprint("said ", i) {
			b.Errorf("event %d is %q", i, e.Message.Text)
		}
	}
	var got []string
	for _, m := range b.shown(b.places.Requester, thread) {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, want) {
		b.Errorf("shown %q, want %q", got, want)
	}
	// Many at once are each heard once.
	before := len(b.Told())
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if _, err := b.net.Act(b.Context(), Act{Kind: Say, As: b.places.Requester, In: thread, Text: fmt.Sprint("at once ", i)}); err != nil {
				b.Errorf("say: %v", err)
			}
		})
	}
	all.Wait()
	b.next(before + 15)
	ids := map[string]bool{}
	for _, e := range b.Told()[before:] {
		ids[e.ID] = true
	}
	if len(ids) != 16 {
		b.Errorf("16 messages at once have %d ids", len(ids))
	}
}
