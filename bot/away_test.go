package bot_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// errAway is what a store says that is not there. Its text must never reach people.
var errAway = errors.New("dial tcp 10.1.2.3: password=hunter2 refused")

// flaky is a real store that can go away and come back.
type flaky struct {
	store.Store
	away atomic.Bool
}

func (f *flaky) err() error {
	if f.away.Load() {
		return errAway
	}
	return nil
}

func (f *flaky) Create(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Store.Create(ctx, t, out)
}

func (f *flaky) Save(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Store.Save(ctx, t, out)
}

func (f *flaky) Draft(ctx context.Context, person, form string) (store.Draft, error) {
	if err := f.err(); err != nil {
		return store.Draft{}, err
	}
	return f.Store.Draft(ctx, person, form)
}

// TestStoreAway has the store go away while somebody opens a ticket: they are told, nothing is half done, the same form
// works when it is back, and the log tells the admin what the person may quote.
func TestStoreAway(t *testing.T) {
	s := newSetup(t)
	f := &flaky{Store: s.store}
	s.store = f
	b := s.make(&one{caps: chat.Caps{FormRefresh: true}}, bot.Pace{})

	command := event("e1")
	command.Command = &chat.Command{Name: "ticket", Text: "help, my screen is black"}
	r, err := b.Handle(t.Context(), command)
	if err != nil || r.Form == nil {
		t.Fatalf("the form: %+v, %v", r, err)
	}
	send := event("e2")
	send.Submit = &chat.Submit{Form: r.Form.Value, Values: chat.Values{"summary": {"black screen"}, "type": {"question"}, "category": {"other"}}}

	f.away.Store(true)
	r, err = b.Handle(t.Context(), send)
	if !errors.Is(err, errAway) || r.Errors[""] == "" || r.Text != r.Errors[""] || r.Form != nil {
		t.Fatalf("away: %+v, %v", r, err)
	}
	ref := regexp.MustCompile(`reference (\w{8})`).FindStringSubmatch(r.Text)
	if ref == nil || strings.Contains(r.Text, "hunter2") || strings.Contains(r.Text, "dial") {
		t.Errorf("the person reads %q", r.Text)
	} else if n := strings.Count(s.lines.String(), ref[1]); n != 1 {
		t.Errorf("the reference %s is logged %d times:\n%s", ref[1], n, s.lines.String())
	}
	if r, err := b.Handle(t.Context(), command); err == nil || r.Text == "" {
		t.Errorf("a command while the store is away: %+v, %v", r, err)
	}

	f.away.Store(false)
	r, err = b.Handle(t.Context(), send)
	if err != nil || !strings.Contains(r.Text, "HD-0000") {
		t.Fatalf("back: %+v, %v", r, err)
	}
	again, err := b.Handle(t.Context(), send)
	if err != nil || again.Text != r.Text {
		t.Errorf("sent twice: %q, then %q (%v)", r.Text, again.Text, err)
	}

	// An event that is cut short because the program is told to stop is nobody's failure, and is told again.
	s.lines.Reset()
	stopping, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.Handle(stopping, command); !errors.Is(err, context.Canceled) {
		t.Errorf("while stopping: %v", err)
	}
	if said := s.lines.String(); !strings.Contains(said, "told again") || strings.Contains(said, "level=error") {
		t.Errorf("while stopping it logged %q", said)
	}
}
