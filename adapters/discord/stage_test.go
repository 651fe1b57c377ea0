package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

const (
	anApplication = "845027738276462632"
	aChannel      = "645027906669510667"
	aThread       = "745027906669510668"
	aCard         = "775027906669510600"
	ana           = "53908232506183680"
	bram          = "80351110224678912"
	aToken        = "aW50ZXJhY3Rpb246ODQ1MDI3NzM4Mjc2NDYyNjMy"
)

// stage is the adapter with a handler and an API that write down what comes.
type stage struct {
	*testing.T
	adaptertest.Bot
	d     *Discord
	shelf *adaptertest.Memory
	log   adaptertest.Log

	mu     sync.Mutex
	calls  []apiCall
	refuse func(apiCall) (status, code int) // what the API does instead
	n      int
}

type apiCall struct {
	method, path string
	body         []byte
}

func setStage(t *testing.T, change ...func(*Options)) *stage {
	t.Helper()
	s := &stage{T: t, shelf: &adaptertest.Memory{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	opts := Options{APIURL: server.URL + "/api/v9", Token: "a-token", Secret: valuesSecret, Memory: s.shelf, Log: s.log.Logger(logrus.DebugLevel), Commands: someCommands(),
		AnswerWithin: 2 * time.Second, RetryAfter: time.Millisecond}
	for _, c := range change {
		c(&opts)
	}
	var err error
	if s.d, err = New(opts); err != nil {
		t.Fatal(err)
	}
	Unpaced(s.d)
	t.Cleanup(func() {
		s.d.later.Wait()
		s.d.api.close()
		if log := s.log.String(); strings.Contains(log, aToken) || strings.Contains(log, "a-token") {
			t.Errorf("a token is in the log: %s", log)
		}
	})
	if _, err := s.d.self.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.Error(err)
	}
	c := apiCall{r.Method, strings.TrimPrefix(r.URL.Path, "/api/v9"), body}
	s.mu.Lock()
	refuse := s.refuse
	if c.method != http.MethodGet {
		s.calls = append(s.calls, c)
	}
	s.mu.Unlock()
	if refuse != nil {
		if status, code := refuse(c); status != 0 {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"code":%d,"message":"no"}`, code)
			return
		}
	}
	switch {
	case c.path == "/applications/@me":
		fmt.Fprintf(w, `{"id":%q,"bot":{"id":%q,"username":"balie"}}`, anApplication, anApplication)
	case c.path == "/users/@me/guilds":
		fmt.Fprintf(w, `[{"id":%q}]`, aGuild)
	case strings.Contains(c.path, "/members/"):
		id := c.path[strings.LastIndexByte(c.path, '/')+1:]
		fmt.Fprintf(w, `{"user":{"id":%q,"username":%q}}`, id, "u"+id)
	case strings.HasSuffix(c.path, "/messages"):
		fmt.Fprintf(w, `{"id":"999","channel_id":%q}`, aChannel)
	case strings.HasPrefix(c.path, "/channels/"):
		fmt.Fprintf(w, `{"id":%q,"type":0,"guild_id":%q}`, strings.TrimPrefix(c.path, "/channels/"), aGuild)
	case c.method == http.MethodPut:
		fmt.Fprint(w, `[]`)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// refuses sets what the API does instead of what it should; a status of 0 for nothing.
func (s *stage) refuses(how func(apiCall) (status, code int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = how
}

func (s *stage) last() chat.Event {
	s.Helper()
	told := s.Told()
	if len(told) == 0 {
		s.Fatal("the bot heard nothing")
	}
	return told[len(told)-1]
}

// called are the calls so far, of which the path has the part.
func (s *stage) called(part string) (out []apiCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if strings.Contains(c.path, part) {
			out = append(out, c)
		}
	}
	return out
}

// deed is an interaction as Discord tells it.
func (s *stage) deed(kind int, data map[string]any, more ...func(map[string]any)) map[string]any {
	s.n++
	in := map[string]any{
		"id": fmt.Sprint(1000 + s.n), "application_id": anApplication, "type": kind, "token": aToken, "guild_id": aGuild, "channel_id": aChannel,
		"channel": map[string]any{"id": aChannel, "type": 0}, "locale": "en-GB", "data": data,
		"member": map[string]any{"user": map[string]any{"id": ana, "username": "ana"}, "nick": "Ana"},
	}
	for _, m := range more {
		m(in)
	}
	return in
}

func by(person string) func(map[string]any) {
	return func(in map[string]any) {
		in["member"] = map[string]any{"user": map[string]any{"id": person, "username": "p" + person}}
	}
}

func direct(in map[string]any) {
	in["user"] = in["member"].(map[string]any)["user"]
	delete(in, "member")
	delete(in, "guild_id")
	in["channel_id"] = "555"
	in["channel"] = map[string]any{"id": "555", "type": directChannel}
}

// on says which message a component stands on.
func on(message map[string]any) func(map[string]any) {
	return func(in map[string]any) { in["message"] = message }
}

// within says in which thread it happened.
func within(kind int) func(map[string]any) {
	return func(in map[string]any) {
		in["channel_id"] = aThread
		in["channel"] = map[string]any{"id": aThread, "type": kind, "parent_id": aChannel}
	}
}

// shown is an answer, as the person sees it.
type shownAnswer struct {
	Type int `json:"type"`
	Data struct {
		Content    string          `json:"content"`
		Flags      int             `json:"flags"`
		CustomID   string          `json:"custom_id"`
		Title      string          `json:"title"`
		Components []wireComponent `json:"components"`
		Choices    []choice        `json:"choices"`
	} `json:"data"`
	raw string
}

// button is the id of the component with a label or, without one, of the first menu.
func (a shownAnswer) button(t *testing.T, label string) string {
	t.Helper()
	found := map[string]wireComponent{}
	collect(a.Data.Components, found)
	for id, c := range found {
		if c.Label == label && (label != "" || c.Type == 3) {
			return id
		}
	}
	t.Fatalf("there is no %q in %s", label, a.raw)
	return ""
}

// does lets somebody do something, and gives the answer.
func (s *stage) does(in map[string]any) shownAnswer {
	s.Helper()
	wire, err := readInteraction(encode(in))
	if err != nil || !wire.sensible() {
		s.Fatalf("%v: %s", err, encode(in))
	}
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	out, _, after := s.d.answering(ctx, s.Handle, wire)
	s.d.goOn(ctx, after)
	got := shownAnswer{raw: string(encode(out))}
	if err := json.Unmarshal([]byte(got.raw), &got); err != nil {
		s.Fatal(err)
	}
	return got
}

func (s *stage) click(id string, more ...func(map[string]any)) map[string]any {
	message := map[string]any{"id": aCard, "channel_id": aChannel, "author": map[string]any{"id": anApplication}, "components": []any{
		map[string]any{"type": 1, "components": []any{map[string]any{"type": 2, "custom_id": id, "label": "Press me"}}}}}
	return s.deed(componentInteraction, map[string]any{"custom_id": id, "component_type": 2}, slices.Concat([]func(map[string]any){on(message)}, more)...)
}

func someCommands() chat.CommandSpec {
	return chat.CommandSpec{
		Name: "ticket", About: chat.Words{"en": "Ask for help, and see your tickets", "nl": "Vraag hulp, en zie je meldingen"},
		Words: []chat.WordSpec{
			{Name: "new", Labels: chat.Words{"en": "new", "nl": "nieuw"}, About: chat.Words{"en": "Open a ticket", "nl": "Maak een melding"}, Options: []chat.OptionSpec{
				{Field: "category", Labels: chat.Words{"en": "category", "nl": "categorie"}, About: chat.Words{"en": "What it is about", "nl": "Waar het over gaat"}, Lookup: true},
				{Field: "", Labels: chat.Words{"en": "summary", "nl": "omschrijving"}, About: chat.Words{"en": "What is wrong", "nl": "Wat er is"}, Required: true},
				{Field: "priority", Labels: chat.Words{"en": "priority", "nl": "prioriteit"}, About: chat.Words{"en": "How urgent it is"},
					Choices: []chat.ChoiceSpec{{Value: "p1", Labels: chat.Words{"en": "High", "nl": "Hoog"}}, {Value: "p2", Labels: chat.Words{"en": "Low"}}}},
			}},
			{Name: "show", Labels: chat.Words{"en": "show", "nl": "toon"}, About: chat.Words{"en": "Show a ticket"}, Options: []chat.OptionSpec{
				{Labels: chat.Words{"en": "ticket", "nl": "melding"}, About: chat.Words{"en": "Its number"}, Required: true, Lookup: true}}},
		},
		Shortcuts: []chat.ShortcutSpec{{Name: "create", Labels: chat.Words{"en": "Create ticket", "nl": "Maak melding"}}},
	}
}
