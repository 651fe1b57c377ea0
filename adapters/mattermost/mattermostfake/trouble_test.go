package mattermostfake_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermostfake"
)

// post posts as the bot, through the client library.
func (p *place) post(text, pendingID string) (*model.Post, *model.Response, error) {
	return p.town.BotClient().CreatePost(p.ctx, &model.Post{ChannelId: p.town.ChannelID("help"), Message: text, PendingPostId: pendingID})
}

func TestFailAndGarbage(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	p.fake.Fail(true, p.town.BotID)
	if r := p.bot("GET", "/users/me", nil); r.status != 500 {
		p.Errorf("failing: %d", r.status)
	}
	p.wants("somebody else", p.as("ana", "GET", "/users/me", nil), 200, "")
	p.fake.Fail(false)
	p.fake.Garbage(true)
	if r := p.bot("GET", "/users/me", nil); r.status != 200 || !strings.Contains(string(r.body), "<html>") {
		p.Errorf("garbage: %d %s", r.status, r.body)
	}
	p.fake.Garbage(false)
	p.wants("as before", p.bot("GET", "/users/me", nil), 200, "")
	if n := p.fake.Calls("GET /users/{user}"); n == 0 || p.fake.AllCalls()["GET /users/{user}"] != n {
		p.Errorf("counted %d calls", n)
	}
}

func TestDownAndUp(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	l := p.listen("bot")
	p.fake.Down()
	if _, _, err := p.post("lost", ""); err == nil {
		p.Error("a server that is down took a post")
	}
	for {
		if _, _, err := l.ws.ReadMessage(); err != nil {
			break
		}
	}
	p.until(func() bool { return p.fake.Sockets(p.town.BotID) == 0 }) // before that it can't be taken up again
	p.fake.Up()
	if _, _, err := p.post("there", ""); err != nil {
		p.Error(err)
	}
	back := p.dial(p.town.BotToken, fmt.Sprintf("?connection_id=%s&sequence_number=%d", l.id, l.at+1))
	back.said("posted", "there")
	p.fake.Restart()
	again := p.dial(p.town.BotToken, fmt.Sprintf("?connection_id=%s&sequence_number=%d", l.id, back.at+1))
	if again.hello(); again.id == l.id {
		p.Error("the connection outlived the server")
	}
}

func TestUncertain(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	p.fake.UncertainNextPost(p.town.BotID)
	if _, _, err := p.post("once", "key"); err == nil {
		p.Fatal("the answer was not lost")
	}
	again, _, err := p.post("once", "key")
	if err != nil {
		p.Fatal(err)
	}
	var list model.PostList
	decode(p, p.bot("GET", "/channels/"+again.ChannelId+"/posts", nil), &list)
	n := 0
	for _, post := range list.Posts {
		if post.Message == "once" {
			n++
		}
	}
	if n != 1 {
		p.Errorf("%d posts were made", n)
	}
	p.fake.Advance(time.Minute)
	if late, _, err := p.post("once", "key"); err != nil || late.Id == again.Id {
		p.Errorf("after a minute: %v %v", late, err)
	}
}

func TestHeldPost(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	release := p.fake.HoldNextPost()
	before := p.fake.Calls("POST /posts")
	done := make(chan error, 1)
	go func() {
		_, _, err := p.post("held", "key")
		done <- err
	}()
	p.until(func() bool { return p.fake.Calls("POST /posts") > before }) // else the next one would be held instead
	p.until(func() bool {
		_, _, err := p.post("held", "key")
		var e *model.AppError
		return errors.As(err, &e) && e.StatusCode == 500 && e.Id == "api.post.deduplicate_create_post.pending"
	})
	release()
	if err := <-done; err != nil {
		p.Error(err)
	}
}

func TestLimits(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	p.fake.Limit(10, 5, p.town.BotID)
	var last reply
	n := 0
	for last = p.bot("GET", "/users/me", nil); last.status == 200 && n < 100; n++ {
		if last.header.Get("X-RateLimit-Limit") != "6" {
			p.Fatalf("header: %v", last.header)
		}
		last = p.bot("GET", "/users/me", nil)
	}
	if last.status != 429 || string(last.body) != "limit exceeded\n" || last.header.Get("Retry-After") != "1" || n < 5 {
		p.Errorf("after %d: %d %q %v", n, last.status, last.body, last.header)
	}
	p.fake.Limit(0, 0)
	help, away := p.town.ChannelID("help"), p.town.ChannelID("away")
	p.fake.LimitChannel(help, time.Minute)
	p.wants("the first", p.as("ana", "POST", "/posts", map[string]any{"channel_id": help, "message": "x"}), 201, "")
	p.wants("the second", p.as("ana", "POST", "/posts", map[string]any{"channel_id": help, "message": "x"}), 429, "")
	p.wants("elsewhere", p.as("ana", "POST", "/posts", map[string]any{"channel_id": away, "message": "x"}), 201, "")
	p.fake.Advance(time.Minute)
	p.wants("later", p.as("ana", "POST", "/posts", map[string]any{"channel_id": help, "message": "x"}), 201, "")
}

