package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// selfName is where it is kept whose the bot's token is, so that a start does not have to wait for Slack.
const selfName = "slack/self"

// self is what is kept of it. Fingerprint tells whether the token is still the same one.
type self struct {
	Fingerprint  string       `json:"fingerprint"`
	Installation installation `json:"installation"` // without the token
}

// meeting is a try to find out whose the bot's token is.
type meeting struct {
	at       time.Time
	err      error
	verified bool // Slack itself said so, since the start
}

// meetAgain is how soon it is tried again.
const meetAgain = time.Second

func (w *workspaces) isMet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.single != nil
}

// meet finds out whose the bot's token is.
func (w *workspaces) meet(ctx context.Context) error {
	w.mu.Lock()
	last := w.met
	w.mu.Unlock()
	if last.err != nil && w.now().Sub(last.at) < meetAgain {
		return last.err
	}
	_, err := shared(ctx, w, "meet", func(ctx context.Context) (*tenant, error) {
		if t := w.remember(ctx); t != nil {
			w.look()
			return t, nil
		}
		return shared(ctx, w, "introduce", w.introduce)
	})
	return err
}

// remember is what the last run found out.
func (w *workspaces) remember(ctx context.Context) *tenant {
	value, err := w.opts.Memory.Recall(ctx, selfName)
	if err != nil || value == nil {
		return nil
	}
	var s self
	text, err := w.safe.unlock(selfName, value)
	if err != nil || json.Unmarshal(text, &s) != nil || s.Installation.key() == "" {
		return nil
	}
	if s.Fingerprint != w.safe.fingerprint(w.opts.BotToken) {
		return nil // of another token
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.single == nil {
		s.Installation.Token = w.opts.BotToken
		w.single = &tenant{installation: s.Installation, api: w.client(w.opts.BotToken), single: true}
	}
	return w.single
}

// introduce asks Slack.
func (w *workspaces) introduce(ctx context.Context) (*tenant, error) {
	i, err := w.whose(ctx, w.opts.BotToken)
	w.mu.Lock()
	before := w.single
	w.met = meeting{at: w.now(), err: err, verified: err == nil || w.met.verified}
	w.mu.Unlock()
	if err != nil {
		if code := slackCode(err); dying[code] {
			if before != nil {
				w.fail(before, code)
			}
			why := w.dead(&tenant{single: true}, code)
			err = &chat.SendError{Blocked: why, Err: &failure{"find out whose the bot's token is", err}}
			w.mu.Lock()
			w.met.err = err
			w.mu.Unlock()
		}
		return nil, err
	}
	t := before
	if t == nil || !same(&t.installation, i) {
		t = &tenant{installation: *i, api: w.client(i.Token), single: true}
		w.mu.Lock()
		w.single = t
		w.mu.Unlock()
		w.note(ctx, *i)
	}
	w.mend(t)
	return t, nil
}

func same(a, b *installation) bool {
	return a.Team == b.Team && a.Enterprise == b.Enterprise && a.BotUser == b.BotUser && a.BotID == b.BotID && a.URL == b.URL &&
		a.TeamName == b.TeamName && slices.Equal(a.Scopes, b.Scopes)
}

// note keeps whose the token is.
func (w *workspaces) note(ctx context.Context, i installation) {
	i.Token = ""
	text, err := json.Marshal(self{w.safe.fingerprint(w.opts.BotToken), i})
	if err == nil {
		err = w.opts.Memory.Keep(ctx, selfName, w.safe.lock(selfName, text))
	}
	if err != nil {
		w.log.WithError(err).Warn("slack: it could not be kept whose the bot's token is; Slack is asked again at the next start")
	}
}

// whose asks Slack who a token is.
func (w *workspaces) whose(ctx context.Context, token string) (*installation, error) {
	who, err := w.client(token).AuthTestContext(ctx)
	if err != nil {
		return nil, err
	}
	if who.TeamID == "" && who.EnterpriseID == "" {
		return nil, fmt.Errorf("auth.test names no workspace: %w", io.ErrUnexpectedEOF)
	}
	i := &installation{
		Team: who.TeamID, TeamName: who.Team, Enterprise: who.EnterpriseID, Token: token, BotUser: who.UserID, BotID: who.BotID,
		URL: who.URL, Scopes: scopeList(who.Header.Get("X-OAuth-Scopes")),
	}
	// A token for a whole organization is of no workspace.
	if strings.HasPrefix(i.Team, "E") || i.Team == "" {
		i.OrgWide, i.Enterprise, i.EnterpriseName = true, max(i.Enterprise, i.Team), i.TeamName
		i.Team, i.TeamName = "", ""
	}
	return i, nil
}

// scopeList are the scopes in a list with commas.
func scopeList(list string) []string {
	scopes := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(scopes)
	return scopes
}

const tokenRevoked = "token_revoked"

// dying are the errors after which a token is no good any more.
var dying = map[string]bool{
	"invalid_auth": true, "not_authed": true, "account_inactive": true, tokenRevoked: true, "token_expired": true,
}

// dead says what an admin has to do about an installation whose token is no good.
func (w *workspaces) dead(t *tenant, code string) string {
	where := "the Slack workspace"
	if name := t.called(); name != "" {
		where += " " + oneWord(name)
	}
	what := "Slack does not take the bot's token in " + where + " any more (" + code + ")"
	if code == tokenRevoked || code == "account_inactive" {
		what = "the app was removed from " + where
	}
	if t.single {
		return what + ": put a new token into SLACK_BOT_TOKEN"
	}
	return what + ": install it again at " + w.installURL()
}

// oneWord keeps a workspace's name, which its admins chose, from looking like more than a name.
func oneWord(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, scrub(name))
	if runes := []rune(name); len(runes) > 80 {
		name = string(runes[:80]) + "…"
	}
	return name
}

// fail notes that a token is no good any more; watch notices when it is again.
func (w *workspaces) fail(t *tenant, code string) {
	why := w.dead(t, code)
	if t.broken.CompareAndSwap(nil, &why) {
		w.log.WithField("workspace", t.key()).Error("slack: " + why)
		w.look()
	}
}

// mend notes that it is good.
func (w *workspaces) mend(t *tenant) {
	if t.broken.Swap(nil) != nil {
		w.log.WithField("workspace", t.key()).Info("slack: the workspace takes the bot's token again")
	}
}

// sendError says what a failed call in the workspace means, and notes it if the token is no good any more.
func (w *workspace) sendError(doing string, err error) *chat.SendError {
	code := slackCode(err)
	e := sendError(doing, err)
	if !dying[code] || w.from == nil {
		return e
	}
	w.all.fail(w.from, code)
	if t := w.all.known([]string{w.key}); t != nil && t != w.from && t.broken.Load() == nil {
		e.Blocked, e.Retry = "", upstream.DownWait // it was installed again meanwhile
		return e
	}
	e.Blocked = w.all.dead(w.from, code)
	return e
}
