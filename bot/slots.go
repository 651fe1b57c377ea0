package bot

import (
	"slices"
	"sync"
	"time"

	"balie/internal/chat"
)

// slots says when posts may be made and changed. A place that asked to wait is left alone until then, for new posts and
// for changes apart. Where new posts need time between them, each waits for a slot of its own, in the order in which they
// came: however many wait, each comes back once, when it is its turn.
//
// Slots are this process's own. What several processes do at once the platform itself bounds, which shifts the slots.
type slots struct {
	now   func() time.Time
	keep  time.Duration // how long after its time a slot is kept for a delivery that does not come
	woken chan struct{} // takes a word when there is another first slot

	mu    sync.Mutex
	lines map[chat.Place]*line
	edits map[chat.Place]time.Time // from when on posts may be changed
	sweep int                      // how many places may be known before those that have nothing to say are forgotten
}

// line is the new posts to one place.
type line struct {
	every time.Duration
	last  time.Time // when a post went ahead last
	shut  time.Time // none may before
	first []*slot   // by time, every apart
	byID  map[string]*slot
}

// slot is when one delivery may make its post.
type slot struct {
	id, ticket string
	at         time.Time
	called     bool // its ticket was asked to come
}

func newSlots(now func() time.Time, keep time.Duration) *slots {
	return &slots{now: func() time.Time { return now().UTC() }, keep: keep, woken: make(chan struct{}, 1),
		lines: map[chat.Place]*line{}, edits: map[chat.Place]time.Time{}}
}

// early is how much sooner than a place wants it a post may go ahead that is on time, when the one before was late.
func (l *line) early() time.Duration { return l.every / 20 }

// post says when the delivery may post to the place; zero for now, and then it has had its slot.
func (s *slots) post(to chat.Place, every time.Duration, id, ticket string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[to]
	if l == nil && every == 0 {
		return time.Time{}
	}
	now := s.now()
	if l == nil {
		l = s.line(to, now)
	}
	l.every = every
	l.expire(now.Add(-s.keep))
	mine, free := l.byID[id], l.free(now)
	switch {
	case mine == nil && every == 0:
		if free.After(now) {
			return free
		}
		delete(s.lines, to)
		return time.Time{}
	case mine == nil:
		if n := len(l.first); n > 0 {
			free = latest(free.Add(time.Duration(n)*every), l.first[n-1].at.Add(every))
		}
		if free.After(now) {
			s.insert(l, &slot{id: id, ticket: ticket, at: free})
			return free
		}
	case mine.at.After(now):
		return mine.at
	case free.Add(-l.early()).After(now): // one before it was late, or the place asked to wait: all shift
		l.shift(free)
		s.wake()
		return mine.at
	default:
		l.drop(mine)
	}
	l.last = now
	return time.Time{}
}

// edit says when a post in the place may be changed; zero for now.
func (s *slots) edit(in chat.Place) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.edits) == 0 {
		return time.Time{}
	}
	if until := s.edits[in]; until.After(s.now()) {
		return until
	}
	return time.Time{}
}

// shut keeps the place free of new posts until then. The delivery that learned of it has the first slot after that.
func (s *slots) shut(to chat.Place, every time.Duration, id, ticket string, until time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.line(to, s.now())
	l.shut = latest(l.shut, whole(until))
	l.shift(l.shut.Add(every))
	return s.book(l, every, id, ticket, l.shut)
}

// again gives the delivery a slot at that time, or soon after: it failed by itself, and does not queue anew.
func (s *slots) again(to chat.Place, every time.Duration, id, ticket string, at time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[to]
	if l == nil && every == 0 {
		return at
	}
	if l == nil {
		l = s.line(to, s.now())
	}
	return s.book(l, every, id, ticket, latest(at, l.shut))
}

func (s *slots) book(l *line, every time.Duration, id, ticket string, at time.Time) time.Time {
	l.every = every
	if mine := l.byID[id]; mine != nil {
		l.drop(mine)
	}
	mine := &slot{id: id, ticket: ticket, at: whole(at)}
	if every > 0 {
		s.insert(l, mine)
		l.shift(time.Time{})
	}
	return mine.at
}

// shutEdits leaves the posts in the place as they are until then.
func (s *slots) shutEdits(in chat.Place, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for place, t := range s.edits {
		if t.Before(now) {
			delete(s.edits, place)
		}
	}
	s.edits[in] = latest(s.edits[in], until)
}

// forget gives up the slot of a delivery that needs none any more.
func (s *slots) forget(to chat.Place, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lines[to]; l != nil && l.byID[id] != nil {
		l.drop(l.byID[id])
	}
}

// due are the tickets whose slots have come since it was asked last, and when the next slot comes; zero if there is none.
func (s *slots) due() (tickets []string, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now time.Time
	for _, l := range s.lines {
		for _, f := range l.first {
			if now.IsZero() {
				now = s.now()
			}
			if f.at.After(now) {
				if next.IsZero() || f.at.Before(next) {
					next = f.at
				}
				break
			}
			if !f.called {
				f.called = true
				tickets = append(tickets, f.ticket)
			}
		}
	}
	return tickets, next
}

// delay is how long the longest line is: a new post would wait so long.
func (s *slots) delay() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last time.Time
	for _, l := range s.lines {
		if n := len(l.first); n > 0 {
			last = latest(last, l.first[n-1].at)
		}
	}
	if last.IsZero() {
		return 0
	}
	return max(0, last.Sub(s.now()))
}

// line is the place's line, a new one if there is none.
func (s *slots) line(to chat.Place, now time.Time) *line {
	if l := s.lines[to]; l != nil {
		return l
	}
	if len(s.lines) >= s.sweep {
		for place, l := range s.lines {
			l.expire(now.Add(-s.keep))
			if len(l.first) == 0 && !l.free(now).After(now) {
				delete(s.lines, place)
			}
		}
		s.sweep = 2*len(s.lines) + 64
	}
	l := &line{byID: map[string]*slot{}}
	s.lines[to] = l
	return l
}

// insert puts the slot where its time says, before others of that time.
func (s *slots) insert(l *line, mine *slot) {
	i, _ := slices.BinarySearchFunc(l.first, mine.at, func(f *slot, at time.Time) int { return f.at.Compare(at) })
	l.first = slices.Insert(l.first, i, mine)
	l.byID[mine.id] = mine
	if i == 0 {
		s.wake()
	}
}

func (s *slots) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// free is when a post may go ahead if none waits.
func (l *line) free(now time.Time) time.Time {
	free := latest(now, l.shut)
	if !l.last.IsZero() {
		free = latest(free, l.last.Add(l.every))
	}
	if free.Equal(now) {
		return now
	}
	return whole(free)
}

// shift moves slots so that none is before the time given, and all are apart; their order stays.
func (l *line) shift(from time.Time) {
	for _, f := range l.first {
		if f.at.Before(from) {
			f.at, f.called = from, false
		}
		from = f.at.Add(l.every)
	}
}

func (l *line) drop(f *slot) {
	delete(l.byID, f.id)
	i := slices.Index(l.first, f)
	l.first = slices.Delete(l.first, i, i+1)
}

// expire forgets slots from before the time given.
func (l *line) expire(before time.Time) {
	for len(l.first) > 0 && l.first[0].at.Before(before) {
		l.drop(l.first[0])
	}
}

// whole is t in milliseconds, rounded up: that is how exactly stores know when something is due.
func whole(t time.Time) time.Time {
	if cut := t.Truncate(time.Millisecond); !cut.Equal(t) {
		return cut.Add(time.Millisecond)
	}
	return t
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
