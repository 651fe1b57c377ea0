package discordfake

import (
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"time"
)

// limits are how often the app may call. https://docs.discord.com/developers/topics/rate-limits
type limits struct {
	windows map[string]*window       // by route and channel
	next    map[string]time.Time     // when a channel takes the next post
	every   map[string]time.Duration // of channels with a limit of their own
	told    map[string]time.Time     // until when the app knows that it has to wait
	second  window                   // of all calls
	early   int
}

// window is some time with so many calls left in it.
type window struct {
	left  int
	until time.Time
}

func newLimits() limits {
	return limits{windows: map[string]*window{}, next: map[string]time.Time{}, every: map[string]time.Duration{}, told: map[string]time.Time{}}
}

// windowsMax is how many windows are kept before those that are over are thrown away.
const windowsMax = 4096

// onTime is how much too early is not counted: clocks, and what is rounded on the way.
const onTime = 20 * time.Millisecond

// take takes one call from what is left, and says in the answer's headers how much that is.
func (l *limits) take(c *call, m route) *refusal {
	s, now := c.s, c.s.host.Now()
	key := c.bucket()
	if until, known := l.told[key]; known {
		if now.Before(until.Add(-onTime)) {
			l.early++
		} else {
			delete(l.told, key)
		}
	}
	if s.o.Global > 0 && !m.open {
		if now.After(l.second.until) {
			l.second = window{left: s.o.Global, until: now.Add(time.Second)}
		}
		if l.second.left--; l.second.left < 0 {
			no := tooMuch(l.second.until.Sub(now))
			no.global, no.scope = true, "global"
			return no
		}
	}
	if m.post {
		if no, held := l.post(c, now, key); no != nil || held {
			return no
		}
	}
	if !s.o.Limits || m.limit == 0 {
		return nil
	}
	if len(l.windows) > windowsMax {
		for k, w := range l.windows {
			if now.After(w.until) {
				delete(l.windows, k)
			}
		}
	}
	w := l.windows[key]
	if w == nil || !now.Before(w.until) {
		w = &window{left: m.limit, until: now.Add(m.every)}
		l.windows[key] = w
	}
	if w.left == 0 {
		l.tell(c.header, key, m.limit, 0, w.until, now)
		return tooMuch(w.until.Sub(now))
	}
	w.left--
	l.tell(c.header, key, m.limit, w.left, w.until, now)
	return nil
}

// post takes the place of one post to a channel. Held says that the channel has a limit, and what is left was said.
func (l *limits) post(c *call, now time.Time, key string) (no *refusal, held bool) {
	channel := c.arg("channel")
	if every := l.every[channel]; every > 0 { // which the app can't know before
		if at := l.next[channel]; now.Before(at) {
			l.told[key] = at
			return tooMuch(at.Sub(now)), true
		}
		l.next[channel] = now.Add(every)
		return nil, true
	}
	every := c.s.o.PostEvery
	if every <= 0 {
		return nil, false
	}
	at := l.next[channel]
	if now.Before(at) {
		l.tell(c.header, key, 1, 0, at, now)
		return tooMuch(at.Sub(now)), true
	}
	l.next[channel] = now.Add(every)
	l.tell(c.header, key, 1, 0, now.Add(every), now)
	return nil, true
}

// tell writes the headers. https://docs.discord.com/developers/topics/rate-limits#header-format
func (l *limits) tell(h http.Header, key string, limit, left int, until, now time.Time) {
	name := fnv.New64a()
	_, _ = name.Write([]byte(key)) // never fails
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(until.UnixMilli())/1000))
	h.Set("X-RateLimit-Reset-After", fmt.Sprintf("%.3f", math.Ceil(until.Sub(now).Seconds()*1000)/1000))
	h.Set("X-RateLimit-Bucket", strconv.FormatUint(name.Sum64(), 16))
	if left == 0 {
		l.told[key] = until
	}
}

// bucket is what shares a limit: a route, in one channel, guild or webhook.
func (c *call) bucket() string {
	key := c.route
	for _, name := range []string{"channel", "guild", "webhook", "token"} {
		if v := c.arg(name); v != "" {
			key += " " + v
		}
	}
	return key
}

// seconds is a wait in whole seconds, at least one.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// LimitPosts is the least time between two posts to this one channel from now on; 0 ends it. The app learns of it when it is
// too early.
func (s *Server) LimitPosts(channelID string, every time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.every[channelID] = every
	delete(s.limits.next, channelID)
}

// Early counts the calls that came although the app had been told to wait.
func (s *Server) Early() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits.early
}
