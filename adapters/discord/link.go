package discord

import (
	"regexp"
	"strings"

	"balie/adapters/markup"
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
	mayLead        = regexp.MustCompile(`(?i)^https?://[^/?#\s@|]`)
)

// leadable says whether the bot may lead people there. Discord makes links of nothing but the web's addresses.
func leadable(address string) bool {
	return mayLead.MatchString(address) && markup.Sound(address) && units(inParentheses(address)) <= addressMax
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
	if r.label || i > 0 && markup.Word(lastRune(r.s[:i])) {
		return 0
	}
	most := min(len(r.s), i+addressScan)
	a := bareAddress.FindString(r.s[i:most])
	if len(a) == addressScan {
		r.words.WriteString(a)
		return i + len(a)
	}
	a = markup.TrimAddress(a, ".,:;!?'*_~]}\\")
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
	label, where, to, ok := markup.Link(r.s, i, min(len(r.s), i+labelScan))
	mail, isMail := strings.CutPrefix(where, "mailto:")
	if !ok || !isMail && !leadable(where) {
		return 0
	}
	text := r.saying(label)
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
	return to
}

// saying is what a link says, without looks: clients differ in whether they see them.
func (r *reader) saying(label string) string {
	inner := &reader{s: label, in: r.in, label: true}
	var text strings.Builder
	for _, s := range matched(inner.read()) {
		text.WriteString(s.text)
	}
	return strings.TrimFunc(text.String(), markup.Blank)
}
