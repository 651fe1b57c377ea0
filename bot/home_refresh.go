package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// homes brings the homes on one platform up to date that a change of a ticket concerns. A nil *homes has none.
type homes struct {
	*Bot
	platform string
	on       chat.Homes

	mu      sync.Mutex
	changes uint64             // counts them
	people  map[string]uint64  // whom one concerned since the last round: the last of them
	teams   map[string]uint64  // the same of teams
	shown   map[string]display // by account

	// Only for the round:
	owed   []debt
	paused time.Time // nothing is shown before
	told   string    // what is wrong, so that it is told once
}

// display is what is known of a home: it shows every change up to one.
type display struct {
	change    uint64
	answering int       // replies that are being made
	answers   int       // and all so far
	at        time.Time // when it was last brought up to date by itself
}

// debt is a home that has to be brought up to date.
type debt struct {
	key    string
	change uint64
	tries  int
	next   time.Time // not before
}

// newHomes are the homes of the platforms that have some.
func newHomes(b *Bot) map[string]*homes {
	all := map[string]*homes{}
	for name, p := range b.platforms {
		if on, ok := p.(chat.Homes); ok {
			all[name] = &homes{Bot: b, platform: name, on: on, people: map[string]uint64{}, teams: map[string]uint64{},
				shown: map[string]display{}}
		}
	}
	return all
}

// watch notes whom a change concerns, on every platform.
func (b *Bot) watch(was, is ticket.Ticket) {
	for _, h := range b.homes {
		h.watch(was, is)
	}
}

func (h *homes) watch(was, is ticket.Ticket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes++
	for _, t := range []*ticket.Ticket{&was, &is} {
		if t.ID == "" {
			continue
		}
		h.people[t.Requester] = h.changes
		if t.Assignee != "" {
			h.people[t.Assignee] = h.changes
		}
		for _, f := range t.Followers {
			h.people[f] = h.changes
		}
		h.teams[t.Team] = h.changes
	}
}

// begin notes that something is done in a home: until end is called it is left alone, since the reply shows it.
func (h *homes) begin(account chat.Identity) (end func()) {
	if h == nil {
		return func() {}
	}
	key := account.Key()
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.shown[key]
	d.answering, d.answers = d.answering+1, d.answers+1
	h.shown[key] = d
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		d := h.shown[key]
		d.answering--
		h.shown[key] = d
	}
}

// known are the changes so far.
func (h *homes) known() uint64 {
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changes
}

// answered notes that a reply shows the home with all changes up to that one.
func (h *homes) answered(account chat.Identity, change uint64) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.shown[account.Key()]
	d.change = max(d.change, change)
	h.shown[account.Key()] = d
}

// run brings homes up to date until ctx ends.
func (h *homes) run(ctx context.Context) {
	every(ctx, h.pace.Home, func() { h.round(ctx) })
}

// round looks whose home the changes since the last one concern, and shows what is due.
func (h *homes) round(ctx context.Context) {
	h.collect(ctx)
	later := h.owed[:0:0]
	for i, d := range h.owed {
		if ctx.Err() != nil || h.now().Before(h.paused) {
			later = append(later, h.owed[i:]...)
			break
		}
		if h.now().Before(h.due(d)) || !h.settle(ctx, &d) {
			later = append(later, d)
		}
	}
	h.owed = later
	h.forget()
}

// collect turns what changed into homes that have to be brought up to date.
func (h *homes) collect(ctx context.Context) {
	h.mu.Lock()
	people, teams := h.people, h.teams
	if len(people) == 0 {
		h.mu.Unlock()
		return
	}
	h.people, h.teams = map[string]uint64{}, map[string]uint64{}
	h.mu.Unlock()
	list, err := h.open(ctx)
	if err != nil {
		h.mu.Lock()
		older(h.people, people)
		older(h.teams, teams)
		h.mu.Unlock()
		h.tell(ctx, "the store", fmt.Errorf("list the open homes: %w", err))
		return
	}
	owed := map[string]int{}
	for i, d := range h.owed {
		owed[d.key] = i
	}
	for _, open := range list {
		change := people[open.Person]
		if team, ok := strings.CutPrefix(open.Tab, tabTeam); ok {
			change = teams[team]
		}
		key := open.Account.Key()
		h.mu.Lock()
		old := change == 0 || h.shown[key].change >= change
		h.mu.Unlock()
		if old {
			continue
		}
		if i, ok := owed[key]; ok {
			h.owed[i].change = max(h.owed[i].change, change)
		} else {
			h.owed = append(h.owed, debt{key: key, change: change})
		}
	}
}

// older adds to the changes those before them.
func older(changes, before map[string]uint64) {
	for id, change := range before {
		changes[id] = max(changes[id], change)
	}
}

