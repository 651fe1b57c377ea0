package mattermosttest_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/mattermost/mattermosttest"
)

// cable is a TCP proxy that can be cut.
type cable struct {
	net.Listener
	to string

	mu    sync.Mutex
	open  []net.Conn
	wires sync.WaitGroup
}

func newCable(t *testing.T, to string) *cable {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: l, to: to}
	c.wires.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				t.Error(errors.Join(err, near.Close()))
				return
			}
			c.mu.Lock()
			c.open = append(c.open, near, far)
			c.mu.Unlock()
			for _, w := range [][2]net.Conn{{near, far}, {far, near}} {
				c.wires.Go(func() {
					// How a cut wire ends does not matter.
					_, _ = io.Copy(w[0], w[1])
					_, _ = w[0].Close(), w[1].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		c.cut()
		c.wires.Wait()
	})
	return c
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		_ = conn.Close()
	}
	c.open = nil
}

func TestTheServerGoesAway(t *testing.T) {
	site := mattermosttest.Real(t)
	ctx := t.Context()
	c := newCable(t, strings.TrimPrefix(site.URL, "http://"))
	in := &integration{t: t}
	in.Server = httptest.NewServer(in)
	defer in.Close()
	near := site.Behind("http://" + c.Addr().String())
	defer near.Close()
	town, err := mattermosttest.NewTown(ctx, near, mattermosttest.TownOptions{
		People:   []mattermosttest.Person{{Name: "ana"}},
		Channels: []mattermosttest.Channel{{Name: "help"}},
		Command:  "ticket", CommandURL: in.URL + "/command",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer town.Close()
	ana, help := town.As("ana"), town.ChannelID("help")
	commands := func(f func(map[string]string) any) {
		// The server may still wait for the answer to a command whose sender it has lost.
		in.mu.Lock()
		defer in.mu.Unlock()
		in.command = f
	}
	commands(func(form map[string]string) any { return map[string]any{"text": form["text"]} })
	for _, text := range []string{"one", "two", "three"} {
		a, err := ana.Command(ctx, help, "", "/ticket "+text)
		if err != nil || len(a.Private) != 1 || a.Private[0].Message != text || a.Missed {
			t.Fatalf("ana sees %+v, %v", a, err)
		}
		c.cut()
		// Before the cut is noticed, a request may still be sent into it.
		until(t, func() bool { _, err := ana.Posts(ctx, help); return err == nil })
	}
	commands(func(map[string]string) any {
		c.cut()
		return http.StatusOK
	})
	if a, err := ana.Command(ctx, help, "", "/ticket"); err == nil {
		t.Errorf("the server went away before it answered, and ana sees %+v", a)
	}
	commands(func(map[string]string) any { return map[string]any{"text": "back"} })
	if a, err := ana.Command(ctx, help, "", "/ticket"); err != nil || len(a.Private) != 1 {
		t.Errorf("ana sees %+v, %v", a, err)
	}
}

func TestWaitsWhenToldTo(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies = append(bodies, string(body))
		if len(bodies) < 3 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "limit exceeded", http.StatusTooManyRequests)
			return
		}
		if _, err := io.WriteString(w, "{}"); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	site, err := mattermosttest.At(t.Context(), server.URL, "admin", "secret")
	if err != nil {
		t.Fatal(err)
	}
	site.Close()
	if len(bodies) != 3 || bodies[0] == "" || bodies[2] != bodies[0] {
		t.Errorf("what came: %q", bodies)
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	_, town, in := newTown(t)
	in.command = func(map[string]string) any { return map[string]any{"text": "Yes"} }
	for _, name := range []string{"ana", "bo"} {
		must(town.As(name).Command(t.Context(), town.ChannelID("help"), "", "/ticket"))(t)
	}
	if stacks := running(); !strings.Contains(stacks, ".listen(") {
		t.Fatalf("nobody listens:\n%s", stacks)
	}
	town.Close()
	// Who listened has said so and is about to end; the connections' own goroutines end by themselves.
	until(t, func() bool {
		stacks := running()
		return !strings.Contains(stacks, ".listen(") && !strings.Contains(stacks, "(*persistConn).readLoop")
	})
	if err := town.As("ana").Online(t.Context()); err == nil {
		t.Error("ana is online in a closed town")
	}
}

func running() string {
	text := make([]byte, 1<<20)
	return string(text[:runtime.Stack(text, true)])
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happened:\n%s", running())
		}
	}
}
