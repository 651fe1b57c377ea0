package policy

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// languages reads the languages that every text must exist in.
func (r *reader) languages(o object) {
	if _, ok := o.need("languages", "languages: [en, nl]"); !ok {
		return
	}
	for _, n := range o.list("languages", "languages: [en, nl]") {
		code, ok := r.words(n, "en")
		if !ok {
			continue
		}
		_, err := language.ParseBase(code)
		switch {
		case len(code) != 2 || code != strings.ToLower(code) || err != nil:
			r.failf(n.at, "languages: %q is not a language: use two-letter codes in small letters, such as en, nl or de", code)
		case slices.Contains(r.langs, code):
			r.failf(n.at, "languages: %s stands here twice: once is enough", code)
		default:
			r.langs = append(r.langs, code)
		}
	}
}

// limits reads what people may send. The bounds keep a ticket's document within what a database takes.
func (r *reader) limits(o object) ticket.Limits {
	l := ticket.Limits{Summary: 150, Text: 10_000, Files: 10, File: 20 << 20}
	if n, ok := o.values["limits"]; ok {
		if o, ok := r.object(n, "summary", "text", "files", "file"); ok {
			l.Summary = o.integer("summary", l.Summary, 20, 250)
			l.Text = o.integer("text", l.Text, 500, 20_000)
			l.Files = o.integer("files", l.Files, 1, 20)
			l.File = o.size("file", l.File, 100<<10, 100<<20)
		}
	}
	r.maxText, r.maxFile = l.Text, l.Files
	return l
}

// choices reads a section such as types: ids with a label, and perhaps a hint.
func (r *reader) choices(o object, key, noun string) []ticket.Choice {
	n, ok := o.values[key]
	if !ok {
		return nil
	}
	var out []ticket.Choice
	for _, p := range r.entries(n, noun) {
		c := ticket.Choice{ID: p.key}
		if r.short(p.value) {
			c.Label = r.texts(p.value, labelMax)
		} else if o, ok := r.object(p.value, "label", "hint"); ok {
			c.Label, c.Hint = o.label("label", "Question"), o.hint("hint")
		}
		out = append(out, c)
	}
	return out
}

// short says whether n is just a label: a text, or a text per language.
func (r *reader) short(n *node) bool {
	if n.kind != mapKind {
		return true
	}
	return len(n.pairs) > 0 && !slices.ContainsFunc(n.pairs, func(p pair) bool { return len(p.key) != 2 })
}

var tones = []string{string(chat.Neutral), string(chat.Info), string(chat.Good), string(chat.Warn), string(chat.Alert)}

// priorities reads how urgent a ticket can be; exactly one is the default.
func (r *reader) priorities(o object) []ticket.Priority {
	const example = "priorities: {high: High, normal: {label: Normal, default: true}}"
	n, ok := o.need("priorities", example)
	if !ok {
		return nil
	}
	var out []ticket.Priority
	first := ""
	for _, p := range r.entries(n, "priority") {
		c := ticket.Priority{ID: p.key, Tone: chat.Neutral}
		if r.short(p.value) {
			c.Label = r.texts(p.value, labelMax)
		} else if o, ok := r.object(p.value, "label", "hint", "tone", "default"); ok {
			c.Label, c.Hint = o.label("label", "Normal"), o.hint("hint")
			c.Tone = chat.Tone(o.choice("tone", string(chat.Neutral), tones...))
			c.Default = o.yes("default")
			if c.Default && first != "" {
				r.failf(o.values["default"].at, "%s is a second default, %s is one already: keep one of them", p.value.path, first)
			}
			if c.Default && first == "" {
				first = p.key
			}
		}
		out = append(out, c)
	}
	if first == "" && len(out) > 0 {
		r.failf(n.keyAt, "no priority is the default: add default: true to the one that most tickets have")
	}
	return out
}

// idsOf are the ids, or other words, of a list's members.
func idsOf[T any](list []T, id func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = id(v)
	}
	return out
}

func choiceID(c ticket.Choice) string     { return c.ID }
func priorityID(p ticket.Priority) string { return p.ID }
func statusID(s ticket.Status) string     { return s.ID }
func teamID(t ticket.Team) string         { return t.ID }
func categoryID(c ticket.Category) string { return c.ID }
func fieldID(f ticket.Field) string       { return f.ID }
func optionID(o ticket.Option) string     { return o.ID }
