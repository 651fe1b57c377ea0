// Package ticket is the heart of Balie: what a ticket is, who may do what to it, what that changes and who must be told.
// It is pure: no clock, no I/O, no logging. Policy.Apply is the only way a ticket changes.
package ticket

import (
	"slices"
	"time"

	"balie/internal/chat"
)

// Ticket is one request with everything that happened to it. It is a value: Apply never changes the one it is given.
// Times are in UTC with milliseconds, which is what every store keeps.
type Ticket struct {
	ID      string `json:"id"`      // sortable by creation, never shown
	Key     string `json:"key"`     // what people call it, such as HD-00012; never changes
	Version int64  `json:"version"` // counts saves; belongs to the store

	Team     string `json:"team"`
	Type     string `json:"type,omitempty"`
	Program  string `json:"program,omitempty"`
	Category string `json:"category"`

	Summary     string      `json:"summary"`     // one line, plain text
	Description string      `json:"description"` // Markdown
	Fields      chat.Values `json:"fields,omitempty"`

	Requested string `json:"requested"` // the priority that the requester asked for
	Priority  string `json:"priority"`  // the priority that the team gave; starts as Requested
	Status    string `json:"status"`
	Phase     Phase  `json:"phase"` // of Status, kept beside it for queries

	Requester string     `json:"requester"` // people's ids, here and below
	Assignee  string     `json:"assignee,omitempty"`
	Followers []string   `json:"followers,omitempty"`
	Share     Visibility `json:"share,omitempty"`

	Source  string  `json:"source"` // the platform it was opened through
	Rooms   []Room  `json:"rooms"`
	Entries []Entry `json:"entries"` // the newest part of the timeline, oldest first; the rest is in the store's history
	Last    int     `json:"last"`    // number of the newest entry

	Opened    time.Time `json:"opened"`
	Updated   time.Time `json:"updated"`
	StatusAt  time.Time `json:"statusAt"`            // since when it has Status
	SaidAt    time.Time `json:"saidAt"`              // when anybody last said something that the requester can read
	AnswerAt  time.Time `json:"answerAt,omitzero"`   // when the team first answered
	Resolved  time.Time `json:"resolvedAt,omitzero"` // when it last became resolved
	ClosedAt  time.Time `json:"closedAt,omitzero"`
	Reopened  int       `json:"reopened,omitempty"` // how often
	NextDue   time.Time `json:"nextDue,omitzero"`   // when Tick has something to do; zero for never
	OpenEvent string    `json:"openEvent"`          // the event that opened it; unique over all tickets
	Events    []string  `json:"events,omitempty"`   // the newest events applied, to apply none twice
}

// Open says whether work is still expected: it is neither resolved nor closed.
func (t Ticket) Open() bool { return t.Phase != Resolved && t.Phase != Closed }

// Room is a place that a ticket is bound to. Where exactly its first post stands is known to the store, once it was sent.
type Room struct {
	ID       string     `json:"id"` // unique in the ticket
	Kind     RoomKind   `json:"kind"`
	Audience Audience   `json:"audience"` // who reads along there
	Person   string     `json:"person,omitempty"`
	Place    chat.Place `json:"place"`
}

// InChannel says whether a whole channel reads along, so that there may be others than those whom the ticket concerns.
func (r Room) InChannel() bool { return r.Audience == Public && r.Place.Channel != "" }

// RoomKind says what a room is for.
type RoomKind string

// The kinds of rooms.
const (
	TriageRoom       RoomKind = "triage"       // the team's card and the thread under it
	ConversationRoom RoomKind = "conversation" // the requester's
	FollowerRoom     RoomKind = "follower"     // a follower's
)

// Audience is who may see something.
type Audience string

// The audiences. Public means everybody whom the ticket is visible to, which by default is requester and team.
const (
	TeamOnly Audience = "team"
	Public   Audience = "public"
)

// sees says whether readers of audience a may see what is meant for audience of.
func (a Audience) sees(of Audience) bool { return a == TeamOnly || of == Public }

// Visibility says who, besides requester, followers and team, may look at a ticket. The zero value is nobody.
type Visibility string

// The visibilities that an agent can choose.
const (
	ShareNobody   Visibility = ""
	ShareEveryone Visibility = "everyone"
)

// EntryKind says what a timeline entry tells.
type EntryKind string

