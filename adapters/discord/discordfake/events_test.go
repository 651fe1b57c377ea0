package discordfake_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/discord/discordfake"
)

// heard are the events that the library was told.
type heard struct {
	mu    sync.Mutex
	list  []*discordgo.Event
	ready chan struct{}
}

// listen connects the library to the gateway.
func listen(t *testing.T, s *discordfake.Server) *heard {
	t.Helper()
	d := library(t, s)
	d.Identify.Intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMembers | discordgo.IntentsGuildMessages |
		discordgo.IntentsDirectMessages | discordgo.IntentsMessageContent
	d.StateEnabled = false
	h := &heard{ready: make(chan struct{})}
	var once sync.Once
	d.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		h.mu.Lock()
		h.list = append(h.list, e)
		h.mu.Unlock()
		if e.Type == "READY" {
			once.Do(func() { close(h.ready) })
		}
	})
	d.SyncEvents = true
	if err := d.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // the server may be gone
	<-h.ready
	return h
}

// of waits for an event of a type that has this in it, and gives its fields.
func (h *heard) of(t *testing.T, kind, has string) map[string]any {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		h.mu.Lock()
		for _, e := range h.list {
			if e.Type == kind && strings.Contains(string(e.RawData), has) {
				var v map[string]any
				err := json.Unmarshal(e.RawData, &v)
				h.mu.Unlock()
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
		}
		h.mu.Unlock()
	}
	var types []string
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.list {
		types = append(types, e.Type)
	}
	t.Fatalf("there was no %s with %q; there were %v", kind, has, types)
	return nil
}

func TestTheBotIsToldOfWhatItDoes(t *testing.T) {
	s := discordfake.New(t, options())
	h := listen(t, s)
	g := s.Main()
	ch := g.ChannelID("general")
	card := send(t, s, "POST", "/channels/"+ch+"/messages", `{"content":"card","nonce":"n1"}`)
	got := h.of(t, "MESSAGE_CREATE", `"nonce":"n1"`)
	if got["id"] != card.ID || got["guild_id"] != g.GuildID || got["member"] == nil {
		t.Errorf("of the message it is told %v", got)
	}
	send(t, s, "PATCH", "/channels/"+ch+"/messages/"+card.ID, `{"content":"changed"}`)
	if got := h.of(t, "MESSAGE_UPDATE", "changed"); got["edited_timestamp"] == nil {
		t.Errorf("of the edit it is told %v", got)
	}
	send(t, s, "POST", "/channels/"+ch+"/messages/"+card.ID+"/threads", `{"name":"thread"}`)
	if got := h.of(t, "THREAD_CREATE", "thread"); got["id"] != card.ID || got["newly_created"] != true || got["parent_id"] != ch {
		t.Errorf("of the thread it is told %v", got)
	}
	s.Archive(card.ID, true)
	h.of(t, "THREAD_UPDATE", `"locked":true`)
	s.DeleteMessage(ch, card.ID)
	h.of(t, "MESSAGE_DELETE", card.ID)
	s.DeleteChannel(card.ID)
	h.of(t, "THREAD_DELETE", card.ID)
	dm := send(t, s, "POST", "/users/@me/channels", `{"recipient_id":"`+s.UserID("ann")+`"}`).ID
	send(t, s, "POST", "/channels/"+dm+"/messages", `{"content":"direct"}`)
	if got := h.of(t, "MESSAGE_CREATE", "direct"); got["guild_id"] != nil {
		t.Errorf("of the direct message it is told %v", got)
	}
}

func TestTheBotIsToldOfItsGuilds(t *testing.T) {
	s := discordfake.New(t, options())
	h := listen(t, s)
	g := s.Main()
	ch := g.ChannelID("general")
	for name, do := range map[string]func(){
		"GUILD_MEMBER_ADD":    func() { g.Join(discordfake.Person{Name: "new"}) },
		"GUILD_MEMBER_UPDATE": func() { g.Give("ann", "agents", true) },
		"GUILD_MEMBER_REMOVE": func() { g.Leave("bob") },
		"GUILD_ROLE_UPDATE":   func() { g.SetRole("agents", discordfake.ManageThreads) },
		"CHANNEL_CREATE":      func() { g.AddChannel(discordfake.Channel{Name: "another"}) },
		"CHANNEL_UPDATE":      func() { s.Deny(ch, discordfake.SendMessages) },
		"CHANNEL_DELETE":      func() { s.DeleteChannel(g.ChannelID("queue")) },
		"GUILD_CREATE":        func() { s.AddGuild(discordfake.Guild{Name: "Third"}) },
		"GUILD_DELETE":        func() { s.Guild("Other").RemoveBot() },
	} {
		do()
		h.of(t, name, "")
	}
}

func TestTheBotIsToldOnlyOfWhatItSees(t *testing.T) {
	s := discordfake.New(t, options())
	h := listen(t, s)
	g := s.Main()
	s.Deny(g.ChannelID("general"), discordfake.ManageThreads)
	u := s.As("ann")
	if _, err := u.Say(t.Context(), g.ChannelID("hidden"), "secret"); err != nil {
		t.Fatal(err)
	}
	said, err := u.Say(t.Context(), g.ChannelID("general"), "open")
	if err != nil {
		t.Fatal(err)
	}
	if got := h.of(t, "MESSAGE_CREATE", said.Message.ID); got["content"] != "open" {
		t.Errorf("it is told %v", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.ContainsFunc(h.list, func(e *discordgo.Event) bool { return strings.Contains(string(e.RawData), "secret") }) {
		t.Error("it is told of what it does not see")
	}
}
