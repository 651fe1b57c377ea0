package mattermostfake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"
)

// TestPendingPostID: the same id gives the same post for a while, and nothing new.
func TestPendingPostID(t *testing.T) {
	both(t, func(p *place) {
		help := p.town.ChannelID("help")
		body := map[string]any{"channel_id": help, "message": "once", "pending_post_id": "key " + model.NewId(), "props": p.card()}
		first := p.bot("POST", "/posts", body).post(p)
		if first.PendingPostId != body["pending_post_id"] {
			p.Errorf("the post has the pending id %q", first.PendingPostId)
		}
		again := p.bot("POST", "/posts", body).post(p)
		if again.Id != first.Id || again.PendingPostId != "" || again.Message != "once" {
			p.Errorf("again gives %v", again)
		}
		if kept := p.bot("GET", "/posts/"+first.Id, nil).post(p); kept.PendingPostId != "" || kept.GetProp("balie_key") != "k1" {
			p.Errorf("kept is %v", kept)
		}
		p.wants("delete", p.bot("DELETE", "/posts/"+first.Id, nil), 200, "")
		p.wants("after the end", p.bot("POST", "/posts", body), 500, "api.post.deduplicate_create_post.failed_to_get")
		refused := map[string]any{"channel_id": help, "message": strings.Repeat("x", 16384), "pending_post_id": model.NewId()}
		p.wants("too long", p.bot("POST", "/posts", refused), 400, "model.post.is_valid.message_length.app_error")
		p.wants("shortened", p.bot("POST", "/posts", with(refused, "message", "short")), 201, "")
	})
}

// TestSecretsOfButtons: clients never see where a button leads, and who writes back what they read kills it.
func TestSecretsOfButtons(t *testing.T) {
	both(t, func(p *place) {
		post := p.posted("help", "", "card", p.card())
		if post.GetProp("from_bot") != "true" {
			p.Errorf("props: %v", post.GetProps())
		}
		path := "/posts/" + post.Id
		read := p.as("ana", "GET", path, nil)
		for what, r := range map[string]reply{
			"read": read, "list": p.as("ana", "GET", "/channels/"+post.ChannelId+"/posts", nil),
			"thread": p.as("ana", "GET", path+"/thread", nil), "own": p.bot("GET", path, nil),
		} {
			if strings.Contains(string(r.body), "sealed") || strings.Contains(string(r.body), `"integration"`) ||
				!strings.Contains(string(r.body), `"name":"Take"`) {
				p.Errorf("%s: %s", what, r.body)
			}
		}
		p.wants("the button", p.as("ana", "POST", path+"/actions/take", map[string]any{}), 200, "")
		p.wants("patch the text", p.bot("PUT", path+"/patch", map[string]any{"message": "new"}), 200, "")
		p.wants("the button after that", p.as("ana", "POST", path+"/actions/take", map[string]any{}), 200, "")
		own := p.bot("GET", path, nil).post(p)
		p.wants("write back", p.bot("PUT", path, own), 200, "")
		p.wants("the dead button", p.as("ana", "POST", path+"/actions/take", map[string]any{}), 404,
			"api.post.do_action.action_id.app_error")
		p.takeProblems("action must have integration settings")
		p.wants("patch the props", p.bot("PUT", path+"/patch", map[string]any{"props": map[string]any{"a": "b"}}), 200, "")
		if props := p.bot("GET", path, nil).post(p).GetProps(); len(props) != 1 || props["a"] != "b" {
			p.Errorf("patched props: %v", props)
		}
	})
}

// takeProblems takes what the fake noted, which has to contain a text; the real server only logs.
func (p *place) takeProblems(text string) {
	p.Helper()
	if p.fake == nil {
		return
	}
	problems := strings.Join(p.fake.Problems(), "\n")
	if !strings.Contains(problems, text) {
		p.Errorf("the fake noted %q, want %q", problems, text)
	}
}

