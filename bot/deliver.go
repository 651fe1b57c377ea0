package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/oklog/ulid/v2"
	"github.com/sirupsen/logrus"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// deliverer carries out what tickets want told. It alone writes a ticket's delivery half, under a lease.
type deliverer struct {
	*Bot
	owner string
	queue *queue
	asked *expirable.LRU[string, struct{}] // people whom their platform was asked about lately

	slots *slots
	waits waits

	started time.Time

	mu      sync.Mutex
	blocked map[chat.Place]string // destinations that wait for an admin, and why
}

func newDeliverer(b *Bot) *deliverer {
	return &deliverer{Bot: b, owner: ulid.Make().String(), queue: newQueue(),
		asked: expirable.NewLRU[string, struct{}](10_000, nil, time.Minute), blocked: map[chat.Place]string{},
		slots: newSlots(b.now, b.pace.Lease), started: b.now().UTC()}
}

func (d *deliverer) nudge(id string) { d.queue.push(id) }

// run delivers until ctx ends.
func (d *deliverer) run(ctx context.Context) {
	var wg sync.WaitGroup
	leased := make(chan lease)
	for range d.pace.Workers {
		wg.Go(func() { d.work(ctx, leased) })
	}
	wg.Go(func() { d.poll(ctx, leased) })
	wg.Go(func() { d.callUp(ctx) })
	wg.Wait()
}

func (d *deliverer) work(ctx context.Context, leased <-chan lease) {
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-leased:
			if d.queue.begin(w.Ticket.ID) { // changes from here on come again, when this is done
				d.deliver(ctx, w)
				d.queue.end(w.Ticket.ID)
			} else {
				d.deliver(ctx, w)
			}
		case id := <-d.queue.ids:
			if !d.queue.begin(id) {
				continue
			}
			w, err := d.lease(ctx, id)
			if err == nil {
				d.deliver(ctx, w)
			} else if !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil {
				d.log.WithError(err).Warn("a delivery waits for the store")
			}
			d.queue.end(id)
		}
	}
}

// poll finds what nobody told us of: deliveries that wait for their next try, and those of another process.
func (d *deliverer) poll(ctx context.Context, leased chan<- lease) {
	every(ctx, d.pace.Poll, func() {
		for ctx.Err() == nil {
			w, err := d.lease(ctx, "")
			if errors.Is(err, store.ErrNotFound) {
				return
			}
			if err != nil {
				if ctx.Err() == nil {
					d.log.WithError(err).Warn("deliveries wait for the store")
				}
				return
			}
			select {
			case leased <- w:
			case <-ctx.Done():
				d.deliver(ctx, w) // nothing is tried any more; whoever starts next need not wait for the lease
				return
			}
		}
	})
}

// lease is a ticket that nobody else delivers for until it ends. Nothing is begun that might take longer.
type lease struct {
	store.Work
	last time.Time // to begin something
}

func (d *deliverer) lease(ctx context.Context, id string) (lease, error) {
	last, now := time.Now().Add(d.pace.Lease-d.pace.Send), d.now().UTC()
	w, err := d.desk.Store.Lease(ctx, id, d.owner, now, now.Add(d.pace.Lease))
	return lease{w, last}, err
}

// batch is a ticket's deliveries being carried out: lane by lane, a lane being the room that a delivery goes to. Each
// lane keeps its order; a slow one keeps no other waiting.
type batch struct {
	store.Work
	files map[int]time.Time // entries whose files are still to be fetched, and when

	mu  sync.Mutex // for what the lanes share: Refs and out
	out store.Outcome
}

func (b *batch) ref(id string) (chat.Ref, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ref, ok := b.Refs[id]
	return ref, ok
}

// refs are all posts of the ticket that are known.
func (b *batch) refs() []chat.Ref {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.Refs))
}

func (b *batch) keep(id string, ref chat.Ref) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Refs[id] = ref
	b.out.Refs[id] = ref
}

// lane is the deliveries to one room, in order.
type lane struct {
	*batch
	pending []store.Delivery
	blocked time.Time // when what waits there goes; nothing overtakes it. Zero if nothing waits
	fresh   bool      // its card is up to date already
}

// lanes are the pending deliveries by room. What belongs to no room comes first, each kind in a lane of its own.
func (b *batch) lanes() (first, rooms []*lane) {
	byName := map[string]*lane{}
	for _, p := range b.Pending {
		name := p.Effect.Room
		if name == "" {
			name = string(p.Effect.Kind)
		}
		l := byName[name]
		if l == nil {
			l = &lane{batch: b}
			byName[name] = l
			if p.Effect.Room == "" {
				first = append(first, l)
			} else {
				rooms = append(rooms, l)
			}
		}
		l.pending = append(l.pending, p)
	}
	return first, rooms
}

