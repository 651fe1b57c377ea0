package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/ticket"
)

// overGateway has everything come over the connection that the program keeps.
const overGateway transport = "gateway"

var discordTransports = []transport{overGateway, overHTTP}

// discordNetwork is a server on a Discord in the process, through its people's clients.
type discordNetwork struct {
	fake  *discordfake.Server
	guild *discordfake.GuildState
	by    transport

	base     string                // where the program takes requests
	settings func(*config.Discord) // changes what the program knows of Discord; nil for nothing
	channels func(*ticket.Team)    // changes the channels of a team; nil for nothing
	policy   *ticket.Policy
	greeted  map[string]bool // people whose language the program knows
	*discordNotes
}

// discordNotes are what people remember of messages.
type discordNotes struct {
	mu       sync.Mutex
	answers  map[string]bool   // those that answered somebody, who did something on another message or none
	steps    map[string]bool   // those of them that are questions on the way to a form
	starters map[string]string // the first ones of private threads, by thread
}

// newDiscord makes a server for one world.
func newDiscord(t *testing.T, by transport, o discordfake.Options) *discordNetwork {
	t.Helper()
	o.People = append(o.People,
		discordfake.Person{Name: "ana", Global: "Ana Silva"},
		discordfake.Person{Name: "bram", Global: "Bram de Wit", Locale: "nl"},
		discordfake.Person{Name: "carla", Global: "Carla Jansen", Locale: "en-GB"},
		discordfake.Person{Name: "david", Global: "David Bakker", Locale: "nl"},
		discordfake.Person{Name: "eva", Global: "Eva Lindqvist"})
	if o.Guilds == nil {
		o.Guilds = []discordfake.Guild{{Name: "Balie"}}
	}
	o.Guilds = slices.Clone(o.Guilds) // the caller's may make another world
	o.Guilds[0].Channels = append(slices.Clip(o.Guilds[0].Channels),
		discordfake.Channel{Name: "general"},
		discordfake.Channel{Name: "ict-triage", Private: true, Members: []string{"bram", "carla"}},
		discordfake.Channel{Name: "help"},
		discordfake.Channel{Name: "secrets", Private: true, Members: []string{"ana", "carla"}, NoBot: true})
	fake := discordfake.New(t, o)
	return &discordNetwork{fake: fake, guild: fake.Main(), by: by, greeted: map[string]bool{},
		discordNotes: &discordNotes{answers: map[string]bool{}, steps: map[string]bool{}, starters: map[string]string{}}}
}

func (n *discordNetwork) can() abilities {
	return abilities{shortcut: true, formFiles: true, oldButtons: true, shortMessages: true}
}

func (n *discordNetwork) connect(o *app.Options) {
	c := config.Discord{Token: config.NewSecret(n.fake.Token), APIURL: n.fake.APIURL, ApplicationID: n.fake.ApplicationID}
	if n.by == overHTTP {
		c.PublicKey = n.fake.PublicKey
	}
	if n.settings != nil {
		n.settings(&c)
	}
	o.Config.Discord = c
	o.Pace.PerChannel = -1 // the world's clock stands still between two posts
	cardsIn(o, ticket.Channel{Platform: "discord", ID: n.guild.ChannelID("ict-triage")}, n.channels)
	n.policy = o.Policy
}

// open waits until the program listens, and people have its commands.
func (n *discordNetwork) open(a *app.App) {
	n.base = a.URL() + "/hooks/discord"
	if n.by == overHTTP {
		n.fake.Deliver(n.base)
	}
	until(func() bool { return n.fake.Sockets() > 0 && len(n.fake.Commands()) > 0 })
	n.greet()
}

// greet has the people whose language is not the server's use the program once: Discord tells of it only then.
func (n *discordNetwork) greet() {
	for _, name := range []string{"bram", "david"} {
		u := n.guild.As(name)
		if u == nil || n.greeted[name] {
			continue
		}
		a, err := u.Command(context.Background(), n.guild.ChannelID("general"), "ticket", "help", nil)
		n.greeted[name] = err == nil && a.Refused == ""
	}
}

// close waits until the program has left, or the next one would be taken for it. Another one may take its place at once.
func (n *discordNetwork) close() {
	sessions := func() int { return n.fake.Identified() + n.fake.Resumed() }
	before := sessions()
	n.fake.Deliver("")
	until(func() bool { return n.fake.Sockets() == 0 || sessions() > before })
}

// room is the id of a channel of the person's.
func (n *discordNetwork) room(as, name string) string {
	if name == direct {
		return n.fake.Direct(as)
	}
	return n.guild.ChannelID(name)
}

// does does something, and tells what the person sees of it.
func (n *discordNetwork) does(ctx context.Context, as string,
	what func(*discordfake.User) (discordfake.Answer, error)) (answer, error) {
	u := n.guild.As(as)
	if u == nil {
		return answer{}, fmt.Errorf("%s is not in the server", as)
	}
	told, err := what(u)
	if err != nil {
		return answer{}, err
	}
	return n.answer(ctx, as, told)
}

func (n *discordNetwork) command(ctx context.Context, as, channel, thread, line string) (answer, error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(line, "/"), " ")
	word, options := words(rest)
	id := cmp.Or(thread, n.room(as, channel))
	a, err := n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) {
		return u.Command(ctx, id, name, word, options)
	})
	if errors.Is(err, discordfake.ErrNotOffered) && name != "ticket" {
		return answer{Refused: err.Error()}, nil
	}
	return a, err
}

