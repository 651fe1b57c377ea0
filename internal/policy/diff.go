package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"balie/internal/ticket"
)

// Diff says in plain words what would change if the policy after took the place of before: one sentence a change, in the
// order of a policy file. It is empty if the two do the same.
func Diff(before, after *ticket.Policy) []string {
	d := &diff{}
	d.languages(before.Languages, after.Languages)
	compare(d, "team", before.Teams, after.Teams, teamID, gone{
		"team %s is removed: its tickets stay, but nobody is their agent any more"}, d.team)
	choice := func(noun string) func(a, b ticket.Choice) {
		return func(a, b ticket.Choice) {
			d.text(noun+" "+a.ID, "label", a.Label, b.Label)
			d.text(noun+" "+a.ID, "hint", a.Hint, b.Hint)
		}
	}
	compare(d, "type", before.Types, after.Types, choiceID, gone{"type %s is removed: tickets that have it keep it"}, choice("type"))
	compare(d, "program", before.Programs, after.Programs, choiceID, gone{"program %s is removed: tickets that have it keep it"},
		choice("program"))
	compare(d, "category", before.Categories, after.Categories, categoryID, gone{
		"category %s is removed: no new tickets in it, and those that have it keep it"}, d.category)
	compare(d, "priority", before.Priorities, after.Priorities, priorityID, gone{
		"priority %s is removed: tickets that have it keep it until an agent gives another"}, d.priority)
	compare(d, "status", before.Statuses, after.Statuses, statusID, gone{
		"status %s is removed: tickets that stand in it stay there, without a timer, until somebody moves them"}, d.status)
	for _, k := range flowKeys {
		d.value("flow", k.key, *k.of(&before.Flow), *k.of(&after.Flow))
	}
	d.limits(before.Limits, after.Limits)
	return d.lines
}

type diff struct{ lines []string }

// gone is the sentence about something that is removed; %s is its id.
type gone struct{ format string }

func (d *diff) sayf(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// compare goes through two lists of things with ids: what is new, what is gone, what is in both, and the order.
func compare[T any](d *diff, noun string, before, after []T, id func(T) string, gone gone, both func(a, b T)) {
	was, is := idsOf(before, id), idsOf(after, id)
	for i, v := range before {
		if j := slices.Index(is, was[i]); j >= 0 {
			both(v, after[j])
		} else {
			d.sayf(gone.format, was[i])
		}
	}
	for _, v := range is {
		if !slices.Contains(was, v) {
			d.sayf("%s %s is new", noun, v)
		}
	}
	kept := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return !slices.Contains(other, v) })
	}
	if order := kept(is, was); !slices.Equal(kept(was, is), order) {
		d.sayf("%s are in another order: %s", plural(noun), strings.Join(is, ", "))
	}
}

// value compares a property that is a word; an empty one is none.
func (d *diff) value(what, property, before, after string) {
	switch {
	case before == after:
	case before == "":
		d.sayf("%s: %s is now %s", what, property, after)
	case after == "":
		d.sayf("%s: %s is no longer %s", what, property, before)
	default:
		d.sayf("%s: %s is now %s instead of %s", what, property, after, before)
	}
}

// list compares a property that is a list; none says what an empty one means.
func (d *diff) list(what, property, none string, before, after []string) {
	word := func(l []string) string {
		if len(l) == 0 {
			return none
		}
		return strings.Join(l, ", ")
	}
	d.value(what, property, word(before), word(after))
}

// text compares texts language by language. Languages that only one of the policies has are a change of their own.
func (d *diff) text(what, property string, before, after ticket.Text) {
	quoted := func(s string) string {
		if s == "" {
			return ""
		}
		return strconv.Quote(s)
	}
	for _, l := range slices.Sorted(maps.Keys(after)) {
		if was, ok := before[l]; ok || len(before) == 0 {
			d.value(what, property+" ("+l+")", quoted(was), quoted(after[l]))
		}
	}
	if len(after) == 0 && len(before) > 0 {
		d.sayf("%s: %s is removed", what, property)
	}
}

func (d *diff) languages(before, after []string) {
	for _, l := range before {
		if !slices.Contains(after, l) {
			d.sayf("language %s is removed: who speaks it is addressed in %s", l, after[0])
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			d.sayf("language %s is new", l)
		}
	}
	d.value("languages", "the default", before[0], after[0])
}

