package bot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/store"
)

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// counter is slots with a clock that the test sets, and the place that deliveries go to.
type counter struct {
	*testing.T
	*slots
	at time.Duration // since it began
}

func newCounter(t *testing.T) *counter {
	c := &counter{T: t}
	c.slots = newSlots(func() time.Time { return began.Add(c.at) }, 30*time.Second)
	return c
}

var busy = chat.Place{Platform: "one", Channel: "busy"}

// comes has a delivery come at a time, and expects that it is told to come back at another, or to go ahead.
func (c *counter) comes(id string, at time.Duration, want ...time.Duration) {
	c.Helper()
	c.at = at
	c.told(id, c.post(busy, time.Second, id, "ticket of "+id), want...)
}

func (c *counter) told(id string, got time.Time, want ...time.Duration) {
	c.Helper()
	switch {
	case len(want) == 0 && !got.IsZero():
		c.Fatalf("at %s, %s is to come back at %s", c.at, id, got.Sub(began))
	case len(want) == 1 && (got.IsZero() || got.Sub(began) != want[0]):
		c.Fatalf("at %s, %s is to come back at %s, want %s", c.at, id, got.Sub(began), want[0])
	}
}

func TestSlots(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for name, f := range map[string]func(*counter){
		"one by one": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 500*ms, 2*s)
			c.comes("b", 600*ms, 1*s) // it keeps its own
			c.comes("b", 1*s)
			c.comes("d", 1500*ms, 3*s) // behind who waits
			c.comes("c", 2*s)
			c.comes("d", 3*s)
			c.comes("e", 3900*ms, 4*s)
			c.comes("e", 4*s)
			c.comes("f", 10*s)
		},
		"other places": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			for _, to := range []chat.Place{{Platform: "one", Channel: "quiet"}, {Platform: "one", Person: "busy"}, {Platform: "two", Channel: "busy"}} {
				c.told("x", c.post(to, time.Second, "x", "x"))
			}
		},
		"one is late": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 0, 2*s)
			c.comes("d", 0, 3*s)
			c.comes("e", 1500*ms, 4500*ms) // b is still before it
			c.comes("b", 1800*ms)
			c.comes("c", 2*s, 2800*ms)
			c.comes("d", 3*s, 3800*ms)
			c.comes("c", 2800*ms)
			c.comes("d", 3800*ms)
			c.comes("e", 4500*ms, 4800*ms)
			c.comes("e", 4800*ms)
		},
		"a little late": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 0, 2*s)
			c.comes("b", 1050*ms)
			c.comes("c", 2*s)
		},
		"one never comes": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 0, 2*s)
			c.comes("c", 2*s)
			c.comes("d", 2500*ms, 4*s) // b may come yet
			c.comes("d", 4*s)
			c.comes("e", 40*s)
		},
		"one needs it no more": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 0, 2*s)
			c.forget(busy, "c")
			c.forget(busy, "nobody")
			c.comes("d", 500*ms, 2*s)
		},
		"the place asks to wait": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 0, 2*s)
			c.told("a", c.shut(busy, s, "a", "", began.Add(30*s)), 30*s) // it was the first, and stays it
			c.comes("b", 1*s, 31*s)
			c.comes("d", 1500*ms, 33*s)
			c.comes("c", 2*s, 32*s)
			c.comes("a", 30*s)
			c.told("a", c.shut(busy, s, "a", "", began.Add(45500*ms)), 45500*ms)
			c.comes("b", 31*s, 46500*ms)
			c.comes("a", 45500*ms)
			c.comes("b", 46500*ms)
			c.comes("c", 47500*ms)
		},
		"one fails by itself": func(c *counter) {
			c.comes("a", 0)
			c.comes("b", 0, 1*s)
			c.comes("c", 0, 2*s)
			c.told("a", c.again(busy, s, "a", "", began.Add(1*s)), 1*s)
			c.comes("a", 1*s)
			c.comes("b", 1*s, 2*s)
			c.comes("c", 2*s, 3*s)
			c.comes("b", 2*s)
			c.told("b", c.again(busy, s, "b", "", began.Add(3500*ms)), 4*s) // the one before it goes when it was told
			c.comes("c", 3*s)
			c.comes("b", 4*s)
		},
		"without a pace": func(c *counter) {
			for range 3 {
				c.told("a", c.post(busy, 0, "a", ""))
			}
			c.told("a", c.shut(busy, 0, "a", "", began.Add(30*s)), 30*s)
			c.told("b", c.post(busy, 0, "b", ""), 30*s)
			c.told("b", c.again(busy, 0, "b", "", began.Add(1*s)), 30*s)
			c.at = 30 * s
			c.told("b", c.post(busy, 0, "b", ""))
			if len(c.lines) > 0 {
				c.Errorf("%d places are remembered for nothing", len(c.lines))
			}
		},
		"changes": func(c *counter) {
			c.told("a", c.edit(busy))
			c.shutEdits(busy, began.Add(30*s))
			c.told("a", c.edit(busy), 30*s)
			c.comes("b", 0)
			c.told("b", c.shut(busy, s, "b", "", began.Add(60*s)), 60*s)
			c.at = 30 * s
			c.told("a", c.edit(busy))
			c.comes("b", 30*s, 60*s)
		},
	} {
		t.Run(name, func(t *testing.T) { f(newCounter(t)) })
	}
}

