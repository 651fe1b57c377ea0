package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
)

// crashKind is what somebody said or did.
type crashKind string

const (
	crashMessage crashKind = "message" // the requester, in the conversation's thread
	crashNote    crashKind = "note"    // an agent, in the card's thread
	crashReply   crashKind = "reply"   // an agent, through the form
	crashAsk     crashKind = "ask"
	crashResolve crashKind = "resolve"
)

// crashDeed is something said about a ticket. Its tag is in its text, and nowhere else.
type crashDeed struct {
	tag    string
	person string
	kind   crashKind
	acked  bool
}

// crashTicket is a ticket that somebody tried to open. Its tag is in its summary.
type crashTicket struct {
	tag       string
	requester string

	mu      sync.Mutex
	acked   bool
	key     string // that the requester was told
	claimed string // the agent who was told that it is theirs
	deeds   []*crashDeed
}

func (t *crashTicket) note(d *crashDeed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deeds = append(t.deeds, d)
}

// crashCrowd are people who use the helpdesk while it is killed again and again, and remember what they were told.
type crashCrowd struct {
	server *crashServer
	client *client.Client
	seed   uint64

	mu      sync.Mutex
	tickets []*crashTicket
	wrong   []error // what nobody should have been told
}

func crashNewCrowd(s *crashServer, seed uint64) *crashCrowd {
	return &crashCrowd{server: s, client: client.New(s.url(), nil), seed: seed}
}

// act has everybody act until ctx ends: what each does follows from the seed.
func (c *crashCrowd) act(ctx context.Context) {
	var wg sync.WaitGroup
	person := func(id string, n int, step func(*crashPerson, context.Context) error) {
		p := &crashPerson{crashCrowd: c, Person: c.client.As(id), rnd: rand.New(rand.NewPCG(c.seed, uint64(n)))}
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := step(p, ctx); err != nil && ctx.Err() == nil {
					c.complain(fmt.Errorf("%s: %w", id, err))
					return
				}
			}
		})
	}
	for i := range crashPeople {
		person(fmt.Sprintf("u%03d", i+1), i, (*crashPerson).asStaff)
	}
	for i := range crashPeople/4 + 2 {
		ids := []string{"bram", "carla", "a01", "a02"}
		person(ids[i], 1000+i, (*crashPerson).asAgent)
	}
	wg.Wait()
}

func (c *crashCrowd) complain(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, err)
}

// crashPerson is one of them. A person does one thing after the other.
type crashPerson struct {
	*crashCrowd
	client.Person
	rnd   *rand.Rand
	made  int
	own   []*crashTicket // the requester's
	roots map[string]wire.Message
}

// errCrashGaveUp says that somebody did not try again.
var errCrashGaveUp = errors.New("gave up")

// insist does something under one nonce until it is acknowledged, as somebody does who presses the button again; or
// gives up after a failure, as others do.
func (p *crashPerson) insist(ctx context.Context, action string, req wire.Request) (wire.Answer, error) {
	p.made++
	nonce := fmt.Sprintf("%s-%s-%d", p.ID(), action, p.made)
	for {
		if err := p.server.ready(ctx); err != nil {
			return wire.Answer{}, err
		}
		a, err := p.Nonce(nonce).Do(ctx, action, req)
		if err == nil {
			return a, nil
		}
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		// What the server refuses for a reason should not have been asked; only that it is away is all right.
		if refused, ok := errors.AsType[*client.Error](err); ok && refused.Status/100 != 5 {
			return a, err
		}
		if p.rnd.IntN(4) == 0 {
			return a, errCrashGaveUp
		}
		p.pause(ctx)
	}
}

