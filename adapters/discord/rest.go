package discord

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"golang.org/x/time/rate"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// rest is Discord's REST API through the library, whose ways are tamed here: it would wait for a limit, or repeat what may
// have been done, without regard to a context, and it keeps what it knows of every limit for ever.
type rest struct {
	base  *url.URL // the version included, without a slash at the end
	token string
	http  *http.Client
	files *http.Client // for what may take longer
	ahead atomic.Int64 // how far Discord's clock is ahead of ours, in milliseconds, to a second or so

	session atomic.Pointer[discordgo.Session]
	pace    *rate.Limiter // of all calls together
	until   atomic.Int64  // Discord wants no call at all before then, in milliseconds since 1970

	mu     sync.Mutex
	gates  map[string]*gate
	routes map[string]struct{} // limits that the session knows of
}

// gate lets one call after the other through to what shares a limit.
type gate struct {
	turn  chan struct{}
	users int
}

// Discord takes 50 calls a second of a bot, and shuts out for an hour who goes on regardless: in no second are there more.
// https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
const (
	paceRate  = 40
	paceBurst = 10
	paceWait  = 2 * time.Second // for which a call waits its turn
)

// routesMax is how many limits a session may know of before another one takes its place.
const routesMax = 2000

// callMax is how long a call may take.
const callMax = 15 * time.Second

func newREST(api, token string) (*rest, error) {
	base, err := url.Parse(strings.TrimRight(cmp.Or(api, discordgo.EndpointAPI), "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the API's address is none")
	}
	r := &rest{base: base, token: strings.TrimPrefix(token, "Bot "), gates: map[string]*gate{}, routes: map[string]struct{}{},
		pace: rate.NewLimiter(paceRate, paceBurst)}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	r.http = &http.Client{Timeout: callMax, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a token goes to one host only
	}}
	r.http.Transport = clocked{r, upstream.Counted{Next: transport}}
	r.files = &http.Client{Transport: transport, CheckRedirect: r.http.CheckRedirect}
	r.session.Store(r.newSession())
	return r, nil
}

func (r *rest) newSession() *discordgo.Session {
	s, err := discordgo.New("Bot " + r.token)
	if err != nil {
		panic(err) // it never fails
	}
	s.Client = &http.Client{Transport: redirected{r.base, r.http.Transport}, Timeout: callMax, CheckRedirect: r.http.CheckRedirect}
	s.StateEnabled = false
	s.MaxRestRetries = 0
	s.ShouldRetryOnRateLimit = false
	s.LogLevel = -1 // what goes wrong is in the error
	return s
}

// redirected sends what goes to Discord's API to where it was said to be.
type redirected struct {
	base *url.URL
	next http.RoundTripper
}

func (t redirected) RoundTrip(r *http.Request) (*http.Response, error) {
	rest, ok := strings.CutPrefix(r.URL.String(), discordgo.EndpointAPI)
	if !ok {
		return nil, errors.New("this is not an address of the API")
	}
	u, err := url.Parse(t.base.String() + "/" + rest)
	if err != nil {
		return nil, err
	}
	to := r.Clone(r.Context())
	to.URL, to.Host = u, u.Host
	return t.next.RoundTrip(to)
}

// clocked looks at Discord's clock.
type clocked struct {
	r    *rest
	next http.RoundTripper
}

func (c clocked) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := c.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		err = c.limited(resp)
	}
	if err == nil {
		if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			middle := began.Add(time.Since(began) / 2).Truncate(time.Second) // as exact as the header is
			c.r.ahead.Store(at.Sub(middle).Milliseconds())
		}
	}
	return resp, err
}

// limited reads what a call was refused for that came too early. What concerns all calls holds all up, and the library, which
// reads nothing else, finds in the body how long to wait.
func (c clocked) limited(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, errorMax))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	var said struct {
		Code  int      `json:"code"`
		After *float64 `json:"retry_after"` // seconds
	}
	garbled := json.Unmarshal(body, &said) != nil
	var wait time.Duration
	if said.After != nil {
		wait = seconds(*said.After)
	} else if after, err := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64); err == nil { // the same, rounded up
		wait = seconds(after)
	} else {
		wait = upstream.DownWait
	}
	switch {
	case garbled: // this is not Discord's but of what stands before it, and means our address
		wait = max(wait, upstream.LimitWait)
		c.r.until.Store(time.Now().Add(wait).UnixMilli())
	case resp.Header.Get("X-RateLimit-Global") != "":
		c.r.until.Store(time.Now().Add(wait).UnixMilli())
	case said.Code == codeOldEdits:
		wait = max(wait, oldWait)
	}
	body = encode(map[string]any{"message": "too much at once", "retry_after": wait.Seconds()})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// seconds is a time to wait, as long as one makes sense.
func seconds(n float64) time.Duration {
	return time.Duration(min(max(n, 0), retryMost.Seconds()) * float64(time.Second))
}

// errorMax is how many bytes of an answer are read that tells an error.
const errorMax = 1 << 20

