package store

import "balie/internal/ticket"

// Spill parts a timeline into the entries that move to the history and the newest KeepEntries, which stay. Nothing moves
// before there are 1.25 times as many, so that only every fiftieth save has to.
func Spill(entries []ticket.Entry) (old, kept []ticket.Entry) {
	if len(entries) < KeepEntries*5/4 {
		return nil, entries
	}
	n := len(entries) - KeepEntries
	return entries[:n:n], entries[n:]
}
