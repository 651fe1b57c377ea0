package discord

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestNothingIsLostInTrouble has people talk in a ticket's thread and with the bot directly, while connections break, sessions
// end, events are repeated, the gateway is away and the bot is restarted: everything is told, in order.
func TestNothingIsLostInTrouble(t *testing.T) {
	fake := discordfake.New(t, discordfake.Options{
		People: []discordfake.Person{{Name: "ana"}, {Name: "bram"}},
		Guilds: []discordfake.Guild{{Name: "office", Channels: []discordfake.Channel{{Name: "cards"}}}},
	})
	mem := &adaptertest.Memory{}
	log := logrus.New()
	log.SetOutput(io.Discard)
	var mu sync.Mutex
	told := map[string][]string{} // by channel and thread
	seen := map[string]bool{}
	hear := func(_ context.Context, e chat.Event) (chat.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		if e.Message != nil && !e.Message.Edited && !seen[e.ID] { // as the bot does
			seen[e.ID] = true
			told[e.Channel+"/"+e.Thread] = append(told[e.Channel+"/"+e.Thread], e.Message.Text)
		}
		return chat.Reply{}, nil
	}
	var d *Discord
	stop := func() {}
	start := func() {
		var err error
		d, err = New(Options{Token: fake.Token, APIURL: fake.APIURL, Secret: []byte(strings.Repeat("s", 40)), Memory: mem,
			RetryAfter: 5 * time.Millisecond, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		Unpaced(d)
		d.ears.times = quick()
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { d.ears.run(ctx, hear) })
		stop = func() { cancel(); wg.Wait(); d.api.close() }
	}
	hears := func() bool { return connected(d) }
	start()
	defer func() { stop() }()
	adaptertest.Until(t, "the bot hears", hears)

	g := fake.Main()
	channel := g.ChannelID("cards")
	post := func(key string, to chat.Place) chat.Ref {
		t.Helper()
		to.Platform, to.Workspace = Name, g.GuildID
		ref, err := d.Send(t.Context(), chat.Post{Key: key, To: to, Text: key, Topic: &chat.Topic{Name: key}})
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	card := post("the card", chat.Place{Channel: channel})
	root := post("the root", chat.Place{Person: fake.UserID("ana")})
	want := map[string][]string{}
	n := 0
	say := func(times int) {
		t.Helper()
		for range times {
			n++
			text := fmt.Sprint("number ", n)
			a, err := fake.As("bram").Say(t.Context(), card.Message, text)
			if err != nil || a.Refused != "" {
				t.Fatal(err, a.Refused)
			}
			b, err := fake.As("ana").Reply(t.Context(), root.Channel, root.Message, text)
			if err != nil || b.Refused != "" {
				t.Fatal(err, b.Refused)
			}
			for _, ref := range []chat.Ref{card, root} {
				want[ref.Channel+"/"+ref.Message] = append(want[ref.Channel+"/"+ref.Message], text)
			}
		}
	}
	for _, c := range []struct {
		name    string
		trouble func()
	}{
		{"cut", func() { fake.DropSockets(); say(5) }},
		{"closed", func() { fake.CloseSockets(closeComeBack); say(5) }},
		{"come back", func() { fake.AskReconnect(); say(5) }},
		{"not now", func() { fake.InvalidateSession(true); say(5) }},
		{"not any more", func() { fake.InvalidateSession(false); say(5) }},
		{"away", func() { fake.GatewayDown(true); say(5); fake.GatewayDown(false) }},
		{"away for long", func() { fake.GatewayDown(true); say(5); fake.ExpireSessions(); say(120); fake.GatewayDown(false) }},
		{"repeated", func() { fake.RepeatDispatches(4); say(5) }},
		{"late", func() { fake.DelayDispatches(20 * time.Millisecond); say(5); fake.DelayDispatches(0) }},
		{"restarted", func() { stop(); say(5); start() }},
		{"put away", func() { stop(); say(5); fake.Archive(card.Message, false); start() }},
	} {
		say(2)
		c.trouble()
		say(2)
		adaptertest.Until(t, "all is told: "+c.name, func() bool {
			mu.Lock()
			defer mu.Unlock()
			for place, texts := range want {
				if len(told[place]) < len(texts) {
					return false
				}
			}
			return true
		})
		adaptertest.Until(t, "the bot hears: "+c.name, hears)
		mu.Lock()
		for place, texts := range want {
			if !slices.Equal(told[place], texts) {
				t.Errorf("%s: told %q, want %q", c.name, told[place], texts)
			}
		}
		mu.Unlock()
	}
	for _, p := range fake.Problems() {
		t.Error(p)
	}
}
