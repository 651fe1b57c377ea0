package ticket

import (
	"fmt"
	"strings"
	"time"

	"balie/internal/chat"
)

// Policy is how a helpdesk works, as its admins wrote it down. It is checked when it is read (package policy) and never
// changes afterwards.
type Policy struct {
	Languages  []string // two-letter codes; the first is the default
	Teams      []Team
	Types      []Choice // kinds of requests; may be empty
	Programs   []Choice // what requests are about; may be empty
	Categories []Category
	Priorities []Priority // the most urgent first
	Statuses   []Status
	Flow       Flow
	Limits     Limits
}

// Text is a text in several languages, by two-letter code.
type Text map[string]string

// In is the text in the language, else in the first of the fallbacks that has one.
func (t Text) In(lang string, fallback ...string) string {
	if s := t[lang]; s != "" {
		return s
	}
	for _, l := range fallback {
		if s := t[l]; s != "" {
			return s
		}
	}
	for _, s := range t {
		return s
	}
	return ""
}

// Choice is something with an id and a label to choose.
type Choice struct {
	ID    string
	Label Text
	Hint  Text
}

// Team handles tickets.
type Team struct {
	ID       string
	Label    Text
	Language string       // of its cards
	Number   NumberFormat // of its tickets
	Triage   []Channel    // where its cards go: the one on the ticket's own platform, else the first
	Requests []Channel    // where conversations with requesters of the same platform are, for everybody to read; else in private
	Agents   []Agent      // who may handle its tickets; empty for the members of the triage channels
	Thread   EntryKind    // what agents' messages in a card's thread are: EntryNote or EntryReply
	Reopen   []Role       // who may reopen a resolved ticket
}

// Channel is a place on a platform. Workspace may be empty where a platform has one.
type Channel struct {
	Platform  string
	Workspace string
	ID        string
}

// Agent names people: either an e-mail address, or a person, group or role on a platform.
type Agent struct {
	Email    string
	Platform string
	Person   string
	Group    string
}

// Role is what somebody is to a ticket.
type Role string

// The roles.
const (
	RequesterRole Role = "requester"
	FollowerRole  Role = "follower"
	AgentRole     Role = "agent"
)

// NumberFormat is how a team's ticket numbers look, such as "HD-#####": the text before the run of # is the prefix, each
// # a digit at least. Larger numbers grow longer.
type NumberFormat string

// Prefix is what stands before the digits. Teams with one prefix share a counter.
func (f NumberFormat) Prefix() string { return strings.TrimRight(string(f), "#") }

// Key is the n-th ticket's key.
func (f NumberFormat) Key(n int64) string {
	return fmt.Sprintf("%s%0*d", f.Prefix(), strings.Count(string(f), "#"), n)
}

// Category is what a ticket is about. It decides who handles it and what is asked.
type Category struct {
	ID          string
	Label       Text
	Description Text
	Team        string
	Types       []string // the types it is offered for; empty for all
	Programs    []string // the programs it is offered for; empty for all
	Priority    string   // what the form proposes; empty for Policy's default
	Fields      []Field
}

// Field is a question of a category.
type Field struct {
	ID       string
	Kind     chat.FieldKind
	Label    Text
	Hint     Text
	Required bool
	Max      int // characters, or files
	Options  []Option
	// DependsOn is the field (or "type", "program", "category") whose value decides which options are offered.
	DependsOn string
}

// Option is a choice of a field. When are the values of the field it depends on for which it is offered; empty for all.
type Option struct {
	ID    string
	Label Text
	When  []string
}

// Priority is how urgent a ticket is.
type Priority struct {
	ID      string
	Label   Text
	Hint    Text
	Tone    chat.Tone
	Default bool // proposed where the category proposes none
}

// Status is where a ticket stands, in the team's own words.
type Status struct {
	ID          string
	Label       Text
	Description Text // for requesters
	Phase       Phase
	Tone        chat.Tone
	After       *Timer // what happens when nothing happens
}

// Timer moves a ticket by itself once it has stood in a status, unanswered, for so long.
type Timer struct {
	Wait time.Duration
	To   string // a status
}

// Phase is the fixed meaning of a status: it decides which clock runs and what a reply does.
type Phase string

// The phases.
const (
	New               Phase = "new"
	InProgress        Phase = "open"
	WaitingRequester  Phase = "waiting_requester"
	WaitingThirdParty Phase = "waiting_third_party"
	Planned           Phase = "planned"
	Resolved          Phase = "resolved"
	Closed            Phase = "closed"
)

// Phases are all phases, in the order of a ticket's life.
var Phases = []Phase{New, InProgress, WaitingRequester, WaitingThirdParty, Planned, Resolved, Closed}

// Flow says which status an event leads to, by status id.
type Flow struct {
	Opened   string
	Claimed  string // also assigned; from a status of phase new only
	Asked    string
	Replied  string // the requester answered while the ticket waited for them
	Resolved string
	Reopened string
	Closed   string
}

// Limits bound what people can send.
type Limits struct {
	Summary int   // characters
	Text    int   // characters of a description, a message or a long text
	Files   int   // of one message or form
	File    int64 // bytes of one file
}

// Team is the team with the id.
func (p *Policy) Team(id string) (Team, bool) {
	return find(p.Teams, id, func(t Team) string { return t.ID })
}

// Category is the category with the id.
func (p *Policy) Category(id string) (Category, bool) {
	return find(p.Categories, id, func(c Category) string { return c.ID })
}

// Priority is the priority with the id.
func (p *Policy) Priority(id string) (Priority, bool) {
	return find(p.Priorities, id, func(c Priority) string { return c.ID })
}

// Status is the status with the id.
func (p *Policy) Status(id string) (Status, bool) {
	return find(p.Statuses, id, func(c Status) string { return c.ID })
}

// DefaultLanguage is the language for whoever's own is not spoken here.
func (p *Policy) DefaultLanguage() string { return p.Languages[0] }

// Language is the best of the policy's languages for a locale such as "nl-BE".
func (p *Policy) Language(locale string) string {
	code, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	for _, l := range p.Languages {
		if l == code {
			return l
		}
	}
	return p.DefaultLanguage()
}

func find[T any](list []T, id string, of func(T) string) (T, bool) {
	for _, v := range list {
		if of(v) == id {
			return v, true
		}
	}
	var none T
	return none, false
}
