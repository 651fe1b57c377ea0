package discord

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/inbox"
)

// alike is a Discord that answers each call alike, without a network.
type alike string

func (a alike) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}

// TestTriesAreFewer: where there is no gateway to connect to the pauses between two tries double up to a minute, and no two of
// them are alike, so that not all who lost their connection come at once.
func TestTriesAreFewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const first = 100 * time.Millisecond
		log := logrus.New()
		log.SetOutput(io.Discard)
		d, err := New(Options{Token: testToken, Secret: []byte(strings.Repeat("s", 40)), Memory: &adaptertest.Memory{}, RetryAfter: first, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		var tries []time.Time
		d.api.http.Transport = triedAt{&tries, alike(`{"url":"nowhere"}`)}
		d.api.session.Store(d.api.newSession())
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		(&gateway{Discord: d, times: usual()}).stayConnected(ctx)

		if len(tries) < 60 {
			t.Fatalf("in an hour it is tried %d times", len(tries))
		}
		var parts []float64 // of the longest pause that it may be
		most := first
		for i, at := range tries[1:] {
			pause := at.Sub(tries[i])
			if pause < most/2 || pause > most+time.Millisecond {
				t.Errorf("after try %d it waits %s, want %s to %s", i+1, pause, most/2, most)
			}
			parts = append(parts, float64(pause)/float64(most))
			most = min(2*most, inbox.PauseMax)
		}
		if least, greatest := slices.Min(parts), slices.Max(parts); least > 0.7 || greatest < 0.8 {
			t.Errorf("all pauses are %.2f to %.2f of what they may be", least, greatest)
		}

		// Discord says when sessions may be begun again: not all do at once.
		g := &gateway{Discord: d, times: usual()}
		waits := map[time.Duration]bool{}
		for range 50 {
			wait := g.judge(&limitError{wait: time.Hour}, 0)
			if wait < time.Hour || wait > time.Hour+g.times.anew {
				t.Errorf("after an hour it waits %s", wait)
			}
			waits[wait] = true
		}
		if len(waits) < 10 {
			t.Errorf("of 50 waits only %d differ", len(waits))
		}
	})
}

// triedAt notes when calls are made.
type triedAt struct {
	tries *[]time.Time
	next  http.RoundTripper
}

func (n triedAt) RoundTrip(r *http.Request) (*http.Response, error) {
	*n.tries = append(*n.tries, time.Now())
	return n.next.RoundTrip(r)
}
