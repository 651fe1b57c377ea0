package slackfake

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Socket Mode. https://docs.slack.dev/apis/events-api/using-socket-mode
const (
	socketsMax  = 10
	ackMax      = 20 << 10 // bytes; a larger answer is dropped without a word
	pingEvery   = 5 * time.Second
	writeWithin = 5 * time.Second
	frameMax    = 1 << 20
)

// socket is one connection of the app's.
type socket struct {
	ws   *websocket.Conn
	gone chan struct{} // closed when it ends

	mu      sync.Mutex // guards writing, and what follows
	waiting map[string]chan json.RawMessage
	leaving bool // it was told to go away, and gets nothing more
}

// envelope is what goes down a socket.
type envelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	Answer  bool            `json:"accepts_response_payload"`
	Attempt *int            `json:"retry_attempt,omitempty"`
	Reason  *string         `json:"retry_reason,omitempty"`
}

var envelopeTypes = map[string]string{commands: "slash_commands", interactions: "interactive", events: "events_api"}

// socketURL is where a socket can be opened, once.
func (s *Server) socketURL() string {
	d := &s.delivery
	t := rand.Text()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tickets == nil {
		d.tickets = map[string]bool{}
	}
	d.tickets[t] = true
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/link/?ticket=" + t + "&app_id=" + s.AppID
}

// serveSocket is the address that apps.connections.open gives.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	d := &s.delivery
	ticket := r.URL.Query().Get("ticket")
	d.mu.Lock()
	ok := d.tickets[ticket]
	delete(d.tickets, ticket)
	d.mu.Unlock()
	if !ok {
		http.Error(w, "no such ticket", http.StatusNotFound)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it was answered
	}
	c := &socket{ws: ws, gone: make(chan struct{}), waiting: map[string]chan json.RawMessage{}}
	d.mu.Lock()
	n := len(d.sockets) + 1
	if n <= socketsMax {
		d.sockets = append(d.sockets, c)
	}
	d.mu.Unlock()
	if n > socketsMax {
		c.leave("too_many_websockets")
		return
	}
	hello := map[string]any{"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": s.AppID},
		"debug_info": map[string]any{"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060}}
	if s.host.Context().Err() != nil || c.write(hello) != nil {
		d.drop(c)
		return
	}
	var pings sync.WaitGroup
	pings.Go(c.ping)
	d.read(c)
	pings.Wait()
}

// read takes answers until the socket ends.
func (d *delivery) read(c *socket) {
	defer d.drop(c)
	c.ws.SetReadLimit(frameMax)
	for {
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		if len(raw) >= ackMax || json.Unmarshal(raw, &ack) != nil {
			continue
		}
		c.mu.Lock()
		to := c.waiting[ack.ID]
		delete(c.waiting, ack.ID)
		c.mu.Unlock()
		if to != nil {
			to <- ack.Payload
		}
	}
}

func (d *delivery) drop(c *socket) {
	c.cut()
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.sockets, c); i >= 0 {
		d.sockets = slices.Delete(d.sockets, i, i+1)
		close(c.gone)
	}
}

func (c *socket) ping() {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin)) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-c.gone:
			return
		}
	}
}

func (c *socket) write(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return fmt.Errorf("writing to a socket: %w", err)
	}
	if err := c.ws.WriteJSON(v); err != nil {
		return fmt.Errorf("writing to a socket: %w", err)
	}
	return nil
}

// cut ends the socket as a network does. That it had ended already is fine.
func (c *socket) cut() { _ = c.ws.Close() }

// leave tells the app to go away, and why.
func (c *socket) leave(reason string) {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	if c.write(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-1"}}) != nil || reason == warning {
		return // one that is warned goes on until the app leaves
	}
	// Who cannot be told is gone all the same.
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(writeWithin))
	c.cut()
}

const warning = "warning"

