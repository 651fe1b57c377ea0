package mattermosttest_test

import (
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
)

func TestCommands(t *testing.T) {
	ctx, town, in := newTown(t)
	ana, help := town.As("ana"), town.ChannelID("help")
	root := must(ana.Say(ctx, help, "", "The printer", ""))(t)

	in.command = func(form map[string]string) any {
		if form["text"] != "new one" || form["user_id"] != ana.ID || form["root_id"] != root.Id || form["channel_id"] != help ||
			form["token"] != town.CommandToken || form["team_id"] != town.Team.Id {
			t.Errorf("the command came as %v", form)
		}
		return map[string]any{"text": "For you", "extra_responses": []any{map[string]any{"text": "And this"}}}
	}
	a := must(ana.Command(ctx, help, root.Id, "/ticket new one"))(t)
	if len(a.Private) != 2 || a.Private[0].Message != "For you" || a.Private[1].Message != "And this" ||
		a.Private[0].RootId != root.Id || a.Dialog != nil || a.Status != 200 || a.Missed || a.Took <= 0 {
		t.Errorf("ana sees %+v", a)
	}

	in.command = func(map[string]string) any { return http.StatusForbidden }
	a = must(ana.Command(ctx, help, "", "/ticket"))(t)
	if a.Status != 500 || a.Problem == "" || a.ProblemID != "api.command.execute_command.failed_resp.app_error" {
		t.Errorf("ana sees %+v", a)
	}
	a = must(ana.Command(ctx, town.ChannelID("team"), "", "/ticket"))(t)
	if a.Status != 403 {
		t.Errorf("where she is no member, ana sees %+v", a)
	}
}

func TestClicks(t *testing.T) {
	ctx, town, in := newTown(t)
	ana, help := town.As("ana"), town.ChannelID("help")
	card := func() *model.MessageAttachment {
		return &model.MessageAttachment{
			Pretext: "A ticket", AuthorName: "Ana", Title: "T-1", Text: `Not \*bold\*`, Footer: "now",
			Fields: []*model.MessageAttachmentField{{Title: "Status", Value: "\u200bopen"}},
			Actions: []*model.PostAction{
				{Id: "take", Name: "Take", Type: "button"},
				{Id: "off", Name: "Off", Type: "button", Disabled: true},
				{Id: "status", Name: "Status…", Type: "select", Options: []*model.PostActionOptions{{Text: "Done", Value: "done"}}},
			},
		}
	}
	_, _, err := town.BotClient().CreatePost(ctx, &model.Post{ChannelId: help, Message: "@" + ana.Username,
		Props: in.attachments(card())})
	if err != nil {
		t.Fatal(err)
	}
	post := must(ana.Posts(ctx, help))(t)[0]
	if text := town.Text(post); text != "@ana\nA ticket\nby Ana\nT-1\nNot *bold*\nStatus: open\nnow" {
		t.Errorf("the card reads %q", text)
	}
	if labels := mattermosttest.Buttons(post); !slices.Equal(labels, []string{"Take", "Off", "Status…"}) {
		t.Errorf("the card has %q", labels)
	}

	var came model.PostActionIntegrationRequest
	in.action = func(r model.PostActionIntegrationRequest) any {
		came = r
		return map[string]any{"ephemeral_text": "Taken", "update": map[string]any{"message": "Taken by ana"}}
	}
	a := must(ana.Click(ctx, post, "Take", ""))(t)
	if len(a.Private) != 1 || a.Private[0].Message != "Taken" || a.Status != 200 {
		t.Errorf("ana sees %+v", a)
	}
	if came.UserId != ana.ID || came.PostId != post.Id || came.Context["of"] != "take" {
		t.Errorf("the click came as %+v", came)
	}
	if now := must(town.PostByID(ctx, post.Id))(t); now.Message != "Taken by ana" || len(mattermosttest.Buttons(now)) != 3 {
		t.Errorf("the post is %v", now)
	}
	must(ana.Click(ctx, post, "Status…", "done"))(t)
	if came.Context["selected_option"] != "done" {
		t.Errorf("the choice came as %+v", came)
	}
	in.action = func(model.PostActionIntegrationRequest) any { return http.StatusInternalServerError }
	if a := must(ana.Click(ctx, post, "Take", ""))(t); a.Status != 400 || a.Problem == "" {
		t.Errorf("ana sees %+v", a)
	}
	for _, wrong := range [][2]string{{"Off", ""}, {"Status…", "never"}, {"Take", "done"}, {"Nothing", ""}} {
		if _, err := ana.Click(ctx, post, wrong[0], wrong[1]); err == nil {
			t.Errorf("ana can click %q", wrong)
		}
	}
}

