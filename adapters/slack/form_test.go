package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"
	"pgregory.net/rapid"

	"balie/adapters/adaptertest/golden"
	"balie/adapters/memo"
	"balie/internal/chat"
)

// everyForm has every kind of question, with labels as long as Dutch ones are.
func everyForm() *chat.Form {
	options := []chat.Option{{Value: "hw", Label: "Hardware, zoals laptops, schermen en printers", Hint: "Alles met een stekker"}, {Value: "sw", Label: "Software"}}
	return &chat.Form{
		Value: chat.Value{Verb: "open", Arg: `{"d":true}`}, Title: "Nieuwe melding voor de informatievoorziening", Submit: "Versturen",
		Intro: "*Dit typte je eerder, zonder het te versturen.*",
		Fields: []chat.Field{
			{ID: "summary", Kind: chat.TextField, Label: "Korte omschrijving van het probleem", Required: true, Max: 150, Value: []string{"Printer stuk"}, Placeholder: "In één zin"},
			{ID: "category", Kind: chat.SelectField, Label: "Categorie", Required: true, Refresh: true, Options: options, Value: []string{"hw"}},
			{ID: "room", Kind: chat.SelectField, Label: "Kamer", Dependent: true, Options: options, Value: []string{"sw"}},
			{ID: "place", Kind: chat.SelectField, Label: "Vestiging", Lookup: true, Options: options},
			{ID: "apps", Kind: chat.MultiField, Label: "Toepassingen waarmee je werkt", Options: options, Value: []string{"hw", "sw"}},
			{ID: "machines", Kind: chat.MultiField, Label: "Machines", Lookup: true, Options: options, Value: []string{"hw"}},
			{ID: "colleague", Kind: chat.PersonField, Label: "Collega die erbij was", Hint: "Alleen als die meer weet", Value: []string{"U0ANA"}},
			{ID: "since", Kind: chat.DateField, Label: "Sinds", Value: []string{"2026-03-04"}},
			{ID: "urgent", Kind: chat.CheckboxField, Label: "Ik kan niet verder werken", Value: []string{"true"}},
			{ID: "description", Kind: chat.LongTextField, Label: "Beschrijving", Max: 10_000, Value: []string{"Hij piept & <rookt>"}},
			{ID: "files", Kind: chat.FileField, Label: "Bestanden", Max: 20},
		},
	}
}

func TestGoldenForms(t *testing.T) {
	at := state{Channel: "C0GENERAL", Nonce: "nonce", Later: "https://hooks.slack.com/commands/T0/1/x"}
	v, now := modal(everyForm(), at, nil)
	golden.Check(t, "form", "slack-view", v)
	// The person chose another category meanwhile, and typed on.
	now.values["summary"] = []string{"Printer op de gang stuk"}
	f := everyForm()
	f.Fields[0].Value = []string{"Printer op de gang stuk"}
	f.Fields[1].Value = []string{"sw"}
	v, _ = modal(f, at, now)
	golden.Check(t, "form-changed", "slack-view", v)

	a := &asked{in: interaction{View: cameBack(t, v, map[string]given{"summary": {Value: "Printer & co"}})}}
	golden.Check(t, "form-failed", "slack-view-response", answerUpdate(a.again("Het lukt *nu* niet. Probeer het zo nog eens.")))
	golden.Check(t, "form-wrong", "slack-view-response", a.wrong(t.Context(), chat.Event{}, at, &standing{blocks: map[string]string{"summary": "summary"}},
		map[string]string{"summary": "Vertel in een paar woorden wat er is."}))
}

// Slack drops larger answers than 20 kB that come over a socket.
func TestLargeFormsAreAnsweredShortly(t *testing.T) {
	f := everyForm()
	for n := range 40 {
		f.Fields = append(f.Fields, chat.Field{ID: "more" + strconv.Itoa(n), Kind: chat.LongTextField, Label: strings.Repeat("x", 75), Hint: strings.Repeat("y", 300)})
	}
	v, _ := modal(f, state{}, nil)
	a := &asked{in: interaction{View: cameBack(t, v, nil)}}
	answer := encode(a.above("Not now."))
	if len(answer) >= ackMax || !strings.Contains(answer, `"errors":{"summary":"Not now."}`) {
		t.Errorf("%d bytes: %.200s", len(answer), answer)
	}
}

// cameBack is a modal as Slack hands it back, with some of its answers.
func cameBack(t testing.TB, v any, with map[string]given) *view {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out view
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	state := map[string]map[string]any{}
	for block, g := range with {
		a := map[string]any{"type": g.Type}
		if g.Value != "" {
			a["value"] = g.Value
		}
		if g.Selected != nil {
			a["selected_option"] = map[string]any{"value": g.Selected.Value, "text": map[string]any{"type": "plain_text", "text": "x"}}
		}
		state[block] = map[string]any{answerID: a}
	}
	if out.State.Values, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	return &out
}

// What a person gave stays where it is, and what the form gives gets a new place.
func TestAnswersKeepTheirPlace(t *testing.T) {
	f := everyForm()
	_, now := modal(f, state{}, nil)
	f.Fields[0].Value = []string{"from the draft"}
	f.Fields[2].Value = nil
	_, next := modal(f, state{}, now)
	for _, field := range f.Fields {
		moved := next.blocks[field.ID] != now.blocks[field.ID]
		if want := field.ID == "summary" || field.ID == "room"; moved != want {
			t.Errorf("%s: from %q to %q", field.ID, now.blocks[field.ID], next.blocks[field.ID])
		}
	}
	_, last := modal(f, state{}, next)
	if last.blocks["summary"] != next.blocks["summary"] {
		t.Errorf("an answer that is the same moved from %q to %q", next.blocks["summary"], last.blocks["summary"])
	}
}