// deliver carries out w and writes what became of it.
func (d *deliverer) deliver(ctx context.Context, w lease) {
	b := &batch{Work: w.Work, files: map[int]time.Time{}, out: store.Outcome{Refs: map[string]chat.Ref{}}}
	if b.Refs == nil {
		b.Refs = map[string]chat.Ref{}
	}
	d.introduce(ctx, w.Ticket)
	first, rooms := b.lanes()
	for _, l := range first {
		d.drive(ctx, l, w.last)
	}
	var wg sync.WaitGroup
	for _, l := range rooms[min(1, len(rooms)):] {
		wg.Go(func() { d.drive(ctx, l, w.last) })
	}
	if len(rooms) > 0 {
		d.drive(ctx, rooms[0], w.last)
	}
	wg.Wait()
	// The outcome is written even when we are told to stop: it spares sending again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, dead := range slices.Clone(b.out.Dead) {
		if err := d.noteDead(ctx, dead); err != nil {
			d.log.WithError(err).WithField("ticket", w.Ticket.Key).Warn("a lost delivery will be tried again: it could not be noted on its ticket")
			b.revive(dead, d.now().UTC().Add(d.wait(dead.Tries)))
		}
	}
	d.waits.note(w.Ticket.ID, b.out.Retry, d.now())
	if err := d.desk.Store.Settle(ctx, w.Work, b.out); err != nil {
		d.log.WithError(err).WithField("ticket", w.Ticket.Key).Warn("deliveries will be repeated: their outcome could not be kept")
	}
}

// revive takes back that a delivery was given up: it is tried again at the time given.
func (b *batch) revive(d store.Dead, next time.Time) {
	b.out.Dead = slices.DeleteFunc(b.out.Dead, func(dead store.Dead) bool { return dead.ID == d.ID })
	b.out.Done = slices.DeleteFunc(b.out.Done, func(done string) bool { return done == d.ID })
	d.Next = next
	b.out.Retry = append(b.out.Retry, d.Delivery)
}

// wait is how long to wait after so many tries.
func (d *deliverer) wait(tries int) time.Duration {
	return min(d.pace.Backoff<<min(tries-1, 16), 5*time.Minute)
}

// drive carries out the deliveries of a lane, until one has to wait.
func (d *deliverer) drive(ctx context.Context, l *lane, last time.Time) {
	for _, p := range l.pending {
		if ctx.Err() != nil || time.Now().After(last) {
			return // what is left stays pending
		}
		if from, now := l.due(p, d.now()); !now {
			l.hold(p, from)
			if p.Next.Before(from) {
				d.postpone(l, p, from) // or the store would find it due at once, again and again
			}
			continue
		}
		err := d.carry(ctx, l, p)
		if later, ok := errors.AsType[*laterError](err); ok {
			l.hold(p, later.until)
			d.postpone(l, p, later.until)
			continue
		}
		d.settle(l, p, err)
	}
}

// due says from when on the delivery may be tried, and whether that is now. What waits for another one, in its room or for
// its files, waits even if that one's time has come by now: it would overtake it.
func (l *lane) due(p store.Delivery, at time.Time) (from time.Time, now bool) {
	from, now = p.Next, !p.Next.After(at)
	after := func(other time.Time) {
		if !other.IsZero() {
			from, now = latest(from, other), false
		}
	}
	after(l.blocked)
	if p.Effect.Kind == ticket.EffectEntry {
		after(l.files[p.Effect.Entry])
	}
	return from, now
}

// hold keeps everything back that must not overtake the delivery.
func (l *lane) hold(p store.Delivery, until time.Time) {
	l.blocked = until
	if p.Effect.Kind == ticket.EffectFetch {
		l.files[p.Effect.Entry] = until
	}
}

