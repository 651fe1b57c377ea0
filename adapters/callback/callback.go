// Package callback is what adapters need to answer what a platform calls over HTTP.
package callback

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Refusal is a request that is none of the platform's, or none that somebody may make: it changed nothing.
type Refusal struct {
	Status int    // of the answer
	Why    string // for whoever called, in which nothing is secret
}

func (e *Refusal) Error() string { return e.Why }

// What every adapter refuses.
var (
	ErrOld      = &Refusal{Status: http.StatusUnauthorized, Why: "this is more than five minutes old, or the clocks differ that much"}
	ErrReplay   = &Refusal{Status: http.StatusUnauthorized, Why: "this came before"}
	ErrGarbage  = &Refusal{Status: http.StatusBadRequest, Why: "this can't be read"}
	ErrTooLarge = &Refusal{Status: http.StatusRequestEntityTooLarge, Why: "this is too large"}
)

// Path is the last part of a request's path, from its slash on.
func Path(r *http.Request) string { return r.URL.Path[max(0, strings.LastIndexByte(r.URL.Path, '/')):] }

// Posted says whether a request can be one of the platform's, which posts all that it tells; if not it was answered.
func Posted(w http.ResponseWriter, r *http.Request, platform string) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	http.Error(w, "only "+platform+" calls this", http.StatusMethodNotAllowed)
	return false
}

// Body reads a request's body, of so many bytes at most. Its error is ErrTooLarge or ErrGarbage.
func Body(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, ErrGarbage
	}
	return body, nil
}

// Timing says in an answer how long it took, and how long without what was waited for the platform, in milliseconds.
func Timing(w http.ResponseWriter, took, waited time.Duration) {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	w.Header().Set("Server-Timing", fmt.Sprintf("all;dur=%.3f, own;dur=%.3f", ms(took), ms(took-waited)))
}
