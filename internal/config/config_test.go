package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
)

const key32 = "0123456789abcdef0123456789abcdef"

// write puts text into a file of its own and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c, warnings, err := Load(nil, filepath.Join(t.TempDir(), "none"))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := Config{Addr: "127.0.0.1:8080", URL: "http://127.0.0.1:8080", Policy: "helpdesk.yaml", DataDir: "data",
		Mongo: Mongo{Database: "balie"}, LogLevel: "info"}
	if c != want {
		t.Errorf("\n got %+v\nwant %+v", c, want)
	}
}

func TestEverything(t *testing.T) {
	environ := []string{
		"BALIE_ADDR=:9000", "BALIE_URL=https://helpdesk.example.org/", "BALIE_POLICY=/etc/p.yaml", "BALIE_DATA_DIR=/var/d",
		"BALIE_SECRET=" + key32, "MONGODB_URI=mongodb://u:p@a:1,b:2/?replicaSet=rs", "MONGODB_DATABASE=desk",
		"SLACK_BOT_TOKEN=xoxb-1", "SLACK_SIGNING_SECRET=sign", "SLACK_APP_TOKEN=xapp-1", "SLACK_API_URL=http://127.0.0.1:1/api/",
		"SLACK_CLIENT_ID=12.34", "SLACK_CLIENT_SECRET=cs", "SLACK_WORKSPACES=T0123, E0456",
		"DISCORD_TOKEN=dt", "DISCORD_APPLICATION_ID=123", "DISCORD_PUBLIC_KEY=" + strings.Repeat("ab", 32), "DISCORD_API_URL=http://127.0.0.1:2",
		"MATTERMOST_URL=https://chat.example.org", "MATTERMOST_TOKEN=mt", "MATTERMOST_COMMAND_TOKENS=ct1, ct2",
		"EMAIL_IMAP_URL=imaps://u:p%40@mail.example.org", "EMAIL_SMTP_URL=smtp://mail.example.org:25", "EMAIL_FROM=Desk <desk@example.org>",
		"LOG_LEVEL=debug", "LOG_FORMAT=json", "PATH=/bin", "odd",
	}
	c, warnings, err := Load(environ, "")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	each := c.Mattermost.EachCommandToken()
	if len(each) != 2 || each[0].Reveal() != "ct1" || each[1].Reveal() != "ct2" || (Mattermost{}).EachCommandToken() != nil {
		t.Errorf("Mattermost.EachCommandToken gives %d", len(each))
	}
	if ids := c.Slack.EachWorkspace(); !slices.Equal(ids, []string{"T0123", "E0456"}) || (Slack{}).EachWorkspace() != nil {
		t.Errorf("Slack.EachWorkspace gives %q", ids)
	}
	for _, s := range []struct{ name, got, want string }{
		{"Slack.ClientID", c.Slack.ClientID, "12.34"}, {"Slack.ClientSecret", c.Slack.ClientSecret.Reveal(), "cs"},
		{"URL", c.URL, "https://helpdesk.example.org"}, {"Addr", c.Addr, ":9000"}, {"Policy", c.Policy, "/etc/p.yaml"}, {"DataDir", c.DataDir, "/var/d"},
		{"Secret", c.Secret.Reveal(), key32}, {"Mongo.URI", c.Mongo.URI.Reveal(), "mongodb://u:p@a:1,b:2/?replicaSet=rs"}, {"Mongo.Database", c.Mongo.Database, "desk"},
		{"Slack.BotToken", c.Slack.BotToken.Reveal(), "xoxb-1"}, {"Slack.SigningSecret", c.Slack.SigningSecret.Reveal(), "sign"},
		{"Slack.AppToken", c.Slack.AppToken.Reveal(), "xapp-1"}, {"Slack.APIURL", c.Slack.APIURL, "http://127.0.0.1:1/api"},
		{"Discord.Token", c.Discord.Token.Reveal(), "dt"}, {"Discord.ApplicationID", c.Discord.ApplicationID, "123"},
		{"Discord.PublicKey", c.Discord.PublicKey, strings.Repeat("ab", 32)}, {"Discord.APIURL", c.Discord.APIURL, "http://127.0.0.1:2"},
		{"Mattermost.URL", c.Mattermost.URL, "https://chat.example.org"}, {"Mattermost.Token", c.Mattermost.Token.Reveal(), "mt"},
		{"Email.IMAP", c.Email.IMAP.Reveal(), "imaps://u:p%40@mail.example.org"}, {"Email.SMTP", c.Email.SMTP.Reveal(), "smtp://mail.example.org:25"},
		{"Email.From", c.Email.From, "Desk <desk@example.org>"}, {"LogLevel", c.LogLevel, "debug"}, {"LogFormat", c.LogFormat, "json"},
	} {
		if s.got != s.want {
			t.Errorf("%s is %q, want %q", s.name, s.got, s.want)
		}
	}
}

