package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

var errNoForm = errors.New("no form opened")

func needsForm(s sheet, err error) error {
	if err == nil && s == nil {
		return errNoForm
	}
	return err
}

// do does something, and times it. Who insists does it again until it worked.
func (e *errand) do(ctx context.Context, kind string, what func(context.Context) (time.Duration, error)) error {
	if err := e.muse(ctx); err != nil {
		return err
	}
	for {
		if err := e.talk.reach(ctx); err != nil {
			return err
		}
		e.asked = time.Now()
		took, err := what(ctx)
		if err == nil {
			e.times.add(kind, took)
			return nil
		}
		if e.talk == nil || ctx.Err() != nil {
			return err
		}
		e.talk.failed.Add(1)
		if kind != kindSay {
			if err := e.grumble(ctx); err != nil {
				return err
			}
		}
		if err := pause(ctx, e.again); err != nil {
			return err
		}
	}
}

// grumble has the requester write, now and then, when something does not work.
func (e *errand) grumble(ctx context.Context) error {
	if !e.talk.grumbles || e.root == nil || rand.IntN(3) > 0 {
		return nil
	}
	if err := e.say(ctx, 1); err != nil {
		return err
	}
	return e.typed(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send sends a form.
func (e *errand) send(ctx context.Context, as string, s sheet, values map[string]string) error {
	return e.do(ctx, kindSubmit, func(ctx context.Context) (time.Duration, error) {
		return e.desk.submit(ctx, as, s, values)
	})
}

// seen times how long after the request the news came.
func (e *errand) seen(step string, n news, first bool) {
	if first {
		e.times.add(step, n.at.Sub(e.asked))
	}
}

// await looks at the mail until done says that everything is there.
func (e *errand) await(ctx context.Context, what string, done func(news) bool) error {
	limit := patience
	if e.talk != nil {
		limit = e.talk.patience
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		for list := e.mail.take(); len(list) > 0; list = list[1:] {
			if done(list[0]) {
				e.mail.back(list[1:])
				return nil
			}
		}
		select {
		case <-e.mail.more:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-timer.C:
			return fmt.Errorf("%s: it was not delivered within %s", what, limit)
		}
	}
}

// back gives back what was not looked at.
func (b *inbox) back(list []news) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(list, b.list...)
	if len(b.list) > 0 {
		select {
		case b.more <- struct{}{}:
		default:
		}
	}
}

// What is written, by what it is for.
const (
	markSay      = "say"
	markReply    = "ask"
	markSolution = "fix"
	markTyped    = "typ" // by an agent, under a card
)

// mark is a word that stands in one message only.
func (e *errand) mark(kind string) string {
	e.attempts++
	return fmt.Sprintf("%s%s%04dz", e.tag, kind, e.attempts)
}

// say has the requester write in the conversation, one message after another without waiting.
func (e *errand) say(ctx context.Context, messages int) error {
	if e.speak == nil {
		return nil
	}
	for range messages {
		err := e.do(ctx, kindSay, func(ctx context.Context) (time.Duration, error) {
			// Each try says something else: the server forgets when it restarts what it was told shortly before.
			mark := e.mark(markSay)
			began := time.Now()
			if err := e.speak(ctx, e.requester, e.root, "It still does not print. "+mark); err != nil {
				return 0, err
			}
			e.talk.acknowledge(mark)
			return time.Since(began), nil
		})
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// typed has the agent write under the card, which goes to the requester. Nobody does where there is no such thing.
func (e *errand) typed(ctx context.Context) error {
	if e.below == nil || e.card == nil {
		return nil
	}
	return e.do(ctx, kindSay, func(ctx context.Context) (time.Duration, error) {
		mark := e.mark(markTyped)
		began := time.Now()
		if err := e.below(ctx, e.helper, e.card, "Is it still under guarantee? "+mark); err != nil {
			return 0, err
		}
		e.talk.acknowledge(mark)
		return time.Since(began), nil
	})
}
