// Package mattermostfake is a small Mattermost server in the process, for tests: the part of the REST interface, the
// websocket and the calls to integrations that an adapter, people at their clients and an admin use. It behaves as a real
// 11.4 server was seen to behave, refusals included, and it can be told to go wrong.
package mattermostfake

import (
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/fakeserver"
)

// The admin that every fresh server has.
const (
	AdminName     = "sysadmin"
	AdminPassword = "Adm1n-Passw0rd"
	adminMail     = "admin@example.com"
)

// Options say what kind of server it is.
type Options struct {
	// Version is the server's version, "11.4.0" if empty. What an older server does not know, this one does not either.
	Version string
	// CallbackHosts is AllowedUntrustedInternalConnections, "127.0.0.1 localhost" if empty.
	CallbackHosts string
	// Timeout is how long an integration may take and how long a trigger id lives, 30 seconds if zero.
	Timeout time.Duration
}

// Server is a running fake. Its methods may be called from several goroutines.
type Server struct {
	told atomic.Int64 // see millis
	// URL is its base address, without a slash at the end.
	URL string

	version version
	timeout time.Duration
	routes  map[routeKey][]route
	host    *fakeserver.Host
	client  *http.Client
	secret  []byte            // for cookies
	key     *ecdsa.PrivateKey // for trigger ids

	mu sync.Mutex // guards what follows
	world
	hub     hub
	trouble trouble
	counts  map[string]int
}

// New starts a server that ends with the test. The test fails if anything went wrong that a real server would only have
// logged, unless the test took the list with Problems.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Version == "" {
		o.Version = "11.4.0"
	}
	if o.CallbackHosts == "" {
		o.CallbackHosts = "127.0.0.1 localhost"
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	v, err := parseVersion(o.Version)
	if err != nil {
		t.Fatalf("mattermost fake: %v", err)
	}
	key, err := newKey()
	if err != nil {
		t.Fatalf("mattermost fake: %v", err)
	}
	s := &Server{version: v, timeout: o.Timeout, secret: make([]byte, 32), key: key, counts: map[string]int{}}
	host, err := fakeserver.Listen(&s.mu)
	if err != nil {
		t.Fatalf("mattermost fake: %v", err)
	}
	s.host, s.URL = host, host.URL
	host.Report(t, "mattermost fake")
	rand.Read(s.secret) // never fails
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	s.world = newWorld()
	s.hub.conns = map[string]*conn{}
	s.config.ServiceSettings.AllowedUntrustedInternalConnections = &o.CallbackHosts
	s.config.ServiceSettings.SiteURL = &s.URL
	s.addUser(&model.User{Username: AdminName, Email: adminMail, Roles: "system_user system_admin"}, AdminPassword)
	s.routes = index(s.table())
	host.Serve(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Close ends the server and everything it started. New has it called at the end of the test.
func (s *Server) Close() {
	s.host.Close(s.DropSockets)
	s.client.CloseIdleConnections()
}

// Problems takes the list of what was wrong with what clients and integrations sent although a real server would have
// accepted or only logged it: unknown calls, invalid dialogs and attachments, answers of the wrong kind.
func (s *Server) Problems() []string { return s.host.Problems() }

// Calls counts the calls of a route so far, for instance "POST /posts" or "PUT /posts/{post}/patch".
func (s *Server) Calls(route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[route]
}

// AllCalls counts the calls of every route so far.
func (s *Server) AllCalls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]int, len(s.counts))
	for r, n := range s.counts {
		all[r] = n
	}
	return all
}

// Advance moves the server's clock forward, so that triggers, response URLs and pending post ids expire.
func (s *Server) Advance(d time.Duration) { s.host.Advance(d) }

// millis is the server's time as Mattermost writes it, later than it was ever told before: the real server is not so quick
// that two things happen at once.
func (s *Server) millis() int64 {
	for {
		last := s.told.Load()
		now := max(last+1, s.host.Now().UnixMilli())
		if s.told.CompareAndSwap(last, now) {
			return now
		}
	}
}

// version is the number of a server's release.
type version struct{ major, minor, patch int }

func parseVersion(s string) (version, error) {
	var v version
	if n, err := fmt.Sscanf(s, "%d.%d.%d", &v.major, &v.minor, &v.patch); err != nil || n != 3 {
		return v, fmt.Errorf("%q is no version like 11.4.0", s)
	}
	return v, nil
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// full is what servers put into X-Version-Id.
func (v version) full() string { return v.String() + ".." + strings.Repeat("0", 64) + ".false" }
