package upstream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"balie/adapters/upstream"
)

func TestUnanswered(t *testing.T) {
	garbled := json.Unmarshal([]byte("<html>"), &struct{}{})
	for _, err := range []error{
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, garbled,
		&net.OpError{Op: "dial", Err: errors.New("refused")}, &url.Error{Op: "Get", Err: errors.New("no such host")},
	} {
		if !upstream.Unanswered(err) || !upstream.Unanswered(fmt.Errorf("post: %w", err)) {
			t.Errorf("%T: somebody is said to know what became of it", err)
		}
	}
	wrongType := json.Unmarshal([]byte(`"x"`), new(int))
	for _, err := range []error{nil, errors.New("odd"), wrongType} {
		if upstream.Unanswered(err) {
			t.Errorf("%v: it was answered", err)
		}
	}
}

func TestAboutDownWait(t *testing.T) {
	for range 1000 {
		if d := upstream.AboutDownWait(); d < upstream.DownWait || d >= 2*upstream.DownWait {
			t.Fatalf("it waits %s", d)
		}
	}
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		for _, p := range []struct {
			d, took time.Duration
			err     error
		}{
			{30 * time.Second, 30 * time.Second, nil},
			{0, 30 * time.Second, nil},
			{-time.Second, 30 * time.Second, nil},
			{time.Hour, time.Minute, context.DeadlineExceeded},
			{time.Hour, time.Minute, context.DeadlineExceeded},
			{0, time.Minute, context.DeadlineExceeded},
		} {
			if err := upstream.Pause(ctx, p.d); !errors.Is(err, p.err) || time.Since(began) != p.took {
				t.Errorf("a pause of %s ended after %s with %v", p.d, time.Since(began), err)
			}
		}
	})
}

// slow answers each request after a second.
type slow struct{ closed bool }

func (s *slow) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(time.Second)
	return nil, errors.New("away")
}

func (s *slow) CloseIdleConnections() { s.closed = true }

func TestCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := &slow{}
		c := &http.Client{Transport: upstream.Counted{Next: below}}
		get := func(ctx context.Context) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://platform.example.org/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(r)
			if err == nil {
				t.Error(resp.Body.Close())
			}
		}
		ctx, one := upstream.Counting(t.Context())
		other, two := upstream.Counting(t.Context())
		get(ctx)
		get(t.Context())
		get(ctx)
		time.Sleep(time.Minute)
		get(other)
		if one.Total() != 2*time.Second || two.Total() != time.Second {
			t.Errorf("%s and %s were waited", one.Total(), two.Total())
		}
		if c.CloseIdleConnections(); !below.closed {
			t.Error("connections stay open")
		}
		upstream.Counted{Next: http.NewFileTransport(http.Dir("."))}.CloseIdleConnections() // which has none
	})
}
