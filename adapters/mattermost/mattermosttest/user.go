package mattermosttest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// User is one person at their client: a session and a websocket of their own, which are opened when they are first needed
// and opened again when they broke.
type User struct {
	Name, ID, Username string

	town *Town

	sessionMu sync.Mutex
	session   *model.Client4

	dialMu sync.Mutex // held while a websocket is opened or ended

	mu      sync.Mutex
	line    *line
	waiting map[string]chan struct{} // what is to come over the websocket, such as barriers
	news    []event
	told    int           // how many events came before the first of news
	seen    int           // how many events an Answer has told of
	changed chan struct{} // closed at the next event
	channel string        // where the person did something last
}

// Answer is what the person sees of what they did.
type Answer struct {
	Private []*model.Post // ephemeral posts since the action began, with attachments and cookies
	Dialog  *Dialog       // the one that is open now: opened, replaced by the next step, or still open after errors
	Errors  map[string]string
	Error   string // like Errors, of a dialog that stays open

	Status    int    // HTTP status of the server; from 400 on, the person was refused
	Problem   string // what the refusal says
	ProblemID string // its id, which does not depend on the language
	Goto      string // the address that the client was told to open

	Took   time.Duration // until the server answered
	Missed bool          // the websocket broke in between, so private posts may be missing
}

func newUser(t *Town, p Person) *User {
	return &User{
		Name:     p.Name,
		Username: p.Name + "-" + t.suffix,
		town:     t,
		waiting:  map[string]chan struct{}{},
		changed:  make(chan struct{}),
	}
}

func (u *User) create(ctx context.Context, p Person) error {
	locale, email := p.Locale, p.Email
	if locale == "" {
		locale = "en"
	}
	if email == "" {
		email = u.Username + "@example.com"
	}
	created, _, err := u.town.Admin.CreateUser(ctx, &model.User{Username: u.Username, Password: rand.Text() + rand.Text(), Email: email,
		FirstName: p.First, LastName: p.Last, Locale: locale, EmailVerified: true})
	if err != nil {
		return fmt.Errorf("create user %s: %w", u.Username, err)
	}
	u.ID = created.Id
	return nil
}

// Client is a client with the person's session, for what the other methods can't do.
func (u *User) Client(ctx context.Context) (*model.Client4, error) {
	u.sessionMu.Lock()
	defer u.sessionMu.Unlock()
	if u.session == nil {
		// Logging in takes the server ten times as long, and the session is the same.
		token, _, err := u.town.Admin.CreateUserAccessToken(ctx, u.ID, "test", 0)
		if err != nil {
			return nil, fmt.Errorf("open a session for %s: %w", u.Username, err)
		}
		u.session = u.town.client(token.Token)
	}
	return u.session, nil
}

// reply is what the server answers to a command, a click or a submission: the fields that a client uses.
type reply struct {
	TriggerID string            `json:"trigger_id"`
	Goto      string            `json:"goto_location"`
	Error     string            `json:"error"`
	Errors    map[string]string `json:"errors"`
	Type      string            `json:"type"`
	Form      *model.Dialog     `json:"form"`
}

// do sends what the person does and waits until everything has come that the server had sent them by its answer.
func (u *User) do(ctx context.Context, channelID, path string, body any) (Answer, reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	l, err := u.connect(ctx)
	if err != nil {
		return Answer{}, reply{}, err
	}
	start := u.begin(channelID)
	client, err := u.Client(ctx)
	if err != nil {
		return Answer{}, reply{}, err
	}
	began := time.Now()
	a, r, err := send(ctx, client, path, body)
	if err != nil {
		return Answer{}, reply{}, fmt.Errorf("%s: %s: %w", u.Name, path, err)
	}
	a.Took = time.Since(began)
	if a.Missed, err = u.settle(ctx, l); err != nil {
		return a, r, fmt.Errorf("%s: wait for what the server sends: %w", u.Name, err)
	}
	private, dialogs := u.end(start)
	a.Private, a.Goto = private, r.Goto
	for _, d := range dialogs {
		// A client shows only the dialog that belongs to what its user did last.
		if a.Status < 400 && d.TriggerId == r.TriggerID {
			a.Dialog = u.opened(d, channelID)
		}
	}
	return a, r, nil
}

// send posts JSON; a refusal is no error.
func send(ctx context.Context, client *model.Client4, path string, body any) (a Answer, r reply, err error) {
	resp, err := client.DoAPIPostJSON(ctx, path, body)
	if resp == nil {
		return a, r, err
	}
	defer func() {
		err = errors.Join(err, resp.Body.Close())
	}()
	a.Status = resp.StatusCode
	if err != nil {
		if a.Status < http.StatusBadRequest {
			return a, r, err
		}
		a.Problem = err.Error()
		if refusal := (*model.AppError)(nil); errors.As(err, &refusal) {
			a.Problem, a.ProblemID = refusal.Message, refusal.Id
		}
		return a, r, nil
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, r, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return a, r, fmt.Errorf("understand the answer %q: %w", text, err)
	}
	return a, r, nil
}
