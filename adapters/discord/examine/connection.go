package examine

import (
	"context"
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

// lookAtGateway says whether the bot may connect. It does not connect itself, which would count.
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
}

// lookAtClock says whether our clock is right.
func (v *visit) lookAtClock() { v.Clock("Discord", -v.client.Ahead(), "interactions") }
