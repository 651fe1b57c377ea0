package mattermostfake_test

import (
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	forbidden = "api.context.permissions.app_error"
	expired   = "api.context.session_expired.app_error"
	nowhere   = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// TestRefusals: what is refused, and how.
func TestRefusals(t *testing.T) {
	both(t, func(p *place) {
		type m = map[string]any
		help, away, team := p.town.ChannelID("help"), p.town.ChannelID("away"), p.town.ChannelID("team")
		root := p.posted("help", "", "root", p.card())
		answer := p.posted("help", root.Id, "reply", nil)
		gone := p.posted("help", "", "gone", nil)
		p.wants("delete", p.bot("DELETE", "/posts/"+gone.Id, nil), 200, "")
		anas, err := p.town.As("ana").Say(p.ctx, help, "", "mine", "")
		if err != nil {
			p.Fatal(err)
		}
		closed := p.admin("POST", "/channels", m{"team_id": p.town.Team.Id, "name": "old", "display_name": "Old", "type": "O"})
		var old model.Channel
		decode(p, closed, &old)
		p.wants("join", p.bot("POST", "/channels/"+old.Id+"/members", m{"user_id": p.town.BotID}), 201, "")
		kept := p.bot("POST", "/posts", m{"channel_id": old.Id, "message": "kept"}).post(p)
		p.wants("archive", p.admin("DELETE", "/channels/"+old.Id, nil), 200, "")
		const (
			post   = "POST /posts"
			noPost = "app.post.get.app_error"
			system = "api.context.invalid_param.app_error"
			body   = "api.context.invalid_body_param.app_error"
			noMore = "api.post.create_post.can_not_post_to_deleted.error"
		)
		submit := m{"url": p.integration.URL + "/dialog", "channel_id": help, "team_id": p.town.Team.Id, "submission": m{}}
		for _, c := range []struct {
			who, what string
			body      any
			status    int
			id        string
		}{
			{"bot", post, m{"channel_id": help, "message": strings.Repeat("é", 16384)},
				400, "model.post.is_valid.message_length.app_error"},
			{"bot", post, m{"channel_id": help, "message": strings.Repeat("é", 16383)}, 201, ""},
			{"bot", post, m{"channel_id": help, "message": "x", "root_id": answer.Id},
				400, "api.post.create_post.root_id.app_error"},
			{"bot", post, m{"channel_id": help, "message": "x", "root_id": gone.Id},
				400, "api.post.create_post.root_id.app_error"},
			{"bot", post, m{"channel_id": help, "message": "x", "root_id": nowhere},
				400, "api.post.create_post.root_id.app_error"},
			{"ana", post, m{"channel_id": away, "message": "x", "root_id": root.Id},
				400, "api.post.create_post.channel_root_id.app_error"},
			{"bot", post, m{"channel_id": away, "message": "x"}, 403, forbidden},
			{"ana", post, m{"channel_id": team, "message": "x"}, 403, forbidden},
			{"bot", post, m{"channel_id": nowhere, "message": "x"}, 403, forbidden},
			{"bot", post, m{"channel_id": old.Id, "message": "x"}, 400, noMore},
			{"bot", post, m{"channel_id": help, "message": "x", "type": "system_x"}, 400, system},
			{"bot", post, m{"channel_id": help, "message": "x", "type": "x"}, 400, "model.post.is_valid.type.app_error"},
			{"bot", post, m{"channel_id": help, "message": "x", "file_ids": ids(11)},
				400, "model.post.is_valid.file_ids.app_error"},
			{"bot", post, m{"channel_id": help, "message": "x", "file_ids": ids(10)}, 201, ""},
			{"bot", post, "{", 400, body},
			{"bot", post, `{"message":"` + strings.Repeat("x", 300_600) + `"}`,
				413, "api.context.request_body_too_large.app_error"},
			{"", post, m{"channel_id": help, "message": "x"}, 401, expired},
			{"garbage", post, m{"channel_id": help, "message": "x"}, 401, expired},
			{"bot", "GET /posts/" + gone.Id, nil, 404, noPost},
			{"bot", "GET /posts/" + gone.Id + "/thread", nil, 404, noPost},
			{"bot", "GET /posts/" + nowhere, nil, 404, noPost},
			{"bot", "GET /posts/short", nil, 400, "api.context.invalid_url_param.app_error"},
			{"bot", "PUT /posts/" + gone.Id + "/patch", m{"message": "y"}, 403, forbidden},
			{"bot", "PUT /posts/" + anas.Id + "/patch", m{"message": "y"}, 403, forbidden},
			{"bot", "PUT /posts/" + kept.Id + "/patch", m{"message": "y"},
				400, "api.post.patch_post.can_not_update_post_in_deleted.error"},
			{"bot", "PUT /posts/" + root.Id + "/patch", m{"message": strings.Repeat("x", 16384)},
				400, "model.post.is_valid.message_length.app_error"},
			{"bot", "PUT /posts/" + root.Id, m{"id": answer.Id, "message": "y"}, 400, body},
			{"bot", "DELETE /posts/" + gone.Id, nil, 404, noPost},
			{"bot", "DELETE /posts/" + anas.Id, nil, 403, forbidden},
			{"bot", "DELETE /posts/" + kept.Id, nil, 400, "api.post.delete_post.can_not_delete_post_in_deleted.error"},
			{"bot", "POST /posts/ephemeral",
				m{"user_id": p.town.UserID("ana"), "post": m{"channel_id": help, "message": "x"}}, 403, forbidden},
			{"bot", "POST /reactions", m{"user_id": p.town.UserID("ana"), "post_id": root.Id, "emoji_name": "eyes"},
				403, "api.reaction.save_reaction.user_id.app_error"},
			{"bot", "POST /reactions", m{"user_id": p.town.BotID, "post_id": root.Id, "emoji_name": "no_such"},
				404, "app.emoji.get_by_name.no_result"},
			{"bot", "POST /reactions", m{"user_id": p.town.BotID, "post_id": kept.Id, "emoji_name": "eyes"},
				403, "api.reaction.save.archived_channel.app_error"},
			{"ana", "GET /channels/" + team, nil, 403, forbidden},
			{"ana", "GET /channels/" + team + "/posts", nil, 403, forbidden},
			{"ana", "GET /channels/" + team + "/members", nil, 403, forbidden},
			{"bot", "GET /channels/" + away, nil, 200, ""},
			{"bot", "GET /channels/" + away + "/posts", nil, 200, ""},
			{"bot", "GET /channels/" + nowhere, nil, 404, "app.channel.get.existing.app_error"},
			{"bot", "GET /channels/" + help + "/members/" + nowhere, nil, 404, "app.channel.get_member.missing.app_error"},
			{"bot", "GET /users/" + nowhere, nil, 404, "app.user.missing_account.const"},
			{"bot", "GET /users/username/nobody-here", nil, 404, "app.user.get_by_username.app_error"},
			{"bot", "GET /teams/" + nowhere, nil, 404, "app.team.get.find.app_error"},
			{"bot", "GET /config", nil, 403, forbidden},
			{"bot", "POST /commands",
				m{"team_id": p.town.Team.Id, "trigger": "x", "method": "P", "url": "http://localhost:1/x"}, 403, forbidden},
			{"admin", "POST /commands",
				m{"team_id": p.town.Team.Id, "trigger": "ticket", "method": "P", "url": "http://localhost:1/x"},
				400, "api.command.duplicate_trigger.app_error"},
			{"ana", "POST /commands/execute", m{"channel_id": help, "command": "/nope"},
				404, "api.command.execute_command.not_found.app_error"},
			{"ana", "POST /commands/execute", m{"channel_id": help, "command": "nope"},
				400, "api.command.execute_command.start.app_error"},
			{"ana", "POST /commands/execute", m{"channel_id": team, "command": "/ticket"}, 403, forbidden},
			{"ana", "POST /posts/" + root.Id + "/actions/no_id", m{}, 404, "api.context.404.app_error"},
			{"ana", "POST /posts/" + root.Id + "/actions/other", m{}, 404, "api.post.do_action.action_id.app_error"},
			{"ana", "POST /posts/" + gone.Id + "/actions/take", m{}, 404, noPost},
			{"ana", "POST /posts/" + nowhere + "/actions/take", m{}, 403, forbidden},
			{"ana", "POST /posts/" + nowhere + "/actions/take", m{"cookie": "abc"},
				400, "api.post.do_action.action_integration.app_error"},
			{"", "POST /actions/dialogs/open", m{"trigger_id": "abc", "url": "http://x"},
				400, "interactive_message.decode_trigger_id.base64_decode_failed"},
			{"", "POST /actions/dialogs/open", m{"trigger_id": "YWJj", "url": "http://x"},
				400, "interactive_message.decode_trigger_id.missing_data"},
			{"", "POST /actions/dialogs/open", m{"trigger_id": "YTpiOjE6Yw==", "url": "http://x"},
				400, "interactive_message.decode_trigger_id.expired"},
			{"", "POST /actions/dialogs/open", m{"trigger_id": "abc"}, 400, body},
			{"", "POST /actions/dialogs/submit", submit, 401, expired},
			{"ana", "POST /actions/dialogs/submit", with(submit, "channel_id", team), 403, forbidden},
			{"ana", "POST /actions/dialogs/submit", with(submit, "channel_id", nowhere),
				404, "app.channel.get.existing.app_error"},
			{"ana", "POST /actions/dialogs/submit", with(submit, "team_id", nowhere), 403, forbidden},
			{"ana", "POST /actions/dialogs/submit", with(submit, "url", ""), 400, body},
			{"ana", "POST /actions/dialogs/lookup", with(submit, "url", "ftp://localhost/x"), 400, body},
			{"bot", "POST /bots", m{"username": "another-bot"}, 403, forbidden},
			{"ana", "POST /users/" + p.town.BotID + "/tokens", m{"description": "x"}, 403, forbidden},
			{"admin", "DELETE /channels/" + old.Id, nil, 400, "api.channel.delete_channel.deleted.app_error"},
		} {
			method, path, _ := strings.Cut(c.what, " ")
			var r reply
			switch c.who {
			case "", "garbage":
				r = p.call(c.who, method, path, c.body)
			case "bot":
				r = p.bot(method, path, c.body)
			case "admin":
				r = p.admin(method, path, c.body)
			default:
				r = p.as(c.who, method, path, c.body)
			}
			p.wants(c.who+" "+c.what, r, c.status, c.id)
		}
	})
}

func ids(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = model.NewId()
	}
	return out
}

