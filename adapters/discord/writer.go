package discord

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"balie/adapters/markup"
)

// gap is a zero-width space: nobody sees it, and no signs form anything across it.
const gap = "\u200b"

// writer writes lines in Discord's Markdown or in the bot's. They are nearly the same: a backslash takes the meaning of a
// sign away in both. https://docs.discord.com/developers/reference#message-formatting
type writer struct {
	out   strings.Builder
	ours  bool // in the bot's
	begun bool // something is seen on the line
	last  rune // what stands right before on the line
	mark  rune // the same, if it is a mark
	loose bool // a look has just ended behind a sign, and a letter must not come right behind it
}

// written are lines as one text.
func written(rows []row, ours bool) string {
	w := &writer{ours: ours}
	inCode := false
	line := func(r row, s string) {
		if w.out.Len() > 0 {
			w.out.WriteByte('\n')
		}
		if r.quote {
			w.out.WriteString("> ")
		}
		w.out.WriteString(s)
	}
	rows = withoutBlank(rows)
	for i, r := range rows {
		if r.block {
			if r.first || !inCode {
				line(r, fence+r.lang)
			}
			line(r, unfenced(r.code))
			if inCode = i+1 < len(rows) && rows[i+1].block && !rows[i+1].first; !inCode {
				line(r, fence)
			}
			continue
		}
		line(r, "")
		w.out.WriteString(r.list)
		w.begun, w.last, w.mark, w.loose = false, 0, 0, false
		w.spans(r.spans, 0)
	}
	return w.out.String()
}

// withoutBlank are lines without code blocks that have nothing in them: Discord takes the end of such for its code.
func withoutBlank(rows []row) []row {
	if !slices.ContainsFunc(rows, func(r row) bool { return r.block }) {
		return rows
	}
	var out []row
	for i := 0; i < len(rows); {
		n := 1
		for rows[i].block && i+n < len(rows) && rows[i+n].block && !rows[i+n].first {
			n++
		}
		if !rows[i].block || slices.ContainsFunc(rows[i:i+n], func(r row) bool { return strings.TrimFunc(r.code, markup.Blank) != "" }) {
			out = append(out, rows[i:i+n]...)
		}
		i += n
	}
	return out
}

var backticks = regexp.MustCompile("`{3,}")

// unfenced is code that ends no code block.
func unfenced(s string) string {
	return backticks.ReplaceAllStringFunc(s, func(run string) string { return apart(run, 1) })
}

// apart puts a gap between signs, all but the last so many.
func apart(run string, n int) string {
	return strings.Repeat("`"+gap, len(run)-n) + run[:n]
}

var signs = map[effect]string{bold: "**", italic: "*", strike: "~~", bold | italic: "***"}

// spans writes spans, each look around as many of them as have it. Around all of them is what stands outside.
func (w *writer) spans(spans []span, outside effect) {
	lasts := func(l effect) (n int) {
		for n < len(spans) && spans[n].look&^outside&l != 0 {
			n++
		}
		return n
	}
	for len(spans) > 0 {
		var l effect
		n := 0
		for _, one := range []effect{bold, italic, strike} {
			if m := lasts(one); m > n {
				l, n = one, m
			}
		}
		if n == 0 {
			w.span(spans[0], spans[1:], outside)
			spans = spans[1:]
			continue
		}
		if l == bold && lasts(italic) == n {
			l |= italic
		}
		before, inner, after := trimmed(spans[:n])
		w.literal(before)
		if len(inner) > 0 {
			w.begin(signs[l], inner[0], outside|l)
			w.spans(inner, outside|l)
			w.end(signs[l])
		}
		w.literal(after)
		spans = spans[n:]
	}
}

// begin puts signs that begin a look, apart from what they would join. Next is what they stand before, and now how it looks
// already.
func (w *writer) begin(sign string, next span, now effect) {
	follows := firstRune(next.text)
	if next.look&^now != 0 || next.link != "" {
		follows = '[' // some sign
	}
	if w.last == rune(sign[0]) || markup.Word(w.last) && !markup.Word(follows) {
		w.raw(gap)
	}
	w.sign(sign)
}

func (w *writer) end(sign string) {
	if w.last == rune(sign[0]) {
		w.raw(gap)
	}
	loose := !markup.Word(w.last) || len(sign) == 3
	w.sign(sign)
	w.loose = loose
}

func (w *writer) sign(sign string) {
	w.raw(sign)
	w.mark = w.last
}

// raw puts what means what it says.
func (w *writer) raw(s string) {
	w.out.WriteString(s)
	w.begun, w.last, w.mark, w.loose = true, lastRune(s), 0, false
}

