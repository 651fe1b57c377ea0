package doctor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// WrongAddress is what is wrong with BALIE_URL, and what to do; empty if nothing is. Who is such as "Slack calls", and instead
// what else can be done, such as "or use Socket Mode, which needs none". What stands in for a platform (own is false) may be
// choosy in its own way.
func WrongAddress(address, who, instead string, own bool) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return "BALIE_URL must be an address such as https://helpdesk.example.org"
	case !own:
	case private(u.Hostname()):
		return fmt.Sprintf("BALIE_URL is %s, which is not reached from the internet: set it to a public https address, %s", address, instead)
	case u.Scheme != "https":
		return fmt.Sprintf("BALIE_URL is %s: %s only https addresses; put a proxy with TLS in front and set it to that address, %s",
			address, who, instead)
	}
	return ""
}

// private says whether the host is of this machine or a private network, as it stands there.
func private(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return a.IsPrivate() || a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || !strings.Contains(host, ".")
}

// Unanswered is why nothing answers at BALIE_URL, which the platform could not use either, and what to do.
func Unanswered(address, platform string, err error) string {
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("%s has a certificate that is not trusted: %v; %s refuses it, too", address, certificate.Err, platform)
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("BALIE_URL: %s has no address (%s): see its entry in the DNS", name.Name, name.Err)
	}
	return fmt.Sprintf("at %s Balie does not answer, not even from here: %s; see what is between (proxy, name, certificate)",
		address, Reason(err))
}

// Reason is an error of the network without the address that was asked for, which may hold a token.
func Reason(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return err.Error()
}

// bodyMax is how many bytes of an answer are read.
const bodyMax = 64 << 10

// Ask makes a request of our own address and follows no redirect: to is where one leads.
func Ask(client *http.Client, req *http.Request) (status int, to, body string, err error) {
	straight := *client
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := straight.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, bodyMax))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return 0, "", "", err
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(data), nil
}
