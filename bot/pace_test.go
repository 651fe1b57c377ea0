package bot_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// paced is a platform that wants a second between two posts to one channel. It notes when the bot posts and edits there.
type paced struct {
	one
	now func() time.Time

	mu      sync.Mutex
	made    []made        // posts, in their order
	edited  []time.Time   // edits
	refuses time.Duration // how long it asks to wait next time, once
	edits   bool          // that it does so for an edit
}

type made struct {
	post chat.Post
	at   time.Time
}

func (p *paced) Caps() chat.Caps { return chat.Caps{PostEvery: time.Second, FilesMax: 1} }

func (p *paced) refuse(edits bool, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses, p.edits = wait, edits
}

// asks is what it gives, if it is to ask for time.
func (p *paced) asks(edit bool) error {
	if p.refuses == 0 || p.edits != edit {
		return nil
	}
	err := &chat.SendError{Retry: p.refuses, Err: errAway}
	p.refuses = 0
	return err
}

// asked says whether it has asked for time.
func (p *paced) asked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refuses == 0
}

func (p *paced) Send(_ context.Context, post chat.Post) (chat.Ref, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if post.To.Channel != "" {
		if err := p.asks(false); err != nil {
			return chat.Ref{}, err
		}
	}
	p.made = append(p.made, made{post, p.now()})
	return chat.Ref{Platform: "one", Workspace: "w", Channel: post.To.Channel + post.To.Person, Thread: post.To.Thread, Message: post.Key}, nil
}

func (p *paced) Edit(_ context.Context, r chat.Ref, _ chat.Post) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Channel == "triage" {
		if err := p.asks(true); err != nil {
			return err
		}
	}
	p.edited = append(p.edited, p.now())
	return nil
}

// posts are those to the channel; empty for those to persons.
func (p *paced) posts(channel string) (list []made) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.made {
		if m.post.To.Channel == channel {
			list = append(list, m)
		}
	}
	return list
}

func (p *paced) changes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.edited)
}

// counted is a store that counts how often something is taken to be delivered, and put back.
type counted struct {
	store.Store
	leases, settles atomic.Int64
}

func (c *counted) Lease(ctx context.Context, id, owner string, now, until time.Time) (store.Work, error) {
	w, err := c.Store.Lease(ctx, id, owner, now, until)
	if err == nil {
		c.leases.Add(1)
	}
	return w, err
}

func (c *counted) Settle(ctx context.Context, w store.Work, o store.Outcome) error {
	c.settles.Add(1)
	return c.Store.Settle(ctx, w, o)
}

// pacing is a bot on such a platform, with a clock that the test moves.
type pacing struct {
	*setup
	on    *paced
	count *counted
	mu    sync.Mutex
	clock time.Time
}

