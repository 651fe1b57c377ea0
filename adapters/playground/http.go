package playground

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// Prefix is where the handler of Hooks has to be mounted, path kept.
const Prefix = "/playground/"

// requestMax bounds the body of an action, in bytes.
const requestMax = 1 << 20

//go:embed static
var static embed.FS

// problem is why a request was refused, told to the person.
type problem struct {
	status  int
	Code    string
	Message string
	retry   time.Duration
	cause   error
}

func (e *problem) Error() string {
	if e.cause != nil {
		return "playground: " + e.Code + ": " + e.cause.Error()
	}
	return "playground: " + e.Code
}

func (e *problem) Unwrap() error { return e.cause }

// endpoint serves a request. An error becomes the answer: a *problem as it is, any other as "try again", and logged.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// Hooks is the chat itself: its pages, its API and its live events, to be mounted at Prefix.
func (p *Playground) Hooks(h chat.Handler) http.Handler {
	pages, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+Prefix, http.StripPrefix(Prefix, http.FileServerFS(pages)))
	mux.HandleFunc("GET "+Prefix+"avatars/{name}", serveAvatar)
	get := func(path string, e endpoint) { mux.Handle("GET "+Prefix+"api/"+path, p.serve(e)) }
	get("workspace", p.serveWorkspace)
	get("messages", p.serveMessages)
	get("thread", p.serveThread)
	get("events", p.serveEvents)
	get("files/{message}/{file}", p.serveFile)
	get("faults", p.serveFaults)
	post := func(path string, e endpoint) { mux.Handle("POST "+Prefix+"api/"+path, p.serve(e)) }
	post("upload", p.serveUpload)
	post("faults", p.serveSetFaults)
	for path, act := range map[string]action{
		"send": p.say, "edit": p.editSaid, "delete": p.takeBack, "react": p.react,
		"command": p.command, "shortcut": p.shortcut, "click": p.click,
		"submit": p.submit, "change": p.changeForm, "close": p.closeForm,
	} {
		post(path, p.serveAction(h, act))
	}
	return p.guard(http.NewCrossOriginProtection().Handler(mux))
}

// heads are the headers that every answer begins with.
var heads = http.Header{
	"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
		"connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Cache-Control":                {"no-cache"},
}

// guard refuses what comes for another host, so that no foreign name can be pointed at us, and sets the headers that
// every answer has.
func (p *Playground) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), heads)
		if !p.ours(r.Host) {
			p.refuse(w, &problem{status: 421, Code: "host", Message: "The playground answers only to its own address."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Playground) ours(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || p.hosts[host]
}

func (p *Playground) serve(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := e(w, r); err != nil {
			p.refuse(w, err)
		}
	})
}

// refuse answers with what went wrong. What is not the person's doing is logged.
func (p *Playground) refuse(w http.ResponseWriter, err error) {
	var told *problem
	if !errors.As(err, &told) {
		told = &problem{status: 503, Code: "unavailable", Message: "That could not be stored just now. Please try again in a moment.", retry: time.Second}
		if !errors.Is(err, context.Canceled) {
			p.log.WithError(err).Warn("playground: a request could not be served")
		}
	}
	if told.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(told.retry.Seconds()+0.999)))
	}
	body, err := json.Marshal(map[string]wire.Problem{"error": {Code: told.Code, Message: told.Message}})
	if err != nil {
		panic(err) // strings only
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(told.status)
	if _, err := w.Write(body); err != nil {
		p.log.WithError(err).Debug("playground: nobody waited for the answer")
	}
}

// reply answers with JSON. The length is set, so that the client has the whole answer before we are quite done.
func reply(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("playground: encode an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	// That nobody waits for the answer any more changes nothing: what was done is done.
	_, _ = w.Write(body)
	return nil
}

// persona is who somebody claims to be; nobody logs in here.
func (p *Playground) persona(id string) (*Persona, error) {
	who := p.people[id]
	if who == nil {
		return nil, &problem{status: 404, Code: "no_person", Message: "There is no such person in this workspace."}
	}
	return who, nil
}

var noncePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

func checkNonce(nonce string) error {
	if !noncePattern.MatchString(nonce) {
		return &problem{status: 400, Code: "nonce", Message: "The request needs a nonce of 8 to 64 letters, digits, - and _."}
	}
	return nil
}

// action does what a person asks. It calls done exactly once; what it does after that, the person does not wait for.
type action func(ctx context.Context, h chat.Handler, who *Persona, req *wire.Request, done func(wire.Answer, error))

// serveAction checks the request and answers in time, even if the bot does not.
func (p *Playground) serveAction(h chat.Handler, act action) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		req := &wire.Request{}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, requestMax)).Decode(req); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return &problem{status: 413, Code: "too_large", Message: "That is too long to take in."}
			}
			return &problem{status: 400, Code: "malformed", Message: "The request is not one."}
		}
		who, err := p.persona(req.As)
		if err != nil {
			return err
		}
		if err := checkNonce(req.Nonce); err != nil {
			return err
		}
		answer := &answerOnce{p: p, w: w}
		slow := time.AfterFunc(p.opts.AnswerWithin, func() {
			answer.give(wire.Answer{}, &problem{status: 504, Code: "slow", Message: "The helpdesk did not answer in time. Please try again.", retry: time.Second})
		})
		defer answer.end()
		defer slow.Stop()
		// Who hangs up has still done it: only the time limit ends the work.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), p.opts.AnswerWithin)
		defer cancel()
		act(ctx, h, who, req, answer.give)
		return nil
	}
}

// answerOnce answers a request, once.
type answerOnce struct {
	p     *Playground
	w     http.ResponseWriter
	mu    sync.Mutex
	given bool
}

// give answers at once: the person has the whole answer before the request has ended.
func (a *answerOnce) give(answer wire.Answer, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.given {
		return
	}
	a.given = true
	if err == nil {
		err = reply(a.w, answer)
	}
	if err != nil {
		a.p.refuse(a.w, err)
	}
	// That nobody waits for the answer any more changes nothing: what was done is done.
	_ = http.NewResponseController(a.w).Flush()
}

// end makes sure that nothing is answered any more: not even by a time limit that ran out just now.
func (a *answerOnce) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.given = true
}
