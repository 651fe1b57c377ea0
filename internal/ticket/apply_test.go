package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/internal/chat"
	"balie/internal/ticket"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// policy is a small helpdesk with two teams.
func policy() *ticket.Policy {
	txt := func(s string) ticket.Text { return ticket.Text{"en": s} }
	return &ticket.Policy{
		Languages: []string{"en", "nl"},
		Teams: []ticket.Team{
			{ID: "ict", Label: txt("ICT"), Number: "HD-#####", Thread: ticket.EntryNote,
				Triage: []ticket.Channel{{Platform: "one", ID: "triage"}, {Platform: "two", ID: "other"}},
				Reopen: []ticket.Role{ticket.RequesterRole, ticket.AgentRole}},
			{ID: "hr", Label: txt("HR"), Number: "HR#", Triage: []ticket.Channel{{Platform: "one", ID: "hr"}},
				Reopen: []ticket.Role{ticket.AgentRole}},
		},
		Categories: []ticket.Category{
			{ID: "hardware", Team: "ict", Fields: []ticket.Field{
				{ID: "device", Kind: chat.SelectField, Required: true, Options: []ticket.Option{{ID: "printer"}, {ID: "laptop"}}},
				{ID: "part", Kind: chat.SelectField, DependsOn: "device", Required: true, Options: []ticket.Option{
					{ID: "toner", When: []string{"printer"}}, {ID: "screen", When: []string{"laptop"}}}},
				{ID: "since", Kind: chat.DateField},
				{ID: "where", Kind: chat.TextField, Max: 10},
			}},
			{ID: "pay", Team: "hr"},
		},
		Priorities: []ticket.Priority{{ID: "high"}, {ID: "normal", Default: true}},
		Statuses: []ticket.Status{
			{ID: "new", Phase: ticket.New}, {ID: "open", Phase: ticket.InProgress},
			{ID: "waiting", Phase: ticket.WaitingRequester, After: &ticket.Timer{Wait: 21 * 24 * time.Hour, To: "resolved"}},
			{ID: "planned", Phase: ticket.Planned}, {ID: "vendor", Phase: ticket.WaitingThirdParty},
			{ID: "resolved", Phase: ticket.Resolved, After: &ticket.Timer{Wait: 14 * 24 * time.Hour, To: "closed"}},
			{ID: "closed", Phase: ticket.Closed},
		},
		Flow: ticket.Flow{Opened: "new", Claimed: "open", Asked: "waiting", Replied: "open", Resolved: "resolved",
			Reopened: "open", Closed: "closed"},
		Limits: ticket.Limits{Summary: 100, Text: 1000, Files: 3, File: 1 << 20},
	}
}

var (
	ana   = ticket.Actor{Person: "ana"}
	bram  = ticket.Actor{Person: "bram", Teams: []string{"ict"}}
	carla = ticket.Actor{Person: "carla", Teams: []string{"ict"}}
	david = ticket.Actor{Person: "david"}
	hanna = ticket.Actor{Person: "hanna", Teams: []string{"hr"}}
)

func order() ticket.Open {
	return ticket.Open{ID: "t1", Key: "HD-00001", Source: chat.Ref{Platform: "one"}, Account: "U1", Category: "hardware",
		Summary: "printer is broken", Fields: chat.Values{"device": {"printer"}, "part": {"toner"}}}
}

// life is a ticket being acted on; every step that should work fails the test if it does not.
type life struct {
	*testing.T
	p    *ticket.Policy
	t    ticket.Ticket
	now  time.Time
	last ticket.Change
}

func opened(t *testing.T) *life {
	l := &life{T: t, p: policy(), now: at}
	l.do(order(), ana)
	return l
}

func (l *life) do(a ticket.Action, by ticket.Actor) *life {
	l.Helper()
	l.now = l.now.Add(time.Minute)
	c, err := l.p.Apply(l.t, a, by, l.now)
	if err != nil {
		l.Fatalf("%T by %s: %v", a, by.Person, err)
	}
	l.t, l.last = c.Ticket, c
	return l
}

func (l *life) refuse(code ticket.Code, a ticket.Action, by ticket.Actor) *life {
	l.Helper()
	_, err := l.p.Apply(l.t, a, by, l.now)
	if got := codeOf(err); got != code {
		l.Errorf("%T by %s: %v, want %s", a, by.Person, err, code)
	}
	return l
}

func codeOf(err error) ticket.Code {
	var one *ticket.Problem
	var more ticket.Problems
	switch {
	case errors.As(err, &one):
		return one.Code
	case errors.As(err, &more):
		return more[0].Code
	}
	return ""
}

