// Package mattermostfake is a small Mattermost server in the process, for tests: the part of the REST interface, the
// websocket and the calls to integrations that an adapter, people at their clients and an admin use. It behaves as a real
// 11.4 server was seen to behave, refusals included, and it can be told to go wrong.
package mattermostfake

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
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

	t        testing.TB
	version  version
	timeout  time.Duration
	routes   map[routeKey][]route
	http     *http.Server
	listener *listener
	client   *http.Client
	secret   []byte            // for cookies
	key      *ecdsa.PrivateKey // for trigger ids
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu sync.Mutex // guards what follows
	world
	hub      hub
	trouble  trouble
	problems []string
	counts   map[string]int
	offset   time.Duration // of the server's clock
	closed   bool
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("mattermost fake: %v", err)
	}
	s := &Server{
		URL: "http://" + l.Addr().String(), t: t, version: v, timeout: o.Timeout,
		listener: newListener(l), secret: make([]byte, 32), key: key, counts: map[string]int{},
	}
	rand.Read(s.secret) // never fails
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	s.world = newWorld()
	s.hub.conns = map[string]*conn{}
	s.config.ServiceSettings.AllowedUntrustedInternalConnections = &o.CallbackHosts
	s.config.ServiceSettings.SiteURL = &s.URL
	s.addUser(&model.User{Username: AdminName, Email: adminMail, Roles: "system_user system_admin"}, AdminPassword)
	s.routes = index(s.table())
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	s.running.Go(func() {
		if err := s.http.Serve(s.listener); err != nil && !s.isClosed() {
			s.problem("the server ended: %v", err)
		}
	})
	t.Cleanup(s.Close)
	return s
}

// Close ends the server and everything it started. New has it called at the end of the test.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	problems := s.problems
	release := s.trouble.release()
	s.mu.Unlock()
	release()
	s.cancel()
	s.DropSockets()
	_ = s.http.Close() // of no interest: all connections are cut
	s.running.Wait()
	s.client.CloseIdleConnections()
	for _, p := range problems {
		s.t.Errorf("mattermost fake: %s", p)
	}
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Problems takes the list of what was wrong with what clients and integrations sent although a real server would have
// accepted or only logged it: unknown calls, invalid dialogs and attachments, answers of the wrong kind.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.problems
	s.problems = nil
	return p
}

// problem notes what must not happen. It is called without s.mu.
func (s *Server) problem(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(format, args...)
}

// note is problem, called with s.mu.
func (s *Server) note(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(s.problems, p) {
		s.problems = append(s.problems, p)
	}
}

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
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

// now is the server's time.
func (s *Server) now() time.Time { return time.Now().Add(s.offset) }

// millis is the server's time as Mattermost writes it.
// millis is the time, later than it was ever told before: the real server is not so quick that two things happen at once.
func (s *Server) millis() int64 {
	for {
		last := s.told.Load()
		now := max(last+1, s.now().UnixMilli())
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
