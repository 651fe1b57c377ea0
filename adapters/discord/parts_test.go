package discord

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/chat"
)

// spoken501 has the bot know that something was said in thread 501 while it was away.
func (s *station) spoken501(away time.Time) {
	s.Helper()
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli()})
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		more(thread("501", cardsID, botID, publicThread), map[string]any{"last_message_id": idAt(away.Add(time.Minute))})}})
}

// guildsFirst has the catch-up begin when the bot knows that its guilds are there: what is being read by then is read again.
func (b *listener) guildsFirst() {
	b.answer("GET /users/@me/guilds", func(r *http.Request) any {
		for t := b.d.ears.now.Load(); t != nil && t.outages.floor() != 0 && r.Context().Err() == nil; {
			time.Sleep(time.Millisecond) // between two looks
		}
		return []any{map[string]any{"id": guildID}}
	})
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what was pooled goes with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestWhatOthersSayIsNotKept has a thread of 30 MB caught up, nearly all of which another bot wrote: that is not kept until the
// end. Who wrote the rest is looked up once.
func TestWhatOthersSayIsNotKept(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.answer("GET /channels/501", thread("501", cardsID, botID, publicThread))
	const pages = 300
	first := away.Add(time.Minute).UnixMilli()
	body := strings.Repeat("x", 1000)
	var most, began int64
	var want []string
	page := 0
	s.answer("GET /channels/501/messages", func(r *http.Request) any {
		after := max(0, madeAt(r.URL.Query().Get("after"))-first+1)
		if page++; page == 1 {
			began = heap()
		} else if page%20 == 0 {
			most = max(most, heap()-began)
		}
		var out []any
		for i := after; i < min(after+historyPage, pages*historyPage); i++ {
			m := message(snowflakeAt(first+i), "501", "999", body)
			m["author"] = map[string]any{"id": "999", "bot": true}
			switch {
			case i%5000 == 7:
				want = append(want, fmt.Sprint("number ", i))
				m = message(snowflakeAt(first+i), "501", anaID, want[len(want)-1])
			case i%2 == 0:
				m["author"] = map[string]any{"id": botID, "bot": true}
			}
			delete(m, "member")
			out = append(out, m)
		}
		return out
	})
	b := s.listen()
	c := b.d.ears.newTerm(t.Context(), b.Handle).catchup
	c.breath = 0
	if _, err := b.d.self.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	missed, whole, err := c.messages(t.Context(), "501", &progress{since: away.UnixMilli()})
	if err != nil || !whole {
		t.Fatal(whole, err)
	}
	for _, it := range missed {
		if err := it.Tell(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.tells(want...)
	if page != pages+1 || most > 10<<20 {
		t.Errorf("after %d pages %d bytes are kept", page, most)
	}
	if n := s.calls("GET /guilds/" + guildID + "/members/" + anaID); n != 1 {
		t.Errorf("who wrote it was looked up %d times", n)
	}
}

// TestWhatWasMissedIsToldInParts has more be missed in a thread than may wait, while the bot cannot be told.
func TestWhatWasMissedIsToldInParts(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.spoken501(away)
	h := &history{}
	s.answer("GET /channels/501/messages", h.page)
	var want []string
	for i := range 3000 {
		want = append(want, fmt.Sprint("number ", i))
		h.says(message(snowflakeAt(away.Add(time.Minute).UnixMilli()+int64(i)), "501", anaID, want[i]))
	}
	b := s.listen()
	b.Says(chat.Reply{}, fmt.Errorf("the store is away"))
	b.guildsFirst()
	b.until("it listens", func() bool { return b.d.ears.now.Load() != nil })
	now := b.d.ears.now.Load()
	now.queue.Limit(1000)
	l := s.next()
	l.welcome("s1")
	b.until("it is told", func() bool { return b.Failed() > 0 && now.queue.Full() })
	want = append(want, "live")
	m := message(idAt(time.Now()), "501", anaID, "live")
	h.says(m)
	l.dispatch("MESSAGE_CREATE", m)
	l.write(opHeartbeat, nil)
	l.wants(opHeartbeat)
	if n := s.calls("GET /channels/501/messages"); n > partMax/historyPage+1 {
		t.Errorf("%d pages were read, although nothing can be told", n)
	}
	if until := now.cursor.until(); until >= away.UnixMilli() {
		t.Errorf("it takes for heard what it has not read: %d of %d", until, away.UnixMilli())
	}
	b.Answer(nil)
	b.tells(want...)
	b.until("it is caught up", b.hears)
	if n := s.calls("GET /channels/501/messages"); n > 35 {
		t.Errorf("%d pages were read", n)
	}
}

// TestAnEditHasNoRoom has somebody change what was read already, while more of it waits than may.
func TestAnEditHasNoRoom(t *testing.T) {
	s := newStation(t)
	first := time.Now().Add(-5 * time.Minute) // so that it is not looked for once the guild is there
	s.spoken501(first.Add(-time.Minute))
	h := &history{}
	s.answer("GET /channels/501/messages", h.page)
	for i := range partMax + 10 {
		h.says(message(snowflakeAt(first.UnixMilli()+int64(i)), "501", anaID, fmt.Sprint("number ", i)))
	}
	b := s.listen()
	b.Says(chat.Reply{}, fmt.Errorf("the store is away"))
	b.until("it listens", func() bool { return b.d.ears.now.Load() != nil })
	now := b.d.ears.now.Load()
	now.queue.Limit(partMax)
	l := s.next()
	l.welcome("s1")
	b.until("it is told", func() bool { return b.Failed() > 0 && now.queue.Full() })
	changed := map[string]any{"content": "changed", "edited_timestamp": time.Now()}
	h.mu.Lock()
	m := more(more(map[string]any{}, h.said[3]), changed)
	h.said[3] = m
	h.mu.Unlock()
	l.dispatch("MESSAGE_UPDATE", m)
	b.until("it has no room", func() bool { return b.logged(logrus.WarnLevel, "too much waits") > 0 })
	b.Answer(nil)
	b.until("it is caught up", func() bool { return len(b.Stored()) > partMax+10 && b.hears() })
	if got := b.texts(); len(got) != partMax+11 || !slices.Contains(got, "edited: changed") {
		t.Errorf("%d were told", len(got))
	}
}

// TestASessionEndsBetweenTwoParts has the first of a thread be told, and changed while the bot does not hear, before the rest is
// read: that begins again, and tells nothing twice.
func TestASessionEndsBetweenTwoParts(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.spoken501(away)
	h := &history{}
	var want []string
	for i := range 2200 {
		want = append(want, fmt.Sprint("number ", i))
		h.says(message(snowflakeAt(away.Add(time.Minute).UnixMilli()+int64(i)), "501", anaID, want[i]))
	}
	reached, goOn := make(chan bool), make(chan bool)
	page := 0
	s.answer("GET /channels/501/messages", func(r *http.Request) any {
		out := h.page(r)
		if page++; page == 15 {
			reached <- true
			<-goOn
		}
		return out
	})
	b := s.listen()
	b.Answer(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		if !e.OwnThread || e.Thread != "501" {
			t.Errorf("told %+v", e)
		}
		return chat.Reply{}, nil
	})
	b.guildsFirst()
	l := s.next()
	l.welcome("s1")
	<-reached
	b.until("the first part is told", func() bool { return len(b.Stored()) == partMax })
	h.mu.Lock()
	h.said[3] = more(h.said[3], map[string]any{"content": "changed", "edited_timestamp": time.Now()})
	h.mu.Unlock()
	l.write(opInvalid, false)
	s.next().welcome("s2")
	c := b.d.ears.now.Load().catchup
	b.until("the bot knows that it missed something", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.gaps > 1
	})
	close(goOn)
	b.until("it is caught up", func() bool { return len(b.Stored()) > len(want) && b.hears() })
	texts := b.texts()
	if n := slices.Index(texts, "edited: changed"); n < 0 {
		t.Error("the edit is lost")
	} else {
		texts = slices.Delete(texts, n, n+1)
	}
	if !slices.Equal(texts, want) {
		t.Errorf("%d of %d were told, or not in order", len(texts), len(want))
	}
}
