// Package discord connects Discord servers, which its API calls guilds: interactions come in over the gateway or over signed
// HTTP, what people say over the gateway, and everything goes out through the REST API. Each guild is a workspace.
package discord

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/singleflight"

	"balie/adapters/background"
	"balie/adapters/memo"
	"balie/internal/chat"
)

// Name is the platform's.
const Name = "discord"

// Discord is the platform. New makes one.
type Discord struct {
	opts Options
	log  logrus.FieldLogger
	api  *rest
	key  ed25519.PublicKey // of interactions over HTTP; nil without
	self *self
	once memo.Once // what is wrong and was logged once
	seal *chat.Sealer

	sending singleflight.Group
	places  *places
	people  *people
	guilds  *guilds
	values  *values
	forms   *forms
	ears    *ears

	sent    *lru.Cache[string, chat.Ref]  // by a post's key
	tried   *lru.Cache[string, struct{}]  // keys of conversations that were perhaps begun
	begun   *lru.Cache[string, string]    // private threads, by the key of their first post
	flat    *lru.Cache[string, time.Time] // cards that can have no thread for now, by message, and until when
	bare    *lru.Cache[string, time.Time] // channels where cards are made of words, and until when
	renamed *lru.Cache[string, string]    // names that threads were given
	done    *lru.Cache[string, struct{}]  // ids of interactions that were handled
	later   background.Group              // what goes on after an answer
	life    context.Context               // of that: it ends a little after Run's
	end     context.CancelFunc
}

// Options is what the platform is made of.
type Options struct {
	// Token is the bot's.
	Token string
	// PublicKey is the application's, in hexadecimal digits: interactions are taken over HTTP then. Empty without.
	PublicKey string
	// APIURL is where the REST API is, its version included; Discord's own if empty.
	APIURL string
	// Secret signs what buttons and forms carry; at least chat.SecretMin bytes.
	Secret []byte
	// Memory keeps up to where the bot has heard, and what is too long for a button or a form.
	Memory chat.Memory
	// Lease lets one process at a time hold the gateway; nil if there is only one.
	Lease Lease
	// Commands are what Discord is told of the bot's commands.
	Commands chat.CommandSpec
	// AnswerWithin is how long the bot has to answer an interaction; 2 s if zero. Discord waits for three.
	AnswerWithin time.Duration
	// RetryAfter is how long after a failure a lost connection, or what could not be told, is first tried again; 1 s if zero.
	// It doubles with each failure, up to a minute.
	RetryAfter time.Duration
	// Answered, if set, is told of each answered interaction: its kind, how long it took altogether, and how much of that was
	// spent waiting for Discord.
	Answered func(kind string, took, waited time.Duration)
	// Odd, if set, is told of each thing that makes no sense or is set up wrongly, also where only the first is logged.
	Odd func()
	// Log takes what goes wrong; nothing that people write is in it.
	Log logrus.FieldLogger
}

// Lease is what only one process holds at a time.
type Lease interface {
	// Hold takes or renews it for a while, and says whether this process has it.
	Hold(ctx context.Context, lasts time.Duration) (bool, error)
	// Release gives it back.
	Release(ctx context.Context) error
}

// Discord's limits. https://docs.discord.com/developers/resources/message and .../components/reference
const (
	contentMax  = 2000 // characters of a message
	embedsMax   = 6000 // characters of all embeds of a message
	titleMax    = 256
	describeMax = 4096
	factsMax    = 25
	factNameMax = 256
	factTextMax = 1024
	footerMax   = 2048
	authorMax   = 256
	rowsMax     = 5
	buttonsMax  = 25
	buttonMax   = 80 // characters of a button
	optionsMax  = 25
	optionMax   = 100 // characters of an option, and of a placeholder
	filesMax    = 10
	fileMax     = 10 << 20 // bytes, of a guild without boosts
	postBytes   = 24 << 20 // bytes of a post's files: a request has 25 MiB at most, and says more than they do
	carryMax    = 100      // characters of what a button carries
	pageMax     = 5        // questions of a page of a form
	formTitle   = 45
	labelMax    = 45
	hintMax     = 100
	inputMax    = 4000
	threadMax   = 100 // characters of a thread's name
)

