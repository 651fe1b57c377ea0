package app

import (
	"context"
	"crypto/rand"
	"time"

	"balie/internal/store"
)

// lease is what one of several processes on one store holds.
type lease struct {
	store       store.Store
	name, owner string
}

func newLease(s store.Store, name string) lease {
	return lease{store: s, name: name, owner: rand.Text()}
}

// Hold takes or renews the lease for a while, and says whether this process has it. Processes' clocks may differ by less
// than that.
func (l lease) Hold(ctx context.Context, lasts time.Duration) (bool, error) {
	now := time.Now().UTC()
	return l.store.Hold(ctx, l.name, l.owner, now, now.Add(lasts))
}

// Release gives it back.
func (l lease) Release(ctx context.Context) error { return l.store.Release(ctx, l.name, l.owner) }
