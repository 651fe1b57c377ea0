package mattermost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/inbox"
	"balie/internal/chat"
)

// greetMax is how long the server may take to let the bot in.
const greetMax = 15 * time.Second

// connectMost is the longest pause before a lost connection is tried again.
const connectMost = 15 * time.Second

// outage is what went wrong since the bot last heard anything.
type outage struct {
	failures int
	refused  bool // the server does not know the bot
	logged   bool
}

// stayConnected keeps a websocket open until ctx ends.
func (e *ears) stayConnected(ctx context.Context) {
	var out outage
	for pause := e.opts.RetryAfter; ctx.Err() == nil; {
		err := e.converse(ctx, func() {
			e.live.Store(true)
			if out.logged {
				e.log.Info("mattermost: the bot hears again")
			}
			out, pause = outage{}, e.opts.RetryAfter
		})
		e.live.Store(false)
		if ctx.Err() != nil {
			return
		}
		e.complain(&out, err)
		again := time.NewTimer(inbox.Jitter(pause))
		select {
		case <-ctx.Done():
		case <-again.C:
		case <-e.api.pacer.back: // posts go out again
		}
		again.Stop()
		pause = min(2*pause, connectMost)
	}
}

// complain logs once an outage what is wrong. A connection that only broke is none yet: mostly the next one stands at once.
func (e *ears) complain(out *outage, err error) {
	out.failures++
	failed, _ := errors.AsType[*chat.SendError](err)
	switch {
	case failed != nil && failed.Blocked != "":
		if !out.refused {
			e.log.WithError(failed.Err).Errorf("mattermost: the bot hears nothing: %s. It tries again until then.", failed.Blocked)
		}
		out.refused, out.logged = true, true
	case out.logged && !out.refused || out.failures == 1:
		e.log.WithError(err).Debug("mattermost: the connection broke; trying again")
	default:
		e.log.WithError(err).Warn("mattermost: the server cannot be reached, so the bot hears nothing; it tries again until it can")
		out.refused, out.logged = false, true
	}
}

// converse opens a websocket and hears over it until it breaks. It calls greeted when the server has let the bot in.
func (e *ears) converse(ctx context.Context, greeted func()) error {
	meet, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	if _, err := e.meet(meet); err != nil {
		return err
	}
	if e.connection == "" {
		if err := e.begin(meet); err != nil {
			return err
		}
	} else {
		e.catchup.deaf(e.cursor.reached(e.serverNow()))
	}
	address := "ws" + strings.TrimPrefix(e.opts.URL, "http")
	c, err := model.NewReliableWebSocketClientWithDialer(dialer(ctx), address, e.opts.Token, e.connection, int(e.next), true)
	if err != nil {
		return fmt.Errorf("open the websocket (does a proxy in front of the server let it through?): %w", err)
	}
	// The answer says that the server took up the old connection again, which it does without a word.
	c.SendMessage("ping", nil)
	c.Listen()
	return e.hearOut(ctx, c, greeted)
}

// hearOut hears over a websocket until it has broken.
func (e *ears) hearOut(ctx context.Context, c *model.WebSocketClient, greeted func()) error {
	hear := func(f *model.WebSocketEvent) {
		if ctx.Err() == nil {
			e.sequence(ctx, f)
		}
	}
	in := false
	enter := func() {
		if !in && e.connection != "" {
			in = true
			greeted()
		}
	}
	slow := time.NewTimer(greetMax)
	defer slow.Stop()
	end := func() {
		// Not the client's Close, which races with its own answers to pings. What is left is read until it has seen the end.
		if err := c.Conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			e.log.WithError(err).Debug("mattermost: a websocket could not be closed")
		}
	}
	check := time.NewTicker(e.check)
	defer check.Stop()
	forgotten := make(chan error, 1)
	var silent error
	events, responses := c.EventChannel, c.ResponseChannel
	for events != nil || responses != nil {
		select {
		case f, ok := <-events:
			if !ok {
				events = nil
			} else if hear(f); ctx.Err() == nil {
				enter()
			}
		case r, ok := <-responses:
			if !ok {
				responses = nil
			} else if e.response(r) {
				for range len(events) { // which came before it
					hear(<-events)
				}
				e.resumed()
				enter()
			}
		case <-c.PingTimeoutChannel:
			silent = errors.New("the server is silent")
			end()
		case <-check.C:
			e.aside(ctx, func(ctx context.Context) {
				if err := e.stillKnown(ctx); err != nil {
					select {
					case forgotten <- err:
					default:
					}
				}
			})
		case silent = <-forgotten:
			end()
		case <-slow.C:
			if !in {
				silent = errors.New("the server does not let the bot in")
				end()
			}
		}
	}
	switch {
	case silent != nil:
		return silent
	case c.ListenError != nil:
		return c.ListenError
	}
	return errors.New("the server closed the websocket")
}

