package discord_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// secret signs in all tests of conformance.
var secret = []byte("a secret of the tests, forty bytes or so")

// TestConformance runs the suite of all adapters with interactions over HTTP.
func TestConformance(t *testing.T) { conformance(t, true) }

// TestConformanceGateway runs the same suite with everything over the gateway.
func TestConformanceGateway(t *testing.T) { conformance(t, false) }

func conformance(t *testing.T, overHTTP bool) {
	adaptertest.Run(t, adaptertest.Subject{
		Secrets: []string{string(secret)},
		Without: map[adaptertest.Kind]string{
			adaptertest.Change:  "a form can't change while it is open here",
			adaptertest.CloseIt: "Discord does not tell that a form was closed",
		},
		Start: func(t *testing.T, s adaptertest.Setup) adaptertest.Network {
			n := startNetwork(t, s, overHTTP)
			if overHTTP {
				return openNetwork{n}
			}
			return n
		},
	})
}

// commands are those of the tests.
var commands = chat.CommandSpec{
	Name: "ticket", About: chat.Words{"en": "Ask for help"},
	Words: []chat.WordSpec{{Name: "new", Labels: chat.Words{"en": "new", "nl": "nieuw"}, About: chat.Words{"en": "Open a ticket"}, Options: []chat.OptionSpec{
		{Labels: chat.Words{"en": "summary"}, About: chat.Words{"en": "What is wrong"}},
		{Field: "category", Labels: chat.Words{"en": "category"}, About: chat.Words{"en": "What it is about"}, Lookup: true},
	}}},
	Shortcuts: []chat.ShortcutSpec{{Name: "create_ticket", Labels: chat.Words{"en": "Create ticket", "nl": "Maak ticket"}}},
}

// network is the adapter and a fake.
type network struct {
	p      *discord.Discord
	fake   *discordfake.Server
	failed func() int // how often the bot could not store something

	mu   sync.Mutex
	done map[string]discordfake.Answer            // by Act.Repeat
	sent map[*discordfake.Form]discordfake.Answer // what came of a form, which is closed then
}

func startNetwork(t *testing.T, s adaptertest.Setup, overHTTP bool) *network {
	n := &network{failed: s.Failed, done: map[string]discordfake.Answer{}, sent: map[*discordfake.Form]discordfake.Answer{}}
	n.fake = discordfake.New(t, discordfake.Options{
		People: []discordfake.Person{{Name: "ana", Global: "Ana Silva"}, {Name: "bram", Global: "Bram de Wit"}},
		Guilds: []discordfake.Guild{{Name: "office", Channels: []discordfake.Channel{
			{Name: "open"}, {Name: "closed", Private: true, Members: []string{"bram"}}}}},
	})
	o := discord.Options{Token: n.fake.Token, APIURL: n.fake.APIURL, Secret: secret, Memory: &adaptertest.Memory{}, Commands: commands,
		AnswerWithin: s.AnswerWithin, RetryAfter: 20 * time.Millisecond, Log: s.Log}
	if overHTTP {
		o.PublicKey = n.fake.PublicKey
	}
	var err error
	if n.p, err = discord.New(o); err != nil {
		t.Fatal(err)
	}
	discord.Unpaced(n.p)
	if hooks := adaptertest.Serve(t, n.p, s.Handler); hooks != "" {
		n.fake.Deliver(hooks)
	}
	adaptertest.Connect(t, n.p, s.Handler)
	adaptertest.Until(t, "the adapter is connected", func() bool { return n.fake.Sockets() >= 1 && n.fake.CommandWrites() >= 1 })
	return n
}

func (n *network) Platform() chat.Platform { return n.p }

func (n *network) Places() adaptertest.Places {
	g := n.fake.Main()
	return adaptertest.Places{
		Workspace: g.GuildID, Requester: g.UserID("ana"), Agent: g.UserID("bram"), Open: g.ChannelID("open"), Closed: g.ChannelID("closed"),
		Command: "ticket", Shortcut: "create_ticket",
	}
}

