package playground_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"balie/adapters/playground"
	"balie/adapters/playground/client"
	"balie/adapters/playground/playgroundtest"
	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

func (w *world) get(path, host string) (*http.Response, string) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.server.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	return resp, string(body)
}

func TestThePageCarriesNoScriptOfItsOwnAndIsGuarded(t *testing.T) {
	w := newWorld(t, nil, func(o *playground.Options) { o.URL = "https://Chat.Example.org:8443/" })
	resp, body := w.get("/playground/", "")
	if resp.StatusCode != 200 || !strings.Contains(body, `src="app.js"`) || strings.Contains(body, "onclick") || strings.Contains(body, "style=") {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", resp.Header)
	}
	for host, want := range map[string]int{
		"": 200, "localhost:1": 200, "127.0.0.9": 200, "[::1]:80": 200, "a.localhost": 200, "chat.example.org": 200, "CHAT.example.org:8443": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "notlocalhost": 421, "10.0.0.1": 421,
	} {
		if resp, _ := w.get("/playground/api/workspace?as=ana", host); resp.StatusCode != want {
			t.Errorf("host %q: status %d, want %d", host, resp.StatusCode, want)
		}
	}
	if resp, body := w.get("/playground/nothing.js", ""); resp.StatusCode != 404 {
		t.Errorf("a file that is not there: %d %s", resp.StatusCode, body)
	}
}

func TestAvatarsAreDrawnAndDiffer(t *testing.T) {
	w := newWorld(t, nil, nil)
	seen := map[string]string{}
	for _, id := range []string{"ana", "bram", "carla", "david", "eva", wire.BotID} {
		resp, body := w.get("/playground/avatars/"+id+".svg", "")
		if resp.Header.Get("Content-Type") != "image/svg+xml" || xml.Unmarshal([]byte(body), new(struct{})) != nil {
			t.Errorf("%s: %v %s", id, resp.Header, body)
		}
		if other := seen[body]; other != "" {
			t.Errorf("%s looks like %s", id, other)
		}
		seen[body] = id
	}
	for _, id := range []string{"..%2f..", "%3Cscript%3E.svg", "A.svg", ".svg"} {
		if resp, _ := w.get("/playground/avatars/"+id, ""); resp.StatusCode != 404 {
			t.Errorf("%s: status %d", id, resp.StatusCode)
		}
	}
}

func TestFilesAreGivenOnlyToThoseWhoSeeTheMessageAndNeverRun(t *testing.T) {
	w := newWorld(t, nil, nil)
	ctx, bram := t.Context(), w.client.As("bram")
	page, err := bram.Upload(ctx, "page.html", "text/html", strings.NewReader("<script>alert(1)</script>"))
	if err != nil {
		t.Fatal(err)
	}
	fake, err := bram.Upload(ctx, "not.png", "image/svg+xml", strings.NewReader("<svg onload='x'/>"))
	if err != nil || fake.Image || fake.Type != "application/octet-stream" {
		t.Errorf("Upload = %+v, %v", fake, err)
	}
	picture, err := bram.Upload(ctx, "shot.png", "image/png", strings.NewReader(string(screenshot())))
	if err != nil {
		t.Fatal(err)
	}
	var refused *client.Error
	if _, err := w.client.As("ana").Say(ctx, "general", "", "mine?", page.ID); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("somebody else's upload: %v", err)
	}
	said, err := bram.Say(ctx, "ict-triage", "", "", page.ID, picture.ID)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{page.ID: "attachment", picture.ID: "inline"} {
		body, head, err := bram.Download(ctx, said.Message.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(body)
		if closeErr := body.Close(); err != nil || closeErr != nil || len(content) == 0 {
			t.Errorf("download: %d bytes, %v, %v", len(content), err, closeErr)
		}
		if d := head.Get("Content-Disposition"); !strings.HasPrefix(d, want) || !strings.Contains(head.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %v", id, head)
		}
		if want == "attachment" && head.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %v", id, head)
		}
	}
	if _, _, err := w.client.As("ana").Download(ctx, said.Message.ID, page.ID); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("a file of a channel that Ana is not in: %v", err)
	}
	if _, _, err := bram.Download(ctx, said.Message.ID, fake.ID); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("a file of no message: %v", err)
	}
}

