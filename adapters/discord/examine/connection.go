package examine

import (
	"context"
	"net/http"
	"strings"
	"time"

	"balie/adapters/discord"
)

// lookAtCommands says whether people find the commands of this version.
func (v *visit) lookAtCommands(ctx context.Context) {
	if v.Commands.Name == "" {
		return
	}
	have, err := v.client.Commands(ctx, v.app.ID, v.Commands)
	names := strings.Join(have.Names, ", ")
	switch {
	case err != nil:
		v.Problem("which commands are registered can't be asked: %s", discord.Why(err))
	case have.Current:
		v.Fine("the commands are registered as this version has them: %s", names)
	case v.Running:
		v.Problem("a Balie is running, but Discord does not have the commands as this version has them: see its log, and start it again")
	case names == "":
		v.Fine("the commands are not registered yet: Balie does that when it starts")
	default:
		v.Fine("the commands that are registered (%s) are not this version's: Balie replaces them when it starts", names)
	}
}

// fewest is the part of the sessions in a day that should be left.
const fewest = 10

// lookAtGateway says whether the bot may connect, and can. It begins no session, which would count.
func (v *visit) lookAtGateway(ctx context.Context) {
	starts, err := v.client.Gateway(ctx)
	again := time.Now().Add(starts.Again).UTC().Format("2006-01-02 15:04 UTC")
	switch {
	case err != nil:
		v.Problem("where the gateway is can't be asked: %s", discord.Why(err))
	case starts.Left == starts.Total:
		v.Fine("the gateway may be connected to")
	case starts.Left == 0:
		v.Problem("the bot has begun all %d sessions that it may in a day, and hears nothing until %s: see in Balie's log why it connects so often",
			starts.Total, again)
	case starts.Left < starts.Total/fewest:
		v.Problem("the bot may begin only %d of %d sessions until %s: see in Balie's log why it connects so often", starts.Left, starts.Total, again)
	default:
		v.Fine("the gateway may be connected to %d times until %s", starts.Left, again)
	}
	if err == nil {
		v.tryGateway(ctx, starts.URL)
	}
}

// tryGateway opens a WebSocket, which a proxy may let through or not.
func (v *visit) tryGateway(ctx context.Context, address string) {
	if err := v.client.Greeted(ctx, address); err != nil {
		v.Problem("a WebSocket to the gateway at %s can't be opened, so the bot hears nothing: %s; see that this machine may open it "+
			"(firewall, proxy, name)", line(address), discord.Why(err))
		return
	}
	v.Fine("a WebSocket to the gateway at %s can be opened", line(address))
}

// lookAtFiles says whether what people attach can be fetched.
func (v *visit) lookAtFiles(ctx context.Context) {
	host, status, err := v.client.Files(ctx)
	switch {
	case err != nil:
		v.Problem("files that people attach can't be fetched from %s: %s; see that this machine may open it (firewall, proxy, name)", host, discord.Why(err))
	case status < http.StatusOK || status == http.StatusProxyAuthRequired || status/100 == 3 || status >= http.StatusInternalServerError:
		v.Problem("files that people attach can't be fetched: %s answers with HTTP status %d; see what is between (firewall, proxy, name)", host, status)
	default: // there is no such file
		v.Fine("%s, where files that people attach are, can be asked", host)
	}
}

// lookAtClock says whether our clock is right.
func (v *visit) lookAtClock() { v.Clock("Discord", -v.client.Ahead(), "interactions") }
