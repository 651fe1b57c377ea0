package slack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus"
	slackapi "github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"

	"balie/adapters/memo"
	"balie/adapters/slack/manifest"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// workspaces are those that the app is installed in: the one of the bot's token, and those that installed it by OAuth.
// Other replicas install, too, so what is not known here is looked for in the memory.
type workspaces struct {
	opts   Options
	log    logrus.FieldLogger
	http   *http.Client
	safe   *safe
	sealer *chat.Sealer
	now    func() time.Time

	ctx  context.Context // ends with close: what goes on when nobody waits for it any more
	stop context.CancelFunc
	wake chan struct{} // has watch look at once

	asking singleflight.Group
	seen   *lru.Cache[string, string] // the workspace that sees a channel or a person

	mu      sync.Mutex
	single  *tenant            // of the bot's token; nil until it is known whose that is
	met     meeting            // the last try to find out
	tenants map[string]*tenant // those of OAuth, by key
	removed map[string]string  // those that are gone, by key: what an admin has to do
	absent  map[string]time.Time
	teams   map[string]string // the organization of a workspace whose organization installed the app
	changes int               // of tenants, counted
	listed  bool              // the memory was read once
}

// tenant is an installation that is in use.
type tenant struct {
	installation
	api    *slackapi.Client
	single bool                   // it is the one of Options.BotToken
	kept   []byte                 // as it is in the memory
	broken atomic.Pointer[string] // what an admin has to do before the token is good again; nil if it is
	teams  atomic.Pointer[teamList]
}

// workspace is where something happens, and how it is reached. It is made for one use and then forgotten.
type workspace struct {
	id, enterprise, name       string
	orgWide                    bool
	api                        *slackapi.Client
	token                      string
	botUser, botID, appID, url string
	scopes                     []string

	key  string // of the installation
	all  *workspaces
	from *tenant
}

// teamID is what a call that wants a workspace named gets: it does where the token is a whole organization's.
func (w *workspace) teamID() string {
	if w.orgWide && strings.HasPrefix(w.id, "T") {
		return w.id
	}
	return ""
}

// errNoWorkspace says that the app is not installed there.
var errNoWorkspace = errors.New("slack: the app is not installed in the workspace")

const (
	handlerWait = time.Second      // for what has to be learned before somebody can be answered
	callMost    = 10 * time.Second // for a call that nobody waits for
	absentFor   = 5 * time.Second  // between two looks for an installation that was not there
)

