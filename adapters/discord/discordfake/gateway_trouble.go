package discordfake

import (
	"slices"
	"time"
)

// trouble is what the gateway was told to do wrong.
type trouble struct {
	lose, twice int
	delay       time.Duration
	holding     bool
	held        []dispatch
}

// Sockets counts the connections to the gateway that have a session.
func (s *Server) Sockets() int {
	g := &s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, c := range g.conns {
		if c.session != nil && !c.leaving {
			n++
		}
	}
	return n
}

// Identified counts how often the app began a session.
func (s *Server) Identified() int {
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	return s.gateway.starts
}

// Resumed counts how often the app went on with a session.
func (s *Server) Resumed() int {
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	return s.gateway.resumes
}

// DropSockets ends all connections to the gateway without a word, as a network does. Their sessions can be resumed.
func (s *Server) DropSockets() {
	s.mu.Lock()
	now := s.host.Now()
	s.mu.Unlock()
	s.eachConn(func(c *gatewayConn) {
		c.detach(now) // and not when that is noticed: the clock may have been moved
		c.drop()
	})
}

// CloseSockets closes all connections to the gateway with a code, such as 4000.
func (s *Server) CloseSockets(code int) {
	s.eachConn(func(c *gatewayConn) {
		c.leaving, c.closing = true, true
		c.push(outgoing{code: code})
	})
}

// AskReconnect asks the app to come back with a connection of its own and resume, and tells it nothing more before.
func (s *Server) AskReconnect() {
	s.eachConn(func(c *gatewayConn) {
		c.send(opReconnect, nil)
		c.leaving = true
	})
}

// InvalidateSession tells the app that its session is over, or that it may be resumed.
func (s *Server) InvalidateSession(resumable bool) {
	s.mu.Lock()
	now := s.host.Now()
	s.mu.Unlock()
	s.eachConn(func(c *gatewayConn) {
		if c.session == nil {
			return
		}
		if !resumable {
			delete(s.gateway.sessions, c.session.id)
		}
		c.detach(now)
		c.send(opInvalid, resumable)
	})
}

// ExpireSessions makes all sessions there are such as can't be resumed any more.
func (s *Server) ExpireSessions() {
	g := &s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, sess := range g.sessions {
		sess.expired = true
	}
}

// GatewayDown drops all connections to the gateway and takes no new ones, or takes them again. The REST API goes on.
func (s *Server) GatewayDown(down bool) {
	s.gateway.mu.Lock()
	s.gateway.down = down
	s.gateway.mu.Unlock()
	if down {
		s.DropSockets()
	}
}

// StartsLeft is how many sessions may still be begun today.
func (s *Server) StartsLeft(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	s.gateway.day, s.gateway.left = s.host.Now(), n
}

// SendRaw sends a frame to the app, whatever it is; it gets no number and is not kept.
func (s *Server) SendRaw(frame string) {
	s.eachConn(func(c *gatewayConn) { c.push(outgoing{raw: []byte(frame)}) })
}

// Dispatch tells the app of any event, with a number of its own.
func (s *Server) Dispatch(event string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch(dispatch{event: event, data: data})
}

// LoseDispatches loses the next n events.
func (s *Server) LoseDispatches(n int) {
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	s.gateway.trouble.lose = n
}

// RepeatDispatches tells each of the next n events twice.
func (s *Server) RepeatDispatches(n int) {
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	s.gateway.trouble.twice = n
}

// DelayDispatches has every event from now on arrive so much later; 0 ends it.
func (s *Server) DelayDispatches(d time.Duration) {
	s.gateway.mu.Lock()
	defer s.gateway.mu.Unlock()
	s.gateway.trouble.delay = d
}

// HoldDispatches keeps events back until the function that it gives is called. Reversed, the last one comes first then.
func (s *Server) HoldDispatches(reversed bool) (release func()) {
	g := &s.gateway
	g.mu.Lock()
	g.trouble.holding = true
	g.mu.Unlock()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		g.mu.Lock()
		defer g.mu.Unlock()
		held := g.trouble.held
		g.trouble.holding, g.trouble.held = false, nil
		if reversed {
			slices.Reverse(held)
		}
		for _, d := range held {
			g.spread(d, s.host.Now())
		}
	}
}

// eachConn does something with each connection, with the gateway's lock.
func (s *Server) eachConn(do func(*gatewayConn)) {
	g := &s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		do(c)
	}
}

// drop cuts the connection. It is called with the gateway's lock.
func (c *gatewayConn) drop() {
	c.leaving, c.closing = true, true
	c.cut()
}

// stopGateway ends all connections when the server ends.
func (s *Server) stopGateway() {
	s.gateway.mu.Lock()
	s.gateway.down = true
	s.gateway.mu.Unlock()
	s.DropSockets()
}
