package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermosttest"
	"balie/internal/app"
	"balie/internal/chat"
	"balie/internal/config"
	"balie/internal/ticket"
)

// mattermostNetwork is a town on a Mattermost server, real or fake, through its people's clients.
type mattermostNetwork struct {
	town *mattermosttest.Town
	addr string // where the program listens, which the town's command has to know before there is one
	// meddler stands before the server once there will be trouble: not earlier, because the program takes no addresses from
	// the server that are not below the server's own.
	meddler *meddler
	braced  bool

	tokens   []string          // of further slash commands
	channels map[string]string // further ones, by name
	features abilities

	mu       sync.Mutex
	directs  map[string]string // each person's channel with the bot
	answered map[string]bool   // posts in direct conversations that were the answer to something
}

// newMattermost builds a town for one world.
func newMattermost(t *testing.T, site *mattermosttest.Site) *mattermostNetwork {
	t.Helper()
	n := &mattermostNetwork{addr: fmt.Sprint("127.0.0.1:", freePort(t)), channels: map[string]string{},
		directs: map[string]string{}, answered: map[string]bool{},
		// The server is 11.4, and files in forms came later. Nobody can press what a post has no more: the server looks it up.
		features: abilities{emptyFiles: true, lateDeletions: true}}
	town, err := mattermosttest.NewTown(t.Context(), site, mattermosttest.TownOptions{
		People: []mattermosttest.Person{
			{Name: "ana", First: "Ana", Last: "Silva"},
			{Name: "bram", First: "Bram", Last: "de Wit", Locale: "nl"},
			{Name: "carla", First: "Carla", Last: "Jansen"},
			{Name: "david", First: "David", Last: "Bakker", Locale: "nl"},
			{Name: "eva", First: "Eva", Last: "Lindqvist"},
		},
		Channels: []mattermosttest.Channel{
			{Name: "general"}, {Name: "ict-triage", Private: true, Members: []string{"bram", "carla"}},
		},
		Command: "ticket", CommandURL: n.hooks() + "/command",
	})
	if err != nil {
		t.Fatalf("build a town: %v", err)
	}
	t.Cleanup(town.Close)
	n.town, n.meddler = town, meddle(t, site.URL)
	return n
}

func (n *mattermostNetwork) hooks() string { return "http://" + n.addr + "/hooks/mattermost" }

func (n *mattermostNetwork) can() abilities { return n.features }

func (n *mattermostNetwork) connect(o *app.Options) {
	o.Config.Addr, o.Config.URL = n.addr, "http://"+n.addr
	url := n.town.URL
	if n.braced {
		url = n.meddler.URL
	}
	o.Config.Mattermost = config.Mattermost{URL: url, Token: config.NewSecret(n.town.BotToken),
		CommandTokens: config.NewSecret(strings.Join(append([]string{n.town.CommandToken}, n.tokens...), ","))}
	cardsIn(o, ticket.Channel{Platform: "mattermost", ID: n.town.ChannelID("ict-triage")}, nil)
}

func (n *mattermostNetwork) open(*app.App) {}

func (n *mattermostNetwork) close() {}