// told says which effects the last action had, as "kind room" or "kind room!" with a mention.
func (l *life) told(want ...string) *life {
	l.Helper()
	var got []string
	for _, e := range l.last.Effects {
		s := string(e.Kind) + " " + e.Room
		if len(e.Mention) > 0 {
			s += "!" + strings.Join(e.Mention, ",")
		}
		got = append(got, s)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		l.Errorf("told %q, want %q", got, want)
	}
	return l
}

func (l *life) is(status string, phase ticket.Phase) *life {
	l.Helper()
	if l.t.Status != status || l.t.Phase != phase {
		l.Errorf("status %s (%s), want %s (%s)", l.t.Status, l.t.Phase, status, phase)
	}
	return l
}

func from(room, message string, by ticket.Actor) ticket.Actor {
	by.Origin = ticket.Origin{Room: room, Message: chat.Ref{Platform: "one", Message: message}}
	return by
}

func TestLife(t *testing.T) {
	l := opened(t)
	l.is("new", ticket.New).told("card triage", "card conversation")
	if l.t.Priority != "normal" || l.t.Requested != "normal" || l.t.Team != "ict" {
		t.Errorf("opened with %s/%s for %s", l.t.Requested, l.t.Priority, l.t.Team)
	}
	l.do(ticket.Claim{}, bram).is("open", ticket.InProgress).told("card triage", "card conversation", "entry conversation")
	l.refuse(ticket.AlreadyClaimed, ticket.Claim{}, carla)
	if l.do(ticket.Claim{}, bram); !l.last.Nothing {
		t.Error("claiming twice changed something")
	}
	l.do(ticket.Reply{Text: "Have you tried?"}, bram).told("entry triage", "entry conversation")
	l.do(ticket.Message{Text: "yes"}, from("conversation", "m1", ana)).told("entry triage!bram")
	l.do(ticket.Note{Text: "a lie"}, from("triage", "m2", carla)).told()
	l.do(ticket.Reply{Text: "Which one?", Ask: true}, bram).is("waiting", ticket.WaitingRequester)
	l.do(ticket.Message{Text: "the left"}, from("conversation", "m3", ana)).is("open", ticket.InProgress).
		told("entry triage!bram", "card triage", "card conversation")
	l.refuse(ticket.Required, ticket.SetPriority{To: "high"}, bram)
	l.do(ticket.SetPriority{To: "high", Reason: "whole floor"}, bram).told("entry conversation", "card triage", "card conversation")
	if l.t.Requested != "normal" || l.t.Priority != "high" {
		t.Errorf("priorities %s/%s", l.t.Requested, l.t.Priority)
	}
	l.refuse(ticket.NotAgent, ticket.Assign{To: "david"}, bram)
	l.do(ticket.Assign{To: "carla", ToTeams: carla.Teams}, bram).
		told("entry triage!carla", "entry conversation", "card triage", "card conversation")
	l.do(ticket.Follow{Person: "david", Account: chat.Identity{Platform: "one", ID: "U4"}}, bram).
		told("entry conversation", "card follower:david", "story follower:david", "card triage")
	l.do(ticket.Message{Text: "me too"}, from("follower:david", "m4", david)).told("entry triage!carla", "entry conversation")
	l.do(ticket.Resolve{Text: "New toner."}, carla).is("resolved", ticket.Resolved)
	l.do(ticket.Message{Text: "still broken"}, from("conversation", "m5", ana)).is("open", ticket.InProgress)
	if l.t.Reopened != 1 || !l.t.Resolved.IsZero() {
		t.Errorf("reopened %d times, resolved %v", l.t.Reopened, l.t.Resolved)
	}
	l.do(ticket.Close{Text: "works now"}, ana).is("closed", ticket.Closed)
	l.refuse(ticket.TicketClosed, ticket.Message{Text: "again"}, from("conversation", "m6", ana))
	l.refuse(ticket.TicketClosed, ticket.Reopen{}, ana)
	l.do(ticket.Reopen{}, bram).is("open", ticket.InProgress)
}

func TestStrangers(t *testing.T) {
	l := opened(t).do(ticket.Resolve{Text: "done"}, bram)
	for _, by := range []ticket.Actor{david, hanna} {
		for _, a := range []ticket.Action{ticket.Claim{}, ticket.Message{Text: "x"}, ticket.Reply{Text: "x"}, ticket.Close{},
			ticket.Note{Text: "x"}, ticket.Reopen{}, ticket.Follow{}, ticket.SetShare{To: ticket.ShareEveryone}, ticket.Tick{}} {
			l.refuse(ticket.NotFound, a, by)
		}
	}
	for _, a := range []ticket.Action{ticket.Claim{}, ticket.Reply{Text: "x"}, ticket.Note{Text: "x"}, ticket.Resolve{Text: "x"},
		ticket.SetPriority{To: "high", Reason: "x"}, ticket.SetStatus{To: "open"}, ticket.Assign{}, ticket.Undelivered{}, ticket.Quote{}} {
		l.refuse(ticket.NotAllowed, a, ana)
	}
	l.do(ticket.SetShare{To: ticket.ShareEveryone}, bram)
	l.refuse(ticket.NotAllowed, ticket.Claim{}, david).do(ticket.Follow{}, david)
}

