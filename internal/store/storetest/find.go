package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"balie/internal/store"
	"balie/internal/ticket"
)

// findAll are the ids of all that the query finds, page by page.
func findAll(ctx context.Context, s store.Store, q store.Query) (list []string, err error) {
	for pages := 0; ; pages++ {
		p, err := s.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(p.Tickets) > q.Limit {
			return nil, fmt.Errorf("a page of %d tickets, want at most %d", len(p.Tickets), q.Limit)
		}
		if p.Next != "" && len(p.Tickets) == 0 || pages > 100_000 {
			return nil, fmt.Errorf("the list does not end")
		}
		for _, k := range p.Tickets {
			list = append(list, k.ID)
		}
		if p.Next == "" {
			return list, nil
		}
		q.After = p.Next
	}
}

// found fails the test unless the query finds exactly the tickets with these numbers, in this order, whatever the size
// of a page.
func found(t *testing.T, s store.Store, what string, q store.Query, numbers ...int) {
	t.Helper()
	var want []string
	for _, n := range numbers {
		want = append(want, sample(n).ID)
	}
	for _, q.Limit = range []int{1, 2, 3, 200} {
		got, err := findAll(t.Context(), s, q)
		must(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("%s, pages of %d: found %v, want %v", what, q.Limit, got, want)
		}
	}
}

var (
	yes, no = true, false

	byTeam = store.Query{Team: "ict"}
	byAna  = store.Query{Person: "ana"}
)