// open are the homes that were opened lately, as they are kept.
func (h *homes) open(ctx context.Context) ([]home, error) {
	const page = 200
	oldest, before := homeOrder(h.now().Add(-homeFresh)), ""
	var all []home
	for {
		list, err := h.desk.Store.ListRecords(ctx, homeSpace, h.platform, before, page)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if r.Order < oldest {
				return all, nil
			}
			var one home
			if err := json.Unmarshal(r.Body, &one); err != nil { // the others are fine
				h.tell(ctx, "the store", fmt.Errorf("read the home of %s: %w", r.ID, err))
				continue
			}
			all = append(all, one)
		}
		if len(list) < page {
			return all, nil
		}
		before = list[page-1].Order
	}
}

// due is when a home may be brought up to date again.
func (h *homes) due(d debt) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := d.next
	if shown := h.shown[d.key].at; !shown.IsZero() && shown.Add(h.pace.HomeEvery).After(at) {
		at = shown.Add(h.pace.HomeEvery)
	}
	return at
}

// settle brings a home up to date, and says whether nothing is owed to it any more.
func (h *homes) settle(ctx context.Context, d *debt) bool {
	h.mu.Lock()
	before, change := h.shown[d.key], h.changes
	h.mu.Unlock()
	switch {
	case before.answering > 0:
		return false
	case before.change >= d.change: // a reply has shown it meanwhile
		return true
	}
	err := h.show(ctx, d.key)
	h.mu.Lock()
	now := h.shown[d.key]
	now.at = h.now()
	same := now.answers == before.answers // else a reply may have been overtaken, with another page
	if err == nil && same {
		now.change = max(now.change, change)
	}
	h.shown[d.key] = now
	h.mu.Unlock()
	if err == nil {
		h.recovered()
		if !same {
			d.change = math.MaxUint64
		}
		return same
	}
	return h.failed(ctx, d, err)
}

// show brings the home up to date, if it is still kept.
func (h *homes) show(ctx context.Context, key string) error {
	r, err := h.desk.Store.Record(ctx, homeSpace, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a home: %w", err)
	}
	var kept home
	if err := json.Unmarshal(r.Body, &kept); err != nil {
		return fmt.Errorf("read the home of %s: %w", key, err)
	}
	if h.now().Sub(kept.At) > homeFresh {
		return nil
	}
	a := kept.Account
	t, err := h.turn(ctx, chat.Event{Platform: a.Platform, Workspace: a.Workspace, Person: chat.Person{ID: a.ID}})
	if err != nil {
		return err
	}
	shown, err := t.home(ctx, &kept)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, h.pace.Send)
	defer cancel()
	return h.on.ShowHome(ctx, a.Workspace, a.ID, *shown)
}

// failed notes that a home could not be brought up to date, and says whether that is given up.
func (h *homes) failed(ctx context.Context, d *debt, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	s, ok := errors.AsType[*chat.SendError](err)
	if !ok {
		s = &chat.SendError{Err: err}
	}
	d.tries++
	now := h.now()
	switch {
	case s.Gone || s.Refused != "":
		if err := h.desk.Store.DeleteRecord(ctx, homeSpace, d.key); err != nil {
			h.tell(ctx, "the store", fmt.Errorf("forget a home: %w", err))
		}
		if s.Refused != "" {
			h.tell(ctx, s.Refused, err)
		}
		return true
	case s.Blocked != "":
		h.paused = now.Add(min(h.deliverer.wait(d.tries), time.Minute))
		h.tell(ctx, s.Blocked, err)
	case s.Retry > 0:
		h.paused = now.Add(s.Retry)
		h.log.WithFields(logrus.Fields{"platform": h.platform, "wait": s.Retry}).Debug("homes were asked to wait")
	default:
		// Others may go well; but where nothing does, one call a round is enough.
		d.next = now.Add(h.deliverer.wait(d.tries))
		h.paused = now.Add(h.pace.Home)
		if d.tries == 1 {
			h.tell(ctx, "it passes", err)
		}
	}
	return false
}

// tell tells admins once of what keeps homes from being brought up to date.
func (h *homes) tell(ctx context.Context, why string, err error) {
	if why == h.told || ctx.Err() != nil {
		return
	}
	h.told = why
	h.log.WithError(err).WithField("platform", h.platform).Warn("a home could not be brought up to date")
}

func (h *homes) recovered() {
	if h.told == "" {
		return
	}
	h.told = ""
	h.log.WithField("platform", h.platform).Info("homes are brought up to date again")
}

// forget drops what is known of homes that may be shown at any time.
func (h *homes) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.people) > 0 || len(h.owed) > 0 { // the next time will do
		return
	}
	now := h.now()
	maps.DeleteFunc(h.shown, func(_ string, d display) bool {
		return d.answering == 0 && now.Sub(d.at) > h.pace.HomeEvery
	})
}
