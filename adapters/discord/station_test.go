package discord

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/adaptertest"

	"github.com/gorilla/websocket"
)

// Ids of a small town.
const (
	botID, anaID, bramID = "101", "201", "202"
	guildID              = "301"
	cardsID, forumID     = "401", "402"
	dmID                 = "403"
)

// station is both ends of Discord that the ears need, played by the test: what REST answers, and each connection of the
// gateway.
type station struct {
	*testing.T
	srv   *httptest.Server
	mem   *adaptertest.Memory
	lines chan *line

	mu      sync.Mutex
	answers map[string]any // by method and path: what is answered, or a function of the request
	asked   []string
	all     []*line
	flags   int
	left    int // sessions that may be begun
	reset   int // milliseconds
	away    int // status with which the gateway refuses connections; 0 if it does not
}

// line is one connection of the gateway.
type line struct {
	*station
	ws     *websocket.Conn
	seq    int64
	got    chan frame
	closed chan int // the code with which the bot ended it; 0 without
}

func newStation(t *testing.T) *station {
	adaptertest.NoLeaks(t)
	s := &station{T: t, mem: &adaptertest.Memory{}, lines: make(chan *line, 100), answers: map[string]any{}, left: 1000,
		flags: flagContent | flagMembers}
	s.srv = httptest.NewServer(s)
	t.Cleanup(func() {
		s.mu.Lock()
		for _, l := range s.all {
			_ = l.ws.Close()
		}
		s.mu.Unlock()
		s.srv.Close()
	})
	return s
}

// answer says what REST answers to a method and path.
func (s *station) answer(to string, what any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[to] = what
}

func (s *station) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *station) calls(to string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.asked {
		if a == to {
			n++
		}
	}
	return n
}

func (s *station) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/gw") {
		s.connect(w, r)
		return
	}
	to := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v9")
	s.mu.Lock()
	s.asked = append(s.asked, to)
	what, ok := s.answers[to]
	flags, left, reset := s.flags, s.left, s.reset
	s.mu.Unlock()
	switch {
	case ok:
	case to == "GET /gateway/bot":
		what = map[string]any{"url": "ws" + strings.TrimPrefix(s.srv.URL, "http") + "/gw", "shards": 1,
			"session_start_limit": map[string]int{"total": 1000, "remaining": left, "reset_after": reset, "max_concurrency": 1}}
	case to == "GET /applications/@me":
		what = map[string]any{"id": "1", "flags": flags, "bot": map[string]any{"id": botID, "username": "balie", "bot": true}}
	case to == "GET /users/@me/guilds":
		what = []any{map[string]any{"id": guildID}}
	case strings.HasSuffix(to, "/threads/active"):
		what = map[string]any{"threads": []any{}}
	case strings.HasPrefix(to, "GET /guilds/"+guildID+"/members/"):
		id := to[strings.LastIndexByte(to, '/')+1:]
		what = map[string]any{"user": map[string]any{"id": id, "username": "u" + id}}
	case strings.HasSuffix(to, "/messages"), strings.HasSuffix(to, "/channels"):
		what = []any{}
	default:
		what = denial{http.StatusNotFound, codeUnknownChannel}
	}
	if f, ok := what.(func(*http.Request) any); ok {
		what = f(r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header()["Date"] = nil // our clocks are the same: what is in the header may be a second off
	if no, ok := what.(denial); ok {
		w.WriteHeader(no.status)
		what = map[string]any{"code": no.code, "message": "no"}
	}
	_, _ = w.Write(encode(what))
}

type denial struct{ status, code int }

func (s *station) connect(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	away := s.away
	s.mu.Unlock()
	if away != 0 {
		http.Error(w, "away", away)
		return
	}
	if q := r.URL.Query(); q.Get("v") != "9" || q.Get("encoding") != "json" {
		s.Errorf("connected with %s", r.URL.RawQuery)
	}
	up := websocket.Upgrader{}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	l := &line{station: s, ws: ws, got: make(chan frame, 1000), closed: make(chan int, 1)}
	s.mu.Lock()
	s.all = append(s.all, l)
	s.mu.Unlock()
	s.lines <- l
	for {
		var f frame
		if err := ws.ReadJSON(&f); err != nil {
			code := 0
			if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
				code = closed.Code
			}
			l.closed <- code
			_ = ws.Close()
			return
		}
		l.got <- f
	}
}

