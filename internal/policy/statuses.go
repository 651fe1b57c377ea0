package policy

import (
	"slices"
	"strings"
	"time"

	"balie/internal/chat"
	"balie/internal/ticket"
)

const (
	shortestWait = time.Minute
	longestWait  = 5 * 365 * 24 * time.Hour
)

// statuses reads where a ticket can stand.
func (r *reader) statuses(o object) []ticket.Status {
	n, ok := o.need("statuses", "statuses: {new: {label: New, phase: new}}")
	if !ok {
		return nil
	}
	phases := make([]string, len(ticket.Phases))
	for i, p := range ticket.Phases {
		phases[i] = string(p)
	}
	entries := r.entries(n, "status")
	known := idsOf(entries, func(p pair) string { return p.key })
	var out []ticket.Status
	for _, p := range entries {
		s := ticket.Status{ID: p.key}
		if o, ok := r.object(p.value, "label", "description", "phase", "tone", "after"); ok {
			s.Label, s.Description = o.label("label", "In progress"), o.hint("description")
			if _, ok := o.need("phase", "phase: open"); ok {
				if phase := o.choice("phase", "", phases...); slices.Contains(phases, phase) {
					s.Phase = ticket.Phase(phase)
				}
			}
			s.Tone = chat.Tone(o.choice("tone", string(chat.Neutral), tones...))
			s.After = r.timer(o, s, known)
		}
		out = append(out, s)
	}
	r.treadmills(entries, out)
	return out
}

// treadmills notes statuses whose timers lead round in a circle: a ticket nobody touches would change for ever.
func (r *reader) treadmills(entries []pair, statuses []ticket.Status) {
	next := make(map[string]string)
	for _, s := range statuses {
		if s.After != nil && s.After.To != s.ID {
			next[s.ID] = s.After.To
		}
	}
	circles(next, idsOf(statuses, statusID), func(i int, circle []string) {
		at := entries[i].value.get("after").get("to")
		r.failf(at.at, "%s: the timers go round in a circle (%s): let one of them end", at.path, strings.Join(circle, " → "))
	})
}

// circles finds what leads back to itself by next, once a circle, and says which ids are part of one.
func circles(next map[string]string, ids []string, report func(i int, circle []string)) map[string]bool {
	found := make(map[string]bool)
	for i, id := range ids {
		circle := []string{id}
		for to := next[id]; to != "" && !found[to] && len(circle) <= len(ids); to = next[to] {
			circle = append(circle, to)
			if to != id {
				continue
			}
			report(i, circle)
			for _, id := range circle {
				found[id] = true
			}
			break
		}
	}
	return found
}

// timer reads what happens to a ticket that nobody touches.
func (r *reader) timer(o object, s ticket.Status, known []string) *ticket.Timer {
	n, ok := o.values["after"]
	if !ok {
		return nil
	}
	o, ok = r.object(n, "wait", "to")
	if !ok {
		return nil
	}
	if s.Phase == ticket.Closed {
		r.failf(n.keyAt, "%s: a closed ticket stays closed: remove the timer, or give the status another phase", n.path)
		return nil
	}
	t := &ticket.Timer{}
	if n, ok := o.need("wait", "wait: 21d"); ok {
		t.Wait = r.duration(n, shortestWait, longestWait)
	}
	if n, ok := o.need("to", "to: closed"); ok {
		t.To, _ = r.ref(n, "status", known)
		if t.To == s.ID {
			r.failf(n.at, "%s leads to its own status: name another one", n.path)
		}
	}
	return t
}

// flowKeys are the events of a flow and the phases that each may lead to.
var flowKeys = []struct {
	key    string
	phases []ticket.Phase
	of     func(*ticket.Flow) *string // where it is kept
}{
	{"opened", []ticket.Phase{ticket.New}, func(f *ticket.Flow) *string { return &f.Opened }},
	{"claimed", []ticket.Phase{ticket.InProgress}, func(f *ticket.Flow) *string { return &f.Claimed }},
	{"asked", []ticket.Phase{ticket.WaitingRequester}, func(f *ticket.Flow) *string { return &f.Asked }},
	{"replied", []ticket.Phase{ticket.InProgress, ticket.New}, func(f *ticket.Flow) *string { return &f.Replied }},
	{"resolved", []ticket.Phase{ticket.Resolved}, func(f *ticket.Flow) *string { return &f.Resolved }},
	{"reopened", []ticket.Phase{ticket.InProgress, ticket.New}, func(f *ticket.Flow) *string { return &f.Reopened }},
	{"closed", []ticket.Phase{ticket.Closed}, func(f *ticket.Flow) *string { return &f.Closed }},
}

// flow reads which status an event leads to.
func (r *reader) flow(o object, statuses []ticket.Status) ticket.Flow {
	var f ticket.Flow
	keys := make([]string, len(flowKeys))
	for i, k := range flowKeys {
		keys[i] = k.key
	}
	n, ok := o.need("flow", "flow: {opened: new, claimed: in-progress, …}")
	if !ok {
		return f
	}
	if o, ok = r.object(n, keys...); !ok {
		return f
	}
	// A status without a right phase is a mistake of its own, about which flow has nothing to add.
	sure := len(statuses) > 0 && !slices.ContainsFunc(statuses, func(s ticket.Status) bool { return s.Phase == "" })
	for _, k := range flowKeys {
		fit := fitting(statuses, k.phases)
		if len(fit) == 0 && sure {
			phase := string(k.phases[0])
			r.failf(n.keyAt, "flow.%s needs a status of phase %s and there is none: add one to statuses, such as %s: {label: …, phase: %s}",
				k.key, phase, strings.ReplaceAll(phase, "_", "-"), phase)
			continue
		}
		example := "new"
		if len(fit) > 0 {
			example = fit[0]
		}
		v, ok := o.need(k.key, k.key+": "+example)
		if !ok || len(statuses) == 0 {
			continue
		}
		id, ok := r.ref(v, "status", idsOf(statuses, statusID))
		if !ok {
			continue
		}
		if !slices.Contains(fit, id) && sure {
			r.failf(v.at, "%s: the status %s has the phase %s, but %s must lead to phase %s; use %s",
				v.path, id, phaseOf(statuses, id), k.key, oneOf(asStrings(k.phases)), oneOf(fit))
		}
		*k.of(&f) = id
	}
	return f
}

// fitting are the ids of the statuses in one of the phases, those of the first phase first.
func fitting(statuses []ticket.Status, phases []ticket.Phase) []string {
	var out []string
	for _, phase := range phases {
		for _, s := range statuses {
			if s.Phase == phase {
				out = append(out, s.ID)
			}
		}
	}
	return out
}

func phaseOf(statuses []ticket.Status, id string) ticket.Phase {
	i := slices.IndexFunc(statuses, func(s ticket.Status) bool { return s.ID == id })
	return statuses[i].Phase
}

// asStrings are words of any string type as strings.
func asStrings[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
