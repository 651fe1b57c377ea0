// Package setup prepares a Mattermost server for Balie with an admin's token: the bot account, its token, the slash
// commands, the triage channels, and what the server must allow. What is right already is left as it is, so that it can be
// run again at any time.
package setup

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// CommandPath is where the slash commands call, below Balie's own address.
const CommandPath = "/hooks/mattermost/command"

// DialogPath is where forms are sent to, below Balie's own address.
const DialogPath = "/hooks/mattermost/dialog"

// Options are what an admin asks for.
type Options struct {
	URL        string // the server's address
	AdminToken string
	Callback   string // Balie's own address, as the server reaches it

	Bot      string   // name of the bot account
	Trigger  string   // of the slash command, without the slash
	Teams    []string // names; all teams if neither these nor Channels are given
	Channels []string // TEAM/NAME of the triage channels

	ChangeSettings bool // may change the server's settings
	CreateChannels bool // may create missing channels, as private ones
	PrivateReplies bool // lets the bot write lines that only one person sees

	Token         string   // the bot's token so far, which is kept if it works
	CommandTokens []string // the slash commands' so far

	Now func() time.Time // time.Now if nil
}

// Verdict is what became of a step.
type Verdict string

// The verdicts.
const (
	Found   Verdict = "found"   // right already
	Created Verdict = "created" // there was none
	Changed Verdict = "changed" // was otherwise
	ToDo    Verdict = "to do"   // for somebody with more rights, or with the option that allows it
)

// Step is one thing that was looked after. Its text has no secrets.
type Step struct {
	Verdict Verdict
	About   string
	Text    string
}

// Channel is a triage channel, with the id that the policy names.
type Channel struct {
	Name string // TEAM/NAME
	ID   string
}

// Result is what Balie has to know. The tokens are secrets.
type Result struct {
	Token         string // the bot's; empty if there is none
	CommandTokens []string
	Channels      []Channel
}

// session is one run.
type session struct {
	Options
	api    *model.Client4
	server Server
	config *model.Config // what the admin may see of it; nil for nothing
	tell   func(Step)
	result Result

	me       *model.User
	bot      *model.User // nil if there is none
	teams    []*model.Team
	blind    bool // a team's commands could not be listed
	commands []*model.Command
}

// Run looks after everything and tells each step. An error means that nothing could be looked after: the address or the
// token is wrong. Steps to do are no error.
func Run(ctx context.Context, o Options, tell func(Step)) (Result, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &session{Options: o, tell: tell}
	s.Trigger = strings.ToLower(strings.TrimPrefix(o.Trigger, "/")) // the server keeps them so
	s.URL, s.Callback = strings.TrimRight(o.URL, "/"), strings.TrimRight(o.Callback, "/")
	if err := s.connect(ctx); err != nil {
		return Result{}, err
	}
	s.lookAfterSettings(ctx)
	s.lookAfterBot(ctx)
	s.lookAfterToken(ctx)
	s.lookAfterTeams(ctx)
	s.lookAfterCommands(ctx)
	s.lookAfterChannels(ctx)
	s.lookAfterAddress(ctx)
	s.lookAfterPrivateReplies(ctx)
	return s.result, nil
}

func (s *session) say(v Verdict, about, format string, args ...any) {
	s.tell(Step{v, about, fmt.Sprintf(format, args...)})
}

// refused tells a step that the server did not do. With 403 it is a matter of rights.
func (s *session) refused(about string, resp *model.Response, err error, what, remedy string) {
	if Status(resp) == http.StatusForbidden {
		s.say(ToDo, about, "%s: @%s may not do this; ask a system admin to %s", what, s.me.Username, remedy)
		return
	}
	s.say(ToDo, about, "%s: %s; when that is solved, run this again", what, Reason(resp, err))
}

// connect finds out what answers, and as whom.
func (s *session) connect(ctx context.Context) error {
	server, err := Connect(ctx, s.URL)
	if err != nil {
		return err
	}
	s.server = server
	s.api = server.As(s.AdminToken)
	me, resp, err := s.api.GetMe(ctx, "")
	switch {
	case Status(resp) == http.StatusUnauthorized:
		return fmt.Errorf("%s does not accept the admin's token: make a new one under Profile > Security > Personal Access Tokens", s.URL)
	case err != nil:
		return fmt.Errorf("ask %s who the admin is: %s", s.URL, Reason(resp, err))
	}
	s.me = me
	if !server.Version.Supported() {
		s.say(ToDo, "server", "Mattermost %s at %s: Balie needs %s or newer; update it", server.Version, s.URL, Oldest)
	} else {
		s.say(Found, "server", "Mattermost %s at %s: %s", server.Version, s.URL, server.Version.Abilities())
	}
	if !me.IsSystemAdmin() {
		s.say(ToDo, "admin", "@%s is no system admin: what needs one is said below, the rest is done", me.Username)
	}
	if s.server, err = server.SeenBy(ctx, s.AdminToken); err != nil {
		return err
	}
	if config, _, err := s.api.GetConfig(ctx); err == nil {
		s.config = config
	}
	return nil
}