var findTests = []test{
	{"Summary", func(t *testing.T, s *box) {
		k := sample(1)
		k.Assignee = "bram"
		create(t, s, k)
		k = load(t, s, k.ID)
		k.Summary, k.Priority, k.Status, k.Phase, k.Updated = Awkward, "low", "wait", ticket.WaitingRequester, minute(9)
		must(t, s.Save(t.Context(), k, nil))
		p, err := s.Find(t.Context(), store.Query{Team: "ict", Limit: 10})
		must(t, err)
		same(t, "page", p, store.Page{Tickets: []store.Summary{{
			ID: k.ID, Key: k.Key, Team: "ict", Category: "printer", Summary: Awkward, Priority: "low", Status: "wait",
			Phase: ticket.WaitingRequester, Requester: "ana", Assignee: "bram", Opened: minute(1), Updated: minute(9),
		}}})
	}},
	{"Selections", func(t *testing.T, s *box) {
		for n := range 8 {
			k := sample(n)
			if n%2 == 1 {
				k.Team = "hr"
			}
			if n%3 == 0 {
				k.Requester = "bea"
			}
			if n == 3 || n == 4 {
				k.Followers = []string{"ana", "dirk"} // ana is the requester of 4, too
			}
			if n >= 5 {
				k.Assignee = "bram"
			}
			if n >= 6 {
				k.Phase = ticket.Closed
			}
			if n == 2 {
				k.Phase = ticket.Resolved
			}
			create(t, s, k)
		}
		bram := store.Query{Assignee: "bram"}
		for _, c := range []struct {
			what    string
			q       store.Query
			numbers []int
		}{
			{"team", byTeam, []int{6, 4, 2, 0}},
			{"other team", store.Query{Team: "hr"}, []int{7, 5, 3, 1}},
			{"no team", store.Query{Team: "i"}, nil},
			{"requester or follower", byAna, []int{7, 5, 4, 3, 2, 1}},
			{"follower", store.Query{Person: "dirk"}, []int{4, 3}},
			{"assignee", bram, []int{7, 6, 5}},
			{"nobody", store.Query{Person: "bram"}, nil},
		} {
			closed := func(n int) bool { return n == 2 || n >= 6 }
			found(t, s, c.what, c.q, c.numbers...)
			c.q.Open = &yes
			found(t, s, "open of "+c.what, c.q, slices.DeleteFunc(slices.Clone(c.numbers), closed)...)
			c.q.Open = &no
			found(t, s, "closed of "+c.what, c.q, slices.DeleteFunc(slices.Clone(c.numbers), func(n int) bool { return !closed(n) })...)
			c.q.Open, c.q.Order = nil, store.Oldest
			slices.Reverse(c.numbers)
			found(t, s, "oldest of "+c.what, c.q, c.numbers...)
		}
		// Lists follow what changes.
		must(t, change(t.Context(), s, sample(7).ID, func(k *ticket.Ticket) { k.Team, k.Phase, k.Assignee = "ict", ticket.InProgress, "" }))
		must(t, change(t.Context(), s, sample(4).ID, func(k *ticket.Ticket) { k.Followers, k.Requester = []string{"zoe"}, "bea" }))
		found(t, s, "team after a move", byTeam, 7, 6, 4, 2, 0)
		found(t, s, "assignee after it was nobody's", bram, 6, 5)
		found(t, s, "person after a change", byAna, 7, 5, 3, 2, 1)
		found(t, s, "a new follower", store.Query{Person: "zoe"}, 4)
		found(t, s, "open after reopening", store.Query{Person: "ana", Open: &yes}, 7, 5, 3, 1)
		found(t, s, "old team after a move", store.Query{Team: "hr", Order: store.Oldest}, 1, 3, 5)
	}},
	{"Ties", func(t *testing.T, s *box) {
		for _, n := range []int{5, 3, 1, 4, 2} {
			k := sample(n)
			k.Opened = start
			create(t, s, k)
		}
		late := sample(0)
		late.Opened = minute(1)
		create(t, s, late)
		early := sample(9)
		early.Opened = minute(-60 * 24 * 365 * 80) // before the time that computers count from
		create(t, s, early)
		found(t, s, "newest", byTeam, 0, 5, 4, 3, 2, 1, 9)
		found(t, s, "words", store.Query{Team: "ict", Words: []string{"printer"}, Order: store.Oldest}, 9, 1, 2, 3, 4, 5, 0)
	}},
	{"BadQuery", func(t *testing.T, s *box) {
		create(t, s, sample(1))
		for what, q := range map[string]store.Query{
			"nothing to lead":            {Limit: 10},
			"two to lead":                {Team: "ict", Person: "ana", Limit: 10},
			"no limit":                   {Team: "ict"},
			"too high a limit":           {Team: "ict", Limit: 201},
			"an unknown order":           {Team: "ict", Limit: 1, Order: "random"},
			"a made-up cursor":           {Team: "ict", Limit: 1, After: "?"},
			"nobody's of a person":       {Person: "ana", Limit: 1, Unassigned: true},
			"nobody's that is closed":    {Team: "ict", Limit: 1, Unassigned: true, Open: &no},
			"nobody's with words":        {Team: "ict", Limit: 1, Unassigned: true, Words: []string{"printer"}},
			"a person's that waits":      {Person: "ana", Limit: 1, Order: store.Waiting},
			"what waits and is closed":   {Team: "ict", Limit: 1, Order: store.Waiting, Open: &no},
			"what waits with words":      {Team: "ict", Limit: 1, Order: store.Waiting, Words: []string{"printer"}},
			"what waits and is nobody's": {Team: "ict", Limit: 1, Order: store.Waiting, Unassigned: true},
			"what waits after no cursor": {Team: "ict", Limit: 1, Order: store.Waiting, After: "?"},
			"a foreign cursor":           {Team: "ict", Limit: 1, After: "65f1c0de65f1c0de65f1c0de"},
		} {
			if p, err := s.Find(t.Context(), q); err == nil {
				t.Errorf("a query with %s gave %v", what, p)
			}
		}
	}},
	{"Words", func(t *testing.T, s *box) {
		a, b := sample(12), sample(34)
		a.Summary, a.Description = "Crème brûlée machine", "Straße 5. See HD-00034"
		b.Summary, b.Description = "Printer", "打印机坏了"
		b = with(b, ticket.Entry{Kind: ticket.EntryReply, Audience: ticket.Public, Text: "We will bring a CREAMY toner"})
		b = with(b, ticket.Entry{Kind: ticket.EntryNote, Audience: ticket.TeamOnly, Text: "brûlée secretword"})
		create(t, s, a)
		create(t, s, b)
		other := sample(99)
		other.Team, other.Requester, other.Summary = "hr", "bea", "Creme toner"
		create(t, s, other)
		for text, numbers := range map[string][]int{
			"creme":           {12},
			"CRÈME":           {12},
			"crem":            {12},
			"cre":             {34, 12},
			"c":               {34, 12},
			"cre mach":        nil, // only the last word may be a beginning
			"machine cre":     {12},
			"creme brulee":    {12},
			"strasse":         {12},
			"HD-00012":        {12},
			"hd-00034":        {34, 12},
			"00034":           {34, 12},
			"34":              {34, 12},
			"hd":              {34, 12},
			"印":               {34},
			"打印机":             {34},
			"bring toner":     {34},
			"toner bring":     {34},
			"secretword":      nil,
			"secret":          nil,
			"printer brulee":  nil,
			"nowhere":         nil,
			`" OR creme`:      nil,
			"creme*":          {12},
			"NOT creme":       nil,
			"team:ict creme":  nil,
			"summary : creme": nil,
		} {
			for what, q := range map[string]store.Query{"team": {Team: "ict"}, "person": {Person: "ana"}} {
				q.Words = store.Tokens(text)
				found(t, s, fmt.Sprintf("%q by %s", text, what), q, numbers...)
				q.Words = strings.Fields(text) // as they were typed
				found(t, s, fmt.Sprintf("%q as typed by %s", text, what), q, numbers...)
			}
		}
		found(t, s, "words that are none", store.Query{Team: "ict", Words: []string{"!?"}})
		found(t, s, "words of somebody else's", store.Query{Person: "bea", Words: []string{"creme"}}, 99)
		found(t, s, "words of nobody's", store.Query{Person: "BEA", Words: []string{"creme"}})
	}},
	{"WordsFollowChanges", func(t *testing.T, s *box) {
		k := create(t, s, sample(1))
		create(t, s, sample(2))
		k.Summary, k.Assignee = "Scanner", "bram"
		k = with(k, ticket.Entry{Kind: ticket.EntryReply, Audience: ticket.Public, Text: "wrong words"})
		k = save(t, s, k)
		find := func(word string) store.Query { return store.Query{Team: "ict", Words: []string{word}} }
		found(t, s, "old summary", find("printer"), 2)
		found(t, s, "new summary", find("scanner"), 1)
		found(t, s, "entry", find("wrong"), 1)
		found(t, s, "assignee's", store.Query{Assignee: "bram", Words: []string{"scanner"}}, 1)
		k.Entries[1].Text, k.Phase, k.Assignee, k.Followers = "right words", ticket.Closed, "carla", []string{"dirk"}
		k = save(t, s, k)
		s.reopen()
		found(t, s, "entry before it was edited", find("wrong"))
		found(t, s, "edited entry", find("right"), 1)
		found(t, s, "no longer assignee's", store.Query{Assignee: "bram", Words: []string{"scanner"}})
		found(t, s, "new assignee's", store.Query{Assignee: "carla", Words: []string{"scanner"}}, 1)
		found(t, s, "follower's", store.Query{Person: "dirk", Words: []string{"scanner"}}, 1)
		found(t, s, "open", store.Query{Team: "ict", Open: &yes, Words: []string{"sca"}})
		found(t, s, "closed", store.Query{Team: "ict", Open: &no, Words: []string{"scan"}}, 1)
		k.Team = "hr"
		save(t, s, k)
		found(t, s, "moved away", find("scanner"))
		found(t, s, "moved here", store.Query{Team: "hr", Words: []string{"scanner"}}, 1)
	}},
}

