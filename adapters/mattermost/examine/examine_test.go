package examine_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/doctor/doctortest"
	"balie/adapters/mattermost/examine"
	"balie/adapters/mattermost/mattermosttest"
	"balie/adapters/mattermost/setup"
)

// visit is a town that is set up, and a Balie that answers as one does.
type visit struct {
	*testing.T
	*mattermosttest.Town
	o     examine.Options
	forms int // that the server sent on to Balie
	deaf  bool
}

func newVisit(t *testing.T) *visit {
	t.Helper()
	town, err := mattermosttest.NewTown(t.Context(), mattermosttest.Real(t), mattermosttest.TownOptions{
		Channels: []mattermosttest.Channel{{Name: "triage", Private: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	v := &visit{T: t, Town: town}
	us := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz":
			fmt.Fprintln(w, "ok")
		case r.URL.Path == setup.DialogPath && !v.deaf:
			v.forms++
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"error":"This form is not ours."}`)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(us.Close)
	r, err := setup.Run(t.Context(), setup.Options{URL: town.URL, AdminToken: town.Admin.AuthToken, Callback: us.URL, Bot: town.Bot.Username,
		Trigger: "ticket", Teams: []string{town.Team.Name}, Token: town.BotToken}, func(s setup.Step) {
		if s.Verdict == setup.ToDo {
			t.Errorf("%+v", s)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	v.o = examine.Options{URL: town.URL, Token: town.BotToken, CommandTokens: r.CommandTokens, Callback: us.URL,
		Channels: []string{town.ChannelID("triage")}, Running: true}
	return v
}

// look examines, and expects these parts of what is fine, and exactly these problems.
func (v *visit) look(fine, problems []string) {
	v.Helper()
	doctortest.Expect(v.T, examine.Examine(v.Context(), v.o), append(slices.Clone(v.o.CommandTokens), v.o.Token), fine, problems)
}

func (v *visit) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

func TestAllIsWell(t *testing.T) {
	v := newVisit(t)
	before, _, err := v.Admin.GetPostsForChannel(t.Context(), v.ChannelID("triage"), 0, 50, "", false, false)
	v.must(err)
	v.look([]string{
		"Mattermost ", "MATTERMOST_TOKEN is the bot @" + v.Bot.Username + "'s", "says hello", "is in the teams " + v.Team.Name,
		"triage channel triage: @" + v.Bot.Username + " is in it, and 1 person is", "/ticket in " + v.Team.Name, "come as direct messages",
		"Mattermost reaches " + v.o.Callback + ": it was tried",
	}, nil)
	if v.forms != 1 {
		t.Errorf("%d forms came", v.forms)
	}
	after, _, err := v.Admin.GetPostsForChannel(t.Context(), v.ChannelID("triage"), 0, 50, "", false, false)
	v.must(err)
	if len(after.Posts) != len(before.Posts) {
		t.Error("it left a post behind")
	}
	v.o.Running, v.o.Channels = false, []string{}
	v.look([]string{"can be seen when Balie is running", "names no triage channel on Mattermost"}, nil)
	if v.forms != 1 {
		t.Error("it tried although nothing runs")
	}
}

func TestTokens(t *testing.T) {
	v := newVisit(t)
	good := v.o.Token
	v.o.Token = "ufpcnpnnxjbwdqbwzjgqnuhpzr"
	v.look(nil, []string{"MATTERMOST_TOKEN does not work"})
	v.o.Token = v.Admin.AuthToken
	v.look(nil, []string{"'s own, which is no bot account"})
	v.o.Token = good
	_, _, err := v.Admin.DisableBot(t.Context(), v.BotID)
	v.must(err)
	v.look(nil, []string{"MATTERMOST_TOKEN does not work"})
}

func TestTriageChannels(t *testing.T) {
	v := newVisit(t)
	channel := func(name string, member bool) string {
		c, _, err := v.Admin.CreateChannel(t.Context(), &model.Channel{TeamId: v.Team.Id, Name: name, DisplayName: name, Type: model.ChannelTypeOpen})
		v.must(err)
		if member {
			_, _, err = v.Admin.AddChannelMember(t.Context(), c.Id, v.BotID)
			v.must(err)
		}
		return c.Id
	}
	admin, _, err := v.Admin.GetMe(t.Context(), "")
	v.must(err)
	open, archived, empty := channel("open", false), channel("old", true), channel("empty", true)
	_, err = v.Admin.DeleteChannel(t.Context(), archived)
	v.must(err)
	_, err = v.Admin.RemoveUserFromChannel(t.Context(), empty, admin.Id)
	v.must(err)
	_, err = v.Admin.RemoveUserFromChannel(t.Context(), v.ChannelID("triage"), v.BotID)
	v.must(err)
	v.o.Channels = []string{open, archived, empty, v.ChannelID("triage"), model.NewId(), "C0123456"}
	v.look(nil, []string{
		"triage channel open: @" + v.Bot.Username + " is not in it; write there: /invite @" + v.Bot.Username, "triage channel old is archived",
		"triage channel empty has nobody in it but bots", "triage channel " + v.ChannelID("triage") + ": @" + v.Bot.Username + " may not see it",
		"triage channel " + v.o.Channels[4] + ": there is none", "triage channel C0123456: there is none",
	})
	_, err = v.Admin.RemoveTeamMember(t.Context(), v.Team.Id, v.BotID)
	v.must(err)
	v.o.Channels = nil
	v.look([]string{"can be seen when the bot is in a channel"}, []string{"@" + v.Bot.Username + " is in no team"})
}

func TestCommands(t *testing.T) {
	v := newVisit(t)
	all, _, err := v.Admin.ListCommands(t.Context(), v.Team.Id, true)
	v.must(err)
	tokens := v.o.CommandTokens

	// A bot that may list commands sees what calls where.
	_, err = v.Admin.UpdateTeamMemberRoles(t.Context(), v.Team.Id, v.BotID, "team_user team_admin")
	v.must(err)
	v.look([]string{"/ticket in " + v.Team.Name + " calls us, and its token is known"}, nil)
	v.o.CommandTokens = []string{"other"}
	v.look(nil, []string{"/ticket in " + v.Team.Name + " has a token that is not in MATTERMOST_COMMAND_TOKENS"})
	v.o.CommandTokens = tokens
	c := all[0]
	here := c.URL
	c.URL = "http://127.0.0.1:1" + setup.CommandPath
	_, _, err = v.Admin.UpdateCommand(t.Context(), c)
	v.must(err)
	v.look(nil, []string{"calls " + c.URL + " and not " + here + ": set BALIE_URL right"})
	c.URL, c.Method = here, model.CommandMethodGet
	_, _, err = v.Admin.UpdateCommand(t.Context(), c)
	v.must(err)
	v.look(nil, []string{"calls with GET"})

	// One that may not has only the auto-complete list.
	_, err = v.Admin.UpdateTeamMemberRoles(t.Context(), v.Team.Id, v.BotID, "team_user")
	v.must(err)
	_, err = v.Admin.DeleteCommand(t.Context(), c.Id)
	v.must(err)
	v.look([]string{"the bot sees no slash command in " + v.Team.Name}, nil)
	v.o.CommandTokens = nil
	v.look(nil, []string{"there seems to be no slash command in " + v.Team.Name, "MATTERMOST_COMMAND_TOKENS is empty"})
}

func TestAddresses(t *testing.T) {
	v := newVisit(t)
	good := v.o.Callback
	v.deaf = true
	v.look(nil, []string{"Mattermost does not reach " + good})
	v.deaf = false
	v.o.Callback = strings.Replace(good, "127.0.0.1", "[::1]", 1)
	v.look(nil, []string{"Balie does not answer, not even from here"})
	v.o.Callback = "http://"
	v.look(nil, []string{"BALIE_URL: "})
	closed := httptest.NewServer(nil)
	closed.Close()
	v.o.URL = closed.URL
	v.look(nil, []string{"MATTERMOST_URL: " + closed.URL + " can't be reached"})
}

func TestWhatTheServerSays(t *testing.T) {
	v := newVisit(t)
	at, err := url.Parse(v.URL)
	v.must(err)
	rest := httputil.NewSingleHostReverseProxy(at)
	rest.ModifyResponse = func(r *http.Response) error {
		r.Header.Set("X-RateLimit-Limit", "100")
		return nil
	}
	before := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v4/config/client":
			fmt.Fprint(w, `{"Version":"10.4.1","PostEditTimeLimit":"300"}`)
		case "/api/v4/websocket":
			http.NotFound(w, r)
		case "/api/v4/roles/names":
			fmt.Fprintf(w, `[{"name":"system_post_all","permissions":[%q]}]`, setup.EphemeralPermission)
		default:
			rest.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(before.Close)
	v.o.URL = before.URL
	v.look([]string{"limits how often it is called (bursts of 100)", "may show people lines that nobody else sees"},
		[]string{"Mattermost 10.4.1 is too old", "posts can be edited for 300 seconds only", "the websocket, by which messages come, does not work: HTTP status 404"})
}
