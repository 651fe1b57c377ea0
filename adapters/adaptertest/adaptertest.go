// Package adaptertest is the conformance suite that every chat adapter passes: what the bot relies on, whatever the
// network. An adapter's test describes itself as a Subject, whose Network is the adapter together with what stands for
// the network (its fake, or a real server), and calls Run.
//
// What a platform can't do is data: its Caps, the optional interfaces of its Platform and Network, and Subject.Without.
// A test of something that is missing is skipped, and says so.
package adaptertest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/chat"
)

// Subject is an adapter to be tested.
type Subject struct {
	// Start makes a fresh network, and the adapter connected to it with its Run and Hooks going. Whatever it starts ends
	// with the test, before Cleanup functions that were registered earlier.
	Start func(t *testing.T, s Setup) Network
	// Secrets must never be in an error or a log line, nor may those of a Secretive network.
	Secrets []string
	// Without names kinds of actions that the platform does not have, and why.
	Without map[Kind]string
}

// Setup is what the adapter is to be connected with.
type Setup struct {
	Handler chat.Handler
	// Failed is how often the handler has failed: a person reads why, which nothing else tells from an answer.
	Failed func() int
	Log    logrus.FieldLogger
	// AnswerWithin is how long the handler may take. An adapter with a shorter limit keeps its own.
	AnswerWithin time.Duration
}

// Network is an adapter and its network, as the people there see it.
type Network interface {
	Platform() chat.Platform
	Places() Places
	// Act does what a person does. An error means that the network itself does not work; that somebody was refused, or told
	// that it failed, is in Seen.
	Act(ctx context.Context, a Act) (Seen, error)
	// Shown are the messages in a channel, the oldest first or, if the reference has a Thread, that thread's replies.
	Shown(ctx context.Context, as string, in chat.Ref) ([]Shown, error)
}

// Guarded is a network on which requests can be forged.
type Guarded interface {
	// Refused are requests that must be refused and deliver nothing: unsigned, signed with another secret, changed, too
	// old, too large.
	Refused(t *testing.T) []Request
	// Garbage are requests that must neither deliver anything nor break anything: malformed, of unknown type, with fields
	// missing.
	Garbage(t *testing.T) []Request
}

// Faulty is a network that can be told to go wrong.
type Faulty interface {
	// Uncertain makes the next post stand although its request fails.
	Uncertain(t *testing.T)
	// Limit lets a channel take a post only so often.
	Limit(t *testing.T, channel string, every time.Duration)
	// Fail makes everything that is sent fail, or not any more.
	Fail(t *testing.T, on bool)
}

// Secretive is a network with secrets that are not known before it starts, such as tokens that it gives out.
type Secretive interface {
	// Secrets are those so far.
	Secrets() []string
}

// Request is one request to the adapter, to be sent as it is.
type Request struct {
	Name string
	HTTP *http.Request
}

// Places names who and what there is on the network.
type Places struct {
	Workspace string
	Requester string // somebody in Open
	Agent     string // somebody in Open and Closed
	Open      string // a channel of everybody's
	Closed    string // a channel that the requester is not in
	Command   string // a command's name
	Shortcut  string // a shortcut's name
}

// Kind is a kind of action.
type Kind string

// The kinds of actions.
const (
	Command  Kind = "command"
	Click    Kind = "click" // on the button named Button, or with Choice in that menu
	Submit   Kind = "submit"
	Change   Kind = "change" // of Field, in an open form
	CloseIt  Kind = "close"  // of an open form
	Say      Kind = "say"
	Edit     Kind = "edit"
	Delete   Kind = "delete"
	React    Kind = "react" // with the emoji Name
	Unreact  Kind = "unreact"
	Shortcut Kind = "shortcut"
)

// Act is something that a person does. Which fields count depends on the kind.
type Act struct {
	Kind   Kind
	As     string
	Repeat string   // the same non-empty value is the same action, delivered again
	In     chat.Ref // the channel, or thread, to do it in; or the message to do it with
	Direct bool     // in the direct conversation with the bot, instead of In's channel
	Name   string
	Text   string
	Button string
	Choice string // its value
	Form   any    // Seen.Form
	Field  string
	Values chat.Values
	Files  []Upload // with a message or, in a form, in Field
}

// Upload is a file that a person brings.
type Upload struct {
	Name, Type string
	Content    []byte
}

// Seen is what the person who acted sees of it.
type Seen struct {
	Refused bool     // it was not done
	Texts   []string // what they read: private replies, or why it was not done
	Form    any      // the form that is open now; nil if none
	Fields  []string // its fields' ids
	Errors  map[string]string
	Message chat.Ref // what they posted
}

