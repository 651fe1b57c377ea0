package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tally is what stands on the network in the end, to what was acknowledged.
type tally struct {
	tickets, messages, posts          int
	lost, doubled, elsewhere, jumbled []string
}

func (t *tally) wrong() int {
	return len(t.lost) + len(t.doubled) + len(t.elsewhere) + len(t.jumbled)
}

// reading is a tally that is being made.
type reading struct {
	*talk
	tally
	copies  map[string]int      // by mark or tag, and side
	tickets map[string]string   // a first post's ticket
	lines   map[string][]string // the marks in a thread, by whose it is and of what kind, as they follow each other
	said    map[string]bool     // what requesters have on the server, acknowledged or not
}

// shelf is what stands in a channel, the oldest first, in threads at least.
type shelf struct {
	owner  string // whose direct conversation with the bot it is; empty of a team's channel
	triage bool
	list   []*message
}

// tally compares all that there is.
func (t *talk) tally(all []shelf) tally {
	r := &reading{talk: t, copies: map[string]int{}, tickets: map[string]string{}, lines: map[string][]string{}, said: map[string]bool{}}
	for _, s := range all {
		r.read(s)
	}
	r.compare()
	return r.tally
}

// read takes in what stands in a channel.
func (r *reading) read(s shelf) {
	r.posts += len(s.list)
	for _, m := range s.list {
		if m.by == s.owner && m.by != "" && m.root != "" {
			for _, mark := range marks.FindAllString(m.said, -1) {
				r.said[mark] = true
				r.line(mark, bySaying, r.tickets[m.root])
			}
			continue
		}
		what, side := m.placed(s.triage)
		for _, w := range what {
			r.copies[w+side]++
			if m.root == "" {
				r.tickets[m.id] = w
				continue
			}
			if r.copies[w+side] == 1 {
				r.line(w, side, r.tickets[m.root])
			}
		}
	}
}

// line notes a mark in the thread of a ticket.
func (r *reading) line(mark, side, ticket string) {
	if !strings.HasPrefix(mark, ticket) || ticket == "" {
		r.elsewhere = append(r.elsewhere, mark+side)
		return
	}
	if side == bySaying || slices.Contains(sides(mark), side) {
		if strings.Contains(mark, markTyped) { // and forms come by another way
			side += byTyping
		}
		r.lines[ticket+side] = append(r.lines[ticket+side], mark)
	}
}

// bySaying is the side of what somebody wrote themself.
const bySaying = " written"

// byTyping is the end of the side of what an agent wrote under a card.
const byTyping = ", typed"

func (r *reading) compare() {
	r.mu.Lock()
	defer r.mu.Unlock()
	expected := maps.Clone(r.said)
	for what := range r.acknowledged {
		expected[what] = true
		if strings.Contains(what, markSay) && !r.said[what] {
			r.lost = append(r.lost, what+" from the server itself")
		}
	}
	for _, what := range slices.Sorted(maps.Keys(expected)) {
		if len(what) == tagLength {
			r.tally.tickets++
		} else {
			r.messages++
		}
		for _, side := range sides(what) {
			if r.copies[what+side] == 0 {
				r.lost = append(r.lost, what+side)
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(r.copies)) {
		if r.copies[what] > 1 {
			r.doubled = append(r.doubled, what)
		}
	}
	for _, of := range slices.Sorted(maps.Keys(r.lines)) {
		ticket := of[:tagLength]
		rank := func(mark string) int { return slices.Index(r.lines[ticket+bySaying], mark) } // as the requester wrote
		if strings.HasPrefix(of, ticket+onDirect) {
			rank = func(mark string) int { // as the agent sent them, each of which waited for the one before
				n, err := strconv.Atoi(strings.TrimSuffix(mark[len(mark)-5:], "z"))
				if err != nil {
					return -1
				}
				return n
			}
		}
		if !slices.IsSortedFunc(r.lines[of], func(a, b string) int { return rank(a) - rank(b) }) {
			r.jumbled = append(r.jumbled, of)
		}
	}
}

// settled is the tally once nothing is missing from it any more, or after a while.
func settled(ctx context.Context, while time.Duration, look func(context.Context) (tally, error)) (tally, error) {
	const between = 2 * time.Second
	began := time.Now()
	for {
		found, err := look(ctx)
		if err != nil || len(found.lost) == 0 || time.Since(began) > while {
			return found, err
		}
		if err := pause(ctx, between); err != nil {
			return found, err
		}
	}
}

// explain names some of what is wrong.
func (t *tally) explain() error {
	const most = 10
	for name, list := range map[string][]string{"lost": t.lost, "doubled": t.doubled, "out of order": t.jumbled, "elsewhere": t.elsewhere} {
		if len(list) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.Join(list[:min(len(list), most)], ", ")); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}

// judgeTally adds the lines of what was found.
func (b *bench) judgeTally(t tally) {
	b.figure("tickets", strconv.Itoa(t.tickets))
	b.figure("messages and replies", strconv.Itoa(t.messages))
	b.figure("posts looked at", strconv.Itoa(t.posts))
	none := func(what string, list []string) { b.judge(what, strconv.Itoa(len(list)), "0", len(list) == 0) }
	none("lost", t.lost)
	none("doubled", t.doubled)
	none("out of order", t.jumbled)
	none("in a wrong thread", t.elsewhere)
}
