package discordfake

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// mayGreet says whether an app may identify or resume now, with a payload that is complete or not. If it may not, the
// connection is closed.
func (c *gatewayConn) mayGreet(complete bool) bool {
	switch {
	case !complete:
		c.close(closeBadPayload)
	case c.known():
		c.close(closeAuthTwice)
	default:
		return true
	}
	return false
}

// identify begins a session. https://docs.discord.com/developers/events/gateway-events#identify
func (c *gatewayConn) identify(data json.RawMessage) {
	var in struct {
		Token      string          `json:"token"`
		Intents    *int            `json:"intents"`
		Properties json.RawMessage `json:"properties"`
		Shard      *[2]int         `json:"shard"`
	}
	if complete := json.Unmarshal(data, &in) == nil && len(in.Properties) > 0; !c.mayGreet(complete) {
		return
	}
	s, g := c.s, &c.s.gateway
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.identifiable(in.Token, in.Intents, in.Shard); code != 0 {
		c.close(code)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.starts++
	if g.startsLeft(s.host.Now()) == 0 {
		s.host.Note("the app identified more than %d times in a day, which has its token reset", startsMax)
		c.leaving, c.closing = true, true
		c.push(outgoing{code: closeBadToken})
		return
	}
	g.left--
	sess := &session{id: strings.ToLower(rand.Text()), intents: *in.Intents, conn: c}
	if g.sessions == nil {
		g.sessions = map[string]*session{}
	}
	g.sessions[sess.id] = sess
	c.session = sess
	sess.tell(dispatch{event: "READY", data: s.ready(sess)}, time.Time{})
	for _, there := range s.guilds {
		if !there.gone {
			sess.tell(dispatch{event: "GUILD_CREATE", intents: IntentGuilds, data: s.guildCreate(there)}, time.Time{})
		}
	}
}

// startsLeft is how many sessions may still be begun today. It is called with the gateway's lock.
func (g *gateway) startsLeft(now time.Time) int {
	if now.Sub(g.day) >= 24*time.Hour {
		g.day, g.left = now, startsMax
	}
	return g.left
}

// startLimit is what the app is told of that. It is called with s.mu.
// https://docs.discord.com/developers/events/gateway#session-start-limit-object
func (s *Server) startLimit() map[string]any {
	g := &s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.startsLeft(s.host.Now())
	return map[string]any{"total": startsMax, "remaining": left, "reset_after": g.day.Add(24 * time.Hour).Sub(s.host.Now()).Milliseconds(), "max_concurrency": 1}
}

// identifiable is the code to close with, 0 if an app may identify like that. It is called with s.mu.
func (s *Server) identifiable(token string, intents *int, shard *[2]int) int {
	switch {
	case !s.isToken(token):
		return closeBadToken
	case intents == nil || *intents&^knownIntents != 0:
		return closeBadIntents
	case *intents&(IntentMembers|IntentContent|intentPresences)&^s.privileged() != 0:
		return closeUnwantedIntnt
	case shard != nil && *shard != [2]int{0, 1}:
		s.host.Note("the app identified as shard %v: there is one", *shard)
		return closeBadShard
	}
	return 0
}

// isToken says whether that is the bot's token. It is called with s.mu.
func (s *Server) isToken(token string) bool {
	return !s.revoked && strings.TrimPrefix(token, "Bot ") == s.Token
}

// resume goes on with a session. https://docs.discord.com/developers/events/gateway-events#resume
func (c *gatewayConn) resume(data json.RawMessage) {
	var in struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     *int64 `json:"seq"`
	}
	if complete := json.Unmarshal(data, &in) == nil && in.Seq != nil; !c.mayGreet(complete) {
		return
	}
	s, g := c.s, &c.s.gateway
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isToken(in.Token) {
		c.close(closeBadToken)
		return
	}
	g.mu.Lock()
	sess := g.sessions[in.Session]
	if sess != nil && sess.dead(s.host.Now()) {
		delete(g.sessions, in.Session)
		sess = nil
	}
	var missed []frame
	known := sess != nil
	if known {
		missed, known = sess.since(*in.Seq)
	}
	if known {
		g.resumes++
		if old := sess.conn; old != nil {
			old.session = nil
			old.cut()
		}
		sess.conn, c.session = c, sess
		for _, f := range missed {
			c.push(outgoing{raw: f.raw})
		}
		sess.tell(dispatch{event: "RESUMED", data: map[string]any{"_trace": []string{"fake"}}}, time.Time{})
	}
	tooFar := sess != nil && *in.Seq > sess.seq
	if tooFar {
		delete(g.sessions, in.Session)
	}
	g.mu.Unlock()
	switch {
	case tooFar:
		c.close(closeBadSequence)
	case !known:
		c.send(opInvalid, false)
	}
}

