package discord

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"balie/adapters/inbox"
)

func TestASessionIsBegunAndEnded(t *testing.T) {
	s := newStation(t)
	b := s.listen()
	l := s.next()
	f := l.welcome("s1")
	if got := field(t, f.Data, "token"); got != testToken {
		t.Error("the bot does not say its token")
	}
	all := askAlways | discordgo.IntentMessageContent | discordgo.IntentGuildMembers
	if got := field(t, f.Data, "intents"); got != strconv.Itoa(int(all)) {
		t.Errorf("intents %s, want %d", got, all)
	}
	l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "hello"))
	b.tells("hello")
	b.stop()
	if code := l.gone(); code != 1000 {
		t.Errorf("ended with %d", code)
	}
	if b.d.self.deaf() {
		t.Error("the bot takes itself for deaf")
	}
}

func TestASessionGoesOn(t *testing.T) {
	for name, end := range map[string]func(*line){
		"cut":                func(l *line) { l.hangUp(0) },
		"closed":             func(l *line) { l.hangUp(4000) },
		"asked to come back": func(l *line) { l.write(opReconnect, nil) },
		"not now":            func(l *line) { l.write(opInvalid, true) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			b := s.listen()
			l := s.next()
			l.welcome("s1")
			l.dispatch("MESSAGE_CREATE", message("1001", cardsID, anaID, "one"))
			b.tells("one")
			b.until("the bot hears", b.hears)
			caught := s.calls("GET /guilds/" + guildID + "/threads/active")
			end(l)
			again := s.next()
			f := again.hello(time.Minute)
			if f.Op != opResume || field(t, f.Data, "session_id") != "s1" || field(t, f.Data, "seq") != "3" {
				t.Fatalf("the bot wants %d: %s", f.Op, f.Data)
			}
			again.seq = l.seq
			again.dispatch("MESSAGE_CREATE", message("1002", cardsID, bramID, "two"))
			again.dispatch("RESUMED", map[string]any{})
			again.dispatch("MESSAGE_CREATE", message("1001", cardsID, anaID, "one")) // told again
			again.dispatch("MESSAGE_CREATE", message("1003", cardsID, anaID, "three"))
			b.tells("one", "two", "three")
			if n := s.calls("GET /gateway/bot"); n != 1 {
				t.Errorf("asked %d times for the gateway", n)
			}
			if n := s.calls("GET /guilds/" + guildID + "/threads/active"); n != caught {
				t.Error("a session that goes on was caught up")
			}
		})
	}
}

func TestASessionIsBegunAnew(t *testing.T) {
	for name, end := range map[string]func(*line){
		"not any more":   func(l *line) { l.write(opInvalid, false) },
		"too late":       func(l *line) { l.hangUp(closeTimedOut) },
		"wrong sequence": func(l *line) { l.hangUp(closeBadSeq) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			b := s.listen()
			l := s.next()
			l.welcome("s1")
			b.until("the bot hears", func() bool { return b.hears() })
			end(l)
			s.next().welcome("s2")
			b.until("what was missed is looked for", func() bool { return s.calls("GET /guilds/"+guildID+"/threads/active") > 0 })
		})
	}
}

// hears says whether the bot is connected, knows its guilds, and has nothing to catch up.
func (b *listener) hears() bool { return connected(b.d) }

// connected asks in this order: what begins a session brings an outage, and that ends as something to catch up.
func connected(d *Discord) bool {
	t := d.ears.now.Load()
	return t != nil && t.gateway.live.Load() && t.outages.floor() == 0 && t.catchup.floor() == 0
}

