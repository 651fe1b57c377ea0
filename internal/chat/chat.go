// Package chat is the vocabulary that Balie and the chat platforms share. It knows no platform and no ticket: adapters
// translate between it and one network, and the bot speaks nothing else.
package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Platform is one connected chat network.
//
// Run and Hooks are the two ways in; a platform may have either or both. Send and Edit are only called by the deliverer,
// never while an event is being handled.
type Platform interface {
	// Name is the platform's short name in policies, references and URLs: lower-case letters.
	Name() string
	// Caps are the platform's limits and abilities, as far as they are known: a server may have to be asked first.
	Caps() Caps
	// Run keeps the socket side connected, reconnecting by itself, and returns when ctx ends. An error is fatal: the
	// platform can't be used until somebody changes something.
	Run(ctx context.Context, h Handler) error
	// Hooks is the HTTP side, mounted at /hooks/<name>/; nil if there is none.
	Hooks(h Handler) http.Handler
	// Send posts p and says where it stands. Sending the same Post.Key again is harmless and gives the first reference.
	// Every error is a *SendError.
	Send(ctx context.Context, p Post) (Ref, error)
	// Edit replaces what stands at r by p. Every error is a *SendError; Gone means that the post was deleted.
	Edit(ctx context.Context, r Ref, p Post) error
	// Delete takes the post at r away. A post that is already gone is no error.
	Delete(ctx context.Context, r Ref) error
}

// Handler answers one event within the platform's time limit. An error means that nothing was stored: the adapter shows
// Reply.Text, which is set then too, and keeps an open form open.
type Handler func(ctx context.Context, e Event) (Reply, error)

// ErrUnknownPerson says that the platform has no such account.
var ErrUnknownPerson = errors.New("chat: unknown person")

// Directory is the optional ability to look people up. It talks to the network, so no handler calls it.
type Directory interface {
	// Workspaces are the workspaces that the platform is connected to.
	Workspaces() []string
	// Person describes one account; ErrUnknownPerson if there is none.
	Person(ctx context.Context, workspace, id string) (Person, error)
	// Members lists the people in a channel, bots left out.
	Members(ctx context.Context, workspace, channel string) ([]Person, error)
}

// Fetcher is the optional ability to read a file that came with an event.
type Fetcher interface {
	Fetch(ctx context.Context, f File) (io.ReadCloser, error)
}

// Threads is the optional ability to read the messages of a thread, oldest first, the root included.
type Threads interface {
	Thread(ctx context.Context, root Ref) ([]Message, error)
}

// Groups is the optional ability to look up who is in a group that the platform has: a user group, or a role.
type Groups interface {
	Group(ctx context.Context, workspace, group string) ([]Person, error)
}

// Homes is the optional ability to bring the app's home of a person up to date.
type Homes interface {
	// ShowHome replaces what the person's home shows. Every error is a *SendError.
	ShowHome(ctx context.Context, workspace, person string, h Home) error
}

// Caps are a platform's limits and abilities, as data. A limit of 0 means that there is none.
type Caps struct {
	FormRefresh   bool  // a form can change while it is filled in
	FormTyped     bool  // what is typed into a form is told before it is sent: while it is open, or page by page
	FormErrors    bool  // errors can be shown at the fields of an open form
	FormFiles     bool  // a form can take files
	FormDates     bool  // a form can have a calendar to choose a date from
	FormMulti     bool  // several options of a field can be chosen
	FormFields    int   // fields on one page of a form
	FormPages     bool  // an answered form can be followed by another one at once
	FormLine      int   // bytes of a one-line text in a form
	FormText      int   // bytes of a longer text in a form
	Lookups       bool  // options can be asked for while somebody types
	Home          bool  // the bot has a home for each person
	MessageMenu   bool  // the menu of a message has the bot's shortcuts
	LabelMax      int   // characters of a label, title or button
	OptionsMax    int   // options of a select
	ListMax       int   // options of a list in a form: more are in several lists, not looked up
	MessageMax    int   // characters of a message
	CardMax       int   // characters of a card, everything counted
	ButtonsMax    int   // buttons of a card
	FileMax       int64 // bytes of one file
	FilesMax      int   // files of one message
	PostBytes     int64 // bytes of all files of one post
	BackdatedPost bool  // a post may carry the time of what it tells (Post.At)
	Private       bool  // a conversation in a channel can be for some people alone (Topic.People)
	DirectFlat    bool  // a direct conversation has no threads: who adds to one of several has to reply to a post of it
	Deaf          bool  // what people type is not told, unless they mention the bot or write to it: offer buttons instead

	PostEvery time.Duration // the least time between two posts to one channel
}

// Ref points at a channel, a thread in it or one message. Thread is the root message's id, and empty for a message that
// stands in the channel itself.
type Ref struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace,omitempty"`
	Channel   string `json:"channel,omitempty"`
	Thread    string `json:"thread,omitempty"`
	Message   string `json:"message,omitempty"`
}

// Root is the reference of the thread that r stands in or, for a message in a channel, of the thread under it.
func (r Ref) Root() Ref {
	if r.Thread != "" {
		r.Message, r.Thread = r.Thread, ""
	}
	return r
}

// Key is r as one string, for indexes: equal exactly for equal references.
func (r Ref) Key() string {
	return r.Platform + "|" + r.Workspace + "|" + r.Channel + "|" + r.Thread + "|" + r.Message
}

// Identity is an account on a platform.
type Identity struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace,omitempty"`
	ID        string `json:"id"`
}

// Key is i as one string, for indexes.
func (i Identity) Key() string { return i.Platform + "|" + i.Workspace + "|" + i.ID }

// Person is an account as its platform describes it. Everything but ID may be empty.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Handle   string `json:"handle,omitempty"`
	Avatar   string `json:"avatar,omitempty"` // URL of a picture
	Email    string `json:"email,omitempty"`
	Locale   string `json:"locale,omitempty"`   // BCP 47, such as "nl-NL"
	TimeZone string `json:"timeZone,omitempty"` // IANA, such as "Europe/Amsterdam"
}

// File is a file that came with an event. It may only be readable for a while: it is fetched and stored at once.
type File struct {
	ID   string `json:"id"` // the platform's
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // media type as claimed
	Size int64  `json:"size"`           // bytes as claimed; -1 unknown
}

// SendError is why a post could not be sent, edited or deleted. At most one of Retry, Gone, Refused and Blocked is set;
// without any the cause is unknown and the deliverer backs off by itself.
type SendError struct {
	Retry   time.Duration // try again after this long, for as long as it takes; the whole destination waits
	Gone    bool          // the destination does not exist any more, for good
	Refused string        // the platform does not take this post, and why; repeating it is useless
	Blocked string        // an admin has to put something right first, and what; then it goes on by itself
	Err     error
}

func (e *SendError) Error() string {
	switch {
	case e.Retry > 0:
		return fmt.Sprintf("send: try again in %s: %v", e.Retry, e.Err)
	case e.Gone:
		return fmt.Sprintf("send: gone: %v", e.Err)
	case e.Refused != "":
		return fmt.Sprintf("send: refused: %s", e.Refused)
	case e.Blocked != "":
		return fmt.Sprintf("send: waits for an admin: %s: %v", e.Blocked, e.Err)
	}
	return fmt.Sprintf("send: %v", e.Err)
}

func (e *SendError) Unwrap() error { return e.Err }
