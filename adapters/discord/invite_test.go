package discord_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"balie/adapters/discord"
)

func TestTheInviteHasEveryPermissionAndNoOther(t *testing.T) {
	u, err := url.Parse(discord.Invite("123"))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme+"://"+u.Host+u.Path != "https://discord.com/oauth2/authorize" || q.Get("client_id") != "123" || q.Get("integration_type") != "0" ||
		q.Get("scope") != "bot applications.commands" || len(q) != 4 {
		t.Errorf("the link is %s", u)
	}
	have, err := strconv.ParseUint(q.Get("permissions"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if want := discord.Needs(false) | discord.Needs(true); have != want {
		t.Errorf("the link gives %b, and the bot needs %b", have, want)
	}
	var names []string
	for _, p := range discord.Permissions() {
		if p.Bit == 0 || p.Bit&(p.Bit-1) != 0 || have&p.Bit == 0 || p.Name == "" {
			t.Errorf("%s is no permission, or not in the link: %b", p.Name, p.Bit)
		}
		names = append(names, p.Name)
	}
	if lacking := discord.Lacking(0, have); strings.Join(lacking, "|") != strings.Join(names, "|") {
		t.Errorf("without any, the bot lacks %v, and not %v", lacking, names)
	}
	if lacking := discord.Lacking(have, have); lacking != nil {
		t.Errorf("with all, the bot lacks %v", lacking)
	}
}
