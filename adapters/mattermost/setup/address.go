package setup

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mattermost/mattermost/server/public/model"
)

// AllowedSetting is the setting with the internal addresses that a server may call, and where admins find it.
const AllowedSetting = allowedName + ", at " + allowedConsole

const (
	allowedName    = "ServiceSettings.AllowedUntrustedInternalConnections"
	allowedConsole = "System Console > Environment > Developer > Allow untrusted internal connections to"
	resolveWait    = 5 * time.Second
)

// reserved are the networks that Mattermost's integrations may call only if its admins allow it.
var reserved = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
	"240.0.0.0/4", "::/127", "64:ff9b::/96", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8")

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

// Callable says whether a server calls the host with these addresses, of which it has some itself (own), when it is set to
// allow what stands in allowed. That is so if the host is named there as it stands in our address, or if one of its addresses
// is neither reserved nor the server's own, or is in a network that is named there. A bare address there is good only for a
// host that is written as that address.
func Callable(host string, addresses, own []netip.Addr, allowed string) bool {
	entries := strings.FieldsFunc(allowed, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
	if slices.Contains(entries, host) {
		return true
	}
	return slices.ContainsFunc(addresses, func(a netip.Addr) bool {
		a = a.Unmap().WithZone("")
		within := func(p netip.Prefix) bool { return p.Contains(a) }
		if !slices.ContainsFunc(reserved, within) && !slices.Contains(own, a) {
			return true
		}
		return slices.ContainsFunc(entries, func(e string) bool {
			p, err := netip.ParsePrefix(e)
			return err == nil && within(p)
		})
	})
}

// Allowing is the setting's value with the host in it.
func Allowing(host, allowed string) string {
	return strings.TrimSpace(strings.TrimSpace(allowed) + " " + host)
}

// Place is where a host is, as seen from this machine.
type Place struct {
	Host      string
	Addresses []netip.Addr
	Loopback  bool // only this machine reaches it
	Here      bool // it is this machine
}

// Locate resolves the host of an address.
func Locate(ctx context.Context, address string) (Place, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return Place{}, fmt.Errorf("%q is no address such as https://helpdesk.example.org", address)
	}
	p := Place{Host: u.Hostname()}
	ctx, cancel := context.WithTimeout(ctx, resolveWait)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", p.Host)
	if err != nil {
		return p, fmt.Errorf("%s can't be found from here: %w", p.Host, err)
	}
	mine, err := net.InterfaceAddrs()
	if err != nil {
		return p, fmt.Errorf("find this machine's own addresses: %w", err)
	}
	p.Loopback = true
	for _, a := range found {
		a = a.Unmap().WithZone("")
		p.Addresses = append(p.Addresses, a)
		p.Loopback = p.Loopback && (a.IsLoopback() || a.IsUnspecified())
		p.Here = p.Here || a.IsLoopback() || a.IsUnspecified() || slices.ContainsFunc(mine, func(m net.Addr) bool {
			n, err := netip.ParsePrefix(m.String())
			return err == nil && n.Addr().Unmap() == a
		})
	}
	return p, nil
}

// lookAfterAddress sees that the server may call Balie's address.
func (s *session) lookAfterAddress(ctx context.Context) {
	balie, err := Locate(ctx, s.Callback)
	if err != nil {
		s.say(ToDo, "callback", "%v; see that Mattermost finds it, or give another address with --callback-url", err)
		return
	}
	chat, err := Locate(ctx, s.URL)
	if err != nil {
		s.say(ToDo, "callback", "%v", err)
		return
	}
	if balie.Loopback && !chat.Here {
		s.say(ToDo, "callback", "%s is this machine only, and Mattermost runs on another: give an address that Mattermost "+
			"reaches with --callback-url", s.Callback)
		return
	}
	if s.config == nil || s.config.ServiceSettings.AllowedUntrustedInternalConnections == nil {
		s.allowBlindly(balie, chat)
		return
	}
	allowed := *s.config.ServiceSettings.AllowedUntrustedInternalConnections
	value := Allowing(balie.Host, allowed)
	switch {
	case Callable(balie.Host, balie.Addresses, chat.Addresses, allowed):
		s.say(Found, "callback", "Mattermost may call %s", s.Callback)
	case !s.ChangeSettings:
		s.say(ToDo, "callback", "Mattermost may not call %s (%s): set %s to “%s”, at %s, or run this with --change-settings",
			s.Callback, list(balie.Addresses), allowedName, value, allowedConsole)
	default:
		patch := &model.Config{}
		patch.ServiceSettings.AllowedUntrustedInternalConnections = &value
		done := func(c *model.Config) bool {
			now := c.ServiceSettings.AllowedUntrustedInternalConnections
			return now != nil && *now == value
		}
		if s.change(ctx, allowedName, allowedConsole+": "+value, patch, done) {
			s.say(Changed, "callback", "Mattermost may call %s: %s is “%s” now", s.Callback, allowedName, value)
		}
	}
}

// allowBlindly is for admins who may not see the setting.
func (s *session) allowBlindly(balie, chat Place) {
	if Callable(balie.Host, balie.Addresses, chat.Addresses, "") {
		s.say(Found, "callback", "Mattermost may call %s, as any public address", s.Callback)
		return
	}
	s.say(ToDo, "callback", "@%s may not see whether Mattermost may call %s (%s): ask a system admin to add %s to %s, at %s",
		s.me.Username, s.Callback, list(balie.Addresses), balie.Host, allowedName, allowedConsole)
}

func list(addresses []netip.Addr) string {
	var out []string
	for _, a := range addresses {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}
