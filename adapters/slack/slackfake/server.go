// Package slackfake is a small Slack in the process, for tests: the part of the Web API, of files, OAuth, events and
// interactions that an adapter and people at their clients use. It behaves as Slack is documented and was seen to
// behave, refusals included, and it can be told to go wrong.
package slackfake

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"balie/adapters/fakeserver"
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

	o       Options
	methods map[string]method
	host    *fakeserver.Host
	main    *Workspace

	mu sync.Mutex // guards what follows
	world
	faults   faults
	limits   limits
	delivery delivery
}

// New starts a server that ends with the test. The test fails if the app called what Slack does not know or sent what
// breaks a limit, unless the test took the list with Problems.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("slack fake: %v", err)
	}
	s.host.Report(t, "slack fake")
	t.Cleanup(s.Close)
	return s
}

// Start starts a server that Close ends.
func Start(o Options) (*Server, error) {
	if o.TriggerLife == 0 {
		o.TriggerLife = 3 * time.Second
	}
	s := &Server{o: o, methods: table()}
	host, err := fakeserver.Listen(&s.mu)
	if err != nil {
		return nil, err
	}
	s.host, s.URL, s.APIURL = host, host.URL, host.URL+"/api/"
	s.faults, s.limits = newFaults(host), newLimits()
	s.begin(o)
	s.startDelivery()
	host.Serve(s.routes())
	return s, nil
}

// routes are the addresses that the server answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveMethod)
	mux.HandleFunc("POST /upload/{file}", s.serveUpload)
	mux.HandleFunc("GET /files-pri/{file}/{rest...}", s.serveFile)
	mux.HandleFunc("POST /response/{id}", s.serveResponse)
	mux.HandleFunc("GET /oauth/v2/authorize", s.serveAuthorize)
	mux.HandleFunc("GET /link/", s.serveSocket)
	mux.HandleFunc("/", http.NotFound)
	return mux
}

// Close ends the server and everything it started. New has it called at the end of the test.
func (s *Server) Close() { s.host.Close(s.stopDelivery) }

// Problems takes the list of what was wrong with what the app sent: unknown methods, payloads that break a limit.
func (s *Server) Problems() []string { return s.host.Problems() }

// Advance moves the server's clock forward, so that triggers, response URLs and codes expire.
func (s *Server) Advance(d time.Duration) { s.host.Advance(d) }
