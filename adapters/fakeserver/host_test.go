package fakeserver

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// testLog is a test that keeps what it was told.
type testLog struct {
	testing.TB
	said []string
}

func (l *testLog) Errorf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}

func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	var lock sync.Mutex
	h, err := Listen(&lock)
	if err != nil {
		t.Fatal(err)
	}
	h.Serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		lock.Lock()
		gate, _ := h.Hold()
		lock.Unlock()
		close(began)
		<-gate // which Close opens
		<-h.Context().Done()
		close(ended)
	}))
	go func() { _, _ = asked(dialed(t, h)) }() // its connection is cut
	<-began
	if !h.Begin() {
		t.Error("nothing may begin although the server is open")
	}
	stopped := false
	h.Close(func() {
		stopped = true
		h.Go(func() { h.Problem("said while it ends") })
		h.Done()
	})
	select {
	case <-ended:
	default:
		t.Error("Close did not wait for a request")
	}
	if !stopped || h.Begin() {
		t.Errorf("after Close: stopped %v, or something may still begin", stopped)
	}
	if p := h.Problems(); !slices.Equal(p, []string{"said while it ends"}) {
		t.Errorf("problems = %q", p)
	}
	lock.Lock()
	gate, release := h.Hold()
	lock.Unlock()
	<-gate // nobody is held any more
	release()
	h.Close(func() { t.Error("it was closed twice") })
}

func TestProblemsFailTheTest(t *testing.T) {
	for _, taken := range []bool{false, true} {
		log := &testLog{TB: t}
		h := hosted(t, hello)
		h.Report(log, "a fake")
		for range 2 { // the same problem is one
			h.Problem("the app called %s", "nobody")
		}
		if taken && len(h.Problems()) != 1 {
			t.Error("a problem was not noted once")
		}
		h.Close(func() {})
		want := []string{"a fake: the app called nobody"}
		if taken {
			want = nil
		}
		if !slices.Equal(log.said, want) {
			t.Errorf("taken %v: the test was told %q", taken, log.said)
		}
	}
}

func TestTheClockMovesForward(t *testing.T) {
	h := hosted(t, hello)
	h.Advance(time.Hour)
	h.Advance(time.Hour)
	h.lock.Lock()
	defer h.lock.Unlock()
	if ahead := time.Until(h.Now()); ahead <= 2*time.Hour-time.Minute || ahead > 2*time.Hour {
		t.Errorf("the clock is %s ahead", ahead)
	}
}