// channel is the id of a channel of the person's.
func (n *mattermostNetwork) channel(ctx context.Context, as, name string) (string, error) {
	if id := n.channels[name]; id != "" {
		return id, nil
	}
	if name != direct {
		return n.town.ChannelID(name), nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if id := n.directs[as]; id != "" {
		return id, nil
	}
	id, err := n.town.As(as).Direct(ctx, n.town.BotID)
	if err == nil {
		n.directs[as] = id
	}
	return id, err
}

func (n *mattermostNetwork) command(ctx context.Context, as, channel, thread, line string) (answer, error) {
	id, err := n.channel(ctx, as, channel)
	if err != nil {
		return answer{}, err
	}
	return n.does(ctx, as, id, func(u *mattermosttest.User) (mattermosttest.Answer, error) {
		return u.Command(ctx, id, thread, line)
	})
}

// does does something, and takes along what the bot answers in the direct conversation because it can't be private where
// the person is. In the direct conversation itself an answer is a message like others.
func (n *mattermostNetwork) does(ctx context.Context, as, channel string,
	what func(*mattermosttest.User) (mattermosttest.Answer, error)) (answer, error) {
	u := n.town.As(as)
	id, err := n.channel(ctx, as, direct)
	if err != nil || id == channel {
		a, err := what(u)
		return n.answer(as, nil)(a, err)
	}
	before, err := u.Posts(ctx, id)
	if err != nil {
		return answer{}, err
	}
	told, err := what(u)
	if err != nil {
		return answer{}, err
	}
	after, err := u.Posts(ctx, id)
	if err != nil {
		return answer{}, err
	}
	n.mu.Lock()
	answers := slices.DeleteFunc(after, func(p *model.Post) bool {
		key, _ := p.GetProp("balie_key").(string)
		return p.UserId != n.town.BotID || !strings.HasPrefix(key, "answer|") ||
			slices.ContainsFunc(before, func(o *model.Post) bool { return o.Id == p.Id })
	})
	for _, p := range answers {
		n.answered[p.Id] = true
	}
	n.mu.Unlock()
	return n.answer(as, answers)(told, nil)
}

func (n *mattermostNetwork) shortcut(context.Context, string, message) (answer, error) {
	return answer{}, errors.New("Mattermost has no shortcuts")
}

func (n *mattermostNetwork) click(ctx context.Context, as string, m message, label, choice string) (answer, error) {
	post := m.raw.(*model.Post)
	if post.Type != model.PostTypeEphemeral && !n.isAnswer(post) { // of an answer it is a part: see split
		// As it looks now to the person; whoever doesn't see it, or not the button any more, tries what they remember.
		client, err := n.town.As(as).Client(ctx)
		if err != nil {
			return answer{}, err
		}
		now, resp, err := client.GetPost(ctx, post.Id, "")
		switch {
		case err == nil && slices.Contains(mattermosttest.Buttons(now), label):
			post = now
		case err != nil && (resp == nil || resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusNotFound):
			return answer{}, fmt.Errorf("look at the post again: %w", err)
		}
	}
	for _, b := range n.buttons(post) {
		for _, o := range b.Options {
			if b.Label == label && o.Label == choice {
				choice = o.Value
			}
		}
	}
	channel := post.ChannelId
	if n.isAnswer(post) {
		channel = "" // which takes the place of one that only the person sees
	}
	return n.does(ctx, as, channel, func(u *mattermosttest.User) (mattermosttest.Answer, error) {
		return u.Click(ctx, post, label, choice)
	})
}

// submit sends a form as a client does: it tells of each changed field on which others depend before.
func (n *mattermostNetwork) submit(ctx context.Context, as string, f *form, in filled) (answer, error) {
	told := map[string]bool{}
	for {
		i := slices.IndexFunc(f.Fields, func(field chat.Field) bool {
			value := in.Values[field.ID]
			return field.Refresh && !told[field.ID] && !slices.Equal(value, field.Value) && offered(field, value)
		})
		if i < 0 {
			d, values, files := n.filled(f, in)
			return n.does(ctx, as, d.ChannelID, func(u *mattermosttest.User) (mattermosttest.Answer, error) {
				return u.Submit(ctx, d, values, files...)
			})
		}
		told[f.Fields[i].ID] = true
		a, err := n.change(ctx, as, f, f.Fields[i].ID, in)
		if err != nil || a.Refused != "" || len(a.Errors) > 0 {
			return a, err
		}
		if a.Form != nil {
			f = a.Form
		}
	}
}

func (n *mattermostNetwork) change(ctx context.Context, as string, f *form, field string, in filled) (answer, error) {
	d, values, _ := n.filled(f, in)
	values["selected_field"] = field // as clients do
	return n.does(ctx, as, d.ChannelID, func(u *mattermosttest.User) (mattermosttest.Answer, error) {
		return u.Refresh(ctx, d, field, values)
	})
}

func (n *mattermostNetwork) dismiss(ctx context.Context, as string, f *form, in filled) (answer, error) {
	d, values, _ := n.filled(f, in)
	return n.does(ctx, as, d.ChannelID, func(u *mattermosttest.User) (mattermosttest.Answer, error) {
		return u.Cancel(ctx, d, values)
	})
}

func (n *mattermostNetwork) say(ctx context.Context, as, channel, thread, text string, uploads ...string) (answer, error) {
	id, err := n.channel(ctx, as, channel)
	if err != nil {
		return answer{}, err
	}
	post, err := n.town.As(as).Say(ctx, id, thread, text, "", uploads...)
	return n.posted(as, post, err)
}

func (n *mattermostNetwork) edit(ctx context.Context, as string, m message, text string) (answer, error) {
	post, err := n.town.As(as).Edit(ctx, m.ID, text)
	return n.posted(as, post, err)
}

func (n *mattermostNetwork) remove(ctx context.Context, as string, m message) (answer, error) {
	return n.posted(as, nil, n.town.As(as).Delete(ctx, m.ID))
}

func (n *mattermostNetwork) react(ctx context.Context, as string, m message, emoji string) (answer, error) {
	return n.posted(as, nil, n.town.As(as).React(ctx, m.ID, emoji))
}

func (n *mattermostNetwork) upload(ctx context.Context, as, channel, name, content string) (string, answer, error) {
	id, err := n.channel(ctx, as, channel)
	if err != nil {
		return "", answer{}, err
	}
	file, err := n.town.As(as).Upload(ctx, id, name, []byte(content))
	a, err := n.posted(as, nil, err)
	return file, a, err
}

func (n *mattermostNetwork) download(ctx context.Context, as string, _ message, f file) (string, error) {
	content, err := n.town.As(as).Download(ctx, f.ID)
	return string(content), err
}

func (n *mattermostNetwork) messages(ctx context.Context, as, channel, thread string) ([]message, error) {
	id, err := n.channel(ctx, as, channel)
	if err != nil {
		return nil, err
	}
	var posts []*model.Post
	if thread == "" {
		posts, err = n.town.As(as).Posts(ctx, id)
		posts = slices.DeleteFunc(posts, func(p *model.Post) bool { return p.RootId != "" })
	} else {
		posts, err = n.town.As(as).Thread(ctx, thread)
	}
	return n.list(as, posts), err
}

func (n *mattermostNetwork) visible(ctx context.Context, as string) ([]message, error) {
	u := n.town.As(as)
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	channels, _, err := client.GetChannelsForTeamForUser(ctx, n.town.Team.Id, u.ID, false, "")
	if err != nil {
		return nil, fmt.Errorf("list the channels of %s: %w", as, err)
	}
	var all []message
	for _, c := range channels {
		posts, err := u.Posts(ctx, c.Id)
		if err != nil {
			return nil, err
		}
		all = append(all, n.list(as, posts)...)
	}
	return all, nil
}

// forge posts buttons of one's own that call the program, and sends it forms that it never made: on a real server
// anybody can.
func (n *mattermostNetwork) forge(ctx context.Context, as string, m message) (taken []string, err error) {
	u := n.town.As(as)
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	channel := m.raw.(*model.Post).ChannelId
	look := func(what string, a answer, err error) error {
		if err == nil && a.Refused == "" && len(a.Errors) == 0 && (a.Form != nil || len(a.Private) == 0) {
			taken = append(taken, what)
		}
		return err
	}
	for _, forged := range []map[string]any{{}, {"t": ""}, {"t": "AAAA"}, {"t": 5}, {"t": m.ID}} {
		post, _, err := client.CreatePost(ctx, &model.Post{ChannelId: channel, Message: "mine", Props: model.StringInterface{
			model.PostPropsAttachments: []*model.MessageAttachment{{Actions: []*model.PostAction{{Id: "mine", Name: "Mine",
				Type:        model.PostActionTypeButton,
				Integration: &model.PostActionIntegration{URL: n.hooks() + "/action", Context: forged}}}}}}})
		if err != nil {
			return nil, fmt.Errorf("post a button: %w", err)
		}
		a, err := n.answer(as, nil)(u.Click(ctx, post, "Mine", ""))
		if err := errors.Join(look(fmt.Sprint("button ", forged), a, err), u.Delete(ctx, post.Id)); err != nil {
			return nil, err
		}
	}
	for _, state := range []string{"", "AAAA", m.ID} {
		d := &mattermosttest.Dialog{ChannelID: channel, TeamID: n.town.Team.Id, OpenDialogRequest: model.OpenDialogRequest{
			URL: n.hooks() + "/dialog", Dialog: model.Dialog{Title: "Mine", State: state}}}
		a, err := n.answer(as, nil)(u.Submit(ctx, d, map[string]any{"text": "mine"}))
		if err := look("form "+state, a, err); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

func (n *mattermostNetwork) trouble(_ context.Context, t trouble) error {
	every := map[string]time.Duration{}
	for name, d := range t.every {
		every[n.town.ChannelID(name)] = d
	}
	t.every = every
	n.meddler.set(t)
	return nil
}

func (n *mattermostNetwork) brace() bool {
	n.braced = true
	return true
}
