package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
	"balie/deploy"
)

func TestMattermostSetupArguments(t *testing.T) {
	dir := t.TempDir()
	const url, callback = "--url=http://127.0.0.1:1", "--callback-url=http://127.0.0.1:2"
	token := adminTokenVariable + "=hush-hush"
	twoLines := filepath.Join(dir, "two")
	if err := os.WriteFile(twoLines, []byte("hush-hush\nhush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		env  []string
		code int
		errs string
	}{
		{args: []string{"--frob"}, code: 2, errs: "unknown flag --frob"},
		{args: nil, code: 2, errs: "--url, or MATTERMOST_URL, must be an"},
		{args: []string{"--url=chat.example.org"}, code: 2, errs: "must be an address such as https://chat.example.org; see balie mattermost setup --help"},
		{args: []string{url}, code: 2, errs: "--callback-url, or BALIE_URL, must be an address"},
		{args: []string{url, callback}, code: 2, errs: "an admin's token is needed: in " + adminTokenVariable},
		{args: []string{url, callback, "--admin-token=hush-hush", "--admin-token-file=x"}, code: 2, errs: "leave one out"},
		{args: []string{url, callback, "--admin-token-file=nowhere"}, code: 1, errs: "no such file"},
		{args: []string{url, callback, "--admin-token-file=" + twoLines}, code: 2, errs: "must be one word"},
		{args: []string{url, callback, "--channel=triage"}, env: []string{token}, code: 2, errs: "--channel must be TEAM/NAME"},
		{args: []string{url, callback, "--command=a ticket"}, env: []string{token}, code: 2, errs: "--command must be one word"},
		{args: []string{url, callback, "--bot=Help Desk"}, env: []string{token}, code: 2, errs: "--bot must be a name"},
		{args: []string{url, callback}, env: []string{token}, code: 1, errs: "http://127.0.0.1:1 can't be reached"},
		{args: nil, env: []string{token, "MATTERMOST_URL=http://127.0.0.1:1", "BALIE_URL=http://127.0.0.1:2"}, code: 1, errs: "http://127.0.0.1:1 can't be reached"},
	} {
		code, out, errs := balie(t, dir, c.env, append([]string{"mattermost", "setup"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.errs) || strings.Contains(out+errs, "hush") {
			t.Errorf("%v: exit code %d, expected %d with %q\n%s%s", c.args, code, c.code, c.errs, out, errs)
		}
	}
	code, out, _ := balie(t, dir, nil, "mattermost", "setup", "--help")
	if code != 0 || !strings.Contains(out, "--private-replies") {
		t.Errorf("the help: exit code %d\n%s", code, out)
	}
}

func TestMattermostSetup(t *testing.T) {
	site := mattermosttest.Real(t)
	town, err := mattermosttest.NewTown(t.Context(), site, mattermosttest.TownOptions{
		People: []mattermosttest.Person{{Name: "ana"}}, Channels: []mattermosttest.Channel{{Name: "triage", WithoutBot: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		// A server without a licence takes only so many people.
		if _, err := town.Admin.UpdateUserActive(context.Background(), town.UserID("ana"), false); err != nil {
			t.Error(err)
		}
		town.Close()
	}()
	dir := t.TempDir()
	env := filepath.Join(dir, ".env")
	const before = "# mine\r\nBALIE_ADDR=127.0.0.1:0\r\nMATTERMOST_URL=\r\nOTHER='a b'"
	if err := os.WriteFile(env, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	admin := []string{adminTokenVariable + "=" + town.Admin.AuthToken}
	args := []string{"mattermost", "setup", "--url", town.URL, "--callback-url", "http://127.0.0.1:8080/", "--bot", "desk-" + strings.ToLower(rand.Text()[:8]),
		"--channel", town.Team.Name + "/triage", "--write", ".env"}
	code, out, errs := balie(t, dir, admin, args...)
	if code != 0 || errs != "" || !strings.Contains(out, "Everything is in place") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	written := read(t, env)
	if !strings.HasPrefix(written, "# mine\r\nBALIE_ADDR=127.0.0.1:0\r\nMATTERMOST_URL="+town.URL+"\r\nOTHER='a b'\r\nBALIE_URL=http://127.0.0.1:8080\r\nMATTERMOST_TOKEN=") {
		t.Errorf("the file has\n%s", strings.ReplaceAll(written, "MATTERMOST_TOKEN", "…"))
	}
	if info, err := os.Stat(env); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode: %v, %v", info, err)
	}
	if !strings.Contains(out, "      mattermost: "+town.ChannelID("triage")+"  # "+town.Team.Name+"/triage") {
		t.Errorf("the channel's id is not told:\n%s", out)
	}
	secrets := regexp.MustCompile(`TOKENS?=(\S+)`).FindAllStringSubmatch(written, -1)
	if len(secrets) != 2 {
		t.Fatalf("%d secrets are written", len(secrets))
	}
	for _, s := range append(secrets, []string{"", town.Admin.AuthToken}) {
		if strings.Contains(out+errs, s[1]) {
			t.Error("a secret is printed")
		}
	}

	code, again, errs := balie(t, dir, admin, args...)
	if code != 0 || errs != "" || strings.Contains(again, "changed ") || strings.Contains(again, "created ") || !strings.Contains(again, ".env has everything") {
		t.Errorf("the second run: exit code %d\n%s%s", code, again, errs)
	}
	if read(t, env) != written {
		t.Error("the second run wrote")
	}

	// What the process has goes before the file.
	code, out, errs = balie(t, dir, append(admin, "MATTERMOST_TOKEN=hush-hush"), args...)
	if code != 1 || !strings.Contains(out, "to do    settings  MATTERMOST_TOKEN of the process goes before .env") || strings.Contains(out+errs, "hush") {
		t.Errorf("with another token in the process: exit code %d\n%s%s", code, out, errs)
	}

	// Without --write the lines are printed, and the token of .env is kept.
	code, out, _ = balie(t, dir, admin, args[:len(args)-2]...)
	if code != 0 || !strings.Contains(out, "\nMATTERMOST_TOKEN="+secrets[0][1]+"\n") || strings.Count(out, secrets[0][1]) != 1 {
		t.Errorf("printed: exit code %d", code)
	}

	// The admin's token from a file, of somebody who is no admin.
	token, _, err := town.Admin.CreateUserAccessToken(t.Context(), town.UserID("ana"), "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = balie(t, dir, nil, append(args, "--admin-token-file", "token")...)
	if code != 1 || !strings.Contains(out, "to do    admin") || !strings.Contains(errs, "there is something to do") || strings.Contains(out+errs, token.Token) {
		t.Errorf("no admin: exit code %d\n%s%s", code, out, errs)
	}
	if read(t, env) != written {
		t.Error("it took the tokens away")
	}

	lookWithDoctor(t, dir, town)
}

// lookWithDoctor runs the doctor in a folder with the settings of a town that is set up.
func lookWithDoctor(t *testing.T, dir string, town *mattermosttest.Town) {
	t.Helper()
	for id, want := range map[string]string{town.ChannelID("triage"): "ok       mattermost triage channel triage", model.NewId(): "problem  mattermost triage channel "} {
		policy := strings.Replace(string(deploy.DefaultPolicy), "playground: ict-triage", "mattermost: "+id, 1)
		if err := os.WriteFile(filepath.Join(dir, "helpdesk.yaml"), []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
		_, out, errs := balie(t, dir, nil, "doctor")
		if !strings.Contains(out, want) || !strings.Contains(out, "ok       mattermost the websocket") || !strings.Contains(out, "is in the teams "+town.Team.Name) {
			t.Errorf("the doctor does not say %q\n%s%s", want, out, errs)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestMergeEnv(t *testing.T) {
	for _, c := range []struct{ before, after, changed string }{
		{"", "A=1\nB='x y'\n", "A B"},
		{"A=1\nB='x y'\n", "A=1\nB='x y'\n", ""},
		{"# A=0\nA=0 # old\nC=2\n", "# A=0\nA=1\nC=2\nB='x y'\n", "A B"},
		{"A=\"1\"\nexport B=0", "A=\"1\"\nB='x y'", "B"},
		{"A=5\nA=6\nAA=7\n", "A=5\nA=1\nAA=7\nB='x y'\n", "A B"},
		{"C=2\r\nA: 3\r\n", "C=2\r\nA=1\r\nB='x y'\r\n", "A B"},
		{"\ufeffC=2", "\ufeffC=2\nA=1\nB='x y'\n", "A B"},
	} {
		file := filepath.Join(t.TempDir(), ".env")
		if c.before != "" {
			if err := os.WriteFile(file, []byte(c.before), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		changed, err := mergeEnv(file, []envLine{{"A", "1"}, {"B", "x y"}})
		if got := read(t, file); err != nil || got != c.after || strings.Join(changed, " ") != c.changed {
			t.Errorf("%q: %q, changed %q, %v", c.before, got, changed, err)
		}
	}
}

func TestMergeEnvRefusesWhatItCantKeep(t *testing.T) {
	dir := t.TempDir()
	file, secret := filepath.Join(dir, ".env"), filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"C='x\nA=0\ny'\n": "is written in a way that can't be changed here",
		"what is this\n":  "can't be read",
		"A_FILE=" + filepath.Join(dir, "none") + "\n": "put the new one there",
	} {
		write(text)
		if _, err := mergeEnv(file, []envLine{{"A", "1"}}); err == nil || !strings.Contains(err.Error(), want) || read(t, file) != text {
			t.Errorf("%q: %v", text, err)
		}
	}
	write("A_FILE=" + secret + "\n")
	if changed, err := mergeEnv(file, []envLine{{"A", "1"}}); err != nil || len(changed) > 0 {
		t.Errorf("a secret that is in its file already: %q, %v", changed, err)
	}
	// A link stays one, and nothing is left beside.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	write("C=1\n")
	if _, err := mergeEnv(link, []envLine{{"A", "1"}}); err != nil || read(t, file) != "C=1\nA=1\n" {
		t.Errorf("through a link: %q, %v", read(t, file), err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("there are %q, %v", names, err)
	}
	if _, err := mergeEnv(filepath.Join(dir, "none", ".env"), []envLine{{"A", "1"}}); err == nil {
		t.Error("a folder that is not there")
	}
}
