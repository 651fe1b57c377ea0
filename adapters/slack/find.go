package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

const (
	perPage  = 200 // as many as Slack recommends
	lookBack = 10 * time.Minute
	pagesMax = 50
)

// find looks for the post with the key where it should stand; an empty reference if it does not.
func (s *Slack) find(ctx context.Context, c creation) (ref chat.Ref, err error) {
	since := time.Now()
	if !c.again.IsZero() && c.again.Before(since) {
		since = c.again
	}
	oldest := stamp(since.Add(-lookBack)) // clocks differ
	look := func(m message) (bool, error) {
		if m.key() == c.key {
			ref = chat.Ref{Platform: Name, Workspace: c.w.id, Channel: c.channel, Thread: c.thread, Message: m.TS}
		}
		return ref == (chat.Ref{}), nil
	}
	if c.thread != "" {
		err = s.replies(ctx, c.w, c.channel, c.thread, oldest, look)
	} else {
		err = s.history(ctx, c.w, c.channel, oldest, look)
	}
	if err != nil {
		return chat.Ref{}, s.missing(ctx, c.w, c.w.sendError("look whether a post stands", err), err, c.channel, c.thread)
	}
	return ref, nil
}

// stamp is a time as Slack writes it.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// timeOf is Slack's time; zero if it is none.
func timeOf(ts string) time.Time {
	if !messageTS.MatchString(ts) {
		return time.Time{}
	}
	sec, _ := strconv.ParseInt(ts[:len(ts)-7], 10, 64)
	micro, _ := strconv.ParseInt(ts[len(ts)-6:], 10, 64)
	return time.Unix(sec, micro*1000).UTC()
}

// history reads what stands in a channel, the newest first, until each says that it is enough. Replies in threads are not
// among it.
func (s *Slack) history(ctx context.Context, w *workspace, channel, oldest string, each func(message) (bool, error)) error {
	cursor := ""
	for range pagesMax {
		var page *slackapi.GetConversationHistoryResponse
		err := s.pace.call(w.id+"|conversations.history", func() (err error) {
			page, err = w.api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{
				ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: perPage, IncludeAllMetadata: true})
			return err
		})
		if err != nil {
			return err
		}
		for i := range page.Messages {
			if more, err := each(read(page.Messages[i])); err != nil || !more {
				return err
			}
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" || !page.HasMore {
			return nil
		}
	}
	return nil
}

// replies reads a thread, its root included, the oldest first, until each says that it is enough.
func (s *Slack) replies(ctx context.Context, w *workspace, channel, root, oldest string, each func(message) (bool, error)) error {
	cursor := ""
	for range pagesMax {
		var page []slackapi.Message
		more := false
		err := s.pace.call(w.id+"|conversations.replies", func() (err error) {
			page, more, cursor, err = w.api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: root, Oldest: oldest, Cursor: cursor, Limit: perPage, IncludeAllMetadata: true})
			return err
		})
		if err != nil {
			return err
		}
		for i := range page {
			if on, err := each(read(page[i])); err != nil || !on {
				return err
			}
		}
		if !more || cursor == "" {
			return nil
		}
	}
	return nil
}

// read is a message of the library's as events bring them.
func read(m slackapi.Message) (out message) {
	body, err := json.Marshal(m.Msg)
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	if err != nil {
		return message{}
	}
	return out
}
