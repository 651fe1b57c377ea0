package examine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

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
		v.fine("whether %s takes Slack's requests can be seen when Balie is running: run this again then", v.URL+manifest.EventsPath)
		return
	}
	v.tryEvent(ctx)
}

// lookAtURL says whether the address is one that Slack takes, and what is wrong with it once.
func (v *visit) lookAtURL(who, instead string) (fine bool) {
	if v.badURL {
		return false
	}
	defer func() { v.badURL = !fine }()
	u, err := url.Parse(v.URL)
	switch {
	case err != nil || u.Hostname() == "":
		v.problem("BALIE_URL must be an address such as https://helpdesk.example.org")
		return false
	case !v.own:
		return true // what stands in for Slack may be choosy in its own way
	case private(u.Hostname()):
		v.problem("BALIE_URL is %s, which is not reached from the internet: set it to a public https address, %s", v.URL, instead)
		return false
	case u.Scheme != "https":
		v.problem("BALIE_URL is %s: %s only https addresses; put a proxy with TLS in front and set it to that address, %s", v.URL, who, instead)
		return false
	}
	return true
}

// private says whether the host is of this machine or a private network, as it stands there.
func private(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return a.IsPrivate() || a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || !strings.Contains(host, ".")
}

// tryEvent sends what Slack sends to verify an address, signed as Slack signs it.
func (v *visit) tryEvent(ctx context.Context) {
	address, challenge := v.URL+manifest.EventsPath, rand.Text()
	status, to, body, err := v.post(ctx, address, map[string]string{"type": "url_verification", "challenge": challenge})
	certificate, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	name, unknownName := errors.AsType[*net.DNSError](err)
	switch {
	case badCertificate:
		v.problem("%s has a certificate that is not trusted: %v; Slack refuses it, too", v.URL, certificate.Err)
	case unknownName:
		v.problem("BALIE_URL: %s has no address (%s): see its entry in the DNS", name.Name, name.Err)
	case err != nil:
		v.problem("at %s Balie does not answer, not even from here: %s; see what is between (proxy, name, certificate)", v.URL, reason(err))
	case status/100 == 3:
		v.problem("%s sends on to %s, and Slack's requests lose their content on the way: set BALIE_URL to where it ends", address, to)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		v.problem("%s refuses what is signed with SLACK_SIGNING_SECRET (%s): the Balie that runs there has another one, "+
			"or something before it asks for a login", address, http.StatusText(status))
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		v.problem("%s does not take Slack's requests (%s): start Balie again with SLACK_SIGNING_SECRET, and see that BALIE_URL "+
			"and the proxy lead /hooks/slack/ to it", address, http.StatusText(status))
	case status != http.StatusOK:
		v.problem("%s answers with HTTP status %d: see Balie's log, and what is between", address, status)
	case !strings.Contains(body, challenge):
		v.problem("something else than Balie answers at %s: set BALIE_URL right, and see that the proxy leads /hooks/slack/ to Balie", address)
	default:
		v.fine("%s takes what SLACK_SIGNING_SECRET signs: it was tried from here; that Slack reaches it, with that secret, shows "+
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
	return v.ask(req)
}

// ask makes a request of our own address, and follows no redirect.
func (v *visit) ask(req *http.Request) (status int, to, body string, err error) {
	client := *v.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return 0, "", "", err
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(data), nil
}
