package fakeserver

import (
	"context"
	"slices"
	"time"
)

// Faults are what a test asked to go wrong with calls, by what the fake names them; an empty name is any call. F is how a
// call fails. They are guarded by the fake's lock: all methods are called with it.
type Faults[F any] struct {
	host     *Host
	failures []*failure[F]
	delays   map[string]time.Duration
	holds    map[string][]<-chan struct{}
}

// failure is a fault that was asked for.
type failure[F any] struct {
	name string
	left int
	how  F
}

// NewFaults are those of a running fake, none yet.
func NewFaults[F any](h *Host) Faults[F] {
	return Faults[F]{host: h, delays: map[string]time.Duration{}, holds: map[string][]<-chan struct{}{}}
}

// FailNext has the next n calls fail; n below 0 is all from now on. With n = 0 none of that name fails any more.
func (f *Faults[F]) FailNext(name string, n int, how F) {
	if n == 0 {
		f.failures = slices.DeleteFunc(f.failures, func(old *failure[F]) bool { return old.name == name })
		return
	}
	f.failures = append(f.failures, &failure[F]{name: name, left: n, how: how})
}

// Delay has each call wait before it does anything; 0 ends it.
func (f *Faults[F]) Delay(name string, d time.Duration) { f.delays[name] = d }

// Hold has the next call wait until release is called, which is done without the lock.
func (f *Faults[F]) Hold(name string) (release func()) {
	gate, release := f.host.Hold()
	f.holds[name] = append(f.holds[name], gate)
	return release
}

// Next is what goes wrong with a call that came: how it fails, nil if it doesn't, and how long it has to wait first.
func (f *Faults[F]) Next(name string) (how *F, wait Pause) {
	wait.For = max(f.delays[name], f.delays[""])
	if held := f.holds[name]; len(held) > 0 {
		wait.gate = held[0]
		f.holds[name] = held[1:]
	}
	i := slices.IndexFunc(f.failures, func(asked *failure[F]) bool { return asked.name == "" || asked.name == name })
	if i < 0 {
		return nil, wait
	}
	asked := f.failures[i]
	if asked.left--; asked.left == 0 {
		f.failures = slices.Delete(f.failures, i, i+1)
	}
	return &asked.how, wait
}

// Pause is how long a call waits before it does anything: first until it is let go on, then for a time.
type Pause struct {
	For  time.Duration
	gate <-chan struct{} // nil if nobody holds it
}

// Wait waits, for the time until the context ends at most. What is held is let go when the server closes.
func (p Pause) Wait(ctx context.Context) {
	if p.gate != nil {
		<-p.gate
	}
	if p.For > 0 {
		select {
		case <-time.After(p.For):
		case <-ctx.Done():
		}
	}
}
