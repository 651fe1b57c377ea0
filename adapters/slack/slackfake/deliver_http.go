package slackfake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answerTime is how long Slack waits for an answer, unless it was told another time.
const answerTime = 3 * time.Second

// Patience is how long Slack waits for an answer from now on, so that a test need not.
func (s *Server) Patience(d time.Duration) {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	s.delivery.patience = d
}

// What Slack tells people when the app does not answer.
const (
	dispatchFailed    = "dispatch_failed"
	operationTimeout  = "operation_timeout"
	troubleConnecting = "We had some trouble connecting. Try again?"
)

// The kinds of what is delivered, which are also the ends of their addresses.
const (
	commands     = "commands"
	interactions = "interactions"
	events       = "events"
)

// delivery is the way to the app. It has a lock of its own, and is never locked before the server's.
type delivery struct {
	http *http.Client

	mu          sync.Mutex // guards what follows
	base        string     // where the app takes requests; empty if it comes for them
	patience    time.Duration
	tickets     map[string]bool
	sockets     []*socket
	turn        int
	requests    []Request
	last        map[string]<-chan struct{} // ends when the app heard what it did last, by channel
	undelivered []*happening
	lose, twice int
	held        []*happening
	holding     bool

	// These are guarded by the server's lock.
	captured *capture
	screens  map[string]*screen
}

// Request is something that was delivered, as it went out.
type Request struct {
	Kind    string // "commands", "interactions" or "events"
	Payload json.RawMessage
}

// parcel is something to deliver. The payload is JSON, also where it goes out as a form.
type parcel struct {
	kind    string
	payload json.RawMessage
	attempt int
	reason  string
	later   time.Duration // how far ahead of now it is signed
}

// receipt is what came back.
type receipt struct {
	status  int
	body    []byte
	json    bool
	noRetry bool
	failed  string // what went wrong, as Slack calls it; empty if it was taken
}

func (s *Server) startDelivery() {
	s.delivery.http = &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// stopDelivery ends what is under way; the server's context has ended.
func (s *Server) stopDelivery() {
	s.CutSockets()
	s.host.Go(s.delivery.http.CloseIdleConnections)
}

// Deliver says where the app takes requests from now on: below base, such as "http://127.0.0.1:1/hooks/slack". If it is
// empty they go over the sockets.
func (s *Server) Deliver(base string) {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	s.delivery.base = strings.TrimRight(base, "/")
	s.delivery.http.CloseIdleConnections()
}

// Delivered is all that went to the app, the oldest first; what was repeated is in it as often.
func (s *Server) Delivered() []Request {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	return append([]Request(nil), s.delivery.requests...)
}

// Hooks is where the app takes requests; empty if they go over the sockets.
func (s *Server) Hooks() string {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	return s.delivery.base
}

// Sign is the signature of a body that is sent at that time.
func (s *Server) Sign(body []byte, at time.Time) http.Header { return Sign(s.SigningSecret, body, at) }

// Sign is the signature of a body with any secret.
func Sign(secret string, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))}}
}

// Post sends any body to the app, below its address, with these headers, as anybody could. It gives the status and what
// was answered.
func (s *Server) Post(ctx context.Context, path string, header http.Header, body []byte) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Hooks()+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("making a request: %w", err)
	}
	r.Header = header.Clone()
	resp, err := s.delivery.http.Do(r)
	if err != nil {
		return 0, "", fmt.Errorf("sending a request: %w", err)
	}
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), errors.Join(err, resp.Body.Close())
}

// hand delivers something once, by the way that is set.
func (s *Server) hand(ctx context.Context, p parcel, not *socket) (receipt, *socket) {
	d := &s.delivery
	d.mu.Lock()
	base, patience := d.base, cmp.Or(d.patience, answerTime)
	d.requests = append(d.requests, Request{p.kind, p.payload})
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stop := context.AfterFunc(s.host.Context(), cancel)
	defer stop()
	answered := s.watch(Request{p.kind, p.payload})
	r, by := receipt{}, (*socket)(nil)
	if base == "" {
		r, by = d.overSocket(ctx, p, not)
	} else {
		r = s.overHTTP(ctx, base, p)
	}
	if r.failed == "" {
		answered()
	}
	return r, by
}

func (s *Server) watch(r Request) (answered func()) {
	if s.o.Watch != nil {
		if answered = s.o.Watch(r); answered != nil {
			return answered
		}
	}
	return func() {}
}

func (s *Server) overHTTP(ctx context.Context, base string, p parcel) receipt {
	body, kind, err := encode(p)
	if err != nil {
		return receipt{failed: dispatchFailed}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/"+p.kind, bytes.NewReader(body))
	if err != nil {
		return receipt{failed: dispatchFailed}
	}
	r.Header = s.Sign(body, time.Now().Add(p.later))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept", "application/json,*/*")
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	if p.attempt > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(p.attempt))
		r.Header.Set("X-Slack-Retry-Reason", p.reason)
	}
	resp, err := s.delivery.http.Do(r)
	if err != nil {
		return receipt{failed: why(ctx)}
	}
	answer, err := io.ReadAll(resp.Body)
	if errors.Join(err, resp.Body.Close()) != nil {
		return receipt{failed: why(ctx)}
	}
	is, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	out := receipt{status: resp.StatusCode, body: answer, json: err == nil && is == "application/json"}
	out.noRetry = resp.Header.Get("X-Slack-No-Retry") == "1"
	if out.status < 200 || out.status > 299 {
		out.failed = dispatchFailed
	}
	return out
}

func why(ctx context.Context) string {
	if ctx.Err() != nil {
		return operationTimeout
	}
	return dispatchFailed
}

// encode is the body of a request.
func encode(p parcel) (body []byte, contentType string, err error) {
	const form = "application/x-www-form-urlencoded"
	switch p.kind {
	case commands:
		var fields map[string]string
		if err := json.Unmarshal(p.payload, &fields); err != nil {
			return nil, "", fmt.Errorf("a command's fields: %w", err)
		}
		values := url.Values{}
		for k, v := range fields {
			values.Set(k, v)
		}
		return []byte(values.Encode()), form, nil
	case interactions:
		return []byte(url.Values{"payload": {string(p.payload)}}.Encode()), form, nil
	default:
		return p.payload, "application/json", nil
	}
}
