// Package playground is a small chat in the browser: a workspace with channels, direct messages, threads, forms, buttons
// and files, and a handful of people to be. To the bot it is one more chat.Platform, with the same duties as the others;
// to a newcomer it is the place to try everything in. Nobody logs in, so it is for demonstrations and tests only.
//
// Everything that is said is kept in Content, and read from there page by page: a restart loses nothing, and memory does
// not grow with what was said.
package playground

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

const platformName = "playground"

// Playground is the platform. New makes one.
type Playground struct {
	opts    Options
	log     logrus.FieldLogger
	sealer  *chat.Sealer
	bot     wire.Person
	people  map[string]*Persona
	rooms   map[string]*room
	hosts   map[string]bool // names under which browsers may ask for us, loopback apart
	hub     *hub
	faults  *faults
	unheard *backlog
	turns   *locks                            // one event of a thread, or of an id, at a time
	edits   *locks                            // one change of a message at a time; taken last
	recent  *lru.Cache[string, *wire.Message] // never changed; only what this process wrote, so that none is out of date
	arrival atomic.Int64
}

// Options is what a playground is made of.
type Options struct {
	// Content keeps what is said. It is not closed.
	Content Content
	// Secret signs buttons and forms; at least chat.SecretMin bytes. The same at every start, or old buttons stop working.
	Secret []byte
	// Workspace is the workspace's id, and Title its name for people.
	Workspace, Title string
	// URL is how browsers reach the server, if not by a loopback name.
	URL string
	// Bot is how the bot calls itself; "Balie" if empty.
	Bot       string
	People    []Persona
	Channels  []Channel
	Commands  []Command
	Shortcuts []Shortcut
	// AnswerWithin is how long the bot has to answer an event; 10 s if zero. Then the person is told that it did not.
	AnswerWithin time.Duration
	// RetryAfter is how long after a failure the bot is first told again what it did not hear; 1 s if zero. It doubles
	// with each failure, up to a minute.
	RetryAfter time.Duration
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Log takes what goes wrong; nothing that people write is in it.
	Log logrus.FieldLogger
}

// Command is a slash command that people may use. Its texts are by language, "en" at least.
type Command struct {
	Name string
	Hint map[string]string
	Uses []Use
}

// Use is one way to use a command, shown while somebody types it.
type Use struct {
	Text string
	Hint map[string]string
}

// Shortcut is an entry that the bot adds to the menu of every message. Its label is by language, "en" at least.
type Shortcut struct {
	Name  string
	Label map[string]string
}

// The platform's limits, as Caps tells them.
const (
	messageMax = 16_000
	cardMax    = 16_000
	labelMax   = 150
	fileMax    = 20 << 20
	filesMax   = 10
)

// New makes a playground; it reaches for Content only when it is used.
func New(opts Options) (*Playground, error) {
	if opts.Content == nil || opts.Workspace == "" || len(opts.People) == 0 || len(opts.Channels) == 0 {
		return nil, errors.New("playground: content, workspace, people and channels are needed")
	}
	sealer, err := chat.NewSealer(opts.Secret)
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	recent, err := lru.New[string, *wire.Message](recentMax)
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	p := &Playground{
		recent:  recent,
		opts:    opts,
		log:     opts.Log,
		sealer:  sealer,
		people:  make(map[string]*Persona, len(opts.People)),
		rooms:   make(map[string]*room, len(opts.People)+len(opts.Channels)),
		hosts:   map[string]bool{},
		hub:     newHub(),
		unheard: newBacklog(),
		turns:   newLocks(),
		edits:   newLocks(),
	}
	if p.log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		p.log = silent
	}
	if p.opts.Now == nil {
		p.opts.Now = time.Now
	}
	if p.opts.AnswerWithin == 0 {
		p.opts.AnswerWithin = 10 * time.Second
	}
	if p.opts.RetryAfter == 0 {
		p.opts.RetryAfter = time.Second
	}
	if p.opts.Title == "" {
		p.opts.Title = p.opts.Workspace
	}
	if p.opts.Bot == "" {
		p.opts.Bot = "Balie"
	}
	p.faults = newFaults(p.opts.Now)
	p.bot = wire.Person{ID: wire.BotID, Name: p.opts.Bot, Handle: strings.ToLower(p.opts.Bot), Avatar: avatarPath(wire.BotID)}
	if opts.URL != "" {
		u, err := url.Parse(opts.URL)
		if err != nil || u.Hostname() == "" {
			return nil, errors.New("playground: the URL is not one")
		}
		p.hosts[strings.ToLower(u.Hostname())] = true
	}
	if err := p.settle(); err != nil {
		return nil, err
	}
	return p, nil
}

// Name is "playground".
func (p *Playground) Name() string { return platformName }

// Caps says that nearly everything is possible here.
func (p *Playground) Caps() chat.Caps {
	return chat.Caps{
		FormRefresh: true, FormErrors: true, FormFiles: true, FormDates: true, FormMulti: true, FormPages: true, MessageMenu: true, BackdatedPost: true,
		LabelMax: labelMax, MessageMax: messageMax, CardMax: cardMax, FileMax: fileMax, FilesMax: filesMax,
	}
}

// Run tells h again what it did not hear, until ctx ends; then it ends the live streams too. What people do now comes
// through Hooks.
func (p *Playground) Run(ctx context.Context, h chat.Handler) error {
	p.hub.open()
	defer p.hub.shut()
	p.retell(ctx, h)
	return nil
}

// now is the time as it is kept.
func (p *Playground) now() time.Time { return p.opts.Now().UTC().Truncate(time.Millisecond) }

// order sorts a message by its time and, at the same millisecond, by arrival.
func (p *Playground) order(at time.Time) string {
	for {
		last := p.arrival.Load()
		next := max(last+1, time.Now().UnixNano())
		if p.arrival.CompareAndSwap(last, next) {
			return fmt.Sprintf("%013x%016x", uint64(at.UnixMilli()), uint64(next))
		}
	}
}

var _ interface {
	chat.Platform
	chat.Directory
	chat.Fetcher
	chat.Threads
} = (*Playground)(nil)

// locks are many locks, one for each group of keys, that can be given up on.
type locks [1024]chan struct{}

func newLocks() *locks {
	l := &locks{}
	for i := range l {
		l[i] = make(chan struct{}, 1)
	}
	return l
}

// hold takes the lock of the key and returns what gives it back.
func (l *locks) hold(ctx context.Context, key string) (release func(), err error) {
	var h uint32 = 2166136261 // FNV-1a
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	lock := l[h%uint32(len(l))]
	select {
	case lock <- struct{}{}:
		return sync.OnceFunc(func() { <-lock }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
