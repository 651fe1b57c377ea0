package policy

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"balie/internal/ticket"
)

// platforms are the chat networks that a team can have a channel on.
var platforms = []string{"slack", "discord", "mattermost", "playground"}

// teams reads who handles tickets.
func (r *reader) teams(o object) []ticket.Team {
	n, ok := o.need("teams", `teams: {ict: {label: ICT, number: "HD-#####"}}`)
	if !ok {
		return nil
	}
	var out []ticket.Team
	requests := map[string][]*node{}
	for _, p := range r.entries(n, "team") {
		t := ticket.Team{ID: p.key}
		if o, ok := r.object(p.value, "label", "language", "number", "channels", "requests", "agents", "thread", "reopen"); ok {
			requests[t.ID] = r.team(o, &t, out)
		}
		out = append(out, t)
	}
	for _, t := range out {
		for i, c := range t.Requests {
			r.readsAlong(t, c, requests[t.ID][i], out)
		}
	}
	return out
}

// readsAlong fails if a channel for everybody's requests is where a team's notes are: what is public and what is not must
// be different places.
func (r *reader) readsAlong(t ticket.Team, c ticket.Channel, at *node, teams []ticket.Team) {
	for _, team := range teams {
		if !slices.ContainsFunc(team.Triage, func(o ticket.Channel) bool {
			return o.ID != "" && o.Platform == c.Platform && o.ID == c.ID && (o.Workspace == "" || c.Workspace == "" || o.Workspace == c.Workspace)
		}) {
			continue
		}
		whose := "the team's own channel"
		if team.ID != t.ID {
			whose = "the channel of team " + team.ID
		}
		r.failf(at.at, "%s: %s is %s, where notes are that requesters must not read: use another channel for conversations", at.path, c.ID, whose)
		return
	}
}

// team reads a team, and gives what names its channels for requests.
func (r *reader) team(o object, t *ticket.Team, others []ticket.Team) (requests []*node) {
	t.Label = o.label("label", "ICT")
	if len(r.langs) > 0 {
		t.Language = o.choice("language", r.langs[0], r.langs...)
	}
	if n, ok := o.need("number", `number: "HD-#####"`); ok {
		t.Number = r.number(n, others)
	}
	if n, ok := o.values["channels"]; ok {
		t.Triage, _ = r.channels(n)
	}
	if n, ok := o.values["requests"]; ok {
		t.Requests, requests = r.channels(n)
	}
	t.Agents = r.agents(o)
	t.Thread = ticket.EntryKind(o.choice("thread", string(ticket.EntryNote), string(ticket.EntryNote), string(ticket.EntryReply)))
	roles := []string{string(ticket.RequesterRole), string(ticket.FollowerRole), string(ticket.AgentRole)}
	t.Reopen = []ticket.Role{ticket.RequesterRole, ticket.AgentRole}
	if _, ok := o.values["reopen"]; ok {
		t.Reopen = nil
		for _, role := range o.ids("reopen", "role", roles) {
			t.Reopen = append(t.Reopen, ticket.Role(role))
		}
	}
	return requests
}

// A prefix ends in no digit, else HD1 and 00001 could not be told apart. In YAML, # after a space is a comment, so an
// unquoted format with a space in it arrives here without its digits.
var numberPattern = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_-]{0,8}[A-Za-z_-])?#{1,12}$`)

// number reads how the tickets of a team are numbered. Teams may share one format, and with it a counter; formats that
// only look alike would give two tickets keys that people confuse.
func (r *reader) number(n *node, others []ticket.Team) ticket.NumberFormat {
	s, ok := r.words(n, `"HD-#####"`)
	if !ok {
		return ""
	}
	if !numberPattern.MatchString(s) {
		r.failf(n.at, "%s can't be %q: write up to 10 letters, digits, - or _ (a letter first, no digit last) and then 1 to 12 #, "+
			`in quotes, such as "HD-#####"`, n.path, s)
		return ""
	}
	f := ticket.NumberFormat(s)
	for _, t := range others {
		if t.Number != "" && t.Number != f && bare(t.Number) == bare(f) {
			r.failf(n.at, "%s: %q is too much like %q of team %s: use the very same format to share its numbers, or another prefix",
				n.path, s, string(t.Number), t.ID)
			break
		}
	}
	return f
}