// dead says whether a session can't be resumed any more.
func (sess *session) dead(now time.Time) bool {
	return sess.expired || sess.conn == nil && now.Sub(sess.gone) > sessionLife
}

// since is what was told after that number; false if it is not kept any more, or was never told.
func (sess *session) since(seq int64) ([]frame, bool) {
	first := sess.seq - int64(len(sess.sent)) // what came before is not kept
	if seq < first || seq > sess.seq {
		return nil, false
	}
	return slices.Clone(sess.sent[seq-first:]), true
}

// dispatch is something that the gateway tells.
type dispatch struct {
	event   string
	intents int // a session needs one of these; 0 for none
	data    any
	bare    any // in place of data, for sessions that do not get to read content; nil if that is the same

	full, empty json.RawMessage // data and bare, once they were encoded
}

// encode makes the JSON of what is told, so that it does not change any more.
func (d *dispatch) encode() {
	if d.full == nil {
		d.full = mustJSON(d.data)
	}
	if d.empty == nil && d.bare != nil {
		d.empty = mustJSON(d.bare)
	}
}

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is plain data
	}
	return raw
}

// tell gives a dispatch its number and sends it, or keeps it until somebody resumes the session. It is called with the
// gateway's lock.
func (sess *session) tell(d dispatch, from time.Time) {
	f, ok := sess.frame(d)
	if ok && sess.conn != nil && !sess.conn.leaving {
		sess.conn.push(outgoing{raw: f.raw, from: from})
	}
}

func (sess *session) frame(d dispatch) (frame, bool) {
	if d.intents != 0 && sess.intents&d.intents == 0 {
		return frame{}, false
	}
	d.encode()
	data := d.full
	if d.empty != nil && sess.intents&IntentContent == 0 {
		data = d.empty
	}
	sess.seq++
	f := frame{seq: sess.seq, raw: mustJSON(struct {
		Event string          `json:"t"`
		Seq   int64           `json:"s"`
		Op    int             `json:"op"`
		Data  json.RawMessage `json:"d"`
	}{d.event, sess.seq, opDispatch, data})}
	if sess.sent = append(sess.sent, f); len(sess.sent) > replayMax+replayMax/4 {
		sess.sent = slices.Clone(sess.sent[len(sess.sent)-replayMax:])
	}
	return f, true
}

// dispatch tells all sessions, as the trouble that was asked for has it. It is called with s.mu.
func (s *Server) dispatch(d dispatch) {
	if s.host.Closed() {
		return
	}
	d.encode()
	g := &s.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.trouble.lose > 0:
		g.trouble.lose--
	case g.trouble.holding:
		g.trouble.held = append(g.trouble.held, d)
	default:
		g.spread(d, s.host.Now())
	}
}

// spread tells all sessions. It is called with the gateway's lock.
func (g *gateway) spread(d dispatch, now time.Time) {
	times := 1
	if g.trouble.twice > 0 {
		g.trouble.twice--
		times = 2
	}
	var from time.Time
	if g.trouble.delay > 0 {
		from = time.Now().Add(g.trouble.delay)
	}
	for id, sess := range g.sessions {
		if sess.dead(now) && sess.conn == nil {
			delete(g.sessions, id)
			continue
		}
		for range times {
			sess.tell(d, from)
		}
	}
}

// ready is the first dispatch of a session. It is called with s.mu.
// https://docs.discord.com/developers/events/gateway-events#ready
func (s *Server) ready(sess *session) map[string]any {
	guilds := []any{}
	for _, g := range s.guilds {
		if !g.gone {
			guilds = append(guilds, map[string]any{"id": g.id, "unavailable": true})
		}
	}
	return map[string]any{
		"v": 9, "user": s.botUser(), "guilds": guilds, "session_id": sess.id, "resume_gateway_url": s.resumeURL(sess.id), "shard": [2]int{0, 1},
		"application": map[string]any{"id": s.ApplicationID, "flags": s.appFlags()}, "private_channels": []any{}, "presences": []any{},
		"relationships": []any{}, "session_type": "normal", "user_settings": map[string]any{}, "_trace": []string{"fake"},
	}
}

// appFlags say which privileged intents were switched on; those of verified apps have other flags.
// https://docs.discord.com/developers/resources/application#application-object-application-flags
func (s *Server) appFlags() int {
	flags := 0
	if !s.o.NoContent {
		flags |= 1 << 19
	}
	if !s.o.NoMembers {
		flags |= 1 << 15
	}
	return flags
}
