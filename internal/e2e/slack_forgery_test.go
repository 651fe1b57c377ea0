package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
)

// callback is a request as Slack makes it.
type callback struct {
	path string
	kind string // of the body
	body []byte
}

// posted is a callback with a form.
func posted(path string, form url.Values) callback {
	return callback{path, "application/x-www-form-urlencoded", []byte(form.Encode())}
}

// told is a callback with an event of the team's.
func told(team, id, inner string) callback {
	return callback{"/events", "application/json",
		fmt.Appendf(nil, `{"type":"event_callback","team_id":%q,"event_id":%q,"event":%s}`, team, id, inner)}
}

// interaction is a callback with a payload.
func interaction(t testing.TB, payload any) callback {
	t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return posted("/interactions", url.Values{"payload": {string(text)}})
}

// signed are the headers of a callback that Slack signed at the time.
func (w *slackWorld) signed(c callback, at time.Time) http.Header {
	h := w.fake.Sign(c.body, at)
	h.Set("Content-Type", c.kind)
	return h
}

// sends makes a request of one's own to the program.
func (w *slackWorld) sends(c callback, h http.Header) (status int, answer string) {
	w.Helper()
	status, answer, err := w.fake.Post(w.Context(), c.path, h, c.body)
	if err != nil {
		w.Fatalf("%s: %v", c.path, err)
	}
	return status, answer
}

// claim is the press of a card's button, as Slack tells it.
func (w *slackWorld) claim(card message, by, team string) map[string]any {
	w.Helper()
	m := w.raw(card)
	return map[string]any{
		"type": "block_actions", "team": map[string]any{"id": team, "domain": "balie"}, "api_app_id": w.fake.AppID,
		"user":       map[string]any{"id": w.fake.UserID(by), "username": by, "team_id": team},
		"channel":    map[string]any{"id": m.Channel, "name": "ict-triage"},
		"container":  map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": false},
		"trigger_id": "1." + strings.Repeat("1", 8) + ".abc", "response_url": w.fake.URL + "/response/none",
		"message": map[string]any{"type": "message", "ts": m.TS, "text": m.Text, "bot_id": w.fake.BotID},
		"actions": []any{w.buttonOf(card, "Claim")},
	}
}

