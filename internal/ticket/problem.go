package ticket

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is an error that people may read: what they asked for can't be done, and why. It is the only error that is
// shown; package i18n has its text, in the reader's language, under "problem_" and the code.
type Problem struct {
	Code  Code
	Field string            // the form's field that it is about, if any
	Args  map[string]string // what the text mentions; under "person" a person's id
}

// Code says what is wrong. Codes are stable.
type Code string

// The codes, with the arguments of their texts.
const (
	NotFound       Code = "not_found"       // key: no such ticket, or none that you may see
	NotAllowed     Code = "not_allowed"     // only the team may do that
	AlreadyClaimed Code = "already_claimed" // person
	TicketClosed   Code = "ticket_closed"   // key
	NotAgent       Code = "not_agent"       // person: not an agent of the team
	Required       Code = "required"
	TooLong        Code = "too_long"     // max, length: characters
	TooMany        Code = "too_many"     // max
	FileTooBig     Code = "file_too_big" // name, max: megabytes
	FileEmpty      Code = "file_empty"   // name
	BadChoice      Code = "bad_choice"
	OneChoice      Code = "one_choice" // several were chosen where one may be
	BadDate        Code = "bad_date"
	CannotReopen   Code = "cannot_reopen"
)

// Codes are all codes.
var Codes = []Code{NotFound, NotAllowed, AlreadyClaimed, TicketClosed, NotAgent, Required, TooLong, TooMany, FileTooBig,
	FileEmpty, BadChoice, OneChoice, BadDate, CannotReopen}

func (p *Problem) Error() string {
	s := "problem " + string(p.Code)
	if p.Field != "" {
		s += " at " + p.Field
	}
	for _, k := range slices.Sorted(maps.Keys(p.Args)) {
		s += fmt.Sprintf(" %s=%q", k, p.Args[k])
	}
	return s
}

// Problems are several problems of one form.
type Problems []*Problem

func (p Problems) Error() string {
	list := make([]string, len(p))
	for i, q := range p {
		list[i] = q.Error()
	}
	return strings.Join(list, "; ")
}
