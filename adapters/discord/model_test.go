package discord

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Discord's clients make of a text, as far as its documentation and they tell. Where they differ, or nobody knows, the
// model takes the laxer reading; it shares nothing with what is tested.

// shown is a character as a client shows it.
type shown struct {
	r    rune
	look string // of "bisucx", in this order: code, and x for what is hidden
	link string
}

// client is a client that shows a text.
type client struct {
	out    []shown
	calls  []string // what it puts something else in place of: mentions, emoji, times
	links  []string
	blocks []string // what lines begin with: "#", "-#", ">", "-" or "1."; "```" for a code block
}

var (
	modelBlock = regexp.MustCompile("(?s)^```(?:[a-zA-Z0-9_+.#-]+\n)?\n*([^\n].*?)\n*```")
	modelURL   = regexp.MustCompile(`^(?i)[a-z][a-z0-9+.-]{0,20}://[^\s\pZ<]*[^<.,:;"')\]\s\pZ]`)
	modelAuto  = regexp.MustCompile(`^<[^: >\n]+:[^ >\n]+>`)
	modelToken = regexp.MustCompile(`^(?:<(?:@[!&]?|#)\d+>|</[^<>\n]+:\d+>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>|<[^\s<>@:]+@[^\s<>@]+>|<\+\d+>|@everyone|@here)`)
	modelLink  = regexp.MustCompile(`^\[((?:\[[^\]\n]*\]|\\.|[^\[\]\n])+)\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+["'][^\n]*?["'])?\s*\)`)
	modelHead  = regexp.MustCompile(`^[\s\pZ]*(#{1,3}|-#|[-*+]|\d+[.)])[\s\pZ]`)
	modelQuote = regexp.MustCompile(`^ *>(>>)? `)
)

// show is a text as a client shows it.
func show(s string) *client {
	c := &client{}
	c.text(s)
	return c
}

// text shows blocks.
func (c *client) text(s string) {
	for s != "" {
		at := strings.Index(s, "```")
		for at >= 0 && modelBlock.FindString(s[at:]) == "" || at > 0 && s[at-1] == '\\' {
			next := strings.Index(s[at+1:], "```")
			if next < 0 {
				at = -1
				break
			}
			at += 1 + next
		}
		if at < 0 {
			c.lines(s)
			return
		}
		c.lines(s[:at])
		m := modelBlock.FindStringSubmatch(s[at:])
		c.blocks = append(c.blocks, "```")
		for _, r := range m[1] {
			c.add(shown{r: r, look: "c"})
		}
		s = s[at+len(m[0]):]
	}
}

func (c *client) add(s shown) {
	if !unicode.IsSpace(s.r) && s.r != '\u200b' {
		c.out = append(c.out, s)
	}
}

func (c *client) lines(s string) {
	for line := range strings.SplitSeq(s, "\n") {
		if m := modelQuote.FindStringSubmatch(line); m != nil {
			c.blocks = append(c.blocks, ">"+m[1])
			line = line[len(m[0]):]
		}
		if m := modelHead.FindStringSubmatch(line); m != nil {
			mark := m[1]
			switch {
			case unicode.IsDigit(rune(mark[0])):
				mark = "1."
			case mark[0] == '#':
				mark = "#"
			case len(mark) == 1:
				mark = "-"
			}
			c.blocks = append(c.blocks, mark)
			if line = line[len(m[0]):]; mark == "1." {
				for _, r := range m[1] {
					c.add(shown{r: r})
				}
			}
		}
		c.inline(line, "", "")
	}
}

// with is a look and one more.
func with(look, more string) string {
	out := ""
	for _, l := range []string{"b", "i", "s", "u", "c", "x"} {
		if strings.Contains(look+more, l) {
			out += l
		}
	}
	return out
}

// inline shows a part of a line.
func (c *client) inline(s, look, link string) {
	for s != "" {
		if n, more, inner := began(s); n > 0 {
			c.inline(inner, with(look, more), link)
			s = s[n:]
			continue
		}
		if s[0] == '<' || s[0] == '@' {
			if m := modelToken.FindString(s); m != "" {
				c.calls = append(c.calls, m)
			}
		}
		switch {
		case s[0] == '\\' && len(s) > 1:
			if r, size := utf8.DecodeRuneInString(s[1:]); !(r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))) && !unicode.IsSpace(r) {
				c.add(shown{r, look, link})
				s = s[1+size:]
				continue
			}
		case s[0] == '`':
			if n, code := modelCode(s); n > 0 {
				for _, r := range code {
					c.add(shown{r, with(look, "c"), link})
				}
				s = s[n:]
				continue
			}
		case s[0] == '<':
			if m := modelAuto.FindString(s); m != "" {
				address := m[1 : len(m)-1]
				c.address(address, address, look)
				s = s[len(m):]
				continue
			}
		case s[0] == '[' && link == "":
			if m := modelLink.FindStringSubmatch(s); m != nil {
				c.links = append(c.links, m[2])
				c.inline(m[1], look, m[2])
				s = s[len(m[0]):]
				continue
			}
		case unicode.IsLetter(rune(s[0])):
			if m := modelURL.FindString(s); m != "" && link == "" {
				c.address(m, m, look)
				s = s[len(m):]
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(s)
		c.add(shown{r, look, link})
		s = s[size:]
	}
}

