package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
)

// TestMattermostForgery has people try what they can on a real server, too: buttons and forms that nobody made for them.
func TestMattermostForgery(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		first, card := ana.opens("My badge does not work")
		second, other := ana.opens("Nor does my key")
		shown := w.overhears("bram", func() {
			_, err := w.admin().DeletePost(w.Context(), card.ID)
			w.done(err)
		})
		stolen := map[string]map[string]any{}
		for _, a := range shown.Attachments()[0].Actions {
			stolen[a.Name] = a.Integration.Context
		}
		if stolen["Claim"] == nil || stolen["More …"] == nil {
			t.Fatalf("the server tells nothing of a deleted card: %+v", shown)
		}
		heard := w.actions()

		// Own buttons with what a real one carries, for oneself and for others to press.
		for name, context := range stolen {
			for _, at := range []struct{ planter, channel, clicker string }{
				{"bram", "ict-triage", "bram"}, {"bram", "ict-triage", "carla"}, {"eva", "general", "eva"}, {"eva", "general", "carla"},
			} {
				menu := name == "More …"
				post := w.plants(at.planter, at.channel, w.mm.hooks()+"/action", context, menu)
				choice := ""
				if menu {
					choice = "close"
				}
				w.refuses(w.town.As(at.clicker).Click(w.Context(), post, "Mine", choice))
				w.done(w.town.As(at.planter).Delete(w.Context(), post.Id))
			}
		}
		live := other.raw.(*model.Post)
		w.forged("an invented choice")(w.calls("/action", map[string]any{"user_id": w.town.UserID("bram"), "post_id": live.Id,
			"channel_id": live.ChannelId, "trigger_id": w.trigger("bram"),
			"context": with(stolen["More …"], "selected_option", "claim")}))

		// Straight to us, in somebody else's name.
		for _, trigger := range []string{"", "AAAA", w.trigger("bram"), shown.Id} {
			w.forged("in Carla's name")(w.calls("/action", map[string]any{"user_id": w.town.UserID("carla"), "post_id": live.Id,
				"channel_id": live.ChannelId, "trigger_id": trigger, "context": stolen["Claim"]}))
		}
		w.forged("a command with a token of one's own")(w.posts("/command", url.Values{"token": {model.NewId()},
			"user_id": {w.town.UserID("ana")}, "channel_id": {w.town.ChannelID("general")}, "trigger_id": {w.trigger("bram")}}))
		w.forged("a command in Ana's name")(w.posts("/command", url.Values{"token": {w.town.CommandToken},
			"user_id": {w.town.UserID("ana")}, "channel_id": {w.town.ChannelID("general")}, "trigger_id": {w.trigger("bram")}}))

		if got := w.actions(); got != heard {
			t.Errorf("the bot heard %d of it", got-heard)
		}
		queue := carla.types("general", "/ticket queue")
		carla.reads(queue, first, "Waiting for triage")
		carla.reads(queue, second, "Waiting for triage")

		// What Bram was kept from is what was forged about it: in his own name, on a post of the bot's, it is a claim.
		if status, answer := w.calls("/action", map[string]any{"user_id": w.town.UserID("bram"), "post_id": live.Id,
			"channel_id": live.ChannelId, "trigger_id": w.trigger("bram"), "context": stolen["Claim"]}); status != http.StatusOK {
			t.Errorf("a claim: %d %s", status, answer)
		}
		ana.sees(direct, w.mine(ana, first).ID, "Bram de Wit took this ticket")
		carla.sees("ict-triage", "", first, "Assignee: Bram de Wit") // it has a card again
	})
}

