package bot_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// flat is a platform whose direct conversations have no threads, and count to any of its workspaces.
type flat struct {
	one
	workspaces []string
	stops      func(chat.Place) error // what sending there gives, if anything
	stands     bool                   // what is sent stands all the same
	deleted    []chat.Ref
}

func newFlat() *flat {
	return &flat{one: one{caps: chat.Caps{DirectFlat: true}}, workspaces: []string{"w"}, stops: func(chat.Place) error { return nil }}
}

func (f *flat) Workspaces() []string { return f.workspaces }

func (f *flat) Person(_ context.Context, _, id string) (chat.Person, error) {
	return chat.Person{ID: id, Name: id}, nil
}

func (f *flat) Members(context.Context, string, string) ([]chat.Person, error) { return nil, nil }

func (f *flat) Send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	f.mu.Lock()
	err := f.stops(p.To)
	if f.tries++; err != nil && f.stands {
		f.posts = append(f.posts, p)
	}
	f.mu.Unlock()
	if err != nil {
		return chat.Ref{}, err
	}
	ref, err := f.one.Send(ctx, p)
	if ref.Workspace = p.To.Workspace; ref.Channel == "" {
		ref.Channel = "D-" + p.To.Person
	}
	return ref, err
}

// stop makes sending give what stops says from now on.
func (f *flat) stop(stops func(chat.Place) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stops, f.tries = stops, 0
}

func (f *flat) Delete(_ context.Context, r chat.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deleted = append(f.deleted, r)
	return nil
}

func (f *flat) gone() []chat.Ref {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.deleted)
}

// direct is what Ana says to the bot, as a reply to its post.
func direct(id, to string, m chat.Message) chat.Event {
	e := event(id)
	e.Channel, e.Direct, e.Thread, e.OwnThread, e.Message = "D-U1", true, to, to != "", &m
	return e
}

func current(s *setup) ticket.Ticket {
	s.Helper()
	tk, err := s.store.TicketByKey(s.Context(), "HD-00001")
	if err != nil {
		s.Fatal(err)
	}
	return tk
}

// TestReplyWhilePostsWait has somebody reply to the bot's answer to them, while posts to others, or to them, wait for
// an admin: they are answered all the same, and so is what they say next.
func TestReplyWhilePostsWait(t *testing.T) {
	blocked := &chat.SendError{Blocked: "let the bot write"}
	for name, stops := range map[string]func(chat.Place) error{
		"to a team": func(to chat.Place) error {
			if to.Channel == "triage" {
				return blocked
			}
			return nil
		},
		"to anybody": func(chat.Place) error { return blocked },
	} {
		t.Run(name, func(t *testing.T) {
			s, o := newSetup(t), newFlat()
			o.stop(stops)
			b := s.make(o, bot.Pace{Backoff: time.Minute})
			s.run(b)
			opened(t, s, b, "open")
			s.eventually("those that wait are known to", func() bool {
				list, err := s.store.Underway(t.Context(), "", "ict", 10)
				return err == nil && o.tried() > 1 && len(list) == 1 &&
					!slices.ContainsFunc(list[0].Pending, func(p store.Delivery) bool { return p.Tries == 0 })
			})
			for i := range 3 {
				id := fmt.Sprint("m", i)
				if r := handled(t, b, direct(id, "the offer", chat.Message{ID: id, Text: "yes please"})); len(r.Buttons) == 0 {
					t.Errorf("the answer is %+v", r)
				}
			}
		})
	}
}

// TestReplyToWhatFailed has somebody reply to a post that stands although its platform said that it failed: what they say is
// heard once that is known, and makes no new offer.
func TestReplyToWhatFailed(t *testing.T) {
	s, o := newSetup(t), newFlat()
	o.stands = true
	o.stop(func(chat.Place) error { return &chat.SendError{Err: errAway} })
	b := s.make(o, bot.Pace{Poll: 10 * time.Millisecond, Backoff: 3 * time.Second})
	s.run(b)
	opened(t, s, b, "open")
	root := s.root(&o.one, "")
	s.eventually("both failed", func() bool { return o.tried() > 1 })
	e := direct("m1", root.Key, chat.Message{ID: "m1", Text: "it is the left one"})
	if r, err := b.Handle(t.Context(), e); err == nil {
		t.Errorf("as long as it is not known, the answer is %+v", r)
	}
	o.stop(func(chat.Place) error { return nil })
	s.eventually("it is heard", func() bool {
		r, err := b.Handle(t.Context(), e)
		if err == nil && r.Text != "" {
			t.Fatalf("the answer is %+v", r)
		}
		return err == nil
	})
	if l := last(current(s)); l.Text != "it is the left one" {
		t.Errorf("the last entry is %+v", l)
	}
}

