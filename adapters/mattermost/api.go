package mattermost

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/patient"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// api is the server's REST interface, at the pace that the server allows.
type api struct {
	*model.Client4
	pacer *pacer
}

func newAPI(url, token string) *api {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.ResponseHeaderTimeout = 30 * time.Second
	p := &pacer{next: transport, idle: transport.CloseIdleConnections, back: make(chan struct{}, 1)}
	c := model.NewAPIv4Client(url)
	c.HTTPClient = &http.Client{Transport: upstream.Counted{Next: p}}
	c.SetToken(token)
	return &api{Client4: c, pacer: p}
}

func (a *api) close() { a.pacer.idle() }

// pacer holds requests back while the server says that there were too many. Its limit counts for everything that the bot
// does, so one refusal holds up all of it.
type pacer struct {
	next http.RoundTripper
	idle func()

	away atomic.Bool   // the last request found nobody
	back chan struct{} // told when one finds somebody again

	mu    sync.Mutex
	until time.Time // when requests may go on
}

// most is how long a request waits for its turn; whoever wants to wait longer does it without holding anything up.
const most = 5 * time.Second

// RoundTrip sends a request when the server takes it.
func (p *pacer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.turn(r.Context()); err != nil {
		return nil, err
	}
	resp, err := p.next.RoundTrip(r)
	switch {
	case err != nil:
		if r.Context().Err() == nil {
			p.away.Store(true)
		}
	case resp.StatusCode > http.StatusInternalServerError:
		p.away.Store(true)
	case p.away.CompareAndSwap(true, false):
		select {
		case p.back <- struct{}{}:
		default:
		}
	}
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		p.hold(patient.After(resp.Header))
	}
	return resp, err
}

// turn waits until requests may go on.
func (p *pacer) turn(ctx context.Context) error {
	p.mu.Lock()
	wait := time.Until(p.until)
	p.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	wait += rand.N(100 * time.Millisecond) // not all at once
	if deadline, ok := ctx.Deadline(); wait > most || ok && time.Until(deadline) < wait {
		return &limitError{wait}
	}
	return patient.Wait(ctx, wait)
}

func (p *pacer) hold(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// limitError is a request that was not sent because the server asked to wait.
type limitError struct{ wait time.Duration }

func (e *limitError) Error() string { return fmt.Sprintf("the server asked to wait, %s more", e.wait) }

// sendError says what a failed request means. Its text is the server's own, which has no secrets in it.
func (m *Mattermost) sendError(doing string, resp *model.Response, err error) *chat.SendError {
	var app *model.AppError
	if errors.As(err, &app) {
		err = fmt.Errorf("%s: %s (%s)", doing, app.Message, app.Id)
	} else {
		err = fmt.Errorf("%s: %w", doing, err)
	}
	e := &chat.SendError{Err: err}
	var limited *limitError
	switch {
	case errors.As(err, &limited):
		e.Retry = limited.wait
	case resp == nil || resp.StatusCode > http.StatusInternalServerError:
		e.Retry = upstream.AboutDownWait()
	case resp.StatusCode == http.StatusInternalServerError: // perhaps of this request alone
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Retry = patient.After(resp.Header)
	case resp.StatusCode == http.StatusUnauthorized:
		e.Blocked = "the bot's access token is not valid any more, or its account was disabled: make a new token with " +
			"`balie mattermost setup`, or enable the account"
	case resp.StatusCode == http.StatusNotFound:
		e.Gone = true
	case resp.StatusCode == http.StatusForbidden:
		e.Blocked = "the bot may not do that: add it to the team and the channel again"
	case app != nil && (app.Id == "api.post.create_post.root_id.app_error" || app.Id == "api.post.update_post.find.app_error"):
		e.Gone = true
	case app != nil && archived(app):
		e.Blocked = "the channel is archived: unarchive it, or name another one in the policy"
	case resp.StatusCode >= 400:
		e.Refused = err.Error()
	}
	return e
}

// archived says whether the server refused because of an archived channel, which it does under several names.
func archived(e *model.AppError) bool {
	switch e.Id {
	case "api.post.create_post.can_not_post_to_deleted.error", "api.post.update_post.can_not_update_post_in_deleted.error",
		"api.post.patch_post.can_not_update_post_in_deleted.error", "api.post.delete_post.can_not_delete_post_in_deleted.error":
		return true
	}
	return false
}
