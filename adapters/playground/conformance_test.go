package playground_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/playground"
	"balie/adapters/playground/client"
	"balie/adapters/playground/playgroundtest"
	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// TestConformance runs the suite of all adapters through the real HTTP surface.
func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Subject{Start: startNetwork, Secrets: []string{string(secret)}})
}

type network struct {
	p      *playground.Playground
	client *client.Client
	url    string
}

func startNetwork(t *testing.T, s adaptertest.Setup) adaptertest.Network {
	opts := demoOptions()
	opts.Content, opts.Log, opts.AnswerWithin = playgroundtest.NewMemory(), s.Log, s.AnswerWithin
	p, err := playground.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.Hooks(s.Handler))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, s.Handler) }()
	n := &network{p: p, client: client.New(server.URL, nil), url: server.URL + playground.Prefix + "api/"}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		n.client.CloseIdle()
		server.Close()
	})
	return n
}

func (n *network) Platform() chat.Platform { return n.p }

func (n *network) Places() adaptertest.Places {
	return adaptertest.Places{
		Workspace: "demo", Requester: "ana", Agent: "bram", Open: "general", Closed: "ict-triage", Command: "ticket", Shortcut: "create",
	}
}

func (n *network) Act(ctx context.Context, a adaptertest.Act) (adaptertest.Seen, error) {
	who := n.client.As(a.As).Nonce(a.Repeat)
	channel := a.In.Channel
	if a.Direct {
		channel = who.Direct()
	}
	form, _ := a.Form.(*wire.Form)
	var ids []string
	for i, f := range a.Files {
		up := n.client.As(a.As)
		if a.Repeat != "" {
			up = up.Nonce(fmt.Sprint(a.Repeat, "-file-", i))
		}
		kept, err := up.Upload(ctx, f.Name, f.Type, bytes.NewReader(f.Content))
		if err != nil {
			return refusal(err)
		}
		ids = append(ids, kept.ID)
	}
	in := client.Filled{Values: a.Values}
	if len(ids) > 0 {
		in.Files = map[string][]string{a.Field: ids}
	}
	var got wire.Answer
	var err error
	switch a.Kind {
	case adaptertest.Command:
		got, err = who.Command(ctx, channel, a.Name, a.Text)
	case adaptertest.Click:
		got, err = n.click(ctx, who, a)
	case adaptertest.Submit:
		got, err = who.Submit(ctx, form, in)
	case adaptertest.Change:
		got, err = who.Change(ctx, form, a.Field, in)
	case adaptertest.CloseIt:
		got, err = who.Close(ctx, form, in)
	case adaptertest.Say:
		got, err = who.Say(ctx, channel, a.In.Thread, a.Text, ids...)
	case adaptertest.Edit:
		got, err = who.Edit(ctx, a.In.Message, a.Text)
	case adaptertest.Delete:
		got, err = who.Delete(ctx, a.In.Message)
	case adaptertest.React, adaptertest.Unreact:
		got, err = who.React(ctx, a.In.Message, a.Name, a.Kind == adaptertest.Unreact)
	case adaptertest.Shortcut:
		got, err = who.Shortcut(ctx, a.In.Message, a.Name)
	}
	if err != nil {
		return refusal(err)
	}
	seen := adaptertest.Seen{Errors: got.Errors}
	for _, m := range got.Private {
		seen.Texts = append(seen.Texts, m.Text)
	}
	if got.Form != nil {
		seen.Form = got.Form
		for _, f := range got.Form.Fields {
			seen.Fields = append(seen.Fields, f.ID)
		}
	}
	if got.Message != nil {
		seen.Message = ref(*got.Message)
	}
	return seen, nil
}

