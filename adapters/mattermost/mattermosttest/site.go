// Package mattermosttest is people on a Mattermost server, real or fake: they type, click, fill in dialogs and read, all
// through the server's public API, as a client does.
package mattermosttest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// Site is a Mattermost server, real or fake, with an admin's rights.
type Site struct {
	URL   string
	Admin *model.Client4

	transport *http.Transport
}

// At is the server at a URL, where the admin logs in. Close ends its connections.
func At(ctx context.Context, url, user, password string) (*Site, error) {
	s := newSite(url)
	if _, _, err := s.Admin.Login(ctx, user, password); err != nil {
		s.Close()
		return nil, fmt.Errorf("log in as %s at %s: %w", user, url, err)
	}
	return s, nil
}

func newSite(url string) *Site {
	s := &Site{URL: strings.TrimRight(url, "/")}
	s.transport = &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}
	s.Admin = s.client("")
	return s
}

// Behind is the same server at another address, such as that of a proxy. Close ends its connections, too.
func (s *Site) Behind(url string) *Site {
	own := newSite(url)
	own.Admin.SetToken(s.Admin.AuthToken)
	return own
}

// Close ends the idle connections to the server.
func (s *Site) Close() {
	s.transport.CloseIdleConnections()
}

// client is a client without a session, or with that of a token.
func (s *Site) client(token string) *model.Client4 {
	c := model.NewAPIv4Client(s.URL)
	c.HTTPClient = &http.Client{Transport: patient{s.transport}}
	c.SetToken(token)
	return c
}

// patient waits and asks again when the server says that it was asked too often: people who are told to wait do.
type patient struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		resp, err := p.next.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || r.Body != nil && r.GetBody == nil {
			return resp, err
		}
		if err := resp.Body.Close(); err != nil {
			return nil, fmt.Errorf("close a refusal: %w", err)
		}
		if err := pause(r.Context(), retryAfter(resp)); err != nil {
			return nil, err
		}
		if r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				return nil, fmt.Errorf("send the request again: %w", err)
			}
			r = r.Clone(r.Context())
			r.Body = body
		}
	}
}

// retryAfter is how long a refusal for asking too often says to wait.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 1
	}
	return min(time.Duration(seconds)*time.Second, 10*time.Second) + 10*time.Millisecond
}

// pause waits for a while, or until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
