package store

import (
	"reflect"
	"testing"
	"time"

	"balie/internal/ticket"
)

// Every time anywhere in a ticket must be normalised, also in a field that is added one day.
func TestNormalReachesEveryTime(t *testing.T) {
	odd := time.Date(2026, 3, 2, 10, 0, 0, 123456789, time.FixedZone("", 3600))
	want := time.Date(2026, 3, 2, 9, 0, 0, 123000000, time.UTC)
	var in ticket.Ticket
	if n := fill(reflect.ValueOf(&in).Elem(), odd); n < 10 {
		t.Fatalf("only %d times found in a ticket", n)
	}
	before := in.Entries[0].At
	out := Normal(in)
	eachTime(t, "Ticket", reflect.ValueOf(out), want)
	if in.Entries[0].At != before {
		t.Error("Normal changed the entries that it was given")
	}
	if again := Normal(out); &again.Entries[0] != &out.Entries[0] {
		t.Error("Normal copied entries that needed no change")
	}
}

// fill sets every time in v to at, with one element in each list, and says how many there are.
func fill(v reflect.Value, at time.Time) (n int) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(at))
		return 1
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			n += fill(v.Field(i), at)
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		n = fill(v.Index(0), at)
	}
	return n
}

func eachTime(t *testing.T, path string, v reflect.Value, want time.Time) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		if got := v.Interface().(time.Time); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			eachTime(t, path+"."+v.Type().Field(i).Name, v.Field(i), want)
		}
	case v.Kind() == reflect.Slice && v.Len() > 0:
		eachTime(t, path+"[0]", v.Index(0), want)
	}
}
