package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// tally is what stands on the server in the end, to what was acknowledged.
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

// tally reads everything that stands in the town, and compares it.
func (h *household) tally(ctx context.Context) (tally, error) {
	r := &reading{talk: h.talk, copies: map[string]int{}, tickets: map[string]string{}, lines: map[string][]string{}, said: map[string]bool{}}
	triage, err := h.town.As(helper(0)).Posts(ctx, h.triage)
	if err != nil {
		return tally{}, err
	}
	if err := r.read(triage, ""); err != nil {
		return tally{}, err
	}
	for i := range h.people {
		name := requester(i)
		posts, err := h.town.As(name).Posts(ctx, h.town.directs[name])
		if err != nil {
			return tally{}, err
		}
		if err := r.read(posts, h.town.UserID(name)); err != nil {
			return tally{}, err
		}
	}
	r.compare()
	return r.tally, nil
}

// read takes in the posts of a channel, the oldest first. Whose channel it is writes there, too.
func (r *reading) read(posts []*model.Post, owner string) error {
	r.posts += len(posts)
	for _, p := range posts {
		text, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("read a post: %w", err)
		}
		if p.UserId == owner && p.RootId != "" {
			for _, mark := range marks.FindAllString(p.Message, -1) {
				r.said[mark] = true
				r.line(mark, bySaying, r.tickets[p.RootId])
			}
			continue
		}
		what, side := r.placed(p, string(text))
		for _, w := range what {
			r.copies[w+side]++
			if p.RootId == "" {
				r.tickets[p.Id] = w
				continue
			}
			if r.copies[w+side] == 1 {
				r.line(w, side, r.tickets[p.RootId])
			}
		}
	}
	return nil
}

// line notes a mark in the thread of a ticket.
func (r *reading) line(mark, side, ticket string) {
	if !strings.HasPrefix(mark, ticket) || ticket == "" {
		r.elsewhere = append(r.elsewhere, mark+side)
		return
	}
	if side == bySaying || slices.Contains(sides(mark), side) {
		r.lines[ticket+side] = append(r.lines[ticket+side], mark)
	}
}

// bySaying is the side of what somebody wrote themself.
const bySaying = " written"

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
		if of == ticket+onDirect {
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
