package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// dumped is a dump in the order it came.
func dumped(t *testing.T, s store.Store) (items []store.Item) {
	t.Helper()
	must(t, s.Dump(t.Context(), func(i store.Item) error {
		items = append(items, store.Item{Kind: i.Kind, Body: slices.Clone(i.Body)})
		return nil
	}))
	return items
}

// sorted are the items as text, in an order that does not depend on the engine.
func sorted(items []store.Item) (out []string) {
	for _, i := range items {
		out = append(out, i.Kind+" "+string(i.Body))
	}
	slices.Sort(out)
	return out
}

// furnish keeps something of every kind.
func furnish(t *testing.T, s store.Store) {
	t.Helper()
	for n := range 5 {
		k := sample(n)
		k.Description = Awkward
		k.NextDue = minute(n)
		create(t, s, k, delivery(fmt.Sprint("a", n), start), delivery(fmt.Sprint("b", n), minute(n)))
	}
	k := load(t, s, sample(0).ID)
	for range 2 * store.KeepEntries {
		k = with(k, ticket.Entry{Kind: ticket.EntryReply, Audience: ticket.Public, Text: fmt.Sprint("entry ", k.Last+1)})
	}
	save(t, s, k, delivery("c0", start))
	w := leased(t, s, sample(1).ID, "me", 0, 1)
	must(t, s.Settle(t.Context(), w, store.Outcome{
		Done: []string{"a1"}, Refs: map[string]chat.Ref{"triage": ref("1"), "talk/1": ref("2")},
		Dead: []store.Dead{{Delivery: w.Pending[1], Ticket: w.Ticket.ID, Key: w.Ticket.Key, Reason: Awkward, Since: minute(3)}},
	}))
	must(t, s.SavePerson(t.Context(), person("ana", account("slack", "U1"), account("discord", "7"))))
	must(t, s.SaveDraft(t.Context(), store.Draft{Person: "ana", Form: "open", Values: chat.Values{"a": {"b"}}, At: minute(1)}))
	for n, size := range []int{0, 100, 2*store.ChunkSize + 1} {
		must(t, s.PutFile(t.Context(), store.FileInfo{ID: fmt.Sprint("f", n), Name: "a.png"}, bytes.NewReader(content(uint64(n), size))))
	}
	for n := range 3 {
		must(t, s.PutRecord(t.Context(), record(fmt.Sprint(n), "g", fmt.Sprint(n))))
		_, err := s.Next(t.Context(), "HD-")
		must(t, err)
	}
	_, err := s.Setting(t.Context(), "secret", func() ([]byte, error) { return []byte{0, 0xff}, nil })
	must(t, err)
	if ok, err := s.Hold(t.Context(), "socket", "me", start, minute(60)); err != nil || !ok {
		t.Fatalf("Hold: %v, error %v", ok, err)
	}
}

var dumpTests = []test{
	{"RoundTrip", func(t *testing.T, s *box) {
		furnish(t, s)
		items := dumped(t, s)
		kinds := map[string]int{}
		for _, i := range items {
			kinds[i.Kind]++
		}
		same(t, "kinds", kinds, map[string]int{
			store.KindTicket: 5, store.KindEntry: store.KeepEntries + 1, store.KindPerson: 1, store.KindDraft: 1, store.KindFile: 3,
			store.KindChunk: 4, store.KindRecord: 3, store.KindCounter: 1, store.KindSetting: 1, store.KindDead: 1,
		})
		before := load(t, s, sample(0).ID)
		s.empty(t)
		must(t, store.RestoreAll(t.Context(), s, func(yield func(store.Item, error) bool) {
			for _, i := range items {
				if !yield(i, nil) {
					return
				}
			}
		}))
		same(t, "dump of the second store", sorted(dumped(t, s)), sorted(items))
		s.reopen()
		same(t, "dump after a restart", sorted(dumped(t, s)), sorted(items))
		// What leads to the documents was restored, too.
		same(t, "ticket", load(t, s, before.ID), before)
		if all := timeline(t, s, before.ID); len(all) != before.Last {
			t.Errorf("the timeline has %d entries, want %d", len(all), before.Last)
		}
		roomOf(t, s, ref("1"), sample(1).ID, "triage")
		found(t, s, "tickets of the team", byTeam, 4, 3, 2, 1, 0)
		found(t, s, "words", store.Query{Person: "ana", Words: []string{"printer", "HD-00003"}}, 3)
		for n, size := range []int{0, 100, 2*store.ChunkSize + 1} {
			wantFile(t, s, store.FileInfo{ID: fmt.Sprint("f", n), Name: "a.png"}, content(uint64(n), size))
		}
		got, err := s.PersonByIdentity(t.Context(), account("discord", "7"))
		must(t, err)
		same(t, "version of the person", got.Version, int64(1))
		_, err = s.PersonByEmail(t.Context(), "ANA@example.org")
		must(t, err)
		if n, err := s.Next(t.Context(), "HD-"); err != nil || n != 4 {
			t.Errorf("the counter goes on with %d, error %v", n, err)
		}
		_, err = s.TicketByEvent(t.Context(), "event-3")
		must(t, err)
		due, err := s.Due(t.Context(), minute(1), 10)
		must(t, err)
		same(t, "due", due, []string{sample(0).ID, sample(1).ID})
		backlog(t, s, 4, start)
		w := leased(t, s, sample(0).ID, "me", 0, 1)
		same(t, "pending", ids(w.Pending), []string{"a0", "b0", "c0"})
		// And the restored documents can be worked with.
		must(t, s.Settle(t.Context(), w, store.Outcome{Done: ids(w.Pending)}))
		save(t, s, with(load(t, s, before.ID), ticket.Entry{Kind: ticket.EntryNote, Text: "go on"}))
		wantErr(t, "Create of what was restored", s.Create(t.Context(), sample(2), nil), store.ErrExists)
	}},
	{"Stops", func(t *testing.T, s *box) {
		furnish(t, s)
		full := errors.New("no space left")
		seen := 0
		err := s.Dump(t.Context(), func(store.Item) error {
			if seen++; seen == 3 {
				return full
			}
			return nil
		})
		wantErr(t, "Dump", err, full)
		if seen != 3 {
			t.Errorf("the dump went on to item %d", seen)
		}
		create(t, s, sample(50))
	}},
	{"BadItems", func(t *testing.T, s *box) {
		for _, i := range []store.Item{
			{}, {Kind: "spaceship", Body: []byte("{}")}, {Kind: store.KindTicket, Body: []byte("{")},
			{Kind: store.KindTicket}, {Kind: store.KindPerson, Body: []byte(`{"version":"x"}`)},
		} {
			if err := s.Restore(t.Context(), i); err == nil {
				t.Errorf("the item %s %q was restored", i.Kind, i.Body)
			}
		}
		broken := errors.New("unexpected end")
		wantErr(t, "RestoreAll", store.RestoreAll(t.Context(), s, func(yield func(store.Item, error) bool) {
			yield(store.Item{}, broken)
		}), broken)
	}},
}
