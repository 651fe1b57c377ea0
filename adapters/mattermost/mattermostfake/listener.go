package mattermostfake

import (
	"net"
	"sync"
)

// listener keeps the port while the server is down, so that nobody else gets it meanwhile: connections are then accepted
// and reset at once.
type listener struct {
	net.Listener
	mu   sync.Mutex
	down bool
	open map[*tracked]struct{}
}

type tracked struct {
	net.Conn
	l *listener
}

func newListener(l net.Listener) *listener {
	return &listener{Listener: l, open: map[*tracked]struct{}{}}
}

// Accept hands out connections while the server is up.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		if !l.down {
			t := &tracked{Conn: c, l: l}
			l.open[t] = struct{}{}
			l.mu.Unlock()
			return t, nil
		}
		l.mu.Unlock()
		reset(c)
	}
}

// Close forgets the connection.
func (t *tracked) Close() error {
	t.l.mu.Lock()
	delete(t.l.open, t)
	t.l.mu.Unlock()
	return t.Conn.Close()
}

// set takes the server down, which cuts all connections, or up again.
func (l *listener) set(down bool) {
	l.mu.Lock()
	l.down = down
	var cut []net.Conn
	if down {
		for t := range l.open {
			cut = append(cut, t.Conn)
		}
	}
	l.mu.Unlock()
	for _, c := range cut {
		reset(c)
	}
}

// reset closes a connection the hard way. Its error is of no interest: the connection is gone either way.
func reset(c net.Conn) {
	if t, ok := c.(*tracked); ok {
		c = t.Conn
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
