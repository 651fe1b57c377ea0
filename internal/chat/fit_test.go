package chat

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var small = Caps{FormLine: 20, FormText: 30}

func TestFitKeepsWhatFits(t *testing.T) {
	f := Form{Title: "New", Fields: []Field{
		{ID: "a", Kind: TextField, Max: 10, Value: []string{"x"}}, {ID: "b", Kind: MultiField}, {ID: "c", Kind: DateField},
		{ID: "d", Kind: FileField, Instead: "later"}, {ID: "e", Kind: SelectField, Refresh: true}, {ID: "f", Kind: LongTextField, Max: 9_000},
	}}
	all := Caps{FormRefresh: true, FormFiles: true, FormDates: true, FormMulti: true}
	if got := Fit(f, all); !reflect.DeepEqual(got, f) {
		t.Errorf("Fit = %+v", got)
	}
	if q := AskFirst(f, all, nil); q != nil {
		t.Errorf("asks %+v first", q)
	}
}

func TestFitDegrades(t *testing.T) {
	f := Fit(Form{Intro: "Hello", Fields: []Field{
		{ID: "kind", Kind: SelectField, Refresh: true, Value: []string{"hw"}, Options: []Option{{Value: "hw"}}},
		{ID: "skipped", Kind: SelectField, Refresh: true, Options: []Option{{Value: "x"}}},
		{ID: "summary", Kind: TextField, Max: 200},
		{ID: "long", Kind: TextField, Max: 200, Value: []string{"longer than a line of twenty"}},
		{ID: "apps", Kind: MultiField, Label: "Apps", Value: []string{"b"}, Options: []Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}},
		{ID: "day", Kind: DateField, Required: true},
		{ID: "files", Kind: FileField, Instead: "Files later."},
	}}, small)
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.ID+" "+string(field.Kind)+" "+strings.Join(field.Value, ","))
	}
	want := []string{"summary text ", "long long_text longer than a line of twenty", "apps=a checkbox ", "apps=b checkbox true", "day text "}
	if !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
	if f.Intro != "Hello\n\nFiles later." || !reflect.DeepEqual(f.Fixed, Values{"kind": {"hw"}}) || f.Fields[0].Max != 20 {
		t.Errorf("form %+v", f)
	}
	values := Gather(Values{"summary": {"s"}, "apps=a": {"true"}, "apps=b": {"true"}, "apps=c": {"false"}})
	if !reflect.DeepEqual(values, Values{"summary": {"s"}, "apps": {"a", "b"}}) {
		t.Errorf("gathered %v", values)
	}
}

func TestFitLooksUpLongLists(t *testing.T) {
	f := Form{Fields: []Field{
		{ID: "long", Kind: SelectField, Options: make([]Option, 6)}, {ID: "short", Kind: SelectField, Options: make([]Option, 5)},
	}}
	for _, c := range []struct {
		caps Caps
		want bool
	}{{Caps{Lookups: true, OptionsMax: 5}, true}, {Caps{Lookups: true}, false}, {Caps{OptionsMax: 5}, false}} {
		if got := Fit(f, c.caps); got.Fields[0].Lookup != c.want || got.Fields[1].Lookup || len(got.Fields[0].Options) != 6 {
			t.Errorf("%+v: %+v", c.caps, got.Fields)
		}
	}
}

func TestFitSplitsLongLists(t *testing.T) {
	var options []Option
	for i := range 7 {
		options = append(options, Option{Value: strconv.Itoa(i), Label: "Option " + strconv.Itoa(i)})
	}
	f := Fit(Form{Fields: []Field{
		{ID: "building", Kind: SelectField, Label: "Building", Required: true, Options: options, Value: []string{"4"}},
		{ID: "apps", Kind: MultiField, Label: "Apps", Options: options[:3]},
	}}, Caps{FormMulti: true, ListMax: 3})
	var got []string
	for _, field := range f.Fields {
		if len(field.Options) > 3 || field.Required {
			t.Errorf("%s has %d options, required %v", field.ID, len(field.Options), field.Required)
		}
		got = append(got, field.ID+" "+field.Label+" "+strings.Join(field.Value, ","))
	}
	want := []string{"building Building (Option 0 – Option 2) ", "building^2 Building (Option 3 – Option 5) 4", "building^3 Building (Option 6 – Option 6) ", "apps Apps "}
	if !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
	back := Gather(Values{"building^2": {"4"}, "apps": {"0", "2"}})
	if !reflect.DeepEqual(back, Values{"building": {"4"}, "apps": {"0", "2"}}) {
		t.Errorf("gathered %v", back)
	}
}

func TestAskFirst(t *testing.T) {
	f := Form{Fields: []Field{
		{ID: "summary", Kind: TextField},
		{ID: "type", Kind: SelectField, Refresh: true, Value: []string{"incident"}, Options: []Option{{Value: "incident"}}},
		{ID: "program", Kind: SelectField, Refresh: true, Options: []Option{{Value: "x"}}},
		{ID: "category", Kind: SelectField, Refresh: true, Options: []Option{{Value: "y"}}},
	}}
	if q := AskFirst(f, small, nil); q == nil || q.ID != "program" {
		t.Errorf("asks %+v", q)
	}
	if q := AskFirst(f, small, Values{"program": {}}); q == nil || q.ID != "category" {
		t.Errorf("after program asks %+v", q)
	}
	if q := AskFirst(f, small, Values{"program": {}, "category": {}}); q != nil {
		t.Errorf("after all asks %+v", q)
	}
}

// TestFitLosesNoWord: whatever was typed before comes back from the fields that it was spread over, and no field is longer
// than the platform takes.
func TestFitLosesNoWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé✓0-9]{1,40}[ \n]`), 0, 40).Draw(t, "words")
		text := strings.Join(words, "")
		kind := rapid.SampledFrom([]FieldKind{TextField, LongTextField}).Draw(t, "kind")
		f := Fit(Form{Fields: []Field{{ID: "d", Kind: kind, Label: "D", Value: []string{text}}}}, small)
		back := Values{}
		for _, field := range f.Fields {
			limit := small.FormText
			if field.Kind == TextField {
				limit = small.FormLine
			}
			if n := len(Values(map[string][]string{"v": field.Value}).Get("v")); n > limit {
				t.Fatalf("%s holds %d bytes", field.ID, n)
			}
			back[field.ID] = field.Value
		}
		got := Gather(back).Get("d")
		strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if strip(got) != strip(text) {
			t.Fatalf("%q came back as %q", text, got)
		}
	})
}

func FuzzGather(f *testing.F) {
	f.Add("a~2", "x", "b=c", "true")
	f.Add("~999999999999", "x", "=", "")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		got := Gather(Values{k1: {v1}, k2: {v2}})
		for id := range maps.Keys(got) {
			if strings.Contains(id, "=") {
				t.Fatalf("%q is left", id)
			}
		}
	})
}
