package discordfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// The gateway. https://docs.discord.com/developers/events/gateway
const (
	heartbeatEvery = 41_250 * time.Millisecond
	sessionLife    = 2 * time.Minute // of Discord's time, in which a session can be resumed
	replayMax      = 20_000          // dispatches that are kept for a session
	payloadMax     = 4096            // bytes of what an app sends
	sendsMax       = 120             // in sendsWithin
	sendsWithin    = time.Minute
	startsMax      = 1000 // identifies a day
	writeWithin    = 10 * time.Second
	closeWithin    = 2 * time.Second
)

// The intents. https://docs.discord.com/developers/events/gateway#list-of-intents
const (
	IntentGuilds          = 1 << 0
	IntentMembers         = 1 << 1
	IntentMessages        = 1 << 9
	IntentReactions       = 1 << 10
	IntentDirect          = 1 << 12
	IntentDirectReactions = 1 << 13
	IntentContent         = 1 << 15
)

const intentPresences = 1 << 8

// knownIntents are all that Discord has.
const knownIntents = 1<<17 - 1 | 1<<20 | 1<<21 | 1<<24 | 1<<25

// Opcodes. https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes
const (
	opDispatch  = 0
	opHeartbeat = 1
	opIdentify  = 2
	opPresence  = 3
	opVoice     = 4
	opResume    = 6
	opReconnect = 7
	opMembers   = 8
	opInvalid   = 9
	opHello     = 10
	opAck       = 11
	opSounds    = 31
)

// Codes that the gateway closes with.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
const (
	closeUnknownOp     = 4001
	closeBadPayload    = 4002
	closeNoAuth        = 4003
	closeBadToken      = 4004
	closeAuthTwice     = 4005
	closeBadSequence   = 4007
	closeTooMuch       = 4008
	closeTimedOut      = 4009
	closeBadShard      = 4010
	closeBadVersion    = 4012
	closeBadIntents    = 4013
	closeUnwantedIntnt = 4014
)

var closeWords = map[int]string{
	closeUnknownOp: "Unknown opcode.", closeBadPayload: "Error while decoding payload.", closeNoAuth: "Not authenticated.",
	closeBadToken: "Authentication failed.", closeAuthTwice: "Already authenticated.", closeBadSequence: "Invalid sequence.",
	closeTooMuch: "You are being rate limited.", closeTimedOut: "Session timed out.", closeBadShard: "Invalid shard.",
	closeBadVersion: "Invalid API version.", closeBadIntents: "Invalid intent(s).", closeUnwantedIntnt: "Disallowed intent(s).",
}

// gateway is what is connected. It has a lock of its own, and the server's is never taken while it is held.
type gateway struct {
	mu       sync.Mutex
	down     bool
	conns    []*gatewayConn
	sessions map[string]*session
	starts   int // identifies, however they went
	day      time.Time
	left     int // identifies until a day after that
	resumes  int
	trouble  trouble
}

// session is what an app identified for. It outlives its connection for a while.
type session struct {
	id      string
	intents int
	seq     int64
	sent    []frame      // the latest dispatches
	conn    *gatewayConn // nil while there is none
	gone    time.Time    // by Discord's clock, when the connection was lost
	expired bool
}

// frame is one dispatch with its number.
type frame struct {
	seq int64
	raw []byte
}

// gatewayConn is one connection.
type gatewayConn struct {
	s    *Server
	ws   *websocket.Conn
	gone chan struct{} // closed when it ends
	wake chan struct{} // has one place

	mu    sync.Mutex // guards what follows
	queue []outgoing
	ended bool

	// These are guarded by the gateway's lock.
	session *session
	leaving bool // it is told to go, and gets nothing more
	closing bool // it is being closed, and nothing is taken from it
	beat    time.Time
	sends   []time.Time
}

// outgoing is something to write: a frame or, with a code, a close frame.
type outgoing struct {
	raw  []byte
	code int
	from time.Time // not before
}

// command is what an app sends.
type command struct {
	Op   *int            `json:"op"`
	Data json.RawMessage `json:"d"`
}

// gatewayURL is where the gateway is.
func (s *Server) gatewayURL() string { return "ws" + strings.TrimPrefix(s.URL, "http") + "/gw" }

