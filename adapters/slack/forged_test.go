package slack_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/slack/slackfake"
)

// Where the adapter is called, and with what.
const (
	form   = "application/x-www-form-urlencoded"
	object = "application/json"
)

// signed is one that Slack signed now.
func (n openNetwork) signed(t *testing.T, name, path, contentType, body string) adaptertest.Request {
	t.Helper()
	return adaptertest.Forge(t, name, n.fake.Hooks()+path, contentType, body, n.fake.Sign([]byte(body), time.Now()))
}

// Refused are requests that Slack did not make, or not now.
func (n openNetwork) Refused(t *testing.T) []adaptertest.Request {
	ana, open := n.fake.UserID("ana"), n.fake.ChannelID("open")
	command := url.Values{"command": {"/ticket"}, "text": {"x"}, "user_id": {ana}, "user_name": {"ana"}, "channel_id": {open}, "team_id": {n.fake.TeamID},
		"trigger_id": {"1.2.3"}, "response_url": {n.fake.URL + "/response/x"}}.Encode()
	click := url.Values{"payload": {adaptertest.JSON(t, map[string]any{"type": "block_actions", "user": map[string]any{"id": ana}, "team": map[string]any{"id": n.fake.TeamID},
		"channel": map[string]any{"id": open}, "container": map[string]any{"type": "message", "message_ts": "1.000001", "channel_id": open},
		"actions": []any{map[string]any{"type": "button", "block_id": "b", "action_id": "a", "value": `{"v":"claim"}`, "action_ts": "1.000001"}}})}}.Encode()
	event := adaptertest.JSON(t, map[string]any{"type": "event_callback", "team_id": n.fake.TeamID, "event_id": "Ev1", "event": map[string]any{"type": "message",
		"channel": open, "channel_type": "channel", "user": ana, "ts": "1712345678.000100", "text": "forged"}})
	var out []adaptertest.Request
	for _, r := range []struct{ path, kind, body string }{{"/commands", form, command}, {"/interactions", form, click}, {"/events", object, event}} {
		now := time.Now()
		good := n.fake.Sign([]byte(r.body), now)
		const signature, stamp = "X-Slack-Signature", "X-Slack-Request-Timestamp"
		is := good.Get(signature)
		headers := adaptertest.Unsigned(good, signature, stamp, now)
		maps.Copy(headers, map[string]http.Header{
			"another version": adaptertest.With(good, signature, "v1"+is[2:]), "no signature at all": adaptertest.With(good, signature, "v0="),
			"another body":    n.fake.Sign([]byte(r.body+" "), now),
			"six minutes old": n.fake.Sign([]byte(r.body), now.Add(-6*time.Minute)), "of the future": n.fake.Sign([]byte(r.body), now.Add(6*time.Minute)),
			"of another app": slackfake.Sign("another secret", []byte(r.body), now), "signed with nothing": slackfake.Sign("", []byte(r.body), now),
		})
		for name, header := range headers {
			out = append(out, adaptertest.Forge(t, r.path+" "+name, n.fake.Hooks()+r.path, r.kind, r.body, header))
		}
		get := n.signed(t, r.path+" not posted", r.path, r.kind, "")
		get.HTTP.Method = http.MethodGet
		out = append(out, get, n.signed(t, r.path+" too large", r.path, r.kind, r.body+strings.Repeat("x", 2<<20)))
	}
	return append(out, n.signed(t, "no such callback", "/nothing", object, "{}"), adaptertest.Forge(t, "in the address", n.fake.Hooks()+"/commands?"+command, form, "", nil))
}

// Garbage was signed, but can't be read, or not as what it claims to be.
func (n openNetwork) Garbage(t *testing.T) []adaptertest.Request {
	var out []adaptertest.Request
	add := func(path, kind, body string) {
		out = append(out, n.signed(t, fmt.Sprint(path, " ", len(out), " ", kind), path, kind, body))
	}
	bodies := append(n.garbage(t), "payload=%ZZ", "payload=", "payload=x&payload=y", "a=b", "ssl_check=1", "command=%2Fticket&user_id=&channel_id=")
	for _, path := range []string{"/commands", "/interactions", "/events", "/"} {
		for _, body := range bodies {
			for _, kind := range []string{object, form, "multipart/form-data; boundary=x", ""} {
				add(path, kind, body)
			}
		}
	}
	for _, body := range n.garbage(t) {
		add("/interactions", form, url.Values{"payload": {body}}.Encode())
	}
	return out
}

