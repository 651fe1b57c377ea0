package slackfake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/slack/slackfake"
)

const back = "https://balie.example.com/slack/oauth"

func consentPage(s *slackfake.Server) string {
	return s.URL + "/oauth/v2/authorize?" + url.Values{
		"client_id": {s.ClientID}, "scope": {"chat:write,channels:read,users:read"}, "redirect_uri": {back}, "state": {"st"},
	}.Encode()
}

func codeOf(t *testing.T, address string, err error) string {
	t.Helper()
	done(t, err)
	u, err := url.Parse(address)
	done(t, err)
	if !strings.HasPrefix(address, back+"?") || u.Query().Get("state") != "st" {
		t.Errorf("the browser is sent to %s", address)
	}
	return u.Query().Get("code")
}

func TestInstallation(t *testing.T) {
	s, first := start(t, office())
	ctx := t.Context()
	second := s.AddWorkspace(slackfake.Options{
		Team: "Second", People: []slackfake.Person{{Name: "carla"}}, Channels: []slackfake.Channel{{Name: "help", Bot: true}},
	})
	exchange := func(secret, code, redirect string) (*slackapi.OAuthV2Response, error) {
		return slackapi.GetOAuthV2ResponseContext(ctx, http.DefaultClient, s.ClientID, secret, code, redirect,
			slackapi.OAuthOptionAPIURL(s.APIURL))
	}
	address, err := second.Authorize(consentPage(s))
	code := codeOf(t, address, err)
	_, err = exchange("wrong", code, back)
	refused(t, err, "bad_client_secret")
	_, err = exchange(s.ClientSecret, code, back+"/x")
	refused(t, err, "bad_redirect_uri")
	_, err = exchange(s.ClientSecret, "1.2.3", back)
	refused(t, err, "invalid_code")
	got, err := exchange(s.ClientSecret, code, back)
	done(t, err)
	_, err = exchange(s.ClientSecret, code, back)
	refused(t, err, "code_already_used")
	if got.Team.ID != second.ID || got.Team.Name != "Second" || got.AppID != s.AppID || got.AccessToken != second.BotToken() ||
		got.Scope != "chat:write,channels:read,users:read" || got.AuthedUser.ID != second.UserID("carla") || got.TokenType != "bot" {
		t.Errorf("the installation is %+v", got)
	}
	api := client(s, got.AccessToken)
	done(t, post(api, second.ChannelID("help"), text("hello")))
	refused(t, post(first, second.ChannelID("help"), text("hello")), "channel_not_found")
	refused(t, post(api, s.ChannelID("help"), text("hello")), "channel_not_found")

	address, err = second.Authorize(consentPage(s))
	late := codeOf(t, address, err)
	s.Advance(11 * time.Minute)
	_, err = exchange(s.ClientSecret, late, back)
	refused(t, err, "invalid_code")
	_, err = second.Authorize(strings.Replace(consentPage(s), "users%3Aread", "admin", 1))
	if err == nil || !strings.Contains(err.Error(), "invalid_scope") {
		t.Errorf("an unknown scope gave %v", err)
	}
	_, err = second.Authorize(s.URL + "/oauth/v2/authorize?client_id=1.2")
	refused(t, err, "invalid_client_id")

	done(t, api.UninstallAppContext(ctx, s.ClientID, s.ClientSecret))
	_, err = api.AuthTestContext(ctx)
	refused(t, err, "account_inactive")
	_, err = first.AuthTestContext(ctx)
	done(t, err)
}

func TestConsentPage(t *testing.T) {
	s, _ := start(t, office())
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(consentPage(s))
	done(t, err)
	done(t, resp.Body.Close())
	if resp.StatusCode != http.StatusFound {
		t.Errorf("the page gave %s", resp.Status)
	}
	codeOf(t, resp.Header.Get("Location"), nil)
}

func TestOrganisation(t *testing.T) {
	o := office()
	o.Enterprise = true
	s, _ := start(t, o)
	ctx := t.Context()
	other := s.AddWorkspace(slackfake.Options{
		Team: "Other", Enterprise: true, People: []slackfake.Person{{Name: "dirk"}}, Channels: []slackfake.Channel{{Name: "desk", Bot: true}},
	})
	address, err := other.AuthorizeOrganisation(consentPage(s))
	got, err := slackapi.GetOAuthV2ResponseContext(ctx, http.DefaultClient, s.ClientID, s.ClientSecret, codeOf(t, address, err), back,
		slackapi.OAuthOptionAPIURL(s.APIURL))
	done(t, err)
	if !got.IsEnterpriseInstall || got.Enterprise.ID != s.EnterpriseID || got.Team.ID != "" {
		t.Errorf("the installation is %+v", got)
	}
	api := client(s, got.AccessToken)
	me, err := api.AuthTestContext(ctx)
	done(t, err)
	if me.EnterpriseID != s.EnterpriseID {
		t.Errorf("auth.test gives %+v", me)
	}
	teams, _, err := api.ListTeamsContext(ctx, slackapi.ListTeamsParameters{})
	done(t, err)
	if len(teams) != 2 {
		t.Errorf("the teams are %+v", teams)
	}
	done(t, post(api, other.ChannelID("desk"), text("hello")))
	_, _, err = api.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{})
	refused(t, err, "team_not_found")
	list, _, err := api.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{TeamID: other.ID})
	done(t, err)
	if len(list) != 1 || list[0].Name != "desk" {
		t.Errorf("the channels are %+v", list)
	}
}
