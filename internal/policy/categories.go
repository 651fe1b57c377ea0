package policy

import (
	"slices"
	"strings"

	"balie/internal/chat"
	"balie/internal/ticket"
)

var kinds = []string{string(chat.TextField), string(chat.LongTextField), string(chat.SelectField), string(chat.MultiField),
	string(chat.PersonField), string(chat.DateField), string(chat.CheckboxField), string(chat.FileField)}

// formFields are the questions of Balie's own forms, whose ids a category can't use for its own.
var formFields = []string{ticket.FieldType, ticket.FieldProgram, ticket.FieldCategory, ticket.FieldPriority, ticket.FieldSummary,
	ticket.FieldDescription, ticket.FieldFiles, ticket.FieldText, ticket.FieldReason, ticket.FieldAssignee, ticket.FieldStatus,
	ticket.FieldPerson}

// parents are the questions outside a category that its options can depend on.
var parents = []string{ticket.FieldType, ticket.FieldProgram}

// categories reads what tickets can be about.
func (r *reader) categories(o object, p *ticket.Policy) []ticket.Category {
	n, ok := o.need("categories", "categories: {hardware: {label: Hardware}}")
	if !ok {
		return nil
	}
	var out []ticket.Category
	for _, e := range r.entries(n, "category") {
		c := ticket.Category{ID: e.key}
		if o, ok := r.object(e.value, "label", "description", "team", "types", "programs", "priority", "fields"); ok {
			r.category(o, &c, p)
		}
		out = append(out, c)
	}
	return out
}

func (r *reader) category(o object, c *ticket.Category, p *ticket.Policy) {
	c.Label, c.Description = o.label("label", "Hardware"), o.hint("description")
	teams := idsOf(p.Teams, teamID)
	switch n, ok := o.values["team"]; {
	case ok && len(teams) > 0:
		c.Team, _ = r.ref(n, "team", teams)
	case len(teams) == 1:
		c.Team = teams[0]
	case len(teams) > 1:
		r.failf(o.n.keyAt, "%s.team is missing: with several teams, say which one handles it: %s", o.n.path, oneOf(teams))
	}
	c.Types = o.ids("types", "type", idsOf(p.Types, choiceID))
	c.Programs = o.ids("programs", "program", idsOf(p.Programs, choiceID))
	if n, ok := o.values["priority"]; ok && len(p.Priorities) > 0 {
		c.Priority, _ = r.ref(n, "priority", idsOf(p.Priorities, priorityID))
	}
	if n, ok := o.values["fields"]; ok {
		c.Fields = r.fields(n, map[string][]string{
			ticket.FieldType: idsOf(p.Types, choiceID), ticket.FieldProgram: idsOf(p.Programs, choiceID),
		})
	}
}

// questionsMax is how many questions a category has at most, so that one form holds them on every platform that has forms
// of more than a few fields.
const questionsMax = 50

// fields reads a category's questions. The values are those of the questions outside it that options can depend on.
func (r *reader) fields(n *node, values map[string][]string) []ticket.Field {
	var out []ticket.Field
	entries := r.entries(n, "field")
	if len(entries) > questionsMax {
		r.failf(entries[questionsMax].value.keyAt, "%s has %d questions; at most %d fit everywhere", n.path, len(entries), questionsMax)
	}
	for _, e := range entries {
		if slices.Contains(formFields, e.key) {
			r.failf(e.value.keyAt, "%s: %s is a question of Balie's own forms: choose another id", e.value.path, e.key)
		}
		f := ticket.Field{ID: e.key}
		if o, ok := r.object(e.value, "kind", "label", "hint", "required", "max", "options", "depends_on"); ok {
			r.field(o, &f)
		}
		out = append(out, f)
	}
	r.dependencies(entries, out, values)
	return out
}