func TestSlotsCall(t *testing.T) {
	c := newCounter(t)
	for i := range 4 {
		c.post(busy, time.Second, fmt.Sprint(i), "ticket "+fmt.Sprint(i))
	}
	if got := c.delay(); got != 3*time.Second {
		t.Errorf("the delay is %s", got)
	}
	c.at = 2500 * time.Millisecond
	called, next := c.due()
	if !slices.Equal(called, []string{"ticket 1", "ticket 2"}) || next.Sub(began) != 3*time.Second {
		t.Errorf("called %q, and the next at %s", called, next.Sub(began))
	}
	c.comes("1", 2500*time.Millisecond)
	c.comes("2", 2500*time.Millisecond, 3500*time.Millisecond)
	c.at = 3500 * time.Millisecond
	if called, _ = c.due(); !slices.Equal(called, []string{"ticket 2"}) {
		t.Errorf("called %q", called)
	}
	c.at = time.Hour
	if called, next = c.due(); !slices.Equal(called, []string{"ticket 3"}) || !next.IsZero() || c.delay() != 0 {
		t.Errorf("called %q, and the next at %s", called, next)
	}
}

// TestSlotsForget keeps no places in mind to which nothing goes.
func TestSlotsForget(t *testing.T) {
	c := newCounter(t)
	for i := range 10_000 {
		c.at += time.Second
		c.post(chat.Place{Person: fmt.Sprint(i)}, time.Second, "x", "x")
		c.shutEdits(chat.Place{Person: fmt.Sprint(i)}, began.Add(c.at))
	}
	if len(c.lines) > 200 || len(c.edits) > 2 {
		t.Errorf("%d and %d places are remembered", len(c.lines), len(c.edits))
	}
}

// TestSlotsHold has many deliveries come as late as it happens, and the place ask to wait now and then. Two posts are never
// too close, and nobody comes back often.
func TestSlotsHold(t *testing.T) {
	const many, every = 1000, time.Second
	random := rand.New(rand.NewPCG(1, 2))
	c := newCounter(t)
	type coming struct {
		at time.Duration
		id int
	}
	var who []coming
	for i := range many {
		who = append(who, coming{time.Duration(random.IntN(100_000)) * time.Millisecond, i})
	}
	var last, shut time.Duration = -every, 0
	looks := 0
	for len(who) > 0 {
		slices.SortStableFunc(who, func(a, b coming) int { return int(a.at - b.at) })
		w := who[0]
		who = who[1:]
		c.at = w.at
		looks++
		until := c.post(busy, every, fmt.Sprint(w.id), "")
		if until.IsZero() {
			if gap := c.at - last; gap < every-every/10 {
				t.Fatalf("%s after the last", gap)
			}
			if c.at < shut {
				t.Fatalf("at %s, although nothing may go before %s", c.at, shut)
			}
			last = c.at
			if random.IntN(100) > 0 {
				continue
			}
			shut = c.at + 30*time.Second
			until = c.shut(busy, every, fmt.Sprint(w.id), "", began.Add(shut))
		}
		late := time.Duration(random.IntN(5)) * time.Millisecond
		if random.IntN(50) == 0 {
			late = time.Duration(random.IntN(3000)) * time.Millisecond
		}
		who = append(who, coming{until.Sub(began) + late, w.id})
	}
	if most := 8 * many; looks > most {
		t.Errorf("%d deliveries came %d times", many, looks)
	}
	t.Logf("%d looks in %s", looks, c.at)
}

