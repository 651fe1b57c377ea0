package discord

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"balie/adapters/adaptertest"
	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

// everyForm has every kind of question, with labels as long as Dutch ones are.
func everyForm() chat.Form {
	options := []chat.Option{{Value: "hw", Label: "Hardware, zoals laptops, schermen en printers", Hint: "Alles met een stekker"}, {Value: "sw", Label: "Software"}}
	return chat.Form{
		Value: chat.Value{Verb: "open", Arg: `{"d":true}`}, Title: "Nieuwe melding voor de informatievoorziening", Submit: "Versturen",
		Intro: "*Dit typte je eerder, zonder het te versturen.*\n\nCategorie: **Hardware**", Fixed: chat.Values{"category": {"hw"}},
		Fields: []chat.Field{
			{ID: "summary", Kind: chat.TextField, Label: "Korte omschrijving van het probleem dat je nu hebt", Required: true, Max: 150, Value: []string{"Printer\nstuk"}, Placeholder: "In één zin"},
			{ID: "priority", Kind: chat.SelectField, Label: "Prioriteit", Required: true, Options: options, Value: []string{"hw"}},
			{ID: "apps", Kind: chat.MultiField, Label: "Toepassingen waarmee je werkt", Options: options, Value: []string{"hw", "sw", "gone"}},
			{ID: "colleague", Kind: chat.PersonField, Label: "Collega die erbij was", Hint: "Alleen als die meer weet", Value: []string{"80351110224678912"}},
			{ID: "since", Kind: chat.TextField, Label: "Sinds", Placeholder: "2026-12-31", Max: 10, Value: []string{"2026-03-04"}},
			{ID: "urgent", Kind: chat.CheckboxField, Label: "Ik kan niet verder werken", Value: []string{"true"}},
			{ID: "nothing", Kind: chat.SelectField, Label: "Nothing to choose from"},
			{ID: "description", Kind: chat.LongTextField, Label: "Beschrijving", Max: 10_000, Value: []string{"Hij piept & <rookt>\n**heel** hard"}},
			{ID: "files", Kind: chat.FileField, Label: "Bestanden", Max: 20},
		},
	}
}

func TestGoldenModals(t *testing.T) {
	v := newValues(valuesSecret, &adaptertest.Memory{})
	s := formState{Nonce: "nonce", Form: everyForm()}
	golden.Check(t, "modal-first", "discord-interaction-response", answer{Type: answerModal, Data: s.modal(v, 0, words("nl"))})
	golden.Check(t, "modal-last", "discord-interaction-response", answer{Type: answerModal, Data: s.modal(v, 1, words("nl"))})
	// Something was wrong, and comes back with what was typed.
	s = s.with(0, pagesOf(s.Form)[0], chat.Values{"summary": {"printer"}}, nil)
	s = s.with(1, pagesOf(s.Form)[1], chat.Values{"description": {"it \\ is \"broken\""}}, map[string][]chat.File{"files": {{ID: "1"}, {ID: "2"}}})
	s.Errors = map[string]string{"summary": "Vertel *in een paar woorden* wat er is.", "description": "Te kort: minstens `20` tekens\\."}
	golden.Check(t, "modal-first-again", "discord-interaction-response", answer{Type: answerModal, Data: s.modal(v, 0, words("nl"))})
	golden.Check(t, "modal-last-again", "discord-interaction-response", answer{Type: answerModal, Data: s.modal(v, 1, words("en"))})
	golden.Check(t, "modal-empty", "discord-interaction-response", answer{Type: answerModal, Data: formState{Nonce: "nonce"}.modal(v, 0, words("en"))})
}

// Whatever a form has, each of its pages is one that Discord takes, and each question is on one of them.
func TestPagesHoldEveryQuestion(t *testing.T) {
	v := newValues(valuesSecret, &adaptertest.Memory{})
	for n := range 23 {
		for _, intro := range []string{"", "An *introduction*"} {
			f := chat.Form{Title: strings.Repeat("title ", 20), Intro: intro}
			for i := range n {
				f.Fields = append(f.Fields, chat.Field{ID: "f" + strconv.Itoa(i), Kind: chat.TextField, Label: strings.Repeat("ë", i*10)})
			}
			s := formState{Nonce: strings.Repeat("n", 26), Form: f}
			var got []string
			for page := range pagesOf(f) {
				m := s.modal(v, page, words(""))
				if len(m.Components) < 1 || len(m.Components) > pageMax || utf8.RuneCountInString(m.Title) > formTitle || m.Title == "" || len(m.CustomID) > carryMax {
					t.Errorf("%d questions: page %d is %q with %d components, %q", n, page, m.Title, len(m.Components), m.CustomID)
				}
				for _, c := range back(t, m) {
					if c.Label == "" && c.Type == 18 || utf8.RuneCountInString(c.Label) > labelMax {
						t.Errorf("a label is %q", c.Label)
					}
					if c.Component != nil {
						got = append(got, c.Component.CustomID)
					}
				}
			}
			if len(got) != n || n > 0 && got[n-1] != "f"+strconv.Itoa(n-1) {
				t.Errorf("%d questions became %q", n, got)
			}
		}
	}
}

