package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// crowd are people who live tickets' lives at once: each opens one as a member of staff, and then claims, answers and
// resolves it as an agent, whenever they have seen on a live stream what they react to.
type crowd struct {
	url    string // of the server
	people int
	run    int64

	warm, stop time.Time    // what begins before warm, or ends after stop, is not counted
	lives      atomic.Int64 // counted ones
	lived      atomic.Int64 // all

	threads map[string]int // by triage card: whose ticket it is; only the reader of that stream touches it
	mail    []chan post    // by person: what they see
}

// The ids that the demo gives its crowd: an agent has four of the staff to help.
func staff(i int) string { return fmt.Sprintf("u%03d", i+1) }
func agent(i int) string { return fmt.Sprintf("a%02d", i/4+1) }

const triage = "ict-triage"

// patience is how long somebody waits for a post before the run has failed.
const patience = 60 * time.Second

// result is what a run of a crowd showed.
type result struct {
	samples samples
	lives   int64 // counted ones
	took    time.Duration
	lived   int64 // all, those while warming up included
	all     time.Duration
}

func (r result) perSecond() float64 { return float64(r.lives) / r.took.Seconds() }

// plays numbers the runs of this process: what people do in one must not look like a repeat of another.
var plays atomic.Int64

// play lets people live tickets' lives for the time given, after warming up, and waits until each has finished theirs.
func play(ctx context.Context, url string, people int, warm, measured time.Duration) (result, error) {
	c := &crowd{url: url, people: people, run: plays.Add(1), threads: map[string]int{}, mail: make([]chan post, people)}
	for i := range c.mail {
		c.mail[i] = make(chan post, 256)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hearing, listening := context.WithCancel(ctx)
	defer listening()
	var streams, ready sync.WaitGroup
	hear := func(person, channel string, each func(post)) {
		ready.Add(1)
		heard := sync.OnceFunc(ready.Done)
		streams.Go(func() {
			defer heard()
			if err := listen(hearing, url, person, channel, heard, each); err != nil {
				cancel(err)
			}
		})
	}
	hear(agent(0), triage, c.sort)
	for i := range people {
		hear(staff(i), "dm-"+staff(i), func(p post) { c.mail[i] <- p })
	}
	ready.Wait()

	began := time.Now()
	c.warm = began.Add(warm)
	c.stop = c.warm.Add(measured)
	each := make([]samples, people)
	var acting sync.WaitGroup
	for i := range people {
		each[i] = samples{}
		acting.Go(func() {
			if err := c.person(ctx, i, each[i]); err != nil {
				cancel(fmt.Errorf("%s: %w", staff(i), err))
			}
		})
	}
	acting.Wait()
	all := time.Since(began)
	listening()
	streams.Wait()
	if err := context.Cause(ctx); err != nil {
		return result{}, err
	}
	r := result{samples: samples{}, lives: c.lives.Load(), took: measured, lived: c.lived.Load(), all: all}
	for _, s := range each {
		r.samples.merge(s)
	}
	return r, nil
}

// sort hands what appears in the triage channel to whoever's ticket it is about.
func (c *crowd) sort(p post) {
	root := p.thread()
	if root == "" {
		number, ok := between(p.data, "life-", "-")
		i, err := strconv.Atoi(string(number))
		if !ok || err != nil || i >= c.people {
			return
		}
		c.threads[p.id()] = i
		c.mail[i] <- p
	}
}

// life is one ticket's, as the two who are busy with it see it.
type life struct {
	*crowd
	link    *link
	mail    <-chan post
	samples samples
	staff   string
	agent   string
	tag     string // in the summary, and nowhere else
	body    []byte
	nonce   int
	asked   time.Time // when the request under way was sent
	counts  bool

	card post   // the newest one in triage
	root string // of the requester's conversation
}

func (c *crowd) person(ctx context.Context, i int, into samples) error {
	link, err := dial(strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		return err
	}
	defer link.close()
	for n := c.run * 1_000_000; time.Now().Before(c.stop) && ctx.Err() == nil; n++ {
		l := &life{crowd: c, link: link, mail: c.mail[i], samples: into, staff: staff(i), agent: agent(i),
			tag: fmt.Sprintf("life-%03d-%07d", i, n), counts: time.Now().After(c.warm)}
		if err := l.live(ctx); err != nil {
			return fmt.Errorf("%s: %w", l.tag, err)
		}
		c.lived.Add(1)
		if now := time.Now(); now.After(c.warm) && now.Before(c.stop) {
			c.lives.Add(1)
		}
	}
	return nil
}

// live is the whole life: every step waits for what shows that the one before was delivered.
func (l *life) live(ctx context.Context) error {
	form, err := l.ask(stepForm, "command", l.staff, `"channel":"general","name":"ticket","text":"Printer jammed, `+l.tag+`"`, formToken)
	if err != nil {
		return err
	}
	if _, err := l.ask(stepOpen, "submit", l.staff, `"token":"`+form+`",`+l.answers(), ""); err != nil {
		return err
	}
	if err := l.await(ctx, l.opened()); err != nil {
		return fmt.Errorf("opened: %w", err)
	}

	button, ok := l.card.button("Claim")
	if !ok {
		return errors.New("the card has no button to claim it")
	}
	if _, err := l.ask(stepClaim, "click", l.agent, `"token":"`+button+`"`, ""); err != nil {
		return err
	}
	if err := l.await(ctx, l.told(seenClaim, "", `"label":"Reply"`)); err != nil {
		return fmt.Errorf("claimed: %w", err)
	}

	answer := "Please open the flap at the back and pull the sheet out slowly (" + l.tag + "). Does it print again?"
	if err := l.write(stepAsk, stepReply, "Reply", answer); err != nil {
		return err
	}
	if err := l.await(ctx, l.told(seenReply, answer, "")); err != nil {
		return fmt.Errorf("replied: %w", err)
	}

	solved := "The roller was worn and has been replaced; it prints again (" + l.tag + ")."
	if err := l.write(stepFinish, stepResolve, "Resolve", solved); err != nil {
		return err
	}
	if err := l.await(ctx, l.told(seenResolve, solved, `"tone":"good"`)); err != nil {
		return fmt.Errorf("resolved: %w", err)
	}
	return nil
}

const formToken = `"form":{"token":"`

// answers are those of the form: about 1 KB.
func (l *life) answers() string {
	return `"values":{"summary":["Printer jammed, ` + l.tag + `"],"type":["incident"],"category":["hardware"],` +
		`"device":["printer"],"problem":["jam"],"location":["North building, floor 3, room 3.14"],"priority":["normal"],` +
		`"description":["` + description + `"]}`
}

var description = strings.Repeat("It started this morning after the paper was refilled. The display says that there is "+
	"paper in tray two, but we found none there. ", 5)

// ask sends a request and times the reply. With a mark it gives what stands behind it, up to the next quote.
func (l *life) ask(step, action, as, rest, mark string) (string, error) {
	l.nonce++
	b := append(l.body[:0], `{"as":"`...)
	b = append(b, as...)
	b = append(b, `","nonce":"`...)
	b = append(b, l.tag...)
	b = append(b, '-')
	b = strconv.AppendInt(b, int64(l.nonce), 10)
	b = append(b, `",`...)
	b = append(b, rest...)
	l.body = append(b, '}')
	l.asked = time.Now()
	answer, err := l.link.post(action, l.body)
	if err != nil {
		return "", err
	}
	l.time(step, time.Now())
	if mark == "" {
		return "", nil
	}
	found, ok := between(answer, mark, `"`)
	if !ok {
		return "", fmt.Errorf("%s: no %s in %.300s", action, mark, answer)
	}
	return string(found), nil
}

// write presses a button on the card and sends the form that opens, with the text.
func (l *life) write(opening, sending, label, text string) error {
	button, ok := l.card.button(label)
	if !ok {
		return fmt.Errorf("the card has no button %q", label)
	}
	form, err := l.ask(opening, "click", l.agent, `"token":"`+button+`"`, formToken)
	if err != nil {
		return err
	}
	_, err = l.ask(sending, "submit", l.agent, `"token":"`+form+`","values":{"text":["`+text+`"]}`, "")
	return err
}

func (l *life) time(step string, at time.Time) {
	if l.counts && at.Before(l.stop) {
		l.samples.add(step, at.Sub(l.asked))
	}
}

// await looks at posts until done says that everything is there.
func (l *life) await(ctx context.Context, done func(post) bool) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case p := <-l.mail:
			if done(p) {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return errors.New("it was not delivered")
		}
	}
}

// opened waits for the card in triage and the requester's conversation.
func (l *life) opened() func(post) bool {
	return func(p post) bool {
		if p.thread() != "" || !p.has(l.tag) {
			return false
		}
		if p.head("channel") == triage {
			l.card = p
			l.time(seenTriage, p.at)
		} else {
			l.root = p.id()
			l.time(seenDirect, p.at)
		}
		return l.card.data != nil && l.root != ""
	}
}

// told waits until the requester was told of a step, by a post in the conversation that contains text, and until both
// first posts show the state after it, by the mark on the triage card. With no mark the cards do not change.
func (l *life) told(step, text, mark string) func(post) bool {
	told, card, conversation := false, mark == "", mark == ""
	triageCard := l.card.id()
	return func(p post) bool {
		switch {
		case p.thread() == l.root:
			if !told && p.has(text) {
				told = true
				l.time(step, p.at)
			}
		case p.id() == triageCard:
			l.card = p
			card = card || p.has(mark) && !p.has(`"label":"Claim"`)
		case p.id() == l.root:
			conversation = true
		}
		return told && card && conversation
	}
}
