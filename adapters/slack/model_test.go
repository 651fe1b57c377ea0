package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/adapters/markup"
)

// What Slack makes of mrkdwn, as far as its documentation and its clients tell. Where clients differ, or nobody knows, the
// model takes the laxer reading; it shares nothing with what is tested.

// slackTokens are what a text in mrkdwn calls and leads to, in code or not. Odd is what should have been escaped.
func slackTokens(s string) (calls, links, odd []string) {
	for s != "" {
		at := strings.IndexAny(s, "<>&")
		if at < 0 {
			break
		}
		s = s[at:]
		switch {
		case s[0] == '&':
			if !strings.HasPrefix(s, "&amp;") && !strings.HasPrefix(s, "&lt;") && !strings.HasPrefix(s, "&gt;") {
				odd = append(odd, s)
			}
			s = s[1:]
		case s[0] == '>':
			odd = append(odd, s)
			s = s[1:]
		default:
			end := strings.IndexByte(s, '>')
			if end < 0 {
				return calls, links, append(odd, s)
			}
			body, _, _ := strings.Cut(s[1:end], "|")
			switch {
			case strings.ContainsAny(s[1:end], "<\n"):
				odd = append(odd, s)
			case strings.HasPrefix(body, "!date^"):
			case strings.HasPrefix(body, "@"), strings.HasPrefix(body, "#"), strings.HasPrefix(body, "!"):
				calls = append(calls, body)
			default:
				links = append(links, body)
			}
			s = s[end+1:]
		}
	}
	return calls, links, odd
}

// shown is a character as a client shows it.
type shown struct {
	r    rune
	look string // of "bisc", in this order
	link string
}

// slackLine is a line as a client shows it that takes for a word what word says.
func slackLine(line string, word func(rune) bool) []shown {
	type char struct {
		shown
		sign bool // it may be a mark
	}
	var all []char
	decode := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
	rest := line
	for rest != "" {
		if m := regexp.MustCompile(`^<([^<>|]*)(?:\|([^<>]*))?>`).FindStringSubmatch(rest); m != nil {
			label, signs := decode.Replace(m[2]), true
			if m[2] == "" {
				label, signs = decode.Replace(m[1]), false
			}
			for _, r := range label {
				all = append(all, char{shown{r: r, link: decode.Replace(m[1])}, signs})
			}
			rest = rest[len(m[0]):]
			continue
		}
		if m := regexp.MustCompile("^`([^`]+)`").FindStringSubmatch(rest); m != nil && (len(all) == 0 || !markup.Word(all[len(all)-1].r)) {
			for _, r := range decode.Replace(m[1]) {
				all = append(all, char{shown{r: r, look: "c"}, false})
			}
			rest = rest[len(m[0]):]
			continue
		}
		if m := regexp.MustCompile(`^&(?:lt|gt|amp);`).FindString(rest); m != "" {
			all = append(all, char{shown{r: []rune(decode.Replace(m))[0]}, false})
			rest = rest[len(m):]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		all = append(all, char{shown{r: r}, true})
		rest = rest[size:]
	}
	var out []shown
	var show func(part []char, before, after rune, looks string)
	show = func(part []char, before, after rune, looks string) {
		at := func(i int) rune {
			switch {
			case i < 0:
				return before
			case i >= len(part):
				return after
			}
			return part[i].r
		}
		for i := 0; i < len(part); i++ {
			c := part[i]
			look := map[rune]string{'*': "b", '_': "i", '~': "s"}[c.r]
			if look != "" && c.sign && !markup.Word(at(i-1)) && !unicode.IsSpace(at(i+1)) {
				end := -1
				for j := i + 2; j < len(part) && end < 0; j++ {
					if part[j].sign && part[j].r == c.r && !unicode.IsSpace(at(j-1)) && !markup.Word(at(j+1)) {
						end = j
					}
				}
				if end > 0 {
					show(part[i+1:end], c.r, c.r, looks+look)
					i = end
					continue
				}
			}
			if c.r == '\u200b' || c.r == '\u200a' || unicode.IsSpace(c.r) {
				continue
			}
			s := c.shown
			if s.r == '\u2035' {
				s.r = '`'
			}
			for _, l := range []string{"b", "i", "s"} {
				if strings.Contains(looks, l) {
					s.look = strings.TrimSuffix(s.look, "c") + l + s.look[len(strings.TrimSuffix(s.look, "c")):]
				}
			}
			out = append(out, s)
		}
	}
	show(all, ' ', ' ', "")
	return out
}

// meant is a line as it was meant.
func meant(spans []span) []shown {
	var out []shown
	for _, s := range spans {
		looks := ""
		for i, l := range []look{bold, italic, strike, code} {
			if s.look&l != 0 {
				looks += "bisc"[i : i+1]
			}
		}
		text := s.text
		if text == "" {
			text = s.link
		}
		for _, r := range text {
			if r != '\u200b' && r != '\u200a' && !unicode.IsSpace(r) {
				if r == '\u2035' {
					r = '`'
				}
				out = append(out, shown{r, looks, s.link})
			}
		}
	}
	return out
}

// asciiWord and anyWord are what different clients take for a part of a word.
func asciiWord(r rune) bool {
	return r < utf8.RuneSelf && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r))
}

func anyWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
