package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"balie/adapters/callback"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// connections is how many sockets are open at once: Slack closes each of them now and then, and what happens meanwhile
// comes through the other one. https://docs.slack.dev/apis/events-api/using-socket-mode
const connections = 2

const (
	retryMax       = time.Minute
	socketRetryMax = 10 * time.Second
	eventLimit     = 10 * time.Second // to take in an event
)

// socket keeps one connection of Socket Mode open until ctx ends.
func (s *Slack) socket(ctx context.Context, h chat.Handler, number int) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for wait := s.opts.RetryAfter; ctx.Err() == nil; wait = min(2*wait, socketRetryMax) {
		began := time.Now()
		err := s.connection(ctx, &wg, h, number)
		s.ears.down(number)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > socketRetryMax {
			wait = s.opts.RetryAfter
		}
		failed := sendError("keep a socket open", err)
		if isLimited(err) {
			wait = max(wait, failed.Retry)
		}
		s.log.WithError(failed).WithField("wait", wait).Warn("slack: a socket is closed")
		select {
		case <-ctx.Done():
		case <-time.After(wait + rand.N(wait/4+1)):
		}
	}
}

// connection runs a client of Socket Mode, which connects again by itself for as long as its token is good.
func (s *Slack) connection(ctx context.Context, wg *sync.WaitGroup, h chat.Handler, number int) error {
	silent := log.New(io.Discard, "", 0)
	api := slackapi.New("", slackapi.OptionAppLevelToken(s.opts.AppToken), slackapi.OptionAPIURL(s.opts.APIURL),
		slackapi.OptionHTTPClient(s.ws.http), slackapi.OptionLog(silent))
	client := socketmode.New(api, socketmode.OptionLog(silent))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	wg.Go(func() { ended <- client.RunContext(ctx) })
	for {
		select {
		case err := <-ended:
			return err
		case e := <-client.Events:
			switch e.Type {
			case socketmode.EventTypeHello:
				s.ears.up(number)
			case socketmode.EventTypeConnectionError:
				// The library would wait for up to five minutes before the next try.
				if failed, ok := e.Data.(*slackapi.ConnectionErrorEvent); ok && failed.ErrorObj != nil {
					return failed.ErrorObj
				}
			case socketmode.EventTypeConnecting, socketmode.EventTypeIncomingError, socketmode.EventTypeDisconnect,
				socketmode.EventTypeInvalidAuth:
				s.ears.down(number)
			case socketmode.EventTypeConnected, socketmode.EventTypeErrorWriteFailed: // and what was not acknowledged comes again
			case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
				s.envelope(ctx, wg, h, client, *e.Request)
			case socketmode.EventTypeErrorBadMessage:
				// What the library can't read, we may: it gives up on a whole event for one block that it does not know.
				bad, _ := e.Data.(*socketmode.ErrorBadMessage)
				var r socketmode.Request
				if bad != nil && json.Unmarshal(bad.Message, &r) == nil && r.EnvelopeID != "" {
					s.envelope(ctx, wg, h, client, r)
				}
			}
		}
	}
}

// envelope handles what came over a socket, and acknowledges it when it is done: what is not acknowledged comes again.
func (s *Slack) envelope(ctx context.Context, wg *sync.WaitGroup, h chat.Handler, client *socketmode.Client, r socketmode.Request) {
	do := func(ctx context.Context) (string, any, error) {
		return "", nil, s.odd("an envelope of the unknown type " + chat.Cut(r.Type, 40))
	}
	var told *telling
	switch r.Type {
	case socketmode.RequestTypeEventsAPI:
		// Its turn is taken before the next one is read.
		t, err := s.read(ctx, r.Payload)
		told = t
		do = func(ctx context.Context) (string, any, error) {
			if told != nil {
				err = told.handle(ctx, h)
			}
			return "event", nil, err
		}
	case socketmode.RequestTypeSlashCommands:
		do = func(ctx context.Context) (string, any, error) {
			var in slash
			if err := json.Unmarshal(r.Payload, &in); err != nil {
				return "", nil, callback.ErrGarbage
			}
			answer, err := s.command(ctx, h, in)
			return "command", answer, err
		}
	case socketmode.RequestTypeInteractive:
		do = func(ctx context.Context) (string, any, error) { return s.interactive(ctx, h, r.Payload) }
	}
	wg.Go(func() {
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), eventLimit)
		defer cancel()
		ctx, waitedFor := upstream.Counting(ctx)
		kind, answer, err := do(ctx)
		if no, refused := errors.AsType[*callback.Refusal](err); refused {
			err = s.odd("an envelope of type " + chat.Cut(r.Type, 40) + ": " + no.Why)
		}
		if err != nil {
			return // it comes again
		}
		s.answered(kind, time.Since(began), waitedFor.Total())
		if err := client.AckCtx(ctx, r.EnvelopeID, answer); err != nil {
			s.log.WithError(err).Warn("slack: an envelope could not be acknowledged")
		}
	})
}
