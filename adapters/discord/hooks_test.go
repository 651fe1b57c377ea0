package discord

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

// endpoint is the HTTP side, with the key that Discord signs with.
type endpoint struct {
	*stage
	key ed25519.PrivateKey
	url string
}

func setEndpoint(t *testing.T) endpoint {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := setStage(t, func(o *Options) { o.PublicKey = hex.EncodeToString(public) })
	server := httptest.NewServer(s.d.Hooks(s.Handle))
	t.Cleanup(server.Close)
	return endpoint{s, key, server.URL + "/hooks/discord/interaction"}
}

// signed is a request as Discord makes it.
func (e endpoint) signed(body []byte, at time.Time) *http.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	r, err := http.NewRequest(http.MethodPost, e.url, strings.NewReader(string(body)))
	if err != nil {
		e.Fatal(err)
	}
	r.Header.Set("X-Signature-Timestamp", stamp)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(e.key, append([]byte(stamp), body...))))
	return r
}

func (e endpoint) post(r *http.Request) (status int, body string) {
	e.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		e.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		e.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(got))
}

func TestInteractionsOverHTTP(t *testing.T) {
	e := setEndpoint(t)
	var kinds []string
	e.d.opts.Answered = func(kind string, _, _ time.Duration) { kinds = append(kinds, kind) }
	if status, body := e.post(e.signed([]byte(`{"type":1,"id":"1","application_id":"`+anApplication+`"}`), time.Now())); status != http.StatusOK || body != `{"type":1}` {
		t.Errorf("a ping: %d, %s", status, body)
	}
	e.Says(chat.Reply{Text: "Hello."}, nil)
	in := encode(e.deed(commandInteraction, map[string]any{"name": "ticket"}))
	status, body := e.post(e.signed(in, time.Now()))
	var got shownAnswer
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Type != answerMessage || got.Data.Content != "Hello." {
		t.Errorf("a command: %d, %s", status, body)
	}
	// The same once more, signed anew: nothing happens.
	status, body = e.post(e.signed(in, time.Now().Add(time.Second)))
	if status != http.StatusOK || body != `{"type":5,"data":{"flags":64}}` || len(e.Told()) != 1 {
		t.Errorf("again: %d, %s, %d events", status, body, len(e.Told()))
	}
	golden.Check(t, "acknowledged", "discord-interaction-response", json.RawMessage(body))
	if len(kinds) != 1 || kinds[0] != kindCommand {
		t.Errorf("answered %q", kinds)
	}
	if status, body := e.post(e.signed(encode(e.deed(77, nil)), time.Now())); status != http.StatusOK || body != `{"type":6}` {
		t.Errorf("an unknown type: %d, %s", status, body)
	}
}

