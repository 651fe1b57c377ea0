package memo_test

import (
	"strconv"
	"testing"

	"balie/adapters/memo"
)

func TestNew(t *testing.T) {
	m := memo.New[string, int](2)
	m.Add("a", 1)
	m.Add("b", 2)
	m.Get("a")
	m.Add("c", 3)
	if _, ok := m.Get("b"); ok {
		t.Error("what was not used for longest is remembered")
	}
	if v, ok := m.Get("a"); !ok || v != 1 {
		t.Errorf("what was used lately is %d, %t", v, ok)
	}
}

func TestOnce(t *testing.T) {
	asked := 0
	o := memo.Once{Each: func() { asked++ }}
	if !o.First("a") || !o.First("b") || o.First("a") || o.First("b") {
		t.Error("not everything is said once")
	}
	said := 0
	for n := range 10_000 {
		if o.First(strconv.Itoa(n)) {
			said++
		}
	}
	if said < 900 || said > 1100 {
		t.Errorf("of very much that is wrong %d things are said", said)
	}
	if asked != 10_004 {
		t.Errorf("%d times are counted", asked)
	}
}
