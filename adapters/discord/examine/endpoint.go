package examine

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"balie/adapters/discord"
)

// lookAtEndpoint says whether interactions arrive: over HTTP if the application has an address for that, else over the gateway.
// https://docs.discord.com/developers/interactions/overview#configuring-an-interactions-endpoint-url
func (v *visit) lookAtEndpoint(ctx context.Context) {
	ours := v.URL + discord.InteractionPath
	const where = "Interactions Endpoint URL under General Information in the application's settings"
	wrongKey := v.PublicKey != "" && v.app.Key != "" && !strings.EqualFold(v.PublicKey, v.app.Key)
	if wrongKey {
		v.problem("DISCORD_PUBLIC_KEY is not the application's: copy the Public Key from General Information in its settings at %s", portal)
	}
	switch at := v.app.Endpoint; {
	case at == "" && v.PublicKey == "":
		v.fine("interactions come over the gateway")
	case at == "":
		v.fine("interactions come over the gateway, although DISCORD_PUBLIC_KEY is set; to have them over HTTP, start Balie and then set the "+
			where+" to %s", ours)
	case v.PublicKey == "":
		v.problem("no interaction arrives, as Discord sends them to %s, which Balie does not take without DISCORD_PUBLIC_KEY: set that to the "+
			"Public Key, or empty the "+where, at)
	case strings.TrimRight(at, "/") != ours:
		v.problem("no interaction arrives, as Discord sends them to %s: set the "+where+" to %s, or BALIE_URL to the address that Balie has", at, ours)
	case wrongKey || !v.lookAtURL():
	case !v.Running:
		v.fine("interactions come over HTTP; whether %s takes them can be seen when Balie is running: run this again then", ours)
	default:
		v.tryEndpoint(ctx, ours)
	}
}

// lookAtURL says whether the address is one that Discord takes.
func (v *visit) lookAtURL() bool {
	const instead = "or empty the Interactions Endpoint URL, so that interactions come over the gateway"
	u, err := url.Parse(v.URL)
	switch {
	case err != nil || u.Hostname() == "":
		v.problem("BALIE_URL must be an address such as https://helpdesk.example.org")
		return false
	case !v.own:
		return true // what stands in for Discord may be choosy in its own way
	case private(u.Hostname()):
		v.problem("BALIE_URL is %s, which is not reached from the internet: set it to a public https address, %s", v.URL, instead)
		return false
	case u.Scheme != "https":
		v.problem("BALIE_URL is %s: Discord calls only https addresses; put a proxy with TLS in front and set it to that address, %s", v.URL, instead)
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

// tryEndpoint sends what nobody signed, as Discord does now and then to see that it is refused.
func (v *visit) tryEndpoint(ctx context.Context, address string) {
	status, to, err := v.post(ctx, address)
	certificate, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	name, unknownName := errors.AsType[*net.DNSError](err)
	switch {
	case badCertificate:
		v.problem("%s has a certificate that is not trusted: %v; Discord refuses it, too", v.URL, certificate.Err)
	case unknownName:
		v.problem("BALIE_URL: %s has no address (%s): see its entry in the DNS", name.Name, name.Err)
	case err != nil:
		v.problem("at %s Balie does not answer, not even from here: %s; see what is between (proxy, name, certificate)", v.URL, reason(err))
	case status/100 == 3:
		v.problem("%s sends on to %s, where Discord does not follow: set BALIE_URL to where it ends", address, to)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		v.problem("%s does not take interactions (%s): start Balie again with DISCORD_PUBLIC_KEY, and see that BALIE_URL and the proxy "+
			"lead /hooks/discord/ to it", address, http.StatusText(status))
	case status/100 == 2:
		v.problem("%s takes what nobody signed, so it is something else than Balie: set BALIE_URL right, and see that the proxy leads "+
			"/hooks/discord/ to Balie", address)
	case status != http.StatusUnauthorized:
		v.problem("%s answers with HTTP status %d: see Balie's log, and what is between", address, status)
	default:
		v.fine("interactions come over HTTP: %s refuses what is not signed, as it was tried from here", address)
	}
}

// post makes the request without a signature, and follows no redirect.
func (v *visit) post(ctx context.Context, address string) (status int, to string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	const ping = `{"type":1}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(ping))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	client := *v.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	return resp.StatusCode, resp.Header.Get("Location"), resp.Body.Close()
}

// reason is an error of the network without what was asked for.
func reason(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return err.Error()
}