func newPacing(t *testing.T) *pacing {
	p := &pacing{setup: newSetup(t), clock: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	p.now = func() time.Time {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.clock
	}
	p.on, p.count = &paced{now: p.now}, &counted{Store: p.store}
	p.store = p.count
	p.policy.Teams = append(p.policy.Teams, ticket.Team{ID: "hr", Number: "HR-#", Triage: []ticket.Channel{{Platform: "one", ID: "hr"}}})
	p.policy.Categories = append(p.policy.Categories, ticket.Category{ID: "pay", Team: "hr"})
	b := p.make(p.on, bot.Pace{Workers: 1, Poll: 2 * time.Millisecond, Lease: time.Minute})
	p.forward(time.Second) // what comes now was not there before the bot
	p.run(b)
	return p
}

func (p *pacing) forward(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = p.clock.Add(d)
}

// opens opens a ticket, as somebody who asks for nothing else.
func (p *pacing) opens(who, category, summary string) ticket.Ticket {
	p.Helper()
	tk, err := p.desk.Open(p.Context(), ticket.Actor{Person: who, Event: "open " + summary}, ticket.Open{
		Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: who, Type: "question", Category: category, Summary: summary})
	if err != nil {
		p.Fatal(err)
	}
	return tk
}

func (p *pacing) acts(tk ticket.Ticket, a ticket.Action) {
	p.Helper()
	if _, err := p.desk.Act(p.Context(), tk.ID, ticket.Actor{Person: "bram", Teams: []string{"ict"}}, a); err != nil {
		p.Fatal(err)
	}
}

// arrive waits until so many posts stand in the channel, and expects no more.
func (p *pacing) arrive(channel string, n int) []made {
	p.Helper()
	p.eventually(fmt.Sprintf("%d posts in %q", n, channel), func() bool { return len(p.on.posts(channel)) >= n })
	list := p.on.posts(channel)
	if len(list) != n {
		p.Fatalf("%d posts in %q, want %d", len(list), channel, n)
	}
	return list
}

// TestPaced has many tickets come at once. Their channel gets one card a second, in the order of the tickets, however long
// that takes; nobody else waits, and the store has little to do with it.
func TestPaced(t *testing.T) {
	const many = 200
	p := newPacing(t)
	for i := range many {
		p.opens(fmt.Sprint("U", i), "other", fmt.Sprintf("number %03d", i))
		p.arrive("", i+1) // their own conversation
	}
	for i := 1; i < many; i++ {
		if i == many/2 { // in the middle of it all, another team's ticket
			p.opens("V", "pay", "wages")
			p.arrive("hr", 1)
			p.arrive("", many+1)
		}
		p.arrive("triage", i)
		p.forward(time.Second)
	}
	for i, m := range p.arrive("triage", many) {
		if want := fmt.Sprintf("number %03d", i); m.post.Card.Title[len(m.post.Card.Title)-len(want):] != want {
			t.Fatalf("post %d is %s", i, m.post.Card.Title)
		}
		if i > 0 {
			if gap := m.at.Sub(p.on.posts("triage")[i-1].at); gap != time.Second {
				t.Errorf("post %d comes %s after the one before", i, gap)
			}
		}
		if !m.post.Again.IsZero() {
			t.Errorf("post %d is taken for one that may stand already", i)
		}
	}
	p.eventually("all is settled", func() bool {
		n, _, err := p.count.Backlog(p.Context())
		return err == nil && n == 0
	})
	if l, s := p.count.leases.Load(), p.count.settles.Load(); l > 3*many || s > 3*many {
		t.Errorf("%d leases and %d outcomes for %d tickets", l, s, many)
	}
}

// TestPacedPlaceAsksToWait has the platform ask for half a minute while others wait: nobody posts there meanwhile, all keep
// their order, and others are not concerned. Neither are posts that stand.
func TestPacedPlaceAsksToWait(t *testing.T) {
	p := newPacing(t)
	first := p.opens("U", "other", "first")
	p.arrive("triage", 1)
	const many = 10
	for i := range many {
		p.opens(fmt.Sprint("U", i), "other", fmt.Sprintf("number %d", i))
		p.arrive("", i+2)
	}
	p.on.refuse(false, 30*time.Second)
	p.forward(time.Second)
	p.eventually("the platform has asked", func() bool { return p.on.asked() })
	p.opens("V", "pay", "wages")
	p.arrive("hr", 1)
	p.acts(first, ticket.Claim{}) // an edit of its card, and a line to who asked
	p.eventually("both cards follow", func() bool { return p.on.changes() == 2 })
	for range 29 {
		p.forward(time.Second)
		p.arrive("triage", 1)
	}
	for i := range many {
		p.forward(time.Second)
		list := p.arrive("triage", i+2)
		title := list[i+1].post.Card.Title
		if want := fmt.Sprintf("number %d", i); title[len(title)-len(want):] != want {
			t.Errorf("post %d is %s", i, title)
		}
	}
	if l := p.count.leases.Load(); l > 5*many {
		t.Errorf("%d leases for %d tickets", l, many)
	}
}

// TestPacedEditsAskToWait has the platform refuse edits for half a minute: new posts go on, and what was to be edited is.
func TestPacedEditsAskToWait(t *testing.T) {
	p := newPacing(t)
	first := p.opens("U", "other", "first")
	p.arrive("triage", 1)
	p.arrive("", 1)
	p.on.refuse(true, 30*time.Second)
	p.acts(first, ticket.SetPriority{To: "low", Reason: "It can wait"})
	p.eventually("the platform has asked", func() bool { return p.on.asked() })
	p.opens("V", "other", "second")
	p.arrive("", 2) // the only worker has noted before how long it was asked to wait
	p.forward(time.Second)
	p.eventually("the other card follows", func() bool { return p.on.changes() == 1 })
	p.arrive("triage", 2)
	p.forward(28 * time.Second)
	p.opens("W", "other", "third")
	p.arrive("triage", 3)
	if n := p.on.changes(); n != 1 {
		t.Errorf("%d edits", n)
	}
	p.forward(time.Second)
	p.eventually("the card follows", func() bool { return p.on.changes() == 2 })
}

// TestPacedFiles has a ticket with more files than a post takes: each post has its turn, and none is made twice.
func TestPacedFiles(t *testing.T) {
	p := newPacing(t)
	o := ticket.Open{Source: chat.Ref{Platform: "one", Workspace: "w"}, Account: "U", Type: "question", Category: "other", Summary: "files"}
	for i := range 3 {
		o.Files = append(o.Files, ticket.File{Name: fmt.Sprint(i, ".txt"), Size: 5, Platform: "one", Source: chat.File{Name: fmt.Sprint(i, ".txt")}})
	}
	if _, err := p.desk.Open(t.Context(), ticket.Actor{Person: "U", Event: "files"}, o); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		p.arrive("triage", i+1)
		p.forward(time.Second)
	}
	keys := map[string]bool{}
	for i, m := range p.on.posts("triage") {
		keys[m.post.Key] = true
		if i > 0 && (len(m.post.Files) != 1 || m.post.Files[0].Name != fmt.Sprint(i-1, ".txt")) {
			t.Errorf("post %d has %+v", i, m.post.Files)
		}
	}
	if len(keys) != 4 {
		t.Errorf("the keys are %v", keys)
	}
}
