package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

const botToken = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE.0123456789abcdefghijklmnopqrstuvwxyzAB"

// restTo is the API at a server of the test's.
func restTo(t *testing.T, h http.HandlerFunc) *rest {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	r, err := newREST(server.URL+"/api/v9", botToken)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// TestNoWaitInside: the library waits for a limit without regard to a context. Here that is told at once, for as long as the
// limit holds, and other channels go on.
func TestNoWaitInside(t *testing.T) {
	r := restTo(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/1/") {
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset-After", "60")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	post := func(channel string) error {
		return r.do(t.Context(), call{doing: "post", method: http.MethodPost, path: "/channels/" + channel + "/messages"})
	}
	if err := post("1"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	e, ok := errors.AsType[*chat.SendError](post("1"))
	if took := time.Since(began); !ok || e.Retry < 50*time.Second || e.Retry > time.Minute || took > 5*time.Second {
		t.Errorf("within the limit: %v, after %s", e, took)
	}
	if err := post("2"); err != nil {
		t.Errorf("in another channel: %v", err)
	}
}

// offline is a Discord without a network, which notes when calls are made.
type offline struct {
	http.Handler
	mu    sync.Mutex
	calls []time.Time
}

func (p *offline) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.calls = append(p.calls, time.Now())
	p.mu.Unlock()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestPaceOfAll: all calls together stay below what Discord takes of a bot in a second, however many are made at once.
func TestPaceOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := New(Options{Token: botToken, Secret: valuesSecret, Memory: &adaptertest.Memory{}})
		if err != nil {
			t.Fatal(err)
		}
		net := &offline{Handler: &stage{T: t}}
		d.api.http.Transport = net
		d.api.session.Store(d.api.newSession())
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				to := chat.Place{Platform: Name, Workspace: aGuild, Channel: []string{cardsID, forumID}[i%2]}
				p := chat.Post{Key: fmt.Sprint(i), To: to, Text: fmt.Sprint(i)}
				for {
					_, err := d.Send(t.Context(), p)
					if err == nil {
						return
					}
					e, ok := errors.AsType[*chat.SendError](err)
					if !ok || e.Retry <= 0 {
						t.Errorf("Send: %v", err)
						return
					}
					time.Sleep(e.Retry) // as the deliverer does
				}
			})
		}
		all.Wait()
		if len(net.calls) < 200 {
			t.Errorf("%d calls were made", len(net.calls))
		}
		for i, at := range net.calls {
			if i >= 50 && at.Sub(net.calls[i-50]) < time.Second {
				t.Fatalf("calls %d to %d are made within %s", i-50, i, at.Sub(net.calls[i-50]))
			}
		}
	})
}

// TestNoBlindRepeats: the library repeats a request that a server failed at, which may have been done. Here it is told.
func TestNoBlindRepeats(t *testing.T) {
	var calls atomic.Int32
	for _, status := range []int{500, 502, 503, 504, 429} {
		calls.Store(0)
		r := restTo(t, func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.WriteHeader(status)
			fmt.Fprint(w, `{"message":"later","retry_after":7.5,"global":false}`)
		})
		err := r.do(t.Context(), call{doing: "post", method: http.MethodPost, path: "/channels/1/messages", body: map[string]string{"content": "x"}})
		e, ok := errors.AsType[*chat.SendError](err)
		if !ok || e.Retry <= 0 || calls.Load() != 1 {
			t.Errorf("status %d: %v after %d calls", status, err, calls.Load())
		}
		if status == 429 && e.Retry != 7500*time.Millisecond {
			t.Errorf("a limit is said to last %s", e.Retry)
		}
	}
}

