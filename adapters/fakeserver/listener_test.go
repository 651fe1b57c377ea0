package fakeserver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hosted is a running server with a client.
func hosted(t *testing.T, answer http.HandlerFunc) *Host {
	t.Helper()
	h, err := Listen(&sync.Mutex{})
	if err != nil {
		t.Fatal(err)
	}
	h.Serve(answer)
	t.Cleanup(func() { h.Close(func() {}) })
	return h
}

// dialed is a connection to the server; reading from it ends after a while.
func dialed(t *testing.T, h *Host) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may have been cut
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// asked sends a request over a connection and reads the answer.
func asked(conn net.Conn) (string, error) {
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: fake\r\n\r\n"); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	return string(body), errors.Join(err, resp.Body.Close())
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// wasReset says whether an error is what a client meets whose connection was reset, not merely closed.
func wasReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func TestAServerThatIsDownResetsConnectionsAndKeepsItsPort(t *testing.T) {
	h := hosted(t, hello)
	old := dialed(t, h)
	if said, err := asked(old); said != "hello" || err != nil {
		t.Fatalf("a server that is up said %q, %v", said, err)
	}
	h.Down(true)
	if _, err := old.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection that was open ended with %v", err)
	}
	for range 3 { // the port is still taken: to connect goes well
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
		if err != nil {
			if !wasReset(err) {
				t.Errorf("connecting to a server that is down: %v", err)
			}
			continue
		}
		if said, err := asked(conn); !wasReset(err) {
			t.Errorf("a server that is down said %q, %v", said, err)
		}
		_ = conn.Close() // it was cut
	}
	if other, err := net.Listen("tcp", strings.TrimPrefix(h.URL, "http://")); err == nil {
		t.Errorf("somebody else got the port, %v", other.Close())
	}
	h.Down(false)
	if said, err := asked(dialed(t, h)); said != "hello" || err != nil {
		t.Errorf("up again it said %q, %v", said, err)
	}
}

func TestCutLosesTheAnswer(t *testing.T) {
	h := hosted(t, func(w http.ResponseWriter, _ *http.Request) { Cut(w) })
	if said, err := asked(dialed(t, h)); !wasReset(err) {
		t.Errorf("the answer was %q, %v", said, err)
	}
}
