package mattermosttest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
)

// integration is what a town's command, buttons and dialogs call. Each test says what it answers.
type integration struct {
	*httptest.Server
	t    testing.TB
	town *mattermosttest.Town

	mu      sync.Mutex
	command func(form map[string]string) any
	action  func(model.PostActionIntegrationRequest) any
	dialog  func(model.SubmitDialogRequest) any
}

func (in *integration) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in.mu.Lock()
	defer in.mu.Unlock()
	var answer any
	switch r.URL.Path {
	case "/command":
		if err := r.ParseForm(); err != nil {
			in.t.Errorf("command: %v", err)
		}
		form := map[string]string{}
		for k := range r.PostForm {
			form[k] = r.PostForm.Get(k)
		}
		answer = in.command(form)
	case "/action":
		answer = in.action(decode[model.PostActionIntegrationRequest](in.t, r))
	case "/dialog", "/source":
		request := decode[model.SubmitDialogRequest](in.t, r)
		request.URL = r.URL.Path
		answer = in.dialog(request)
	}
	if status, refused := answer.(int); refused {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		in.t.Errorf("%s: %v", r.URL.Path, err)
	}
}

func decode[T any](t testing.TB, r *http.Request) (v T) {
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Errorf("%s: %v", r.URL.Path, err)
	}
	return v
}

// open opens a dialog as the bot.
func (in *integration) open(trigger string, d model.Dialog) {
	_, err := in.town.BotClient().OpenInteractiveDialog(context.Background(),
		model.OpenDialogRequest{TriggerId: trigger, URL: in.URL + "/dialog", Dialog: d})
	if err != nil {
		in.t.Errorf("open a dialog: %v", err)
	}
}

// attachments are what the test's posts have.
func (in *integration) attachments(as ...*model.MessageAttachment) model.StringInterface {
	for _, a := range as {
		for _, action := range a.Actions {
			action.Integration = &model.PostActionIntegration{URL: in.URL + "/action", Context: map[string]any{"of": action.Id}}
		}
	}
	return model.StringInterface{"attachments": as}
}

