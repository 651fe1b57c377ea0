package mattermost

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattermost/mattermost/server/public/shared/markdown"

	"balie/adapters/markup"
)

// signs are what a backslash takes the meaning of in every client. Before others the browser shows the backslash.
const signs = "`*{}[]()#+-.!_>|~"

// rewriting is a text of the bot's on its way to Mattermost's Markdown, as edits of it.
type rewriting struct {
	s       string
	edits   []edit
	defuse  bool // whether brackets can form a link or a picture
	raw     string
	at      []int // where each byte of raw stands in s
	open    []int // brackets of raw that are open
	escaped int   // the last byte of raw that had a backslash before it
}

var (
	bracketed = regexp.MustCompile(`\]\s*[\[(:]`)
	reference = regexp.MustCompile(`^&#?\w+;`)
	complete  = regexp.MustCompile(`^<(?:(?:https?://|mailto:|www\.)[^\s<>"']+|[\w.+-]+@[\w.-]+)>`)
	target    = regexp.MustCompile(`^\(\s*(?:<([^\s<>]*)>|([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*))` + // an address,
		`(?:\s+=\d*[xX]?\d*)?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`) // a picture's size, a title
	inCode     = regexp.MustCompile(`\][(:]|!\[|<[A-Za-z/!?]`)
	inSpan     = regexp.MustCompile(`\]\(|!\[`)
	backticks  = regexp.MustCompile("`{3,}")
	listMark   = regexp.MustCompile(`^(?:[-+*] |\d{1,9}[.)] )`)
	underlined = regexp.MustCompile(`^(?:=+|-+) *$`)
)

// rewritten is the text with its blocks as the server sees them.
func rewritten(s string) string {
	w := &rewriting{s: s, defuse: bracketed.MatchString(s)}
	// Without brackets there are no definitions of links, and their lines stay text.
	document, _ := markdown.Parse(strings.ReplaceAll(s, "[", "x"))
	markdown.InspectBlock(document, func(b markdown.Block) bool {
		switch v := b.(type) {
		case *markdown.Paragraph:
			w.paragraph(v.Text)
		case *markdown.FencedCode:
			if slices.Contains(document.Children, b) {
				w.fence(v)
				break
			}
			w.code(inCode, v.RawInfo.Position, v.RawInfo.End)
			for _, l := range v.RawCode {
				w.code(inCode, l.Range.Position, l.Range.End)
			}
		case *markdown.IndentedCode:
			for _, l := range v.RawCode {
				w.code(inCode, l.Range.Position, l.Range.End)
			}
		}
		return true
	})
	return edited(s, w.edits)
}

func (w *rewriting) put(at, to int, with string) { w.edits = append(w.edits, edit{at, to, with}) }

// code takes apart, in a part of the text that not every client sees as code, what would be a link or a tag if it is not.
func (w *rewriting) code(looks *regexp.Regexp, from, to int) {
	if !w.defuse && looks == inSpan {
		return
	}
	for _, m := range looks.FindAllStringIndex(w.s[from:to], -1) {
		w.put(from+m[0]+1, from+m[0]+1, gap)
	}
}

// fence writes a code block so that every client sees where it begins and ends.
func (w *rewriting) fence(b *markdown.FencedCode) {
	begin := strings.LastIndexByte(w.s[:b.OpeningFence.Position], '\n') + 1
	end := lineEnd(w.s, begin)
	from := min(end+1, len(w.s))
	to := from
	if n := len(b.RawCode); n > 0 {
		to = b.RawCode[n-1].Range.End
	}
	mark := "```"
	for _, run := range backticks.FindAllString(w.s[from:to], -1) {
		if len(run) >= len(mark) {
			mark = run + "`"
		}
	}
	head := mark
	if info := w.s[b.RawInfo.Position:b.RawInfo.End]; markup.IsLanguage(strings.TrimSpace(info)) {
		head += strings.TrimSpace(info)
	} else {
		head += "\n" + info
	}
	if before := strings.TrimSuffix(w.s[:begin], "\n"); begin > 0 && before != "" && !strings.HasSuffix(before, "\n") {
		head = "\n" + head
	}
	w.put(begin, end, head)
	switch {
	case to < len(w.s):
		w.put(to, lineEnd(w.s, to), mark)
	case strings.HasSuffix(w.s, "\n") && to > end:
		w.put(to, to, mark)
	default:
		w.put(to, to, "\n"+mark)
	}
}

