package discord_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestCommandsAreRegisteredWhenTheyChanged: also where somebody else has changed them.
func TestCommandsAreRegisteredWhenTheyChanged(t *testing.T) {
	fake := discordfake.New(t, discordfake.Options{})
	en := func(s string) chat.Words { return chat.Words{"en": s, "nl": s + "je"} }
	spec := chat.CommandSpec{Name: "ticket", About: en("help"), Words: []chat.WordSpec{
		{Name: "new", Labels: en("new"), About: en("ask"), Options: []chat.OptionSpec{{Labels: en("summary"), About: en("what")}}},
	}, Shortcuts: []chat.ShortcutSpec{{Name: "create_ticket", Labels: en("Create ticket")}}}
	const look = "GET /applications/{application}/commands"
	// runs has the adapter run until it has looked, and the writes are as many as they should be.
	runs := func(writes int) {
		t.Helper()
		d, err := discord.New(discord.Options{Token: fake.Token, APIURL: fake.APIURL, Secret: bytes.Repeat([]byte("s"), chat.SecretMin),
			Memory: &adaptertest.Memory{}, Commands: spec})
		if err != nil {
			t.Fatal(err)
		}
		looked := fake.Calls(look)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- d.Run(ctx, func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{}, nil })
		}()
		for deadline := time.Now().Add(20 * time.Second); fake.Calls(look) == looked || fake.CommandWrites() < writes; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d looks and %d writes", fake.Calls(look), fake.CommandWrites())
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := fake.CommandWrites(); n != writes {
			t.Errorf("the commands were written %d times, want %d", n, writes)
		}
	}
	runs(1)
	runs(1)
	spec.About = en("something else")
	runs(2)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, fake.APIURL+"/applications/"+fake.ApplicationID+"/commands", strings.NewReader("[]"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bot "+fake.Token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	runs(4)
}

// TestRegisteringIsTriedAgain: what an admin has to put right is said once, and then it goes on by itself.
func TestRegisteringIsTriedAgain(t *testing.T) {
	fake := discordfake.New(t, discordfake.Options{})
	const put = "PUT /applications/{application}/commands"
	fake.FailNext(put, 3, discordfake.Fault{Status: http.StatusForbidden, Body: `{"message":"Missing Access","code":50001}`})
	var lines bytes.Buffer
	log := logrus.New()
	log.SetOutput(&lines)
	d, err := discord.New(discord.Options{Token: fake.Token, APIURL: fake.APIURL, Secret: bytes.Repeat([]byte("s"), chat.SecretMin), Log: log,
		Memory: &adaptertest.Memory{}, RetryAfter: time.Millisecond, Commands: chat.CommandSpec{Name: "ticket", About: chat.Words{"en": "help"}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- d.Run(ctx, func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{}, nil })
	}()
	for deadline := time.Now().Add(20 * time.Second); fake.CommandWrites() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // between two looks
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(lines.String(), "level=error"); n != 1 || fake.Calls(put) != 4 {
		t.Errorf("after %d tries the log says %s", fake.Calls(put), lines.String())
	}
}
