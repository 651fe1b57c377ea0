package discord

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"balie/internal/chat"
)

// said is a message in a direct conversation, as the gateway tells it.
func said(id, channel, by, text string) map[string]any {
	m := message(id, channel, by, text)
	delete(m, "guild_id")
	delete(m, "member")
	return m
}

// TestTheFirstDirectMessageOfALongSession has somebody write to the bot weeks after its session began, whom it did not know and
// who wrote while it was away. That is read from then on, also by the next process; all else is not.
func TestTheFirstDirectMessageOfALongSession(t *testing.T) {
	s := newStation(t)
	weeks := time.Now().Add(-21 * 24 * time.Hour)
	s.keep(cursorName, keptCursor{Heard: weeks.UnixMilli()})
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		more(thread("501", cardsID, botID, publicThread), map[string]any{"last_message_id": idAt(weeks.Add(time.Hour))})}})
	h := &history{}
	h.says(said(idAt(weeks.Add(time.Hour)), "404", bramID, "missed"))
	s.answer("GET /channels/404/messages", denial{http.StatusBadRequest, 0}) // a proxy's
	b, l := s.listening()
	c := b.d.ears.now.Load().cursor
	b.until("it is caught up", func() bool { return c.until() > time.Now().Add(-time.Minute).UnixMilli() })
	if err := c.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.kept().Heard
	stays := func(when string) {
		t.Helper()
		k := s.kept()
		if k.Heard < before-1 {
			t.Errorf("%s the cursor has gone back by %s", when, time.Duration(before-k.Heard)*time.Millisecond)
		}
		if since, ok := k.Owed["404"]; !ok || since != weeks.UnixMilli() || len(k.Owed) != 1 {
			t.Errorf("%s it is owed since %v", when, k.Owed)
		}
	}
	m := said(idAt(time.Now()), "404", bramID, "hello")
	h.says(m)
	l.dispatch("MESSAGE_CREATE", m)
	b.until("it is to be read", func() bool { return s.calls("GET /channels/404/messages") > 1 })
	if err := c.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	stays("while it cannot be read,")
	b.Says(chat.Reply{}, errors.New("not now"))
	s.answer("GET /channels/404/messages", h.page)
	b.until("it is to be told", func() bool { return b.Failed() > 1 })
	if err := c.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	stays("while it cannot be told,")
	b.stop()
	stays("at the end,")

	b = s.listen()
	s.next().welcome("s2")
	b.tells("missed", "hello")
	b.until("it is caught up", b.hears)
	b.stop()
	if k := s.kept(); k.Heard < before || len(k.Owed) != 0 {
		t.Errorf("kept %+v", k)
	}
	if n := s.calls("GET /channels/501/messages"); n != 1 {
		t.Errorf("a thread with nothing new was read %d times", n)
	}
}

// TestNothingIsOwedWithoutEnd has more people write for the first time than may be owed: then the cursor goes back, and nothing
// is lost.
func TestNothingIsOwedWithoutEnd(t *testing.T) {
	c := newStation(t).listen().d.ears.newTerm(t.Context(), nil)
	c.cursor.begin(5000)
	c.catchup.since = 1000
	for i := range owedMax {
		c.catchup.comesFirst(strconv.Itoa(4000+i), true)
	}
	if low := c.catchup.floor(); low != 5000 {
		t.Errorf("the cursor stays below %d", low)
	}
	c.catchup.comesFirst("9999", true)
	if low, n := c.catchup.floor(), len(c.catchup.owes()); low != 1000 || n != owedMax {
		t.Errorf("the cursor stays below %d, and %d are owed", low, n)
	}
}

// TestWhatIsOwedIsKept although the cursor does not move.
func TestWhatIsOwedIsKept(t *testing.T) {
	s := newStation(t)
	c := s.listen().d.ears.newTerm(t.Context(), nil)
	c.cursor.begin(5000)
	c.catchup.since = 1000
	for i := range 3 {
		c.catchup.comesFirst(strconv.Itoa(4000+i), true)
		if err := c.cursor.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if k := s.kept(); k.Heard != 4999 || len(k.Owed) != i+1 {
			t.Errorf("kept %+v", k)
		}
	}
}

// TestWhatIsReadAgainHoldsUpNothing: what is read once more, since things may be told in another order, cannot be told now. Were
// the cursor to go back for it, each restart would begin a little earlier.
func TestWhatIsReadAgainHoldsUpNothing(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli()})
	s.keep(directGroup+"/"+dmID, keptDirect{Person: anaID, Guild: guildID, At: away.UnixMilli()})
	h := &history{}
	h.says(message(idAt(away.Add(-10*time.Second)), dmID, anaID, "just before"))
	s.answer("GET /channels/"+dmID+"/messages", h.page)
	b := s.listen()
	b.Says(chat.Reply{}, errors.New("not now"))
	s.next().welcome("s1")
	b.until("it is to be told", func() bool { return b.Failed() > 1 })
	if until := b.d.ears.now.Load().cursor.until(); until < away.UnixMilli()-1 {
		t.Errorf("the cursor has gone back by %s", time.Duration(away.UnixMilli()-until)*time.Millisecond)
	}
	b.Answer(nil)
	b.tells("just before")
}

// TestTheCursorOfAnotherVersion has odd things owed.
func TestTheCursorOfAnotherVersion(t *testing.T) {
	c := newStation(t).listen().d.ears.newTerm(t.Context(), nil)
	c.cursor.read([]byte(`{"heard":5000,"owed":{"404":1000,"no id":1000,"405":0,"406":6000}}`))
	if owed := c.catchup.owes(); len(owed) != 1 || owed["404"] != 1000 {
		t.Errorf("owed are %v", owed)
	}
	if low := c.catchup.floor(); low != 0 || c.cursor.until() != 5000 {
		t.Errorf("it begins at %d", low)
	}
}