func TestHeartbeats(t *testing.T) {
	s := newStation(t)
	s.listen()
	l, every := s.next(), 20*time.Millisecond
	if f := l.hello(every); f.Op != opIdentify {
		t.Fatalf("the bot wants %d", f.Op)
	}
	l.letIn("s1")
	for !l.beats(3) { // an answer came too late: once more, and slower
		if every *= 5; every > 15*time.Second {
			t.Fatal("the bot takes no answer")
		}
		if l = s.next(); l.hello(every).Op == opIdentify {
			l.letIn("s1")
		} else {
			l.dispatch("RESUMED", nil)
		}
	}
	if code := l.gone(); code != closeComeBack {
		t.Errorf("ended with %d", code)
	}
	again := s.next()
	if f := again.hello(time.Minute); f.Op != opResume {
		t.Errorf("the bot wants %d", f.Op)
	}
	again.dispatch("RESUMED", nil)
	again.write(opHeartbeat, nil) // asked for
	if f := again.wants(opHeartbeat); string(f.Data) != "1" {
		t.Errorf("the heartbeat says %s", f.Data)
	}
}

// beats answers so many heartbeats and not the one after them; false if the bot has ended the connection before that.
func (l *line) beats(answered int) bool {
	l.Helper()
	for {
		select {
		case f := <-l.got:
			switch {
			case f.Op != opHeartbeat:
			case answered > 0:
				answered--
				l.write(opAck, nil)
			default:
				if f.Data == nil {
					l.Error("a heartbeat without data")
				}
				return true
			}
		case <-l.closed:
			return false
		case <-time.After(20 * time.Second):
			l.Fatal("the bot sends no heartbeat")
		}
	}
}

// TestASessionThatNobodyAnswersFor is neither gone on with nor refused.
func TestASessionThatNobodyAnswersFor(t *testing.T) {
	s := newStation(t)
	b := s.listen(func(d *Discord) { d.ears.times.greet = 4 * time.Second }) // longer than a machine stands still
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	l.hangUp(0)
	for i := range unansweredMax {
		l = s.next()
		if f := l.hello(time.Minute); f.Op != opResume {
			t.Fatalf("the bot wants %d", f.Op)
		}
		if i == 0 {
			l.gone() // the bot has waited long enough
		}
		l.hangUp(0)
	}
	s.next().welcome("s2")
	b.until("the bot hears again", b.hears)
}

// TestASessionWhoseAddressIsNone goes on at the address that Discord gives for all.
func TestASessionWhoseAddressIsNone(t *testing.T) {
	s := newStation(t)
	s.listen()
	l := s.next()
	l.hello(time.Minute)
	l.dispatch("READY", map[string]any{"session_id": "s1", "guilds": []any{}, "resume_gateway_url": "gopher://nowhere"})
	l.dispatch("GUILD_CREATE", map[string]any{"id": guildID})
	l.hangUp(0)
	if f := s.next().hello(time.Minute); f.Op != opResume {
		t.Errorf("the bot wants %d", f.Op)
	}
}

// TestSessionsThatAreRefused: Discord gives a bot a new token that begins too many in a day.
func TestSessionsThatAreRefused(t *testing.T) {
	log, _ := logtest.NewNullLogger()
	g := &gateway{Discord: &Discord{log: log}, times: usual()}
	var all time.Duration
	const times = 20_000 // their average is no matter of luck
	for range times {
		pause := inbox.Jitter(inbox.PauseMax)
		wait := g.judge(&invalidError{}, pause)
		if wait < pause {
			t.Fatalf("it waits %s, not %s", wait, pause)
		}
		all += wait
	}
	if n := 24 * time.Hour / (all / times); n >= 1000 {
		t.Errorf("%d sessions a day", n)
	}
	if wait := g.judge(&invalidError{}, 0); wait < time.Second {
		t.Errorf("at first it waits %s", wait)
	}
}

// TestReactionsAreNumbered: one that is told again has the same id, one that is put there again has another, after a restart, too.
func TestReactionsAreNumbered(t *testing.T) {
	s := newStation(t)
	s.mem.Clear()
	react := func(l *line, name string) {
		l.dispatch(name, map[string]any{"user_id": anaID, "channel_id": cardsID, "message_id": "1001", "guild_id": guildID,
			"emoji": map[string]any{"name": "👀"}})
	}
	var told []string
	for range 2 {
		b := s.listen()
		l := s.next()
		l.welcome("s1")
		for _, name := range []string{"MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_ADD"} {
			react(l, name)
		}
		l.seq-- // once more
		react(l, "MESSAGE_REACTION_ADD")
		l.dispatch("MESSAGE_CREATE", message(idAt(time.Now()), cardsID, anaID, "that is all"))
		b.until("all is told", func() bool { return slices.Contains(b.texts(), "that is all") && b.hears() })
		for _, e := range b.Stored() {
			if e.Reaction != nil {
				told = append(told, e.ID)
			}
		}
		b.stop()
	}
	slices.Sort(told)
	if len(told) != 6 || len(slices.Compact(told)) != 6 {
		t.Errorf("told %q", told)
	}
}

