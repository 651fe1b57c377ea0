// Package doctor is what the examinations of the chat platforms share: the findings, whether a platform can use Balie's own
// address, and whether the clocks agree.
package doctor

import (
	"fmt"
	"time"
)

// Finding is something that was looked at: what is fine about it, or else the problem and what to do. It has no secrets.
type Finding struct {
	Fine    string
	Problem string
}

// Findings are those of one examination.
type Findings []Finding

// Fine adds what is fine.
func (f *Findings) Fine(format string, args ...any) {
	*f = append(*f, Finding{Fine: fmt.Sprintf(format, args...)})
}

// Problem adds a problem and what to do.
func (f *Findings) Problem(format string, args ...any) {
	*f = append(*f, Finding{Problem: fmt.Sprintf(format, args...)})
}

// skewMax is how much our clock may differ from a platform's: what is five minutes old is refused.
const skewMax = time.Minute

// Clock adds whether our clock is right: skew is how much it is ahead of the platform's, and refused what does not pass if it
// seems old, such as "requests".
func (f *Findings) Clock(platform string, skew time.Duration, refused string) {
	skew = skew.Round(time.Second)
	const remedy = "set the clock right, or let NTP do it: %s that seem more than five minutes old are refused"
	switch {
	case skew > skewMax:
		f.Problem("this machine's clock is %s ahead of %s's: "+remedy, skew, platform, refused)
	case skew < -skewMax:
		f.Problem("this machine's clock is %s behind %s's: "+remedy, -skew, platform, refused)
	default:
		f.Fine("the clock agrees with %s's", platform)
	}
}