// pause is what somebody does before they press the button again.
func (p *crashPerson) pause(ctx context.Context) {
	timer := time.NewTimer(time.Duration(1+p.rnd.IntN(20)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (p *crashPerson) tag() string {
	p.made++
	return fmt.Sprintf("x%sx%dx", strings.ReplaceAll(p.ID(), "-", ""), p.made)
}

// asStaff opens a ticket, or says something about an own one.
func (p *crashPerson) asStaff(ctx context.Context) error {
	if len(p.own) == 0 || p.rnd.IntN(6) == 0 {
		return p.open(ctx)
	}
	t := p.own[p.rnd.IntN(len(p.own))]
	root, ok, err := p.root(ctx, p.Direct(), t.tag)
	if err != nil || !ok {
		return err
	}
	d := &crashDeed{tag: p.tag(), person: p.ID(), kind: crashMessage}
	t.note(d)
	_, err = p.insist(ctx, "send", wire.Request{Channel: p.Direct(), Thread: root.ID, Text: "It says " + d.tag + " again."})
	return p.done(d, err)
}

// done takes note of how it ended.
func (p *crashPerson) done(d *crashDeed, err error) error {
	if errors.Is(err, errCrashGaveUp) || errors.Is(err, context.Canceled) {
		return nil
	}
	d.acked = err == nil
	return err
}

func (p *crashPerson) open(ctx context.Context) error {
	t := &crashTicket{tag: p.tag(), requester: p.ID()}
	a, err := p.insist(ctx, "command", wire.Request{Channel: "general", Name: "ticket", Text: "Broken: " + t.tag})
	if err != nil {
		return p.done(&crashDeed{}, err)
	}
	if a.Form == nil {
		return fmt.Errorf("no form, but %+v", a)
	}
	p.mu.Lock()
	p.tickets = append(p.tickets, t)
	p.mu.Unlock()
	a, err = p.insist(ctx, "submit", wire.Request{Token: a.Form.Token, Values: map[string][]string{
		"summary": {"Broken: " + t.tag}, "type": {"question"}, "category": {"other"}, "priority": {"normal"},
		"description": {"Since this morning."},
	}})
	d := crashDeed{}
	if err := p.done(&d, err); err != nil || !d.acked {
		return err
	}
	if len(a.Errors) > 0 || len(a.Private) != 1 {
		return fmt.Errorf("the ticket was not taken: %+v", a)
	}
	_, rest, _ := strings.Cut(a.Private[0].Text, "**")
	key, _, ok := strings.Cut(rest, "**")
	if !ok || !strings.HasPrefix(key, "HD-") {
		return fmt.Errorf("no number in %q", a.Private[0].Text)
	}
	t.mu.Lock()
	t.acked, t.key = true, key
	t.mu.Unlock()
	const newest = 12 // are talked about
	p.own = append(p.own, t)
	p.own = p.own[max(0, len(p.own)-newest):]
	return nil
}

// root finds a ticket's first post in a channel, which may not be there yet.
func (p *crashPerson) root(ctx context.Context, channel, tag string) (wire.Message, bool, error) {
	if m, ok := p.roots[tag]; ok {
		return m, true, nil
	}
	if err := p.server.ready(ctx); err != nil {
		return wire.Message{}, false, err
	}
	page, err := p.Messages(ctx, channel, "", 40)
	if refused, ok := errors.AsType[*client.Error](err); ok && refused.Status/100 != 5 {
		return wire.Message{}, false, err
	}
	if err != nil { // the server is away
		p.pause(ctx)
		return wire.Message{}, false, nil
	}
	if p.roots == nil {
		p.roots = map[string]wire.Message{}
	}
	for _, m := range page.Messages {
		if tag := crashSummaryTag(m); tag != "" {
			p.roots[tag] = m
		}
	}
	m, ok := p.roots[tag]
	if !ok {
		p.pause(ctx)
	}
	return m, ok, nil
}

// crashSummaryTag is the tag of the ticket whose first post this is, if it is one.
func crashSummaryTag(m wire.Message) string {
	if m.Card == nil {
		return ""
	}
	_, tag, _ := strings.Cut(m.Card.Title, "Broken: ")
	return tag
}

// asAgent does something about a ticket that anybody has opened: the newer, the more often.
func (p *crashPerson) asAgent(ctx context.Context) error {
	p.mu.Lock()
	known := slices.Clone(p.tickets[max(0, len(p.tickets)-30):])
	p.mu.Unlock()
	if len(known) == 0 {
		p.pause(ctx)
		return nil
	}
	t := known[p.rnd.IntN(len(known))]
	card, ok, err := p.root(ctx, "ict-triage", t.tag)
	if err != nil || !ok {
		return err
	}
	switch p.rnd.IntN(8) {
	case 0, 1:
		return p.claim(ctx, t, card)
	case 2, 3:
		d := &crashDeed{tag: p.tag(), person: p.ID(), kind: crashNote}
		t.note(d)
		_, err := p.insist(ctx, "send", wire.Request{Channel: "ict-triage", Thread: card.ID, Text: "I think " + d.tag + " is why."})
		return p.done(d, err)
	case 4:
		return p.write(ctx, t, card, crashAsk, "Ask")
	case 5:
		return p.write(ctx, t, card, crashResolve, "Resolve")
	}
	return p.write(ctx, t, card, crashReply, "Reply")
}

// press presses a button of the card as the person saw it last.
func (p *crashPerson) press(ctx context.Context, card wire.Message, label string) (wire.Answer, error) {
	i := slices.IndexFunc(card.Buttons, func(b wire.Button) bool { return b.Label == label })
	if i < 0 {
		return wire.Answer{}, errCrashGaveUp // it was claimed or resolved when the person saw it
	}
	return p.insist(ctx, "click", wire.Request{Token: card.Buttons[i].Token})
}

func (p *crashPerson) claim(ctx context.Context, t *crashTicket, card wire.Message) error {
	a, err := p.press(ctx, card, "Claim")
	d := crashDeed{}
	if err := p.done(&d, err); err != nil || !d.acked {
		return err
	}
	if len(a.Private) != 1 {
		return fmt.Errorf("claimed, and told %+v", a)
	}
	text := a.Private[0].Text
	if !strings.HasSuffix(text, "is yours.") && !strings.HasSuffix(text, "is van jou.") {
		return nil // somebody has it already
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.claimed != "" && t.claimed != p.ID() {
		return fmt.Errorf("%s was given to %s and to %s", t.tag, t.claimed, p.ID())
	}
	t.claimed = p.ID()
	return nil
}

// write sends a text through the form behind a button.
func (p *crashPerson) write(ctx context.Context, t *crashTicket, card wire.Message, kind crashKind, label string) error {
	a, err := p.press(ctx, card, label)
	if err != nil {
		return p.done(&crashDeed{}, err)
	}
	if a.Form == nil {
		return fmt.Errorf("%s: no form, but %+v", label, a)
	}
	d := &crashDeed{tag: p.tag(), person: p.ID(), kind: kind}
	t.note(d)
	a, err = p.insist(ctx, "submit", wire.Request{Token: a.Form.Token, Values: map[string][]string{"text": {"Try " + d.tag + " first."}}})
	if err := p.done(d, err); err != nil || !d.acked {
		return err
	}
	if len(a.Errors) > 0 {
		return fmt.Errorf("%s: not taken: %+v", label, a)
	}
	if len(a.Private) > 0 { // it was resolved already, and the person was told that nothing changed
		d.acked = false
	}
	return nil
}