func lineEnd(s string, from int) int {
	if i := strings.IndexByte(s[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(s)
}

// paragraph rewrites one run of text.
func (w *rewriting) paragraph(ranges []markdown.Range) {
	var raw strings.Builder
	w.at, w.open, w.escaped = w.at[:0], w.open[:0], -1
	for _, r := range ranges {
		raw.WriteString(w.s[r.Position:r.End])
		for i := r.Position; i < r.End; i++ {
			w.at = append(w.at, i)
		}
	}
	w.raw = raw.String()
	for i := 0; i < len(w.raw); {
		i = w.sign(i)
	}
	if w.defuse {
		for _, i := range w.open {
			w.put(w.at[i], w.at[i], `\`)
		}
	}
}

// sign rewrites what begins at a place in the paragraph, and says where to go on.
func (w *rewriting) sign(i int) int {
	rest := w.raw[i:]
	switch rest[0] {
	case '\\':
		return w.backslash(i)
	case '`':
		return w.codeSpan(i)
	case '[':
		w.open = append(w.open, i)
	case ']':
		return w.bracket(i)
	case '&':
		if reference.MatchString(rest) {
			w.put(w.at[i]+1, w.at[i]+1, "amp;")
		}
	case '<':
		if tag(rest) {
			w.put(w.at[i]+1, w.at[i]+1, gap)
		}
	case ':':
		if leads(w.raw[:i], rest[1:]) {
			w.put(w.at[i]+1, w.at[i]+1, gap)
		}
	}
	return i + 1
}

// tag says whether a text that begins with "<" could be the beginning of HTML.
func tag(s string) bool {
	return len(s) > 1 && (strings.IndexByte("/!?", s[1]) >= 0 || letter(s[1])) && !complete.MatchString(s)
}

// leads says whether clients make a link of a colon between these, with a scheme that is not allowed.
func leads(before, after string) bool {
	begin := len(before)
	for begin > 0 && (letter(before[begin-1]) || digit(before[begin-1])) {
		begin--
	}
	next, _ := utf8.DecodeRuneInString(after)
	switch scheme := strings.ToLower(before[begin:]); scheme {
	case "http", "https", "mailto":
		return false
	case "ftp", "tel":
		return next == '/' || next == '%' || unicode.IsLetter(next) || unicode.IsNumber(next)
	default:
		return next == '/' && len(scheme) > 1 // not C:/
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

func (w *rewriting) backslash(i int) int {
	if i+1 == len(w.raw) {
		return i + 1
	}
	next := w.raw[i+1]
	switch {
	case strings.IndexByte(signs, next) >= 0:
		w.escaped = i + 1
		if next == ']' && i+2 < len(w.raw) {
			w.after(i + 2)
		}
		return i + 2
	case next == '\\':
		// The browser leaves two backslashes before a word alone, and everybody leaves one alone there.
		if i+2 < len(w.raw) && (letter(w.raw[i+2]) || digit(w.raw[i+2]) || w.raw[i+2] == '_') {
			w.put(w.at[i], w.at[i]+1, "")
		}
		return i + 2
	case next > ' ' && next < 0x7f && !letter(next) && !digit(next):
		w.put(w.at[i], w.at[i]+1, "")
	}
	return i + 1
}

// codeSpan leaves code on one line alone. The browser may see something else in what goes over several.
func (w *rewriting) codeSpan(i int) int {
	n := len(w.raw[i:]) - len(strings.TrimLeft(w.raw[i:], "`"))
	for from := i + n; from < len(w.raw) && w.raw[from] != '\n'; from++ {
		if w.raw[from] != '`' {
			continue
		}
		run := len(w.raw[from:]) - len(strings.TrimLeft(w.raw[from:], "`"))
		if run == n {
			w.code(inSpan, w.at[i], w.at[from])
			return from + n
		}
		from += run - 1
	}
	for j := range n {
		w.put(w.at[i+j], w.at[i+j], `\`)
	}
	return i + n
}

// bracket ends a link or, if it is none or one that is not allowed, makes it words.
func (w *rewriting) bracket(i int) int {
	if !w.defuse {
		return i + 1
	}
	begin := -1
	if n := len(w.open); n > 0 {
		begin, w.open = w.open[n-1], w.open[:n-1]
	}
	if m := target.FindStringSubmatchIndex(w.raw[i+1:]); m != nil && begin >= 0 {
		address := ""
		for _, g := range []int{2, 4} {
			if m[g] >= 0 {
				address = markdown.Unescape(w.raw[i+1+m[g] : i+1+m[g+1]])
			}
		}
		if allowed(address) {
			return w.link(begin, i, i+1+m[1], address)
		}
	}
	if begin >= 0 {
		w.put(w.at[begin], w.at[begin], `\`)
	}
	w.put(w.at[i], w.at[i], `\`)
	if i+1 < len(w.raw) {
		w.after(i + 1)
	}
	return i + 1
}

// after keeps what stands after a bracket from making an address of it: the browser overlooks the bracket's backslash.
func (w *rewriting) after(i int) {
	switch w.raw[i] {
	case '(':
		w.put(w.at[i], w.at[i], `\`)
	case ':':
		w.put(w.at[i], w.at[i], gap)
	}
}

// link writes the link whose words stand between two brackets. A picture becomes a link to it: showing it would tell
// whoever put it there who reads the post, and when.
func (w *rewriting) link(begin, end, to int, address string) int {
	if b := begin - 1; b >= 0 && w.raw[b] == '!' && b != w.escaped {
		with := ""
		if b > 0 && w.raw[b-1] == '!' {
			with = gap
		}
		w.put(w.at[b], w.at[b]+1, with)
	}
	address = destination.Replace(address)
	words := "]("
	if strings.TrimSpace(strings.ReplaceAll(w.raw[begin+1:end], gap, "")) == "" {
		words = literal(address) + words
	}
	w.put(w.at[end], w.at[to-1]+1, words+ourEntity(address)+")")
	// No link stands in another one, so what is open around it is no link.
	for _, i := range w.open {
		w.put(w.at[i], w.at[i], `\`)
	}
	w.open = w.open[:0]
	return to
}

var destination = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20", "\t", "%09", "\n", "",
	`\`, "%5C", "[", "%5B", "]", "%5D", `"`, "%22", "'", "%27", "`", "%60", "*", "%2A", gap, "")

// ourEntity keeps the & of an address an &.
func ourEntity(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if out.WriteByte(s[i]); s[i] == '&' && reference.MatchString(s[i:]) {
			out.WriteString("amp;")
		}
	}
	return out.String()
}

// literal escapes what would form something. It leaves mentions to unmentioned.
func literal(s string) string {
	all := strings.Split(s, "\n")
	for n, l := range all {
		l = strings.TrimSpace(l)
		var out strings.Builder
		switch {
		case strings.HasPrefix(l, "=") && underlined.MatchString(l):
			out.WriteString(gap)
		case listMark.MatchString(l):
			mark := strings.IndexByte(l, ' ') - 1
			out.WriteString(l[:mark] + `\` + l[mark:mark+1])
			l = l[mark+1:]
		case strings.HasPrefix(l, "#"), strings.HasPrefix(l, ">"), strings.HasPrefix(l, "-"), strings.HasPrefix(l, "+"):
			out.WriteByte('\\')
			out.WriteByte(l[0])
			l = l[1:]
		}
		for i := range len(l) {
			before, after := byte('\n'), byte('\n')
			if i > 0 {
				before = l[i-1]
			}
			if i+1 < len(l) {
				after = l[i+1]
			}
			switch c := l[i]; {
			case c == '`', c == '[', c == ']',
				c == '*' && !(before == ' ' && after == ' '),
				c == '_' && !(letter(before) || digit(before)) || c == '_' && !(letter(after) || digit(after)),
				c == '~' && (before == '~' || after == '~'),
				c == '|' && len(all) > 1,
				c == '(' && before == ']',
				c == '\\' && !letter(after) && !digit(after):
				out.WriteByte('\\')
				out.WriteByte(c)
			case c == '&' && reference.MatchString(l[i:]):
				out.WriteString("&amp;")
			case c == '<' && tag(l[i:]), c == ':' && leads(l[:i], l[i+1:]):
				out.WriteByte(c)
				out.WriteString(gap)
			default:
				out.WriteByte(c)
			}
		}
		all[n] = out.String()
	}
	return strings.Join(all, "\n")
}
