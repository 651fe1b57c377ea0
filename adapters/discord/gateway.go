package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"balie/adapters/upstream"
)

// Opcodes of the gateway. https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes
const (
	opDispatch  = 0
	opHeartbeat = 1
	opIdentify  = 2
	opResume    = 6
	opReconnect = 7
	opInvalid   = 9
	opHello     = 10
	opAck       = 11
)

// Codes that Discord closes the connection with.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
const (
	closeNotKnown  = 4003
	closeBadToken  = 4004
	closeBadSeq    = 4007
	closeTimedOut  = 4009
	closeBadShard  = 4010
	closeSharding  = 4011
	closeBadAPI    = 4012
	closeBadIntent = 4013
	closeForbidden = 4014
	closeComeBack  = 4000 // what we close with: unlike 1000 and 1001 it keeps the session
)

// frameMax is how many bytes one message of the gateway may have: that about a big server comes in one piece.
const frameMax = 32 << 20

// heartMost is the longest time between two heartbeats that makes sense; Discord's is below a minute.
const heartMost = 10 * time.Minute

// askAlways are the intents that nobody has to switch on.
const askAlways = discordgo.IntentGuilds | discordgo.IntentGuildMessages | discordgo.IntentGuildMessageReactions |
	discordgo.IntentDirectMessages | discordgo.IntentDirectMessageReactions

// frame is a message of the gateway.
type frame struct {
	Op   int             `json:"op"`
	Data json.RawMessage `json:"d"`
	Seq  int64           `json:"s"`
	Name string          `json:"t"` // of what happened
}

// What ends a connection without Discord closing it.
var (
	errComeBack = errors.New("the gateway asks the bot to connect again")
	errUnheard  = errors.New("heartbeats are not answered")
	errIntents  = errors.New("the bot may hear more or less than before")
)

// invalidError says that Discord does not go on with the session.
type invalidError struct{ resumable bool }

func (e *invalidError) Error() string { return "the gateway does not go on with the session" }

// gateway is the connection over which Discord tells what happens. It is our own: the library's waits up to ten minutes
// before it tries again, hides the code that Discord closes with, and cannot be ended by a context.
// https://docs.discord.com/developers/events/gateway
type gateway struct {
	*Discord
	times  times
	happen func(ctx context.Context, f frame) // is told what happened, in order
	live   atomic.Bool                        // Discord has let the bot in

	seq     atomic.Int64 // the number of the last event of the session; 0 if there was none
	session string       // empty if there is none to go on with
	resume  string       // where to go on with it
	tries   int          // in a row to go on with it
	began   time.Time    // when a session was last begun
	denied  *int         // the application's flags when Discord took the intents for too much
	asked   discordgo.Intent
	flags   int // the application's when the session was begun
	trouble trouble

	unanswered int // how often in a row Discord was asked to go on with the session, and told nothing of it
}

// unansweredMax is after how many unanswered wishes to go on with a session a new one is begun.
const unansweredMax = 5

// converse connects and hears until the connection ends. It calls greeted when Discord has let the bot in.
func (g *gateway) converse(ctx context.Context, greeted func()) error {
	address, err := g.entrance(ctx)
	if err != nil {
		return err
	}
	intents, err := g.intents(ctx)
	if err != nil {
		return err
	}
	c, err := dial(ctx, address, g.times.greet)
	if err != nil {
		return fmt.Errorf("open the connection (does a proxy let it through?): %w", err)
	}
	var wg sync.WaitGroup
	over, cancel := context.WithCancel(ctx)
	defer wg.Wait()
	defer cancel()
	defer c.close()
	defer g.places.follow(false)
	defer context.AfterFunc(ctx, func() { c.leave(g.times.leave) })()
	if err := g.enter(c, intents); err != nil {
		return c.reason(err)
	}
	wg.Go(func() { g.beat(over, c) })
	wg.Go(func() { g.watchIntents(over, c) })
	return c.reason(g.hearOut(ctx, c, greeted))
}

// dial opens a connection, within so long.
func dial(ctx context.Context, address string, within time.Duration) (*connection, error) {
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: within,
		NetDialContext: (&net.Dialer{Timeout: within, KeepAlive: 30 * time.Second}).DialContext}
	ws, resp, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("%w (status %d)", err, resp.StatusCode)
		}
		return nil, err
	}
	ws.SetReadLimit(frameMax)
	return &connection{ws: ws, now: make(chan struct{}, 1)}, nil
}

// entrance is the address to connect to.
func (g *gateway) entrance(ctx context.Context) (string, error) {
	if g.unanswered >= unansweredMax {
		g.forget()
	}
	if g.session != "" {
		if g.tries++; g.tries%4 != 0 { // now and then it is asked for another address
			return g.address(g.resume)
		}
	} else {
		if err := upstream.Pause(ctx, time.Until(g.began.Add(g.times.identify))); err != nil {
			return "", err
		}
	}
	var bot discordgo.GatewayBotResponse
	if err := g.api.do(ctx, call{doing: "ask for the gateway", method: http.MethodGet, path: "/gateway/bot", out: &bot}); err != nil {
		return "", err
	}
	// Who begins more sessions than that in a day gets a new token.
	// https://docs.discord.com/developers/events/gateway#session-start-limit-object
	if limit := bot.SessionStartLimit; g.session == "" && limit.Total > 0 && limit.Remaining <= 0 {
		return "", &limitError{wait: time.Duration(limit.ResetAfter) * time.Millisecond}
	}
	return g.address(bot.URL)
}

