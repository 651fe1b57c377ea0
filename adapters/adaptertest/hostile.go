package adaptertest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// WordsOf are the words of a text, whatever its marks.
func WordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Visible is a text without what only keeps signs from meaning something.
func Visible(s string) string { return invisible.Replace(s) }

var invisible = strings.NewReplacer("\u200b", "", "\u2060", "", "\ufeff", "")

// Snippets are what texts that go wrong are made of, in Markdown and in platforms' own.
var Snippets = []string{
	"printer", "Zoë", "naam2", "打印机", "ok", "a", " ", " ", " ", "\n", "\n\n", "\n- ", "\n  - ", "\n> ", "\n> - ", "\n1. ", "\n• ", "    ", "\t", "\n```\n",
	"\n```zq\n", "```", "~~~", "\n> ```\n", "`", "``", "`x`", "*", "**", "***", "_", "__", "~", "~~", "\\", "\\*", "\\_", "\\`", "\\\\", "[", "]", "](", "(", ")",
	"[a](https://example.org/x)", "[*a* | b](https://example.org/)", "![p](https://example.org/p.png)", "[x](javascript:alert(1))", "[](mailto:a@x.org)",
	"<https://example.org>", "https://example.org/a_b", "https://example.org/**", "@here", "#general", "&amp;", "&", "<", ">", "|", "!", ".", "-",
	"\u202e", "\u2066", "\u2028", "\u200b", "\r", "\x00", "\xff", "\u00a0", ":smile:", "🔥",
}

// Hostile generates texts of such snippets.
func Hostile(snippets []string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(snippets), 0, 25).Draw(t, "snippets"), "")
	})
}

// InLine is a text in one line, as far as its breaks go.
func InLine(text string) string { return breaks.Replace(text) }

var breaks = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ", "\u2028", " ")

// Fatal is how tests of all kinds end.
type Fatal interface{ Fatalf(string, ...any) }

// Check checks of a text that goes out what holds on every platform: it has at most so many characters, all of them can be
// shown, and none turns the direction of what follows.
func Check(t Fatal, in, out string, most int) {
	if n := utf8.RuneCountInString(out); n > most {
		t.Fatalf("%q became %q: %d characters, at most %d go", in, out, n, most)
	}
	if !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}) {
		t.Fatalf("%q became %q", in, out)
	}
}

// FuzzText has a check look at any text, and at lengths to which it may be cut.
func FuzzText(f *testing.F, snippets []string, check func(t *testing.T, text string, most int)) {
	for _, s := range snippets {
		f.Add(s+s+" "+s, 100)
	}
	f.Fuzz(func(t *testing.T, text string, most int) { check(t, text, max(0, min(most, 5_000))) })
}