func (n *network) Act(ctx context.Context, a adaptertest.Act) (adaptertest.Seen, error) {
	name := n.fake.Main().Name(a.As)
	who := n.fake.As(name)
	if a.Direct {
		a.In = chat.Ref{Channel: n.fake.Direct(name)}
	}
	var files []string
	for _, f := range a.Files {
		id, refused := who.Upload(ctx, f.Name, f.Content)
		if refused != "" {
			return adaptertest.Seen{Refused: true, Texts: []string{refused}}, nil
		}
		files = append(files, id)
	}
	n.mu.Lock()
	before, again := n.done[a.Repeat]
	n.mu.Unlock()
	failed := n.failed()
	var answer discordfake.Answer
	var err error
	if again && a.Repeat != "" {
		answer, err = who.Repeat(ctx, before)
	} else {
		answer, err = n.act(ctx, who, a, files)
	}
	switch {
	case errors.Is(err, discordfake.ErrNotOffered):
		return adaptertest.Seen{Refused: true, Texts: []string{err.Error()}}, nil
	case err != nil:
		return adaptertest.Seen{}, fmt.Errorf("%s: %w", a.Kind, err)
	case a.Repeat != "" && !again:
		n.mu.Lock()
		n.done[a.Repeat] = answer
		n.mu.Unlock()
	}
	seen := n.seen(answer)
	if a.Kind == adaptertest.Command && n.failed() > failed {
		seen.Refused = true
	}
	return seen, nil
}

func (n *network) act(ctx context.Context, who *discordfake.User, a adaptertest.Act, files []string) (discordfake.Answer, error) {
	at := cmp.Or(a.In.Thread, a.In.Channel) // where a message stands
	switch a.Kind {
	case adaptertest.Command:
		options := map[string]string{}
		if a.Text != "" {
			options["summary"] = a.Text
		}
		return who.Command(ctx, a.In.Channel, a.Name, "new", options)
	case adaptertest.Click:
		m := who.Message(at, a.In.Message)
		switch {
		case m == nil:
			return discordfake.Answer{Refused: "they do not see the message"}, nil
		case a.Choice != "":
			return who.Choose(ctx, *m, a.Button, a.Choice)
		}
		return who.Click(ctx, *m, a.Button)
	case adaptertest.Shortcut:
		return who.MessageCommand(ctx, at, a.In.Message, "Create ticket")
	case adaptertest.Submit:
		return n.submit(ctx, who, a, files)
	case adaptertest.Say:
		if a.In.Thread != "" && n.fake.Thread(a.In.Thread) == nil {
			if made, err := who.StartThread(ctx, a.In.Channel, a.In.Thread, "a thread"); err != nil || made.Refused != "" {
				return made, err
			}
		}
		return who.Say(ctx, at, a.Text, files...)
	case adaptertest.Edit:
		return who.Edit(ctx, at, a.In.Message, a.Text)
	case adaptertest.Delete:
		return who.Delete(ctx, at, a.In.Message)
	case adaptertest.React:
		return who.React(ctx, at, a.In.Message, discordfake.Emoji(a.Name))
	case adaptertest.Unreact:
		return who.Unreact(ctx, at, a.In.Message, discordfake.Emoji(a.Name))
	case adaptertest.Change, adaptertest.CloseIt:
	}
	return discordfake.Answer{}, fmt.Errorf("nobody can %s here", a.Kind)
}

// submit sends a form. One that was sent before is closed: what it was answered with has a button that opens it again.
func (n *network) submit(ctx context.Context, who *discordfake.User, a adaptertest.Act, files []string) (discordfake.Answer, error) {
	first, _ := a.Form.(*discordfake.Form)
	form := first
	n.mu.Lock()
	before, again := n.sent[first]
	n.mu.Unlock()
	if again && len(before.Private) == 1 && slices.Contains(before.Private[0].Labels(), "Correct") {
		opened, err := who.Click(ctx, before.Private[0], "Correct")
		if err != nil || opened.Refused != "" {
			return opened, err
		}
		form = opened.Form
	}
	var uploads map[string][]string
	if len(files) > 0 {
		uploads = map[string][]string{a.Field: files}
	}
	answer, err := who.Submit(ctx, form, a.Values, uploads)
	if err == nil && answer.Refused == "" {
		if answer.Updated != nil { // which is as private
			answer.Private = []discordfake.Message{*answer.Updated}
		}
		n.mu.Lock()
		n.sent[first] = answer
		n.mu.Unlock()
	}
	return answer, err
}

