package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"

	"balie/adapters/adaptertest"
	"balie/adapters/adaptertest/golden"
	"balie/adapters/background"
	"balie/internal/chat"
)

func TestCommands(t *testing.T) {
	s := setStage(t)
	s.Says(chat.Reply{Text: "Hello."}, nil)
	in := s.deed(commandInteraction, map[string]any{"type": 1, "name": "ticket", "options": []any{map[string]any{"type": 1, "name": "new", "options": []any{
		map[string]any{"type": 3, "name": "summary", "value": "printer *is* broken"}, map[string]any{"type": 3, "name": "category", "value": "hw"},
		map[string]any{"type": 3, "name": "older", "value": "x"}, map[string]any{"type": 99, "name": "odd", "value": map[string]any{}}}}}})
	got := s.does(in)
	if got.Type != answerMessage || got.Data.Content != "Hello." || got.Data.Flags&flagEphemeral == 0 {
		t.Errorf("the answer is %s", got.raw)
	}
	e := s.last()
	c := e.Command
	if c == nil || c.Name != "ticket" || c.Word != "new" || c.Text != "printer *is* broken" || c.Values.Get("category") != "hw" || c.Values.Get("older") != "x" || len(c.Values) != 2 {
		t.Errorf("the command is %+v", c)
	}
	if e.ID != "i|"+in["id"].(string) || e.Workspace != aGuild || e.Channel != aChannel || e.Thread != "" || e.Direct || e.Person.ID != ana || e.Person.Name != "Ana" || e.Person.Locale != "en-GB" {
		t.Errorf("the event is %+v", e)
	}
	s.does(s.deed(commandInteraction, map[string]any{"name": "ticket"}, within(publicThread)))
	if e := s.last(); e.Channel != aChannel || e.Thread != aThread || e.Command.Word != "" || e.Command.Text != "" {
		t.Errorf("in a thread: %+v, %+v", e, e.Command)
	}
	got = s.does(s.deed(commandInteraction, map[string]any{"name": "ticket"}, direct))
	if e := s.last(); !e.Direct || e.Workspace != aGuild || e.Channel != "555" || got.Data.Flags&flagEphemeral != 0 {
		t.Errorf("in a direct conversation: %+v, %s", e, got.raw)
	}
	s.Says(chat.Reply{}, nil)
	if got := s.does(s.deed(commandInteraction, map[string]any{"name": "ticket"})); got.Type != answerMessage || got.Data.Content != "Done." {
		t.Errorf("without an answer: %s", got.raw)
	}
}

func TestOptionsWhileSomebodyTypes(t *testing.T) {
	s := setStage(t)
	r := chat.Reply{}
	for i := range 40 {
		r.Options = append(r.Options, chat.Option{Value: fmt.Sprint("c", i), Label: strings.Repeat("é", 120)})
	}
	r.Options[1].Value = strings.Repeat("x", 101)
	s.Says(r, nil)
	in := func() map[string]any {
		return s.deed(completeInteraction, map[string]any{"type": 1, "name": "ticket", "options": []any{map[string]any{"type": 1, "name": "new", "options": []any{
			map[string]any{"type": 3, "name": "summary", "value": "printer"}, map[string]any{"type": 3, "name": "category", "value": "har", "focused": true}}}}})
	}
	got := s.does(in())
	if got.Type != answerChoices || len(got.Data.Choices) != optionsMax || got.Data.Choices[1].Value != "c2" {
		t.Errorf("the answer is %s", got.raw)
	}
	golden.Check(t, "choices", "discord-interaction-response", json.RawMessage(got.raw))
	q := s.last().Query
	if q == nil || q.Word != "new" || q.Field != "category" || q.Text != "har" || q.Values.Get("") != "printer" || len(q.Values) != 1 {
		t.Errorf("the query is %+v", q)
	}
	s.Says(chat.Reply{Text: "away"}, errors.New("away"))
	if got := s.does(in()); got.Type != answerChoices || len(got.Data.Choices) != 0 {
		t.Errorf("while the store is away: %s", got.raw)
	}
}

