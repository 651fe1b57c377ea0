package discordfake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"balie/adapters/fakeserver"
)

// Fault is a way for a call to fail before it did anything.
type Fault struct {
	Status int           // of the answer
	Code   int           // Discord's code in its body
	Body   string        // instead of an error's JSON
	Wait   time.Duration // 429 until then
	Global bool          // with Wait: for the whole bot
	Drop   bool          // the connection breaks
	Delay  time.Duration // first; alone, the call then does as always
}

// Call is a call of the app's to the REST API.
type Call struct {
	Route  string // "POST /channels/{channel}/messages"
	Path   string // below the version
	At     time.Time
	Status int // of the answer, if a test asked for one; 0 otherwise
}

// Sent is what the app sent in a call: JSON, and the names of the files beside it.
type Sent struct {
	Route, Path string
	Body        json.RawMessage
	Files       []string
}

// uncertain is how calls lose their answers.
type uncertain struct{ left, status int }

// faults are what the server was told to do wrong, and what was called. Routes are by their plain names.
type faults struct {
	fakeserver.Faults[Fault]

	uncertain map[string]*uncertain
	counts    map[string]int
	log       fakeserver.Recent[Call]
	sent      fakeserver.Recent[Sent]
	invalid   int
}

func newFaults(h *fakeserver.Host) faults {
	return faults{
		Faults: fakeserver.NewFaults[Fault](h), uncertain: map[string]*uncertain{}, counts: map[string]int{},
		log: fakeserver.Recent[Call]{Keep: logged}, sent: fakeserver.Recent[Sent]{Keep: logged},
	}
}

var inBraces = regexp.MustCompile(`\{[^}]*\}`)

// plainRoute is a route whatever its parts are called: "GET /channels/{id}" is "GET /channels/{}".
func plainRoute(route string) string { return inBraces.ReplaceAllString(route, "{}") }

// The routes of files, for faults.
const fileRoute = "GET /attachments/{channel}/{id}/{name}"

// logged is how many calls, and how many bodies, are kept.
const logged = 10_000

// record notes a call that is done.
func (f *faults) record(c *call) {
	f.count(c.route, c.r.URL.Path, c.s.host.Now(), 0)
	if len(c.body) == 0 {
		return
	}
	var names []string
	for _, u := range c.uploads {
		names = append(names, u.name)
	}
	f.sent.Add(Sent{Route: c.route, Path: below(c.r.URL.Path), Body: c.body, Files: names})
}

func below(path string) string {
	if len(path) > len(apiPath) && path[:len(apiPath)] == apiPath {
		return path[len(apiPath):]
	}
	return path
}

func (f *faults) count(route, path string, now time.Time, status int) {
	f.counts[plainRoute(route)]++
	f.log.Add(Call{Route: route, Path: below(path), At: now, Status: status})
}

// FailNext has the next n calls of a route fail before they did anything. An empty route is any, what stands in braces may
// have any name, and n below 0 is all from now on. With n = 0 the route fails no more.
func (s *Server) FailNext(route string, n int, how Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knownRoute(route)
	s.faults.FailNext(plainRoute(route), n, how)
}

// knownRoute notes that a test named a route that is none.
func (s *Server) knownRoute(route string) {
	if route == "" || plainRoute(route) == plainRoute(fileRoute) {
		return
	}
	for name := range s.table {
		if plainRoute(name) == plainRoute(route) {
			return
		}
	}
	s.host.Note("a test named the route %q, which there is not", route)
}

// Uncertain has the next n calls of a route that succeed lose their answers: the connection breaks or, with a status, that is
// answered instead.
func (s *Server) Uncertain(route string, n int, status ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knownRoute(route)
	u := &uncertain{left: n}
	if len(status) > 0 {
		u.status = status[0]
	}
	s.faults.uncertain[plainRoute(route)] = u
}

func (s *Server) takeUncertain(route string) (status int, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.faults.uncertain[plainRoute(route)]
	if u == nil || u.left <= 0 {
		return 0, false
	}
	u.left--
	return u.status, true
}

// Delay has each call of a route wait before it does anything; an empty route is any, and 0 ends it.
func (s *Server) Delay(route string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knownRoute(route)
	s.faults.Delay(plainRoute(route), d)
}

// Hold has the next call of a route wait until release is called.
func (s *Server) Hold(route string) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knownRoute(route)
	return s.faults.Hold(plainRoute(route))
}

// Down cuts all connections, the gateway's too, and takes no new ones, or comes up again. Everything is kept, the address too.
func (s *Server) Down(down bool) {
	if down {
		s.DropSockets()
	}
	s.host.Down(down)
}

// Calls counts the calls of a route so far, those that failed included.
func (s *Server) Calls(route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.counts[plainRoute(route)]
}

// Log is the app's latest calls, oldest first.
func (s *Server) Log() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.log.All()
}

// Sent is what the app sent lately, oldest first. Calls that a test had fail are not in it.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.sent.All()
}

// Invalid counts the calls that were answered with 401, 403 or 429, of which Discord takes 10 000 in ten minutes.
// https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
func (s *Server) Invalid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.invalid
}

// refused counts an answer. It is called without s.mu.
func (s *Server) refused(no *refusal) {
	switch {
	case no.status == http.StatusUnauthorized, no.status == http.StatusForbidden,
		no.status == http.StatusTooManyRequests && no.scope != "shared":
		s.mu.Lock()
		s.faults.invalid++
		s.mu.Unlock()
	}
}

// goWrong does what was asked to go wrong with a call: it breaks, or has an answer, or goes on.
func (s *Server) goWrong(c *call) (out *fixed, no *refusal, cutOff bool) {
	how := s.trouble(c.route, c.r)
	if how == nil {
		return nil, nil, false
	}
	switch {
	case how.Drop:
		return nil, nil, true
	case how.Wait > 0:
		no = tooMuch(how.Wait)
		if no.global = how.Global; how.Global {
			no.scope = "global"
		}
	case how.Body != "":
		out = &fixed{raw: []byte(how.Body), kind: "text/html; charset=utf-8"}
		if json.Valid(out.raw) {
			out.kind = "application/json"
		}
		if out.status = how.Status; how.Status == 0 {
			out.status = http.StatusOK
		}
	case how.Status > 0:
		no = &refusal{status: how.Status, code: how.Code, message: http.StatusText(how.Status)}
	}
	return out, no, false
}

// trouble waits as long as was asked for, and is the fault of a call; nil if it has none.
func (s *Server) trouble(route string, r *http.Request) *Fault {
	route = plainRoute(route)
	s.mu.Lock()
	how, wait := s.faults.Next(route)
	if how != nil {
		if wait.For = max(wait.For, how.Delay); *how == (Fault{Delay: how.Delay}) {
			how = nil
		} else {
			s.faults.count(route, r.URL.Path, s.host.Now(), how.Status)
		}
	}
	s.mu.Unlock()
	wait.Wait(s.host.Context())
	return how
}

// fileTrouble is what was asked to go wrong with a file.
func (s *Server) fileTrouble(w http.ResponseWriter, r *http.Request) (cutOff, answered bool) {
	how := s.trouble(fileRoute, r)
	switch {
	case how == nil:
		s.mu.Lock()
		s.faults.count(fileRoute, r.URL.Path, s.host.Now(), 0)
		s.mu.Unlock()
		return false, false
	case how.Drop:
		fakeserver.Cut(w)
		return true, true
	default:
		status := how.Status
		if status == 0 {
			status = http.StatusOK
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(how.Body)) // the client may be gone
		return false, true
	}
}
