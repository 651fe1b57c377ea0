package discord

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"balie/adapters/adaptertest"
	"balie/adapters/markup"
)

// check looks for what no text of ours may do.
func check(t adaptertest.Fatal, in, out string, most int) {
	c := show(out)
	if len(c.calls) > 0 {
		t.Fatalf("%q became %q, which calls %q", in, out, c.calls)
	}
	for _, l := range c.links {
		if !regexp.MustCompile(`(?i)^https?://`).MatchString(l) {
			t.Fatalf("%q became %q, which leads to %q", in, out, l)
		}
	}
	for _, b := range c.blocks {
		if b == "#" || b == "-#" || b == ">>>" {
			t.Fatalf("%q became %q, where a line begins with %s", in, out, b)
		}
	}
	for _, s := range c.out {
		if strings.ContainsAny(s.look, "ux") {
			t.Fatalf("%q became %q, where something is underlined or hidden", in, out)
		}
	}
	if n := len(utf16.Encode([]rune(out))); n > most {
		t.Fatalf("%q became %q: %d characters as Discord may count them, at most %d go", in, out, n, most)
	}
	if strings.Count(out, "```")%2 != 0 {
		t.Fatalf("%q became %q, where code does not end", in, out)
	}
	adaptertest.Check(t, in, out, most)
}

var snippets = append(slices.Clone(adaptertest.Snippets), "||", "<@123>", "<@!123>", "<@&123>", "<#123>", "</a b:123>", "<:x:1>", "<a:x:1>", "<t:1:R>",
	"<id:home>", "@everyone", "\n# ", "\n## ", "\n-# ", "\n>>> ", "\n>", "\n+ ", "steam://x", "discord://-/x", "<tel:1>", "<a@x.org>", "<+123>", "://", "#", ":", "/")

func hostile() *rapid.Generator[string] { return adaptertest.Hostile(snippets) }

func hostileLine(t *rapid.T) string {
	return markup.Wash(adaptertest.InLine(hostile().Draw(t, "line")))
}

func TestOutboundIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, most := hostile().Draw(t, "text"), rapid.SampledFrom([]int{1, 2, 7, 30, 80, 1_000}).Draw(t, "most")
		check(t, text, outbound(text, most), most)
		check(t, text, plain(text, most), most)
		parts, _ := packed(text, most, 3)
		if len(parts) > 3 {
			t.Fatalf("%q has %d parts", text, len(parts))
		}
		for _, part := range parts {
			if check(t, text, part, most); strings.TrimSpace(part) == "" {
				t.Fatalf("%q has an empty part", text)
			}
		}
	})
}

// TestLooksAreMeant has a client show exactly the looks and links that a line has.
func TestLooksAreMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := hostileLine(t)
		spans := matched(piecesOf(line, nil))
		want := meant(spans)
		out := written([]row{{spans: spans}}, false)
		if got := show(out).out; !slices.Equal(got, want) {
			t.Fatalf("%q became %q:\n%s is shown\n%s is meant", line, out, told(got), told(want))
		}
	})
}

// TestWordsStay writes any text out and reads it in again: what it says is the same.
func TestWordsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		out := outbound(text, 10_000)
		if strings.Contains(text, "](") || strings.Contains(text, "://") {
			return // addresses come to stand elsewhere, and signs in them are written in digits
		}
		if regexp.MustCompile("(```|~~~)\\s*[\\w+#.-]").MatchString(markup.Wash(text)) {
			return // what language code is in goes nowhere
		}
		// Where nothing was between words something may be now.
		letters := func(s string) string { return strings.Join(adaptertest.WordsOf(s), "") }
		back, toBot := inbound(wireMessage{Content: out}, "123")
		if letters(back) != letters(markup.Wash(text)) || toBot {
			t.Fatalf("%q became %q and came back as %q", text, out, back)
		}
	})
}

// TestLooksComeBack reads in what was written out: it looks the same.
func TestLooksComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := "x " + hostileLine(t)
		spans := matched(piecesOf(line, nil))
		out := written([]row{{spans: spans}}, false)
		back, _ := inbound(wireMessage{Content: out}, "123")
		if got, want := meant(matched(piecesOf(back, nil))), meant(spans); !slices.Equal(got, want) {
			t.Fatalf("%q became %q and came back as %q:\n%s is what it is\n%s is what it was", line, out, back, told(got), told(want))
		}
	})
}

