package inbox

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Steps does what has to be done after something was missed, one step after the other. NewSteps makes one.
type Steps struct{ wake chan struct{} }

// NewSteps makes one that waits for Nudge.
func NewSteps() Steps { return Steps{make(chan struct{}, 1)} }

// Nudge has the next step done now. It does not block.
func (s Steps) Nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run does the steps until ctx ends. Each says how long to wait before the next one; a negative time means until Nudge. After
// an error it is that long at least, and about as long as the pause, which begins with retry and doubles up to PauseMax. Of
// the second error in a row failed is told.
func (s Steps) Run(ctx context.Context, retry time.Duration, step func(context.Context) (time.Duration, error), failed func(error)) {
	pause, failures := retry, 0
	for {
		wait, err := step(ctx)
		if err != nil && ctx.Err() == nil {
			if failures++; failures == 2 { // once may be an accident
				failed(err)
			}
			wait, pause = max(Jitter(pause), wait), min(2*pause, PauseMax)
		} else if err == nil {
			pause, failures = retry, 0
		}
		var later <-chan time.Time
		if wait >= 0 {
			later = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-later:
		case <-s.wake:
		}
	}
}

// Next is what to read now of all that has to be read, or how long to wait for something: a negative time where there is
// nothing. When says of each how high it ranks, the lowest number first, and not before when it is read; those of a rank come
// in their order.
func Next[K comparable, W any](all map[K]W, now time.Time, order func(a, b K) int, when func(W) (rank int, at time.Time)) (
	first K, found bool, wait time.Duration,
) {
	wait = -1
	best := 0
	for _, id := range slices.SortedFunc(maps.Keys(all), order) {
		rank, at := when(all[id])
		if d := at.Sub(now); d > 0 {
			if wait < 0 || d < wait {
				wait = d
			}
		} else if !found || rank < best {
			first, found, best = id, true, rank
		}
	}
	return first, found, wait
}
