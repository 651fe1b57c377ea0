package examine_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"balie/adapters/doctor/doctortest"
	"balie/adapters/slack/examine"
	"balie/adapters/slack/manifest"
)

// visit is an app that is set up, a Slack that knows it, and a Balie that answers as one does.
type visit struct {
	*testing.T
	o       examine.Options
	answers map[string]func(form string) any // Slack's, by method; nil fails the test
	scopes  string
	clock   time.Duration // how much Slack's is ahead
	us      http.HandlerFunc
	slack   *httptest.Server
}

type fields = map[string]any

func no(code string) fields { return fields{"ok": false, "error": code} }

func newVisit(t *testing.T) *visit {
	t.Helper()
	v := &visit{T: t, scopes: strings.Join(manifest.BotScopes, ",")}
	v.slack = httptest.NewServer(http.HandlerFunc(v.answer))
	t.Cleanup(v.slack.Close)
	balie := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { v.us(w, r) }))
	t.Cleanup(balie.Close)
	v.us = v.balie
	v.o = examine.Options{
		BotToken: "xoxb-hush-1", SigningSecret: "hush-sign", AppToken: "xapp-1-A111-2-hush", ClientID: "1.2", ClientSecret: "hush-client",
		Workspaces: []string{"T111"}, APIURL: v.slack.URL + "/api", URL: balie.URL, Running: true, HTTP: balie.Client(),
		Channels: []examine.Channel{{ID: "C111"}, {ID: "C222", Requests: true}, {Workspace: "T999", ID: "C333"}},
	}
	room := fields{"id": "C111", "name": "ict-triage", "is_member": true}
	v.answers = map[string]func(string) any{
		"auth.test": func(string) any {
			return fields{"ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "balie", "team_id": "T111", "user_id": "U111", "bot_id": "B111"}
		},
		"bots.info":             func(string) any { return fields{"ok": true, "bot": fields{"id": "B111", "app_id": "A111"}} },
		"conversations.info":    func(string) any { return fields{"ok": true, "channel": room} },
		"conversations.members": func(string) any { return fields{"ok": true, "members": []string{"U111", "U222"}} },
		"apps.connections.open": func(string) any {
			return fields{"ok": true, "url": "ws" + strings.TrimPrefix(v.slack.URL, "http") + "/link?ticket=hush"}
		},
		"oauth.v2.access": func(string) any { return no("invalid_code") },
	}
	return v
}

func (v *visit) answer(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	answer, ok := v.answers[method]
	if !ok {
		v.Errorf("Slack is asked for %s", r.URL.Path)
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		v.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", time.Now().Add(v.clock).UTC().Format(http.TimeFormat))
	if v.scopes != "-" {
		w.Header().Set("X-OAuth-Scopes", v.scopes)
	}
	if err := json.NewEncoder(w).Encode(answer(r.PostForm.Get("channel"))); err != nil {
		v.Error(err)
	}
}

// balie is one that listens to Slack, and lets workspaces install it.
func (v *visit) balie(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST " + manifest.EventsPath:
		var hello struct{ Type, Challenge string }
		if err := json.NewDecoder(r.Body).Decode(&hello); err != nil || hello.Type != "url_verification" ||
			r.Header.Get("X-Slack-Signature") == "" || r.Header.Get("X-Slack-Request-Timestamp") == "" {
			v.Errorf("that is not how Slack verifies: %v", err)
		}
		fmt.Fprintf(w, `{"challenge":%q}`, hello.Challenge)
	case "GET " + manifest.InstallPath:
		http.Redirect(w, r, "https://slack.com/oauth/v2/authorize?client_id=1.2&state=x", http.StatusFound)
	default:
		v.Errorf("Balie is asked for %s %s", r.Method, r.URL)
	}
}

// look examines, and expects these parts of what is fine, and exactly these problems.
func (v *visit) look(fine, problems []string) {
	v.Helper()
	doctortest.Expect(v.T, examine.Examine(v.Context(), v.o), []string{"hush"}, fine, problems)
}

