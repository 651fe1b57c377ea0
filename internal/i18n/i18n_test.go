package i18n_test

import (
	"regexp"
	"slices"
	"testing"

	"os"

	"github.com/goccy/go-yaml"

	"balie/internal/i18n"
	"balie/internal/ticket"
)

func read(t *testing.T, lang string) map[string]any {
	t.Helper()
	data, err := os.ReadFile("texts/" + lang + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := yaml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

var argument = regexp.MustCompile(`\{\{\.\w+\}\}`)

// TestLanguagesAgree makes sure that every language has every text, with the same arguments.
func TestLanguagesAgree(t *testing.T) {
	first := read(t, i18n.Languages[0])
	for _, lang := range i18n.Languages[1:] {
		other := read(t, lang)
		for id, text := range first {
			if !slices.Equal(arguments(text), arguments(other[id])) {
				t.Errorf("%s: %s has the arguments %v, in %s %v", lang, id, arguments(other[id]), i18n.Languages[0], arguments(text))
			}
			if !i18n.In(lang).Has(id) {
				t.Errorf("%s: no text for %s", lang, id)
			}
		}
		for id := range other {
			if _, ok := first[id]; !ok {
				t.Errorf("%s: %s is in no other language", lang, id)
			}
		}
	}
}

func arguments(text any) []string {
	found := argument.FindAllString(flat(text), -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func flat(text any) string {
	s := ""
	switch v := text.(type) {
	case string:
		return v
	case map[string]any:
		for _, x := range v {
			s += flat(x)
		}
	}
	return s
}

// TestProblems makes sure that every problem can be told.
func TestProblems(t *testing.T) {
	for _, code := range ticket.Codes {
		for _, lang := range i18n.Languages {
			if !i18n.In(lang).Has("problem_" + string(code)) {
				t.Errorf("%s: no text for the problem %s", lang, code)
			}
		}
	}
}

func TestSay(t *testing.T) {
	for _, c := range []struct {
		lang, id, want string
		args           []any
	}{
		{"en", "button_claim", "Claim", nil},
		{"nl", "button_claim", "Oppakken", nil},
		{"de", "button_claim", "Claim", nil},
		{"nl", "claimed", "**HD-1** is van jou.", []any{"key", "HD-1"}},
		{"en", "story_more", "*1 earlier entry*", []any{"n", 1}},
		{"en", "story_more", "*3 earlier entries*", []any{"n", 3}},
		{"en", "claimed", "**<script>** is yours.", []any{"key", "<script>"}}, // escaped by whoever shows it, not here
	} {
		if got := i18n.In(c.lang).Say(c.id, c.args...); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.lang, c.id, got, c.want)
		}
	}
}