var pagingTests = []test{
	{"WhileTicketsCome", func(t *testing.T, s *box) {
		// Tickets that are there all the time must be seen once each, however many come and change meanwhile.
		const there, come = 120, 200
		var want []string
		for n := range there {
			k := sample(2 * n)
			k.Opened = minute(n / 4) // several at the same time
			create(t, s, k)
			want = append(want, k.ID)
		}
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		writers := make(chan error, 1)
		go func() {
			writers <- func() error {
				random := rand.New(rand.NewPCG(1, 2))
				for i := 0; ; i++ {
					if ctx.Err() != nil {
						return nil
					}
					if i < come {
						k := sample(10_000 + i)
						k.Opened = minute(random.IntN(there / 4))
						if err := s.Create(context.WithoutCancel(ctx), k, nil); err != nil {
							return err
						}
					}
					err := change(context.WithoutCancel(ctx), s, want[random.IntN(there)], func(k *ticket.Ticket) {
						k.Updated, k.Reopened = minute(i), i
						k.Summary = fmt.Sprintf("Printer, changed %d times", i)
					})
					if err != nil {
						return err
					}
				}
			}()
		}()
		for _, q := range []store.Query{
			byTeam, byAna, {Team: "ict", Open: &yes, Order: store.Oldest}, {Person: "ana", Order: store.Oldest},
			{Team: "ict", Words: []string{"printer"}}, {Person: "ana", Words: []string{"prin"}, Order: store.Oldest},
		} {
			q.Limit = 7
			got, err := findAll(t.Context(), s, q)
			must(t, err)
			seen := map[string]int{}
			for _, id := range got {
				seen[id]++
				if seen[id] > 1 {
					t.Errorf("%+v repeats %s", q, id)
				}
			}
			for _, id := range want {
				if seen[id] == 0 {
					t.Errorf("%+v skips %s", q, id)
				}
			}
		}
		stop()
		must(t, <-writers)
	}},
	{"CursorSurvives", func(t *testing.T, s *box) {
		for n := range 5 {
			create(t, s, sample(n))
		}
		p, err := s.Find(t.Context(), store.Query{Team: "ict", Limit: 2})
		must(t, err)
		// The ticket that the cursor stands at leaves the list, and the program is restarted.
		must(t, change(t.Context(), s, sample(3).ID, func(k *ticket.Ticket) { k.Team = "hr" }))
		s.reopen()
		found(t, s, "the rest", store.Query{Team: "ict", After: p.Next}, 2, 1, 0)
	}},
	{"LastPage", func(t *testing.T, s *box) {
		for n := range 4 {
			create(t, s, sample(n))
		}
		for limit, wantNext := range map[int]bool{2: true, 3: true, 4: false, 5: false} {
			p, err := s.Find(t.Context(), store.Query{Team: "ict", Limit: limit})
			must(t, err)
			if (p.Next != "") != wantNext {
				t.Errorf("of 4, a page of %d has the cursor %q", limit, p.Next)
			}
		}
	}},
}
