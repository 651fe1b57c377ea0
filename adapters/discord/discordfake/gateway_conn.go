package discordfake

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// send queues something that is no dispatch.
func (c *gatewayConn) send(op int, data any) {
	raw, err := json.Marshal(map[string]any{"op": op, "d": data, "s": nil, "t": nil})
	if err != nil {
		panic(err) // it is plain data
	}
	c.push(outgoing{raw: raw})
}

// close queues a close frame, after which the connection ends.
func (c *gatewayConn) close(code int) {
	g := &c.s.gateway
	g.mu.Lock()
	c.leaving, c.closing = true, true
	g.mu.Unlock()
	c.push(outgoing{code: code})
}

func (c *gatewayConn) push(out outgoing) {
	c.mu.Lock()
	c.queue = append(c.queue, out)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *gatewayConn) next() (outgoing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return outgoing{}, false
	}
	out := c.queue[0]
	c.queue[0] = outgoing{}
	c.queue = c.queue[1:]
	return out, true
}

// write writes what is queued until the connection ends.
func (c *gatewayConn) write() {
	for {
		out, ok := c.next()
		if !ok {
			select {
			case <-c.wake:
				continue
			case <-c.gone:
				return
			}
		}
		if wait := time.Until(out.from); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-c.gone:
				timer.Stop()
				return
			}
		}
		if out.code != 0 {
			message := websocket.FormatCloseMessage(out.code, closeWords[out.code])
			// Who cannot be told is gone all the same. The app may take a moment to read it.
			_ = c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(writeWithin))
			_ = c.ws.SetReadDeadline(time.Now().Add(closeWithin))
			return
		}
		if c.ws.SetWriteDeadline(time.Now().Add(writeWithin)) != nil || c.ws.WriteMessage(websocket.TextMessage, out.raw) != nil {
			c.cut()
			return
		}
	}
}

// cut ends the connection as a network does. That it had ended already is fine.
func (c *gatewayConn) cut() { _ = c.ws.Close() }

// end takes the connection out of the gateway; its session waits for another one.
func (c *gatewayConn) end() {
	c.cut()
	c.s.mu.Lock()
	now := c.s.host.Now()
	c.s.mu.Unlock()
	g := &c.s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = slices.DeleteFunc(g.conns, func(other *gatewayConn) bool { return other == c })
	if !c.ended {
		c.ended = true
		close(c.gone)
	}
	c.detach(now)
}

// detach leaves the session to itself. It is called with the gateway's lock.
func (c *gatewayConn) detach(now time.Time) {
	if c.session != nil && c.session.conn == c {
		c.session.conn, c.session.gone = nil, now
	}
	c.session = nil
}

// forget ends the session, as an app that closes with 1000 or 1001 wants.
func (c *gatewayConn) forget() {
	g := &c.s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.session != nil {
		delete(g.sessions, c.session.id)
		c.session = nil
	}
}
