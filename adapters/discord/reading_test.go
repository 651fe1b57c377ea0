package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"balie/adapters/adaptertest"

	"github.com/sirupsen/logrus"
)

// rationed allows five calls of each list of messages, and of threads, in a while.
type rationed struct {
	http.Handler
	every time.Duration
	calls map[string]*ration
}

type ration struct {
	n     atomic.Int64
	begin atomic.Int64
}

func (l *rationed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for part, c := range l.calls {
		if strings.HasSuffix(r.URL.Path, part) {
			now := time.Now().UnixMilli()
			if now-c.begin.Load() >= l.every.Milliseconds() {
				c.begin.Store(now)
				c.n.Store(0)
			}
			w.Header().Set("X-RateLimit-Limit", "5")
			w.Header().Set("X-RateLimit-Remaining", fmt.Sprint(max(0, 5-c.n.Add(1))))
			w.Header().Set("X-RateLimit-Reset-After", fmt.Sprintf("%.3f", float64(c.begin.Load()+l.every.Milliseconds()-now)/1000))
		}
	}
	l.Handler.ServeHTTP(w, r)
}

// TestMoreIsMissedThanMayBeReadAtOnce has the catch-up go on where a limit stopped it, in a thread and in a list of threads.
func TestMoreIsMissedThanMayBeReadAtOnce(t *testing.T) {
	s := newStation(t)
	s.srv.Config.Handler = &rationed{Handler: s, every: 700 * time.Millisecond, calls: map[string]*ration{"/501/messages": {}, "/public": {}}}
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli(), Rooms: map[string]int64{cardsID: away.UnixMilli()}})
	h := &history{}
	s.answer("GET /channels/501/messages", h.page)
	var want []string
	for i := range 650 {
		want = append(want, fmt.Sprint("many ", i))
		h.says(message(snowflakeAt(away.Add(3*time.Minute).UnixMilli()+int64(i)), "501", anaID, want[i]))
	}
	pages := 0
	s.answer("GET /channels/"+cardsID+"/threads/archived/public", func(r *http.Request) any {
		if r.URL.Query().Get("before") == "" {
			pages = 0
		}
		pages++
		th := thread(fmt.Sprint(600+pages), cardsID, botID, publicThread)
		if pages == 8 {
			th = more(thread("501", cardsID, botID, publicThread), map[string]any{"last_message_id": idAt(away.Add(5 * time.Minute))})
		}
		th["thread_metadata"] = map[string]any{"archived": true, "archive_timestamp": away.Add(time.Duration(9*60-pages) * time.Second)}
		return map[string]any{"threads": []any{th}, "has_more": pages < 8}
	})
	b := s.listen()
	s.next().welcome("s1")
	b.tells(want...)
	b.until("it is caught up", b.hears)
	if n := s.calls("GET /channels/501/messages"); n > 2*7+5 {
		t.Errorf("%d pages were read", n)
	}
	if n := b.logged(logrus.WarnLevel, "could not be"); n > 0 {
		t.Errorf("a limit is a failure: %d", n)
	}
}

// TestAGuildComesLater has something said after the catch-up read it and before Discord tells of the guild.
func TestAGuildComesLater(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli(), Rooms: map[string]int64{cardsID: away.UnixMilli()}})
	h := &history{}
	h.says(message(idAt(away.Add(time.Minute)), "501", anaID, "in the outage"))
	s.answer("GET /channels/501/messages", h.page)
	s.answer("GET /guilds/"+guildID+"/threads/active", func(*http.Request) any {
		return map[string]any{"threads": []any{more(thread("501", cardsID, botID, publicThread), map[string]any{"last_message_id": idAt(time.Now())})}}
	})
	b := s.listen()
	l := s.next()
	l.hello(time.Minute)
	l.dispatch("READY", map[string]any{"session_id": "s1", "guilds": []any{map[string]any{"id": guildID, "unavailable": true}},
		"resume_gateway_url": "ws" + strings.TrimPrefix(l.srv.URL, "http") + "/gw-s1"})
	b.tells("in the outage")
	now := b.d.ears.now.Load()
	b.until("it is caught up", func() bool { return now.catchup.floor() == 0 })
	before := time.Now()
	if until := now.cursor.until(); until >= before.UnixMilli() {
		t.Error("it takes for heard what it is not told of")
	}
	h.says(message(idAt(before), "501", anaID, "before the guild is there"))
	l.dispatch("GUILD_CREATE", map[string]any{"id": guildID, "channels": []any{map[string]any{"id": cardsID, "type": textChannel}}})
	b.tells("in the outage", "before the guild is there")
}

