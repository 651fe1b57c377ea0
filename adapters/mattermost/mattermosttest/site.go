// Package mattermosttest is people on a Mattermost server, real or fake: they type, click, fill in dialogs and read, all
// through the server's public API, as a client does.
package mattermosttest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/patient"
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
	c.HTTPClient = &http.Client{Transport: patient.Transport{Next: s.transport}}
	c.SetToken(token)
	return c
}
