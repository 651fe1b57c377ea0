// Package fakeserver is what the fakes of platforms run on: a server on a port of this machine that can be taken down and
// up, counts what it has under way, has a clock that can be moved, and notes what must not happen; and calls that go wrong
// when a test asks for it. What a platform is like stays in its fake.
package fakeserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// ErrClosed says that a fake was closed, so that nobody can do anything there.
var ErrClosed = errors.New("the server was closed")

// Host is what one fake runs on. It shares the fake's lock: the methods that say so are called with it, the others without.
type Host struct {
	// URL is the server's base address, without a slash at the end.
	URL string

	listener *listener
	http     *http.Server
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup // all that the server started or is answering
	t        testing.TB     // nil without a test
	name     string         // for the test

	lock     sync.Locker // the fake's; it guards what follows
	problems []string
	offset   time.Duration // of the server's clock
	gates    []chan struct{}
	closed   bool
}

// Listen takes a free port for a fake with that lock. Nobody is answered before Serve.
func Listen(lock sync.Locker) (*Host, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	h := &Host{URL: "http://" + l.Addr().String(), listener: newListener(l), lock: lock}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h, nil
}

// Serve answers requests from now on. Close waits for them.
func (h *Host) Serve(answer http.Handler) {
	h.http = &http.Server{Handler: h.counted(answer), ReadHeaderTimeout: time.Minute}
	h.running.Go(func() {
		if err := h.http.Serve(h.listener); err != nil && !h.isClosed() {
			h.Problem("the server ended: %v", err)
		}
	})
}

// counted has Close wait for the request.
func (h *Host) counted(answer http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.Begin() {
			panic(http.ErrAbortHandler)
		}
		defer h.Done()
		answer.ServeHTTP(w, r)
	})
}

// Report has the problems that nobody took fail the test when the server closes. The name is the fake's.
func (h *Host) Report(t testing.TB, name string) { h.t, h.name = t, name }

// Context ends when the server closes.
func (h *Host) Context() context.Context { return h.ctx }

// Begin counts something that is under way until Done, so that Close waits for it. It is false, and nothing may begin, when
// the server was closed.
func (h *Host) Begin() bool {
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.closed {
		return false
	}
	h.running.Add(1)
	return true
}

// Done ends what began with Begin.
func (h *Host) Done() { h.running.Done() }

// Go runs something beside, for which Close waits. It is called with the lock after a look at Closed, or by something that
// Close waits for itself.
func (h *Host) Go(do func()) { h.running.Go(do) }

// Closed says whether the server was closed. It is called with the lock.
func (h *Host) Closed() bool { return h.closed }

func (h *Host) isClosed() bool {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.closed
}

// Close ends the server and everything it started: calls that are held go on, the context ends, stop ends what the fake has
// open, and all connections are cut. A second time it does nothing.
func (h *Host) Close(stop func()) {
	h.lock.Lock()
	if h.closed {
		h.lock.Unlock()
		return
	}
	h.closed = true
	for _, gate := range h.gates {
		close(gate)
	}
	h.gates = nil
	h.lock.Unlock()
	h.cancel()
	stop()
	_ = h.http.Close() // of no interest: all connections are cut
	h.running.Wait()
	if h.t == nil {
		return
	}
	for _, p := range h.Problems() {
		h.t.Errorf("%s: %s", h.name, p)
	}
}

// Down cuts all connections and takes no new ones, or comes up again. The port is kept.
func (h *Host) Down(down bool) { h.listener.turn(down) }

// Hold gives a gate to wait at until it is closed: when release is called, or the server ends. It is called with the lock,
// release without.
func (h *Host) Hold() (gate <-chan struct{}, release func()) {
	made := make(chan struct{})
	if h.closed {
		close(made)
		return made, func() {}
	}
	h.gates = append(h.gates, made)
	return made, func() {
		h.lock.Lock()
		defer h.lock.Unlock()
		if i := slices.Index(h.gates, made); i >= 0 {
			h.gates = slices.Delete(h.gates, i, i+1)
			close(made)
		}
	}
}

// Problems takes the list of what must not happen and did, each once.
func (h *Host) Problems() []string {
	h.lock.Lock()
	defer h.lock.Unlock()
	p := h.problems
	h.problems = nil
	return p
}

// Problem notes what must not happen.
func (h *Host) Problem(format string, args ...any) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.Note(format, args...)
}

// Note is Problem, called with the lock.
func (h *Host) Note(format string, args ...any) {
	if p := fmt.Sprintf(format, args...); !slices.Contains(h.problems, p) {
		h.problems = append(h.problems, p)
	}
}

// Advance moves the server's clock forward.
func (h *Host) Advance(d time.Duration) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.offset += d
}

// Now is the server's time. It is called with the lock.
func (h *Host) Now() time.Time { return time.Now().Add(h.offset) }
