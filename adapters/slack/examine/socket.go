package examine

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

const dialWait = 10 * time.Second

// appTokenPattern finds the app's id in its token, where Slack writes it.
var appTokenPattern = regexp.MustCompile(`^xapp-[0-9]+-(A[A-Z0-9]+)-`)

// lookAtSocket says whether Socket Mode would connect. It does not connect itself: Slack would send it a part of what happens.
func (v *visit) lookAtSocket(ctx context.Context) {
	_, address, err := v.api.StartSocketModeContext(ctx)
	switch code := codeOf(err); {
	case err != nil && code == "":
		v.Problem("Socket Mode: Slack can't be asked at %s: %s", v.APIURL, reason(err))
		return
	case code == "missing_scope" || code == "not_allowed_token_type" || code == "no_permission":
		v.Problem("SLACK_APP_TOKEN may not open sockets: generate one with connections:write under Basic Information > App-Level Tokens")
		return
	case code == "invalid_auth" || code == "not_authed" || code == "token_revoked" || code == "account_inactive":
		v.Problem("SLACK_APP_TOKEN does not work (any more): generate one with connections:write under Basic Information > App-Level Tokens")
		return
	case err != nil:
		v.Problem("Slack opens no socket for SLACK_APP_TOKEN and says %s: see that Socket Mode is on in the app's settings", code)
		return
	}
	if m := appTokenPattern.FindStringSubmatch(v.AppToken); m != nil && v.app != "" && m[1] != v.app {
		v.Problem("SLACK_APP_TOKEN is of the app %s and SLACK_BOT_TOKEN of %s: take both from one app", m[1], v.app)
		return
	}
	host, err := reach(ctx, address)
	if err != nil {
		v.Problem("Slack gives a socket at %s, which can't be opened from here: %s; a firewall must let it through", host, reason(err))
		return
	}
	v.Fine("Socket Mode: SLACK_APP_TOKEN works, and %s can be reached", host)
}

// reach looks whether something answers where the socket is, and gives its host.
func reach(ctx context.Context, address string) (host string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "an address that can't be read", fmt.Errorf("it is %d characters long", len(address))
	}
	secure := u.Scheme != "ws"
	port, scheme := "80", "http"
	if secure {
		port, scheme = "443", "https"
	}
	if u.Port() != "" {
		port = u.Port()
	}
	asked := &http.Request{URL: &url.URL{Scheme: scheme, Host: u.Host}}
	if proxy, err := http.ProxyFromEnvironment(asked); err != nil || proxy != nil {
		return u.Hostname(), err // the proxy opens it
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	var conn net.Conn
	if secure {
		conn, err = new(tls.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	}
	if err != nil {
		return u.Hostname(), err
	}
	return u.Hostname(), conn.Close()
}
