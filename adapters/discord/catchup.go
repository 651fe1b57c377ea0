package discord

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/inbox"
	"balie/internal/chat"
)

const (
	// overlap is how much of what was heard already is read again, in milliseconds: what happens at once may be told in
	// another order.
	overlap = int64(30 * time.Second / time.Millisecond)
	// breath is the pause between two calls, so that there is room for what people wait for: Discord takes 50 in a second.
	breath = 50 * time.Millisecond
	// partMax is about how many events are read of a conversation before they are told.
	partMax = 1000
)

// catchup reads over REST what was missed: what people wrote in threads, in channels with something of the bot's, and to the
// bot directly. Of what was edited meanwhile it knows if it was written meanwhile, too; what was deleted, and reactions,
// Discord does not tell afterwards.
type catchup struct {
	*term
	steps  inbox.Steps
	breath time.Duration

	mu   sync.Mutex
	gaps int              // so far
	all  int64            // everything since then was missed; 0 if nothing was
	want map[string]*want // by channel or thread
	look map[look]*want
	// since is from when on the last gap was.
	since int64
	// lively are the conversations where something was said while it is not known yet what to read, with whether they are
	// direct; done are those that were read since it is.
	lively, done map[string]bool
	// owed are direct conversations that are read from further back than where the cursor stays, until the bot was told.
	owed map[string]*want
}

// look is a list of conversations to look through for those where something was said.
type look struct {
	list listKind
	of   string // a guild or a channel
}

func (l look) compare(other look) int {
	return cmp.Or(cmp.Compare(l.list, other.list), cmp.Compare(l.of, other.of))
}

type listKind int

const (
	guildList   listKind = iota // open threads, and channels
	publicShelf                 // threads of a channel that were put away
	privateShelf
)

// want is something that has to be read.
type want struct {
	since  int64
	floor  int64 // where the cursor stays, if that is later; else 0
	rank   int   // who comes first
	direct bool  // a direct conversation
	pause  time.Duration
	next   time.Time // not before

	turn  int      // how often it was begun anew
	place progress // where to go on
}

func (w *want) when() (rank int, at time.Time) { return w.rank, w.next }

// below is what the cursor stays below while it has to be read.
func (w *want) below() int64 { return cmp.Or(w.floor, w.since) }

// progress is how far the reading of something has come. Discord's limits may end it after a few pages.
type progress struct {
	since  int64
	below  int64
	direct bool
	joined bool   // the list of threads is that of the ones that the bot is in
	at     string // where the next page begins; empty at the beginning
	found  []conversation
}

// goOn is where to go on with what has to be read, and which turn that is.
func (c *catchup) goOn(w *want) (progress, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := w.place
	p.since, p.below, p.direct = w.since, w.below(), w.direct
	return p, w.turn
}

// anew has something read from its beginning, even if it is being read. c.mu is held.
func (w *want) anew() { w.turn, w.place = w.turn+1, progress{} }

// back has something read on from then, if it is further. It is not being read. c.mu is held.
func (w *want) back(to int64) {
	if to -= overlap; madeAt(w.place.at) > to {
		w.place.at = snowflakeAt(to)
	}
}

func newCatchup(t *term) *catchup {
	return &catchup{
		term: t, steps: inbox.NewSteps(), breath: breath, want: map[string]*want{}, look: map[look]*want{},
		lively: map[string]bool{}, done: map[string]bool{}, owed: map[string]*want{},
	}
}

// missed says that something may have happened since then that was not heard.
func (c *catchup) missed(since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gaps++
	c.all = min(cmp.Or(c.all, since), since)
	for _, w := range c.want { // what was read of it may have changed
		w.anew()
	}
	for _, w := range c.look {
		w.anew()
	}
	c.queue.HoldAll()
	c.steps.Nudge()
}

// missedIn says that something may have happened in one guild since then that was not heard.
func (c *catchup) missedIn(guild string, since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := func(channel string) bool {
		at, known := c.places.channels.Peek(channel)
		return known && at.GuildID == guild
	}
	c.looks(look{guildList, guild}, since)
	for channel := range c.cursor.inhabited() {
		if in(channel) {
			c.looks(look{publicShelf, channel}, since)
			c.looks(look{privateShelf, channel}, since)
		}
	}
	maps.DeleteFunc(c.done, func(channel string, _ bool) bool { return in(channel) })
	for channel, w := range c.want {
		if in(channel) {
			w.anew()
		}
	}
	c.steps.Nudge()
}

// comesFirst has a conversation read next where somebody says something, which waits for that.
func (c *catchup) comesFirst(channel string, direct bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all != 0 {
		c.lively[channel] = direct
	} else if c.sooner(channel, direct) {
		c.queue.HoldRoom(channel)
		c.steps.Nudge()
	}
}

// sooner puts a conversation first that has to be read, or may have to be: a thread that was put away is not where it would
// have been found any more once somebody says something there, and of direct conversations there is no list at all. c.mu is
// held.
func (c *catchup) sooner(channel string, direct bool) bool {
	if w := c.want[channel]; w != nil {
		first := w.rank > 0
		w.rank = 0
		return first
	}
	if c.done[channel] {
		return false
	}
	var since int64
	at, known := c.places.channels.Peek(channel)
	if direct {
		since = c.since
	}
	for l, w := range c.look {
		if direct {
			break // it is in none of them
		}
		if !known || l.of == at.ParentID || l.list == guildList && l.of == at.GuildID {
			since = min(cmp.Or(since, w.since), w.since)
		}
	}
	if since == 0 {
		return false
	}
	w := &want{since: since, direct: direct}
	if high := c.cursor.High(); direct && since < high && len(c.owed) < owedMax {
		w.floor = high // the gap may be weeks ago, and all else of it was told
		c.owed[channel] = w
	}
	c.want[channel] = w
	return true
}

