package ticket

import (
	"slices"
	"time"
)

// WaitsSince is since when the requester's side waits for an answer of the team: when they said the first thing after the
// team's last answer. Zero if they don't wait, or if the ticket is not open or waits for the requester.
func (t Ticket) WaitsSince() time.Time {
	if !t.Open() || t.Phase == WaitingRequester {
		return time.Time{}
	}
	var since time.Time
	for _, e := range slices.Backward(t.Entries) {
		switch e.Kind {
		case EntryReply, EntryAsk, EntryResolved:
			return since
		case EntryMessage:
			if !e.Deleted {
				since = e.At
			}
		case EntryReopened:
			if e.By == t.Requester || slices.Contains(t.Followers, e.By) {
				since = e.At
			}
		case EntryOpened, EntryNote, EntryQuote, EntryAssigned, EntryPriority, EntryStatus, EntryFollowed, EntryUnfollowed,
			EntryShared, EntryClosed, EntryUndelivered:
		}
	}
	if t.AnswerAt.IsZero() {
		return t.Opened
	}
	return since
}