func TestPagesGoBackToTheBeginning(t *testing.T) {
	w := newWorld(t, nil, nil)
	root := w.send(chat.Post{Key: "root", To: w.channel("general"), Text: "0"})
	for i := 1; i < 25; i++ {
		w.send(chat.Post{Key: string(rune('a' + i)), To: w.channel("general"), Text: "x"})
	}
	under := w.channel("general")
	under.Thread = root.Message
	w.send(chat.Post{Key: "reply", To: under, Text: "under it"})
	seen, before := map[string]bool{}, ""
	for pages := 1; ; pages++ {
		page, err := w.client.As("ana").Messages(t.Context(), "general", before, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Messages {
			if seen[m.ID] {
				t.Errorf("%s twice", m.ID)
			}
			seen[m.ID] = true
		}
		if before = page.Before; before == "" {
			if pages != 3 || len(seen) != 25 || page.Messages[0].ID != root.Message || page.Threads[root.Message].Count != 1 {
				t.Errorf("%d messages on %d pages, threads %+v", len(seen), pages, page.Threads)
			}
			break
		}
	}
	for _, limit := range []string{"0", "-1", "9999", "x"} {
		if resp, _ := w.get("/playground/api/messages?as=ana&channel=general&limit="+limit, ""); resp.StatusCode != 400 {
			t.Errorf("limit %s: status %d", limit, resp.StatusCode)
		}
	}
}

func TestTheWorkspaceSpeaksThePersonsLanguageAndHidesTheirNot(t *testing.T) {
	w := newWorld(t, nil, nil)
	for who, want := range map[string]string{"ana": "Ask for help|Create ticket|general random dm-ana ", "bram": "Vraag om hulp|Melding maken|general ict-triage random dm-bram "} {
		ws, err := w.client.As(who).Workspace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := ws.Commands[0].Hint + "|" + ws.Shortcuts[0].Label + "|"
		for _, c := range ws.Channels {
			got += c.ID + " "
		}
		if got != want {
			t.Errorf("%s sees %q, want %q", who, got, want)
		}
	}
}

func TestFaultsAreSetOverTheAPI(t *testing.T) {
	w := newWorld(t, nil, nil)
	set := wire.Faults{DelayMS: 5, FailNext: 1, EveryMS: map[string]int{"general": 1000}}
	if err := w.client.SetFaults(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Send(t.Context(), chat.Post{Key: "k", To: w.channel("general"), Text: "x"}); err == nil {
		t.Error("Send succeeded, want a failure")
	}
	got, err := w.client.Faults(t.Context())
	if err != nil || got.FailNext != 0 || got.DelayMS != 5 || got.EveryMS["general"] != 1000 {
		t.Errorf("Faults = %+v, %v", got, err)
	}
	var refused *client.Error
	for _, bad := range []wire.Faults{{DelayMS: -1}, {DelayMS: 1 << 30}, {FailNext: -1}, {EveryMS: map[string]int{"nowhere": 1}}} {
		if err := w.client.SetFaults(t.Context(), bad); !errors.As(err, &refused) || refused.Status != 422 {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestNewRefusesWhatCanNotWork(t *testing.T) {
	for name, change := range map[string]func(*playground.Options){
		"no content": func(o *playground.Options) { o.Content = nil }, "a short secret": func(o *playground.Options) { o.Secret = []byte("short") },
		"a person twice": func(o *playground.Options) { o.People = append(o.People, o.People[0]) }, "the bot's id": func(o *playground.Options) { o.People[0].ID = wire.BotID },
		"a bad id": func(o *playground.Options) { o.People[0].ID = "../x" }, "a strange member": func(o *playground.Options) { o.Channels[1].Members = []string{"nobody"} },
		"a channel twice": func(o *playground.Options) { o.Channels = append(o.Channels, o.Channels[0]) }, "a bad URL": func(o *playground.Options) { o.URL = "::" },
		"a channel like a conversation": func(o *playground.Options) { o.Channels[0].ID = "dm-ana" },
	} {
		opts := demoOptions()
		opts.Content = playgroundtest.NewMemory()
		change(&opts)
		if _, err := playground.New(opts); err == nil || strings.Contains(err.Error(), "short\"") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
