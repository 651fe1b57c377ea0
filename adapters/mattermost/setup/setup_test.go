package setup_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
	"balie/adapters/mattermost/setup"
)

// town is a team of the test's own, and the options for it.
type town struct {
	*testing.T
	*mattermosttest.Town
	o setup.Options
}

func newTown(t *testing.T, people ...mattermosttest.Person) *town {
	t.Helper()
	made, err := mattermosttest.NewTown(t.Context(), mattermosttest.Real(t), mattermosttest.TownOptions{
		People: people, Channels: []mattermosttest.Channel{{Name: "triage", Private: true, WithoutBot: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range people { // a server without a licence takes only so many
			if _, err := made.Admin.UpdateUserActive(context.Background(), made.UserID(p.Name), false); err != nil {
				t.Error(err)
			}
		}
		made.Close()
	})
	n := &town{T: t, Town: made}
	n.o = setup.Options{URL: made.URL + "/", AdminToken: made.Admin.AuthToken, Callback: "http://127.0.0.1:8080/",
		Bot: "desk-" + strings.ToLower(rand.Text()[:8]), Trigger: "/Ticket", Teams: []string{made.Team.Name}, Channels: []string{made.Team.Name + "/triage"}}
	return n
}

// run sets up and gives the steps, in which no secret may be.
func (n *town) run() (setup.Result, []setup.Step) {
	n.Helper()
	var steps []setup.Step
	r, err := setup.Run(n.Context(), n.o, func(s setup.Step) { steps = append(steps, s) })
	if err != nil {
		n.Fatal(err)
	}
	secrets := slices.Concat(r.CommandTokens, n.o.CommandTokens, []string{r.Token, n.o.AdminToken, n.o.Token})
	for _, s := range steps {
		for _, secret := range secrets {
			if secret != "" && strings.Contains(s.Text, secret) {
				n.Errorf("a secret is told: %+v", s)
			}
		}
	}
	return r, steps
}

// again keeps what the last run told, as .env does.
func (n *town) again(r setup.Result) (setup.Result, []setup.Step) {
	n.Helper()
	n.o.Token, n.o.CommandTokens = r.Token, r.CommandTokens
	return n.run()
}

// expect looks for a step with the verdict whose text has the part in it.
func (n *town) expect(steps []setup.Step, v setup.Verdict, about, part string) {
	n.Helper()
	if !slices.ContainsFunc(steps, func(s setup.Step) bool { return s.Verdict == v && s.About == about && strings.Contains(s.Text, part) }) {
		n.Errorf("no step is %s, %s, %q\n%s", v, about, part, tell(steps))
	}
}

// only says which steps are anything else than found.
func (n *town) only(steps []setup.Step, want int) {
	n.Helper()
	got := slices.DeleteFunc(slices.Clone(steps), func(s setup.Step) bool { return s.Verdict == setup.Found })
	if len(got) != want {
		n.Errorf("%d steps are not found right, expected %d\n%s", len(got), want, tell(steps))
	}
}

func tell(steps []setup.Step) string {
	var out strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&out, "%-8s %-9s %s\n", s.Verdict, s.About, s.Text)
	}
	return out.String()
}

func (n *town) commands() []*model.Command {
	n.Helper()
	all, _, err := n.Admin.ListCommands(n.Context(), n.Team.Id, true)
	if err != nil {
		n.Fatal(err)
	}
	return all
}

func (n *town) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

func TestEverythingIsMadeOnce(t *testing.T) {
	n := newTown(t)
	first, steps := n.run()
	n.expect(steps, setup.Created, "bot", "@"+n.o.Bot)
	n.expect(steps, setup.Created, "token", "Balie, made by setup on ")
	n.expect(steps, setup.Changed, "team", n.Team.Name)
	n.expect(steps, setup.Created, "command", "/ticket in "+n.Team.Name)
	n.expect(steps, setup.Changed, "channel", n.Team.Name+"/triage")
	n.expect(steps, setup.Found, "callback", "may call http://127.0.0.1:8080")
	n.only(steps, 5)
	if len(first.Channels) != 1 || first.Channels[0].ID != n.ChannelID("triage") {
		t.Errorf("the channels are %+v", first.Channels)
	}
	made := n.commands()
	if len(made) != 1 || made[0].URL != "http://127.0.0.1:8080/hooks/mattermost/command" || made[0].Method != model.CommandMethodPost ||
		made[0].Trigger != "ticket" || !made[0].AutoComplete || made[0].AutoCompleteHint == "" || len(first.CommandTokens) != 1 || made[0].Token != first.CommandTokens[0] {
		t.Errorf("the commands are %d: %+v", len(made), made)
	}
	bot := model.NewAPIv4Client(n.URL)
	bot.SetToken(first.Token)
	me, _, err := bot.GetMe(t.Context(), "")
	n.must(err)
	if !me.IsBot || me.Username != n.o.Bot || me.FirstName != "Balie" {
		t.Errorf("the token is %s's, whose name is %q", me.Username, me.FirstName)
	}
	if _, _, err := bot.CreatePost(t.Context(), &model.Post{ChannelId: first.Channels[0].ID, Message: "here"}); err != nil {
		t.Errorf("the bot can't post: %v", err)
	}

	second, steps := n.again(first)
	n.only(steps, 0)
	if after := n.commands(); len(after) != 1 || after[0].UpdateAt != made[0].UpdateAt {
		t.Error("the command was touched")
	}
	tokens, _, err := n.Admin.GetUserAccessTokensForUser(t.Context(), me.Id, 0, 10)
	n.must(err)
	if len(tokens) != 1 || second.Token != first.Token || !slices.Equal(second.CommandTokens, first.CommandTokens) {
		t.Errorf("there are %d tokens, and the result differs", len(tokens))
	}
}

