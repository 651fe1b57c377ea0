package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// link is one person's open connection to the server. Requests are put together by hand and answers are searched rather
// than decoded: driver and server share the machine, and what the driver needs the server lacks.
type link struct {
	host string
	tcp  net.Conn
	in   *bufio.Reader
	out  []byte
	body bytes.Buffer
}

func dial(host string) (*link, error) {
	tcp, err := net.Dial("tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &link{host: host, tcp: tcp, in: bufio.NewReaderSize(tcp, 16<<10)}, nil
}

func (l *link) close() error { return l.tcp.Close() }

// post sends an action and gives the answer, which is good until the next one.
func (l *link) post(action string, body []byte) ([]byte, error) {
	l.out = append(l.out[:0], "POST /playground/api/"...)
	l.out = append(l.out, action...)
	l.out = append(l.out, " HTTP/1.1\r\nHost: "...)
	l.out = append(l.out, l.host...)
	l.out = append(l.out, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	l.out = strconv.AppendInt(l.out, int64(len(body)), 10)
	l.out = append(l.out, "\r\n\r\n"...)
	l.out = append(l.out, body...)
	if _, err := l.tcp.Write(l.out); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	l.body.Reset()
	if _, err := l.body.ReadFrom(resp.Body); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", action, err), resp.Body.Close())
	}
	if err := resp.Body.Close(); err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	if resp.StatusCode != http.StatusOK || bytes.Contains(l.body.Bytes(), []byte(`"errors":`)) {
		return nil, fmt.Errorf("%s: %s: %.300s", action, resp.Status, l.body.Bytes())
	}
	return l.body.Bytes(), nil
}

// between is what stands in text after one mark and before the next other one.
func between(text []byte, after, before string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(text, []byte(after))
	if !ok {
		return nil, false
	}
	found, _, ok := bytes.Cut(rest, []byte(before))
	return found, ok
}

// post is a message of the bot's as a live stream showed it. Messages begin with their id, channel and, unless they
// stand in the channel itself, thread: no more than that beginning is looked at, until somebody asks.
type post struct {
	at   time.Time
	data []byte
}

const headLength = 160

func (p post) head(field string) string {
	v, _ := between(p.data[:min(len(p.data), headLength)], `"`+field+`":"`, `"`)
	return string(v)
}

func (p post) id() string     { return p.head("id") }
func (p post) thread() string { return p.head("thread") }

func (p post) has(text string) bool { return bytes.Contains(p.data, []byte(text)) }

// button is the token of the button with the label.
func (p post) button(label string) (string, bool) {
	token, ok := between(p.data, `{"label":"`+label+`","token":"`, `"`)
	return string(token), ok
}

// listen tells each the messages of the person's channel as they happen, and closes ready when it hears. It returns when
// ctx ends, or on an error.
func listen(ctx context.Context, base, person, channel string, ready func(), each func(post)) error {
	q := url.Values{"as": {person}, "channels": {channel}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/playground/api/events?"+q.Encode(), nil)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("listen: %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 16<<10), 1<<20)
	kind := ""
	for lines.Scan() {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch string(name) {
		case "event":
			kind = string(value)
			if kind == "hello" {
				ready()
			}
		case "data":
			if kind == "message" {
				each(post{at: time.Now(), data: bytes.Clone(value)})
			}
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("listen to %s: %w", channel, err)
	}
	return fmt.Errorf("listen to %s: %w", channel, io.ErrUnexpectedEOF)
}
