package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/deploy"
)

func TestDiscordInvite(t *testing.T) {
	fake := discordfake.New(t, discordfake.Options{})
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }))
	defer other.Close()
	asked := []string{"DISCORD_TOKEN=" + fake.Token, "DISCORD_API_URL=" + fake.APIURL}
	wrong := "hush" + strings.Repeat("x", 20) + ".hushhu." + strings.Repeat("y", 30)
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		env  []string
		code int
		out  string
		errs string // a part of standard error
	}{
		{env: []string{"DISCORD_APPLICATION_ID=123456789012345678"}, out: discord.Invite("123456789012345678") + "\n", errs: "may manage the server"},
		{env: asked, out: discord.Invite(fake.ApplicationID) + "\n"},
		{env: append([]string{"DISCORD_APPLICATION_ID=42"}, asked...), out: discord.Invite("42") + "\n"},
		{code: 1, errs: "balie: the application is not known: set DISCORD_APPLICATION_ID, from General Information in its settings, or DISCORD_TOKEN\n"},
		{env: []string{"DISCORD_APPLICATION_ID=Balie"}, code: 1, errs: `DISCORD_APPLICATION_ID must be a number such as 123456789012345678, not "Balie"`},
		{env: []string{"DISCORD_TOKEN=" + wrong, "DISCORD_API_URL=" + fake.APIURL}, code: 1, errs: "DISCORD_TOKEN does not work"},
		{env: []string{"DISCORD_TOKEN=" + wrong, "DISCORD_API_URL=" + gone.URL}, code: 1, errs: "so set DISCORD_APPLICATION_ID: "},
		{env: []string{"DISCORD_TOKEN=" + wrong, "DISCORD_API_URL=" + other.URL}, code: 1, errs: "is not Discord: set DISCORD_APPLICATION_ID"},
		{env: []string{"DISCORD_TOKEN=" + wrong, "DISCORD_API_URL=discord"}, code: 1, errs: "DISCORD_API_URL must be an address"},
		{args: []string{"--server"}, code: 2, errs: "unknown flag --server"},
		{args: []string{"Acme"}, code: 2, errs: "unexpected argument Acme"},
	} {
		code, out, errs := balie(t, dir, c.env, append([]string{"discord", "invite"}, c.args...)...)
		if code != c.code || out != c.out || !strings.Contains(errs, c.errs) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v %v: exit code %d, expected %d with %q\n%s%s", c.args, c.env, code, c.code, c.errs, out, errs)
		}
		if strings.Contains(out+errs, "hush") || strings.Contains(out+errs, fake.Token) {
			t.Errorf("%v: a secret is told\n%s%s", c.args, out, errs)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("DISCORD_APPLICATION_ID=7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := balie(t, dir, nil, "discord", "invite"); code != 0 || out != discord.Invite("7")+"\n" {
		t.Errorf("with the id in the file: exit code %d\n%s", code, out)
	}
	code, out, _ := balie(t, dir, nil, "discord", "invite", "--help")
	if code != 0 || !strings.Contains(out, "the link that adds the bot to a server") || !strings.Contains(out, "DISCORD_APPLICATION_ID") {
		t.Errorf("the help: exit code %d\n%s", code, out)
	}
}

func TestDoctorLooksAtDiscord(t *testing.T) {
	fake := discordfake.New(t, discordfake.Options{NoContent: true, NoMembers: true, Guilds: []discordfake.Guild{{Name: "Acme", Channels: []discordfake.Channel{
		{Name: "desk", Kind: discordfake.Forum, Tags: []string{"Open"}}, {Name: "help", DenyBot: discordfake.CreatePrivateThreads},
	}}}})
	dir := folder(t)
	acme := fake.Main()
	channels := fmt.Sprintf("channels: {discord: %s}\n    requests: {discord: {workspace: %s, channel: %s}}\n    ", acme.ChannelID("desk"), acme.GuildID,
		acme.ChannelID("help"))
	const nobody = "123456789012345678"
	channels += fmt.Sprintf("agents: [{platform: discord, group: %s}, {platform: discord, person: %s}, {platform: slack, group: S01}]\n    ",
		acme.RoleID("balie"), nobody)
	policy := strings.Replace(string(deploy.DefaultPolicy), "channels:      ", channels+"# was:", 1)
	policy = strings.Replace(policy, "      playground: ict-triage\n", "", 1)
	if err := os.WriteFile(filepath.Join(dir, "helpdesk.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := balie(t, dir, []string{"DISCORD_TOKEN=" + fake.Token, "DISCORD_APPLICATION_ID=" + fake.ApplicationID, "DISCORD_API_URL=" + fake.APIURL}, "doctor")
	if code != 1 || strings.Contains(out+errs, fake.Token) || !strings.Contains(errs, "there are 3 problems") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	for _, want := range []string{
		"ok       discord    DISCORD_TOKEN is the bot balie's",
		"ok       discord    interactions come over the gateway",
		"problem  discord    Server Members Intent: it is off",
		"ok       discord    Message Content Intent: it is off",
		"ok       discord    the bot is in 1 server: Acme (" + acme.GuildID + ")",
		"ok       discord    triage channel #desk in the server Acme",
		"it has none called ",
		"problem  discord    request channel #help in the server Acme (" + acme.GuildID + "): the bot lacks Create Private Threads",
		"ok       discord    agents: the role balie (" + acme.RoleID("balie") + ") is in the server Acme",
		"problem  discord    agents: nobody with the id " + nobody + " is in a server that the bot is in",
		"ok       discord    the commands are not registered yet",
		"ok       discord    a WebSocket to the gateway at ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the doctor does not say %q\n%s%s", want, out, errs)
		}
	}
}
