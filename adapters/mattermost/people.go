package mattermost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// people are the accounts that were looked up lately.
type people struct {
	*Mattermost
	known *known
}

func newPeople(m *Mattermost) *people {
	return &people{Mattermost: m, known: &known{memo.New[string, acquainted](20_000)}}
}

// known are accounts as they were a while ago. A change is heard over the websocket; what was missed there is looked up
// again after knownFor.
type known struct {
	byID *lru.Cache[string, acquainted]
}

type acquainted struct {
	user *model.User
	at   time.Time
}

const knownFor = 10 * time.Minute

// Get is the account with the id, unless it has to be looked up.
func (k *known) Get(id string) (*model.User, bool) {
	a, ok := k.byID.Get(id)
	return a.user, ok && time.Since(a.at) < knownFor
}

// Add keeps an account that was looked up.
func (k *known) Add(id string, u *model.User) { k.byID.Add(id, acquainted{u, time.Now()}) }

// Remove has the account looked up again.
func (k *known) Remove(id string) { k.byID.Remove(id) }

// user is the account with the id.
func (p *people) user(ctx context.Context, id string) (*model.User, error) {
	if u, ok := p.known.Get(id); ok {
		return u, nil
	}
	if !model.IsValidId(id) {
		return nil, fmt.Errorf("mattermost: %w", chat.ErrUnknownPerson)
	}
	u, resp, err := p.api.GetUser(ctx, id, "")
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("mattermost: %w", chat.ErrUnknownPerson)
	}
	if err != nil {
		return nil, p.sendError("look up a person", resp, err)
	}
	p.known.Add(id, u)
	return u, nil
}

// quickly is the person with the id, within the little time that an answer leaves; what is not known by then is left out.
func (p *people) quickly(ctx context.Context, id, handle string) chat.Person {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	u, err := p.user(ctx, id)
	if err != nil {
		p.log.WithError(err).WithField("person", id).Debug("mattermost: a person could not be looked up in time")
		return chat.Person{ID: id, Handle: handle} // no name: a better one may be known
	}
	return p.person(u)
}

// person is an account as the bot knows people. An e-mail address makes one person of accounts on several networks, so it
// counts only where the server makes sure whose it is.
func (p *people) person(u *model.User) chat.Person {
	out := chat.Person{
		ID: u.Id, Name: cmp.Or(u.Nickname, u.GetFullName(), u.Username), Handle: u.Username, Locale: u.Locale,
		Avatar:   fmt.Sprintf("%s/api/v4/users/%s/image?_=%d", p.opts.URL, u.Id, u.LastPictureUpdate),
		TimeZone: u.GetPreferredTimezone(),
	}
	if p.able.Load().verified {
		out.Email = u.Email
	}
	return out
}

// Workspaces is the server, which has no name.
func (m *Mattermost) Workspaces() []string { return []string{""} }

// Person describes one account.
func (m *Mattermost) Person(ctx context.Context, workspace, id string) (chat.Person, error) {
	if workspace != "" {
		return chat.Person{}, fmt.Errorf("mattermost: %w", chat.ErrUnknownPerson)
	}
	u, err := m.people.user(ctx, id)
	if err != nil {
		return chat.Person{}, err
	}
	return m.people.person(u), nil
}

// perPage is how much of a list is asked for at once; servers give no more.
const perPage = 200

// Members lists the people in a channel, without bots and deactivated accounts.
func (m *Mattermost) Members(ctx context.Context, workspace, channel string) ([]chat.Person, error) {
	if workspace != "" || !model.IsValidId(channel) {
		return nil, errors.New("mattermost: no such channel")
	}
	return m.everybody("list the members of a channel", func(page int) ([]*model.User, *model.Response, error) {
		return m.api.GetUsersInChannel(ctx, channel, page, perPage, "")
	})
}

// Group lists the people in a user group, which servers of the paid editions have.
func (m *Mattermost) Group(ctx context.Context, workspace, group string) ([]chat.Person, error) {
	if workspace != "" || !model.IsValidId(group) {
		return nil, errors.New("mattermost: no such group")
	}
	return m.everybody("list the members of a group", func(page int) ([]*model.User, *model.Response, error) {
		return m.api.GetUsersInGroup(ctx, group, page, perPage, "")
	})
}

func (m *Mattermost) everybody(doing string, ask func(page int) ([]*model.User, *model.Response, error)) ([]chat.Person, error) {
	var out []chat.Person
	for page := 0; ; page++ {
		users, resp, err := ask(page)
		if err != nil {
			return nil, m.sendError(doing, resp, err)
		}
		for _, u := range users {
			if m.people.known.Add(u.Id, u); !u.IsBot && u.DeleteAt == 0 {
				out = append(out, m.people.person(u))
			}
		}
		if len(users) < perPage {
			return slices.Clip(out), nil
		}
	}
}
