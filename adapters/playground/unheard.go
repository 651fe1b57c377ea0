package playground

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// utterance is what somebody said, changed, took back or put a reaction on. It is kept before the bot is told, and until
// the bot has heard it.
type utterance struct {
	ID      string      `json:"id"` // the event's
	Kind    string      `json:"kind"`
	Person  string      `json:"person"`
	Channel string      `json:"channel"`
	Thread  string      `json:"thread,omitempty"`
	Message string      `json:"message"`
	Order   string      `json:"order,omitempty"` // of a new message
	Posted  time.Time   `json:"posted"`          // when the message was
	At      time.Time   `json:"at"`
	Text    string      `json:"text,omitempty"`
	Files   []wire.File `json:"files,omitempty"`
	Emoji   string      `json:"emoji,omitempty"`
	Removed bool        `json:"removed,omitempty"`
}

// The kinds of utterances.
const (
	saidNew     = "new"
	saidEdited  = "edited"
	saidDeleted = "deleted"
	saidEmoji   = "emoji"
)

// line is what utterances are kept in order by: their thread. A direct conversation is one line outside its threads.
func (u *utterance) line() string {
	switch {
	case u.Thread != "":
		return u.Thread
	case len(u.Channel) > len(directPrefix) && u.Channel[:len(directPrefix)] == directPrefix:
		return u.Channel
	}
	return u.Message
}

// event is the utterance as the bot is told, the same at every try.
func (p *Playground) event(ctx context.Context, u *utterance) (chat.Event, error) {
	e := p.place(u.ID, u.Person, u.Channel, u.Thread)
	if u.Thread != "" {
		root, err := p.message(ctx, u.Thread)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return e, err
		}
		e.OwnThread = err == nil && root.From == wire.BotID
	}
	e.At = u.At
	if u.Kind == saidEmoji {
		ref := chat.Ref{Platform: platformName, Workspace: p.opts.Workspace, Channel: u.Channel, Thread: u.Thread, Message: u.Message}
		e.Reaction = &chat.Reaction{Message: ref, Emoji: u.Emoji, Removed: u.Removed}
		return e, nil
	}
	e.Message = &chat.Message{
		ID: u.Message, Author: e.Person, At: u.Posted, Text: u.Text, Files: chatFiles(u.Files),
		Edited: u.Kind == saidEdited, Deleted: u.Kind == saidDeleted,
	}
	return e, nil
}

// apply makes the utterance visible. Doing it again changes nothing.
func (p *Playground) apply(ctx context.Context, u *utterance) (*wire.Message, error) {
	if u.Kind == saidNew {
		return p.add(ctx, &wire.Message{
			ID: u.Message, Channel: u.Channel, Thread: u.Thread, Order: u.Order, From: u.Person, At: u.At,
			Text: u.Text, Files: u.Files,
		})
	}
	m, err := p.change(ctx, u.Message, func(m *wire.Message) bool {
		switch u.Kind {
		case saidDeleted:
			m.Deleted = true
		case saidEdited:
			if m.Text == u.Text && m.Edited.Equal(u.At) {
				return false
			}
			m.Text, m.Edited = u.Text, u.At
		case saidEmoji:
			return setReaction(m, u)
		}
		return true
	})
	if errors.Is(err, ErrNotFound) {
		return nil, nil // deleted meanwhile: nothing is left to change
	}
	return m, err
}

// backlog is what the bot has not heard, by line and in order. Only what failed is in it, so it is small.
type backlog struct {
	mu     sync.Mutex
	loaded bool
	lines  map[string][]string // ids
	count  int
	failed chan struct{} // something was added
}

// backlogMax is how much may wait for the bot; more is refused.
const backlogMax = 10_000

const unheardGroup = "all"

func newBacklog() *backlog {
	return &backlog{lines: map[string][]string{}, failed: make(chan struct{}, 1)}
}

