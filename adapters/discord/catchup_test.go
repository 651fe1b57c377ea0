package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/chat"
)

// history is what was said in a channel, the oldest first.
type history struct {
	mu   sync.Mutex
	said []map[string]any
}

// page is what REST answers about it.
func (h *history) page(r *http.Request) any {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []map[string]any{}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		return denial{http.StatusBadRequest, codeBadForm}
	}
	for _, m := range h.said {
		if compareIDs(m["id"].(string), r.URL.Query().Get("after")) > 0 && len(out) < limit {
			m = more(map[string]any{}, m)
			delete(m, "guild_id") // REST does not tell
			delete(m, "member")
			out = append(out, m)
		}
	}
	slices.Reverse(out)
	return out
}

func (h *history) says(m map[string]any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, m)
}

// kept is what the memory has of the cursor.
func (s *station) kept() keptCursor {
	s.Helper()
	var k keptCursor
	if value := s.mem.Kept()[cursorName]; value != nil {
		if err := json.Unmarshal(value, &k); err != nil {
			s.Fatal(err)
		}
	}
	return k
}

// nth is one of several ids that were made at the same time.
func nth(id string, n int) string {
	first, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		panic(err)
	}
	return strconv.FormatUint(first+uint64(n), 10)
}

func (s *station) keep(name string, value any) {
	s.Helper()
	if err := s.mem.Keep(s.Context(), name, encode(value)); err != nil {
		s.Fatal(err)
	}
}

func TestWhatWasSaidWhileTheBotWasAway(t *testing.T) {
	s := newStation(t)
	now := time.Now().Truncate(time.Second)
	away := now.Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli(), Rooms: map[string]int64{cardsID: away.UnixMilli(), forumID: away.UnixMilli()}})
	s.keep(directGroup+"/"+dmID, keptDirect{Person: anaID, Guild: guildID, At: away.UnixMilli()})
	s.keep(directGroup+"/409", keptDirect{Person: bramID, Guild: guildID, At: now.AddDate(0, -3, 0).UnixMilli()})
	id := func(minutes int) string { return idAt(away.Add(time.Duration(minutes) * time.Minute)) }
	with := func(c map[string]any, last string) map[string]any {
		return more(c, map[string]any{"last_message_id": last})
	}
	quiet, open, shelved, private := "501", "502", "503", "504"
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		with(thread(quiet, cardsID, botID, publicThread), id(-60)), with(thread(open, cardsID, botID, publicThread), id(5))}})
	s.answer("GET /guilds/"+guildID+"/channels", []any{
		map[string]any{"id": cardsID, "type": textChannel, "last_message_id": id(6)},
		map[string]any{"id": forumID, "type": forumChannel, "last_message_id": id(6)},
		map[string]any{"id": "410", "type": textChannel, "last_message_id": id(6)}, // nothing of the bot's is there
	})
	put := func(t map[string]any, at time.Time) map[string]any {
		return more(t, map[string]any{"thread_metadata": map[string]any{"archived": true, "archive_timestamp": at}})
	}
	s.answer("GET /channels/"+forumID+"/threads/archived/public", func(r *http.Request) any {
		if r.URL.Query().Get("before") == "" {
			return map[string]any{"has_more": true, "threads": []any{put(with(thread(shelved, forumID, botID, publicThread), id(4)), away.Add(5*time.Minute))}}
		}
		return map[string]any{"has_more": true, "threads": []any{put(thread("505", forumID, botID, publicThread), away.Add(-time.Hour))}}
	})
	s.answer("GET /channels/"+cardsID+"/threads/archived/private", map[string]any{"threads": []any{
		put(with(thread(private, cardsID, botID, privateThread), id(3)), away.Add(4*time.Minute))}})
	s.answer("GET /guilds/"+guildID+"/members/"+anaID, map[string]any{"nick": "Nick", "user": map[string]any{"id": anaID, "username": "ana"}})
	histories := map[string]*history{}
	for i, c := range []string{cardsID, open, shelved, private, dmID} {
		h := &history{}
		histories[c] = h
		s.answer("GET /channels/"+c+"/messages", h.page)
		h.says(message(nth(id(-2), i), c, anaID, "before, in "+c))
		h.says(message(nth(id(1), i), c, anaID, "after, in "+c))
		h.says(message(nth(id(2), i), c, botID, "the bot"))
	}
	for i := range 250 {
		histories[open].says(message(snowflakeAt(away.Add(3*time.Minute).UnixMilli()+int64(i)), open, anaID, fmt.Sprint("many ", i)))
	}
	histories[dmID].says(more(message(nth(id(3), 900), dmID, anaID, "new"), map[string]any{"edited_timestamp": away.Add(4 * time.Minute)}))
	s.answer("GET /channels/410/messages", denial{http.StatusForbidden, codeMissingAccess})
	b := s.listen()
	l := s.next()
	l.welcome("s1")
	l.dispatch("MESSAGE_CREATE", message(idAt(now), open, anaID, "live"))
	b.until("it is caught up", func() bool { return len(b.Stored()) >= 5+250+2+1 && b.hears() })
	of := map[string][]string{}
	for _, e := range b.Stored() {
		text := e.Message.Text
		if e.Message.Edited {
			text = "edited: " + text
		}
		place := e.Channel + "/" + e.Thread
		of[place] = append(of[place], text)
		if e.Person.Name != "Nick" && text != "live" || e.Workspace != guildID || e.Direct != (e.Channel == dmID) {
			t.Errorf("told %+v", e)
		}
	}
	many := []string{"after, in " + open}
	for i := range 250 {
		many = append(many, fmt.Sprint("many ", i))
	}
	for place, want := range map[string][]string{
		cardsID + "/": {"after, in " + cardsID}, cardsID + "/" + open: append(many, "live"), forumID + "/" + shelved: {"after, in " + shelved},
		cardsID + "/" + private: {"after, in " + private}, dmID + "/": {"after, in " + dmID, "new", "edited: new"},
	} {
		if !slices.Equal(of[place], want) {
			t.Errorf("in %s: told %q", place, of[place])
		}
	}
	for _, none := range []string{quiet, "505", "409", "410"} {
		if s.calls("GET /channels/"+none+"/messages") != 0 {
			t.Errorf("%s was read", none)
		}
	}
	b.stop()
	if k := s.kept(); k.Heard < now.UnixMilli() || k.Rooms[cardsID] != madeAt(id(2)) {
		t.Errorf("kept %+v", k)
	}
}