// address is the URL to connect to with what Discord needs to know. The token goes there, so it is encrypted wherever the
// REST API is.
func (g *gateway) address(at string) (string, error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Scheme != "wss" && (u.Scheme != "ws" || g.api.base.Scheme != "http") {
		return "", errors.New("the address of the gateway is none")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = url.Values{"v": {discordgo.APIVersion}, "encoding": {"json"}}.Encode()
	return u.String(), nil
}

// intents are those to begin a session with: those that are switched on, unless Discord took that for too much.
func (g *gateway) intents(ctx context.Context) (discordgo.Intent, error) {
	if g.session != "" {
		return g.asked, nil
	}
	me, err := g.self.ask(ctx)
	if err != nil {
		return 0, err
	}
	g.flags = me.Flags
	if g.denied != nil && *g.denied == me.Flags {
		return askAlways, nil
	}
	out := allowed(me)
	if out&discordgo.IntentMessageContent == 0 && g.once.First("intent") {
		g.log.Warn("discord: " + switchOn)
	}
	return out, nil
}

// switchOn says what an admin has to do for the bot to hear.
const switchOn = "the bot is not told what people type: switch on Message Content Intent and Server Members Intent at " +
	"https://discord.com/developers/applications, under Bot. Until then it goes by buttons, mentions and direct messages"

// allowed are the intents that the application may have.
func allowed(me wireSelf) discordgo.Intent {
	out := askAlways
	if me.mayHearContent() {
		out |= discordgo.IntentMessageContent
	}
	if me.mayHearMembers() {
		out |= discordgo.IntentGuildMembers
	}
	return out
}

// listens says what the session tells of what people write.
func (g *gateway) listens() {
	g.self.listens(g.asked&discordgo.IntentGuildMembers != 0, g.asked&discordgo.IntentMessageContent != 0)
}

// enter waits for Discord's greeting and begins a session, or goes on with the last one.
func (g *gateway) enter(c *connection, intents discordgo.Intent) error {
	if err := c.greeting(g.times.greet); err != nil {
		return err
	}
	c.acked.Store(true)
	if g.session != "" {
		g.unanswered++
		return c.send(opResume, map[string]any{"token": g.api.token, "session_id": g.session, "seq": g.seq.Load()})
	}
	g.asked = intents
	g.began = time.Now()
	g.seq.Store(0)
	g.listens()
	return c.send(opIdentify, map[string]any{
		"token": g.api.token, "intents": intents,
		"properties": map[string]string{"os": runtime.GOOS, "browser": "balie", "device": "balie"},
	})
}

// hearOut hears until the connection ends.
func (g *gateway) hearOut(ctx context.Context, c *connection, greeted func()) error {
	wait := g.times.greet
	for {
		f, err := c.read(wait)
		if errors.Is(err, errOdd) {
			if g.once.First("gateway|unreadable") {
				g.log.Warn("discord: the gateway told something that cannot be read")
			}
			continue
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			continue // until Discord has closed it, too
		}
		switch f.Op {
		case opDispatch:
			g.unanswered = 0
			if f.Seq > 0 {
				g.seq.Store(f.Seq)
			}
			begun := g.begun(f)
			g.happen(ctx, f)
			if begun { // only now, so that who sees that the bot hears sees what it missed, too
				wait = 2*c.every + g.times.greet
				greeted()
			}
		case opHeartbeat:
			select {
			case c.now <- struct{}{}:
			default:
			}
		case opAck:
			c.acked.Store(true)
		case opReconnect:
			return errComeBack
		case opInvalid:
			var resumable bool
			if json.Unmarshal(f.Data, &resumable) != nil {
				resumable = false
			}
			return &invalidError{resumable: resumable}
		}
	}
}

// begun takes up what Discord tells when it lets the bot in, and says whether that is what it told.
func (g *gateway) begun(f frame) bool {
	switch f.Name {
	case "READY":
		var ready struct {
			Session string `json:"session_id"`
			Resume  string `json:"resume_gateway_url"`
		}
		if err := json.Unmarshal(f.Data, &ready); err != nil || ready.Session == "" {
			return false // it is heard until it does not go on, and then begun anew
		}
		g.session, g.resume = ready.Session, ready.Resume
	case "RESUMED":
	default:
		return false
	}
	g.tries = 0
	return true
}

// turn is the number of the event that is heard now, which no other one has. Who goes on with a session may hear an event
// again, with the same number.
func (g *gateway) turn() string {
	return strconv.FormatInt(g.began.UnixMilli(), 36) + "." + strconv.FormatInt(g.seq.Load(), 36)
}

// beat keeps the connection alive, and ends it when Discord has stopped to answer.
func (g *gateway) beat(ctx context.Context, c *connection) {
	next := time.NewTimer(rand.N(c.every)) // not all at once, where many connect again
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.now:
		case <-next.C:
			if !c.acked.Swap(false) {
				c.fail(errUnheard)
				return
			}
			next.Reset(c.every)
		}
		var last any
		if seq := g.seq.Load(); seq > 0 {
			last = seq
		}
		if err := c.send(opHeartbeat, last); err != nil {
			c.fail(fmt.Errorf("send a heartbeat: %w", err))
			return
		}
	}
}

// watchIntents ends the connection when what the bot may hear was changed: a new session hears accordingly.
func (g *gateway) watchIntents(ctx context.Context, c *connection) {
	tick := time.NewTicker(g.times.flags)
	defer tick.Stop()
	for began := g.flags; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		me, err := g.self.ask(ctx)
		g.listens()
		if err == nil && allowed(me) != allowed(wireSelf{Flags: began}) {
			c.fail(errIntents)
			return
		}
	}
}
