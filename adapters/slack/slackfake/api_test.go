package slackfake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"
	"go.uber.org/goleak"

	"balie/adapters/slack/slackfake"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// office is a workspace with a bit of everything.
func office() slackfake.Options {
	return slackfake.Options{
		People: []slackfake.Person{
			{Name: "ana", Real: "Ana Silva", Locale: "pt-BR", TZ: "Europe/Lisbon"}, {Name: "bram", Real: "Bram de Wit"},
			{Name: "gone", Deleted: true}, {Name: "robot", Bot: true}, {Name: "guest", Guest: true, Email: "-"},
		},
		Channels: []slackfake.Channel{
			{Name: "help", Bot: true}, {Name: "triage", Private: true, Members: []string{"bram"}, Bot: true}, {Name: "elsewhere"},
			{Name: "secret", Private: true, Members: []string{"ana"}},
		},
		Groups: []slackfake.Group{{Handle: "ict", Members: []string{"bram"}}},
	}
}

func start(t *testing.T, o slackfake.Options) (*slackfake.Server, *slackapi.Client) {
	t.Helper()
	s := slackfake.New(t, o)
	return s, client(s, s.BotToken)
}

func client(s *slackfake.Server, token string) *slackapi.Client {
	return slackapi.New(token, slackapi.OptionAPIURL(s.APIURL), slackapi.OptionAppLevelToken(s.AppToken))
}

// refused checks the error of a call.
func refused(t *testing.T, err error, code string) slackapi.SlackErrorResponse {
	t.Helper()
	var e slackapi.SlackErrorResponse
	if err == nil || !errors.As(err, &e) && err.Error() != code || e.Err != code && err.Error() != code {
		t.Errorf("the call gave %v, want %s", err, code)
	}
	return e
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text(s string) slackapi.MsgOption { return slackapi.MsgOptionText(s, false) }

func say(t *testing.T, api *slackapi.Client, channel string, o ...slackapi.MsgOption) string {
	t.Helper()
	_, ts, err := api.PostMessageContext(t.Context(), channel, o...)
	done(t, err)
	return ts
}

func TestWhoAmI(t *testing.T) {
	s, api := start(t, office())
	me, err := api.AuthTestContext(t.Context())
	done(t, err)
	if me.TeamID != s.TeamID || me.UserID != s.BotUserID || me.BotID != s.BotID || me.URL != "https://balie.slack.com/" {
		t.Errorf("auth.test gives %+v", me)
	}
	if got := me.Header.Get("X-OAuth-Scopes"); !strings.HasPrefix(got, "commands,chat:write,") {
		t.Errorf("the scopes are %q", got)
	}
	_, err = client(s, "xoxb-wrong").AuthTestContext(t.Context())
	refused(t, err, "invalid_auth")
	_, err = client(s, "").AuthTestContext(t.Context())
	refused(t, err, "not_authed")
	_, err = client(s, s.AppToken).AuthTestContext(t.Context())
	refused(t, err, "not_allowed_token_type")
	s.RevokeToken()
	_, err = api.AuthTestContext(t.Context())
	refused(t, err, "token_revoked")
	if s.Main().BotToken() != "" {
		t.Error("a revoked token is still told of")
	}
	again := client(s, s.Main().Reinstall())
	_, err = again.AuthTestContext(t.Context())
	done(t, err)
	s.Uninstall()
	_, err = again.AuthTestContext(t.Context())
	refused(t, err, "account_inactive")
}

func TestScopes(t *testing.T) {
	o := office()
	o.Scopes = []string{"chat:write", "channels:read", "channels:history", "users:read"}
	s, api := start(t, o)
	ctx := t.Context()
	_, _, _, err := api.GetFileInfoContext(ctx, "F1", 0, 0)
	e := refused(t, err, "missing_scope")
	if e.Needed != "files:read" || e.Provided != strings.Join(o.Scopes, ",") {
		t.Errorf("needed %q, provided %q", e.Needed, e.Provided)
	}
	_, _, err = api.PostMessageContext(ctx, s.ChannelID("help"), text("hello"), slackapi.MsgOptionUsername("Bram"))
	refused(t, err, "missing_scope")
	_, err = api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{ChannelID: s.ChannelID("triage")})
	if e := refused(t, err, "missing_scope"); e.Needed != "groups:history" {
		t.Errorf("needed %q", e.Needed)
	}
	u, err := api.GetUserInfoContext(ctx, s.UserID("ana"))
	done(t, err)
	if u.Profile.Email != "" {
		t.Error("without its scope the address is shown")
	}
}

func TestUnknownMethod(t *testing.T) {
	var heard []string
	o := office()
	o.Unknown = func(method string) { heard = append(heard, method) }
	_, api := start(t, o)
	_, err := api.GetEmojiContext(t.Context())
	refused(t, err, "unknown_method")
	if !slices.Equal(heard, []string{"emoji.list"}) {
		t.Errorf("heard of %q", heard)
	}
	s, api := start(t, office())
	_, err = api.GetEmojiContext(t.Context())
	refused(t, err, "unknown_method")
	if got := s.Problems(); len(got) != 1 {
		t.Errorf("the problems are %q", got)
	}
}

