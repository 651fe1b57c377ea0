package callback_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"balie/adapters/callback"
)

func TestPath(t *testing.T) {
	for url, want := range map[string]string{"/hooks/slack/events": "/events", "/events": "/events", "/events/": "/", "http://balie.example.org": ""} {
		if got := callback.Path(httptest.NewRequest(http.MethodPost, url, http.NoBody)); got != want {
			t.Errorf("%s is for %q, want %q", url, got, want)
		}
	}
}

func TestPosted(t *testing.T) {
	for method, want := range map[string]int{http.MethodPost: http.StatusOK, http.MethodGet: http.StatusMethodNotAllowed, http.MethodPut: http.StatusMethodNotAllowed} {
		w := httptest.NewRecorder()
		ok := callback.Posted(w, httptest.NewRequest(method, "/", http.NoBody), "Slack")
		if w.Code != want || ok != (want == http.StatusOK) {
			t.Errorf("%s: %t, %d", method, ok, w.Code)
		}
		if !ok && (w.Header().Get("Allow") != http.MethodPost || !strings.Contains(w.Body.String(), "only Slack")) {
			t.Errorf("%s: %v %s", method, w.Header(), w.Body)
		}
	}
}

func TestBody(t *testing.T) {
	read := func(r *http.Request) (string, error) {
		body, err := callback.Body(httptest.NewRecorder(), r, 4)
		return string(body), err
	}
	if got, err := read(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("four"))); got != "four" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := read(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("fives"))); !errors.Is(err, callback.ErrTooLarge) {
		t.Errorf("too much: %v", err)
	}
	if _, err := read(httptest.NewRequest(http.MethodPost, "/", iotest.ErrReader(errors.New("hung up")))); !errors.Is(err, callback.ErrGarbage) {
		t.Errorf("broken off: %v", err)
	}
}

func TestTiming(t *testing.T) {
	w := httptest.NewRecorder()
	callback.Timing(w, 12500*time.Microsecond, 10*time.Millisecond)
	if got := w.Header().Get("Server-Timing"); got != "all;dur=12.500, own;dur=2.500" {
		t.Errorf("it says %q", got)
	}
}
