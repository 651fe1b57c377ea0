package slack

import (
	"errors"
	"testing"

	"balie/adapters/adaptertest"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

func TestPlaces(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{
		People: []slackfake.Person{{Name: "ana"}}, Channels: []slackfake.Channel{{Name: "it", Bot: true}},
	})
	second := fake.AddWorkspace(slackfake.Options{
		People: []slackfake.Person{{Name: "bo"}}, Channels: []slackfake.Channel{{Name: "hr", Bot: true}},
	})
	r := connect(t, fake, &adaptertest.Memory{}, func(o *Options) { o.Workspaces = []string{second.ID} })
	if w, err := r.place(t.Context(), chat.Place{Channel: fake.ChannelID("it")}); err != nil || w.id != fake.TeamID {
		t.Fatalf("the only workspace: %v", err)
	}
	if status, body := r.walk(t, second.Authorize); status != 200 {
		t.Fatalf("status %d: %s", status, body)
	}
	for _, c := range []struct {
		to   chat.Place
		want string
	}{
		{chat.Place{Channel: fake.ChannelID("it")}, fake.TeamID}, {chat.Place{Channel: second.ChannelID("hr")}, second.ID},
		{chat.Place{Person: fake.UserID("ana")}, fake.TeamID}, {chat.Place{Person: second.UserID("bo")}, second.ID},
		{chat.Place{Workspace: second.ID, Channel: "C0"}, second.ID},
	} {
		for range 2 {
			if w, err := r.place(t.Context(), c.to); err != nil || w.id != c.want {
				t.Errorf("%+v: %v", c.to, err)
			}
		}
	}
	if n := fake.Calls("conversations.info"); n > 3 {
		t.Errorf("channels were looked for %d times", n)
	}
	_, err := r.place(t.Context(), chat.Place{Channel: "C0NOWHERE"})
	blockedWith(t, err, "the bot does not see the channel")
	if _, err = r.place(t.Context(), chat.Place{}); err == nil {
		t.Error("a place that names nothing is somewhere")
	}
	_, err = r.place(t.Context(), chat.Place{Workspace: "T0STRANGER"})
	blockedWith(t, err, "T0STRANGER", "/slack/install")
	if !errors.Is(err, errNoWorkspace) {
		t.Error(err)
	}
	// A team's channel is in one of them, and so is a group.
	for _, in := range r.Workspaces() {
		people, err := r.Members(t.Context(), in, second.ChannelID("hr"))
		if err != nil || (len(people) > 0) != (in == second.ID) {
			t.Errorf("members of the channel in %s: %v, %v", in, people, err)
		}
	}
	if _, err := r.Members(t.Context(), fake.TeamID, "C0NOWHERE"); err == nil {
		t.Error("a channel that nobody sees has members")
	}
}

func TestOrganisation(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{Enterprise: true, People: []slackfake.Person{{Name: "ana"}},
		Channels: []slackfake.Channel{{Name: "it", Bot: true}}})
	r := connect(t, fake, &adaptertest.Memory{}, func(o *Options) { o.BotToken, o.Workspaces = "", []string{fake.EnterpriseID} })
	if status, body := r.walk(t, fake.Main().AuthorizeOrganisation); status != 200 {
		t.Fatalf("status %d: %s", status, body)
	}
	w := r.find(t, fake.TeamID, fake.EnterpriseID)
	if w.id != fake.TeamID || w.enterprise != fake.EnterpriseID || !w.orgWide || w.teamID() != fake.TeamID {
		t.Errorf("got %+v", w)
	}
	if got := r.Workspaces(); len(got) != 1 || got[0] != fake.TeamID {
		t.Errorf("workspaces: %q", got)
	}
	people, err := r.Members(t.Context(), fake.TeamID, fake.ChannelID("it"))
	if err != nil || len(people) != 1 || people[0].Email == "" {
		t.Errorf("members: %+v, %v", people, err)
	}
	// Another replica, which only reads a reference, finds the organization of the workspace.
	other := connect(t, fake, r.ws.opts.Memory, func(o *Options) { o.BotToken = "" })
	if err := other.ws.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := other.find(t, fake.TeamID, ""); w.enterprise != fake.EnterpriseID {
		t.Errorf("got %+v", w)
	}
	fake.Uninstall()
	if err := r.uninstalled(t.Context(), fake.TeamID, fake.EnterpriseID); err != nil {
		t.Fatal(err)
	}
	_, err = r.workspaceOf(t.Context(), fake.TeamID, fake.EnterpriseID)
	blockedWith(t, err, "/slack/install")
}
