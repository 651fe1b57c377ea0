package examine_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"balie/adapters/adaptertest"
	"balie/adapters/slack"
	"balie/adapters/slack/examine"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// A workspace where all is as it should be, with Balie running, and then one thing after the other that is not.
func TestWorkspace(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{People: []slackfake.Person{{Name: "ana"}},
		Channels: []slackfake.Channel{{Name: "triage", Private: true, Bot: true}, {Name: "help"}}})
	balie, err := slack.New(slack.Options{BotToken: fake.BotToken, SigningSecret: fake.SigningSecret, AppToken: fake.AppToken,
		APIURL: fake.APIURL, Secret: bytes.Repeat([]byte("s"), chat.SecretMin), Memory: &adaptertest.Memory{}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(balie.Hooks(func(context.Context, chat.Event) (chat.Reply, error) {
		t.Error("the doctor's request reached the bot")
		return chat.Reply{}, nil
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	t.Cleanup(client.CloseIdleConnections)
	o := examine.Options{BotToken: fake.BotToken, SigningSecret: fake.SigningSecret, AppToken: fake.AppToken, APIURL: fake.APIURL, HTTP: client,
		URL: server.URL, Running: true, Channels: []examine.Channel{{ID: fake.ChannelID("triage")}}}
	problems := func() (all []string) {
		t.Helper()
		for _, f := range examine.Examine(t.Context(), o) {
			if f.Problem != "" {
				all = append(all, f.Problem)
			}
			for _, secret := range []string{fake.BotToken, fake.AppToken, fake.SigningSecret} {
				if strings.Contains(f.Problem+f.Fine, secret) {
					t.Errorf("a finding has a secret in it: %s%s", f.Problem, f.Fine)
				}
			}
		}
		return all
	}
	if all := problems(); len(all) > 0 {
		t.Errorf("all is well, and yet: %q", all)
	}
	one := func(parts ...string) {
		t.Helper()
		all := problems()
		if !slices.ContainsFunc(all, func(p string) bool {
			return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(p, part) })
		}) {
			t.Errorf("nothing says %q: %q", parts, all)
		}
	}
	o.Channels = append(o.Channels, examine.Channel{ID: fake.ChannelID("help"), Requests: true})
	one("help", "/invite")
	o.Channels = o.Channels[:1]
	fake.Archive("triage")
	one("archived")
	o.Channels = nil
	o.SigningSecret = "another-apps-secret"
	one("SLACK_SIGNING_SECRET")
	o.SigningSecret = fake.SigningSecret
	fake.RevokeToken()
	one("SLACK_BOT_TOKEN")
}
