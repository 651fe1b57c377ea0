package slack

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// roll is who was in a channel or a group.
type roll struct {
	ids []string
	at  time.Time
}

// asker asks a workspace who is on a list.
type asker func(*workspace) ([]string, error)

const (
	rollFor     = 20 * time.Second // several teams ask for one channel; a change takes effect in a minute
	rollAtMost  = 50 * time.Second // where Slack asks to wait before it tells again
	membersPage = 200
	oldFor      = 6 * time.Hour // an account that is this old is not looked up before a list is told
	oldAtOnce   = 20            // of those this many are looked up again for each list
)

// Members lists the people in a channel, without bots and accounts that were deactivated. In a workspace that does not
// see the channel nobody is in it, if another one sees it.
func (s *Slack) Members(ctx context.Context, team, channel string) ([]chat.Person, error) {
	to := chat.Place{Workspace: team, Channel: channel}
	const doing = "list the members of a channel"
	return s.everybody(ctx, to, "channel|"+channel, doing, func(w *workspace) (ids []string, err error) {
		for cursor := ""; ; {
			page, next, err := w.api.GetUsersInConversationContext(ctx, &slackapi.GetUsersInConversationParameters{
				ChannelID: channel, Cursor: cursor, Limit: membersPage,
			})
			if err != nil {
				return nil, err
			}
			ids = append(ids, page...)
			if cursor = next; cursor == "" {
				return ids, nil
			}
		}
	})
}

// Group lists the people in a user group. In a workspace that does not have it nobody is in it, if another one has it.
func (s *Slack) Group(ctx context.Context, team, group string) ([]chat.Person, error) {
	to := chat.Place{Workspace: team}
	return s.everybody(ctx, to, "group|"+group, "list the members of a group", func(w *workspace) ([]string, error) {
		return w.api.GetUserGroupMembersContext(ctx, group, slackapi.GetUserGroupMembersOptionTeamID(w.teamID()))
	})
}

// everybody is who is in a channel or a group.
func (s *Slack) everybody(ctx context.Context, to chat.Place, what, doing string, ask asker) ([]chat.Person, error) {
	w, err := s.place(ctx, to)
	if err != nil {
		return nil, err
	}
	if w.orgWide && to.Channel != "" { // it sees the channels of all workspaces
		its, err := s.place(ctx, chat.Place{Channel: to.Channel})
		if err != nil {
			return nil, err
		}
		if its.id != w.id {
			return nil, nil
		}
	}
	ids, err := s.people.roll(w, what, ask)
	if err != nil && elsewhere(err) && s.another(ctx, w, what, ask) {
		return nil, nil
	}
	if err != nil {
		return nil, w.sendError(doing, err)
	}
	return s.people.all(ctx, w, ids)
}

// roll is who is on a list, as it was a moment ago.
func (p *people) roll(w *workspace, what string, ask asker) ([]string, error) {
	key := w.key + "|" + w.id + "|" + what
	before, ok := p.lists.Get(key)
	if ok && p.now().Sub(before.at) < rollFor {
		return before.ids, nil
	}
	at := p.now()
	ids, err := ask(w)
	if _, limited := errors.AsType[*slackapi.RateLimitedError](err); limited && ok && p.now().Sub(before.at) < rollAtMost {
		return before.ids, nil
	}
	if err != nil {
		p.lists.Remove(key)
		return nil, err
	}
	p.lists.Add(key, roll{ids, at})
	return ids, nil
}

// another says whether another workspace than w has a channel or a group.
func (s *Slack) another(ctx context.Context, w *workspace, what string, ask asker) bool {
	ids, err := s.ws.ids(ctx)
	if err != nil && len(ids) < 2 {
		return false
	}
	for _, id := range ids {
		if id == w.id {
			continue
		}
		other, err := s.ws.of(ctx, id, "")
		if err != nil {
			continue
		}
		if _, err := s.people.roll(other, what, ask); err == nil {
			return true
		}
	}
	return false
}

// all are the people with the ids. Those that were never looked up are now; of those that were long ago, a few.
func (p *people) all(ctx context.Context, w *workspace, ids []string) ([]chat.Person, error) {
	var out []chat.Person
	old := 0
	for _, id := range ids {
		a, ok := p.known.Get(personKey(w, id))
		if ok && !p.fresh(a) {
			old++
			ok = old > oldAtOnce && p.now().Sub(a.at) < oldFor
		}
		if !ok {
			var err error
			if a, err = p.patiently(ctx, w, id); err != nil {
				return nil, err
			}
		}
		if !a.bot && !a.deleted && !a.unknown {
			out = append(out, a.Person)
		}
	}
	return slices.Clip(out), nil
}

// patiently looks an account up when Slack takes it.
func (p *people) patiently(ctx context.Context, w *workspace, id string) (acquainted, error) {
	for {
		if err := p.gentle.turn(ctx); err != nil {
			return acquainted{}, w.sendError("look up a person", err)
		}
		a, err := p.lookup(ctx, w, id)
		e, ok := errors.AsType[*chat.SendError](err)
		if !ok {
			return a, err
		}
		if _, limited := errors.AsType[*slackapi.RateLimitedError](e.Err); !limited {
			return a, err
		}
	}
}

// gentle spreads calls that nobody is in a hurry for: a burst at once, and then fewer than Slack takes in a minute, which
// is a hundred of users.info.
type gentle struct {
	mu    sync.Mutex
	next  time.Time // when the next one may go, had there been no pause before
	until time.Time // Slack asked to wait
}

const (
	gentleEvery = 700 * time.Millisecond
	gentleBurst = 60
)

func newGentle() *gentle { return &gentle{} }

// hold keeps calls back.
func (g *gentle) hold(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until = until
	}
}

// turn waits until a call may go. Where that is later than ctx goes on it does not wait, and says how long it would have.
func (g *gentle) turn(ctx context.Context) error {
	g.mu.Lock()
	now := time.Now()
	if earliest := now.Add(-gentleBurst * gentleEvery); g.next.Before(earliest) {
		g.next = earliest
	}
	at := g.next
	if g.until.After(at) {
		at = g.until
	}
	wait := at.Sub(now)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
		g.mu.Unlock()
		return &slackapi.RateLimitedError{RetryAfter: wait}
	}
	g.next = g.next.Add(gentleEvery)
	g.mu.Unlock()
	return upstream.Pause(ctx, wait)
}