// stillKnown is an error if the bot's token is not good any more. The server does not say so over the websocket: it only
// tells nothing from then on.
func (e *ears) stillKnown(ctx context.Context) error {
	_, resp, err := e.api.GetMe(ctx, "")
	if err == nil || resp == nil || resp.StatusCode != http.StatusUnauthorized {
		return nil
	}
	return e.sendError("ask who the bot is", resp, err)
}

// response says whether the server takes the bot's requests, and takes the time from the answer.
func (e *ears) response(r *model.WebSocketResponse) bool {
	if r.Error != nil && r.Error.StatusCode == http.StatusUnauthorized {
		return false
	}
	if now, ok := r.Data["server_time"].(float64); ok && now > 0 {
		e.ahead.Store(int64(now) - time.Now().UnixMilli())
	}
	return true
}

// sequence notices what is missing before an event, and hears the event.
func (e *ears) sequence(ctx context.Context, f *model.WebSocketEvent) {
	seq := f.GetSequence()
	late := seq < e.next // the server repeats itself; so may the bot
	if f.EventType() == model.WebsocketEventHello {
		e.hello(f)
		e.next = seq + 1
		return
	}
	if seq > e.next {
		e.log.WithField("events", seq-e.next).Debug("mattermost: events are missing; reading them from the server")
		e.gap()
	}
	e.next = max(e.next, seq+1)
	e.frame(ctx, f, late)
}

// hello is the server's greeting of a connection that it knows nothing of from before.
func (e *ears) hello(f *model.WebSocketEvent) {
	id := text(f.GetData(), "connection_id")
	if id == "" || id == e.connection {
		return
	}
	e.connection = id
	e.gap()
}

// resumed reads what a connection lacks that the server took up again: what happened while it did that goes to neither the
// old nor the new one, and has no number that would be missing. Everything from before was heard by now, and in its order.
func (e *ears) resumed() {
	if e.catchup.isDeaf() {
		e.gap()
	}
}

// gap is that something may have been missed up to now. From now on it is heard again.
func (e *ears) gap() {
	now := e.serverNow()
	e.catchup.missed(e.cursor.reached(now))
	e.cursor.Advance(now, now)
}

// begin takes the server's time, from before anything is heard.
func (e *ears) begin(ctx context.Context) error {
	_, resp, err := e.api.GetPingWithOptions(ctx, model.SystemPingOptions{})
	if err != nil {
		return e.sendError("ask the server for the time", resp, err)
	}
	if now, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		e.ahead.Store(now.UnixMilli() - time.Now().UnixMilli())
	}
	e.cursor.began(e.serverNow())
	return nil
}

// dialer opens connections that end with ctx.
func dialer(ctx context.Context) *websocket.Dialer {
	return &websocket.Dialer{
		Proxy:            http.ProxyFromEnvironment,
		HandshakeTimeout: greetMax,
		NetDialContext: func(dial context.Context, network, address string) (net.Conn, error) {
			dial, cancel := context.WithCancel(dial)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			c, err := (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext(dial, network, address)
			if err != nil {
				return nil, err
			}
			t := &tied{Conn: c}
			t.untie = context.AfterFunc(ctx, func() { _ = c.Close() }) // whoever reads from it is told
			return t, nil
		},
	}
}

// tied is a connection that ends with a context.
type tied struct {
	net.Conn
	untie func() bool
}

// Close ends the connection.
func (t *tied) Close() error {
	t.untie()
	return t.Conn.Close()
}
