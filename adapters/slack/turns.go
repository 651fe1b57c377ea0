package slack

import (
	"context"
	"sync"
)

// turns lets things with the same key happen one by one, in the order in which their turns were taken.
type turns struct {
	mu    sync.Mutex
	lasts map[string]chan struct{}
}

// turn is one of them. Whoever takes one ends it.
type turn struct {
	of     *turns
	key    string
	before <-chan struct{} // closed when it is this one's turn; nil if it is at once
	done   chan struct{}
}

func (t *turns) take(key string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lasts == nil {
		t.lasts = map[string]chan struct{}{}
	}
	mine := &turn{of: t, key: key, done: make(chan struct{})}
	if last, ok := t.lasts[key]; ok {
		mine.before = last
	}
	t.lasts[key] = mine.done
	return mine
}

// wait waits for the turn, or until ctx ends.
func (t *turn) wait(ctx context.Context) error {
	if t.before == nil {
		return nil
	}
	select {
	case <-t.before:
		t.before = nil
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end lets the next one have its turn, once this one's has come.
func (t *turn) end() {
	if t.before != nil { // given up before
		go func(before <-chan struct{}) {
			<-before
			t.over()
		}(t.before)
		return
	}
	t.over()
}

func (t *turn) over() {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	close(t.done)
	if t.of.lasts[t.key] == t.done {
		delete(t.of.lasts, t.key)
	}
}
