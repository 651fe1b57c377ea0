package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"balie/internal/spell"
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
	if s := spell.Closest(word, known); s != "" {
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
