package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// window is where people reach the helpdesk: at their clients of a network, or as the network would call it.
type window interface {
	command(ctx context.Context, name, line string) (sheet, time.Duration, error)
	click(ctx context.Context, name string, on *message, label string) (sheet, time.Duration, error)
	change(ctx context.Context, name string, s sheet, field string, values map[string]string) (sheet, time.Duration, error)
	submit(ctx context.Context, name string, s sheet, values map[string]string) (time.Duration, error)
}

// sheet is a form that somebody has open.
type sheet interface {
	asks(field string) bool
	refreshes(field string) bool
}

// The kinds of what people do, as they are timed.
const (
	kindCommand = "command"
	kindClick   = "click"
	kindChange  = "form changed"
	kindSubmit  = "form sent"
	kindSay     = "message"
)

var kinds = []string{kindCommand, kindClick, kindChange, kindSubmit}

// crew are people who live tickets' lives on a network at once: requesters, and agents who help them.
type crew struct {
	desk   window
	people int
	triage map[string]bool    // the ids of the teams' channels
	about  func(i int) string // somebody's category
	helps  func(i int) string // somebody's agent
	forms  bool               // nothing but forms, without waiting for what comes of them
	late   bool               // what is said may come so late that it opens a ticket again: nobody waits for it to look resolved
	// speak writes in a conversation; nil if nobody does.
	speak func(ctx context.Context, name string, root *message, text string) error
	// below writes under a card; nil if nobody does.
	below func(ctx context.Context, name string, card *message, text string) error
	// pages sends all pages of a form but the last one; nil where a form has one.
	pages func(ctx context.Context, e *errand, s sheet, values map[string]string) error
	talk  *talk // if they insist on what fails; nil if a failure is one

	think      time.Duration // what people take on average between two steps
	again      time.Duration // until they insist
	warm, stop time.Time
	lives      atomic.Int64 // counted ones
	lived      atomic.Int64 // all
	last       atomic.Bool  // nobody begins another one

	mu      sync.Mutex
	threads map[string]int // whose ticket a first post is about
	mail    []*inbox
	times   *timings
}

// The names of a crew's people. An agent has four of them to help, where nothing else is said.
func requester(i int) string { return fmt.Sprintf("r%03d", i) }
func helper(i int) string    { return fmt.Sprintf("h%02d", i/4) }

func newCrew(desk window, people int, triage []string, times *timings) *crew {
	c := &crew{desk: desk, people: people, triage: map[string]bool{}, threads: map[string]int{}, times: times, again: 250 * time.Millisecond,
		about: func(int) string { return "hardware" }, helps: helper}
	for _, channel := range triage {
		c.triage[channel] = true
	}
	for range people {
		c.mail = append(c.mail, newInbox())
	}
	return c
}

// play lets people live tickets' lives for the time given, after warming up, and waits until each has finished theirs.
func (c *crew) play(ctx context.Context, warm, measured time.Duration) error {
	c.warm = time.Now().Add(warm)
	c.stop = c.warm.Add(measured)
	c.times.during(c.warm, c.stop)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var acting sync.WaitGroup
	for i := range c.people {
		acting.Go(func() {
			if c.muse(ctx) != nil { // not everybody at the same moment
				return
			}
			for n := 0; time.Now().Before(c.stop) && !c.last.Load() && ctx.Err() == nil; n++ {
				e := &errand{crew: c, mail: c.mail[i], requester: requester(i), helper: c.helps(i), category: c.about(i), tag: tagOf(i, n)}
				if err := e.live(ctx); err != nil {
					cancel(fmt.Errorf("%s: %w", e.tag, err))
					return
				}
				c.lived.Add(1)
				if now := time.Now(); now.After(c.warm) && now.Before(c.stop) {
					c.lives.Add(1)
				}
			}
		})
	}
	acting.Wait()
	return context.Cause(ctx)
}

// muse takes the time that people take between two steps: from half to one and a half of the average.
func (c *crew) muse(ctx context.Context) error {
	if c.think == 0 {
		return nil
	}
	return pause(ctx, c.think/2+rand.N(c.think))
}

// A tag stands in the summary of a ticket, and begins the marks in its messages. It has no sign that Markdown means
// something by.
func tagOf(person, n int) string { return fmt.Sprintf("life%03dx%07dx", person, n) }

const tagLength = len("life000x0000000x")

// personOf is whose tag a text has in it.
func personOf(text string) (person int, ok bool) {
	_, rest, found := strings.Cut(text, "life")
	if !found || len(rest) < 3 {
		return 0, false
	}
	n, err := strconv.Atoi(rest[:3])
	return n, err == nil
}

// message is one on a network.
type message struct {
	id, root, channel string // root is empty of what stands in no thread
	by                string // a person's id
	posted            bool   // by the bot, other than as a private answer
	said              string // the words
	all               string // them and everything else, such as what stands in a card
	offers            func(label string) bool
	of                any // as the network has it
}

// news is a message that was made or changed.
type news struct {
	at time.Time
	*message
}

func (n news) has(text string) bool { return strings.Contains(n.all, text) }

// tell hands news to whoever's ticket it is about.
func (c *crew) tell(n news) {
	if c.forms {
		return
	}
	if c.talk != nil {
		c.talk.saw(n, c.triage[n.channel])
	}
	c.mu.Lock()
	i, ok := c.threads[n.root]
	if n.root == "" {
		if i, ok = personOf(n.all); ok {
			c.threads[n.id] = i
		}
	}
	c.mu.Unlock()
	if ok && i < len(c.mail) {
		c.mail[i].put(n)
	}
}