// TestEdits: what counts as edited, and that a deleted root takes its thread along.
func TestEdits(t *testing.T) {
	both(t, func(p *place) {
		root := p.posted("help", "", "root", p.card())
		reply := p.posted("help", root.Id, "reply", nil)
		same := p.bot("PUT", "/posts/"+root.Id+"/patch", map[string]any{"message": "root"}).post(p)
		if same.EditAt != 0 || same.UpdateAt < root.UpdateAt || same.ReplyCount != 1 {
			p.Errorf("unchanged: %+v", same)
		}
		changed := p.bot("PUT", "/posts/"+root.Id+"/patch", map[string]any{"message": "other"}).post(p)
		if changed.EditAt == 0 || changed.Message != "other" || changed.EditAt > changed.UpdateAt {
			p.Errorf("changed: %+v", changed)
		}
		eyes := map[string]any{"user_id": p.town.BotID, "post_id": root.Id, "emoji_name": "eyes"}
		p.wants("react", p.bot("POST", "/reactions", eyes), 200, "")
		reacted := p.bot("GET", "/posts/"+root.Id, nil).post(p)
		if !reacted.HasReactions || len(reacted.Metadata.Reactions) != 1 || reacted.UpdateAt < changed.UpdateAt {
			p.Errorf("reacted: %+v", reacted)
		}
		p.wants("unreact", p.bot("DELETE", "/users/me/posts/"+root.Id+"/reactions/eyes", nil), 200, "")
		p.wants("delete", p.bot("DELETE", "/posts/"+root.Id, nil), 200, "")
		p.wants("the reply", p.bot("GET", "/posts/"+reply.Id, nil), 404, "app.post.get.app_error")

		since := fmt.Sprintf("/channels/%s/posts?since=%d", root.ChannelId, root.CreateAt-1)
		var list model.PostList
		decode(p, p.bot("GET", since, nil), &list)
		// What a post said before each update is there, too, as a deleted post with an id of its own.
		earlier := slices.DeleteFunc(list.ToSlice(), func(d *model.Post) bool { return d.OriginalId == "" })
		if len(earlier) != 2 || len(list.Order) != 4 {
			p.Errorf("since: %d, of which earlier: %d", len(list.Order), len(earlier))
		}
		for _, d := range earlier {
			if d.OriginalId != root.Id || d.DeleteAt == 0 || d.CreateAt != root.CreateAt || d.Message != "" {
				p.Errorf("earlier: %+v", d)
			}
		}
		for _, id := range []string{root.Id, reply.Id} {
			d := list.Posts[id]
			if d.DeleteAt == 0 || d.Message != "" || d.UpdateAt != d.DeleteAt || d.GetProp("deleteBy") != p.town.BotID {
				p.Errorf("deleted: %+v %v", d, d.GetProps())
			}
		}
		decode(p, p.bot("GET", fmt.Sprintf("/channels/%s/posts?since=%d", root.ChannelId, list.Posts[root.Id].UpdateAt), nil), &list)
		if len(list.Order) != 0 {
			p.Errorf("since then: %v", list.Order)
		}
	})
}

// TestSystemMessages: who comes and goes is told in the channel.
func TestSystemMessages(t *testing.T) {
	both(t, func(p *place) {
		var ch model.Channel
		decode(p, p.admin("POST", "/channels",
			map[string]any{"team_id": p.town.Team.Id, "name": "hall", "display_name": "Hall", "type": "O"}), &ch)
		path := "/channels/" + ch.Id
		ana := p.town.UserID("ana")
		p.wants("join", p.bot("POST", path+"/members", map[string]any{"user_id": p.town.BotID}), 201, "")
		p.wants("add", p.bot("POST", path+"/members", map[string]any{"user_id": ana}), 201, "")
		p.wants("remove", p.admin("DELETE", path+"/members/"+ana, nil), 200, "")
		p.wants("leave", p.bot("DELETE", path+"/members/me", nil), 200, "")
		p.wants("gone already", p.admin("DELETE", path+"/members/"+ana, nil), 404, "app.channel.get_member.missing.app_error")
		kinds := func() (kinds []string) {
			var list model.PostList
			decode(p, p.admin("GET", path+"/posts", nil), &list)
			for _, id := range slices.Backward(list.Order) {
				kinds = append(kinds, list.Posts[id].Type)
			}
			return kinds
		}
		want := []string{"system_join_channel", "system_join_channel", "system_add_to_channel",
			"system_remove_from_channel", "system_leave_channel"}
		p.until(func() bool { return len(kinds()) == len(want) })
		if got := kinds(); !slices.Equal(got, want) {
			p.Errorf("the channel has %q", got)
		}
	})
}

