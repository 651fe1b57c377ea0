package ticket_test

import (
	"testing"
	"time"

	"balie/internal/ticket"
)

// TestWaitsSince follows who waits for whom through a ticket's life.
func TestWaitsSince(t *testing.T) {
	l := opened(t)
	waits := func(what string, since time.Time) {
		t.Helper()
		if got := l.t.WaitsSince(); !got.Equal(since) {
			t.Errorf("%s: waits since %v, want %v", what, got, since)
		}
	}
	waits("a new ticket", l.t.Opened)
	l.do(ticket.Claim{}, bram)
	l.do(ticket.Note{Text: "I'll look"}, bram)
	l.do(ticket.Message{Text: "anybody?"}, ana)
	waits("nothing was answered", l.t.Opened)
	l.do(ticket.Reply{Text: "on my way"}, bram)
	waits("answered", time.Time{})
	l.do(ticket.Message{Text: "it is urgent"}, ana)
	first := l.t.Updated
	l.do(ticket.Message{Text: "and now it smokes"}, ana)
	waits("said twice", first)
	l.do(ticket.Reply{Text: "which one?", Ask: true}, bram)
	waits("asked", time.Time{})
	l.do(ticket.Message{Text: "the red one"}, ana)
	again := l.t.Updated
	waits("the question was answered", again)
	l.do(ticket.SetStatus{To: "waiting"}, bram)
	waits("waits for the requester", time.Time{})
	l.do(ticket.SetStatus{To: "vendor"}, bram)
	waits("waits for a vendor", again)
	l.do(ticket.Resolve{Text: "replaced"}, bram)
	waits("resolved", time.Time{})
	l.do(ticket.Reopen{}, bram)
	waits("reopened by the team", time.Time{})
	l.do(ticket.Resolve{Text: "replaced again"}, bram)
	l.do(ticket.Reopen{}, ana)
	waits("reopened by the requester", l.t.Updated)
	l.do(ticket.Close{}, ana)
	waits("closed", time.Time{})
}
