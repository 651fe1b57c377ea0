package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// recorder stands between a network and the program, and notes what one asks of the other.
type recorder struct {
	URL   string
	http  *http.Server
	idle  func()
	ended chan error
}

// exchange is a request and its answer.
type exchange struct {
	method string
	path   string
	body   []byte
	began  time.Time     // when all of the request was there
	took   time.Duration // until all of the answer was
	status int           // 0 if there was none
	header http.Header
	answer []byte
}

type exchangeKey struct{}

// record starts a recorder before whoever is at the address. It tells of each request before that goes on, and of each
// answer before that goes back. Without an answer it breaks off, as the other side did.
func record(addr string, asked, answered func(*exchange)) (*recorder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("record what is asked: %w", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: addr}) },
		ModifyResponse: func(resp *http.Response) error {
			x, ok := resp.Request.Context().Value(exchangeKey{}).(*exchange)
			if !ok || resp.StatusCode == http.StatusSwitchingProtocols {
				return nil
			}
			answer, err := io.ReadAll(resp.Body)
			if err = errors.Join(err, resp.Body.Close()); err != nil {
				return fmt.Errorf("read an answer: %w", err)
			}
			resp.Body = io.NopCloser(bytes.NewReader(answer))
			x.took, x.status, x.header, x.answer = time.Since(x.began), resp.StatusCode, resp.Header, answer
			answered(x)
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, _ error) {
			if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
				answered(x)
			}
			panic(http.ErrAbortHandler)
		},
		Transport: transport,
	}
	r := &recorder{URL: "http://" + l.Addr().String(), idle: transport.CloseIdleConnections, ended: make(chan error, 1)}
	r.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		x := &exchange{method: q.Method, path: q.URL.Path, body: body, began: time.Now()}
		asked(x)
		proxy.ServeHTTP(w, q.WithContext(context.WithValue(q.Context(), exchangeKey{}, x)))
	})}
	go func() { r.ended <- r.http.Serve(l) }()
	return r, nil
}

func (r *recorder) close() error {
	err := r.http.Close()
	if ended := <-r.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	r.idle()
	return err
}

// The two that are known of an answer besides its kind.
const (
	partAnswer = ", our answer"
	partOwn    = ", our own part"
)

// answered adds how long an answer took, and how much of that the program says it took by itself.
func (t *timings) answered(kind string, took time.Duration, timing string) {
	t.add(kind+partAnswer, took)
	if own, ok := ownPart(timing); ok {
		t.add(kind+partOwn, own)
	}
}

// serverTiming is the header in which the program says how long it took.
const serverTiming = "Server-Timing"

// ownPart is how long the program took without what it waited for the server.
func ownPart(header string) (time.Duration, bool) {
	for part := range strings.SplitSeq(header, ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), "own;dur="); ok {
			d, err := time.ParseDuration(value + "ms")
			return max(d, 0), err == nil
		}
	}
	return 0, false
}
