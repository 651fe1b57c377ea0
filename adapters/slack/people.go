package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sirupsen/logrus"
	slackapi "github.com/slack-go/slack"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// people are the accounts that were looked up lately.
type people struct {
	ws     *workspaces
	log    logrus.FieldLogger
	now    func() time.Time
	known  *lru.Cache[string, acquainted]
	lists  *lru.Cache[string, roll] // the members of channels and groups
	gentle *gentle

	mu     sync.Mutex
	asking map[string]*question // by the person that is being looked up
}

// acquainted is an account as it was a while ago.
type acquainted struct {
	chat.Person
	bot     bool // and not a person
	deleted bool // it can't be used any more
	unknown bool // there is no such account
	at      time.Time
}

// question is a look-up that goes on.
type question struct {
	done   chan struct{}
	answer acquainted
	err    error
	stale  bool // the account changed meanwhile
}

const (
	knownFor   = 10 * time.Minute // what changes is told by an event; what was missed is looked up again after this long
	unknownFor = time.Minute
	quick      = 300 * time.Millisecond
	slackbot   = "USLACKBOT"
)

func newPeople(ws *workspaces, log logrus.FieldLogger) *people {
	return &people{
		ws: ws, log: log, now: time.Now, known: memo.New[string, acquainted](50_000), lists: memo.New[string, roll](2_000),
		gentle: newGentle(), asking: map[string]*question{},
	}
}

// fresh says whether an account has not to be looked up again yet.
func (p *people) fresh(a acquainted) bool {
	age := p.now().Sub(a.at)
	return age < unknownFor || !a.unknown && age < knownFor
}

func personKey(w *workspace, id string) string { return w.key + "|" + id }

// lookup is the account with the id.
func (p *people) lookup(ctx context.Context, w *workspace, id string) (acquainted, error) {
	key := personKey(w, id)
	if a, ok := p.known.Get(key); ok && p.fresh(a) {
		return a, nil
	}
	switch {
	case id == slackbot:
		return acquainted{Person: chat.Person{ID: id}, bot: true}, nil
	case !isUser(id):
		return acquainted{unknown: true}, nil
	}
	q := p.ask(w, id)
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done():
		return acquainted{}, w.sendError("look up a person", ctx.Err())
	}
}

// isUser says whether it can be an account's id.
func isUser(id string) bool {
	if len(id) < 2 || len(id) > 64 || id[0] != 'U' && id[0] != 'W' {
		return false
	}
	for _, r := range id {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// ask looks an account up, unless somebody does already. It goes on when nobody waits any more.
func (p *people) ask(w *workspace, id string) *question {
	key := personKey(w, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.asking[key]; q != nil && !q.stale {
		return q
	}
	q := &question{done: make(chan struct{})}
	if a, ok := p.known.Get(key); ok && p.fresh(a) { // the answer came just now
		q.answer = a
		close(q.done)
		return q
	}
	p.asking[key] = q
	go func() {
		defer close(q.done)
		ctx, cancel := context.WithTimeout(p.ws.ctx, callMost)
		defer cancel()
		q.answer, q.err = p.info(ctx, w, id)
		p.mu.Lock()
		defer p.mu.Unlock()
		if q.err == nil && !q.stale {
			p.known.Add(key, q.answer)
		}
		if p.asking[key] == q {
			delete(p.asking, key)
		}
	}()
	return q
}

func (p *people) info(ctx context.Context, w *workspace, id string) (acquainted, error) {
	at := p.now()
	u, err := w.api.GetUserInfoContext(ctx, id)
	switch slackCode(err) {
	case "user_not_found", "users_not_found":
		return acquainted{unknown: true, at: at}, nil
	case "user_not_visible": // of another company, in a channel that both share
		return acquainted{Person: chat.Person{ID: id, Name: id}, at: at}, nil
	}
	if err != nil {
		if limited, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
			p.gentle.hold(limited.RetryAfter)
		}
		return acquainted{}, w.sendError("look up a person", err)
	}
	return acquainted{
		Person: w.person(id, u), bot: u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || id == slackbot, deleted: u.Deleted, at: at,
	}, nil
}

// person is an account as the bot knows people. An e-mail address makes one person of accounts on several networks, so
// that of somebody from another company, which that company vouches for and not this workspace, does not count.
func (w *workspace) person(id string, u *slackapi.User) chat.Person {
	p := chat.Person{
		ID: id, Name: cmp.Or(u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name), Handle: u.Name,
		Avatar: cmp.Or(u.Profile.Image192, u.Profile.Image72), Locale: u.Locale, TimeZone: u.TZ,
	}
	if w.ours(u) {
		p.Email = u.Profile.Email
	}
	if p.Name == "" {
		p.Name = id
	}
	return p
}

// ours says whether an account is of the workspace or its organization.
func (w *workspace) ours(u *slackapi.User) bool {
	switch {
	case u.IsStranger:
		return false
	case w.enterprise != "" && u.Enterprise.EnterpriseID == w.enterprise:
		return true
	}
	return !w.orgWide && (u.TeamID == "" || u.TeamID == w.id)
}

// quickly is the person with the id, within the little time that an answer leaves. What was known a while ago will do
// meanwhile; what is not known in time is left out, so that it replaces nothing better.
func (p *people) quickly(ctx context.Context, w *workspace, id, handle string) chat.Person {
	bare := chat.Person{ID: id, Handle: handle}
	a, ok := p.known.Get(personKey(w, id))
	if ok && !p.fresh(a) && isUser(id) {
		p.ask(w, id)
	}
	if !ok {
		ctx, cancel := context.WithTimeout(ctx, quick)
		defer cancel()
		var err error
		if a, err = p.lookup(ctx, w, id); err != nil {
			p.log.WithError(err).WithField("person", id).Debug("slack: a person could not be looked up in time")
			return bare
		}
	}
	if a.unknown || a.ID == "" {
		return bare
	}
	return a.Person
}

// forget has an account looked up again, because it changed.
func (p *people) forget(w *workspace, id string) {
	key := personKey(w, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known.Remove(key)
	if q := p.asking[key]; q != nil {
		q.stale = true
	}
}

// Person describes one account; bots are nobody.
func (s *Slack) Person(ctx context.Context, workspace, id string) (chat.Person, error) {
	w, err := s.place(ctx, chat.Place{Workspace: workspace, Person: id})
	if err != nil {
		return chat.Person{}, err
	}
	a, err := s.people.lookup(ctx, w, id)
	if err != nil {
		return chat.Person{}, err
	}
	if a.unknown || a.bot {
		return chat.Person{}, fmt.Errorf("slack: %w", chat.ErrUnknownPerson)
	}
	return a.Person, nil
}
