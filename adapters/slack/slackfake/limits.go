package slackfake

import (
	"math"
	"time"
)

// limits are how often the app may call.
type limits struct {
	buckets map[string]*bucket   // by method and token
	next    map[string]time.Time // when a channel takes the next post
	every   map[string]time.Duration
}

// bucket holds the calls that are allowed at once.
type bucket struct {
	left float64
	at   time.Time
}

func newLimits() limits {
	return limits{buckets: map[string]*bucket{}, next: map[string]time.Time{}, every: map[string]time.Duration{}}
}

// tier takes one call of a method from its bucket; the answer is how many seconds to wait if there is none.
func (l *limits) tier(c *call, m method, now time.Time, on bool) int {
	if !on || m.tier == 0 {
		return 0
	}
	key := c.method + " " + c.token
	b := l.buckets[key]
	if b == nil {
		b = &bucket{left: float64(m.tier), at: now}
		l.buckets[key] = b
	}
	perSecond := float64(m.tier) / 60
	b.left = min(float64(m.tier), b.left+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	if b.left < 1 {
		return seconds(time.Duration((1 - b.left) / perSecond * float64(time.Second)))
	}
	b.left--
	return 0
}

// post takes the place of one post to a channel; the answer is how many seconds to wait if it is too early.
func (l *limits) post(channel string, now time.Time, every time.Duration) int {
	every = max(every, l.every[channel])
	if every <= 0 {
		return 0
	}
	if at := l.next[channel]; now.Before(at) {
		return seconds(at.Sub(now))
	}
	l.next[channel] = now.Add(every)
	return 0
}

// seconds is a wait in whole seconds, at least one.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// LimitPosts is the least time between two posts to this one channel from now on; 0 ends it.
func (s *Server) LimitPosts(channelID string, every time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.every[channelID] = every
	delete(s.limits.next, channelID)
}
