package playground_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/playground"
	"balie/adapters/playground/client"
	"balie/adapters/playground/playgroundtest"
	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// ear collects what a person is told live.
type ear struct {
	mu     sync.Mutex
	events []wire.Event
}

func (e *ear) all() []wire.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]wire.Event(nil), e.events...)
}

func (e *ear) has(ok func(wire.Event) bool) bool {
	for _, event := range e.all() {
		if ok(event) {
			return true
		}
	}
	return false
}

// listen follows as somebody until the test ends, and returns once the stream is up.
func (w *world) listen(who client.Person, channels ...string) *ear {
	w.Helper()
	e := &ear{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- who.Listen(ctx, func(event wire.Event) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.events = append(e.events, event)
		}, channels...)
	}()
	w.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("Listen: %v", err)
		}
	})
	w.until("the stream is up", func() bool { return e.has(func(v wire.Event) bool { return v.Kind == wire.KindHello }) })
	return e
}

func TestEverybodyIsToldWhatTheyMaySeeAndNothingElse(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.run()
	ana, bram, eva := w.listen(w.client.As("ana")), w.listen(w.client.As("bram")), w.listen(w.client.As("eva"))
	only := w.listen(w.client.As("bram"), "general")
	secretCard := w.send(chat.Post{Key: "1", To: w.channel("ict-triage"), Text: "for agents"})
	w.send(chat.Post{Key: "2", To: w.direct("ana"), Text: "for Ana"})
	if err := w.Edit(t.Context(), secretCard, chat.Post{Text: "for agents, changed"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Playground.Delete(t.Context(), secretCard); err != nil {
		t.Fatal(err)
	}
	w.send(chat.Post{Key: "3", To: w.channel("general"), Text: "the end"})
	saw := func(e *ear) string {
		w.until("the end is told", func() bool {
			return e.has(func(v wire.Event) bool { return v.Message != nil && v.Message.Text == "the end" })
		})
		var s []string
		for _, v := range e.all() {
			switch {
			case v.Message != nil:
				s = append(s, v.Message.Text)
			case v.Deleted != nil:
				s = append(s, "deleted")
			}
		}
		return strings.Join(s, "|")
	}
	for who, want := range map[*ear]string{
		ana: "for Ana|the end", bram: "for agents|for agents, changed|deleted|the end", eva: "the end", only: "the end",
	} {
		if got := saw(who); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

func TestAListenerComesBackForTheRest(t *testing.T) {
	w := newWorld(t, nil, nil)
	stop := w.run()
	ana := w.listen(w.client.As("ana"))
	w.send(chat.Post{Key: "0", To: w.channel("general"), Text: "0"})
	w.until("the first is told", func() bool { return ana.has(func(v wire.Event) bool { return v.Message != nil }) })
	stop() // the streams end
	for i := 1; i < 4; i++ {
		w.send(chat.Post{Key: fmt.Sprint(i), To: w.channel("general"), Text: fmt.Sprint(i)})
	}
	w.run()
	w.until("the rest is told", func() bool {
		return ana.has(func(v wire.Event) bool { return v.Message != nil && v.Message.Text == "3" })
	})
	var got string
	for _, e := range ana.all() {
		if e.Kind == wire.KindReset {
			t.Error("told to read anew, although nothing was lost")
		}
		if e.Message != nil {
			got += e.Message.Text
		}
	}
	if got != "0123" {
		t.Errorf("told %q, want each once", got)
	}
}

// stream opens the live stream by hand.
func (w *world) stream(since string) *http.Response {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.server.URL+"/playground/api/events?as=ana", nil)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", since)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestWhoMissedTooMuchIsTold(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.run()
	for _, since := range []string{"another-1", "nonsense", "-", "1-18446744073709551615"} {
		head := make([]byte, 200)
		n, err := io.ReadAtLeast(w.stream(since).Body, head, 30)
		if err != nil || !strings.Contains(string(head[:n]), "event: "+wire.KindReset) {
			t.Errorf("since %q: %q, %v", since, head[:n], err)
		}
	}
}

func TestAListenerThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, nil, nil)
	w.run()
	w.stream("") // opened, and never read
	eva := w.listen(w.client.As("eva"))
	text := strings.Repeat("a long text ", 500)
	const posts = 4000 // more than its queue and the sockets take
	for i := range posts {
		w.send(chat.Post{Key: fmt.Sprint(i), To: w.channel("general"), Text: text})
	}
	w.send(chat.Post{Key: "end", To: w.channel("general"), Text: "the end"})
	w.until("the other one is told", func() bool {
		return eva.has(func(v wire.Event) bool { return v.Message != nil && v.Message.Text == "the end" })
	})
}

func BenchmarkSend(b *testing.B) {
	content := playgroundtest.NewMemory()
	opts := demoOptions()
	opts.Content = content
	p, err := playground.New(opts)
	if err != nil {
		b.Fatal(err)
	}
	card := &chat.Card{Title: "HD-00001 · printer", Text: strings.Repeat("text ", 40)}
	var buttons []chat.Button
	for i := range 8 {
		card.Facts = append(card.Facts, chat.Fact{Label: "Label", Value: "Value", Since: time.Now()})
		buttons = append(buttons, chat.Button{Label: fmt.Sprint("Button ", i), Value: chat.Value{Verb: "claim", Ticket: "01J9Z0000000000000000000"}})
	}
	to := chat.Place{Platform: "playground", Workspace: "demo", Channel: "general"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := p.Send(b.Context(), chat.Post{Key: fmt.Sprint(i), To: to, Card: card, Buttons: buttons}); err != nil {
			b.Fatal(err)
		}
	}
}
