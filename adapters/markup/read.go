package markup

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	fenced   = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$")
	quoted   = regexp.MustCompile(`^ {0,3}(?:> ?)+`)
	language = regexp.MustCompile(`^[\w+#.-]{0,30}$`)
	target   = regexp.MustCompile(`^\(\s*(?:<([^<>]*)>|([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*))` + // an address
		`(?:\s+=\d*[xX]?\d*)?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`) // a picture's size, a title
	escaped = regexp.MustCompile(`\\([[:punct:]])`)
)

// Fence reads a line that begins a block of code: its signs, with which EndsFence tells the end, and what stands behind them.
func Fence(line string) (signs, info string, ok bool) {
	m := fenced.FindStringSubmatch(line)
	if m == nil || m[1][0] == '`' && strings.Contains(m[2], "`") {
		return "", "", false
	}
	return m[1], strings.TrimSpace(m[2]), true
}

// EndsFence says whether the line ends a block of code that began with these signs.
func EndsFence(line, signs string) bool {
	t := strings.TrimSpace(line)
	return strings.HasPrefix(t, signs) && strings.Trim(t, signs[:1]) == ""
}

// IsLanguage says whether what stands behind a fence names what the code is written in, or nothing.
func IsLanguage(info string) bool { return language.MatchString(info) }

// Quote is what makes a line a quote, at its beginning; empty if it is none.
func Quote(line string) string { return quoted.FindString(line) }

// Run is how many of the same sign stand at i.
func Run(s string, i int) int {
	n := i
	for n < len(s) && s[n] == s[i] {
		n++
	}
	return n - i
}

// Flanks says whether n signs at i may begin or end a look, by what stands on their sides.
func Flanks(s string, i, n int) (begin, end bool) {
	before, size := utf8.DecodeLastRuneInString(s[:i])
	after, next := utf8.DecodeRuneInString(s[i+n:])
	if s[i] == '_' && Word(before) && Word(after) {
		return false, false
	}
	begin = next > 0 && !unicode.IsSpace(after) && (Word(after) || size == 0 || !Word(before))
	end = size > 0 && !unicode.IsSpace(before) && (Word(before) || next == 0 || !Word(after))
	return begin, end
}

// CodeSpan reads code on one line that begins with the backticks at i, and says where to go on. If there is no such code they
// are words, up to there.
func CodeSpan(s string, i int) (code string, to int, ok bool) {
	n := Run(s, i)
	for from := i + n; from < len(s); {
		at := strings.IndexByte(s[from:], '`')
		if at < 0 {
			break
		}
		from += at
		if m := Run(s, from); m != n {
			from += m
			continue
		}
		code = s[i+n : from]
		if strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") && strings.TrimSpace(code) != "" {
			code = code[1 : len(code)-1]
		}
		if strings.TrimFunc(code, Blank) == "" {
			break
		}
		return code, from + n, true
	}
	return "", i + n, false
}

// Link reads a link that begins with the bracket at i: what it says, as Markdown, where it leads, and where to go on. The
// bracket that ends what it says is looked for before most.
func Link(s string, i, most int) (label, where string, to int, ok bool) {
	end, depth := i, 0
	for ; end < most; end++ {
		switch s[end] {
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
	if end >= most {
		return "", "", 0, false
	}
	rest := s[end+1:]
	m := target.FindStringSubmatchIndex(rest)
	if m == nil {
		return "", "", 0, false
	}
	for _, g := range []int{2, 4} {
		if m[g] >= 0 {
			where = escaped.ReplaceAllString(rest[m[g]:m[g+1]], "$1")
		}
	}
	return s[i+1 : end], where, end + 1 + m[1], true
}

// TrimAddress takes from the end of an address that stands in a text what is the text's: these signs, and parentheses that
// were not opened in it.
func TrimAddress(a, signs string) string {
	for a != "" {
		end := a[len(a)-1]
		if strings.IndexByte(signs, end) < 0 && (end != ')' || strings.Count(a, "(") >= strings.Count(a, ")")) {
			break
		}
		a = a[:len(a)-1]
	}
	return a
}

// Sound says whether nothing is in an address that has no place in any.
func Sound(address string) bool {
	odd := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || Reorders(r) }
	return utf8.ValidString(address) && !strings.ContainsFunc(address, odd)
}
