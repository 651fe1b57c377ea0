package policy

import (
	"slices"
	"strings"
	"time"

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
			l.Summary = o.number("summary", l.Summary, 20, 250)
			l.Text = o.number("text", l.Text, 500, 20_000)
			l.Files = o.number("files", l.Files, 1, 20)
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

// idsOf are the ids of a section, for references to it.
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
				s.Phase = ticket.Phase(o.choice("phase", "", phases...))
			}
			s.Tone = chat.Tone(o.choice("tone", string(chat.Neutral), tones...))
			s.After = r.timer(o, s, known)
		}
		out = append(out, s)
	}
	return out
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
	put    func(*ticket.Flow) *string
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
	for _, k := range flowKeys {
		fit := fitting(statuses, k.phases)
		if len(fit) == 0 && len(statuses) > 0 {
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
		if !slices.Contains(fit, id) {
			r.failf(v.at, "%s: the status %s has the phase %s, but %s must lead to phase %s; use %s",
				v.path, id, phaseOf(statuses, id), k.key, oneOf(asStrings(k.phases)), oneOf(fit))
		}
		*k.put(&f) = id
	}
	return f
}

// fitting are the ids of the statuses in one of the phases.
func fitting(statuses []ticket.Status, phases []ticket.Phase) []string {
	var out []string
	for _, s := range statuses {
		if slices.Contains(phases, s.Phase) {
			out = append(out, s.ID)
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
