package discord

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

// TestEverythingBeforeAnAnswerHasOneDeadline: Discord waits for three seconds, whatever takes them.
func TestEverythingBeforeAnAnswerHasOneDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := New(Options{APIURL: "http://127.0.0.1:1/api", Token: "t", Secret: valuesSecret, Memory: stuck{&adaptertest.Memory{}}, Commands: someCommands()})
		if err != nil {
			t.Fatal(err)
		}
		d.guilds.known, d.guilds.asked = []string{aGuild}, time.Now().Add(time.Hour)
		long := chat.Value{Verb: "pick", Arg: strings.Repeat("x", 200)} // it does not fit into a button
		late := func(context.Context, chat.Event) (chat.Reply, error) {
			time.Sleep(2*time.Second + grace - time.Millisecond)
			return chat.Reply{Form: shortForm(), Text: "Look.", Buttons: []chat.Button{{Label: "Pick", Value: long}}}, nil
		}
		in, err := readInteraction(encode(map[string]any{"id": "1", "token": aToken, "type": commandInteraction, "guild_id": aGuild, "channel_id": aChannel,
			"channel": map[string]any{"id": aChannel, "type": 0}, "member": map[string]any{"user": map[string]any{"id": ana}}, "data": map[string]any{"name": "ticket"}}))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		out, _, _ := d.answering(t.Context(), late, in)
		if took := time.Since(began); out.Type != answerModal || took > answerMax {
			t.Errorf("after %s the answer is %s", took, encode(out))
		}
		d.later.Wait()
	})
}

// TestWhatBreaksIsAnswered: the person does not wait for ever, and the bot goes on.
func TestWhatBreaksIsAnswered(t *testing.T) {
	s := setStage(t)
	click := s.click(s.d.bag(aGuild).id(chat.Value{Verb: "claim"}, false))
	places := s.d.places
	s.d.places = nil
	if got := s.does(click); got.Type != answerMessage || got.Data.Content != words("").slow || got.Data.Flags&flagEphemeral == 0 {
		t.Errorf("of a click: %s", got.raw)
	}
	typed := s.deed(completeInteraction, map[string]any{"name": "ticket", "options": []any{map[string]any{"type": 1, "name": "new",
		"options": []any{map[string]any{"type": 3, "name": "category", "value": "x", "focused": true}}}}})
	if got := s.does(typed); got.Type != answerChoices || !strings.Contains(got.raw, `"choices":[]`) {
		t.Errorf("of what is typed: %s", got.raw)
	}
	s.d.places = places
	if n := strings.Count(s.log.String(), "an interaction broke the bot"); n != 2 {
		t.Errorf("%d breaks are logged: %s", n, s.log.String())
	}

	went := false
	s.d.goOn(t.Context(), []func(context.Context){func(context.Context) { panic("broken") }, func(context.Context) { went = true }})
	s.d.later.Wait()
	if !went || !strings.Contains(s.log.String(), "what follows an answer broke: broken") {
		t.Errorf("what followed went on: %v, logged %s", went, s.log.String())
	}
}
