package slackfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// app is a small app: it answers with what a test says, and remembers what came.
type app struct {
	t *testing.T
	s *Server

	mu     sync.Mutex
	heard  []heard
	answer func(heard) (status int, body string)
}

// heard is something that came to the app.
type heard struct {
	kind    string
	header  http.Header
	payload map[string]any
}

// at is a value inside the payload, such as "event.channel".
func (h heard) at(path string) any {
	var v any = h.payload
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			v = in[0].(map[string]any)[name]
		default:
			return nil
		}
	}
	return v
}

func town() Options {
	return Options{
		People:   []Person{{Name: "ana", Real: "Ana Silva"}, {Name: "bram", Real: "Bram de Wit"}},
		Channels: []Channel{{Name: "open", Bot: true}, {Name: "closed", Private: true, Members: []string{"bram"}, Bot: true}, {Name: "without"}},
	}
}

// newApp starts a fake that delivers to an app over HTTP.
func newApp(t *testing.T, o Options) *app {
	a := &app{t: t, s: New(t, o)}
	hooks := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(hooks.Close)
	a.s.Deliver(hooks.URL + "/hooks/slack/")
	return a
}

func (a *app) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Errorf("reading a request: %v", err)
	}
	h := heard{kind: r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], header: r.Header.Clone(), payload: map[string]any{}}
	form, err := url.ParseQuery(string(body))
	switch {
	case h.kind == events:
		err = json.Unmarshal(body, &h.payload)
	case h.kind == interactions && err == nil:
		err = json.Unmarshal([]byte(form.Get("payload")), &h.payload)
	default:
		for name := range form {
			h.payload[name] = form.Get(name)
		}
	}
	if err != nil {
		a.t.Errorf("%s: %v in %s", h.kind, err, body)
	}
	if got, want := r.Header.Get("X-Slack-Signature"), a.s.Sign(body, stamped(a.t, r)).Get("X-Slack-Signature"); got != want {
		a.t.Errorf("the signature is %s, want %s", got, want)
	}
	status, answer := a.take(h)
	if strings.HasPrefix(answer, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	if _, err := io.WriteString(w, answer); err != nil {
		a.t.Logf("answering: %v", err)
	}
}

func stamped(t *testing.T, r *http.Request) time.Time {
	var seconds int64
	if err := json.Unmarshal([]byte(r.Header.Get("X-Slack-Request-Timestamp")), &seconds); err != nil {
		t.Errorf("the time of a request: %v", err)
	}
	return time.Unix(seconds, 0)
}

func (a *app) take(h heard) (int, string) {
	a.mu.Lock()
	a.heard = append(a.heard, h)
	answer := a.answer
	a.mu.Unlock()
	if answer == nil {
		return http.StatusOK, ""
	}
	return answer(h)
}

func (a *app) answers(f func(heard) (int, string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

func (a *app) always(body string) {
	a.answers(func(heard) (int, string) { return http.StatusOK, body })
}

func (a *app) all() []heard {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]heard(nil), a.heard...)
}

// acted is what came but events, which come when they like.
func (a *app) acted() []heard {
	return slices.DeleteFunc(a.all(), func(h heard) bool { return h.kind == events })
}

// did is the last of it.
func (a *app) did() heard {
	a.t.Helper()
	all := a.acted()
	if len(all) == 0 {
		a.t.Fatal("nobody did anything")
	}
	return all[len(all)-1]
}

func (a *app) last() heard {
	a.t.Helper()
	all := a.all()
	if len(all) == 0 {
		a.t.Fatal("the app heard nothing")
	}
	return all[len(all)-1]
}