func TestRefusedRequests(t *testing.T) {
	e := setEndpoint(t)
	good := func() []byte { return encode(e.deed(commandInteraction, map[string]any{"name": "ticket"})) }
	with := func(header, value string) *http.Request {
		r := e.signed(good(), time.Now())
		r.Header.Set(header, value)
		return r
	}
	_, others, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	changed := e.signed(good(), time.Now())
	changed.Body, changed.ContentLength = io.NopCloser(strings.NewReader(`{"type":1}`)), int64(len(`{"type":1}`))
	again, at := good(), time.Now()
	if status, body := e.post(e.signed(again, at)); status != http.StatusOK {
		t.Fatalf("%d, %s", status, body)
	}
	stranger := e.deed(commandInteraction, map[string]any{"name": "ticket"})
	stranger["application_id"] = "1"
	for name, c := range map[string]struct {
		r    *http.Request
		want int
	}{
		"unsigned":            {with("X-Signature-Ed25519", ""), http.StatusUnauthorized},
		"no timestamp":        {with("X-Signature-Timestamp", ""), http.StatusUnauthorized},
		"another timestamp":   {with("X-Signature-Timestamp", "1"), http.StatusUnauthorized},
		"no digits":           {with("X-Signature-Ed25519", strings.Repeat("x", 128)), http.StatusUnauthorized},
		"too short":           {with("X-Signature-Ed25519", "abcd"), http.StatusUnauthorized},
		"another key":         {endpoint{e.stage, others, e.url}.signed(good(), time.Now()), http.StatusUnauthorized},
		"changed":             {changed, http.StatusUnauthorized},
		"old":                 {e.signed(good(), time.Now().Add(-ageMax-2*time.Second)), http.StatusUnauthorized},
		"of the future":       {e.signed(good(), time.Now().Add(ageMax+time.Minute)), http.StatusUnauthorized},
		"replayed":            {e.signed(again, at), http.StatusUnauthorized},
		"another application": {e.signed(encode(stranger), time.Now()), http.StatusUnauthorized},
		"another ping":        {e.signed([]byte(`{"type":1,"application_id":"1"}`), time.Now()), http.StatusUnauthorized},
		"too large":           {e.signed(append(good(), make([]byte, bodyMax)...), time.Now()), http.StatusRequestEntityTooLarge},
		"unsigned ping":       {mustRequest(t, e.url, `{"type":1}`), http.StatusUnauthorized},
		"nothing":             {e.signed(nil, time.Now()), http.StatusBadRequest},
		"garbage":             {e.signed([]byte(`{"type":`), time.Now()), http.StatusBadRequest},
		"a list":              {e.signed([]byte(`[1]`), time.Now()), http.StatusBadRequest},
		"by nobody":           {e.signed([]byte(`{"type":2,"id":"1","token":"t","channel_id":"1"}`), time.Now()), http.StatusBadRequest},
		"another path":        {mustRequest(t, strings.TrimSuffix(e.url, "n"), ``), http.StatusNotFound},
	} {
		before := len(e.Told())
		status, body := e.post(c.r)
		if status != c.want || len(e.Told()) != before || strings.Contains(body, aToken) {
			t.Errorf("%s: %d, %s, %d events", name, status, body, len(e.Told())-before)
		}
	}
	resp, err := http.Get(e.url)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d, %v", resp.StatusCode, err)
	}
}

func mustRequest(t *testing.T, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWithoutAKeyThereIsNoEndpoint(t *testing.T) {
	if s := setStage(t); s.d.Hooks(s.Handle) != nil {
		t.Error("there is one")
	}
}

// What follows an answer over HTTP comes when Discord has that.
func TestMoreFollowsAnAnswerOverHTTP(t *testing.T) {
	e := setEndpoint(t)
	long := chat.Reply{Text: "Your tickets:"}
	for range 60 {
		long.Posts = append(long.Posts, chat.Post{Card: &chat.Card{Title: "HD-1"}, Buttons: []chat.Button{{Label: "Show", Value: chat.Value{Verb: "show", Ticket: aTicket}}}})
	}
	e.Says(long, nil)
	want := len(renderReply(long, e.d.bag(aGuild)))
	status, body := e.post(e.signed(encode(e.deed(commandInteraction, map[string]any{"name": "ticket"})), time.Now()))
	e.d.later.Wait()
	if more := e.called("/webhooks/" + anApplication + "/" + aToken); status != http.StatusOK || want < 2 || len(more) != want-1 {
		t.Errorf("%d parts: status %d, %d more, %s", want, status, len(more), body)
	}
}

func BenchmarkInteraction(b *testing.B) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	d, err := New(Options{Token: "t", Secret: valuesSecret, Memory: &adaptertest.Memory{}, PublicKey: hex.EncodeToString(public)})
	if err != nil {
		b.Fatal(err)
	}
	hooks := d.Hooks(func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{Text: "Hello."}, nil })
	id := d.bag(aGuild).id(chat.Value{Verb: "claim", Ticket: aTicket}, false)
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	for i := 0; b.Loop(); i++ {
		body := []byte(`{"id":"` + strconv.Itoa(i) + `","type":3,"token":"t","guild_id":"` + aGuild + `","channel_id":"1","channel":{"id":"1","type":0},` +
			`"member":{"user":{"id":"` + ana + `"}},"data":{"custom_id":"` + id + `","component_type":2},"message":{"id":"3"}}`)
		r := httptest.NewRequest(http.MethodPost, "/interaction", strings.NewReader(string(body)))
		r.Header.Set("X-Signature-Timestamp", stamp)
		r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(key, append([]byte(stamp), body...))))
		w := httptest.NewRecorder()
		hooks.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