// TestSlackForgery sends the program what Slack did not: wrong, missing, old and used signatures, and bodies that are none.
// None of it changes anything, and none is answered with more than a refusal.
func TestSlackForgery(t *testing.T) {
	w := onSlackBy(t, overHTTP, slackfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("My badge does not work")
	heard := w.actions()
	now := time.Now()

	press := interaction(t, w.claim(card, "carla", w.fake.TeamID))
	command := posted("/commands", url.Values{"command": {"/ticket"}, "text": {"queue"},
		"team_id": {w.fake.TeamID}, "user_id": {w.fake.UserID("carla")}, "channel_id": {w.fake.ChannelID("general")},
		"trigger_id": {"1.2.3"}, "response_url": {w.fake.URL + "/response/none"}, "api_app_id": {w.fake.AppID}})
	event := told(w.fake.TeamID, "Ev1", fmt.Sprintf(
		`{"type":"message","channel":%q,"channel_type":"group","user":%q,"text":"forged","ts":"%d.000100","thread_ts":%q}`,
		w.fake.ChannelID("ict-triage"), w.fake.UserID("carla"), now.Unix(), card.ID))
	for _, c := range []callback{press, command, event} {
		good := w.signed(c, now)
		change := func(name, value string) http.Header {
			h := good.Clone()
			if h.Set(name, value); value == "" {
				h.Del(name)
			}
			return h
		}
		other := w.signed(callback{c.path, c.kind, append(bytes.Clone(c.body), ' ')}, now)
		for what, h := range map[string]http.Header{
			"no signature":        change("X-Slack-Signature", ""),
			"no time":             change("X-Slack-Request-Timestamp", ""),
			"nothing at all":      {"Content-Type": {c.kind}},
			"a made-up signature": change("X-Slack-Signature", "v0="+strings.Repeat("ab", 32)),
			"no hexadecimal":      change("X-Slack-Signature", "v0=gibberish"),
			"another version":     change("X-Slack-Signature", strings.Replace(good.Get("X-Slack-Signature"), "v0=", "v1=", 1)),
			"another body's":      other,
			"another time's":      change("X-Slack-Request-Timestamp", fmt.Sprint(now.Unix()-1)),
			"no time at all":      change("X-Slack-Request-Timestamp", "yesterday"),
			"six minutes old":     w.signed(c, now.Add(-6*time.Minute)),
			"from six minutes on": w.signed(c, now.Add(6*time.Minute)),
		} {
			if status, answer := w.sends(c, h); status != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d %s", c.path, what, status, answer)
			}
		}
	}
	// 10 MB, which nobody reads to the end, signed or not.
	large := callback{"/interactions", press.kind, bytes.Repeat([]byte("payload="), 10<<20/8)}
	for _, h := range []http.Header{w.signed(large, now), {"Content-Type": {large.kind}}} {
		status, _, err := w.fake.Post(w.Context(), large.path, h, large.body)
		if err == nil && status != http.StatusRequestEntityTooLarge {
			t.Errorf("10 MB: %d", status)
		}
	}
	if got := w.actions(); got != heard {
		t.Errorf("the bot heard %d of it", got-heard)
	}
	carla.reads(carla.types("general", "/ticket queue"), key, "Waiting for triage")

	// What was good once is good only once.
	h := w.signed(press, now)
	if status, answer := w.sends(press, h); status != http.StatusOK {
		t.Fatalf("a press of Slack's own: %d %s", status, answer)
	}
	ana.sees(direct, w.mine(ana, key).ID, "Carla Jansen took this ticket")
	carla.watches(card, "Assignee: Carla Jansen")
	if status, answer := w.sends(press, h); status/100 == 2 {
		t.Errorf("the same press again: %d %s", status, answer)
	}
	for _, path := range []string{"/nothing", "/", "/commands/more"} {
		elsewhere := callback{path, command.kind, command.body}
		if status, answer := w.sends(elsewhere, w.signed(command, now)); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	carla.neverSees("forged")
}

// TestSlackNonsense sends what Slack signed but nobody understands: it is taken note of, and changes nothing.
func TestSlackNonsense(t *testing.T) {
	w := onSlackBy(t, overHTTP, slackfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("Nor does my key")
	team, ana1 := w.fake.TeamID, w.fake.UserID("ana")
	user := map[string]any{"id": ana1, "username": "ana", "team_id": team}
	view := func(callback, metadata string, values any) map[string]any {
		return map[string]any{"type": "view_submission", "team": map[string]any{"id": team}, "user": user, "trigger_id": "1.2.3",
			"view": map[string]any{"id": "V0", "type": "modal", "callback_id": callback, "private_metadata": metadata, "hash": "1.a",
				"blocks": []any{}, "state": map[string]any{"values": values}, "app_installed_team_id": team}}
	}
	press := w.claim(card, "eva", team)
	with := func(name string, value any) map[string]any {
		p := maps.Clone(press)
		p[name] = value
		return p
	}
	foreign := w.buttonOf(card, "Claim")
	foreign["value"] = strings.Replace(fmt.Sprint(foreign["value"]), team, "T0OTHER", 1)
	for what, payload := range map[string]any{
		"an unknown type":             map[string]any{"type": "telepathy", "team": map[string]any{"id": team}, "user": user},
		"nothing":                     map[string]any{},
		"a list":                      []any{1, 2},
		"a view of another app":       view("theirs", "", map[string]any{}),
		"a view without a state":      view("balie", "", nil),
		"a view with another's state": view("balie", "{\"v\":7}", map[string]any{"x": 1}),
		"a list of values":            view("balie", "{}", []any{}),
		"a state of nonsense":         view("balie", "not json", map[string]any{"summary": map[string]any{"answer": 7}}),
		"no actions":                  with("actions", []any{}),
		"an action of nothing":        with("actions", []any{map[string]any{}}),
		"no user":                     with("user", nil),
		"no channel":                  with("channel", nil),
		"no message":                  with("message", nil),
		"a stranger's team":           with("team", map[string]any{"id": "T0STRANGER"}),
		"another workspace's button":  with("actions", []any{foreign}),
		"a broken button":             with("actions", []any{map[string]any{"action_id": "x", "value": "{\"v\":"}}),
		"a button without a value":    with("actions", []any{map[string]any{"action_id": "x", "block_id": "y", "type": "button"}}),
		"a channel nobody can see":    with("channel", map[string]any{"id": "C0NOWHERE"}),
	} {
		c := interaction(t, payload)
		if status, answer := w.sends(c, w.signed(c, time.Now())); status >= 500 {
			t.Errorf("%s: %d %s", what, status, answer)
		}
	}
	raw := func(body string) callback { return callback{"/events", "application/json", []byte(body)} }
	for what, c := range map[string]callback{
		"an unknown event":       told(team, "Ev7", `{"type":"moon_phase","phase":"full"}`),
		"an event of nothing":    told(team, "Ev8", `{}`),
		"a broken message":       told(team, "Ev9", `{"type":"message","channel":7,"blocks":[{"type":9}]}`),
		"a message from nowhere": told("T0STRANGER", "Ev10", `{"type":"message","channel":"C1","user":"U1","ts":"1.1"}`),
		"a list of events":       raw(`[1]`),
		"half a body":            raw(`{"type":"event_ca`),
		"another type":           raw(`{"type":"app_rate_limited","minute_rate_limited":1}`),
	} {
		if status, answer := w.sends(c, w.signed(c, time.Now())); status >= 500 {
			t.Errorf("%s: %d %s", what, status, answer)
		}
	}
	c := raw(`{"type":"url_verification","token":"x","challenge":"3eZbrw1aB"}`)
	status, answer := w.sends(c, w.signed(c, time.Now()))
	if status != http.StatusOK || !strings.Contains(answer, "3eZbrw1aB") {
		t.Errorf("the challenge: %d %s", status, answer)
	}
	carla.reads(carla.types("general", "/ticket queue"), key, "Waiting for triage")
	eva := w.as("eva")
	eva.sees(direct, "", "This button belongs to another workspace")
	for range 2 { // without a message, and in a channel where the bot can't answer
		eva.sees(direct, "", "There is no ticket "+key+" that you can see")
	}
	carla.reads(carla.clicks(card, "Claim"), "is yours")
	ana.sees(direct, w.mine(ana, key).ID, "Carla Jansen took this ticket")
}

// TestSlackLongTexts writes what is as long as Slack takes, and longer.
func TestSlackLongTexts(t *testing.T) {
	onSlack(t, func(t *testing.T, w *slackWorld) {
		ana, carla := w.as("ana"), w.as("carla")
		long := strings.Repeat("Turn it off. ", 230) + "Done"
		f := ana.types("general", "/ticket A long story").Form
		f = ana.picks(f, f.with("type", "question", "description", long), "category", "other")
		ana.reads(ana.fills(f), "HD-00001")
		mine := ana.sees(direct, "", "HD-00001 · ")
		card := carla.sees("ict-triage", "", "HD-00001 · A long story", "Turn it off.")
		if n := often(carla.sees("ict-triage", card.ID, "Ana Silva: Turn it off."), "Turn it off."); n != 230 {
			t.Errorf("Carla reads the description %d times", n)
		}

		// What is more than the policy takes stays where it is. More than 12 000 characters no client sends.
		ana.says(direct, mine.ID, strings.Repeat("x", 12_000))
		ana.sees(direct, mine.ID, "12000", "at most 10000 fit")
		// What the policy takes arrives whole, though it is more than a post takes.
		most := strings.Repeat("Turn it on. ", 830)[:9_950] + "!"
		ana.says(direct, mine.ID, most)
		got := carla.sees("ict-triage", card.ID, "Ana Silva: Turn it on.")
		n, want := often(got, "Turn it on."), strings.Count(most, "Turn it on.")
		if n != want || !strings.HasSuffix(got.Text, "!") {
			t.Errorf("Carla reads it %d times, not %d: …%s", n, want, got.Text[max(0, len(got.Text)-40):])
		}
		// And what becomes longer by being escaped.
		signs := strings.Repeat("<&> ", 700)
		said := ana.says(direct, mine.ID, signs+" end")
		got = carla.sees("ict-triage", card.ID, "Ana Silva: <&>")
		if n := often(got, "<&>"); n != 700 || !strings.HasSuffix(got.Text, "end") {
			t.Errorf("Carla reads %d signs", n)
		}
		ana.corrects(said, "short after all")
		carla.watches(got, "short after all")
		ana.corrects(said, most)
		carla.watches(got, "Turn it on.")

		reply := strings.Repeat("Now off. ", 320) + "Done"
		carla.fills(carla.clicks(card, "Reply").Form, "text", reply)
		got = ana.sees(direct, mine.ID, "Carla Jansen: Now off.")
		if n := often(got, "Now off."); n != 320 || !strings.HasSuffix(got.Text, "Done") {
			t.Errorf("Ana reads it %d times", n)
		}
		carla.sees("ict-triage", card.ID, "Reply to the requester", "Now off.")

		// A conversation of more than 13 000 characters is told in short to who asks for it, or joins.
		ana.says(direct, mine.ID, most)
		carla.sees("ict-triage", card.ID, "Ana Silva: Turn it on.")
		carla.reads(carla.types("general", "/ticket show HD-00001"), "HD-00001 · A long story")
		carla.fills(carla.clicks(card, "More …", "Add follower").Form, "person", "david")
		his := w.as("david").sees(direct, "", "Je volgt", "HD-00001")
		w.as("david").sees(direct, his.ID, "Het verhaal tot nu toe")
		ana.sees(direct, mine.ID, "David Bakker")
	})
}

// often is how often a message says it, wherever its lines end.
func often(m message, text string) int {
	return strings.Count(strings.Join(strings.Fields(m.Text), " "), text)
}