// New makes the platform; it reaches for Discord only when it is used.
func New(opts Options) (*Discord, error) {
	if opts.Token == "" || opts.Memory == nil || len(opts.Secret) < chat.SecretMin {
		return nil, errors.New("discord: a token, a memory and a secret are needed")
	}
	opts.AnswerWithin = cmp.Or(opts.AnswerWithin, 2*time.Second)
	opts.RetryAfter = cmp.Or(opts.RetryAfter, time.Second)
	if opts.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		opts.Log = silent
	}
	d := &Discord{opts: opts, log: opts.Log}
	d.once.Each = opts.Odd
	d.life, d.end = context.WithCancel(context.Background())
	if opts.PublicKey != "" {
		key, err := hex.DecodeString(opts.PublicKey)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, errors.New("discord: the public key is not one: it has 64 hexadecimal digits")
		}
		d.key = key
	}
	var err error
	if d.seal, err = chat.NewSealer(opts.Secret); err != nil {
		return nil, fmt.Errorf("discord: %w", err)
	}
	if d.api, err = newREST(opts.APIURL, opts.Token); err != nil {
		return nil, fmt.Errorf("discord: %w", err)
	}
	d.self = newSelf(d.api)
	d.sent = memo.New[string, chat.Ref](20_000)
	d.tried, d.begun = memo.New[string, struct{}](20_000), memo.New[string, string](20_000)
	d.flat, d.renamed = memo.New[string, time.Time](20_000), memo.New[string, string](20_000)
	d.bare = memo.New[string, time.Time](1_000)
	d.done = memo.New[string, struct{}](20_000)
	d.places = newPlaces(d)
	d.people = newPeople(d)
	d.guilds = newGuilds(d)
	d.values = newValues(opts.Secret, opts.Memory)
	d.forms = newForms(d)
	d.ears = newEars(d)
	return d, nil
}

// Name is "discord".
func (d *Discord) Name() string { return Name }

// Caps are Discord's limits and abilities.
func (d *Discord) Caps() chat.Caps {
	return chat.Caps{
		FormTyped: true, FormFiles: true, FormMulti: true, FormFields: pageMax, FormLine: inputMax, FormText: inputMax, MessageMenu: true,
		LabelMax: titleMax, OptionsMax: optionsMax, ListMax: optionsMax, MessageMax: contentMax + embedsMax, CardMax: embedsMax, ButtonsMax: buttonsMax,
		FileMax: fileMax, FilesMax: filesMax - 1, PostBytes: postBytes, // one place is for a text that is too long
		Private: true, DirectFlat: true, Deaf: d.self.deaf(),
	}
}

// Hooks is where Discord sends interactions, where it does so over HTTP.
func (d *Discord) Hooks(h chat.Handler) http.Handler {
	if d.key == nil {
		return nil
	}
	return d.routes(h)
}

// Run listens until ctx ends.
func (d *Discord) Run(ctx context.Context, h chat.Handler) error {
	var wg sync.WaitGroup
	wg.Go(func() { d.setUp(ctx) })
	wg.Go(func() { d.ears.run(ctx, h) })
	wg.Go(func() { d.forms.run(ctx) })
	wg.Wait()
	time.AfterFunc(d.ears.times.rest, d.end)
	d.later.Wait()
	d.api.close()
	return nil
}

// detached is a context of what goes on when who asked for it does not wait any more: for so long at most, and not much longer
// than Run.
func (d *Discord) detached(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	stop := context.AfterFunc(d.life, cancel)
	return ctx, func() { stop(); cancel() }
}

var _ interface {
	chat.Platform
	chat.Directory
	chat.Groups
	chat.Fetcher
	chat.Threads
} = (*Discord)(nil)

// oneLine is plain text in one line of at most so many characters.
func oneLine(s string, characters int) string {
	return chat.Cut(strings.Join(strings.Fields(chat.Clean(s)), " "), characters)
}
