package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"balie/internal/ticket"
)

// The longest texts, in characters. They fit every platform's cards and forms.
const (
	labelMax = 75
	hintMax  = 300
)

// object is a mapping whose keys are known.
type object struct {
	r      *reader
	n      *node
	values map[string]*node
}

// object notes every key that isn't one of keys. It is false for what isn't a mapping at all.
func (r *reader) object(n *node, keys ...string) (object, bool) {
	o := object{r: r, n: n, values: make(map[string]*node)}
	if n.kind != mapKind {
		r.failf(n.at, "%smust be a mapping with %s, not %s", subject(n), oneOf(keys), n.kind)
		return o, false
	}
	for _, p := range n.pairs {
		if !slices.Contains(keys, p.key) {
			r.failf(p.value.keyAt, "%s is not a key here%s", p.value.path, unknown(p.key, keys))
			continue
		}
		o.values[p.key] = p.value
	}
	return o, true
}

// subject begins a sentence about the node.
func subject(n *node) string {
	if n.path == "" {
		return "the policy "
	}
	return n.path + " "
}

// need is the value of a key that must be there. The example is what to write.
func (o object) need(key, example string) (*node, bool) {
	n, ok := o.values[key]
	if !ok {
		o.r.failf(o.n.keyAt, "%s is missing; for example: %s", join(o.n.path, key), example)
		return nil, false
	}
	return n, true
}

// entries are the values of a mapping from ids, such as categories. What it holds is called by noun.
func (r *reader) entries(n *node, noun string) []pair {
	if n.kind != mapKind {
		r.failf(n.at, "%s must be a mapping from ids to %s, not %s", n.path, plural(noun), n.kind)
		return nil
	}
	if len(n.pairs) == 0 {
		r.failf(n.at, "%s is empty: name at least one %s, or remove the key", n.path, noun)
	}
	for _, p := range n.pairs {
		r.id(p, noun)
	}
	return n.pairs
}

func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "status"):
		return noun + "es"
	case strings.HasSuffix(noun, "y"):
		return strings.TrimSuffix(noun, "y") + "ies"
	}
	return noun + "s"
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// id checks a key that things are called by, in documents and in links.
func (r *reader) id(p pair, noun string) {
	if idPattern.MatchString(p.key) {
		return
	}
	proposal := ""
	if s := slug(p.key); s != "" {
		proposal = ", such as " + s
	}
	r.failf(p.value.keyAt, "%q can't be a %s's id: use 1 to 40 of a-z, 0-9, - and _%s; the label may say anything", p.key, noun, proposal)
}

// slug is an id made of any text, or "".
func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_')
	})
	out := strings.Join(words, "-")
	return strings.Trim(out[:min(len(out), 40)], "-_")
}

// words is a scalar as text: numbers and true are taken as they were written.
func (r *reader) words(n *node, example string) (string, bool) {
	switch n.kind {
	case textKind, numberKind, boolKind:
		return n.text, true
	case nullKind, listKind, mapKind:
	}
	r.failf(n.at, "%s must be a text, not %s; for example: %s", n.path, n.kind, example)
	return "", false
}

// choice is one of a few words; fallback if the key isn't there.
func (o object) choice(key, fallback string, allowed ...string) string {
	n, ok := o.values[key]
	if !ok {
		return fallback
	}
	s, ok := o.r.words(n, key+": "+allowed[0])
	if ok && !slices.Contains(allowed, s) {
		o.r.failf(n.at, "%s can't be %q%s", n.path, s, unknown(s, allowed))
	}
	return s
}

// yes is true or false; false if the key isn't there.
func (o object) yes(key string) bool {
	n, ok := o.values[key]
	if !ok {
		return false
	}
	if n.kind != boolKind {
		o.r.failf(n.at, "%s must be true or false, not %s", n.path, n.shown())
		return false
	}
	return strings.EqualFold(n.text, "true")
}

// shown is what the node is, for a sentence: its text if that is short, else its kind.
func (n *node) shown() string {
	switch n.kind {
	case textKind, numberKind, boolKind:
		if len(n.text) <= 40 {
			return strconv.Quote(n.text)
		}
	case nullKind, listKind, mapKind:
	}
	return n.kind.String()
}

// integer is a whole number from lo to hi; fallback if the key isn't there.
func (o object) integer(key string, fallback, lo, hi int) int {
	n, ok := o.values[key]
	if !ok {
		return fallback
	}
	v, err := strconv.Atoi(strings.ReplaceAll(n.text, "_", ""))
	if n.kind != numberKind || err != nil || v < lo || v > hi {
		o.r.failf(n.at, "%s must be a whole number from %d to %d, not %s", n.path, lo, hi, n.shown())
		return fallback
	}
	return v
}

// list are the items of a list, which may be absent but not empty.
func (o object) list(key, example string) []*node {
	n, ok := o.values[key]
	if !ok {
		return nil
	}
	if n.kind != listKind {
		o.r.failf(n.at, "%s must be a list, not %s; for example: %s", n.path, n.shown(), example)
		return nil
	}
	if len(n.items) == 0 {
		o.r.failf(n.at, "%s is an empty list: name at least one, or remove the key", n.path)
	}
	return n.items
}

