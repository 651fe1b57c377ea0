package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"

	"balie/internal/app"
)

// secretive is a network that knows what may never stand in the log.
type secretive interface {
	secrets() (map[string]string, error) // what each is, by the secret
}

// overheard is all that was logged, down to the last trace.
type overheard struct {
	mu  sync.Mutex
	all strings.Builder
}

// Levels implements logrus.Hook.
func (o *overheard) Levels() []logrus.Level { return logrus.AllLevels }

// Fire implements logrus.Hook.
func (o *overheard) Fire(entry *logrus.Entry) error {
	line, err := entry.String()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.WriteString(line)
	return err
}

// overhear listens to the log of a program of the world's, which tells everything from now on, if its network has secrets.
func (w *world) overhear(log *logrus.Logger) {
	if _, ok := w.net.(secretive); !ok {
		return
	}
	if w.heard == nil {
		w.heard = &overheard{}
	}
	log.SetLevel(logrus.TraceLevel)
	log.AddHook(w.heard)
}

// keepsSecrets fails the test if a secret stands in the log. The program must have ended.
func (w *world) keepsSecrets() {
	w.Helper()
	net, ok := w.net.(secretive)
	if !ok {
		return
	}
	secrets, err := net.secrets()
	if err != nil {
		w.Error(err)
		return
	}
	own, err := w.ownSecret()
	if err != nil {
		w.Errorf("the program's own secret: %v", err)
		return
	}
	for _, form := range []string{string(own), hex.EncodeToString(own), base64.RawStdEncoding.EncodeToString(own),
		base64.RawURLEncoding.EncodeToString(own), fmt.Sprint(own)} {
		secrets[form] = "the program's own secret"
	}
	w.heard.mu.Lock()
	defer w.heard.mu.Unlock()
	all := w.heard.all.String()
	if !strings.Contains(all, "level=") {
		w.Error("nothing was logged at all")
	}
	for secret, what := range secrets {
		if before, _, found := strings.Cut(all, secret); found {
			w.Errorf("%s stands in the log, after: %s", what, before[strings.LastIndexByte(before, '\n')+1:])
		}
	}
}

// ownSecret is the key that the program signs with, which its store keeps.
func (w *world) ownSecret() ([]byte, error) {
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	kept, err := app.OpenStore(w.Context(), w.cfg, silent)
	if err != nil {
		return nil, err
	}
	secret, err := kept.Setting(w.Context(), "secret", func() ([]byte, error) { return nil, errors.New("there is none") })
	return secret, errors.Join(err, kept.Close())
}

// secrets are the bot's token and the key that requests are checked with, and the token of each interaction.
func (n *discordNetwork) secrets() (map[string]string, error) {
	all := map[string]string{n.fake.Token: "the bot's token", n.fake.PublicKey: "the public key"}
	for _, r := range n.fake.Delivered() {
		var in struct{ Token string }
		if err := json.Unmarshal(r.Payload, &in); err != nil || in.Token == "" {
			return nil, fmt.Errorf("an interaction without a token: %w", err)
		}
		all[in.Token] = "the token of an interaction"
	}
	return all, nil
}
