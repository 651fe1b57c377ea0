package storetest

import (
	"testing"

	"balie/internal/store"
	"balie/internal/ticket"
)

var queueTests = []test{
	{"Unassigned", func(t *testing.T, s *box) {
		for n := range 8 {
			k := sample(n)
			switch n {
			case 1:
				k.Assignee = "bram"
			case 3:
				k.Phase = ticket.Resolved
			case 4:
				k.Team = "hr"
			case 6:
				k.Assignee, k.Phase = "bram", ticket.Closed
			}
			create(t, s, k)
		}
		nobodys := store.Query{Team: "ict", Unassigned: true}
		found(t, s, "newest", nobodys, 7, 5, 2, 0)
		found(t, s, "open", store.Query{Team: "ict", Unassigned: true, Open: &yes}, 7, 5, 2, 0)
		nobodys.Order = store.Oldest
		found(t, s, "oldest", nobodys, 0, 2, 5, 7)
		found(t, s, "other team", store.Query{Team: "hr", Unassigned: true}, 4)
		found(t, s, "no team", store.Query{Team: "ic", Unassigned: true})
		for n, f := range map[int]func(*ticket.Ticket){
			0: func(k *ticket.Ticket) { k.Assignee = "bram" },
			1: func(k *ticket.Ticket) { k.Assignee = "" },
			2: func(k *ticket.Ticket) { k.Phase = ticket.Closed },
			3: func(k *ticket.Ticket) { k.Phase = ticket.InProgress },
			4: func(k *ticket.Ticket) { k.Team = "ict" },
			5: func(k *ticket.Ticket) { k.Summary = "still nobody's" },
			7: func(k *ticket.Ticket) { k.Team = "hr" },
		} {
			must(t, change(t.Context(), s, sample(n).ID, f))
		}
		s.reopen()
		found(t, s, "after changes", nobodys, 1, 3, 4, 5)
		found(t, s, "other team after changes", store.Query{Team: "hr", Unassigned: true}, 7)
	}},
	{"Waiting", func(t *testing.T, s *box) {
		said := func(k ticket.Ticket, kind ticket.EntryKind, at int) ticket.Ticket {
			if kind == ticket.EntryReply && k.AnswerAt.IsZero() {
				k.AnswerAt = minute(at)
			}
			return with(k, ticket.Entry{Kind: kind, Audience: ticket.Public, At: minute(at), Text: "said"})
		}
		for n := range 8 {
			k := sample(n)
			switch n {
			case 0: // answered
				k = said(k, ticket.EntryReply, 20)
			case 1: // answered, and asked again
				k = said(said(k, ticket.EntryReply, 20), ticket.EntryMessage, 30)
			case 2:
				k.Phase = ticket.Closed
			case 3:
				k.Team = "hr"
			case 4: // long ago, before the time that computers count from
				k.Opened = minute(-60 * 24 * 365 * 80)
			case 6: // at the same time as 5
				k.Opened = sample(5).Opened
			}
			create(t, s, k)
		}
		waiting := store.Query{Team: "ict", Order: store.Waiting}
		found(t, s, "waiting", waiting, 4, 5, 6, 7, 1)
		found(t, s, "open", store.Query{Team: "ict", Order: store.Waiting, Open: &yes}, 4, 5, 6, 7, 1)
		found(t, s, "other team", store.Query{Team: "hr", Order: store.Waiting}, 3)
		found(t, s, "no team", store.Query{Team: "ic", Order: store.Waiting})
		for n, f := range map[int]func(*ticket.Ticket){
			0: func(k *ticket.Ticket) { *k = said(*k, ticket.EntryMessage, 40) },
			1: func(k *ticket.Ticket) { *k = said(*k, ticket.EntryMessage, 41) }, // waited before
			2: func(k *ticket.Ticket) { k.Phase = ticket.InProgress },
			3: func(k *ticket.Ticket) { k.Team = "ict" },
			5: func(k *ticket.Ticket) { *k = said(*k, ticket.EntryReply, 42) },
			6: func(k *ticket.Ticket) { k.Phase = ticket.WaitingRequester },
			7: func(k *ticket.Ticket) { *k = said(said(*k, ticket.EntryReply, 43), ticket.EntryMessage, 44) },
		} {
			must(t, change(t.Context(), s, sample(n).ID, f))
		}
		s.reopen()
		found(t, s, "after changes", waiting, 4, 2, 3, 1, 0, 7)
		found(t, s, "other team after changes", store.Query{Team: "hr", Order: store.Waiting})
		p, err := s.Find(t.Context(), store.Query{Team: "ict", Order: store.Waiting, Limit: 2})
		must(t, err)
		// The ticket that the cursor stands at is answered, and so is one before it.
		for _, n := range []int{4, 2} {
			must(t, change(t.Context(), s, sample(n).ID, func(k *ticket.Ticket) { *k = said(*k, ticket.EntryReply, 50) }))
		}
		found(t, s, "the rest", store.Query{Team: "ict", Order: store.Waiting, After: p.Next}, 3, 1, 0, 7)
	}},
}
