package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"balie/adapters/discord/discordfake"
)

// discordMemory looks whether the program's memory stays as it is over very many interactions, half of them over the gateway
// and half over HTTP, of people who don't wait: they look at lists and tickets, type options, and now and then live the
// life of a ticket, so that the program writes in ever new threads.
func (b *bench) discordMemory(ctx context.Context) (err error) {
	const (
		tokens = 5 * time.Second // or this process would keep too much of what interactions there were
		grows  = 8 << 20
		part   = .10
		parts  = 4
	)
	h, err := b.moveToDiscord(ctx, discordStay{fake: discordfake.Options{TokenLife: tokens}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.leave()) }()
	h.think, h.speak = 0, nil                          // what is said would come after what is pressed, and open tickets again
	if err := h.busy(ctx, 0, b.clicks/2); err != nil { // until what it remembers of the latest of everything is full
		return errors.Join(err, tail(h.log))
	}
	before, err := h.weigh(ctx)
	if err != nil {
		return err
	}
	h.lived.Store(0)
	var after weight
	var heaps []string
	var took time.Duration
	all := 0
	for n := range parts {
		started, began := h.town.interactions(), time.Now()
		if err := h.busy(ctx, n+1, b.clicks/parts); err != nil {
			return errors.Join(err, tail(h.log))
		}
		took, all = took+time.Since(began), all+h.town.interactions()-started
		if after, err = h.weigh(ctx); err != nil {
			return err
		}
		heaps = append(heaps, mb(after.heap))
	}
	if n := h.refused.Load(); n > 0 {
		return errors.Join(fmt.Errorf("%d requests were not answered with status 200", n), tail(h.log))
	}
	b.begin(fmt.Sprintf("Memory over many interactions on Discord, by %d people as fast as this machine goes", h.people), "what\tfigure\ttarget\t")
	b.judge("interactions", strconv.Itoa(all), "≥ "+strconv.Itoa(b.clicks), all >= b.clicks)
	b.figure("  a second", number(float64(all)/took.Seconds()))
	b.figure("tickets that lived meanwhile", strconv.FormatInt(h.lived.Load(), 10))
	growth := after.heap - before.heap
	b.figure("heap without garbage, before", mb(before.heap))
	b.figure("  after each quarter", strings.Join(heaps, ", "))
	b.judge("how much it grew", fmt.Sprintf("%s, %.0f %%", mb(growth), 100*float64(growth)/float64(before.heap)), "< 8 MB or < 10 %",
		growth < grows || float64(growth) < part*float64(before.heap))
	b.figure("memory of the process, before and after", mb(before.resident)+", "+mb(after.resident))
	b.judge("goroutines, before and after", fmt.Sprintf("%.0f, %.0f", before.goroutines, after.goroutines), "no more than 100 more", after.goroutines < before.goroutines+100)
	return b.end()
}

// weight is what a program takes.
type weight struct {
	heap, resident int64 // bytes
	goroutines     float64
}

// weigh looks what the program takes once it has nothing to do.
func (h *discordHouse) weigh(ctx context.Context) (w weight, err error) {
	for {
		now, err := h.server.backlog(ctx)
		if err != nil {
			return w, err
		}
		if now.tickets == 0 {
			break
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return w, err
		}
	}
	if w.heap, err = h.server.live(ctx); err != nil {
		return w, err
	}
	if w.resident, _, err = h.server.memory(); err != nil {
		return w, err
	}
	all, err := h.server.metrics(ctx)
	w.goroutines = all["go_goroutines"]
	return w, err
}

// busy has people act until so many further interactions were answered, half of them over the gateway. Phase tells apart what
// is done each time; in the first one everybody begins with a ticket, so that there is something to see.
func (h *discordHouse) busy(ctx context.Context, phase, clicks int) error {
	const looks = 40 // for each ticket that lives: what is remembered of those grows for long
	for half, hooks := range []bool{false, true} {
		if hooks {
			h.overHTTP()
		} else {
			h.town.Deliver("")
		}
		until := h.town.interactions() + clicks/2 + clicks%2
		ctx, cancel := context.WithCancelCause(ctx)
		var acting sync.WaitGroup
		for i := range h.people {
			acting.Go(func() {
				for n := 0; h.town.interactions() < until && ctx.Err() == nil; n++ {
					var err error
					if n > 0 || phase+half == 0 {
						err = h.life(ctx, i, (2*phase+half)*100_000+n)
					}
					for looked := 0; looked < looks && err == nil && h.town.interactions() < until; looked++ {
						err = h.look(ctx, h.town.As(requester(i)))
					}
					if err != nil {
						cancel(fmt.Errorf("%s: %w", requester(i), err))
					}
				}
			})
		}
		acting.Wait()
		err := context.Cause(ctx)
		cancel(nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// life is that of a ticket.
func (h *discordHouse) life(ctx context.Context, i, n int) error {
	e := &errand{crew: h.crew, mail: h.mail[i], requester: requester(i), helper: h.helps(i), category: h.about(i), tag: tagOf(i, n)}
	if err := e.live(ctx); err != nil {
		return fmt.Errorf("%s: %w", e.tag, err)
	}
	h.lived.Add(1)
	return nil
}

// look is what somebody does who looks at their tickets.
func (h *discordHouse) look(ctx context.Context, u *discordfake.User) error {
	typed := func(sub, option, text string) error {
		_, a, err := u.Complete(ctx, h.town.general, "ticket", sub, option, text, nil)
		return said(a, err)
	}
	for _, text := range []string{"h", "hardware"} {
		if err := typed("new", "category", text); err != nil {
			return fmt.Errorf("type a category: %w", err)
		}
	}
	if err := typed("show", "ticket", "HD"); err != nil {
		return fmt.Errorf("type a ticket's key: %w", err)
	}
	a, err := u.Command(ctx, h.town.general, "ticket", "mine", nil)
	if err = said(a, err); err == nil && len(a.Private) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return fmt.Errorf("look at the list: %w", err)
	}
	list := a.Private[0]
	for _, b := range list.Buttons() {
		if b.CustomID == "" {
			continue
		}
		if err = said(u.Click(ctx, list, b.CustomID)); err != nil {
			return fmt.Errorf("press %q: %w", b.Label, err)
		}
		break
	}
	return nil
}