func TestShortcuts(t *testing.T) {
	s := setStage(t)
	message := map[string]any{"id": "777", "channel_id": aChannel, "content": "hello there", "timestamp": "2026-03-04T05:06:07Z",
		"author":      map[string]any{"id": bram, "username": "bram", "global_name": "Bram"},
		"attachments": []any{map[string]any{"id": "9", "filename": "a.png", "size": 3, "url": "https://cdn.discordapp.com/a.png"}}}
	data := map[string]any{"type": 3, "name": "Create ticket", "target_id": "777", "resolved": map[string]any{"messages": map[string]any{"777": message}}}
	s.does(s.deed(commandInteraction, data))
	c := s.last().Shortcut
	want := chat.Ref{Platform: Name, Workspace: aGuild, Channel: aChannel, Message: "777"}
	if c == nil || c.Name != "create" || c.Ref != want || c.Message.Text != "hello there" || c.Message.Author.Name != "Bram" || len(c.Message.Files) != 1 || c.Message.At.IsZero() {
		t.Errorf("the shortcut is %+v", c)
	}
	s.does(s.deed(commandInteraction, data, within(publicThread)))
	if c, e := s.last().Shortcut, s.last(); c.Ref.Thread != aThread || c.Ref.Message != "777" || e.Thread != aThread || e.Channel != aChannel {
		t.Errorf("in a thread: %+v", c.Ref)
	}
	// A forwarded message says what the other one does.
	message["content"], message["attachments"], message["message_reference"] = "", []any{}, map[string]any{"type": 1, "message_id": "5", "channel_id": "6"}
	message["message_snapshots"] = []any{map[string]any{"message": map[string]any{"content": "the beamer\nis broken",
		"attachments": []any{map[string]any{"id": "8", "filename": "b.png", "size": 3, "url": "https://cdn.discordapp.com/b.png"}}}}}
	s.does(s.deed(commandInteraction, data))
	if c := s.last().Shortcut; c.Ref != want || c.Message.Text != "> the beamer\n> is broken" || len(c.Message.Files) != 1 || c.Message.Files[0].Name != "b.png" {
		t.Errorf("of a forwarded message: %+v", c)
	}
	before := len(s.Told())
	if got := s.does(s.deed(commandInteraction, map[string]any{"type": 3, "name": "Create ticket", "target_id": "1"})); got.Type != answerMessage || len(s.Told()) != before {
		t.Errorf("without the message: %s", got.raw)
	}
}

func TestBotsThatDoNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{T: t, shelf: &adaptertest.Memory{}}
		var err error
		if s.d, err = New(Options{APIURL: "http://127.0.0.1:1/api", Token: "a-token", Secret: valuesSecret, Memory: s.shelf,
			Log: s.log.Logger(logrus.DebugLevel), AnswerWithin: 30 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		click := func() shownAnswer {
			return s.does(s.click(s.d.bag(aGuild).id(chat.Value{Verb: "claim"}, false)))
		}
		s.Says(chat.Reply{Text: "Please try again."}, errors.New("away"))
		if got := click(); got.Data.Content != "Please try again." || got.Type != answerMessage {
			t.Errorf("that failed: %s", got.raw)
		}
		s.Answer(func(ctx context.Context, _ chat.Event) (chat.Reply, error) {
			<-ctx.Done()
			return chat.Reply{Text: "I am slow today."}, ctx.Err()
		})
		if got := click(); got.Data.Content != "I am slow today." {
			t.Errorf("that is slow: %s", got.raw)
		}
		stuck := make(chan struct{})
		s.Answer(func(context.Context, chat.Event) (chat.Reply, error) {
			<-stuck
			return chat.Reply{}, nil
		})
		if got := click(); got.Data.Content != words("").slow {
			t.Errorf("that is stuck: %s", got.raw)
		}
		close(stuck)
		s.Answer(func(context.Context, chat.Event) (chat.Reply, error) { panic("broken") })
		if got := click(); got.Data.Content != words("").slow || !strings.Contains(s.log.String(), "broke the bot") {
			t.Errorf("that broke: %s", got.raw)
		}
		s.d.later.Wait()
	})
}