func TestADirectConversationThatIsLively(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli()})
	const many = 40
	h := &history{}
	for i := range many {
		dm := strconv.Itoa(4000 + i)
		s.keep(directGroup+"/"+dm, keptDirect{Person: anaID, Guild: guildID, At: away.UnixMilli() - int64(i)})
		s.answer("GET /channels/"+dm+"/messages", []any{})
	}
	last := strconv.Itoa(4000 + many - 1) // it would be read last
	h.says(more(message(idAt(away.Add(time.Minute)), dmID, anaID, "missed"), map[string]any{"channel_id": last}))
	s.answer("GET /channels/"+last+"/messages", h.page)
	b := s.listen()
	l := s.next()
	l.welcome("s1")
	b.until("it begins", func() bool { return s.calls("GET /channels/4000/messages") > 0 })
	l.dispatch("MESSAGE_CREATE", more(message(idAt(time.Now()), dmID, anaID, "live"), map[string]any{"channel_id": last}))
	b.tells("missed", "live")
	if s.calls("GET /channels/"+strconv.Itoa(4000+many-2)+"/messages") != 0 {
		t.Error("everything else came first")
	}
}

// TestSomebodyGoesOnBeforeItIsFound has people go on where something was missed before the bot found out: in a direct
// conversation while it still lists the threads, and in a thread that was put away, which is in no list any more then.
func TestSomebodyGoesOnBeforeItIsFound(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli(), Rooms: map[string]int64{cardsID: away.UnixMilli()}})
	s.keep(directGroup+"/"+dmID, keptDirect{Person: anaID, Guild: guildID, At: away.UnixMilli()})
	for i, c := range []string{dmID, "501"} {
		h := &history{}
		h.says(message(nth(idAt(away.Add(time.Minute)), i), c, anaID, "missed in "+c))
		s.answer("GET /channels/"+c+"/messages", h.page)
	}
	reached, goOn := make(chan string), make(chan bool)
	paused := func(name, list string) {
		s.answer("GET "+list, func(*http.Request) any {
			if s.calls("GET "+list) > 1 { // once more for what happened until the guild was there
				return map[string]any{"threads": []any{}}
			}
			select {
			case reached <- name:
				<-goOn
			case <-t.Context().Done():
			}
			return map[string]any{"threads": []any{}}
		})
	}
	paused("threads", "/guilds/"+guildID+"/threads/active")
	paused("shelf", "/channels/"+cardsID+"/threads/archived/public")
	b := s.listen()
	l := s.next()
	l.welcome("s1")
	beat := func() { // everything before was heard when it is answered
		l.write(opHeartbeat, nil)
		l.wants(opHeartbeat)
	}
	if at := <-reached; at != "threads" {
		t.Fatalf("it begins with the %s", at)
	}
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), dmID, anaID, "live in "+dmID))
	beat()
	goOn <- true
	if at := <-reached; at != "shelf" {
		t.Fatalf("it goes on with the %s", at)
	}
	b.tells("missed in "+dmID, "live in "+dmID)
	l.dispatch("THREAD_UPDATE", thread("501", cardsID, botID, publicThread))
	l.dispatch("MESSAGE_CREATE", message(nth(idAt(time.Now()), 1), "501", anaID, "live in 501"))
	beat()
	goOn <- true
	b.tells("missed in "+dmID, "live in "+dmID, "missed in 501", "live in 501")
}