// pick is the next socket in turn that takes something, if possible not this one; nil if there is none.
func (d *delivery) pick(not *socket) *socket {
	d.mu.Lock()
	defer d.mu.Unlock()
	var best *socket
	for range d.sockets {
		d.turn++
		c := d.sockets[d.turn%len(d.sockets)]
		c.mu.Lock()
		leaving := c.leaving
		c.mu.Unlock()
		if !leaving && c != not {
			return c
		}
		if !leaving {
			best = c
		}
	}
	return best
}

var errGone = errors.New("the socket ended")

// overSocket puts something into an envelope and waits for the answer, on another socket than the one that failed before.
func (d *delivery) overSocket(ctx context.Context, p parcel, not *socket) (receipt, *socket) {
	e := envelope{Type: envelopeTypes[p.kind], ID: rand.Text(), Payload: p.payload, Answer: p.kind != events}
	if p.kind == events {
		e.Attempt, e.Reason = &p.attempt, &p.reason
	}
	return d.inEnvelope(ctx, e, not)
}

func (d *delivery) inEnvelope(ctx context.Context, e envelope, not *socket) (receipt, *socket) {
	c := d.pick(not)
	if c == nil {
		return receipt{failed: dispatchFailed}, nil
	}
	answer := make(chan json.RawMessage, 1)
	c.mu.Lock()
	c.waiting[e.ID] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, e.ID)
		c.mu.Unlock()
	}()
	if c.write(e) != nil {
		c.cut()
		return receipt{failed: dispatchFailed}, c
	}
	select {
	case body := <-answer:
		return receipt{status: http.StatusOK, body: body, json: true}, c
	case <-c.gone:
		return receipt{failed: dispatchFailed}, c
	case <-ctx.Done():
		return receipt{failed: operationTimeout}, c
	}
}

// Sockets counts the connections of Socket Mode.
func (s *Server) Sockets() int {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	return len(s.delivery.sockets)
}

// Fresh counts the connections of Socket Mode that were not told to leave.
func (s *Server) Fresh() int {
	n := 0
	for _, c := range s.delivery.all() {
		c.mu.Lock()
		if !c.leaving {
			n++
		}
		c.mu.Unlock()
	}
	return n
}

// CutSockets ends all connections of Socket Mode without a word, as a network does.
func (s *Server) CutSockets() {
	for _, c := range s.delivery.all() {
		c.mu.Lock()
		c.leaving = true
		c.mu.Unlock()
		c.cut()
	}
}

// Disconnect tells the app to leave the connections of Socket Mode: for the reason "warning" soon, for "refresh_requested"
// and "link_disabled" at once.
func (s *Server) Disconnect(reason string) {
	for _, c := range s.delivery.all() {
		c.leave(reason)
	}
}

// DisconnectNext tells the app to leave the next connection of Socket Mode.
func (s *Server) DisconnectNext(reason string) error {
	c := s.delivery.pick(nil)
	if c == nil {
		return errGone
	}
	c.leave(reason)
	return nil
}

// SendRaw sends a frame down the next connection of Socket Mode, whatever it is.
func (s *Server) SendRaw(frame string) error {
	c := s.delivery.pick(nil)
	if c == nil {
		return errGone
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		return fmt.Errorf("writing to a socket: %w", err)
	}
	return nil
}

func (d *delivery) all() []*socket {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sockets)
}

// dropSockets cuts the sockets, since the server goes down or the app is gone. It may be called with s.mu.
func (s *Server) dropSockets() { s.CutSockets() }

// envelopeMost is how long Envelope waits: that something is never acknowledged is meant, not that it comes late.
const envelopeMost = 30 * time.Second

// Envelope sends any payload down a socket, in an envelope of the type "events_api", "interactive", "slash_commands" or another,
// and says whether it was acknowledged.
func (s *Server) Envelope(ctx context.Context, kind string, payload json.RawMessage) (acknowledged bool) {
	ctx, cancel := context.WithTimeout(ctx, envelopeMost)
	defer cancel()
	r, _ := s.delivery.inEnvelope(ctx, envelope{Type: kind, ID: rand.Text(), Payload: payload}, nil)
	return r.failed == ""
}
