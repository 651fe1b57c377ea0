package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/adapters/markup"
)

// look is how a run of text looks, as a set.
type look uint8

const (
	bold look = 1 << iota
	italic
	strike
	code
)

// span is a run of text that looks the same all through. With a link its text is what to click on.
type span struct {
	text string
	look look
	link string
}

// mark is a run of signs that may begin or end a look.
type mark struct {
	look         look
	opens, ends  bool
	begins, done bool // what it turned out to be
}

// piece is a span, or a mark with its signs as the span's text.
type piece struct {
	span
	mark *mark
}

// matched gives each mark that has a partner its meaning, and leaves the others as words.
func matched(pieces []piece) []span {
	var open []*mark
	waiting := map[look]int{}
	for _, p := range pieces {
		m := p.mark
		if m == nil {
			continue
		}
		if m.ends && waiting[m.look] > 0 {
			for {
				last := open[len(open)-1]
				open = open[:len(open)-1]
				waiting[last.look]--
				if last.look == m.look {
					last.begins, last.done, m.done = true, true, true
					break
				}
			}
			continue
		}
		if m.opens {
			open = append(open, m)
			waiting[m.look]++
		}
	}
	var out []span
	depth := map[look]int{}
	var now look
	for _, p := range pieces {
		m := p.mark
		if m == nil || !m.done {
			p.look |= now
			if n := len(out) - 1; n >= 0 && out[n].look == p.look && out[n].link == "" && p.link == "" && p.look&code == 0 {
				out[n].text += p.text
			} else {
				out = append(out, p.span)
			}
			continue
		}
		if m.begins {
			depth[m.look]++
			now |= m.look
		} else if depth[m.look]--; depth[m.look] == 0 {
			now &^= m.look
		}
	}
	return out
}

// dialect is how looks are written.
type dialect struct {
	signs map[look]string
	// write puts a span that is no more than words, a link or code.
	write func(w *cells, s span)
}

// cell is a character of a line on its way out. Ours are the signs that mean something, and what no reader sees as words.
type cell struct {
	r    rune
	ours bool
}

// cells are a line on its way out.
type cells struct {
	all   []cell
	ended bool // a look has just ended, and what follows must not touch it
	began bool // a look has just begun
	loose bool // signs between letters mean something too
}

func (w *cells) put(s string, ours bool) {
	for _, r := range s {
		w.all = append(w.all, cell{r, ours})
	}
}

// literal puts words.
func (w *cells) literal(s string) {
	if s == "" {
		return
	}
	first, _ := utf8.DecodeRuneInString(s)
	touches := w.ended && !apart(first)
	if touches && w.loose && markup.Word(first) {
		touches = !markup.Word(w.beforeEnd())
	}
	if touches || w.began && isSign(first) {
		w.put(gap, true)
	}
	w.ended, w.began = false, false
	w.put(s, false)
}

// beforeEnd is what stands before the signs at the end.
func (w *cells) beforeEnd() rune {
	for i := len(w.all) - 1; i >= 0; i-- {
		if c := w.all[i]; !c.ours || !isSign(c.r) {
			return c.r
		}
	}
	return ' '
}

// begin puts signs that begin something, apart from the word before. Next is what they stand before.
func (w *cells) begin(signs string, next rune) {
	if n := len(w.all); n > 0 && (!w.began || signs == "`") {
		last := w.all[n-1]
		// Behind a link some clients see its last word, and others its bracket.
		touches := w.ended || !apart(last.r) || last.ours && last.r == '>'
		if touches && w.loose && !w.ended && markup.Word(last.r) {
			touches = !markup.Word(next)
		}
		if touches {
			w.put(gap, true)
		}
	}
	w.ended = false
	w.put(signs, true)
	w.began = true
}

// end puts signs that end something.
func (w *cells) end(signs string) {
	if last := w.all[len(w.all)-1]; isSign(last.r) && (!last.ours || last.r == '`') {
		w.put(gap, true)
	}
	w.put(signs, true)
	w.ended, w.began = true, false
}

// looks are in the order in which they stand around each other.
var looks = [...]look{bold, italic, strike}

// line puts spans, each look around as many of them as have it.
func (d *dialect) line(w *cells, spans []span, level int) {
	if level == len(looks) {
		for _, s := range spans {
			d.write(w, s)
		}
		return
	}
	l := looks[level]
	for i := 0; i < len(spans); {
		to := i + 1
		for to < len(spans) && (spans[to].look^spans[i].look)&l == 0 {
			to++
		}
		group := spans[i:to]
		i = to
		if group[0].look&l == 0 {
			d.line(w, group, level+1)
			continue
		}
		before, inner, after := trimmed(group)
		w.literal(before)
		if len(inner) > 0 {
			next, _ := utf8.DecodeRuneInString(inner[0].text)
			if inner[0].link != "" || inner[0].look&code != 0 {
				next = '<'
			}
			w.begin(d.signs[l], next)
			d.line(w, inner, level+1)
			w.end(d.signs[l])
		}
		w.literal(after)
	}
}

// trimmed takes the space around spans away, since no look begins or ends with it.
func trimmed(spans []span) (before string, inner []span, after string) {
	inner = append(inner, spans...)
	for len(inner) > 0 && inner[0].link == "" && inner[0].look&code == 0 {
		rest := strings.TrimLeftFunc(inner[0].text, markup.Blank)
		before += inner[0].text[:len(inner[0].text)-len(rest)]
		if inner[0].text = rest; rest != "" {
			break
		}
		inner = inner[1:]
	}
	for len(inner) > 0 && inner[len(inner)-1].link == "" && inner[len(inner)-1].look&code == 0 {
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

// apart says whether every parser sees the end of a word at the character.
func apart(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("<>+=", r) || r < utf8.RuneSelf && unicode.IsPunct(r) && !isSign(r)
}

// isSign says whether the character can mean something. Clients take wide ones for the same.
func isSign(r rune) bool { return strings.ContainsRune("*_~`＊＿～｀", r) }