// click presses a button as it stands; who does not see the message tries with what somebody else sees.
func (n *network) click(ctx context.Context, who client.Person, a adaptertest.Act) (wire.Answer, error) {
	page, err := n.client.As("bram").Messages(ctx, a.In.Channel, "", 200)
	if err != nil {
		return wire.Answer{}, err
	}
	i := slices.IndexFunc(page.Messages, func(m wire.Message) bool { return m.ID == a.In.Message })
	if i < 0 {
		return wire.Answer{}, fmt.Errorf("there is no message %q", a.In.Message)
	}
	if a.Choice != "" {
		return who.Click(ctx, page.Messages[i].Buttons, a.Button, a.Choice)
	}
	return who.Click(ctx, page.Messages[i].Buttons, a.Button)
}

func refusal(err error) (adaptertest.Seen, error) {
	var e *client.Error
	if !errors.As(err, &e) {
		return adaptertest.Seen{}, err
	}
	return adaptertest.Seen{Refused: true, Texts: []string{e.Message}}, nil
}

func ref(m wire.Message) chat.Ref {
	return chat.Ref{Platform: "playground", Workspace: "demo", Channel: m.Channel, Thread: m.Thread, Message: m.ID}
}

func (n *network) Shown(ctx context.Context, as string, in chat.Ref) ([]adaptertest.Shown, error) {
	var out []adaptertest.Shown
	for before := ""; ; {
		var page wire.Page[wire.Message]
		var err error
		if in.Thread != "" {
			page, err = n.client.As(as).Thread(ctx, in.Thread, before, 200)
		} else {
			page, err = n.client.As(as).Messages(ctx, in.Channel, before, 200)
		}
		if err != nil {
			return nil, err
		}
		var part []adaptertest.Shown
		for _, m := range page.Messages {
			if m.ID == in.Thread {
				continue
			}
			s := adaptertest.Shown{Ref: ref(m), Bot: m.From == wire.BotID, Text: m.Text, Mentions: m.Mention, At: m.At}
			if m.Card != nil {
				s.Title = m.Card.Title
			}
			for _, b := range m.Buttons {
				s.Buttons = append(s.Buttons, b.Label)
			}
			for _, f := range m.Files {
				s.Files = append(s.Files, f.Name)
			}
			part = append(part, s)
		}
		out = append(part, out...)
		if before = page.Before; before == "" {
			return out, nil
		}
	}
}

func (n *network) Uncertain(*testing.T) { n.p.SetFaults(playground.Faults{Uncertain: 1}) }

func (n *network) Limit(_ *testing.T, channel string, every time.Duration) {
	n.p.SetFaults(playground.Faults{Every: map[string]time.Duration{channel: every}})
}

func (n *network) Fail(_ *testing.T, on bool) { n.p.SetFaults(playground.Faults{Fail: on}) }

func (n *network) request(t *testing.T, name, path, body string, change func(*http.Request)) adaptertest.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, n.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	return adaptertest.Request{Name: name, HTTP: r}
}

