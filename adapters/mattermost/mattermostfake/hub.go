package mattermostfake

import (
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	deadQueue    = 128 // events that can be replayed
	sendQueue    = 256 // events that wait for a client
	inactiveTime = 5 * time.Minute
	reorderTime  = 5 * time.Second // after which an event that nothing follows goes on its way
)

// hub is who listens. It is guarded by the server's lock.
type hub struct {
	conns map[string]*conn
}

// audience is who hears of something.
type audience struct{ channel, team, user, omit string }

var everybody = audience{}

func toChannel(id string) audience        { return audience{channel: id} }
func toTeam(id string) audience           { return audience{team: id} }
func toUser(id string) audience           { return audience{user: id} }
func toUserIn(ch, user string) audience   { return audience{channel: ch, user: user} }
func (a audience) but(id string) audience { a.omit = id; return a }

func (s *Server) hears(user string, to audience) bool {
	switch {
	case user == to.omit:
		return false
	case to.user != "":
		return user == to.user
	case to.channel != "":
		return s.inChannel[to.channel][user] != nil
	case to.team != "":
		return s.isInTeam(to.team, user)
	default:
		return true
	}
}

// publish tells everybody in the audience. It is called with the server's lock held, so events come in one order.
func (s *Server) publish(kind model.WebsocketEventType, to audience, data map[string]any) {
	var omit map[string]bool
	if to.omit != "" {
		omit = map[string]bool{to.omit: true}
	}
	ev := model.NewWebSocketEvent(kind, to.team, to.channel, to.user, omit, "").SetData(data).PrecomputeJSON()
	for id, c := range s.hub.conns {
		if c.expired(s.host.Now()) {
			delete(s.hub.conns, id)
			continue
		}
		if !c.isMuted() && s.hears(c.user, to) {
			s.distribute(c, ev)
		}
	}
}

// distribute gives an event to one listener. Bots' events may go wrong on the way; people always see what there is.
func (s *Server) distribute(c *conn, ev *model.WebSocketEvent) {
	t := &s.trouble
	if s.bots[c.user] == nil {
		c.push(ev)
		return
	}
	if t.forget > 0 {
		t.forget--
		return
	}
	if t.reorder {
		if c.held == nil {
			c.held = ev
			time.AfterFunc(reorderTime, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				c.release()
			})
			return
		}
		c.push(ev)
		c.release()
		return
	}
	c.push(ev)
	if t.repeat {
		c.push(ev)
	}
}

// forgetToken makes who listens with a token that is no longer good hear nothing. The real server leaves the socket open.
func (h *hub) forgetToken(token string) {
	for _, c := range h.conns {
		if c.token == token {
			c.mute()
		}
	}
}

// forgetUser does so with all that somebody has open.
func (h *hub) forgetUser(id string) {
	for _, c := range h.conns {
		if c.user == id {
			c.mute()
		}
	}
}

// DropSockets cuts all websockets. Their connection ids can be resumed.
func (s *Server) DropSockets() {
	s.mu.Lock()
	var all []*conn
	for _, c := range s.hub.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.cut()
	}
}

// Restart behaves as if the server had been started again: websockets are cut, their connection ids and the pending post
// ids are forgotten.
func (s *Server) Restart() {
	s.DropSockets()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.hub.conns {
		c.cut()
	}
	clear(s.hub.conns)
	clear(s.pending)
}

// Sockets counts who listens at the moment as this user.
func (s *Server) Sockets(userID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.hub.conns {
		if c.user == userID && c.connected() {
			n++
		}
	}
	return n
}