func TestPrivateButtons(t *testing.T) {
	ctx, town, in := newTown(t)
	ana, help := town.As("ana"), town.ChannelID("help")
	in.command = func(map[string]string) any {
		as := in.attachments(&model.MessageAttachment{Text: "Which?", Actions: []*model.PostAction{
			{Id: "this", Name: "This", Type: "button"},
			{Id: "menu", Name: "Menu", Type: "select", Options: []*model.PostActionOptions{{Text: "One", Value: "1"}}},
		}})["attachments"]
		return map[string]any{"attachments": as}
	}
	a := must(ana.Command(ctx, help, "", "/ticket"))(t)
	if len(a.Private) != 1 || !slices.Equal(mattermosttest.Buttons(a.Private[0]), []string{"This", "Menu"}) {
		t.Fatalf("ana sees %+v", a)
	}
	post := a.Private[0]
	in.action = func(r model.PostActionIntegrationRequest) any {
		if r.Context["of"] == "menu" && r.Context["selected_option"] != "1" || r.UserId != ana.ID || r.PostId != post.Id {
			t.Errorf("the click came as %+v", r)
		}
		return map[string]any{"ephemeral_text": r.Context["of"]}
	}
	for label, want := range map[string]string{"This": "this", "Menu": "menu"} {
		choice := map[string]string{"Menu": "1"}[label]
		a := must(ana.Click(ctx, post, label, choice))(t)
		if len(a.Private) != 1 || a.Private[0].Message != want {
			t.Errorf("after %s, ana sees %+v", label, a)
		}
	}

	// Whoever has the cookie can use it, as themselves.
	var came model.PostActionIntegrationRequest
	in.action = func(r model.PostActionIntegrationRequest) any {
		came = r
		return map[string]any{}
	}
	bo := town.As("bo")
	if a := must(bo.Click(ctx, post, "This", ""))(t); a.Status != 200 || came.UserId != bo.ID || came.PostId != post.Id {
		t.Errorf("bo sees %+v, and the click came as %+v", a, came)
	}
}

func TestDialogs(t *testing.T) {
	ctx, town, in := newTown(t)
	ana, help := town.As("ana"), town.ChannelID("help")
	first := model.Dialog{CallbackId: "first", Title: "New", State: "s1", NotifyOnCancel: true, SourceURL: in.URL + "/source",
		Elements: []model.DialogElement{
			{Name: "title", DisplayName: "Title", Type: "text"},
			{Name: "urgent", DisplayName: "Urgent", Type: "bool", Optional: true},
			{Name: "kind", DisplayName: "Kind", Type: "select", Refresh: true, Default: "hw",
				Options: []*model.PostActionOptions{{Text: "Hardware", Value: "hw"}, {Text: "Software", Value: "sw"}}},
		}}
	in.command = func(form map[string]string) any {
		in.open(form["trigger_id"], first)
		return map[string]any{"text": "Opened"}
	}
	a := must(ana.Command(ctx, help, "", "/ticket"))(t)
	if a.Dialog == nil || a.Dialog.Dialog.Title != "New" || a.Dialog.ChannelID != help || len(a.Private) != 1 {
		t.Fatalf("ana sees %+v", a)
	}

	var came model.SubmitDialogRequest
	answer := func(v any) {
		in.dialog = func(r model.SubmitDialogRequest) any {
			came = r
			return v
		}
	}
	check := func(what, url, state string, values map[string]any) {
		t.Helper()
		if came.URL != url || came.State != state || came.CallbackId != "first" || came.UserId != ana.ID ||
			came.ChannelId != help || came.TeamId != town.Team.Id || !reflect.DeepEqual(came.Submission, values) {
			t.Errorf("%s came as %+v", what, came)
		}
	}

	answer(map[string]any{"errors": map[string]any{"title": "Too short"}, "error": "Look again"})
	a = must(ana.Submit(ctx, a.Dialog, map[string]any{"title": "x"}))(t)
	if a.Errors["title"] != "Too short" || a.Error != "Look again" || a.Dialog == nil || a.Status != 200 {
		t.Fatalf("ana sees %+v", a)
	}
	check("the submission", "/dialog", "s1", map[string]any{"title": "x", "urgent": false, "kind": "hw"})

	second := first
	second.CallbackId, second.State = "second", "s2"
	second.Elements = []model.DialogElement{{Name: "version", DisplayName: "Version", Type: "text", Default: "1"}}
	answer(model.SubmitDialogResponse{Type: "form", Form: &second})
	a = must(ana.Refresh(ctx, a.Dialog, "kind", map[string]any{"kind": "sw", "urgent": true, "title": nil}))(t)
	if a.Dialog == nil || a.Dialog.Element("version") == nil || a.Dialog.Element("title") != nil {
		t.Fatalf("ana sees %+v", a)
	}
	check("the refresh", "/source", "s1", map[string]any{"urgent": true, "kind": "sw"})
	if came.Type != "refresh" {
		t.Errorf("the refresh came as %q", came.Type)
	}
	if _, err := ana.Refresh(ctx, a.Dialog, "version", nil); err == nil {
		t.Error("a field that refreshes nothing refreshes")
	}

	third := model.Dialog{CallbackId: "third", Title: "Last"}
	answer(model.SubmitDialogResponse{Type: "form", Form: &third})
	a = must(ana.Submit(ctx, a.Dialog, map[string]any{"version": "2"}))(t)
	if a.Dialog == nil || a.Dialog.Dialog.Title != "Last" {
		t.Fatalf("ana sees %+v", a)
	}
	check("the second step", "/dialog", "s2", map[string]any{"urgent": true, "kind": "sw", "version": "2"})

	last := a.Dialog
	in.dialog = func(model.SubmitDialogRequest) any { return http.StatusTeapot }
	if a = must(ana.Submit(ctx, last, nil))(t); a.Status != 400 || a.Dialog == nil {
		t.Errorf("ana sees %+v", a)
	}
	answer(map[string]any{})
	if a = must(ana.Submit(ctx, last, nil))(t); a.Status != 200 || a.Dialog != nil || a.Error != "" {
		t.Errorf("ana sees %+v", a)
	}
	// A step without a state of its own has that of the first.
	check("the last step", "/dialog", "s1", map[string]any{"urgent": true, "kind": "sw", "version": "2"})
	if a = must(ana.Cancel(ctx, last, nil))(t); a.Dialog != nil || !came.Cancelled {
		t.Errorf("the cancellation came as %+v", came)
	}
}

