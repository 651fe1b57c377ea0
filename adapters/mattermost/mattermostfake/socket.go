package mattermostfake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"
)

const (
	pingEvery   = 60 * time.Second
	pongWithin  = 100 * time.Second
	loginWithin = 5 * time.Second
	writeWithin = 30 * time.Second
	maxFrame    = model.SocketMaxMessageSizeKb
	badSeq      = "api.web_socket_router.bad_seq.app_error"
	badAction   = "api.web_socket_router.bad_action.app_error"
	noAction    = "api.web_socket_router.no_action.app_error"
)

// conn is one client's stream of events. It outlives its socket for a while, so that it can be resumed.
type conn struct {
	id    string
	user  string
	token string
	held  *model.WebSocketEvent // out of order; guarded by the server's lock

	mu    sync.Mutex // guards what follows
	ws    *websocket.Conn
	sent  []*model.WebSocketEvent // the last ones, with their sequence numbers
	next  int64                   // sequence number
	queue []model.WebSocketMessage
	wake  chan struct{} // capacity 1
	gone  time.Time     // when the socket was lost
	muted bool
	lost  bool // it missed something, so it can't be resumed
	busy  bool // somebody's socket is attached, or about to be
}

func (s *Server) socketRoutes() []route {
	return []route{{method: "GET", path: "/websocket", do: connectSocket, open: true}}
}

func newConn(user, token string) *conn {
	return &conn{id: model.NewId(), user: user, token: token, wake: make(chan struct{}, 1)}
}

// push queues something for the client.
func (c *conn) push(m model.WebSocketMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) < sendQueue {
		c.queue = append(c.queue, m)
	} else {
		c.lost = true // as the real server gives up whoever does not listen
		if c.ws != nil {
			_ = c.ws.Close()
		}
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *conn) release() {
	if c.held != nil {
		c.push(c.held)
		c.held = nil
	}
}

func (c *conn) mute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.muted = true
}

func (c *conn) isMuted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.muted
}

func (c *conn) connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws != nil
}

func (c *conn) expired(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.busy && now.Sub(c.gone) > inactiveTime
}

func (c *conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws != nil {
		_ = c.ws.Close() // that is what is wanted
	}
}

// resume prepares the stream to go on at a sequence number; false if too much is lost for that.
func (c *conn) resume(seq int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := c.next - seq
	if seq == 0 {
		lost = 0
	}
	if lost < 0 || lost > int64(len(c.sent)) {
		return false
	}
	again := c.sent[int64(len(c.sent))-lost:]
	c.sent = c.sent[:int64(len(c.sent))-lost]
	c.next = seq
	queue := make([]model.WebSocketMessage, 0, len(again)+len(c.queue))
	for _, ev := range again {
		queue = append(queue, ev)
	}
	c.queue = append(queue, c.queue...)
	return true
}

func (c *conn) hello(s *Server) {
	ev := model.NewWebSocketEvent(model.WebsocketEventHello, "", "", c.user, nil, "")
	ev.Add("server_version", s.version.full())
	ev.Add("connection_id", c.id)
	ev.Add("server_hostname", "fake")
	c.mu.Lock()
	c.queue = append([]model.WebSocketMessage{ev}, c.queue...)
	c.mu.Unlock()
}

// connectSocket takes a client's websocket: a new stream, or one that goes on where it was cut.
func connectSocket(c *call) (any, *model.AppError) {
	s := c.s
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(c.w, c.r, nil)
	if err != nil {
		return hijacked{}, nil // it was answered
	}
	q := c.r.URL.Query()
	id := q.Get("connection_id")
	var stream *conn
	switch {
	case c.me == nil: // has to say who it is first
	case id == "":
		stream = newConn(c.me.Id, c.sess.token)
		stream.hello(s)
	default:
		seq, err := strconv.ParseInt(q.Get("sequence_number"), 10, 64)
		if err != nil || !model.IsValidId(id) {
			_ = ws.Close() // as the real server does, without a word
			return hijacked{}, nil
		}
		stream = s.resumed(id, seq, c.me.Id, c.sess.token)
	}
	if stream != nil {
		s.register(stream)
	}
	p := &pump{s: s, ws: ws, stream: stream, ready: make(chan *conn, 1), done: make(chan struct{})}
	s.host.Go(p.read)
	s.host.Go(p.write)
	return hijacked{}, nil
}

func (s *Server) register(c *conn) {
	c.mu.Lock()
	c.busy = true
	c.mu.Unlock()
	first := true
	for _, other := range s.hub.conns {
		first = first && other.user != c.user
	}
	s.hub.conns[c.id] = c
	if first {
		s.publish(model.WebsocketEventStatusChange, toUser(c.user), map[string]any{"status": model.StatusOnline, "user_id": c.user})
	}
}

