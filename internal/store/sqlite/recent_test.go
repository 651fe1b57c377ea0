package sqlite

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// A remembered ticket must share nothing with anybody's, also in a field that is added one day.
func TestCopiesShareNothing(t *testing.T) {
	var in ticket.Ticket
	if n := fillAll(reflect.ValueOf(&in).Elem()); n < 7 {
		t.Fatalf("only %d lists in a ticket", n)
	}
	out := copied(in)
	if !reflect.DeepEqual(in, out) {
		t.Fatal("the copy differs")
	}
	noneShared(t, "Ticket", reflect.ValueOf(in), reflect.ValueOf(out))
}

// fillAll puts an element into every list and map in v, and says how many those are.
func fillAll(v reflect.Value) (n int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return 0
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n += fillAll(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		n = 1 + fillAll(v.Index(0))
	case reflect.Map:
		e := reflect.New(v.Type().Elem()).Elem()
		n = 1 + fillAll(e)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.Zero(v.Type().Key()), e)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		n = 1 + fillAll(v.Elem())
	}
	return n
}

func noneShared(t *testing.T, path string, a, b reflect.Value) {
	if a.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			noneShared(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
			return
		}
		switch a.Kind() {
		case reflect.Slice:
			noneShared(t, path+"[0]", a.Index(0), b.Index(0))
		case reflect.Map:
			k := a.MapKeys()[0]
			noneShared(t, path+"[k]", a.MapIndex(k), b.MapIndex(k))
		case reflect.Pointer:
			noneShared(t, path, a.Elem(), b.Elem())
		}
	}
}

// Whether a ticket is remembered must make no difference: each step is done with the memory and without it, and what is
// read must be the same.
func TestRememberedIsWhatIsKept(t *testing.T) {
	s := testStore(t)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	out := func(ids ...string) (list []store.Delivery) {
		for _, id := range ids {
			list = append(list, store.Delivery{ID: id, At: at, Next: at})
		}
		return list
	}
	ref := func(m string) chat.Ref { return chat.Ref{Platform: "p", Message: m} }
	saw := ""
	// state is what the store says about ticket t1.
	state := func() string {
		k, err := s.Ticket(t.Context(), "t1")
		if err != nil {
			t.Fatal(err)
		}
		w, err := s.Lease(t.Context(), "t1", "state", at, at.Add(time.Minute))
		if err != nil {
			return fmt.Sprintf("%+v nothing to do: %v", k, err)
		}
		s.jobs.giveBack("t1", "state", w.Until)
		if !reflect.DeepEqual(k, w.Ticket) {
			t.Error("Lease and Ticket differ")
		}
		return fmt.Sprintf("%+v %+v %+v", k, w.Pending, w.Refs)
	}
	forget := func() { s.recent = newRecent() }
	settle := func(o store.Outcome) {
		w, err := s.Lease(t.Context(), "t1", "me", at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(t.Context(), w, o); err != nil {
			t.Fatal(err)
		}
	}
	save := func(change func(*ticket.Ticket), ids ...string) {
		k, err := s.Ticket(t.Context(), "t1")
		if err != nil {
			t.Fatal(err)
		}
		change(&k)
		if err := s.Save(t.Context(), k, out(ids...)); err != nil {
			t.Fatal(err)
		}
	}
	steps := []func(){
		func() {
			k := testTicket(1, "text")
			k.Fields = chat.Values{"a": {"b"}}
			if err := s.Create(t.Context(), k, out("a", "b")); err != nil {
				t.Fatal(err)
			}
			k.Fields["a"][0] = "changed by the caller afterwards"
		},
		func() { save(func(k *ticket.Ticket) { k.Summary = "second" }, "c") },
		func() {
			settle(store.Outcome{Done: []string{"a"}, Refs: map[string]chat.Ref{"x": ref("1"), "y": ref("2")}})
		},
		func() {
			settle(store.Outcome{Done: []string{"c"}, Lost: []string{"x"}, Refs: map[string]chat.Ref{"y": ref("3")}})
		},
		func() {
			save(func(k *ticket.Ticket) {
				for n := range store.KeepEntries * 2 {
					k.Entries = append(k.Entries, ticket.Entry{N: n + 1})
				}
			}, "d", "e")
		},
		func() { save(func(k *ticket.Ticket) { k.Summary = "not UTF-8: \xff" }) },
		func() { save(func(k *ticket.Ticket) { k.Summary = "UTF-8 again" }, "f") },
		func() { settle(store.Outcome{Done: []string{"b", "d", "e", "f"}}) },
		func() { save(func(k *ticket.Ticket) { k.Phase = ticket.Closed }, "g") },
	}
	for _, forgetful := range []bool{false, true} {
		for i, step := range steps {
			if forgetful && i == 0 {
				continue // it is there already
			}
			step()
			with := state()
			forget()
			if without := state(); with != without {
				t.Errorf("after step %d it is remembered as\n%s\nand kept as\n%s", i, with, without)
			}
			if with == saw {
				t.Errorf("step %d did not change anything", i)
			}
			saw = with
			if !forgetful {
				save(func(*ticket.Ticket) {}) // remember it again
			}
		}
	}
}

// The memory must stay small, and keep what is in use.
func TestMemoryIsBounded(t *testing.T) {
	r := newRecent()
	doc := make([]byte, 10_000)
	for n := range 10 * recentMax / len(doc) {
		r.created(ticket.Ticket{ID: fmt.Sprint(n)}, doc, pending{}, nil)
		if n > 0 && !r.has("0") {
			t.Fatal("what is in use was forgotten")
		}
		if total := (len(r.young) + len(r.old)) * len(doc); total > 3*recentMax {
			t.Fatalf("%d bytes are remembered", total)
		}
	}
	if r.has("1") {
		t.Error("nothing is ever forgotten")
	}
}
