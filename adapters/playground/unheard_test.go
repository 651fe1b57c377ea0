package playground_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"balie/adapters/playground"
	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

func texts(events []chat.Event) (out []string) {
	for _, e := range events {
		if e.Message != nil {
			out = append(out, e.Message.Text)
		}
	}
	return out
}

func TestWhatWasNotHeardIsToldAgainAfterARestart(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.setAnswer(func(context.Context, chat.Event) (chat.Reply, error) {
		return chat.Reply{Text: "Not now."}, errors.New("the store is away")
	})
	ctx, ana := t.Context(), w.client.As("ana")
	root := w.send(chat.Post{Key: "root", To: w.direct("ana"), Text: "Your ticket"})
	for i := range 3 {
		_, err := ana.Say(ctx, ana.Direct(), root.Message, fmt.Sprint("message ", i))
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 503 || e.Message != "Not now." {
			t.Fatalf("Say = %v", err)
		}
	}
	first := w.events()[0]

	again := newWorld(t, w.content, nil)
	stop := again.run()
	again.until("all is told", func() bool { return len(again.events()) >= 3 })
	events := again.events()
	if got := texts(events); !slices.Equal(got, []string{"message 0", "message 1", "message 2"}) {
		t.Errorf("told %q", got)
	}
	if events[0].ID != first.ID || events[0].Message.ID != first.Message.ID || !events[0].At.Equal(first.At) || !events[0].Direct || events[0].Person != first.Person {
		t.Errorf("told again %+v, first %+v", events[0], first)
	}
	thread, err := again.client.As("ana").Thread(ctx, root.Message, "", 0)
	if err != nil || len(thread.Messages) != 4 {
		t.Errorf("thread = %+v, %v", thread, err)
	}
	stop()
	// And then never more.
	third := newWorld(t, w.content, nil)
	third.run()
	if _, err := third.client.As("ana").Say(ctx, "general", "", "the end"); err != nil {
		t.Fatal(err)
	}
	if got := texts(third.events()); !slices.Equal(got, []string{"the end"}) {
		t.Errorf("told %q", got)
	}
}

func TestALineIsToldInOrderThroughAFailure(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.run()
	ctx, ana := t.Context(), w.client.As("ana")
	root := w.send(chat.Post{Key: "root", To: w.direct("ana"), Text: "Your ticket"})
	var failing = true
	var done []string
	w.setAnswer(func(_ context.Context, e chat.Event) (chat.Reply, error) { // called under a lock of the line
		w.mu.Lock()
		defer w.mu.Unlock()
		if failing {
			return chat.Reply{Text: "Not now."}, errors.New("away")
		}
		if e.Message != nil {
			done = append(done, e.Message.Text)
		}
		return chat.Reply{}, nil
	})
	if _, err := ana.Say(ctx, ana.Direct(), root.Message, "one"); err == nil {
		t.Fatal("acknowledged what the bot had not taken")
	}
	w.mu.Lock()
	failing = false
	w.mu.Unlock()
	// Whoever comes first, the retry or this message, the order stays.
	if _, err := ana.Say(ctx, ana.Direct(), root.Message, "two"); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(done, []string{"one", "two"}) {
		t.Errorf("taken %q, want one and two", done)
	}
}

func TestThePersonIsToldLaterWhatWasAnsweredLater(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.run()
	ana, eva := w.listen(w.client.As("ana")), w.listen(w.client.As("eva"))
	w.setAnswer(func(context.Context, chat.Event) (chat.Reply, error) {
		if len(w.events()) < 3 {
			return chat.Reply{Text: "Not now."}, errors.New("away")
		}
		return chat.Reply{Text: "Now I have it."}, nil
	})
	if _, err := w.client.As("ana").Say(t.Context(), "general", "", "hello"); err == nil {
		t.Fatal("acknowledged what the bot had not taken")
	}
	w.until("Ana is told", func() bool {
		return ana.has(func(e wire.Event) bool { return e.Private != nil && e.Private.Text == "Now I have it." })
	})
	w.send(chat.Post{Key: "end", To: w.channel("general"), Text: "the end"})
	w.until("Eva is told the end", func() bool {
		return eva.has(func(e wire.Event) bool { return e.Message != nil && e.Message.Text == "the end" })
	})
	if eva.has(func(e wire.Event) bool { return e.Private != nil }) {
		t.Error("Eva was told what is private to Ana")
	}
}

func TestOtherThreadsGoOnWhileOneFails(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.run()
	w.setAnswer(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		if e.Message.Text == "bad" {
			return chat.Reply{}, errors.New("bad")
		}
		return chat.Reply{}, nil
	})
	if _, err := w.client.As("ana").Say(t.Context(), "general", "", "bad"); err == nil {
		t.Fatal("acknowledged what the bot had not taken")
	}
	w.until("it is told again", func() bool { return len(w.events()) >= 3 })
	if _, err := w.client.As("eva").Say(t.Context(), "general", "", "good"); err != nil {
		t.Errorf("another thread: %v", err)
	}
}

func TestWhatASeparatedPersonSaidIsForgotten(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.setAnswer(func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{}, errors.New("away") })
	if _, err := w.client.As("eva").Say(t.Context(), "general", "", "I am leaving"); err == nil {
		t.Fatal("acknowledged what the bot had not taken")
	}
	later := newWorld(t, w.content, func(o *playground.Options) { o.People = o.People[:4] })
	later.run()
	if _, err := later.client.As("ana").Say(t.Context(), "general", "", "hello"); err != nil {
		t.Fatal(err)
	}
	if got := texts(later.events()); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("told %q", got)
	}
}

func TestNothingIsAcknowledgedWhileTheContentIsAway(t *testing.T) {
	w := newWorld(t, nil, nil)
	ana := w.client.As("ana").Nonce("while-away-1")
	w.content.SetAway(errAway)
	var e *client.Error
	if _, err := ana.Say(t.Context(), "general", "", "hello"); !errors.As(err, &e) || e.Status != 503 {
		t.Errorf("Say = %v", err)
	}
	if _, err := w.Send(t.Context(), chat.Post{Key: "k", To: w.channel("general"), Text: "x"}); err == nil {
		t.Error("Send succeeded")
	}
	if len(w.events()) != 0 {
		t.Errorf("the bot heard %+v", w.events())
	}
	w.content.SetAway(nil)
	if _, err := ana.Say(t.Context(), "general", "", "hello"); err != nil {
		t.Errorf("Say = %v", err)
	}
	if len(w.events()) != 1 {
		t.Errorf("the bot heard %+v", w.events())
	}
}
