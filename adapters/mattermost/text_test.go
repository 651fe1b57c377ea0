package mattermost

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"balie/adapters/adaptertest"

	"github.com/mattermost/mattermost/server/public/shared/markdown"
	"pgregory.net/rapid"
)

// mentioned are the names that the server would look for: in a text's words, after an @, with code left out.
func mentioned(s string) []string {
	var found []string
	joined := ""
	search := func() {
		for _, word := range strings.FieldsFunc(joined, func(r rune) bool {
			return !strings.ContainsRune(":.-_@", r) && !unicode.IsLetter(r) && !unicode.IsNumber(r)
		}) {
			parts := strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(":.-", r) })
			for _, w := range append(parts, word) {
				w = strings.Trim(w, ":.-_")
				if strings.HasPrefix(w, "@") && strings.Trim(w, "@") != "" {
					found = append(found, w)
				}
			}
		}
		joined = ""
	}
	markdown.Inspect(s, func(node any) bool {
		if text, ok := node.(*markdown.Text); ok {
			joined += text.Text
			return false
		}
		search()
		return true
	})
	search()
	return found
}

// led are the addresses that the server's parser, or a browser's laxer one, would lead to or show a picture of.
func led(s string) (links, pictures []string) {
	markdown.Inspect(s, func(node any) bool {
		switch v := node.(type) {
		case *markdown.InlineLink:
			links = append(links, v.Destination())
		case *markdown.ReferenceLink:
			links = append(links, v.ReferenceDefinition.Destination())
		case *markdown.Text:
			for _, m := range laxAddress.FindAllStringSubmatch(v.Text, -1) {
				links = append(links, m[1])
			}
		case *markdown.Autolink:
			links = append(links, v.Destination())
		case *markdown.InlineImage:
			pictures = append(pictures, v.Destination())
		case *markdown.ReferenceImage:
			pictures = append(pictures, v.ReferenceDefinition.Destination())
		}
		return true
	})
	s = unfenced(s)
	for _, m := range laxLink.FindAllStringSubmatch(s, -1) {
		links = append(links, m[1])
	}
	if laxLink.MatchString(s) {
		pictures = append(pictures, laxPicture.FindAllString(s, -1)...)
	}
	for _, m := range laxDefinition.FindAllStringSubmatch(s, -1) {
		links = append(links, "a definition: "+m[1])
	}
	return links, pictures
}

var (
	laxLink       = regexp.MustCompile(`\]\(([^)]*)`)
	laxPicture    = regexp.MustCompile(`(?:^|[^\\])!\[`)
	laxDefinition = regexp.MustCompile(`(?m)^ *\[([^\]]+)\]: *<?(?:\w*:|/|#)`)
	laxAddress    = regexp.MustCompile(`(?i)(?:^|[^a-z0-9+.-])((?:ftp|tel|javascript|data|file|foo|mmaction):/[^\s]*|(?:ftp|tel):\w+)`)
)

// unfenced is the text without the code that every client sees as such: at its beginning or after an empty line, between
// fences that nothing in it closes.
func unfenced(s string) string {
	var out []string
	fence, before := "", ""
	for line := range strings.SplitSeq(s, "\n") {
		switch mark := line[:len(line)-len(strings.TrimLeft(line, "`"))]; {
		case fence == "" && len(mark) >= 3 && before == "" && !strings.ContainsAny(line[len(mark):], "`~"):
			fence = mark
		case fence == "":
			out = append(out, line)
		case len(mark) >= len(fence):
			fence = ""
		}
		before = line
	}
	return strings.Join(out, "\n")
}

func check(t adaptertest.Fatal, in, out string, most int) {
	if names := mentioned(out); len(names) > 0 {
		t.Fatalf("%q became %q, which mentions %q", in, out, names)
	}
	links, pictures := led(out)
	for _, l := range links {
		if !regexp.MustCompile(`(?i)^(https?://|mailto:)`).MatchString(l) {
			t.Fatalf("%q became %q, which leads to %q", in, out, l)
		}
	}
	if len(pictures) > 0 {
		t.Fatalf("%q became %q, which shows %q", in, out, pictures)
	}
	adaptertest.Check(t, in, out, most)
}

