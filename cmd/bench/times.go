package main

import (
	"sync"
	"time"
)

// timings are durations that are measured within a window of time, from many goroutines.
type timings struct {
	mu         sync.Mutex
	start, end time.Time
	samples    samples
}

func newTimings() *timings { return &timings{samples: samples{}} }

// during says when it counts.
func (t *timings) during(start, end time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start, t.end = start, end
}

// add adds a duration that ended now.
func (t *timings) add(step string, d time.Duration) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.After(t.start) && now.Before(t.end) {
		t.samples.add(step, d)
	}
}

// taken are the durations so far.
func (t *timings) taken() samples {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := samples{}
	all.merge(t.samples)
	return all
}
