package app_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.uber.org/goleak"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
	"balie/deploy"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/sqlite"
	"balie/internal/ticket"
)

func defaultPolicy(t *testing.T) *ticket.Policy {
	t.Helper()
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// options are those of a small helpdesk on an embedded store of its own.
func options(t *testing.T) app.Options {
	t.Helper()
	c, _, err := config.Load([]string{"BALIE_ADDR=127.0.0.1:0", "BALIE_DATA_DIR=" + t.TempDir()}, "")
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	return app.Options{Config: c, Policy: defaultPolicy(t), Playground: true, Log: log}
}

// run runs the app until the test ends, or stop is called.
func run(t *testing.T, o app.Options) (a *app.App, stop func()) {
	t.Helper()
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return a, stop
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("it never came true that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func get(t *testing.T, url string) (status int, body string, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func TestStopsWithAnOpenStream(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(),
		// The memory of people forgets by a goroutine that its library never ends.
		goleak.IgnoreAnyFunction("github.com/hashicorp/golang-lru/v2/expirable.NewLRU[...].func1"))
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	a, stop := run(t, options(t))
	c := client.New(a.URL(), nil)
	defer c.CloseIdle()

	listening, cancel := context.WithCancel(t.Context())
	up, gone := make(chan struct{}), make(chan struct{})
	hello := sync.OnceFunc(func() { close(up) })
	go func() {
		defer close(gone)
		if err := c.As("ana").Listen(listening, func(e wire.Event) {
			if e.Kind == wire.KindHello {
				hello()
			}
		}); err != nil {
			t.Errorf("listen: %v", err)
		}
	}()
	<-up
	if _, err := c.As("ana").Command(t.Context(), "general", "ticket", "help"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %s although only a stream was open", took)
	}
	if _, err := net.DialTimeout("tcp", a.Addr().String(), time.Second); err == nil {
		t.Error("somebody still listens after Run ended")
	}
	cancel()
	<-gone
	if err := a.Close(); err != nil {
		t.Errorf("Close after Run: %v", err)
	}
}

// leaving is a store that can be away.
type leaving struct {
	store.Store
	away atomic.Bool
}

var errAway = errors.New("the cable is out")

func (s *leaving) Ping(ctx context.Context) error {
	if s.away.Load() {
		return errAway
	}
	return s.Store.Ping(ctx)
}

func (s *leaving) Backlog(ctx context.Context) (int, time.Time, error) {
	if s.away.Load() {
		return 0, time.Time{}, errAway
	}
	return s.Store.Backlog(ctx)
}

func openStore(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), app.StoreFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHealthWhileTheStoreIsAway(t *testing.T) {
	o := options(t)
	s := &leaving{Store: openStore(t)}
	o.Store = s
	a, _ := run(t, o)
	look := func(path string, status int, says string) {
		t.Helper()
		got, body, _ := get(t, a.URL()+path)
		if got != status || !strings.Contains(body, says) {
			t.Errorf("%s: %d %q, expected %d and %q", path, got, body, status, says)
		}
	}
	look("/readyz", 200, "ready")
	look("/metrics", 200, "balie_store_up 1")
	s.away.Store(true)
	look("/readyz", 503, "the cable is out")
	look("/healthz", 200, "ok")
	look("/metrics", 200, "balie_store_up 0")
	s.away.Store(false)
	look("/readyz", 200, "ready")
	if _, err := client.New(a.URL(), nil).As("ana").Command(t.Context(), "general", "ticket", "mine"); err != nil {
		t.Errorf("after the store came back: %v", err)
	}
}

func TestNotReadyOnAClosedStore(t *testing.T) {
	o := options(t)
	o.Store = openStore(t)
	a, _ := run(t, o)
	if err := o.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body, _ := get(t, a.URL()+"/readyz"); status != 503 || !strings.Contains(body, "closed") {
		t.Errorf("readyz: %d %q", status, body)
	}
}

func TestNoStoreAtTheStart(t *testing.T) {
	o := options(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o.Config.Mongo.URI = config.NewSecret("mongodb://balie:hush-hush@" + host)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err = app.New(ctx, o)
	if err == nil || !strings.Contains(err.Error(), "MongoDB") || strings.Contains(err.Error(), "hush-hush") {
		t.Errorf("error: %v", err)
	}
}

func TestTheFolderBelongsToOneProcess(t *testing.T) {
	o := options(t)
	run(t, o)
	_, err := app.New(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "in use by another Balie") {
		t.Errorf("the second one: %v", err)
	}
}

func TestAnyPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, _, err := config.Load([]string{"BALIE_ADDR=" + l.Addr().String(), "BALIE_DATA_DIR=" + t.TempDir()}, "")
	if err != nil {
		t.Fatal(err)
	}
	o := options(t)
	o.Config = c
	if _, err := app.New(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another program listens on") {
		t.Errorf("a taken address: %v", err)
	}
	o.AnyPort = true
	a, _ := run(t, o)
	if a.Addr().String() == l.Addr().String() || !strings.HasSuffix(a.URL(), a.Addr().String()) {
		t.Errorf("listens on %s, is reached at %s", a.Addr(), a.URL())
	}
	if status, _, _ := get(t, a.URL()+"/healthz"); status != 200 {
		t.Errorf("healthz: %d", status)
	}
}

func TestMetrics(t *testing.T) {
	a, _ := run(t, options(t))
	openTicket(t, client.New(a.URL(), nil).As("ana"), "Screen flickers")
	_, body, _ := get(t, a.URL()+"/metrics")
	for _, line := range []string{
		`balie_event_duration_seconds_count{kind="command",outcome="ok",platform="playground"} 1`,
		`balie_event_duration_seconds_count{kind="submit",outcome="refused",platform="playground"} 1`,
		`balie_event_duration_seconds_count{kind="submit",outcome="ok",platform="playground"} 1`,
		`balie_tickets_opened_total{team="ict"} 1`,
		"balie_delivery_backlog_tickets ", "balie_delivery_oldest_seconds ", "balie_delivery_delay_seconds 0", "balie_deliveries_dead 0", "balie_playground_unheard ",
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(body, line) {
			t.Errorf("/metrics lacks %q", line)
		}
	}
}

// openTicket opens a ticket through the form, after it was refused once for want of a category.
func openTicket(t *testing.T, who client.Person, summary string) {
	t.Helper()
	answer, err := who.Command(t.Context(), "general", "ticket", summary)
	if err != nil {
		t.Fatal(err)
	}
	in := client.Filled{Values: map[string][]string{"summary": {summary}, "type": {"incident"}, "priority": {"normal"}}}
	refused, err := who.Submit(t.Context(), answer.Form, in)
	if err != nil || refused.Errors["category"] == "" {
		t.Fatalf("without a category: %v, %v", refused.Errors, err)
	}
	in.Values["category"] = []string{"other"}
	made, err := who.Submit(t.Context(), answer.Form, in)
	if err != nil || len(made.Errors) > 0 || len(made.Private) == 0 {
		t.Fatalf("open a ticket: %+v, %v", made, err)
	}
}

func TestPages(t *testing.T) {
	o := options(t)
	a, stop := run(t, o)
	status, _, header := get(t, a.URL()+"/")
	if status != http.StatusFound || header.Get("Location") != "/playground/" {
		t.Errorf("the front page of a playground: %d to %q", status, header.Get("Location"))
	}
	if status, body, _ := get(t, a.URL()+"/playground/"); status != 200 || !strings.Contains(body, "<html") {
		t.Errorf("the playground: %d %.80q", status, body)
	}
	stop()
	o.Playground = false
	a, _ = run(t, o)
	status, body, header := get(t, a.URL()+"/")
	if status != 200 || !strings.Contains(body, "/ticket") {
		t.Errorf("the front page: %d %q", status, body)
	}
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
		if header.Get(name) == "" {
			t.Errorf("the front page has no %s", name)
		}
	}
	if status, _, _ := get(t, a.URL()+"/playground/"); status != 404 {
		t.Errorf("the playground where there is none: %d", status)
	}
}
