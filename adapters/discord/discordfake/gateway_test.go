package discordfake

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

// town is where the tests are. People there have time.
func town() Options {
	return Options{
		InteractionLife: patience,
		People:          []Person{{Name: "ana", Global: "Ana Silva"}, {Name: "bram", Global: "Bram de Wit", Locale: "nl"}},
		Guilds: []Guild{{Name: "Balie", Channels: []Channel{{Name: "open"}, {Name: "closed", Private: true, Members: []string{"bram"}},
			{Name: "dark", NoBot: true}, {Name: "forum", Kind: Forum, Tags: []string{"new"}}}}},
	}
}

// socket is an app's connection, frame by frame.
type socket struct {
	t  *testing.T
	ws *websocket.Conn
}

// packet is a frame of the gateway's.
type packet struct {
	Op   int             `json:"op"`
	Seq  *int64          `json:"s"`
	Type string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

func (p packet) at(t *testing.T, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(p.Data, &v); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func dial(t *testing.T, at string) *socket {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial(at+"/?v=9&encoding=json", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	k := &socket{t, ws}
	t.Cleanup(func() { _ = ws.Close() })
	if p := k.next(); p.Op != opHello || p.at(t, "heartbeat_interval") == nil {
		t.Fatalf("first came %+v", p)
	}
	return k
}

func (k *socket) send(op int, data any) {
	k.t.Helper()
	if err := k.ws.WriteJSON(map[string]any{"op": op, "d": data}); err != nil {
		k.t.Fatal(err)
	}
}

// patience is for how long something is waited for: far longer than it takes, on a busy machine too.
const patience = time.Minute

// next is the next frame.
func (k *socket) next() packet {
	k.t.Helper()
	var p packet
	if err := k.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		k.t.Fatal(err)
	}
	if err := k.ws.ReadJSON(&p); err != nil {
		k.t.Fatal(err)
	}
	return p
}

// until reads up to the event.
func (k *socket) until(event string) packet {
	k.t.Helper()
	for {
		if p := k.next(); p.Type == event {
			return p
		}
	}
}

// closed waits until the gateway closes, and gives its code.
func (k *socket) closed() int {
	k.t.Helper()
	for {
		if err := k.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
			k.t.Fatal(err)
		}
		_, _, err := k.ws.ReadMessage()
		if ended, ok := errors.AsType[*websocket.CloseError](err); ok && ended.Code != websocket.CloseAbnormalClosure {
			return ended.Code
		}
		if err != nil {
			return 0
		}
	}
}

const allIntents = IntentGuilds | IntentMembers | IntentMessages | IntentReactions | IntentDirect | IntentDirectReactions | IntentContent

func identify(s *Server, intents int) map[string]any {
	return map[string]any{"token": s.Token, "intents": intents, "properties": map[string]any{"os": "linux"}}
}

// enter identifies, and gives what READY says.
func enter(t *testing.T, s *Server, intents int) (*socket, packet) {
	t.Helper()
	k := dial(t, s.gatewayURL())
	k.send(opIdentify, identify(s, intents))
	return k, k.until("READY")
}

func must(t *testing.T) func(Answer, error) Answer {
	return func(a Answer, err error) Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func TestGatewayGreets(t *testing.T) {
	s := New(t, town())
	k, ready := enter(t, s, allIntents)
	if ready.at(t, "user.id") != s.BotID || ready.at(t, "application.id") != s.ApplicationID || *ready.Seq != 1 {
		t.Errorf("READY = %s", ready.Data)
	}
	g := k.next()
	if g.Type != "GUILD_CREATE" || g.at(t, "id") != s.Main().GuildID || g.at(t, "unavailable") != false || *g.Seq != 2 {
		t.Errorf("then %s %s", g.Type, g.Data)
	}
	k.send(opHeartbeat, 2)
	if p := k.next(); p.Op != opAck {
		t.Errorf("a heartbeat was answered with %+v", p)
	}
	if s.Sockets() != 1 || s.Identified() != 1 {
		t.Errorf("%d sockets, %d identified", s.Sockets(), s.Identified())
	}
	k.send(opIdentify, identify(s, 0))
	if code := k.closed(); code != closeAuthTwice {
		t.Errorf("identified twice: %d", code)
	}
}

func TestGatewayCloses(t *testing.T) {
	o := town()
	o.NoMembers = true
	s := New(t, o)
	for name, c := range map[string]struct {
		op   int
		data any
		code int
	}{
		"wrong token":    {opIdentify, map[string]any{"token": "x", "intents": 0, "properties": map[string]any{}}, closeBadToken},
		"no intents":     {opIdentify, map[string]any{"token": s.Token, "properties": map[string]any{}}, closeBadIntents},
		"odd intents":    {opIdentify, identify(s, 1<<30), closeBadIntents},
		"not allowed":    {opIdentify, identify(s, IntentMembers), closeUnwantedIntnt},
		"too early":      {opPresence, map[string]any{}, closeNoAuth},
		"unknown":        {99, nil, closeUnknownOp},
		"no properties":  {opIdentify, map[string]any{"token": s.Token, "intents": 0}, closeBadPayload},
		"large":          {opIdentify, map[string]any{"token": strings.Repeat("x", payloadMax)}, closeBadPayload},
		"resume, token":  {opResume, map[string]any{"token": "x", "session_id": "y", "seq": 1}, closeBadToken},
		"another format": {opHeartbeat, "x", closeBadPayload},
	} {
		k := dial(t, s.gatewayURL())
		k.send(c.op, c.data)
		if code := k.closed(); code != c.code {
			t.Errorf("%s: closed with %d, want %d", name, code, c.code)
		}
	}
	k, _ := enter(t, s, 0)
	for range sendsMax {
		k.send(opHeartbeat, nil)
	}
	if code := k.closed(); code != closeTooMuch {
		t.Errorf("too much: closed with %d", code)
	}
	if n := len(s.Problems()); n != 3 {
		t.Errorf("%d problems", n)
	}
}

func TestGatewayCountsSessions(t *testing.T) {
	s := New(t, town())
	enter(t, s, 0)
	s.mu.Lock()
	limit := s.startLimit()
	s.mu.Unlock()
	if limit["total"] != 1000 || limit["remaining"] != 999 {
		t.Errorf("limit = %v", limit)
	}
	s.StartsLeft(0)
	k := dial(t, s.gatewayURL())
	k.send(opIdentify, identify(s, 0))
	if code := k.closed(); code != closeBadToken || len(s.Problems()) != 1 {
		t.Errorf("once too often: closed with %d", code)
	}
	s.Advance(25 * time.Hour)
	enter(t, s, 0)
}

func TestGatewayWantsHeartbeats(t *testing.T) {
	o := town()
	o.Heartbeat = 40 * time.Millisecond
	s := New(t, o)
	k := dial(t, s.gatewayURL())
	_ = k.ws.WriteJSON(map[string]any{"op": opIdentify, "d": identify(s, 0)}) // which may come too late
	if code := k.closed(); code != closeTimedOut {
		t.Errorf("closed with %d", code)
	}
}

func TestGatewayTellsWhatIsMeantForTheApp(t *testing.T) {
	s := New(t, town())
	ana, bram, main := s.As("ana"), s.As("bram"), s.Main()
	all, _ := enter(t, s, allIntents)
	few, _ := enter(t, s, IntentGuilds|IntentMessages)
	must(t)(bram.Say(t.Context(), main.ChannelID("dark"), "unseen"))
	must(t)(ana.Say(t.Context(), s.Direct("ana"), "direct"))
	if p := all.until("MESSAGE_CREATE"); p.at(t, "content") != "direct" || p.at(t, "guild_id") != nil || p.at(t, "author.id") != ana.ID {
		t.Errorf("heard %s", p.Data)
	}
	said := must(t)(ana.Say(t.Context(), main.ChannelID("open"), "hello :eyes:"))
	if p := all.next(); p.at(t, "content") != "hello 👀" || p.at(t, "guild_id") != main.GuildID || p.at(t, "member.roles") == nil || p.at(t, "member.user") != nil {
		t.Errorf("heard %s", p.Data)
	}
	if p := few.until("MESSAGE_CREATE"); p.at(t, "content") != "" || p.at(t, "id") != said.Message.ID {
		t.Errorf("without the content's intent: %s", p.Data)
	}
	must(t)(ana.Say(t.Context(), main.ChannelID("open"), "hi @balie"))
	if p := few.next(); p.at(t, "content") != "hi <@"+s.BotID+">" {
		t.Errorf("mentioned: %s", p.Data)
	}
	all.next()
	must(t)(bram.React(t.Context(), main.ChannelID("open"), said.Message.ID, "👀"))
	if p := all.next(); p.Type != "MESSAGE_REACTION_ADD" || p.at(t, "emoji.name") != "👀" || p.at(t, "member.user.id") != bram.ID && p.at(t, "user_id") != bram.ID {
		t.Errorf("reaction: %s", p.Data)
	}
	must(t)(ana.Edit(t.Context(), main.ChannelID("open"), said.Message.ID, "changed"))
	if p := few.next(); p.Type != "MESSAGE_UPDATE" || p.at(t, "edited_timestamp") == nil || p.at(t, "content") != "" {
		t.Errorf("edit: %s %s", p.Type, p.Data)
	}
	must(t)(ana.Delete(t.Context(), main.ChannelID("open"), said.Message.ID))
	if p := few.next(); p.Type != "MESSAGE_DELETE" || p.at(t, "id") != said.Message.ID {
		t.Errorf("deletion: %s %s", p.Type, p.Data)
	}
}

func TestGatewayResumes(t *testing.T) {
	s := New(t, town())
	ana, open := s.As("ana"), s.Main().ChannelID("open")
	k, ready := enter(t, s, allIntents)
	g := k.until("GUILD_CREATE")
	id, _ := ready.at(t, "session_id").(string)
	at, _ := ready.at(t, "resume_gateway_url").(string)
	resume := func(seq int64) *socket {
		again := dial(t, at)
		again.send(opResume, map[string]any{"token": s.Token, "session_id": id, "seq": seq})
		return again
	}
	s.DropSockets()
	if code := k.closed(); code != 0 {
		t.Errorf("dropped with the code %d", code)
	}
	for _, text := range []string{"one", "two"} {
		must(t)(ana.Say(t.Context(), open, text))
	}
	k = resume(*g.Seq)
	for i, want := range []string{"one", "two"} {
		if p := k.next(); p.at(t, "content") != want || *p.Seq != *g.Seq+int64(i)+1 {
			t.Errorf("missed: %s", p.Data)
		}
	}
	if p := k.next(); p.Type != "RESUMED" {
		t.Errorf("then %s", p.Type)
	}
	must(t)(ana.Say(t.Context(), open, "three"))
	last := k.next()
	if last.at(t, "content") != "three" || s.Resumed() != 1 {
		t.Errorf("then %s", last.Data)
	}
	s.AskReconnect()
	if p := k.next(); p.Op != opReconnect {
		t.Errorf("asked to reconnect by %+v", p)
	}
	must(t)(ana.Say(t.Context(), open, "four"))
	k = resume(*last.Seq)
	if p := k.next(); p.at(t, "content") != "four" {
		t.Errorf("after that %s", p.Data)
	}
	k.until("RESUMED")
	s.InvalidateSession(true)
	if p := k.next(); p.Op != opInvalid || string(p.Data) != "true" {
		t.Errorf("invalidated by %+v", p)
	}
	k.send(opResume, map[string]any{"token": s.Token, "session_id": id, "seq": *last.Seq + 2})
	if p := k.next(); p.Type != "RESUMED" {
		t.Errorf("then %+v", p)
	}
	for name, forget := range map[string]func(){"expired": s.ExpireSessions, "too long ago": func() { s.DropSockets(); s.Advance(3 * time.Minute) }} {
		k, ready := enter(t, s, allIntents)
		id, _ = ready.at(t, "session_id").(string)
		forget()
		if name != "expired" {
			k.closed()
		}
		k = resume(1)
		if p := k.next(); p.Op != opInvalid || string(p.Data) != "false" {
			t.Errorf("%s: %+v", name, p)
		}
		k.send(opIdentify, identify(s, 0)) // which goes on the same connection
		k.until("READY")
	}
	k, ready = enter(t, s, 0)
	id, _ = ready.at(t, "session_id").(string)
	if code := resume(99).closed(); code != closeBadSequence {
		t.Errorf("a number that never was: %d", code)
	}
	if err := k.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")); err != nil {
		t.Fatal(err)
	}
	k.closed()
	if p := resume(1).next(); p.Op != opInvalid {
		t.Errorf("after a normal close: %+v", p)
	}
}

func TestGatewayTrouble(t *testing.T) {
	s := New(t, town())
	ana, open := s.As("ana"), s.Main().ChannelID("open")
	k, _ := enter(t, s, allIntents)
	k.until("GUILD_CREATE")
	say := func(texts ...string) {
		for _, text := range texts {
			must(t)(ana.Say(t.Context(), open, text))
		}
	}
	heard := func(want ...string) {
		t.Helper()
		for _, text := range want {
			if p := k.next(); p.at(t, "content") != text {
				t.Errorf("heard %s, want %q", p.Data, text)
			}
		}
	}
	s.RepeatDispatches(1)
	say("twice", "once")
	heard("twice", "twice", "once")
	s.LoseDispatches(1)
	say("lost", "not lost")
	heard("not lost")
	release := s.HoldDispatches(true)
	say("one", "two")
	release()
	heard("two", "one")
	s.DelayDispatches(30 * time.Millisecond)
	began := time.Now()
	say("late")
	heard("late")
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("it came after %s", took)
	}
	s.DelayDispatches(0)
	s.GatewayDown(true)
	if _, resp, err := websocket.DefaultDialer.Dial(s.gatewayURL()+"/?v=9&encoding=json", nil); err == nil || resp == nil || resp.StatusCode < 500 {
		t.Errorf("connected although the gateway is away: %v", err)
	} else if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	k.closed()
	s.GatewayDown(false)
	if k, _ = enter(t, s, 0); s.Sockets() != 1 {
		t.Errorf("%d sockets", s.Sockets())
	}
	s.CloseSockets(4000)
	if code := k.closed(); code != 4000 {
		t.Errorf("closed with %d", code)
	}
}

