package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/slack"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// onSockets is the adapter on Socket Mode, and how many messages it told the bot.
func onSockets(t *testing.T) (*network, *atomic.Int64) {
	t.Helper()
	var told atomic.Int64
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	s := adaptertest.Setup{Log: silent, AnswerWithin: time.Second, Handler: func(_ context.Context, e chat.Event) (chat.Reply, error) {
		if e.Message != nil {
			told.Add(1)
		}
		return chat.Reply{}, nil
	}}
	return startNetwork(t, s, func(o *slack.Options, fake *slackfake.Server) { o.AppToken = fake.AppToken }), &told
}

func (n *network) says(t *testing.T, text string) {
	t.Helper()
	if _, answer, err := n.fake.As("ana").Say(t.Context(), n.fake.ChannelID("open"), "", text); err != nil || answer.Refused != "" {
		t.Fatalf("say: %+v, %v", answer, err)
	}
}

func TestSocketsAcknowledgeGarbage(t *testing.T) {
	n, told := onSockets(t)
	for _, body := range n.garbage(t) {
		if !json.Valid([]byte(body)) || len(body) > 50_000 {
			continue
		}
		for _, kind := range []string{"events_api", "interactive", "slash_commands", "of_tomorrow"} {
			if !n.fake.Envelope(t.Context(), kind, json.RawMessage(body)) {
				t.Errorf("%s was not acknowledged, so Slack repeats it: %.200s", kind, body)
			}
		}
	}
	for _, frame := range []string{"", "{", "null", `{"type":"hello"}`, `{"type":7}`, `{"type":"events_api"}`, `"text"`, `{"envelope_id":"x"}`} {
		if err := n.fake.SendRaw(frame); err != nil {
			t.Errorf("%q: %v", frame, err)
		}
	}
	n.says(t, "still there?")
	if told.Load() != 1 || n.fake.Redeliver() != 0 {
		t.Errorf("the bot was told %d messages", told.Load())
	}
}

func TestSocketsComeBack(t *testing.T) {
	n, told := onSockets(t)
	for i, end := range []func(){
		func() { n.fake.Disconnect("refresh_requested") }, func() { n.fake.Disconnect("warning") }, n.fake.CutSockets,
		func() { n.fake.Down(true); n.fake.Down(false) },
	} {
		end()
		adaptertest.Until(t, fmt.Sprintf("%d: the adapter connects again", i), func() bool { return n.fake.Fresh() >= 2 })
		n.says(t, "there again?")
		if n.fake.Redeliver() != 0 || told.Load() != int64(i+1) {
			t.Errorf("%d: the bot was told %d messages, want %d", i, told.Load(), i+1)
		}
	}
}
