package slack

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"balie/adapters/adaptertest"
	"balie/adapters/markup"

	"pgregory.net/rapid"
)

// check looks for what no text of ours may do.
func check(t adaptertest.Fatal, in, out string, most int) {
	calls, links, odd := slackTokens(out)
	if len(calls) > 0 {
		t.Fatalf("%q became %q, which calls %q", in, out, calls)
	}
	for _, l := range links {
		if !regexp.MustCompile(`(?i)^(https?://|mailto:)`).MatchString(l) {
			t.Fatalf("%q became %q, which leads to %q", in, out, l)
		}
	}
	if len(odd) > 0 {
		t.Fatalf("%q became %q, where %q is not escaped", in, out, odd)
	}
	if strings.Count(out, "```")%2 != 0 {
		t.Fatalf("%q became %q, where code does not end", in, out)
	}
	adaptertest.Check(t, in, out, most)
}

var snippets = append(slices.Clone(adaptertest.Snippets), "<!here>", "<!channel>", "<@U123>", "<#C123>", "<!subteam^S1>", "<!date^1^{ago}|x>", "@channel",
	"&lt;!here&gt;", "&#60;", "＊", "＿", "｀", "～", "＞", "\u200a", "\u2035", ":nope:")

func hostile() *rapid.Generator[string] { return adaptertest.Hostile(snippets) }

func TestOutboundIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, most := hostile().Draw(t, "text"), rapid.SampledFrom([]int{1, 2, 7, 30, 80, 1_000}).Draw(t, "most")
		check(t, text, outbound(text, most), most)
		check(t, text, plain(text, most), most)
		all := 0
		for _, s := range sections(text, most) {
			check(t, text, s, min(most, sectionMax))
			if all += utf8.RuneCountInString(s); strings.TrimSpace(s) == "" {
				t.Fatalf("%q has an empty part", text)
			}
		}
		if all > most {
			t.Fatalf("%q has parts of %d characters, at most %d go", text, all, most)
		}
	})
}

// TestLooksAreMeant has clients of either kind show exactly the looks and links that a line has.
func TestLooksAreMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := markup.Wash(adaptertest.InLine(hostile().Draw(t, "line")))
		spans := spansOf(line, true)
		want := meant(spans)
		for _, word := range []func(rune) bool{asciiWord, anyWord} {
			if got := slackLine(written(spans), word); !slices.Equal(got, want) {
				t.Fatalf("%q became %q:\n%v is shown\n%v is meant", line, written(spans), got, want)
			}
		}
	})
}

// TestWordsStay writes any text out and reads it in again: what it says is the same.
func TestWordsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		out := outbound(text, 10_000)
		if strings.Contains(text, "](") || strings.Contains(text, ":smile:") || strings.Contains(text, "mailto") {
			return // addresses come to stand elsewhere, and signs are drawn
		}
		if regexp.MustCompile("(```|~~~)\\s*[\\w+#.-]").MatchString(markup.Wash(text)) {
			return // what language code is in goes nowhere
		}
		// Where nothing was between words something may be now.
		letters := func(s string) string { return strings.Join(adaptertest.WordsOf(s), "") }
		if back := inbound(out, nil); letters(back) != letters(markup.Wash(text)) {
			t.Fatalf("%q became %q and came back as %q", text, out, back)
		}
	})
}

// TestLooksComeBack reads in what was written out: it looks the same.
func TestLooksComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := "x " + markup.Wash(strings.ReplaceAll(adaptertest.InLine(hostile().Draw(t, "line")), ":", ""))
		spans := spansOf(line, true)
		back := inbound(written(spans), nil)
		if got, want := meant(spansOf(back, true)), meant(spans); !slices.Equal(got, want) {
			t.Fatalf("%q became %q and came back as %q:\n%v is what it is\n%v is what it was", line, written(spans), back, got, want)
		}
	})
}

