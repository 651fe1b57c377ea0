package discord

import (
	"testing"
	"time"
)

// TestOurClockIsWrong: up to when everything was heard is not for our own clock to say.
func TestOurClockIsWrong(t *testing.T) {
	s, day := newStation(t), 24*time.Hour
	b := s.listen()
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	b.d.api.ahead.Store(day.Milliseconds()) // as if our clock had jumped
	l.dispatch("MESSAGE_DELETE", map[string]any{"id": "1001", "channel_id": cardsID, "guild_id": guildID})
	l.dispatch("MESSAGE_REACTION_ADD", map[string]any{"user_id": anaID, "channel_id": cardsID, "message_id": "1002", "guild_id": guildID,
		"emoji": map[string]any{"name": "👀"}})
	b.until("both are told", func() bool { return len(b.Stored()) == 2 && b.hears() })
	if until := b.d.ears.now.Load().cursor.until(); until > time.Now().Add(day/2).UnixMilli() {
		t.Errorf("heard until %s", time.UnixMilli(until))
	}
}

// TestACursorAheadOfTime: somebody's clock was wrong when it was kept, so what came shortly before may be missing.
func TestACursorAheadOfTime(t *testing.T) {
	s := newStation(t)
	c := newCursor(s.listen().d.ears.newTerm(t.Context(), nil))
	now := time.Now().UnixMilli()
	c.read(encode(keptCursor{Heard: now + time.Hour.Milliseconds()}))
	if since := c.begin(now); since != now-unsure {
		t.Errorf("it begins %s ago", time.Duration(now-since)*time.Millisecond)
	}
}

// TestTheirClockIsNotExact: we know it to a second or so, now more and now less. A cursor that is that much ahead is right.
func TestTheirClockIsNotExact(t *testing.T) {
	c := newCursor(&term{})
	now := time.Now().UnixMilli()
	for _, ahead := range []int64{0, 1, 1000, drift} {
		c.Change(func(int64) int64 { return now + ahead })
		if since := c.begin(now); since != now {
			t.Errorf("it begins %d ms ago", now-since)
		}
	}
}

// TestRoomsAreKept although what was heard could not be told for long.
func TestRoomsAreKept(t *testing.T) {
	s := newStation(t)
	c := newCursor(s.listen().d.ears.newTerm(t.Context(), nil))
	now := time.Now().UnixMilli()
	c.begin(now)
	for _, room := range []string{cardsID, forumID} {
		c.inhabits(room, now)
		if err := c.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if k := s.kept(); k.Heard != now || k.Rooms[room] != now {
			t.Errorf("kept %+v", k)
		}
	}
}
