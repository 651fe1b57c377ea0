package discord_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

const (
	cdnRoute    = "GET /attachments/{channel}/{id}/{name}"
	lookUpRoute = "GET /channels/{channel}/messages/{message}"
)

// hands has somebody say something with two files in a ticket's thread, and gives what is heard of the second one.
func (h *house) hands(content string) chat.File {
	h.Helper()
	root := h.sends(chat.Post{Key: "card", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	bram := h.fake.As("bram")
	var ids []string
	for _, data := range []string{"another content", content} {
		id, refused := bram.Upload(h.Context(), "photo.txt", []byte(data))
		if refused != "" {
			h.Fatal(refused)
		}
		ids = append(ids, id)
	}
	if said, err := bram.Say(h.Context(), root.Message, "look", ids...); err != nil || said.Refused != "" {
		h.Fatal(err, said.Refused)
	}
	messages, err := h.d.Thread(h.Context(), root)
	if err != nil || len(messages) != 1 || len(messages[0].Files) != 2 {
		h.Fatalf("the thread has %+v, %v", messages, err)
	}
	return messages[0].Files[1]
}

// fetched is what a file has in it.
func (h *house) fetched(f chat.File) string {
	h.Helper()
	content, err := h.d.Fetch(h.Context(), f)
	if err != nil {
		h.Fatalf("Fetch: %v", err)
	}
	data, err := io.ReadAll(content)
	if err = errors.Join(err, content.Close()); err != nil {
		h.Fatal(err)
	}
	return string(data)
}

// noFile has it that a file can't be fetched, and says why.
func noFile(t *testing.T, p chat.Fetcher, f chat.File) *chat.SendError {
	t.Helper()
	content, err := p.Fetch(t.Context(), f)
	if err == nil {
		t.Error("it could be fetched", content.Close())
		return &chat.SendError{}
	}
	e, ok := errors.AsType[*chat.SendError](err)
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	return e
}

// fileAt is a file at an address that nobody but Discord should have given.
func fileAt(t *testing.T, address string) chat.File {
	t.Helper()
	id, err := json.Marshal(map[string]string{"u": address, "i": "1"})
	if err != nil {
		t.Fatal(err)
	}
	return chat.File{ID: string(id), Name: "x"}
}

// TestFilesOfOthers: the bot asks nobody but Discord for a file, whoever says so.
func TestFilesOfOthers(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "a secret of the network inside") // whoever asks may be gone
	}))
	defer inside.Close()
	ours := strings.TrimPrefix(h.fake.URL, "http://")
	for _, address := range []string{
		inside.URL + "/attachments/1/2/x", "http://" + ours + "@" + strings.TrimPrefix(inside.URL, "http://") + "/x", "file:///etc/passwd", "::", "/attachments/1/2/x",
	} {
		if e := noFile(t, h.d, fileAt(t, address)); e.Refused == "" {
			t.Errorf("%s: %v", address, e)
		}
	}
	// Nor where the message that is looked up says so.
	f := h.hands("the content")
	h.fake.FailNext(cdnRoute, 1, discordfake.Fault{Status: http.StatusNotFound})
	from := map[string]string{}
	if err := json.Unmarshal([]byte(f.ID), &from); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"id": from["m"], "attachments": []any{map[string]any{"id": from["i"], "url": inside.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	h.fake.FailNext(lookUpRoute, 1, discordfake.Fault{Body: string(body)})
	if e := noFile(t, h.d, f); e.Refused == "" {
		t.Errorf("looked up: %v", e)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("somebody else was asked %d times", n)
	}
}

// TestFilesGoNowhereElse: where Discord's answer leads somewhere else nobody goes.
func TestFilesGoNowhereElse(t *testing.T) {
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer inside.Close()
	discord := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL+r.URL.Path, http.StatusFound)
	}))
	defer discord.Close()
	h := newHouse(t, discordfake.Options{})
	e := noFile(t, h.at(discord.URL), fileAt(t, discord.URL+"/attachments/1/2/x"))
	if e.Refused == "" || asked.Load() != 0 {
		t.Errorf("%v, and somebody else was asked %d times", e, asked.Load())
	}
}

// TestExpiredFiles: an address is good for a day, and the message has another one then.
func TestExpiredFiles(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	f := h.hands("the content")
	before := h.fake.Calls(lookUpRoute)
	if got := h.fetched(f); got != "the content" || h.fake.Calls(lookUpRoute) != before {
		t.Errorf("at once it has %q, and was looked up %d times", got, h.fake.Calls(lookUpRoute)-before)
	}
	h.fake.Advance(25 * time.Hour)
	if got := h.fetched(f); got != "the content" || h.fake.Calls(lookUpRoute) != before+1 {
		t.Errorf("a day later it has %q, and was looked up %d times", got, h.fake.Calls(lookUpRoute)-before)
	}
	// That it can't be looked up now is no reason to do without it.
	h.fake.FailNext(lookUpRoute, 1, discordfake.Fault{Status: http.StatusServiceUnavailable})
	if e := noFile(t, h.d, f); e.Retry <= 0 || e.Gone || e.Refused != "" {
		t.Errorf("while Discord has trouble: %v", e)
	}
	// Somebody took the file off the message, or took the message away.
	var from struct {
		Channel string `json:"c"`
		Message string `json:"m"`
	}
	if err := json.Unmarshal([]byte(f.ID), &from); err != nil {
		t.Fatal(err)
	}
	h.fake.FailNext(lookUpRoute, 1, discordfake.Fault{Body: `{"id":"` + from.Message + `","channel_id":"` + from.Channel + `","attachments":[]}`})
	if e := noFile(t, h.d, f); !e.Gone {
		t.Errorf("off the message: %v", e)
	}
	h.fake.DeleteMessage(from.Channel, from.Message)
	if e := noFile(t, h.d, f); !e.Gone {
		t.Errorf("without its message: %v", e)
	}
}

