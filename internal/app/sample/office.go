package sample

import (
	"fmt"
	"time"
)

// The office is open Monday to Friday, from half past eight to half past five.
const (
	opens  = 8*time.Hour + 30*time.Minute
	closes = 17*time.Hour + 30*time.Minute
	day    = closes - opens // as durations of office time count it
	hour   = time.Hour
	minute = time.Minute
)

// place is where the office stands.
var place = mustLoad("Europe/Amsterdam")

func mustLoad(zone string) *time.Location {
	l, err := time.LoadLocation(zone)
	if err != nil {
		panic(fmt.Sprintf("sample: %v: the program brings no time zones", err))
	}
	return l
}

func workday(t time.Time) bool {
	d := t.In(place).Weekday()
	return d != time.Saturday && d != time.Sunday
}

// on is the time of day since midnight on t's day, whatever the clocks do that day.
func on(t time.Time, since time.Duration) time.Time {
	y, m, d := t.In(place).Date()
	return time.Date(y, m, d, 0, int(since/time.Minute), 0, 0, place)
}

// latest is t, or the end of the last time the office was open before it.
func latest(t time.Time) time.Time {
	for !workday(t) || t.Before(on(t, opens)) {
		t = on(on(t, 12*time.Hour).AddDate(0, 0, -1), 24*time.Hour-time.Minute)
	}
	if end := on(t, closes); t.After(end) {
		return end
	}
	return t
}

// back is the moment that lies so much office time before t.
func back(t time.Time, span time.Duration) time.Time {
	t = latest(t)
	for {
		today := t.Sub(on(t, opens))
		if span < today {
			return t.Add(-span)
		}
		span -= today
		t = latest(on(t, opens).Add(-time.Minute))
	}
}

// forward is the moment that lies so much office time after t.
func forward(t time.Time, span time.Duration) time.Time {
	for {
		start, end := on(t, opens), on(t, closes)
		if t.Before(start) {
			t = start
		}
		if workday(t) && t.Before(end) {
			if left := end.Sub(t); span > left {
				span -= left
			} else {
				return t.Add(span)
			}
		}
		t = on(on(t, 12*time.Hour).AddDate(0, 0, 1), opens)
	}
}