// settle notes what became of one delivery.
func (d *deliverer) settle(l *lane, p store.Delivery, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	room, ok := l.Ticket.Room(p.Effect.Room)
	if err == nil {
		l.out.Done = append(l.out.Done, p.ID)
		if ok {
			d.slots.forget(room.Place, p.ID)
			d.unblock(room.Place)
		}
		return
	}
	now := d.now().UTC()
	var s *chat.SendError
	if !errors.As(err, &s) {
		s = &chat.SendError{Err: err}
	}
	_, edit := errors.AsType[*editError](err)
	p.Tries++
	p.Error = ticket.Cut(ticket.Line(err.Error()), 300)
	log := d.log.WithFields(logrus.Fields{"ticket": l.Ticket.Key, "room": p.Effect.Room, "kind": string(p.Effect.Kind), "tries": p.Tries}).WithError(err)
	wait := d.wait(p.Tries)
	switch {
	case s.Gone || s.Refused != "" || s.Blocked == "" && s.Retry == 0 && now.Sub(p.At) > d.pace.Patience && p.Tries > 10:
		log.Warn("a delivery was given up")
		l.out.Done = append(l.out.Done, p.ID)
		l.out.Dead = append(l.out.Dead, store.Dead{Delivery: p, Ticket: l.Ticket.ID, Key: l.Ticket.Key, Reason: p.Error, Since: now})
		d.slots.forget(room.Place, p.ID)
		return
	case s.Blocked != "":
		wait = min(wait, time.Minute)
		if ok {
			d.block(room.Place, s.Blocked, log)
		}
	case s.Retry > 0:
		wait = s.Retry
		log.WithField("wait", wait).Debug("a destination asked to wait")
	default:
		log.WithField("wait", wait).Warn("a delivery failed and will be tried again")
	}
	p.Next = now.Add(wait)
	if ok {
		p.Next = d.retreat(room.Place, l.Ticket.ID, p, s, edit)
	}
	l.hold(p, p.Next)
	l.out.Retry = append(l.out.Retry, p)
}

// retreat leaves a room's place alone for as long as its platform asks, and says when the delivery that learned of it has
// its turn.
func (d *deliverer) retreat(to chat.Place, ticket string, p store.Delivery, s *chat.SendError, edit bool) time.Time {
	every := d.every(to.Platform)
	switch {
	case s.Blocked != "":
		d.slots.shutEdits(to, p.Next)
		return d.slots.shut(to, every, p.ID, ticket, p.Next)
	case edit && s.Retry > 0:
		d.slots.shutEdits(to, p.Next)
		return p.Next
	case edit:
		return p.Next
	case s.Retry > 0:
		return d.slots.shut(to, every, p.ID, ticket, p.Next)
	}
	return d.slots.again(to, every, p.ID, ticket, p.Next)
}

// block notes that a destination waits for an admin, and tells so when it begins: once for all destinations of a platform
// that wait for the same thing.
func (d *deliverer) block(to chat.Place, why string, log logrus.FieldLogger) {
	d.mu.Lock()
	told := false
	for place, reason := range d.blocked {
		told = told || reason == why && place.Platform == to.Platform
	}
	d.blocked[to] = why
	d.mu.Unlock()
	if !told {
		log.WithFields(logrus.Fields{"platform": to.Platform, "channel": to.Channel, "todo": why}).
			Warn("posts wait for an admin; they are sent when it is put right")
	}
}

// unblock notes that a destination takes posts again.
func (d *deliverer) unblock(to chat.Place) {
	d.mu.Lock()
	_, was := d.blocked[to]
	delete(d.blocked, to)
	d.mu.Unlock()
	if was {
		d.log.WithFields(logrus.Fields{"platform": to.Platform, "channel": to.Channel}).Info("posts go on")
	}
}

// every is the time between two posts to one channel of the platform.
func (d *deliverer) every(platform string) time.Duration {
	if p, ok := d.platforms[platform]; ok {
		return d.pace.every(p.Caps())
	}
	return 0
}

// again says since when somebody may have sent the delivery without its outcome being known: this process, one before it,
// or another one whose lease has run out. Zero if nobody has. Nobody tries a delivery before its Next.
func (d *deliverer) again(p store.Delivery) time.Time {
	since := latest(p.At, p.Next)
	if p.Tries > 0 || !since.After(d.started) || d.now().Sub(since) >= d.pace.Lease {
		return p.At
	}
	return time.Time{}
}

// noteDead notes on the ticket that something could not be told: before it is given up, and once however often that is
// tried, so that a crash in between neither loses nor doubles the note.
func (d *deliverer) noteDead(ctx context.Context, dead store.Dead) error {
	by := ticket.Balie
	by.Event = "dead|" + dead.ID
	_, err := d.desk.Act(ctx, dead.Ticket, by, ticket.Undelivered{Room: dead.Effect.Room, Reason: dead.Reason})
	return err
}

// every does f now and after each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

var errNoRoot = errors.New("the conversation that it belongs to could not be started")

func unknownPlatform(name string) error {
	return fmt.Errorf("%s is not connected", name)
}