func TestAllIsWell(t *testing.T) {
	v := newVisit(t)
	v.look([]string{
		"SLACK_BOT_TOKEN is the bot @balie's in Acme (T111, acme.slack.com), of the app A111", "the bot has all 18 permissions",
		"triage channel #ict-triage: @balie is in it, and so are others", "request channel #ict-triage: @balie is in it",
		"triage channel C333 is in the workspace T999", "Socket Mode: SLACK_APP_TOKEN works, and 127.0.0.1 can be reached",
		"belong together; these may install Balie: T111", "workspaces install Balie at " + v.o.URL + "/slack/install",
		v.o.URL + "/hooks/slack/events takes what SLACK_SIGNING_SECRET signs", "the clock agrees",
	}, nil)
	v.o.Running, v.o.Channels = false, []examine.Channel{}
	v.look([]string{"can be seen when Balie is running", "when it is running", "names no channel on Slack"}, nil)
	v.o = examine.Options{AppToken: v.o.AppToken, ClientID: "1.2", ClientSecret: "hush", APIURL: v.o.APIURL, URL: "http://localhost",
		Channels: []examine.Channel{{ID: "C111"}}}
	v.look([]string{"can be looked at with SLACK_BOT_TOKEN only", "Socket Mode"}, nil)
}

func TestBotToken(t *testing.T) {
	for code, want := range map[string]string{
		"invalid_auth": "SLACK_BOT_TOKEN does not work: copy the Bot User OAuth Token", "account_inactive": "SLACK_BOT_TOKEN was revoked",
		"token_revoked": "SLACK_BOT_TOKEN was revoked", "token_expired": "SLACK_BOT_TOKEN has expired", "org_login_required": "Slack says org_login_required",
	} {
		v := newVisit(t)
		v.answers["auth.test"] = func(string) any { return no(code) }
		v.look([]string{"Socket Mode"}, []string{want})
	}
	v := newVisit(t)
	v.answers["auth.test"] = func(string) any { return fields{"ok": true, "user": "ana", "team": "Acme", "team_id": "T111"} }
	v.look(nil, []string{"SLACK_BOT_TOKEN is @ana's own, who is no bot"})
	v = newVisit(t)
	v.answers["bots.info"] = func(string) any { return fields{"ok": true, "bot": fields{"app_id": "A222"}} }
	v.look(nil, []string{"SLACK_APP_TOKEN is of the app A111 and SLACK_BOT_TOKEN of A222"})
	v.answers["bots.info"] = func(string) any { return no("missing_scope") }
	v.look([]string{"SLACK_APP_TOKEN works"}, nil)
	v.slack.Close()
	v.look(nil, []string{"Slack can't be asked at " + v.o.APIURL, "Socket Mode: Slack can't be asked", "whether workspaces can install Balie can't be asked"})
}

func TestPermissions(t *testing.T) {
	v := newVisit(t)
	v.scopes = strings.Join(manifest.BotScopes[2:], ", ") + ", channels:join,identify"
	v.look([]string{"permissions that it does not need: channels:join;"}, []string{
		"the permission commands is missing, which is for /ticket and the shortcuts: add it under OAuth & Permissions",
		"the permission chat:write is missing",
	})
	v.scopes = "-"
	v.look([]string{"Slack does not say which permissions"}, nil)
}

func TestChannels(t *testing.T) {
	v := newVisit(t)
	v.o.Channels = []examine.Channel{{ID: "C1"}, {ID: "C22"}, {ID: "C33"}, {ID: "C44", Requests: true}, {ID: "general"}, {ID: "C55"}, {ID: "C66"}, {ID: "G77"}}
	v.answers["conversations.info"] = func(id string) any {
		room := fields{"id": id, "name": "room-" + id, "is_member": true}
		switch id {
		case "C22":
			return no("channel_not_found")
		case "C33":
			room["is_archived"] = true
		case "C44":
			room["is_member"] = false
		case "C55":
			return no("missing_scope")
		case "C66":
			return no("fatal_error")
		case "G77":
			room["is_ext_shared"] = true
		}
		return fields{"ok": true, "channel": room}
	}
	v.look([]string{"triage channel #room-G77: @balie is in it, and so are others; it is shared"}, []string{
		`triage channel "C1" is no channel's id`, "triage channel C22: @balie sees none with this id; in a private channel write /invite @balie",
		"triage channel #room-C33 is archived", "request channel #room-C44: @balie is not in it; write there: /invite @balie",
		`triage channel "general" is no channel's id`, "triage channel C55 can't be looked at without", "triage channel C66 can't be looked at: Slack says fatal_error",
	})
	v.o.Channels = []examine.Channel{{ID: "C77"}}
	v.answers["conversations.members"] = func(string) any { return fields{"ok": true, "members": []string{"U111"}} }
	v.look(nil, []string{"triage channel #room-C77 has nobody in it but the bot: add the agents"})
	v.answers["conversations.members"] = func(string) any { return no("fatal_error") }
	v.look(nil, []string{"its members can't be read: Slack says fatal_error"})
}

