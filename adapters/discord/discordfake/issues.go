package discordfake

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// issue is something wrong at a place in a body.
type issue struct {
	path          []string
	code, message string
}

// issues are what is wrong with a body.
type issues struct{ list []issue }

// at is a place: names and numbers.
type at []string

func (a at) to(more ...any) at {
	out := append(at(nil), a...)
	for _, m := range more {
		switch m := m.(type) {
		case int:
			out = append(out, strconv.Itoa(m))
		case string:
			out = append(out, m)
		}
	}
	return out
}

func (k *issues) add(where at, code, format string, args ...any) {
	k.list = append(k.list, issue{where, code, fmt.Sprintf(format, args...)})
}

// refusal is the answer to a body with something wrong in it; nil if there is nothing.
// https://docs.discord.com/developers/reference#error-messages
func (k *issues) refusal() *refusal {
	if len(k.list) == 0 {
		return nil
	}
	return &refusal{status: http.StatusBadRequest, code: badForm, message: "Invalid Form Body", errors: issueTree(k.list)}
}

// String is what is wrong, in one line.
func (k *issues) String() string {
	var out []string
	for _, i := range k.list {
		out = append(out, strings.Join(i.path, ".")+": "+i.message+" ("+i.code+")")
	}
	return strings.Join(out, "; ")
}

// issueTree is how Discord shows what is wrong: nested by place.
func issueTree(list []issue) map[string]any {
	root := map[string]any{}
	for _, i := range list {
		node := root
		for _, name := range i.path {
			next, ok := node[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				node[name] = next
			}
			node = next
		}
		have, _ := node["_errors"].([]any)
		node["_errors"] = append(have, map[string]any{"code": i.code, "message": i.message})
	}
	return root
}

// formError is the answer to one thing wrong.
func formError(code, message string, path ...string) *refusal {
	k := issues{list: []issue{{path, code, message}}}
	return k.refusal()
}

// length checks how long a text is, in characters.
func (k *issues) length(where at, text string, least, most int) {
	switch n := utf8.RuneCountInString(text); {
	case n < least && n == 0:
		k.required(where)
	case n < least || n > most:
		if least > 0 {
			k.add(where, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
			return
		}
		k.add(where, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", most)
	}
}

func (k *issues) required(where at) {
	k.add(where, "BASE_TYPE_REQUIRED", "This field is required")
}

// amount checks how many things there are.
func (k *issues) amount(where at, n, least, most int) {
	if n < least || n > most {
		k.add(where, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
}

// object is a JSON object; what is none is noted.
func (k *issues) object(where at, v any) (map[string]any, bool) {
	m, is := v.(map[string]any)
	if !is {
		k.add(where, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
	}
	return m, is
}

// list is a JSON list, empty if there is none; what is something else is noted.
func (k *issues) listOf(where at, v any) []any {
	if v == nil {
		return nil
	}
	l, is := v.([]any)
	if !is {
		k.add(where, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
	}
	return l
}

// text is a string in an object, empty if there is none; what is something else is noted.
func (k *issues) text(where at, m map[string]any, name string) string {
	v, has := m[name]
	if !has || v == nil {
		return ""
	}
	s, is := v.(string)
	if !is {
		k.add(where.to(name), "STRING_TYPE_CONVERT", "Could not interpret \"%v\" as string.", v)
	}
	return s
}

// sized is a string in an object, checked for its length in characters; with least above 0 it has to be there.
func (k *issues) sized(where at, m map[string]any, name string, least, most int) string {
	s := k.text(where, m, name)
	k.length(where.to(name), s, least, most)
	return s
}

// whole is a whole number in an object; has is false if there is none.
func (k *issues) whole(where at, m map[string]any, name string) (n int, has bool) {
	v, there := m[name]
	if !there || v == nil {
		return 0, false
	}
	f, is := v.(float64)
	if !is || f != float64(int(f)) {
		k.add(where.to(name), "NUMBER_TYPE_COERCE", "Value \"%v\" is not int.", v)
		return 0, false
	}
	return int(f), true
}

// boolean is a yes or no in an object, no if there is none.
func (k *issues) boolean(where at, m map[string]any, name string) bool {
	v, has := m[name]
	if !has || v == nil {
		return false
	}
	b, is := v.(bool)
	if !is {
		k.add(where.to(name), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
	}
	return b
}

// between checks a number that may be left out.
func (k *issues) between(where at, m map[string]any, name string, standard, least, most int) int {
	n, has := k.whole(where, m, name)
	if !has {
		return standard
	}
	if n < least || n > most {
		k.add(where.to(name), "NUMBER_TYPE_MAX", "int value should be between %d and %d.", least, most)
	}
	return n
}
