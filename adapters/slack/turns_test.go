package slack

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// What took its turn first happens first, whoever gives up.
func TestTurns(t *testing.T) {
	var all turns
	var mu sync.Mutex
	var order []int
	var wg sync.WaitGroup
	first := all.take("general")
	for n := range 20 {
		turn := all.take("general")
		wg.Go(func() {
			defer turn.end()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if n%3 == 1 {
				cancel()
			}
			if err := turn.wait(ctx); err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			order = append(order, n)
		})
	}
	other := all.take("other")
	if err := other.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.end()
	if err := first.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	first.end()
	wg.Wait()
	if !slices.IsSorted(order) || len(order) < 13 {
		t.Errorf("the order is %v", order)
	}
	last := all.take("general")
	if err := last.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	last.end()
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.lasts) != 0 {
		t.Errorf("%d keys are kept", len(all.lasts))
	}
}
