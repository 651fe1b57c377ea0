package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// crashKept is everything that a store holds, as a dump tells it.
type crashKept struct {
	tickets  map[string][]store.TicketItem // by the summary's tag
	messages map[string]wire.Message       // by id
	roots    map[string][]wire.Message     // by the summary's tag: cards and conversations
	threads  map[string][]wire.Message     // by root, in the order in which people see them
	unheard  int
	dead     int
	keys     map[string]int
}

// The spaces of the playground's records.
const (
	crashMessageSpace = "playground/message"
	crashUnheardSpace = "playground/unheard"
)

func crashReadStore(t testing.TB, s store.Store) *crashKept {
	t.Helper()
	k := &crashKept{tickets: map[string][]store.TicketItem{}, messages: map[string]wire.Message{},
		roots: map[string][]wire.Message{}, threads: map[string][]wire.Message{}, keys: map[string]int{}}
	older := map[string][]ticket.Entry{}
	decode := func(body []byte, into any) {
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatalf("decode what the store holds: %v", err)
		}
	}
	err := s.Dump(t.Context(), func(i store.Item) error {
		switch i.Kind {
		case store.KindTicket:
			var tk store.TicketItem
			decode(i.Body, &tk)
			_, tag, _ := strings.Cut(tk.Ticket.Summary, "Broken: ")
			k.tickets[tag] = append(k.tickets[tag], tk)
			k.keys[tk.Ticket.Key]++
		case store.KindEntry:
			var e store.EntryItem
			decode(i.Body, &e)
			older[e.Ticket] = append(older[e.Ticket], e.Entry)
		case store.KindRecord:
			var r store.Record
			decode(i.Body, &r)
			switch r.Space {
			case crashMessageSpace:
				var m wire.Message
				decode(r.Body, &m)
				k.messages[m.ID] = m
				if m.Thread != "" {
					k.threads[m.Thread] = append(k.threads[m.Thread], m)
				} else if tag := crashSummaryTag(m); tag != "" {
					k.roots[tag] = append(k.roots[tag], m)
				}
			case crashUnheardSpace:
				k.unheard++
			}
		case store.KindDead:
			k.dead++
		}
		return nil
	})
	if err != nil {
		t.Fatalf("read the store: %v", err)
	}
	for _, thread := range k.threads {
		slices.SortFunc(thread, func(a, b wire.Message) int { return cmp.Compare(a.Order, b.Order) })
	}
	for _, list := range k.tickets {
		for i := range list {
			tk := &list[i].Ticket
			tk.Entries = append(older[tk.ID], tk.Entries...)
			slices.SortFunc(tk.Entries, func(a, b ticket.Entry) int { return a.N - b.N })
		}
	}
	return k
}

// crashFigures are what a run comes to.
type crashFigures struct {
	kills, databaseKills         int
	tickets, deeds, unsure, took int // acknowledged tickets and deeds; not acknowledged ones, and those of them that took
	posts                        int // looked at
	lost, doubled, disordered    int
}

func (f crashFigures) String() string {
	return fmt.Sprintf("%d kills (and %d of the database): %d tickets and %d messages acknowledged, %d not (%d of them happened all the same); "+
		"%d posts checked: %d lost, %d doubled, %d out of order",
		f.kills, f.databaseKills, f.tickets, f.deeds, f.unsure, f.took, f.posts, f.lost, f.doubled, f.disordered)
}

// crashCheck compares what people were told with what was kept.
type crashCheck struct {
	t    testing.TB
	kept *crashKept
	crashFigures
}

const (
	crashTriageRoom = "triage"
	crashDirectRoom = "conversation"
)

var crashTag = regexp.MustCompile(`x[a-z0-9]+x\d+x`)

// wrong takes note of a failure; only so many are told in full.
func (c *crashCheck) wrong(count *int, format string, args ...any) {
	c.t.Helper()
	const told = 20
	if *count++; c.lost+c.doubled+c.disordered <= told {
		c.t.Errorf(format, args...)
	}
}

func (c *crashCheck) all(crowd *crashCrowd) {
	c.t.Helper()
	for key, n := range c.kept.keys {
		if n > 1 {
			c.wrong(&c.doubled, "the number %s was given %d times", key, n)
		}
	}
	for _, t := range crowd.tickets {
		found := c.kept.tickets[t.tag]
		if t.acked {
			c.tickets++
		} else {
			c.unsure++
			c.took += len(found)
		}
		switch {
		case len(found) > 1:
			c.wrong(&c.doubled, "ticket %s was made %d times", t.tag, len(found))
		case len(found) == 1:
			c.one(t, found[0])
		case t.acked:
			c.wrong(&c.lost, "ticket %s (%s) was acknowledged and is not there", t.tag, t.key)
		}
	}
}

// one checks a ticket that is there, on both sides.
func (c *crashCheck) one(t *crashTicket, kept store.TicketItem) {
	tk := kept.Ticket
	if t.acked && t.key != tk.Key {
		c.wrong(&c.lost, "ticket %s was acknowledged as %s and is %s", t.tag, t.key, tk.Key)
	}
	if len(kept.Pending) > 0 {
		c.wrong(&c.lost, "%s has %d deliveries that were never made", tk.Key, len(kept.Pending))
	}
	for i, e := range tk.Entries {
		if e.N != i+1 {
			c.wrong(&c.lost, "%s: entry %d is number %d", tk.Key, i+1, e.N)
		}
	}
	c.claimed(t, tk)
	c.deedsOf(t, tk)
	c.roots(t, tk, kept.Refs)
	for _, room := range []string{crashTriageRoom, crashDirectRoom} {
		c.room(t, tk, kept.Refs, room)
	}
}

