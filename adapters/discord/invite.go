package discord

import (
	"net/url"
	"strconv"
)

// Invite is the link that adds the bot to a server, with the permissions that it uses.
// https://docs.discord.com/developers/topics/oauth2
func Invite(application string) string {
	var all uint64
	for _, p := range Permissions() {
		all |= p.Bit
	}
	const toServers = "0" // and not to somebody's account
	q := url.Values{
		"client_id": {application}, "integration_type": {toServers}, "permissions": {strconv.FormatUint(all, 10)},
		"scope": {"bot applications.commands"},
	}
	return "https://discord.com/oauth2/authorize?" + q.Encode()
}
