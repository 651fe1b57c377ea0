package mattermost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/inbox"
)

const (
	// margin is how much of what was heard already is read again: what happens at once may be told in another order.
	margin = int64(10 * time.Second / time.Millisecond)
	// lively is how long after its last message a channel is looked through for edits and deletions, which the list of
	// channels does not tell.
	lively = int64(7 * 24 * time.Hour / time.Millisecond)
	// sinceMax is how many posts the server tells at most; which ones of more is nowhere said.
	sinceMax = 1000
)

// catchup reads over REST what was missed.
type catchup struct {
	*ears
	steps inbox.Steps

	mu   sync.Mutex
	gaps int              // so far
	all  int64            // everything since then was missed; 0 if nothing was
	dark int64            // since then nobody listened, and may have missed something; 0 if somebody does
	want map[string]*want // by channel
	// absent says since when the bot is not in a channel that it was in: what is said there meanwhile it hears when it is
	// added again.
	absent map[string]int64
}

// absentMax is how many channels are remembered so.
const absentMax = 1_000

// want is a channel that has to be caught up.
type want struct {
	since int64
	rank  int // who comes first
	pause time.Duration
	next  time.Time // not before
}

func (w *want) when() (rank int, at time.Time) { return w.rank, w.next }

func newCatchup(e *ears) *catchup {
	return &catchup{ears: e, steps: inbox.NewSteps(), want: map[string]*want{}, absent: map[string]int64{}}
}

// deaf notes that nobody listens since then, until missed is called.
func (c *catchup) deaf(since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dark = inbox.Earlier(c.dark, since)
}

// isDeaf says whether nobody listened, and nothing was read since.
func (c *catchup) isDeaf() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dark != 0
}

// missed says that something may have happened since then, by the server's milliseconds, that was not heard.
func (c *catchup) missed(since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gaps++
	c.all = inbox.Earlier(c.all, inbox.Earlier(c.dark, since))
	c.dark = 0
	c.queue.HoldAll()
	c.steps.Nudge()
}

// left notes that the bot was taken out of a channel.
func (c *catchup) left(channel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.absent[channel]; !ok && len(c.absent) < absentMax {
		c.absent[channel] = c.serverNow()
	}
}

// joined has what was said in a channel since the bot was taken out of it be told.
func (c *catchup) joined(channel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rejoined(channel)
	c.steps.Nudge()
}

// rejoined is joined while c.mu is held.
func (c *catchup) rejoined(channel string) {
	if since, ok := c.absent[channel]; ok {
		delete(c.absent, channel)
		c.wants(channel, since, 0)
	}
}

// away are the channels that the bot was taken out of, and when.
func (c *catchup) away() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.absent)
}

// recall takes over what an earlier process knew of that.
func (c *catchup) recall(absent map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(c.absent, absent)
}

// floor is since when something is missing; 0 if nothing is. What waits to be told counts, too.
func (c *catchup) floor() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	low := inbox.Earlier(c.queue.Floor(), inbox.Earlier(c.all, c.dark))
	for _, w := range c.want {
		low = inbox.Earlier(low, w.since)
	}
	return low
}

// run catches up until ctx ends.
func (c *catchup) run(ctx context.Context) {
	c.steps.Run(ctx, c.opts.RetryAfter, c.step, func(err error) {
		c.log.WithError(err).Warn("mattermost: what was missed could not be read yet")
	})
}

// step does the next thing and says how long to wait before the one after it; a negative time means until something is
// missed.
func (c *catchup) step(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	since, gap := c.all, c.gaps
	for channel, lost := range c.queue.Lost() {
		c.wants(channel, lost.Mark, 0)
	}
	channel, found, wait := inbox.Next(c.want, time.Now(), cmp.Compare, (*want).when)
	w := c.want[channel]
	c.mu.Unlock()
	switch {
	case since != 0:
		return 0, c.list(ctx, since, gap)
	case c.queue.Full():
		return -1, nil
	case !found:
		return wait, nil
	}
	c.queue.HoldRoom(channel)
	from := w.since - margin
	posts, err := c.posts(ctx, channel, from)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if w.pause == c.opts.RetryAfter { // once may be an accident
			c.log.WithError(err).WithField("channel", channel).Warn("mattermost: what was missed in a channel could not be read yet")
		}
		w.pause = min(max(2*w.pause, c.opts.RetryAfter), inbox.PauseMax)
		w.next = time.Now().Add(inbox.Jitter(w.pause))
		return 0, nil
	}
	missed := c.items(utterances(posts, from))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gaps == gap { // else more was missed, and it is read again
		c.queue.Release(channel, missed)
		delete(c.want, channel)
	}
	return 0, nil
}

// wants notes that a channel has to be caught up. c.mu is held.
func (c *catchup) wants(channel string, since int64, rank int) {
	if w := c.want[channel]; w != nil {
		w.since, w.rank = min(w.since, since), min(w.rank, rank)
		return
	}
	c.want[channel] = &want{since: since, rank: rank}
}

