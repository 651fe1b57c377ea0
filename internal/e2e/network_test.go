package e2e

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"balie/internal/app"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// network is a chat network as its people know it: the stories speak nothing else. People and channels go by their names,
// and what names a person in a form is a person's name too. One world has one network.
//
// An error means that the network itself did not work; that somebody was refused is in the answer.
type network interface {
	// can is what people can do here. It never changes.
	can() abilities
	// connect adds what the program needs to be on the network.
	connect(o *app.Options)
	// open is told of the program once it is built, and close before it ends. Both may happen several times.
	open(a *app.App)
	close()

	// command types a line that begins with a slash, in a channel or, with the root's ID, in a thread.
	command(ctx context.Context, as, channel, thread, line string) (answer, error)
	// shortcut chooses "Create ticket" from the message's menu.
	shortcut(ctx context.Context, as string, m message) (answer, error)
	// click presses a button by its label; in a menu it takes the choice, by label or value.
	click(ctx context.Context, as string, m message, label, choice string) (answer, error)
	submit(ctx context.Context, as string, f *form, in filled) (answer, error)
	// change tells that a field was changed; the answer has the form as it looks then.
	change(ctx context.Context, as string, f *form, field string, in filled) (answer, error)
	// dismiss closes a form without sending it.
	dismiss(ctx context.Context, as string, f *form, in filled) (answer, error)

	// say posts a message with uploads.
	say(ctx context.Context, as, channel, thread, text string, uploads ...string) (answer, error)
	edit(ctx context.Context, as string, m message, text string) (answer, error)
	remove(ctx context.Context, as string, m message) (answer, error)
	// react puts an emoji, by its short name, on a message.
	react(ctx context.Context, as string, m message, emoji string) (answer, error)
	// upload brings a file to a channel, to be said or put into a form by the ID that it gives.
	upload(ctx context.Context, as, channel, name, content string) (id string, a answer, err error)
	download(ctx context.Context, as string, m message, f file) (string, error)

	// messages are what stands in a channel or, with the root's ID, that root and the replies to it. The oldest is the
	// first, and what was deleted is left out.
	messages(ctx context.Context, as, channel, thread string) ([]message, error)
	// visible is every message that the person can see, threads included.
	visible(ctx context.Context, as string) ([]message, error)

	// forge presses buttons that nobody made, as like the message's as possible, and tells of those that were taken.
	forge(ctx context.Context, as string, m message) (taken []string, err error)
	// trouble is what the network does wrong on purpose from now on; the zero value ends it. brace says that there will be
	// trouble, and whether the program has to be started again for that.
	trouble(ctx context.Context, t trouble) error
	brace() (again bool)
}

// direct is the channel that each person alone has with the bot.
const direct = "direct"

// inhabitants are the people of every network.
var inhabitants = []string{"ana", "bram", "carla", "david", "eva"}

// abilities are what people can do on a network, beyond what they can everywhere.
type abilities struct {
	shortcut   bool // a message has a menu with "Create ticket"
	formFiles  bool // a form takes files
	closing    bool // closing a form tells what was typed into it
	oldButtons bool // a button that the message has no more can be pressed all the same
	emptyFiles bool // a file may be empty
	longForms  bool // a form takes 100 000 characters

	shortMessages bool // a message takes no more than 2 000 characters
	lateDeletions bool // what was deleted while the program was away can be found out
}

// trouble is what a network does wrong when the bot posts or edits.
type trouble struct {
	failNext  int                      // so many fail
	uncertain int                      // so many posts stand although they are reported as failed
	every     map[string]time.Duration // by channel: the least time between two posts
}

// message is a message as somebody sees it. A private one only they see, and its ID says nothing.
type message struct {
	ID       string
	Channel  string
	Thread   string // the root's ID
	Bot      bool   // the bot said it
	Title    string // of its card
	Text     string // all that there is to read, the title and the names of files included
	Buttons  []button
	Files    []file
	Mentions []string // who is told of it, by name

	raw any // the network's own
}

// has says whether the message has a button with the label.
func (m message) has(label string) bool {
	return slices.ContainsFunc(m.Buttons, func(b button) bool { return b.Label == label })
}

// button is a button or, with options, a menu.
type button struct {
	Label   string
	Options []chat.Option
}

// file is a file of a message.
type file struct{ ID, Name string }

// form is an open form.
type form struct {
	Title, Intro string
	Fields       []chat.Field

	raw any // the network's own
}

// filled is what somebody typed into a form: values, and what was uploaded, by field.
type filled struct {
	Values map[string][]string
	Files  map[string][]string
}

// answer is what somebody sees of what they did.
type answer struct {
	Refused string    // why the network did not let them do it
	Message message   // what they posted
	Private []message // what only they read
	Form    *form     // that is open now
	Errors  map[string]string

	late func() []message // what only they read that came since; nil where all came with the answer
}

// reads finds the private message with all the parts.
func (a answer) reads(parts ...string) (message, bool) {
	all := a.Private
	if a.late != nil {
		all = slices.Concat(all, a.late())
	}
	i := slices.IndexFunc(all, func(m message) bool { return contains(m.Text, parts) })
	if i < 0 {
		return message{}, false
	}
	return all[i], true
}

// titles are the titles of the cards in it.
func (a answer) titles() (all []string) {
	for _, m := range a.Private {
		if m.Title != "" {
			all = append(all, m.Title)
		}
	}
	return all
}

// with is what stands in a form, and the pairs of field and value.
func (f *form) with(pairs ...string) filled {
	in := filled{Values: map[string][]string{}, Files: map[string][]string{}}
	for _, field := range f.Fields {
		if len(field.Value) > 0 {
			in.Values[field.ID] = field.Value
		}
	}
	for pair := range slices.Chunk(pairs, 2) {
		in.Values[pair[0]] = []string{pair[1]}
	}
	return in
}

// until waits until it is so, or nobody has patience any more.
func until(so func() bool) {
	for deadline := time.Now().Add(patience); !so() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // between two looks
	}
}

// cardsIn has all teams' cards in a channel, unless change, which may be nil, has them elsewhere.
func cardsIn(o *app.Options, triage ticket.Channel, change func(*ticket.Team)) {
	p := *o.Policy
	p.Teams = slices.Clone(p.Teams)
	for i := range p.Teams {
		p.Teams[i].Triage = []ticket.Channel{triage}
		if change != nil {
			change(&p.Teams[i])
		}
	}
	o.Policy = &p
}

// earlier says whether a message stood before another one: on Slack and Discord, ids grow with time.
func earlier(a, b message) bool {
	return cmp.Or(len(a.ID)-len(b.ID), strings.Compare(a.ID, b.ID)) < 0
}

func contains(s string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(s, part) })
}