// bare is a format's prefix as people remember it: without case and punctuation.
func bare(f ticket.NumberFormat) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(f.Prefix()))
}

// channels reads channels, such as where a team's cards go, per platform: a channel id, {workspace, channel}, or a list of
// these. It gives what names each, too.
func (r *reader) channels(n *node) (out []ticket.Channel, named []*node) {
	if n.kind != mapKind {
		r.failf(n.at, "%s must be a mapping from platform to channel, not %s; for example: slack: C0123456789", n.path, n.kind)
		return nil, nil
	}
	if len(n.pairs) == 0 {
		r.failf(n.at, "%s is empty: name at least one channel, or remove the key", n.path)
	}
	for _, p := range n.pairs {
		if !slices.Contains(platforms, p.key) {
			r.failf(p.value.keyAt, "%s: there is no platform %q%s", n.path, p.key, unknown(p.key, platforms))
			continue
		}
		values := []*node{p.value}
		if p.value.kind == listKind {
			values = p.value.items
			if len(values) == 0 {
				r.failf(p.value.at, "%s is an empty list: name at least one, or remove the key", p.value.path)
			}
		}
		for _, v := range values {
			c := ticket.Channel{Platform: p.key}
			if v.kind == mapKind {
				if o, ok := r.object(v, "workspace", "channel"); ok {
					if n, ok := o.values["workspace"]; ok {
						c.Workspace = r.external(n)
					}
					if n, ok := o.need("channel", "channel: C0123456789"); ok {
						c.ID = r.external(n)
					}
				}
			} else {
				c.ID = r.external(v)
			}
			if c.ID != "" && slices.Contains(out, c) {
				r.failf(v.at, "%s names the channel %s twice: once is enough", p.value.path, c.ID)
				continue
			}
			out, named = append(out, c), append(named, v)
		}
	}
	return out, named
}

// external is an id that a platform gave: a word without spaces.
func (r *reader) external(n *node) string {
	s, ok := r.words(n, "C0123456789")
	if !ok {
		return ""
	}
	if s == "" || len(s) > 100 || strings.ContainsAny(s, " \t\n|#") {
		r.failf(n.at, "%s must be the platform's own id, such as C0123456789, not %q", n.path, s)
		return ""
	}
	return s
}

// agents reads who may handle a team's tickets.
func (r *reader) agents(o object) []ticket.Agent {
	var out []ticket.Agent
	for _, n := range o.list("agents", "agents: [bram@example.org]") {
		a, ok := r.agent(n)
		switch {
		case !ok:
		case slices.Contains(out, a):
			r.failf(n.at, "%s names the same agent twice: once is enough", n.path)
		default:
			out = append(out, a)
		}
	}
	return out
}

func (r *reader) agent(n *node) (ticket.Agent, bool) {
	var a ticket.Agent
	if n.kind != mapKind {
		s, ok := r.words(n, "bram@example.org")
		if !ok {
			return a, false
		}
		address, err := mail.ParseAddress(s)
		if err != nil || address.Address != s {
			r.failf(n.at, "%s: %q is no e-mail address; write bram@example.org, or {platform: slack, person: U0123456789}, "+
				"or {platform: slack, group: S0123456789}", n.path, s)
			return a, false
		}
		return ticket.Agent{Email: strings.ToLower(s)}, true
	}
	o, ok := r.object(n, "platform", "person", "group")
	if !ok {
		return a, false
	}
	if _, ok := o.need("platform", "platform: slack"); ok {
		a.Platform = o.choice("platform", "", platforms...)
	}
	person, hasPerson := o.values["person"]
	group, hasGroup := o.values["group"]
	if hasPerson == hasGroup {
		r.failf(n.at, "%s: name either a person or a group of the platform, such as {platform: slack, person: U0123456789}", n.path)
		return a, false
	}
	if hasPerson {
		a.Person = r.external(person)
	} else {
		a.Group = r.external(group)
	}
	return a, true
}
