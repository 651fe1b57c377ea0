package store

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"balie/internal/ticket"
)

const (
	maxWords = 500 // of one ticket
	maxWord  = 64  // bytes of one word; longer ones are cut, in tickets and in queries alike
)

// Words are the words that a ticket is found by, each once: those of its key, summary, description and of the public
// entries that it carries, the newest first. At most 500. Notes are left out, so that no search can tell a requester
// what is in one.
func Words(t ticket.Ticket) []string {
	s := wordSet{seen: make(map[string]bool, 64)}
	s.addText(t.Key)
	s.addText(t.Summary)
	s.addText(t.Description)
	for i := len(t.Entries) - 1; i >= 0 && !s.full(); i-- {
		if t.Entries[i].Audience == ticket.Public {
			s.addText(t.Entries[i].Text)
		}
	}
	return s.words
}

// Tokens are the words of what somebody searches for, in order and each once: in lower case and without diacritics.
// Letters and digits of any script make words; a number after a hyphen belongs to what stands before it, so that a
// ticket's key is one word.
func Tokens(text string) []string {
	s := wordSet{seen: make(map[string]bool, 8)}
	scan(text, func(word string, _ bool) bool {
		s.add(word)
		return !s.full()
	})
	return s.words
}

// FoldKey is a ticket's key such that two keys that differ in upper and lower case only are equal.
func FoldKey(key string) string { return strings.ToLower(strings.ToUpper(key)) }

// wordSet collects different words.
type wordSet struct {
	words []string
	seen  map[string]bool
}

func (s *wordSet) full() bool { return len(s.words) >= maxWords }

func (s *wordSet) add(word string) {
	if word != "" && !s.full() && !s.seen[word] {
		s.seen[word] = true
		s.words = append(s.words, word)
	}
}

// addText adds the words of a text. What was joined by hyphens is added in parts too, and numbers without their leading
// zeros, so that HD-00012 is also found by 00012 and by 12.
func (s *wordSet) addText(text string) {
	scan(text, func(word string, joined bool) bool {
		s.add(word)
		if !joined {
			s.addNumber(word)
			return !s.full()
		}
		for part := range strings.SplitSeq(word, "-") {
			s.add(part)
			s.addNumber(part)
		}
		return !s.full()
	})
}

// addNumber adds the number that a word ends in: 12 for 00012 and for SUP00012.
func (s *wordSet) addNumber(word string) {
	digits := word[len(strings.TrimRight(word, "0123456789")):]
	number := strings.TrimLeft(digits, "0")
	if number != word {
		s.add(number)
	}
	if len(digits) > 1 && digits != word {
		s.add(digits)
	}
}

// scan gives each word of the text, and whether it was joined by hyphens, until yield says that it is enough.
func scan(text string, yield func(word string, joined bool) bool) {
	var (
		word   = make([]byte, 0, maxWord)
		joined bool
		hyphen bool // the word is followed by one, and it is not known yet by what else
	)
	end := func() bool {
		ok := len(word) == 0 || yield(cut(word), joined)
		word, joined, hyphen = word[:0], false, false
		return ok
	}
	letter := func(r rune) bool { // false if it is enough
		if hyphen {
			if !unicode.IsDigit(r) {
				if !end() {
					return false
				}
			} else {
				word, joined, hyphen = append(word, '-'), true, false
			}
		}
		if len(word) <= 2*maxWord {
			word = appendFolded(word, r)
		}
		return true
	}
	other := func(r rune) bool {
		if r == '-' && len(word) > 0 && !hyphen {
			hyphen = true
			return true
		}
		return end()
	}
	var it norm.Iter
	for len(text) > 0 {
		// Most text is ASCII, which is decomposed already and known by its looks.
		if c := text[0]; c < utf8.RuneSelf {
			text = text[1:]
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
				if !letter(rune(c)) {
					return
				}
			} else if !other(rune(c)) {
				return
			}
			continue
		}
		rest := strings.IndexFunc(text, func(r rune) bool { return r < utf8.RuneSelf })
		if rest < 0 {
			rest = len(text)
		}
		it.InitString(norm.NFKD, text[:rest])
		for !it.Done() {
			for b := it.Next(); len(b) > 0; {
				r, n := utf8.DecodeRune(b)
				b = b[n:]
				switch {
				case unicode.Is(unicode.Mn, r): // a diacritic
				case unicode.In(r, unspaced...):
					// These scripts write no spaces: each character is a word, so that any part of a text is found.
					if !end() || !yield(string(r), false) {
						return
					}
				case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r):
					if !letter(r) {
						return
					}
				default:
					if !other(r) {
						return
					}
				}
			}
		}
		text = text[rest:]
	}
	end()
}

// unspaced are scripts that are written without spaces between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// appendFolded appends the letter in lower case, and as plain letters where it is one that decomposition leaves alone.
func appendFolded(word []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(word, byte(unicode.ToLower(r)))
	}
	switch r = unicode.ToLower(unicode.ToUpper(r)); r {
	case 'ß':
		return append(word, "ss"...)
	case 'æ':
		return append(word, "ae"...)
	case 'œ':
		return append(word, "oe"...)
	case 'ø':
		return append(word, 'o')
	case 'đ', 'ð':
		return append(word, 'd')
	case 'ł':
		return append(word, 'l')
	case 'ı':
		return append(word, 'i')
	case 'þ':
		return append(word, "th"...)
	}
	return utf8.AppendRune(word, r)
}

// cut is the word, at most maxWord bytes of it and no part of a character.
func cut(word []byte) string {
	if len(word) > maxWord {
		n := maxWord
		for n > 0 && !utf8.RuneStart(word[n]) {
			n--
		}
		word = word[:n]
	}
	return string(word)
}