// next waits for the bot's next connection.
func (s *station) next() *line {
	s.Helper()
	select {
	case l := <-s.lines:
		return l
	case <-time.After(20 * time.Second):
		s.Fatal("the bot does not connect")
		return nil
	}
}

// write sends a frame; the bot may have gone.
func (l *line) write(op int, data any) {
	_ = l.ws.WriteMessage(websocket.TextMessage, encode(map[string]any{"op": op, "d": data, "s": nil, "t": nil}))
}

// dispatch tells that something happened.
func (l *line) dispatch(name string, data any) {
	l.seq++
	_ = l.ws.WriteMessage(websocket.TextMessage, encode(map[string]any{"op": opDispatch, "d": data, "s": l.seq, "t": name}))
}

// hello greets the bot, and waits for what it wants.
func (l *line) hello(every time.Duration) frame {
	l.Helper()
	l.write(opHello, map[string]any{"heartbeat_interval": every.Milliseconds()})
	return l.wants(opIdentify, opResume)
}

// wants waits for a frame of the bot's with one of these opcodes.
func (l *line) wants(ops ...int) frame {
	l.Helper()
	for {
		select {
		case f := <-l.got:
			if slices.Contains(ops, f.Op) {
				return f
			}
		case <-time.After(20 * time.Second):
			l.Fatalf("the bot sends none of %v", ops)
		}
	}
}

// welcome greets the bot, and lets it in with a new session.
func (l *line) welcome(session string) frame {
	l.Helper()
	f := l.hello(heartMost)
	if f.Op != opIdentify {
		l.Fatalf("the bot wants %d: %s", f.Op, f.Data)
	}
	l.letIn(session)
	return f
}

func (l *line) letIn(session string) {
	l.dispatch("READY", map[string]any{"v": 9, "session_id": session, "guilds": []any{map[string]any{"id": guildID, "unavailable": true}},
		"resume_gateway_url": "ws" + strings.TrimPrefix(l.srv.URL, "http") + "/gw-" + session})
	l.dispatch("GUILD_CREATE", map[string]any{"id": guildID, "preferred_locale": "nl", "channels": []any{
		map[string]any{"id": cardsID, "type": textChannel, "name": "cards"}, map[string]any{"id": forumID, "type": forumChannel},
	}, "threads": []any{}})
}

// hangUp closes the connection with a code; 0 cuts it.
func (l *line) hangUp(code int) {
	if code != 0 {
		_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	}
	_ = l.ws.Close()
}

// gone waits until the bot has ended the connection, and says with which code.
func (l *line) gone() int {
	l.Helper()
	select {
	case code := <-l.closed:
		return code
	case <-time.After(20 * time.Second):
		l.Fatal("the bot does not end the connection")
		return 0
	}
}

func (s *station) until(what string, done func() bool) {
	s.Helper()
	adaptertest.Until(s.T, what, done)
}

// idAt is an id that was made at a time.
func idAt(at time.Time) string { return snowflakeAt(at.UnixMilli()) }

// message is a message as the gateway tells it.
func message(id, channel, by, text string) map[string]any {
	m := map[string]any{"id": id, "type": plainMessage, "channel_id": channel, "content": text, "timestamp": time.UnixMilli(madeAt(id)).UTC(),
		"author": map[string]any{"id": by, "username": "u" + by, "bot": by == botID}, "mentions": []any{}, "attachments": []any{}}
	if channel != dmID {
		m["guild_id"], m["member"] = guildID, map[string]any{"nick": "Nick " + by}
	}
	return m
}

// more is a message with something more.
func more(m, also map[string]any) map[string]any {
	for k, v := range also {
		m[k] = v
	}
	return m
}

// replying is a message that is a reply to another one.
func replying(m map[string]any, to string) map[string]any {
	return more(m, map[string]any{"type": replyMessage, "message_reference": map[string]any{"message_id": to, "channel_id": m["channel_id"]}})
}

func field(t *testing.T, data json.RawMessage, name string) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(all[name]), `"`)
}