// Shown is a message as it stands.
type Shown struct {
	Ref      chat.Ref
	Bot      bool
	Text     string // as Markdown, or without its marks
	Title    string // of the card
	Buttons  []string
	Files    []string // names
	Mentions []string // ids of those who are notified
	Links    []string // that the network would follow; none if the page decides
	At       time.Time
}

// Run tests the subject.
func Run(t *testing.T, s Subject) {
	for _, test := range []struct {
		name string
		run  func(*probe)
	}{
		{"ways in", waysIn}, {"forms", forms}, {"buttons", buttons}, {"messages", messages},
		{"one id", oneID}, {"slow handler", slowHandler}, {"failing handler", failingHandler},
		{"own posts stay away", ownPosts}, {"refused", refused}, {"garbage", garbage}, {"order", order},
		{"send once", sendOnce}, {"uncertain send", uncertainSend}, {"edit and delete", editAndDelete}, {"gone", gone},
		{"rate limit", rateLimit}, {"failure", failure}, {"words", words}, {"hostile text", hostileText}, {"limits", limits},
		{"files in", filesIn}, {"files out", filesOut}, {"people", people}, {"threads", threads}, {"backdated", backdated},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "-"), func(t *testing.T) {
			NoLeaks(t)
			test.run(start(t, s))
		})
	}
}

const answerWithin = 300 * time.Millisecond

// probe is one test of one subject: it hears what the bot is told.
type probe struct {
	*testing.T
	Bot
	subject Subject
	net     Network
	places  Places
	p       chat.Platform
	log     Log
}

func start(t *testing.T, s Subject) *probe {
	t.Helper()
	b := &probe{T: t, subject: s}
	t.Cleanup(func() { b.noSecret("the log", b.log.String()) })
	b.net = s.Start(t, Setup{Handler: b.Handle, Failed: b.Failed, Log: b.log.Logger(logrus.TraceLevel), AnswerWithin: answerWithin})
	b.places, b.p = b.net.Places(), b.net.Platform()
	return b
}

// next waits for the event number n, counting from 0.
func (b *probe) next(n int) chat.Event {
	b.Helper()
	Until(b.T, fmt.Sprintf("the bot hears event %d", n), func() bool { return len(b.Told()) > n })
	return b.Told()[n]
}

// act does something that must work, and skips the test if the platform has no such thing.
func (b *probe) act(a Act) Seen {
	b.Helper()
	seen := b.try(a)
	if seen.Refused {
		b.Fatalf("%s was refused: %q", a.Kind, seen.Texts)
	}
	return seen
}

func (b *probe) try(a Act) Seen {
	b.Helper()
	if why, missing := b.subject.Without[a.Kind]; missing {
		b.Skipf("no %s here: %s", a.Kind, why)
	}
	seen, err := b.net.Act(b.Context(), a)
	if err != nil {
		b.Fatalf("%s: %v", a.Kind, err)
	}
	b.noSecret("what people read", strings.Join(seen.Texts, "\n"))
	return seen
}

func (b *probe) has(k Kind) bool {
	_, missing := b.subject.Without[k]
	return !missing
}

func (b *probe) open() chat.Ref {
	return chat.Ref{Platform: b.p.Name(), Workspace: b.places.Workspace, Channel: b.places.Open}
}

func (b *probe) to(channel string) chat.Place {
	return chat.Place{Platform: b.p.Name(), Workspace: b.places.Workspace, Channel: channel}
}

func (b *probe) under(r chat.Ref) chat.Place {
	to := b.to(r.Channel)
	to.Thread = r.Root().Message
	return to
}

func (b *probe) toPerson(id string) chat.Place {
	return chat.Place{Platform: b.p.Name(), Workspace: b.places.Workspace, Person: id}
}

func (b *probe) send(p chat.Post) chat.Ref {
	b.Helper()
	r, err := b.p.Send(b.Context(), p)
	if err != nil {
		b.Fatalf("Send: %v", err)
	}
	return r
}

func (b *probe) shown(as string, in chat.Ref) []Shown {
	b.Helper()
	all, err := b.net.Shown(b.Context(), as, in)
	if err != nil {
		b.Fatalf("what is shown: %v", err)
	}
	return all
}

func (b *probe) noSecret(where, text string) {
	b.Helper()
	secrets := b.subject.Secrets
	if n, ok := b.net.(Secretive); ok {
		secrets = slices.Concat(secrets, n.Secrets())
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			b.Errorf("a secret is in %s", where)
		}
	}
}