func TestNotesStayWithTheTeam(t *testing.T) {
	l := opened(t).do(ticket.Follow{Person: "david", Account: chat.Identity{Platform: "one", ID: "U4"}}, bram)
	l.do(ticket.Note{Text: "secret"}, bram).told("entry triage")
	l.do(ticket.Note{Text: "secret"}, from("triage", "n1", bram)).told()
	l.do(ticket.Edit{Text: "secret 2"}, from("triage", "n1", bram)).told()
	if e, _ := l.t.EntryFrom(chat.Ref{Platform: "one", Message: "n1"}); e.Text != "secret 2" || e.Audience != ticket.TeamOnly {
		t.Errorf("note is %+v", e)
	}
}

func TestEditAndDelete(t *testing.T) {
	l := opened(t).do(ticket.Message{Text: "one"}, from("conversation", "m1", ana))
	l.refuse(ticket.NotAllowed, ticket.Edit{Text: "forged"}, from("conversation", "m1", bram))
	l.do(ticket.Edit{Text: "two"}, from("conversation", "m1", ana)).told("update triage")
	l.do(ticket.Delete{}, from("conversation", "m1", ana)).told("remove triage")
	e, _ := l.t.EntryFrom(chat.Ref{Platform: "one", Message: "m1"})
	if !e.Deleted || e.Text != "" || len(e.Earlier) != 2 || e.Earlier[0].Text != "one" || e.Earlier[1].Text != "two" {
		t.Errorf("entry is %+v", e)
	}
	if l.do(ticket.Edit{Text: "three"}, from("conversation", "m1", ana)); !l.last.Nothing {
		t.Error("a deleted message was edited")
	}
}

// What can't be told is always in the timeline, and told to the team unless it is the team that can't be told.
func TestUndelivered(t *testing.T) {
	l := opened(t)
	l.do(ticket.Undelivered{Room: "conversation", Reason: "gone"}, ticket.Balie).told("entry triage")
	l.do(ticket.Undelivered{Room: ticket.TriageID, Reason: "gone"}, ticket.Balie).told()
	if n := len(l.t.Entries); l.t.Entries[n-1].From != ticket.TriageID || l.t.Entries[n-2].From != "conversation" {
		t.Errorf("entries %+v", l.t.Entries)
	}
}

func TestEventsApplyOnce(t *testing.T) {
	l := opened(t)
	by := bram
	by.Event = "e1"
	l.do(ticket.Note{Text: "once"}, by)
	if l.do(ticket.Note{Text: "once"}, by); !l.last.Repeat || l.t.Last != 2 {
		t.Errorf("applied twice: %+v", l.t.Entries)
	}
}

// What was typed becomes one entry, also if it is told again when its event was forgotten long ago.
func TestMessagesAreTakenOnce(t *testing.T) {
	l := opened(t)
	told := []struct {
		a  ticket.Action
		by ticket.Actor
	}{
		{ticket.Message{Text: "one"}, from("conversation", "m1", ana)},
		{ticket.Reply{Text: "two"}, from("triage", "m2", bram)},
		{ticket.Note{Text: "three"}, from("triage", "m3", bram)},
	}
	for i := range told {
		told[i].by.Event = fmt.Sprint("e", i)
		l.do(told[i].a, told[i].by)
	}
	for i := range 60 {
		by := bram
		by.Event = fmt.Sprint("later ", i)
		l.do(ticket.Note{Text: "from a form"}, by) // which may be the same each time
	}
	before := l.t
	if before.Last < 60 || slices.Contains(before.Events, "e0") {
		t.Fatalf("%d entries, and the events %q", before.Last, before.Events)
	}
	for _, x := range told {
		if l.do(x.a, x.by); !l.last.Repeat || !l.last.Nothing {
			t.Errorf("%T was taken again", x.a)
		}
	}
	edit := told[0].by
	edit.Event = "edited"
	l.do(ticket.Edit{Text: "one and a half"}, edit)
	if e, _ := l.t.EntryFrom(edit.Origin.Message); l.t.Last != before.Last || e.Text != "one and a half" {
		t.Errorf("edited it is %+v, and there are %d entries", e, l.t.Last)
	}
	l.do(ticket.Delete{}, told[0].by)
	if l.do(told[0].a, told[0].by); !l.last.Repeat {
		t.Error("what was deleted is back")
	}

	// A message that was taken along is no entry of its own yet.
	l.do(ticket.Quote{Quotes: []ticket.Quoted{{By: "ana", Text: "quoted", Message: chat.Ref{Platform: "one", Message: "q"}}}}, ticket.Balie)
	if l.do(ticket.Message{Text: "quoted"}, from("conversation", "q", ana)); l.last.Repeat {
		t.Error("a message was taken for its quote")
	}
}

