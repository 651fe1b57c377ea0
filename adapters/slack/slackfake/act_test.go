package slackfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// plain is a text object.
func plain(text string) map[string]any { return map[string]any{"type": "plain_text", "text": text} }

// input is an input block with one element.
func input(id string, e map[string]any, more ...any) map[string]any {
	e["action_id"] = "answer"
	b := map[string]any{"type": "input", "block_id": id, "label": plain("The " + id), "element": e}
	for i := 0; i < len(more); i += 2 {
		b[more[i].(string)] = more[i+1]
	}
	return b
}

func menu(kind string, values ...string) map[string]any {
	var all []any
	for _, v := range values {
		all = append(all, choice(v))
	}
	return map[string]any{"type": kind, "options": all}
}

func choice(value string) map[string]any {
	return map[string]any{"text": plain(strings.ToUpper(value)), "value": value}
}

func line(more ...any) map[string]any {
	e := map[string]any{"type": "plain_text_input"}
	for i := 0; i < len(more); i += 2 {
		e[more[i].(string)] = more[i+1]
	}
	return e
}

func modal(blocks ...map[string]any) map[string]any {
	return map[string]any{"type": "modal", "callback_id": "balie", "private_metadata": "ours", "notify_on_close": true,
		"title": plain("New ticket"), "submit": plain("Send"), "close": plain("Cancel"), "blocks": blocks}
}

// opens has the app open a view at a command.
func (a *app) opens(view map[string]any) *View {
	a.t.Helper()
	a.answers(func(h heard) (int, string) {
		if h.kind == commands {
			if out := a.call("views.open", map[string]any{"trigger_id": h.at("trigger_id"), "view": view}); out["ok"] != true {
				a.t.Errorf("views.open: %v", out)
			}
		}
		return http.StatusOK, ""
	})
	got := ok(a.t)(a.s.As("ana").Command(a.t.Context(), a.s.ChannelID("open"), "/ticket"))
	if got.View == nil {
		a.t.Fatalf("no view opened: %+v", got)
	}
	return got.View
}

// state is what the view's state in a payload holds.
func (h heard) state(block string) any {
	values, _ := h.at("view.state.values").(map[string]any)
	in, _ := values[block].(map[string]any)
	return in["answer"]
}

func values(v *View) map[string][]string {
	out := map[string][]string{}
	for _, f := range v.Fields() {
		if len(f.Value) > 0 {
			out[f.ID] = f.Value
		}
	}
	return out
}

type in = map[string][]string

