package adaptertest

import (
	"context"
	"slices"
	"sync"

	"balie/internal/chat"
)

// Bot is a bot that notes what it is told, and answers what it should. The zero value answers with nothing.
type Bot struct {
	mu     sync.Mutex
	told   []chat.Event
	stored []chat.Event
	failed int
	answer chat.Handler
}

// Handle is the bot's handler.
func (b *Bot) Handle(ctx context.Context, e chat.Event) (chat.Reply, error) {
	b.mu.Lock()
	b.told = append(b.told, e)
	answer := b.answer
	b.mu.Unlock()
	var r chat.Reply
	var err error
	if answer != nil {
		r, err = answer(ctx, e)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.stored = append(b.stored, e)
	} else {
		b.failed++
	}
	return r, err
}

// Answer sets how the bot answers from now on; nil for nothing. Events that come at once are answered at once.
func (b *Bot) Answer(h chat.Handler) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = h
}

// Says sets what the bot answers from now on.
func (b *Bot) Says(r chat.Reply, err error) {
	b.Answer(func(context.Context, chat.Event) (chat.Reply, error) { return r, err })
}

// Told are all events so far, as they came.
func (b *Bot) Told() []chat.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.told)
}

// Stored are those that were answered without an error, in the order of the answers.
func (b *Bot) Stored() []chat.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.stored)
}

// Failed is how many events were answered with an error.
func (b *Bot) Failed() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}
