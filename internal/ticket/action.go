package ticket

import (
	"time"

	"balie/internal/chat"
)

// Actor is who does something, and through what. It is looked up by Balie for every event; nothing in it comes from a
// button or a form.
type Actor struct {
	Person string   // id; empty for Balie itself
	Teams  []string // the teams that the person is an agent of
	Event  string   // what made them do it: applied once. Empty for what can't be repeated
	Origin Origin   // the message it was typed as, if it was
}

// Balie is the actor of what happens by itself.
var Balie = Actor{}

// Action is something that can be done to a ticket. The set is closed.
type Action interface{ action() }

// The actions. Texts are Markdown.
type (
	// Open makes the ticket. The requester is the actor, unless For names somebody else.
	Open struct {
		ID, Key     string
		For         string
		Source      chat.Ref // where it was asked for: decides the rooms
		Account     string   // the requester's id on Source's platform
		Type        string
		Program     string
		Category    string
		Summary     string
		Description string
		Requested   string
		Fields      chat.Values
		Files       []File
		FilesLater  bool     // files could not be given yet: questions that want one are not held against anybody
		Gather      chat.Ref // the message whose thread to take along
	}
	// Claim makes the actor the assignee, if there is none yet.
	Claim struct{}
	// Assign makes To the assignee; nobody if empty.
	Assign struct {
		To      string
		ToTeams []string // that To is an agent of
	}
	// Message is what the requester or a follower says.
	Message struct {
		Text  string
		Files []File
	}
	// Reply is what an agent says to the requester; with Ask the ticket waits for the answer.
	Reply struct {
		Text  string
		Files []File
		Ask   bool
	}
	// Note is what an agent says to the team.
	Note struct {
		Text  string
		Files []File
	}
	// Quote takes chat messages along from the thread that the ticket was made from.
	Quote struct {
		Quotes []Quoted
	}
	// Edit changes the text of the entry that was typed as Actor.Origin.Message.
	Edit struct{ Text string }
	// Delete takes back the entry that was typed as Actor.Origin.Message.
	Delete struct{}
	// SetPriority changes the team's priority.
	SetPriority struct{ To, Reason string }
	// SetStatus changes the status.
	SetStatus struct{ To, Reason string }
	// Follow makes Person (the actor, if empty) a follower, told in the direct conversation with Account.
	Follow struct {
		Person  string
		Account chat.Identity
	}
	// Unfollow ends that.
	Unfollow struct{ Person string }
	// SetShare changes who else may look.
	SetShare struct{ To Visibility }
	// Resolve says that it is done, and how.
	Resolve struct {
		Text  string
		Files []File
	}
	// Reopen says that it is not done after all.
	Reopen struct{ Text string }
	// Close ends it for good.
	Close struct{ Text string }
	// Declined notes that the actor was told why nothing came of what they said. When that is told again nothing comes of it
	// either, whatever the ticket has become meanwhile.
	Declined struct{}
	// Undelivered notes that a post to the room was given up.
	Undelivered struct{ Room, Reason string }
	// Tick does what time asks for.
	Tick struct{}
)

// Quoted is a chat message taken along.
type Quoted struct {
	By      string
	At      time.Time
	Text    string
	Files   []File
	Message chat.Ref
}

func (Open) action()        {}
func (Claim) action()       {}
func (Assign) action()      {}
func (Message) action()     {}
func (Reply) action()       {}
func (Note) action()        {}
func (Quote) action()       {}
func (Edit) action()        {}
func (Delete) action()      {}
func (SetPriority) action() {}
func (SetStatus) action()   {}
func (Follow) action()      {}
func (Unfollow) action()    {}
func (SetShare) action()    {}
func (Resolve) action()     {}
func (Reopen) action()      {}
func (Close) action()       {}
func (Declined) action()    {}
func (Undelivered) action() {}
func (Tick) action()        {}
