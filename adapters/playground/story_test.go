package playground_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

func TestFormFromCommandToSubmission(t *testing.T) {
	w := newWorld(t, nil, nil)
	form := func(category string) *chat.Form {
		f := &chat.Form{Value: chat.Value{Verb: "open", Arg: "draft-1"}, Title: "New ticket", Submit: "Send", Fields: []chat.Field{
			{ID: "category", Kind: chat.SelectField, Label: "Category", Refresh: true, Value: []string{category},
				Options: []chat.Option{{Value: "hw", Label: "Hardware"}, {Value: "sw", Label: "Software"}}},
		}}
		if category == "hw" {
			f.Fields = append(f.Fields, chat.Field{ID: "asset", Kind: chat.TextField, Label: "Asset tag", Required: true})
		}
		return f
	}
	w.setAnswer(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		switch {
		case e.Command != nil:
			return chat.Reply{Form: form("")}, nil
		case e.Submit.Changed != "":
			return chat.Reply{Form: form(e.Submit.Values.Get("category"))}, nil
		case e.Submit.Closed:
			return chat.Reply{}, nil
		case e.Submit.Values.Get("asset") == "":
			return chat.Reply{Errors: map[string]string{"asset": "Which one?"}}, nil
		}
		return chat.Reply{Text: "Your ticket is **HD-00001**."}, nil
	})
	ctx, ana := t.Context(), w.client.As("ana")
	opened, err := ana.Command(ctx, "general", "ticket", "printer is broken")
	if err != nil || opened.Form == nil {
		t.Fatalf("Command = %+v, %v", opened, err)
	}
	in := client.Filled{Values: map[string][]string{"category": {"hw"}}}
	changed, err := ana.Change(ctx, opened.Form, "category", in)
	if err != nil || changed.Form == nil || len(changed.Form.Fields) != 2 {
		t.Fatalf("Change = %+v, %v", changed, err)
	}
	wrong, err := ana.Submit(ctx, changed.Form, in)
	if err != nil || wrong.Errors["asset"] != "Which one?" {
		t.Fatalf("Submit = %+v, %v", wrong, err)
	}
	shot, err := ana.Upload(ctx, "../../screen\u202e.png", "text/html", strings.NewReader("\x89PNG\r\n\x1a\n and so on"))
	if err != nil || shot.Name != "screen.png" || !shot.Image || shot.Type != "image/png" {
		t.Fatalf("Upload = %+v, %v", shot, err)
	}
	in.Values["asset"] = []string{"P-3"}
	in.Files = map[string][]string{"shot": {shot.ID}}
	sent, err := ana.Submit(ctx, changed.Form, in)
	if err != nil || len(sent.Private) != 1 || sent.Private[0].Text != "Your ticket is **HD-00001**." {
		t.Fatalf("Submit = %+v, %v", sent, err)
	}

	events := w.events()
	command, last, first := events[0], events[3], events[2]
	if command.Command.Text != "printer is broken" || command.Channel != "general" || command.Direct || command.Person.Locale != "en-GB" {
		t.Errorf("command = %+v", command)
	}
	if last.ID != first.ID || last.ID == events[1].ID {
		t.Errorf("ids: submissions %q and %q, change %q; a form has one", first.ID, last.ID, events[1].ID)
	}
	if last.Submit.Form != (chat.Value{Verb: "open", Arg: "draft-1"}) || last.Submit.Files["shot"][0].Name != "screen.png" {
		t.Errorf("submission = %+v", last.Submit)
	}
	// The same form works for nobody else, and not as a button.
	var refused *client.Error
	if _, err := w.client.As("eva").Submit(ctx, changed.Form, in); !errors.As(err, &refused) || refused.Status != 403 {
		t.Errorf("somebody else's form: %v", err)
	}
	if _, err := ana.Click(ctx, []wire.Button{{Label: "x", Token: changed.Form.Token}}, "x"); !errors.As(err, &refused) || refused.Status != 403 {
		t.Errorf("a form as a button: %v", err)
	}
	if n := len(w.events()); n != 4 {
		t.Errorf("%d events, want 4", n)
	}
}

