package discord

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gorilla/websocket"

	"balie/adapters/inbox"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// times are how long things take at the gateway. Tests shorten them.
type times struct {
	greet    time.Duration // Discord has to let the bot in
	leave    time.Duration // Discord may take to say goodbye
	identify time.Duration // between two new sessions
	anew     time.Duration // at most, before a session follows one that Discord does not go on with; a fifth of it at least
	slow     time.Duration // before what an admin has to put right is tried again
	steady   time.Duration // that a connection lasts that works
	flags    time.Duration // between two looks at what the bot may hear
	lease    time.Duration // that the gateway is taken for
	poll     time.Duration // between two tries to take it
	rest     time.Duration // that interactions may go on for at the end
}

// usual are the times in earnest. One session may be begun in five seconds, and one to five seconds are waited when one is
// invalid: https://docs.discord.com/developers/events/gateway#rate-limiting
func usual() times {
	return times{
		greet: 30 * time.Second, leave: 250 * time.Millisecond, identify: 5 * time.Second, anew: 5 * time.Second, slow: time.Minute,
		steady: time.Minute, flags: 5 * time.Minute, lease: 30 * time.Second, poll: 2 * time.Second, rest: 3 * time.Second,
	}
}

// limitError says that no session may be begun for a while.
type limitError struct{ wait time.Duration }

func (e *limitError) Error() string {
	return fmt.Sprintf("no more sessions may be begun for %s", e.wait.Round(time.Second))
}

// trouble is what went wrong since the bot last heard anything.
type trouble struct {
	failures int
	said     string // what the log says about it
}

// stayConnected keeps a connection open until ctx ends.
func (g *gateway) stayConnected(ctx context.Context) {
	pause := g.opts.RetryAfter
	for ctx.Err() == nil {
		began := time.Now()
		err := g.converse(ctx, func() {
			g.live.Store(true)
			if g.trouble.said != "" {
				g.log.Info("discord: the bot hears again")
			}
			g.trouble = trouble{}
		})
		g.live.Store(false)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > g.times.steady {
			pause = g.opts.RetryAfter
		}
		wait := g.judge(err, inbox.Jitter(pause))
		if pause = min(2*pause, inbox.PauseMax); errors.Is(err, errComeBack) {
			pause = g.opts.RetryAfter // nothing is wrong: Discord moves its connections
		}
		if upstream.Pause(ctx, wait) != nil {
			return
		}
	}
}

// judge says how long to wait after a connection ended so, which is pause if there is nothing special about it. It gives up
// the session where Discord does.
func (g *gateway) judge(err error, pause time.Duration) time.Duration {
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return g.closed(closed, pause)
	}
	if invalid, ok := errors.AsType[*invalidError](err); ok {
		if !invalid.resumable {
			g.forget()
		}
		g.complain("", err)
		// Twice the usual pause: were it so all day long, the sessions that Discord allows in a day would last.
		return max(2*pause, g.times.anew/5+rand.N(g.times.anew*4/5+1))
	}
	if limit, ok := errors.AsType[*limitError](err); ok {
		g.complain("discord: the bot has begun as many sessions as Discord allows in a day, so it hears nothing until it may begin another one", err)
		return limit.wait + inbox.Jitter(g.times.anew)
	}
	if errors.Is(err, errIntents) {
		g.forget()
		g.log.Info("discord: what the bot may hear was changed; it connects again")
		return 0
	}
	if sent, ok := errors.AsType[*chat.SendError](err); ok {
		if sent.Blocked != "" {
			g.refused("the bot hears nothing: "+sent.Blocked, sent.Err)
			return g.times.slow
		}
		pause = max(pause, sent.Retry)
	}
	g.complain("", err)
	return pause
}

// closed is judge for a connection that Discord closed.
func (g *gateway) closed(why *websocket.CloseError, pause time.Duration) time.Duration {
	switch why.Code {
	case closeBadToken:
		g.forget()
		g.refused("the bot hears nothing: Discord does not take its token any more: put a new one into DISCORD_TOKEN", why)
		return g.times.slow
	case closeSharding:
		g.forget()
		g.refused("the bot hears nothing: it is in more servers than one connection may have", why)
		return g.times.slow
	case closeBadShard, closeBadAPI, closeBadIntent:
		g.forget()
		g.refused("the bot hears nothing: Discord does not take how it connects; a newer version may", why)
		return g.times.slow
	case closeForbidden:
		g.forget()
		flags := g.flags
		g.denied = &flags
		g.log.Warn("discord: " + switchOn)
		return pause
	case closeNotKnown, closeBadSeq, closeTimedOut:
		g.forget()
	}
	g.complain("", why)
	return pause
}

// forget gives up the session: the next connection begins a new one.
func (g *gateway) forget() {
	g.session, g.resume, g.tries, g.unanswered = "", "", 0, 0
	g.seq.Store(0)
}

// refused says once an outage what an admin has to do.
func (g *gateway) refused(what string, err error) {
	if g.trouble.said != what {
		g.log.WithError(err).Error("discord: " + what + ". It tries again until then.")
	}
	g.trouble.said = what
}

// complain says once an outage that the bot hears nothing. A connection that only broke is no outage yet: mostly the next one
// stands at once.
func (g *gateway) complain(what string, err error) {
	if what == "" {
		if g.trouble.failures++; g.trouble.failures < 3 {
			g.log.WithError(err).Debug("discord: the connection ended; trying again")
			return
		}
		what = "discord: the gateway cannot be reached, so the bot hears nothing; it tries again until it can"
	}
	if g.trouble.said != what {
		g.log.WithError(err).Warn(what)
	}
	g.trouble.said = what
}