// rewriting sends what goes to Discord to the fake.
type rewriting struct {
	to   *url.URL
	next http.RoundTripper
}

func (r rewriting) RoundTrip(in *http.Request) (*http.Response, error) {
	out := in.Clone(in.Context())
	out.URL.Scheme, out.URL.Host, out.Host = r.to.Scheme, r.to.Host, r.to.Host
	return r.next.RoundTrip(out)
}

// TestLibrary has the library talk to the fake.
func TestLibrary(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
	s := New(t, town())
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	session, err := discordgo.New("Bot " + s.Token)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	session.Client = &http.Client{Transport: rewriting{at, transport}}
	session.Identify.Intents = discordgo.Intent(allIntents)
	session.SyncEvents = true
	var mu sync.Mutex
	var heard []string
	session.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, m.Content)
	})
	session.AddHandler(func(session *discordgo.Session, i *discordgo.InteractionCreate) {
		if err := session.InteractionRespond(i.Interaction, &discordgo.InteractionResponse{Type: discordgo.InteractionResponseChannelMessageWithSource,
			Data: &discordgo.InteractionResponseData{Content: "Hello " + i.Member.User.Username, Flags: discordgo.MessageFlagsEphemeral}}); err != nil {
			t.Error(err)
		}
		if _, err := session.FollowupMessageCreate(i.Interaction, true, &discordgo.WebhookParams{Content: "And more."}); err != nil {
			t.Error(err)
		}
	})
	if err := session.Open(); err != nil {
		t.Fatal(err)
	}
	if _, err := session.ApplicationCommandBulkOverwrite(s.ApplicationID, s.Main().GuildID, []*discordgo.ApplicationCommand{
		{Name: "ticket", Description: "Tickets"}}); err != nil {
		t.Fatal(err)
	}
	ana, open := s.As("ana"), s.Main().ChannelID("open")
	must(t)(ana.Say(t.Context(), open, "good morning"))
	a := must(t)(ana.Command(t.Context(), open, "ticket", "", nil))
	if a.Refused != "" || len(a.Private) != 1 || a.Private[0].Content != "Hello ana" {
		t.Errorf("answered %+v", a)
	}
	until(t, "the message and the follow-up", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(heard) == 2 && heard[0] == "good morning" && len(ana.Look(a).Public) == 1
	})
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

// until waits for something.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
