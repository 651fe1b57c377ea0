package mattermostfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// newTrigger makes a trigger id for somebody: what the client gets, and the sealed form for integrations.
func (s *Server) newTrigger(user string) (client, sealed string) {
	client = model.NewId()
	data := client + ":" + user + ":" + strconv.FormatInt(s.millis(), 10) + ":"
	return client, base64.StdEncoding.EncodeToString([]byte(data + s.seal(data)))
}

func (s *Server) seal(data string) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(data))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
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
	if s.now().Sub(time.UnixMilli(ms)) > s.timeout {
		return bad("expired")
	}
	if !hmac.Equal([]byte(parts[3]), []byte(s.seal(strings.Join(parts[:3], ":")+":"))) {
		return bad("verify_signature_failed")
	}
	return parts[0], parts[1], nil
}
