package ticket_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// actions draws any action, sensible or not.
func actions() *rapid.Generator[ticket.Action] {
	person := rapid.SampledFrom([]string{"", "ana", "bram", "carla", "david", "nobody"})
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "ok", "  \x00\n"}), rapid.StringN(0, 40, 80))
	status := rapid.SampledFrom([]string{"new", "open", "waiting", "planned", "vendor", "resolved", "closed", "?"})
	return rapid.Custom(func(t *rapid.T) ticket.Action {
		switch rapid.IntRange(0, 17).Draw(t, "action") {
		case 0:
			return ticket.Claim{}
		case 1:
			return ticket.Assign{To: person.Draw(t, "to"), ToTeams: rapid.SampledFrom([][]string{nil, {"ict"}, {"hr"}}).Draw(t, "teams")}
		case 2, 3:
			return ticket.Message{Text: text.Draw(t, "text")}
		case 4:
			return ticket.Reply{Text: text.Draw(t, "text"), Ask: rapid.Bool().Draw(t, "ask")}
		case 5:
			return ticket.Note{Text: text.Draw(t, "text"), Files: rapid.SampledFrom([][]ticket.File{nil, {{Name: "../a", Size: 3}}}).Draw(t, "files")}
		case 6:
			return ticket.Edit{Text: text.Draw(t, "text")}
		case 7:
			return ticket.Delete{}
		case 8:
			return ticket.SetPriority{To: rapid.SampledFrom([]string{"high", "normal", "?"}).Draw(t, "to"), Reason: text.Draw(t, "reason")}
		case 9:
			return ticket.SetStatus{To: status.Draw(t, "to"), Reason: text.Draw(t, "reason")}
		case 10:
			p := person.Draw(t, "person")
			return ticket.Follow{Person: p, Account: chat.Identity{Platform: "one", ID: p}}
		case 11:
			return ticket.Unfollow{Person: person.Draw(t, "person")}
		case 12:
			return ticket.Resolve{Text: text.Draw(t, "text")}
		case 13:
			return ticket.Reopen{Text: text.Draw(t, "text")}
		case 14:
			return ticket.Close{Text: text.Draw(t, "text")}
		case 15:
			return ticket.SetShare{To: rapid.SampledFrom([]ticket.Visibility{"", "everyone", "?"}).Draw(t, "to")}
		case 16:
			return ticket.Declined{}
		default:
			return ticket.Tick{}
		}
	})
}

// actors draws anybody, typing anywhere.
func actors() *rapid.Generator[ticket.Actor] {
	return rapid.Custom(func(t *rapid.T) ticket.Actor {
		by := rapid.SampledFrom([]ticket.Actor{ana, ana, bram, bram, carla, david, hanna, ticket.Balie}).Draw(t, "by")
		if rapid.Bool().Draw(t, "typed") {
			by = from(rapid.SampledFrom([]string{"triage", "conversation", "follower:david"}).Draw(t, "room"),
				fmt.Sprint("m", rapid.IntRange(1, 6).Draw(t, "message")), by)
		}
		if rapid.Bool().Draw(t, "has event") {
			by.Event = fmt.Sprint("e", rapid.IntRange(1, 20).Draw(t, "event"))
		}
		return by
	})
}

// TestAnySequence applies random actions and looks for a state that must never be.
func TestAnySequence(t *testing.T) {
	p := policy()
	rapid.Check(t, func(t *rapid.T) {
		c, err := p.Apply(ticket.Ticket{}, order(), ana, at)
		if err != nil {
			t.Fatal(err)
		}
		tk, now := c.Ticket, at
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, "wait")))
			a, by := actions().Draw(t, "what"), actors().Draw(t, "who")
			before, _ := json.Marshal(tk)
			c, err := p.Apply(tk, a, by, now)
			if after, _ := json.Marshal(tk); string(after) != string(before) {
				t.Fatalf("%T changed the ticket that it was given", a)
			}
			again, err2 := p.Apply(tk, a, by, now)
			if !reflect.DeepEqual(c, again) || !reflect.DeepEqual(err, err2) {
				t.Fatalf("%T: the same input gave another output", a)
			}
			if err != nil {
				var one *ticket.Problem
				var more ticket.Problems
				if !errors.As(err, &one) && !errors.As(err, &more) {
					t.Fatalf("%T: %v is not fit for people", a, err)
				}
				continue
			}
			check(t, p, tk, c, a)
			if by.Event != "" && !c.Nothing {
				if r, err := p.Apply(c.Ticket, a, by, now); err != nil || !r.Repeat {
					t.Fatalf("%T: the same event applied twice: %v", a, err)
				}
			}
			tk = c.Ticket
		}
	})
}

func check(t *rapid.T, p *ticket.Policy, was ticket.Ticket, c ticket.Change, a ticket.Action) {
	tk := c.Ticket
	s, ok := p.Status(tk.Status)
	switch {
	case !ok || s.Phase != tk.Phase:
		t.Fatalf("status %q, phase %q", tk.Status, tk.Phase)
	case c.Nothing && !reflect.DeepEqual(tk, was):
		t.Fatalf("%T says that nothing changed", a)
	case tk.Key != was.Key || tk.ID != was.ID || tk.Requester != was.Requester || tk.Version != was.Version:
		t.Fatalf("%T changed what never changes", a)
	case (tk.Phase == ticket.Closed) == tk.ClosedAt.IsZero():
		t.Fatalf("phase %s, closed at %v", tk.Phase, tk.ClosedAt)
	case tk.Phase == ticket.Resolved && tk.Resolved.IsZero():
		t.Fatal("resolved, but not when")
	case tk.Last != len(tk.Entries):
		t.Fatalf("%d entries, the last is %d", len(tk.Entries), tk.Last)
	case (s.After != nil) == tk.NextDue.IsZero():
		t.Fatalf("status %s is due at %v", tk.Status, tk.NextDue)
	case !tk.NextDue.IsZero() && tk.NextDue.Before(tk.StatusAt):
		t.Fatalf("due at %v, in status since %v", tk.NextDue, tk.StatusAt)
	case slices.Contains(tk.Followers, tk.Requester):
		t.Fatal("the requester follows their own ticket")
	}
	for i, e := range tk.Entries {
		if e.N != i+1 {
			t.Fatalf("entry %d has number %d", i+1, e.N)
		}
		if e.Kind == ticket.EntryNote && e.Audience != ticket.TeamOnly {
			t.Fatal("a note is public")
		}
	}
	for i, e := range was.Entries {
		if now := tk.Entries[i]; now.Kind != e.Kind || now.By != e.By || !now.At.Equal(e.At) || len(now.Earlier) < len(e.Earlier) {
			t.Fatalf("history was rewritten: %+v became %+v", e, now)
		}
	}
	for _, e := range c.Effects {
		if e.Kind == ticket.EffectFetch || e.Kind == ticket.EffectGather {
			continue
		}
		room, ok := tk.Room(e.Room)
		if !ok {
			t.Fatalf("%T tells a room that is not there: %+v", a, e)
		}
		entry, ok := tk.Entry(e.Entry)
		if ok && room.Audience != ticket.TeamOnly && entry.Audience == ticket.TeamOnly {
			t.Fatalf("%T tells %s what is for the team: %+v", a, room.ID, entry)
		}
		if ok && e.Kind == ticket.EffectEntry && entry.Origin.Room == e.Room {
			t.Fatalf("%T repeats in %s what was typed there", a, room.ID)
		}
	}
}
