package mattermostfake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// newKey is a key to sign trigger ids with.
func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// publicKey is what clients are told of the key.
func (s *Server) publicKey() string {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		s.host.Problem("the public key can't be encoded: %v", err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// Trigger is a trigger id of somebody's, as integrations get it with a command or a click.
func (s *Server) Trigger(userID string) string {
	_, sealed := s.newTrigger(userID)
	return sealed
}

// newTrigger makes a trigger id for somebody: what the client gets, and the sealed form for integrations.
func (s *Server) newTrigger(user string) (client, sealed string) {
	client = model.NewId()
	data := client + ":" + user + ":" + strconv.FormatInt(s.millis(), 10) + ":"
	return client, base64.StdEncoding.EncodeToString([]byte(data + s.sign(data)))
}

func (s *Server) sign(data string) string {
	sum := sha256.Sum256([]byte(data))
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, sum[:])
	if err != nil {
		s.host.Problem("a trigger id can't be signed: %v", err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// openTrigger says whose trigger it is, as long as it is good. It may be used more than once.
func (s *Server) openTrigger(sealed string) (client, user string, e *model.AppError) {
	bad := func(why string) (string, string, *model.AppError) {
		return "", "", fault(http.StatusBadRequest, "interactive_message.decode_trigger_id."+why)
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return bad("base64_decode_failed")
	}
	parts := strings.Split(string(b), ":")
	if len(parts) != 4 {
		return bad("missing_data")
	}
	ms, _ := strconv.ParseInt(parts[2], 10, 64)
	if s.host.Now().Sub(time.UnixMilli(ms)) > s.timeout {
		return bad("expired")
	}
	signature, err := base64.StdEncoding.DecodeString(parts[3])
	sum := sha256.Sum256([]byte(strings.Join(parts[:3], ":") + ":"))
	if err != nil || !ecdsa.VerifyASN1(&s.key.PublicKey, sum[:], signature) {
		return bad("verify_signature_failed")
	}
	return parts[0], parts[1], nil
}
