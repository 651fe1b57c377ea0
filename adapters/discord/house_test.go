package discord_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// house is a Discord with a guild, and an adapter that sends to it.
type house struct {
	*testing.T
	fake *discordfake.Server
	d    *discord.Discord
	log  adaptertest.Log
	mem  *adaptertest.Memory
}

func newHouse(t *testing.T, o discordfake.Options) *house {
	t.Helper()
	o.People = append(o.People, discordfake.Person{Name: "ana"}, discordfake.Person{Name: "bram"}, discordfake.Person{Name: "eva"})
	if o.Guilds == nil {
		o.Guilds = []discordfake.Guild{{Name: "office", Channels: []discordfake.Channel{
			{Name: "help"}, {Name: "triage", Private: true, Members: []string{"bram"}},
			{Name: "forum", Kind: discordfake.Forum, Private: true, Members: []string{"bram"}, Tags: []string{"new", "Closed", "Printers"}},
		}}}
	}
	h := &house{T: t, fake: discordfake.New(t, o), mem: &adaptertest.Memory{}}
	h.d = h.another()
	return h
}

// another is an adapter that knows nothing of what the first one has sent.
func (h *house) another() *discord.Discord {
	h.Helper()
	return discord.Unpaced(h.paced())
}

// paced is one that makes its calls no faster than it does in life.
func (h *house) paced() *discord.Discord { return h.at(h.fake.URL) }

// at is one for a Discord at an address.
func (h *house) at(address string) *discord.Discord {
	h.Helper()
	d, err := discord.New(discord.Options{Token: h.fake.Token, APIURL: address + "/api/v9", Secret: bytes.Repeat([]byte("s"), chat.SecretMin),
		Memory: h.mem, Log: h.log.Logger(logrus.TraceLevel)})
	if err != nil {
		h.Fatal(err)
	}
	return d
}

func (h *house) place(channel string) chat.Place {
	return chat.Place{Platform: discord.Name, Workspace: h.fake.Main().GuildID, Channel: h.fake.Main().ChannelID(channel)}
}

func (h *house) sends(p chat.Post) chat.Ref {
	h.Helper()
	r, err := h.d.Send(h.Context(), p)
	if err != nil {
		h.Fatalf("Send %q: %v", p.Key, err)
	}
	return r
}

// blocked is what an admin is told to put right.
func blocked(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*chat.SendError](err)
	if !ok || e.Blocked == "" {
		t.Fatalf("%v is nothing that waits for an admin", err)
	}
	return e.Blocked
}

func card(title string) *chat.Card { return &chat.Card{Title: title} }

// topic is a ticket's conversation.
func topic(name string, closed bool, people ...string) *chat.Topic {
	status := "New"
	if closed {
		status = "Closed"
	}
	return &chat.Topic{Name: name, Closed: closed, Status: status, Statuses: []string{"New", "Closed"}, People: people}
}

func (h *house) edits(r chat.Ref, p chat.Post) {
	h.Helper()
	if err := h.d.Edit(h.Context(), r, p); err != nil {
		h.Errorf("Edit: %v", err)
	}
}

func texts(all []discordfake.Message) []string {
	var out []string
	for _, m := range all {
		if !m.System {
			out = append(out, m.Plain())
		}
	}
	return out
}
