// Package examine looks with Balie's settings whether a Discord application and Balie are ready for each other, and says what
// to do about what is not. It leaves nothing behind.
package examine

import (
	"context"
	"net/http"
	"strings"
	"time"

	"balie/adapters/discord"
	"balie/adapters/doctor"
	"balie/internal/chat"
)

// examineWait bounds all of it, and callWait each call of our own address.
const (
	examineWait = time.Minute
	callWait    = 15 * time.Second
)

// portal is where admins find their applications.
const portal = "https://discord.com/developers/applications"

// Options are Balie's settings for Discord. What is empty is not looked at.
type Options struct {
	Token         string
	ApplicationID string
	PublicKey     string // interactions come over HTTP
	APIURL        string // Discord's own if empty
	URL           string // Balie's own address, as Discord reaches it
	Running       bool   // whether a Balie is running, so that its address can be tried
	Commands      chat.CommandSpec
	Channels      []Channel    // that the policy names; nil if it is not known
	Agents        []Agent      // that the policy names on Discord
	HTTP          *http.Client // for our own address; one of its own if nil
}

// Channel is one that the policy names.
type Channel struct {
	Workspace string // the server; empty if it goes without saying
	ID        string
	Requests  bool     // it is for conversations with requesters, else for cards
	Statuses  []string // as tickets there have them: a forum may have tags of these names
}

// Agent is a person, or everybody who has a role.
type Agent struct{ Person, Role string } // ids, one of them empty

// visit is one examination.
type visit struct {
	Options
	doctor.Findings
	client *discord.Client
	own    bool // it is Discord itself, not something in its place
	app    discord.Application
	guilds map[string]string // names of the servers that the bot is in, by id; nil if it is not known
}

// Examine looks at everything that can be looked at: without Discord or a token that works, that is not much.
func Examine(ctx context.Context, o Options) []doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, examineWait)
	defer cancel()
	v := &visit{Options: o, own: o.APIURL == ""}
	v.URL = strings.TrimRight(o.URL, "/")
	if v.HTTP == nil {
		v.HTTP = &http.Client{Timeout: callWait}
	}
	client, err := discord.NewClient(o.APIURL, o.Token)
	if err != nil {
		v.Problem("DISCORD_API_URL must be an address such as https://discord.com/api/v9, or left out")
		return v.Findings
	}
	defer client.Close()
	v.client = client
	if !v.lookAtApplication(ctx) {
		return v.Findings
	}
	v.lookAtEndpoint(ctx)
	v.lookAtIntents()
	v.lookAtServers(ctx)
	v.lookAtChannels(ctx)
	v.lookAtAgents(ctx)
	v.lookAtCommands(ctx)
	v.lookAtGateway(ctx)
	v.lookAtFiles(ctx)
	v.lookAtClock()
	return v.Findings
}
