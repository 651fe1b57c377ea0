package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"balie/internal/store"
	"balie/internal/ticket"
)

// indexAt is how many tickets may wait for the index of words. That index is costly to change and cheap to change at
// many places at once, and a ticket changes several times while it is new; so it is brought up to date now and then, and
// before every search. Tickets that wait are in a table, too: a crash forgets none.
const indexAt = 512

// knownMax is how many words the writer remembers to have put into the vocabulary.
const knownMax = 30_000

// stale are the tickets that wait for the index of words. Only the writer uses it.
type stale map[int64]ticket.Ticket

// markStale notes within a transaction that the index has other words for the ticket than it should.
func (w *writer) markStale(seq int64) error {
	if _, ok := w.stale[seq]; ok {
		return nil // since an earlier transaction
	}
	_, err := w.c.exec(stalePut, seq)
	return err
}

// staleNow notes the same after the commit, with what the index must be given.
func (w *writer) staleNow(seq int64, t ticket.Ticket) {
	w.stale[seq] = t
	w.waiting.Store(int64(len(w.stale)))
}

// index brings the index of words up to date, in a transaction of its own.
func (w *writer) index() error {
	err := w.transaction(func() error {
		// In order: the index writes what it has so far whenever a ticket comes before the last one.
		for _, seq := range slices.Sorted(maps.Keys(w.stale)) {
			t := w.stale[seq]
			words := wordsOf(listsOf(t), store.Words(t))
			if _, err := w.c.exec(wordsPut, seq, words); err != nil {
				return err
			}
			if err := w.learn(words); err != nil {
				return err
			}
		}
		_, err := w.c.exec(staleClear)
		return err
	})
	if err != nil {
		clear(w.known)
		return fmt.Errorf("bring the index of words up to date: %w", err)
	}
	clear(w.stale)
	w.waiting.Store(0)
	return nil
}

// learn puts the words into the vocabulary.
func (w *writer) learn(words string) error {
	for word := range strings.SplitSeq(words, " ") {
		if w.known[word] || strings.HasPrefix(word, "=") {
			continue
		}
		if _, err := w.c.exec(wordLearn, word); err != nil {
			return err
		}
		if len(w.known) >= knownMax {
			clear(w.known)
		}
		w.known[word] = true
	}
	return nil
}

// indexed returns when a search finds everything that was written so far.
func (s *Store) indexed(ctx context.Context, doing string) error {
	if s.writer.waiting.Load() == 0 {
		return nil
	}
	return s.failed(doing, s.writer.submit(ctx, &write{index: true, done: make(chan struct{})}))
}

// loadStale reads which tickets waited for the index when the file was closed.
func (w *writer) loadStale() error {
	var (
		seq int64
		doc []byte
	)
	return w.c.each(staleAll, nil, func() (bool, error) {
		var t ticket.Ticket
		if err := decoded("index a ticket's words", doc, &t); err != nil {
			return false, err
		}
		w.staleNow(seq, t)
		return true, nil
	}, &seq, &doc)
}

// The index of words also has the lists that a ticket is in, as words that no text contains, so that a search within a
// list does not look at what is found in all others.
func inTeam(id string) string     { return fmt.Sprintf("=t%x", id) }
func inPerson(id string) string   { return fmt.Sprintf("=p%x", id) }
func inAssignee(id string) string { return fmt.Sprintf("=a%x", id) }

func inOpen(open bool) string {
	if open {
		return "=o"
	}
	return "=c"
}

// wordsOf is what the index of words is given about a ticket.
func wordsOf(l lists, words []string) string {
	var b strings.Builder
	b.WriteString(inOpen(l.Open))
	b.WriteByte(' ')
	b.WriteString(inTeam(l.Team))
	if l.Assignee != "" {
		b.WriteByte(' ')
		b.WriteString(inAssignee(l.Assignee))
	}
	for _, p := range l.People {
		b.WriteByte(' ')
		b.WriteString(inPerson(p))
	}
	for _, w := range words {
		b.WriteByte(' ')
		b.WriteString(w)
	}
	return b.String()
}