// ids is a list of things defined elsewhere, all of them called by noun.
func (o object) ids(key, noun string, known []string) []string {
	var out []string
	for _, n := range o.list(key, key+": ["+strings.Join(known[:min(2, len(known))], ", ")+"]") {
		id, ok := o.r.ref(n, noun, known)
		switch {
		case !ok:
		case slices.Contains(out, id):
			o.r.failf(n.at, "%s names %s twice: once is enough", n.path, id)
		default:
			out = append(out, id)
		}
	}
	return out
}

// ref is the id of something defined elsewhere.
func (r *reader) ref(n *node, noun string, known []string) (string, bool) {
	id, ok := r.words(n, oneOf(known))
	if ok && !slices.Contains(known, id) {
		if len(known) == 0 {
			r.failf(n.at, "%s: there is no %s %q: the policy has no %s at all", n.path, noun, id, plural(noun))
		} else {
			r.failf(n.at, "%s: there is no %s %q%s", n.path, noun, id, unknown(id, known))
		}
		return "", false
	}
	return id, ok
}

// label is the text that must be there.
func (o object) label(key, example string) ticket.Text {
	n, ok := o.need(key, key+": "+example)
	if !ok {
		return nil
	}
	return o.r.texts(n, labelMax)
}

// hint is a text that may be there.
func (o object) hint(key string) ticket.Text {
	n, ok := o.values[key]
	if !ok {
		return nil
	}
	return o.r.texts(n, hintMax)
}

// texts is a text in every language of the policy: one for all of them, or a mapping from language to text.
func (r *reader) texts(n *node, most int) ticket.Text {
	out := ticket.Text{}
	if n.kind != mapKind {
		if s, ok := r.line(n, most); ok {
			for _, l := range r.langs {
				out[l] = s
			}
		}
		return out
	}
	for _, p := range n.pairs {
		if !slices.Contains(r.langs, p.key) {
			if len(r.langs) > 0 {
				r.failf(p.value.keyAt, "%s: %q is not one of the policy's languages%s", n.path, p.key, unknown(p.key, r.langs))
			}
			continue
		}
		if s, ok := r.line(p.value, most); ok {
			out[p.key] = s
		}
	}
	for _, l := range r.langs {
		if !slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key == l }) {
			r.failf(n.at, "%s has no text for %q: add %s: …, or write one text for all languages", n.path, l, l)
		}
	}
	return out
}

// line is one text of at most so many characters. Line breaks, which long YAML texts have, become spaces.
func (r *reader) line(n *node, most int) (string, bool) {
	s, ok := r.words(n, `"`+"Printer"+`"`)
	if !ok {
		return "", false
	}
	s = strings.Join(strings.Fields(s), " ")
	switch {
	case s == "":
		r.failf(n.at, "%s is an empty text: say something, or remove the key", n.path)
	case utf8.RuneCountInString(s) > most:
		r.failf(n.at, "%s is %d characters long; at most %d fit everywhere", n.path, utf8.RuneCountInString(s), most)
	case strings.ContainsFunc(s, unicode.IsControl):
		r.failf(n.at, "%s contains a control character: remove it", n.path)
	default:
		return s, true
	}
	return "", false
}

// duration is a time such as 21d, 8h, 90m or 1d12h. A day is 24 hours.
func (r *reader) duration(n *node, least, most time.Duration) time.Duration {
	d, ok := parseDuration(n.text)
	if !ok || n.kind != textKind {
		r.failf(n.at, "%s must be a time such as 21d, 8h or 90m, not %s", n.path, n.shown())
		return 0
	}
	if d < least || d > most {
		r.failf(n.at, "%s must be from %s to %s, not %s", n.path, span(least), span(most), n.shown())
		return 0
	}
	return d
}

var (
	durationPattern = regexp.MustCompile(`^(\d{1,6}[wdhm])+$`)
	durationPart    = regexp.MustCompile(`(\d+)([wdhm])`)
	units           = []struct {
		letter string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}}
)

func parseDuration(s string) (time.Duration, bool) {
	if len(s) > 40 || !durationPattern.MatchString(s) {
		return 0, false
	}
	var total time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.Atoi(part[1])
		if err != nil {
			return 0, false
		}
		for _, u := range units {
			if u.letter == part[2] {
				total += time.Duration(n) * u.length
			}
		}
	}
	return total, true
}

// span is d as a policy writes it, such as 1d12h. Less than a minute is left out.
func span(d time.Duration) string {
	var b strings.Builder
	for _, u := range units[1:] {
		if n := d / u.length; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.letter)
			d -= n * u.length
		}
	}
	if b.Len() == 0 {
		return "0m"
	}
	return b.String()
}

var (
	sizePattern = regexp.MustCompile(`^(\d{1,6})\s*(KB|MB)$`)
	sizeUnits   = map[string]int64{"KB": 1 << 10, "MB": 1 << 20}
)

// size is a number of bytes such as 20MB, of 1024 KB each.
func (o object) size(key string, fallback, least, most int64) int64 {
	n, ok := o.values[key]
	if !ok {
		return fallback
	}
	m := sizePattern.FindStringSubmatch(strings.ToUpper(n.text))
	if m == nil || n.kind != textKind {
		o.r.failf(n.at, "%s must be a size such as 20MB or 500KB, not %s", n.path, n.shown())
		return fallback
	}
	v, err := strconv.ParseInt(m[1], 10, 64)
	if v *= sizeUnits[m[2]]; err != nil || v < least || v > most {
		o.r.failf(n.at, "%s must be from %dKB to %dMB, not %s", n.path, least>>10, most>>20, n.shown())
		return fallback
	}
	return v
}