func TestForm(t *testing.T) {
	a := newApp(t, town())
	ana := a.s.As("ana")
	view := a.opens(modal(
		input("category", menu("static_select", "hw", "sw"), "dispatch_action", true),
		input("summary", line("max_length", 20, "initial_value", "printer"), "dispatch_action", true),
		input("more", line(), "optional", true),
		input("who", map[string]any{"type": "users_select"}, "optional", true),
		input("when", map[string]any{"type": "datepicker", "initial_date": "2026-01-02"}, "optional", true),
		input("box", menu("checkboxes", "true"), "optional", true),
		input("files", map[string]any{"type": "file_input", "max_files": 2}, "optional", true),
		map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": "Hello <@U1>"}},
	))
	if view.Title != "New ticket" || view.PrivateMetadata != "ours" || !strings.Contains(view.Text(), "Hello @U1") || len(view.Fields()) != 7 {
		t.Errorf("view = %+v with %q", view, view.Text())
	}
	if f := view.Field("category"); f == nil || f.Kind != "static_select" || !f.Required || !f.Dispatch || f.Label != "The category" || f.Options[1].Label != "SW" {
		t.Errorf("field = %+v", f)
	}
	before := len(a.all())
	for what, try := range map[string]in{
		"without what is required": nil, "with an invented choice": {"category": {"xx"}},
		"with too long a text": {"category": {"hw"}, "summary": {strings.Repeat("x", 21)}},
		"with a stranger":      {"category": {"hw"}, "who": {"U0"}},
	} {
		if got := ok(t)(ana.Submit(t.Context(), view, try, nil)); len(got.Errors) != 1 || got.View == nil {
			t.Errorf("sent %s: %+v", what, got)
		}
		ok(t)(ana.Submit(t.Context(), view, in{"category": nil, "summary": {"printer"}, "who": nil}, nil))
	}
	if n := len(a.all()) - before; n != 0 {
		t.Errorf("the app heard %d times of what could not be sent", n)
	}
	file, no := ana.Upload(t.Context(), "log.txt", []byte("out of paper"))
	if no != "" {
		t.Fatal(no)
	}
	a.always(`{"response_action":"errors","errors":{"more":"Say more"}}`)
	fill := in{"category": {"hw"}, "who": {ana.ID}, "box": {"true"}}
	got := ok(t)(ana.Submit(t.Context(), view, fill, in{"files": {file}}))
	if !maps.Equal(got.Errors, map[string]string{"more": "Say more"}) || got.View == nil || got.Refused != "" {
		t.Errorf("answer = %+v", got)
	}
	h := a.last()
	for block, want := range map[string]string{
		"category": `{"selected_option":{"text":{"text":"HW","type":"plain_text"},"value":"hw"},"type":"static_select"}`,
		"summary":  `{"type":"plain_text_input","value":"printer"}`, "more": `{"type":"plain_text_input","value":null}`,
		"who": `{"selected_user":"` + ana.ID + `","type":"users_select"}`, "when": `{"selected_date":"2026-01-02","type":"datepicker"}`,
		"box": `{"selected_options":[{"text":{"text":"TRUE","type":"plain_text"},"value":"true"}],"type":"checkboxes"}`,
	} {
		if raw, err := json.Marshal(h.state(block)); err != nil || string(raw) != want {
			t.Errorf("%s holds %s, want %s", block, raw, want)
		}
	}
	if files, _ := h.state("files").(map[string]any)["files"].([]any); len(files) != 1 || files[0].(map[string]any)["id"] != file {
		t.Errorf("files = %v", h.state("files"))
	}
	for path, want := range map[string]any{"type": "view_submission", "user.id": ana.ID, "team.id": a.s.TeamID, "view.id": view.ID, "view.private_metadata": "ours",
		"view.callback_id": "balie", "api_app_id": a.s.AppID, "is_enterprise_install": false} {
		if h.at(path) != want {
			t.Errorf("%s = %v, want %v", path, h.at(path), want)
		}
	}
	if stolen := ok(t)(a.s.As("bram").Submit(t.Context(), view, nil, nil)); stolen.Refused != viewGone {
		t.Errorf("somebody else's form: %+v", stolen)
	}
	a.always(`{"response_action":"errors","errors":{"nowhere":"x"}}`)
	if got := ok(t)(ana.Submit(t.Context(), view, nil, nil)); got.Refused != troubleConnecting || got.View == nil || len(a.s.Problems()) != 1 {
		t.Errorf("an error at no field: %+v", got)
	}
	a.answers(func(heard) (int, string) { return http.StatusServiceUnavailable, "" })
	if got := ok(t)(ana.Submit(t.Context(), view, nil, nil)); got.Refused != troubleConnecting || got.View == nil {
		t.Errorf("an app that fails: %+v", got)
	}
	a.always("")
	if got := ok(t)(ana.Submit(t.Context(), view, nil, nil)); got.Refused != "" || got.View != nil {
		t.Errorf("sent: %+v", got)
	}
	if got := ok(t)(ana.Submit(t.Context(), view, nil, nil)); got.Refused != viewGone {
		t.Errorf("sent again: %+v", got)
	}
}

func TestFormChanges(t *testing.T) {
	a := newApp(t, town())
	ana := a.s.As("ana")
	config := map[string]any{"trigger_actions_on": []string{"on_enter_pressed"}}
	first := modal(input("category", menu("static_select", "hw", "sw"), "dispatch_action", true),
		input("summary", line("initial_value", "one", "dispatch_action_config", config), "dispatch_action", true),
		input("more", line("initial_value", "a"), "optional", true))
	view := a.opens(first)
	a.answers(func(h heard) (int, string) {
		next := modal(input("category", menu("static_select", "hw", "sw"), "dispatch_action", true),
			input("summary", line("initial_value", "two"), "dispatch_action", true),
			input("more.1", line("initial_value", "b"), "optional", true), input("asset", menu("static_select", "p1"), "optional", true))
		out := a.call("views.update", map[string]any{"view_id": h.at("view.id"), "hash": h.at("view.hash"), "view": next})
		if out["ok"] != true {
			t.Errorf("views.update: %v", out)
		}
		return http.StatusOK, ""
	})
	before := len(a.all())
	ok(t)(ana.Type(t.Context(), view, "summary", in{"summary": {"thr"}}))
	if n := len(a.all()) - before; n != 0 {
		t.Error("the app heard of letters although it wants to hear of the end")
	}
	got := ok(t)(ana.Change(t.Context(), view, "category", in{"category": {"sw"}, "summary": {"three"}}, nil))
	if want := (in{"category": {"sw"}, "summary": {"three"}, "more": {"b"}}); !maps.EqualFunc(values(got.View), want, slices.Equal) {
		t.Errorf("after the change it holds %q, want %q", values(got.View), want)
	}
	h := a.last()
	for path, want := range map[string]any{"type": "block_actions", "container.type": "view", "container.view_id": view.ID, "actions.block_id": "category",
		"actions.action_id": "answer", "actions.type": "static_select", "actions.selected_option.value": "sw", "user.id": ana.ID} {
		if h.at(path) != want {
			t.Errorf("%s = %v, want %v", path, h.at(path), want)
		}
	}
	if got.View.Hash == view.Hash || len(got.View.Fields()) != 4 {
		t.Errorf("view = %+v", got.View)
	}
	a.always("")
	if got := ok(t)(ana.Dismiss(t.Context(), got.View, in{"summary": {"lost"}})); got.View != nil || got.Refused != "" {
		t.Errorf("dismissed: %+v", got)
	}
	if h := a.last(); h.at("type") != "view_closed" || h.at("is_cleared") != false || h.at("view.private_metadata") != "ours" || h.state("summary") != nil {
		t.Errorf("closed = %v", h.payload)
	}
	// What the app says to a form may be another form, or one on top.
	second := modal(input("second", line(), "optional", true))
	for _, action := range []string{"update", "push", "clear"} {
		view := a.opens(first)
		body, err := json.Marshal(map[string]any{"response_action": action, "view": second})
		if err != nil {
			t.Fatal(err)
		}
		a.always(string(body))
		got := ok(t)(ana.Submit(t.Context(), view, in{"category": {"hw"}}, nil))
		if action == "clear" {
			if got.View != nil {
				t.Errorf("after %s: %+v", action, got.View)
			}
			continue
		}
		if got.View == nil || got.View.Field("second") == nil || (got.View.ID == view.ID) != (action == "update") {
			t.Errorf("after %s: %+v", action, got)
		}
		a.always("")
		if got := ok(t)(ana.Submit(t.Context(), got.View, nil, nil)); (got.View == nil) != (action == "update") {
			t.Errorf("after %s the form below is %+v", action, got.View)
		}
	}
}

