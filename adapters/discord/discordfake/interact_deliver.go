package discordfake

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"balie/adapters/fakeserver"
)

// do delivers an interaction and waits for what the person sees of it.
func (u *User) do(ctx context.Context, in *interaction, data map[string]any) (Answer, error) {
	s := u.s
	if !s.host.Begin() {
		return Answer{}, fakeserver.ErrClosed
	}
	defer s.host.Done()
	s.mu.Lock()
	in.payload = mustJSON(s.wireInteraction(in, data))
	s.mu.Unlock()
	return u.deliver(ctx, in)
}

// deliver hands an interaction to the app and waits until the person sees what came of it.
func (u *User) deliver(ctx context.Context, in *interaction) (Answer, error) {
	s := u.s
	answered := s.watch(in)
	status, err := s.hand(ctx, in)
	if err != nil {
		return Answer{}, err
	}
	if in.answeredAs() != 0 {
		answered()
	}
	s.await(ctx, in.settled, s.settleTime(in))
	if err := ctx.Err(); err != nil {
		return Answer{}, fmt.Errorf("waiting for the app: %w", err)
	}
	return u.look(in, status), nil
}

// settleMax is how long people look at something that is loading.
const settleMax = 10 * time.Second

// settleTime is how long to wait for what the app promised.
func (s *Server) settleTime(in *interaction) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.loading && in.answered == answerLater {
		return settleMax
	}
	return 0
}

func (in *interaction) answeredAs() int {
	in.by.s.mu.Lock()
	defer in.by.s.mu.Unlock()
	return in.answered
}

// await waits for something at most so long; it says whether it came.
func (s *Server) await(ctx context.Context, what <-chan struct{}, most time.Duration) bool {
	if most <= 0 {
		select {
		case <-what:
			return true
		default:
			return false
		}
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-what:
		return true
	case <-timer.C:
	case <-ctx.Done():
	case <-s.host.Context().Done():
	}
	return false
}

func (s *Server) watch(in *interaction) (answered func()) {
	r := Request{Kind: "interaction", Payload: in.payload}
	s.clients.mu.Lock()
	s.clients.delivered = append(s.clients.delivered, r)
	if n := len(s.clients.delivered); n > 2*keptRequests {
		s.clients.delivered = append([]Request(nil), s.clients.delivered[n-keptRequests:]...)
	}
	s.clients.mu.Unlock()
	if s.o.Watch != nil {
		if answered = s.o.Watch(r); answered != nil {
			return answered
		}
	}
	return func() {}
}

// keptRequests is how many interactions Delivered gives.
const keptRequests = 1000

// Delivered are the latest interactions that went to the app, the oldest first; what was repeated is in it as often.
func (s *Server) Delivered() []Request {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	return append([]Request(nil), s.clients.delivered...)
}

// hand gives an interaction to the app by the way that is set, and waits for the first answer. The status is of an HTTP answer.
func (s *Server) hand(ctx context.Context, in *interaction) (status int, err error) {
	s.mu.Lock()
	to := s.endpoint
	if to == "" {
		s.dispatch(dispatch{event: "INTERACTION_CREATE", full: in.payload})
	}
	s.mu.Unlock()
	if to == "" {
		s.await(ctx, in.first, s.o.InteractionLife)
		return 0, nil
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.o.InteractionLife)
	defer cancel()
	stop := context.AfterFunc(s.host.Context(), cancel)
	defer stop()
	status, body, err := s.postTo(limited, to, s.Sign(in.payload, time.Now()), in.payload)
	if err != nil {
		return 0, nil // which is as no answer
	}
	if status == http.StatusAccepted { // the app answers by a call
		s.await(ctx, in.first, s.o.InteractionLife-time.Since(began))
		return status, nil
	}
	if status != http.StatusOK {
		return status, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.sent.Add(Sent{Route: "POST " + callbackRoute, Path: "/interactions/" + in.id + "/" + in.token + "/callback", Body: body})
	if no := s.respond(in, body, nil); no != nil && no != alreadyAnswered {
		s.host.Note("the answer to an interaction was refused: %s %s", no.message, mustJSON(no.errors))
	}
	return status, nil
}

// Deliver has interactions sent to the app over HTTP from now on, below that address; if it is empty they go over the gateway.
// As Discord does, it first looks whether the app checks signatures. https://docs.discord.com/developers/interactions/overview
func (s *Server) Deliver(base string) {
	s.mu.Lock()
	s.endpoint = ""
	if base != "" {
		s.endpoint = strings.TrimRight(base, "/") + interactionPath
	}
	to := s.endpoint
	s.mu.Unlock()
	s.httpClient().CloseIdleConnections()
	if to == "" {
		return
	}
	if err := s.Probe(s.host.Context(), to); err != nil {
		s.host.Problem("Discord would not take the endpoint: %v", err)
	}
}

// Probe looks whether an app answers a PING, and refuses one with a wrong signature.
func (s *Server) Probe(ctx context.Context, to string) error {
	s.mu.Lock()
	body := mustJSON(map[string]any{"id": s.id(), "application_id": s.ApplicationID, "type": pingInteraction, "token": rand.Text(), "version": 1,
		"user": wireUser(s.bot), "entitlements": []any{}, "authorizing_integration_owners": map[string]any{}})
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.o.InteractionLife)
	defer cancel()
	status, answer, err := s.postTo(ctx, to, s.Sign(body, time.Now()), body)
	if err != nil {
		return err
	}
	var pong struct{ Type int }
	if status != http.StatusOK || json.Unmarshal(answer, &pong) != nil || pong.Type != pingInteraction {
		return fmt.Errorf("a PING was answered with status %d: %.100s", status, answer)
	}
	header := s.Sign(append([]byte("x"), body...), time.Now())
	status, _, err = s.postTo(ctx, to, header, body)
	if err != nil {
		return err
	}
	if status != http.StatusUnauthorized {
		return fmt.Errorf("a PING with a wrong signature was answered with status %d", status)
	}
	return nil
}

// Hooks is where interactions go over HTTP; empty if they go over the gateway.
func (s *Server) Hooks() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endpoint
}

// Sign are the headers of a body that is sent at that time.
func (s *Server) Sign(body []byte, at time.Time) http.Header { return signed(s.key, body, at) }

// SignOther is Sign with another key than the app's.
func (s *Server) SignOther(body []byte, at time.Time) http.Header {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // it never fails
	}
	return signed(key, body, at)
}

func signed(key ed25519.PrivateKey, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{"Content-Type": {"application/json"}, "X-Signature-Timestamp": {stamp},
		"X-Signature-Ed25519": {hex.EncodeToString(ed25519.Sign(key, append([]byte(stamp), body...)))}}
}

// Post sends any body to where the app takes interactions, with these headers, as anybody could. It gives the status and what
// was answered.
func (s *Server) Post(ctx context.Context, header http.Header, body []byte) (int, string, error) {
	status, answer, err := s.postTo(ctx, s.Hooks(), header, body)
	return status, string(answer), err
}

func (s *Server) httpClient() *http.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients.http == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 64
		s.clients.http = &http.Client{Transport: t}
	}
	return s.clients.http
}

func (s *Server) postTo(ctx context.Context, to string, header http.Header, body []byte) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("making a request: %w", err)
	}
	r.Header = header.Clone()
	r.Header.Set("User-Agent", "Discord-Interactions/1.0 (+https://discord.com)")
	resp, err := s.httpClient().Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("sending a request: %w", err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, nil, fmt.Errorf("reading an answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}