// resumed is the stream with the id, if it is somebody's own and idle, else a new one.
func (s *Server) resumed(id string, seq int64, user, token string) *conn {
	old := s.hub.conns[id]
	if old == nil || old.user != user || old.isBusy() || old.isLost() || old.expired(s.host.Now()) {
		c := newConn(user, token)
		c.hello(s)
		return c
	}
	old.release()
	delete(s.hub.conns, id)
	if old.resume(seq) {
		old.token = token
		old.mu.Lock()
		old.muted = false
		old.mu.Unlock()
		return old
	}
	c := newConn(user, token)
	c.queue = old.queue
	c.hello(s)
	return c
}

func (c *conn) isLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

func (c *conn) isBusy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.busy
}

// pump moves frames between one socket and its stream.
type pump struct {
	s      *Server
	ws     *websocket.Conn
	stream *conn // nil until the client said who it is
	ready  chan *conn
	done   chan struct{}
}

func (p *pump) read() {
	defer close(p.done)
	defer p.ws.Close() // it is over anyway
	if p.stream != nil {
		p.ready <- p.stream
	}
	p.ws.SetReadLimit(maxFrame)
	_ = p.ws.SetReadDeadline(time.Now().Add(pongWithin))
	p.ws.SetPongHandler(func(string) error { return p.ws.SetReadDeadline(time.Now().Add(pongWithin)) })
	for {
		_, data, err := p.ws.ReadMessage()
		if err != nil {
			return
		}
		var r model.WebSocketRequest
		if json.Unmarshal(data, &r) != nil || !p.request(&r) {
			return
		}
	}
}

// request answers what a client says; false ends the connection.
func (p *pump) request(r *model.WebSocketRequest) bool {
	switch {
	case r.Action == "":
		return p.reply(model.NewWebSocketError(r.Seq, fault(http.StatusBadRequest, noAction)))
	case r.Seq <= 0:
		return p.reply(model.NewWebSocketError(r.Seq, fault(http.StatusBadRequest, badSeq)))
	}
	switch r.Action {
	case string(model.WebsocketAuthenticationChallenge):
		return p.login(r)
	case string(model.WebsocketPresenceIndicator), "user_typing", "user_update_active_status", "posted_notify_ack":
		return p.reply(model.NewWebSocketResponse(model.StatusOk, r.Seq, nil))
	case "ping":
		return p.reply(model.NewWebSocketResponse(model.StatusOk, r.Seq, map[string]any{
			"text": "pong", "version": p.s.version.String(), "server_time": time.Now().UnixMilli(), "node_id": "",
		}))
	}
	p.s.host.Problem("nobody knows the websocket action %q", r.Action)
	return p.reply(model.NewWebSocketError(r.Seq, fault(http.StatusInternalServerError, badAction)))
}

func (p *pump) reply(m model.WebSocketMessage) bool {
	if p.stream != nil {
		p.stream.push(m)
	}
	return true
}

func (p *pump) login(r *model.WebSocketRequest) bool {
	if p.stream != nil {
		return true // known by the header already; this is not answered
	}
	token, _ := r.Data["token"].(string)
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	sess := p.s.sessionOf(token)
	if sess == nil || p.s.host.Closed() {
		return false
	}
	p.stream = newConn(sess.userID, token)
	p.stream.hello(p.s)
	p.s.register(p.stream)
	p.stream.push(model.NewWebSocketResponse(model.StatusOk, r.Seq, nil))
	p.ready <- p.stream
	return true
}

func (p *pump) write() {
	defer p.ws.Close() // it is over anyway
	late := time.NewTimer(loginWithin)
	defer late.Stop()
	var c *conn
	select {
	case c = <-p.ready:
	case <-p.done:
		select {
		case c = <-p.ready: // it came and went
			c.detach(p.s)
		default:
		}
		return
	case <-late.C:
		return
	case <-p.s.host.Context().Done():
		return
	}
	defer c.detach(p.s)
	c.mu.Lock()
	c.ws = p.ws
	c.mu.Unlock()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		if p.flush(c) != nil {
			return
		}
		select {
		case <-c.wake:
		case <-ping.C:
			if p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin)) != nil {
				return
			}
		case <-p.done:
			return
		case <-p.s.host.Context().Done():
			return
		}
	}
}

// flush writes what waits.
func (p *pump) flush(c *conn) error {
	for {
		data, ok := c.take()
		if !ok {
			return nil
		}
		if err := p.ws.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
			return err
		}
		if err := p.ws.WriteMessage(websocket.TextMessage, data); err != nil {
			return err
		}
	}
}

// take is the next frame; an event counts as sent from then on, as with the real server.
func (c *conn) take() ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil, false
	}
	m := c.queue[0]
	c.queue = c.queue[1:]
	if ev, ok := m.(*model.WebSocketEvent); ok {
		ev = ev.SetSequence(c.next)
		c.next++
		c.sent = append(c.sent, ev)
		if len(c.sent) > deadQueue {
			c.sent = c.sent[1:]
		}
		m = ev
	}
	data, err := m.ToJSON()
	return data, err == nil
}

// detach keeps the stream for a client that comes back.
func (c *conn) detach(s *Server) {
	s.mu.Lock()
	now := s.host.Now()
	s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ws, c.busy, c.gone = nil, false, now
}