// back are the components of a modal, as they would be read.
func back(t testing.TB, m modal) []wireComponent {
	t.Helper()
	var out struct {
		Components []wireComponent `json:"components"`
	}
	if err := json.Unmarshal(encode(m), &out); err != nil {
		t.Fatal(err)
	}
	return out.Components
}

func TestAnswersComeBack(t *testing.T) {
	f := everyForm()
	in, err := readInteraction([]byte(`{"channel_id":"5","data":{"components":[
		{"type":18,"component":{"type":4,"custom_id":"summary","value":" print\u0007er\r\nstuk "}},
		{"type":18,"component":{"type":3,"custom_id":"priority","values":["sw","hw"]}},
		{"type":18,"component":{"type":3,"custom_id":"apps","values":["sw","made up","sw","hw"]}},
		{"type":77,"thing":{"of":"the future"},"values":{"a":1}},
		{"type":18,"component":{"type":5,"custom_id":"colleague","values":["<@1>","80351110224678912","7"]}},
		{"type":18,"component":{"type":4,"custom_id":"since","value":12}},
		{"type":18,"component":{"type":23,"custom_id":"urgent","value":true}},
		{"type":1,"components":[{"type":4,"custom_id":"description","value":"  "}]},
		{"type":18,"component":{"type":4,"custom_id":"category","value":"never asked"}},
		{"type":18,"component":{"type":19,"custom_id":"files","values":["9","10","unknown"]}}],
		"resolved":{"attachments":{"9":{"id":"9","filename":"a.png","size":3,"url":"https://cdn.discordapp.com/a.png"},"10":{"id":"10","filename":"b.png","size":4}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	values, files := in.sent(f.Fields)
	want := chat.Values{"summary": {" printer\nstuk "}, "priority": {"sw"}, "apps": {"sw", "made up", "hw"}, "colleague": {"80351110224678912"}, "urgent": {"true"}}
	if !maps.EqualFunc(values, want, slices.Equal) {
		t.Errorf("the answers are %q, want %q", values, want)
	}
	if len(files) != 1 || len(files["files"]) != 2 || files["files"][0].Name != "a.png" || files["files"][1].Size != 4 {
		t.Errorf("the files are %+v", files)
	}
	if values, files := (wireInteraction{}).sent(f.Fields); len(values) != 0 || len(files) != 0 {
		t.Errorf("of nothing became %v, %v", values, files)
	}
}

func TestOddOptionsAreLeftOut(t *testing.T) {
	f := chat.Field{ID: "x", Kind: chat.MultiField}
	for i := range 40 {
		f.Options = append(f.Options, chat.Option{Value: fmt.Sprint("o", i)})
	}
	f.Options[1].Value, f.Options[2].Value, f.Options[3].Value = "", "o0", strings.Repeat("x", 101)
	got := optionsOf(f)
	if len(got) != optionsMax || got[1].Value != "o4" || got[0].Label != "o0" {
		t.Errorf("%d options: %+v", len(got), got)
	}
}

func TestComponentsOfOddFields(t *testing.T) {
	seen := map[string]string{}
	for _, field := range []string{"", "#", "summary", "apps=hw", strings.Repeat("x", 101), strings.Repeat("x", 102), componentID("")} {
		id := componentID(field)
		if len(id) > carryMax || id == "" || seen[id] != "" {
			t.Errorf("%q became %q", field, id)
		}
		seen[id] = "x"
	}
}

func TestFilesGivenBeforeAreKept(t *testing.T) {
	field := chat.Field{ID: "files", Kind: chat.FileField, Max: 3, Required: true}
	s := formState{Form: chat.Form{Fields: []chat.Field{field, {ID: "text", Kind: chat.TextField}}}}
	give := func(ids ...string) map[string][]chat.File {
		out := map[string][]chat.File{}
		for _, id := range ids {
			out["files"] = append(out["files"], chat.File{ID: id})
		}
		return out
	}
	first := s.with(0, s.Form.Fields, chat.Values{"text": {"a"}}, give("1", "2"))
	second := first.with(0, s.Form.Fields, chat.Values{}, nil)
	third := second.with(0, s.Form.Fields, chat.Values{"text": {"b"}}, give("3", "4"))
	if len(s.Files) != 0 || len(first.Files["files"]) != 2 || first.Values.Get("text") != "a" {
		t.Errorf("at first %+v", first)
	}
	if len(second.Files["files"]) != 2 || len(second.Values) != 0 {
		t.Errorf("then %+v", second)
	}
	if got := third.Files["files"]; len(got) != 3 || got[0].ID != "2" || got[2].ID != "4" {
		t.Errorf("at last %+v", got)
	}
	upload := back(t, second.modal(newValues(valuesSecret, nil), 0, words("")))[0]
	if body := string(encode(second.modal(newValues(valuesSecret, nil), 0, words("")))); !strings.Contains(body, `"max_values":1,"required":false`) || upload.Label == "" {
		t.Errorf("the form is %s", body)
	}
}