func TestURLFollowsTheAddress(t *testing.T) {
	for addr, want := range map[string]string{
		":80": "http://localhost:80", "0.0.0.0:80": "http://localhost:80", "[::]:80": "http://localhost:80",
		"desk.lan:80": "http://desk.lan:80", "[::1]:80": "http://[::1]:80",
	} {
		c, _, err := Load([]string{"BALIE_ADDR=" + addr}, "")
		if err != nil || c.URL != want {
			t.Errorf("%s gives %q, want %q (%v)", addr, c.URL, want, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	empty, missing := write(t, " \n"), filepath.Join(t.TempDir(), "none")
	large := write(t, strings.Repeat("x", fileMax+1))
	const installs = "workspaces install Balie only where SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_WORKSPACES are all there; "
	cases := []struct {
		environ []string
		want    string
	}{
		{[]string{"BALIE_ADDR=8080"}, `BALIE_ADDR: must be a host and a port such as 127.0.0.1:8080, or :8080 for every address, not "8080"`},
		{[]string{"BALIE_ADDR=:http"}, `BALIE_ADDR: must be a host and a port such as 127.0.0.1:8080, or :8080 for every address, not ":http"`},
		{[]string{"BALIE_URL=desk.example.org"}, `BALIE_URL: must be an address such as https://helpdesk.example.org, not "desk.example.org"`},
		{[]string{"BALIE_URL=https://u:hush@h"}, "BALIE_URL: must be a bare address such as https://helpdesk.example.org, without password, ? or #"},
		{[]string{"BALIE_SECRET=hush"}, "BALIE_SECRET: must be at least 32 bytes long and has 4; make one with: openssl rand -hex 32"},
		{[]string{"BALIE_SECRET=" + key32 + "\nhush"}, "BALIE_SECRET: must be one line"},
		{[]string{"BALIE_SECRET=" + key32, "BALIE_SECRET_FILE=" + missing}, "BALIE_SECRET: is set twice, as BALIE_SECRET and as BALIE_SECRET_FILE: remove one of them"},
		{[]string{"BALIE_SECRET_FILE=" + missing}, "BALIE_SECRET: can't be read as BALIE_SECRET_FILE says: open " + missing + ": no such file or directory"},
		{[]string{"BALIE_SECRET_FILE=" + empty}, "BALIE_SECRET: " + empty + ", which BALIE_SECRET_FILE names, is empty: put the secret in it"},
		{[]string{"BALIE_SECRET_FILE=" + large}, "BALIE_SECRET: " + large + ", which BALIE_SECRET_FILE names, is too large for a secret"},
		{[]string{"MONGODB_URI=postgres://u:hush@h"}, "MONGODB_URI: must begin with mongodb:// or mongodb+srv:// and name a host"},
		{[]string{"MONGODB_URI=hush"}, "MONGODB_URI: must begin with mongodb:// or mongodb+srv:// and name a host"},
		{[]string{"MONGODB_DATABASE=a.b"}, `MONGODB_DATABASE: must be 1 to 38 letters, digits, - or _, such as balie, not "a.b"`},
		{[]string{"SLACK_BOT_TOKEN=xapp-hush", "SLACK_APP_TOKEN=xapp-hush"}, "SLACK_BOT_TOKEN: is an app-level token (xapp-…), but must begin with xoxb-\n" +
			"SLACK_BOT_TOKEN: is missing: Slack's other settings are there; it is the token that begins with xoxb-"},
		{[]string{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_SIGNING_SECRET=xoxb-hush"}, "SLACK_SIGNING_SECRET: is a bot token (xoxb-…): the signing secret is under Basic Information\n" +
			"SLACK_APP_TOKEN: is missing: Slack needs it for Socket Mode, or SLACK_SIGNING_SECRET for HTTP"},
		{[]string{"SLACK_BOT_TOKEN=xoxb-hush"}, "SLACK_APP_TOKEN: is missing: Slack needs it for Socket Mode, or SLACK_SIGNING_SECRET for HTTP"},
		{[]string{"SLACK_APP_TOKEN=xapp-hush"}, "SLACK_BOT_TOKEN: is missing: Slack's other settings are there; it is the token that begins with xoxb-"},
		{[]string{"SLACK_CLIENT_ID=abc", "SLACK_CLIENT_SECRET=xoxp-hush", "SLACK_WORKSPACES=T0123,acme", "SLACK_APP_TOKEN=xapp-hush"},
			"SLACK_CLIENT_ID: must be two numbers with a dot, such as 1234567890.1234567890123, as Basic Information shows it, not \"abc\"\n" +
				"SLACK_CLIENT_SECRET: is a user token (xoxp-…): the client secret is under Basic Information\n" +
				"SLACK_WORKSPACES: must be ids such as T0123456789 or E0123456789 with commas between them, not \"acme\"; " +
				"a workspace's is in its address in the browser: https://app.slack.com/client/T…\n" +
				"SLACK_BOT_TOKEN: is missing: Slack's other settings are there; it is the token that begins with xoxb-"},
		{[]string{"SLACK_CLIENT_ID=1.2"}, "SLACK_CLIENT_SECRET: is missing: " + installs + "it is under Basic Information > App Credentials\n" +
			"SLACK_WORKSPACES: is missing: " + installs + "name the ids of those that may, such as T0123456789\n" +
			"SLACK_APP_TOKEN: is missing: Slack needs it for Socket Mode, or SLACK_SIGNING_SECRET for HTTP"},
		{[]string{"SLACK_WORKSPACES=T0123", "SLACK_CLIENT_SECRET=hush", "SLACK_SIGNING_SECRET=hush"},
			"SLACK_CLIENT_ID: is missing: " + installs + "it is under Basic Information > App Credentials"},
		{[]string{"DISCORD_TOKEN=hush", "DISCORD_APPLICATION_ID=me"}, `DISCORD_APPLICATION_ID: must be a number such as 123456789012345678, not "me"`},
		{[]string{"DISCORD_TOKEN=hush", "DISCORD_PUBLIC_KEY=abc"}, "DISCORD_PUBLIC_KEY: must be 64 hexadecimal digits, as the application's General Information shows them"},
		{[]string{"DISCORD_APPLICATION_ID=1"}, "DISCORD_TOKEN: is missing: Discord's other settings are there; it is the bot's token"},
		{[]string{"MATTERMOST_TOKEN=hush"}, "MATTERMOST_URL: is missing: Mattermost's other settings are there; write your server's address, such as https://chat.example.org"},
		{[]string{"MATTERMOST_URL=https://chat.example.org"}, "MATTERMOST_TOKEN: is missing: Mattermost's other settings are there; it is the bot account's access token"},
		{[]string{"MATTERMOST_COMMAND_TOKENS=hush"}, "MATTERMOST_URL: is missing: Mattermost's other settings are there; write your server's address, such as https://chat.example.org\n" +
			"MATTERMOST_TOKEN: is missing: Mattermost's other settings are there; it is the bot account's access token"},
		{[]string{"MATTERMOST_URL=https://h", "MATTERMOST_TOKEN=hush", "MATTERMOST_COMMAND_TOKENS=hush,,hush"}, "MATTERMOST_COMMAND_TOKENS: has an empty token: put one comma between two tokens"},
		{[]string{"MATTERMOST_URL=https://h", "MATTERMOST_TOKEN=hush", "MATTERMOST_COMMAND_TOKENS=hush hush"}, "MATTERMOST_COMMAND_TOKENS: must have commas between the tokens, such as abc,def"},
		{[]string{"EMAIL_IMAP_URL=imap://u:hu%sh@h", "EMAIL_SMTP_URL=smtp://h", "EMAIL_FROM=a@b.c"}, "EMAIL_IMAP_URL: can't be read as a URL; write characters such as @, / and % in the password as %40, %2F and %25\n" +
			"EMAIL_IMAP_URL: is missing: e-mail needs a mailbox to read, such as imaps://user:password@mail.example.org"},
		{[]string{"EMAIL_FROM=desk"}, `EMAIL_FROM: must be an address such as helpdesk@example.org or Helpdesk <helpdesk@example.org>, not "desk"`},
		{[]string{"EMAIL_IMAP_URL=imap://h", "EMAIL_FROM=a@b.c"}, "EMAIL_SMTP_URL: is missing: e-mail needs a server to send through, such as smtps://user:password@mail.example.org"},
		{[]string{"EMAIL_IMAP_URL=imap://h", "EMAIL_SMTP_URL=smtp://h"}, "EMAIL_FROM: is missing: e-mail needs the address to send from, such as helpdesk@example.org"},
		{[]string{"LOG_LEVEL=loud", "LOG_FORMAT=xml"}, `LOG_LEVEL: must be one of debug, info, warn, error, not "loud"` + "\n" + `LOG_FORMAT: must be one of text, json, not "xml"`},
	}
	for _, c := range cases {
		_, _, err := Load(c.environ, "")
		if err == nil {
			t.Errorf("%q was accepted", c.environ)
			continue
		}
		if err.Error() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.environ, err, c.want)
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: a secret is in the error: %v", c.environ, err)
		}
		if e, ok := errors.AsType[*Error](err); !ok || e.Name == "" {
			t.Errorf("%q: the error is not typed: %T", c.environ, err)
		}
	}
}

func TestWhatConnectsSlack(t *testing.T) {
	install := []string{"SLACK_CLIENT_ID=1.2", "SLACK_CLIENT_SECRET=s", "SLACK_WORKSPACES=T0123"}
	for _, environ := range [][]string{
		{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1"},
		{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_SIGNING_SECRET=s"},
		append([]string{"SLACK_APP_TOKEN=xapp-1"}, install...),
		append([]string{"SLACK_SIGNING_SECRET=s"}, install...),
		append([]string{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_SIGNING_SECRET=s", "SLACK_APP_TOKEN=xapp-1"}, install...),
	} {
		if c, _, err := Load(environ, ""); err != nil || !c.Slack.Asked() {
			t.Errorf("%q: %v", environ, err)
		}
	}
	if (Slack{}).Asked() {
		t.Error("nothing asks for it")
	}
}

func TestTheFileNeverOverridesTheProcess(t *testing.T) {
	file := write(t, "\ufeff# mine\nBALIE_ADDR=:1\nexport BALIE_POLICY='a b.yaml'\nMATTERMOST_TOKEN=file\nMATTERMOST_URL=https://file.example.org\nSLACK_BOT_TOKEN=xoxb-file\nSLACK_APP_TOKEN=xapp-file\n")
	secret := write(t, "process\r\n")
	c, _, err := Load([]string{"BALIE_ADDR=:2", "MATTERMOST_TOKEN_FILE=" + secret, "SLACK_BOT_TOKEN=", "SLACK_APP_TOKEN="}, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != ":2" || c.Policy != "a b.yaml" || c.Mattermost.URL != "https://file.example.org" {
		t.Errorf("%+v", c)
	}
	if got := c.Mattermost.Token.Reveal(); got != "process" {
		t.Errorf("MATTERMOST_TOKEN_FILE of the process lost against MATTERMOST_TOKEN of the file: %q", got)
	}
	if c.Slack.BotToken.IsSet() || c.Slack.AppToken.IsSet() {
		t.Error("a variable that the process sets to nothing was taken from the file")
	}
}

func TestAFileThatIsNoListOfAssignments(t *testing.T) {
	for text, want := range map[string]string{
		"BALIE_ADDR=:1\nhush hush\n":      ": line 2 is not of the form NAME=value",
		"SLACK_BOT_TOKEN=\"xoxb-hush\n\n": ": can't be read: write NAME=value lines, and close every quote",
	} {
		file := write(t, text)
		_, _, err := Load(nil, file)
		if err == nil || err.Error() != file+want {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := Load(nil, t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

func TestWarnings(t *testing.T) {
	file := write(t, "BALIE_POLCY=x\nOTHER=1\n")
	_, warnings, err := Load([]string{"BALIE_ADRR=:1", "BALIE_ADDR_FILE=x", "BALIE_XYZZY=1", "BALIE_MONGO_CONTROL=x", "BALIE_MATTERMOST_ADMIN_TOKEN=x", "BALIE_POLCY=y"}, file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	want := []string{
		"BALIE_ADDR_FILE: nothing reads this variable",
		"BALIE_ADRR: nothing reads this variable; did you mean BALIE_ADDR?",
		"BALIE_POLCY: nothing reads this variable; did you mean BALIE_POLICY?",
		"BALIE_XYZZY: nothing reads this variable",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestASecretShowsNowhere(t *testing.T) {
	const hush = "hush-hush"
	s := NewSecret(hush)
	type inside struct {
		Shown  Secret
		hidden Secret
	}
	in := inside{s, s}
	var shown []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%10s", "%t", "%U"} {
		for _, v := range []any{s, &s, in, &in, []Secret{s}, map[string]Secret{"a": s}, []any{s}, in.hidden} {
			shown = append(shown, fmt.Sprintf(verb, v))
		}
	}
	shown = append(shown, fmt.Sprint(s), fmt.Errorf("with %w and %v", errors.New("x"), s).Error())
	data, err := json.Marshal(map[string]any{"a": s, "b": in, "c": []Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	shown = append(shown, string(data))
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "in", in)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "in", in)
	for _, f := range []logrus.Formatter{&logrus.JSONFormatter{}, &logrus.TextFormatter{}} {
		l := logrus.New()
		l.Out, l.Formatter = &log, f
		l.WithField("secret", s).WithField("in", in).Info(s)
	}
	shown = append(shown, log.String())
	for _, text := range shown {
		if strings.Contains(text, hush) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", hush)) {
			t.Errorf("it shows in %q", text)
		}
	}
	if got := fmt.Sprintf("%v|%q|%s", s, s, Secret{}); got != dots+"|"+dots+"|" {
		t.Errorf("it looks like %q", got)
	}
	if s.Reveal() != hush || NewSecret("").IsSet() {
		t.Error("the value itself is wrong")
	}
}

func TestVariables(t *testing.T) {
	for _, v := range Variables() {
		if v.Meaning == "" || !strings.HasSuffix(v.Meaning, ".") {
			t.Errorf("%s: the meaning is no sentence: %q", v.Name, v.Meaning)
		}
		if v.Secret && v.Default != "" {
			t.Errorf("%s: a secret has a default", v.Name)
		}
	}
}
