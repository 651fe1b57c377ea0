package slackfake

import (
	"net/http"
	"time"

	"balie/adapters/fakeserver"
)

// Fault is a way for a call to fail before it did anything. The first field that is set counts.
type Fault struct {
	Error      string        // {"ok": false, "error": …}
	RetryAfter time.Duration // 429
	Status     int           // of the answer, without JSON
	Body       string        // instead of JSON, with Status or 200
	Cut        bool          // the connection breaks
}

// Call is a call of the app's to the Web API.
type Call struct {
	Method  string
	At      time.Time
	Token   string
	Channel string // the argument, if the method has one
}

// faults are what the server was told to do wrong, and what was called.
type faults struct {
	fakeserver.Faults[Fault] // by method

	uncertain map[string]int
	counts    map[string]int
	log       fakeserver.Recent[Call]
}

func newFaults(h *fakeserver.Host) faults {
	return faults{
		Faults: fakeserver.NewFaults[Fault](h), uncertain: map[string]int{}, counts: map[string]int{},
		log: fakeserver.Recent[Call]{Keep: logged},
	}
}

// logged is how many calls Log keeps.
const logged = 10_000

func (f *faults) count(c *call) {
	f.counts[c.method]++
	f.log.Add(Call{Method: c.method, At: c.s.host.Now(), Token: c.token, Channel: c.str("channel")})
}

// FailNext has the next n calls of a method fail before they did anything; an empty method is any, and n below 0 is all
// from now on. With n = 0 the method fails no more.
func (s *Server) FailNext(method string, n int, how Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.FailNext(method, n, how)
}

// Uncertain has the next n calls of a method that succeed lose their answers.
func (s *Server) Uncertain(method string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.uncertain[method] = n
}

func (s *Server) takeUncertain(method string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.uncertain[method] <= 0 {
		return false
	}
	s.faults.uncertain[method]--
	return true
}

// Delay has each call of a method wait before it does anything; an empty method is any, and 0 ends it.
func (s *Server) Delay(method string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.Delay(method, d)
}

// Hold has the next call of a method wait until release is called.
func (s *Server) Hold(method string) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.Hold(method)
}

// Down cuts all connections, sockets too, and takes no new ones, or comes up again. Everything is kept, the address too.
func (s *Server) Down(down bool) {
	if down {
		s.mu.Lock()
		s.dropSockets()
		s.mu.Unlock()
	}
	s.host.Down(down)
}

// Calls counts the calls of a method so far, those that failed included.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.counts[method]
}

// Log is the app's latest calls, oldest first.
func (s *Server) Log() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.log.All()
}

// goWrong does what was asked to go wrong with a call; done says that this is its answer.
func (s *Server) goWrong(c *call) (out outcome, done bool) {
	s.mu.Lock()
	how, wait := s.faults.Next(c.method)
	if how != nil {
		s.faults.count(c)
	}
	s.mu.Unlock()
	wait.Wait(s.host.Context())
	if how == nil {
		return outcome{}, false
	}
	return how.outcome(), true
}

func (f Fault) outcome() outcome {
	switch {
	case f.Error != "":
		return outcome{status: http.StatusOK, no: refuse(f.Error)}
	case f.RetryAfter > 0:
		return outcome{status: http.StatusTooManyRequests, no: refuse("ratelimited"), retry: seconds(f.RetryAfter)}
	case f.Status > 0:
		return outcome{status: f.Status, body: []byte(f.Body)}
	case f.Body != "":
		return outcome{status: http.StatusOK, body: []byte(f.Body)}
	default:
		return outcome{cut: true}
	}
}
