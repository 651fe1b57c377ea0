package mattermostfake_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	actionFailed  = "api.post.do_action.action_integration.app_error"
	commandFailed = "api.command.execute_command.failed.app_error"
)

func (p *place) run(text, root string) reply {
	p.Helper()
	return p.as("ana", "POST", "/commands/execute",
		map[string]any{"channel_id": p.town.ChannelID("help"), "command": text, "root_id": root})
}

func (p *place) form() url.Values {
	p.Helper()
	form, err := url.ParseQuery(string(p.last()))
	if err != nil {
		p.Fatal(err)
	}
	return form
}

// TestCommand: what a command's integration gets, and what comes of its answers.
func TestCommand(t *testing.T) {
	both(t, func(p *place) {
		root, ana := p.posted("help", "", "root", nil), p.town.As("ana")
		p.wants("run", p.run("/TICKET  the @"+p.town.As("bo").Username+" printer", root.Id), 200, "")
		form := p.form()
		for k, want := range map[string]string{
			"token": p.town.CommandToken, "team_id": p.town.Team.Id, "team_domain": p.town.Team.Name,
			"channel_id": p.town.ChannelID("help"), "channel_name": "help",
			"user_id": ana.ID, "user_name": ana.Username, "command": "/ticket", "root_id": root.Id,
			"text": " the @" + p.town.As("bo").Username + " printer", "user_mentions_ids": p.town.UserID("bo"),
		} {
			if form.Get(k) != want {
				p.Errorf("%s is %q, want %q", k, form.Get(k), want)
			}
		}
		p.mu.Lock()
		header := p.header
		p.mu.Unlock()
		if header.Get("Authorization") != "Token "+p.town.CommandToken || header.Get("User-Agent") != "Mattermost-Bot/1.1" ||
			header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			p.Errorf("header: %v", header)
		}
		p.saysAs(403, "text/plain", "no")
		p.wants("403", p.run("/ticket", ""), 500, "api.command.execute_command.failed_resp.app_error")
		p.saysAs(204, "text/plain", "")
		p.wants("204", p.run("/ticket", ""), 500, "api.command.execute_command.failed_resp.app_error")
		p.says("no json")
		p.wants("no JSON", p.run("/ticket", ""), 500, commandFailed)
		p.saysAs(200, "text/plain", "")
		p.wants("empty", p.run("/ticket", ""), 200, "")

		l := p.listen("bot")
		p.says(`{"response_type":"in_channel","text":"for all","props":{"a":"b"}}`)
		p.wants("in_channel", p.run("/ticket", ""), 200, "")
		_, post := l.said("posted", "for all")
		if post.UserId != ana.ID || post.GetProp("from_webhook") != "true" || post.GetProp("a") != "b" {
			p.Errorf("for all: %+v %v", post, post.GetProps())
		}
		l = p.listen("ana")
		card, err := json.Marshal(p.card()["attachments"])
		if err != nil {
			p.Fatal(err)
		}
		p.says(`{"text":"for you","attachments":` + string(card) + `}`)
		r := p.run("/ticket", root.Id)
		p.wants("ephemeral", r, 200, "")
		_, post = l.said("ephemeral_message", "for you")
		if post.UserId != ana.ID || post.RootId != root.Id || post.Type != "system_ephemeral" {
			p.Errorf("for you: %+v", post)
		}
		cookie := post.Attachments()[0].Actions[1].Cookie
		p.says("{}")
		p.wants("click on it", p.as("ana", "POST", "/posts/"+post.Id+"/actions/menu",
			map[string]any{"cookie": cookie, "selected_option": "anything"}), 200, "")
		var came model.PostActionIntegrationRequest
		if err := json.Unmarshal(p.last(), &came); err != nil || came.Context["selected_option"] != "anything" ||
			came.Context["secret"] != "sealed" {
			p.Errorf("came: %s", p.last())
		}
	})
}

// TestResponseURL: late answers to a command, five of them.
func TestResponseURL(t *testing.T) {
	both(t, func(p *place) {
		p.wants("run", p.run("/ticket", ""), 200, "")
		late, l := p.form().Get("response_url"), p.listen("ana")
		for range 5 {
			r := p.call("", "POST", late, map[string]any{"text": "late"})
			if r.status != 200 || string(r.body) != "ok" {
				p.Errorf("late: %d %s", r.status, r.body)
			}
			l.said("ephemeral_message", "late")
		}
		p.wants("once more", p.call("", "POST", late, map[string]any{"text": "late"}), 400, "web.command_webhook.general.app_error")
		unknown := late[:strings.LastIndex(late, "/")+1] + nowhere
		p.wants("unknown", p.call("", "POST", unknown, map[string]any{"text": "late"}), 404, "web.command_webhook.general.app_error")
		p.wants("no JSON", p.call("", "POST", late, "{"), 400, "web.command_webhook.parse.app_error")
	})
}

