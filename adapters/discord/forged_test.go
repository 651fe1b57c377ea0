package discord_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest"
)

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
	return adaptertest.JSON(t, v)
}

// Refused are requests that Discord did not make, or not now.
func (n openNetwork) Refused(t *testing.T) []adaptertest.Request {
	command := map[string]any{"id": "1", "name": "ticket", "type": 1, "options": []any{}}
	body := n.interaction(t, "1712345678000001", 2, command, nil)
	now := time.Now()
	good := n.fake.Sign([]byte(body), now)
	const signature, stamp = "X-Signature-Ed25519", "X-Signature-Timestamp"
	headers := adaptertest.Unsigned(good, signature, stamp, now)
	maps.Copy(headers, map[string]http.Header{
		"no signature at all": adaptertest.With(good, signature, strings.Repeat("0", 128)),
		"no digits":           adaptertest.With(good, signature, strings.Repeat("x", 128)),
		"another body":        n.fake.Sign([]byte(body+" "), now), "of another app": n.fake.SignOther([]byte(body), now),
		"six minutes old": n.fake.Sign([]byte(body), now.Add(-6*time.Minute)), "of the future": n.fake.Sign([]byte(body), now.Add(6*time.Minute)),
	})
	var out []adaptertest.Request
	for name, header := range headers {
		out = append(out, adaptertest.Forge(t, name, n.fake.Hooks(), "application/json", body, header))
	}
	signed := func(name, more, body string) adaptertest.Request {
		return adaptertest.Forge(t, name, n.fake.Hooks()+more, "application/json", body, n.fake.Sign([]byte(body), time.Now()))
	}
	get := signed("not posted", "", "")
	get.HTTP.Method = http.MethodGet
	other := n.interaction(t, "1712345678000002", 2, command, map[string]any{"application_id": "17"})
	return append(out, get, signed("too large", "", body+strings.Repeat(" ", 2<<20)), signed("no such callback", "s/nothing", body),
		signed("another application's", "", other))
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
		out = append(out, adaptertest.Forge(t, fmt.Sprintf("garbage %d: %.60s", i, body), n.fake.Hooks(), "application/json", body, n.fake.Sign([]byte(body), time.Now())))
	}
	return out
}