func TestAnswersForEverybody(t *testing.T) {
	s := setStage(t)
	click := func(r chat.Reply) shownAnswer {
		s.Says(r, nil)
		got := s.does(s.click(s.d.bag(aGuild).id(chat.Value{Verb: "panel"}, false)))
		s.d.later.Wait()
		s.d.later = background.Group{} // which is not over
		return got
	}
	public := &chat.Post{Key: "public", Text: "Need help?", Buttons: []chat.Button{{Label: "New ticket", Value: chat.Value{Verb: "open"}}}}
	if got := click(chat.Reply{Public: public}); got.Type != answerMessage || got.Data.Content != "Need help?" || got.Data.Flags&flagEphemeral != 0 {
		t.Errorf("alone: %s", got.raw)
	}
	if n := len(s.called("/messages")); n != 0 {
		t.Errorf("%d posts besides", n)
	}
	if got := click(chat.Reply{Public: public, Text: "It stands there."}); got.Data.Content != "It stands there." || got.Data.Flags&flagEphemeral == 0 {
		t.Errorf("with something private: %s", got.raw)
	}
	if posts := s.called("/channels/" + aChannel + "/messages"); len(posts) != 1 || !strings.Contains(string(posts[0].body), "Need help?") {
		t.Errorf("posted %v", posts)
	}
	s.refuses(func(c apiCall) (int, int) {
		if strings.HasSuffix(c.path, "/messages") {
			return http.StatusForbidden, codeMissingPermission
		}
		return 0, 0
	})
	click(chat.Reply{Public: &chat.Post{Key: "another", Text: "x"}, Text: "It stands there."})
	if more := s.called("/webhooks/" + anApplication + "/" + aToken); len(more) != 1 || !strings.Contains(string(more[0].body), "could not post here") {
		t.Errorf("who is not heard reads %v", more)
	}
}

func TestTheGateway(t *testing.T) {
	s := setStage(t)
	var kinds []string
	s.d.opts.Answered = func(kind string, took, waited time.Duration) {
		if took < waited || waited <= 0 {
			t.Errorf("%s took %s, of which it waited %s", kind, took, waited)
		}
		kinds = append(kinds, kind)
	}
	s.Says(chat.Reply{Text: "Hello."}, nil)
	tell := func(in map[string]any) []apiCall {
		before := len(s.called("/callback"))
		s.d.interact(t.Context(), s.Handle, encode(in))
		return s.called("/callback")[before:]
	}
	in := s.deed(commandInteraction, map[string]any{"name": "ticket"})
	got := tell(in)
	if len(got) != 1 || got[0].path != "/interactions/"+in["id"].(string)+"/"+aToken+"/callback" || !strings.Contains(string(got[0].body), `"Hello."`) {
		t.Fatalf("called %v", got)
	}
	if again := tell(in); len(again) != 0 || len(s.Told()) != 1 {
		t.Errorf("told again: %v, %d events", again, len(s.Told()))
	}
	// Discord has a bad moment: the answer is given once more, and once more only.
	failures := 0
	s.refuses(func(apiCall) (int, int) { failures++; return http.StatusBadGateway, 0 })
	if got := tell(s.deed(commandInteraction, map[string]any{"name": "ticket"})); len(got) != 2 || failures != 2 {
		t.Errorf("%d answers, %d failures", len(got), failures)
	}
	for _, code := range []int{codeUnknownInteraction, codeAnswered} {
		s.refuses(func(apiCall) (int, int) { return http.StatusBadRequest, code })
		if got := tell(s.deed(commandInteraction, map[string]any{"name": "ticket"})); len(got) != 1 {
			t.Errorf("code %d: %d answers", code, len(got))
		}
	}
	s.refuses(nil)
	if strings.Contains(s.log.String(), "level=error") {
		t.Errorf("logged %s", s.log.String())
	}
	for _, garbage := range []string{"", "{", "[]", "{}", `{"id":"1","type":2,"token":"t","channel_id":"1"}`, `{"id":1,"user":[],"type":"x"}`} {
		s.d.interact(t.Context(), s.Handle, []byte(garbage))
	}
	if got := tell(s.deed(42, nil)); len(got) != 1 {
		t.Errorf("an unknown type: %d answers", len(got))
	}
	if !slices.Equal(kinds, []string{kindCommand}) {
		t.Errorf("answered %q", kinds)
	}
}