func TestPeople(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	u, err := api.GetUserInfoContext(ctx, s.UserID("ana"), slackapi.GetUserInfoOptionIncludeLocale(true))
	if err != nil {
		t.Fatal(err)
	}
	if u.RealName != "Ana Silva" || u.Locale != "pt-BR" || u.TZ != "Europe/Lisbon" || u.Profile.Email != "ana@example.com" ||
		u.TeamID != s.TeamID || u.Profile.Image72 == "" {
		t.Errorf("ana is %+v", u)
	}
	_, err = api.GetUserInfoContext(ctx, "U0")
	refused(t, err, "user_not_found")
	all, err := api.GetUsersContext(ctx, slackapi.GetUsersOptionLimit(2))
	done(t, err)
	if len(all) != 6 {
		t.Errorf("there are %d users", len(all))
	}
	byMail, err := api.GetUserByEmailContext(ctx, "bram@example.com")
	done(t, err)
	if byMail.ID != s.UserID("bram") {
		t.Errorf("the address is %s's", byMail.ID)
	}
	groups, err := api.GetUserGroupsContext(ctx, slackapi.GetUserGroupsOptionIncludeUsers(true))
	done(t, err)
	if len(groups) != 1 || !slices.Equal(groups[0].Users, []string{s.UserID("bram")}) || groups[0].ID != s.GroupID("ict") {
		t.Errorf("the groups are %+v", groups)
	}
	s.SetGroup(slackfake.Group{Handle: "ict", Members: []string{"bram", "ana"}})
	members, err := api.GetUserGroupMembersContext(ctx, groups[0].ID)
	done(t, err)
	if len(members) != 2 {
		t.Errorf("the group's members are %q", members)
	}
	_, err = api.GetUserGroupMembersContext(ctx, "S0")
	refused(t, err, "no_such_subteam")
}

func TestRateLimits(t *testing.T) {
	o := office()
	o.PostEvery, o.Tiers = 90*time.Second-time.Millisecond, true
	s, api := start(t, o)
	ctx := t.Context()
	say(t, api, s.ChannelID("help"), text("one"))
	say(t, api, s.ChannelID("triage"), text("one"))
	_, _, err := api.PostMessageContext(ctx, s.ChannelID("help"), text("two"))
	var limited *slackapi.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter < 30*time.Second || limited.RetryAfter > 90*time.Second {
		t.Errorf("the second post gave %v", err)
	}
	s.Advance(90 * time.Second)
	say(t, api, s.ChannelID("help"), text("two"))
	calls := 0
	for err = nil; err == nil && calls < 100; calls++ {
		_, err = api.GetUserGroupsContext(ctx)
	}
	if calls < 21 || !errors.As(err, &limited) || limited.RetryAfter < time.Second || limited.RetryAfter > 3*time.Second {
		t.Errorf("call %d gave %v", calls, err)
	}
	s.Advance(3 * time.Second)
	_, err = api.GetUserGroupsContext(ctx)
	done(t, err)
}

func TestFaults(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	help := s.ChannelID("help")
	for _, how := range []slackfake.Fault{
		{Error: "internal_error"}, {Status: 503}, {Body: "<html>"}, {Cut: true}, {RetryAfter: 1200 * time.Millisecond},
	} {
		s.FailNext("chat.postMessage", 1, how)
		_, _, err := api.PostMessageContext(ctx, help, text("lost"))
		var limited *slackapi.RateLimitedError
		if err == nil || errors.As(err, &limited) != (how.RetryAfter > 0) || limited != nil && limited.RetryAfter != 2*time.Second {
			t.Errorf("%+v gave %v", how, err)
		}
	}
	s.Uncertain("chat.postMessage", 1)
	if _, _, err := api.PostMessageContext(ctx, help, text("done")); err == nil {
		t.Error("the answer was not lost")
	}
	if got := s.As("ana").Messages(help); len(got) != 1 || got[0].Text != "done" {
		t.Errorf("the channel holds %+v", got)
	}
	s.Down(true)
	if _, err := api.AuthTestContext(ctx); err == nil {
		t.Error("the server is not down")
	}
	s.Down(false)
	_, err := api.AuthTestContext(ctx)
	done(t, err)

	release := s.Hold("auth.test")
	soon, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	if _, err := api.AuthTestContext(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that is held gave %v", err)
	}
	release()
	if n := s.Calls("chat.postMessage"); n != 6 {
		t.Errorf("%d posts were counted", n)
	}
	if log := s.Log(); log[0].Method != "chat.postMessage" || log[0].Channel != help || log[0].Token != s.BotToken {
		t.Errorf("the log begins with %+v", log[0])
	}
}
