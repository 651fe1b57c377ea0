// Package patient does what a Mattermost server says that limits how often it is called: it waits and asks again.
package patient

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// After is how long the headers of a refusal ask to wait. They count in whole seconds; without any it is a second.
func After(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-Ratelimit-Reset"} {
		if s, err := strconv.Atoi(h.Get(name)); err == nil && s > 0 {
			return min(time.Duration(s)*time.Second, time.Hour)
		}
	}
	return time.Second
}

// Wait waits so long, unless ctx ends before.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Transport sends each request until the server takes it, or the request's context ends.
type Transport struct{ Next http.RoundTripper }

// waitMost is how long it waits at once: servers ask for little, and what they ask for at most is not known.
const waitMost = 10 * time.Second

// RoundTrip sends the request, again if it has to.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		resp, err := t.Next.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || r.Body != nil && r.GetBody == nil {
			return resp, err
		}
		if err := resp.Body.Close(); err != nil {
			return nil, fmt.Errorf("close a refusal: %w", err)
		}
		if err := Wait(r.Context(), min(After(resp.Header), waitMost)); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, fmt.Errorf("send a request again: %w", err)
			}
		}
	}
}
