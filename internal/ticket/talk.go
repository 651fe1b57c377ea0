package ticket

import (
	"slices"
	"time"
)

// said checks a text with its files, and cleans it.
func (w *work) said(text *string, files []File) error {
	*text = Clean(*text)
	if q := checkText(*text, len(files) == 0, w.policy.Limits.Text); q != nil {
		q.Field = FieldText
		return q
	}
	if q := w.policy.checkFiles(files); q != nil {
		q.Field = FieldFiles
		return q
	}
	return nil
}

// say adds what was said, and has it told.
func (w *work) say(kind EntryKind, audience Audience, text string, files []File) {
	e := w.add(Entry{Kind: kind, Audience: audience, Text: text, Files: w.named(files), Origin: w.by.Origin})
	if audience == Public {
		w.t.SaidAt = w.now
	}
	w.fetch(e)
	w.tell(e)
}

func (w *work) message(a Message) error {
	if err := w.said(&a.Text, a.Files); err != nil {
		return err
	}
	if w.t.Phase == Closed {
		return w.closedProblem()
	}
	w.say(EntryMessage, Public, a.Text, a.Files)
	switch w.t.Phase {
	case WaitingRequester:
		w.become(w.policy.Flow.Replied)
	case Resolved:
		if w.policy.mayReopen(w.t, w.t.Roles(w.by)) {
			w.again()
		}
	case New, InProgress, WaitingThirdParty, Planned, Closed:
	}
	return nil
}

func (w *work) reply(a Reply) error {
	if err := w.said(&a.Text, a.Files); err != nil {
		return err
	}
	if w.t.Phase == Closed {
		return w.closedProblem()
	}
	kind := EntryReply
	if a.Ask {
		kind = EntryAsk
	}
	if w.t.Assignee == "" {
		w.give(w.by.Person, TeamOnly) // whoever answers has it; the answer is news enough
	}
	w.say(kind, Public, a.Text, a.Files)
	if w.t.AnswerAt.IsZero() {
		w.t.AnswerAt = w.now
	}
	if a.Ask {
		w.become(w.policy.Flow.Asked)
	}
	return nil
}

func (w *work) note(a Note) error {
	if err := w.said(&a.Text, a.Files); err != nil {
		return err
	}
	w.say(EntryNote, TeamOnly, a.Text, a.Files)
	return nil
}

func (w *work) quote(a Quote) error {
	for _, q := range a.Quotes {
		known := slices.ContainsFunc(w.t.Entries, func(e Entry) bool { return e.Origin.Message == q.Message })
		text := Clean(q.Text)
		if known || text == "" && len(q.Files) == 0 {
			continue
		}
		e := w.add(Entry{Kind: EntryQuote, Audience: Public, By: q.By, At: q.At.UTC().Truncate(time.Millisecond),
			Text: Cut(text, w.policy.Limits.Text), Files: w.named(q.Files), Origin: Origin{Message: q.Message}})
		w.fetch(e)
		w.tell(e)
	}
	return nil
}

// origin is the place of the entry that was typed as the actor's message, in the ticket's entries. An entry that moved
// to the history is not followed any more.
func (w *work) origin() int { return w.t.said(w.by.Origin.Message) }

func (w *work) edit(a Edit) error {
	i := w.origin()
	if i < 0 || w.t.Entries[i].Deleted {
		return nil
	}
	text := Clean(a.Text)
	e := &w.t.Entries[i]
	if text == e.Text {
		return nil
	}
	if err := w.said(&text, e.Files); err != nil {
		return err
	}
	w.revise(e, text)
	w.mirror(*e, EffectUpdate)
	return nil
}

func (w *work) remove() error {
	i := w.origin()
	if i < 0 || w.t.Entries[i].Deleted {
		return nil
	}
	e := &w.t.Entries[i]
	w.revise(e, "")
	e.Deleted = true
	w.mirror(*e, EffectRemove)
	return nil
}

// revise gives an entry another text and keeps the one it had.
func (w *work) revise(e *Entry, text string) {
	e.Earlier = append(slices.Clone(e.Earlier), Revision{Text: e.Text, Until: w.now})
	e.Text, e.Edited = text, w.now
	w.changed = true
}

// mirror has every room follow that shows the entry.
func (w *work) mirror(e Entry, kind EffectKind) {
	for _, r := range w.t.Rooms {
		if r.ID != e.Origin.Room && r.Audience.sees(e.Audience) && w.wants(r, e) {
			w.effects = append(w.effects, Effect{Kind: kind, Room: r.ID, Entry: e.N})
		}
	}
}

func (w *work) closedProblem() *Problem {
	return &Problem{Code: TicketClosed, Args: map[string]string{"key": w.t.Key}}
}