// load reads what an earlier process left. It is done once, before anything new is told.
func (p *Playground) load(ctx context.Context) error {
	b := p.unheard
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded {
		return nil
	}
	var left []*utterance
	for before := ""; ; {
		records, err := p.opts.Content.ListRecords(ctx, unheardSpace, unheardGroup, before, pageMax)
		if err != nil {
			return fmt.Errorf("playground: list what was not heard: %w", err)
		}
		for _, r := range records {
			u, err := readUtterance(r)
			if err != nil {
				return err
			}
			left = append(left, u)
			before = r.Order
		}
		if len(records) < pageMax {
			break
		}
	}
	for _, u := range slices.Backward(left) {
		b.lines[u.line()] = append(b.lines[u.line()], u.ID)
	}
	b.count, b.loaded = len(left), true
	return nil
}

// wait puts the utterance at the end of its line, unless it is in it.
func (b *backlog) wait(line, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.lines[line], id) {
		return
	}
	b.lines[line] = append(b.lines[line], id)
	b.count++
	select {
	case b.failed <- struct{}{}:
	default:
	}
}

// heard takes the utterance away, if it is the first of the line.
func (b *backlog) heard(line, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines[line]) == 0 || b.lines[line][0] != id {
		return
	}
	b.count--
	if b.lines[line] = b.lines[line][1:]; len(b.lines[line]) == 0 {
		delete(b.lines, line)
	}
}

// Unheard is how many things that people said wait for the bot; false while what an earlier process left is not known yet.
func (p *Playground) Unheard() (n int, known bool) {
	p.unheard.mu.Lock()
	defer p.unheard.mu.Unlock()
	return p.unheard.count, p.unheard.loaded
}

// full says that no more may wait.
func (b *backlog) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count >= backlogMax
}

func (b *backlog) first(line string) (id string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines[line]) == 0 {
		return "", false
	}
	return b.lines[line][0], true
}

// tell keeps the utterance, makes it visible, and tells the bot, after whatever it has not heard of the same line.
func (p *Playground) tell(ctx context.Context, h chat.Handler, u *utterance, done func(wire.Answer, error)) {
	if err := p.load(ctx); err != nil {
		done(wire.Answer{}, err)
		return
	}
	if p.unheard.full() {
		done(wire.Answer{}, errors.New("playground: too much waits for the bot"))
		return
	}
	line := u.line()
	release, err := p.turns.hold(ctx, line)
	if err != nil {
		done(wire.Answer{}, fmt.Errorf("playground: wait for the thread: %w", err))
		return
	}
	defer release()
	body, err := json.Marshal(u)
	if err != nil {
		done(wire.Answer{}, fmt.Errorf("playground: encode an utterance: %w", err))
		return
	}
	kept, added, err := p.opts.Content.AddRecord(ctx, Record{
		Space: unheardSpace, ID: u.ID, Group: unheardGroup, Order: p.order(u.At), Body: body,
	})
	if err != nil {
		done(wire.Answer{}, fmt.Errorf("playground: keep an utterance: %w", err))
		return
	}
	if !added { // a repeat says what was said first
		if u, err = readUtterance(kept); err != nil {
			done(wire.Answer{}, err)
			return
		}
	}
	answer, err := p.tellNext(ctx, h, line, u)
	if err != nil {
		p.unheard.wait(line, u.ID)
		done(wire.Answer{}, err)
		return
	}
	done(answer, nil)
	p.forget(ctx, u.ID)
}

// tellNext tells what waits in the line before u, and then u. Everything is made visible just before it is told, so that
// what is visible follows the order of the line too.
func (p *Playground) tellNext(ctx context.Context, h chat.Handler, line string, u *utterance) (wire.Answer, error) {
	if err := p.flush(ctx, h, line, u.ID); err != nil {
		return wire.Answer{}, err
	}
	answer, err := p.tellOne(ctx, h, u)
	if err == nil {
		p.unheard.heard(line, u.ID)
	}
	return answer, err
}

