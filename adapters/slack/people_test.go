package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/adaptertest"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

func staff() slackfake.Options {
	return slackfake.Options{
		People: []slackfake.Person{
			{Name: "ana", Real: "Ana Silva", Locale: "pt-PT", TZ: "Europe/Lisbon", Email: "ana@example.com"}, {Name: "bo"},
			{Name: "robot", Bot: true}, {Name: "gone", Deleted: true},
		},
		Channels: []slackfake.Channel{{Name: "it", Bot: true, Members: []string{"ana", "bo", "robot", "gone"}}},
		Groups:   []slackfake.Group{{Handle: "agents", Members: []string{"bo", "gone"}}},
	}
}

func TestPerson(t *testing.T) {
	fake := slackfake.New(t, staff())
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	ana := fake.UserID("ana")
	got, err := r.Person(t.Context(), fake.TeamID, ana)
	want := chat.Person{
		ID: ana, Name: "Ana Silva", Handle: "ana", Email: "ana@example.com", Locale: "pt-PT", TimeZone: "Europe/Lisbon",
		Avatar: "https://avatars.slack-edge.com/" + ana + "_192.png",
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Person(t.Context(), fake.TeamID, fake.UserID("bo")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := fake.Calls("users.info"); n != 2 {
		t.Errorf("two people were looked up %d times", n)
	}
	r.people.forget(r.find(t, fake.TeamID, ""), ana)
	if _, err := r.Person(t.Context(), fake.TeamID, ana); err != nil || fake.Calls("users.info") != 3 {
		t.Errorf("who changed was not looked up again: %v", err)
	}
	r.people.now = func() time.Time { return time.Now().Add(knownFor) }
	if _, err := r.Person(t.Context(), fake.TeamID, ana); err != nil || fake.Calls("users.info") != 4 {
		t.Errorf("who was looked up long ago was not again: %v", err)
	}
	if p, err := r.Person(t.Context(), fake.TeamID, fake.UserID("gone")); err != nil || p.ID == "" || p.Name == "" {
		t.Errorf("a deactivated account: %+v, %v", p, err)
	}
	for _, id := range []string{"U0NOBODY", "", "USLACKBOT", fake.UserID("robot"), "../x", "C123", fake.BotUserID} {
		if p, err := r.Person(t.Context(), fake.TeamID, id); !errors.Is(err, chat.ErrUnknownPerson) {
			t.Errorf("%q is %+v, %v", id, p, err)
		}
	}
	if _, err := r.Person(t.Context(), "T0STRANGER", ana); err == nil {
		t.Error("somebody of a workspace that nobody knows")
	}
}

func TestQuickly(t *testing.T) {
	fake := slackfake.New(t, staff())
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	w, ana := r.find(t, fake.TeamID, ""), fake.UserID("ana")
	release := fake.Hold("users.info")
	const soon = 2 * time.Second
	took := 2 * soon
	for n := 0; n < 3 && took > soon; n++ { // once the machine may have been slow
		began := time.Now()
		if p := r.people.quickly(t.Context(), w, ana, "ana"); p != (chat.Person{ID: ana, Handle: "ana"}) {
			t.Errorf("while Slack does not answer: %+v", p)
		}
		took = time.Since(began)
	}
	if took > soon {
		t.Errorf("it took %s", took)
	}
	// The account changes while it is looked up: what comes back is not kept.
	r.people.forget(w, ana)
	release()
	until(t, func() bool { return r.people.quickly(t.Context(), w, ana, "").Email != "" })
	until(t, func() bool { return fake.Calls("users.info") == 2 })
	// What was known is told at once, and looked up again meanwhile.
	fake.Down(true)
	r.people.now = func() time.Time { return time.Now().Add(time.Hour) }
	if p := r.people.quickly(t.Context(), w, ana, ""); p.Name != "Ana Silva" {
		t.Errorf("while Slack is away: %+v", p)
	}
	if p := r.people.quickly(t.Context(), w, "U0NOBODY", "nobody"); p != (chat.Person{ID: "U0NOBODY", Handle: "nobody"}) {
		t.Errorf("nobody is %+v", p)
	}
}

func TestMembersAndGroups(t *testing.T) {
	fake := slackfake.New(t, staff())
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	names := func(people []chat.Person, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range people {
			out = append(out, p.Handle)
		}
		slices.Sort(out)
		return out
	}
	it := fake.ChannelID("it")
	for range 2 {
		if got := names(r.Members(t.Context(), fake.TeamID, it)); !slices.Equal(got, []string{"ana", "bo"}) {
			t.Errorf("members: %q", got)
		}
	}
	if a, b := fake.Calls("conversations.members"), fake.Calls("users.info"); a != 1 || b > 5 {
		t.Errorf("%d lists and %d people were asked for", a, b)
	}
	fake.RemoveMember("it", "ana")
	r.people.now = func() time.Time { return time.Now().Add(30 * time.Second) } // the next look
	if got := names(r.Members(t.Context(), "", it)); !slices.Equal(got, []string{"bo"}) {
		t.Errorf("members: %q", got)
	}
	var group string
	groups, err := r.find(t, fake.TeamID, "").api.GetUserGroupsContext(t.Context())
	if err != nil || len(groups) != 1 {
		t.Fatal(err)
	}
	group = groups[0].ID
	if got := names(r.Group(t.Context(), fake.TeamID, group)); !slices.Equal(got, []string{"bo"}) {
		t.Errorf("group: %q", got)
	}
	// Slack asks to wait: what was told a moment ago will do, but not for long.
	at := time.Now().Add(30 * time.Second)
	for _, c := range []struct {
		later time.Duration
		want  bool
	}{{25 * time.Second, true}, {time.Minute, false}} {
		fake.FailNext("usergroups.users.list", 1, slackfake.Fault{RetryAfter: 7 * time.Second})
		r.people.now = func() time.Time { return at.Add(c.later) }
		_, err := r.Group(t.Context(), fake.TeamID, group)
		if e, ok := errors.AsType[*chat.SendError](err); (err == nil) != c.want || ok && e.Retry != 7*time.Second {
			t.Errorf("after %s: %v", c.later, err)
		}
	}
	_, err = r.Group(t.Context(), fake.TeamID, "S0NONE")
	blockedWith(t, err, "user group")
	_, err = r.Members(t.Context(), fake.TeamID, "C0NONE")
	blockedWith(t, err, "invite")
}

// TestLargeChannel has more members than fit on a page, and Slack asks to wait in between.
func TestLargeChannel(t *testing.T) {
	o := slackfake.Options{Channels: []slackfake.Channel{{Name: "it", Bot: true}}}
	for i := range 55 {
		o.People = append(o.People, slackfake.Person{Name: fmt.Sprintf("p%d", i)})
	}
	fake := slackfake.New(t, o)
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	fake.FailNext("users.info", 1, slackfake.Fault{RetryAfter: time.Second})
	people, err := r.Members(t.Context(), fake.TeamID, fake.ChannelID("it"))
	if err != nil || len(people) != 55 {
		t.Errorf("%d members, %v", len(people), err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r.people.known.Purge()
	r.people.gentle.hold(2 * time.Minute)
	_, err = r.Members(short, fake.TeamID, fake.ChannelID("it"))
	if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Retry < 50*time.Second {
		t.Errorf("whoever can't wait: %v", err)
	}
}

func TestGentle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGentle()
		began := time.Now()
		for range gentleBurst {
			if err := g.turn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the first ones took %s", took)
		}
		for range 85 {
			if err := g.turn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 58*time.Second || took > 61*time.Second {
			t.Errorf("85 more took %s", took)
		}
	})
}

// TestStrangers is about people of other companies in a channel that both share.
func TestStrangers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/auth.test":
			fmt.Fprint(w, `{"ok":true,"team_id":"T1","user_id":"U0","bot_id":"B0"}`)
		case r.FormValue("user") == "U1":
			fmt.Fprint(w, `{"ok":true,"user":{"id":"U1","team_id":"T2","is_stranger":true,"name":"boss",
				"profile":{"email":"boss@example.org"}}}`)
		case r.FormValue("user") == "U2":
			fmt.Fprint(w, `{"ok":true,"user":{"id":"U2","team_id":"T1","real_name":"Bo","profile":{"email":"bo@example.org"}}}`)
		default:
			fmt.Fprint(w, `{"ok":false,"error":"user_not_visible"}`)
		}
	}))
	defer server.Close()
	s, err := New(Options{
		BotToken: "xoxb-1", SigningSecret: "s", APIURL: server.URL + "/api", Secret: make([]byte, 32), Memory: &adaptertest.Memory{},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.ws.close()
	for _, want := range []chat.Person{
		{ID: "U1", Name: "boss", Handle: "boss"}, {ID: "U2", Name: "Bo", Email: "bo@example.org"}, {ID: "U3", Name: "U3"},
	} {
		if got, err := s.Person(t.Context(), "T1", want.ID); err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	// In an organization each of its workspaces vouches.
	org := &workspace{id: "T1", enterprise: "E1", orgWide: true}
	for enterprise, want := range map[string]bool{"E1": true, "E2": false, "": false} {
		if org.ours(&slackapi.User{TeamID: "T1", Enterprise: slackapi.EnterpriseUser{EnterpriseID: enterprise}}) != want {
			t.Errorf("of the organization %q", enterprise)
		}
	}
}