var pieces = []string{
	"printer", "Zoë", "naam2", "打印机", "ok", " ", " ", "\n", "\n\n", "\n- ", "\n> ", "\n1. ", "    ", "\n    ", "\t", "\n```\n", "```", "~~~", "\n~~~ a~b\n",
	"`", "``", "*", "**", "_", "~~", "\\", "\\\\", "[", "]", "](", ")", "[a](https://example.org/x)", "![p](https://example.org/p.png)", "![",
	"[x](javascript:alert(1))", "[y](foo://bar)", "]: ", "\n[d]: https://example.org", "[d]", "![d]", "@", "@all", "@channel", ".@here", "_@ana", "@@", "ana@example.org",
	"&#64;", "&commat;", "&amp;", "&", "#64;", ";", "<", ">", "<div>", "</div>", "<!--", "-->", "<https://example.org>", "<foo://x>", "https://example.org/@all", "www.example.org",
	"ftp://x.org/", "tel:123", "mailto:a@example.org", "C:/x", ":", "|", "\n|-|-|\n", "\n===\n", "\n---\n", "# ", "$", "!", "(", "\u202e", "\u2066", "\u2424", "\u200b", "\r", "\x00", "\xff", "\u00a0", "=10x10", "\"t\"",
}

func hostile() *rapid.Generator[string] { return adaptertest.Hostile(pieces) }

func TestOutboundIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, most := hostile().Draw(t, "text"), rapid.SampledFrom([]int{1, 2, 7, 30, 80, 1_000}).Draw(t, "most")
		check(t, text, outbound(text, most), most)
		check(t, text, plain(text, most), most)
	})
}

// TestWordsStay writes any text out and reads it in again: what it says is the same, and so it is when that goes out.
func TestWordsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		out := outbound(text, 10_000)
		// Addresses may be written in another way, and a picture without words gets its address for them.
		if !strings.Contains(text, "](") {
			if got, want := adaptertest.WordsOf(inbound(out)), adaptertest.WordsOf(washed(text)); !slices.Equal(got, want) {
				t.Fatalf("%q became %q: %q", text, out, got)
			}
		}
		if got, want := adaptertest.WordsOf(strings.ReplaceAll(inbound(plain(text, 10_000)), gap, "")), adaptertest.WordsOf(strings.ReplaceAll(washed(text), gap, "")); !slices.Equal(got, want) {
			t.Fatalf("%q as it is became %q", text, plain(text, 10_000))
		}
	})
}

