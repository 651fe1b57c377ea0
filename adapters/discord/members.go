package discord

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// roster is who was in a guild, and what its roles allow.
type roster struct {
	owner   string
	members []wireMember
	allowed map[string]uint64 // by role
	at      time.Time
	done    chan struct{} // closed when it was read
	err     error
}

const (
	rosterFor   = 20 * time.Second // several teams ask for one guild; a change takes effect in a minute
	rosterMax   = time.Minute      // for reading all of it
	membersPage = 1000
)

// The permissions that decide who sees a channel. https://docs.discord.com/developers/topics/permissions
const (
	permAdministrator = 1 << 3
	permViewChannel   = 1 << 10
)

// Members lists the people who see a channel, without bots: that is who is in it. In a guild that does not have the channel
// nobody is.
func (d *Discord) Members(ctx context.Context, workspace, channel string) ([]chat.Person, error) {
	if workspace == "" { // people found now would belong nowhere
		return nil, &chat.SendError{Retry: upstream.DownWait, Err: errors.New("discord: in which servers the bot is, is not known now")}
	}
	c, err := d.places.current(ctx, channel)
	if err != nil {
		return nil, err
	}
	if c.isThread() {
		if c, err = d.places.current(ctx, c.ParentID); err != nil {
			return nil, err
		}
	}
	if c.GuildID != workspace {
		return nil, nil
	}
	r, err := d.people.roster(ctx, c.GuildID)
	if err != nil {
		return nil, err
	}
	return r.people(d.people, c.GuildID, func(m wireMember) bool { return r.permissions(m, c)&permViewChannel != 0 }), nil
}

// Group lists the people who have a role, without bots. In a guild that does not have the role nobody has it.
func (d *Discord) Group(ctx context.Context, workspace, group string) ([]chat.Person, error) {
	r, err := d.people.roster(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return r.people(d.people, workspace, func(m wireMember) bool { return slices.Contains(m.Roles, group) }), nil
}

func (r *roster) people(p *people, guild string, which func(wireMember) bool) []chat.Person {
	var out []chat.Person
	for _, m := range r.members {
		if m.User != nil && !m.User.Bot && !m.User.System && which(m) {
			out = append(out, p.of(*m.User, &m, guild, ""))
		}
	}
	return out
}

// permissions are what somebody may do in a channel, as Discord computes it.
// https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (r *roster) permissions(m wireMember, c wireChannel) uint64 {
	const everything = ^uint64(0)
	may := r.allowed[c.GuildID] // the role of everybody has the guild's id
	for _, role := range m.Roles {
		may |= r.allowed[role]
	}
	if m.User.ID == r.owner || may&permAdministrator != 0 {
		return everything
	}
	var allow, deny, own, not uint64
	for _, o := range c.Overwrites {
		a, d := bits(o.Allow), bits(o.Deny)
		switch {
		case o.ID == c.GuildID:
			may = may&^d | a
		case o.Type == 0 && slices.Contains(m.Roles, o.ID):
			allow, deny = allow|a, deny|d
		case o.Type == 1 && o.ID == m.User.ID:
			own, not = a, d
		}
	}
	may = may&^deny | allow
	return may&^not | own
}

// bits are permissions as Discord writes them; none if it is no number.
func bits(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// roster is who is in a guild, as it was a moment ago. Those who ask meanwhile wait for one answer.
func (p *people) roster(ctx context.Context, guild string) (*roster, error) {
	p.mu.Lock()
	r := p.rosters[guild]
	if r == nil || p.now().Sub(r.at) >= rosterFor {
		r = &roster{at: p.now(), done: make(chan struct{})}
		p.rosters[guild] = r
		p.mu.Unlock()
		// It goes on when the one who asked first does not wait any more.
		p.later.Do(func() {
			ctx, cancel := p.detached(ctx, rosterMax)
			defer cancel()
			p.read(ctx, guild, r)
		})
	} else {
		p.mu.Unlock()
	}
	select {
	case <-r.done:
		return r, r.err
	case <-ctx.Done():
		return nil, sendError("list a server's members", ctx.Err())
	}
}

// read reads a roster.
func (p *people) read(ctx context.Context, guild string, r *roster) {
	defer close(r.done)
	r.err = p.readInto(ctx, guild, r)
	if r.err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rosters[guild] == r {
		delete(p.rosters, guild)
	}
}

// roles reads who owns a guild, and what its roles allow.
func (p *people) roles(ctx context.Context, guild string, r *roster) error {
	if !snowflake.MatchString(guild) {
		return &chat.SendError{Gone: true, Err: errNoPlace}
	}
	var g struct {
		OwnerID string `json:"owner_id"`
		Roles   []struct {
			ID          string `json:"id"`
			Permissions string `json:"permissions"`
		} `json:"roles"`
	}
	if err := p.api.do(ctx, call{doing: "look a server up", method: http.MethodGet, path: "/guilds/" + guild, out: &g}); err != nil {
		return err
	}
	r.owner, r.allowed = g.OwnerID, map[string]uint64{}
	for _, role := range g.Roles {
		r.allowed[role.ID] = bits(role.Permissions)
	}
	return nil
}

func (p *people) readInto(ctx context.Context, guild string, r *roster) error {
	if err := p.roles(ctx, guild, r); err != nil {
		return err
	}
	for after := "0"; ; {
		var page []wireMember
		err := patiently(ctx, func() error {
			return p.api.do(ctx, call{doing: "list a server's members", method: http.MethodGet, path: "/guilds/" + guild + "/members",
				query: url.Values{"limit": {strconv.Itoa(membersPage)}, "after": {after}}, out: &page})
		})
		if codeOf(err) == codeMissingAccess || statusOf(err) == http.StatusForbidden {
			return &chat.SendError{Blocked: "Discord does not tell who is in the server: switch on the Server Members Intent, under Bot " +
				"in the application's settings", Err: err}
		}
		if err != nil {
			return err
		}
		r.members = append(r.members, page...)
		if len(page) < membersPage || page[len(page)-1].User == nil {
			return nil
		}
		after = page[len(page)-1].User.ID
	}
}