func TestBlocksNameTheirField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.StringMatching(`[a-z][a-z0-9_-]{0,30}`).Draw(t, "field")
		salt := rapid.IntRange(0, 1000).Draw(t, "salt")
		if f, s := fieldOf(blockID(field, salt)); f != field || s != salt {
			t.Fatalf("%q, %d became %q, %d", field, salt, f, s)
		}
	})
}

func TestAnswersComeBack(t *testing.T) {
	v, _ := modal(everyForm(), state{}, nil)
	back := cameBack(t, v, map[string]given{"summary": {Value: " printer "}, "category": {Selected: &choice{"sw"}}, "description": {Value: "  "}, "unknown": {Value: "x"}})
	now, _ := back.answers()
	if got := now.values; len(got) != 2 || got.Get("summary") != " printer " || got.Get("category") != "sw" {
		t.Errorf("the answers are %v", got)
	}
	back.State.Values = json.RawMessage(`[]`) // as Slack wrote an empty state for a while
	if now, _ := back.answers(); len(now.values) != 0 || len(now.blocks) != len(everyForm().Fields) {
		t.Errorf("an empty state became %v", now)
	}
}

func TestMetadataFits(t *testing.T) {
	st := state{Form: chat.Value{Verb: "open", Arg: strings.Repeat("x", 2500)}, Later: strings.Repeat("y", 600)}
	if got := st.encoded(); len(got) > metadataMax {
		t.Errorf("%d bytes", len(got))
	}
}

// A menu takes five choices: the others are buttons. Every one of them says what it does.
func TestMenus(t *testing.T) {
	for n := range 12 {
		b := chat.Button{Label: "More", Value: chat.Value{Verb: "more", Ticket: "01J0000000000000000000000A"}}
		for i := range n + 1 {
			b.Options = append(b.Options, chat.Option{Value: "o" + strconv.Itoa(i), Label: "Option " + strconv.Itoa(i)})
		}
		var chosen []string
		for _, e := range buttonsIn("T0")(b) {
			body, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var el struct {
				Type, ActionID, Value string
				Options               []choice
			}
			if err := json.Unmarshal([]byte(strings.ReplaceAll(string(body), "action_id", "ActionID")), &el); err != nil {
				t.Fatal(err)
			}
			presses := []pressed{{ActionID: el.ActionID, Value: el.Value}}
			if el.Type == "overflow" {
				if len(el.Options) > menuMax || len(el.ActionID) > actionIDMax {
					t.Errorf("%d options: the menu has %d, its id %d bytes", n+1, len(el.Options), len(el.ActionID))
				}
				presses = nil
				for _, o := range el.Options {
					presses = append(presses, pressed{ActionID: el.ActionID, Selected: &o})
				}
			}
			for _, p := range presses {
				l, choice, ok := carried(p)
				if !ok || l.Value != b.Value || l.Workspace != "T0" {
					t.Errorf("%+v carries %+v", p, l)
				}
				chosen = append(chosen, choice)
			}
		}
		want := []string{}
		for _, o := range b.Options {
			want = append(want, o.Value)
		}
		if !slices.Equal(chosen, want) {
			t.Errorf("%d options became %q", n+1, chosen)
		}
	}
}

func FuzzInteraction(f *testing.F) {
	f.Add([]byte(`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","callback_id":"balie","private_metadata":"{}","blocks":[],"state":{"values":[]}}}`))
	f.Add([]byte(`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"menu:{","selected_option":null}],"view":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in interaction
		if json.Unmarshal(body, &in) != nil {
			return
		}
		in.team()
		if in.View != nil {
			in.View.state()
			in.View.answers()
			a := asked{in: in}
			a.again("wrong")
		}
		for _, p := range in.Actions {
			carried(p)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"type":"message","channel":"C1","user":"U1","ts":"1.000001","text":"hi"}`))
	f.Add([]byte(`{"type":"user_change","user":{"id":"U1"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in inner
		if json.Unmarshal(body, &in) != nil {
			return
		}
		in.byPerson(&workspace{botUser: "UBOT"})
		in.key()
		timeOf(in.TS)
	})
}

// What somebody typed into a form that opened early goes before the draft; what the form began with does not.
func TestTypedGoesBeforeTheDraft(t *testing.T) {
	s := &Slack{views: memo.New[string, *openView](10)}
	o := &opener{Slack: s, view: &slackapi.ViewResponse{View: slackapi.View{ID: "V1"}},
		now: &standing{blocks: map[string]string{}, values: chat.Values{"priority": {"normal"}}}}
	s.openView("V1").last = chat.Values{"summary": {"typed"}, "priority": {"normal"}}
	draft := &chat.Form{Fields: []chat.Field{{ID: "summary", Value: []string{"draft"}}, {ID: "priority", Value: []string{"high"}}}}
	got := o.typedInto(draft)
	if got.Fields[0].Value[0] != "typed" || got.Fields[1].Value[0] != "high" || draft.Fields[0].Value[0] != "draft" {
		t.Errorf("the form is %+v, the draft %+v", got.Fields, draft.Fields)
	}
}