func TestIntentsThatAreNotAllowed(t *testing.T) {
	s := newStation(t)
	b := s.listen()
	for range 2 {
		l := s.next()
		l.hello(time.Minute)
		l.hangUp(closeForbidden)
		l = s.next()
		f := l.hello(time.Minute)
		if got := field(t, f.Data, "intents"); got != strconv.Itoa(int(askAlways)) {
			t.Errorf("intents %s, want %d", got, askAlways)
		}
		if b.logged(logrus.WarnLevel, "Message Content Intent") == 0 || !b.d.self.deaf() {
			t.Error("nobody is told")
		}
		l.letIn("s1")
		b.until("the bot hears", b.hears)
		s.set(func() { s.flags ^= flagMembers }) // somebody changed them
		l.write(opInvalid, false)
	}
	l := s.next()
	if f := l.hello(time.Minute); field(t, f.Data, "intents") == strconv.Itoa(int(askAlways)) {
		t.Error("the bot does not try again what was allowed meanwhile")
	}
}

func TestIntentsAreSwitchedOnMeanwhile(t *testing.T) {
	s := newStation(t)
	s.flags = 0
	b := s.listen(func(d *Discord) { d.ears.times.flags = 5 * time.Millisecond })
	l := s.next()
	if f := l.welcome("s1"); field(t, f.Data, "intents") != strconv.Itoa(int(askAlways)) || !b.d.self.deaf() {
		t.Errorf("asks for %s", f.Data)
	}
	s.set(func() { s.flags = flagContentLimited })
	if f := s.next().welcome("s2"); field(t, f.Data, "intents") != strconv.Itoa(int(askAlways|discordgo.IntentMessageContent)) {
		t.Errorf("asks for %s", f.Data)
	}
	b.until("the bot is not deaf", func() bool { return !b.d.self.deaf() })
}

func TestWhatAnAdminHasToPutRight(t *testing.T) {
	for _, code := range []int{closeBadToken, closeSharding, closeBadIntent} {
		s := newStation(t)
		b := s.listen()
		for range 3 {
			l := s.next()
			l.hello(time.Minute)
			l.hangUp(code)
		}
		s.next().welcome("s1")
		b.until("the bot hears again", func() bool { return b.logged(logrus.InfoLevel, "hears again") == 1 })
		if n := b.logged(logrus.ErrorLevel, "the bot hears nothing"); n != 1 {
			t.Errorf("%d: said %d times", code, n)
		}
		b.stop()
	}
}

func TestATokenThatRESTDoesNotTake(t *testing.T) {
	s := newStation(t)
	s.answer("GET /gateway/bot", denial{http.StatusUnauthorized, 0})
	b := s.listen()
	b.until("it goes on trying", func() bool { return s.calls("GET /gateway/bot") > 3 })
	if n := b.logged(logrus.ErrorLevel, "DISCORD_TOKEN"); n != 1 {
		t.Errorf("said %d times", n)
	}
	s.set(func() { delete(s.answers, "GET /gateway/bot") })
	s.next().welcome("s1")
}

func TestNoMoreSessionsThanAllowed(t *testing.T) {
	s := newStation(t)
	s.left, s.reset = 0, 40
	b := s.listen()
	b.until("it has waited", func() bool { return s.calls("GET /gateway/bot") > 2 })
	if b.logged(logrus.WarnLevel, "as many sessions as Discord allows") != 1 || len(s.lines) != 0 {
		t.Errorf("%d connections", len(s.lines))
	}
	s.set(func() { s.left = 1 })
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	s.set(func() { s.left, s.away = 0, http.StatusServiceUnavailable })
	l.hangUp(0)
	b.until("it asks for another way", func() bool { return b.logged(logrus.WarnLevel, "cannot be reached") > 0 })
	s.set(func() { s.away = 0 })
	if f := s.next().hello(time.Minute); f.Op != opResume { // which costs none
		t.Errorf("the bot wants %d", f.Op)
	}
}

