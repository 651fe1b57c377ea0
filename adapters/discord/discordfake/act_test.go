package discordfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// app is an app that takes interactions over HTTP. What it answers is JSON; with a status it is that alone.
type app struct {
	t *testing.T
	s *Server

	mu     sync.Mutex
	heard  []packet
	answer func(packet) string
}

func newApp(t *testing.T, o Options) *app {
	a := &app{t: t, s: New(t, o)}
	server := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(server.Close)
	a.s.Deliver(server.URL + "/hooks/discord")
	a.call("PUT", "/applications/"+a.s.ApplicationID+"/commands", `[
		{"name":"ticket","description":"Tickets","options":[
			{"type":1,"name":"new","description":"New","options":[
				{"type":3,"name":"summary","description":"What","required":true,"max_length":20},
				{"type":3,"name":"category","description":"Which","autocomplete":true},
				{"type":3,"name":"priority","description":"How","choices":[{"name":"High","value":"p1"},{"name":"Low","value":"p2"}]},
				{"type":11,"name":"file","description":"Which"},{"type":6,"name":"who","description":"Who"}]}]},
		{"type":3,"name":"Create ticket","name_localizations":{"nl":"Maak ticket"}},
		{"name":"admin","description":"x","default_member_permissions":"32"}]`)
	return a
}

func (a *app) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	stamp := r.Header.Get("X-Signature-Timestamp")
	var at int64
	if _, err := fmt.Sscan(stamp, &at); err != nil || a.s.Sign(body, time.Unix(at, 0)).Get("X-Signature-Ed25519") != r.Header.Get("X-Signature-Ed25519") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var in struct{ Type int }
	if err := json.Unmarshal(body, &in); err != nil {
		a.t.Error(err)
	}
	if in.Type == pingInteraction {
		fmt.Fprint(w, `{"type":1}`)
		return
	}
	a.mu.Lock()
	p := packet{Data: body}
	a.heard = append(a.heard, p)
	answer := a.answer
	a.mu.Unlock()
	out := `{"type":4,"data":{"content":"Well.","flags":64}}`
	if answer != nil {
		out = answer(p)
	}
	if status := 0; len(out) == 3 {
		if _, err := fmt.Sscan(out, &status); err != nil {
			a.t.Error(err)
		}
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, out)
}

func (a *app) always(answer string) { a.does(func(packet) string { return answer }) }

func (a *app) does(what func(packet) string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = what
}

func (a *app) last() packet {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard[len(a.heard)-1]
}

func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.heard)
}

// call calls the REST API, and gives the status and what was answered.
func (a *app) call(method, path, body string) (int, map[string]any) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.s.APIURL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bot "+a.s.Token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(raw, &out) // a list is of no interest here
	return resp.StatusCode, out
}

// about is where the answers to the last interaction go.
func (a *app) about() string {
	return "/webhooks/" + a.s.ApplicationID + "/" + fmt.Sprint(a.last().at(a.t, "token"))
}

func (a *app) check(want map[string]any) {
	a.t.Helper()
	last := a.last()
	for path, v := range want {
		if got := last.at(a.t, path); fmt.Sprint(got) != fmt.Sprint(v) {
			a.t.Errorf("%s = %v, want %v", path, got, v)
		}
	}
}

