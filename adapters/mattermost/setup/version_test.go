package setup

import (
	"net/netip"
	"strings"
	"testing"
)

func TestVersions(t *testing.T) {
	for text, want := range map[string]struct {
		version, can string
		supported    bool
	}{
		"10.4.9": {"10.4.9", "category first", false}, "10.5.0": {"10.5.0", "category first", true}, "11.0": {"11.0.0", "category first", true},
		"11.1.0": {"11.1.0", "follow what is chosen; files go into", true}, "11.10.2": {"11.10.2", "and take files", true}, "12.0.0.dev": {"12.0.0", "and take files", true},
	} {
		v, err := parseVersion(text)
		if err != nil || v.String() != want.version || v.Supported() != want.supported || !strings.Contains(v.Abilities(), want.can) {
			t.Errorf("%q: %s, supported: %v, %s, %v", text, v, v.Supported(), v.Abilities(), err)
		}
	}
	for _, text := range []string{"", "eleven", "11.x"} {
		if v, err := parseVersion(text); err == nil {
			t.Errorf("%q is taken for %s", text, v)
		}
	}
}

func TestCallable(t *testing.T) {
	for _, c := range []struct {
		host, addresses, own, allowed string
		want                          bool
	}{
		{host: "desk.example.org", addresses: "8.8.8.8", want: true},
		{host: "desk.example.org", addresses: "2a00:1450::1", want: true},
		{host: "desk.lan", addresses: "10.1.2.3"},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "desk.lan", want: true},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "other.lan"},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "lan"},
		{host: "Desk.lan", addresses: "10.1.2.3", allowed: "desk.lan"}, // compared as written
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "http://desk.lan"},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "10.1.2.3"}, // an address is good for URLs with that address only
		{host: "10.1.2.3", addresses: "10.1.2.3", allowed: "10.1.2.3", want: true},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "10.1.2.3/32", want: true},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "x.lan\n10.0.0.0/8", want: true},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "x.lan,desk.lan", want: true},
		{host: "desk.lan", addresses: "10.1.2.3", allowed: "192.168.0.0/16"},
		{host: "desk.lan", addresses: "10.1.2.3 8.8.8.8", want: true}, // one is enough
		{host: "localhost", addresses: "127.0.0.1 ::1"},
		{host: "localhost", addresses: "127.0.0.1 ::1", allowed: "127.0.0.1"},
		{host: "localhost", addresses: "127.0.0.1 ::1", allowed: "127.0.0.1 localhost", want: true},
		{host: "::1", addresses: "::1", allowed: "::1", want: true},
		{host: "::1", addresses: "::1", allowed: "::/64", want: true},
		{host: "x", addresses: "::ffff:10.0.0.1", allowed: "10.0.0.0/8", want: true},
		{host: "x", addresses: "::ffff:10.0.0.1"},
		{host: "x", addresses: "172.16.0.1"}, {host: "x", addresses: "172.32.0.1", want: true},
		{host: "x", addresses: "192.168.9.9"}, {host: "x", addresses: "169.254.169.254"}, {host: "x", addresses: "100.64.0.1"},
		{host: "x", addresses: "0.0.0.0"}, {host: "x", addresses: "224.0.0.1"}, {host: "x", addresses: "fd00::1"}, {host: "x", addresses: "fe80::1%eth0"},
		{host: "x", addresses: "2001:db8::1"}, {host: "x", addresses: "255.255.255.255"},
		{host: "chat.example.org", addresses: "8.8.8.8", own: "8.8.8.8"}, // the server itself
		{host: "chat.example.org", addresses: "8.8.8.8", own: "8.8.8.8", allowed: "8.8.8.8/32", want: true},
		{host: "chat.example.org", addresses: "8.8.8.8", own: "8.8.8.8", allowed: "chat.example.org", want: true},
		{host: "nowhere.lan"},
	} {
		if got := Callable(c.host, parsed(c.addresses), parsed(c.own), c.allowed); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	for _, c := range [][3]string{{"desk.lan", "", "desk.lan"}, {"desk.lan", " a  b\n", "a  b desk.lan"}} {
		if got := Allowing(c[0], c[1]); got != c[2] {
			t.Errorf("%q with %s: %q", c[1], c[0], got)
		}
	}
}

func parsed(texts string) []netip.Addr {
	var out []netip.Addr
	for text := range strings.FieldsSeq(texts) {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

func TestLocate(t *testing.T) {
	for address, want := range map[string]Place{
		"http://127.0.0.1:8080": {Host: "127.0.0.1", Loopback: true, Here: true},
		"http://[::1]:8080":     {Host: "::1", Loopback: true, Here: true},
		"https://192.0.2.1":     {Host: "192.0.2.1"},
	} {
		got, err := Locate(t.Context(), address)
		if err != nil || got.Host != want.Host || got.Loopback != want.Loopback || got.Here != want.Here || len(got.Addresses) != 1 {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
	for _, address := range []string{"", "desk", "http://"} {
		if got, err := Locate(t.Context(), address); err == nil {
			t.Errorf("%s is %+v", address, got)
		}
	}
}
