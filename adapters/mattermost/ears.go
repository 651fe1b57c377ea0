package mattermost

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/inbox"
	"balie/adapters/memo"
	"balie/internal/chat"
)

// requestMax is how long a single question to the server may take that nobody waits for.
const requestMax = 30 * time.Second

// ears hear what people say, over the websocket and, where that missed something, over REST, and tell the bot.
type ears struct {
	*Mattermost
	queue   *inbox.Inbox
	catchup *catchup
	cursor  *cursor
	tell    func(ctx context.Context, e chat.Event, late bool) error
	known   *lru.Cache[string, int64] // when what the bot was told lately happened, by the event's id
	ahead   atomic.Int64              // how far the server's clock is ahead of ours, in milliseconds
	live    atomic.Bool               // the server has let the bot in
	check   time.Duration             // how often the bot asks whether it is still known
	began   int64                     // when this process began to listen, in our milliseconds
	wg      sync.WaitGroup

	// Only the goroutine that reads the websocket uses these.
	connection string          // the server's id for it; "" before the first
	next       int64           // the number of the next event
	strange    map[string]bool // kinds of events that were logged
}

func newEars(m *Mattermost) *ears {
	return &ears{Mattermost: m, known: memo.New[string, int64](20_000), check: time.Minute, strange: map[string]bool{}}
}

// listen hears until ctx ends.
func (e *ears) listen(ctx context.Context, h chat.Handler) {
	e.tell = func(ctx context.Context, ev chat.Event, late bool) error { return e.hear(ctx, h, ev, late) }
	e.attend(ctx)
}

func (e *ears) attend(ctx context.Context) {
	e.queue = inbox.New(ctx, Name, e.opts.RetryAfter, e.log)
	e.catchup = newCatchup(e)
	e.queue.Ebbed(e.catchup.steps.Nudge)
	e.cursor = newCursor(e)
	e.connection, e.next, e.began = "", 0, time.Now().UnixMilli()
	if !e.cursor.recall(ctx) {
		return
	}
	e.wg.Go(func() { e.catchup.run(ctx) })
	e.wg.Go(func() { e.cursor.run(ctx) })
	e.stayConnected(ctx)
	e.wg.Wait()
	e.queue.Wait()
	e.cursor.last(ctx)
}

// aside does something for which nobody waits, until ctx ends.
func (e *ears) aside(ctx context.Context, do func(ctx context.Context)) {
	e.wg.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, requestMax)
		defer cancel()
		do(ctx)
	})
}

// serverNow is the time by the server's clock, in its milliseconds.
func (e *ears) serverNow() int64 { return time.Now().UnixMilli() + e.ahead.Load() }

// heard puts what was heard into its line.
func (e *ears) heard(u *utterance) {
	if it := e.item(u); it != nil {
		e.queue.Add(it)
	}
	e.cursor.Advance(u.at, e.serverNow()) // only now, so that it is never ahead of what waits
}

// items are what waits for what was missed. They do not move the cursor: other channels may not have come that far.
func (e *ears) items(all []*utterance) []*inbox.Item {
	var out []*inbox.Item
	for _, u := range all {
		if it := e.item(u); it != nil {
			out = append(out, it)
		}
	}
	return out
}

// item is what waits for an utterance; nil if it is nothing to tell.
func (e *ears) item(u *utterance) *inbox.Item {
	if u.at == 0 {
		u.at = e.serverNow()
	}
	self := e.self.Load()
	if u.post != nil && u.post.RootId == "" && self != nil {
		e.roots.Add(u.post.Id, u.post.UserId == self.Id)
	}
	if self != nil && u.silent(self.Id) {
		return nil
	}
	if c, ok := e.rooms.Peek(u.channel); ok && u.place == "" {
		u.place = c.Type
	}
	return &inbox.Item{Channel: u.channel, Thread: u.thread(), Mark: e.cursor.Mark(u.at), Tell: func(ctx context.Context) error {
		return e.tellOf(ctx, u)
	}}
}

// tellOf tells the bot of an utterance, unless that was done before.
func (e *ears) tellOf(ctx context.Context, u *utterance) error {
	if e.known.Contains(u.id()) {
		return nil
	}
	switch {
	case u.kind == wasEdited && u.post.CreateAt-e.ahead.Load() > e.began && !e.known.Contains(u.post.Id):
		// It came before the post itself, which nobody can have been told of yet.
		first := *u
		first.kind, first.at = wasPosted, u.post.CreateAt
		if err := e.tellOf(ctx, &first); err != nil {
			return err
		}
	case u.kind == wasDeleted:
		e.known.Add(u.post.Id, u.at) // should it come afterwards
	}
	ask, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	ev, ok, err := e.event(ask, u)
	if err != nil || !ok {
		return err
	}
	if err := e.tell(ctx, ev, u.late); err != nil {
		return err
	}
	e.known.Add(u.id(), u.at)
	return nil
}

// frame is what one event of the websocket means; late if it may be one that was told before.
func (e *ears) frame(ctx context.Context, f *model.WebSocketEvent, late bool) {
	data, at := f.GetData(), f.GetBroadcast()
	if at == nil {
		at = &model.WebsocketBroadcast{}
	}
	kind, told := kinds[f.EventType()]
	if told {
		u, err := decode(kind, data, at.ChannelId)
		if err != nil {
			e.log.WithError(err).WithField("event", f.EventType()).Warn("mattermost: the server told something that cannot be read")
			return
		}
		u.late = late
		e.heard(u)
		return
	}
	switch name := string(f.EventType()); {
	case name == string(model.WebsocketEventUserUpdated):
		e.userUpdated(ctx, data)
	case name == string(model.WebsocketEventUserRemoved):
		e.userRemoved(ctx, data, at)
	case name == string(model.WebsocketEventLeaveTeam):
		e.leftTeam(ctx, data)
	case name == string(model.WebsocketEventUserAdded):
		e.userAdded(data, at)
	case strings.HasPrefix(name, "channel_"):
		e.forget(text(data, "channel_id"), at.ChannelId)
	case !e.strange[name] && len(e.strange) < 1000:
		e.strange[name] = true
		e.log.WithField("event", name).Debug("mattermost: nothing is done with this kind of event")
	}
}

// kinds are the events that the bot may be told of.
var kinds = map[model.WebsocketEventType]kind{
	model.WebsocketEventPosted:          wasPosted,
	model.WebsocketEventPostEdited:      wasEdited,
	model.WebsocketEventPostDeleted:     wasDeleted,
	model.WebsocketEventReactionAdded:   wasReaction,
	model.WebsocketEventReactionRemoved: wasReactionRemoved,
}