// The kinds of entries.
const (
	EntryOpened      EntryKind = "opened"
	EntryMessage     EntryKind = "message" // from the requester's side
	EntryReply       EntryKind = "reply"   // from the team, for the requester
	EntryAsk         EntryKind = "ask"     // a reply that waits for an answer
	EntryNote        EntryKind = "note"    // within the team
	EntryQuote       EntryKind = "quote"   // a chat message taken along when the ticket was made
	EntryAssigned    EntryKind = "assigned"
	EntryPriority    EntryKind = "priority"
	EntryStatus      EntryKind = "status"
	EntryFollowed    EntryKind = "followed"
	EntryUnfollowed  EntryKind = "unfollowed"
	EntryShared      EntryKind = "shared"
	EntryResolved    EntryKind = "resolved"
	EntryReopened    EntryKind = "reopened"
	EntryClosed      EntryKind = "closed"
	EntryUndelivered EntryKind = "undelivered" // a post was given up
)

// Entry is one line of the timeline. Entries are never removed; a deleted message keeps its text in Earlier.
type Entry struct {
	N        int        `json:"n"` // 1, 2, 3 … within the ticket
	At       time.Time  `json:"at"`
	Kind     EntryKind  `json:"kind"`
	Audience Audience   `json:"audience"`
	By       string     `json:"by,omitempty"` // person; empty for Balie itself
	Text     string     `json:"text,omitempty"`
	Files    []File     `json:"files,omitempty"`
	From     string     `json:"from,omitempty"` // of a change: the old value's id
	To       string     `json:"to,omitempty"`   // of a change: the new value's id, or the person it is about
	Origin   Origin     `json:"origin,omitzero"`
	Edited   time.Time  `json:"edited,omitzero"`
	Deleted  bool       `json:"deleted,omitempty"`
	Earlier  []Revision `json:"earlier,omitempty"` // what it said before, oldest first
}

// Origin is the message that an entry was typed as. Room is empty for what came through a form or a button.
type Origin struct {
	Room    string   `json:"room,omitempty"`
	Message chat.Ref `json:"message,omitzero"`
}

// Revision is an earlier text of an entry, and until when it stood.
type Revision struct {
	Text  string    `json:"text"`
	Until time.Time `json:"until"`
}

// File is an attachment. Its content is in the store under ID once it was fetched from Source.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name"` // a bare file name, safe to show and to write
	Type string `json:"type,omitempty"`
	Size int64  `json:"size"`
	// Source is the file on Platform, for as long as it has not been fetched.
	Platform string    `json:"platform,omitempty"`
	Source   chat.File `json:"source,omitzero"`
}

// Entry is the entry with number n, if it is among the ones kept with the ticket.
func (t Ticket) Entry(n int) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(t.Entries, n, func(e Entry, n int) int { return e.N - n })
	if !ok {
		return Entry{}, false
	}
	return t.Entries[i], true
}

// EntryFrom is the entry that the message was typed as, if it is among the ones kept with the ticket.
func (t Ticket) EntryFrom(message chat.Ref) (Entry, bool) {
	for _, e := range slices.Backward(t.Entries) {
		if e.Origin.Message == message {
			return e, true
		}
	}
	return Entry{}, false
}

// SaidAs says whether the entry was typed as the message, in a room.
func (e Entry) SaidAs(message chat.Ref) bool {
	return e.Origin.Room != "" && e.Origin.Message == message
}

// said is the place in Entries of the one that was typed as the message; -1 if none of them was.
func (t Ticket) said(message chat.Ref) int {
	return slices.IndexFunc(t.Entries, func(e Entry) bool { return e.SaidAs(message) })
}

// Room is the room with the id.
func (t Ticket) Room(id string) (Room, bool) {
	i := slices.IndexFunc(t.Rooms, func(r Room) bool { return r.ID == id })
	if i < 0 {
		return Room{}, false
	}
	return t.Rooms[i], true
}

// clone is a copy of t whose slices can be appended to and changed.
func (t Ticket) clone() Ticket {
	t.Followers = slices.Clone(t.Followers)
	t.Rooms = slices.Clone(t.Rooms)
	t.Entries = slices.Clone(t.Entries)
	t.Events = slices.Clone(t.Events)
	if t.Fields != nil {
		t.Fields = t.Fields.Clone()
	}
	return t
}
