package slack

import (
	"errors"
	"sync"
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
