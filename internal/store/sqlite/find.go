package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"balie/internal/store"
)

// Find lists tickets. See store.Tickets.
func (s *Store) Find(ctx context.Context, q store.Query) (store.Page, error) {
	const doing = "find tickets"
	if err := q.Check(); err != nil {
		return store.Page{}, fmt.Errorf("%s: %w", doing, err)
	}
	if q.Order == store.Waiting {
		return s.findWaiting(ctx, q)
	}
	f, err := newFinder(q)
	if err != nil {
		return store.Page{}, fmt.Errorf("%s: %w", doing, err)
	}
	if f.nothing {
		return store.Page{}, ctx.Err()
	}
	if len(q.Words) > 0 {
		if err := s.indexed(ctx, doing); err != nil {
			return store.Page{}, err
		}
	}
	if err := s.read(ctx, doing, f.read); err != nil {
		return store.Page{}, err
	}
	return f.page(), nil
}

// finder collects one page.
type finder struct {
	statement statementID
	arguments []any
	limit     int
	oldest    bool
	after     *place
	scope     string   // of a search: the list, as the index of words has it
	words     []string // of a search
	nothing   bool     // nothing can be found

	found []store.Summary
	tied  []store.Summary // tickets of the slot that is being read, in no order yet
	slot  int64
}

// place is where a ticket stands in a list. It is what a cursor says.
type place struct {
	at int64 // when it was opened, or since when it waits, in milliseconds
	id string
}

func (p place) String() string { return strconv.FormatInt(p.at, 10) + "." + p.id }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.at, o.at), cmp.Compare(p.id, o.id))
}

// placeAt is the place that a cursor says.
func placeAt(cursor string) (place, error) {
	at, id, ok := strings.Cut(cursor, ".")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return place{}, errors.New("the cursor is not one of ours")
	}
	return place{n, id}, nil
}

func placeOf(t store.Summary) place { return place{t.Opened.UnixMilli(), t.ID} }

func newFinder(q store.Query) (*finder, error) {
	f := &finder{limit: q.Limit, oldest: q.Order == store.Oldest}
	low, high := int64(0), int64(math.MaxInt64)
	if q.After != "" {
		after, err := placeAt(q.After)
		if err != nil {
			return nil, err
		}
		f.after = &after
		// The slot of the cursor's ticket is read again: others of the same time may come after it.
		if begin := slot(time.UnixMilli(after.at)); f.oldest {
			low = begin
		} else {
			high = begin + (1<<slotBits - 1)
		}
	}
	var scope string
	for _, by := range []struct {
		id, scope string
		statement statementID
	}{
		{q.Team, inTeam(q.Team), listTeam},
		{q.Assignee, inAssignee(q.Assignee), listAssignee},
		{q.Person, inPerson(q.Person), listPerson},
	} {
		if by.id != "" {
			scope, f.statement, f.arguments = by.scope, by.statement, args(low, high, by.id)
		}
	}
	switch {
	case q.Unassigned:
		f.statement = listUnassigned
	case len(q.Words) > 0:
		f.statement = listWords
		f.words = store.Tokens(strings.Join(q.Words, " "))
		f.nothing = len(f.words) == 0
		f.scope = `"` + scope + `"`
		if q.Open != nil {
			f.scope = `"` + inOpen(*q.Open) + `" AND ` + f.scope
		}
	case q.Open != nil:
		f.arguments = append(f.arguments, *q.Open)
	default:
		f.statement += listTeamBoth - listTeam
	}
	if f.oldest {
		f.statement += listTeamOldest - listTeam
	}
	return f, nil
}

const (
	// The index of words has the beginnings of up to so many characters.
	indexedStart = 3
	// A longer beginning is replaced by the words that begin so, unless there are more than this. The index would first
	// collect all tickets with any of them, wherever they are; with words it stops when the page is full.
	maxStarts = 256
)

// match is the query to the index of words: all of the list and of the words, the last one as a beginning. It is false
// if there is no word with that beginning.
func (f *finder) match(c *conn) (query string, ok bool, err error) {
	last := f.words[len(f.words)-1]
	terms := []string{f.scope}
	for _, w := range f.words[:len(f.words)-1] {
		terms = append(terms, `"`+w+`"`)
	}
	if utf8.RuneCountInString(last) > indexedStart {
		var starts []string
		var word string
		err := c.each(wordsLike, args(last, maxStarts+1), func() (bool, error) {
			starts = append(starts, `"`+word+`"`)
			return true, nil
		}, &word)
		if err != nil || len(starts) == 0 {
			return "", false, err
		}
		if len(starts) <= maxStarts {
			terms = append(terms, "("+strings.Join(starts, " OR ")+")")
			return strings.Join(terms, " AND "), true, nil
		}
	}
	return strings.Join(append(terms, `"`+last+`" *`), " AND "), true, nil
}

// read reads until one ticket more than the page takes is found.
func (f *finder) read(c *conn) error {
	var (
		seq  int64
		head []byte
	)
	if len(f.words) > 0 {
		query, ok, err := f.match(c)
		if err != nil || !ok {
			return err
		}
		f.arguments[2] = query
	}
	err := c.each(f.statement, f.arguments, func() (bool, error) {
		if seq>>slotBits != f.slot {
			f.untie()
			f.slot = seq >> slotBits
			if len(f.found) > f.limit {
				return false, nil
			}
		}
		var t store.Summary
		if err := json.Unmarshal(head, &t); err != nil {
			return false, fmt.Errorf("decode a ticket's summary: %w", err)
		}
		f.tied = append(f.tied, t)
		return true, nil
	}, &seq, &head)
	f.untie()
	return err
}

// untie puts the tickets of one slot in their order, and leaves out what the page before had.
func (f *finder) untie() {
	slices.SortFunc(f.tied, func(a, b store.Summary) int { return f.order(placeOf(a), placeOf(b)) })
	for _, t := range f.tied {
		if f.after == nil || f.order(placeOf(t), *f.after) > 0 {
			f.found = append(f.found, t)
		}
	}
	f.tied = f.tied[:0]
}

func (f *finder) order(a, b place) int {
	if f.oldest {
		return a.compare(b)
	}
	return b.compare(a)
}

func (f *finder) page() store.Page {
	if len(f.found) <= f.limit {
		return store.Page{Tickets: f.found}
	}
	page := f.found[:f.limit]
	return store.Page{Tickets: page, Next: placeOf(page[len(page)-1]).String()}
}
