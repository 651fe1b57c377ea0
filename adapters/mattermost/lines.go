package mattermost

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	linesMax  = 10_000 // events that may wait
	roomsMax  = 32     // channels that are told at once
	retryMost = time.Minute
)

// queue keeps what was heard until the bot was told. The events of a channel are told one after the other, those of
// different channels side by side. What fails is told again later and meanwhile holds up its own thread only.
type queue struct {
	ctx   context.Context
	retry time.Duration // the first pause after a failure
	max   int
	slots chan struct{}
	ebbed func() // called when there is room again for what had none
	log   logrus.FieldLogger
	wg    sync.WaitGroup

	mu      sync.Mutex
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
	ready    []*item
	after    []*item          // heard while the channel is caught up; comes after that
	held     map[string]*hold // threads where something failed
	now      *item
	telling  bool
	catching bool
	lost     int64 // the mark of the first event that had no room; 0 if none
}

// hold is a thread that waits because its first event failed.
type hold struct {
	items []*item
	pause time.Duration
	timer *time.Timer
}

// item is one event that waits.
type item struct {
	channel string
	thread  string // what its order matters in
	mark    int64  // the server's time in milliseconds that the cursor must not pass while it waits
	tell    func(ctx context.Context) error
}

func newQueue(ctx context.Context, retry time.Duration, log logrus.FieldLogger) *queue {
	return &queue{
		ctx: ctx, retry: retry, max: linesMax, slots: make(chan struct{}, roomsMax), ebbed: func() {}, log: log,
		rooms: map[string]*room{},
	}
}

func (l *queue) room(id string) *room {
	r := l.rooms[id]
	if r == nil {
		r = &room{id: id, held: map[string]*hold{}}
		l.rooms[id] = r
	}
	return r
}

// add puts an event at the end of its line. Where there is no room it is dropped, like everything of the channel after
// it, and lost tells from when on the channel has to be read again.
func (l *queue) add(it *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.room(it.channel)
	if l.count >= l.max || r.lost != 0 {
		if !l.losing {
			l.log.Warn("mattermost: too much waits for the bot; the rest will be read again from the server")
		}
		l.losing = true
		r.lost = min(cmp.Or(r.lost, it.mark), it.mark)
		return
	}
	l.count++
	if l.listing || r.catching {
		r.after = append(r.after, it)
		l.later++
		return
	}
	l.push(r, it)
	l.start(r)
}

func (l *queue) push(r *room, it *item) {
	if h := r.held[it.thread]; h != nil {
		h.items = append(h.items, it)
		return
	}
	r.ready = append(r.ready, it)
}

// start tells what is ready, if nobody does so yet.
func (l *queue) start(r *room) {
	if r.telling || len(r.ready) == 0 || l.ctx.Err() != nil {
		return
	}
	r.telling = true
	l.wg.Go(func() {
		for l.tellNext(r) {
		}
	})
}

func (l *queue) tellNext(r *room) bool {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-l.ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil || len(r.ready) == 0 {
		r.telling = false
		l.tidy(r)
		return false
	}
	it := r.ready[0]
	r.ready, r.now = r.ready[1:], it
	l.mu.Unlock()
	err := it.tell(l.ctx)
	l.mu.Lock()
	r.now = nil
	switch {
	case err == nil:
		l.told(r, it)
	case l.ctx.Err() != nil:
		r.ready = slices.Insert(r.ready, 0, it)
	default:
		l.failed(r, it, err)
	}
	return true
}

func (l *queue) told(r *room, it *item) {
	l.count--
	if h := r.held[it.thread]; h != nil {
		delete(r.held, it.thread)
		r.ready = append(h.items, r.ready...)
		if l.failing--; l.failing == 0 {
			l.log.Info("mattermost: the bot could be told everything that it had not heard")
		}
	}
	if l.losing && l.count <= l.max/2 || l.backlog() == l.max/2 {
		l.ebbed()
	}
}

// failed lets the event's thread wait, with everything of it that is ready.
func (l *queue) failed(r *room, it *item, err error) {
	h := r.held[it.thread]
	if h == nil {
		if l.failing++; l.failing == 1 {
			l.log.WithError(err).Warn("mattermost: the bot could not be told what was said; it will be told again")
		}
		h = &hold{pause: l.retry}
		r.held[it.thread] = h
		var rest []*item
		for _, other := range r.ready {
			if other.thread == it.thread {
				h.items = append(h.items, other)
			} else {
				rest = append(rest, other)
			}
		}
		r.ready = rest
	}
	h.items = slices.Insert(h.items, 0, it)
	h.timer = time.AfterFunc(jitter(h.pause), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.ctx.Err() != nil {
			return
		}
		first := h.items[0]
		h.items = h.items[1:]
		r.ready = slices.Insert(r.ready, 0, first)
		l.start(r)
	})
	h.pause = min(2*h.pause, retryMost)
}

// jitter is about the pause, so that not everything comes at once.
func jitter(pause time.Duration) time.Duration { return pause/2 + rand.N(pause/2+1) }

// tidy forgets a room where nothing waits.
func (l *queue) tidy(r *room) {
	if !r.telling && !r.catching && r.lost == 0 && len(r.ready)+len(r.after)+len(r.held) == 0 {
		delete(l.rooms, r.id)
	}
}

// wait returns when nothing is told any more. The context has to have ended.
func (l *queue) wait() {
	l.wg.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.rooms {
		for _, h := range r.held {
			h.timer.Stop()
		}
	}
}

// floor is the earliest mark of what waits or was dropped; 0 if there is nothing.
func (l *queue) floor() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var low int64
	lower := func(items ...*item) {
		for _, it := range items {
			if it != nil && (low == 0 || it.mark < low) {
				low = it.mark
			}
		}
	}
	for _, r := range l.rooms {
		lower(r.now)
		lower(r.ready...)
		lower(r.after...)
		for _, h := range r.held {
			lower(h.items...)
		}
		if r.lost != 0 {
			lower(&item{mark: r.lost})
		}
	}
	return low
}