func TestExpiry(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	p.wants("run", p.run("/ticket", ""), 200, "")
	form := p.form()
	open := map[string]any{"trigger_id": form.Get("trigger_id"), "url": "http://x", "dialog": map[string]any{"title": "t"}}
	p.fake.Advance(31 * time.Second)
	p.wants("late", p.bot("POST", "/actions/dialogs/open", open), 400, "interactive_message.decode_trigger_id.expired")
	p.fake.Advance(30 * time.Minute)
	p.wants("too late", p.call("", "POST", form.Get("response_url"), map[string]any{"text": "x"}), 404,
		"web.command_webhook.general.app_error")
	p.fake.ExpireToken(p.town.BotToken)
	p.wants("expired", p.bot("GET", "/users/me", nil), 401, expired)
}

func TestEventsGoWrong(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	l := p.listen("bot")
	texts := func(n int) (got []string) {
		for range n {
			got = append(got, l.post("posted").Message)
		}
		return got
	}
	p.fake.ForgetEvents(1)
	p.posted("help", "", "1", nil)
	p.posted("help", "", "2", nil)
	p.fake.RepeatEvents(true)
	p.posted("help", "", "3", nil)
	p.fake.RepeatEvents(false)
	p.fake.ReorderEvents(true)
	p.posted("help", "", "4", nil)
	p.posted("help", "", "5", nil)
	p.posted("help", "", "6", nil)
	p.fake.ReorderEvents(false) // nothing follows
	if got := strings.Join(texts(6), ""); got != "233546" {
		p.Errorf("heard %s", got)
	}
	p.fake.DropSockets()
	if _, _, err := l.ws.ReadMessage(); err == nil || websocket.IsUnexpectedCloseError(err, websocket.CloseAbnormalClosure) {
		p.Errorf("the socket ended with %v", err)
	}
	p.until(func() bool { return p.fake.Sockets(p.town.BotID) == 0 })
}

func TestCallbacks(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	var n atomic.Int32
	p.mu.Lock()
	p.answer = func(string, []byte) (int, string, string) {
		return 200, "application/json", fmt.Sprintf(`{"text":"answer %d"}`, n.Add(1))
	}
	p.mu.Unlock()
	p.fake.RepeatCallbacks(true)
	p.fake.DelayCallbacks(20 * time.Millisecond)
	start := time.Now()
	r := p.run("/ticket", "")
	if n.Load() != 2 || !strings.Contains(string(r.body), "answer 1") || time.Since(start) < 20*time.Millisecond {
		p.Errorf("%d calls, %s", n.Load(), r.body)
	}
}

func TestForbiddenAddress(t *testing.T) {
	p := onFake(t, mattermostfake.Options{CallbackHosts: "10.0.0.1"})
	p.wants("a command", p.run("/ticket", ""), 500, commandFailed)
	p.wants("allow it", p.admin("PUT", "/config/patch",
		map[string]any{"ServiceSettings": map[string]any{"AllowedUntrustedInternalConnections": "127.0.0.0/8"}}), 200, "")
	p.wants("a command then", p.run("/ticket", ""), 200, "")
}

func TestUnknownCallsAreProblems(t *testing.T) {
	p := onFake(t, mattermostfake.Options{})
	if r := p.bot("GET", "/brand/image", nil); r.status != 501 {
		p.Errorf("answered with %d", r.status)
	}
	p.takeProblems("GET /api/v4/brand/image")
}

func TestOldServer(t *testing.T) {
	p := onFake(t, mattermostfake.Options{Version: "10.11.0"})
	if r := p.call("", "GET", "/system/ping", nil); !strings.HasPrefix(r.header.Get("X-Version-Id"), "10.11.0.") {
		p.Errorf("header: %v", r.header)
	}
	l := p.listen("ana")
	p.wants("run", p.run("/ticket", ""), 200, "")
	open := map[string]any{"trigger_id": p.form().Get("trigger_id"), "url": p.integration.URL + "/dialog", "dialog": map[string]any{
		"title": "New", "source_url": p.integration.URL, "elements": []any{
			map[string]any{"name": "when", "display_name": "When", "type": "date", "refresh": true, "optional": true},
		}}}
	p.wants("open", p.bot("POST", "/actions/dialogs/open", open), 200, "")
	text := fmt.Sprint(l.hear("open_dialog").Data["dialog"])
	if strings.Contains(text, "source_url") || strings.Contains(text, "refresh") {
		p.Errorf("opened: %s", text)
	}
	p.takeProblems(`no dialog elements of type "date"`)
	p.says(`{"type":"form","form":{"title":"Two"}}`)
	submit := map[string]any{"url": p.integration.URL, "channel_id": p.town.ChannelID("help"), "team_id": p.town.Team.Id}
	if r := p.as("ana", "POST", "/actions/dialogs/submit", submit); string(r.body) != "{}\n" {
		p.Errorf("submitted: %s", r.body)
	}
	p.takeProblems(`the answer type "form"`)
}