func TestOutbound(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 100% (really) - yes; a_b 2*3 snake_case":    `plain words, 100% (really) - yes; a\_b 2\*3 snake\_case`,
		"**bold** *it* _it_ __bold__ ~~no~~ `code` ***x***":       "**bold** *it* *it* **bold** ~~no~~ `code` ***x***",
		"in**si**de un*believ*able **(x)**y":                      "in**si**de un*believ*able \\*\\*(x)\\*\\*y",
		"**bold *it* more** and **a *b***":                        "**bold *it* more** and **a *b*" + gap + "**",
		"** no ** and **open":                                     `\*\* no \*\* and \*\*open`,
		`\*x\* \_y\_ \~\~z\~\~ \**b\*`:                            `\*x\* \_y\_ \~\~z\~\~ \*\*b\*`,
		"a < b > c & d &amp; e <3 ~ | ||x|| ~/y":                  `a < b > c & d &amp; e \<3 ~ | \|\|x\|\| ~/y`,
		"<@1> <@!1> <@&2> <#3> </a b:4> <:x:5> <t:1:R> <id:home>": `\<@1> \<@!1> \<@&2> \<#3> \</a b:4> \<:x:5> \<t:1:R> \<id:home>`,
		"@everyone @Here @you":                                    "@" + gap + "everyone @" + gap + "Here @you",
		"> quote\n> > more\n\n- a\n  - b\n* c\n\n1. d\n2) e\n• f": "> quote\n> more\n\n- a\n  - b\n- c\n\n1. d\n2. e\n- f",
		"# head\n## x\n-# small\n>>> all\n#5 is -1":               "\\# head\n\\## x\n\\-# small\n> all\n#5 is -1",
		"\\> no quote\n\\- no\n1\\. no\n> # no\n- # no":           "\\> no quote\n\\- no\n1\\. no\n> \\# no\n- \\# no",
		"**two\nlines** and\n- *one\n  item* x\n- y":              "**two**\n**lines** and\n- *one*\n  *item* x\n- y",
		"```go\nx := \"@everyone & <a>\" // *y*\n```\nafter":      "```go\nx := \"@everyone & <a>\" // *y*\n```\nafter",
		"```\nopen":                     "```\nopen\n```",
		"```\n\n```\n<@1>":              "\\<@1>",
		"```one <@1>":                   "\\`\\`\\`one \\<@1>",
		"```with words\nin it\n```":     "```\nwith words\nin it\n```",
		"~~~\na\n```\nb\n~~~\nc":        "```\na\n`" + gap + "`" + gap + "`\nb\n```\nc",
		"> ```\n> a `b`\n> ```\n> c":    "> ```\n> a `b`\n> ```\n> c",
		"``a`b`` `` `x` `` half ` only": "``a`b`` `` `x` `` half \\` only",
		"[a](https://x.org) [b](mailto:a@x.org) [c@x.org](mailto:c@x.org)": "[a](https://x.org) b (a@x.org) c@x.org",
		"[*a* > b](https://x.org/?q=1&r=2|(3))":                            "[a > b](https://x.org/?q=1&r=2%7C%283%29)",
		"[x](javascript:alert(1)) [y](/z) [z]":                             `\[x](javascript:alert(1)) \[y](/z) \[z]`,
		"[https://a.org](https://b.org)":                                   `https:\//a.org (https://b.org)`,
		"![p](https://x.org/p.png \"t\") ![](https://x.org/)":              "[p](https://x.org/p.png) https://x.org/",
		"see https://x.org/a_b, or (https://x.org)! https://x.org/(c)":     "see https://x.org/a_b, or (<https://x.org>)! <https://x.org/(c)>",
		"**https://x.org** <https://y.org/a> <b@y.org> <mailto:c@y.org>":   `**<https://x.org>** https://y.org/a \<b@y.org> c@y.org`,
		"steam://run discord://-/x <tel:1> ftp://y":                        `steam:\//run discord:\//-/x \<tel:1> ftp:\//y`,
		"[long](https://x.org/" + strings.Repeat("a", 2_000) + ")":         `\[long](https:\//x.org/` + strings.Repeat("a", 2_000) + ")",
		"\n \nlines\n\n\nmore\n\n":                                         "lines\n\n\nmore",
		"a\u202eb\u2066c\x00\r\nd\re\xff":                                  "abc\nd\ne\uFFFD",
		`¯\_(ツ)_/¯ C:\dir\`:                                                `¯\_(ツ)\_/¯ C:\\dir\\`,
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
		"Printer (2nd floor), a-b: 100%":  "Printer (2nd floor), a-b: 100%",
		"*x* `z` 2 * 3 _y_ [a](b)":        "\\*x\\* \\`z\\` 2 \\* 3 \\_y\\_ \\[a](b)",
		"# 1\n- 2 <@1> https://x.org/a_b": `\# 1 - 2 \<@1> https://x.org/a_b`,
		"1. x":                            `1\. x`,
		" a\tb @here ":                    "a b @" + gap + "here",
		"\u200b":                          "",
	} {
		if got := plain(in, 1_000); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
	if got := plain(strings.Repeat("*", 50), 20); got != strings.Repeat(`\*`, 9)+"…" {
		t.Errorf("cut it is %q", got)
	}
	if got := inOneLine("a\nb\t <c> *d* e\u202e", 9); got != "a b <c>…" {
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
		{"🔥🔥🔥🔥", 7, "🔥🔥🔥…"},
		{"one **two three** four", 18, "one **two three**…"},
		{"a * b * c", 8, "a \\* b…"},
		{"see https://example.org/ now", 20, "see…"},
		{"word", 1, "…"},
		{"word", 0, ""},
		{"word", -1, ""},
		{"first line\nsecond line", 14, "first line…"},
		{"```\nall of this is code\n```", 22, "```\nall of…\n```"},
		{"- one\n- two three", 13, "- one\n- two…"},
		{"> one two three", 10, "> one two…"},
	} {
		got := outbound(c.in, c.most)
		if got != c.want {
			t.Errorf("%q to %d became %q, not %q", c.in, c.most, got, c.want)
		}
	}
	for _, s := range []string{
		strings.Repeat("@everyone [x](y:z) ", 20_000), strings.Repeat("✓", 100_000), strings.Repeat("🔥", 100_000), strings.Repeat("> ", 50_000),
		strings.Repeat("[", 40_000), strings.Repeat("`", 40_001), strings.Repeat("*a ", 20_000), strings.Repeat("a* ", 20_000), strings.Repeat("**", 20_000),
		strings.Repeat("[](", 20_000), strings.Repeat("<https://x.org", 10_000), strings.Repeat("_*a", 20_000) + strings.Repeat("b*_", 20_000),
		strings.Repeat("[a](https://example.org/"+strings.Repeat("b", 500)+") ", 2_000), strings.Repeat("- ```\n", 5_000), strings.Repeat("1. **x** ", 9_000),
	} {
		for _, most := range []int{10, contentMax} {
			check(t, s[:20], outbound(s, most), most)
			check(t, s[:20], plain(s, most), most)
		}
		for _, part := range first(packed(s, 500, 3)) {
			check(t, s[:20], part, contentMax)
		}
	}
}

