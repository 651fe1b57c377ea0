package ticket

import (
	"slices"

	"balie/internal/chat"
)

func (w *work) claim() error {
	switch {
	case w.t.Phase == Closed:
		return w.closedProblem()
	case w.t.Assignee == w.by.Person:
		return nil
	case w.t.Assignee != "":
		return &Problem{Code: AlreadyClaimed, Args: map[string]string{"key": w.t.Key, "person": w.t.Assignee}}
	}
	w.give(w.by.Person, Public)
	return nil
}

func (w *work) assign(a Assign) error {
	switch {
	case w.t.Phase == Closed:
		return w.closedProblem()
	case w.t.Assignee == a.To:
		return nil
	case a.To != "" && !slices.Contains(a.ToTeams, w.t.Team):
		return &Problem{Code: NotAgent, Field: FieldAssignee, Args: map[string]string{"person": a.To}}
	}
	w.give(a.To, Public)
	return nil
}

// give makes somebody the assignee, which takes a new ticket into work.
func (w *work) give(to string, audience Audience) {
	from := w.t.Assignee
	w.t.Assignee = to
	if to != "" && w.t.Phase == New {
		w.become(w.policy.Flow.Claimed)
	}
	w.tell(w.add(Entry{Kind: EntryAssigned, Audience: audience, From: from, To: to}))
}

func (w *work) setPriority(a SetPriority) error {
	a.Reason = Clean(a.Reason)
	if _, ok := w.policy.Priority(a.To); !ok {
		q := choiceProblem(a.To)
		q.Field = FieldPriority
		return q
	}
	if a.To == w.t.Priority {
		return nil
	}
	if q := checkText(a.Reason, true, w.policy.Limits.Text); q != nil {
		q.Field = FieldReason
		return q
	}
	if w.t.Phase == Closed {
		return w.closedProblem()
	}
	from := w.t.Priority
	w.t.Priority = a.To
	w.tell(w.add(Entry{Kind: EntryPriority, Audience: Public, From: from, To: a.To, Text: a.Reason}))
	return nil
}

func (w *work) setStatus(a SetStatus) error {
	to, ok := w.policy.Status(a.To)
	if !ok {
		q := choiceProblem(a.To)
		q.Field = FieldStatus
		return q
	}
	if to.ID == w.t.Status {
		return nil
	}
	a.Reason = Clean(a.Reason)
	if q := checkText(a.Reason, to.Phase == Resolved, w.policy.Limits.Text); q != nil {
		q.Field = FieldReason
		return q
	}
	kind := EntryStatus
	switch {
	case to.Phase == Resolved:
		kind = EntryResolved
	case to.Phase == Closed:
		kind = EntryClosed
	case !w.t.Open():
		kind = EntryReopened
		w.t.Reopened++
	}
	from := w.t.Status
	w.become(to.ID)
	w.tell(w.add(Entry{Kind: kind, Audience: Public, From: from, To: to.ID, Text: a.Reason}))
	return nil
}

func (w *work) resolve(a Resolve) error {
	if w.t.Phase == Closed {
		return w.closedProblem()
	}
	if w.t.Phase == Resolved {
		return nil
	}
	if err := w.said(&a.Text, a.Files); err != nil {
		return err
	}
	if a.Text == "" { // a file alone does not say how it was solved
		return &Problem{Code: Required, Field: FieldText}
	}
	if w.t.Assignee == "" {
		w.give(w.by.Person, TeamOnly)
	}
	w.become(w.policy.Flow.Resolved)
	w.say(EntryResolved, Public, a.Text, a.Files)
	if w.t.AnswerAt.IsZero() {
		w.t.AnswerAt = w.now
	}
	return nil
}

func (w *work) reopen(text string) error {
	if w.t.Open() {
		return nil
	}
	if w.t.Phase == Closed && !w.by.Agent(w.t.Team) {
		return w.closedProblem()
	}
	if text = Clean(text); text != "" {
		if err := w.said(&text, nil); err != nil {
			return err
		}
		kind := EntryMessage
		if w.by.Agent(w.t.Team) && w.by.Person != w.t.Requester {
			kind = EntryReply
		}
		w.say(kind, Public, text, nil)
	}
	w.again()
	return nil
}

// again takes a ticket back into work that was thought to be done.
func (w *work) again() {
	from := w.t.Status
	w.t.Reopened++
	w.become(w.policy.Flow.Reopened)
	w.tell(w.add(Entry{Kind: EntryReopened, Audience: Public, From: from, To: w.t.Status}))
}

func (w *work) close(text string) error {
	if w.t.Phase == Closed {
		return nil
	}
	text = Clean(text)
	if q := checkText(text, false, w.policy.Limits.Text); q != nil {
		q.Field = FieldText
		return q
	}
	from := w.t.Status
	w.become(w.policy.Flow.Closed)
	w.tell(w.add(Entry{Kind: EntryClosed, Audience: Public, From: from, To: w.t.Status, Text: text}))
	return nil
}

func (w *work) follow(a Follow) error {
	person := a.Person
	if person == "" {
		person = w.by.Person
	}
	if person == w.t.Requester || slices.Contains(w.t.Followers, person) {
		return nil
	}
	w.t.Followers = append(w.t.Followers, person)
	w.tell(w.add(Entry{Kind: EntryFollowed, Audience: Public, To: person}))
	if a.Account.ID != "" {
		room := Room{ID: followerRoom(person), Kind: FollowerRoom, Audience: Public, Person: person,
			Place: chat.Place{Platform: a.Account.Platform, Workspace: a.Account.Workspace, Person: a.Account.ID}}
		w.t.Rooms = append(w.t.Rooms, room)
		w.effects = append(w.effects, Effect{Kind: EffectCard, Room: room.ID},
			Effect{Kind: EffectStory, Room: room.ID, Entry: w.t.Last})
	}
	return nil
}

func (w *work) unfollow(a Unfollow) error {
	person := a.Person
	if person == "" {
		person = w.by.Person
	}
	i := slices.Index(w.t.Followers, person)
	if i < 0 {
		return nil
	}
	w.t.Followers = slices.Delete(w.t.Followers, i, i+1)
	w.t.Rooms = slices.DeleteFunc(w.t.Rooms, func(r Room) bool { return r.ID == followerRoom(person) })
	w.tell(w.add(Entry{Kind: EntryUnfollowed, Audience: Public, To: person}))
	return nil
}

func (w *work) setShare(a SetShare) error {
	if a.To != ShareNobody && a.To != ShareEveryone {
		return &Problem{Code: BadChoice, Field: "share"}
	}
	if a.To == w.t.Share {
		return nil
	}
	from := w.t.Share
	w.t.Share = a.To
	w.tell(w.add(Entry{Kind: EntryShared, Audience: Public, From: string(from), To: string(a.To)}))
	return nil
}
