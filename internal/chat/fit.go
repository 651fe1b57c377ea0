package chat

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fit degrades a form to what a platform with these abilities can show. Nothing that can be answered is dropped, and
// Gather puts the answers together again:
//
//   - a question that changes the form is answered before it opens (see AskFirst), and is fixed in it;
//   - several choices become a checkbox for each option, and a date a line of text;
//   - more options than a list holds are looked up while somebody types or, where that is not possible, are in several
//     lists;
//   - a text that is longer than a field takes is continued in further fields;
//   - a field for files gives way to its Instead, above the fields.
func Fit(f Form, c Caps) Form {
	fields := f.Fields
	f.Fields = nil
	for _, field := range fields {
		switch {
		case field.Refresh && !c.FormRefresh:
			if len(field.Value) == 0 {
				continue // it was asked, and nobody has to answer it
			}
			f.Fixed = f.Fixed.Clone()
			f.Fixed[field.ID] = field.Value
		case field.Kind == FileField && !c.FormFiles:
			if field.Instead != "" {
				f.Intro = strings.TrimPrefix(f.Intro+"\n\n"+field.Instead, "\n\n")
			}
		case field.Kind == MultiField && !c.FormMulti:
			f.Fields = append(f.Fields, checkboxes(field)...)
		case field.Kind == DateField && !c.FormDates:
			field.Kind, field.Placeholder, field.Max = TextField, "2026-12-31", len("2026-12-31")
			f.Fields = append(f.Fields, field)
		case field.Kind == TextField || field.Kind == LongTextField:
			f.Fields = append(f.Fields, texts(field, c)...)
		case c.ListMax > 0 && len(field.Options) > c.ListMax:
			f.Fields = append(f.Fields, lists(field, c.ListMax)...)
		default:
			field.Lookup = c.Lookups && c.OptionsMax > 0 && len(field.Options) > c.OptionsMax
			f.Fields = append(f.Fields, field)
		}
	}
	return f
}

// AskFirst is the question to ask before the form can open: the first one that changes it and has no answer yet, where
// a form can't change while it is filled in. What is in asked was asked already, perhaps without an answer. Nil if there
// is none.
func AskFirst(f Form, c Caps, asked Values) *Field {
	if c.FormRefresh {
		return nil
	}
	i := slices.IndexFunc(f.Fields, func(field Field) bool {
		_, was := asked[field.ID]
		return field.Refresh && !was && len(field.Value) == 0 && len(field.Options) > 0
	})
	if i < 0 {
		return nil
	}
	return &f.Fields[i]
}

// What stands between a field's id and what Fit adds to it. No field's id has either of them.
const (
	optionMark = "="
	partMark   = "~"
	listMark   = "^"
	partsMax   = 100 // that a text is ever in
)

func checkboxes(f Field) []Field {
	var out []Field
	for i, o := range f.Options {
		box := Field{ID: f.ID + optionMark + o.Value, Kind: CheckboxField, Label: o.Label, Hint: o.Hint}
		if i == 0 {
			box.Hint = strings.TrimPrefix(f.Label+" – "+o.Label, " – ")
		}
		if slices.Contains(f.Value, o.Value) {
			box.Value = []string{"true"}
		}
		out = append(out, box)
	}
	return out
}

// lists are the lists that a field's options are in. None of them has to be answered; the whole has to, and that is said
// when it was sent.
func lists(f Field, most int) []Field {
	var out []Field
	for options := range slices.Chunk(f.Options, most) {
		field := f
		field.Options, field.Value, field.Required = options, []string{}, false
		for _, v := range f.Value {
			if slices.ContainsFunc(options, func(o Option) bool { return o.Value == v }) {
				field.Value = append(field.Value, v)
			}
		}
		field.Label += " (" + options[0].Label + " – " + options[len(options)-1].Label + ")"
		if len(out) > 0 {
			field.ID += listMark + strconv.Itoa(len(out)+1)
			field.Hint = ""
		}
		out = append(out, field)
	}
	return out
}

// texts are the fields that a text needs: one, unless what stands in it already is longer than a field takes.
func texts(f Field, c Caps) []Field {
	limit := c.FormText
	if f.Kind == TextField && c.FormLine > 0 && len(Values{f.ID: f.Value}.Get(f.ID)) > c.FormLine {
		f.Kind = LongTextField
	}
	if f.Kind == TextField {
		limit = c.FormLine
	}
	if limit == 0 {
		return []Field{f}
	}
	rest := Values{f.ID: f.Value}.Get(f.ID)
	if f.Max == 0 || f.Max > limit {
		f.Max = limit
	}
	var out []Field
	for part := 1; part == 1 || rest != ""; part++ {
		field := f
		var now string
		now, rest = split(rest, limit)
		field.Value = nil
		if now != "" {
			field.Value = []string{now}
		}
		if part > 1 {
			field.ID += partMark + strconv.Itoa(part)
			field.Label += " (" + strconv.Itoa(part) + ")"
			field.Required, field.Hint, field.Placeholder = false, "", ""
		}
		out = append(out, field)
	}
	return out
}

// split cuts a text that has more bytes than the limit: at the end of a line if one is near, else between words, else
// between characters. A line break or space in between goes away; Gather puts a line break there.
func split(s string, limit int) (first, rest string) {
	if len(s) <= limit {
		return s, ""
	}
	at := limit
	for !utf8.RuneStart(s[at]) {
		at--
	}
	if i := strings.LastIndexByte(s[:at+1], '\n'); i > at/2 {
		return s[:i], s[i+1:]
	}
	if i := strings.LastIndexByte(s[:at+1], ' '); i > at/2 {
		return s[:i], s[i+1:]
	}
	return s[:at], s[at:]
}

// Gather puts together what Fit took apart.
func Gather(v Values) Values {
	if v == nil {
		return nil
	}
	out := Values{}
	parts := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(v)) { // chosen options in an order that does not change
		values := v[id]
		if field, option, ok := strings.Cut(id, optionMark); ok {
			if (Values{id: values}).Get(id) == "true" {
				out[field] = append(out[field], option)
			}
			continue
		}
		if field, _, ok := strings.Cut(id, listMark); ok {
			out[field] = append(out[field], values...)
			continue
		}
		if field, number, ok := strings.Cut(id, partMark); ok {
			if n, err := strconv.Atoi(number); err == nil && n < partsMax {
				parts[field] = max(parts[field], n)
			}
			continue
		}
		out[id] = append(out[id], values...)
	}
	for field, last := range parts {
		lines := []string{out.Get(field)}
		for n := 2; n <= last; n++ {
			if more := v.Get(field + partMark + strconv.Itoa(n)); more != "" {
				lines = append(lines, more)
			}
		}
		out[field] = []string{strings.TrimPrefix(strings.Join(lines, "\n"), "\n")}
	}
	return out
}
