package examine

import (
	"context"
	"net/http"
	"strings"

	"balie/adapters/discord"
)

// lookAtApplication says whether the bot's token works, and whether the other settings are of the same application.
func (v *visit) lookAtApplication(ctx context.Context) bool {
	app, err := v.client.Application(ctx)
	switch status, _ := discord.Refused(err); {
	case status == http.StatusUnauthorized:
		v.Problem("DISCORD_TOKEN does not work: make a new one with Bot > Reset Token in the application's settings at %s", portal)
		return false
	case status != 0:
		v.Problem("which application the bot is of can't be asked: Discord says %s", discord.Why(err))
		return false
	case err != nil:
		v.Problem("Discord can't be asked: %s; see that this machine may open it (firewall, proxy, name)", discord.Why(err))
		return false
	case app.ID == "" || app.BotID == "":
		v.Problem("what answers at DISCORD_API_URL is not Discord: leave it out, or set it right")
		return false
	}
	v.app = app
	v.Fine("DISCORD_TOKEN is the bot %s's (%s), of the application %s", app.Bot, app.BotID, app.ID)
	if v.ApplicationID != "" && v.ApplicationID != app.ID {
		v.Problem("DISCORD_APPLICATION_ID is %s and DISCORD_TOKEN of the application %s: take both from one application, or leave the id out",
			v.ApplicationID, app.ID)
	}
	if app.Code {
		v.Problem("the bot can't be added to servers: switch off Requires OAuth2 Code Grant under Bot in the application's settings")
	}
	return true
}

// lookAtIntents says what the bot is told of people and of what they write.
// https://docs.discord.com/developers/events/gateway#privileged-intents
func (v *visit) lookAtIntents() {
	if v.app.Members {
		v.Fine("Server Members Intent: it is on, so that agents are found by channel and by role")
	} else {
		v.Problem("Server Members Intent: it is off, so that nobody is found as an agent by channel or by role; switch it on under " +
			"Bot > Privileged Gateway Intents in the application's settings")
	}
	if v.app.Content {
		v.Fine("Message Content Intent: it is on, so that what people write in tickets' threads is read")
	} else {
		v.Fine("Message Content Intent: it is off, so that what people write in tickets' threads is not read, and they answer with the " +
			"buttons Reply and Add; to have it read, switch it on under Bot > Privileged Gateway Intents; Balie notices within five minutes")
	}
}

// shown is how many servers are named.
const shown = 5

// lookAtServers says which servers the bot is in.
func (v *visit) lookAtServers(ctx context.Context) {
	guilds, err := v.client.Guilds(ctx)
	if err != nil {
		v.Problem("which servers the bot is in can't be asked: %s", discord.Why(err))
		return
	}
	v.guilds = map[string]string{}
	for _, g := range guilds {
		v.guilds[g.ID] = g.Name
	}
	if len(guilds) == 0 {
		v.Problem("the bot is in no server: open %s as somebody who may manage the server", discord.Invite(v.app.ID))
		return
	}
	var names []string
	for _, g := range guilds[:min(len(guilds), shown)] {
		names = append(names, line(g.Name)+" ("+g.ID+")")
	}
	more := ""
	if n := len(guilds) - shown; n > 0 {
		more = ", and " + count(n, "other")
	}
	v.Fine("the bot is in %s: %s%s", count(len(guilds), "server"), strings.Join(names, ", "), more)
}
