// Package inbox keeps what was heard on a chat platform until the bot was told, and up to when everything was. Adapters that
// listen use it, each with one of its own.
package inbox

import (
	"context"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	itemsMax = 10_000 // events that may wait
	roomsMax = 32     // channels that are told at once
)

// PauseMax is the longest pause before something is tried again.
const PauseMax = time.Minute

// Inbox keeps what was heard until the bot was told. The events of a channel are told one after the other, those of
// different channels side by side. What fails is told again later and meanwhile holds up its own thread only. New makes one.
type Inbox struct {
	ctx      context.Context
	platform string
	retry    time.Duration // the first pause after a failure
	slots    chan struct{}
	log      logrus.FieldLogger
	wg       sync.WaitGroup

	mu      sync.Mutex
	max     int
	ebbed   func()
	rooms   map[string]*room
	count   int  // events that wait
	later   int  // those of them that wait for a catch-up
	failing int  // threads that are held
	losing  bool // some room has lost something
	listing bool // nobody knows yet which channels have to be caught up: all of them wait
}

// room is a channel that something waits in.
type room struct {
	id       string
	ready    []*Item
	after    []*Item          // heard while the channel is caught up; comes after that
	held     map[string]*hold // threads where something failed
	now      *Item
	telling  bool
	catching bool
	lost     Gap // of what had no room; zero if nothing
}

// hold is a thread that waits because its first event failed.
type hold struct {
	items []*Item
	pause time.Duration
	timer *time.Timer
}

// Item is one event that waits.
type Item struct {
	Channel string
	Thread  string // what its order matters in
	Mark    int64  // a time in milliseconds that nobody may take for heard and told while it waits
	Of      int64  // when what it is about was said, if that was earlier: its channel is read from then on to find it again
	Tell    func(ctx context.Context) error
}

// New makes an inbox that is told from until ctx ends. The platform's name is for the log; retry is the pause after the first
// failure of something, which doubles up to PauseMax.
func New(ctx context.Context, platform string, retry time.Duration, log logrus.FieldLogger) *Inbox {
	return &Inbox{
		ctx: ctx, platform: platform, retry: retry, max: itemsMax, slots: make(chan struct{}, roomsMax), ebbed: func() {}, log: log,
		rooms: map[string]*room{},
	}
}

// Ebbed sets what is called when there is room again for what had none. It must not block, nor ask the inbox anything.
func (b *Inbox) Ebbed(call func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ebbed = call
}

// Limit changes how many events may wait.
func (b *Inbox) Limit(most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.max = most
}

func (b *Inbox) room(id string) *room {
	r := b.rooms[id]
	if r == nil {
		r = &room{id: id, held: map[string]*hold{}}
		b.rooms[id] = r
	}
	return r
}

// Add puts an event at the end of its line. Where there is no room it is dropped, like everything of the channel after
// it, and Lost tells from when on the channel has to be read again.
func (b *Inbox) Add(it *Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.room(it.Channel)
	if b.count >= b.max || r.lost.Mark != 0 {
		if !b.losing {
			b.log.Warn(b.platform + ": too much waits for the bot; the rest will be read again from the server")
		}
		b.losing = true
		r.lost.Mark = Earlier(r.lost.Mark, it.Mark)
		r.lost.From = Earlier(r.lost.From, Earlier(it.Of, it.Mark))
		return
	}
	b.count++
	if b.listing || r.catching {
		r.after = append(r.after, it)
		b.later++
		return
	}
	b.push(r, it)
	b.start(r)
}

func (b *Inbox) push(r *room, it *Item) {
	if h := r.held[it.Thread]; h != nil {
		h.items = append(h.items, it)
		return
	}
	r.ready = append(r.ready, it)
}

// start tells what is ready, if nobody does so yet.
func (b *Inbox) start(r *room) {
	if r.telling || len(r.ready) == 0 || b.ctx.Err() != nil {
		return
	}
	r.telling = true
	b.wg.Go(func() {
		for b.tellNext(r) {
		}
	})
}

func (b *Inbox) tellNext(r *room) bool {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-b.ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil || len(r.ready) == 0 {
		r.telling = false
		b.tidy(r)
		return false
	}
	it := r.ready[0]
	r.ready, r.now = r.ready[1:], it
	b.mu.Unlock()
	err := b.tell(it)
	b.mu.Lock()
	r.now = nil
	switch {
	case err == nil:
		b.told(r, it)
	case b.ctx.Err() != nil:
		r.ready = slices.Insert(r.ready, 0, it)
	default:
		b.failed(r, it, err)
	}
	return true
}

// tell tells an event. One that breaks the program would break it each time: it is told once.
func (b *Inbox) tell(it *Item) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Errorf("%s: an event broke the bot, and is not told again: %v\n%s", b.platform, p, debug.Stack())
			err = nil
		}
	}()
	return it.Tell(b.ctx)
}

func (b *Inbox) told(r *room, it *Item) {
	b.count--
	if h := r.held[it.Thread]; h != nil {
		delete(r.held, it.Thread)
		r.ready = append(h.items, r.ready...)
		if b.failing--; b.failing == 0 {
			b.log.Info(b.platform + ": the bot could be told everything that it had not heard")
		}
	}
	if b.losing && b.count <= b.max/2 || b.backlog() == b.max/2 {
		b.ebbed()
	}
}

// failed lets the event's thread wait, with everything of it that is ready.
func (b *Inbox) failed(r *room, it *Item, err error) {
	h := r.held[it.Thread]
	if h == nil {
		if b.failing++; b.failing == 1 {
			b.log.WithError(err).Warn(b.platform + ": the bot could not be told what was said; it will be told again")
		}
		h = &hold{pause: b.retry}
		r.held[it.Thread] = h
		var rest []*Item
		for _, other := range r.ready {
			if other.Thread == it.Thread {
				h.items = append(h.items, other)
			} else {
				rest = append(rest, other)
			}
		}
		r.ready = rest
	}
	h.items = slices.Insert(h.items, 0, it)
	h.timer = time.AfterFunc(Jitter(h.pause), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.ctx.Err() != nil {
			return
		}
		first := h.items[0]
		h.items = h.items[1:]
		r.ready = slices.Insert(r.ready, 0, first)
		b.start(r)
	})
	h.pause = min(2*h.pause, PauseMax)
}

// Jitter is about the pause, so that not everything comes at once.
func Jitter(pause time.Duration) time.Duration { return pause/2 + rand.N(pause/2+1) }

// tidy forgets a room where nothing waits.
func (b *Inbox) tidy(r *room) {
	if !r.telling && !r.catching && r.lost.Mark == 0 && len(r.ready)+len(r.after)+len(r.held) == 0 {
		delete(b.rooms, r.id)
	}
}

// Wait returns when nothing is told any more. The context has to have ended.
func (b *Inbox) Wait() {
	b.wg.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rooms {
		for _, h := range r.held {
			h.timer.Stop()
		}
	}
}

// Floor is the earliest mark of what waits or was dropped; 0 if there is nothing.
func (b *Inbox) Floor() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var low int64
	lower := func(items ...*Item) {
		for _, it := range items {
			if it != nil {
				low = Earlier(low, it.Mark)
			}
		}
	}
	for _, r := range b.rooms {
		lower(r.now)
		lower(r.ready...)
		lower(r.after...)
		for _, h := range r.held {
			lower(h.items...)
		}
		low = Earlier(low, r.lost.Mark)
	}
	return low
}
