package policy

import (
	"fmt"
	"slices"

	"balie/internal/ticket"
)

// Warnings are what is allowed in a policy but probably not meant, one sentence each.
func Warnings(p *ticket.Policy) []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for i, t := range p.Teams {
		if len(t.Triage) == 0 {
			warn("team %s has no channel on any platform: nobody sees a card of its tickets", t.ID)
			if len(t.Agents) == 0 {
				warn("team %s has neither agents nor a channel whose members could be: nobody can handle its tickets", t.ID)
			}
		}
		if !slices.ContainsFunc(p.Categories, func(c ticket.Category) bool { return c.Team == t.ID }) {
			warn("team %s handles no category: no ticket ever reaches it", t.ID)
		}
		for _, other := range p.Teams[:i] {
			if other.Number == t.Number {
				warn("teams %s and %s share the numbers %s: their tickets are counted together", other.ID, t.ID, t.Number)
			}
		}
	}
	out = append(out, deadEnds(p)...)
	for _, c := range p.Categories {
		for _, f := range c.Fields {
			out = append(out, strayOptions(c, f)...)
		}
	}
	return append(out, unreached(p)...)
}

// deadEnds are the answers to the form's first questions after which there is no category to choose.
func deadEnds(p *ticket.Policy) []string {
	var out []string
	offered := func(typ, program string) bool {
		return slices.ContainsFunc(p.Categories, func(c ticket.Category) bool {
			return (typ == "" || fits(c.Types, typ)) && (program == "" || fits(c.Programs, program))
		})
	}
	for _, t := range p.Types {
		if !offered(t.ID, "") {
			out = append(out, fmt.Sprintf("type %s has no category: whoever chooses it can't go on", t.ID))
		}
	}
	for _, q := range p.Programs {
		if !offered("", q.ID) {
			out = append(out, fmt.Sprintf("program %s has no category: whoever chooses it can't go on", q.ID))
			continue
		}
		for _, t := range p.Types {
			if offered(t.ID, "") && !offered(t.ID, q.ID) {
				out = append(out, fmt.Sprintf("type %s together with program %s has no category: whoever chooses both can't go on", t.ID, q.ID))
			}
		}
	}
	return out
}

// fits says whether a list that restricts, or is empty and restricts nothing, lets the id through.
func fits(list []string, id string) bool { return len(list) == 0 || slices.Contains(list, id) }

// strayOptions are what is odd about a field whose options depend on something.
func strayOptions(c ticket.Category, f ticket.Field) []string {
	if f.DependsOn == "" {
		return nil
	}
	if !slices.ContainsFunc(f.Options, func(o ticket.Option) bool { return len(o.When) > 0 }) {
		return []string{fmt.Sprintf("field %s of category %s depends on %s, but no option says when: all are always offered",
			f.ID, c.ID, f.DependsOn)}
	}
	allowed := c.Types
	if f.DependsOn == ticket.FieldProgram {
		allowed = c.Programs
	} else if f.DependsOn != ticket.FieldType {
		return nil
	}
	var out []string
	for _, o := range f.Options {
		if len(o.When) > 0 && !slices.ContainsFunc(o.When, func(w string) bool { return fits(allowed, w) }) {
			out = append(out, fmt.Sprintf("option %s of field %s in category %s is never offered: the category isn't for that %s",
				o.ID, f.ID, c.ID, f.DependsOn))
		}
	}
	return out
}

// unreached are statuses that no event leads to although only events lead to their like. In progress, planned and waiting
// for others are for agents to choose.
func unreached(p *ticket.Policy) []string {
	led := make(map[string]bool)
	for _, k := range flowKeys {
		led[*k.of(&p.Flow)] = true
	}
	for _, s := range p.Statuses {
		if s.After != nil {
			led[s.After.To] = true
		}
	}
	var out []string
	for _, s := range p.Statuses {
		byEvent := slices.Contains([]ticket.Phase{ticket.New, ticket.WaitingRequester, ticket.Resolved, ticket.Closed}, s.Phase)
		if byEvent && !led[s.ID] {
			out = append(out, fmt.Sprintf("nothing leads to status %s: neither flow nor a timer names it, so tickets get there only by hand", s.ID))
		}
	}
	return out
}