func TestSocket(t *testing.T) {
	v := newVisit(t)
	for code, want := range map[string]string{
		"missing_scope": "generate one with connections:write", "not_allowed_token_type": "generate one with connections:write",
		"invalid_auth": "SLACK_APP_TOKEN does not work (any more)", "forbidden_team": "says forbidden_team: see that Socket Mode is on",
	} {
		v.answers["apps.connections.open"] = func(string) any { return no(code) }
		v.look(nil, []string{want})
	}
	v.answers["apps.connections.open"] = func(string) any { return fields{"ok": true, "url": "ws://127.0.0.1:1/link?ticket=hush"} }
	v.look(nil, []string{"Slack gives a socket at 127.0.0.1, which can't be opened from here"})
	v.answers["apps.connections.open"] = func(string) any { return fields{"ok": true, "url": ":hush"} }
	v.look(nil, []string{"an address that can't be read"})
}

func TestClock(t *testing.T) {
	v := newVisit(t)
	v.clock = -3 * time.Minute
	v.look(nil, []string{"ahead of Slack's: set the clock right"})
	v.clock = 3 * time.Minute
	v.look(nil, []string{"behind Slack's: set the clock right"})
	v.clock = 20 * time.Second
	v.look([]string{"the clock agrees"}, nil)
}

func TestAddresses(t *testing.T) {
	v := newVisit(t)
	v.o.ClientID = ""
	for _, c := range []struct {
		us   http.HandlerFunc
		want string
	}{
		{func(w http.ResponseWriter, r *http.Request) { http.Error(w, "not Slack", http.StatusUnauthorized) }, "the Balie that runs there has another one"},
		{func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "start Balie again with SLACK_SIGNING_SECRET"},
		{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://www.example.org/", http.StatusMovedPermanently)
		}, "sends on to https://www.example.org/, and Slack's requests lose their content"},
		{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "answers with HTTP status 502"},
		{func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "welcome") }, "something else than Balie answers"},
	} {
		v.us = c.us
		v.look(nil, []string{c.want})
	}
	v.us = v.balie
	v.o.HTTP = nil
	v.look(nil, []string{"has a certificate that is not trusted"})
	v.o.URL, v.o.HTTP = "https://nowhere.invalid", &http.Client{Transport: withoutNames{}}
	v.look(nil, []string{"BALIE_URL: nowhere.invalid has no address"})
	v.o.URL = "http://127.0.0.1:1"
	v.look(nil, []string{"Balie does not answer, not even from here"})
	v.o.URL = "desk"
	v.look(nil, []string{"BALIE_URL must be an address such as"})
}

// withoutNames finds no host that is not given as an address.
type withoutNames struct{}

func (withoutNames) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := netip.ParseAddr(r.URL.Hostname()); err != nil {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestAddressesThatSlackTakes(t *testing.T) {
	// Without an address of its own the Web API is Slack's, which no test asks.
	for address, want := range map[string]string{
		"http://balie.example.org": "only https addresses; put a proxy with TLS in front",
		"https://10.1.2.3":         "is not reached from the internet", "http://localhost:8080": "is not reached from the internet",
		"https://balie": "is not reached from the internet", "https://[::1]": "is not reached from the internet",
	} {
		v := &visit{T: t, o: examine.Options{SigningSecret: "hush", URL: address}}
		v.look(nil, []string{want})
	}
	v := &visit{T: t, o: examine.Options{SigningSecret: "hush", URL: "https://balie.example.org"}}
	v.look([]string{"can be seen when Balie is running"}, nil)
}

func TestInstalling(t *testing.T) {
	v := newVisit(t)
	v.o.SigningSecret = ""
	for code, want := range map[string]string{
		"invalid_client_id": "SLACK_CLIENT_ID is no app's", "bad_client_secret": "SLACK_CLIENT_SECRET is not the one of the app",
		"fatal_error": "can't be asked: Slack says fatal_error",
	} {
		v.answers["oauth.v2.access"] = func(string) any { return no(code) }
		v.look(nil, []string{want})
	}
	v.answers["oauth.v2.access"] = func(string) any { return no("invalid_code") }
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, http.StatusFound) }
	}
	for _, c := range []struct {
		us   http.HandlerFunc
		want string
	}{
		{func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "start Balie again with SLACK_CLIENT_ID"},
		{to("https://login.example.org/"), "sends on to https://login.example.org/ and not to Slack"},
		{to("https://slack.com/oauth/v2/authorize?client_id=3.4"), "is of a Balie with another SLACK_CLIENT_ID"},
		{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "answers with HTTP status 502"},
	} {
		v.us = c.us
		v.look(nil, []string{c.want})
	}
	v.o.URL = "https://127.0.0.1:1"
	v.look(nil, []string{"/slack/install Balie does not answer"})
}