func (c *client) address(text, link, look string) {
	c.links = append(c.links, link)
	for _, r := range text {
		c.add(shown{r, look, link})
	}
}

// modelCode is code on a line. As many backticks as can be begin it.
func modelCode(s string) (n int, code string) {
	most := len(s) - len(strings.TrimLeft(s, "`"))
	for k := most; k > 0; k-- {
		around := s[:k]
		for at := k + 1; at+k <= len(s); at++ {
			if strings.HasPrefix(s[at:], around) && s[at-1] != '`' && (at+k == len(s) || s[at+k] != '`') {
				return at + k, s[k:at]
			}
		}
	}
	return 0, ""
}

// began is the look that a text begins with: how long it all is, and what stands in it. The longest wins.
func began(s string) (n int, look, inner string) {
	try := func(l, sign string, end func() int) {
		if !strings.HasPrefix(s, sign) {
			return
		}
		if at := end(); at > len(sign) && at+len(sign) >= n {
			n, look, inner = at+len(sign), l, s[len(sign):at]
		}
	}
	try("b", "**", func() int { return closed(s, "**", "*", true) })
	try("i", "*", func() int { return starred(s) })
	try("u", "__", func() int { return closed(s, "__", "_", true) })
	try("i", "_", func() int { return underscored(s) })
	try("s", "~~", func() int { return closed(s, "~~", "_", false) })
	try("x", "||", func() int { return closed(s, "||", "", false) })
	return n, look, inner
}

// closed is where a sign that begins a text ends something, unless what is not stands behind it; 0 if nowhere.
func closed(s, sign, not string, escapes bool) int {
	for at := len(sign); at < len(s); at++ {
		if escapes && s[at] == '\\' {
			at++
			continue
		}
		if at > len(sign) && strings.HasPrefix(s[at:], sign) && (not == "" || !strings.HasPrefix(s[at+len(sign):], not)) {
			return at
		}
	}
	return 0
}

// starred is where the star at the beginning ends something.
func starred(s string) int {
	space := func(i int) bool {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return unicode.IsSpace(r)
	}
	if len(s) < 3 || space(1) {
		return 0
	}
	for at := 1; at < len(s); {
		if at > 1 && s[at] == '*' && (at+1 == len(s) || s[at+1] != '*') {
			return at
		}
		for at < len(s) && space(at) {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
		}
		switch {
		case at >= len(s):
			return 0
		case strings.HasPrefix(s[at:], "**"):
			at += 2
		case s[at] == '*':
			return 0
		case s[at] == '\\' && at+1 < len(s):
			at += 2
		default:
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
		}
	}
	return 0
}

// underscored is the same for an underscore.
func underscored(s string) int {
	for at := 1; at < len(s); at++ {
		switch {
		case s[at] == '\\':
			at++
		case strings.HasPrefix(s[at:], "__"):
			at++
		case s[at] == '_':
			if next := s[at+1:]; at > 1 && (next == "" || !regexp.MustCompile(`^\w`).MatchString(next)) {
				return at
			}
			return 0
		}
	}
	return 0
}

// meant is a line as it was meant.
func meant(spans []span) []shown {
	var out []shown
	for _, s := range spans {
		looks := ""
		for i, l := range []effect{bold, italic, strike} {
			if s.look&l != 0 {
				looks += "bis"[i : i+1]
			}
		}
		if s.look&code != 0 {
			looks += "c"
		}
		text := s.text
		if s.link != "" && s.link != text {
			text = strings.NewReplacer("[", "(", "]", ")").Replace(text)
		}
		for _, r := range text {
			if !unicode.IsSpace(r) && r != '\u200b' {
				out = append(out, shown{r, looks, s.link})
			}
		}
	}
	return out
}

// told is what is shown, to read.
func told(all []shown) string {
	var out strings.Builder
	last := shown{}
	for _, s := range all {
		if s.look != last.look || s.link != last.link {
			out.WriteString(" {" + s.look + " " + s.link + "} ")
		}
		out.WriteRune(s.r)
		last = s
	}
	return out.String()
}