// TestMattermostForgedForms sends forms that were opened for others, elsewhere, or never.
func TestMattermostForgedForms(t *testing.T) {
	onMattermost(t, func(t *testing.T, w *mattermostWorld) {
		ana, bram, carla := w.as("ana"), w.as("bram"), w.as("carla")
		key, card := ana.opens("Who has my stapler?")
		form := carla.clicks(card, "Resolve").Form
		open := form.raw.(*mattermosttest.Dialog)
		heard := w.actions()
		send := func(as string, change func(d *mattermosttest.Dialog)) {
			t.Helper()
			d := *open
			change(&d)
			w.refuses(w.town.As(as).Submit(w.Context(), &d, map[string]any{"text": "forged"}))
			_, err := w.town.As(as).Cancel(w.Context(), &d, nil)
			w.done(err)
		}
		state := open.Dialog.State
		send("bram", func(*mattermosttest.Dialog) {})
		send("eva", func(d *mattermosttest.Dialog) { d.ChannelID = w.town.ChannelID("general") })
		send("carla", func(d *mattermosttest.Dialog) { d.ChannelID = w.town.ChannelID("general") })
		for _, changed := range []string{strings.ToUpper(state), state[:len(state)-2] + "AA", state + "A", "A" + state, "null"} {
			send("carla", func(d *mattermosttest.Dialog) { d.Dialog.State = changed })
		}
		refresh := w.town.As("carla")
		client, err := refresh.Client(w.Context())
		w.done(err)
		resp, err := client.DoAPIPostJSON(w.Context(), "/actions/dialogs/submit", model.SubmitDialogRequest{Type: "refresh",
			URL: open.URL, ChannelId: open.ChannelID, TeamId: open.TeamID, State: state, CallbackId: open.Dialog.CallbackId,
			Submission: map[string]any{"selected_field": "text", "text": "forged"}})
		if err == nil {
			t.Errorf("a change of what changes nothing: %v", resp.Status)
		}
		if got := w.actions(); got != heard {
			t.Errorf("the bot heard %d of it", got-heard)
		}

		// What is not in the form counts for nothing, and who may not, may not with a form of their own either.
		note := bram.clicks(card, "More …", "Note").Form
		a := bram.sends(note, note.with("text", "Try the drawer", "assignee", "bram", "status", "closed"))
		if len(a.Private) > 0 {
			t.Errorf("Bram reads %+v", a.Private)
		}
		carla.sees("ict-triage", card.ID, "Try the drawer")
		carla.reads(carla.types("general", "/ticket show "+key), "Waiting for triage", "nobody yet")
		carla.fills(form, "text", "It was in the drawer.")
		ana.sees(direct, w.mine(ana, key).ID, "Carla Jansen resolved this ticket")
		carla.sees("ict-triage", card.ID, "resolved this ticket")
		carla.neverSees("forged")
	})
}

