package discord

import (
	"slices"
	"strings"
	"unicode"

	"balie/adapters/markup"
)

// pack writes lines into at most so many texts of so many characters. Cut says that more should have followed.
func pack(rows []row, most, parts int, cut bool) (out []string, whole bool) {
	for most > 0 {
		last := len(out)+1 == parts
		if !last || !cut {
			if text := written(rows, false); units(text) <= most {
				return withSeen(out, text), !cut
			}
		}
		text, rest := filled(rows, most, last)
		out = withSeen(out, text)
		if last || len(rest) == len(rows) && rest[0].size() == rows[0].size() {
			return out, false
		}
		rows = rest
	}
	return nil, len(rows) == 0
}

// filled is as much of some lines as goes into so many characters, and what is left of them. Where nothing comes after it,
// it ends with an ellipsis.
func filled(rows []row, most int, last bool) (text string, rest []row) {
	n := most
	for step := 1; ; step *= 2 {
		head, tail := split(rows, n)
		if last {
			head = ellipsed(head)
		}
		text = written(head, false)
		long := units(text)
		if long <= most {
			return text, tail
		}
		if n = min(n-step, n*most/long); n < 0 {
			return "…", rows
		}
	}
}

func withSeen(out []string, text string) []string {
	if strings.TrimFunc(text, markup.Blank) == "" {
		return out
	}
	return append(out, strings.TrimRightFunc(text, unicode.IsSpace))
}

// ellipsed are lines with an ellipsis at their end.
func ellipsed(rows []row) []row {
	rows = slices.Clone(rows)
	for len(rows) > 0 && rows[len(rows)-1].blank() {
		rows = rows[:len(rows)-1]
	}
	if len(rows) == 0 {
		return []row{{spans: []span{{text: "…"}}}}
	}
	last := &rows[len(rows)-1]
	if last.block {
		last.code += "…"
		return rows
	}
	last.spans = slices.Clone(last.spans)
	if n := len(last.spans); n > 0 && last.spans[n-1].words() {
		last.spans[n-1].text = strings.TrimRightFunc(last.spans[n-1].text, unicode.IsSpace)
	}
	last.spans = append(last.spans, span{text: "…"})
	return rows
}

func (r row) blank() bool {
	return !r.block && r.list == "" && !slices.ContainsFunc(r.spans, func(s span) bool { return strings.TrimFunc(s.text, markup.Blank) != "" })
}

// size is about how many characters a line takes.
func (r row) size() int {
	n := 1 + len(r.list) + units(r.code)
	if r.quote {
		n += 2
	}
	if r.first {
		n += len(fence) + 1
	}
	for _, s := range r.spans {
		n += s.size()
	}
	return n
}

func (s span) size() int {
	n := units(s.text)
	if s.link != s.text {
		n += units(s.link)
	}
	return n
}

// split parts lines after about so many characters, where a line or a word ends.
func split(rows []row, n int) (head, tail []row) {
	left := n
	for i, r := range rows {
		if size := r.size(); left >= size {
			left -= size
			continue
		}
		// Of a line that has hardly begun nothing is shown, rather than a part of a word.
		a, b := r.split(left-(r.size()-r.length()), i == 0 || left > n/3)
		head = rows[:i:i]
		if a.length() > 0 {
			head = append(head, a)
		}
		if b.length() > 0 || b.first {
			tail = append(tail, b)
		}
		return head, append(tail, rows[i+1:]...)
	}
	return rows, nil
}

// length is how many characters of a line are seen.
func (r row) length() int {
	n := units(r.code)
	for _, s := range r.spans {
		n += s.size()
	}
	return n
}

// split parts a line, within a word only if it must.
func (r row) split(n int, must bool) (head, tail row) {
	head, tail = r, r
	if r.block {
		head.code, tail.code = broken(r.code, n, must)
		tail.first = r.first && head.code == ""
		return head, tail
	}
	head.spans, tail.spans = nil, nil
	for i, s := range r.spans {
		if size := s.size(); n >= size {
			n -= size
			continue
		}
		a, b := "", s.text
		if s.link == "" {
			a, b = broken(s.text, n, must && i == 0)
		}
		head.spans = slices.Clone(r.spans[:i])
		if s.text = a; strings.TrimFunc(a, markup.Blank) != "" {
			head.spans = append(head.spans, s)
		}
		if s.text = b; b != "" {
			tail.spans = append(tail.spans, s)
		}
		tail.spans = append(tail.spans, r.spans[i+1:]...)
		break
	}
	if len(head.spans) > 0 {
		tail.list = strings.Repeat(" ", len(r.list))
	}
	return head, tail
}

// broken parts a text after at most so many characters: where a word ends and, if that is not near or has to be, within
// one.
func broken(s string, n int, must bool) (head, tail string) {
	at, seen := 0, 0
	for i, r := range s {
		if seen++; r > 0xffff {
			seen++
		}
		if seen > n {
			break
		}
		at = i + len(string(r))
	}
	if at < len(s) && s[at] != ' ' {
		if space := strings.LastIndexByte(s[:at], ' '); space > 0 && (!must || space >= at*2/3) {
			at = space
		} else if !must {
			at = 0
		}
	}
	return strings.TrimRight(s[:at], " "), strings.TrimLeft(s[at:], " ")
}