func first(parts []string, _ bool) []string { return parts }

// TestParts splits a long text where lines end, and code so that each part is code.
func TestParts(t *testing.T) {
	text := strings.Repeat(strings.Repeat("word ", 100)+"\n", 5) + "```\n" + strings.Repeat("line of code & more\n", 150) + "```\n" +
		"**" + strings.Repeat("bold ", 600) + "[link](https://x.org/) end**"
	parts, whole := packed(text, contentMax, 10)
	if len(parts) != 5 || !whole {
		t.Errorf("%d parts, whole: %t", len(parts), whole)
	}
	for _, p := range parts {
		check(t, text, p, contentMax)
		if first, _, _ := strings.Cut(p, "\n"); strings.HasPrefix(first, "line") || strings.HasPrefix(first, "bold") {
			t.Errorf("a part begins %.20q", p)
		}
	}
	if got, want := len(adaptertest.WordsOf(strings.Join(parts, "\n"))), len(adaptertest.WordsOf(text)); got != want {
		t.Errorf("%d words of %d", got, want)
	}
	if parts, whole := packed(text, contentMax, 2); len(parts) != 2 || whole || !strings.HasSuffix(parts[1], "…\n```") {
		t.Errorf("%d parts, whole: %t, the last %.20q", len(parts), whole, parts[len(parts)-1])
	}
}

func FuzzOutbound(f *testing.F) {
	adaptertest.FuzzText(f, snippets, func(t *testing.T, s string, most int) {
		check(t, s, outbound(s, most), most)
		check(t, s, plain(s, most), most)
		for _, part := range first(packed(s, most, 3)) {
			check(t, s, part, most)
		}
	})
}
