package slack

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

const testURL = "https://balie.example.org"

// replica is a Balie on a fake Slack.
type replica struct {
	*Slack
	logged *adaptertest.Log
}

// connect makes one; change may change its options.
func connect(t *testing.T, fake *slackfake.Server, memory chat.Memory, change func(*Options)) *replica {
	t.Helper()
	logged := &adaptertest.Log{}
	o := Options{
		BotToken: fake.BotToken, SigningSecret: fake.SigningSecret, ClientID: fake.ClientID, ClientSecret: fake.ClientSecret,
		APIURL: fake.APIURL, URL: testURL, Secret: bytes.Repeat([]byte("s"), chat.SecretMin), Memory: memory, Log: logged.Logger(logrus.DebugLevel),
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.ws.close)
	return &replica{s, logged}
}

// blockedWith checks that an admin reads what has to be done.
func blockedWith(t *testing.T, err error, words ...string) {
	t.Helper()
	e, ok := errors.AsType[*chat.SendError](err)
	if !ok || e.Blocked == "" {
		t.Fatalf("got %v, want what an admin has to do", err)
	}
	for _, w := range words {
		if !strings.Contains(e.Blocked, w) {
			t.Errorf("an admin reads %q, which does not say %q", e.Blocked, w)
		}
	}
}

// find is the workspace with the id, or the test ends.
func (r *replica) find(t *testing.T, team, enterprise string) *workspace {
	t.Helper()
	w, err := r.workspaceOf(t.Context(), team, enterprise)
	if err != nil {
		t.Fatalf("workspace %s %s: %v", team, enterprise, err)
	}
	return w
}

// post makes a call in a workspace, as it fails or not.
func post(t *testing.T, w *workspace) *chat.SendError {
	t.Helper()
	_, err := w.api.AuthTestContext(t.Context())
	return w.sendError("try", err)
}

func TestWhoseTokenItIs(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	kept := &adaptertest.Memory{}
	r := connect(t, fake, kept, func(o *Options) { o.APIURL = strings.TrimRight(o.APIURL, "/") })
	w := r.find(t, fake.TeamID, "")
	if w.id != fake.TeamID || w.botUser != fake.BotUserID || w.botID != fake.BotID || len(w.scopes) == 0 || w.name == "" || w.url == "" {
		t.Errorf("got %+v", w)
	}
	if only := r.find(t, "", ""); only.id != w.id {
		t.Errorf("without a name it is %s", only.id)
	}
	for range 3 {
		r.find(t, fake.TeamID, "")
	}
	if n := fake.Calls("auth.test"); n != 1 {
		t.Errorf("Slack was asked %d times", n)
	}

	// The next start does not wait for Slack, and a person finds out only if the token is another one.
	fake.Down(true)
	again := connect(t, fake, kept, nil)
	if w := again.find(t, fake.TeamID, ""); w.botUser != fake.BotUserID || w.token != fake.BotToken {
		t.Errorf("after a start: %+v", w)
	}
	for name, value := range kept.Kept() {
		if bytes.Contains(value, []byte(fake.TeamID)) || bytes.Contains(value, []byte("xoxb")) {
			t.Errorf("%s is kept for everybody to read", name)
		}
	}
	other := connect(t, fake, kept, func(o *Options) { o.BotToken = "xoxb-1-another" })
	_, err := other.workspaceOf(t.Context(), fake.TeamID, "")
	if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Retry <= 0 {
		t.Errorf("with Slack away and a token that nobody knows: %v", err)
	}
	if got := other.Workspaces(); len(got) != 1 || got[0] != "" {
		t.Errorf("workspaces: %q; whoever asks one must read why", got)
	}
	fake.Down(false)
	fake.FailNext("auth.test", 1, slackfake.Fault{Status: 503})
	third := connect(t, fake, &adaptertest.Memory{}, nil)
	if err := third.ws.check(t.Context()); err == nil {
		t.Error("Slack failed, and nobody looks again soon")
	}
	if err := third.ws.check(t.Context()); err != nil {
		t.Error(err)
	}
	if w := third.find(t, fake.TeamID, ""); w.id != fake.TeamID {
		t.Errorf("got %+v", w)
	}
}