func TestOutbound(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 100% (really) - yes; a_b 2*3": "plain words, 100% (really) - yes; a_b 2*3",
		"**bold** *it* ~~no~~ `code`":               "**bold** *it* ~~no~~ `code`",
		"> quote\n> more\n\n- a\n- b\n\n1. c":       "> quote\n> more\n\n- a\n- b\n\n1. c",
		"```go\nx := \"@all &amp; [a](b:c)\"\n```":  "```go\nx := \"@all &amp; [a](b:c)\"\n```",
		"@channel and ana@example.org":              "@" + gap + "channel and ana@example.org",
		"`@all` @all":                               "`@all` @" + gap + "all",
		"a.@all -@all":                              "a.@" + gap + "all -@" + gap + "all",
		"&#64;all &commat;all":                      "&amp;#64;all &amp;commat;all",
		"R&D &c.":                                   "R&D &c.",
		"[a](https://x.org) [b](mailto:a@x.org)":    "[a](https://x.org) [b](mailto:a@x.org)",
		"[a](HTTPS://x.org/?q=1&amp=2)":             "[a](HTTPS://x.org/?q=1&amp=2)",
		"[x](javascript:alert(1))":                  `\[x\]\(javascript:alert(1))`,
		"[x]( <ftp://x.org> )":                      `\[x\]\( <` + gap + `ftp:` + gap + `//x.org> )`,
		"![p](https://x.org/p.png)":                 "[p](https://x.org/p.png)",
		"![](https://x.org/p.png =10x10 \"t\")":     "[https://x.org/p.png](https://x.org/p.png)",
		"!![p](https://x.org/p.png)":                "!" + gap + "[p](https://x.org/p.png)",
		`\![p](https://x.org/p.png)`:                `\![p](https://x.org/p.png)`,
		"[d]\n\n[d]: https://x.org":                 "\\[d\\]\n\n\\[d\\]" + gap + ": https://x.org",
		"see [1], [2]":                              "see [1], [2]",
		"ftp://x.org/ tel:112 C:/x at 10:30":        "ftp:" + gap + "//x.org/ tel:" + gap + "112 C:/x at 10:30",
		"<script>x</script> a < b <3":               "<" + gap + "script>x<" + gap + "/script> a < b <3",
		"<https://x.org/a> <ana@x.org>":             "<https://x.org/a> <ana@x.org>",
		`\<b\> \@all \"x\" \* \\ C:\\Users\\x`:      "<" + gap + `b\> @` + gap + `all "x" \* \\ C:\Users\x`,
		"half `code\nover lines`":                   "half \\`code\nover lines\\`",
		"```\nopen":                                 "```\nopen\n```",
		"~~~\na\n```\nb\n~~~\nc":                    "````\na\n```\nb\n````\nc",
		"text\n```\ncode\n```":                      "text\n\n```\ncode\n```",
		"``` two words\ncode\n```":                  "```\n two words\ncode\n```",
		"> ```\n> [a](b:c)\n> ```":                  "> ```\n> [a]" + gap + "(b:c)\n> ```",
		"a\u202eb\u2066c\x00\r\nd\re":               "abc\nd\ne",
	} {
		if got := outbound(in, 1_000); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
		check(t, in, outbound(in, 1_000), 1_000)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Printer (2nd floor), a_b: 100%": "Printer (2nd floor), a_b: 100%",
		"*x* _y_ `z` [a](b) ~~s~~ 2 * 3": "\\*x\\* \\_y\\_ \\`z\\` \\[a\\]\\(b) \\~\\~s\\~\\~ 2 * 3",
		"# 1\n> 2\n- 3\n4. 5\n1) 6\n===": "\\# 1\n\\> 2\n\\- 3\n4\\. 5\n1\\) 6\n" + gap + "===",
		`C:\Users\x \*`:                  `C:\Users\x \\\*`,
		"@all ana@x.org &lt; <b> a|b":    "@" + gap + "all ana@x.org &amp;lt; <" + gap + "b> a|b",
		"  a|b\nc ":                      "a\\|b\nc",
	} {
		if got := plain(in, 1_000); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
	if got := line("a\nb\t c\u202e", 10); got != "a b c" {
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
		{"word", 1, "…"},
		{"word", 0, ""},
		{"first line\nsecond line", 14, "first line…"},
		{"```\nall of this is code\n```", 22, "```\nall of this…\n```"},
	} {
		if got := outbound(c.in, c.most); got != c.want {
			t.Errorf("%q to %d became %q, not %q", c.in, c.most, got, c.want)
		}
	}
	for _, s := range []string{strings.Repeat("@all [x](y:z) ", 20_000), strings.Repeat("✓", 100_000), strings.Repeat("> ", 50_000), strings.Repeat("[", 40_000), strings.Repeat("`", 40_001)} {
		check(t, s[:20], outbound(s, messageMax), messageMax)
		check(t, s[:20], plain(s, messageMax), messageMax)
	}
}

func TestInbound(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\rc":                             "a\nb\nc",
		"@" + gap + "all ftp:" + gap + "//":     "@all ftp://",
		"&amp;lt; &amp; &lt;":                   "&lt; &amp; &lt;",
		"# h\n| a | b |\n![p](u) ខ" + gap + "ខ": "# h\n| a | b |\n![p](u) ខ" + gap + "ខ",
	} {
		if got := inbound(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}

func FuzzOutbound(f *testing.F) {
	adaptertest.FuzzText(f, pieces, func(t *testing.T, s string, most int) {
		check(t, s, outbound(s, most), most)
		check(t, s, plain(s, most), most)
	})
}

func FuzzInbound(f *testing.F) {
	for _, s := range pieces {
		f.Add(s + gap + s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := inbound(s)
		if !utf8.ValidString(in) || strings.Contains(in, "\r") {
			t.Fatalf("%q became %q", s, in)
		}
		if got, want := strings.ReplaceAll(strings.Join(adaptertest.WordsOf(in), ""), "amp", ""), strings.ReplaceAll(strings.Join(adaptertest.WordsOf(washed(s)), ""), "amp", ""); !strings.EqualFold(got, want) && !strings.ContainsAny(s, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2424") {
			t.Fatalf("%q became %q", s, in)
		}
	})
}
