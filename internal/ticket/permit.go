package ticket

import (
	"fmt"
	"slices"
)

// Agent says whether the actor handles tickets of the team.
func (a Actor) Agent(team string) bool { return slices.Contains(a.Teams, team) }

// Roles are what the actor is to t.
func (t Ticket) Roles(a Actor) []Role {
	var roles []Role
	if a.Person == "" {
		return nil
	}
	if a.Agent(t.Team) {
		roles = append(roles, AgentRole)
	}
	if t.Requester == a.Person {
		roles = append(roles, RequesterRole)
	}
	if slices.Contains(t.Followers, a.Person) {
		roles = append(roles, FollowerRole)
	}
	return roles
}

// VisibleTo says whether the actor may know of t at all.
func (t Ticket) VisibleTo(a Actor) bool {
	return a.Person == "" || t.Share == ShareEveryone || len(t.Roles(a)) > 0
}

// SeesNotes says whether the actor may read what is meant for the team.
func (t Ticket) SeesNotes(a Actor) bool { return a.Person == "" || a.Agent(t.Team) }

// May says whether the actor may do a, as far as that can be known beforehand; else the *Problem.
func (p *Policy) May(t Ticket, a Action, by Actor) error { return permit(p, t, a, by) }

// permit is the table of who may do what. A ticket that the actor may not see does not exist for them.
func permit(p *Policy, t Ticket, a Action, by Actor) error {
	if _, ok := a.(Open); ok {
		return nil // open itself looks at opening for somebody else
	}
	if !t.VisibleTo(by) {
		return &Problem{Code: NotFound, Args: map[string]string{"key": t.Key}}
	}
	balie := by.Person == ""
	roles := t.Roles(by)
	is := func(any ...Role) bool {
		return slices.ContainsFunc(any, func(r Role) bool { return slices.Contains(roles, r) })
	}
	allowed := false
	switch a := a.(type) {
	case Open:
	case Claim, Reply, Note, SetPriority, SetStatus, SetShare, Resolve, Assign:
		allowed = is(AgentRole)
	case Message:
		allowed = is(RequesterRole, FollowerRole)
	case Follow:
		allowed = is(RequesterRole, AgentRole) || a.Person == "" || a.Person == by.Person
	case Unfollow:
		allowed = is(RequesterRole, AgentRole) || a.Person == "" || a.Person == by.Person
	case Edit, Delete:
		e, ok := t.EntryFrom(by.Origin.Message)
		allowed = !ok || e.By == by.Person
	case Reopen:
		if is(RequesterRole, AgentRole, FollowerRole) && !p.mayReopen(t, roles) {
			return &Problem{Code: CannotReopen, Args: map[string]string{"key": t.Key}}
		}
		allowed = is(RequesterRole, AgentRole, FollowerRole)
	case Close:
		allowed = is(RequesterRole, AgentRole)
	case Declined:
		allowed = true
	case Quote, Undelivered, Tick:
		allowed = balie
	default:
		panic(fmt.Sprintf("ticket: nobody may %T", a))
	}
	if !allowed {
		return &Problem{Code: NotAllowed, Args: map[string]string{"key": t.Key}}
	}
	return nil
}

// mayReopen says whether one of the roles may reopen the team's resolved tickets.
func (p *Policy) mayReopen(t Ticket, roles []Role) bool {
	team, _ := p.Team(t.Team)
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(team.Reopen, r) })
}
