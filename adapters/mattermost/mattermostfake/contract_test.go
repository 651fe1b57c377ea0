package mattermostfake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"go.uber.org/goleak"

	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// place is a town on one of the two servers, with an integration that the test answers for.
type place struct {
	*testing.T
	ctx    context.Context
	town   *mattermosttest.Town
	fake   *mattermostfake.Server // nil on the real server
	client *http.Client

	integration *httptest.Server
	mu          sync.Mutex
	came        []byte // the body of the last call
	header      http.Header
	answer      func(path string, body []byte) (status int, kind, text string)
}

// both runs the same test on the fake and on a real server.
func both(t *testing.T, test func(p *place)) {
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		test(onFake(t, mattermostfake.Options{}))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		test(newPlace(t, mattermosttest.Real(t), nil))
	})
}

func onFake(t *testing.T, o mattermostfake.Options) *place {
	fake := mattermostfake.New(t, o)
	site, err := mattermosttest.At(t.Context(), fake.URL, mattermostfake.AdminName, mattermostfake.AdminPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	return newPlace(t, site, fake)
}

func newPlace(t *testing.T, site *mattermosttest.Site, fake *mattermostfake.Server) *place {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p := &place{T: t, ctx: ctx, fake: fake, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(p.client.CloseIdleConnections)
	p.integration = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.integration.Close)
	p.says("{}")
	town, err := mattermosttest.NewTown(ctx, site, mattermosttest.TownOptions{
		People: []mattermosttest.Person{{Name: "ana"}, {Name: "bo"}},
		Channels: []mattermosttest.Channel{{Name: "help"}, {Name: "away", WithoutBot: true},
			{Name: "team", Private: true, Members: []string{"bo"}}},
		Command: "ticket", CommandURL: p.integration.URL + "/command",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	if fake == nil {
		t.Cleanup(func() { // a server without a licence takes only so many people
			for _, name := range []string{"ana", "bo"} {
				if _, err := town.Admin.UpdateUserActive(context.Background(), town.UserID(name), false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	p.town = town
	return p
}

func (p *place) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.Error(err)
	}
	p.mu.Lock()
	p.came, p.header = body, r.Header.Clone()
	answer := p.answer
	p.mu.Unlock()
	status, kind, text := answer(r.URL.Path, body)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if _, err := io.WriteString(w, text); err != nil && status != http.StatusNoContent {
		p.Error(err)
	}
}

// says is what the integration answers from now on: JSON, with 200.
func (p *place) says(text string) { p.saysAs(http.StatusOK, "application/json", text) }

func (p *place) saysAs(status int, kind, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = func(string, []byte) (int, string, string) { return status, kind, text }
}

func (p *place) last() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.came
}

// reply is what a server answers.
type reply struct {
	status int
	id     string // of an error
	body   []byte
	header http.Header
}

func (r reply) post(t testing.TB) *model.Post {
	t.Helper()
	var p model.Post
	if err := json.Unmarshal(r.body, &p); err != nil || r.status >= 300 {
		t.Fatalf("no post but %d %s", r.status, r.body)
	}
	return &p
}

// call calls the server with a token.
func (p *place) call(token, method, path string, body any) reply {
	p.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			p.Fatal(err)
		}
		in = bytes.NewReader(data)
	}
	if !strings.HasPrefix(path, "http") {
		path = p.town.URL + "/api/v4" + path
	}
	r, err := http.NewRequestWithContext(p.ctx, method, path, in)
	if err != nil {
		p.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.Contains(path, "/hooks/") {
		r.Header.Set("Content-Type", "application/json")
	}
	client := p.client
	if p.fake == nil {
		client = p.town.Admin.HTTPClient // which waits where the server limits its callers
	}
	resp, err := client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close() // it was read
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	var e model.AppError
	if resp.StatusCode >= 400 {
		_ = json.Unmarshal(data, &e) // an answer that is no JSON has no id
	}
	return reply{resp.StatusCode, e.Id, data, resp.Header}
}

// bot calls the server as the bot.
func (p *place) bot(method, path string, body any) reply {
	p.Helper()
	return p.call(p.town.BotToken, method, path, body)
}

// as calls the server as a person.
func (p *place) as(name, method, path string, body any) reply {
	p.Helper()
	c, err := p.town.As(name).Client(p.ctx)
	if err != nil {
		p.Fatal(err)
	}
	return p.call(c.AuthToken, method, path, body)
}

func (p *place) admin(method, path string, body any) reply {
	p.Helper()
	return p.call(p.town.Admin.AuthToken, method, path, body)
}

// card is what a post with a button and a menu has.
func (p *place) card() map[string]any {
	to := map[string]any{"url": p.integration.URL + "/action", "context": map[string]any{"secret": "sealed"}}
	return map[string]any{"balie_key": "k1", "attachments": []any{map[string]any{"text": "T-1", "actions": []any{
		map[string]any{"id": "take", "name": "Take", "type": "button", "integration": to},
		map[string]any{"id": "menu", "name": "Menu", "type": "select", "integration": to,
			"options": []any{map[string]any{"text": "One", "value": "1"}}},
	}}}}
}

// posted makes a post as the bot.
func (p *place) posted(channel, root, text string, props map[string]any) *model.Post {
	p.Helper()
	return p.bot("POST", "/posts", map[string]any{
		"channel_id": p.town.ChannelID(channel), "root_id": root, "message": text, "props": props,
	}).post(p)
}

// wants checks a reply's status and error id.
func (p *place) wants(what string, r reply, status int, id string) {
	p.Helper()
	if r.status != status || r.id != id {
		p.Errorf("%s: %d %q, want %d %q: %.300s", what, r.status, r.id, status, id, r.body)
	}
}

func decode(p *place, r reply, v any) {
	p.Helper()
	if err := json.Unmarshal(r.body, v); err != nil || r.status >= 300 {
		p.Fatalf("%d %s: %v", r.status, r.body, err)
	}
}

// until waits for what the server does by and by.
func (p *place) until(ok func() bool) {
	p.Helper()
	for !ok() {
		select {
		case <-p.ctx.Done():
			p.Fatal("it never happened")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
