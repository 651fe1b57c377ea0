package ticket

import "fmt"

// Problem is an error that people may read: what they asked for can't be done, and why. It is the only error whose text
// is shown; Code and Args let it be said in their language.
type Problem struct {
	Code    string            // stable, such as "not_allowed"
	Field   string            // the form's field that it is about, if any
	Args    map[string]string // what the text mentions
	Message string            // in English
}

func (p *Problem) Error() string {
	if p.Field != "" {
		return fmt.Sprintf("%s (%s): %s", p.Code, p.Field, p.Message)
	}
	return p.Code + ": " + p.Message
}

// Problems are several problems of one form.
type Problems []*Problem

func (p Problems) Error() string {
	s := ""
	for i, q := range p {
		if i > 0 {
			s += "; "
		}
		s += q.Error()
	}
	return s
}
