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
	"sync/atomic"
	"time"
)

// recorder stands between a Mattermost server and the program, and times how long the program takes to answer.
type recorder struct {
	URL    string
	times  *timings
	failed atomic.Int64 // answers other than 200
	http   *http.Server
	idle   func()
	ended  chan error
}

// The two that are known of an answer besides its kind.
const (
	partAnswer = ", our answer"
	partOwn    = ", our own part"
)

type timingKey struct{}

// record starts a recorder before the program at the address.
func record(addr string, times *timings) (*recorder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("record what is asked of the program: %w", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: addr}) },
		ModifyResponse: func(resp *http.Response) error {
			if own, ok := resp.Request.Context().Value(timingKey{}).(*timing); ok {
				own.status, own.header = resp.StatusCode, resp.Header.Get("Server-Timing")
			}
			return nil
		},
		Transport: transport,
	}
	r := &recorder{URL: "http://" + l.Addr().String(), times: times, idle: transport.CloseIdleConnections, ended: make(chan error, 1)}
	r.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		began := time.Now()
		body, err := io.ReadAll(q.Body)
		if err != nil {
			http.Error(w, "the request broke off", http.StatusBadRequest)
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		var t timing
		proxy.ServeHTTP(w, q.WithContext(context.WithValue(q.Context(), timingKey{}, &t)))
		if t.status != http.StatusOK {
			r.failed.Add(1)
			return
		}
		t.add(r.times, kindOf(q.URL.Path, body), time.Since(began))
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

// timing is what is known of an answer.
type timing struct {
	status int
	header string // in which the program says how long it took by itself
}

func (t timing) add(to *timings, kind string, took time.Duration) {
	to.add(kind+partAnswer, took)
	if own, ok := ownPart(t.header); ok {
		to.add(kind+partOwn, own)
	}
}

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

// kindOf is what a request is about.
func kindOf(path string, body []byte) string {
	switch {
	case strings.HasSuffix(path, "/command"):
		return kindCommand
	case strings.HasSuffix(path, "/action"):
		return kindClick
	case bytes.Contains(body, []byte(`"type":"refresh"`)):
		return kindChange
	}
	return kindSubmit
}
