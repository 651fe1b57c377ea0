package mattermostfake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	maxIntegrationAnswer = 1 << 20
	userAgent            = "Mattermost-Bot/1.1"
)

// answered is what an integration said.
type answered struct {
	status int
	line   string // "403 Forbidden"
	kind   string
	body   []byte
}

var errForbidden = errors.New("address forbidden, you may need to set AllowedUntrustedInternalConnections")

// integrate calls an integration. It is called with the server's lock held and gives it up meanwhile.
func (s *Server) integrate(target string, header http.Header, body []byte) (answered, error) {
	if err := s.allowed(target); err != nil {
		return answered{}, err
	}
	delay, twice := s.trouble.delay, s.trouble.callTwice
	var first answered
	var err error
	s.outside(func() {
		ctx, cancel := context.WithTimeout(s.host.Context(), s.timeout)
		defer cancel()
		if delay > 0 {
			t := time.NewTimer(delay)
			defer t.Stop()
			select {
			case <-t.C:
			case <-ctx.Done():
			}
		}
		first, err = s.post(ctx, target, header, body)
		if twice {
			_, _ = s.post(ctx, target, header, body) // nobody waits for the second answer
		}
	})
	return first, err
}

func (s *Server) post(ctx context.Context, target string, header http.Header, body []byte) (a answered, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return answered{}, fmt.Errorf("calling an integration: %w", err)
	}
	r.Header = header.Clone()
	r.Header.Set("User-Agent", userAgent)
	resp, err := s.client.Do(r)
	if err != nil {
		return answered{}, fmt.Errorf("calling an integration: %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	a = answered{status: resp.StatusCode, line: resp.Status, kind: resp.Header.Get("Content-Type")}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxIntegrationAnswer)); err != nil {
		return answered{}, fmt.Errorf("reading an integration's answer: %w", err)
	}
	return a, nil
}

// allowed refuses internal addresses that the setting does not name.
func (s *Server) allowed(target string) error {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("the integration's URL %q is no good", target)
	}
	list := strings.Fields(*s.config.ServiceSettings.AllowedUntrustedInternalConnections)
	if slices.Contains(list, u.Hostname()) {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	if ip == nil && u.Hostname() == "localhost" {
		ip = net.IPv4(127, 0, 0, 1)
	}
	if ip == nil || !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() {
		return nil
	}
	for _, allowed := range list {
		if _, block, err := net.ParseCIDR(allowed); err == nil && block.Contains(ip) {
			return nil
		}
	}
	return errForbidden
}
