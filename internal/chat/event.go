package chat

import (
	"context"
	"slices"
	"time"
)

// Event is one thing that a person did. Exactly one of the pointers at the end is set.
type Event struct {
	// ID is the platform's own id of what happened, the same at every redelivery and unique within platform and
	// workspace. A form sent twice has one id, and so has a double click.
	ID        string
	Platform  string
	Workspace string
	Channel   string
	Thread    string // the root message's id, if it happened in a thread
	OwnThread bool   // that root is the bot's own message, as far as the platform tells
	Direct    bool   // the channel is the person's direct conversation with the bot
	Home      bool   // it was done in the app's home, which Reply.Home replaces
	Person    Person
	At        time.Time
	// Describe, if set, tells more of the person. It may take a moment, so it comes after Early.
	Describe func(context.Context) Person
	// Early, if set, opens a form before the answer is known, where a form that waits for the store may open too late. It may
	// be called once, and does not block. Reply.Form replaces what it opened.
	Early func(Form)

	Command    *Command
	Click      *Click
	Submit     *Submit
	Message    *Message
	Reaction   *Reaction
	Shortcut   *Shortcut
	Query      *Query
	HomeOpened *HomeOpened
}

// Identity is the account that did it.
func (e Event) Identity() Identity {
	return Identity{Platform: e.Platform, Workspace: e.Workspace, ID: e.Person.ID}
}

// Place is where it happened.
func (e Event) Place() Ref {
	return Ref{Platform: e.Platform, Workspace: e.Workspace, Channel: e.Channel, Thread: e.Thread}
}

// Command is a slash command: for "/ticket mine open", Name is "ticket" and Text "mine open". Where the platform tells them
// apart, Word is the subcommand, Text what is left, and Values are the options (see CommandSpec).
type Command struct {
	Name, Word, Text string
	Values           Values
}

// Value is what a button or a form carries: typed, never a command string. Adapters carry it so that nobody can invent or
// change one; who acts is looked up all the same, and whether they may is the domain's decision.
type Value struct {
	Verb   string `json:"v"`           // what to do, such as "claim"
	Ticket string `json:"t,omitempty"` // the ticket's id
	Arg    string `json:"a,omitempty"` // whatever the verb needs to know
}

// Click is a pressed button, or a choice from a card's menu.
type Click struct {
	Value   Value
	Message Ref      // the post that it stands on; empty for a private reply
	Choice  []string // what a menu was set to
}

// Submit is a form that was sent, or that changed or was closed while being filled in.
type Submit struct {
	Form    Value // the form's
	Values  Values
	Files   map[string][]File // by field
	Changed string            // the field that changed; the answer is the form as it should look now
	Closed  bool              // the person closed the form without sending it; Values are what they had typed, if known
}

// Values are a form's values by field: none for an empty field, several where several may be chosen. A checkbox is
// "true" or nothing, a date "2006-01-02", a person the platform's id.
type Values map[string][]string

// Get is the field's first value, or "".
func (v Values) Get(field string) string {
	if len(v[field]) == 0 {
		return ""
	}
	return v[field][0]
}

// Clone is a copy that shares nothing with v.
func (v Values) Clone() Values {
	out := make(Values, len(v))
	for k, s := range v {
		out[k] = slices.Clone(s)
	}
	return out
}

// Message is a message that was posted, edited or deleted. Text is Markdown (see Post.Text), whatever the platform uses.
type Message struct {
	ID      string
	Author  Person
	At      time.Time
	Text    string
	Files   []File
	ToBot   bool // it mentions the bot, whose name is not in Text then
	Edited  bool // Text is the new text
	Deleted bool // Text is empty
}

// Reaction is an emoji put on a message. Emoji is its short name without colons.
type Reaction struct {
	Message Ref
	Said    *Message // what the message says, if the platform tells and a person wrote it
	Emoji   string
	Removed bool
}

// Shortcut is an action chosen from a message's menu, such as "Create ticket", or from the platform's own menu.
type Shortcut struct {
	Name    string
	Message Message // empty if it was not a message's menu
	Ref     Ref     // where the message stands
}

// Query asks for the options of a field while a person types: of a form or, with a Word, of that subcommand.
type Query struct {
	Form   Value
	Word   string
	Field  string
	Text   string
	Values Values // the answers so far, as far as the platform tells
}

// HomeOpened says that the person looks at the app's home.
type HomeOpened struct{}
