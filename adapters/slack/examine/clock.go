package examine

import (
	"net/http"
	"time"
)

// timed notices what Slack's clock says.
type timed struct {
	http *http.Client
	told bool
	skew time.Duration // how much ours is ahead
}

// Do makes the request, and compares the clocks the first time that the answer has one.
func (t *timed) Do(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := t.http.Do(r)
	if err != nil || t.told {
		return resp, err
	}
	if theirs, wrong := http.ParseTime(resp.Header.Get("Date")); wrong == nil {
		t.told = true
		// Their time is of some moment between, in full seconds.
		switch ended := time.Now(); {
		case began.After(theirs.Add(time.Second)):
			t.skew = began.Sub(theirs) - time.Second
		case ended.Before(theirs):
			t.skew = ended.Sub(theirs)
		}
	}
	return resp, err
}

// lookAtClock says whether our clock is right, if Slack told its time.
func (v *visit) lookAtClock() {
	if v.client.told {
		v.Clock("Slack", v.client.skew, "requests")
	}
}
