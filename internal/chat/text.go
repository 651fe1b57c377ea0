package chat

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean takes away what has no place in a text: control characters other than line breaks and tabs, and bytes that are
// no UTF-8.
func Clean(s string) string {
	ok := func(r rune) bool { return r == '\n' || r == '\t' || !unicode.IsControl(r) }
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !ok(r) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Cut is the text, cleaned and at most so many characters long; an ellipsis tells that something is missing.
func Cut(s string, characters int) string {
	s = Clean(s)
	if len(s) <= characters {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == characters {
			if utf8.RuneCountInString(s[i:]) == 1 {
				return s
			}
			return s[:i] + "…"
		}
	}
	return s
}

// CutBytes is the text, cleaned and at most so many bytes long, with an ellipsis for what is missing: for platforms that
// count that way. It needs at least three bytes.
func CutBytes(s string, bytes int) string {
	const ellipsis = "…"
	s = Clean(s)
	if len(s) <= bytes {
		return s
	}
	at := bytes - len(ellipsis)
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return strings.TrimRightFunc(s[:at], unicode.IsSpace) + ellipsis
}

// FileName is the name that somebody gave a file, without folders and what is not printed, and never empty.
func FileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(name)
	if strings.Trim(name, ".") == "" {
		name = ""
	}
	if r := []rune(name); len(r) > 100 {
		name = string(r[:60]) + "…" + string(r[len(r)-39:]) // with its ending
	}
	return cmp.Or(name, "file")
}
