package mattermost

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// abilities are what the server can do beyond what every supported one can, by its version.
type abilities struct {
	version  string
	multi    bool             // several options of a select, from 11.0
	steps    bool             // a dialog that changes while it is filled in, or is followed by another one; from 11.1
	dates    bool             // from 11.1
	files    bool             // from 11.10
	verified bool             // nobody has an e-mail address that is not theirs
	key      *ecdsa.PublicKey // what the server signs trigger ids with; nil if it does not tell
}

// atLeast says whether a version such as "11.4.0.11.4.0.abc.true" is the one given or newer.
func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	ma, err := strconv.Atoi(parts[0])
	if err != nil {
		return false
	}
	mi, err := strconv.Atoi(parts[1])
	if err != nil {
		return false
	}
	return ma > major || ma == major && mi >= minor
}

// meet learns who the bot is and what the server can do.
func (m *Mattermost) meet(ctx context.Context) (*model.User, error) {
	self, resp, err := m.api.GetMe(ctx, "")
	if err != nil {
		return nil, m.sendError("ask who the bot is", resp, err)
	}
	version := resp.ServerVersion
	settings, resp, err := m.api.GetClientConfig(ctx, "")
	if err != nil {
		return nil, m.sendError("ask for the server's settings", resp, err)
	}
	m.able.Store(&abilities{
		version: version,
		multi:   atLeast(version, 11, 0), steps: atLeast(version, 11, 1), dates: atLeast(version, 11, 1), files: atLeast(version, 11, 10),
		verified: settings["RequireEmailVerification"] == "true",
		key:      signingKey(settings["AsymmetricSigningPublicKey"]),
	})
	m.self.Store(self)
	return self, nil
}

// me is the bot's account, asked for if it is not known yet.
func (m *Mattermost) me(ctx context.Context) (*model.User, error) {
	if self := m.self.Load(); self != nil {
		return self, nil
	}
	v, err, _ := m.sending.Do("me", func() (any, error) { return m.meet(ctx) })
	if err != nil {
		return nil, err
	}
	self, ok := v.(*model.User)
	if !ok {
		return nil, fmt.Errorf("mattermost: the bot's account is a %T", v)
	}
	return self, nil
}

// signingKey reads the key that the server shows to everybody; nil if it is none.
func signingKey(text string) *ecdsa.PublicKey {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	key, _ := public.(*ecdsa.PublicKey)
	return key
}

// triggerLife is how old a trigger id may be. Its clock is the server's, so this is generous; the server itself takes it
// for half a minute.
const triggerLife = 5 * time.Minute

// genuine says whether a trigger id shows that this person did something on the server just now. It is the one thing in a
// callback that the server signs: without it, whoever came to know a button's token could press it in another's name.
func (m *Mattermost) genuine(trigger, user string) bool {
	key := m.able.Load().key
	if key == nil {
		return true // the server does not tell: the token has to do
	}
	_, whose, err := model.DecodeAndVerifyTriggerId(trigger, &ecdsa.PrivateKey{PublicKey: *key}, triggerLife)
	return err == nil && whose == user
}
