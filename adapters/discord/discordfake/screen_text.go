package discordfake

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a client makes of Discord's Markdown.
// https://support.discord.com/hc/en-us/articles/210298617-Markdown-Text-101-Chat-Formatting-Bold-Italic-Underline

var (
	maskedLink = regexp.MustCompile(`^\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])+)\]\(\s*<?((?:[^\s()<>\\]|\\.|\([^\s()]*\))*)>?(?:\s+["'].*?["'])?\s*\)`)
	bareLink   = regexp.MustCompile(`^(?:https?|discord)://[^\s<]+[^<.,:;"'\]\s]`)
	angledLink = regexp.MustCompile(`^<((?:https?|discord)://[^\s<>]+|mailto:[^\s<>]+|tel:[^\s<>]+|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+|\+[0-9][0-9 -]+)>`)
	followed   = regexp.MustCompile(`^(?:https?|discord)://`)
	tokenAt    = regexp.MustCompile(`^<(?:(@[!&]?|#)([0-9]{1,20})|a?(:[A-Za-z0-9_]{2,32}:)[0-9]{1,20}|t:(-?[0-9]{1,13})(?::[a-zA-Z])?|(/[^:<>]+):[0-9]{1,20})>`)
	codeBlock  = regexp.MustCompile("(?s)^```(?:[a-zA-Z0-9_+#.-]*\n)?\n*(.*?)\n*```")
	codeSpan   = regexp.MustCompile("(?s)^(`+)(.*?[^`])(`+)")
	lineLead   = regexp.MustCompile(`^(?:#{1,3} +|-# +|>>> |> )`)
)

// marks are what makes letters bold and the like, the longest first.
var marks = []string{"***", "**", "__", "~~", "||", "*", "_"}

// reader reads Markdown piece by piece.
type reader struct {
	out   strings.Builder
	links []string
}

// Readable is a text as people read it, without its marks: links by their words, people, channels and roles as @ or # and their ids.
func Readable(markdown string) string {
	var r reader
	r.read(markdown, true)
	return r.out.String()
}

// linksIn are the addresses that a client would follow.
func linksIn(markdown string) []string {
	var r reader
	r.read(markdown, true)
	return r.links
}

// read reads a text; lineStart says that it begins a line.
func (r *reader) read(text string, lineStart bool) {
	for text != "" {
		if lineStart {
			text = text[len(lineLead.FindString(text)):]
		}
		n := r.piece(text)
		lineStart = n > 0 && n <= len(text) && text[n-1] == '\n'
		text = text[n:]
	}
}

// piece reads what a text begins with, and says how many bytes that were.
func (r *reader) piece(text string) int {
	switch text[0] {
	case '\\':
		if len(text) > 1 && text[1] < utf8.RuneSelf && (unicode.IsPunct(rune(text[1])) || unicode.IsSymbol(rune(text[1]))) {
			r.out.WriteByte(text[1])
			return 2
		}
	case '`':
		if m := codeBlock.FindStringSubmatch(text); m != nil && strings.TrimSpace(m[1]) != "" {
			r.out.WriteString(m[1])
			return len(m[0])
		}
		if m := codeSpan.FindStringSubmatch(text); m != nil && m[1] == m[3] {
			r.out.WriteString(strings.TrimSpace(m[2]))
			return len(m[0])
		}
		n := len(text) - len(strings.TrimLeft(text, "`"))
		r.out.WriteString(text[:n])
		return n
	case '[':
		if m := maskedLink.FindStringSubmatch(text); m != nil && followed.MatchString(m[2]) {
			r.links = append(r.links, m[2])
			r.read(m[1], false)
			return len(m[0])
		}
	case '<':
		if n := r.angled(text); n > 0 {
			return n
		}
	case 'h', 'd':
		if at := bareLink.FindString(text); at != "" {
			at = at[:len(at)-unopened(at)]
			r.links = append(r.links, at)
			r.out.WriteString(at)
			return len(at)
		}
	}
	for _, mark := range marks {
		if inner, n := marked(text, mark); n > 0 {
			r.read(inner, false)
			return n
		}
	}
	_, n := utf8.DecodeRuneInString(text)
	r.out.WriteString(text[:n])
	return n
}

// unopened is how many closing brackets at the end of an address do not belong to it.
func unopened(at string) int {
	n := 0
	for strings.HasSuffix(at[:len(at)-n], ")") && strings.Count(at[:len(at)-n], ")") > strings.Count(at[:len(at)-n], "(") {
		n++
	}
	return n
}

// angled reads what stands between < and >.
func (r *reader) angled(text string) int {
	if m := angledLink.FindStringSubmatch(text); m != nil {
		at := m[1]
		switch {
		case strings.HasPrefix(at, "+"):
			at = "tel:" + at
		case strings.Contains(at, "@") && !strings.Contains(at, ":"):
			at = "mailto:" + at
		}
		r.links = append(r.links, at)
		r.out.WriteString(m[1])
		return len(m[0])
	}
	m := tokenAt.FindStringSubmatch(text)
	switch {
	case m == nil:
		return 0
	case m[2] != "":
		r.out.WriteString(strings.TrimRight(m[1], "!&") + m[2])
	case m[3] != "":
		r.out.WriteString(m[3])
	case m[4] != "":
		seconds, err := strconv.ParseInt(m[4], 10, 64)
		if err != nil {
			return 0
		}
		r.out.WriteString(time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04"))
	default:
		r.out.WriteString(m[5])
	}
	return len(m[0])
}

// marked is what stands between a mark at the beginning of a text and the next one, and how long that is with its marks; 0 if it
// is no mark here.
func marked(text, mark string) (inner string, n int) {
	rest, ok := strings.CutPrefix(text, mark)
	if !ok || rest == "" || mark[0] == '*' && (rest[0] == ' ' || rest[0] == '\n') {
		return "", 0
	}
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\':
			i++
		case rest[i] == '`':
			if m := codeSpan.FindStringSubmatch(rest[i:]); m != nil && m[1] == m[3] {
				i += len(m[0]) - 1
			}
		case i > 0 && strings.HasPrefix(rest[i:], mark):
			after := rest[i+len(mark):]
			if len(mark) == 1 && strings.HasPrefix(after, mark) { // which closes something else
				i++
				continue
			}
			if mark == "*" && (rest[i-1] == ' ' || rest[i-1] == '\n') || mark == "_" && startsWord(after) {
				continue
			}
			return rest[:i], 2*len(mark) + i
		}
	}
	return "", 0
}

func startsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}
