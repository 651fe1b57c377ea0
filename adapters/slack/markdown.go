package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/adapters/markup"
)

// row is a line of a text.
type row struct {
	spans []span
	head  string // before the line, in mrkdwn: a quote's or a list's mark
	again string // the same for what does not fit on it
	code  string // of a code block
	block bool   // it is a line of a code block
}

var bullet = regexp.MustCompile(`^(\s*)[-*+•◦] +(\S.*)$`)

// parsed are the lines of a text in the bot's Markdown.
func parsed(s string) []row {
	var out []row
	open, inQuote := "", false
	all := strings.Split(s, "\n")
	for i, line := range all {
		quote := ""
		if open == "" || inQuote {
			quote = markup.Quote(line)
		}
		if open != "" && inQuote && quote == "" {
			open = "" // the quote has ended, and the code in it
		}
		line = line[len(quote):]
		r := row{}
		if quote != "" {
			r.head, r.again = "&gt; ", "&gt; "
		}
		if open != "" {
			if markup.EndsFence(line, open) {
				open = ""
				continue
			}
			out = append(out, codeRow(r, line, inQuote))
			continue
		}
		if signs, info, ok := markup.Fence(line); ok && i+1 < len(all) {
			open, inQuote = signs, quote != ""
			if !markup.IsLanguage(info) {
				out = append(out, codeRow(r, info, inQuote))
			}
			continue
		}
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if m := bullet.FindStringSubmatch(line); m != nil {
			dot := "• "
			if len(m[1]) >= 2 {
				dot = "    ◦ "
			}
			r.head, r.again, line = r.head+dot, r.again+strings.Repeat(" ", utf8.RuneCountInString(dot)), m[2]
		}
		r.spans = spansOf(line, true)
		out = append(out, r)
	}
	return out
}

// codeRow is a line of code. A code block can't stand in a quote, so that each line is code by itself there.
func codeRow(r row, line string, inQuote bool) row {
	if !inQuote {
		r.block, r.code = true, line
	} else if strings.TrimSpace(line) != "" {
		r.spans = []span{{text: line, look: code}}
	}
	return r
}

// reader reads a line of Markdown.
type reader struct {
	s      string
	links  bool
	pieces []piece
	words  strings.Builder
}

var (
	address  = regexp.MustCompile(`^https?://[^\s<>"'|` + "`" + `]+`)
	complete = regexp.MustCompile(`^<((?:https?://|mailto:)[^\s<>"'|]+)>`)
)

// special are the signs that can mean something in a line of Markdown.
const special = "\\`*_~[<!hH"

// spansOf are the spans of a line of Markdown.
func spansOf(line string, links bool) []span {
	if !strings.ContainsAny(line, "\\`*_~[<") && !strings.Contains(line, "://") {
		if line == "" {
			return nil
		}
		return []span{{text: line}}
	}
	r := &reader{s: line, links: links}
	for i := 0; i < len(line); {
		n := strings.IndexAny(line[i:], special)
		if n < 0 {
			r.words.WriteString(line[i:])
			break
		}
		r.words.WriteString(line[i : i+n])
		i = r.sign(i + n)
	}
	r.flush()
	return matched(r.pieces)
}

func (r *reader) flush() {
	if r.words.Len() > 0 {
		r.pieces = append(r.pieces, piece{span: span{text: r.words.String()}})
		r.words.Reset()
	}
}

func (r *reader) put(s span) {
	r.flush()
	r.pieces = append(r.pieces, piece{span: s})
}

// sign reads what begins at a sign, and says where to go on.
func (r *reader) sign(i int) int {
	rest := r.s[i:]
	switch rest[0] {
	case '\\':
		if len(rest) > 1 && rest[1] < utf8.RuneSelf && (unicode.IsPunct(rune(rest[1])) || unicode.IsSymbol(rune(rest[1]))) {
			r.words.WriteByte(rest[1])
			return i + 2
		}
	case '`':
		text, to, ok := markup.CodeSpan(r.s, i)
		if !ok {
			r.words.WriteString(r.s[i:to])
			return to
		}
		r.put(span{text: text, look: code})
		return to
	case '*', '_', '~':
		return r.marks(i)
	case '!':
		if r.links && strings.HasPrefix(rest, "![") {
			if to, ok := r.link(i + 1); ok {
				return to
			}
		}
	case '[':
		if to, ok := r.link(i); ok {
			return to
		}
	case '<':
		if m := complete.FindStringSubmatch(rest); m != nil && r.links && allowed(m[1]) {
			r.put(span{text: strings.TrimPrefix(m[1], "mailto:"), link: m[1]})
			return i + len(m[0])
		}
	case 'h', 'H':
		if n := r.address(i); n > 0 {
			return i + n
		}
	}
	r.words.WriteByte(rest[0])
	return i + 1
}

// address reads an address that stands in the text by itself.
func (r *reader) address(i int) int {
	before, _ := utf8.DecodeLastRuneInString(r.s[:i])
	if !r.links || i > 0 && markup.Word(before) {
		return 0
	}
	a := markup.TrimAddress(address.FindString(r.s[i:]), ".,:;!?'*_~]}")
	if a == "" || !allowed(a) {
		return 0
	}
	r.put(span{text: a, link: a})
	return len(a)
}

// marks reads signs that may begin or end a look.
func (r *reader) marks(i int) int {
	n := markup.Run(r.s, i)
	var kinds []look
	switch {
	case r.s[i] == '~' && n == 2:
		kinds = []look{strike}
	case r.s[i] == '~' || n > 3:
	case n == 1:
		kinds = []look{italic}
	case n == 2:
		kinds = []look{bold}
	default:
		kinds = []look{bold, italic}
	}
	opens, ends := markup.Flanks(r.s, i, n)
	if len(kinds) == 0 || !opens && !ends {
		r.words.WriteString(r.s[i : i+n])
		return i + n
	}
	r.flush()
	if len(kinds) == 2 && ends && !opens {
		kinds[0], kinds[1] = kinds[1], kinds[0]
	}
	at := i
	for _, k := range kinds {
		width := 1
		if k != italic {
			width = 2
		}
		r.pieces = append(r.pieces, piece{span: span{text: r.s[at : at+width]}, mark: &mark{look: k, opens: opens, ends: ends}})
		at += width
	}
	return i + n
}

// link reads a link, if one that is allowed begins at the bracket. A picture becomes a link to it.
func (r *reader) link(i int) (to int, ok bool) {
	if !r.links {
		return 0, false
	}
	label, where, to, ok := markup.Link(r.s, i, len(r.s))
	where = destination.Replace(where)
	if !ok || !allowed(where) {
		return 0, false
	}
	var says strings.Builder
	for _, s := range spansOf(label, false) {
		says.WriteString(s.text)
	}
	text := strings.TrimFunc(says.String(), markup.Blank)
	if utf8.RuneCountInString(escape.Replace(text)) > linkTextMax {
		r.put(span{text: text + " "})
		text = ""
	}
	r.put(span{text: text, link: where})
	return to, true
}
