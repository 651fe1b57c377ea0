package storetest

import (
	"fmt"
	"testing"

	"balie/internal/store"
)

func record(id, group, order string) store.Record {
	return store.Record{Space: "chat", ID: id, Group: group, Order: order, Body: []byte("body of " + id)}
}

func listed(t *testing.T, s store.Store, group, before string, limit int) (out []string) {
	t.Helper()
	list, err := s.ListRecords(t.Context(), "chat", group, before, limit)
	must(t, err)
	for _, r := range list {
		out = append(out, r.ID)
	}
	return out
}

var recordTests = []test{
	{"Put", func(t *testing.T, s *box) {
		r := store.Record{Space: "s.p $", ID: Awkward, Group: "", Order: "", Body: []byte{0, 1, 0xff, 0xfe}}
		must(t, s.PutRecord(t.Context(), r))
		s.reopen()
		got, err := s.Record(t.Context(), r.Space, r.ID)
		must(t, err)
		same(t, "record", got, r)
		r.Group, r.Order, r.Body = "other", "9", nil
		must(t, s.PutRecord(t.Context(), r))
		got, err = s.Record(t.Context(), r.Space, r.ID)
		must(t, err)
		same(t, "record put again", got, r)
		list, err := s.ListRecords(t.Context(), r.Space, "", "", 10)
		must(t, err)
		same(t, "its old group", list, nil)
		_, err = s.Record(t.Context(), "chat", r.ID)
		wantErr(t, "a record of another space", err, store.ErrNotFound)
	}},
	{"Add", func(t *testing.T, s *box) {
		first := record("1", "g", "a")
		got, added, err := s.AddRecord(t.Context(), first)
		must(t, err)
		same(t, "added", got, first)
		other := record("1", "h", "b")
		kept, again, err := s.AddRecord(t.Context(), other)
		must(t, err)
		same(t, "kept", kept, first)
		if !added || again {
			t.Errorf("added was %v, then %v", added, again)
		}
		elsewhere := other
		elsewhere.Space = "forms"
		if _, added, err := s.AddRecord(t.Context(), elsewhere); err != nil || !added {
			t.Errorf("the same id in another space: added %v, error %v", added, err)
		}
	}},
	{"AddAtOnce", func(t *testing.T, s *box) {
		var added [atOnce]bool
		var kept [atOnce]store.Record
		for _, err := range together(atOnce, func(i int) (err error) {
			kept[i], added[i], err = s.AddRecord(t.Context(), record("1", "g", fmt.Sprint(i)))
			return err
		}) {
			must(t, err)
		}
		won := 0
		for i := range added {
			if added[i] {
				won++
			}
			same(t, "kept", kept[i], kept[0])
		}
		if won != 1 {
			t.Errorf("the record was added %d times", won)
		}
	}},
	{"List", func(t *testing.T, s *box) {
		for _, order := range []string{"b", "a", "é", "B", "10", "9", "~", "ab"} {
			must(t, s.PutRecord(t.Context(), record("id-"+order, "g", order)))
		}
		must(t, s.PutRecord(t.Context(), record("x", "h", "b")))
		all := []string{"id-é", "id-~", "id-b", "id-ab", "id-a", "id-B", "id-9", "id-10"}
		same(t, "all", listed(t, s, "g", "", 100), all)
		same(t, "first page", listed(t, s, "g", "", 3), all[:3])
		same(t, "second page", listed(t, s, "g", "b", 3), all[3:6])
		same(t, "last page", listed(t, s, "g", "B", 3), all[6:])
		same(t, "before the lowest", listed(t, s, "g", "10", 3), nil)
		same(t, "no group", listed(t, s, "", "", 3), nil)
		// A record that moves is listed where it is now.
		must(t, s.PutRecord(t.Context(), record("id-a", "g", "z")))
		must(t, s.PutRecord(t.Context(), record("id-b", "h", "a")))
		s.reopen()
		same(t, "after moves", listed(t, s, "g", "", 100), []string{"id-é", "id-~", "id-a", "id-ab", "id-B", "id-9", "id-10"})
		same(t, "the other group", listed(t, s, "h", "", 100), []string{"x", "id-b"})
	}},
	{"Delete", func(t *testing.T, s *box) {
		must(t, s.PutRecord(t.Context(), record("1", "g", "a")))
		must(t, s.PutRecord(t.Context(), record("2", "g", "b")))
		must(t, s.DeleteRecord(t.Context(), "chat", "1"))
		must(t, s.DeleteRecord(t.Context(), "chat", "1"))
		must(t, s.DeleteRecord(t.Context(), "other", "2"))
		_, err := s.Record(t.Context(), "chat", "1")
		wantErr(t, "Record after it was deleted", err, store.ErrNotFound)
		same(t, "the rest", listed(t, s, "g", "", 10), []string{"2"})
	}},
}
