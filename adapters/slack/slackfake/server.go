// Package slackfake is a small Slack in the process, for tests: the part of the Web API, of files, OAuth, events and
// interactions that an adapter and people at their clients use. It behaves as Slack is documented and was seen to
// behave, refusals included, and it can be told to go wrong.
package slackfake

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Person is somebody of a workspace.
type Person struct {
	Name   string // the handle, unique in the workspace
	Real   string // Name if empty
	Locale string // en-US if empty
	TZ     string // Etc/UTC if empty
	Email  string // Name@example.com if empty, none if "-"
	Title  string
	Bot    bool // of another app
	// Deleted people were deactivated.
	Deleted bool
	// Guest is somebody who sees only the channels they are in.
	Guest bool
}

// Channel is a conversation of a workspace that has a name.
type Channel struct {
	Name    string
	Private bool
	Members []string // names; nil is everybody
	Bot     bool     // our bot is in it
}

// Group is a user group.
type Group struct {
	Handle  string
	Name    string // Handle if empty
	Members []string
}

// Options say what kind of Slack it is.
type Options struct {
	Team     string // the workspace's name, "Balie" if empty
	People   []Person
	Channels []Channel
	Groups   []Group
	// Scopes are granted when the app is installed; nil is all that its manifest asks for.
	Scopes []string
	// PostEvery is the least time between two posts to a channel; 0 is no limit.
	PostEvery time.Duration
	// Tiers has the calls of each method limited, per workspace and minute.
	Tiers bool
	// TriggerLife is how long a trigger id may be used, 3 seconds if zero.
	TriggerLife time.Duration
	// Enterprise says that the workspace belongs to an Enterprise Grid organisation.
	Enterprise bool
	// Unknown is told of a call to a method that the fake does not know. New fails the test instead if nil.
	Unknown func(method string)
	// Watch is told of each request to the app as it goes out. What it gives is called when the app has answered; it may be nil.
	Watch func(Request) (answered func())
}

// Server is a running fake. Its methods may be called from several goroutines.
type Server struct {
	// URL is its base address, without a slash at the end; APIURL is that of the Web API, with one.
	URL, APIURL string
	// BotToken, AppToken, SigningSecret, ClientID and ClientSecret are what an admin finds on the app's pages.
	BotToken, AppToken, SigningSecret, ClientID, ClientSecret string
	// TeamID, EnterpriseID (of a Grid only), BotUserID and BotID are of the first workspace; AppID is the app's.
	TeamID, EnterpriseID, AppID, BotUserID, BotID string

	t        testing.TB // nil without a test
	o        Options
	methods  map[string]method
	http     *http.Server
	listener *listener
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup // all that the server started or is answering
	main     *Workspace

	mu sync.Mutex // guards what follows
	world
	faults   faults
	limits   limits
	delivery delivery
	problems []string
	offset   time.Duration // of the server's clock
	closed   bool
}

// New starts a server that ends with the test. The test fails if the app called what Slack does not know or sent what
// breaks a limit, unless the test took the list with Problems.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("slack fake: %v", err)
	}
	s.t = t
	t.Cleanup(s.Close)
	return s
}

// Start starts a server that Close ends.
func Start(o Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	if o.TriggerLife == 0 {
		o.TriggerLife = 3 * time.Second
	}
	s := &Server{URL: "http://" + l.Addr().String(), o: o, listener: newListener(l), methods: table()}
	s.APIURL = s.URL + "/api/"
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.faults, s.limits = newFaults(), newLimits()
	s.begin(o)
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute}
	s.startDelivery()
	s.running.Go(func() {
		if err := s.http.Serve(s.listener); err != nil && !s.isClosed() {
			s.problem("the server ended: %v", err)
		}
	})
	return s, nil
}

// routes are the addresses that the server answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.counted(s.serveMethod))
	mux.HandleFunc("POST /upload/{file}", s.counted(s.serveUpload))
	mux.HandleFunc("GET /files-pri/{file}/{rest...}", s.counted(s.serveFile))
	mux.HandleFunc("POST /response/{id}", s.counted(s.serveResponse))
	mux.HandleFunc("GET /oauth/v2/authorize", s.counted(s.serveAuthorize))
	mux.HandleFunc("GET /link/", s.counted(s.serveSocket))
	mux.HandleFunc("/", s.counted(func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }))
	return mux
}

// counted has Close wait for the request.
func (s *Server) counted(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		closed := s.closed
		if !closed {
			s.running.Add(1)
		}
		s.mu.Unlock()
		if closed {
			panic(http.ErrAbortHandler)
		}
		defer s.running.Done()
		h(w, r)
	}
}

// Close ends the server and everything it started. New has it called at the end of the test.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.faults.release()
	s.mu.Unlock()
	s.cancel()
	s.stopDelivery()
	_ = s.http.Close() // of no interest: all connections are cut
	s.running.Wait()
	if s.t == nil {
		return
	}
	for _, p := range s.Problems() {
		s.t.Errorf("slack fake: %s", p)
	}
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Problems takes the list of what was wrong with what the app sent: unknown methods, payloads that break a limit.
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

// Advance moves the server's clock forward, so that triggers, response URLs and codes expire.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

// now is the server's time. It is called with s.mu.
func (s *Server) now() time.Time { return time.Now().Add(s.offset) }