func TestLookUp(t *testing.T) {
	a := newApp(t, town())
	ana := a.s.As("ana")
	view := a.opens(modal(input("asset", map[string]any{"type": "external_select", "min_query_length": 0}),
		input("tags", map[string]any{"type": "multi_external_select"}, "optional", true)))
	a.answers(func(h heard) (int, string) {
		if h.at("type") != "block_suggestion" {
			return http.StatusOK, ""
		}
		if h.at("value") == "many" {
			const one = `{"text":{"type":"plain_text","text":"x"},"value":"x"}`
			return http.StatusOK, fmt.Sprintf(`{"options":[%s]}`, strings.Repeat(one+",", 100)+one)
		}
		return http.StatusOK, `{"options":[{"text":{"type":"plain_text","text":"Printer"},"value":"p1"}]}`
	})
	found, err := ana.Suggest(t.Context(), view, "asset", "pri", nil)
	if err != nil || len(found) != 1 || found[0].Label != "Printer" || found[0].Value != "p1" {
		t.Errorf("found %+v, %v", found, err)
	}
	h := a.last()
	for path, want := range map[string]any{"value": "pri", "block_id": "asset", "action_id": "answer", "view.id": view.ID, "container.type": "view"} {
		if h.at(path) != want {
			t.Errorf("%s = %v, want %v", path, h.at(path), want)
		}
	}
	before := len(a.all())
	if found, err := ana.Suggest(t.Context(), view, "tags", "pr", nil); err != nil || found != nil || len(a.all()) != before {
		t.Errorf("asked after two letters: %+v, %v", found, err)
	}
	if _, err := ana.Suggest(t.Context(), view, "asset", "many", nil); err == nil || len(a.s.Problems()) != 1 {
		t.Errorf("a list that is too long: %v", err)
	}
	if got := ok(t)(ana.Submit(t.Context(), view, in{"asset": {"p9"}}, nil)); len(got.Errors) != 1 {
		t.Errorf("what was not found was chosen: %+v", got)
	}
	if got := ok(t)(ana.Submit(t.Context(), view, in{"asset": {"p1"}}, nil)); got.View != nil || a.last().at("type") != "view_submission" {
		t.Errorf("sent: %+v", got)
	}
}

