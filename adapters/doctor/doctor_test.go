package doctor

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestWrongAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://balie.example.org": "", "https://192.0.2.7:8443": "",
		"balie": "BALIE_URL must be an address", "https://": "BALIE_URL must be an address", "https://desk.localhost": "not reached from the internet",
		"https://[::ffff:10.0.0.1]": "not reached from the internet", "https://0.0.0.0": "not reached from the internet",
		"http://balie.example.org": "http://balie.example.org: Slack calls only https addresses; put a proxy with TLS in front and set it to that " +
			"address, or do without",
	} {
		got := WrongAddress(address, "Slack calls", "or do without", true)
		if got == "" != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, expected %q", address, got, want)
		}
		// Something in Slack's place calls wherever it likes.
		if got := WrongAddress(address, "Slack calls", "or do without", false); got != "" != strings.HasPrefix(want, "BALIE_URL must be") {
			t.Errorf("%s, for what stands in for Slack: %q", address, got)
		}
	}
}

func TestClock(t *testing.T) {
	for skew, want := range map[time.Duration]Finding{
		20 * time.Second:  {Fine: "the clock agrees with Slack's"},
		-20 * time.Second: {Fine: "the clock agrees with Slack's"},
		3 * time.Minute: {Problem: "this machine's clock is 3m0s ahead of Slack's: set the clock right, or let NTP do it: requests that seem " +
			"more than five minutes old are refused"},
		-3 * time.Minute: {Problem: "this machine's clock is 3m0s behind Slack's: set the clock right, or let NTP do it: requests that seem " +
			"more than five minutes old are refused"},
	} {
		var f Findings
		f.Clock("Slack", skew, "requests")
		if len(f) != 1 || f[0] != want {
			t.Errorf("%s: %+v, want %+v", skew, f, want)
		}
	}
}

func TestReasonLeavesTheAddressOut(t *testing.T) {
	err := &url.Error{Op: "Get", URL: "https://example.org/?token=hush", Err: errors.New("it broke")}
	if got := Reason(err); got != "it broke" {
		t.Errorf("the reason is %q", got)
	}
}
