package sample

import (
	"testing"
	"time"
)

func TestOfficeTime(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("Mon 2006-01-02 15:04", s, place)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name     string
		got      time.Time
		expected string
	}{
		{"in office hours", latest(at("Wed 2026-03-11 10:00")), "Wed 2026-03-11 10:00"},
		{"in the evening", latest(at("Wed 2026-03-11 22:00")), "Wed 2026-03-11 17:30"},
		{"before it opens", latest(at("Wed 2026-03-11 08:00")), "Tue 2026-03-10 17:30"},
		{"at the weekend", latest(at("Sun 2026-03-15 12:00")), "Fri 2026-03-13 17:30"},
		{"on Monday morning", latest(at("Mon 2026-03-16 07:00")), "Fri 2026-03-13 17:30"},
		{"back within the day", back(at("Wed 2026-03-11 10:00"), hour), "Wed 2026-03-11 09:00"},
		{"back over night", back(at("Wed 2026-03-11 10:00"), 2*hour), "Tue 2026-03-10 17:00"},
		{"back over the weekend", back(at("Mon 2026-03-16 09:00"), day+hour), "Thu 2026-03-12 17:00"},
		{"back a week", back(at("Wed 2026-03-11 10:00"), 5*day), "Wed 2026-03-04 10:00"},
		{"back over summer time", back(at("Mon 2026-03-30 10:00"), day), "Fri 2026-03-27 10:00"},
		{"forward within the day", forward(at("Wed 2026-03-11 10:00"), hour), "Wed 2026-03-11 11:00"},
		{"forward over night", forward(at("Wed 2026-03-11 17:00"), hour), "Thu 2026-03-12 09:00"},
		{"forward over the weekend", forward(at("Fri 2026-03-13 17:00"), day+hour), "Tue 2026-03-17 09:00"},
		{"forward over winter time", forward(at("Fri 2026-10-23 10:00"), day), "Mon 2026-10-26 10:00"},
	} {
		if got := c.got.In(place).Format("Mon 2006-01-02 15:04"); got != c.expected {
			t.Errorf("%s: %s, not %s", c.name, got, c.expected)
		}
	}
}
