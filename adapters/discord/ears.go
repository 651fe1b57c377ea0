package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"balie/adapters/inbox"
	"balie/adapters/memo"
	"balie/internal/chat"
)

// requestMax is how long something may take that nobody waits for.
const requestMax = 30 * time.Second

// interactMax is how many interactions are answered at once.
const interactMax = 512

// ears hear what people say, over the gateway and, where that missed something, over REST, and tell the bot.
type ears struct {
	*Discord
	times times
	slots chan struct{} // of interactions
	crowd chan struct{} // of those that there is no room for
	busy  sync.WaitGroup

	known   *lru.Cache[string, struct{}]  // ids of events that the bot was told of
	belongs *lru.Cache[string, belonging] // what a reply to a message belongs to, where there are no threads
	hinted  *lru.Cache[string, struct{}]  // threads where people were told that they are not heard
	locales *lru.Cache[string, string]    // of guilds

	now atomic.Pointer[term] // nil while another process listens
}

func newEars(d *Discord) *ears {
	return &ears{
		Discord: d, times: usual(), slots: make(chan struct{}, interactMax), crowd: make(chan struct{}, interactMax),
		known: memo.New[string, struct{}](50_000), belongs: memo.New[string, belonging](20_000), hinted: memo.New[string, struct{}](10_000),
		locales: memo.New[string, string](5_000),
	}
}

// term is a time in which this process listens.
type term struct {
	*ears
	handle  chat.Handler
	queue   *inbox.Inbox
	catchup *catchup
	cursor  *cursor
	gateway *gateway
	outages *outages
	began   bool                 // a session was begun before; only of that goroutine
	stale   chan map[string]bool // guilds whose people changed
}

// run hears until ctx ends.
func (e *ears) run(ctx context.Context, h chat.Handler) {
	e.hold(ctx, func(ctx context.Context, held func() bool) bool {
		t := e.newTerm(ctx, h)
		e.now.Store(t)
		defer e.now.Store(nil)
		return t.attend(ctx, held)
	})
	e.busy.Wait()
}

func (e *ears) newTerm(ctx context.Context, h chat.Handler) *term {
	t := &term{ears: e, handle: h, outages: newOutages(), stale: make(chan map[string]bool, 1)}
	t.queue = inbox.New(ctx, Name, e.opts.RetryAfter, e.log)
	t.catchup = newCatchup(t)
	t.queue.Ebbed(t.catchup.steps.Nudge)
	t.cursor = newCursor(t)
	t.gateway = &gateway{Discord: e.Discord, times: e.times, happen: t.happen}
	return t
}

// attend hears until ctx ends. What was not told then is read again by who listens next, unless that began already. It says
// whether everything was put away.
func (t *term) attend(ctx context.Context, held func() bool) bool {
	if !t.cursor.recall(ctx) {
		return true
	}
	var wg sync.WaitGroup
	wg.Go(func() { t.catchup.run(ctx) })
	wg.Go(func() { t.cursor.run(ctx, held) })
	wg.Go(func() { t.refresh(ctx) })
	t.gateway.stayConnected(ctx)
	wg.Wait()
	t.queue.Wait()
	return held() && t.cursor.last(ctx)
}

// theirNow is the time by Discord's clock, in its milliseconds.
func (e *ears) theirNow() int64 { return e.api.theirs(time.Now()).UnixMilli() }

// heard puts what was heard into its line.
func (t *term) heard(u *utterance) {
	if u.message != nil && u.message.byPerson(t.self.id()) && u.direct() {
		t.places.used(u.channel, u.at)
	}
	it := t.item(u)
	if it != nil || u.by(t.self.id()) { // with which a thread that was put away comes back
		t.catchup.comesFirst(u.channel, u.direct())
	}
	if it != nil {
		t.queue.Add(it)
	}
	if u.message != nil { // else it is our own clock that says when it was
		t.cursor.Advance(u.at, t.theirNow()) // only now, so that it is never ahead of what waits
	}
}

