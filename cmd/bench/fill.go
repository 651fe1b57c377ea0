package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// archive makes tickets as a helpdesk has them after years: every life was lived through the domain once, and is kept
// again and again under other numbers, people, times and words. One in ten is still open.
type archive struct {
	policy  *ticket.Policy
	lives   []ticket.Ticket
	from    time.Time
	spacing time.Duration
	total   int
	made    int
}

// The demo's names: its workspace, and the team that the default policy has.
const (
	workspace = "demo"
	team      = "ict"
	prefix    = "HD-"
)

const openEvery = 10 // one ticket in so many is open

// newArchive makes an archive that will hold so many tickets and end now.
func newArchive(p *ticket.Policy, total int, now time.Time) (*archive, error) {
	const years = 5 * 365 * 24 * time.Hour
	a := &archive{policy: p, total: total, from: now.Add(-years).UTC().Truncate(time.Second), spacing: years / time.Duration(total+1)}
	for i := range 2 * openEvery {
		t, err := a.life(i)
		if err != nil {
			return nil, fmt.Errorf("make a sample ticket: %w", err)
		}
		a.lives = append(a.lives, t)
	}
	return a, nil
}

// life lives the i-th kind of life. Its people are called by letters that are replaced later.
func (a *archive) life(i int) (ticket.Ticket, error) {
	requester, helper := ticket.Actor{Person: "R"}, ticket.Actor{Person: "A", Teams: []string{team}}
	open := ticket.Open{
		ID: "ID", Key: "KEY", Source: chat.Ref{Platform: "playground", Workspace: workspace, Channel: "general"}, Account: "ACCOUNT",
		Type: "incident", Category: "hardware", Requested: "normal", Summary: "SUMMARY", Description: description,
		Fields: chat.Values{"device": {"printer"}, "problem": {"jam"}, "location": {"Floor " + strconv.Itoa(i)}},
	}
	actions := []struct {
		by ticket.Actor
		do ticket.Action
	}{
		{requester, open},
		{helper, ticket.Claim{}},
		{helper, ticket.Reply{Text: "Please open the flap at the back and pull the sheet out slowly. Does it print again?"}},
		{requester, ticket.Message{Text: "It does, but the next page is crumpled as well. I have put a photograph on the shared folder."}},
		{helper, ticket.Note{Text: "The roller is worn; there is a spare one in the cellar."}},
		{helper, ticket.Resolve{Text: "The roller has been replaced, it prints again."}},
		{requester, ticket.Close{}},
	}
	if i%openEvery == 0 {
		actions = actions[:1+i/openEvery*3] // one kind is new, another one in progress
	}
	var t ticket.Ticket
	at := a.from
	for n, act := range actions {
		act.by.Event = "EVENT-" + strconv.Itoa(n)
		c, err := a.policy.Apply(t, act.do, act.by, at)
		if err != nil {
			return t, err
		}
		t = c.Ticket
		at = at.Add(7 * time.Minute)
	}
	return t, nil
}

// next are the following n tickets, the oldest first, and before the very first how far their numbers will go.
func (a *archive) next(n int) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		if a.made == 0 {
			body, err := json.Marshal(store.CounterItem{Name: prefix, Value: int64(a.total)})
			if !yield(store.Item{Kind: store.KindCounter, Body: body}, err) {
				return
			}
		}
		for range n {
			if !yield(a.one()) {
				return
			}
		}
	}
}

var words = strings.Fields("printer jam screen beamer laptop battery account password mailbox calendar wifi network cable " +
	"keyboard mouse phone headset toner paper floor office meeting room scanner driver update licence folder share vpn")

// one is the next ticket, with what the store knows of its posts.
func (a *archive) one() (store.Item, error) {
	n := a.made
	a.made++
	t := a.lives[n%len(a.lives)]
	opened := a.from.Add(time.Duration(n) * a.spacing).Truncate(time.Millisecond)
	id, err := ulid.New(ulid.Timestamp(opened), rand.Reader)
	if err != nil {
		return store.Item{}, fmt.Errorf("make an id: %w", err)
	}
	word := func(i int) string { return words[(n/len(words)*i+n+i)%len(words)] }
	account := fmt.Sprintf("p%05d", n*7919%20_000)
	helper := fmt.Sprintf("agent-%02d", n%30)
	who := func(p string) string {
		switch p {
		case "R":
			return "person-" + account
		case "A":
			return helper
		}
		return p
	}
	shift := opened.Sub(a.from)
	move := func(at *time.Time) {
		if !at.IsZero() {
			*at = at.Add(shift).Truncate(time.Millisecond)
		}
	}
	t.ID, t.Key = id.String(), fmt.Sprintf("%s%05d", prefix, n+1)
	t.Version = int64(t.Last)
	t.Summary = fmt.Sprintf("The %s of %s %d and its %s", word(1), word(2), n%977, word(3))
	t.OpenEvent = "playground|" + workspace + "|fill-" + t.ID
	t.Requester, t.Assignee = who(t.Requester), who(t.Assignee)
	for _, at := range []*time.Time{&t.Opened, &t.Updated, &t.StatusAt, &t.SaidAt, &t.AnswerAt, &t.Resolved, &t.ClosedAt} {
		move(at)
	}
	if !t.NextDue.IsZero() { // nothing falls due while it is measured
		t.NextDue = time.Now().UTC().Truncate(time.Millisecond).AddDate(0, 1, 0)
	}
	t.Rooms = append([]ticket.Room(nil), t.Rooms...)
	refs := map[string]chat.Ref{}
	for i := range t.Rooms {
		r := &t.Rooms[i]
		channel := triage
		if r.Person != "" {
			r.Person, r.Place.Person = t.Requester, account
			channel = "dm-" + account
		}
		refs[r.ID] = chat.Ref{Platform: "playground", Workspace: workspace, Channel: channel, Message: "b" + r.ID[:1] + t.ID}
	}
	t.Entries = append([]ticket.Entry(nil), t.Entries...)
	for i := range t.Entries {
		e := &t.Entries[i]
		e.By, e.To = who(e.By), who(e.To)
		move(&e.At)
	}
	body, err := json.Marshal(store.TicketItem{Ticket: t, Refs: refs})
	return store.Item{Kind: store.KindTicket, Body: body}, err
}

// fill puts the next n tickets of the archive into the store.
func fill(ctx context.Context, s store.Store, a *archive, n int) error {
	if err := store.RestoreAll(ctx, s, a.next(n)); err != nil {
		return fmt.Errorf("fill the store: %w", err)
	}
	return nil
}
