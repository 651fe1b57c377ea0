package discord

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// heard is a message that mentions people.
func heard(t testing.TB, content string) wireMessage {
	t.Helper()
	var m wireMessage
	if err := json.Unmarshal([]byte(`{"mentions":[
		{"id":"1","username":"ana","global_name":"Ana *S*"},{"id":"2","username":"ben_x"},
		{"id":"3","username":"c","global_name":"C","member":{"nick":"Chris\n(IT)"}},{"id":"9","username":"balie"}]}`), &m); err != nil {
		t.Fatal(err)
	}
	m.Content = content
	return m
}

func TestInbound(t *testing.T) {
	for in, want := range map[string]string{
		"hello, a_b 2*3 2 * 3 (floor_3)":                                                       "hello, a_b 2\\*3 2 * 3 (floor_3)",
		"**bold** *it* _it_ ~~no~~ `code` ***x***":                                             "**bold** *it* *it* ~~no~~ `code` ***x***",
		"__under__ __*ui*__ ___both___ ||hidden **b**|| a || b":                                "under *ui* *both* hidden **b** a || b",
		"# Head\n### also *x* y\n-# small\n#no\n####no":                                        "**Head**\n**also *x* y**\nsmall\n#no\n####no",
		"> quote\n> more\nnot\n>not":                                                           "> quote\n> more\nnot\n\\>not",
		"a\n>>> all\nof *it*\n```x```":                                                         "a\n> all\n> of *it*\n> ```\n> x\n> ```",
		"- a\n  * b\n1. c\n2. d\n+ e":                                                          "- a\n  - b\n1. c\n2. d\n\\+ e",
		"<@1> <@!2> <@3> <@4>":                                                                 "@Ana \\*S\\* @ben_x @Chris (IT) @someone",
		"<#5> <@&6> </ticket mine:7> <:party:8> <a:wave:8>":                                    "#channel @role /ticket mine :party: :wave:",
		"<t:1700000000> <t:1700000000:R> <t:1700000000:d> <t:1700000000:t> <t:99999999999999>": "2023-11-14 22:13 UTC 2023-11-14 22:13 UTC 2023-11-14 22:13 UTC <t:99999999999999>",
		"<id:customize> @everyone @here":                                                       "#customize @everyone @here",
		"https://x.org/a_b <https://y.org> [a](https://z.org 'title') [b](discord://x)":        "https://x.org/a_b https://y.org [a](https://z.org) \\[b](discord://x)",
		"\\*x\\* \\<@1> \\# no C:\\dir":                                                        "\\*x\\* <@1> # no C:\\dir",
		"say ```go\nx *y* <@1>\n``` done":                                                      "say\n```go\nx *y* <@1>\n```\ndone",
		"```one``` and ```\ntwo\n\nthree\n```":                                                 "```\none\n```\nand\n```\ntwo\n\nthree\n```",
		"> ```\n> code\n> ```\n> after":                                                        "> ```\n> code\n> ```\n> after",
		"``` ``` ```open":                                                                      "\\`\\`\\` \\`\\`\\` \\`\\`\\`open",
		"this `` a`b `` half ` this":                                                           "this ``a`b`` half \\` this",
		"**two\nlines**\n\n**no\n\nmore**":                                                     "**two**\n**lines**\n\n\\*\\*no\n\nmore\\*\\*",
		"~~~\nno code":                                                                         "\\~\\~\\~\nno code",
		"wow![a](https://x.org)":                                                               "wow!" + gap + "[a](https://x.org)",
		"@" + gap + "everyone *a" + gap + "*":                                                  "@everyone *a*",
		"a\r\nb\rc\x00 ខ" + gap + "ខ":                                                          "a\nb\nc ខ" + gap + "ខ",
		"\n\n  \n x \n\n":                                                                      " x",
		"":                                                                                     "",
	} {
		got, toBot := inbound(heard(t, in), "9")
		if got != want || toBot {
			t.Errorf("%q became %q (%t), not %q", in, got, toBot, want)
		}
	}
}

// TestTheBotIsMentioned takes out what only says that the bot is meant.
func TestTheBotIsMentioned(t *testing.T) {
	for in, want := range map[string]string{
		"<@9> help":           "help",
		"<@!9>, help":         "help",
		"<@9>: > quote":       "> quote",
		"<@9>\nhelp\nme":      "help\nme",
		"<@9> <@9>":           "",
		"help <@9>!":          "help!",
		"hi <@9> and <@2>":    "hi and @ben_x",
		"**<@9> please**":     "**please**",
		"thanks\n<@9>":        "thanks",
		"<@9>:smile:":         ":smile:",
		"<@9> ```\ncode\n```": "```\ncode\n```",
	} {
		if got, toBot := inbound(heard(t, in), "9"); got != want || !toBot {
			t.Errorf("%q became %q (%t), not %q", in, got, toBot, want)
		}
	}
	for _, in := range []string{"`<@9>`", "\\<@9>", "```\n<@9>\n```", "@balie", "<@99>", "<@&9>", "<#9>"} {
		if got, toBot := inbound(heard(t, in), "9"); toBot || !strings.Contains(got+"9", "9") {
			t.Errorf("%q became %q and is to the bot", in, got)
		}
	}
	if got, toBot := inbound(heard(t, "<@9> x"), ""); toBot || got != "@balie x" {
		t.Errorf("whoever the bot is: %q, %t", got, toBot)
	}
}

func FuzzInbound(f *testing.F) {
	for _, s := range snippets {
		f.Add(s + gap + s)
		f.Add(outbound(s+" "+s, 100))
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, _ := inbound(heard(t, s), "9")
		if !utf8.ValidString(in) || strings.Contains(in, "\r") {
			t.Fatalf("%q became %q", s, in)
		}
		check(t, in, outbound(in, 5_000), 5_000)
	})
}