// span writes a span that is no more than words, a link or code. Rest is what stands behind it in the same look.
func (w *writer) span(s span, rest []span, outside effect) {
	switch {
	case s.look&code != 0:
		w.code(s.text)
	case s.link == "":
		w.literal(s.text)
	case s.link != s.text:
		w.bracket()
		w.raw("[")
		w.literal(inBrackets.Replace(s.text))
		w.raw("](" + s.link + ")")
	case outside == 0 && w.separate() && closing.FindString(s.link[len(s.link)-1:]) == "" && ends(rest):
		w.raw(s.link)
	default:
		w.raw("<" + s.link + ">")
	}
}

// inBrackets is what a link may say: clients are not of one mind about brackets in it.
var inBrackets = strings.NewReplacer("[", "(", "]", ")")

// bracket keeps the bracket of a link from becoming a picture's.
func (w *writer) bracket() {
	if w.ours && w.last == '!' {
		w.raw(gap)
	}
}

// separate says whether every client sees that an address begins.
func (w *writer) separate() bool {
	return w.last == 0 || unicode.IsSpace(w.last) || w.last == '('
}

var closing = regexp.MustCompile(`^[.,:;"')\]]*`)

// ends says whether every client sees the end of an address before what follows.
func ends(rest []span) bool {
	if len(rest) == 0 {
		return true
	}
	if !rest[0].words() || rest[0].look&(bold|italic|strike) != 0 {
		return false
	}
	text := rest[0].text[len(closing.FindString(rest[0].text)):]
	return text == "" && len(rest) == 1 || unicode.IsSpace(firstRune(text))
}

// code writes code on a line: between two backticks where there are some in it. Nobody sees a run of them in code the same.
func (w *writer) code(s string) {
	if w.last == '`' {
		w.raw(gap)
	}
	around, space := "`", ""
	if strings.Contains(s, "`") {
		around = "``"
		s = strings.ReplaceAll(s, "``", "`"+gap+"`")
		s = strings.ReplaceAll(s, "``", "`"+gap+"`")
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		space = " "
	}
	w.raw(around + space + s + space)
	w.sign(around)
}

// lineStart is what means something at the beginning of a line: a heading, small print, a quote, a list.
var lineStart = regexp.MustCompile(`^[\s\pZ]*(?:(#{1,6}|[-+]|>{1,3})(?:[\s\pZ]|$)|(-)#|\d+([.)])(?:[\s\pZ]|$))`)

// literal writes words, whatever signs are among them.
func (w *writer) literal(s string) {
	if s == "" {
		return
	}
	if first := firstRune(s); w.loose && markup.Word(first) {
		w.raw(gap)
	}
	w.loose, w.mark = false, 0
	at := -1
	if !w.begun {
		if m := lineStart.FindStringSubmatchIndex(s); m != nil {
			at = max(m[2], m[4], m[6])
		}
	}
	for i, r := range s {
		after := firstRune(s[i+len(string(r)):])
		if i == at || w.ours && w.hidesOurs(r, after, s[i:]) || !w.ours && w.hides(r, after) {
			w.out.WriteByte('\\')
		}
		w.out.WriteRune(r)
		if r == '@' && !w.ours && everybody.MatchString(s[i+1:]) {
			w.out.WriteString(gap)
		}
		w.last = r
		w.begun = w.begun || !unicode.IsSpace(r)
	}
}

var everybody = regexp.MustCompile(`^(?i:everyone|here)`)

// hides says whether a sign could mean something to Discord. After is what follows; 0 where that is not known.
func (w *writer) hides(r, after rune) bool {
	switch r {
	case '\\', '*', '_', '`', '[':
		return true
	case '~', '|':
		return w.last == r || after == r || after == 0
	case '<':
		return after != ' '
	case '/':
		return w.last == ':' && after == '/' // an address that is none of ours
	}
	return false
}

var webScheme = regexp.MustCompile(`(?i)https?:$`)

// hidesOurs says the same of the bot's Markdown.
func (w *writer) hidesOurs(r, after rune, rest string) bool {
	switch r {
	case '\\':
		return after == 0 || after < 0x80 && punctuation(byte(after))
	case '*':
		return !unicode.IsSpace(w.last) && w.last != 0 || !unicode.IsSpace(after)
	case '_':
		return !markup.Word(w.last) && !unicode.IsSpace(after) || !markup.Word(after) && !unicode.IsSpace(w.last)
	case '~':
		return w.last == r || after == r || after == 0
	case '`', '[':
		return true
	case '<':
		return pointedAddress.MatchString(rest)
	case '>':
		return !w.begun
	case '/':
		return w.last == ':' && after == '/' && webScheme.MatchString(w.out.String())
	}
	return false
}