// floor is since when something is missing; 0 if nothing is. What waits to be told counts, too.
func (c *catchup) floor() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	low := inbox.Earlier(c.queue.Floor(), c.all)
	for _, w := range c.want {
		low = inbox.Earlier(low, w.below())
	}
	for _, w := range c.look {
		low = inbox.Earlier(low, w.since)
	}
	return low
}

// run catches up until ctx ends.
func (c *catchup) run(ctx context.Context) {
	c.steps.Run(ctx, c.opts.RetryAfter, func(ctx context.Context) (time.Duration, error) {
		wait, err := c.step(ctx)
		if err != nil {
			wait = retryOf(err)
		}
		if wait >= 0 {
			wait = max(wait, c.breath)
		}
		return wait, err
	}, func(err error) { c.log.WithError(err).Warn("discord: what was missed could not be read yet") })
}

// retryOf is how long Discord wants to be left alone after an error.
func retryOf(err error) time.Duration {
	if sent, ok := errors.AsType[*chat.SendError](err); ok {
		return sent.Retry
	}
	return 0
}

// step does the next thing and says how long to wait before the one after it; a negative time means until something is
// missed.
func (c *catchup) step(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	since, gap := c.all, c.gaps
	for channel, lost := range c.queue.Lost() {
		c.wants(channel, want{since: lost.Mark})
		c.want[channel].back(max(lost.From, c.want[channel].since))
	}
	now := time.Now()
	channel, found, wait := inbox.Next(c.want, now, cmp.Compare, (*want).when)
	list, listed, later := inbox.Next(c.look, now, look.compare, (*want).when)
	w, l := c.want[channel], c.look[list]
	if wait < 0 || later >= 0 && later < wait {
		wait = later
	}
	c.mu.Unlock()
	switch {
	case since != 0:
		return 0, c.begin(ctx, since, gap)
	case c.queue.Full():
		return -1, nil
	case found:
		c.read(ctx, channel, w)
		return 0, nil
	case listed:
		c.peruse(ctx, list, l)
		return 0, nil
	}
	return wait, nil
}

// wants notes that a conversation has to be read. c.mu is held.
func (c *catchup) wants(channel string, n want) {
	if w := c.want[channel]; w != nil {
		below := min(w.below(), n.below())
		if w.rank = min(w.rank, n.rank); n.since < w.since {
			w.since = n.since
			w.anew()
		}
		w.floor = below
		return
	}
	c.want[channel] = &n
}

// looks notes that a list has to be looked through. c.mu is held.
func (c *catchup) looks(at look, since int64) {
	if w := c.look[at]; w != nil {
		w.since = min(w.since, since)
		w.anew()
		return
	}
	c.look[at] = &want{since: since, rank: int(at.list)}
}

// read reads what was said in a conversation.
func (c *catchup) read(ctx context.Context, channel string, w *want) {
	c.queue.HoldRoom(channel)
	p, turn := c.goOn(w)
	missed, whole, err := c.messages(ctx, channel, &p)
	if err != nil && !hidden(err) {
		c.part(channel, w, p, turn, missed)
		c.again(w, p, turn, err, "discord: what was missed in a channel could not be read yet", channel)
		return
	}
	if err == nil && !whole {
		c.part(channel, w, p, turn, missed)
		return
	}
	c.unreadable(channel, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.turn != turn && err == nil {
		return // more was missed, and it is read again
	}
	if c.owed[channel] == w {
		missed = append(missed, c.settled(channel, w))
	}
	c.queue.Release(channel, missed)
	delete(c.want, channel)
	c.done[channel] = true
}

// part has the first of what was missed in a conversation told before the rest is read, so that not all of it is kept here.
func (c *catchup) part(channel string, w *want, p progress, turn int, missed []*inbox.Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.turn != turn {
		return // it is read again, which tells that, too
	}
	c.queue.Part(channel, missed)
	if w.place = p; len(missed) > 0 {
		w.pause = 0 // it gets somewhere
	}
}

// unreadable tells once of a channel what an admin has to do, since what was missed there is lost.
func (c *catchup) unreadable(of string, err error) {
	if statusOf(err) == http.StatusForbidden && c.once.First("unreadable|"+of) {
		c.log.WithError(err).WithField("of", of).Warn("discord: the bot may not read what was missed there: give it View Channel " +
			"and Read Message History (balie doctor says which permissions are missing)")
	}
}

// again has something read later that could not be read, from where it came to.
func (c *catchup) again(w *want, p progress, turn int, err error, what, of string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.turn == turn {
		w.place = p
	}
	if limited(err) { // which is no failure
		w.pause, w.next = 0, time.Now().Add(retryOf(err))
		return
	}
	if retry := retryOf(err); w.pause == c.opts.RetryAfter && retry == 0 { // once may be an accident
		c.log.WithError(err).WithField("of", of).Warn(what)
	}
	w.pause = min(max(2*w.pause, c.opts.RetryAfter), inbox.PauseMax)
	w.next = time.Now().Add(max(inbox.Jitter(w.pause), retryOf(err)))
}

// limited says that it was only one call too many.
func limited(err error) bool {
	_, told := errors.AsType[*discordgo.RateLimitError](err)
	return told || errors.Is(err, errTooEarly)
}

// hidden says that Discord does not show something to the bot, or does not have it any more. Of what it refuses without
// saying why nobody knows that.
func hidden(err error) bool {
	switch statusOf(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest:
		return worded(err)
	}
	sent, ok := errors.AsType[*chat.SendError](err)
	return ok && sent.Gone
}
