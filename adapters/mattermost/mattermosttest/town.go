package mattermosttest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// Person is somebody to create: ana becomes the user ana-<random>.
type Person struct {
	Name        string // at most 12 bytes, lower case
	First, Last string
	Email       string // "" for one that is made up
	Locale      string // "en" if empty
}

// Channel is a channel to create.
type Channel struct {
	Name       string
	Private    bool
	Members    []string // names; nil means everybody
	WithoutBot bool     // the bot is not a member
}

// TownOptions says what a town has.
type TownOptions struct {
	People     []Person
	Channels   []Channel
	Command    string // the slash command's trigger, "" for none
	CommandURL string // what it calls
}

// Town is a team of its own on a site, with people, channels, a bot and a slash command, so that tests never see each other.
type Town struct {
	Site
	Team         *model.Team
	Bot          *model.Bot
	BotID        string
	BotToken     string
	CommandToken string // that Mattermost shows when it calls the command's URL

	suffix   string // of everything in the town that is unique on the server
	people   map[string]*User
	channels map[string]string
	closed   atomic.Bool
}

// NewTown creates a town. Close ends its people's connections; the town itself stays on the server.
func NewTown(ctx context.Context, s *Site, o TownOptions) (*Town, error) {
	own := s.Behind(s.URL)
	t := &Town{
		Site:     Site{URL: own.URL, Admin: own.Admin, transport: own.transport},
		suffix:   strings.ToLower(rand.Text()[:8]),
		people:   map[string]*User{},
		channels: map[string]string{},
	}
	if err := t.build(ctx, o); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Town) build(ctx context.Context, o TownOptions) error {
	jobs := []func() error{
		func() error { return t.createTeam(ctx) },
		func() error { return t.createBot(ctx) },
	}
	for _, p := range o.People {
		if len(p.Name) > 12 || t.people[p.Name] != nil {
			return fmt.Errorf("person %q: a name is short and unique", p.Name)
		}
		u := newUser(t, p)
		t.people[p.Name] = u
		jobs = append(jobs, func() error { return u.create(ctx, p) })
	}
	if err := together(jobs); err != nil {
		return err
	}
	everybody := []string{t.BotID}
	for _, u := range t.people {
		everybody = append(everybody, u.ID)
	}
	for some := range slices.Chunk(everybody, 200) {
		if _, _, err := t.Admin.AddTeamMembers(ctx, t.Team.Id, some); err != nil {
			return fmt.Errorf("add people to the team: %w", err)
		}
	}
	jobs = nil
	created := make([]*model.Channel, len(o.Channels))
	for i, c := range o.Channels {
		jobs = append(jobs, func() (err error) {
			created[i], err = t.createChannel(ctx, c)
			return err
		})
	}
	if o.Command != "" {
		jobs = append(jobs, func() error { return t.createCommand(ctx, o.Command, o.CommandURL) })
	}
	err := together(jobs)
	for _, c := range created {
		if c != nil {
			t.channels[c.Name] = c.Id
		}
	}
	return err
}

// together runs the jobs, some at a time.
func together(jobs []func() error) error {
	errs := make([]error, len(jobs))
	room := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for i, job := range jobs {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			errs[i] = job()
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (t *Town) createTeam(ctx context.Context) error {
	name := "town-" + t.suffix
	team, _, err := t.Admin.CreateTeam(ctx, &model.Team{Name: name, DisplayName: name, Type: model.TeamInvite})
	if err != nil {
		return fmt.Errorf("create a team: %w", err)
	}
	t.Team = team
	return nil
}

func (t *Town) createBot(ctx context.Context) error {
	bot, _, err := t.Admin.CreateBot(ctx, &model.Bot{Username: "balie-" + t.suffix, DisplayName: "Balie"})
	if err != nil {
		return fmt.Errorf("create a bot: %w", err)
	}
	token, _, err := t.Admin.CreateUserAccessToken(ctx, bot.UserId, "test", 0)
	if err != nil {
		return fmt.Errorf("create the bot's token: %w", err)
	}
	t.Bot, t.BotID, t.BotToken = bot, bot.UserId, token.Token
	return nil
}

func (t *Town) createChannel(ctx context.Context, c Channel) (*model.Channel, error) {
	kind := model.ChannelTypeOpen
	if c.Private {
		kind = model.ChannelTypePrivate
	}
	created, _, err := t.Admin.CreateChannel(ctx,
		&model.Channel{TeamId: t.Team.Id, Name: c.Name, DisplayName: c.Name, Type: kind})
	if err != nil {
		return nil, fmt.Errorf("create channel %s: %w", c.Name, err)
	}
	var ids []string
	if !c.WithoutBot {
		ids = append(ids, t.BotID)
	}
	for name, u := range t.people {
		if c.Members == nil || slices.Contains(c.Members, name) {
			ids = append(ids, u.ID)
		}
	}
	for _, name := range c.Members {
		if t.people[name] == nil {
			return created, fmt.Errorf("channel %s: nobody is called %s", c.Name, name)
		}
	}
	if len(ids) > 0 {
		if _, _, err := t.Admin.AddChannelMembers(ctx, created.Id, "", ids); err != nil {
			return created, fmt.Errorf("add people to channel %s: %w", c.Name, err)
		}
	}
	return created, nil
}

func (t *Town) createCommand(ctx context.Context, trigger, url string) error {
	command, _, err := t.Admin.CreateCommand(ctx,
		&model.Command{TeamId: t.Team.Id, Trigger: trigger, Method: model.CommandMethodPost, URL: url, DisplayName: trigger})
	if err != nil {
		return fmt.Errorf("create command /%s: %w", trigger, err)
	}
	t.CommandToken = command.Token
	return nil
}

// Close ends the people's websockets and all connections of the town, and deactivates the people: a server without a
// licence takes no more than 250 at a time.
func (t *Town) Close() {
	t.closed.Store(true)
	var wg sync.WaitGroup
	for _, u := range t.people {
		u.hangUp()
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), goodbye)
			defer cancel()
			// A server that is away by now keeps its people.
			_, _ = t.Admin.UpdateUserActive(ctx, u.ID, false)
		})
	}
	wg.Wait()
	t.Site.Close()
}

// goodbye is how long the server may take to let go of somebody.
const goodbye = 10 * time.Second

// As is the person of that name. It panics if nobody has it.
func (t *Town) As(name string) *User {
	u := t.people[name]
	if u == nil {
		panic(fmt.Sprintf("nobody in the town is called %q", name))
	}
	return u
}

// UserID is the id of the person of that name. It panics if nobody has it.
func (t *Town) UserID(name string) string { return t.As(name).ID }

// Name is the name of a person by their id, "bot" for the bot, and "" for anybody else.
func (t *Town) Name(userID string) string {
	if userID == t.BotID {
		return "bot"
	}
	for name, u := range t.people {
		if u.ID == userID {
			return name
		}
	}
	return ""
}

// ChannelID is the id of the channel of that name. It panics if there is none.
func (t *Town) ChannelID(name string) string {
	id := t.channels[name]
	if id == "" {
		panic(fmt.Sprintf("no channel in the town is called %q", name))
	}
	return id
}

// BotClient is a client with the bot's token.
func (t *Town) BotClient() *model.Client4 { return t.client(t.BotToken) }

// PostByID is a post as it is now, as an admin sees it.
func (t *Town) PostByID(ctx context.Context, id string) (*model.Post, error) {
	post, _, err := t.Admin.GetPost(ctx, id, "")
	if err != nil {
		return nil, fmt.Errorf("get post %s: %w", id, err)
	}
	return post, nil
}
