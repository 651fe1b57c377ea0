package discord

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	addressMax  = 900            // characters of an address
	addressScan = 4 * addressMax // bytes that are searched for the end of one
	saidMax     = 300            // characters of what a link says
	labelScan   = 1500           // bytes that are searched for the end of that
)

var (
	bareAddress    = regexp.MustCompile(`^(?i:https?)://[^\s\pZ<>"'|` + "`" + `]+`)
	pointedAddress = regexp.MustCompile(`^<((?:(?i:https?)://|mailto:)[^\s\pZ<>"'|]+)>`)
	linkTarget     = regexp.MustCompile(`^\(\s*(?:<([^<>]*)>|([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*))` + // an address
		`(?:\s+=\d*[xX]?\d*)?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`) // a picture's size, a title
	unescaped = regexp.MustCompile(`\\([[:punct:]])`)
	mayLead   = regexp.MustCompile(`(?i)^https?://[^/?#\s@|]`)
)

// leadable says whether the bot may lead people there. Discord makes links of nothing but the web's addresses.
func leadable(address string) bool {
	odd := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || reorders(r) }
	return mayLead.MatchString(address) && utf8.ValidString(address) && !strings.ContainsFunc(address, odd) &&
		units(inParentheses(address)) <= addressMax
}

// destination keeps an address in its place, whatever stands around it.
var destination = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "\t", "%09", "`", "%60", `"`, "%22",
	`\`, "%5C", "*", "%2A", "~", "%7E", gap, "")

// parentheses are what ends the address of a link that says something else.
var parentheses = strings.NewReplacer("(", "%28", ")", "%29", "[", "%5B", "]", "%5D", "'", "%27")

func inParentheses(address string) string { return parentheses.Replace(destination.Replace(address)) }

func bareLink(address string) span {
	address = destination.Replace(address)
	return span{text: address, link: address}
}

// address reads an address that stands in the text by itself.
func (r *reader) address(i int) int {
	if r.label || i > 0 && word(lastRune(r.s[:i])) {
		return 0
	}
	most := min(len(r.s), i+addressScan)
	a := bareAddress.FindString(r.s[i:most])
	if len(a) == addressScan {
		r.words.WriteString(a)
		return i + len(a)
	}
	for a != "" {
		end := a[len(a)-1]
		if strings.IndexByte(".,:;!?'*_~]}\\", end) < 0 && (end != ')' || strings.Count(a, "(") >= strings.Count(a, ")")) {
			break
		}
		a = a[:len(a)-1]
	}
	if a == "" || !leadable(a) {
		return 0
	}
	r.put(bareLink(a))
	return i + len(a)
}

// link reads a link, if one that is allowed begins at the bracket. A picture becomes a link to it. What leads to somebody's
// mailbox becomes words, since Discord knows no such links.
func (r *reader) link(i int) int {
	if r.label || r.literal {
		return 0
	}
	end, depth, most := i, 0, min(len(r.s), i+labelScan)
	for ; end < most; end++ {
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
	if end >= most {
		return 0
	}
	m := linkTarget.FindStringSubmatchIndex(r.s[end+1:])
	if m == nil {
		return 0
	}
	where := ""
	for _, g := range []int{2, 4} {
		if m[g] >= 0 {
			where = unescaped.ReplaceAllString(r.s[end+1+m[g]:end+1+m[g+1]], "$1")
		}
	}
	mail, isMail := strings.CutPrefix(where, "mailto:")
	if !isMail && !leadable(where) {
		return 0
	}
	text := r.saying(r.s[i+1 : end])
	bare := bareLink(where)
	switch {
	case isMail && (text == "" || text == mail):
		r.words.WriteString(mail)
	case isMail:
		r.words.WriteString(text + " (" + mail + ")")
	case text == "" || text == where:
		r.put(bare)
	case strings.Contains(text, "://") || units(text) > saidMax:
		// Discord shows no link that says another address than the one it leads to.
		r.words.WriteString(text + " (")
		r.put(bare)
		r.words.WriteString(")")
	default:
		r.put(span{text: text, link: inParentheses(where)})
	}
	return end + 1 + m[1]
}

// saying is what a link says, without looks: clients differ in whether they see them.
func (r *reader) saying(label string) string {
	inner := &reader{s: label, in: r.in, label: true}
	var text strings.Builder
	for _, s := range matched(inner.read()) {
		text.WriteString(s.text)
	}
	return strings.TrimFunc(text.String(), blank)
}