// claimed checks that the ticket was taken once, by whoever was told that it is theirs.
func (c *crashCheck) claimed(t *crashTicket, tk ticket.Ticket) {
	given := 0
	for _, e := range tk.Entries {
		if e.Kind == ticket.EntryAssigned {
			given++
		}
	}
	if given > 1 {
		c.wrong(&c.doubled, "%s was claimed %d times", tk.Key, given)
	}
	if t.claimed != "" && given == 0 {
		c.wrong(&c.lost, "%s was claimed by %s, which is forgotten", tk.Key, t.claimed)
	}
}

// deedsOf checks that what was said about the ticket is in its timeline: once, and in the order of whoever said it.
func (c *crashCheck) deedsOf(t *crashTicket, tk ticket.Ticket) {
	at := map[string][]int{}
	for _, e := range tk.Entries {
		for _, tag := range crashTag.FindAllString(e.Text, -1) {
			at[tag] = append(at[tag], e.N)
		}
	}
	last := map[string]int{} // by person
	for _, d := range t.deeds {
		n := at[d.tag]
		if d.acked {
			c.deeds++
		} else {
			c.unsure++
			c.took += len(n)
		}
		if len(n) > 1 {
			c.wrong(&c.doubled, "%s: %s %s is in the timeline %d times", tk.Key, d.kind, d.tag, len(n))
		}
		if !d.acked {
			continue
		}
		if len(n) == 0 {
			c.wrong(&c.lost, "%s: %s %s was acknowledged and is not in the timeline", tk.Key, d.kind, d.tag)
			continue
		}
		if n[0] < last[d.person] {
			c.wrong(&c.disordered, "%s: %s %s stands before what %s did earlier", tk.Key, d.kind, d.tag, d.person)
		}
		last[d.person] = n[0]
	}
}

// roots checks that the ticket has one card and one conversation.
func (c *crashCheck) roots(t *crashTicket, tk ticket.Ticket, refs map[string]chat.Ref) {
	for room, channel := range map[string]string{crashTriageRoom: "ict-triage", crashDirectRoom: "dm-" + t.requester} {
		var found []string
		for _, m := range c.kept.roots[t.tag] {
			if m.Channel == channel {
				found = append(found, m.ID)
			}
		}
		c.posts += len(found)
		switch {
		case len(found) == 0:
			c.wrong(&c.lost, "%s has no first post in %s", tk.Key, channel)
		case len(found) > 1:
			c.wrong(&c.doubled, "%s has %d first posts in %s", tk.Key, len(found), channel)
		case refs[room].Message != found[0]:
			c.wrong(&c.lost, "%s: the store takes another message for its first post in %s", tk.Key, channel)
		}
	}
}

// room checks one side: the thread has what the timeline tells there, each once and in its order, and nothing else.
func (c *crashCheck) room(t *crashTicket, tk ticket.Ticket, refs map[string]chat.Ref, room string) {
	thread := c.kept.threads[refs[room].Message]
	c.posts += len(thread)
	seen := map[string]int{} // by tag
	bots := map[string]bool{}
	for _, m := range thread {
		for _, tag := range crashTag.FindAllString(m.Text, -1) {
			seen[tag]++
		}
		if m.From == wire.BotID {
			bots[m.ID] = true
		}
	}
	shown, arrived := "", ""
	for _, e := range tk.Entries {
		ref, posted := refs[store.PostID(room, e.N)]
		tag := crashTag.FindString(e.Text)
		mine := e.Origin.Room == room
		secret := e.Audience == ticket.TeamOnly && room == crashDirectRoom
		said := tag != "" && e.Kind != ticket.EntryOpened
		switch {
		case said && !secret && seen[tag] == 0:
			c.wrong(&c.lost, "%s: %s %s is missing in %s", tk.Key, e.Kind, tag, room)
		case said && seen[tag] > 1:
			c.wrong(&c.doubled, "%s: %s %s is in %s %d times", tk.Key, e.Kind, tag, room, seen[tag])
		case said && secret && seen[tag] > 0:
			c.wrong(&c.doubled, "%s: %s %s is in %s, where nobody may see it", tk.Key, e.Kind, tag, room)
		}
		if !posted {
			continue
		}
		if mine {
			c.wrong(&c.doubled, "%s: entry %d came from %s, and was posted there again", tk.Key, e.N, room)
		}
		m, ok := c.kept.messages[ref.Message]
		if !ok {
			c.wrong(&c.lost, "%s: entry %d has no post in %s", tk.Key, e.N, room)
			continue
		}
		// An order is the time that a post tells of, and then when it arrived.
		const times = 13
		if m.Order < shown || m.Order[times:] < arrived {
			c.wrong(&c.disordered, "%s: entry %d stands before an earlier one in %s", tk.Key, e.N, room)
		}
		shown, arrived = m.Order, m.Order[times:]
		delete(bots, m.ID)
	}
	for id := range bots {
		c.wrong(&c.doubled, "%s: a post in %s belongs to no entry: %q", tk.Key, room, c.kept.messages[id].Text)
	}
	// What stands in a person's own words was heard.
	for _, m := range thread {
		if tag := crashTag.FindString(m.Text); m.From != wire.BotID && tag != "" && !crashTold(tk, tag) {
			c.wrong(&c.lost, "%s: %s wrote %s, and Balie did not hear it", tk.Key, m.From, tag)
		}
	}
}

func crashTold(tk ticket.Ticket, tag string) bool {
	return slices.ContainsFunc(tk.Entries, func(e ticket.Entry) bool { return strings.Contains(e.Text, tag) })
}