func TestOutbound(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 100% (really) - yes; a_b 2*3":          "plain words, 100% (really) - yes; a_b 2*3",
		"**bold** *it* _it_ __bold__ ~~no~~ `code` ***x***":  "*bold* _it_ _it_ *bold* ~no~ `code` *_x_*",
		"in**si**de un*believ*able":                          "in" + gap + "*si*" + gap + "de un" + gap + "_believ_" + gap + "able",
		"** no ** and **open":                                "*" + hair + "* no *" + hair + "* and **open",
		`\*x\* \_y\_ \~\~z\~\~ \**b\*`:                       "*" + hair + "x" + hair + "* _" + hair + "y" + hair + "_ ~" + hair + "~" + hair + "z" + hair + "~" + hair + "~ *" + hair + "*" + hair + "b" + hair + "*",
		"a < b > c & d &amp; e":                              "a &lt; b &gt; c &amp; d &amp;amp; e",
		"<!here> <@U1> <#C1|x> @channel":                     "&lt;!here&gt; &lt;@U1&gt; &lt;#C1|x&gt; @channel",
		"> quote\n> > more\n\n- a\n  - b\n* c\n\n1. d\n2) e": "&gt; quote\n&gt; more\n\n• a\n    ◦ b\n• c\n\n1. d\n2) e",
		`\> no quote`:                                              gap + "&gt; no quote",
		"```go\nx := \"@all & <a>\"\n```\nafter":                   "```\nx := \"@all &amp; &lt;a&gt;\"\n```\nafter",
		"```\nopen":                                                "```\nopen\n```",
		"~~~\na\n```\nb\n~~~\nc":                                   "```\na\n`" + gap + "`" + gap + "`\nb\n```\nc",
		"> ```\n> a `b`\n> ```\n> c":                               "&gt; `a " + tick + "b" + tick + "`\n&gt; c",
		"``a`b`` half ` only":                                      "`a" + tick + "b` half " + tick + " only",
		"[a](https://x.org) [b](mailto:a@x.org)":                   "<https://x.org|a> <mailto:a@x.org|b>",
		"[*a* > b](https://x.org/?q=1&r=2|3)":                      "<https://x.org/?q=1&amp;r=2%7C3|a &gt; b>",
		"[x](javascript:alert(1)) [y](/z) [z]":                     "[x](javascript:alert(1)) [y](/z) [z]",
		"![p](https://x.org/p.png \"t\") ![](https://x.org/)":      "<https://x.org/p.png|p> <https://x.org/>",
		"see https://x.org/a_b_(c). (https://x.org)":               "see <https://x.org/a_b_(c)>. (<https://x.org>)",
		"**https://x.org** <https://y.org/a> <b@y.org>":            "*<https://x.org>* <https://y.org/a> &lt;b@y.org&gt;",
		"[long](https://x.org/" + strings.Repeat("a", 2_000) + ")": "[long](https://x.org/" + strings.Repeat("a", 2_000) + ")",
		"# head\n\n\nlines\n\n":                                    "# head\n\n\nlines",
		"a\u202eb\u2066c\x00\r\nd\re":                              "abc\nd\ne",
	} {
		got := outbound(in, 3_000)
		if got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
		check(t, in, got, 3_000)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Printer (2nd floor), a_b: 100%": "Printer (2nd floor), a_b: 100%",
		"*x* `z` 2 * 3 *":                "*" + hair + "x" + hair + "* " + tick + "z" + tick + " 2 * 3 *",
		"> 1\n- 2 <!here> https://x.org": gap + "&gt; 1 - 2 &lt;!here&gt; https://x.org",
		"＊x＊":                            "＊" + hair + "x" + hair + "＊",
		" a\tb ":                         "a b",
	} {
		if got := plain(in, 1_000); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
	if got := oneLine("a\nb\t <c> *d* e\u202e", 9); got != "a b <c> …" {
		t.Errorf("one line is %q", got)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"one two three four", 18, "one two three four"},
		{"one two three four", 17, "one two three…"},
		{"onetwothreefour", 8, "onetwot…"},
		{"a & b & c", 9, "a &amp;…"},
		{"word", 1, "…"},
		{"word", 0, ""},
		{"first line\nsecond line", 14, "first line…"},
		{"```\nall of this is code\n```", 22, "```\nall of this…\n```"},
	} {
		if got := outbound(c.in, c.most); got != c.want {
			t.Errorf("%q to %d became %q, not %q", c.in, c.most, got, c.want)
		}
	}
	for _, s := range []string{
		strings.Repeat("@all [x](y:z) ", 20_000), strings.Repeat("✓", 100_000), strings.Repeat("> ", 50_000), strings.Repeat("[", 40_000),
		strings.Repeat("`", 40_001), strings.Repeat("*a ", 20_000), strings.Repeat("a* ", 20_000), strings.Repeat("**", 20_000),
		strings.Repeat("[](", 20_000), strings.Repeat("<https://x.org", 10_000), strings.Repeat("_*a", 20_000) + strings.Repeat("b*_", 20_000),
	} {
		check(t, s[:20], outbound(s, messageMax), messageMax)
		check(t, s[:20], plain(s, messageMax), messageMax)
	}
}

// TestSections splits a long text where lines end, and code so that each part is code.
func TestSections(t *testing.T) {
	text := strings.Repeat(strings.Repeat("word ", 100)+"\n", 10) + "```\n" + strings.Repeat("line of code & more\n", 200) + "```\n" +
		"**" + strings.Repeat("bold ", 1_200) + "[link](https://x.org/) end**"
	parts := sections(text, 20_000)
	if len(parts) != 8 {
		t.Errorf("%d parts", len(parts))
	}
	for _, p := range parts {
		check(t, text, p, sectionMax)
		if first, _, _ := strings.Cut(p, "\n"); strings.HasPrefix(first, "line") || strings.HasPrefix(first, "bold") {
			t.Errorf("a part begins %.20q", p)
		}
	}
	if got, want := len(adaptertest.WordsOf(strings.ReplaceAll(strings.Join(parts, "\n"), "&amp;", ""))), len(adaptertest.WordsOf(text)); got != want {
		t.Errorf("%d words of %d", got, want)
	}
}