func TestWhatIsNoGateway(t *testing.T) {
	s := newStation(t)
	b := s.listen()
	s.next().write(opDispatch, "hello")
	s.next().write(opHello, map[string]any{"heartbeat_interval": -1})
	l := s.next()
	l.welcome("s1")
	_ = l.ws.WriteMessage(1, []byte(`{"op":`))
	_ = l.ws.WriteMessage(1, []byte(`[]`))
	_ = l.ws.WriteMessage(1, []byte(`{"op":99,"d":{}}`))
	_ = l.ws.WriteMessage(1, []byte(`{"op":0,"t":"SOMETHING_NEW","s":7,"d":5}`))
	_ = l.ws.WriteMessage(1, []byte(`{"op":0,"t":"MESSAGE_CREATE","s":8,"d":[]}`))
	_ = l.ws.WriteMessage(1, []byte(`{"op":0,"t":"MESSAGE_CREATE","s":9,"d":{"id":"x"}}`))
	_ = l.ws.WriteMessage(1, []byte(`{"op":0,"t":"INTERACTION_CREATE","s":9,"d":null}`))
	l.dispatch("MESSAGE_CREATE", message("1001", cardsID, anaID, "one"))
	b.tells("one")
	if n := b.logged(logrus.WarnLevel, "cannot be read"); n != 2 {
		t.Errorf("said %d times", n)
	}
}

func TestAddressesOfTheGateway(t *testing.T) {
	for api, wants := range map[string]map[string]bool{
		"https://discord.com/api/v9": {"wss://gateway.discord.gg": true, "ws://gateway.discord.gg": false, "https://discord.com": false, "": false},
		"http://127.0.0.1:1/api/v9":  {"ws://127.0.0.1:1/gw": true, "wss://gateway.discord.gg/": true, "::": false},
	} {
		r, err := newREST(api, testToken)
		if err != nil {
			t.Fatal(err)
		}
		g := &gateway{Discord: &Discord{api: r}}
		for at, want := range wants {
			if got, err := g.address(at); (err == nil) != want {
				t.Errorf("%s of %s: %q, %v", at, api, got, err)
			}
		}
	}
}

func TestAnOutageIsSaidOnce(t *testing.T) {
	s := newStation(t)
	s.away = http.StatusBadGateway
	b := s.listen()
	b.until("it goes on trying", func() bool { return s.calls("GET /gateway/bot") > 5 })
	if n := b.logged(logrus.WarnLevel, "cannot be reached"); n != 1 {
		t.Errorf("said %d times", n)
	}
	s.set(func() { s.away = 0 })
	s.next().welcome("s1")
	b.until("that is said", func() bool { return b.logged(logrus.InfoLevel, "hears again") == 1 })
}

func TestManyInteractionsAtOnce(t *testing.T) {
	s := newStation(t)
	b := s.listen(func(d *Discord) { d.ears.slots = make(chan struct{}, 1) })
	b.d.ears.slots <- struct{}{} // somebody is being answered
	l := s.next()
	l.welcome("s1")
	l.dispatch("INTERACTION_CREATE", map[string]any{"id": "9001", "type": 3})
	l.dispatch("MESSAGE_CREATE", message("1001", cardsID, anaID, "one"))
	b.tells("one")
	if b.logged(logrus.WarnLevel, "so many people click at once") != 1 {
		t.Error("nobody is told")
	}
	<-b.d.ears.slots
}

func TestLasting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		longer, end := lasting(ctx, 10*time.Millisecond)
		defer end()
		cancel()
		synctest.Wait()
		if longer.Err() != nil {
			t.Error("it ends with the other one")
		}
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if longer.Err() == nil {
			t.Error("it does not end")
		}
	})
}
