package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/callback"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// The callbacks, below /hooks/slack.
const (
	commandsPath     = "/commands"
	interactionsPath = "/interactions"
	eventsPath       = "/events"
)

// bodyMax is how large a callback may be, in bytes: a view of at most 250 kB, as Slack takes it, is in some of them.
const bodyMax = 1 << 20

var errNotSlack = &callback.Refusal{Status: http.StatusUnauthorized, Why: "this does not come from Slack, or " +
	"SLACK_SIGNING_SECRET is another app's"}

func (s *Slack) routes(h chat.Handler) http.Handler {
	handle := map[string]func(context.Context, chat.Handler, []byte) (string, any, error){
		commandsPath: s.postedCommand, interactionsPath: s.postedInteraction, eventsPath: s.postedEvent,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := callback.Path(r)
		do, ok := handle[path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if !callback.Posted(w, r, "Slack") {
			return
		}
		began := time.Now()
		ctx, waitedFor := upstream.Counting(r.Context())
		var kind string
		var answer any
		body, err := s.verified(w, r)
		// What people do comes once; an event may be told again at once, and is known by its id.
		if err == nil && path != eventsPath && s.replayed(r) {
			err = callback.ErrReplay
		}
		if err == nil {
			kind, answer, err = do(ctx, h, body)
		}
		took, waited := time.Since(began), waitedFor.Total()
		if err == nil {
			s.answered(kind, took, waited)
		}
		callback.Timing(w, took, waited)
		s.write(w, path, answer, err)
	})
}

func (s *Slack) answered(kind string, took, waited time.Duration) {
	if s.opts.Answered != nil && kind != "" {
		s.opts.Answered(kind, took, waited)
	}
}

// verified reads a body that Slack signed within the last five minutes.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func (s *Slack) verified(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := callback.Body(w, r, bodyMax)
	if err != nil {
		return nil, err
	}
	verifier, err := slackapi.NewSecretsVerifier(r.Header, s.opts.SigningSecret)
	if errors.Is(err, slackapi.ErrExpiredTimestamp) {
		return nil, callback.ErrOld
	}
	if err != nil {
		return nil, errNotSlack
	}
	if _, err := verifier.Write(body); err != nil {
		return nil, errNotSlack
	}
	if err := verifier.Ensure(); err != nil {
		return nil, errNotSlack
	}
	return body, nil
}

// replayed says whether the very same request came before.
func (s *Slack) replayed(r *http.Request) bool {
	came, _ := s.replay.ContainsOrAdd(r.Header.Get("X-Slack-Signature"), struct{}{})
	return came
}

// write answers as Slack wants it: 200, and JSON if there is something to say.
func (s *Slack) write(w http.ResponseWriter, path string, answer any, err error) {
	no, refused := errors.AsType[*callback.Refusal](err)
	switch {
	case refused:
		s.log.WithFields(map[string]any{"callback": path, "status": no.Status}).Warn("slack: a request was refused: " + no.Why)
		http.Error(w, no.Why, no.Status)
	case err != nil: // Slack tells it again
		http.Error(w, "not now", http.StatusServiceUnavailable)
	case answer == nil:
		w.WriteHeader(http.StatusOK)
	default:
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			s.log.WithError(err).Debug("slack: nobody waited for the answer")
		}
	}
}

// postedCommand answers a slash command.
func (s *Slack) postedCommand(ctx context.Context, h chat.Handler, body []byte) (string, any, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, callback.ErrGarbage
	}
	if form.Get("ssl_check") == "1" { // Slack looks at the certificate
		return "", nil, nil
	}
	answer, err := s.command(ctx, h, slash{
		Command: form.Get("command"), Text: form.Get("text"), User: form.Get("user_id"), UserName: form.Get("user_name"),
		Channel: form.Get("channel_id"), Team: form.Get("team_id"), Enterprise: form.Get("enterprise_id"),
		OrgWide: form.Get("is_enterprise_install"), Trigger: form.Get("trigger_id"), ResponseURL: form.Get("response_url"),
	})
	return "command", answer, err
}

// postedInteraction answers buttons, forms and shortcuts.
func (s *Slack) postedInteraction(ctx context.Context, h chat.Handler, body []byte) (string, any, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return "", nil, callback.ErrGarbage
	}
	return s.interactive(ctx, h, []byte(form.Get("payload")))
}

// postedEvent takes an event in.
func (s *Slack) postedEvent(ctx context.Context, h chat.Handler, body []byte) (string, any, error) {
	var hello struct{ Type, Challenge string }
	if json.Unmarshal(body, &hello) != nil {
		return "", nil, callback.ErrGarbage
	}
	if hello.Type == "url_verification" {
		return "", map[string]string{"challenge": hello.Challenge}, nil
	}
	return "event", nil, s.happened(ctx, h, body)
}
