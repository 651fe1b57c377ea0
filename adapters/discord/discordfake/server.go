// Package discordfake is a small Discord in the process, for tests: the part of the REST API, of the gateway, of files and
// of interactions that an adapter and people at their clients use. It behaves as Discord is documented and was seen to
// behave, refusals included, and it can be told to go wrong.
package discordfake

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"balie/adapters/fakeserver"
)

// Person is somebody on Discord.
type Person struct {
	Name   string // the handle, unique on all of Discord
	Global string // the display name; none if empty
	Nick   string // in the guilds they are in; none if empty
	Locale string // en-US if empty
	Avatar string // a hash; none if empty
	Bot    bool   // of another app
	Closed bool   // takes no direct messages
}

// Guild is what people call a server.
type Guild struct {
	Name     string
	Channels []Channel
	Roles    []Role
	Members  []string // names; nil is everybody
	Owner    string   // who may do everything; nobody if empty
	// BotPermissions are those of the bot's role, DefaultPermissions if 0. The bot has no others, whatever people have.
	BotPermissions uint64
}

// Kind is the sort of a channel.
type Kind int

// The kinds of channels with a name.
const (
	Text Kind = iota
	Forum
)

// Channel is a channel of a guild.
type Channel struct {
	Name    string
	Kind    Kind
	Private bool
	Members []string // names, of a private one: who sees it, besides the bot
	Roles   []string // names of roles whose members see a private one, too
	NoBot   bool     // the bot doesn't see it
	Tags    []string // of a forum
	// RequireTag says that a forum's posts need a tag.
	RequireTag bool
	// DenyBot are the permissions that the bot lacks here.
	DenyBot uint64
}

// Role is a role of a guild.
type Role struct {
	Name        string
	Members     []string // names
	Permissions uint64
}

// Options say what kind of Discord it is.
type Options struct {
	// Guilds are those that the bot was invited to; one with a channel "general" if nil.
	Guilds []Guild
	People []Person
	// NoContent and NoMembers say that these privileged intents were not switched on in the portal.
	NoContent, NoMembers bool
	// PostEvery is the least time between two posts to a channel; 0 is no limit.
	PostEvery time.Duration
	// Limits has the calls of each route limited, as Discord does: five posts to a channel in five seconds.
	Limits bool
	// Global is how many calls a second the bot may make altogether; 0 is no limit. Discord's is 50.
	Global int
	// InteractionLife is how long an interaction waits for its first answer, 3 seconds if zero.
	InteractionLife time.Duration
	// TokenLife is how long an interaction's token may be used, 15 minutes if zero.
	TokenLife time.Duration
	// Heartbeat is how often the gateway wants to hear that the app is there, 41.25 seconds if zero.
	Heartbeat time.Duration
	// MaxActiveThreads is how many threads of a guild may be open, MaxThreadMembers how many people may be in a thread; 1 000
	// if zero.
	MaxActiveThreads, MaxThreadMembers int
	// Unknown is told of a call to a route that the fake does not know. New fails the test instead if nil.
	Unknown func(route string)
	// Watch is told of each interaction to the app as it goes out. What it gives is called when the app has answered; it may be
	// nil.
	Watch func(Request) (answered func())
}

// Request is something that was delivered, as it went out.
type Request struct {
	Kind    string // "interaction", or the name of a gateway's event
	Payload []byte // JSON
}

// Server is a running fake. Its methods may be called from several goroutines.
type Server struct {
	// URL is its base address, without a slash at the end; APIURL is that of the REST API, its version included.
	URL, APIURL string
	// Token, ApplicationID and PublicKey (hexadecimal) are what an admin finds on the app's pages. BotID is the bot's user.
	Token, ApplicationID, PublicKey, BotID string

	o     Options
	table map[string]route // by method and path without the version, see api_table.go
	host  *fakeserver.Host

	mu sync.Mutex // guards what follows
	world
	gateway gateway // the connections; see gateway.go
	clients clients // what people see alone, and interactions; see interact.go
	faults  faults
	limits  limits
}

// New starts a server that ends with the test. The test fails if the app called what Discord does not know or sent what
// breaks a limit, unless the test took the list with Problems.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("discord fake: %v", err)
	}
	s.host.Report(t, "discord fake")
	t.Cleanup(s.Close)
	return s
}

// Start starts a server that Close ends.
func Start(o Options) (*Server, error) {
	s := &Server{o: o.filled()}
	host, err := fakeserver.Listen(&s.mu)
	if err != nil {
		return nil, err
	}
	s.host, s.URL, s.APIURL = host, host.URL, host.URL+apiPath
	s.faults, s.limits = newFaults(host), newLimits()
	s.begin()
	host.Serve(s.routes())
	return s, nil
}

// apiPath is where the REST API is.
const apiPath = "/api/v9"

func (o Options) filled() Options {
	if o.Guilds == nil {
		o.Guilds = []Guild{{Name: "Balie", Channels: []Channel{{Name: "general"}}}}
	}
	if o.InteractionLife == 0 {
		o.InteractionLife = 3 * time.Second
	}
	if o.TokenLife == 0 {
		o.TokenLife = 15 * time.Minute
	}
	if o.MaxActiveThreads == 0 {
		o.MaxActiveThreads = 1000
	}
	if o.MaxThreadMembers == 0 {
		o.MaxThreadMembers = 1000
	}
	return o
}

// routes are the addresses that the server answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.table = s.routeTable()
	for name, r := range s.table {
		method, path, _ := cutRoute(name)
		mux.HandleFunc(method+" "+apiPath+path, s.serve(name, r))
	}
	mux.HandleFunc("GET /attachments/{channel}/{id}/{name}", s.serveAttachment)
	mux.HandleFunc("GET /ephemeral-attachments/{channel}/{id}/{name}", s.serveAttachment)
	mux.HandleFunc("GET /gw", s.serveGateway)
	mux.HandleFunc("GET /gw/", s.serveGateway)
	mux.HandleFunc("/", s.serveUnknown)
	return mux
}

// Close ends the server and everything it started. New has it called at the end of the test.
func (s *Server) Close() { s.host.Close(s.stopGateway) }

// Problems takes the list of what was wrong with what the app sent: unknown routes, payloads that break a limit.
func (s *Server) Problems() []string { return s.host.Problems() }

// Advance moves the server's clock forward, so that tokens, links and limits expire.
func (s *Server) Advance(d time.Duration) { s.host.Advance(d) }
