package upstream

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// Waited adds up how long an answer of ours waited for the platform.
type Waited struct{ ns atomic.Int64 }

// Total is how long that was so far.
func (w *Waited) Total() time.Duration { return time.Duration(w.ns.Load()) }

type waitedKey struct{}

// Counting is a context for what answers something; requests with it that pass a Counted count.
func Counting(ctx context.Context) (context.Context, *Waited) {
	w := &Waited{}
	return context.WithValue(ctx, waitedKey{}, w), w
}

// Counted counts how long is waited for requests, until their answers begin.
type Counted struct{ Next http.RoundTripper }

// RoundTrip sends the request.
func (c Counted) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	defer func() {
		if w, ok := r.Context().Value(waitedKey{}).(*Waited); ok {
			w.ns.Add(int64(time.Since(began)))
		}
	}()
	return c.Next.RoundTrip(r)
}

// CloseIdleConnections closes those of the transport below.
func (c Counted) CloseIdleConnections() {
	if t, ok := c.Next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
