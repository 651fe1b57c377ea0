package markup_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"balie/adapters/markup"
)

func TestWash(t *testing.T) {
	for _, c := range [][2]string{
		{"a\r\nb\rc\nd", "a\nb\nc\nd"}, {"a\u2028b\u2029c", "a\nb\nc"}, {"a\u202eb\u2066c\u2069", "abc"}, {"a\x00\x1bb\tc", "ab\tc"},
		{"plain – text", "plain – text"}, {"", ""},
	} {
		if got := markup.Wash(c[0]); got != c[1] {
			t.Errorf("%q becomes %q, want %q", c[0], got, c[1])
		}
	}
}

func TestStarted(t *testing.T) {
	for _, c := range []struct {
		blank      func(rune) bool
		text, want string
	}{
		{unicode.IsSpace, " \n\n  a\n b \n ", "  a\n b"}, {unicode.IsSpace, "\u200b\na", "\u200b\na"}, {markup.Blank, "\u200b\na\ufeff", "a"},
		{unicode.IsSpace, " \n ", ""}, {unicode.IsSpace, "", ""},
	} {
		if got := markup.Started(c.text, c.blank); got != c.want {
			t.Errorf("%q begins as %q, want %q", c.text, got, c.want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"äöü", 3, "äöü"}, {"abcdef", 6, "abcdef"}, {"abcdef", 4, "abc…"}, {"one two three", 10, "one two…"},
		{"a bcdefghij", 8, "a bcdef…"}, {"one two\nthree", 10, "one two…"}, {`abcd\efgh ij`, 6, "abcd…"},
	} {
		if got := markup.Shorten(c.text, c.most); got != c.want {
			t.Errorf("%d characters of %q are %q, want %q", c.most, c.text, got, c.want)
		}
	}
}

// TestFit writes texts longer than they are, in no way that can be foreseen.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, most := rapid.StringOfN(rapid.RuneFrom([]rune("ab<\n ä")), 0, 200, -1).Draw(t, "text"), rapid.IntRange(-1, 100).Draw(t, "most")
		write := func(s string) (string, int) {
			s = strings.ReplaceAll(s, "<", "&lt;")
			return s, utf8.RuneCountInString(s)
		}
		got := markup.Fit(s, most, rapid.IntRange(1, 400).Draw(t, "first"), write)
		whole, long := write(s)
		switch {
		case most <= 0:
			if got != "" {
				t.Fatalf("%q where nothing has room", got)
			}
		case utf8.RuneCountInString(got) > most:
			t.Fatalf("%q is longer than %d", got, most)
		case got != whole && !strings.HasSuffix(got, "…"):
			t.Fatalf("%q is a part of %q and does not say so", got, whole)
		}
		if got := markup.Fit(s, max(long, 1), max(2*long, 1), write); got != whole {
			t.Fatalf("%q where %q has room", got, whole)
		}
	})
}

func TestFence(t *testing.T) {
	for _, c := range []struct {
		line, signs, info string
		ok                bool
	}{
		{"```go", "```", "go", true}, {"  ~~~~ a `b`", "~~~~", "a `b`", true}, {"```", "```", "", true}, {"``` a `b`", "", "", false},
		{"    ```", "", "", false}, {"``", "", "", false}, {"x```", "", "", false},
	} {
		if signs, info, ok := markup.Fence(c.line); signs != c.signs || info != c.info || ok != c.ok {
			t.Errorf("%q is %q, %q, %t", c.line, signs, info, ok)
		}
	}
	if !markup.EndsFence(" ```` ", "```") || markup.EndsFence("``", "```") || markup.EndsFence("```go", "```") || markup.EndsFence("~~~", "```") {
		t.Error("the end of a block is not what it should be")
	}
	if !markup.IsLanguage("c++") || !markup.IsLanguage("") || markup.IsLanguage("two words") || markup.IsLanguage(strings.Repeat("x", 31)) {
		t.Error("a language is not what it should be")
	}
	if q := markup.Quote(" > > a"); q != " > > " {
		t.Errorf("a quote begins with %q", q)
	}
	if q := markup.Quote("a > b"); q != "" {
		t.Errorf("no quote begins with %q", q)
	}
}

func TestFlanks(t *testing.T) {
	for _, c := range []struct {
		text       string
		at, n      int
		begin, end bool
	}{
		{"*a*", 0, 1, true, false}, {"*a*", 2, 1, false, true}, {"a * b", 2, 1, false, false}, {"a**b", 1, 2, true, true},
		{"a_b", 1, 1, false, false}, {"(_b", 1, 1, true, false}, {"a*", 1, 1, false, true}, {"*", 0, 1, false, false}, {"ä*!", 2, 1, false, true},
	} {
		if begin, end := markup.Flanks(c.text, c.at, c.n); begin != c.begin || end != c.end {
			t.Errorf("%q at %d: it may begin (%t) or end (%t) something", c.text, c.at, begin, end)
		}
	}
}

func TestCodeSpan(t *testing.T) {
	for _, c := range []struct {
		text, code string
		to         int
		ok         bool
	}{
		{"`a` b", "a", 3, true}, {"``a`b`` c", "a`b", 7, true}, {"` a `", "a", 5, true}, {"`  `", "", 1, false}, {"`a", "", 1, false},
		{"``a`", "", 2, false}, {"`\u200b`", "", 1, false},
	} {
		if code, to, ok := markup.CodeSpan(c.text, 0); code != c.code || to != c.to || ok != c.ok {
			t.Errorf("%q is %q up to %d, %t", c.text, code, to, ok)
		}
	}
}

func TestLink(t *testing.T) {
	for _, c := range []struct {
		text, label, where string
		to                 int
	}{
		{"[a](http://x) b", "a", "http://x", 13}, {"[a [b] c](<x y>)", "a [b] c", "x y", 16}, {`[a\]b](x)`, `a\]b`, "x", 9},
		{`[a](x_\(1\))`, "a", "x_(1)", 12}, {"[a](x(1)y \"title\")", "a", "x(1)y", 18}, {"[a](x =10x20)", "a", "x", 13}, {"[a]()", "a", "", 5},
		{"[a] (x)", "", "", 0}, {"[a", "", "", 0}, {`[a\`, "", "", 0}, {"[a]", "", "", 0},
	} {
		label, where, to, ok := markup.Link(c.text, 0, len(c.text))
		if ok != (c.to > 0) || label != c.label || where != c.where || to != c.to {
			t.Errorf("%q says %q and leads to %q, up to %d, %t", c.text, label, where, to, ok)
		}
	}
	if _, _, _, ok := markup.Link("[abc](x)", 0, 4); ok {
		t.Error("a link is longer than allowed")
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range [][2]string{
		{"http://x/a.", "http://x/a"}, {"http://x/(a)", "http://x/(a)"}, {"http://x/a).", "http://x/a"}, {"http://x", "http://x"}, {"..", ""},
	} {
		if got := markup.TrimAddress(c[0], ".,"); got != c[1] {
			t.Errorf("%q ends as %q, want %q", c[0], got, c[1])
		}
	}
	for address, want := range map[string]bool{
		"https://x/ä?b=c": true, "https://x y": false, "https://x\u202e": false, "https://x\u2028": false, "https://\xff": false, "https://x\x01": false,
	} {
		if markup.Sound(address) != want {
			t.Errorf("%q is sound: %t", address, !want)
		}
	}
}
