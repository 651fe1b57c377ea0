// Package slack connects Slack workspaces: commands, buttons, forms and what people say come in over signed HTTP or over
// Socket Mode, and everything goes out through the Web API. Slack vouches for all that comes in, and hands what our
// buttons and forms carry to nobody but us, so none of it is sealed.
package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus"
	slackapi "github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"

	"balie/adapters/background"
	"balie/adapters/memo"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// Name is the platform's.
const Name = "slack"

// Slack is the platform. New makes one.
type Slack struct {
	opts   Options
	log    logrus.FieldLogger
	ws     *workspaces
	people *people
	pace   *pace
	ears   *ears

	sending singleflight.Group
	sent    *lru.Cache[string, outcome]   // by a post's key
	direct  *lru.Cache[string, string]    // the direct conversation with a person, by workspace and person
	rooms   *lru.Cache[string, string]    // names of channels, by workspace and channel
	done    *lru.Cache[string, struct{}]  // ids of events that were handled
	replay  *lru.Cache[string, struct{}]  // signatures that were used
	views   *lru.Cache[string, *openView] // forms that are open, by id
	outside outside                       // channels that the bot was sent out of
	once    memo.Once                     // what is wrong and was logged once

	later background.Group // what goes on after an answer
	ended chan struct{}    // closed when Run ends
	order turns            // what is said in one channel is told one by one
}

// Options is what the platform is made of.
type Options struct {
	// BotToken is the bot's token in the workspace that the app belongs to; empty if all workspaces install it by OAuth.
	BotToken string
	// SigningSecret is what Slack signs its requests with; empty without HTTP.
	SigningSecret string
	// AppToken opens the sockets of Socket Mode; empty without it.
	AppToken string
	// ClientID and ClientSecret are the app's for OAuth, and Workspaces the ids of those that may install it.
	ClientID, ClientSecret string
	Workspaces             []string
	// APIURL is where the Web API is; Slack's own if empty.
	APIURL string
	// URL is how others reach us, without a slash at the end.
	URL string
	// Secret encrypts what is kept of other workspaces and signs the way through OAuth; at least chat.SecretMin bytes.
	Secret []byte
	// Memory keeps installations, and up to where the bot has heard.
	Memory chat.Memory
	// AnswerWithin is how long the bot has to answer a command, a click or a form; 2 s if zero. Slack waits for three.
	AnswerWithin time.Duration
	// RetryAfter is how long after a failure a lost connection, or a look at what was missed, is first tried again; 1 s if
	// zero. It doubles with each failure, up to a minute.
	RetryAfter time.Duration
	// Answered, if set, is told of each answered request: its kind, how long it took altogether, and how much of that was
	// spent waiting for Slack.
	Answered func(kind string, took, waited time.Duration)
	// Odd, if set, is told of each thing that makes no sense or is set up wrongly, also where only the first is logged.
	Odd func()
	// Log takes what goes wrong; nothing that people write is in it.
	Log logrus.FieldLogger
}

// Slack's limits. https://docs.slack.dev/reference/block-kit
const (
	filesMax   = 10
	fileMax    = 1 << 30
	optionsMax = 100
	fieldMax   = 3000 // characters of a text in a form
	buttonsMax = 25
	// A tenth more than Slack wants: of two posts that are a second apart one would often come too early.
	// https://docs.slack.dev/apis/web-api/rate-limits
	postEvery = 1100 * time.Millisecond
)

// New makes the platform; it reaches for Slack only when it is used.
func New(opts Options) (*Slack, error) {
	switch {
	case opts.Memory == nil || len(opts.Secret) < chat.SecretMin:
		return nil, errors.New("slack: a memory and a secret are needed")
	case opts.BotToken == "" && opts.ClientID == "":
		return nil, errors.New("slack: a bot token, or a client id for OAuth, is needed")
	case opts.SigningSecret == "" && opts.AppToken == "":
		return nil, errors.New("slack: a signing secret or an app-level token is needed")
	}
	opts.URL = strings.TrimRight(opts.URL, "/")
	opts.APIURL = strings.TrimRight(cmp.Or(opts.APIURL, slackapi.APIURL), "/") + "/"
	opts.AnswerWithin = cmp.Or(opts.AnswerWithin, 2*time.Second)
	opts.RetryAfter = cmp.Or(opts.RetryAfter, time.Second)
	if opts.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		opts.Log = silent
	}
	ws, err := newWorkspaces(opts)
	if err != nil {
		return nil, fmt.Errorf("slack: %w", err)
	}
	ws.http.Transport = upstream.Counted{Next: ws.http.Transport}
	s := &Slack{opts: opts, log: opts.Log, ws: ws, people: newPeople(ws, opts.Log), pace: newPace(), ended: make(chan struct{})}
	s.once.Each = opts.Odd
	s.ears = newEars(s)
	s.sent = memo.New[string, outcome](20_000)
	s.direct = memo.New[string, string](20_000)
	s.rooms = memo.New[string, string](5_000)
	s.done = memo.New[string, struct{}](20_000)
	s.replay = memo.New[string, struct{}](50_000)
	s.views = memo.New[string, *openView](5_000)
	return s, nil
}

// Name is "slack".
func (s *Slack) Name() string { return Name }

// Caps are Slack's limits and abilities.
func (s *Slack) Caps() chat.Caps {
	return chat.Caps{
		FormRefresh: true, FormTyped: true, FormErrors: true, FormFiles: true, FormDates: true, FormMulti: true, FormPages: true,
		FormFields: 95, FormLine: fieldMax, FormText: fieldMax, Lookups: true, OptionsMax: optionsMax, MessageMenu: true, Home: true,
		LabelMax: cardTitleMax, MessageMax: messageMax, CardMax: cardMax, ButtonsMax: buttonsMax, FileMax: fileMax, FilesMax: filesMax,
		PostEvery: postEvery,
	}
}

// Hooks is where Slack sends what happens, where it does so over HTTP.
func (s *Slack) Hooks(h chat.Handler) http.Handler {
	if s.opts.SigningSecret == "" {
		return nil
	}
	return s.routes(h)
}

// Run listens until ctx ends.
func (s *Slack) Run(ctx context.Context, h chat.Handler) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.ws.watch(ctx) })
	wg.Go(func() { s.ears.run(ctx, h) })
	if s.opts.AppToken != "" {
		for n := range connections {
			wg.Go(func() { s.socket(ctx, h, n) })
		}
	}
	wg.Wait()
	close(s.ended)
	s.later.Wait()
	s.ws.close()
	return nil
}

var _ interface {
	chat.Platform
	chat.Directory
	chat.Groups
	chat.Fetcher
	chat.Threads
	chat.Homes
} = (*Slack)(nil)