func TestClicks(t *testing.T) {
	a := newApp(t, town())
	ana, bram, closed := a.s.As("ana"), a.s.As("bram"), a.s.ChannelID("closed")
	blocks := []any{
		map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": "*HD-1* &amp; more"}},
		map[string]any{"type": "actions", "block_id": "b1", "elements": []any{
			map[string]any{"type": "button", "action_id": "one", "text": plain("Claim"), "value": "v1", "style": "primary"},
			map[string]any{"type": "overflow", "action_id": "two", "options": []any{choice("high"), choice("low")}},
		}},
	}
	out := a.call("chat.postMessage", map[string]any{"channel": closed, "text": "HD-1", "blocks": blocks})
	ts, _ := out["ts"].(string)
	m := bram.Message(closed, ts)
	if m == nil || m.Plain() != "*HD-1* & more" || len(m.Buttons()) != 2 || m.Buttons()[0].Label != "Claim" {
		t.Fatalf("message = %+v", m)
	}
	ok(t)(bram.Click(t.Context(), *m, "Claim", ""))
	h := a.did()
	for path, want := range map[string]any{"type": "block_actions", "actions.action_id": "one", "actions.value": "v1", "actions.block_id": "b1", "actions.type": "button",
		"container.type": "message", "container.message_ts": ts, "container.channel_id": closed, "container.is_ephemeral": false, "message.ts": ts,
		"channel.id": closed, "channel.name": "privategroup", "user.id": bram.ID, "user.username": "bram", "message.bot_id": a.s.BotID} {
		if h.at(path) != want {
			t.Errorf("%s = %v, want %v", path, h.at(path), want)
		}
	}
	ok(t)(bram.Click(t.Context(), *m, "", "LOW"))
	if h := a.did(); h.at("actions.selected_option.value") != "low" || h.at("actions.type") != "overflow" {
		t.Errorf("choice = %v", h.payload)
	}
	for _, wrong := range [][2]string{{"Close", ""}, {"", "none"}, {"Claim", "low?"}} {
		if _, err := bram.Click(t.Context(), *m, wrong[0], wrong[1]); err == nil {
			t.Errorf("%q could be pressed", wrong)
		}
	}
	if got := ok(t)(ana.Click(t.Context(), *m, "Claim", "")); got.Refused == "" {
		t.Errorf("somebody who does not see it could click: %+v", got)
	}
	a.call("chat.postEphemeral", map[string]any{"channel": closed, "user": bram.ID, "text": "Really?", "blocks": blocks})
	mine := bram.Visible()
	if len(mine) != 1 || len(ana.Visible()) != 0 {
		t.Fatalf("private = %+v", mine)
	}
	a.answers(func(h heard) (int, string) {
		resp, err := http.Post(h.at("response_url").(string), "application/json", strings.NewReader(`{"delete_original":true}`))
		if err != nil {
			t.Error(err)
		} else if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		return http.StatusOK, ""
	})
	ok(t)(bram.Click(t.Context(), mine[0], "Claim", ""))
	if h := a.did(); h.at("container.is_ephemeral") != true || h.at("message") != nil {
		t.Errorf("private click = %v", h.payload)
	}
	if left := bram.Visible(); len(left) != 0 {
		t.Errorf("it is still there: %+v", left)
	}
	if got := ok(t)(bram.Click(t.Context(), mine[0], "Claim", "")); got.Refused == "" {
		t.Errorf("what is gone could be pressed: %+v", got)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestShortcutsAndHome(t *testing.T) {
	a := newApp(t, town())
	ana, open := a.s.As("ana"), a.s.ChannelID("open")
	said, _, err := ana.Say(t.Context(), open, "", "help")
	if err != nil {
		t.Fatal(err)
	}
	ok(t)(a.s.As("bram").Shortcut(t.Context(), open, said.TS, "create_ticket"))
	h := a.last()
	for path, want := range map[string]any{"type": "message_action", "callback_id": "create_ticket", "message_ts": said.TS, "message.text": "help", "message.user": ana.ID,
		"channel.id": open, "channel.name": "open"} {
		if h.at(path) != want {
			t.Errorf("%s = %v, want %v", path, h.at(path), want)
		}
	}
	ok(t)(ana.Global(t.Context(), "new_ticket"))
	if h := a.last(); h.at("type") != "shortcut" || h.at("callback_id") != "new_ticket" || h.at("channel") != nil {
		t.Errorf("shortcut = %v", h.payload)
	}
	a.answers(func(h heard) (int, string) {
		if h.at("event.type") == "app_home_opened" {
			out := a.call("views.publish", map[string]any{"user_id": h.at("event.user"), "view": map[string]any{"type": "home", "blocks": []any{
				map[string]any{"type": "actions", "elements": []any{map[string]any{"type": "button", "action_id": "x", "text": plain("Open"), "value": "1"}}},
				map[string]any{"type": "actions", "elements": []any{map[string]any{"type": "button", "action_id": "y", "text": plain("Open"), "value": "2"}}},
			}}})
			if out["ok"] != true {
				t.Errorf("views.publish: %v", out)
			}
		}
		return http.StatusOK, ""
	})
	home, _, err := ana.Home(t.Context())
	if err != nil || home == nil || len(home.Buttons()) != 2 {
		t.Fatalf("home = %+v, %v", home, err)
	}
	ok(t)(ana.ClickHome(t.Context(), "Open", 1, ""))
	if h := a.last(); h.at("actions.value") != "2" || h.at("view.type") != "home" || h.at("container.view_id") != home.ID {
		t.Errorf("click = %v", h.payload)
	}
	if _, _, err := ana.Home(t.Context()); err != nil || a.last().at("event.view.id") != home.ID {
		t.Errorf("opened again: %v", a.last().payload)
	}
}
