package discord

import (
	"strings"
	"unicode/utf8"

	"balie/adapters/markup"
)

// effect is how a run of text looks, as a set.
type effect uint8

const (
	bold effect = 1 << iota
	italic
	strike
	code
	underline // Discord's only: we have none
	spoiler   // the same
)

// span is a run of text that looks the same all through. With a link its text is what to click on; they are equal where
// the address stands there by itself.
type span struct {
	text string
	look effect
	link string
}

// words says whether the span is neither code nor a link.
func (s span) words() bool { return s.link == "" && s.look&code == 0 }

// piece is a span or, if it has a mark, signs that may begin or end a look.
type piece struct {
	span
	mark        effect
	opens, ends bool
	partner     int // what it turned out to belong to; 0 for nothing, since no end comes first
	begins      bool
}

// matched gives each mark that has a partner its meaning, and leaves the others as words. A line break is a piece like
// others: a look may go on over it.
func matched(pieces []piece) []span {
	var open []int
	waiting := map[effect]int{}
	for i := range pieces {
		p := &pieces[i]
		switch {
		case p.mark != 0 && p.ends && waiting[p.mark] > 0:
			for {
				last := open[len(open)-1]
				open = open[:len(open)-1]
				begin := &pieces[last]
				waiting[begin.mark]--
				if begin.mark == p.mark {
					begin.begins, begin.partner, p.partner = true, i, last+1
					break
				}
			}
		case p.mark != 0 && p.opens:
			open = append(open, i)
			waiting[p.mark]++
		}
	}
	var out []span
	var same []string // what goes on as the last span looks
	join := func() {
		if len(same) > 0 {
			out[len(out)-1].text += strings.Join(same, "")
			same = same[:0]
		}
	}
	depth := map[effect]int{}
	var now effect
	for _, p := range pieces {
		switch {
		case p.partner == 0:
			p.look |= now
			if p.look&code != 0 {
				p.look &^= endedBy(p.text)
			}
			if n := len(out) - 1; n >= 0 && out[n].look == p.look && out[n].words() && p.words() {
				same = append(same, p.text)
				continue
			}
			join()
			out = append(out, p.span)
		case p.begins:
			depth[p.mark]++
			now |= p.mark
		default:
			if depth[p.mark]--; depth[p.mark] == 0 {
				now &^= p.mark
			}
		}
	}
	join()
	return out
}

// endedBy are the looks that code can't have: Discord sees signs in it before it sees that it is code.
func endedBy(code string) (looks effect) {
	if strings.Contains(code, "*") {
		looks |= bold | italic
	}
	if strings.Contains(code, "~") {
		looks |= strike
	}
	return looks
}

// inLines are spans with the lines that they stand on.
func inLines(spans []span) [][]span {
	out := [][]span{nil}
	for _, s := range spans {
		for i, text := range strings.Split(s.text, "\n") {
			if i > 0 {
				out = append(out, nil)
			}
			if text != "" {
				s.text = text
				out[len(out)-1] = append(out[len(out)-1], s)
			}
		}
	}
	return out
}

// trimmed takes the space around spans away, since no look begins or ends with it.
func trimmed(spans []span) (before string, inner []span, after string) {
	inner = append(inner, spans...)
	for len(inner) > 0 && inner[0].words() {
		rest := strings.TrimLeftFunc(inner[0].text, markup.Blank)
		before += inner[0].text[:len(inner[0].text)-len(rest)]
		if inner[0].text = rest; rest != "" {
			break
		}
		inner = inner[1:]
	}
	for len(inner) > 0 && inner[len(inner)-1].words() {
		last := &inner[len(inner)-1]
		rest := strings.TrimRightFunc(last.text, markup.Blank)
		after = last.text[len(rest):] + after
		if last.text = rest; rest != "" {
			break
		}
		inner = inner[:len(inner)-1]
	}
	return before, inner, after
}

func firstRune(s string) rune {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return 0
	}
	return r
}

func lastRune(s string) rune {
	r, size := utf8.DecodeLastRuneInString(s)
	if size == 0 {
		return 0
	}
	return r
}
