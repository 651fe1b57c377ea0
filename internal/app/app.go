// Package app is the program as a value: it builds a helpdesk out of the environment, serves it until told to stop, and
// leaves nothing behind. Command balie and the tests run the same one.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"

	"balie/bot"
	"balie/internal/chat"
	"balie/internal/config"
	"balie/internal/desk"
	"balie/internal/store"
	"balie/internal/ticket"
)

// Options are what an App is built from.
type Options struct {
	Config config.Config
	// Store is used, and closed, in place of the one that Config names, if it is set.
	Store store.Store
	// Policy is how the helpdesk works.
	Policy *ticket.Policy
	// Playground connects the chat in the browser, where anybody can be anybody: for trying out only.
	Playground bool
	// Crowd is how many people there are in the playground besides the demo's, for benchmarks and crash tests: see crowd.
	Crowd int
	// Sample puts a month of tickets into a store that has none, in the playground.
	Sample bool
	// AnyPort takes a free port if the address's own is taken.
	AnyPort bool
	// Pace is how busy the bot is; zero for what suits production.
	Pace bot.Pace
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	Log *logrus.Logger
}

// App is a running, or soon running, helpdesk. New makes one, Run serves it.
type App struct {
	log      *logrus.Logger
	store    store.Store
	policy   *ticket.Policy
	bot      *bot.Bot
	handle   chat.Handler // the bot's, measured and guarded
	platform []chat.Platform
	listener net.Listener
	server   *http.Server
	url      string
	sample   func(context.Context) error // what to do between listening and delivering; nil for nothing

	closing sync.Once
	closed  error
}

// New opens the store, puts the helpdesk together and listens, so that Addr and URL are known; Run answers. Whoever does
// not call Run calls Close. Errors are sentences for admins.
func New(ctx context.Context, o Options) (_ *App, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &App{log: o.Log, policy: o.Policy}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.store = o.Store; a.store == nil {
		if a.store, err = OpenStore(ctx, o.Config, o.Log); err != nil {
			return nil, err
		}
	}
	seen := newMetrics(a.store, o.Now)
	a.store = seen.counting(a.store)

	secret, err := signingSecret(ctx, o.Config, a.store)
	if err != nil {
		return nil, err
	}
	// Before anything is connected: the networks have to be told where they reach us.
	if a.listener, err = listen(ctx, o.Config.Addr, o.AnyPort); err != nil {
		return nil, err
	}
	a.url = reachedAt(o.Config, a.listener.Addr())
	if a.platform, err = networks(o, a.store, secret, a.url, seen); err != nil {
		return nil, err
	}
	if o.Playground {
		a.policy = tryOut(a.policy, a.platform)
		p, err := newPlayground(o, a.policy, a.store, secret)
		if err != nil {
			return nil, err
		}
		a.platform = append(a.platform, p)
		seen.watchPlayground(p.Unheard)
	}
	d := desk.New(a.store, a.policy, o.Now)
	a.bot = bot.New(bot.Options{Desk: d, Platforms: a.platform, Log: o.Log, Now: o.Now, Pace: o.Pace})
	seen.watch(a.bot.Delay)
	a.handle = a.guarded(seen.handler(a.bot.Handle))
	if err := a.bot.Prepare(ctx); err != nil {
		return nil, fmt.Errorf("prepare the helpdesk: %w", err)
	}
	if o.Playground && o.Sample {
		a.sample = func(ctx context.Context) error { return a.addSample(ctx, d, o.Now) }
	}
	a.server = newServer(a.routes(o, seen), o.Log)
	return a, nil
}

// Addr is where the app listens.
func (a *App) Addr() net.Addr { return a.listener.Addr() }

// URL is how others reach it, without a slash at the end.
func (a *App) URL() string { return a.url }

// Close gives back what New took. Run does it by itself.
func (a *App) Close() error {
	a.closing.Do(func() {
		if a.listener != nil {
			if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				a.closed = fmt.Errorf("stop listening: %w", err)
			}
		}
		if a.store != nil {
			if err := a.store.Close(); err != nil {
				a.closed = errors.Join(a.closed, fmt.Errorf("close the store: %w", err))
			}
		}
	})
	return a.closed
}

// secretName is the setting that keeps the key for what we sign.
const secretName = "secret"

// signingSecret is the key from the environment, else the one kept in the store, made at the first start.
func signingSecret(ctx context.Context, c config.Config, s store.Store) ([]byte, error) {
	if c.Secret.IsSet() {
		return []byte(c.Secret.Reveal()), nil
	}
	secret, err := s.Setting(ctx, secretName, func() ([]byte, error) {
		key := make([]byte, 32)
		_, err := rand.Read(key)
		return key, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the secret kept in the store: %w", err)
	}
	return secret, nil
}

// listen listens on the address or, if that is taken and anyPort allows it, on a free port of the same host.
func listen(ctx context.Context, addr string, anyPort bool) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) && anyPort {
		host, _, splitErr := net.SplitHostPort(addr)
		if splitErr != nil {
			return nil, fmt.Errorf("listen on %s: %w", addr, splitErr)
		}
		l, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s already: stop it, or choose another address with BALIE_ADDR or --addr", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// reachedAt is the configured URL, with the port that we really listen on where the URL has the one that was asked for.
func reachedAt(c config.Config, at net.Addr) string {
	_, asked, err := net.SplitHostPort(c.Addr)
	tcp, ok := at.(*net.TCPAddr)
	u, parseErr := url.Parse(c.URL)
	if err != nil || !ok || parseErr != nil || u.Port() != asked {
		return c.URL
	}
	u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(tcp.Port))
	return u.String()
}
