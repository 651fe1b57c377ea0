package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// people are the accounts that were looked up lately, and who is in the guilds.
type people struct {
	*Discord
	now   func() time.Time
	known *lru.Cache[string, acquainted] // by guild and account

	mu      sync.Mutex
	rosters map[string]*roster
}

// acquainted is an account as it was a while ago.
type acquainted struct {
	chat.Person
	bot     bool // and not a person
	outside bool // not a member of the guild
	unknown bool // there is no such account
	at      time.Time
}

const (
	knownFor   = 10 * time.Minute
	unknownFor = time.Minute
)

func newPeople(d *Discord) *people {
	return &people{Discord: d, now: time.Now, known: memo.New[string, acquainted](50_000), rosters: map[string]*roster{}}
}

// of is a person as the bot knows people. Discord tells no e-mail address and no time zone, and the language only with an
// interaction.
func (p *people) of(u wireUser, m *wireMember, guild, locale string) chat.Person {
	out := chat.Person{ID: u.ID, Name: cmp.Or(u.GlobalName, u.Username, u.ID), Handle: u.Username, Locale: locale}
	if u.Avatar != "" {
		out.Avatar = "https://cdn.discordapp.com/avatars/" + u.ID + "/" + u.Avatar + ".png?size=128"
	}
	if m == nil {
		return out
	}
	out.Name = cmp.Or(m.Nick, out.Name)
	if m.Avatar != "" && guild != "" {
		out.Avatar = "https://cdn.discordapp.com/guilds/" + guild + "/users/" + u.ID + "/avatars/" + m.Avatar + ".png?size=128"
	}
	return out
}

// lookup is the account with the id, as the guild knows it.
func (p *people) lookup(ctx context.Context, guild, id string) (acquainted, error) {
	key := guild + "|" + id
	if a, ok := p.known.Get(key); ok {
		age := p.now().Sub(a.at)
		if age < unknownFor || !a.unknown && age < knownFor {
			return a, nil
		}
	}
	if !snowflake.MatchString(id) {
		return acquainted{unknown: true}, nil
	}
	a := acquainted{at: p.now()}
	var m wireMember
	var u wireUser
	err := error(&chat.SendError{Gone: true})
	if guild != "" {
		err = p.api.do(ctx, call{doing: "look a member up", method: http.MethodGet, path: "/guilds/" + guild + "/members/" + id,
			limit: "member " + guild, out: &m})
		if err == nil && m.User != nil {
			u = *m.User
		}
	}
	if sent, ok := errors.AsType[*chat.SendError](err); ok && (sent.Gone || guild == "") {
		a.outside = true
		err = p.api.do(ctx, call{doing: "look a person up", method: http.MethodGet, path: "/users/" + id, limit: "user", out: &u})
		if sent, ok := errors.AsType[*chat.SendError](err); ok && (sent.Gone || codeOf(err) == codeBadForm) {
			a.unknown, err = true, nil
		}
	}
	if err != nil {
		return acquainted{}, err
	}
	a.bot = u.Bot || u.System
	a.Person = p.of(u, &m, guild, "")
	p.known.Add(key, a)
	return a, nil
}

// member says whether somebody is in a guild.
func (p *people) member(ctx context.Context, guild, id string) (bool, error) {
	a, err := p.lookup(ctx, guild, id)
	return err == nil && !a.unknown && !a.outside, err
}

// changed has the people of a guild looked up again.
func (p *people) changed(guild string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.rosters, guild)
	for _, key := range p.known.Keys() {
		if len(key) > len(guild) && key[:len(guild)] == guild && key[len(guild)] == '|' {
			p.known.Remove(key)
		}
	}
}

// Person describes one account; bots are nobody.
func (d *Discord) Person(ctx context.Context, workspace, id string) (chat.Person, error) {
	a, err := d.people.lookup(ctx, workspace, id)
	if err != nil {
		return chat.Person{}, err
	}
	if a.unknown || a.bot {
		return chat.Person{}, fmt.Errorf("discord: %w", chat.ErrUnknownPerson)
	}
	return a.Person, nil
}
