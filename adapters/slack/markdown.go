package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// row is a line of a text.
type row struct {
	spans []span
	head  string // before the line, in mrkdwn: a quote's or a list's mark
	again string // the same for what does not fit on it
	code  string // of a code block
	block bool   // it is a line of a code block
}

var (
	fenced   = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")
	language = regexp.MustCompile(`^[\w+#.-]{0,30}$`)
	quoted   = regexp.MustCompile(`^ {0,3}(?:> ?)+`)
	bullet   = regexp.MustCompile(`^(\s*)[-*+•◦] +(\S.*)$`)
)

// parsed are the lines of a text in the bot's Markdown.
func parsed(s string) []row {
	var out []row
	open, inQuote := "", false
	all := strings.Split(s, "\n")
	for i, line := range all {
		quote := ""
		if open == "" || inQuote {
			quote = quoted.FindString(line)
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
			if t := strings.TrimSpace(line); strings.HasPrefix(t, open) && strings.Trim(t, open[:1]) == "" {
				open = ""
				continue
			}
			out = append(out, codeRow(r, line, inQuote))
			continue
		}
		if m := fenced.FindStringSubmatch(line); m != nil && i+1 < len(all) && (m[1][0] == '~' || !strings.Contains(m[2], "`")) {
			open, inQuote = m[1], quote != ""
			if info := strings.TrimSpace(m[2]); !language.MatchString(info) {
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
	target   = regexp.MustCompile(`^\(\s*(?:<([^<>]*)>|([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*))` + // an address
		`(?:\s+=\d*[xX]?\d*)?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`) // a picture's size, a title
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
		return r.codeSpan(i)
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
	if !r.links || i > 0 && word(before) {
		return 0
	}
	a := address.FindString(r.s[i:])
	for a != "" {
		end := a[len(a)-1]
		if strings.IndexByte(".,:;!?'*_~]}", end) < 0 && (end != ')' || strings.Count(a, "(") >= strings.Count(a, ")")) {
			break
		}
		a = a[:len(a)-1]
	}
	if a == "" || !allowed(a) {
		return 0
	}
	r.put(span{text: a, link: a})
	return len(a)
}

// codeSpan reads code on one line.
func (r *reader) codeSpan(i int) int {
	n := run(r.s, i)
	for from := i + n; from < len(r.s); {
		at := strings.IndexByte(r.s[from:], '`')
		if at < 0 {
			break
		}
		from += at
		if m := run(r.s, from); m != n {
			from += m
			continue
		}
		text := r.s[i+n : from]
		if strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") && strings.TrimSpace(text) != "" {
			text = text[1 : len(text)-1]
		}
		if strings.TrimFunc(text, blank) == "" {
			break
		}
		r.put(span{text: text, look: code})
		return from + n
	}
	r.words.WriteString(r.s[i : i+n])
	return i + n
}

// run is how many of the same sign stand there.
func run(s string, i int) int {
	n := i
	for n < len(s) && s[n] == s[i] {
		n++
	}
	return n - i
}

// marks reads signs that may begin or end a look.
func (r *reader) marks(i int) int {
	n := run(r.s, i)
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
	before, size := utf8.DecodeLastRuneInString(r.s[:i])
	after, next := utf8.DecodeRuneInString(r.s[i+n:])
	opens := next > 0 && !unicode.IsSpace(after) && (word(after) || size == 0 || !word(before))
	ends := size > 0 && !unicode.IsSpace(before) && (word(before) || next == 0 || !word(after))
	if r.s[i] == '_' && word(before) && word(after) {
		opens, ends = false, false
	}
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
	end, depth := i, 0
	for ; end < len(r.s); end++ {
		switch r.s[end] {
		case '\\':
			end++
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if end >= len(r.s) {
		return 0, false
	}
	m := target.FindStringSubmatchIndex(r.s[end+1:])
	if m == nil {
		return 0, false
	}
	where := ""
	for _, g := range []int{2, 4} {
		if m[g] >= 0 {
			where = destination.Replace(unescaped.ReplaceAllString(r.s[end+1+m[g]:end+1+m[g+1]], "$1"))
		}
	}
	if !allowed(where) {
		return 0, false
	}
	var label strings.Builder
	for _, s := range spansOf(r.s[i+1:end], false) {
		label.WriteString(s.text)
	}
	text := strings.TrimFunc(label.String(), blank)
	if utf8.RuneCountInString(escape.Replace(text)) > linkTextMax {
		r.put(span{text: text + " "})
		text = ""
	}
	r.put(span{text: text, link: where})
	return end + 1 + m[1], true
}

var unescaped = regexp.MustCompile(`\\([[:punct:]])`)
