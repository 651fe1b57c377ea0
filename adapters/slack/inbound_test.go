package slack

import (
	"strings"
	"testing"
	"unicode/utf8"

	"balie/adapters/adaptertest"
)

func names(kind, id string) string {
	return map[string]string{"user U1": "Ana *S*", "channel C1": "general", "group S1": "admins"}[kind+" "+id]
}

func TestInbound(t *testing.T) {
	for in, want := range map[string]string{
		"hello, a_b 2*3 2 * 3 (floor_3)":                                          "hello, a_b 2\\*3 2 * 3 (floor_3)",
		"*bold* _it_ ~no~ `code` *_x_*":                                           "**bold** *it* ~~no~~ `code` ***x***",
		"*not\nbold* *a_ b_":                                                      "\\*not\nbold\\* \\*a\\_ b\\_",
		"in" + gap + "*si*" + gap + "de *" + hair + "x" + hair + "*":              "in**si**de \\*x\\*",
		"<@U1> <@U2|ben> <@U3>":                                                   "@Ana \\*S\\* @ben @U3",
		"<#C1|old> <#C2|name> <#C3>":                                              "#general #name #C3",
		"<!subteam^S1|@ops> <!subteam^S2|@ops>":                                   "@admins @ops",
		"<!here> <!channel> <!everyone> <!here|here>":                             "@here @channel @everyone @here",
		"<!date^1392734382^{date}|Feb 18> <!odd>":                                 "Feb 18 @odd",
		"<https://x.org/?a=1&amp;b=2> <https://x.org|https://x.org>":              "https://x.org/?a=1&b=2 https://x.org",
		"<http://x.org|x.org> <https://x.org/(a)|a &lt;b&gt; *c*>":                "x.org [a <b> \\*c\\*](https://x.org/%28a%29)",
		"<mailto:a@x.org|a@x.org> <mailto:a@x.org|Ana> <tel:12|12> <tel:12|call>": "a@x.org [Ana](mailto:a@x.org) 12 call (tel:12)",
		":smile: :+1::skin-tone-3: :nope: :white_check_mark: 10:30:45":            "😄 👍🏼 :nope: ✅ 10:30:45",
		"&amp;lt; &amp; &lt;b&gt;":                                                "&lt; & <b>",
		"&gt; quote\n&gt;more *b*\nnot":                                           "> quote\n> more **b**\nnot",
		"&gt;&gt;&gt; all\nof it":                                                 "> all\n> of it",
		"• a\n    ◦ b\n1. c\n- d":                                                 "- a\n  - b\n1. c\n- d",
		"say ```x &lt; *y*\n<https://x.org>``` done":                              "say\n```\nx < *y*\nhttps://x.org\n```\ndone",
		"half ` this":                        "half \\` this",
		"`a" + tick + "b` `<https://x.org>`": "`` a`b `` `https://x.org`",
		"# no\n[x](y) \\* C:\\x":             "\\# no\n\\[x\\](y) \\\\\\* C:\\x",
		gap + "&gt; no quote":                "\\> no quote",
		"a\r\nb\rc\x00":                      "a\nb\nc",
		"ខ" + gap + "ខ":                      "ខ" + gap + "ខ",
	} {
		if got := inbound(in, names); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}

func FuzzOutbound(f *testing.F) {
	adaptertest.FuzzText(f, snippets, func(t *testing.T, s string, most int) {
		check(t, s, outbound(s, most), most)
		check(t, s, plain(s, most), most)
		for _, part := range sections(s, most) {
			check(t, s, part, min(most, sectionMax))
		}
	})
}

func FuzzInbound(f *testing.F) {
	for _, s := range snippets {
		f.Add(s + gap + s)
		f.Add(outbound(s+" "+s, 100))
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := inbound(s, names)
		if !utf8.ValidString(in) || strings.Contains(in, "\r") {
			t.Fatalf("%q became %q", s, in)
		}
		check(t, in, outbound(in, 5_000), 5_000)
	})
}
