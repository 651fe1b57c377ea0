package main

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// talk is what people wrote to each other that was acknowledged, and when it was first seen where it belongs.
type talk struct {
	patience time.Duration
	grumbles bool         // requesters write when something does not work
	failed   atomic.Int64 // attempts

	mu           sync.Mutex
	away         chan struct{}        // closed when people reach the network again; nil while they do
	acknowledged map[string]time.Time // by mark, or a ticket's tag
	seen         map[string]time.Time // by mark or tag, and side
}

// The sides on which something can stand.
const (
	onCard   = " in triage"
	onDirect = " with the requester"
)

var (
	marks = regexp.MustCompile(`life\d{3}x\d{7}x(?:` + markSay + `|` + markReply + `|` + markSolution + `|` + markTyped + `)\d{4}z`)
	tags  = regexp.MustCompile(`life\d{3}x\d{7}x`)
)

func newTalk(patience time.Duration) *talk {
	return &talk{patience: patience, acknowledged: map[string]time.Time{}, seen: map[string]time.Time{}}
}

// cutOff keeps people from doing anything until the function that it gives is called.
func (t *talk) cutOff() (back func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.away = make(chan struct{})
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		close(t.away)
		t.away = nil
	})
}

// reach waits until people reach the network.
func (t *talk) reach(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	away := t.away
	t.mu.Unlock()
	if away == nil {
		return nil
	}
	select {
	case <-away:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// acknowledge notes that the server took a message, or the program a form.
func (t *talk) acknowledge(what string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acknowledged[what] = time.Now()
}

// sides are where a mark or a tag belongs.
func sides(what string) []string {
	switch {
	case len(what) == tagLength:
		return []string{onCard, onDirect}
	case strings.Contains(what, markSay):
		return []string{onCard}
	}
	return []string{onDirect}
}

// placed is what a message of the bot's says, and on which side that is.
func (m *message) placed(triage bool) (what []string, side string) {
	if !m.posted {
		return nil, ""
	}
	side = onDirect
	if triage {
		side = onCard
	}
	if m.root == "" {
		if tag := tags.FindString(m.all); tag != "" {
			what = []string{tag}
		}
		return what, side
	}
	return marks.FindAllString(m.said, -1), side
}

// saw notes what is there by now.
func (t *talk) saw(n news, triage bool) {
	what, side := n.placed(triage)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range what {
		if _, ok := t.seen[w+side]; !ok {
			t.seen[w+side] = n.at
		}
	}
}

// waiting counts the tickets of which something that was acknowledged was not seen yet.
func (t *talk) waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	tickets := map[string]bool{}
	for what := range t.acknowledged {
		for _, side := range sides(what) {
			if t.seen[what+side].IsZero() {
				tickets[what[:tagLength]] = true
			}
		}
	}
	return len(tickets)
}

// written counts what people wrote by themselves between two moments, and not in a form.
func (t *talk) written(from, to time.Time) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for what, at := range t.acknowledged {
		if (strings.Contains(what, markSay) || strings.Contains(what, markTyped)) && at.After(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// opened counts the tickets that were seen wherever they belong.
func (t *talk) opened() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for what := range t.acknowledged {
		if len(what) == tagLength && !t.seen[what+onCard].IsZero() && !t.seen[what+onDirect].IsZero() {
			n++
		}
	}
	return n
}

// lateness is how a return of the server went.
type lateness struct {
	interrupted int           // deliveries of what was acknowledged before its return
	resumed     time.Duration // until the last of these was seen
	even        time.Duration // until the last was seen that took longer than a second
}

// late says how long after the server's return things were seen that had waited. What was never seen is left out.
func (t *talk) late(returned time.Time) lateness {
	t.mu.Lock()
	defer t.mu.Unlock()
	var l lateness
	for what, at := range t.acknowledged {
		for _, side := range sides(what) {
			seen := t.seen[what+side]
			if !seen.After(returned) {
				continue
			}
			if at.Before(returned) {
				l.interrupted++
				l.resumed = max(l.resumed, seen.Sub(returned))
			}
			if seen.Sub(at) > time.Second {
				l.even = max(l.even, seen.Sub(returned))
			}
		}
	}
	return l
}