// TestLimitsAreForgotten: the library remembers every limit it ever met. Here it starts afresh before that is much.
func TestLimitsAreForgotten(t *testing.T) {
	r := restTo(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	r.pace.SetLimit(rate.Inf) // this is about something else
	first := r.session.Load()
	for i := range routesMax + 10 {
		if err := r.do(t.Context(), call{doing: "get", method: http.MethodGet, path: fmt.Sprint("/channels/", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if r.session.Load() == first || len(r.routes) > routesMax || len(r.gates) != 0 {
		t.Errorf("it knows of %d limits, and %d are in use", len(r.routes), len(r.gates))
	}
	// Answers to interactions, each of which has an address of its own, are none of it.
	before := len(r.routes)
	for i := range 100 {
		if err := r.respond(t.Context(), "answer", http.MethodPost, fmt.Sprintf("/interactions/%d/token/callback", i), map[string]int{"type": 6}); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.routes) != before {
		t.Errorf("after 100 answers it knows of %d limits, before of %d", len(r.routes), before)
	}
}

// TestWhatCanBeReadInPart: one field that is not what it should be must not lose the others.
func TestWhatCanBeReadInPart(t *testing.T) {
	for text, want := range map[string]string{
		`[{"id":"1","timestamp":"yesterday","edited_timestamp":"today"},{"id":"2","timestamp":7},{"id":"3"}]`: "123",
		`[{"id":"1","timestamp":"2026-01-02T03:04:05.678000+00:00"},{"id":"2","content":5},{"id":"3"}]`:       "123",
		`[{"id":"1"},`: "error", ``: "error",
	} {
		r := restTo(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
		var page []wireMessage
		got := ""
		if err := r.do(t.Context(), call{doing: "read", method: http.MethodGet, path: "/channels/1/messages", out: &page}); err != nil {
			got = "error"
		} else {
			for _, m := range page {
				got += m.ID
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	u, err := spoken(wasEdited, []byte(`{"id":"1001","channel_id":"1","timestamp":"x","edited_timestamp":"x","content":"hello"}`))
	if err != nil || u.message.Content != "hello" || u.at != madeAt("1001") {
		t.Errorf("%+v, %v", u, err)
	}
	// What fails in another way was not read to its end.
	r := restTo(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"At":"yesterday","Name":"x"}`) })
	var odd struct{ At time.Time }
	if err := r.do(t.Context(), call{doing: "read", method: http.MethodGet, path: "/x", out: &odd}); err == nil {
		t.Error("what was read in part only is taken as whole")
	}
}

// TestEndsWithContext: a call that has to wait for another one to the same channel ends with its context.
func TestEndsWithContext(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	r := restTo(t, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		w.WriteHeader(http.StatusNoContent)
	})
	first := make(chan error, 1)
	get := call{doing: "get", method: http.MethodGet, path: "/channels/1"}
	go func() { first <- r.do(t.Context(), get) }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.do(ctx, get); err == nil {
		t.Error("a call whose context has ended went well")
	}
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestErrorsTellNoSecret looks for tokens in errors, whatever Discord or a proxy answers, and does not follow them elsewhere.
func TestErrorsTellNoSecret(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"echo": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "bad %s for %s", r.Header.Get("Authorization"), r.URL.Path)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusFound)
		},
		"cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"page": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html>")
		},
	} {
		r := restTo(t, answer)
		const secret = "aW50ZXJhY3Rpb246c2VjcmV0"
		for _, err := range []error{
			r.do(t.Context(), call{doing: "post", method: http.MethodPost, path: "/channels/1/messages", body: 1}),
			r.respond(t.Context(), "answer", http.MethodPost, "/interactions/1/"+secret+"/callback", 1),
			r.respond(t.Context(), "say more", http.MethodPost, "/webhooks/1/"+secret, 1),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			} else if text := err.Error(); strings.Contains(text, botToken) || strings.Contains(text, secret) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// TestMeanings are what Discord's errors come to.
func TestMeanings(t *testing.T) {
	for _, c := range []struct {
		status, code int
		want         string
	}{
		{404, codeUnknownChannel, "gone"}, {404, codeUnknownMessage, "gone"}, {400, codeBadForm, "refused"}, {403, codeClosedDirect, "refused"},
		{403, codeMissingAccess, "blocked"}, {403, codeMissingPermission, "blocked"}, {401, 0, "blocked"}, {403, 0, "retry"}, {403, codeNetwork, "retry"}, {403, 99_999, "blocked"},
		{429, codeOldEdits, "retry"}, {400, codeTooManyThreads, "blocked"}, {400, codeArchived, "retry"}, {404, 0, "nothing"}, {400, 0, "refused"},
		{503, 0, "retry"}, {418, 0, "refused"},
	} {
		r := restTo(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			fmt.Fprintf(w, `{"message":"no","code":%d}`, c.code)
		})
		e, ok := errors.AsType[*chat.SendError](r.do(t.Context(), call{doing: "try", method: http.MethodPost, path: "/x"}))
		got := "nothing"
		switch {
		case !ok:
		case e.Gone:
			got = "gone"
		case e.Refused != "":
			got = "refused"
		case e.Blocked != "":
			got = "blocked"
		case e.Retry > 0:
			got = "retry"
		}
		if got != c.want {
			t.Errorf("status %d, code %d is %s, want %s", c.status, c.code, got, c.want)
		}
	}
}

// TestTrusted are the hosts that files are read from.
func TestTrusted(t *testing.T) {
	for api, hosts := range map[string]map[string]bool{
		"": {
			"https://cdn.discordapp.com/attachments/1/2/x?ex=1": true, "https://media.discordapp.net/x": true, "https://discord.com/x": true,
			"http://cdn.discordapp.com/x": false, "https://cdn.discordapp.com:8443/x": false, "https://cdn.discordapp.com@example.org/x": false,
			"https://cdn.discordapp.com.example.org/x": false, "https://example.org/cdn.discordapp.com": false, "https://127.0.0.1/x": false, "x": false,
		},
		"http://127.0.0.1:8080/api/v9": {
			"http://127.0.0.1:8080/attachments/1/2/x": true, "https://cdn.discordapp.com/x": true, "http://127.0.0.1:8081/x": false,
			"https://127.0.0.1:8080/x": false, "http://localhost:8080/x": false,
		},
	} {
		r, err := newREST(api, botToken)
		if err != nil {
			t.Fatal(err)
		}
		for address, want := range hosts {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.trusted(u); got != want {
				t.Errorf("with the API at %q, %s is trusted: %v", api, address, got)
			}
		}
	}
}
