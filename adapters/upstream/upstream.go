// Package upstream is what adapters need in calling a platform: how long it was waited for, whether anybody knows what became
// of a call, and when to make the next one.
package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"time"
)

// DownWait is how long to leave a platform alone when it does not answer, and LimitWait when it says that there was too much
// without saying until when.
const (
	DownWait  = 2 * time.Second
	LimitWait = 10 * time.Second
)

// AboutDownWait is from DownWait to twice that, so that not everything comes at once.
func AboutDownWait() time.Duration { return DownWait + rand.N(DownWait) }

// Unanswered says of a call's error that nobody knows what became of the call.
func Unanswered(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	_, inURL := errors.AsType[*url.Error](err)
	_, garbled := errors.AsType[*json.SyntaxError](err) // a proxy's page in place of an answer
	return network || inURL || garbled
}

// Pause waits so long, unless ctx ends before, or has ended: then it gives ctx's error.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