func (p *Playground) tellOne(ctx context.Context, h chat.Handler, u *utterance) (wire.Answer, error) {
	m, err := p.apply(ctx, u)
	if err != nil {
		return wire.Answer{}, err
	}
	e, err := p.event(ctx, u)
	if err != nil {
		return wire.Answer{}, err
	}
	said, err := h(ctx, e)
	if err != nil {
		return wire.Answer{}, notHeard(said, err)
	}
	answer, err := p.answer(ctx, e, said, hashID("f", e.ID))
	answer.Message = m
	return answer, err
}

func readUtterance(r Record) (*utterance, error) {
	u := &utterance{}
	if err := json.Unmarshal(r.Body, u); err != nil {
		return nil, fmt.Errorf("playground: decode an utterance: %w", err)
	}
	return u, nil
}

// forget drops what was kept of an utterance that was heard. If that fails it is told again one day, and changes nothing.
func (p *Playground) forget(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := p.opts.Content.DeleteRecord(ctx, unheardSpace, id); err != nil {
		p.log.WithError(err).Warn("playground: what was heard could not be forgotten; it will be told again")
	}
}

// flush tells the bot what waits in the line, in order, up to the utterance that the caller tells itself. The caller
// holds the line.
func (p *Playground) flush(ctx context.Context, h chat.Handler, line, self string) error {
	for {
		id, ok := p.unheard.first(line)
		if !ok || id == self {
			return nil
		}
		if err := p.retellOne(ctx, h, id); err != nil {
			return err
		}
		p.unheard.heard(line, id)
	}
}

func (p *Playground) retellOne(ctx context.Context, h chat.Handler, id string) error {
	r, err := p.opts.Content.Record(ctx, unheardSpace, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("playground: read what was not heard: %w", err)
	}
	u, err := readUtterance(r)
	if err != nil {
		return err
	}
	if p.people[u.Person] == nil || p.rooms[u.Channel] == nil {
		p.forget(ctx, id) // they are not in this workspace any more
		return nil
	}
	answer, err := p.tellOne(ctx, h, u)
	if err != nil {
		return err
	}
	for _, private := range answer.Private { // nobody waits for the answer any more
		p.hub.publish(u.Channel, u.Person, wire.KindPrivate, private)
	}
	p.forget(ctx, id)
	return nil
}

// retell tells what waits, line by line, until ctx ends: at once, and again with growing pauses while it fails.
func (p *Playground) retell(ctx context.Context, h chat.Handler) {
	const longest = time.Minute
	pause := p.opts.RetryAfter
	for {
		err := p.retellAll(ctx, h)
		var wait <-chan time.Time
		var timer *time.Timer
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.log.WithError(err).Warn("playground: the bot has not heard everything yet")
			timer = time.NewTimer(pause/2 + rand.N(pause/2+1))
			wait = timer.C
			pause = min(2*pause, longest)
		default:
			pause = p.opts.RetryAfter
		}
		if wait == nil {
			select {
			case <-ctx.Done():
				return
			case <-p.unheard.failed:
				// Not at once: it failed a moment ago.
				timer = time.NewTimer(pause/2 + rand.N(pause/2+1))
				wait = timer.C
			}
		}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-wait:
		}
	}
}

func (p *Playground) retellAll(ctx context.Context, h chat.Handler) error {
	if err := p.load(ctx); err != nil {
		return err
	}
	p.unheard.mu.Lock()
	lines := slices.Sorted(maps.Keys(p.unheard.lines))
	p.unheard.mu.Unlock()
	var failed error
	for _, line := range lines {
		if ctx.Err() != nil {
			break
		}
		// A line that fails does not hold up the others.
		if err := p.retellLine(ctx, h, line); err != nil {
			failed = err
		}
	}
	return failed
}

func (p *Playground) retellLine(ctx context.Context, h chat.Handler, line string) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.AnswerWithin)
	defer cancel()
	release, err := p.turns.hold(ctx, line)
	if err != nil {
		return fmt.Errorf("playground: wait for the thread: %w", err)
	}
	defer release()
	return p.flush(ctx, h, line, "")
}
