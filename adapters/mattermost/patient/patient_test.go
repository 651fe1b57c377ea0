package patient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"balie/adapters/mattermost/patient"
)

// strict refuses so many requests before it takes one, and remembers what it was sent.
type strict struct {
	refusals int
	bodies   []string
}

func (s *strict) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.bodies = append(s.bodies, string(body))
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if len(s.bodies) <= s.refusals {
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", "3")
	}
	return resp, nil
}

func TestTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &strict{refusals: 2}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x", bytes.NewReader([]byte("hello")))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		resp, err := patient.Transport{Next: server}.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusOK || len(server.bodies) != 3 || server.bodies[2] != "hello" {
			t.Errorf("%v, %v after %q", resp, err, server.bodies)
		}
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("it waited %s", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		resp, err = patient.Transport{Next: &strict{refusals: 9}}.RoundTrip(r.Clone(ctx))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without end: %v, %v", resp, err)
		}
	})
}

func TestAfter(t *testing.T) {
	for want, h := range map[time.Duration]http.Header{
		time.Second: {}, 3 * time.Second: {"Retry-After": {"3"}}, 2 * time.Second: {"Retry-After": {"0"}, "X-Ratelimit-Reset": {"2"}},
		time.Hour: {"Retry-After": {"999999"}},
	} {
		if got := patient.After(h); got != want {
			t.Errorf("After(%v) = %s, want %s", h, got, want)
		}
	}
}
