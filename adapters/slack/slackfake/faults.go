package slackfake

import (
	"net/http"
	"slices"
	"time"
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

// failure is a fault that was asked for.
type failure struct {
	method string
	left   int
	how    Fault
}

// faults are what the server was told to do wrong.
type faults struct {
	failures  []*failure
	uncertain map[string]int
	delays    map[string]time.Duration
	holds     map[string][]chan struct{}
	gates     []chan struct{}
	counts    map[string]int
	log       []Call
}

func newFaults() faults {
	return faults{
		uncertain: map[string]int{}, delays: map[string]time.Duration{}, holds: map[string][]chan struct{}{},
		counts: map[string]int{},
	}
}

// logged is how many calls Log keeps.
const logged = 10_000

func (f *faults) count(c *call) {
	f.counts[c.method]++
	if len(f.log) >= 2*logged {
		f.log = slices.Clone(f.log[logged:])
	}
	f.log = append(f.log, Call{Method: c.method, At: c.s.now(), Token: c.token, Channel: c.str("channel")})
}

// release lets go of all that is held, when the server ends.
func (f *faults) release() {
	for _, gate := range f.gates {
		close(gate)
	}
	f.gates = nil
}

// FailNext has the next n calls of a method fail before they did anything; an empty method is any, and n below 0 is all
// from now on. With n = 0 the method fails no more.
func (s *Server) FailNext(method string, n int, how Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 {
		s.faults.failures = slices.DeleteFunc(s.faults.failures, func(f *failure) bool { return f.method == method })
		return
	}
	s.faults.failures = append(s.faults.failures, &failure{method: method, left: n, how: how})
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
	s.faults.delays[method] = d
}

// Hold has the next call of a method wait until release is called.
func (s *Server) Hold(method string) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gate := make(chan struct{})
	s.faults.holds[method] = append(s.faults.holds[method], gate)
	s.faults.gates = append(s.faults.gates, gate)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(s.faults.gates, gate); i >= 0 {
			s.faults.gates = slices.Delete(s.faults.gates, i, i+1)
			close(gate)
		}
	}
}

// Down cuts all connections, sockets too, and takes no new ones, or comes up again. Everything is kept, the address too.
func (s *Server) Down(down bool) {
	if down {
		s.mu.Lock()
		s.dropSockets()
		s.mu.Unlock()
	}
	s.listener.turn(down)
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
	return slices.Clone(s.faults.log)
}

// goWrong does what was asked to go wrong with a call; done says that this is its answer.
func (s *Server) goWrong(c *call) (out outcome, done bool) {
	s.mu.Lock()
	wait := max(s.faults.delays[c.method], s.faults.delays[""])
	var gate chan struct{}
	if held := s.faults.holds[c.method]; len(held) > 0 {
		gate = held[0]
		s.faults.holds[c.method] = held[1:]
	}
	i := slices.IndexFunc(s.faults.failures, func(f *failure) bool { return f.method == "" || f.method == c.method })
	var how Fault
	if i >= 0 {
		f := s.faults.failures[i]
		how = f.how
		if f.left--; f.left == 0 {
			s.faults.failures = slices.Delete(s.faults.failures, i, i+1)
		}
		s.faults.count(c)
	}
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-s.ctx.Done():
		}
	}
	if i < 0 {
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