// TestFiles: files are one's own, once; others are left out without a word.
func TestFiles(t *testing.T) {
	both(t, func(p *place) {
		ana, help := p.town.As("ana"), p.town.ChannelID("help")
		id, err := ana.Upload(p.ctx, help, "note.txt", []byte("hello"))
		if err != nil {
			p.Fatal(err)
		}
		foreign := p.bot("POST", "/posts", map[string]any{"channel_id": help, "message": "x", "file_ids": []string{id}}).post(p)
		if len(foreign.FileIds) != 0 {
			p.Errorf("a foreign file is attached: %v", foreign.FileIds)
		}
		post, err := ana.Say(p.ctx, help, "", "look", "", id)
		if err != nil || len(post.FileIds) != 1 {
			p.Fatalf("said %v, %v", post, err)
		}
		if again, err := ana.Say(p.ctx, help, "", "look", "", id); err != nil || len(again.FileIds) != 0 {
			p.Errorf("a used file is attached: %v %v", again, err)
		}
		var infos []model.FileInfo
		decode(p, p.bot("GET", "/posts/"+post.Id+"/files/info", nil), &infos)
		if len(infos) != 1 || infos[0].Name != "note.txt" || infos[0].Size != 5 || infos[0].PostId != post.Id ||
			infos[0].CreatorId != ana.ID {
			p.Errorf("files: %+v", infos)
		}
		r := p.bot("GET", "/files/"+id, nil)
		if string(r.body) != "hello" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
			p.Errorf("the file is %s %q", r.header, r.body)
		}
		if err := ana.Delete(p.ctx, post.Id); err != nil {
			p.Fatal(err)
		}
		p.until(func() bool { return p.bot("GET", "/files/"+id+"/info", nil).status == 404 })
		p.wants("no such file", p.bot("GET", "/files/"+nowhere, nil), 404, "api.file.get_file_info.app_error")
		p.wants("nor any of this name", p.bot("GET", "/files/"+nowhere+"/info", nil), 404, "app.file_info.get.app_error")
	})
}

// TestEphemeral: with the permission, a post for one person is made that is kept nowhere.
func TestEphemeral(t *testing.T) {
	both(t, func(p *place) {
		l := p.listen("ana")
		r := p.admin("POST", "/posts/ephemeral", map[string]any{"user_id": p.town.UserID("ana"),
			"post": map[string]any{"channel_id": p.town.ChannelID("help"), "message": "psst", "props": p.card()}})
		post := r.post(p)
		if post.Type != "system_ephemeral" || strings.Contains(string(r.body), "sealed") {
			p.Errorf("the post is %s", r.body)
		}
		p.wants("it is nowhere", p.admin("GET", "/posts/"+post.Id, nil), 404, "app.post.get.app_error")
		path := "/posts/" + post.Id + "/actions/take"
		failed := "api.post.do_action.action_integration.app_error"
		// The cookies in the answer are made of what was stripped already; those in the event are good.
		p.wants("who sent it", p.as("ana", "POST", path, map[string]any{"cookie": post.Attachments()[0].Actions[0].Cookie}), 400, failed)
		seen := l.post("ephemeral_message")
		actions := seen.Attachments()[0].Actions
		if seen.Id != post.Id || len(actions) != 2 || actions[0].Cookie == "" || actions[0].Integration != nil {
			p.Fatalf("ana sees %+v", seen)
		}
		cookie := map[string]any{"cookie": actions[0].Cookie}
		p.wants("click", p.as("ana", "POST", path, cookie), 200, "")
		var came model.PostActionIntegrationRequest
		if err := json.Unmarshal(p.last(), &came); err != nil || came.Context["secret"] != "sealed" || came.PostId != post.Id {
			p.Errorf("came: %s %v", p.last(), err)
		}
		p.wants("without the cookie", p.as("ana", "POST", path, map[string]any{}), 403, forbidden)
		p.wants("of another post", p.as("ana", "POST", "/posts/"+nowhere+"/actions/take", cookie), 400, failed)
		p.says(`{"update":{"message":"new"}}`)
		p.wants("update", p.as("ana", "POST", path, cookie), 404, "app.post.get.app_error")
	})
}
