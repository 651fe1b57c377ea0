package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// backlog is what /metrics says of deliveries that wait.
type backlog struct {
	at      time.Time
	tickets int
	delay   float64 // seconds
}

// gauges are looks at a server's metrics, one each second.
type gauges struct {
	stop func()

	mu  sync.Mutex
	all []backlog
}

// watch looks at the server's metrics until ctx ends, or stop is called.
func (s *server) watch(ctx context.Context) *gauges {
	ctx, cancel := context.WithCancel(ctx)
	g := &gauges{}
	ended := make(chan struct{})
	g.stop = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		for pause(ctx, time.Second) == nil {
			now, err := s.backlog(ctx)
			if err != nil {
				continue // it is missed where it is looked for
			}
			g.mu.Lock()
			g.all = append(g.all, now)
			g.mu.Unlock()
		}
	}()
	return g
}

// last is what was seen last; nothing if that is old.
func (g *gauges) last() backlog {
	const old = 5 * time.Second
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.all); n > 0 && time.Since(g.all[n-1].at) < old {
		return g.all[n-1]
	}
	return backlog{}
}

// empty is how long after that moment nothing waited any more, for which it waits itself for a while.
func (g *gauges) empty(ctx context.Context, since time.Time) string {
	for range 60 {
		g.mu.Lock()
		i := slices.IndexFunc(g.all, func(b backlog) bool { return b.at.After(since) && b.tickets == 0 })
		if i >= 0 {
			defer g.mu.Unlock()
			return g.all[i].at.Sub(since).Round(100 * time.Millisecond).String()
		}
		g.mu.Unlock()
		if pause(ctx, time.Second) != nil {
			break
		}
	}
	return "never"
}

// backlog reads the server's metrics.
func (s *server) backlog(ctx context.Context) (b backlog, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		return b, fmt.Errorf("read the metrics: %w", err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return b, fmt.Errorf("read the metrics: %w", err)
	}
	defer resp.Body.Close()
	b.at = time.Now()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		v, err := strconv.ParseFloat(value, 64)
		switch name {
		case "balie_delivery_backlog_tickets":
			b.tickets = int(v)
		case "balie_delivery_delay_seconds":
			b.delay = v
		default:
			continue
		}
		if err != nil {
			return b, fmt.Errorf("read the metrics: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return b, fmt.Errorf("read the metrics: %w", err)
	}
	return b, nil
}
