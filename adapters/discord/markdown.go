package discord

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/adapters/markup"
)

// row is a line of a text.
type row struct {
	quote bool
	list  string // what stands before a line of a list
	spans []span
	block bool   // it is a line of a code block
	code  string // of that block
	first bool   // it begins that block
	lang  string // what that block is written in
}

// textLine is a line that is no code, before the looks in it are known.
type textLine struct {
	quote bool
	list  string
	text  string
	look  effect // of all of it
	alone bool   // no look goes on from the line before
}

// listItem is the beginning of a line of a list in the bot's Markdown.
var listItem = regexp.MustCompile(`^(\s*)(?:[-*+•◦]|(\d{1,9})[.)]) +(\S.*)$`)

const fence = "```"

// parsed are the lines of a text in the bot's Markdown.
func parsed(s string) []row {
	var out []row
	var text []textLine
	open, inQuote, first, lang := "", false, false, ""
	all := strings.Split(s, "\n")
	addCode := func(line string) {
		out = append(out, row{quote: inQuote, block: true, code: line, first: first, lang: lang})
		first, lang = false, ""
	}
	for i, line := range all {
		quote := ""
		if open == "" || inQuote {
			quote = markup.Quote(line)
		}
		if open != "" && inQuote && quote == "" {
			open = "" // the quote has ended, and the code in it
		}
		line = line[len(quote):]
		if open != "" {
			if markup.EndsFence(line, open) {
				open = ""
			} else {
				addCode(line)
			}
			continue
		}
		if signs, info, ok := markup.Fence(line); ok && i+1 < len(all) {
			out = append(out, inline(text, nil)...)
			text, open, inQuote, first = nil, signs, quote != "", true
			if markup.IsLanguage(info) {
				lang = info
			} else {
				lang = ""
				addCode(info)
			}
			continue
		}
		l := textLine{quote: quote != "", text: strings.TrimRightFunc(line, unicode.IsSpace)}
		l.item(listItem.FindStringSubmatch(l.text))
		text = append(text, l)
	}
	return append(out, inline(text, nil)...)
}

// item makes the line one of a list, if it is one: m are its indentation, its number and its words.
func (l *textLine) item(m []string) {
	if m == nil {
		return
	}
	l.list = strings.Repeat("  ", min(len(strings.ReplaceAll(m[1], "\t", "  "))/2, 4)) + "- "
	if m[2] != "" {
		l.list = strings.TrimSuffix(l.list, "- ") + m[2] + ". "
	}
	l.text, l.alone = m[3], true
}

// follows says whether looks may go on in the line from another one above it.
func (l textLine) follows(above textLine) bool {
	if l.alone || l.text == "" || l.quote != above.quote || above.look != 0 {
		return false
	}
	return above.list == "" || unicode.IsSpace(firstRune(l.text)) // it is of the same item
}

// inline finds the looks in lines. Those that are written one under the other may share them. With in the lines are
// Discord's.
func inline(lines []textLine, in *hearing) []row {
	var out []row
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].follows(lines[0]) && lines[n-1].text != "" {
			n++
		}
		var pieces []piece
		for i, l := range lines[:n] {
			if i > 0 {
				pieces = append(pieces, piece{span: span{text: "\n"}})
				if lines[0].list != "" {
					l.text = strings.TrimLeftFunc(l.text, unicode.IsSpace)
				}
			}
			pieces = append(pieces, piecesOf(l.text, in)...)
		}
		for i, spans := range inLines(matched(pieces)) {
			r := row{quote: lines[0].quote, list: lines[0].list, spans: spans}
			if i > 0 {
				r.list = strings.Repeat(" ", len(r.list))
			}
			for j := range spans {
				spans[j].look |= lines[0].look
			}
			out = append(out, r)
		}
		lines = lines[n:]
	}
	return out
}

// reader reads a line.
type reader struct {
	s       string
	in      *hearing // of a line in Discord's Markdown; nil of the bot's
	label   bool     // it is what a link says
	literal bool     // nothing but addresses means something
	pieces  []piece
	words   strings.Builder
}

// special are the signs that can mean something in a line.
const special = "\\`*_~|[<!hH"

// piecesOf are the pieces of a line.
func piecesOf(line string, in *hearing) []piece {
	r := &reader{s: line, in: in}
	return r.read()
}