func newWorkspaces(opts Options) (*workspaces, error) {
	sealer, err := chat.NewSealer(opts.Secret)
	if err != nil {
		return nil, err
	}
	safe, err := newSafe(opts.Secret)
	if err != nil {
		return nil, err
	}
	w := &workspaces{
		opts: opts, log: opts.Log, http: newHTTP(), safe: safe, sealer: sealer, now: time.Now, wake: make(chan struct{}, 1),
		seen: memo.New[string, string](20_000), tenants: map[string]*tenant{}, removed: map[string]string{},
		absent: map[string]time.Time{}, teams: map[string]string{},
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w, nil
}

// newHTTP makes what all calls go through. How long a call may take altogether is the caller's to say: files are large.
func newHTTP() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 128, 64
	transport.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		// A call has the token in its body, and nobody but Slack gets that.
		if via[0].Method != http.MethodGet || len(via) > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// client makes calls with a token. They are not repeated here: whoever calls knows what a repeat would do.
func (w *workspaces) client(token string) *slackapi.Client {
	return slackapi.New(token, slackapi.OptionAPIURL(w.apiURL()), slackapi.OptionHTTPClient(w.http))
}

func (w *workspaces) apiURL() string {
	if w.opts.APIURL == "" {
		return slackapi.APIURL
	}
	return strings.TrimRight(w.opts.APIURL, "/") + "/"
}

// close ends what goes on.
func (w *workspaces) close() {
	w.stop()
	w.http.CloseIdleConnections()
}

// oauth says whether workspaces can install the app by themselves.
func (w *workspaces) oauth() bool { return w.opts.ClientID != "" && w.opts.ClientSecret != "" }

func (w *workspaces) installURL() string { return w.opts.URL + manifest.InstallPath }

// of is the workspace with the id. enterprise is the organization's if that installed the app, and else empty. It takes a
// second at most. Every error is a *chat.SendError.
func (w *workspaces) of(ctx context.Context, team, enterprise string) (*workspace, error) {
	t, err := w.tenant(ctx, team, enterprise)
	if err != nil {
		return nil, err
	}
	if why := t.broken.Load(); why != nil {
		return nil, &chat.SendError{Blocked: *why, Err: fmt.Errorf("slack: workspace %s", t.called())}
	}
	if enterprise != "" && team != "" && t.OrgWide {
		w.belongs(team, enterprise)
	}
	return w.view(t, team), nil
}

// view is a workspace of an installation.
func (w *workspaces) view(t *tenant, team string) *workspace {
	if !t.OrgWide || team == "" {
		team = t.key()
	}
	name := t.TeamName
	if l := t.teams.Load(); l != nil && t.OrgWide {
		name = l.names[team]
	}
	return &workspace{
		id: team, enterprise: t.Enterprise, name: name, orgWide: t.OrgWide, api: t.api, token: t.Token, botUser: t.BotUser,
		botID: t.BotID, appID: t.App, url: t.URL, scopes: t.Scopes, key: t.key(), all: w, from: t,
	}
}

// tenant is the installation that a workspace belongs to.
func (w *workspaces) tenant(ctx context.Context, team, enterprise string) (*tenant, error) {
	ctx, cancel := context.WithTimeout(ctx, handlerWait)
	defer cancel()
	keys := w.keys(team, enterprise)
	if t := w.known(keys); t != nil && t.broken.Load() == nil {
		return t, nil
	}
	for _, key := range keys {
		t, err := w.recall(ctx, key)
		if err != nil {
			return nil, &chat.SendError{Retry: upstream.DownWait, Err: &failure{"look for an installation", err}}
		}
		if t != nil {
			return t, nil
		}
	}
	var unmet error
	if w.opts.BotToken != "" && !w.isMet() {
		if unmet = w.meet(ctx); unmet == nil {
			if t := w.known(keys); t != nil && t.broken.Load() == nil {
				return t, nil
			}
		}
	}
	if t := w.known(keys); t != nil { // whose token is no good
		return t, nil
	}
	if t := w.organization(ctx, team); t != nil {
		return t, nil
	}
	return nil, w.unknown(keys, unmet)
}

// unknown says why there is no installation for the keys.
func (w *workspaces) unknown(keys []string, unmet error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		if why := w.removed[key]; why != "" {
			return &chat.SendError{Blocked: why, Err: fmt.Errorf("%w: %s", errNoWorkspace, key)}
		}
	}
	if unmet != nil {
		return sendError("find out whose token it is", unmet)
	}
	key := "?"
	if len(keys) > 0 {
		key = keys[0]
	}
	what := "the bot is not in the Slack workspace " + key
	if w.oauth() {
		what += ": install it at " + w.installURL()
	} else {
		what += ": SLACK_BOT_TOKEN is another one's"
	}
	return &chat.SendError{Blocked: what, Err: fmt.Errorf("%w: %s", errNoWorkspace, key)}
}

// keys are the names under which an installation may be, the likeliest first.
func (w *workspaces) keys(team, enterprise string) []string {
	if enterprise == "" {
		w.mu.Lock()
		enterprise = w.teams[team]
		w.mu.Unlock()
		return slices.DeleteFunc([]string{team, enterprise}, empty)
	}
	return slices.DeleteFunc([]string{enterprise, team}, empty)
}

func empty(s string) bool { return s == "" }

// known is the installation under one of the keys, one that works before one that does not.
func (w *workspaces) known(keys []string) *tenant {
	w.mu.Lock()
	defer w.mu.Unlock()
	var broken *tenant
	for _, key := range keys {
		for _, t := range []*tenant{w.single, w.tenants[key]} {
			switch {
			case t == nil || t.key() != key:
			case t.broken.Load() == nil:
				return t
			case broken == nil:
				broken = t
			}
		}
	}
	return broken
}

// inUse are all installations, by their keys; the bot's token comes before OAuth.
func (w *workspaces) inUse() []*tenant {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*tenant
	if w.single != nil {
		out = append(out, w.single)
	}
	for _, key := range slices.Sorted(maps.Keys(w.tenants)) {
		t := w.tenants[key]
		if w.single != nil && w.single.key() == key {
			if w.single.broken.Load() == nil {
				continue
			}
			out = out[1:]
		}
		out = append(out, t)
	}
	return out
}