// garbage is JSON, or nearly.
func (n *network) garbage(t *testing.T) []string {
	user, team := map[string]any{"id": n.fake.UserID("ana")}, map[string]any{"id": n.fake.TeamID}
	out := []string{"", "null", "[]", "{", `"text"`, "{}", "\xff\xfe", strings.Repeat("[", 100_000), `{"type":7}`, `{"type":"event_callback"}`,
		`{"type":"event_callback","event":null}`, `{"type":"event_callback","event":[]}`, `{"type":"event_callback","team_id":"T0","event":{"type":"message"}}`,
		`{"type":"url_verification"}`, `{"type":"app_rate_limited","minute_rate_limited":1518467820}`, `{"user":{"id":"U1"}}`, `{"type":"view_submission","user":null}`}
	for _, inner := range []any{
		map[string]any{"type": "no_such_event"}, map[string]any{"type": "message"}, map[string]any{"type": "message", "channel": 7, "user": []any{}},
		map[string]any{"type": "message", "channel": n.fake.ChannelID("open"), "ts": "yesterday", "text": nil, "user": n.fake.UserID("ana")},
		map[string]any{"type": "message", "subtype": "message_changed", "channel": n.fake.ChannelID("open")},
		map[string]any{"type": "message", "subtype": "message_deleted", "previous_message": "x"},
		map[string]any{"type": "message", "subtype": "huddle_thread", "channel": n.fake.ChannelID("open"), "ts": "1712345678.000100", "room": 7},
		map[string]any{"type": "message", "subtype": "channel_join", "channel": n.fake.ChannelID("open"), "ts": "1712345678.000100", "user": n.fake.UserID("ana"), "text": "joined"},
		map[string]any{"type": "message", "channel": n.fake.ChannelID("open"), "ts": "1712345678.000100", "bot_id": "B0OTHER", "user": "U0OTHER", "text": "beep"},
		map[string]any{"type": "reaction_added", "item": nil}, map[string]any{"type": "reaction_added", "item": map[string]any{"type": "file"}},
		map[string]any{"type": "app_home_opened"}, map[string]any{"type": "app_home_opened", "tab": 7}, map[string]any{"type": "user_change", "user": "U1"},
		map[string]any{"type": "tokens_revoked"}, map[string]any{"type": "tokens_revoked", "tokens": map[string]any{"bot": "x"}}, "message", 7,
	} {
		out = append(out, adaptertest.JSON(t, map[string]any{"type": "event_callback", "team_id": n.fake.TeamID, "event_id": fmt.Sprint("Ev", len(out)), "event": inner}))
	}
	for _, kind := range []string{"block_actions", "view_submission", "view_closed", "block_suggestion", "shortcut_of_tomorrow", "message_action", "interactive_message"} {
		out = append(out, adaptertest.JSON(t, map[string]any{"type": kind, "user": user, "team": team}), adaptertest.JSON(t, map[string]any{"type": kind, "user": user, "team": nil}),
			adaptertest.JSON(t, map[string]any{"type": kind, "user": user, "team": team, "actions": []any{}, "view": map[string]any{}, "message": map[string]any{}}),
			adaptertest.JSON(t, map[string]any{"type": kind, "user": user, "team": team, "actions": []any{map[string]any{"type": "button", "value": "{}"}}}),
			adaptertest.JSON(t, map[string]any{"type": kind, "user": user, "team": team, "actions": []any{map[string]any{"action_id": "menu:", "selected_option": nil}}}),
			adaptertest.JSON(t, map[string]any{"type": kind, "user": user, "team": team, "view": map[string]any{"id": "V1", "callback_id": "balie", "private_metadata": "{", "blocks": 7,
				"state": map[string]any{"values": []any{}}}}))
	}
	return out
}