// TestAction: what a button's integration gets, and what comes of its answers.
func TestAction(t *testing.T) {
	both(t, func(p *place) {
		post := p.posted("help", "", "card", p.card())
		click := func(action, choice string) reply {
			return p.as("ana", "POST", "/posts/"+post.Id+"/actions/"+action, map[string]any{"selected_option": choice})
		}
		read := func() *model.Post { return p.bot("GET", "/posts/"+post.Id, nil).post(p) }
		p.wants("click", click("take", ""), 200, "")
		var came model.PostActionIntegrationRequest
		if err := json.Unmarshal(p.last(), &came); err != nil {
			p.Fatal(err)
		}
		if came.UserId != p.town.UserID("ana") || came.PostId != post.Id || came.ChannelName != "help" || came.Type != "button" ||
			came.TeamName != p.town.Team.Name || came.TriggerId == "" || len(came.Context) != 1 {
			p.Errorf("came: %s", p.last())
		}
		for _, c := range []struct {
			status     int
			kind, text string
			want       int
			id         string
		}{
			{200, "application/json", "", 200, ""},
			{200, "text/plain", "{}", 200, ""},
			{200, "text/plain", "ok", 400, actionFailed},
			{204, "text/plain", "", 400, actionFailed},
			{500, "text/plain", "", 400, actionFailed},
			{200, "application/json", `{"error":{"message":"no"}}`, 200, ""},
		} {
			p.saysAs(c.status, c.kind, c.text)
			p.wants(c.kind+" "+c.text, click("take", ""), c.want, c.id)
		}
		p.takeProblems("no JSON")
		p.says(`{"update":{"message":"taken"},"ephemeral_text":"yours"}`)
		l := p.listen("ana")
		p.wants("update", click("take", ""), 200, "")
		if _, told := l.said("ephemeral_message", "yours"); told.RootId != post.Id || told.UserId != p.town.UserID("ana") {
			p.Errorf("told: %+v", told)
		}
		if now := read(); now.Message != "taken" || len(now.Attachments()) != 1 || now.GetProp("balie_key") != "k1" {
			p.Errorf("updated: %+v", now)
		}
		p.says(`{"update":{"message":"done","props":{"c":"d"}}}`)
		p.wants("replace", click("take", ""), 200, "")
		if props := read().GetProps(); props["c"] != "d" || len(props) != 1 {
			p.Errorf("replaced: %v", props)
		}
		p.wants("the button is gone", click("take", ""), 404, "api.post.do_action.action_id.app_error")
	})
}

// TestDialog: opening, submitting, looking up.
func TestDialog(t *testing.T) {
	both(t, func(p *place) {
		l := p.listen("ana")
		p.wants("run", p.run("/ticket", ""), 200, "")
		trigger := p.form().Get("trigger_id")
		open := map[string]any{"trigger_id": trigger, "url": p.integration.URL + "/dialog", "dialog": map[string]any{
			"title": "New", "callback_id": "c", "state": "s", "source_url": p.integration.URL + "/source",
			"elements": []any{map[string]any{"name": "title", "display_name": "Title", "type": "text",
				"datetime_config": map[string]any{"time_interval": 5}}},
		}}
		for range 2 { // a trigger may be used more than once, and needs no token
			p.wants("open", p.call("", "POST", "/actions/dialogs/open", open), 200, "")
			var d model.OpenDialogRequest
			if err := json.Unmarshal([]byte(l.hear("open_dialog").Data["dialog"].(string)), &d); err != nil {
				p.Fatal(err)
			}
			if d.TriggerId == trigger || d.Dialog.State != "s" || d.URL == "" || d.Dialog.SourceURL == "" ||
				d.Dialog.Elements[0].DateTimeConfig != nil {
				p.Errorf("opened: %+v", d)
			}
		}
		invalid := with(open, "dialog", map[string]any{"title": strings.Repeat("x", 25)})
		p.wants("too long a title", p.bot("POST", "/actions/dialogs/open", invalid), 200, "")
		p.takeProblems("invalid dialog title")

		submit := map[string]any{"url": p.integration.URL + "/dialog", "channel_id": p.town.ChannelID("help"), "team_id": p.town.Team.Id,
			"callback_id": "c", "state": "s", "user_id": nowhere, "submission": map[string]any{"title": "x"}}
		send := func(body map[string]any) reply { return p.as("ana", "POST", "/actions/dialogs/submit", body) }
		p.says(`{"errors":{"title":"short"},"error":"no"}`)
		if r := send(submit); r.status != 200 || !strings.Contains(string(r.body), "short") {
			p.Errorf("errors: %d %s", r.status, r.body)
		}
		var came model.SubmitDialogRequest
		if err := json.Unmarshal(p.last(), &came); err != nil || came.UserId != p.town.UserID("ana") || came.Type != "dialog_submission" ||
			came.State != "s" || came.URL != "" || came.Submission["title"] != "x" {
			p.Errorf("came: %s", p.last())
		}
		p.says(`{"type":"form","form":{"title":"Two","elements":[]}}`)
		if r := send(with(submit, "type", "refresh")); r.status != 200 || !strings.Contains(string(r.body), `"Two"`) {
			p.Errorf("refresh: %d %s", r.status, r.body)
		}
		if err := json.Unmarshal(p.last(), &came); err != nil || came.Type != "refresh" {
			p.Errorf("refresh came: %s", p.last())
		}
		for _, c := range []struct {
			status int
			text   string
			want   int
			id     string
		}{
			{200, "", 200, ""},
			{200, "ok", 500, "app.submit_interactive_dialog.decode_json_error"},
			{204, "", 400, actionFailed},
			{500, "{}", 400, actionFailed},
			{200, `{"type":"other"}`, 400, "app.submit_interactive_dialog.invalid_response"},
			{200, `{"type":"form"}`, 400, "app.submit_interactive_dialog.invalid_response"},
		} {
			p.saysAs(c.status, "application/json", c.text)
			p.wants(c.text, send(submit), c.want, c.id)
		}
		p.takeProblems("no JSON")
		p.says(`{"items":[{"text":"One","value":"1"}]}`)
		r := p.as("ana", "POST", "/actions/dialogs/lookup", submit)
		if r.status != 200 || !strings.Contains(string(r.body), "One") {
			p.Errorf("lookup: %d %s", r.status, r.body)
		}
		if err := json.Unmarshal(p.last(), &came); err != nil || came.Type != "dialog_lookup" {
			p.Errorf("lookup came: %s", p.last())
		}
	})
}
