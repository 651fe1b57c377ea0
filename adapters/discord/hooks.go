package discord

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"balie/adapters/callback"
	"balie/adapters/memo"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// interactionPath is where Discord sends interactions, below /hooks/discord.
const interactionPath = "/interaction"

// bodyMax is how large an interaction may be, in bytes.
const bodyMax = 1 << 20

// ageMax is how old an interaction may be, or how much the clocks may differ.
const ageMax = 5 * time.Minute

var (
	errNotDiscord = &callback.Refusal{Status: http.StatusUnauthorized, Why: "this does not come from Discord, or " +
		"DISCORD_PUBLIC_KEY is another application's"}
	errOther = &callback.Refusal{Status: http.StatusUnauthorized, Why: "this is another application's"}
)

func (d *Discord) routes(h chat.Handler) http.Handler {
	v := &verifier{key: d.key, seen: memo.New[string, struct{}](20_000), now: time.Now}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if callback.Path(r) != interactionPath {
			http.NotFound(w, r)
			return
		}
		if !callback.Posted(w, r, "Discord") {
			return
		}
		began := time.Now()
		ctx, waitedFor := upstream.Counting(r.Context())
		body, err := v.read(w, r)
		var out answer
		var kind string
		var after []func(context.Context)
		if err == nil {
			out, kind, after, err = d.posted(ctx, h, body)
		}
		took, waited := time.Since(began), waitedFor.Total()
		if err == nil {
			d.answered(kind, took, waited)
		}
		callback.Timing(w, took, waited)
		d.write(w, out, err)
		if len(after) > 0 {
			// Discord takes no more before it has the answer.
			if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
				d.log.WithError(err).Debug("discord: nobody waited for the answer")
			}
			d.goOn(ctx, after)
		}
	})
}

// verifier lets through what Discord signed, once.
type verifier struct {
	key  ed25519.PublicKey
	seen *lru.Cache[string, struct{}] // signatures
	now  func() time.Time
}

// read reads a body that Discord signed within the last five minutes.
// https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
func (v *verifier) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := callback.Body(w, r, bodyMax)
	if err != nil {
		return nil, err
	}
	stamp := r.Header.Get("X-Signature-Timestamp")
	signature, err := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
	if err != nil || len(signature) != ed25519.SignatureSize || !ed25519.Verify(v.key, append([]byte(stamp), body...), signature) {
		return nil, errNotDiscord
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || v.now().Sub(time.Unix(seconds, 0)).Abs() > ageMax {
		return nil, callback.ErrOld
	}
	if came, _ := v.seen.ContainsOrAdd(string(signature), struct{}{}); came {
		return nil, callback.ErrReplay
	}
	return body, nil
}

// posted answers an interaction that came over HTTP.
func (d *Discord) posted(ctx context.Context, h chat.Handler, body []byte) (out answer, kind string, after []func(context.Context), err error) {
	in, err := readInteraction(body)
	if err != nil {
		return answer{}, "", nil, callback.ErrGarbage
	}
	ours := d.self.application()
	switch {
	case ours != "" && in.Application != "" && in.Application != ours:
		return answer{}, "", nil, errOther
	case in.Type == pingInteraction:
		return answer{Type: answerPong}, "", nil, nil
	case !in.sensible():
		return answer{}, "", nil, callback.ErrGarbage
	case d.done.Contains(in.ID): // nobody waits for this any more
		return in.acknowledged(), "", nil, nil
	}
	out, kind, after = d.answering(ctx, h, in)
	return out, kind, after, nil
}

// flags are all that a message that is still to come may have.
type flags struct {
	Flags int `json:"flags"`
}

// acknowledged is the answer to what was answered before.
func (in wireInteraction) acknowledged() answer {
	switch {
	case in.Type == completeInteraction:
		return answer{Type: answerChoices, Data: choices{Choices: []choice{}}}
	case in.Message != nil:
		return answer{Type: answerDeferredUpdate}
	}
	return answer{Type: answerDeferredMessage, Data: flags{flagEphemeral}}
}

// write answers as Discord wants it: 200 and JSON, or a refusal.
func (d *Discord) write(w http.ResponseWriter, out answer, err error) {
	if err != nil {
		no, ok := errors.AsType[*callback.Refusal](err)
		if !ok {
			no = callback.ErrGarbage
		}
		d.log.WithField("status", no.Status).Warn("discord: a request was refused: " + no.Why)
		http.Error(w, no.Why, no.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		d.log.WithError(err).Debug("discord: nobody waited for the answer")
	}
}
