package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/app"
	"balie/internal/ticket"
)

// discordWorld is a world in which something happens that only Discord knows.
type discordWorld struct {
	*world
	discord *discordNetwork
	fake    *discordfake.Server
}

// onDiscord lives a story over the gateway and over HTTP.
func onDiscord(t *testing.T, story func(t *testing.T, w *discordWorld)) {
	onDiscordWith(t, discordfake.Options{}, nil, story)
}

// onDiscordWith is onDiscord on a network that was changed before the program starts, unless change is nil.
func onDiscordWith(t *testing.T, o discordfake.Options, change func(*discordNetwork), story func(t *testing.T, w *discordWorld)) {
	for _, by := range discordTransports {
		t.Run(string(by), func(t *testing.T) { story(t, onDiscordBy(t, by, o, change)) })
	}
}

// onDiscordBy is a world on a server of its own, which may be changed before the program starts.
func onDiscordBy(t *testing.T, by transport, o discordfake.Options, change func(*discordNetwork)) *discordWorld {
	t.Helper()
	n := newDiscord(t, by, o)
	if change != nil {
		change(n)
	}
	return &discordWorld{world: start(t, embedded(t), n), discord: n, fake: n.fake}
}

// requests has a team's conversations in a channel.
func requests(channel string) func(*discordNetwork) {
	return func(n *discordNetwork) {
		n.channels = func(team *ticket.Team) {
			team.Requests = []ticket.Channel{{Platform: "discord", ID: n.guild.ChannelID(channel)}}
		}
	}
}

// paced has the program look more often at what it looks at rarely.
func (w *discordWorld) paced(change func(*app.Options)) {
	w.Helper()
	w.adjust = change
	w.restart()
}

// today sets the world's clock to Discord's: what may stand already is looked for since the first try.
func (w *discordWorld) today() {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.clock.now = time.Now()
}

// user is a person at their client.
func (w *discordWorld) user(p person) *discordfake.User {
	w.Helper()
	u := w.discord.guild.As(p.id)
	if u == nil {
		w.Fatalf("%s is not in the server", p.id)
	}
	return u
}

// channel is a channel's id, and for direct that of the person's.
func (w *discordWorld) channel(as, name string) string { return w.discord.room(as, name) }

// raw is the message as Discord has it.
func (w *discordWorld) raw(m message) discordfake.Message { return m.raw.(discordfake.Message) }

// told fails the test if the client did not do it, and gives what the person sees.
func (w *discordWorld) told(told discordfake.Answer, err error) discordfake.Answer {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
	if told.Refused != "" {
		w.Fatalf("it was refused: %s", told.Refused)
	}
	w.discord.answered(told)
	return told
}

// says finds what somebody was told with all the parts.
func (w *discordWorld) says(told discordfake.Answer, parts ...string) discordfake.Message {
	w.Helper()
	for _, m := range everythingTold(told) {
		if contains(w.discord.text(m), parts) {
			return m
		}
	}
	w.Fatalf("nothing says %q: %+v", parts, told)
	return discordfake.Message{}
}

// presses presses a button of a message as it stands now.
func (w *discordWorld) presses(p person, m discordfake.Message, label string) discordfake.Answer {
	w.Helper()
	u := w.user(p)
	if now := u.Message(m.Channel, m.ID); now != nil {
		m = *now
	}
	return w.told(u.Click(w.Context(), m, label))
}

// sendsPage enters pairs of field and value into the page that is open, and sends it.
func (w *discordWorld) sendsPage(p person, pairs ...string) discordfake.Answer {
	w.Helper()
	u, values := w.user(p), map[string][]string{}
	for pair := range slices.Chunk(pairs, 2) {
		values[pair[0]] = []string{pair[1]}
	}
	told := w.told(u.Submit(w.Context(), u.Form(), values, nil))
	if len(told.Errors) > 0 {
		w.Fatalf("%s: the client says %v", p.id, told.Errors)
	}
	return told
}

// pageOf is the page that is open.
func (w *discordWorld) pageOf(f *form) *discordfake.Form { return f.raw.(*discordForm).page }

// hears waits until the program listens.
func (w *discordWorld) hears() {
	w.Helper()
	w.eventually(func() error {
		if w.fake.Sockets() == 0 {
			return errors.New("nothing is connected")
		}
		return nil
	})
}

// thread is the thread of a ticket's post.
func (w *discordWorld) thread(id string) discordfake.Thread {
	w.Helper()
	th := w.fake.Thread(id)
	if th == nil {
		w.Fatalf("there is no thread %s", id)
	}
	return *th
}

// becomes waits until a thread is as it should be.
func (w *discordWorld) becomes(id, what string, is func(discordfake.Thread) bool) {
	w.Helper()
	w.hurried(func() error {
		if th := w.thread(id); !is(th) {
			return fmt.Errorf("the thread %+v is not %s", th, what)
		}
		return nil
	})
}

// deliveries counts how often the program posted something.
func (w *discordWorld) deliveries() int { return w.fake.Calls("POST /channels/{}/messages") }