// CloseIdleConnections closes those of the transport below.
func (c clocked) CloseIdleConnections() {
	if t, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// theirs is a time of ours by Discord's clock.
func (r *rest) theirs(t time.Time) time.Time {
	return t.Add(time.Duration(r.ahead.Load()) * time.Millisecond)
}

// ours is a time of Discord's by our clock.
func (r *rest) ours(t time.Time) time.Time {
	return t.Add(-time.Duration(r.ahead.Load()) * time.Millisecond)
}

func (r *rest) close() { r.http.CloseIdleConnections() }

// call is one call of the API.
type call struct {
	doing  string // for errors, such as "post a message"
	method string
	path   string // with a slash, such as "/channels/1/messages"
	query  url.Values
	limit  string // what shares a limit with it; the method and path if empty
	body   any    // what becomes JSON; nil for nothing
	files  []*discordgo.File
	out    any // what the answer's JSON is read into; nil if it does not matter
}

// do makes a call. Every error is a *chat.SendError; codeOf tells Discord's own code.
func (r *rest) do(ctx context.Context, c call) error {
	limit := cmp.Or(c.limit, c.method+" "+c.path)
	leave, err := r.enter(ctx, c.doing, limit)
	if err != nil {
		return err
	}
	defer leave()
	var body []byte
	contentType := "application/json"
	if c.body != nil {
		body = encode(c.body)
	}
	if len(c.files) > 0 {
		if contentType, body, err = discordgo.MultipartBodyWithJSON(c.body, c.files); err != nil {
			return &chat.SendError{Err: fmt.Errorf("discord: %s: %w", c.doing, err)}
		}
	}
	path := strings.TrimPrefix(c.path, "/")
	if len(c.query) > 0 {
		path += "?" + c.query.Encode()
	}
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	answer, err := r.session.Load().RequestRaw(c.method, discordgo.EndpointAPI+path, contentType, body, limit, 0,
		discordgo.WithContext(ctx), discordgo.WithRetryOnRatelimit(false), discordgo.WithRestRetries(0))
	if err == nil && c.out != nil {
		if err = json.Unmarshal(answer, c.out); err != nil && c.method == http.MethodGet && partly(err) {
			err = nil
		}
	}
	if err == nil {
		return nil
	}
	return sendError(c.doing, err)
}

// enter waits for the turn of a call. Where Discord wants to be left alone for a while the call is not made: nobody waits
// for that here.
func (r *rest) enter(ctx context.Context, doing, limit string) (leave func(), err error) {
	r.mu.Lock()
	g := r.gates[limit]
	if g == nil {
		g = &gate{turn: make(chan struct{}, 1)}
		r.gates[limit] = g
	}
	g.users++
	r.routes[limit] = struct{}{}
	if len(r.routes) > routesMax {
		r.routes = map[string]struct{}{limit: {}}
		r.session.Store(r.newSession()) // calls under way end on the old one
	}
	r.mu.Unlock()
	quit := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if g.users--; g.users == 0 {
			delete(r.gates, limit)
		}
	}
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		quit()
		return nil, sendError(doing, ctx.Err())
	}
	free := func() { <-g.turn; quit() }
	limiter := r.session.Load().Ratelimiter
	b := limiter.GetBucket(limit)
	b.Lock()
	wait := limiter.GetWaitTime(b, 1)
	b.Unlock()
	if wait = max(wait, time.Until(time.UnixMilli(r.until.Load()))); wait <= 0 {
		wait, err = r.turn(ctx)
	}
	switch {
	case err != nil:
		free()
		return nil, sendError(doing, err)
	case wait > 0:
		free()
		return nil, tooEarly(doing, wait)
	}
	return free, nil
}

// turn waits for the turn of a call among all others; if that is too long it says for how long.
func (r *rest) turn(ctx context.Context) (wait time.Duration, err error) {
	mine := r.pace.Reserve()
	wait = mine.Delay()
	if wait > paceWait {
		mine.Cancel()
		return wait, nil
	}
	select {
	case <-time.After(wait):
		return 0, nil
	case <-ctx.Done():
		mine.Cancel()
		return 0, ctx.Err()
	}
}

// errTooEarly says that a limit of Discord's is reached.
var errTooEarly = errors.New("a limit of Discord's is reached")

func tooEarly(doing string, wait time.Duration) *chat.SendError {
	return &chat.SendError{Retry: wait, Err: fmt.Errorf("discord: %s: %w", doing, errTooEarly)}
}

// respond posts what needs no token of the bot's and counts towards no limit of it: answers to interactions, whose address
// is a secret. Every error is a *chat.SendError.
func (r *rest) respond(ctx context.Context, doing, method, path string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.base.String()+path, bytes.NewReader(encode(body)))
	if err != nil {
		return &chat.SendError{Err: fmt.Errorf("discord: %s: there is no such address", doing)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", r.session.Load().UserAgent)
	resp, err := r.http.Do(req)
	if err != nil {
		return sendError(doing, err)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, errorMax))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return sendError(doing, err)
	}
	if resp.StatusCode >= http.StatusOK && resp.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	refused := &discordgo.RESTError{Response: resp, ResponseBody: answer}
	var message discordgo.APIErrorMessage
	if json.Unmarshal(answer, &message) == nil {
		refused.Message = &message
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		limited := discordgo.TooManyRequests{}
		if err := json.Unmarshal(answer, &limited); err != nil {
			limited.RetryAfter = upstream.LimitWait
		}
		return sendError(doing, &discordgo.RateLimitError{RateLimit: &discordgo.RateLimit{TooManyRequests: &limited}})
	}
	return sendError(doing, refused)
}

// trusted says whether Discord is at the URL: its own hosts for files, or where the API was said to be.
func (r *rest) trusted(u *url.URL) bool {
	if u.Scheme == r.base.Scheme && u.Host == r.base.Host {
		return true
	}
	return u.Scheme == "https" && (u.Host == "cdn.discordapp.com" || u.Host == "media.discordapp.net")
}
