package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// meddler stands between the program and a Mattermost server, and does wrong what it is told to when the bot posts, edits
// or deletes.
type meddler struct {
	*httptest.Server
	onward *http.Transport

	mu   sync.Mutex
	do   trouble // by the channel's id
	next map[string]time.Time
}

// meddle starts one that ends with the test.
func meddle(t *testing.T, server string) *meddler {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	m := &meddler{onward: &http.Transport{MaxIdleConnsPerHost: 16}}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(u) },
		Transport:      m.onward,
		ModifyResponse: m.after,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, errUncertain) && r.Context().Err() == nil {
				t.Logf("%s %s: %v", r.Method, r.URL.Path, err)
			}
			http.Error(w, "the server is away", http.StatusBadGateway)
		},
	}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.before(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		m.Close()
		m.onward.CloseIdleConnections()
	})
	return m
}

// set changes the trouble.
func (m *meddler) set(t trouble) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.do, m.next = t, map[string]time.Time{}
}

const postsPath = "/api/v4/posts"

// sends says whether the request posts, edits or deletes.
func sends(r *http.Request) bool {
	return r.Method != http.MethodGet && (r.URL.Path == postsPath || strings.HasPrefix(r.URL.Path, postsPath+"/")) &&
		!strings.HasSuffix(r.URL.Path, "/ids")
}

var errUncertain = errors.New("done, and reported as failed")

// before says whether the request goes on to the server, and answers it if not.
func (m *meddler) before(w http.ResponseWriter, r *http.Request) bool {
	if !sends(r) {
		return true
	}
	channel, err := channelOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.do.failNext > 0 {
		m.do.failNext--
		http.Error(w, "the server is away", http.StatusServiceUnavailable)
		return false
	}
	if every := m.do.every[channel]; every > 0 {
		if wait := time.Until(m.next[channel]); wait > 0 {
			// A whole second is the least that a server says: the world's clock is not this one.
			w.Header().Set("Retry-After", "1")
			w.Header().Set("X-RateLimit-Reset", strconv.Itoa(1))
			http.Error(w, "limit exceeded", http.StatusTooManyRequests)
			return false
		}
		m.next[channel] = time.Now().Add(every)
	}
	return true
}

// channelOf is the channel that a new post goes to.
func channelOf(r *http.Request) (string, error) {
	if r.URL.Path != postsPath {
		return "", nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var post struct {
		Channel string `json:"channel_id"`
	}
	return post.Channel, json.Unmarshal(body, &post)
}

// after gives a post that was made out as failed.
func (m *meddler) after(resp *http.Response) error {
	if resp.Request.Method != http.MethodPost || !strings.HasSuffix(resp.Request.URL.Path, postsPath) || resp.StatusCode/100 != 2 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.do.uncertain == 0 {
		return nil
	}
	m.do.uncertain--
	return errUncertain
}