func TestDialogOfAClick(t *testing.T) {
	ctx, town, in := newTown(t)
	ana, help := town.As("ana"), town.ChannelID("help")
	_, _, err := town.BotClient().CreatePost(ctx, &model.Post{ChannelId: help, Props: in.attachments(
		&model.MessageAttachment{Text: "T-1", Actions: []*model.PostAction{{Id: "ask", Name: "Ask", Type: "button"}}})})
	if err != nil {
		t.Fatal(err)
	}
	post := must(ana.Posts(ctx, help))(t)[0]
	in.action = func(r model.PostActionIntegrationRequest) any {
		in.open(r.TriggerId, model.Dialog{Title: "Asked", CallbackId: r.UserId})
		return map[string]any{}
	}
	in.dialog = func(r model.SubmitDialogRequest) any {
		if r.Cancelled {
			t.Error("a cancellation that nobody asked for came")
		}
		return map[string]any{}
	}
	a := must(ana.Click(ctx, post, "Ask", ""))(t)
	if a.Dialog == nil || a.Dialog.Dialog.CallbackId != ana.ID {
		t.Fatalf("ana sees %+v", a)
	}
	must(ana.Cancel(ctx, a.Dialog, nil))(t)

	// Many at once: everybody gets what is theirs, and all of it.
	var wg sync.WaitGroup
	for _, name := range []string{"ana", "bo"} {
		u := town.As(name)
		for range 10 {
			wg.Go(func() {
				a, err := u.Click(ctx, post, "Ask", "")
				if err != nil || a.Dialog == nil || a.Dialog.Dialog.CallbackId != u.ID {
					t.Errorf("%s sees %+v, %v", name, a, err)
				}
			})
		}
	}
	wg.Wait()
}

func TestLate(t *testing.T) {
	ctx, town, in := newTown(t)
	ana, help := town.As("ana"), town.ChannelID("help")
	if err := ana.Online(ctx); err != nil {
		t.Fatal(err)
	}
	var url string
	in.command = func(form map[string]string) any {
		url = form["response_url"]
		return map[string]any{"text": "First"}
	}
	must(ana.Command(ctx, help, "", "/ticket"))(t)
	resp, err := http.Post(url, "application/json", jsonOf(t, map[string]any{"text": "Later"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != 200 {
		t.Fatalf("the late answer: %v, %v", resp.Status, err)
	}
	a := must(ana.Late(ctx, func(a mattermosttest.Answer) bool { return len(a.Private) > 0 }))(t)
	if len(a.Private) != 1 || a.Private[0].Message != "Later" {
		t.Errorf("ana sees %+v", a)
	}
}
