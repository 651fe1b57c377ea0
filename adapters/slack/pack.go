package slack

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"balie/adapters/markup"
)

// packing writes lines into texts of at most so many characters.
type packing struct {
	most int
	out  []string
	now  strings.Builder
	n    int  // characters of now
	open bool // a code block is open
}

const fence = "```"

var backticks = regexp.MustCompile("`{3,}")

// unfenced is code that ends no code block.
func unfenced(s string) string {
	return backticks.ReplaceAllStringFunc(s, func(run string) string {
		return strings.TrimSuffix(strings.Repeat("`"+gap, len(run)), gap)
	})
}

func (p *packing) write(s string) {
	p.now.WriteString(s)
	p.n += utf8.RuneCountInString(s)
}

func (p *packing) flush() {
	if p.open {
		p.write("\n" + fence)
	}
	if strings.TrimFunc(p.now.String(), markup.Blank) != "" {
		p.out = append(p.out, strings.TrimRight(p.now.String(), "\n"))
	}
	p.now.Reset()
	p.n, p.open = 0, false
}

// put adds a line, of a code block or not.
func (p *packing) put(s string, block bool) {
	long := utf8.RuneCountInString(s) + 1
	if block || p.open {
		long += 2 * (len(fence) + 1)
	}
	if p.n > 0 && p.n+long > p.most {
		p.flush()
	}
	if p.open && !block {
		p.write("\n" + fence)
		p.open = false
	}
	if p.n > 0 {
		p.write("\n")
	}
	if block && !p.open {
		p.write(fence + "\n")
		p.open = true
	}
	p.write(s)
}

// pack writes lines into texts of at most so many characters.
func pack(rows []row, most int) []string {
	p := &packing{most: most}
	for _, r := range rows {
		if r.block {
			for _, s := range split(unfenced(r.code), rowMax) {
				p.put(s, true)
			}
			continue
		}
		for i, s := range fitted(r.spans) {
			if i > 0 {
				r.head = r.again
			}
			if s = strings.TrimRight(r.head+s, " "); p.n > 0 || strings.TrimFunc(s, markup.Blank) != "" {
				p.put(s, false)
			}
		}
	}
	p.flush()
	return p.out
}

// fitted are spans as mrkdwn, in several lines where one would be too long for a block.
func fitted(spans []span) []string {
	s := written(spans)
	if utf8.RuneCountInString(s) <= rowMax {
		return []string{s}
	}
	a, b := halves(spans)
	if len(a) == 0 || len(b) == 0 {
		return []string{s}
	}
	return append(fitted(a), fitted(b)...)
}

// halves parts spans in the middle, between two words if it can be.
func halves(spans []span) (a, b []span) {
	all := 0
	for _, s := range spans {
		all += len(s.text) + len(s.link) + 1
	}
	n := 0
	for i, s := range spans {
		long := len(s.text) + len(s.link) + 1
		if n += long; n < all/2 {
			continue
		}
		if s.link != "" || len(s.text) < 2 {
			return parted(spans, i)
		}
		at := min(len(s.text)-1, max(1, len(s.text)-(n-all/2)))
		if space := strings.LastIndexByte(s.text[:at], ' '); space > at/2 {
			at = space
		}
		for at > 0 && !utf8.RuneStart(s.text[at]) {
			at--
		}
		if at == 0 {
			return parted(spans, i)
		}
		left, right := s, s
		left.text, right.text = s.text[:at], strings.TrimLeft(s.text[at:], " ")
		a = append(append(a, spans[:i]...), left)
		return a, append(append(b, right), spans[i+1:]...)
	}
	return spans, nil
}

// parted parts spans before one of them, or after it if it is the first.
func parted(spans []span, i int) (a, b []span) {
	i = max(i, 1)
	return spans[:i], spans[i:]
}

// split is a text that means nothing, in escaped parts of at most so many characters.
func split(s string, most int) []string {
	escaped := escape.Replace(s)
	if utf8.RuneCountInString(escaped) <= most {
		return []string{escaped}
	}
	var out []string
	var now strings.Builder
	n := 0
	for _, r := range s {
		one := escape.Replace(string(r))
		if long := utf8.RuneCountInString(one); n+long > most {
			out = append(out, now.String())
			now.Reset()
			n = 0
		}
		now.WriteString(one)
		n += utf8.RuneCountInString(one)
	}
	return append(out, now.String())
}
