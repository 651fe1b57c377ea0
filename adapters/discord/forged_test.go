package discord_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest"
)

// request is one that anybody can make who knows our address.
func (n openNetwork) request(t *testing.T, name, more, body string, header http.Header) adaptertest.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, n.fake.Hooks()+more, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("Content-Type", "application/json")
	return adaptertest.Request{Name: name, HTTP: r}
}

// interaction is one as Discord sends it, with some of it changed.
func (n *network) interaction(t *testing.T, id string, kind int, data any, change map[string]any) string {
	t.Helper()
	g := n.fake.Main()
	ana := map[string]any{"id": g.UserID("ana"), "username": "ana", "global_name": "Ana Silva"}
	v := map[string]any{
		"id": id, "application_id": n.fake.ApplicationID, "type": kind, "token": "aW50ZXJhY3Rpb246" + id, "version": 1, "data": data,
		"guild_id": g.GuildID, "channel_id": g.ChannelID("open"), "channel": map[string]any{"id": g.ChannelID("open"), "type": 0, "guild_id": g.GuildID},
		"member": map[string]any{"user": ana, "roles": []any{}, "permissions": "0"}, "locale": "en-US",
	}
	for name, value := range change {
		if value == nil {
			delete(v, name)
		} else {
			v[name] = value
		}
	}
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Refused are requests that Discord did not make, or not now.
func (n openNetwork) Refused(t *testing.T) []adaptertest.Request {
	command := map[string]any{"id": "1", "name": "ticket", "type": 1, "options": []any{}}
	body := n.interaction(t, "1712345678000001", 2, command, nil)
	now := time.Now()
	good := n.fake.Sign([]byte(body), now)
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Del(name)
		if value != "" {
			h.Set(name, value)
		}
		return h
	}
	const signature, stamp = "X-Signature-Ed25519", "X-Signature-Timestamp"
	is := good.Get(signature)
	var out []adaptertest.Request
	for name, header := range map[string]http.Header{
		"unsigned": nil, "without a signature": with(signature, ""), "without a time": with(stamp, ""), "half a signature": with(signature, is[:64]),
		"another letter": with(signature, is[:len(is)-1]+flip(is)), "no signature at all": with(signature, strings.Repeat("0", 128)),
		"no digits": with(signature, strings.Repeat("x", 128)), "another time": with(stamp, fmt.Sprint(now.Unix()-1)), "no time": with(stamp, "now"),
		"another body": n.fake.Sign([]byte(body+" "), now), "of another app": n.fake.SignOther([]byte(body), now),
		"six minutes old": n.fake.Sign([]byte(body), now.Add(-6*time.Minute)), "of the future": n.fake.Sign([]byte(body), now.Add(6*time.Minute)),
	} {
		out = append(out, n.request(t, name, "", body, header))
	}
	signed := func(name, more, body string) adaptertest.Request {
		return n.request(t, name, more, body, n.fake.Sign([]byte(body), time.Now()))
	}
	get := signed("not posted", "", "")
	get.HTTP.Method = http.MethodGet
	other := n.interaction(t, "1712345678000002", 2, command, map[string]any{"application_id": "17"})
	return append(out, get, signed("too large", "", body+strings.Repeat(" ", 2<<20)), signed("no such callback", "s/nothing", body),
		signed("another application's", "", other))
}

// flip is another letter than the last one of a signature.
func flip(signature string) string {
	if strings.HasSuffix(signature, "0") {
		return "1"
	}
	return "0"
}

// Garbage was signed, but can't be read, or not as what it claims to be.
func (n openNetwork) Garbage(t *testing.T) []adaptertest.Request {
	bodies := []string{"", "null", "[]", "{", `"text"`, "{}", "\xff\xfe", strings.Repeat("[", 100_000), `{"type":7}`, `{"type":1,"data":[]}`, `{"type":"2"}`,
		`{"type":2}`, `{"type":3,"member":null,"user":null}`}
	next := 1712345679000000
	add := func(kind int, data any, change map[string]any) {
		next++
		bodies = append(bodies, n.interaction(t, fmt.Sprint(next), kind, data, change))
	}
	oddities := []any{nil, 7, "x", []any{}, map[string]any{}, map[string]any{"custom_id": 7, "components": "x"},
		map[string]any{"custom_id": strings.Repeat("x", 100), "component_type": 2}, map[string]any{"custom_id": "", "component_type": 99, "values": []any{1}},
		map[string]any{"custom_id": "x", "components": []any{map[string]any{"type": 99, "component": map[string]any{"type": 98, "value": map[string]any{}}}, 7, nil}}}
	for _, kind := range []int{0, 3, 5, 6, 99} {
		for _, data := range oddities {
			add(kind, data, nil)
		}
	}
	button := map[string]any{"custom_id": "x", "component_type": 2}
	for _, name := range []string{"guild_id", "channel_id", "channel", "member", "token", "id", "type", "data"} {
		for _, odd := range []any{nil, 7, "", []any{}, map[string]any{}} {
			add(3, button, map[string]any{name: odd})
			add(5, button, map[string]any{name: odd})
		}
	}
	for _, odd := range []any{7, "x", []any{}, map[string]any{}, map[string]any{"id": "1", "components": []any{7}}, map[string]any{"author": 7, "flags": "x"}} {
		add(3, button, map[string]any{"message": odd})
	}
	var out []adaptertest.Request
	for i, body := range bodies {
		out = append(out, n.request(t, fmt.Sprintf("garbage %d: %.60s", i, body), "", body, n.fake.Sign([]byte(body), time.Now())))
	}
	return out
}
