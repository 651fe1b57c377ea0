// Package client speaks to a playground over HTTP, as its browser page does: for tests, benchmarks and demonstrations.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"balie/adapters/playground/wire"
)

// Client is a connection to one playground.
type Client struct {
	base string // ends in /playground/
	http *http.Client
}

// New makes a client of the server at baseURL, such as "http://127.0.0.1:8080". With a nil HTTP client it has one of its
// own that keeps up to 256 connections and no time limit: the context's counts.
func New(baseURL string, httpClient *http.Client) *Client {
	if httpClient == nil {
		httpClient = &http.Client{Transport: &http.Transport{
			MaxIdleConns: 256, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute,
		}}
	}
	return &Client{base: strings.TrimSuffix(baseURL, "/") + "/playground/", http: httpClient}
}

// CloseIdle closes the connections that are not in use.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Error is what the server refused, or could not do.
type Error struct {
	Status  int           // of HTTP
	Code    string        // such as "not_heard"
	Message string        // the sentence that people read
	Retry   time.Duration // when to try again, if the server says so
}

func (e *Error) Error() string {
	return fmt.Sprintf("playground: %d %s: %s", e.Status, e.Code, e.Message)
}

// Faults tells what the platform does wrong on purpose.
func (c *Client) Faults(ctx context.Context) (wire.Faults, error) {
	var f wire.Faults
	return f, c.get(ctx, "faults", nil, &f)
}

// SetFaults changes it; the zero Faults ends it.
func (c *Client) SetFaults(ctx context.Context, f wire.Faults) error {
	return c.post(ctx, "faults", f, &f)
}

func (c *Client) get(ctx context.Context, path string, q url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"api/"+path+"?"+q.Encode(), nil)
	if err != nil {
		return fmt.Errorf("playground: %s: %w", path, err)
	}
	return c.do(req, path, into)
}

func (c *Client) post(ctx context.Context, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("playground: %s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"api/"+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("playground: %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req, path, into)
}

func (c *Client) do(req *http.Request, path string, into any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("playground: %s: %w", path, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("playground: %s: read the answer: %w", path, err)
	}
	// To the end, so that the connection is used again.
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("playground: %s: read the answer: %w", path, err)
	}
	return nil
}

// refusal is the error that an answer tells.
func refusal(resp *http.Response) error {
	e := &Error{Status: resp.StatusCode}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		e.Retry = time.Duration(s) * time.Second
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("playground: read the refusal with status %d: %w", resp.StatusCode, err)
	}
	var told struct {
		Error wire.Problem `json:"error"`
	}
	if json.Unmarshal(body, &told) == nil && told.Error.Code != "" {
		e.Code, e.Message = told.Error.Code, told.Error.Message
	} else {
		e.Message = strings.TrimSpace(string(body)) // not our JSON: another server's, or the mux's
	}
	return e
}

// Nonce makes a fresh name for an action.
func Nonce() string { return rand.Text() }
