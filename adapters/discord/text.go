package discord

import (
	"strings"

	"balie/adapters/markup"
)

// outbound is a text of the bot's as Discord's Markdown, at most so many characters of it.
func outbound(markdown string, most int) string {
	out, _ := packed(markdown, most, 1)
	return strings.Join(out, "")
}

// packed is a text of the bot's as Discord's Markdown, in at most so many parts of so many characters. It is not whole if
// the last one is cut.
func packed(markdown string, most, parts int) (out []string, whole bool) {
	s, cut := atMost(markdown, most*parts)
	return pack(parsed(markup.Started(markup.Wash(s), markup.Blank)), most, parts, cut)
}

// atMost is as much of a text as can be of use where so many characters go: much of it may be signs and addresses that
// nobody sees. What is not looked at costs no time.
func atMost(s string, characters int) (short string, cut bool) {
	n := 8*max(characters, 0) + 4000
	if len(s) <= n {
		return s, false
	}
	return strings.ToValidUTF8(s[:n], ""), true
}

// plain is a text that reads as it is inside Discord's Markdown, on one line, at most so many characters of it.
func plain(s string, most int) string {
	if most <= 0 {
		return ""
	}
	r := &reader{s: inOneLine(s, 2*most), literal: true}
	out, _ := pack([]row{{spans: matched(r.read())}}, most, 1, false)
	return strings.Join(out, "")
}

// inOneLine is a text for where clients show no Markdown, on one line, at most so many characters of it.
func inOneLine(s string, most int) string {
	if most <= 0 {
		return ""
	}
	s, cut := atMost(s, most)
	s = strings.Join(strings.Fields(markup.Wash(s)), " ")
	if units(s) <= most && !cut {
		return s
	}
	s, _ = broken(s, most-1, true)
	return s + "…"
}

// units is how many characters a text has, as JavaScript counts them. That is the most that anybody counts.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}