func TestTimers(t *testing.T) {
	l := opened(t)
	if !l.t.NextDue.IsZero() {
		t.Errorf("a new ticket is due at %v", l.t.NextDue)
	}
	l.do(ticket.Reply{Text: "Which?", Ask: true}, bram)
	due := l.now.Add(21 * 24 * time.Hour)
	if !l.t.NextDue.Equal(due) {
		t.Errorf("due %v, want %v", l.t.NextDue, due)
	}
	if l.do(ticket.Tick{}, ticket.Balie); !l.last.Nothing {
		t.Error("ticked before it was due")
	}
	l.now = due
	l.do(ticket.Tick{}, ticket.Balie).is("resolved", ticket.Resolved)
	l.now = l.t.NextDue
	l.do(ticket.Tick{}, ticket.Balie).is("closed", ticket.Closed)
	if !l.t.NextDue.IsZero() {
		t.Errorf("a closed ticket is due at %v", l.t.NextDue)
	}
}

func TestOpenChecksEveryField(t *testing.T) {
	p := policy()
	a := order()
	a.Summary, a.Category, a.Requested = " \t ", "nonsense", "never"
	_, err := p.Apply(ticket.Ticket{}, a, ana, at)
	got := map[string]ticket.Code{}
	var problems ticket.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("opened: %v", err)
	}
	for _, q := range problems {
		got[q.Field] = q.Code
	}
	for field, code := range map[string]ticket.Code{"summary": ticket.Required, "category": ticket.BadChoice, "priority": ticket.BadChoice} {
		if got[field] != code {
			t.Errorf("%s: %q, want %q", field, got[field], code)
		}
	}
	for name, c := range map[string]struct {
		values chat.Values
		field  string
		code   ticket.Code
	}{
		"required":        {chat.Values{}, "device", ticket.Required},
		"invented choice": {chat.Values{"device": {"toaster"}}, "device", ticket.BadChoice},
		"other's option":  {chat.Values{"device": {"printer"}, "part": {"screen"}}, "part", ticket.BadChoice},
		"bad date":        {chat.Values{"device": {"printer"}, "part": {"toner"}, "since": {"02/03/2026"}}, "since", ticket.BadDate},
		"too long":        {chat.Values{"device": {"printer"}, "part": {"toner"}, "where": {strings.Repeat("é", 11)}}, "where", ticket.TooLong},
	} {
		a := order()
		a.Fields = c.values
		_, err := p.Apply(ticket.Ticket{}, a, ana, at)
		if !errors.As(err, &problems) || problems[0].Field != c.field || problems[0].Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		files []ticket.File
		code  ticket.Code
	}{
		"empty":    {[]ticket.File{{Name: "a", Size: 0}}, ticket.FileEmpty},
		"big":      {[]ticket.File{{Name: "a", Size: 1<<20 + 1}}, ticket.FileTooBig},
		"too many": {make([]ticket.File, 4), ticket.TooMany},
	} {
		a := order()
		a.Files = c.files
		if _, err := p.Apply(ticket.Ticket{}, a, ana, at); codeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRoomsFollowTheSource(t *testing.T) {
	a := order()
	a.Source = chat.Ref{Platform: "two", Workspace: "W"}
	c, err := policy().Apply(ticket.Ticket{}, a, ana, at)
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := c.Ticket.Room("triage"); r.Place != (chat.Place{Platform: "two", Workspace: "W", Channel: "other"}) {
		t.Errorf("triage is %+v", r.Place)
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{
		"../../x": "x", `..\..\boot.ini`: "boot.ini", "": "file", "..": "file", "/": "file", "a/b/c.png": "c.png",
		"evil\u202Egnp.exe": "evilgnp.exe", "tab\there\n.txt": "tab here .txt", `a<b>"c".txt`: "a_b__c_.txt", "naïve 😀.pdf": "naïve 😀.pdf",
	} {
		if got := ticket.FileName(in); got != want {
			t.Errorf("FileName(%q) = %q, want %q", in, got, want)
		}
	}
	if got := ticket.FileName(strings.Repeat("x", 500) + ".jpeg"); len(got) != 120 || !strings.HasSuffix(got, ".jpeg") {
		t.Errorf("long name became %q", got)
	}
}