// TestAnswersForFiles are what may come instead of a file.
func TestAnswersForFiles(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	f := h.hands("the content")
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusGone} {
		before := h.fake.Calls(lookUpRoute)
		h.fake.FailNext(cdnRoute, 1, discordfake.Fault{Status: status})
		if got := h.fetched(f); got != "the content" || h.fake.Calls(lookUpRoute) != before+1 {
			t.Errorf("status %d: %q, looked up %d times", status, got, h.fake.Calls(lookUpRoute)-before)
		}
		h.fake.FailNext(cdnRoute, 2, discordfake.Fault{Status: status})
		if e := noFile(t, h.d, f); !e.Gone {
			t.Errorf("status %d twice: %v", status, e)
		}
	}
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		before := h.fake.Calls(lookUpRoute)
		h.fake.FailNext(cdnRoute, 1, discordfake.Fault{Status: status})
		e := noFile(t, h.d, f)
		if e.Retry < upstream.DownWait || e.Gone || e.Refused != "" || e.Blocked != "" || h.fake.Calls(lookUpRoute) != before {
			t.Errorf("status %d: %v, looked up %d times", status, e, h.fake.Calls(lookUpRoute)-before)
		}
	}
	h.fake.FailNext(cdnRoute, -1, discordfake.Fault{Drop: true}) // what asks once asks again by itself, on a new connection
	if e := noFile(t, h.d, f); e.Retry < upstream.DownWait || e.Gone || e.Refused != "" || strings.Contains(e.Error(), "hm=") {
		t.Errorf("a connection that breaks: %v", e)
	}
	h.fake.FailNext(cdnRoute, 0, discordfake.Fault{})
	h.fake.FailNext(cdnRoute, 1, discordfake.Fault{Status: http.StatusTeapot})
	if e := noFile(t, h.d, f); e.Refused == "" {
		t.Errorf("something odd: %v", e)
	}
	if got := h.fetched(f); got != "the content" {
		t.Errorf("then it has %q", got)
	}
}

// TestTooManyFiles: a file is asked for again when Discord says so.
func TestTooManyFiles(t *testing.T) {
	for after, want := range map[string]time.Duration{
		"42": 42 * time.Second, "0.5": 500 * time.Millisecond, "": upstream.LimitWait, "0": upstream.LimitWait, "-3": upstream.LimitWait,
		"soon": upstream.LimitWait, "1e300": upstream.LimitWait,
	} {
		discord := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		h := newHouse(t, discordfake.Options{})
		if e := noFile(t, h.at(discord.URL), fileAt(t, discord.URL+"/attachments/1/2/x")); e.Retry != want || e.Gone || e.Refused != "" {
			t.Errorf("again after %q: %v, in %s", after, e, e.Retry)
		}
		discord.Close()
	}
}

// TestFilesTooLarge: what Discord does not take is refused, and what it does not say is read as far as somebody wants.
func TestFilesTooLarge(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	opened := 0
	post := chat.Post{Key: "k", To: h.place("triage"), Text: "x", Files: []chat.OutFile{{Name: "a.txt", Size: h.d.Caps().FileMax + 1,
		Open: func(context.Context) (io.ReadCloser, error) {
			opened++
			return io.NopCloser(strings.NewReader("a")), nil
		}}}}
	refused := func(when string) {
		t.Helper()
		_, err := h.d.Send(t.Context(), post)
		if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Refused == "" {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("more than Discord takes")
	if opened != 0 {
		t.Error("it was read all the same")
	}
	post.Files[0].Size = 1
	for name, how := range map[string]discordfake.Fault{
		"Discord": {Status: http.StatusRequestEntityTooLarge, Code: 40005}, "a proxy": {Status: http.StatusRequestEntityTooLarge, Body: "<html>too large</html>"},
	} {
		h.fake.FailNext("POST /channels/{channel}/messages", 1, how)
		refused(name)
	}

	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for part := make([]byte, 1<<16); ; {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	content, err := h.at(endless.URL).Fetch(t.Context(), fileAt(t, endless.URL+"/attachments/1/2/x"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.CopyN(io.Discard, content, 10<<20)
	if err != nil || content.Close() != nil {
		t.Errorf("%d bytes of what has no end: %v", n, err)
	}
}
