package storetest

import (
	"errors"
	"slices"
	"testing"

	"balie/internal/chat"
	"balie/internal/store"
)

// ref points at a message in a channel of the tests.
func ref(message string) chat.Ref {
	return chat.Ref{Platform: "playground", Workspace: "w", Channel: "C1", Message: message}
}

// settled leases the ticket and settles with the outcome.
func settled(t *testing.T, s store.Store, id string, o store.Outcome) {
	t.Helper()
	must(t, s.Settle(t.Context(), leased(t, s, id, "me", 0, 1), o))
}

func roomOf(t *testing.T, s store.Store, root chat.Ref, wantID, wantRoom string) {
	t.Helper()
	k, room, err := s.TicketByRoom(t.Context(), root)
	if wantID == "" {
		wantErr(t, "TicketByRoom", err, store.ErrNotFound)
		return
	}
	must(t, err)
	if k.ID != wantID || room != wantRoom {
		t.Errorf("%v is room %q of %s, want %q of %s", root, room, k.ID, wantRoom, wantID)
	}
}

var refTests = []test{
	{"Rooms", func(t *testing.T, s *box) {
		odd := "follower: a.b/c $d" // a room's id is free text
		k := create(t, s, sample(1), delivery("a", start))
		other := create(t, s, sample(2), delivery("b", start))
		roomOf(t, s, ref("1"), "", "")
		refs := map[string]chat.Ref{"triage": ref("1"), "talk": ref("2"), odd: ref("3"), store.PostID("talk", 1): ref("4"), store.PostID(odd, 12): ref("5")}
		settled(t, s, k.ID, store.Outcome{Refs: refs})
		settled(t, s, other.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": ref("6")}})
		s.reopen()
		roomOf(t, s, ref("1"), k.ID, "triage")
		roomOf(t, s, ref("2"), k.ID, "talk")
		roomOf(t, s, ref("3"), k.ID, odd)
		roomOf(t, s, ref("6"), other.ID, "triage")
		for what, r := range map[string]chat.Ref{
			"an entry's post": ref("4"), "another entry's post": ref("5"), "nothing": {},
			"another channel":  {Platform: "playground", Workspace: "w", Channel: "C2", Message: "1"},
			"another platform": {Platform: "slack", Workspace: "w", Channel: "C1", Message: "1"},
			"a thread":         {Platform: "playground", Workspace: "w", Channel: "C1", Thread: "1", Message: "9"},
		} {
			if _, room, err := s.TicketByRoom(t.Context(), r); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s was taken for room %q, error %v", what, room, err)
			}
		}
		w := leased(t, s, k.ID, "me", 0, 1)
		same(t, "refs", w.Refs, refs)
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: []string{"a"}}))
		// They outlive the deliveries, and saves.
		save(t, s, load(t, s, k.ID), delivery("z", start))
		w = leased(t, s, k.ID, "me", 0, 1)
		same(t, "refs later", w.Refs, refs)
	}},
	{"TicketsIn", func(t *testing.T, s *box) {
		in := func(what string, channel chat.Ref, want ...string) {
			t.Helper()
			list, err := s.TicketsIn(t.Context(), channel)
			must(t, err)
			slices.Sort(list)
			same(t, what, list, want)
		}
		channel := func(workspace, id string) chat.Ref {
			return chat.Ref{Platform: "playground", Workspace: workspace, Channel: id}
		}
		post := func(workspace, id, message string) chat.Ref {
			r := channel(workspace, id)
			r.Message = message
			return r
		}
		one, two := create(t, s, sample(1), delivery("a", start)), create(t, s, sample(2), delivery("b", start))
		in("nothing yet", channel("w", "D1"))
		settled(t, s, one.ID, store.Outcome{Refs: map[string]chat.Ref{
			"triage": post("w", "C1", "1"), "talk": post("w", "D1", "2"), "follower:bea": post("w", "D1", "3"), store.PostID("talk", 1): post("w", "D3", "4"),
		}})
		settled(t, s, two.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": post("w", "C1", "5"), "talk": post("v", "D1", "\U0001F3AB")}})
		for range 2 {
			in("of both", channel("w", "C1"), one.ID, two.ID)
			in("twice of one", channel("w", "D1"), one.ID)
			in("in another workspace", channel("v", "D1"), two.ID)
			in("without a workspace", channel("", "D1"))
			in("with an entry's post", channel("w", "D3"))
			in("that begins like another one", channel("w", "D"))
			in("that goes on", channel("w", "D11"))
			in("whatever the message", post("w", "C1", "5"), one.ID, two.ID)
			in("on another platform", chat.Ref{Platform: "slack", Workspace: "w", Channel: "C1"})
			in("nowhere", chat.Ref{})
			s.reopen()
		}
		settled(t, s, two.ID, store.Outcome{Lost: []string{"talk"}})
		in("what was lost", channel("v", "D1"))
	}},
	{"Lost", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", start))
		settled(t, s, k.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": ref("1"), "talk": ref("2"), "talk/1": ref("3")}})
		settled(t, s, k.ID, store.Outcome{Lost: []string{"talk", "talk/1", "never was"}})
		roomOf(t, s, ref("2"), "", "")
		roomOf(t, s, ref("1"), k.ID, "triage")
		// What was lost and posted again in one go stands at its new place.
		settled(t, s, k.ID, store.Outcome{Lost: []string{"triage"}, Refs: map[string]chat.Ref{"triage": ref("4")}})
		roomOf(t, s, ref("1"), "", "")
		roomOf(t, s, ref("4"), k.ID, "triage")
		settled(t, s, k.ID, store.Outcome{Refs: map[string]chat.Ref{"triage": ref("5")}})
		roomOf(t, s, ref("4"), "", "")
		roomOf(t, s, ref("5"), k.ID, "triage")
		w := leased(t, s, k.ID, "me", 0, 1)
		same(t, "refs", w.Refs, map[string]chat.Ref{"triage": ref("5")})
	}},
	{"LostLeaseWritesNothing", func(t *testing.T, s *box) {
		k := create(t, s, sample(1), delivery("a", start))
		w := leased(t, s, k.ID, "me", 0, 1)
		leased(t, s, k.ID, "you", 2, 3)
		err := s.Settle(t.Context(), w, store.Outcome{
			Done: []string{"a"}, Refs: map[string]chat.Ref{"triage": ref("1")},
			Dead: []store.Dead{{Delivery: delivery("x", start), Ticket: k.ID, Since: start}},
		})
		wantErr(t, "Settle", err, store.ErrConflict)
		roomOf(t, s, ref("1"), "", "")
		if list, err := s.Dead(t.Context(), 10); err != nil || len(list) > 0 {
			t.Errorf("a lost lease wrote %v, error %v", list, err)
		}
	}},
}
