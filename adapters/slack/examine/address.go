package examine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"balie/adapters/doctor"
	"balie/adapters/slack/manifest"
)

// lookAtAddress says whether Balie takes in what Slack signs, by doing what Slack does before it uses an address.
func (v *visit) lookAtAddress(ctx context.Context) {
	instead := "or use Socket Mode (SLACK_APP_TOKEN), which needs none"
	if v.AppToken != "" {
		instead = "or take SLACK_SIGNING_SECRET away if the app is in Socket Mode"
	}
	if !v.lookAtURL("Slack calls", instead) {
		return
	}
	if !v.Running {
		v.Fine("whether %s takes Slack's requests can be seen when Balie is running: run this again then", v.URL+manifest.EventsPath)
		return
	}
	v.tryEvent(ctx)
}

// lookAtURL says whether the address is one that Slack takes, and what is wrong with it once.
func (v *visit) lookAtURL(who, instead string) bool {
	if v.badURL {
		return false
	}
	wrong := doctor.WrongAddress(v.URL, who, instead, v.own)
	if v.badURL = wrong != ""; v.badURL {
		v.Problem("%s", wrong)
	}
	return !v.badURL
}

// tryEvent sends what Slack sends to verify an address, signed as Slack signs it.
func (v *visit) tryEvent(ctx context.Context) {
	address, challenge := v.URL+manifest.EventsPath, rand.Text()
	status, to, body, err := v.post(ctx, address, map[string]string{"type": "url_verification", "challenge": challenge})
	switch {
	case err != nil:
		v.Problem("%s", doctor.Unanswered(v.URL, "Slack", err))
	case status/100 == 3:
		v.Problem("%s sends on to %s, and Slack's requests lose their content on the way: set BALIE_URL to where it ends", address, to)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		v.Problem("%s refuses what is signed with SLACK_SIGNING_SECRET (%s): the Balie that runs there has another one, "+
			"or something before it asks for a login", address, http.StatusText(status))
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		v.Problem("%s does not take Slack's requests (%s): start Balie again with SLACK_SIGNING_SECRET, and see that BALIE_URL "+
			"and the proxy lead /hooks/slack/ to it", address, http.StatusText(status))
	case status != http.StatusOK:
		v.Problem("%s answers with HTTP status %d: see Balie's log, and what is between", address, status)
	case !strings.Contains(body, challenge):
		v.Problem("something else than Balie answers at %s: set BALIE_URL right, and see that the proxy leads /hooks/slack/ to Balie", address)
	default:
		v.Fine("%s takes what SLACK_SIGNING_SECRET signs: it was tried from here; that Slack reaches it, with that secret, shows "+
			"under Event Subscriptions, where the Request URL must be verified", address)
	}
}

// post sends JSON with Slack's signature, and follows no redirect. https://docs.slack.dev/authentication/verifying-requests-from-slack
func (v *visit) post(ctx context.Context, address string, content any) (status int, to, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	data, err := json.Marshal(content)
	if err != nil {
		return 0, "", "", err
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(v.SigningSecret))
	mac.Write([]byte("v0:" + at + ":"))
	mac.Write(data)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(string(data)))
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Slack-Request-Timestamp", at)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return doctor.Ask(v.HTTP, req)
}