func with(m map[string]any, key string, v any) map[string]any {
	out := map[string]any{key: v}
	for k, old := range m {
		if k != key {
			out[k] = old
		}
	}
	return out
}

// TestTokens: a token that is no longer good is refused everywhere, and what listens with it hears nothing more.
func TestTokens(t *testing.T) {
	both(t, func(p *place) {
		me := "/users/me"
		p.wants("before", p.bot("GET", me, nil), 200, "")
		p.wants("disable the bot", p.admin("POST", "/bots/"+p.town.BotID+"/disable", nil), 200, "")
		p.wants("disabled", p.bot("GET", me, nil), 401, expired)
		p.wants("enable the bot", p.admin("POST", "/bots/"+p.town.BotID+"/enable", nil), 200, "")
		again := p.admin("POST", "/users/"+p.town.BotID+"/tokens", map[string]any{"description": "two"})
		var token model.UserAccessToken
		decode(p, again, &token)
		p.wants("the new one", p.call(token.Token, "GET", me, nil), 200, "")
		p.wants("revoke", p.admin("POST", "/users/tokens/revoke", map[string]any{"token_id": token.Id}), 200, "")
		p.wants("revoked", p.call(token.Token, "GET", me, nil), 401, expired)
		if r := p.call("", "GET", "/system/ping", nil); r.status != 200 || !strings.HasPrefix(r.header.Get("X-Version-Id"), "11.4.0.") {
			p.Errorf("ping: %d %s", r.status, r.header)
		}
	})
}
