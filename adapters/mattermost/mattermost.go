// Package mattermost connects a Mattermost server: its slash command, buttons and dialogs come in over HTTP, what people
// say over the websocket, and posts go out over REST. To the bot a whole server is one workspace, which has no name: the
// ids of people, channels and posts are unique over all its teams.
//
// Mattermost signs neither buttons nor dialogs, so each of them carries a token of ours (see chat.Sealer), and whatever
// comes back without one is refused.
package mattermost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mattermost/mattermost/server/public/model"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/singleflight"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// Name is the platform's.
const Name = "mattermost"

// Mattermost is the platform. New makes one.
type Mattermost struct {
	opts   Options
	log    logrus.FieldLogger
	sealer *chat.Sealer
	api    *api
	people *people
	ears   *ears
	hooks  string // what the URLs of our callbacks begin with

	self    atomic.Pointer[model.User] // the bot's account; nil until the server told
	able    atomic.Pointer[abilities]
	muted   atomic.Int64 // until when, in Unix nanoseconds, the server is not asked for ephemeral posts
	sending singleflight.Group
	sent    *lru.Cache[string, outcome]        // by a post's key
	direct  *lru.Cache[string, string]         // the direct channel with a person
	rooms   *lru.Cache[string, *model.Channel] // by id
	roots   *lru.Cache[string, bool]           // whether a post, such as a thread's first, is the bot's
	answers *lru.Cache[string, string]         // where late answers to a command go, by the form that it opened
}

// Options is what the platform is made of.
type Options struct {
	// URL is the server's address, and Token the bot account's access token.
	URL, Token string
	// CommandTokens are the tokens of the slash commands, one for each team.
	CommandTokens []string
	// Hooks is where Mattermost reaches Hooks' handler, without a slash at the end: https://balie.example.org/hooks/mattermost.
	Hooks string
	// Secret signs buttons and dialogs; at least chat.SecretMin bytes. The same at every start, or old buttons stop working.
	Secret []byte
	// Memory keeps over a restart up to where the bot has heard.
	Memory chat.Memory
	// AnswerWithin is how long the bot has to answer a command, a click or a form; 3 s if zero.
	AnswerWithin time.Duration
	// RetryAfter is how long after a failure the bot is first told again what it did not hear, and a lost connection is
	// first tried again; 1 s if zero. It doubles with each failure, up to a minute.
	RetryAfter time.Duration
	// Answered, if set, is told of each answered command, click and form: its kind, how long it took altogether, and how
	// much of that was spent waiting for the server.
	Answered func(kind string, took, waited time.Duration)
	// Now is the clock by which buttons and forms are signed; time.Now if nil.
	Now func() time.Time
	// Log takes what goes wrong; nothing that people write is in it.
	Log logrus.FieldLogger
}

// The server's limits. https://developers.mattermost.com and model.PostMessageMaxRunesV2 and the like in its source.
const (
	messageMax = model.PostMessageMaxRunesV2 // characters of a message
	cardMax    = 16_000                      // characters of a card: far below what a post's props may have
	labelMax   = 150                         // characters of a button or a title, so that a card stays readable
	titleMax   = model.DialogTitleMaxLength  // bytes
	filesMax   = 10                          // files of one post
	buttonsMax = 20
	optionsMax = 100 // of a list that is not searched while somebody types
)

// New makes the platform; it reaches for the server only when it is used.
func New(opts Options) (*Mattermost, error) {
	u, err := url.Parse(opts.URL)
	if err != nil || u.Host == "" || opts.Token == "" || opts.Hooks == "" || opts.Memory == nil {
		return nil, errors.New("mattermost: the server's URL, a token, the hooks' URL and a memory are needed")
	}
	sealer, err := chat.NewSealer(opts.Secret)
	if err != nil {
		return nil, fmt.Errorf("mattermost: %w", err)
	}
	opts.URL, opts.Hooks = strings.TrimRight(opts.URL, "/"), strings.TrimRight(opts.Hooks, "/")
	opts.AnswerWithin = cmp.Or(opts.AnswerWithin, 3*time.Second)
	opts.RetryAfter = cmp.Or(opts.RetryAfter, time.Second)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		opts.Log = silent
	}
	m := &Mattermost{opts: opts, log: opts.Log, sealer: sealer, api: newAPI(opts.URL, opts.Token), hooks: opts.Hooks}
	m.people = newPeople(m)
	m.ears = newEars(m)
	m.able.Store(&abilities{})
	m.sent = memo.New[string, outcome](20_000)
	m.direct = memo.New[string, string](20_000)
	m.rooms = memo.New[string, *model.Channel](5_000)
	m.roots = memo.New[string, bool](20_000)
	m.answers = memo.New[string, string](5_000)
	return m, nil
}

// Name is "mattermost".
func (m *Mattermost) Name() string { return Name }

// Caps are the limits and abilities of the server, as far as its version is known by now.
func (m *Mattermost) Caps() chat.Caps {
	a := m.able.Load()
	return chat.Caps{
		FormErrors: true, FormRefresh: a.steps, FormPages: a.steps, FormDates: a.dates, FormMulti: a.multi, FormFiles: a.files,
		Lookups: a.multi && secure(m.hooks), OptionsMax: optionsMax,
		FormLine: model.DialogElementTextMaxLength, FormText: model.DialogElementTextareaMaxLength,
		LabelMax: labelMax, MessageMax: messageMax, CardMax: cardMax, ButtonsMax: buttonsMax, FilesMax: filesMax,
	}
}

// Hooks is where the server sends commands, clicks and forms.
func (m *Mattermost) Hooks(h chat.Handler) http.Handler { return m.routes(h) }

// Run hears what people say until ctx ends.
func (m *Mattermost) Run(ctx context.Context, h chat.Handler) error {
	m.ears.listen(ctx, h)
	m.api.close()
	return nil
}

var _ interface {
	chat.Platform
	chat.Directory
	chat.Groups
	chat.Fetcher
	chat.Threads
} = (*Mattermost)(nil)
