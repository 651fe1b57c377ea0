package ticket

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Clean is what people typed without what only harms: control characters (line breaks and tabs stay), invalid UTF-8 and
// space around it.
func Clean(s string) string {
	s = lineBreaks.Replace(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}

// Line is s cleaned and on one line, without characters that turn the direction of what follows it on the screen.
func Line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, Clean(s))
	return strings.Join(strings.Fields(s), " ")
}

// FileName is a bare file name that is safe to show and to write, whatever was claimed: no folders, no control
// characters, at most 120 characters of which the extension is kept.
func FileName(s string) string {
	s = Line(path.Base(strings.ReplaceAll(s, `\`, "/")))
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*/`, r) {
			return '_'
		}
		return r
	}, s)
	if strings.Trim(s, "._ ") == "" {
		return "file"
	}
	const most = 120
	if n := utf8.RuneCountInString(s); n > most {
		ext := path.Ext(s)
		if utf8.RuneCountInString(ext) > 10 {
			ext = ""
		}
		s = string([]rune(strings.TrimSuffix(s, ext))[:most-utf8.RuneCountInString(ext)]) + ext
	}
	return s
}

// Cut is s in at most max characters; what was cut is told by an ellipsis.
func Cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == limit {
			s = s[:i]
			break
		}
	}
	return strings.TrimRightFunc(s, unicode.IsSpace) + "…"
}