func TestNobodyWaitsLong(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	release := fake.Hold("auth.test")
	_, err := r.workspaceOf(t.Context(), fake.TeamID, "")
	if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Retry <= 0 {
		t.Fatalf("while Slack does not answer: %v", err)
	}
	release()
	if _, err := shared(t.Context(), r.ws, "meet", func(context.Context) (*tenant, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	r.find(t, fake.TeamID, "")
}

func TestBadToken(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	r := connect(t, fake, &adaptertest.Memory{}, func(o *Options) { o.BotToken = "xoxb-1-2-wrong" })
	_, err := r.workspaceOf(t.Context(), fake.TeamID, "")
	blockedWith(t, err, "SLACK_BOT_TOKEN")
	if err := r.ws.check(t.Context()); err != nil {
		t.Errorf("what only an admin can repair is looked at too often: %v", err)
	}
	if text := err.Error() + r.logged.String(); strings.Contains(text, "xoxb-1") {
		t.Errorf("the token is in %s", text)
	}
}

func TestUninstalledAndRepaired(t *testing.T) {
	for _, how := range []string{"event", "revoked", "only noticed"} {
		t.Run(how, func(t *testing.T) {
			fake := slackfake.New(t, slackfake.Options{})
			kept := &adaptertest.Memory{}
			r := connect(t, fake, kept, nil)
			w := r.find(t, fake.TeamID, "")
			if e := post(t, w); e != nil {
				t.Fatal(e)
			}
			var err error
			switch how {
			case "event":
				fake.Uninstall()
				err = r.uninstalled(t.Context(), fake.TeamID, "")
			case "revoked":
				fake.RevokeToken()
				err = r.revoked(t.Context(), fake.TeamID, "", []string{fake.BotUserID})
			default:
				fake.Uninstall()
				blockedWith(t, post(t, w), "SLACK_BOT_TOKEN")
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.workspaceOf(t.Context(), fake.TeamID, "")
			blockedWith(t, err, "removed from the Slack workspace", "SLACK_BOT_TOKEN")
			if err := r.ws.check(t.Context()); err != nil {
				t.Error(err)
			}
			if text := r.logged.String(); !strings.Contains(text, "level=error") || strings.Contains(text, fake.BotToken) {
				t.Errorf("logged: %s", text)
			}
			// It is installed again by OAuth, which no list has to name.
			if status, body := r.walk(t, fake.Main().Authorize); status != 200 {
				t.Fatalf("status %d: %s", status, body)
			}
			again := r.find(t, fake.TeamID, "")
			if e := post(t, again); e != nil || again.token == fake.BotToken {
				t.Errorf("after installing it again: %v", e)
			}
			// Slack tells it once more, late.
			if err := r.uninstalled(t.Context(), fake.TeamID, ""); err != nil {
				t.Fatal(err)
			}
			r.find(t, fake.TeamID, "")
			if got := r.Workspaces(); len(got) != 1 || got[0] != fake.TeamID {
				t.Errorf("workspaces: %q", got)
			}
		})
	}
}

func TestTokensOfPeople(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	r.find(t, fake.TeamID, "")
	fake.Down(true)
	if err := r.revoked(t.Context(), fake.TeamID, "", nil); err != nil {
		t.Error(err)
	}
	r.find(t, fake.TeamID, "")
	if n := fake.Calls("auth.test"); n != 1 {
		t.Errorf("Slack was asked %d times", n)
	}
}

func TestTokenIsGoodAgain(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	r := connect(t, fake, &adaptertest.Memory{}, nil)
	w := r.find(t, fake.TeamID, "")
	fake.FailNext("auth.test", 1, slackfake.Fault{Error: "invalid_auth"})
	blockedWith(t, post(t, w), "invalid_auth", "SLACK_BOT_TOKEN")
	if _, err := r.workspaceOf(t.Context(), fake.TeamID, ""); err == nil {
		t.Error("a token that Slack does not take is used")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.ws.watch(ctx) }()
	until(t, func() bool { _, err := r.workspaceOf(t.Context(), fake.TeamID, ""); return err == nil })
	cancel()
	<-done
}

// until waits for something that happens by itself.
func until(t *testing.T, done func() bool) {
	t.Helper()
	adaptertest.Until(t, "it happens", done)
}

func TestMemoryIsAway(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	second := fake.AddWorkspace(slackfake.Options{})
	kept := &adaptertest.Memory{}
	r := connect(t, fake, kept, nil)
	r.find(t, fake.TeamID, "")
	kept.Fail(errors.New("the store is away"))
	r.find(t, fake.TeamID, "") // goes on
	_, err := r.workspaceOf(t.Context(), second.ID, "")
	if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Retry <= 0 {
		t.Errorf("an installation that can't be looked for: %v", err)
	}
	if err := r.ws.check(t.Context()); err == nil {
		t.Error("nobody looks again soon")
	}
}