// item is what waits for an utterance; nil if it is nothing to tell.
func (t *term) item(u *utterance) *inbox.Item {
	me := t.self.id()
	tell := t.tell
	if u.by(me) {
		if _, ok := t.places.channels.Peek(u.channel); ok || u.direct() {
			t.own(u)
			return nil
		}
		tell = t.ownSomewhere
	} else if u.silent(me) {
		return nil
	}
	return &inbox.Item{Channel: u.channel, Thread: t.line(u), Mark: t.cursor.Mark(u.at), Of: madeAt(u.id), Tell: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, requestMax)
		defer cancel()
		return tell(ctx, u)
	}}
}

// ownSomewhere is own where it is not known yet what it was made in.
func (t *term) ownSomewhere(ctx context.Context, u *utterance) error {
	_, _, err := t.places.where(ctx, u.channel)
	if err == nil {
		t.own(u)
	}
	return passing(err)
}

// own notes a message of the bot's: where it was made is listened to, and replies to it belong to a conversation.
func (t *term) own(u *utterance) {
	channel := u.channel
	if c, ok := t.places.channels.Peek(channel); ok && c.isThread() {
		channel = c.ParentID
	} else {
		t.belongs.Add(u.id, belonging{thread: cmp.Or(u.repliesTo(), u.id), own: true})
	}
	if !u.direct() {
		t.cursor.inhabits(channel, u.at)
	}
}

// line is what the order of an utterance matters in: a thread or a direct conversation, or one message of a channel. What is
// not known may be a thread.
func (t *term) line(u *utterance) string {
	if c, ok := t.places.channels.Peek(u.channel); u.direct() || !ok || c.isThread() {
		return u.channel
	}
	to := u.repliesTo()
	if to == "" {
		return u.id
	}
	if b, ok := t.belongs.Peek(to); ok && b.thread != "" {
		return b.thread
	}
	return to
}

// tell tells the bot of an utterance, unless that was done before, and answers.
func (t *term) tell(ctx context.Context, u *utterance) error {
	if t.known.Contains(u.eventID()) {
		return nil
	}
	if u.kind == wasDeleted {
		t.known.Add("m|"+u.id, struct{}{}) // should it come afterwards
	}
	ev, ok, err := t.event(ctx, u)
	if err != nil {
		return err
	}
	if ok {
		said, err := t.handle(ctx, ev)
		if err != nil {
			return err
		}
		if err := t.answerSaid(ctx, ev, said, t.again(u)); err != nil {
			return err
		}
	}
	t.known.Add(u.eventID(), struct{}{})
	return nil
}

// interacted answers an interaction, beside everything else.
func (t *term) interacted(ctx context.Context, raw json.RawMessage) {
	do := func(ctx context.Context) { t.interact(ctx, t.handle, raw) }
	slots := t.slots
	select {
	case slots <- struct{}{}:
	default:
		t.log.Warn("discord: so many people click at once that some have to do it again")
		do, slots = func(ctx context.Context) { t.turnAway(ctx, raw) }, t.crowd
		select {
		case slots <- struct{}{}:
		default:
			return
		}
	}
	t.busy.Go(func() {
		defer func() { <-slots }()
		ctx, cancel := lasting(ctx, t.times.rest)
		defer cancel()
		do(ctx)
	})
}

// lasting is a context that ends so long after another one.
func lasting(ctx context.Context, rest time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	end := time.AfterFunc(time.Hour, cancel) // nothing takes that long
	stop := context.AfterFunc(ctx, func() { end.Reset(rest) })
	return longer, func() {
		stop()
		end.Stop()
		cancel()
	}
}

// refreshEvery is how often the people of guilds are forgotten that changed. In a big guild somebody changes all the time.
const refreshEvery = 500 * time.Millisecond

// changed notes that the people of a guild are not what they were.
func (t *term) changed(guild string) {
	all := map[string]bool{}
	select {
	case all = <-t.stale:
	default:
	}
	all[guild] = true
	t.stale <- all // only this goroutine puts something there
}

func (t *term) refresh(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case all := <-t.stale:
			for guild := range all {
				t.people.changed(guild)
			}
		default:
		}
	}
}
