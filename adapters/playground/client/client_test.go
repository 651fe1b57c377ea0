package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"balie/adapters/playground/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	c := New(server.URL+"/", nil)
	t.Cleanup(func() { c.CloseIdle(); server.Close() })
	return c
}

func TestRefusalsAreErrorsThatTell(t *testing.T) {
	for body, want := range map[string]Error{
		`{"error":{"code":"not_heard","message":"Please try again."}}`: {503, "not_heard", "Please try again.", 2 * time.Second},
		"404 page not found\n": {503, "", "404 page not found", 2 * time.Second},
		"":                     {503, "", "", 2 * time.Second},
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, body)
		})
		_, err := c.As("ana").Say(t.Context(), "general", "", "hello")
		var got *Error
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%q: %+v, want %+v", body, err, want)
		}
	}
}

func TestAnActionNamesWhoDoesWhat(t *testing.T) {
	var paths, bodies []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		paths, bodies = append(paths, r.URL.Path), append(bodies, string(body))
		_, _ = io.WriteString(w, `{}`)
	})
	bram := c.As("bram").Nonce("the-nonce-1")
	list := []wire.Button{{Label: "Claim", Token: "t1"}, {Label: "Priority", Token: "t2"}}
	if _, err := bram.Click(t.Context(), list, "Claim"); err != nil {
		t.Fatal(err)
	}
	if _, err := bram.Command(t.Context(), "general", "ticket", "mine"); err != nil {
		t.Fatal(err)
	}
	if strings.Join(paths, " ") != "/playground/api/click /playground/api/command" ||
		bodies[0] != `{"as":"bram","nonce":"the-nonce-1","token":"t1"}` || !strings.Contains(bodies[1], `"text":"mine"`) {
		t.Errorf("asked %q with %q", paths, bodies)
	}
	if _, err := bram.Click(t.Context(), list, "Resolve"); err == nil || !strings.Contains(err.Error(), `"Claim" "Priority"`) {
		t.Errorf("a button that is not there: %v", err)
	}
}

func TestListenGivesUpOnARefusalOnly(t *testing.T) {
	tries := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tries++
		switch tries {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			_, _ = io.WriteString(w, "retry: 1000\n\nid: e-1\nevent: hello\ndata: {}\n\n: ping\n\nid: e-2\nevent: message\ndata: {\"id\":\"m\",\"text\":\"hi\"}\n\nid: e-3\nevent: mes")
		default:
			if got := r.Header.Get("Last-Event-ID"); got != "e-2" {
				t.Errorf("resumes at %q, want e-2", got)
			}
			w.WriteHeader(http.StatusNotFound)
		}
	})
	var kinds []string
	err := c.As("ana").Listen(t.Context(), func(e wire.Event) { kinds = append(kinds, e.Kind) })
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != 404 || strings.Join(kinds, " ") != "hello message" {
		t.Errorf("Listen = %v after %q", err, kinds)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.As("ana").Listen(ctx, func(wire.Event) {}); err != nil {
		t.Errorf("Listen after the end = %v", err)
	}
}