// serveGateway takes a connection, on /gw and on the addresses for resuming.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	g := &s.gateway
	g.mu.Lock()
	down := g.down
	g.mu.Unlock()
	if down {
		http.Error(w, "the gateway is away", http.StatusServiceUnavailable)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it was answered
	}
	c := &gatewayConn{s: s, ws: ws, gone: make(chan struct{}), wake: make(chan struct{}, 1), beat: time.Now()}
	g.mu.Lock()
	refused := g.down
	if !refused {
		g.conns = append(g.conns, c)
	}
	g.mu.Unlock()
	if refused || s.host.Context().Err() != nil {
		c.cut()
	}
	var writing sync.WaitGroup
	writing.Go(c.write)
	q := r.URL.Query()
	if v, enc := q.Get("v"), q.Get("encoding"); v != "9" && v != "10" || enc != "json" && enc != "" || q.Get("compress") != "" {
		c.close(closeBadVersion)
	} else {
		c.send(opHello, map[string]any{"heartbeat_interval": s.heartbeat().Milliseconds(), "_trace": []string{"fake"}})
		writing.Go(c.watchBeats)
	}
	c.read()
	writing.Wait()
}

func (s *Server) heartbeat() time.Duration {
	if s.o.Heartbeat > 0 {
		return s.o.Heartbeat
	}
	return heartbeatEvery
}

// read takes what the app sends until the connection ends.
func (c *gatewayConn) read() {
	defer c.end()
	c.ws.SetReadLimit(1 << 20)
	for {
		kind, raw, err := c.ws.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
			c.forget() // which ends the session
		}
		if err != nil {
			return
		}
		var in command
		switch {
		case c.isClosing():
		case len(raw) > payloadMax:
			c.s.host.Problem("a payload of %d bytes was sent to the gateway, at most %d go", len(raw), payloadMax)
			c.close(closeBadPayload)
		case kind != websocket.TextMessage || json.Unmarshal(raw, &in) != nil || in.Op == nil:
			c.close(closeBadPayload)
		case c.tooMuch():
			c.s.host.Problem("more than %d payloads were sent to the gateway in %s", sendsMax, sendsWithin)
			c.close(closeTooMuch)
		default:
			c.take(*in.Op, in.Data)
		}
	}
}

func (c *gatewayConn) isClosing() bool {
	c.s.gateway.mu.Lock()
	defer c.s.gateway.mu.Unlock()
	return c.closing
}

func (c *gatewayConn) tooMuch() bool {
	g := &c.s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	c.sends = slices.DeleteFunc(c.sends, func(t time.Time) bool { return now.Sub(t) > sendsWithin })
	c.sends = append(c.sends, now)
	return len(c.sends) > sendsMax
}

// take does what the app asks for.
func (c *gatewayConn) take(op int, data json.RawMessage) {
	switch op {
	case opHeartbeat:
		c.heard(data)
	case opIdentify:
		c.identify(data)
	case opResume:
		c.resume(data)
	case opPresence, opVoice, opMembers, opSounds:
		if !c.known() {
			c.close(closeNoAuth)
			return
		}
		if op != opPresence {
			c.s.host.Problem("the gateway got opcode %d, which this fake does not know", op)
		}
	default:
		c.s.host.Problem("the gateway got the unknown opcode %d", op)
		c.close(closeUnknownOp)
	}
}

func (c *gatewayConn) known() bool {
	c.s.gateway.mu.Lock()
	defer c.s.gateway.mu.Unlock()
	return c.session != nil
}

// heard takes a heartbeat, which says up to where the app has heard.
func (c *gatewayConn) heard(data json.RawMessage) {
	var seq *int64
	if json.Unmarshal(data, &seq) != nil {
		c.close(closeBadPayload)
		return
	}
	g := &c.s.gateway
	g.mu.Lock()
	c.beat = time.Now()
	wrong := seq != nil && c.session != nil && *seq > c.session.seq
	g.mu.Unlock()
	if wrong {
		c.close(closeBadSequence)
		return
	}
	c.send(opAck, nil)
}

// watchBeats closes the connection of an app that does not beat.
func (c *gatewayConn) watchBeats() {
	every := c.s.heartbeat()
	tick := time.NewTicker(max(every/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-c.gone:
			return
		}
		c.s.gateway.mu.Lock()
		late := time.Since(c.beat) > every+every/2
		c.s.gateway.mu.Unlock()
		if late {
			c.close(closeTimedOut)
			return
		}
	}
}

// resumeURL is where a session is resumed.
func (s *Server) resumeURL(id string) string { return fmt.Sprintf("%s/resume/%s", s.gatewayURL(), id) }