func (d *diff) team(a, b ticket.Team) {
	what := "team " + a.ID
	d.text(what, "label", a.Label, b.Label)
	d.value(what, "language", a.Language, b.Language)
	if a.Number != b.Number {
		d.sayf("%s: new tickets are numbered %s instead of %s; existing ones keep their number", what, b.Number, a.Number)
	}
	d.list(what, "channels", "none", idsOf(a.Triage, channelWords), idsOf(b.Triage, channelWords))
	if was, is := idsOf(a.Requests, channelWords), idsOf(b.Requests, channelWords); !slices.Equal(was, is) {
		d.sayf("%s: conversations of new tickets are %s instead of %s; existing ones stay where they are", what, whereTalked(is), whereTalked(was))
	}
	d.list(what, "agents", "the members of its channels", idsOf(a.Agents, agentWords), idsOf(b.Agents, agentWords))
	d.value(what, "what agents type in a card's thread", string(a.Thread), string(b.Thread))
	d.list(what, "who may reopen", "nobody", asStrings(a.Reopen), asStrings(b.Reopen))
}

func (d *diff) category(a, b ticket.Category) {
	what := "category " + a.ID
	d.text(what, "label", a.Label, b.Label)
	d.text(what, "description", a.Description, b.Description)
	if a.Team != b.Team {
		d.sayf("%s: new tickets go to team %s instead of %s; existing ones stay where they are", what, b.Team, a.Team)
	}
	d.list(what, "types", "all", a.Types, b.Types)
	d.list(what, "programs", "all", a.Programs, b.Programs)
	d.value(what, "proposed priority", a.Priority, b.Priority)
	compare(d, what+": field", a.Fields, b.Fields, fieldID, gone{what + ": field %s is removed: tickets keep the answers they have"},
		func(f, g ticket.Field) { d.field(what+", field "+f.ID, f, g) })
}

func (d *diff) field(what string, a, b ticket.Field) {
	d.text(what, "label", a.Label, b.Label)
	d.text(what, "hint", a.Hint, b.Hint)
	d.value(what, "kind", string(a.Kind), string(b.Kind))
	if a.Required != b.Required {
		d.sayf("%s: %s", what, map[bool]string{true: "must be answered now", false: "need not be answered any more"}[b.Required])
	}
	d.value(what, "max", count(a.Max), count(b.Max))
	d.value(what, "depends on", a.DependsOn, b.DependsOn)
	compare(d, what+": option", a.Options, b.Options, optionID, gone{what + ": option %s is removed: tickets that have it keep it"},
		func(o, p ticket.Option) {
			d.text(what+", option "+o.ID, "label", o.Label, p.Label)
			d.list(what+", option "+o.ID, "when", "always", o.When, p.When)
		})
}

func (d *diff) priority(a, b ticket.Priority) {
	what := "priority " + a.ID
	d.text(what, "label", a.Label, b.Label)
	d.text(what, "hint", a.Hint, b.Hint)
	d.value(what, "tone", string(a.Tone), string(b.Tone))
	if b.Default && !a.Default {
		d.sayf("%s is now the default", what)
	}
}

func (d *diff) status(a, b ticket.Status) {
	what := "status " + a.ID
	d.text(what, "label", a.Label, b.Label)
	d.text(what, "description", a.Description, b.Description)
	if a.Phase != b.Phase {
		d.sayf("%s: phase is now %s instead of %s, for tickets that come to it from then on", what, b.Phase, a.Phase)
	}
	d.value(what, "tone", string(a.Tone), string(b.Tone))
	d.value(what, "timer", timerWords(a.After), timerWords(b.After))
}

func (d *diff) limits(a, b ticket.Limits) {
	d.value("limits", "summary", count(a.Summary), count(b.Summary))
	d.value("limits", "text", count(a.Text), count(b.Text))
	d.value("limits", "files", count(a.Files), count(b.Files))
	d.value("limits", "file", sizeWords(a.File), sizeWords(b.File))
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// sizeWords is a number of bytes as a policy writes it.
func sizeWords(bytes int64) string {
	if bytes%(1<<20) == 0 {
		return strconv.FormatInt(bytes>>20, 10) + "MB"
	}
	return strconv.FormatInt(bytes>>10, 10) + "KB"
}

func timerWords(t *ticket.Timer) string {
	if t == nil {
		return ""
	}
	return "after " + span(t.Wait) + " to " + t.To
}

func channelWords(c ticket.Channel) string {
	if c.Workspace != "" {
		return c.Platform + " " + c.Workspace + "/" + c.ID
	}
	return c.Platform + " " + c.ID
}

// whereTalked says where conversations are.
func whereTalked(channels []string) string {
	if len(channels) == 0 {
		return "private"
	}
	return "for everybody to read in " + strings.Join(channels, ", ")
}

func agentWords(a ticket.Agent) string {
	switch {
	case a.Email != "":
		return a.Email
	case a.Group != "":
		return a.Platform + " group " + a.Group
	}
	return a.Platform + " person " + a.Person
}
