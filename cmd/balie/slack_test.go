package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"balie/adapters/slack/manifest"
	"balie/deploy"
)

func TestSlackManifest(t *testing.T) {
	const address = "https://balie.example.org"
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		env  []string
		code int
		out  []string // parts of standard output; -… must not be there
		errs string   // a part of standard error
	}{
		{out: []string{`"socket_mode_enabled": true`, "-request_url", "-redirect_urls"}, errs: "App-Level Tokens"},
		{args: []string{"--socket", "--name=Front desk"}, out: []string{`"name": "Front desk"`, `"display_name": "Front desk"`}, errs: "paste"},
		{args: []string{"--http", "--url=" + address}, out: []string{`"socket_mode_enabled": false`, address + "/hooks/slack/events"}, errs: "Signing Secret"},
		{args: []string{"--http"}, env: []string{"BALIE_URL=" + address + "/"}, out: []string{address + "/hooks/slack/commands"}, errs: "Signing Secret"},
		{args: []string{"--language=nl"}, out: []string{"Nieuw ticket"}},
		{args: []string{"--oauth", "--url", address}, out: []string{address + "/slack/oauth", "-request_url"}, errs: address + "/slack/install"},
		{env: []string{"SLACK_SIGNING_SECRET=hush", "BALIE_URL=" + address}, out: []string{`"socket_mode_enabled": false`}},
		{env: []string{"SLACK_SIGNING_SECRET=hush", "SLACK_APP_TOKEN=xapp-hush"}, out: []string{`"socket_mode_enabled": true`}},
		{env: []string{"SLACK_CLIENT_ID=1.2", "BALIE_URL=" + address}, out: []string{"/slack/oauth"}, errs: "Activate Public Distribution"},
		{args: []string{"--http"}, code: 2, errs: "--url, or BALIE_URL, must be an https address that Slack reaches"},
		{args: []string{"--http", "--url=http://balie.example.org"}, code: 2, errs: "--socket makes an app that needs no public address"},
		{args: []string{"--oauth"}, code: 2, errs: "the workspaces that install Balie come by there"},
		{env: []string{"SLACK_SIGNING_SECRET=hush"}, code: 2, errs: "must be an https address"},
		{args: []string{"--http", "--socket"}, code: 2, errs: "can't be used together"},
		{args: []string{"--name= "}, code: 2, errs: "--name must have 1 to 35 characters, not 0"},
		{args: []string{"--name=" + strings.Repeat("ë", 36)}, code: 2, errs: "not 36; see balie slack manifest --help"},
		{args: []string{"--language=fr"}, code: 2, errs: "--language must be one of"},
	} {
		code, out, errs := balie(t, dir, c.env, append([]string{"slack", "manifest"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.errs) || strings.Contains(out+errs, "hush") {
			t.Errorf("%v %v: exit code %d, expected %d with %q\n%s%s", c.args, c.env, code, c.code, c.errs, out, errs)
			continue
		}
		for _, part := range c.out {
			if part, not := strings.CutPrefix(part, "-"); strings.Contains(out, part) == not {
				t.Errorf("%v %v: %q (unwanted: %v)\n%s", c.args, c.env, part, not, out)
			}
		}
		if code == 0 && !json.Valid([]byte(out)) {
			t.Errorf("%v: standard output is no JSON\n%s", c.args, out)
		}
	}
	code, out, _ := balie(t, dir, nil, "slack", "manifest", "--help")
	if code != 0 || !strings.Contains(out, "--oauth") {
		t.Errorf("the help: exit code %d\n%s", code, out)
	}
}

func TestDoctorLooksAtSlack(t *testing.T) {
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/auth.test":
			w.Header().Set("X-OAuth-Scopes", "chat:write")
			fmt.Fprint(w, `{"ok":true,"team":"Acme","user":"balie","team_id":"T111","user_id":"U111","bot_id":"B111"}`)
		case "/api/bots.info":
			fmt.Fprint(w, `{"ok":false,"error":"missing_scope"}`)
		case "/api/conversations.info":
			fmt.Fprintf(w, `{"ok":true,"channel":{"id":%q,"name":"room","is_member":false}}`, r.PostFormValue("channel"))
		default:
			t.Errorf("Slack is asked for %s", r.URL.Path)
		}
	}))
	defer slack.Close()
	dir := folder(t)
	channels := "channels: {slack: C111}\n    requests: {slack: C222}\n    "
	policy := strings.Replace(string(deploy.DefaultPolicy), "channels:      ", channels+"# was:", 1)
	policy = strings.Replace(policy, "      playground: ict-triage\n", "", 1)
	if err := os.WriteFile(filepath.Join(dir, "helpdesk.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := balie(t, dir, []string{"SLACK_BOT_TOKEN=xoxb-hush", "SLACK_SIGNING_SECRET=hush", "SLACK_API_URL=" + slack.URL + "/api"}, "doctor")
	if code != 1 || strings.Contains(out+errs, "hush") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	for _, want := range []string{
		"ok       slack      SLACK_BOT_TOKEN is the bot @balie's in Acme (T111)",
		"problem  slack      the permission commands is missing",
		"problem  slack      triage channel #room: @balie is not in it; write there: /invite @balie",
		"problem  slack      request channel #room: @balie is not in it",
		"can be seen when Balie is running",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the doctor does not say %q\n%s%s", want, out, errs)
		}
	}
}

func TestTheReadmeExplainsEveryPermission(t *testing.T) {
	text := read(t, filepath.Join("..", "..", "README.md"))
	for _, scope := range manifest.BotScopes {
		if !strings.Contains(text, "`"+scope+"`") {
			t.Errorf("README.md does not say what %s is for", scope)
		}
	}
}
