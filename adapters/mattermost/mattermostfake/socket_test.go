package mattermostfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"
)

// listener is a client's websocket.
type listener struct {
	*place
	ws *websocket.Conn
	id string // of the connection, from the hello
	at int64  // the last sequence number
}

type event struct {
	Event  string         `json:"event"`
	Data   map[string]any `json:"data"`
	Seq    int64          `json:"seq"`
	Status string         `json:"status"`
	Reply  int64          `json:"seq_reply"`
}

// dial connects; a token that is not empty goes into the header.
func (p *place) dial(token, query string) *listener {
	p.Helper()
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	ws, resp, err := websocket.DefaultDialer.DialContext(p.ctx, "ws"+strings.TrimPrefix(p.town.URL, "http")+"/api/v4/websocket"+query, h)
	if err != nil {
		p.Fatal(err)
	}
	_ = resp.Body.Close() // nothing is in it
	p.Cleanup(func() { _ = ws.Close() })
	return &listener{place: p, ws: ws}
}

// listen is somebody who heard the hello.
func (p *place) listen(name string) *listener {
	p.Helper()
	token := p.town.BotToken
	if name != "bot" {
		c, err := p.town.As(name).Client(p.ctx)
		if err != nil {
			p.Fatal(err)
		}
		token = c.AuthToken
	}
	l := p.dial(token, "")
	l.hello()
	return l
}

func (l *listener) hello() {
	l.Helper()
	e := l.next()
	id, _ := e.Data["connection_id"].(string)
	if e.Event != "hello" || e.Seq != 0 || id == "" {
		l.Fatalf("no hello but %+v", e)
	}
	l.id = id
}

func (l *listener) say(action string, seq int64, data map[string]any) {
	l.Helper()
	if err := l.ws.WriteJSON(map[string]any{"action": action, "seq": seq, "data": data}); err != nil {
		l.Fatal(err)
	}
}

// next is the next frame.
func (l *listener) next() event {
	l.Helper()
	var e event
	if err := l.ws.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		l.Fatal(err)
	}
	if err := l.ws.ReadJSON(&e); err != nil {
		l.Fatalf("nothing came: %v", err)
	}
	if e.Event != "" {
		l.at = e.Seq
	}
	return e
}

// hear is the next event of a kind.
func (l *listener) hear(kind string) event {
	l.Helper()
	for {
		if e := l.next(); e.Event == kind {
			return e
		}
	}
}

func (l *listener) post(kind string) *model.Post {
	l.Helper()
	var p model.Post
	e := l.hear(kind)
	if err := json.Unmarshal([]byte(fmt.Sprint(e.Data["post"])), &p); err != nil {
		l.Fatalf("%v: %v", e, err)
	}
	return &p
}

// reply is the next answer to what was said.
func (l *listener) reply() event {
	l.Helper()
	return l.hear("")
}

// said is the next event about a post with this text; the server tells late of who was added.
func (l *listener) said(kind, text string) (event, *model.Post) {
	l.Helper()
	for {
		var p model.Post
		e := l.hear(kind)
		if err := json.Unmarshal([]byte(fmt.Sprint(e.Data["post"])), &p); err != nil {
			l.Fatalf("%v: %v", e, err)
		}
		if p.Message == text {
			return e, &p
		}
	}
}

// closed reads on until the server ends it; no hello may come.
func (l *listener) closed() {
	l.Helper()
	if err := l.ws.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		l.Fatal(err)
	}
	_, data, err := l.ws.ReadMessage()
	if err == nil || strings.Contains(err.Error(), "timeout") {
		l.Errorf("not closed: %q, %v", data, err)
	}
}

// TestHello: how a client says who it is, and what is said to it.
func TestHello(t *testing.T) {
	both(t, func(p *place) {
		l := p.dial("", "")
		l.say("authentication_challenge", 1, map[string]any{"token": p.town.BotToken})
		l.hello()
		if e := l.reply(); e.Status != "OK" || e.Reply != 1 {
			p.Errorf("the reply is %+v", e)
		}
		l.say("ping", 2, nil)
		if e := l.reply(); e.Status != "OK" || e.Reply != 2 || e.Data["text"] != "pong" {
			p.Errorf("the pong is %+v", e)
		}
		// With the header, the challenge that clients send anyway is not answered.
		h := p.listen("bot")
		h.say("authentication_challenge", 1, map[string]any{"token": p.town.BotToken})
		h.say("user_typing", 2, map[string]any{"channel_id": p.town.ChannelID("help"), "parent_id": ""})
		if e := h.reply(); e.Reply != 2 {
			p.Errorf("the reply is %+v", e)
		}
		bad := p.dial("", "")
		bad.say("authentication_challenge", 1, map[string]any{"token": "garbage"})
		bad.closed()
		header := p.dial("garbage", "")
		header.say("authentication_challenge", 1, map[string]any{"token": "garbage"})
		header.closed()
		p.dial("", "").closed() // says nothing for five seconds
	})
}

