package store

import (
	"reflect"
	"slices"
	"time"

	"balie/internal/ticket"
)

// Millis is t as it is kept: in UTC, without what is smaller than a millisecond.
func Millis(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// Normal is the ticket with all its times as they are kept. It shares what needs no change with t, and changes nothing
// in it.
func Normal(t ticket.Ticket) ticket.Ticket {
	top := reflect.ValueOf(&t).Elem()
	for _, i := range ticketTimes {
		at := top.Field(i).Addr().Interface().(*time.Time)
		*at = Millis(*at)
	}
	cloned := false
	for i, e := range t.Entries {
		if normalEntry(e) {
			continue
		}
		if !cloned {
			t.Entries, cloned = slices.Clone(t.Entries), true
		}
		e.At, e.Edited, e.Earlier = Millis(e.At), Millis(e.Edited), slices.Clone(e.Earlier)
		for j := range e.Earlier {
			e.Earlier[j].Until = Millis(e.Earlier[j].Until)
		}
		t.Entries[i] = e
	}
	return t
}

// ticketTimes are the fields of a ticket that are times.
var ticketTimes = func() (fields []int) {
	for i, t := 0, reflect.TypeFor[ticket.Ticket](); i < t.NumField(); i++ {
		if t.Field(i).Type == reflect.TypeFor[time.Time]() {
			fields = append(fields, i)
		}
	}
	return fields
}()

func normalEntry(e ticket.Entry) bool {
	return normal(e.At) && normal(e.Edited) &&
		!slices.ContainsFunc(e.Earlier, func(r ticket.Revision) bool { return !normal(r.Until) })
}

func normal(t time.Time) bool {
	return t.Location() == time.UTC && t.Nanosecond()%int(time.Millisecond) == 0
}

// normal is the delivery with its times as they are kept.
func (d Delivery) normal() Delivery {
	d.At, d.Next = Millis(d.At), Millis(d.Next)
	return d
}

// NormalDeliveries are copies of the deliveries with their times as they are kept.
func NormalDeliveries(list []Delivery) []Delivery {
	out := make([]Delivery, len(list))
	for i, d := range list {
		out[i] = d.normal()
	}
	return out
}