// TestAgain knows of every delivery whether somebody may have sent it: who waits for a turn was not sent.
func TestAgain(t *testing.T) {
	const lease = 30 * time.Second
	now := began.Add(time.Hour)
	for name, c := range map[string]struct {
		at, next time.Duration // before now
		tries    int
		want     bool
	}{
		"new":                          {at: time.Second, next: time.Second},
		"tried":                        {at: time.Second, next: 0, tries: 1, want: true},
		"waited for its turn":          {at: 10 * time.Minute, next: time.Second},
		"its turn was a lease ago":     {at: 10 * time.Minute, next: lease, want: true},
		"due for as long as a lease":   {at: lease, next: lease, want: true},
		"from before we were there":    {at: 2 * time.Hour, next: 2 * time.Hour, want: true},
		"whose turn came when we were": {at: 2 * time.Hour, next: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			d := &deliverer{Bot: &Bot{now: func() time.Time { return now }, pace: Pace{Lease: lease}}, started: began}
			p := store.Delivery{At: now.Add(-c.at), Next: now.Add(-c.next), Tries: c.tries}
			check := func(p store.Delivery) {
				t.Helper()
				if at := d.again(p); c.want && !at.Equal(p.At) || !c.want && !at.IsZero() {
					t.Errorf("since %s", at)
				}
			}
			check(p)
			l := &lane{batch: &batch{}}
			d.postpone(l, p, now.Add(time.Minute))
			d.now = func() time.Time { return now.Add(time.Minute) }
			check(l.out.Retry[0]) // waiting makes nobody forget it
		})
	}
}

// TestOthers: of what may stand already the adapter is told which posts of the ticket it is not.
func TestOthers(t *testing.T) {
	now := began.Add(time.Hour)
	d := &deliverer{Bot: &Bot{now: func() time.Time { return now }, pace: Pace{Lease: time.Minute}}, started: began}
	known := chat.Ref{Platform: "one", Channel: "c", Message: "1"}
	b := &batch{Work: store.Work{Refs: map[string]chat.Ref{"room": known}}, out: store.Outcome{Refs: map[string]chat.Ref{}}}
	for tries, want := range [][]chat.Ref{nil, {known}} {
		s := sending{deliverer: d, lane: &lane{batch: b}, delivery: store.Delivery{At: now, Next: now, Tries: tries}}
		var p chat.Post
		s.repeated(&p)
		if p.Again.IsZero() != (tries == 0) || !slices.Equal(p.Others, want) {
			t.Errorf("after %d tries: since %s, others %v", tries, p.Again, p.Others)
		}
		later := chat.Ref{Platform: "one", Channel: "c", Message: "2"}
		s.keep("room/1", later)
		if s.repeated(&p); tries > 0 && !slices.Contains(p.Others, later) {
			t.Errorf("what was just sent is none of the others: %v", p.Others)
		}
		delete(b.Refs, "room/1")
	}
}

func TestPace(t *testing.T) {
	for name, c := range map[string]struct{ caps, pace, want time.Duration }{
		"the platform's":     {time.Second, 0, time.Second},
		"another":            {time.Second, time.Millisecond, time.Millisecond},
		"none":               {time.Second, -1, 0},
		"where none is need": {0, time.Millisecond, 0},
	} {
		if got := (Pace{PerChannel: c.pace}).every(chat.Caps{PostEvery: c.caps}); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What waits longest is told, until it is delivered or somebody else saw to it.
func TestWaits(t *testing.T) {
	now := time.Date(2126, 3, 4, 9, 0, 0, 0, time.UTC)
	since := func(minutes ...int) (all []store.Delivery) {
		for _, m := range minutes {
			all = append(all, store.Delivery{At: now.Add(-time.Duration(m) * time.Minute)})
		}
		return all
	}
	var w waits
	if got := w.longest(now); got != 0 {
		t.Errorf("before anything waits: %s", got)
	}
	w.note("one", since(3, 7, 5), now)
	w.note("two", since(9), now)
	if got := w.longest(now); got != 9*time.Minute {
		t.Errorf("the longest is %s", got)
	}
	w.note("two", nil, now)
	if got := w.longest(now.Add(time.Minute)); got != 8*time.Minute {
		t.Errorf("after a delivery it is %s", got)
	}
	if got := w.longest(now.Add(waitSeen + time.Second)); got != 0 {
		t.Errorf("what nobody looked at counts for %s", got)
	}
}
