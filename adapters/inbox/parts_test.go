package inbox

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
)

func TestWhatWasMissedComesInParts(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		b.Limit(10)
		b.HoldRoom("c")
		b.Add(o.thing("c", "t", 7, nil)) // heard meanwhile
		var want []string
		part := func(n ...int) (items []*Item) {
			for _, n := range n {
				items = append(items, o.thing("c", "t", n, nil))
				want = append(want, fmt.Sprintf("c/t/%d", n))
			}
			return items
		}
		for _, n := range [][]int{{1, 2}, nil, {3, 4}} {
			b.Part("c", part(n...))
			synctest.Wait()
			equal(t, "of the parts", o.all(), want...)
		}
		b.Add(o.thing("c", "t", 8, nil))
		synctest.Wait()
		equal(t, "while more is to come", o.all(), want...)
		b.Release("c", part(5, 6))
		synctest.Wait()
		equal(t, "in the end", o.all(), append(want, "c/t/7", "c/t/8")...)
		if b.count != 0 || b.later != 0 || len(b.rooms) != 0 {
			t.Errorf("count %d, later %d, %d rooms are left", b.count, b.later, len(b.rooms))
		}
	})
}

// TestAPartHoldsItsChannel although it is the first that is heard of that.
func TestAPartHoldsItsChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		b.Limit(4)
		gate := make(chan bool)
		waits := func() error { <-gate; return nil }
		b.Part("c", []*Item{o.thing("c", "t", 1, waits), o.thing("c", "t", 2, waits), o.thing("c", "t", 3, waits)})
		b.Add(o.thing("c", "t", 9, nil))
		if low := b.Floor(); low != 1 || !b.Full() || b.later != 1 {
			t.Errorf("the floor is %d, %d wait for later, full: %t", low, b.later, b.Full())
		}
		for range 3 {
			gate <- true
		}
		synctest.Wait()
		equal(t, "before the end", o.all(), "c/t/1", "c/t/2", "c/t/3")
		b.Release("c", nil)
		synctest.Wait()
		if !slices.Equal(o.all(), []string{"c/t/1", "c/t/2", "c/t/3", "c/t/9"}) {
			t.Errorf("told %v", o.all())
		}
	})
}
