package fakeserver

import (
	"net"
	"net/http"
	"sync"
)

// listener keeps the port while the server is down, so that nobody else gets it meanwhile: connections are then accepted
// and reset at once.
type listener struct {
	net.Listener
	mu    sync.Mutex
	down  bool
	conns map[*tracked]struct{}
}

// tracked is a connection that can be cut.
type tracked struct {
	net.Conn
	from *listener
}

func newListener(l net.Listener) *listener {
	return &listener{Listener: l, conns: map[*tracked]struct{}{}}
}

// Accept gives the next connection that came while the server was up.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if t := l.track(conn); t != nil {
			return t, nil
		}
		reset(conn)
	}
}

func (l *listener) track(conn net.Conn) *tracked {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil
	}
	t := &tracked{Conn: conn, from: l}
	l.conns[t] = struct{}{}
	return t
}

// Close ends the connection.
func (t *tracked) Close() error {
	t.from.mu.Lock()
	delete(t.from.conns, t)
	t.from.mu.Unlock()
	return t.Conn.Close()
}

// turn takes the server down, which cuts all connections, or up.
func (l *listener) turn(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	if !down {
		return
	}
	for t := range l.conns {
		reset(t.Conn)
	}
}

// Cut breaks the connection of a request, so that the caller hears no answer.
func Cut(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		reset(conn)
	}
}

// reset ends a connection so that the other side reads an error. That it may be gone already is of no interest.
func reset(conn net.Conn) {
	if t, ok := conn.(*tracked); ok {
		conn = t.Conn
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