// words are the subcommand, with its options, that stands for what is typed elsewhere. What is no subcommand is a summary.
func words(text string) (word string, options map[string]string) {
	first, rest, _ := strings.Cut(text, " ")
	first = cmp.Or(map[string]string{"mijn": "mine", "toon": "show", "zoek": "search", "wachtrij": "queue", "hulp": "help"}[first], first)
	switch {
	case rest == "" && slices.Contains([]string{"mine", "queue", "panel", "help"}, first):
		return first, nil
	case first == "mine" && rest == "closed":
		return first, map[string]string{"state": rest}
	case first == "show" && rest != "" && !strings.Contains(rest, " "):
		return first, map[string]string{"ticket": rest}
	case first == "search" && rest != "":
		return first, map[string]string{"words": rest}
	case text == "":
		return "new", nil
	}
	return "new", map[string]string{"summary": text}
}

func (n *discordNetwork) shortcut(ctx context.Context, as string, m message) (answer, error) {
	raw := m.raw.(discordfake.Message)
	return n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) {
		return u.MessageCommand(ctx, raw.Channel, raw.ID, "Create ticket")
	})
}

// click presses a button, or takes a menu's choice. One that the message has no more is pressed all the same.
func (n *discordNetwork) click(ctx context.Context, as string, m message, label, choice string) (answer, error) {
	raw := m.raw.(discordfake.Message)
	return n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) {
		if now := u.Message(raw.Channel, raw.ID); now != nil && !raw.Ephemeral {
			if _, _, ok := pressableAt(*now, label, choice); ok {
				raw = *now
			}
		}
		id, values, ok := pressableAt(raw, label, choice)
		if !ok {
			return discordfake.Answer{}, fmt.Errorf("there is no button %q (%q) on %q", label, choice, m.Text)
		}
		return u.Forge(ctx, raw, id, values...)
	})
}

// pressableAt is the component of a message that has the label and, of a menu, the choice by its label or value.
func pressableAt(m discordfake.Message, label, choice string) (id string, values []string, ok bool) {
	for _, b := range m.Buttons() {
		if b.Label == label && choice == "" && b.CustomID != "" {
			return b.CustomID, nil, true
		}
	}
	for _, menu := range m.Menus() {
		if menuLabel(menu) != label {
			continue
		}
		for _, o := range menu.Options {
			if choice == o.Label || choice == o.Value {
				return menu.CustomID, []string{o.Value}, true
			}
		}
	}
	return "", nil, false
}

func (n *discordNetwork) dismiss(context.Context, string, *form, filled) (answer, error) {
	return answer{}, errors.New("Discord does not tell of forms that are closed")
}

// say posts a message. In a direct conversation there are no threads, but replies.
func (n *discordNetwork) say(ctx context.Context, as, channel, thread, text string, uploads ...string) (answer, error) {
	id, to := n.room(as, channel), thread
	return n.saying(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) {
		if channel != direct && thread != "" {
			id, to = thread, ""
			if n.fake.Thread(thread) == nil {
				if a, err := u.StartThread(ctx, n.room(as, channel), thread, "About this"); err != nil || a.Refused != "" {
					return a, err
				}
			}
		}
		return u.Reply(ctx, id, to, text, uploads...)
	})
}

func (n *discordNetwork) saying(ctx context.Context, as string,
	what func(*discordfake.User) (discordfake.Answer, error)) (a answer, err error) {
	var said discordfake.Answer
	a, err = n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) {
		said, err = what(u)
		return said, err
	})
	if err == nil && said.Message.ID != "" {
		a.Message = n.message(as, said.Message)
	}
	return a, err
}

func (n *discordNetwork) edit(ctx context.Context, as string, m message, text string) (answer, error) {
	raw := m.raw.(discordfake.Message)
	return n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) { return u.Edit(ctx, raw.Channel, raw.ID, text) })
}

func (n *discordNetwork) remove(ctx context.Context, as string, m message) (answer, error) {
	raw := m.raw.(discordfake.Message)
	return n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) { return u.Delete(ctx, raw.Channel, raw.ID) })
}

func (n *discordNetwork) react(ctx context.Context, as string, m message, emoji string) (answer, error) {
	raw := m.raw.(discordfake.Message)
	return n.does(ctx, as, func(u *discordfake.User) (discordfake.Answer, error) {
		return u.React(ctx, raw.Channel, raw.ID, discordfake.Emoji(emoji))
	})
}

func (n *discordNetwork) upload(ctx context.Context, as, _, name, content string) (string, answer, error) {
	id, refused := n.guild.As(as).Upload(ctx, name, []byte(content))
	return id, answer{Refused: refused}, nil
}

func (n *discordNetwork) download(ctx context.Context, as string, _ message, f file) (string, error) {
	content, err := n.guild.As(as).Download(ctx, f.ID)
	return string(content), err
}

func (n *discordNetwork) brace() bool { return false }

// posting are the ways to say something in a channel, a thread or a direct conversation.
var posting = []string{"POST /channels/{}/messages", "POST /channels/{}/threads"}

func (n *discordNetwork) trouble(_ context.Context, t trouble) error {
	for _, route := range posting {
		n.fake.FailNext(route, 0, discordfake.Fault{})
	}
	n.fake.FailNext(posting[0], t.failNext, discordfake.Fault{Status: http.StatusServiceUnavailable})
	n.fake.Uncertain(posting[0], t.uncertain)
	for _, every := range t.every {
		if every >= time.Second { // of all channels, since the stories post to this one alone meanwhile
			n.fake.FailNext(posting[0], -1, discordfake.Fault{Wait: time.Second})
		}
	}
	return nil
}
