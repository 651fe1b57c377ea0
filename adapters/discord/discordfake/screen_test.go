package discordfake

import (
	"slices"
	"testing"
)

func TestReadable(t *testing.T) {
	for in, want := range map[string]string{
		"**bold** *it* __under__ ~~gone~~ ||secret|| `code`": "bold it under gone secret code", `\*no\* HD\-1`: "*no* HD-1",
		"***both*** _x_ snake_case_word": "both x snake_case_word", "```go\na *b*\n```": "a *b*", "[words](https://example.org/a_(b)) after": "words after",
		"[x](javascript:alert(1))": "[x](javascript:alert(1))", "# Title\n> quote\n- item": "Title\nquote\n- item", "<@1234> <#99> <:ok:12> <t:0:R>": "@1234 #99 :ok: 1970-01-01 00:00",
		"2 * 3 * 4": "2 * 3 * 4", "a ** b": "a ** b", "*open": "*open", "see https://example.org/x_y_z.": "see https://example.org/x_y_z.", "`a``": "`a``",
	} {
		if got := Readable(in); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string][]string{
		"[a](https://a.example/) <https://b.example> https://c.example/x. `https://d.example`": {"https://a.example/", "https://b.example", "https://c.example/x"},
		"[x](javascript:alert(1)) [y](data:text/html,x)":                                       nil, "(https://f.example/a)": {"https://f.example/a"},
	} {
		if got := linksIn(in); !slices.Equal(got, want) {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
}