// What follows an answer may be too early for Discord.
func TestMoreFollowsInOrder(t *testing.T) {
	s := setStage(t)
	early := 2
	s.refuses(func(c apiCall) (int, int) {
		if strings.HasPrefix(c.path, "/webhooks/") && early > 0 {
			early--
			return http.StatusNotFound, codeUnknownWebhook
		}
		return 0, 0
	})
	a := &asked{Discord: s.d}
	a.in.Application, a.in.Token, a.in.GuildID = anApplication, aToken, aGuild
	a.follow([]outgoing{{Content: "second"}, {Content: "third"}})
	s.d.goOn(t.Context(), a.after)
	s.d.later.Wait()
	var got []string
	for _, c := range s.called("/webhooks/") {
		var m struct {
			Content string
			Flags   int
		}
		if err := json.Unmarshal(c.body, &m); err != nil || m.Flags&flagEphemeral == 0 {
			t.Errorf("%s: %v", c.body, err)
		}
		got = append(got, m.Content)
	}
	if !slices.Equal(got, []string{"second", "second", "second", "third"}) {
		t.Errorf("said %q", got)
	}
}

func FuzzInteraction(f *testing.F) {
	log, hook := test.NewNullLogger()
	d, err := New(Options{APIURL: "http://127.0.0.1:1/api", Token: "t", Secret: valuesSecret, Memory: &adaptertest.Memory{}, Commands: someCommands(), AnswerWithin: time.Second, Log: log})
	if err != nil {
		f.Fatal(err)
	}
	d.guilds.known, d.guilds.asked = []string{aGuild}, time.Now().Add(time.Hour)
	button := d.bag(aGuild).id(chat.Value{Verb: "claim"}, false)
	menu := d.bag(aGuild).menuID(chat.Value{Verb: "claim"}, 0)
	state := newState(everyForm(), chat.Event{Person: chat.Person{ID: ana}, Workspace: aGuild})
	d.forms.save(f.Context(), &state)
	page := d.values.pageID(formMark, state.Nonce, 1)
	for _, data := range []string{
		`{"type":1,"name":"ticket","options":[{"type":1,"name":"new","options":[{"type":3,"name":"summary","value":"x","focused":true}]}]}`,
		`{"type":3,"name":"Create ticket","target_id":"1","resolved":{"messages":{"1":{"id":"1","content":"hi","message_reference":{}}}}}`,
		`{"custom_id":"` + button + `","component_type":2}`, `{"custom_id":"` + menu + `","component_type":3,"values":["a"]}`,
		`{"custom_id":"` + page + `","components":[{"type":18,"component":{"type":4,"custom_id":"description","value":"x"}},{"type":99,"values":{}}]}`,
		`null`, `[]`, `{"components":[{"component":null,"components":null,"accessory":{}}]}`,
	} {
		for kind := range 6 {
			f.Add(kind, []byte(data), []byte(`{"id":"1","flags":64,"components":[{"type":1}]}`))
		}
	}
	f.Fuzz(func(t *testing.T, kind int, data, message []byte) {
		raw := []byte(fmt.Sprintf(`{"id":"1","token":"t","guild_id":%q,"channel_id":"1","channel":{"id":"1","type":0},"type":%d,"user":{"id":%q},"data":%s,"message":%s}`,
			aGuild, kind, ana, data, message))
		in, err := readInteraction(raw)
		if err != nil || !in.sensible() {
			return
		}
		out, _, _ := d.answering(t.Context(), func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{Text: "ok"}, nil }, in)
		if said := hook.LastEntry(); out.Type == 0 || said != nil && said.Level == logrus.ErrorLevel { // of a panic
			t.Fatalf("%s became %s: %v", raw, encode(out), said)
		}
	})
}
