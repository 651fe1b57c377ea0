package mattermostfake

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// trouble is what the server was told to do wrong.
type trouble struct {
	fail, garbage   bool
	failOnly        []string // users
	garbageOnly     []string
	uncertain       int
	uncertainOnly   []string
	gate            <-chan struct{} // holds the next post
	rate            rate
	buckets         map[string]time.Time
	channelEvery    map[string]time.Duration
	channelNext     map[string]time.Time
	forget          int
	repeat, reorder bool
	callTwice       bool
	delay           time.Duration
}

// rate is the general limit; zero is none.
type rate struct {
	perSecond, burst int
	only             []string
}

// Fail makes every call answer 500, or no more. With users named, only theirs.
func (s *Server) Fail(on bool, only ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.fail, s.trouble.failOnly = on, only
}

// Garbage makes every call answer 200 with nonsense, or no more. With users named, only theirs.
func (s *Server) Garbage(on bool, only ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.garbage, s.trouble.garbageOnly = on, only
}

// Down cuts all connections and takes no new ones until Up. Everything is kept, the address too.
func (s *Server) Down() { s.host.Down(true) }

// Up ends Down.
func (s *Server) Up() { s.host.Down(false) }

// UncertainNextPost makes the next post and loses the answer. With users named, the next one of theirs.
func (s *Server) UncertainNextPost(only ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.uncertain++
	s.trouble.uncertainOnly = only
}

func (s *Server) takeUncertain(user string) bool {
	if s.trouble.uncertain == 0 || !concerns(s.trouble.uncertainOnly, user) {
		return false
	}
	s.trouble.uncertain--
	return true
}

// HoldNextPost keeps the next post from being made until release is called: a repeat of it meanwhile is refused.
func (s *Server) HoldNextPost() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.gate, release = s.host.Hold()
	return release
}

// Limit allows everybody so many calls a second after a burst, as the real setting does; zero is no limit. With users
// named, only theirs are limited.
func (s *Server) Limit(perSecond, burst int, only ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.rate = rate{perSecond, burst, only}
	s.trouble.buckets = map[string]time.Time{}
}

// LimitChannel allows a post to a channel only so often; zero is no limit.
func (s *Server) LimitChannel(channelID string, every time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble.channelEvery == nil {
		s.trouble.channelEvery, s.trouble.channelNext = map[string]time.Duration{}, map[string]time.Time{}
	}
	s.trouble.channelEvery[channelID] = every
	delete(s.trouble.channelNext, channelID)
}

// ForgetEvents loses the next n events that bots would have got.
func (s *Server) ForgetEvents(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.forget = n
}

// RepeatEvents gives bots every event twice, or no more.
func (s *Server) RepeatEvents(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.repeat = on
}

// ReorderEvents gives bots every two events in the wrong order, or no more.
func (s *Server) ReorderEvents(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.reorder = on
	if !on {
		for _, c := range s.hub.conns {
			c.release()
		}
	}
}

// RepeatCallbacks makes each call of an integration twice, or no more. The first answer counts.
func (s *Server) RepeatCallbacks(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.callTwice = on
}

// DelayCallbacks makes calls of integrations wait before they go out.
func (s *Server) DelayCallbacks(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble.delay = d
}

// concerns says whether a trouble is for this user: for everybody if nobody is named.
func concerns(only []string, user string) bool { return len(only) == 0 || slices.Contains(only, user) }

// inTrouble answers instead of the route, if the server was told so.
func (s *Server) inTrouble(w http.ResponseWriter, r *http.Request) bool {
	token := requestToken(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	user := ""
	if sess := s.sessionOf(token); sess != nil {
		user = sess.userID
	}
	t := &s.trouble
	switch {
	case s.overRate(w, token, user):
		http.Error(w, "limit exceeded", http.StatusTooManyRequests)
	case t.fail && concerns(t.failOnly, user):
		write(w, http.StatusInternalServerError, fault(http.StatusInternalServerError, "api.fake.failed"))
	case t.garbage && concerns(t.garbageOnly, user):
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>It works!</body></html>")) // the client may be gone
	default:
		return false
	}
	return true
}

// overRate charges a call to the token and to its user, as the real server does.
func (s *Server) overRate(w http.ResponseWriter, token, user string) bool {
	r := s.trouble.rate
	if r.perSecond == 0 || !concerns(r.only, user) {
		return false
	}
	return s.charge(w, "token "+token) || token != "" && s.charge(w, "user "+user)
}

// charge is the generic cell rate algorithm: a bucket holds the time at which it will be empty.
func (s *Server) charge(w http.ResponseWriter, key string) bool {
	r := s.trouble.rate
	interval := time.Second / time.Duration(r.perSecond)
	room := interval * time.Duration(r.burst+1)
	now := s.host.Now()
	full := s.trouble.buckets[key]
	if full.Before(now) {
		full = now
	}
	next := full.Add(interval)
	h := w.Header()
	h.Add("X-RateLimit-Limit", strconv.Itoa(r.burst+1))
	over := next.Sub(now) > room
	if over {
		next = full
	} else {
		s.trouble.buckets[key] = next
	}
	h.Add("X-RateLimit-Remaining", strconv.Itoa(int((room-next.Sub(now))/interval)))
	h.Add("X-RateLimit-Reset", seconds(next.Sub(now)))
	if over {
		h.Add("Retry-After", seconds(full.Add(interval).Sub(now)-room))
	}
	return over
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// channelLimited refuses a post that comes too soon after the one before.
func (s *Server) channelLimited(c *call, channel string) *model.AppError {
	every := s.trouble.channelEvery[channel]
	if every == 0 {
		return nil
	}
	if wait := s.trouble.channelNext[channel].Sub(s.host.Now()); wait > 0 {
		c.w.Header().Set("X-RateLimit-Limit", "1")
		c.w.Header().Set("X-RateLimit-Remaining", "0")
		c.w.Header().Set("X-RateLimit-Reset", seconds(wait))
		c.w.Header().Set("Retry-After", seconds(wait))
		return fault(http.StatusTooManyRequests, limitExceeded)
	}
	s.trouble.channelNext[channel] = s.host.Now().Add(every)
	return nil
}