// TestAGuildIsStillAwayInTheNextSession has Discord's trouble with a guild go on while others are heard.
func TestAGuildIsStillAwayInTheNextSession(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	old := time.Now().Add(-10 * time.Minute)
	c := b.d.ears.now.Load().cursor
	l.dispatch("CHANNEL_UPDATE", map[string]any{"id": "777", "type": textChannel, "guild_id": guildID})
	b.until("all before it was dealt with", func() bool { return b.d.places.channels.Contains("777") }) // the cursor moves no more
	c.mu.Lock()
	c.Change(func(int64) int64 { return old.UnixMilli() })
	c.mu.Unlock()
	l.dispatch("GUILD_DELETE", map[string]any{"id": guildID, "unavailable": true})
	h := &history{}
	h.says(message(idAt(old.Add(time.Minute)), "501", anaID, "in the outage"))
	s.answer("GET /channels/501/messages", h.page)
	s.answer("GET /channels/499", map[string]any{"id": "499", "type": textChannel, "guild_id": "302"})
	l.dispatch("MESSAGE_CREATE", more(message(idAt(time.Now()), "499", bramID, "elsewhere"), map[string]any{"guild_id": "302"}))
	b.tells("elsewhere")
	if until := c.until(); until >= old.UnixMilli() {
		t.Errorf("a restart would begin at %d, although a guild is away since %d", until, old.UnixMilli())
	}
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		more(thread("501", cardsID, botID, publicThread), map[string]any{"last_message_id": idAt(old.Add(time.Minute))})}})
	l.write(opInvalid, false)
	s.next().welcome("s2")
	b.tells("elsewhere", "in the outage")
}

// TestTheBotReopensAThread has the bot write in a thread that was put away after the open ones were listed.
func TestTheBotReopensAThread(t *testing.T) {
	for name, reopen := range map[string]func(l *line){
		"message": func(l *line) {
			l.dispatch("THREAD_LIST_SYNC", map[string]any{"guild_id": guildID, "threads": []any{thread("501", cardsID, botID, publicThread)}})
			l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), "501", botID, "the bot's"))
		},
		"thread": func(l *line) { l.dispatch("THREAD_UPDATE", thread("501", cardsID, botID, publicThread)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			away := time.Now().Add(-10 * time.Minute)
			s.keep(cursorName, keptCursor{Heard: away.UnixMilli(), Rooms: map[string]int64{cardsID: away.UnixMilli()}})
			h := &history{}
			h.says(message(idAt(away.Add(time.Minute)), "501", anaID, "missed"))
			s.answer("GET /channels/501/messages", h.page)
			for _, kind := range []string{"public", "private"} {
				s.answer("GET /channels/"+cardsID+"/threads/archived/"+kind, map[string]any{"threads": []any{}})
			}
			reached, goOn := make(chan bool, 10), make(chan bool)
			s.answer("GET /guilds/"+guildID+"/channels", func(*http.Request) any { // after the list of open threads
				reached <- true
				<-goOn
				return []any{}
			})
			b := s.listen()
			l := s.next()
			l.welcome("s1")
			<-reached
			reopen(l)
			l.write(opHeartbeat, nil)
			l.wants(opHeartbeat)
			close(goOn)
			b.tells("missed")
		})
	}
}

