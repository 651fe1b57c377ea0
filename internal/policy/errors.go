package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in a policy file and where it stands. Lines and columns count from 1, columns in characters.
type Error struct {
	File    string
	Line    int
	Column  int
	Message string // what is wrong and what would be right
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Errors are all mistakes of a policy file, in the order of the file.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, m := range e {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the single mistakes.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, m := range e {
		out[i] = m
	}
	return out
}

// sorted are the mistakes found so far in the order of the file, the same one only once.
func (r *reader) sorted() Errors {
	slices.SortStableFunc(r.errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(r.errs, func(a, b *Error) bool { return *a == *b })
}

// failf notes a mistake.
func (r *reader) failf(at position, format string, args ...any) {
	r.errs = append(r.errs, &Error{File: r.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...)})
}

// unknown is the end of a sentence about a word that isn't one of the known: the likely meant one, or all that there are.
func unknown(word string, known []string) string {
	if s := closest(word, known); s != "" {
		return fmt.Sprintf("; did you mean %s?", s)
	}
	switch len(known) {
	case 0:
		return ""
	case 1:
		return "; there is only " + known[0]
	}
	return "; use " + oneOf(known)
}

// oneOf is a list for a sentence: "a, b or c".
func oneOf(words []string) string {
	n := len(words) - 1
	if n < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + " or " + words[n]
}

// closest is the known word that the given one is probably a slip of the pen for, or "".
func closest(word string, known []string) string {
	word = strings.ToLower(word)
	best, distance := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := edits(word, strings.ToLower(k)); d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	return best
}

// edits is how many characters must be inserted, removed, replaced or swapped with their neighbour to turn a into b.
func edits(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 64 || len(t) > 64 {
		return 64
	}
	d := make([][]int, len(s)+1)
	for i := range d {
		d[i] = make([]int, len(t)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			replace := d[i-1][j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(s)][len(t)]
}
