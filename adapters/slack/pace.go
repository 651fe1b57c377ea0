package slack

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"
)

// pace remembers what Slack asked to wait for. It counts each method by itself, and messages by channel.
// https://docs.slack.dev/apis/web-api/rate-limits
type pace struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func newPace() *pace { return &pace{until: map[string]time.Time{}} }

// call makes a call, unless Slack asked to wait with such calls.
func (p *pace) call(key string, do func() error) error {
	p.mu.Lock()
	wait := time.Until(p.until[key])
	p.mu.Unlock()
	if wait > 0 {
		return &slackapi.RateLimitedError{RetryAfter: wait}
	}
	err := do()
	if limited, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		now := time.Now()
		for k, t := range p.until {
			if t.Before(now) {
				delete(p.until, k)
			}
		}
		p.until[key] = now.Add(limited.RetryAfter)
	}
	return err
}

// counted adds up how long answers waited for Slack.
type counted struct{ next http.RoundTripper }

// RoundTrip sends the request.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	defer func() { waiting(r.Context()).add(time.Since(began)) }()
	return c.next.RoundTrip(r)
}

// CloseIdleConnections closes those of the transport below.
func (c counted) CloseIdleConnections() {
	if t, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// waited adds up how long an answer waited for Slack.
type waited struct{ ns atomic.Int64 }

func (w *waited) add(d time.Duration) {
	if w != nil {
		w.ns.Add(int64(d))
	}
}

type waitedKey struct{}

func counting(ctx context.Context) (context.Context, *waited) {
	w := &waited{}
	return context.WithValue(ctx, waitedKey{}, w), w
}

func waiting(ctx context.Context) *waited {
	w, _ := ctx.Value(waitedKey{}).(*waited)
	return w
}