func (n *network) Refused(t *testing.T) []adaptertest.Request {
	at, err := n.p.Send(t.Context(), chat.Post{
		Key: "card", To: chat.Place{Platform: "playground", Workspace: "demo", Channel: "general"}, Text: "card",
		Buttons: []chat.Button{{Label: "Claim", Value: chat.Value{Verb: "claim"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := n.Shown(t.Context(), "ana", chat.Ref{Channel: "general"})
	if err != nil || len(all) != 1 || all[0].Ref != at {
		t.Fatalf("shown %+v, %v", all, err)
	}
	page, err := n.client.As("ana").Messages(t.Context(), "general", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	token := page.Messages[0].Buttons[0].Token
	sealer, err := chat.NewSealer(bytes.Repeat([]byte("another secret "), 3))
	if err != nil {
		t.Fatal(err)
	}
	own, err := chat.NewSealer(secret)
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte(`{"b":{"v":"claim"},"c":"general"}`)
	click := func(token string) string {
		return fmt.Sprintf(`{"as":"ana","nonce":"refused-0001","token":%q}`, token)
	}
	say := `{"as":"ana","nonce":"refused-0002","channel":"general","text":"hello"}`
	return []adaptertest.Request{
		n.request(t, "no token", "click", click(""), nil),
		n.request(t, "a changed token", "click", click(token[:20]+"A"+token[21:]+"A"), nil),
		n.request(t, "another secret", "click", click(sealer.Seal("playground button", "", time.Time{}, payload)), nil),
		n.request(t, "another purpose", "submit", click(token), nil),
		n.request(t, "an expired form", "submit", click(own.Seal("playground form", "ana", time.Now().Add(-time.Second), payload)), nil),
		n.request(t, "somebody else's form", "submit", click(own.Seal("playground form", "bram", time.Now().Add(time.Hour), payload)), nil),
		n.request(t, "nobody", "send", strings.Replace(say, "ana", "mallory", 1), nil),
		n.request(t, "no nonce", "send", `{"as":"ana","channel":"general","text":"hello"}`, nil),
		n.request(t, "a channel of others", "send", strings.Replace(say, "general", "ict-triage", 1), nil),
		n.request(t, "a conversation of others", "send", strings.Replace(say, "general", "dm-bram", 1), nil),
		n.request(t, "a message of the bot's", "delete", `{"as":"ana","nonce":"refused-0003","message":"`+at.Message+`"}`, nil),
		n.request(t, "an unknown command", "command", `{"as":"ana","nonce":"refused-0004","channel":"general","name":"rm"}`, nil),
		n.request(t, "too large", "send", `{"as":"ana","text":"`+strings.Repeat("x", 2<<20)+`"}`, nil),
		n.request(t, "from another site", "send", say, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }),
		n.request(t, "for another host", "send", say, func(r *http.Request) { r.Host = "evil.example" }),
	}
}

func (n *network) Garbage(t *testing.T) []adaptertest.Request {
	var out []adaptertest.Request
	for _, path := range []string{"send", "edit", "delete", "react", "command", "shortcut", "click", "submit", "change", "close", "upload", "faults", "nothing"} {
		for i, body := range []string{
			"", "null", "[]", "{", `"text"`, "{}", `{"as":null}`, `{"as":"ana","nonce":"garbage-1"}`, `{"as":"ana","nonce":"garbage-2","values":{"a":null},"files":{"b":[""]},"choice":[null]}`,
			`{"as":"ana","nonce":"garbage-3","channel":"general","thread":"nowhere","message":"\u0000","uploads":["x"]}`, strings.Repeat("[", 100_000), "\xff\xfe",
		} {
			out = append(out, n.request(t, fmt.Sprint(path, " ", i), path, body, nil))
		}
	}
	return out
}

// FuzzRequests sends anything to every action: it is refused or done, and nothing breaks.
func FuzzRequests(f *testing.F) {
	p, err := playground.New(func() playground.Options {
		opts := demoOptions()
		opts.Content = playgroundtest.NewMemory()
		return opts
	}())
	if err != nil {
		f.Fatal(err)
	}
	hooks := p.Hooks(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		if e.ID == "" || e.Person.ID == "" {
			return chat.Reply{}, errors.New("an event without its id or person")
		}
		return chat.Reply{Text: "ok"}, nil
	})
	for _, path := range []string{"send", "edit", "react", "command", "click", "submit", "change", "close", "shortcut", "faults"} {
		f.Add(path, `{"as":"ana","nonce":"fuzzing-1","channel":"general","text":"hi","name":"ticket","emoji":"eyes","token":"AAAA","values":{"a":["b"]}}`)
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		if strings.ContainsAny(path, " /?#%\x00\r\n") {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/playground/api/x", strings.NewReader(body))
		r.URL.Path, r.Host = "/playground/api/"+path, "localhost"
		w := httptest.NewRecorder()
		hooks.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s %q: %d %s", path, body, w.Code, w.Body)
		}
		if w.Code == http.StatusOK && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %q: %s", path, body, w.Body)
		}
	})
}
