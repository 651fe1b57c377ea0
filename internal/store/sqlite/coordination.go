package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"balie/internal/store"
)

// Next counts the counter up. See store.Coordination.
func (s *Store) Next(ctx context.Context, counter string) (n int64, err error) {
	err = s.write(ctx, "count up", func(w *conn) error { return w.one(counterNext, args(counter), &n) })
	return n, err
}

// Setting is the value kept under the name. See store.Coordination.
func (s *Store) Setting(ctx context.Context, name string, make func() ([]byte, error)) (value []byte, err error) {
	const doing = "read the setting"
	get := func(c *conn) error { return c.one(settingGet, args(name), &value) }
	if err := s.read(ctx, doing, get); !errors.Is(err, store.ErrNotFound) {
		return value, err
	}
	s.making.Lock()
	defer s.making.Unlock()
	if err := s.read(ctx, doing, get); !errors.Is(err, store.ErrNotFound) {
		return value, err
	}
	if value, err = make(); err != nil {
		return nil, fmt.Errorf("make the setting %s: %w", name, err)
	}
	return value, s.putSetting(ctx, "keep the setting", name, value)
}

func (s *Store) putSetting(ctx context.Context, doing, name string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return s.write(ctx, doing, func(w *conn) error {
		_, err := w.exec(settingPut, name, value)
		return err
	})
}

// leases are the leases that are held, by name.
type leases struct {
	mu   sync.Mutex
	held map[string]held
}

type held struct {
	owner string
	until time.Time
}

// Hold takes or renews the lease. See store.Coordination.
func (s *Store) Hold(ctx context.Context, name, owner string, now, until time.Time) (bool, error) {
	if err := s.usable(ctx); err != nil {
		return false, fmt.Errorf("take the lease %s: %w", name, err)
	}
	l := &s.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	if h, ok := l.held[name]; ok && h.owner != owner && h.until.After(now) {
		return false, nil
	}
	if l.held == nil {
		l.held = map[string]held{}
	}
	l.held[name] = held{owner, until}
	return true, nil
}

// Release gives the lease back. See store.Coordination.
func (s *Store) Release(ctx context.Context, name, owner string) error {
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("give the lease %s back: %w", name, err)
	}
	l := &s.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[name].owner == owner {
		delete(l.held, name)
	}
	return nil
}
