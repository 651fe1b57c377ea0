package discord

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// connection is one connection to the gateway.
type connection struct {
	ws    *websocket.Conn
	every time.Duration // between two heartbeats
	acked atomic.Bool   // the last heartbeat was answered
	now   chan struct{} // a heartbeat is wanted at once

	writing sync.Mutex
	mu      sync.Mutex
	leaving bool
	why     error // why we end it
}

// errOdd says that a message of the gateway is none that can be read.
var errOdd = errors.New("this is no message of the gateway")

// read is the next message, if it comes within that time.
func (c *connection) read(within time.Duration) (frame, error) {
	c.mu.Lock()
	if !c.leaving {
		_ = c.ws.SetReadDeadline(time.Now().Add(within)) // else reading fails, too
	}
	c.mu.Unlock()
	_, raw, err := c.ws.ReadMessage()
	if err != nil {
		return frame{}, err
	}
	var f frame
	if json.Unmarshal(raw, &f) != nil {
		return frame{}, errOdd
	}
	return f, nil
}

// greeting waits for Discord's greeting, which says how often it wants to hear that we are there.
func (c *connection) greeting(within time.Duration) error {
	f, err := c.read(within)
	if err != nil {
		return err
	}
	var hello struct {
		Every int64 `json:"heartbeat_interval"`
	}
	if f.Op != opHello || json.Unmarshal(f.Data, &hello) != nil || hello.Every <= 0 || hello.Every > heartMost.Milliseconds() {
		return errors.New("the gateway greets with something that is no greeting")
	}
	c.every = time.Duration(hello.Every) * time.Millisecond
	return nil
}

// writeMax is how long it may take to write a message.
const writeMax = 10 * time.Second

func (c *connection) send(op int, data any) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeMax)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, encode(map[string]any{"op": op, "d": data}))
}

// fail ends the connection, and says why.
func (c *connection) fail(why error) {
	c.mu.Lock()
	if c.why == nil {
		c.why = why
	}
	c.mu.Unlock()
	c.close()
}

// reason is why the connection ended, of which err is what became of it.
func (c *connection) reason(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != nil {
		return c.why
	}
	return err
}

// leave says goodbye: the session ends, and Discord shows that the bot is away. Reading ends a moment later.
func (c *connection) leave(within time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	_ = c.ws.SetReadDeadline(time.Now().Add(within))
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(within)) // who cannot be told notices
}

// close ends the connection so that the session can go on in another one.
func (c *connection) close() {
	again := websocket.FormatCloseMessage(closeComeBack, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, again, time.Now().Add(time.Second)) // who cannot be told notices
	_ = c.ws.Close()
}