func TestWhatWasLostIsMadeAgain(t *testing.T) {
	n := newTown(t)
	first, _ := n.run()
	bot, _, err := n.Admin.GetUserByUsername(t.Context(), n.o.Bot, "")
	n.must(err)
	_, err = n.Admin.RemoveUserFromChannel(t.Context(), n.ChannelID("triage"), bot.Id)
	n.must(err)
	_, err = n.Admin.RemoveTeamMember(t.Context(), n.Team.Id, bot.Id)
	n.must(err)
	_, _, err = n.Admin.DisableBot(t.Context(), bot.Id)
	n.must(err)
	_, err = n.Admin.DeleteCommand(t.Context(), n.commands()[0].Id)
	n.must(err)
	second, steps := n.again(first)
	n.expect(steps, setup.Changed, "bot", "enabled")
	n.expect(steps, setup.Changed, "team", n.Team.Name)
	n.expect(steps, setup.Changed, "channel", "/triage")
	n.expect(steps, setup.Created, "command", "/ticket")
	if len(second.CommandTokens) != 1 || second.CommandTokens[0] == first.CommandTokens[0] {
		t.Error("the token of a command that is gone is kept, or there is none")
	}
	// Disabling a bot ends its tokens' sessions, not the tokens.
	n.o.Token = n.o.AdminToken
	_, steps = n.run()
	n.expect(steps, setup.Created, "token", "in place of @")
	n.o.Token = "ufpcnpnnxjbwdqbwzjgqnuhpzr"
	_, steps = n.run()
	n.expect(steps, setup.Created, "token", "in place of one that does not work any more")
}

func TestBalieMoves(t *testing.T) {
	n := newTown(t)
	first, _ := n.run()
	n.o.Callback = "http://127.0.0.1:9090"
	_, steps := n.run()
	n.expect(steps, setup.ToDo, "command", "calls another Balie, at http://127.0.0.1:8080")
	second, steps := n.again(first)
	n.expect(steps, setup.Changed, "command", "/ticket in "+n.Team.Name+": address; it calls http://127.0.0.1:9090/hooks/mattermost/command and keeps its token")
	n.only(steps, 1)
	if !slices.Equal(first.CommandTokens, second.CommandTokens) {
		t.Error("the token changed")
	}
	c := n.commands()[0]
	c.Method, c.AutoComplete, c.AutoCompleteDesc = model.CommandMethodGet, false, ""
	_, _, err := n.Admin.UpdateCommand(t.Context(), c)
	n.must(err)
	_, steps = n.again(second)
	n.expect(steps, setup.Changed, "command", "method, description, auto-complete")
	n.only(steps, 1)
}

func TestASecondTeamKeepsTheFirstOnesToken(t *testing.T) {
	n, other := newTown(t), newTown(t)
	first, _ := n.run()
	n.o.Teams, n.o.Channels = []string{other.Team.Name}, nil
	second, steps := n.again(first)
	n.expect(steps, setup.Found, "command", "/ticket in "+n.Team.Name+" calls Balie, too")
	if len(second.CommandTokens) != 2 || second.CommandTokens[0] != first.CommandTokens[0] {
		t.Errorf("%d tokens", len(second.CommandTokens))
	}
}

func TestTriggersOfOthers(t *testing.T) {
	n := newTown(t, mattermosttest.Person{Name: "ana"})
	_, _, err := n.Admin.CreateCommand(t.Context(), &model.Command{TeamId: n.Team.Id, Trigger: "ticket", Method: "P", URL: "https://jira.example.org/secret/path"})
	n.must(err)
	r, steps := n.run()
	n.expect(steps, setup.ToDo, "command", "it calls https://jira.example.org, and was made by @")
	if len(r.CommandTokens) > 0 || n.commands()[0].URL != "https://jira.example.org/secret/path" || strings.Contains(tell(steps), "secret/path") {
		t.Error("another's command was taken")
	}
	n.o.Trigger = "echo"
	_, steps = n.again(r)
	n.expect(steps, setup.ToDo, "command", "/echo in "+n.Team.Name+" belongs to Mattermost itself")
	n.o.Trigger, n.o.Bot = "hulp", n.As("ana").Username
	_, steps = n.run()
	n.expect(steps, setup.ToDo, "bot", "somebody's own account")
	n.expect(steps, setup.Created, "command", "/hulp")
}