// TestMattermostOthersPrivateButton presses, where it was shown, a button that only somebody else may press.
func TestMattermostOthersPrivateButton(t *testing.T) {
	w := onFake(t, mattermostfake.Options{})
	general := w.town.ChannelID("general")
	ask := func(name, text string) (status int, answer string) {
		return w.posts("/command", url.Values{"token": {w.town.CommandToken}, "user_id": {w.town.UserID(name)},
			"channel_id": {general}, "trigger_id": {w.trigger(name)}, "command": {"/ticket"}, "text": {text}})
	}
	status, answer := ask("carla", "help")
	var said model.CommandResponse
	if err := json.Unmarshal([]byte(answer), &said); err != nil || status != http.StatusOK || len(said.Attachments) == 0 {
		t.Fatalf("Carla is told %d %s (%v)", status, answer, err)
	}
	context := said.Attachments[0].Actions[0].Integration.Context
	for _, name := range []string{"carla", "eva"} {
		status, answer := w.calls("/action", map[string]any{"user_id": w.town.UserID(name), "post_id": model.NewId(),
			"channel_id": general, "trigger_id": w.trigger(name), "context": context})
		if name == "carla" && status != http.StatusOK || name == "eva" && status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
}

// plants posts an attachment of somebody's own that calls the program.
func (w *mattermostWorld) plants(as, channel, url string, context map[string]any, menu bool) *model.Post {
	w.Helper()
	client, err := w.town.As(as).Client(w.Context())
	w.done(err)
	action := &model.PostAction{Id: "mine", Name: "Mine", Type: model.PostActionTypeButton,
		Integration: &model.PostActionIntegration{URL: url, Context: context}}
	if menu {
		action.Type, action.Options = model.PostActionTypeSelect, []*model.PostActionOptions{{Text: "Close", Value: "close"}}
	}
	cards := []*model.MessageAttachment{{Actions: []*model.PostAction{action}}}
	post, _, err := client.CreatePost(w.Context(), &model.Post{ChannelId: w.town.ChannelID(channel), Message: "Free cookies",
		Props: model.StringInterface{model.PostPropsAttachments: cards}})
	w.done(err)
	return post
}

// refuses says that the person was told that it did not work, and nothing else.
func (w *mattermostWorld) refuses(a mattermosttest.Answer, err error) {
	w.Helper()
	if err != nil || a.Status < 400 || len(a.Private) > 0 {
		w.Errorf("taken: %+v, %v", a, err)
	}
}

// forged says that the program refused.
func (w *mattermostWorld) forged(what string) func(status int, answer string) {
	return func(status int, answer string) {
		w.Helper()
		if status != http.StatusForbidden {
			w.Errorf("%s: %d %s", what, status, answer)
		}
	}
}

// calls calls the program as a Mattermost server does.
func (w *mattermostWorld) calls(path string, body any) (status int, answer string) {
	w.Helper()
	text, err := json.Marshal(body)
	w.done(err)
	return w.read(http.Post(w.mm.hooks()+path, "application/json", bytes.NewReader(text)))
}

// posts is calls with a form.
func (w *mattermostWorld) posts(path string, body url.Values) (status int, answer string) {
	w.Helper()
	return w.read(http.PostForm(w.mm.hooks()+path, body))
}

func (w *mattermostWorld) read(resp *http.Response, err error) (status int, answer string) {
	w.Helper()
	w.done(err)
	text, err := io.ReadAll(resp.Body)
	w.done(errors.Join(err, resp.Body.Close()))
	return resp.StatusCode, string(text)
}

func with(context map[string]any, name string, value any) map[string]any {
	context = maps.Clone(context)
	context[name] = value
	return context
}

// trigger is a trigger id that the server really gave to somebody: for a button that calls themselves.
func (w *mattermostWorld) trigger(as string) string {
	w.Helper()
	got := make(chan string, 1)
	listener := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var in model.PostActionIntegrationRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			w.Error(err)
		}
		got <- in.TriggerId
		_, _ = rw.Write([]byte("{}")) // the server may have gone
	}))
	defer listener.Close()
	post := w.plants(as, "general", listener.URL, nil, false)
	a, err := w.town.As(as).Click(w.Context(), post, "Mine", "")
	w.done(err)
	if a.Status >= 400 {
		w.Fatalf("%s can't press an own button: %+v", as, a)
	}
	w.done(w.town.As(as).Delete(w.Context(), post.Id))
	return <-got
}

// overhears is the deleted post that the server tells somebody of while something is done.
func (w *mattermostWorld) overhears(as string, do func()) *model.Post {
	w.Helper()
	client, err := w.town.As(as).Client(w.Context())
	w.done(err)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.town.URL, "http")+"/api/v4/websocket", nil)
	w.done(err)
	defer func() { w.done(conn.Close()) }()
	w.done(conn.WriteJSON(model.WebSocketRequest{Seq: 1, Action: string(model.WebsocketAuthenticationChallenge),
		Data: map[string]any{"token": client.AuthToken}}))
	for {
		_, data, err := conn.ReadMessage()
		w.done(err)
		e, err := model.WebSocketEventFromJSON(bytes.NewReader(data))
		if err != nil {
			continue // an answer
		}
		switch e.EventType() {
		case model.WebsocketEventHello:
			do()
		case model.WebsocketEventPostDeleted:
			var post model.Post
			w.done(json.Unmarshal([]byte(fmt.Sprint(e.GetData()["post"])), &post))
			return &post
		}
	}
}
