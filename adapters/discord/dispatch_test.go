package discord

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

// FuzzDispatch has the ears hear whatever may come: nothing of it stops them, and what the bot is told is complete.
func FuzzDispatch(f *testing.F) {
	for name := range doings {
		f.Add(name, `{}`)
		f.Add(name, `null`)
	}
	add := func(name string, what map[string]any) { f.Add(name, string(encode(what))) }
	add("MESSAGE_CREATE", message("1001", cardsID, anaID, "hello"))
	add("MESSAGE_CREATE", replying(message("1002", dmID, anaID, "hello"), "1001"))
	add("MESSAGE_CREATE", more(message("1002", "501", anaID, "a\x00b"), map[string]any{"attachments": []any{map[string]any{}}, "components": 5}))
	add("MESSAGE_UPDATE", more(message("1001", cardsID, anaID, "hello"), map[string]any{"edited_timestamp": "2026-01-01T00:00:00Z"}))
	add("MESSAGE_UPDATE", map[string]any{"id": "1001", "channel_id": cardsID, "embeds": []any{}})
	add("MESSAGE_DELETE", map[string]any{"id": "1001", "channel_id": dmID})
	add("MESSAGE_DELETE_BULK", map[string]any{"ids": []string{"1", "x"}, "channel_id": cardsID, "guild_id": guildID})
	add("MESSAGE_REACTION_ADD", map[string]any{"user_id": anaID, "channel_id": cardsID, "message_id": "1", "guild_id": guildID, "emoji": map[string]any{"name": "🎫"}})
	add("THREAD_CREATE", thread("501", cardsID, botID, privateThread))
	add("GUILD_CREATE", map[string]any{"id": guildID, "channels": []any{map[string]any{"id": cardsID}}, "threads": "none"})
	add("INTERACTION_CREATE", map[string]any{"id": "1", "type": 99, "data": map[string]any{"components": []any{map[string]any{"type": 77}}}})
	for _, kind := range []int{commandInteraction, componentInteraction, completeInteraction, formInteraction, 99} {
		add("INTERACTION_CREATE", map[string]any{"id": "1", "token": "x", "type": kind, "channel_id": cardsID, "guild_id": guildID,
			"member": map[string]any{"user": map[string]any{"id": anaID}}, "data": map[string]any{"components": []any{map[string]any{"type": 77}}}})
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"code":10003}`))
	}))
	f.Cleanup(srv.Close)
	f.Fuzz(func(t *testing.T, name, data string) {
		if !json.Valid([]byte(data)) {
			return // as what it stands in would not be, either
		}
		log := logrus.New()
		log.SetOutput(io.Discard)
		log.AddHook(panicked{t})
		d, err := New(Options{Token: testToken, APIURL: srv.URL, Secret: []byte(strings.Repeat("s", 40)), Memory: &adaptertest.Memory{}, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		d.self.known = wireSelf{ID: botID, Application: "1"}
		d.guilds.add(guildID)
		d.places.note(wireChannel{ID: cardsID, GuildID: guildID})
		d.places.note(wireChannel{ID: "501", ParentID: cardsID, GuildID: guildID, Type: publicThread, OwnerID: botID})
		ctx, cancel := context.WithCancel(t.Context())
		te := d.ears.newTerm(ctx, func(_ context.Context, e chat.Event) (chat.Reply, error) {
			if e.ID == "" || e.Channel == "" || e.Message == nil && e.Reaction == nil && e.Command == nil && e.Click == nil && e.Submit == nil &&
				e.Shortcut == nil && e.Query == nil {
				t.Errorf("told %+v", e)
			}
			return chat.Reply{}, nil
		})
		te.catchup.breath = 0
		te.happen(ctx, frame{Op: opDispatch, Name: name, Data: json.RawMessage(data)})
		cancel()
		te.queue.Wait()
		te.busy.Wait()
		d.api.close()
	})
}

// panicked is a log's hook that fails a test when somebody logs what broke and where, as those do who go on after a panic.
type panicked struct{ *testing.T }

func (panicked) Levels() []logrus.Level { return logrus.AllLevels }

func (p panicked) Fire(e *logrus.Entry) error {
	if strings.Contains(e.Message, "debug.Stack") {
		p.Error(e.Message)
	}
	return nil
}

func TestEmoji(t *testing.T) {
	for e, want := range map[wireEmoji]string{
		{Name: "🎫"}: "ticket", {Name: "🎟️"}: "admission_tickets", {Name: "🎟"}: "admission_tickets", {Name: "👍🏿"}: "+1", {Name: "🦆"}: "", {}: "",
		{ID: "5", Name: "Ticket"}: "ticket", {ID: "5", Name: "eyes"}: "",
	} {
		if got := e.short(); got != want {
			t.Errorf("%+v is %q, want %q", e, got, want)
		}
	}
}
