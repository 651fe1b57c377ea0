package slack

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

const (
	rootsFor   = 60 * 24 * time.Hour // how old a thread may be whose new replies are looked for
	rootsMax   = 2000                // of one channel
	easyCalls  = 30                  // that are made at once; Slack takes 50 a minute
	easyAfter  = 1300 * time.Millisecond
	earlierFor = time.Minute // clocks differ
)

// makeGood tells the bot what was said in a workspace since then and may not have been heard: what was heard is told again,
// which changes nothing.
func (s *Slack) makeGood(ctx context.Context, h chat.Handler, w *workspace, since time.Time) error {
	g := &silence{Slack: s, w: w, since: stamp(since.Add(-earlierFor))}
	channels, err := g.channels(ctx)
	if err != nil {
		return w.sendError("list the bot's channels", err)
	}
	for _, ch := range channels {
		if err := g.channel(ctx, h, ch); err != nil {
			return err
		}
	}
	return nil
}

// silence is a time in which the bot may not have heard.
type silence struct {
	*Slack
	w     *workspace
	since string
	calls int
}

// breathe leaves Slack alone now and then, so that there is room for what people wait for.
func (g *silence) breathe(ctx context.Context) error {
	if g.calls++; g.calls <= easyCalls {
		return nil
	}
	return upstream.Pause(ctx, easyAfter)
}

// patiently asks again when Slack wants it later.
func (g *silence) patiently(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		limited, ok := errors.AsType[*slackapi.RateLimitedError](err)
		if !ok {
			return err
		}
		if err := upstream.Pause(ctx, limited.RetryAfter); err != nil {
			return err
		}
	}
}

// channels are those that the bot is in, direct conversations last.
func (g *silence) channels(ctx context.Context) ([]slackapi.Channel, error) {
	var all []slackapi.Channel
	for cursor := ""; ; {
		if err := g.breathe(ctx); err != nil {
			return nil, err
		}
		var page []slackapi.Channel
		from := cursor
		err := g.patiently(ctx, func() error {
			return g.pace.call(g.w.id+"|users.conversations", func() (err error) {
				page, cursor, err = g.w.api.GetConversationsForUserContext(ctx, &slackapi.GetConversationsForUserParameters{
					UserID: g.w.botUser, Cursor: from, Limit: perPage, ExcludeArchived: true, TeamID: g.w.teamID(),
					Types: []string{"public_channel", "private_channel", "mpim", "im"}})
				return err
			})
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if cursor == "" {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b slackapi.Channel) int {
		return cmp.Compare(strings.Count(a.ID[:1], "D"), strings.Count(b.ID[:1], "D"))
	})
	return all, nil
}

// channel tells what was said in one channel and its threads.
func (g *silence) channel(ctx context.Context, h chat.Handler, ch slackapi.Channel) error {
	if err := g.breathe(ctx); err != nil {
		return err
	}
	said := map[string]message{}
	var threads []string
	roots := 0
	err := g.patiently(ctx, func() error {
		return g.history(ctx, g.w, ch.ID, stamp(time.Now().Add(-rootsFor)), func(m message) (bool, error) {
			roots++
			if g.news(m) {
				said[m.TS] = m
			}
			if m.Latest > g.since && !slices.Contains(threads, m.TS) {
				threads = append(threads, m.TS)
			}
			return roots < rootsMax, nil
		})
	})
	for _, root := range threads {
		if err != nil {
			break
		}
		if err = g.breathe(ctx); err != nil {
			return err
		}
		err = g.patiently(ctx, func() error {
			return g.replies(ctx, g.w, ch.ID, root, "", func(m message) (bool, error) {
				if m.TS != root && g.news(m) {
					said[m.TS] = m
				}
				return true, nil
			})
		})
	}
	if err != nil {
		sent := g.w.sendError("read what was missed", err)
		if sent.Gone || slices.Contains([]string{"channel_not_found", "not_in_channel", "is_archived"}, slackCode(err)) {
			return nil // it is no channel of the bot's any more
		}
		return sent
	}
	for _, ts := range slices.Sorted(maps.Keys(said)) {
		if err := g.tell(ctx, h, ch, said[ts]); err != nil {
			return err
		}
	}
	return nil
}

// news says whether a message was written or edited meanwhile.
func (g *silence) news(m message) bool {
	return m.byPerson(g.w) && (m.TS > g.since || m.Edited != nil && m.Edited.TS > g.since)
}

func (g *silence) tell(ctx context.Context, h chat.Handler, ch slackapi.Channel, m message) error {
	in := inner{Channel: reference(ch.ID)}
	if ch.IsIM {
		in.ChannelType = "im"
	} else {
		in.ChannelType = "channel"
	}
	t := g.order.take(g.w.id + "/" + ch.ID)
	defer t.end()
	if err := t.wait(ctx); err != nil {
		return err
	}
	if m.TS > g.since {
		in.message = m
		if err := g.spoke(ctx, h, g.w, in, true); err != nil {
			return errors.Join(errors.New("slack: what was missed could not be stored"), err)
		}
	}
	if m.Edited != nil && m.Edited.TS > g.since {
		in.message = message{Subtype: "message_changed"}
		in.Message = &m
		return g.spoke(ctx, h, g.w, in, true)
	}
	return nil
}