// call calls a method of the Web API with JSON.
func (a *app) call(method string, args map[string]any) map[string]any {
	a.t.Helper()
	body, err := json.Marshal(args)
	if err != nil {
		a.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, a.s.APIURL+method, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	token := a.s.BotToken
	if method == "apps.connections.open" {
		token = a.s.AppToken
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		a.t.Fatal(err)
	}
	return out
}

// ok is an answer without an error.
func ok(t *testing.T) func(Answer, error) Answer {
	return func(a Answer, err error) Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func TestCommand(t *testing.T) {
	a := newApp(t, town())
	ana := a.s.As("ana")
	open := a.s.ChannelID("open")
	run := func(line string) Answer { t.Helper(); return ok(t)(ana.Command(t.Context(), open, line)) }
	a.always(`{"response_type":"ephemeral","text":"Only *you* see &lt;this&gt;"}`)
	got := run("/ticket printer & @bram")
	if got.Refused != "" || len(got.Private) != 1 || got.Private[0].Plain() != "Only *you* see <this>" || !got.Private[0].Ephemeral {
		t.Errorf("answer = %+v", got)
	}
	h := a.did()
	for name, want := range map[string]any{"command": "/ticket", "text": "printer &amp; <@" + a.s.UserID("bram") + ">", "user_id": ana.ID, "channel_id": open,
		"channel_name": "open", "team_id": a.s.TeamID, "api_app_id": a.s.AppID, "is_enterprise_install": "false", "user_name": "ana"} {
		if h.at(name) != want {
			t.Errorf("%s = %v, want %v", name, h.at(name), want)
		}
	}
	a.answers(func(heard) (int, string) { return http.StatusOK, "plain words" })
	if got := run("/ticket"); len(got.Private) != 1 || got.Private[0].Text != "plain words" {
		t.Errorf("answer = %+v", got)
	}
	a.always(`{"response_type":"in_channel","text":"For all"}`)
	if got := run("/ticket"); len(got.Private) != 0 || len(ana.Messages(open)) != 1 {
		t.Errorf("answer = %+v, channel %+v", got, ana.Messages(open))
	}
	a.always(`{"text":7}`)
	if got := run("/ticket"); got.Refused != `/ticket failed with the error "invalid_command_response"` {
		t.Errorf("refused %q", got.Refused)
	}
	a.answers(func(heard) (int, string) { return http.StatusInternalServerError, "x" })
	if got := run("/ticket"); got.Refused != `/ticket failed with the error "dispatch_failed"` || got.Status != 500 {
		t.Errorf("refused %q with %d", got.Refused, got.Status)
	}
	if got := ok(t)(ana.Command(t.Context(), a.s.ChannelID("closed"), "/ticket")); got.Refused == "" {
		t.Error("a command where somebody is not in was taken")
	}
	before := len(a.acted())
	again := ok(t)(ana.Repeat(t.Context(), got))
	if after := a.acted(); len(after) != before+1 || after[before].at("trigger_id") != h.at("trigger_id") {
		t.Errorf("repeated: %+v, %+v", again, after[before:])
	}
}

func TestResponseURLAndLateAnswers(t *testing.T) {
	a := newApp(t, town())
	ana := a.s.As("ana")
	a.answers(func(h heard) (int, string) {
		resp, err := http.Post(h.at("response_url").(string), "application/json", strings.NewReader(`{"text":"later"}`))
		if err != nil {
			t.Error(err)
		} else if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		a.call("chat.postEphemeral", map[string]any{"channel": h.at("channel_id"), "user": h.at("user_id"), "text": "and this"})
		return http.StatusOK, ""
	})
	got := ok(t)(ana.Command(t.Context(), a.s.ChannelID("open"), "/ticket"))
	if len(got.Private) != 2 || got.Private[0].Text != "later" || got.Private[1].Text != "and this" || len(ana.Visible()) != 2 {
		t.Errorf("private = %+v", got.Private)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestEvents(t *testing.T) {
	a := newApp(t, town())
	ana, open := a.s.As("ana"), a.s.ChannelID("open")
	said, answer, err := ana.Say(t.Context(), open, "", "hello @bram & @balie, see https://example.org/x.")
	if err != nil || answer.Refused != "" {
		t.Fatalf("%+v, %v", answer, err)
	}
	h := a.last()
	for path, want := range map[string]any{"type": "event_callback", "team_id": a.s.TeamID, "api_app_id": a.s.AppID, "event.type": "message",
		"event.channel": open, "event.user": ana.ID, "event.ts": said.TS, "event.channel_type": "channel", "authorizations.user_id": a.s.BotUserID,
		"event.text": "hello <@" + a.s.UserID("bram") + "> &amp; <@" + a.s.BotUserID + ">, see <https://example.org/x>."} {
		if h.at(path) != want {
			t.Errorf("%s = %v, want %v", path, h.at(path), want)
		}
	}
	if id, _ := h.at("event_id").(string); !strings.HasPrefix(id, "Ev") {
		t.Errorf("the event's id is %q", id)
	}
	ok(t)(ana.Edit(t.Context(), open, said.TS, "other words"))
	if h := a.last(); h.at("event.subtype") != "message_changed" || h.at("event.message.text") != "other words" {
		t.Errorf("edit = %v", h.payload)
	}
	reply, _, err := a.s.As("bram").Say(t.Context(), open, said.TS, "a reply")
	if err != nil || a.last().at("event.thread_ts") != said.TS || reply.ThreadTS != said.TS {
		t.Errorf("reply = %+v, %v", a.last().payload, err)
	}
	ok(t)(ana.React(t.Context(), open, said.TS, "eyes"))
	if h := a.last(); h.at("event.type") != "reaction_added" || h.at("event.reaction") != "eyes" {
		t.Errorf("reaction = %v", h.payload)
	}
	ok(t)(a.s.As("bram").Delete(t.Context(), open, reply.TS))
	if h := a.last(); h.at("event.subtype") != "message_deleted" || h.at("event.deleted_ts") != reply.TS {
		t.Errorf("deletion = %v", h.payload)
	}
	before := len(a.all())
	if _, answer, err := ana.Say(t.Context(), a.s.ChannelID("without"), "", "nobody hears"); err != nil || answer.Refused != "" || len(a.all()) != before {
		t.Errorf("said without the bot: %+v, %v", answer, err)
	}
	if _, answer, err := ana.Say(t.Context(), a.s.ChannelID("closed"), "", "x"); err != nil || answer.Refused != notThere {
		t.Errorf("said where she is not in: %+v, %v", answer, err)
	}
	if _, answer, err := ana.Say(t.Context(), open, "", " \n"); err != nil || answer.Refused != noText {
		t.Errorf("said nothing: %+v, %v", answer, err)
	}
	if _, answer, err := ana.Say(t.Context(), a.s.Direct("ana"), "", "just us"); err != nil || answer.Refused != "" || a.last().at("event.channel_type") != "im" {
		t.Errorf("said to the bot: %+v, %v", answer, err)
	}
}

func TestEventsAreDeliveredAgain(t *testing.T) {
	a := newApp(t, town())
	ana, open := a.s.As("ana"), a.s.ChannelID("open")
	say := func() {
		t.Helper()
		if _, _, err := ana.Say(t.Context(), open, "", "hello"); err != nil {
			t.Fatal(err)
		}
	}
	a.answers(func(heard) (int, string) { return http.StatusServiceUnavailable, "" })
	say()
	if n := a.s.Redeliver(); n != 1 {
		t.Errorf("%d are undelivered, want 1", n)
	}
	if n := a.s.Redeliver(); n != 0 {
		t.Errorf("%d are undelivered after three tries more", n)
	}
	if n := a.s.Redeliver(); n != 0 || len(a.all()) != 4 {
		t.Errorf("it came %d times, want 4", len(a.all()))
	}
	for i, want := range []string{"", "1", "2", "3"} {
		if h := a.all()[i]; h.header.Get("X-Slack-Retry-Num") != want || h.at("event_id") != a.all()[0].at("event_id") ||
			i > 0 && h.header.Get("X-Slack-Retry-Reason") != "http_error" {
			t.Errorf("try %d has the headers %v", i, h.header)
		}
	}
	a.answers(nil)
	a.s.RepeatEvents(1)
	say()
	if all := a.all()[4:]; len(all) != 2 || all[0].at("event_id") != all[1].at("event_id") {
		t.Errorf("told twice: %v", all)
	}
	a.s.DropEvents(1)
	say()
	if n := len(a.all()); n != 6 {
		t.Errorf("a lost event came: %d", n)
	}
	release := a.s.HoldEvents()
	var both sync.WaitGroup
	for _, text := range []string{"first", "second"} {
		both.Go(func() {
			if _, _, err := ana.Say(t.Context(), open, "", text); err != nil {
				t.Error(err)
			}
		})
		for held := 0; held == 0 || held == 1 && text == "second"; held = a.s.held() {
			time.Sleep(time.Millisecond)
		}
	}
	release()
	both.Wait()
	if all := a.all()[6:]; len(all) != 2 || all[0].at("event.text") != "second" || all[1].at("event.text") != "first" {
		t.Errorf("out of order: %v", all)
	}
}

func (s *Server) held() int {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	return len(s.delivery.held)
}