func (r *reader) field(o object, f *ticket.Field) {
	f.Label, f.Hint, f.Required = o.label("label", "Where is it?"), o.hint("hint"), o.yes("required")
	if _, ok := o.need("kind", "kind: text"); ok {
		f.Kind = chat.FieldKind(o.choice("kind", "", kinds...))
	}
	if !slices.Contains(kinds, string(f.Kind)) {
		return
	}
	selects := f.Kind == chat.SelectField || f.Kind == chat.MultiField
	for _, key := range []string{"options", "depends_on"} {
		if n, ok := o.values[key]; ok && !selects {
			r.failf(n.keyAt, "%s: a field of kind %s takes no %s, only select and multi_select do", n.path, f.Kind, key)
		}
	}
	if n, ok := o.values["max"]; ok {
		switch f.Kind {
		case chat.TextField, chat.LongTextField:
			f.Max = o.integer("max", 0, 1, r.maxText)
		case chat.FileField:
			f.Max = o.integer("max", 0, 1, r.maxFile)
		case chat.SelectField, chat.MultiField, chat.PersonField, chat.DateField, chat.CheckboxField:
			r.failf(n.keyAt, "%s: a field of kind %s takes no max, only text, long_text and file do", n.path, f.Kind)
		}
	}
	if !selects {
		return
	}
	if n, ok := o.need("options", "options: {printer: Printer, laptop: Laptop}"); ok {
		f.Options = r.options(n)
	}
	if n, ok := o.values["depends_on"]; ok {
		f.DependsOn, _ = r.words(n, "depends_on: device")
	}
}

// options reads what can be chosen: an id with a label, or with a label and when it is offered.
func (r *reader) options(n *node) []ticket.Option {
	var out []ticket.Option
	for _, e := range r.entries(n, "option") {
		p := ticket.Option{ID: e.key}
		if r.short(e.value) {
			p.Label = r.texts(e.value, labelMax)
		} else if o, ok := r.object(e.value, "label", "when"); ok {
			p.Label = o.label("label", "Printer")
			for _, v := range o.list("when", "when: [printer]") {
				s, _ := r.words(v, "printer")
				p.When = append(p.When, s)
			}
		}
		out = append(out, p)
	}
	return out
}

// dependencies checks what the options of some fields depend on.
func (r *reader) dependencies(entries []pair, fields []ticket.Field, values map[string][]string) {
	on := make(map[string]string)
	for _, f := range fields {
		on[f.ID] = f.DependsOn
	}
	circles := circles(on, idsOf(fields, fieldID), func(i int, circle []string) {
		at := entries[i].value.get("depends_on")
		r.failf(at.at, "%s goes round in a circle (%s): let one of them depend on nothing", at.path, strings.Join(circle, " → "))
	})
	for i, f := range fields {
		if f.DependsOn == "" {
			r.strayWhen(entries[i], f)
			continue
		}
		at := entries[i].value.get("depends_on")
		offered, ok := values[f.DependsOn]
		switch {
		case circles[f.ID]:
			continue
		case !ok:
			if offered, ok = r.earlier(at, f.DependsOn, i, fields); !ok {
				continue
			}
		case len(offered) == 0:
			r.failf(at.at, "%s: the policy has no %s to depend on", at.path, plural(f.DependsOn))
			continue
		}
		r.whens(entries[i], f, offered)
	}
}

// earlier are the options of the field that the one at index i depends on. It must be asked before.
func (r *reader) earlier(at *node, on string, i int, fields []ticket.Field) ([]string, bool) {
	ids := idsOf(fields, fieldID)
	j := slices.Index(ids, on)
	switch {
	case j < 0:
		others := slices.Concat(slices.Delete(slices.Clone(ids), i, i+1), parents)
		r.failf(at.at, "%s: there is no field %q%s", at.path, on, unknown(on, others))
	case fields[j].Kind != chat.SelectField && fields[j].Kind != chat.MultiField:
		r.failf(at.at, "%s: options can only depend on a field of kind select or multi_select, and %s is %s", at.path, on, fields[j].Kind)
	case j > i:
		r.failf(at.at, "%s: %s is asked after %s: move it above", at.path, on, ids[i])
	default:
		return idsOf(fields[j].Options, optionID), true
	}
	return nil, false
}

// strayWhen notes a when that nothing decides.
func (r *reader) strayWhen(e pair, f ticket.Field) {
	for _, o := range f.Options {
		if len(o.When) > 0 {
			n := e.value.get("options").get(o.ID).get("when")
			r.failf(n.keyAt, "%s needs the field to say what it depends on; for example: depends_on: type", n.path)
		}
	}
}

// whens checks that every when is a value that the field depended on can have.
func (r *reader) whens(e pair, f ticket.Field, offered []string) {
	for _, o := range f.Options {
		for i, w := range o.When {
			n := e.value.get("options").get(o.ID).get("when")
			switch {
			case w == "": // was no text at all and is reported
			case !slices.Contains(offered, w):
				r.failf(n.items[i].at, "%s: %s has no value %q%s", n.path, f.DependsOn, w, unknown(w, offered))
			case slices.Contains(o.When[:i], w):
				r.failf(n.items[i].at, "%s names %s twice: once is enough", n.path, w)
			}
		}
	}
}

// get is the value of a mapping's key. It is for keys that were read before and so are there.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return n
}
