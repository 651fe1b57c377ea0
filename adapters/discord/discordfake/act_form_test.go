package discordfake

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
)

const modal = `{"type":9,"data":{"custom_id":"f1","title":"New ticket","components":[
	{"type":10,"content":"Tell us."},
	{"type":18,"label":"Summary","description":"In short","component":{"type":4,"custom_id":"summary","style":1,"max_length":10,"value":"old"}},
	{"type":18,"label":"Category","component":{"type":3,"custom_id":"category","required":false,"options":[{"label":"HW","value":"hw"},{"label":"SW","value":"sw"}]}},
	{"type":18,"label":"Files","component":{"type":19,"custom_id":"files","required":false,"max_values":2}},
	{"type":18,"label":"Urgent","component":{"type":23,"custom_id":"box"}}]}}`

func TestForms(t *testing.T) {
	a := newApp(t, town())
	ana, open := a.s.As("ana"), a.s.Main().ChannelID("open")
	a.always(modal)
	opened := must(t)(ana.Command(t.Context(), open, "ticket", "new", map[string]string{"summary": "x"}))
	f := opened.Form
	if f == nil || f.Title != "New ticket" || f.CustomID != "f1" || len(f.Fields) != 4 || f.Texts[0] != "Tell us." || ana.Form() != f {
		t.Fatalf("form = %+v", opened)
	}
	if s := f.Field("Summary"); s == nil || s.ID != "summary" || s.Kind != TextField || !s.Required || s.Max != 10 || s.Value[0] != "old" {
		t.Errorf("field = %+v", s)
	}
	before := a.count()
	for what, values := range map[string]map[string][]string{
		"without what is required": {"summary": nil}, "too long": {"summary": {"12345678901"}}, "an invented choice": {"category": {"xx"}},
		"too many": {"category": {"hw", "sw"}}, "no such file": {"files": {"1"}},
	} {
		if got := must(t)(ana.Submit(t.Context(), f, values, nil)); len(got.Errors) != 1 || got.Form == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if stolen := must(t)(a.s.As("bram").Submit(t.Context(), f, nil, nil)); stolen.Refused == "" || a.count() != before {
		t.Errorf("somebody else's form: %+v", stolen)
	}
	a.always("500")
	if got := must(t)(ana.Submit(t.Context(), f, nil, nil)); got.Refused != failedForm || got.Form == nil {
		t.Errorf("an app that fails: %+v", got)
	}
	a.always(modal)
	if got := must(t)(ana.Submit(t.Context(), f, nil, nil)); got.Refused == "" || len(a.s.Problems()) != 1 {
		t.Errorf("a form was answered with a form: %+v", got)
	}
	file, _ := ana.Upload(t.Context(), "log.txt", []byte("out of paper"))
	a.always(`{"type":4,"data":{"content":"Thank you.","flags":64}}`)
	got := must(t)(ana.Submit(t.Context(), f, map[string][]string{"Category": {"SW"}, "box": {"true"}}, map[string][]string{"files": {file}}))
	if len(got.Private) != 1 || got.Form != nil || ana.Form() != nil {
		t.Errorf("answered %+v", got)
	}
	var in struct {
		Type    int
		Message any
		Data    struct {
			CustomID   string `json:"custom_id"`
			Components []struct {
				Type      int
				Component map[string]any
			}
			Resolved struct {
				Attachments map[string]struct{ URL string }
			}
		}
	}
	if err := json.Unmarshal(a.last().Data, &in); err != nil {
		t.Fatal(err)
	}
	if in.Type != 5 || in.Message != nil || in.Data.CustomID != "f1" || len(in.Data.Components) != 5 || in.Data.Components[0].Type != 10 {
		t.Errorf("sent %s", a.last().Data)
	}
	for i, want := range []map[string]any{{"custom_id": "summary", "type": 4.0, "value": "old"}, {"custom_id": "category", "type": 3.0, "values": []any{"sw"}},
		{"custom_id": "files", "type": 19.0, "values": []any{file}}, {"custom_id": "box", "type": 23.0, "value": true}} {
		c := in.Data.Components[i+1]
		delete(c.Component, "id")
		if c.Type != 18 || !maps.EqualFunc(c.Component, want, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Errorf("component %d = %v", i+1, c)
		}
	}
	resp, err := http.Get(in.Data.Resolved.Attachments[file].URL)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil || string(content) != "out of paper" || resp.Body.Close() != nil {
		t.Errorf("the file is %q, %v", content, err)
	}
	if got := must(t)(ana.Submit(t.Context(), f, nil, nil)); got.Refused != formGone {
		t.Errorf("sent again: %+v", got)
	}
	must(t)(ana.ForgeForm(t.Context(), f, map[string][]string{"category": {"invented"}}))
	if raw := string(a.last().Data); !strings.Contains(raw, `"invented"`) {
		t.Errorf("forged: %s", raw)
	}
}

func TestFormsAreChecked(t *testing.T) {
	field := func(inner string) string {
		return `{"custom_id":"f","title":"T","components":[{"type":18,"label":"L","component":` + inner + `}]}`
	}
	const text = `{"type":4,"custom_id":"a","style":1}`
	long := strings.Repeat("x", 101)
	for what, body := range map[string]string{
		"no title": `{"custom_id":"f","components":[{"type":10,"content":"x"}]}`, "a long title": `{"custom_id":"f","title":"` + long + `","components":[{"type":10,"content":"x"}]}`,
		"no components": `{"custom_id":"f","title":"T","components":[]}`,
		"six":           `{"custom_id":"f","title":"T","components":[` + strings.TrimSuffix(strings.Repeat(`{"type":10,"content":"x"},`, 6), ",") + `]}`,
		"a button":      field(`{"type":2,"custom_id":"a","style":1,"label":"x"}`), "a long custom id": field(`{"type":4,"custom_id":"` + long + `","style":1}`),
		"no style": field(`{"type":4,"custom_id":"a"}`), "a long value": field(`{"type":4,"custom_id":"a","style":1,"max_length":2,"value":"abc"}`),
		"no options":       field(`{"type":3,"custom_id":"a","options":[]}`),
		"the same twice":   field(`{"type":3,"custom_id":"a","options":[{"label":"x","value":"x"},{"label":"y","value":"x"}]}`),
		"more than there":  field(`{"type":3,"custom_id":"a","max_values":2,"options":[{"label":"x","value":"x"}]}`),
		"disabled":         field(`{"type":3,"custom_id":"a","disabled":true,"options":[{"label":"x","value":"x"}]}`),
		"one radio button": field(`{"type":21,"custom_id":"a","options":[{"label":"x","value":"x"}]}`), "eleven files": field(`{"type":19,"custom_id":"a","max_values":11}`),
		"a select alone":                `{"custom_id":"f","title":"T","components":[{"type":3,"custom_id":"a"}]}`,
		"a long label":                  `{"custom_id":"f","title":"T","components":[{"type":18,"label":"` + long[:46] + `","component":` + text + `}]}`,
		"the same custom id":            `{"custom_id":"f","title":"T","components":[{"type":18,"label":"L","component":` + text + `},{"type":18,"label":"L","component":` + text + `}]}`,
		"no JSON":                       `[]`,
		"an unknown field":              field(`{"type":4,"custom_id":"a","style":1,"colour":"red"}`),
		"a label twice":                 field(`{"type":4,"custom_id":"a","style":1,"label":"L"}`),
		"a box that has to":             field(`{"type":23,"custom_id":"a","required":true}`),
		"none of what has to be chosen": field(`{"type":5,"custom_id":"a","min_values":0}`),
		"a nameless default":            field(`{"type":5,"custom_id":"a","default_values":[{"id":"1"}]}`),
		"too many defaults":             field(`{"type":5,"custom_id":"a","default_values":[{"id":"1","type":"user"},{"id":"2","type":"user"}]}`),
		"two options chosen":            field(`{"type":21,"custom_id":"a","options":[{"label":"x","value":"x","default":true},{"label":"y","value":"y","default":true}]}`),
		"more at least than at most":    field(`{"type":4,"custom_id":"a","style":1,"min_length":5,"max_length":4}`),
		"a row of a menu":               `{"custom_id":"f","title":"T","components":[{"type":1,"components":[{"type":3,"custom_id":"a","options":[{"label":"x","value":"x"}]}]}]}`,
		"an empty label":                `{"custom_id":"f","title":"T","components":[{"type":18,"label":"L"}]}`,
		"the same number":               `{"custom_id":"f","title":"T","components":[{"type":10,"id":3,"content":"x"},{"type":10,"id":3,"content":"y"}]}`,
	} {
		if f, wrong := readForm(json.RawMessage(body)); wrong.refusal() == nil {
			t.Errorf("%s: taken as %+v", what, f)
		}
	}
	for what, body := range map[string]string{
		"text": field(text), "radio": field(`{"type":21,"custom_id":"a","options":[{"label":"x","value":"x"},{"label":"y","value":"y","default":true}]}`),
		"boxes": field(`{"type":22,"custom_id":"a","options":[{"label":"x","value":"x"}]}`), "people": field(`{"type":5,"custom_id":"a","required":false}`),
		"two boxes at least": field(`{"type":22,"custom_id":"a","min_values":2,"options":[{"label":"x","value":"x"},{"label":"y","value":"y"}]}`),
		"chosen people":      field(`{"type":5,"custom_id":"a","max_values":2,"default_values":[{"id":"1","type":"user"},{"id":"2","type":"user"}]}`),
		"an old row":         `{"custom_id":"f","title":"T","components":[{"type":1,"components":[{"type":4,"custom_id":"a","style":2,"label":"L"}]}]}`,
	} {
		if _, wrong := readForm(json.RawMessage(body)); wrong.refusal() != nil {
			t.Errorf("%s: %s", what, wrong)
		}
	}
}
