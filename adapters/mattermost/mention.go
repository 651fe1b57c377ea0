package mattermost

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// unmention takes the mentions of a name out of a message, and says whether there was one. What stands in code mentions
// nobody.
func unmention(text, name string) (rest string, mentioned bool) {
	if name == "" || !strings.Contains(text, "@") {
		return text, false
	}
	var out []byte
	for len(text) > 0 {
		switch {
		case text[0] == '`':
			n := codeEnd(text)
			out, text = append(out, text[:n]...), text[n:]
		case mentions(out, text, name):
			mentioned = true
			text = strings.TrimLeft(text[1+len(name):], " ")
			if out = bytes.TrimRight(out, " "); len(out) == 0 {
				text = afterAddress(text)
			} else if out[len(out)-1] != '\n' && text != "" && !strings.ContainsRune(",.:;!?)\n", rune(text[0])) {
				out = append(out, ' ')
			}
		default:
			out, text = append(out, text[0]), text[1:]
		}
	}
	if !mentioned {
		return string(out), false
	}
	return strings.TrimSpace(string(out)), true
}

// afterAddress is the text without the comma or colon after whom it speaks to.
func afterAddress(text string) string {
	if text == "," || text == ":" || strings.HasPrefix(text, ", ") || strings.HasPrefix(text, ": ") {
		return strings.TrimLeft(text[1:], " ")
	}
	return text
}

// mentions says whether a text begins with a mention of the name, by what stands before it and after it: it is neither
// part of an address nor of a longer name.
func mentions(before []byte, text, name string) bool {
	if text[0] != '@' {
		return false
	}
	if n := len(before); n > 0 && (nameByte(before[n-1]) || before[n-1] == '@' || before[n-1] >= utf8.RuneSelf) {
		return false
	}
	text = text[1:]
	if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
		return false
	}
	// A full stop and the like after a name end a sentence, unless the name goes on after them.
	text = strings.TrimLeft(text[len(name):], ".-_")
	return text == "" || !nameByte(text[0])
}

func nameByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-' || b == '.'
}

// codeEnd is how long the code is that a text begins with: to the same number of backticks again. A block that is not
// closed goes on to the end; otherwise the backticks alone.
func codeEnd(text string) int {
	n := len(text) - len(strings.TrimLeft(text, "`"))
	for i := n; i < len(text); {
		if text[i] != '`' {
			i++
			continue
		}
		m := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if m == n {
			return i + m
		}
		i += m
	}
	if n >= 3 {
		return len(text)
	}
	return n
}
