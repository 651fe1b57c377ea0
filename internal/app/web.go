package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sirupsen/logrus"

	"balie/adapters/playground"
	"balie/internal/chat"
	"balie/internal/i18n"
)

const (
	askStore     = 2 * time.Second // for health and metrics
	readLimit    = 2 * time.Minute // a slow upload of the largest file
	headerLimit  = 10 * time.Second
	idleLimit    = 2 * time.Minute
	headerBytes  = 64 << 10
	streamAccept = "text/event-stream"
)

// serverName is how every answer says whose it is.
const serverName = "balie"

// newServer is the HTTP server.
func newServer(h http.Handler, log *logrus.Logger) *http.Server {
	return &http.Server{
		Handler:           withStreams(h),
		ReadHeaderTimeout: headerLimit,
		ReadTimeout:       readLimit,
		WriteTimeout:      readLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          newServerLog(log),
	}
}

// withStreams lets live streams last longer than other requests.
func withStreams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), streamAccept) {
			control := http.NewResponseController(w)
			if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})); err != nil {
				http.Error(w, "live streams are not possible on this connection", http.StatusNotImplemented)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// routes are all that HTTP serves.
func (a *App) routes(o Options, m *metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { a.plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: o.Log, ErrorHandling: promhttp.ContinueOnError}))
	for _, p := range a.platform {
		hooks := p.Hooks(a.handle)
		switch {
		case hooks == nil:
		case o.Playground && p.Name() == playgroundName:
			mux.Handle(playground.Prefix, hooks)
		default:
			mux.Handle("/hooks/"+p.Name()+"/", hooks)
		}
	}
	for _, p := range a.platform {
		if installed, ok := p.(installer); ok {
			mux.Handle("/"+p.Name()+"/", installed.Install())
		}
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if o.Playground {
			http.Redirect(w, r, playground.Prefix, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		a.write(w, frontPage)
	})
	return a.recovered(secured(mux))
}

// installer is a platform whose admins connect their workspace on pages of ours.
type installer interface{ Install() http.Handler }

const frontPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Balie</title>
<h1>Balie</h1>
<p>This is a helpdesk that lives in team chat. Type <code>/ticket</code> there to ask something.</p>
<p lang="nl">Dit is een helpdesk die in de teamchat leeft. Typ daar <code>/ticket</code> om iets te vragen.</p>
</html>
`

// ready says whether the app can take work: 200, or 503 and why.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), askStore)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.plain(w, http.StatusServiceUnavailable, "not ready: the store can't take work now: "+err.Error())
		return
	}
	a.plain(w, http.StatusOK, "ready")
}

func (a *App) plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	a.write(w, text+"\n")
}

func (a *App) write(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		a.log.WithError(err).Debug("nobody waited for an answer")
	}
}

// secured sets the headers that every answer has, unless its handler knows better ones.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Server", serverName)
		next.ServeHTTP(w, r)
	})
}

// recovered answers for a handler that panicked, and logs it under a reference that the answer names.
func (a *App) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // how a handler hangs up
			}
			ref := reference()
			a.log.WithFields(logrus.Fields{"ref": ref, "method": r.Method, "path": r.URL.Path, "stack": string(debug.Stack())}).
				Errorf("a request could not be answered: %v", v)
			a.plain(w, http.StatusInternalServerError, "Something went wrong here. If it stays like this, tell your administrator the reference "+ref+".")
		}()
		next.ServeHTTP(w, r)
	})
}

// guarded turns a panic of h into an answer, for adapters whose goroutines nobody else watches.
func (a *App) guarded(h chat.Handler) chat.Handler {
	return func(ctx context.Context, e chat.Event) (r chat.Reply, err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			ref := reference()
			a.log.WithFields(logrus.Fields{"ref": ref, "platform": e.Platform, "event": e.ID, "stack": string(debug.Stack())}).
				Errorf("an event could not be handled: %v", v)
			text := i18n.In(a.policy.Language(e.Person.Locale)).Say("internal", "ref", ref)
			r = chat.Reply{Text: text}
			if e.Submit != nil {
				r.Errors = map[string]string{"": text}
			}
			err = fmt.Errorf("an event could not be handled, see reference %s", ref)
		}()
		return h(ctx, e)
	}
}

// reference names one failure, to find it in the log.
func reference() string { return strings.ToLower(rand.Text()[:8]) }