func (r *reader) read() []piece {
	for i := 0; i < len(r.s); {
		n := strings.IndexAny(r.s[i:], special)
		if n < 0 {
			r.words.WriteString(r.s[i:])
			break
		}
		r.words.WriteString(r.s[i : i+n])
		i = r.sign(i + n)
	}
	r.flush()
	return r.pieces
}

func (r *reader) flush() {
	if r.words.Len() > 0 {
		text := r.words.String()
		if r.in != nil {
			text = ourGap.ReplaceAllString(text, "$1$2")
		}
		r.pieces = append(r.pieces, piece{span: span{text: text}})
		r.words.Reset()
	}
}

func (r *reader) put(s span) {
	r.flush()
	r.pieces = append(r.pieces, piece{span: s})
}

// sign reads what begins at a sign, and says where to go on.
func (r *reader) sign(i int) int {
	rest, to := r.s[i:], 0
	switch rest[0] {
	case 'h', 'H':
		to = r.address(i)
	case '\\':
		if len(rest) > 1 && punctuation(rest[1]) && !r.literal {
			r.words.WriteByte(rest[1])
			return i + 2
		}
	case '`':
		if !r.literal {
			return r.codeSpan(i)
		}
	case '*', '_', '~', '|':
		if !r.literal {
			return r.marks(i)
		}
	case '!':
		if strings.HasPrefix(rest, "![") && r.in == nil {
			to = r.link(i + 1)
		}
	case '[':
		to = r.link(i)
	case '<':
		to = r.pointed(i)
	}
	if to > 0 {
		return to
	}
	r.words.WriteByte(rest[0])
	return i + 1
}

func punctuation(c byte) bool {
	return c < utf8.RuneSelf && (unicode.IsPunct(rune(c)) || unicode.IsSymbol(rune(c)))
}

// pointed reads what stands between < and >.
func (r *reader) pointed(i int) int {
	if r.label {
		return 0
	}
	rest := r.s[i:]
	if m := pointedAddress.FindStringSubmatch(rest); m != nil {
		if mail, ok := strings.CutPrefix(m[1], "mailto:"); ok && !r.literal {
			r.words.WriteString(mail)
			return i + len(m[0])
		}
		if leadable(m[1]) {
			r.put(bareLink(m[1]))
			return i + len(m[0])
		}
	}
	if r.in != nil {
		return r.token(i)
	}
	return 0
}

// codeSpan reads code on one line.
func (r *reader) codeSpan(i int) int {
	text, to, ok := markup.CodeSpan(r.s, i)
	if !ok {
		r.words.WriteString(r.s[i:to])
		return to
	}
	if r.in != nil {
		text = strings.ReplaceAll(text, "`"+gap, "`")
	}
	r.put(span{text: text, look: code})
	return to
}

// marksOf are the looks that so many signs stand for.
func (r *reader) marksOf(sign byte, n int) []effect {
	double := bold
	if sign == '_' && r.in != nil {
		double = underline
	}
	switch {
	case sign == '~' && n == 2:
		return []effect{strike}
	case sign == '|' && n == 2 && r.in != nil:
		return []effect{spoiler}
	case sign == '~' || sign == '|' || n > 3:
		return nil
	case n == 1:
		return []effect{italic}
	case n == 2:
		return []effect{double}
	}
	return []effect{double, italic}
}

// isOpen says whether a look has begun and not ended.
func (r *reader) isOpen(l effect) bool {
	open := false
	for _, p := range r.pieces {
		open = open != (p.mark == l)
	}
	return open
}

// marks reads signs that may begin or end a look.
func (r *reader) marks(i int) int {
	sign, n := r.s[i], markup.Run(r.s, i)
	looks := r.marksOf(sign, n)
	opens, ends := markup.Flanks(r.s, i, n)
	if sign == '|' {
		opens, ends = true, true
	}
	if len(looks) == 0 || !opens && !ends {
		r.words.WriteString(r.s[i : i+n])
		return i + n
	}
	r.flush()
	if len(looks) == 2 && ends && (!opens || r.isOpen(looks[0])) {
		looks[0], looks[1] = looks[1], looks[0]
	}
	at := i
	for _, l := range looks {
		width := 2
		if l == italic {
			width = 1
		}
		r.pieces = append(r.pieces, piece{span: span{text: r.s[at : at+width]}, mark: l, opens: opens, ends: ends})
		at += width
	}
	return i + n
}