func newTown(t *testing.T) (context.Context, *mattermosttest.Town, *integration) {
	t.Helper()
	site := mattermosttest.Real(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	in := &integration{t: t}
	in.Server = httptest.NewServer(in)
	t.Cleanup(in.Close)
	town, err := mattermosttest.NewTown(ctx, site, mattermosttest.TownOptions{
		People: []mattermosttest.Person{
			{Name: "ana", First: "Ana", Last: "Visser", Locale: "nl"},
			{Name: "bo"},
		},
		Channels: []mattermosttest.Channel{
			{Name: "help"},
			{Name: "team", Private: true, Members: []string{"bo"}},
		},
		Command:    "ticket",
		CommandURL: in.URL + "/command",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	in.town = town
	return ctx, town, in
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestTown(t *testing.T) {
	ctx, town, _ := newTown(t)
	ana, bo := town.As("ana"), town.As("bo")
	user, _, err := town.Admin.GetUser(ctx, ana.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if user.Locale != "nl" || user.FirstName != "Ana" || user.LastName != "Visser" || user.Username != ana.Username ||
		len(user.Username) > 22 {
		t.Errorf("ana is %+v", user)
	}
	if town.Name(bo.ID) != "bo" || town.UserID("bo") != bo.ID || town.Name(town.BotID) != "bot" || town.Name("?") != "" {
		t.Error("people are not known by their ids")
	}
	if town.BotToken == "" || town.CommandToken == "" || town.Team.Id == "" {
		t.Errorf("the town is %+v", town)
	}
	if _, err := ana.Say(ctx, town.ChannelID("team"), "", "Hello?", ""); err == nil {
		t.Error("ana may post where she is no member")
	}
	if _, _, err := town.BotClient().CreatePost(ctx, &model.Post{ChannelId: town.ChannelID("team"), Message: "Hello"}); err != nil {
		t.Errorf("the bot: %v", err)
	}
	posts := must(bo.Posts(ctx, town.ChannelID("team")))(t)
	if len(posts) != 1 || posts[0].Message != "Hello" {
		t.Errorf("bo reads %+v", posts)
	}
}

func TestWhatPeopleSay(t *testing.T) {
	ctx, town, _ := newTown(t)
	ana, bo, help := town.As("ana"), town.As("bo"), town.ChannelID("help")

	file := must(ana.Upload(ctx, help, "note.txt", []byte("It is broken.")))(t)
	root := must(ana.Say(ctx, help, "", "The printer", "pending-1", file))(t)
	if again := must(ana.Say(ctx, help, "", "The printer", "pending-1"))(t); again.Id != root.Id {
		t.Error("the same pending id made a second post")
	}
	if data := must(bo.Download(ctx, file))(t); string(data) != "It is broken." {
		t.Errorf("bo downloads %q", data)
	}
	if text := town.Text(must(town.PostByID(ctx, root.Id))(t)); text != "The printer\nfile note.txt" {
		t.Errorf("the post reads %q", text)
	}

	reply := must(bo.Say(ctx, help, root.Id, "Which one?", ""))(t)
	gone := must(bo.Say(ctx, help, root.Id, "Never mind", ""))(t)
	must(bo.Edit(ctx, reply.Id, "Which one, @"+ana.Username+"?"))(t)
	if err := bo.Delete(ctx, gone.Id); err != nil {
		t.Error(err)
	}
	thread := must(ana.Thread(ctx, root.Id))(t)
	if len(thread) != 2 || thread[0].Id != root.Id || town.Text(thread[1]) != "Which one, @ana?" {
		t.Errorf("the thread is %v", thread)
	}
	if err := errors.Join(ana.React(ctx, reply.Id, "eyes"), ana.React(ctx, reply.Id, "tada"), ana.Unreact(ctx, reply.Id, "tada")); err != nil {
		t.Fatal(err)
	}
	reactions, _, err := town.Admin.GetReactions(ctx, reply.Id)
	if err != nil || len(reactions) != 1 || reactions[0].EmojiName != "eyes" || reactions[0].UserId != ana.ID {
		t.Errorf("the reactions are %v, %v", reactions, err)
	}

	direct := must(ana.Direct(ctx, town.BotID))(t)
	must(ana.Say(ctx, direct, "", "Just us", ""))(t)
	if posts := must(ana.Posts(ctx, direct))(t); len(posts) != 1 || posts[0].Message != "Just us" {
		t.Errorf("ana reads %v", posts)
	}
}

func TestReadsEverything(t *testing.T) {
	ctx, town, _ := newTown(t)
	help, bot := town.ChannelID("help"), town.BotClient()
	root, _, err := bot.CreatePost(ctx, &model.Post{ChannelId: help, Message: "root"})
	if err != nil {
		t.Fatal(err)
	}
	reply := func() {
		if _, _, err := bot.CreatePost(ctx, &model.Post{ChannelId: help, RootId: root.Id, Message: "reply"}); err != nil {
			t.Error(err)
		}
	}
	// The server fails if several first replies to a post come at once.
	reply()
	const writers, each = 6, 70
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				reply()
			}
		})
	}
	wg.Wait()
	const want = 2 + writers*each
	for name, posts := range map[string][]*model.Post{
		"thread":  must(town.As("ana").Thread(ctx, root.Id))(t),
		"channel": must(town.As("ana").Posts(ctx, help))(t),
	} {
		if len(posts) != want || posts[0].Id != root.Id {
			t.Errorf("the %s has %d posts, want %d", name, len(posts), want)
			continue
		}
		seen := map[string]bool{}
		for i, p := range posts {
			if seen[p.Id] || i > 0 && p.CreateAt < posts[i-1].CreateAt {
				t.Errorf("the %s has post %d twice or out of order", name, i)
			}
			seen[p.Id] = true
		}
	}
}

func jsonOf(t testing.TB, v any) io.Reader {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(text)
}