// TestTheBotMayNotManageThreads has it find the private threads that it is in, and say what it cannot read.
func TestTheBotMayNotManageThreads(t *testing.T) {
	s := newStation(t)
	away := time.Now().Add(-10 * time.Minute)
	s.keep(cursorName, keptCursor{Heard: away.UnixMilli(), Rooms: map[string]int64{cardsID: away.UnixMilli()}})
	s.answer("GET /channels/"+cardsID+"/threads/archived/private", denial{http.StatusForbidden, codeMissingPermission})
	s.answer("GET /channels/"+cardsID+"/threads/archived/public", denial{http.StatusForbidden, codeMissingAccess})
	said := idAt(away.Add(time.Minute))
	last := map[string]any{"last_message_id": said}
	s.answer("GET /channels/"+cardsID+"/users/@me/threads/archived/private", func(r *http.Request) any {
		th := thread("509", cardsID, botID, privateThread)
		if r.URL.Query().Get("before") == "509" {
			th = more(thread("501", cardsID, botID, privateThread), last)
		}
		th["thread_metadata"] = map[string]any{"archived": true, "archive_timestamp": away.Add(-time.Hour)}
		return map[string]any{"threads": []any{th}, "has_more": th["id"] == "509"}
	})
	h := &history{}
	h.says(message(said, "501", anaID, "in private"))
	s.answer("GET /channels/501/messages", h.page)
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		more(thread("502", cardsID, botID, publicThread), last), more(thread("503", cardsID, botID, publicThread), last)}})
	s.answer("GET /channels/502/messages", denial{http.StatusForbidden, codeMissingAccess})
	fails := 2
	s.answer("GET /channels/503/messages", func(*http.Request) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		if fails--; fails >= 0 {
			return denial{http.StatusBadRequest, 0} // a proxy's
		}
		return []any{message(nth(said, 1), "503", anaID, "after all")}
	})
	b := s.listen()
	s.next().welcome("s1")
	b.until("it is caught up", func() bool { return len(b.Stored()) == 2 && b.hears() })
	if got := b.texts(); !slices.Contains(got, "in private") || !slices.Contains(got, "after all") {
		t.Errorf("told %q", got)
	}
	if n := b.logged(logrus.WarnLevel, "may not read what was missed"); n != 2 {
		t.Errorf("said %d times", n)
	}
}

// TestThreadsThatAreNotKnownYet has things said in a thread that the bot did not hear of.
func TestThreadsThatAreNotKnownYet(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	up := false
	s.answer("GET /channels/501", func(*http.Request) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !up {
			return denial{http.StatusBadGateway, 0}
		}
		return thread("501", cardsID, botID, publicThread)
	})
	now := time.Now()
	l.dispatch("MESSAGE_CREATE", message(idAt(now), "501", botID, "the bot's"))
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprint("number ", i))
		l.dispatch("MESSAGE_CREATE", message(nth(idAt(now), i+1), "501", anaID, want[i]))
	}
	b.until("it is looked up", func() bool { return s.calls("GET /channels/501") > 0 })
	s.set(func() { up = true })
	b.tells(want...)
	rooms := b.d.ears.now.Load().cursor.inhabited()
	if _, ok := rooms[cardsID]; !ok || len(rooms) != 1 {
		t.Errorf("the bot's are %v", rooms)
	}
}

// noDirects is a memory that takes no direct conversations.
type noDirects struct{ *adaptertest.Memory }

func (n noDirects) Keep(ctx context.Context, name string, value []byte) error {
	if strings.HasPrefix(name, directGroup) {
		return errors.New("not now")
	}
	return n.Memory.Keep(ctx, name, value)
}

// TestADirectConversationThatIsNotKept has the memory fail when somebody writes to the bot for the first time, and somebody
// whom it does not know write to it while it is away.
func TestADirectConversationThatIsNotKept(t *testing.T) {
	s := newStation(t)
	first, strangers := &history{}, &history{}
	s.answer("GET /channels/"+dmID+"/messages", first.page)
	s.answer("GET /channels/404/messages", strangers.page)
	b, l := s.listening(func(d *Discord) { d.opts.Memory = noDirects{s.mem} })
	m := message(idAt(time.Now()), dmID, anaID, "hello")
	first.says(m)
	l.dispatch("MESSAGE_CREATE", m)
	b.tells("hello")
	b.stop()
	if k := s.kept(); len(k.Directs) != 1 || k.Directs[dmID] == 0 {
		t.Fatalf("kept %+v", k)
	}
	first.says(message(nth(idAt(time.Now()), 1), dmID, anaID, "again"))
	b = s.listen()
	l = s.next()
	l.welcome("s2")
	b.until("it is told", func() bool { return slices.Contains(b.texts(), "again") && b.hears() })
	said := nth(idAt(time.Now()), 2)
	for i, text := range []string{"missed", "heard"} {
		m := message(nth(said, i), "404", bramID, text)
		delete(m, "guild_id")
		delete(m, "member")
		strangers.says(m)
		if text == "heard" {
			l.dispatch("MESSAGE_CREATE", m)
		}
	}
	b.until("all is told", func() bool { return slices.Contains(b.texts(), "heard") })
	if got := b.texts(); !slices.Equal(got[len(got)-2:], []string{"missed", "heard"}) {
		t.Errorf("told %q", got)
	}
	b.stop()
	if k := s.kept(); len(k.Directs) != 0 {
		t.Errorf("kept %+v", k)
	}
}
