package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"
)

// feed tells a crew what is posted in the bot's channels, as clients are told it: over a websocket. What was missed while
// that was broken is read from the server.
type feed struct {
	url, token string
	bot        string // its user id
	api        *model.Client4
	channels   []string
	each       func(news)
	heard      int64 // the server's time of the newest post
	open       atomic.Bool
}

// hear tells each of posts until ctx ends. It returns once it hears; the end is closed when nothing is told any more.
func (t *town) hear(ctx context.Context, each func(news)) (end <-chan struct{}, err error) {
	f := &feed{url: t.URL, token: t.BotToken, bot: t.BotID, api: t.BotClient(), channels: t.channels(), each: each, heard: model.GetMillis()}
	first, ended := make(chan struct{}), make(chan struct{})
	broke := make(chan error, 1)
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			err := f.listen(ctx, func() {
				if !f.open.Swap(true) {
					close(first)
				}
			})
			if ctx.Err() != nil {
				return
			}
			select {
			case broke <- err:
			default:
			}
			if pause(ctx, time.Second/4) != nil {
				return
			}
		}
	}()
	select {
	case <-first:
		return ended, nil
	case err := <-broke:
		return nil, fmt.Errorf("listen to the Mattermost server: %w", err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// listen hears over a websocket until it breaks.
func (f *feed) listen(ctx context.Context, greeted func()) (err error) {
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws"+f.url[len("http"):]+model.APIURLSuffix+"/websocket", nil)
	if err != nil {
		if resp != nil {
			err = errors.Join(err, resp.Body.Close())
		}
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads from it is told
	defer func() {
		if stop() {
			err = errors.Join(err, conn.Close())
		}
	}()
	err = conn.WriteJSON(model.WebSocketRequest{Seq: 1, Action: string(model.WebsocketAuthenticationChallenge),
		Data: map[string]any{"token": f.token}})
	if err != nil {
		return err
	}
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		at := time.Now()
		e, err := model.WebSocketEventFromJSON(bytes.NewReader(data))
		if err != nil || !e.IsValid() {
			continue // the answer to a request of ours
		}
		switch e.EventType() {
		case model.WebsocketEventHello:
			if f.open.Load() {
				if err := f.missed(ctx); err != nil {
					return err
				}
			}
			greeted()
		case model.WebsocketEventPosted, model.WebsocketEventPostEdited:
			text, _ := e.GetData()["post"].(string)
			var p *model.Post
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				return fmt.Errorf("understand a post: %w", err)
			}
			f.tell(at, p, text)
		default: // nothing to a crew
		}
	}
}

func (f *feed) tell(at time.Time, p *model.Post, text string) {
	f.heard = max(f.heard, p.UpdateAt)
	f.each(news{at, messageOf(p, text, f.bot)})
}

// missed reads what happened since shortly before the newest that was heard.
func (f *feed) missed(ctx context.Context) error {
	const margin = 10_000
	since := f.heard - margin
	for _, channel := range f.channels {
		list, _, err := f.api.GetPostsSince(ctx, channel, since, false)
		if err != nil {
			return fmt.Errorf("read what was missed: %w", err)
		}
		for i := range list.Order {
			p := list.Posts[list.Order[len(list.Order)-1-i]]
			text, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("read what was missed: %w", err)
			}
			f.tell(time.Now(), p, string(text))
		}
	}
	return nil
}
