// Package examine looks with Balie's settings whether a Slack app and Balie are ready for each other, and says what to do about
// what is not. It leaves nothing behind.
package examine

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"balie/adapters/doctor"

	slackapi "github.com/slack-go/slack"
)

// examineWait bounds all of it, and callWait each call.
const (
	examineWait = time.Minute
	callWait    = 15 * time.Second
)

// Options are Balie's settings for Slack. What is empty is not looked at.
type Options struct {
	BotToken      string
	SigningSecret string // signed HTTP
	AppToken      string // Socket Mode
	ClientID      string // several workspaces
	ClientSecret  string
	Workspaces    []string     // that may install it
	APIURL        string       // Slack's own if empty
	URL           string       // Balie's own address, as Slack reaches it
	Channels      []Channel    // that the policy names; nil if it is not known
	Running       bool         // whether a Balie is running, so that its address can be tried
	HTTP          *http.Client // one of its own if nil
}

// Channel is one that the policy names.
type Channel struct {
	Workspace string // empty for the only one
	ID        string
	Requests  bool // it is for conversations with requesters, else for cards
}

// visit is one examination.
type visit struct {
	Options
	doctor.Findings
	client *timed
	api    *slackapi.Client
	own    bool // it is Slack itself, not something in its place
	bot    *slackapi.AuthTestResponse
	app    string // the app's id, as the bot has it; empty if it is unknown
	badURL bool   // what is wrong with our address was told
}

// Examine looks at everything that can be looked at: without Slack or a token that works, that is not much.
func Examine(ctx context.Context, o Options) []doctor.Finding {
	ctx, cancel := context.WithTimeout(ctx, examineWait)
	defer cancel()
	v := &visit{Options: o, own: o.APIURL == ""}
	v.URL = strings.TrimRight(o.URL, "/")
	v.APIURL = strings.TrimRight(cmp.Or(o.APIURL, slackapi.APIURL), "/") + "/"
	if v.HTTP == nil {
		v.HTTP = &http.Client{Timeout: callWait}
	}
	v.client = &timed{http: v.HTTP}
	v.api = slackapi.New(o.BotToken, slackapi.OptionAPIURL(v.APIURL), slackapi.OptionAppLevelToken(o.AppToken),
		slackapi.OptionHTTPClient(v.client))
	if o.BotToken != "" && v.lookAtBot(ctx) {
		v.lookAtScopes()
	}
	v.lookAtChannels(ctx)
	if o.AppToken != "" {
		v.lookAtSocket(ctx)
	}
	if o.ClientID != "" {
		v.lookAtInstalling(ctx)
	}
	if o.SigningSecret != "" {
		v.lookAtAddress(ctx)
	}
	v.lookAtClock()
	return v.Findings
}

// lookAtBot says whether the bot's token works, and where.
func (v *visit) lookAtBot(ctx context.Context) bool {
	who, err := v.api.AuthTestContext(ctx)
	switch code := codeOf(err); {
	case err != nil && code == "":
		v.Problem("Slack can't be asked at %s: %s; see that this machine may open it (firewall, proxy, name)", v.APIURL, reason(err))
		return false
	case code == "account_inactive" || code == "token_revoked":
		v.Problem("SLACK_BOT_TOKEN was revoked, as when somebody removes Balie from the workspace: install it again under Install App, " +
			"and copy the new token")
		return false
	case code == "token_expired":
		v.Problem("SLACK_BOT_TOKEN has expired, as tokens of an app with token rotation do: make an app without it, from balie slack manifest")
		return false
	case code == "invalid_auth" || code == "not_authed":
		v.Problem("SLACK_BOT_TOKEN does not work: copy the Bot User OAuth Token from OAuth & Permissions at https://api.slack.com/apps")
		return false
	case err != nil:
		v.Problem("who the bot is can't be asked: Slack says %s", code)
		return false
	case who.BotID == "":
		v.Problem("SLACK_BOT_TOKEN is @%s's own, who is no bot: copy the Bot User OAuth Token from OAuth & Permissions", who.User)
		return false
	}
	v.bot = who
	app := ""
	// Without users:read nobody says which app it is, which is told elsewhere.
	if bot, err := v.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: who.BotID}); err == nil && bot.AppID != "" {
		v.app, app = bot.AppID, ", of the app "+bot.AppID
	}
	at := ""
	if u, err := url.Parse(who.URL); err == nil && u.Host != "" {
		at = ", " + u.Host
	}
	v.Fine("SLACK_BOT_TOKEN is the bot @%s's in %s (%s%s)%s", who.User, who.Team, who.TeamID, at, app)
	return true
}

// codeOf is what Slack calls an error; empty if it is none of Slack's.
func codeOf(err error) string {
	if says, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return says.Err
	}
	if _, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return "ratelimited"
	}
	return ""
}

// reason is why a call failed, without the address that was asked for, which may hold a token.
func reason(err error) string {
	if code := codeOf(err); code != "" {
		return "Slack says " + code
	}
	return doctor.Reason(err)
}