func TestCardButtonsThreadsAndDirectMessages(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx := t.Context()
	post := chat.Post{
		Key: "d1", To: w.channel("ict-triage"), Mention: []string{"bram", "nobody"},
		Card: &chat.Card{Title: "HD-1 printer", Tone: chat.Warn, Facts: []chat.Fact{{Label: "Status", Value: "New"}}},
		Buttons: []chat.Button{
			{Label: "Claim", Value: chat.Value{Verb: "claim", Ticket: "t1"}},
			{Label: "Priority", Value: chat.Value{Verb: "priority", Ticket: "t1"}, Options: []chat.Option{{Value: "1", Label: "High"}, {Value: "2", Label: "Low"}}},
		},
	}
	card := w.send(post)
	if again := w.send(post); again != card {
		t.Errorf("the same key gave %v and %v", card, again)
	}
	bram := w.client.As("bram")
	page, err := bram.Messages(ctx, "ict-triage", "", 0)
	if err != nil || len(page.Messages) != 1 || !slices.Equal(page.Messages[0].Mention, []string{"bram"}) {
		t.Fatalf("Messages = %+v, %v", page, err)
	}
	shown := page.Messages[0]
	if _, err := bram.Nonce("double-click-1").Click(ctx, shown.Buttons, "Claim"); err != nil {
		t.Fatal(err)
	}
	if _, err := bram.Nonce("double-click-1").Click(ctx, shown.Buttons, "Claim"); err != nil {
		t.Fatal(err)
	}
	if _, err := bram.Click(ctx, shown.Buttons, "Priority", "High"); err != nil {
		t.Fatal(err)
	}
	events := w.events()
	if events[0].ID != events[1].ID || events[0].Click.Value.Verb != "claim" || events[0].Click.Message != card {
		t.Errorf("clicks: %+v, %+v", events[0], events[1])
	}
	if !slices.Equal(events[2].Click.Choice, []string{"1"}) {
		t.Errorf("choice = %+v", events[2].Click)
	}
	var refused *client.Error
	if _, err := bram.Click(ctx, shown.Buttons, "Priority", "3"); !errors.As(err, &refused) || refused.Status != 403 {
		t.Errorf("an invented choice: %v", err)
	}
	if _, err := w.client.As("ana").Click(ctx, shown.Buttons, "Claim"); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("a button of a channel that Ana is not in: %v", err)
	}

	// A note under the card, seen by agents only; and Ana's own thread with the bot.
	said, err := bram.Say(ctx, "ict-triage", card.Message, "looks like the fuser")
	if err != nil || said.Message.Thread != card.Message {
		t.Fatalf("Say = %+v, %v", said, err)
	}
	if e := w.events()[3]; e.Thread != card.Message || e.Message.Text != "looks like the fuser" || e.Message.ID != said.Message.ID {
		t.Errorf("note = %+v", e)
	}
	dm := w.send(chat.Post{Key: "d2", To: w.direct("ana"), Text: "We got it."})
	reply := w.direct("ana")
	reply.Thread = dm.Message
	w.send(chat.Post{Key: "d3", To: reply, Text: "Bram took it."})
	ana := w.client.As("ana")
	thread, err := ana.Thread(ctx, dm.Message, "", 0)
	if err != nil || len(thread.Messages) != 2 || thread.Messages[1].Text != "Bram took it." {
		t.Fatalf("Thread = %+v, %v", thread, err)
	}
	w.setAnswer(func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{Text: "Noted."}, nil })
	if _, err := ana.Say(ctx, ana.Direct(), dm.Message, "thanks"); err != nil {
		t.Fatal(err)
	}
	if e := w.events()[4]; !e.Direct || e.Thread != dm.Message {
		t.Errorf("Ana's answer = %+v", e)
	}
	if thread, err = ana.Thread(ctx, dm.Message, "", 0); err != nil || len(thread.Messages) != 4 || thread.Messages[3].Text != "Noted." {
		t.Errorf("after a reply in a direct conversation: %+v, %v", thread, err)
	}
	for _, spy := range []string{"bram", "eva"} {
		if _, err := w.client.As(spy).Thread(ctx, dm.Message, "", 0); !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("%s reads Ana's conversation: %v", spy, err)
		}
	}
	full, err := w.Thread(ctx, card)
	if err != nil || len(full) != 2 || full[1].Author.ID != "bram" {
		t.Errorf("Thread of the card = %+v, %v", full, err)
	}
}
