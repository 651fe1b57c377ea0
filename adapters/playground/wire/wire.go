// Package wire is what the playground's server and its clients say to each other, as JSON.
package wire

import (
	"time"

	"balie/internal/chat"
)

// BotID is the author of the bot's own messages.
const BotID = "bot"

// Person is somebody in the workspace.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Avatar string `json:"avatar"` // path of a picture
	Locale string `json:"locale,omitempty"`
	Title  string `json:"title,omitempty"` // what they do, such as "ICT support"
}

// Channel is a place to talk in. A direct conversation is one too: each person has one with the bot.
type Channel struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Topic  string `json:"topic,omitempty"`
	Direct bool   `json:"direct,omitempty"`
	Last   string `json:"last,omitempty"` // the order of the newest message, thread replies included
}

// Command is a slash command, with the ways to use it that are worth a hint.
type Command struct {
	Name string `json:"name"`
	Hint string `json:"hint"`
	Uses []Use  `json:"uses,omitempty"`
}

// Use is one way to use a command.
type Use struct {
	Text string `json:"text"`
	Hint string `json:"hint"`
}

// Shortcut is an entry of a message's menu.
type Shortcut struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

// Workspace is what one person sees of the whole.
type Workspace struct {
	Name      string     `json:"name"`
	Me        Person     `json:"me"`
	Bot       Person     `json:"bot"`
	People    []Person   `json:"people"`
	Channels  []Channel  `json:"channels"`
	Commands  []Command  `json:"commands"`
	Shortcuts []Shortcut `json:"shortcuts"`
	Limits    Limits     `json:"limits"`
}

// Limits are what a client can check before it sends.
type Limits struct {
	Message int   `json:"message"` // characters of a message
	File    int64 `json:"file"`    // bytes of a file
	Files   int   `json:"files"`   // files of a message
}

// Message is a message as everybody in its channel sees it. Order sorts the messages of a channel or a thread; a higher
// Rev of the same message is newer.
type Message struct {
	ID        string       `json:"id"`
	Channel   string       `json:"channel"`
	Thread    string       `json:"thread,omitempty"` // the root's id
	Order     string       `json:"order"`
	Rev       int          `json:"rev"`
	From      string       `json:"from"` // a person's id, or BotID
	Author    *chat.Author `json:"author,omitempty"`
	At        time.Time    `json:"at"`
	Edited    time.Time    `json:"edited,omitzero"`
	Deleted   bool         `json:"deleted,omitempty"`
	Text      string       `json:"text,omitempty"`
	Mention   []string     `json:"mention,omitempty"` // ids of the people to notify
	Card      *chat.Card   `json:"card,omitempty"`
	Buttons   []Button     `json:"buttons,omitempty"`
	Files     []File       `json:"files,omitempty"`
	Reactions []Reaction   `json:"reactions,omitempty"`
	Quiet     bool         `json:"quiet,omitempty"`
}

// Button is a button, or with Options a menu. Token stands for its value.
type Button struct {
	Label   string        `json:"label"`
	Token   string        `json:"token"`
	Style   chat.Style    `json:"style,omitempty"`
	Confirm string        `json:"confirm,omitempty"`
	Options []chat.Option `json:"options,omitempty"`
}

// File is an attached or uploaded file.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type,omitempty"`
	Size  int64  `json:"size"`
	Image bool   `json:"image,omitempty"` // it may be shown as a picture
}

// Reaction is an emoji with those who put it there.
type Reaction struct {
	Emoji  string   `json:"emoji"` // short name without colons
	People []string `json:"people"`
}

// Page is a part of a channel or thread, the oldest first. Before, if not empty, leads to the page before it. M is
// Message, or its JSON.
type Page[M any] struct {
	Messages []M                `json:"messages"`
	Threads  map[string]Replies `json:"threads,omitempty"` // by root
	Before   string             `json:"before,omitempty"`
}

// Replies sums a thread up. A Count of RepliesMax means that or more.
type Replies struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
	Order string    `json:"order"` // of the last
	From  []string  `json:"from"`  // the latest writers
}

// RepliesMax is how far replies are counted.
const RepliesMax = 50

// Private is a message that only one person sees, and only now.
type Private struct {
	ID      string     `json:"id"`
	Channel string     `json:"channel"`
	Thread  string     `json:"thread,omitempty"`
	At      time.Time  `json:"at"`
	Text    string     `json:"text,omitempty"`
	Card    *chat.Card `json:"card,omitempty"`
	Buttons []Button   `json:"buttons,omitempty"`
}

// Form is a form to fill in; Token stands for it.
type Form struct {
	Token  string       `json:"token"`
	Title  string       `json:"title"`
	Intro  string       `json:"intro,omitempty"`
	Submit string       `json:"submit"`
	Fields []chat.Field `json:"fields"`
}

// Answer is what an action led to. All may be empty.
type Answer struct {
	Message *Message          `json:"message,omitempty"` // what the person posted or changed
	Private []Private         `json:"private,omitempty"`
	Form    *Form             `json:"form,omitempty"`
	Errors  map[string]string `json:"errors,omitempty"` // by field; "" is the form as a whole
	File    *File             `json:"file,omitempty"`   // what was uploaded
}

// Problem is why an action was not done.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"` // a sentence for people
}

// Request is an action. Which fields count depends on the action.
type Request struct {
	As    string `json:"as"`    // who does it
	Nonce string `json:"nonce"` // names the action: sent again with the same nonce it is the same action

	Channel string              `json:"channel,omitempty"`
	Thread  string              `json:"thread,omitempty"`
	Message string              `json:"message,omitempty"`
	Name    string              `json:"name,omitempty"` // of a command or shortcut
	Text    string              `json:"text,omitempty"`
	Emoji   string              `json:"emoji,omitempty"`
	Removed bool                `json:"removed,omitempty"`
	Token   string              `json:"token,omitempty"`
	Choice  []string            `json:"choice,omitempty"`
	Field   string              `json:"field,omitempty"` // the one that changed
	Values  map[string][]string `json:"values,omitempty"`
	Files   map[string][]string `json:"files,omitempty"`   // ids of uploads by field of a form
	Uploads []string            `json:"uploads,omitempty"` // ids of uploads of a message
}

// The kinds of live events.
const (
	KindHello   = "hello"   // the stream is up; what happens from here on is told
	KindReset   = "reset"   // something was missed: read again what is shown
	KindMessage = "message" // a message is new or changed
	KindDeleted = "deleted" // a message is gone
	KindPrivate = "private" // a private message
	KindFaults  = "faults"  // the faults were changed
)

// Event is one live event. Exactly the field of its kind is set.
type Event struct {
	ID      string // where to resume
	Kind    string
	Message *Message
	Deleted *Deleted
	Private *Private
	Faults  *Faults
}

// Deleted names a message that is gone.
type Deleted struct {
	Channel string `json:"channel"`
	Thread  string `json:"thread,omitempty"`
	ID      string `json:"id"`
}

// Faults are what the platform does wrong on purpose when the bot posts, edits or deletes.
type Faults struct {
	DelayMS   int            `json:"delayMs"`   // how much slower it answers
	Fail      bool           `json:"fail"`      // everything fails until this is off
	FailNext  int            `json:"failNext"`  // how many more fail
	Uncertain int            `json:"uncertain"` // how many more posts are made, and an error reported
	EveryMS   map[string]int `json:"everyMs"`   // by channel: the least time between two posts
}