// TestTakenAwayFromAFlatConversation takes back what was said in a direct conversation, when the platform does not know any
// more what that was a reply to, who said it and in which workspace.
func TestTakenAwayFromAFlatConversation(t *testing.T) {
	s, o := newSetup(t), newFlat()
	o.workspaces = []string{"v", "w"}
	b := s.make(o, bot.Pace{Poll: 10 * time.Millisecond})
	s.run(b)
	opened(t, s, b, "open")
	root := s.root(&o.one, "")
	second := event("another")
	second.Submit = &chat.Submit{Form: chat.Value{Verb: "open"},
		Values: chat.Values{"summary": {"the lift"}, "type": {"question"}, "category": {"other"}}}
	handled(t, b, second)
	s.eventually("the conversation is known", func() bool {
		_, _, err := s.store.TicketByRoom(t.Context(), chat.Ref{Platform: "one", Workspace: "w", Channel: "D-U1", Message: root.Key})
		return err == nil
	})
	handled(t, b, direct("said", root.Key, chat.Message{ID: "1", Text: "my password is 1234"}))
	handled(t, b, direct("said too", root.Key, chat.Message{ID: "2", Text: "it is upstairs"}))
	under := func() (n int) {
		for _, p := range o.sent() {
			if p.To.Channel == "triage" && p.To.Thread != "" {
				n++
			}
		}
		return n
	}
	s.eventually("the team is told", func() bool { return under() == 2 })

	gone := func(id, message string) chat.Event {
		e := direct(id, "", chat.Message{ID: message, Deleted: true})
		e.Workspace, e.Person = "v", chat.Person{}
		return e
	}
	elsewhere := gone("gone 0", "1")
	elsewhere.Channel = "D-U2"
	for _, e := range []chat.Event{elsewhere, gone("gone 3", "3")} { // what is no part of a ticket
		if r := handled(t, b, e); r.Text != "" {
			t.Errorf("%s: the answer is %+v", e.ID, r)
		}
	}
	s.eventually("it is deleted", func() bool { // as soon as the workspaces are known
		handled(t, b, gone("gone 1", "1"))
		n := len(current(s).Entries)
		return current(s).Entries[n-2].Deleted
	})
	tk := current(s)
	n := len(tk.Entries)
	if taken, kept := tk.Entries[n-2], tk.Entries[n-1]; taken.Text != "" || kept.Deleted || kept.Text != "it is upstairs" {
		t.Errorf("the entries are %+v", tk.Entries)
	}
	s.eventually("the team does not see it any more", func() bool { return len(o.gone()) > 0 })
	if list := o.gone(); len(list) != 1 || list[0].Channel != "triage" {
		t.Errorf("%+v were deleted", list)
	}
	if handled(t, b, gone("gone 1", "1")); current(s).Version != tk.Version {
		t.Error("it was deleted twice")
	}
}

// TestToldAgainLongAfter tells messages again when other events, and entries, have followed for long.
func TestToldAgainLongAfter(t *testing.T) {
	s, o := newSetup(t), newFlat()
	said := time.Now()
	var passed atomic.Int64 // since then
	s.now = func() time.Time { return said.Add(time.Duration(passed.Load())) }
	b := s.make(o, bot.Pace{})
	s.run(b)
	opened(t, s, b, "open")
	root := s.begun(&o.one, "")
	says := func(n int, m chat.Message) {
		t.Helper()
		m.ID, m.At = fmt.Sprint(n), said.Add(time.Duration(n)*time.Minute)
		handled(t, b, direct(fmt.Sprint("m|", n, m.Edited), root.Key, m))
	}
	const many = 60 // more than the events that a ticket remembers
	for n := range many {
		passed.Store(int64(time.Duration(n) * time.Minute))
		says(n, chat.Message{Text: fmt.Sprint("text ", n)})
	}
	before := current(s)
	says(0, chat.Message{Text: "text 0"})
	if tk := current(s); tk.Last != before.Last {
		t.Errorf("told again it is the entry %+v", last(tk))
	}
	says(0, chat.Message{Text: "text zero", Edited: true})
	tk := current(s)
	if e := tk.Entries[1]; tk.Last != before.Last || e.Text != "text zero" || len(e.Earlier) != 1 {
		t.Errorf("edited it is %+v, and the last entry %+v", e, last(tk))
	}

	// Hundreds of entries later the first ones are in the history.
	passed.Add(int64(time.Hour))
	for range store.KeepEntries {
		tk.Last++
		tk.Entries = append(tk.Entries, ticket.Entry{N: tk.Last, At: s.now(), Kind: ticket.EntryNote, Audience: ticket.TeamOnly,
			By: "bram", Text: "x"})
	}
	if err := s.store.Save(t.Context(), tk, nil); err != nil {
		t.Fatal(err)
	}
	if n := current(s).Entries[0].N; n < many {
		t.Fatalf("the first entry that is kept is %d", n)
	}
	for _, n := range []int{1, many - 1} {
		says(n, chat.Message{Text: fmt.Sprint("text ", n)})
	}
	if l := last(current(s)); l.N != tk.Last {
		t.Errorf("told again from the history it is the entry %+v", l)
	}
	passed.Add(int64(time.Hour))
	says(many, chat.Message{Text: "this is new"})
	if l := last(current(s)); l.N != tk.Last+1 || l.Text != "this is new" {
		t.Errorf("what is said late is the entry %+v", l)
	}
}