// TestEvents: what is told of what happens in a channel.
func TestEvents(t *testing.T) {
	both(t, func(p *place) {
		l, help := p.listen("bot"), p.town.ChannelID("help")
		ana := p.town.As("ana")
		said, err := ana.Say(p.ctx, help, "", "hello", "")
		if err != nil {
			p.Fatal(err)
		}
		e, post := l.said("posted", "hello")
		if post.Id != said.Id {
			p.Errorf("posted: %v", post)
		}
		if e.Data["channel_name"] != "help" || e.Data["channel_type"] != "O" || e.Data["team_id"] != p.town.Team.Id ||
			e.Data["sender_name"] != "@"+ana.Username {
			p.Errorf("posted: %v", e.Data)
		}
		if _, err := ana.Edit(p.ctx, said.Id, "hello you"); err != nil {
			p.Fatal(err)
		}
		if edited := l.post("post_edited"); edited.Message != "hello you" || edited.EditAt == 0 {
			p.Errorf("edited: %v", edited)
		}
		if err := ana.React(p.ctx, said.Id, "eyes"); err != nil {
			p.Fatal(err)
		}
		var r model.Reaction
		err = json.Unmarshal([]byte(fmt.Sprint(l.hear("reaction_added").Data["reaction"])), &r)
		if err != nil || r.EmojiName != "eyes" || r.UserId != ana.ID {
			p.Errorf("reacted: %v %v", r, err)
		}
		if err := ana.Delete(p.ctx, said.Id); err != nil {
			p.Fatal(err)
		}
		// The event has the post as it was.
		if gone := l.post("post_deleted"); gone.Id != said.Id || gone.DeleteAt != 0 || gone.Message != "hello you" {
			p.Errorf("deleted: %+v", gone)
		}
		p.wants("add", p.bot("POST", "/channels/"+p.town.ChannelID("away")+"/members", map[string]any{"user_id": p.town.BotID}), 201, "")
		if e := l.hear("user_added"); e.Data["user_id"] != p.town.BotID {
			p.Errorf("added: %v", e)
		}
		p.wants("remove", p.admin("DELETE", "/channels/"+p.town.ChannelID("away")+"/members/"+p.town.BotID, nil), 200, "")
		if e := l.hear("user_removed"); e.Data["channel_id"] != p.town.ChannelID("away") && e.Data["user_id"] != p.town.BotID {
			p.Errorf("removed: %v", e)
		}
	})
}

// TestDeletedCards: the event of a deleted post has the secrets of its buttons.
func TestDeletedCards(t *testing.T) {
	both(t, func(p *place) {
		l := p.listen("ana")
		post := p.posted("help", "", "card", p.card())
		if seen, _ := l.said("posted", "card"); strings.Contains(fmt.Sprint(seen.Data["post"]), "sealed") {
			p.Errorf("posted: %v", seen)
		}
		p.wants("delete", p.bot("DELETE", "/posts/"+post.Id, nil), 200, "")
		if seen := l.hear("post_deleted"); !strings.Contains(fmt.Sprint(seen.Data["post"]), "sealed") {
			p.Errorf("deleted: %v", seen)
		}
	})
}

// TestResume: a client that was cut goes on where it was, or hears that it can't.
func TestResume(t *testing.T) {
	both(t, func(p *place) {
		l := p.listen("bot")
		p.posted("help", "", "one", nil)
		one, _ := l.said("posted", "one")
		id, at := l.id, one.Seq
		if err := l.ws.Close(); err != nil {
			p.Fatal(err)
		}
		p.posted("help", "", "two", nil)
		p.posted("help", "", "three", nil)

		again := func(id string, seq int64) *listener {
			return p.dial(p.town.BotToken, fmt.Sprintf("?connection_id=%s&sequence_number=%d", id, seq))
		}
		back, e := again(id, at+1), event{}
		for deadline := time.Now().Add(time.Minute); ; back = again(id, at+1) { // until the server knows that the first one is gone
			if e = back.next(); e.Event != "hello" || time.Now().After(deadline) {
				break
			}
			if err := back.ws.Close(); err != nil {
				p.Fatal(err)
			}
		}
		if e.Event == "hello" || e.Seq != at+1 {
			p.Errorf("it goes on with %+v", e)
		}
		back.said("posted", "three")
		if err := back.ws.Close(); err != nil {
			p.Fatal(err)
		}
		other := again(nowhere, 3)
		other.hello()
		if other.id == nowhere || other.id == id {
			p.Errorf("an unknown connection goes on as %s", other.id)
		}
		again("short", 3).closed()
		busy := again(other.id, 1)
		busy.hello()
		if busy.id == other.id {
			p.Error("two clients have the same connection")
		}
		foreign := p.listen("ana")
		if err := foreign.ws.Close(); err != nil {
			p.Fatal(err)
		}
		stolen := again(foreign.id, 1)
		stolen.hello()
		far := again(id, back.at+50)
		far.hello()
	})
}

// TestMuted: who listens with a token that was taken away hears nothing more, but is not cut off.
func TestMuted(t *testing.T) {
	both(t, func(p *place) {
		l := p.listen("bot")
		var tokens []model.UserAccessToken
		decode(p, p.admin("GET", "/users/"+p.town.BotID+"/tokens", nil), &tokens)
		p.wants("revoke", p.admin("POST", "/users/tokens/revoke", map[string]any{"token_id": tokens[0].Id}), 200, "")
		if _, err := p.town.As("ana").Say(p.ctx, p.town.ChannelID("help"), "", "hello", ""); err != nil {
			p.Fatal(err)
		}
		if err := l.ws.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			p.Fatal(err)
		}
		for {
			var e event
			if err := l.ws.ReadJSON(&e); err != nil {
				if !strings.Contains(err.Error(), "timeout") {
					p.Errorf("the socket ended: %v", err)
				}
				return
			}
			if e.Event == "posted" && strings.Contains(fmt.Sprint(e.Data["post"]), "hello") {
				p.Fatalf("heard %v", e)
			}
		}
	})
}