func TestCommands(t *testing.T) {
	a := newApp(t, town())
	main := a.s.Main()
	ana, open := a.s.As("ana"), main.ChannelID("open")
	file, no := ana.Upload(t.Context(), "a.txt", []byte("x"))
	if no != "" {
		t.Fatal(no)
	}
	got := must(t)(ana.Command(t.Context(), open, "ticket", "new", map[string]string{
		"summary": "broken :x:", "category": "whatever", "priority": "High", "file": file, "who": a.s.UserID("bram")}))
	if got.Refused != "" || got.Status != 200 || len(got.Private) != 1 || got.Private[0].Content != "Well." || !got.Private[0].Ephemeral {
		t.Errorf("answered %+v", got)
	}
	a.check(map[string]any{"type": 2, "guild_id": main.GuildID, "channel_id": open, "channel.type": 0, "member.user.username": "ana", "locale": "en-US",
		"data.name": "ticket", "data.type": 1, "application_id": a.s.ApplicationID, "context": 0, "user": nil,
		"data.resolved.attachments." + file + ".filename": "a.txt"})
	raw := string(a.last().Data)
	for _, want := range []string{`"name":"new"`, `"value":"broken ❌"`, `"value":"p1"`, `"value":"whatever"`} {
		if !strings.Contains(raw, want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
	if got := ana.Messages(open); len(got) != 1 || len(a.s.As("bram").Messages(open)) != 0 {
		t.Errorf("on the screen %+v", got)
	}
	before := a.count()
	for what, options := range map[string]map[string]string{
		"without what is required": nil, "too long": {"summary": strings.Repeat("x", 21)}, "an invented choice": {"summary": "x", "priority": "p9"},
		"an unknown option": {"summary": "x", "more": "y"}, "nobody": {"summary": "x", "who": "1"},
	} {
		if _, err := ana.Command(t.Context(), open, "ticket", "new", options); !errors.Is(err, ErrNotOffered) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, name := range map[string][2]string{"no command": {"tickets", ""}, "no subcommand": {"ticket", "old"}, "without": {"ticket", ""}, "admins": {"admin", ""}} {
		if _, err := ana.Command(t.Context(), open, name[0], name[1], nil); !errors.Is(err, ErrNotOffered) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := must(t)(ana.Command(t.Context(), main.ChannelID("closed"), "ticket", "new", nil)); got.Refused == "" {
		t.Error("somebody who does not see the channel could use it")
	}
	if a.count() != before {
		t.Error("the app heard of what could not be sent")
	}
	must(t)(ana.Command(t.Context(), a.s.Direct("ana"), "ticket", "new", map[string]string{"summary": "x"}))
	a.check(map[string]any{"guild_id": nil, "member": nil, "user.id": ana.ID, "channel.type": 1, "context": 1})
	a.always(`{"type":8,"data":{"choices":[{"name":"Hardware","value":"hw"}]}}`)
	choices, _, err := ana.Complete(t.Context(), open, "ticket", "new", "category", "har", map[string]string{"summary": "x"})
	if err != nil || !slices.Equal(choices, []Choice{{"Hardware", "hw"}}) {
		t.Errorf("offered %v, %v", choices, err)
	}
	if raw := string(a.last().Data); !strings.Contains(raw, `"focused":true`) || !strings.Contains(raw, `"type":4`) {
		t.Errorf("asked %s", raw)
	}
	if _, _, err := ana.Complete(t.Context(), open, "ticket", "new", "summary", "x", nil); !errors.Is(err, ErrNotOffered) {
		t.Errorf("looked up although nothing is: %v", err)
	}
	said := must(t)(ana.Say(t.Context(), open, "help"))
	a.always(`{"type":4,"data":{"content":"Thanks."}}`)
	bram := a.s.As("bram")
	got = must(t)(bram.MessageCommand(t.Context(), open, said.Message.ID, "Maak ticket"))
	if len(got.Public) != 1 || got.Public[0].Content != "Thanks." {
		t.Errorf("answered %+v", got)
	}
	a.check(map[string]any{"data.name": "Create ticket", "data.type": 3, "data.target_id": said.Message.ID, "locale": "nl", "message": nil,
		"data.resolved.messages." + said.Message.ID + ".content": "help"})
}

func TestFailuresAreSeen(t *testing.T) {
	a := newApp(t, town())
	ana, open := a.s.As("ana"), a.s.Main().ChannelID("open")
	ask := func() Answer {
		return must(t)(ana.Command(t.Context(), open, "ticket", "new", map[string]string{"summary": "x"}))
	}
	for what, answer := range map[string]string{"an error": "500", "nothing": `{}`, "a wrong type": `{"type":7,"data":{"content":"x"}}`,
		"an empty message": `{"type":4,"data":{}}`, "no JSON": "<html>"} {
		a.always(answer)
		if got := ask(); got.Refused != noResponse {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if n := len(a.s.Problems()); n != 4 {
		t.Errorf("%d problems", n)
	}
	a.s.o.InteractionLife = 50 * time.Millisecond // only now: the others were in time
	late := make(chan bool)
	a.does(func(packet) string {
		<-late
		return `{"type":4,"data":{"content":"late"}}`
	})
	got := ask()
	close(late)
	if got.Refused != noResponse || len(ana.Messages(open)) != 0 {
		t.Errorf("late: %+v", got)
	}
	a.s.Deliver("")
	if got := ask(); got.Refused != noResponse { // nobody is on the gateway
		t.Errorf("answered by nobody: %+v", got)
	}
	useless := httptest.NewServer(http.NotFoundHandler())
	defer useless.Close()
	if err := a.s.Probe(t.Context(), useless.URL); err == nil {
		t.Error("an address that answers nothing of use was taken")
	}
}

func TestComponents(t *testing.T) {
	a := newApp(t, town())
	main := a.s.Main()
	ana, bram, closed := a.s.As("ana"), a.s.As("bram"), main.ChannelID("closed")
	_, sent := a.call("POST", "/channels/"+closed+"/messages", `{"content":"HD-1","components":[
		{"type":1,"components":[{"type":2,"style":1,"label":"Claim","custom_id":"c1"},{"type":2,"style":2,"label":"Off","custom_id":"c2","disabled":true},
			{"type":2,"style":5,"label":"Page","url":"https://example.org/"}]},
		{"type":1,"components":[{"type":3,"custom_id":"m1","placeholder":"Priority","options":[{"label":"High","value":"p1"},{"label":"Low","value":"p2"}]}]},
		{"type":1,"components":[{"type":5,"custom_id":"m2","placeholder":"Assign"}]}]}`)
	id, _ := sent["id"].(string)
	m := bram.Message(closed, id)
	if m == nil || !slices.Equal(m.Labels(), []string{"Claim", "Off", "Page", "Priority", "Assign"}) || !slices.Equal(m.Links(), []string{"https://example.org/"}) {
		t.Fatalf("message = %+v", m)
	}
	a.always(`{"type":7,"data":{"content":"HD-1 taken","components":[]}}`)
	must(t)(bram.Choose(t.Context(), *m, "Priority", "Low"))
	a.check(map[string]any{"type": 3, "data.custom_id": "m1", "data.component_type": 3, "data.values": []any{"p2"}, "message.id": id, "member.user.id": bram.ID})
	if now := bram.Message(closed, id); now.Content != "HD-1 taken" || len(now.Buttons()) != 0 {
		t.Errorf("updated to %+v", now)
	}
	if got := must(t)(bram.Click(t.Context(), *m, "Claim")); got.Refused != failedClick {
		t.Errorf("pressed what is gone: %+v", got)
	}
	a.always(`{"type":6}`)
	if got := must(t)(bram.Forge(t.Context(), *m, "c1")); got.Refused != "" {
		t.Errorf("forged: %+v", got)
	}
	a.check(map[string]any{"data.custom_id": "c1", "data.component_type": 2})
	a.call("PATCH", "/channels/"+closed+"/messages/"+id, string(mustJSON(map[string]any{"components": sent["components"]})))
	must(t)(bram.Choose(t.Context(), *m, "Assign", ana.ID))
	a.check(map[string]any{"data.values": []any{ana.ID}, "data.resolved.users." + ana.ID + ".username": "ana"})
	for what, try := range map[string]func() (Answer, error){
		"an invented button": func() (Answer, error) { return bram.Click(t.Context(), *m, "Close") },
		"a disabled one":     func() (Answer, error) { return bram.Click(t.Context(), *m, "Off") },
		"a link":             func() (Answer, error) { return bram.Click(t.Context(), *m, "Page") },
		"an invented option": func() (Answer, error) { return bram.Choose(t.Context(), *m, "Priority", "p9") },
		"too many":           func() (Answer, error) { return bram.Choose(t.Context(), *m, "Priority", "p1", "p2") },
		"nobody":             func() (Answer, error) { return bram.Choose(t.Context(), *m, "Assign", "1") },
		"an invented menu":   func() (Answer, error) { return bram.Choose(t.Context(), *m, "Status", "x") },
	} {
		if _, err := try(); !errors.Is(err, ErrNotOffered) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := must(t)(ana.Click(t.Context(), *m, "Claim")); got.Refused == "" {
		t.Errorf("who does not see it could click: %+v", got)
	}
	// A private message with a button, which changes it.
	a.always(`{"type":4,"data":{"content":"Really?","flags":64,"components":[{"type":1,"components":[{"type":2,"style":4,"label":"Yes","custom_id":"y"}]}]}}`)
	asked := must(t)(bram.Click(t.Context(), *m, "Claim"))
	a.always(`{"type":7,"data":{"content":"Done.","components":[]}}`)
	got := must(t)(bram.Click(t.Context(), asked.Private[0], "Yes"))
	if got.Updated == nil || got.Updated.Content != "Done." || !got.Updated.Ephemeral || len(bram.Private()) != 1 {
		t.Errorf("the private message: %+v", got)
	}
	a.check(map[string]any{"message.flags": 64, "message.content": "Really?"})
	if stolen := must(t)(ana.Click(t.Context(), asked.Private[0], "Yes")); stolen.Refused == "" {
		t.Errorf("somebody else's private message: %+v", stolen)
	}
}

func TestPeopleTalk(t *testing.T) {
	s := New(t, town())
	main := s.Main()
	ana, bram, open := s.As("ana"), s.As("bram"), main.ChannelID("open")
	said := must(t)(ana.Say(t.Context(), open, "@bram look at #open")).Message
	if said.Content != "<@"+bram.ID+"> look at <#"+open+">" || !slices.Equal(said.Notified, []string{bram.ID}) {
		t.Errorf("said %+v", said)
	}
	for what, try := range map[string]func() (Answer, error){
		"nothing":          func() (Answer, error) { return ana.Say(t.Context(), open, " \n ") },
		"too much":         func() (Answer, error) { return ana.Say(t.Context(), open, strings.Repeat("x", 2001)) },
		"elsewhere":        func() (Answer, error) { return ana.Say(t.Context(), main.ChannelID("closed"), "x") },
		"in a forum":       func() (Answer, error) { return ana.Say(t.Context(), main.ChannelID("forum"), "x") },
		"to nothing":       func() (Answer, error) { return ana.Reply(t.Context(), open, "1", "x") },
		"another's edit":   func() (Answer, error) { return bram.Edit(t.Context(), open, said.ID, "x") },
		"another's delete": func() (Answer, error) { return bram.Delete(t.Context(), open, said.ID) },
		"another's direct": func() (Answer, error) { return bram.Say(t.Context(), s.Direct("ana"), "x") },
	} {
		if got := must(t)(try()); got.Refused == "" {
			t.Errorf("%s: it was done", what)
		}
	}
	th := must(t)(bram.StartThread(t.Context(), open, said.ID, "The printer")).Message.Channel
	if th != said.ID || ana.Message(open, said.ID).Thread != th {
		t.Errorf("the thread is %s", th)
	}
	must(t)(ana.Say(t.Context(), th, "in the thread"))
	s.Archive(th, false)
	must(t)(ana.Say(t.Context(), th, "again"))
	if now := s.Thread(th); now.Archived || !slices.Equal(now.Members, []string{ana.ID, bram.ID}) {
		t.Errorf("thread = %+v", now)
	}
	s.Archive(th, true)
	if got := must(t)(ana.Say(t.Context(), th, "locked")); got.Refused == "" {
		t.Error("a locked thread was written to")
	}
	answer := must(t)(bram.Reply(t.Context(), open, said.ID, "yes?")).Message
	if answer.Reply != said.ID || !slices.Equal(answer.Notified, []string{ana.ID}) {
		t.Errorf("reply = %+v", answer)
	}
	if _, no := ana.Upload(t.Context(), "empty", nil); no == "" {
		t.Error("an empty file was taken")
	}
	if _, no := ana.Upload(t.Context(), "large", make([]byte, maxFile+1)); no == "" {
		t.Error("a large file was taken")
	}
	file, _ := ana.Upload(t.Context(), "größe 1.txt", []byte("x"))
	with := must(t)(ana.Say(t.Context(), open, "", file)).Message
	if len(with.Files) != 1 || with.Files[0].Name != "größe 1.txt" {
		t.Errorf("with a file: %+v", with)
	}
	if got, err := bram.Download(t.Context(), file); err != nil || string(got) != "x" {
		t.Errorf("downloaded %q, %v", got, err)
	}
	if got := must(t)(bram.Say(t.Context(), open, "mine", file)); got.Refused == "" {
		t.Error("somebody else's file was taken")
	}
	if all := ana.Visible(); len(all[th]) == 0 || len(all[open]) != 3 {
		t.Errorf("visible %d %d", len(all[th]), len(all[open]))
	}
}
