package examine

import (
	"net/http"
	"time"
)

// skewMax is how much our clock may differ from Slack's: what is five minutes old is refused.
const skewMax = time.Minute

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

// lookAtClock says whether our clock is right.
func (v *visit) lookAtClock() {
	skew := v.client.skew.Round(time.Second)
	const remedy = "set the clock right, or let NTP do it: requests that seem more than five minutes old are refused"
	switch {
	case !v.client.told:
	case skew > skewMax:
		v.problem("this machine's clock is %s ahead of Slack's: "+remedy, skew)
	case skew < -skewMax:
		v.problem("this machine's clock is %s behind Slack's: "+remedy, -skew)
	default:
		v.fine("the clock agrees with Slack's")
	}
}
