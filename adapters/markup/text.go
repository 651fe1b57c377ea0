// Package markup is what adapters need to put the bot's Markdown into their platform's: what the readers of it, and the ways to
// cut it, have in common.
package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/internal/chat"
)

// Lines is a text whose lines end as ours do.
func Lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// Wash is a text, cleaned, without what reorders or hides words.
func Wash(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028' || r == '\u2029':
			return '\n'
		case Reorders(r):
			return -1
		}
		return r
	}, chat.Clean(Lines(s)))
}

// Reorders says whether the character makes others stand in another order than the text has them.
func Reorders(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// Blank says whether nobody sees the character.
func Blank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' }

// Word says whether the character can be of a word.
func Word(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// Started is a text from the first line on that has something in it which is not blank, and without what is blank at its end.
func Started(s string, blank func(rune) bool) string {
	for {
		first, rest, more := strings.Cut(s, "\n")
		if strings.TrimFunc(first, blank) != "" || !more {
			return strings.TrimRightFunc(s, blank)
		}
		s = rest
	}
}

// Fit is the text as write puts it, cut before a line or word where that would be longer than most; write says how long it is,
// by its own count. Of the text no more than so many characters are tried first. Where nothing fits it is an ellipsis.
func Fit(s string, most, first int, write func(s string) (text string, long int)) string {
	if most <= 0 {
		return ""
	}
	n := first
	for step := 1; ; step *= 2 {
		short := Shorten(s, n)
		text, long := write(short)
		if long <= most {
			return text
		}
		n = utf8.RuneCountInString(short)
		if n = min(n-step, n*most/long); n <= 0 {
			return "…"
		}
	}
}

// Shorten is a text of at most so many characters. What is missing is told by an ellipsis, and begins with a line or a word if
// that does not cost a third of the text.
func Shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n++; n <= most {
			continue
		}
		cut := s[:i]
		for _, end := range []string{"\n", " "} {
			if at := strings.LastIndex(cut, end); at >= len(cut)*2/3 {
				cut = cut[:at]
				break
			}
		}
		_, size := utf8.DecodeLastRuneInString(cut)
		if len(cut) == i {
			cut = cut[:len(cut)-size]
		}
		return strings.TrimRight(cut, " \n\t\\") + "…"
	}
	return s
}
