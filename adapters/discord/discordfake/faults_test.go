package discordfake_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"balie/adapters/discord/discordfake"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")); code == 0 && err != nil {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

const post = "POST /channels/{channel}/messages"

func TestCallsGoWrongAsTold(t *testing.T) {
	s := discordfake.New(t, options())
	path := "/channels/" + s.Main().ChannelID("general") + "/messages"
	say := func() (reply, error) { return try(s, "POST", path, `{"content":"x"}`) }
	s.FailNext("POST /channels/{id}/messages", 1, discordfake.Fault{Status: 503})
	if got, err := say(); err != nil || got.Status != 503 {
		t.Errorf("a failure: %+v, %v", got, err)
	}
	s.FailNext(post, 1, discordfake.Fault{Status: 403, Code: 50013})
	if got, err := say(); err != nil || got.Status != 403 || got.Code != 50013 {
		t.Errorf("a refusal: %+v, %v", got, err)
	}
	s.FailNext("", 1, discordfake.Fault{Wait: 1500 * time.Millisecond, Global: true})
	if got, err := say(); err != nil || got.Status != 429 || !got.Global || got.Retry != 1.5 || got.Header.Get("Retry-After") != "2" || got.Header.Get("X-RateLimit-Scope") != "global" {
		t.Errorf("a limit: %+v, %v", got, err)
	}
	s.FailNext(post, 1, discordfake.Fault{Status: 502, Body: "<html>Bad gateway</html>"})
	if got, err := say(); err != nil || !strings.HasPrefix(got.Body, "<html>") || got.Header.Get("Content-Type") == "application/json" {
		t.Errorf("a page: %+v, %v", got, err)
	}
	s.FailNext(post, 1, discordfake.Fault{Drop: true})
	if _, err := say(); err == nil {
		t.Error("nothing is dropped")
	}
	if n := s.Messages(s.Main().ChannelID("general")); n != 0 {
		t.Errorf("%d messages came of calls that failed", n)
	}
	s.Uncertain(post, 1)
	if _, err := say(); err == nil {
		t.Error("an uncertain call is answered")
	}
	s.Uncertain(post, 1, 500)
	if got, err := say(); err != nil || got.Status != 500 {
		t.Errorf("an uncertain call: %+v, %v", got, err)
	}
	if n := s.Messages(s.Main().ChannelID("general")); n != 2 {
		t.Errorf("%d messages came of calls that lost their answers", n)
	}
	if n := s.Calls(post); n != 7 {
		t.Errorf("%d calls are counted", n)
	}
	if sent := s.Sent(); len(sent) != 2 || sent[0].Route != post || string(sent[0].Body) != `{"content":"x"}` {
		t.Errorf("sent was %+v", sent)
	}
	s.FailNext("POST /nowhere", 1, discordfake.Fault{Drop: true})
	if p := s.Problems(); len(p) != 1 {
		t.Errorf("a route that there is not: %q", p)
	}
}

func TestACallIsHeld(t *testing.T) {
	s := discordfake.New(t, options())
	path := "/channels/" + s.Main().ChannelID("general") + "/messages"
	release := s.Hold(post)
	done := make(chan error, 1)
	go func() {
		_, err := try(s, "POST", path, `{"content":"held"}`)
		done <- err
	}()
	if got := send(t, s, "GET", "/users/@me", ""); got.Status != 200 {
		t.Errorf("others wait, too: %d", got.Status)
	}
	select {
	case <-done:
		t.Error("it is not held")
	default:
	}
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.Down(true)
	if _, err := try(s, "GET", "/users/@me", ""); err == nil {
		t.Error("it answers while it is down")
	}
	s.Down(false)
	if got := send(t, s, "GET", "/users/@me", ""); got.Status != 200 {
		t.Errorf("after it came up: %d", got.Status)
	}
}

func TestPostsAreLimited(t *testing.T) {
	o := options()
	o.Limits = true
	s := discordfake.New(t, o)
	path := "/channels/" + s.Main().ChannelID("general") + "/messages"
	for left := 4; left >= 0; left-- {
		got := send(t, s, "POST", path, `{"content":"x"}`)
		if got.Status != 200 || got.Header.Get("X-RateLimit-Remaining") != string(rune('0'+left)) || got.Header.Get("X-RateLimit-Bucket") == "" {
			t.Fatalf("%d, %v", got.Status, got.Header)
		}
	}
	got := send(t, s, "POST", path, `{"content":"x"}`)
	if got.Status != 429 || got.Retry <= 0 || got.Retry > 5 || got.Header.Get("X-RateLimit-Scope") != "user" || s.Early() != 1 || s.Invalid() != 1 {
		t.Errorf("the sixth: %+v, early %d", got, s.Early())
	}
	if got := send(t, s, "POST", "/channels/"+s.Main().ChannelID("team")+"/messages", `{"content":"x"}`); got.Status != 200 {
		t.Errorf("in another channel: %d %s", got.Status, got.Body)
	}
	s.Advance(5 * time.Second)
	if got := send(t, s, "POST", path, `{"content":"x"}`); got.Status != 200 || s.Early() != 1 {
		t.Errorf("later: %d %s", got.Status, got.Body)
	}
}

func TestAChannelHasALimitOfItsOwn(t *testing.T) {
	o := options()
	o.PostEvery = time.Minute
	s := discordfake.New(t, o)
	path := "/channels/" + s.Main().ChannelID("general") + "/messages"
	got := send(t, s, "POST", path, `{"content":"x"}`)
	if got.Status != 200 || got.Header.Get("X-RateLimit-Remaining") != "0" || got.Header.Get("X-RateLimit-Reset-After") != "60.000" {
		t.Errorf("%d %v", got.Status, got.Header)
	}
	if got := send(t, s, "POST", path, `{"content":"x"}`); got.Status != 429 || s.Early() != 1 {
		t.Errorf("at once: %d, early %d", got.Status, s.Early())
	}
	team := s.Main().ChannelID("team")
	s.LimitPosts(team, time.Minute)
	for i, want := range []int{200, 429, 429} {
		if got := send(t, s, "POST", "/channels/"+team+"/messages", `{"content":"x"}`); got.Status != want {
			t.Errorf("post %d: %d", i, got.Status)
		}
	}
	if s.Early() != 2 { // the first time it could not know
		t.Errorf("early %d", s.Early())
	}
}

func TestTheBotHasAGlobalLimit(t *testing.T) {
	o := options()
	o.Global = 2
	var got reply
	for took := time.Second; took >= time.Second; { // else the third is in the next second
		s, began := discordfake.New(t, o), time.Now()
		for range 3 {
			got = send(t, s, "GET", "/users/@me", "")
		}
		took = time.Since(began)
	}
	if got.Status != 429 || !got.Global || got.Header.Get("X-RateLimit-Global") != "true" {
		t.Errorf("the third: %d %s", got.Status, got.Body)
	}
}