func TestWhatCannotBeReadNow(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli()})
	last := map[string]any{"last_message_id": idAt(away.Add(time.Minute))}
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		more(thread("501", cardsID, botID, publicThread), last), more(thread("502", cardsID, botID, publicThread), last),
		more(thread("503", cardsID, botID, publicThread), last)}})
	up := false
	s.answer("GET /channels/501/messages", func(*http.Request) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !up {
			return denial{http.StatusBadGateway, 0}
		}
		return []any{message(nth(idAt(away.Add(time.Minute)), 1), "501", anaID, "one")}
	})
	s.answer("GET /channels/502/messages", denial{http.StatusForbidden, codeMissingAccess})
	s.answer("GET /channels/503/messages", []any{message(idAt(away.Add(time.Minute)), "503", anaID, "three")})
	b := s.listen()
	l := s.next()
	l.welcome("s1")
	b.until("what can be read is told", func() bool { return len(b.Stored()) == 1 })
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), "502", anaID, "two"))
	if until := b.d.ears.now.Load().cursor.until(); until >= away.UnixMilli() {
		t.Errorf("heard until %d, although something is missing", until)
	}
	b.until("it was tried again", func() bool { return s.calls("GET /channels/501/messages") > 1 })
	s.set(func() { up = true })
	b.until("all is told", func() bool { return len(b.Stored()) == 3 && b.hears() })
	if n := b.logged(logrus.WarnLevel, "what was missed in a channel could not be read yet"); n > 1 {
		t.Errorf("said %d times", n)
	}
}

// TestMoreThanFits has the bot away from its store for longer than what is said meanwhile can wait.
func TestMoreThanFits(t *testing.T) {
	s := newStation(t)
	h := &history{}
	s.answer("GET /channels/501/messages", h.page)
	b, l := s.listening()
	b.d.ears.now.Load().queue.Limit(10)
	l.dispatch("THREAD_CREATE", thread("501", cardsID, botID, publicThread))
	b.Says(chat.Reply{}, fmt.Errorf("the store is away"))
	var want []string
	now := time.Now().UnixMilli()
	for i := range 60 {
		m := message(snowflakeAt(now+int64(i)), "501", anaID, fmt.Sprint("number ", i))
		h.says(m)
		l.dispatch("MESSAGE_CREATE", m)
		want = append(want, fmt.Sprint("number ", i))
	}
	b.until("there is no room", func() bool { return b.logged(logrus.WarnLevel, "too much waits") > 0 })
	b.Answer(nil)
	b.tells(want...)
}

func TestTheCursorStaysBehindWhatWaits(t *testing.T) {
	s := newStation(t)
	b := s.listen(func(*Discord) {})
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	c := b.d.ears.now.Load().cursor
	start := c.until()
	b.Answer(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		if strings.HasPrefix(e.Message.Text, "bad") {
			return chat.Reply{}, fmt.Errorf("not now")
		}
		return chat.Reply{}, nil
	})
	at := time.Now().Add(time.Second)
	l.dispatch("MESSAGE_CREATE", message(idAt(at), cardsID, anaID, "bad"))
	l.dispatch("MESSAGE_CREATE", message(idAt(at.Add(time.Second)), cardsID, anaID, "good"))
	b.tells("good")
	if until := c.until(); until > max(start, at.UnixMilli()) {
		t.Errorf("heard until %d, although something of %d waits", until, at.UnixMilli())
	}
	s.mem.Fail(fmt.Errorf("the memory is away"))
	if err := c.keep(t.Context()); c.until() != c.kept && err == nil {
		t.Error("it was kept where nothing can be")
	}
	s.mem.Fail(nil)
}

func TestACursorThatIsUnreadable(t *testing.T) {
	s := newStation(t)
	if err := s.mem.Keep(t.Context(), cursorName, []byte("{")); err != nil {
		t.Fatal(err)
	}
	b, _ := s.listening()
	if b.logged(logrus.ErrorLevel, "is not readable") != 1 {
		t.Error("nobody is told")
	}
	b.stop()
	if s.kept().Heard == 0 {
		t.Error("it is not repaired")
	}
}

func TestTheMemoryIsAwayAtFirst(t *testing.T) {
	s := newStation(t)
	s.mem.Fail(fmt.Errorf("the memory is away"))
	b := s.listen()
	b.until("that is said", func() bool { return b.logged(logrus.WarnLevel, "cannot be read") == 1 })
	if len(s.lines) != 0 {
		t.Error("it listens, but does not know since when")
	}
	s.mem.Fail(nil)
	s.next().welcome("s1")
}

func TestRoomsAreForgotten(t *testing.T) {
	c := newCursor(&term{})
	c.Change(func(int64) int64 { return inhabitedFor + 1000 })
	for i := range inhabitedMax + 10 {
		c.inhabits(strconv.Itoa(i), int64(1000+i))
	}
	c.inhabits("old", 5)
	if len(c.rooms) != inhabitedMax || c.rooms["5"] != 0 || c.rooms["11"] == 0 {
		t.Errorf("%d rooms", len(c.rooms))
	}
	c.rooms["15"] = 5
	if all := c.inhabited(); all["15"] != 0 || all["20"] == 0 {
		t.Error("old ones are not forgotten")
	}
}
