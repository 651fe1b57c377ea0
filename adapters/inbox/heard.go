package inbox

import (
	"cmp"
	"context"
	"sync"
	"time"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// Heard is up to when everything was heard, but for what the catch-up is after: in milliseconds since 1970, by the platform's
// clock. The zero value has never heard anything.
type Heard struct {
	mu   sync.Mutex
	high int64
}

// High is that time; 0 if nothing was ever heard.
func (h *Heard) High() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.high
}

// Change puts another time in its place, and gives that.
func (h *Heard) Change(to func(high int64) int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.high = to(h.high)
	return h.high
}

// Mark is what something waits with that happened then: the cursor stays below.
func (h *Heard) Mark(at int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(1, min(at, h.high))
}

// Advance moves on to the time of something that was heard. Nothing was heard at a time to come: whoever imports messages may
// date them as they like.
func (h *Heard) Advance(at, now int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.high = max(h.high, min(at, now))
}

// Until is up to when everything was heard and told, where something is missing since the floors; 0 if nothing is known yet.
// They are asked in their order.
func (h *Heard) Until(floors ...func() int64) int64 {
	until := h.High() // first: what is heard in between is later, and waits
	for _, floor := range floors {
		if low := floor(); low != 0 && low <= until {
			until = low - 1
		}
	}
	return until
}

// Earlier is the earlier one of two times, of which 0 is none.
func Earlier(a, b int64) int64 { return min(cmp.Or(a, b), cmp.Or(b, a)) }

// Recall reads what is kept under a name, however long that takes; false if ctx ends first. The pause after the first failure,
// of which failed is told, is retry; it doubles up to PauseMax.
func Recall(ctx context.Context, m chat.Memory, name string, retry time.Duration, failed func(error)) ([]byte, bool) {
	told := false
	for pause := retry; ; pause = min(2*pause, PauseMax) {
		value, err := m.Recall(ctx, name)
		if err == nil {
			return value, true
		}
		if !told && ctx.Err() == nil {
			failed(err)
			told = true
		}
		if upstream.Pause(ctx, Jitter(pause)) != nil {
			return nil, false
		}
	}
}

// KeepOn keeps something every so often until ctx ends. When that begins to fail, failed is told.
func KeepOn(ctx context.Context, every time.Duration, keep func(context.Context) error, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := keep(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			failed(err)
		}
		failing = err != nil
	}
}