// inbox is what somebody has yet to look at. It takes as much as comes.
type inbox struct {
	mu   sync.Mutex
	list []news
	more chan struct{}
}

func newInbox() *inbox { return &inbox{more: make(chan struct{}, 1)} }

func (b *inbox) put(n news) {
	b.mu.Lock()
	b.list = append(b.list, n)
	b.mu.Unlock()
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *inbox) take() []news {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.list
	b.list = nil
	return list
}

// errand is one ticket's life, as the two who are busy with it see it.
type errand struct {
	*crew
	mail      *inbox
	requester string
	helper    string
	category  string
	tag       string
	asked     time.Time // when the request under way was sent
	attempts  int

	card *message // the newest one in triage
	root *message // of the requester's conversation
}

// live is the whole life: every step waits for what shows that the one before was delivered.
func (e *errand) live(ctx context.Context) error {
	if err := e.open(ctx); err != nil || e.forms {
		return err
	}
	if err := e.opened(ctx); err != nil {
		return err
	}
	if err := e.say(ctx, 2); err != nil {
		return err
	}
	if err := e.claim(ctx); err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	if err := e.typed(ctx); err != nil {
		return err
	}
	if err := e.write(ctx, "Reply", markReply, seenReply, false); err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	if err := e.say(ctx, 1); err != nil {
		return err
	}
	if err := e.typed(ctx); err != nil {
		return err
	}
	if err := e.write(ctx, "Resolve", markSolution, seenResolve, true); err != nil {
		return fmt.Errorf("resolve: %w", err)
	}
	return nil
}

// open fills in the form, as far as clients ask again when something changed on which other questions depend.
func (e *errand) open(ctx context.Context) error {
	var s sheet
	err := e.do(ctx, kindCommand, func(ctx context.Context) (took time.Duration, err error) {
		s, took, err = e.desk.command(ctx, e.requester, "/ticket Printer jammed, "+e.tag)
		return took, needsForm(s, err)
	})
	if err != nil {
		return fmt.Errorf("command: %w", err)
	}
	values := map[string]string{"type": "incident"}
	for _, q := range [][2]string{{"category", e.category}, {"device", "printer"}} {
		values[q[0]] = q[1]
		if !s.refreshes(q[0]) {
			continue
		}
		before := s
		err := e.do(ctx, kindChange, func(ctx context.Context) (took time.Duration, err error) {
			s, took, err = e.desk.change(ctx, e.requester, before, q[0], values)
			return took, needsForm(s, err)
		})
		if err != nil {
			return fmt.Errorf("change %s: %w", q[0], err)
		}
	}
	for name, value := range map[string]string{"problem": "jam", "location": "North building, floor 3, room 3.14", "description": description} {
		if s.asks(name) {
			values[name] = value
		}
	}
	if e.pages != nil {
		if err := e.pages(ctx, e, s, values); err != nil {
			return fmt.Errorf("turn a page: %w", err)
		}
	}
	if err := e.send(ctx, e.requester, s, values); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	e.talk.acknowledge(e.tag)
	return nil
}

// opened waits for the card in triage and the requester's conversation.
func (e *errand) opened(ctx context.Context) error {
	return e.await(ctx, "opened", func(n news) bool {
		if n.root != "" || !n.has(e.tag) {
			return false
		}
		switch {
		case e.triage[n.channel]:
			e.seen(seenTriage, n, e.card == nil)
			e.card = n.message
		default:
			e.seen(seenDirect, n, e.root == nil)
			e.root = n.message
		}
		return e.card != nil && e.root != nil
	})
}

// claim presses the button until the card shows that it was.
func (e *errand) claim(ctx context.Context) error {
	claimed := func(n news) bool {
		return n.id == e.card.id && n.offers("Reply") && !n.offers("Claim")
	}
	for {
		err := e.do(ctx, kindClick, func(ctx context.Context) (time.Duration, error) {
			_, took, err := e.desk.click(ctx, e.helper, e.card, "Claim")
			if e.talk != nil {
				return took, nil // the card tells
			}
			return took, err
		})
		if err != nil {
			return err
		}
		look := patience
		if e.talk != nil {
			look = 5 * time.Second
		}
		within, cancel := context.WithTimeout(ctx, look)
		err = e.await(within, "claimed", func(n news) bool {
			if claimed(n) {
				e.card = n.message
				e.seen(seenClaimed, n, true)
			}
			return claimed(n)
		})
		cancel()
		if err == nil || e.talk == nil || ctx.Err() != nil {
			return err
		}
		if err := e.grumble(ctx); err != nil {
			return err
		}
	}
}

// write presses a button on the card and sends the form that opens, with a text of its own, and waits until the requester
// has it. At the end the card must show that, too.
func (e *errand) write(ctx context.Context, label, kind, step string, last bool) error {
	var s sheet
	err := e.do(ctx, kindClick, func(ctx context.Context) (took time.Duration, err error) {
		s, took, err = e.desk.click(ctx, e.helper, e.card, label)
		return took, needsForm(s, err)
	})
	if err != nil {
		return err
	}
	mark := e.mark(kind)
	err = e.send(ctx, e.helper, s, map[string]string{"text": "Please open the flap at the back and pull the sheet out slowly. " + mark})
	if err != nil {
		return err
	}
	e.talk.acknowledge(mark)
	told, card := false, !last || e.late
	return e.await(ctx, label, func(n news) bool {
		switch {
		case n.root == e.root.id && n.has(mark):
			e.seen(step, n, !told)
			told = true
		case n.id == e.card.id:
			e.card = n.message
			card = card || !n.offers("Resolve")
		}
		return told && card
	})
}
