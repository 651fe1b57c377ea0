package mattermost_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

// forge is a callback as anybody can make one who knows our address.
func (n *network) forge(t *testing.T, name, path, contentType, body string) adaptertest.Request {
	t.Helper()
	return adaptertest.Forge(t, name, n.hooks+path, contentType, body, nil)
}

// Refused are requests that the server did not make, or that somebody may not have it make.
func (n *network) Refused(t *testing.T) []adaptertest.Request {
	const form, object = "application/x-www-form-urlencoded", "application/json"
	sealer, err := chat.NewSealer(bytes.Repeat([]byte("another secret "), 3))
	if err != nil {
		t.Fatal(err)
	}
	own, err := chat.NewSealer(secret)
	if err != nil {
		t.Fatal(err)
	}
	ana, bram, open := n.town.UserID("ana"), n.town.UserID("bram"), n.town.ChannelID("open")
	command := url.Values{"token": {n.town.CommandToken}, "user_id": {ana}, "channel_id": {open}, "command": {"/ticket"}, "text": {"x"}, "trigger_id": {"t"}}
	with := func(name, value string) string {
		v := maps.Clone(command)
		v.Set(name, value)
		return v.Encode()
	}
	payload := fmt.Appendf(nil, `{"v":{"v":"claim"},"c":%q}`, open)
	menu := fmt.Appendf(nil, `{"v":{"v":"claim"},"c":%q,"o":["p1"]}`, open)
	click := func(token string, more ...string) string {
		in := map[string]any{"user_id": ana, "channel_id": open, "post_id": model.NewId(), "context": map[string]any{"t": token}}
		for i := 0; i+1 < len(more); i += 2 {
			if more[i] == "selected_option" {
				in["context"] = map[string]any{"t": token, "selected_option": more[i+1]}
			} else {
				in[more[i]] = more[i+1]
			}
		}
		return adaptertest.JSON(t, in)
	}
	submit := func(state string, more ...string) string {
		in := map[string]any{"type": "dialog_submission", "user_id": ana, "channel_id": open, "state": state, "submission": map[string]any{"a": "b"}}
		for i := 0; i+1 < len(more); i += 2 {
			in[more[i]] = more[i+1]
		}
		return adaptertest.JSON(t, in)
	}
	later := time.Now().Add(time.Hour)
	good := own.Seal("mattermost button", "", time.Time{}, payload)
	state := own.Seal("mattermost form", ana, later, fmt.Appendf(nil, `{"v":{"v":"open"},"c":%q,"n":"x"}`, open))
	requests := []adaptertest.Request{
		n.forge(t, "a command without its token", "/command", form, with("token", "")),
		n.forge(t, "a command with a wrong token", "/command", form, with("token", strings.Repeat("x", 26))),
		n.forge(t, "a command with half a token", "/command", form, with("token", n.town.CommandToken[:13])),
		adaptertest.Forge(t, "a wrong token in the header", n.hooks+"/command", form, with("token", ""), http.Header{"Authorization": {"Token wrong"}}),
		n.forge(t, "the token in the address", "/command?"+command.Encode(), form, ""),
		n.forge(t, "a command of nobody", "/command", form, with("user_id", "nobody")),
		n.forge(t, "a command that is too large", "/command", form, with("text", strings.Repeat("x", 2<<20))),
		n.forge(t, "a button without a token", "/action", object, click("")),
		n.forge(t, "a changed token", "/action", object, click(good[:20]+"A"+good[21:]+"A")),
		n.forge(t, "another secret", "/action", object, click(sealer.Seal("mattermost button", "", time.Time{}, payload))),
		n.forge(t, "a form's token for a button", "/action", object, click(state)),
		n.forge(t, "a button of another channel", "/action", object, click(good, "channel_id", n.town.ChannelID("closed"))),
		n.forge(t, "somebody else's private button", "/action", object, click(own.Seal("mattermost button", bram, later, payload))),
		n.forge(t, "a choice that the menu does not have", "/action", object,
			click(own.Seal("mattermost button", "", time.Time{}, menu), "selected_option", "p9")),
		n.forge(t, "an invented form", "/dialog", object, submit("")),
		n.forge(t, "a button's token for a form", "/dialog", object, submit(good)),
		n.forge(t, "somebody else's form", "/dialog", object, submit(state, "user_id", bram)),
		n.forge(t, "a form from another channel", "/dialog", object, submit(state, "channel_id", n.town.ChannelID("closed"))),
		n.forge(t, "a form signed with another secret", "/dialog", object, submit(sealer.Seal("mattermost form", ana, later, []byte(`{}`)))),
		n.forge(t, "an invented look-up", "/lookup", object, submit("AAAA")),
		n.forge(t, "a form that is too large", "/dialog", object, submit(strings.Repeat("A", 2<<20))),
		n.forge(t, "no such callback", "/nothing", object, "{}"),
	}
	get := n.forge(t, "not posted", "/action", object, "")
	get.HTTP.Method = http.MethodGet
	return append(requests, get)
}

// Garbage can't be read, or not as what it claims to be.
func (n *network) Garbage(t *testing.T) []adaptertest.Request {
	var out []adaptertest.Request
	for _, path := range []string{"/command", "/action", "/dialog", "/lookup", "/"} {
		for i, body := range []string{
			"", "null", "[]", "{", `"text"`, "{}", `{"user_id":null}`, `{"user_id":7,"context":[]}`, `{"context":{"t":7},"submission":"x","state":{}}`,
			"token=%ZZ&x", "a=b&a=c", strings.Repeat("[", 100_000), "\xff\xfe", `{"user_id":"` + model.NewId() + `","channel_id":"` + model.NewId() + `","state":"AAAA"}`,
		} {
			for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
				out = append(out, n.forge(t, fmt.Sprint(path, " ", i, " ", contentType), path, contentType, body))
			}
		}
	}
	return out
}
