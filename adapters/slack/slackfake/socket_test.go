package slackfake

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// dial opens a socket as an app does.
func (a *app) dial(answer func(map[string]any) any) *websocket.Conn {
	a.t.Helper()
	at, _ := a.call("apps.connections.open", nil)["url"].(string)
	ws, resp, err := websocket.DefaultDialer.Dial(at, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		a.t.Fatal(err)
	}
	var hello map[string]any
	if err := ws.ReadJSON(&hello); err != nil || hello["type"] != "hello" {
		a.t.Fatalf("hello = %v, %v", hello, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var e map[string]any
			if ws.ReadJSON(&e) != nil {
				return
			}
			if reply := answer(e); reply != nil && ws.WriteJSON(reply) != nil {
				return
			}
		}
	}()
	a.t.Cleanup(func() {
		if err := ws.Close(); err != nil {
			a.t.Logf("closing: %v", err)
		}
		<-done
	})
	return ws
}

func TestSockets(t *testing.T) {
	a := &app{t: t, s: New(t, town())}
	ana, open := a.s.As("ana"), a.s.ChannelID("open")
	if got := ok(t)(ana.Command(t.Context(), open, "/ticket")); !strings.Contains(got.Refused, dispatchFailed) {
		t.Errorf("without a socket: %+v", got)
	}
	var mu sync.Mutex
	counts := map[int]int{}
	var attempts []float64
	mute := map[int]bool{}
	connect := func(n int) *websocket.Conn {
		return a.dial(func(e map[string]any) any {
			mu.Lock()
			defer mu.Unlock()
			if e["envelope_id"] == nil {
				return nil
			}
			counts[n]++
			if e["type"] == "events_api" {
				attempts = append(attempts, e["retry_attempt"].(float64))
			}
			switch {
			case mute[n]:
				return nil
			case e["type"] == "slash_commands":
				return map[string]any{"envelope_id": e["envelope_id"], "payload": map[string]any{"text": "over the socket"}}
			}
			return map[string]any{"envelope_id": e["envelope_id"]}
		})
	}
	first := connect(1)
	connect(2)
	for range 4 {
		if got := ok(t)(ana.Command(t.Context(), open, "/ticket")); len(got.Private) != 1 || got.Private[0].Text != "over the socket" {
			t.Errorf("answer = %+v", got)
		}
	}
	mu.Lock()
	if counts[1] != 2 || counts[2] != 2 {
		t.Errorf("the sockets got %v", counts)
	}
	mute[1] = true
	mu.Unlock()
	for range 2 { // one of them goes to the socket that does not answer
		go func() { // which ends a moment later
			for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
				mu.Lock()
				stuck := counts[1] == 3
				mu.Unlock()
				if stuck {
					_ = first.Close()
					return
				}
			}
		}()
		if _, _, err := ana.Say(t.Context(), open, "", "hello"); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	if len(attempts) != 3 || attempts[0]+attempts[1]+attempts[2] != 1 {
		t.Errorf("the attempts were %v, want one to be repeated", attempts)
	}
	mu.Unlock()
	a.s.Disconnect("refresh_requested")
	for deadline := time.Now().Add(5 * time.Second); a.s.Sockets() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a socket stays after it was told to leave")
		}
	}
	a.dial(func(e map[string]any) any {
		if e["envelope_id"] == nil {
			return nil
		}
		return map[string]any{"envelope_id": e["envelope_id"], "payload": map[string]any{"text": strings.Repeat("x", ackMax)}}
	})
	if got := ok(t)(ana.Command(t.Context(), open, "/ticket")); !strings.Contains(got.Refused, operationTimeout) {
		t.Errorf("an answer that is too large: %+v", got)
	}
}