func TestChannelsThatAreNotThere(t *testing.T) {
	n := newTown(t)
	_, err := n.Admin.DeleteChannel(t.Context(), n.ChannelID("triage"))
	n.must(err)
	n.o.Teams, n.o.Channels = []string{"nowhere"}, []string{n.Team.Name + "/triage", n.Team.Name + "/desk", "nowhere/desk"}
	r, steps := n.run()
	n.expect(steps, setup.ToDo, "channel", "/triage is archived")
	n.expect(steps, setup.ToDo, "channel", "there is no channel "+n.Team.Name+"/desk")
	n.expect(steps, setup.ToDo, "team", "there is no team nowhere")
	n.o.CreateChannels, n.o.Channels, n.o.Teams = true, []string{n.Team.Name + "/desk"}, nil
	r, steps = n.again(r)
	n.expect(steps, setup.Created, "channel", n.Team.Name+"/desk, private")
	made, _, err := n.Admin.GetChannelByName(t.Context(), "desk", n.Team.Id, "")
	n.must(err)
	if made.Type != model.ChannelTypePrivate || len(r.Channels) != 1 || r.Channels[0].ID != made.Id {
		t.Errorf("%+v", r.Channels)
	}
	_, steps = n.again(r)
	n.only(steps, 0)
}

func TestWithoutAnAdminsRights(t *testing.T) {
	n := newTown(t, mattermosttest.Person{Name: "ana"})
	token, _, err := n.Admin.CreateUserAccessToken(t.Context(), n.UserID("ana"), "test", 0)
	n.must(err)
	n.o.AdminToken = token.Token
	r, steps := n.run()
	n.expect(steps, setup.ToDo, "admin", "is no system admin")
	n.expect(steps, setup.ToDo, "bot", "may not do this; ask a system admin to run this")
	n.expect(steps, setup.ToDo, "command", "add the command under")
	n.expect(steps, setup.ToDo, "callback", "ask a system admin to add 127.0.0.1 to ServiceSettings.AllowedUntrustedInternalConnections")
	n.expect(steps, setup.Found, "setting", "EnableCommands is on")
	if r.Token != "" || len(r.CommandTokens) > 0 || len(n.commands()) > 0 {
		t.Error("something was made")
	}
	// What a team's admin may do is done.
	_, err = n.Admin.UpdateTeamMemberRoles(t.Context(), n.Team.Id, n.UserID("ana"), "team_user team_admin")
	n.must(err)
	r, steps = n.run()
	n.expect(steps, setup.Created, "command", "/ticket in "+n.Team.Name)
	n.expect(steps, setup.ToDo, "bot", "may not do this")
	if len(r.CommandTokens) != 1 {
		t.Error("the command's token is not told")
	}
}

func TestWrongPlaces(t *testing.T) {
	page := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	mattermost := page(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/config/client") {
			fmt.Fprint(w, `{"Version":"11.4.0"}`)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"id":"api.context.session_expired.app_error","message":"hush-hush is invalid","status_code":401}`)
	})
	for url, want := range map[string]string{
		closed.URL: "can't be reached",
		page(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello") }): "is no Mattermost",
		page(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"a":"b"}`) }):   "is no Mattermost: it tells no version",
		page(http.NotFound): "is no Mattermost (HTTP status 404)",
		page(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, mattermost+r.URL.Path, http.StatusMovedPermanently)
		}): "sends us on to " + mattermost,
		mattermost:                 "does not accept the admin's token",
		"chat.example.org":         "must be such as https://",
		"https://u:p@example.org/": "must be such as https://",
	} {
		o := setup.Options{URL: url, AdminToken: "hush-hush", Callback: "http://127.0.0.1:1", Bot: "balie", Trigger: "ticket"}
		_, err := setup.Run(t.Context(), o, func(s setup.Step) { t.Errorf("%s: a step: %+v", url, s) })
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, expected %q", url, err, want)
		}
	}
}

func TestTheServerMayAskForPatience(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		fmt.Fprint(w, `{"Version":"11.4.0"}`)
	}))
	t.Cleanup(s.Close)
	if got, err := setup.Connect(t.Context(), s.URL); err != nil || got.Version.Major != 11 || asked != 2 {
		t.Errorf("%+v, %v, asked %d times", got, err, asked)
	}
	asked = 0
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := setup.Connect(ctx, s.URL); err == nil {
		t.Error("it goes on after the end")
	}
}
