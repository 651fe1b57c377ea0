package fakeserver

import "slices"

// Recent is a list of what came lately. The zero value keeps nothing for long: Keep says how much.
type Recent[T any] struct {
	Keep int // so many at least; when there are twice as many the older half goes
	list []T
}

// Add adds what came last.
func (r *Recent[T]) Add(v T) {
	if len(r.list) >= 2*r.Keep {
		r.list = slices.Clone(r.list[len(r.list)-r.Keep:])
	}
	r.list = append(r.list, v)
}

// All are those that are kept, the oldest first.
func (r *Recent[T]) All() []T { return slices.Clone(r.list) }