// seen is what somebody sees of an answer.
func (n *network) seen(a discordfake.Answer) adaptertest.Seen {
	s := adaptertest.Seen{Refused: a.Refused != "", Errors: a.Errors}
	if a.Refused != "" {
		s.Texts = append(s.Texts, a.Refused)
	}
	for _, m := range a.Private {
		s.Texts = append(s.Texts, m.Plain())
	}
	for _, text := range a.Errors {
		s.Texts = append(s.Texts, text)
	}
	if a.Form != nil {
		s.Form = a.Form
		for _, f := range a.Form.Fields {
			s.Fields = append(s.Fields, f.ID)
		}
	}
	if a.Message.ID != "" {
		s.Message = n.ref(a.Message)
	}
	return s
}

// ref is where a message stands.
func (n *network) ref(m discordfake.Message) chat.Ref {
	r := chat.Ref{Platform: discord.Name, Workspace: n.fake.Main().GuildID, Channel: m.Channel, Message: m.ID}
	if th := n.fake.Thread(m.Channel); th != nil {
		r.Channel, r.Thread = th.Parent, th.ID
	}
	return r
}

// Secrets are the bot's token, and those of all interactions, with which anybody may answer them.
func (n *network) Secrets() []string {
	out := []string{n.fake.Token}
	for _, r := range n.fake.Delivered() {
		var in struct {
			Token string `json:"token"`
		}
		if err := json.Unmarshal(r.Payload, &in); err == nil {
			out = append(out, in.Token)
		}
	}
	return out
}

// Uncertain makes the next post stand although its request fails.
func (n *network) Uncertain(*testing.T) { n.fake.Uncertain("POST /channels/{channel}/messages", 1) }

// Limit lets a channel take a post only so often.
func (n *network) Limit(_ *testing.T, channel string, every time.Duration) {
	n.fake.LimitPosts(channel, every)
}

// Fail makes all of the REST API fail.
func (n *network) Fail(_ *testing.T, on bool) {
	times := 0
	if on {
		times = -1
	}
	n.fake.FailNext("", times, discordfake.Fault{Status: http.StatusServiceUnavailable, Body: "<html>Discord is having a bad day</html>"})
}

func (n *network) Shown(_ context.Context, as string, in chat.Ref) ([]adaptertest.Shown, error) {
	who := n.fake.As(n.fake.Main().Name(as))
	var out []adaptertest.Shown
	for _, m := range who.Messages(cmp.Or(in.Thread, in.Channel)) {
		if m.System || m.Ephemeral {
			continue
		}
		s := shown(m)
		s.Ref = n.ref(m)
		out = append(out, s)
	}
	return out, nil
}

// shown is a message as it is read: what it says, the title of its card, and whom and what it leads to.
func shown(m discordfake.Message) adaptertest.Shown {
	s := adaptertest.Shown{Bot: m.Bot, Text: m.Content, Buttons: m.Labels(), Mentions: m.Notified, Links: m.Links(), At: m.At}
	if lead, rest, ok := strings.Cut(s.Text, "\n"); ok && m.Bot && len(m.Embeds) > 0 && strings.HasPrefix(lead, "**") {
		s.Text = rest // without who says it
	}
	s.Text = discordfake.Readable(s.Text)
	for _, e := range m.Embeds {
		s.Title = adaptertest.Visible(discordfake.Readable(e.Title))
		s.Text += "\n" + discordfake.Readable(e.Description)
	}
	s.Text = adaptertest.Visible(strings.TrimSpace(s.Text))
	for _, f := range m.Files {
		s.Files = append(s.Files, f.Name)
	}
	return s
}

// openNetwork is reached over HTTP, by others too.
type openNetwork struct{ *network }

var (
	_ adaptertest.Guarded   = openNetwork{}
	_ adaptertest.Faulty    = openNetwork{}
	_ adaptertest.Secretive = openNetwork{}
)