// list finds out in which channels something may have been missed since then. Those with new messages come first, and
// keep what is heard meanwhile for later.
func (c *catchup) list(ctx context.Context, since int64, gap int) error {
	channels, err := c.channels(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(channels, func(a, b *model.Channel) int { return cmp.Compare(b.LastPostAt, a.LastPostAt) })
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gaps != gap {
		return nil // it may be outdated
	}
	var held []string
	for id := range c.want {
		held = append(held, id)
	}
	for i, ch := range channels {
		c.rooms.Add(ch.Id, ch)
		c.rejoined(ch.Id) // while nobody listened
		fresh := ch.LastPostAt > since-margin
		if fresh || ch.LastPostAt > c.serverNow()-lively {
			c.wants(ch.Id, since, i+1)
		}
		if fresh {
			held = append(held, ch.Id)
		}
	}
	c.all = 0
	c.queue.HoldOnly(held)
	return nil
}

// channels are all that the bot is in, in all teams, and its direct conversations.
func (c *catchup) channels(ctx context.Context) ([]*model.Channel, error) {
	self, err := c.me(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	channels, resp, err := c.api.GetChannelsForUserWithLastDeleteAt(ctx, self.Id, 0)
	if err != nil && resp != nil && resp.StatusCode == http.StatusOK {
		return c.channelsOfTeams(ctx, self.Id) // to who is in no channel the server gives a list that breaks off
	}
	if err != nil {
		return nil, c.sendError("list the bot's channels", resp, err)
	}
	return channels, nil
}

func (c *catchup) channelsOfTeams(ctx context.Context, self string) ([]*model.Channel, error) {
	teams, resp, err := c.api.GetTeamsForUser(ctx, self, "")
	if err != nil {
		return nil, c.sendError("list the bot's teams", resp, err)
	}
	var out []*model.Channel
	for _, t := range teams {
		channels, resp, err := c.api.GetChannelsForTeamForUser(ctx, t.Id, self, false, "")
		if err != nil {
			return nil, c.sendError("list the bot's channels in a team", resp, err)
		}
		out = append(out, channels...)
	}
	return out, nil
}

// posts are all in the channel that changed after a time, as far as the server tells, in no order.
func (c *catchup) posts(ctx context.Context, channel string, from int64) (map[string]*model.Post, error) {
	found := map[string]*model.Post{}
	whole := true
	for since := from; ; {
		list, err := c.request(ctx, channel, func(ctx context.Context) (*model.PostList, *model.Response, error) {
			return c.api.GetPostsSince(ctx, channel, since, false)
		})
		if err != nil || list == nil {
			return nil, err
		}
		last := since
		for _, p := range changed(list) {
			found[p.Id] = p
			last = max(last, p.UpdateAt)
		}
		if len(list.Order) < sinceMax {
			break
		}
		whole = false
		if last-1 <= since {
			break
		}
		since = last - 1 // the server took the oldest changes, unless it did not feel like it
	}
	for page := 0; !whole; page++ {
		list, err := c.request(ctx, channel, func(ctx context.Context) (*model.PostList, *model.Response, error) {
			return c.api.GetPostsForChannel(ctx, channel, page, perPage, "", false, false)
		})
		if err != nil || list == nil {
			return nil, err
		}
		whole = len(list.Order) < perPage
		for _, p := range changed(list) {
			whole = whole || p.CreateAt <= from
			if p.UpdateAt > from {
				found[p.Id] = p
			}
		}
	}
	return found, nil
}

// changed are the posts that a list is of, without the roots of their threads.
func changed(list *model.PostList) []*model.Post {
	var out []*model.Post
	for _, id := range list.Order {
		if p := list.Posts[id]; p != nil {
			out = append(out, p)
		}
	}
	return out
}

// request asks for posts of a channel; nil if the bot may not see it any more.
func (c *catchup) request(
	ctx context.Context, channel string, ask func(context.Context) (*model.PostList, *model.Response, error),
) (*model.PostList, error) {
	ctx, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	list, resp, err := ask(ctx)
	if err == nil && list == nil {
		err = errors.New("the server answered nothing")
	}
	if err == nil {
		return list, nil
	}
	if err := c.passing("read the posts of a channel", resp, err); err != nil {
		return nil, fmt.Errorf("mattermost: %w", err)
	}
	c.log.WithError(err).WithField("channel", channel).Debug("mattermost: a channel to catch up can not be read")
	return nil, nil
}

// utterances are what happened to posts after a time, oldest first. Of edits only the last one is known, and of what was
// deleted only that.
func utterances(posts map[string]*model.Post, from int64) []*utterance {
	var out []*utterance
	add := func(u *utterance) {
		if u.at > from {
			u.late = true
			out = append(out, u)
		}
	}
	for _, p := range posts {
		if p.OriginalId != "" || !ids(p.Id, p.ChannelId, p.UserId) {
			continue // an earlier version of a post
		}
		if p.DeleteAt != 0 {
			add(&utterance{kind: wasDeleted, channel: p.ChannelId, post: p, at: p.DeleteAt})
			continue
		}
		add(&utterance{kind: wasPosted, channel: p.ChannelId, post: p, at: p.CreateAt})
		add(&utterance{kind: wasEdited, channel: p.ChannelId, post: p, at: p.EditAt})
		if p.Metadata == nil {
			continue
		}
		for _, r := range p.Metadata.Reactions {
			if r != nil && ids(r.PostId, r.UserId) && r.DeleteAt == 0 {
				add(&utterance{kind: wasReaction, channel: p.ChannelId, reaction: r, at: reactedAt(r)})
			}
		}
	}
	slices.SortFunc(out, func(a, b *utterance) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id(), b.id()))
	})
	return out
}
