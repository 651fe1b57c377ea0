package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/slack"
	"balie/adapters/slack/slackfake"
	"balie/internal/chat"
)

// secret encrypts in all tests.
var secret = []byte("a secret of the tests, forty bytes or so")

// TestConformance runs the suite of all adapters with requests over HTTP.
func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Subject{Secrets: []string{string(secret)},
		Start: func(t *testing.T, s adaptertest.Setup) adaptertest.Network {
			return openNetwork{startNetwork(t, s, func(o *slack.Options, fake *slackfake.Server) { o.SigningSecret = fake.SigningSecret })}
		}})
}

// TestConformanceSockets runs the same suite with Socket Mode.
func TestConformanceSockets(t *testing.T) {
	adaptertest.Run(t, adaptertest.Subject{Secrets: []string{string(secret)},
		Start: func(t *testing.T, s adaptertest.Setup) adaptertest.Network {
			return startNetwork(t, s, func(o *slack.Options, fake *slackfake.Server) { o.AppToken = fake.AppToken })
		}})
}

// network is the adapter and a fake.
type network struct {
	p      *slack.Slack
	fake   *slackfake.Server
	failed func() int // how often the bot could not store something

	mu   sync.Mutex
	done map[string]done // by Act.Repeat
}

// done is an action with its answer.
type done struct {
	answer slackfake.Answer
	said   slackfake.Message
}

func startNetwork(t *testing.T, s adaptertest.Setup, by func(*slack.Options, *slackfake.Server)) *network {
	n := &network{failed: s.Failed, done: map[string]done{}}
	n.fake = slackfake.New(t, slackfake.Options{
		People:   []slackfake.Person{{Name: "ana", Real: "Ana Silva"}, {Name: "bram", Real: "Bram de Wit"}},
		Channels: []slackfake.Channel{{Name: "open", Bot: true}, {Name: "closed", Private: true, Members: []string{"bram"}, Bot: true}},
	})
	n.fake.Patience(time.Second) // which a handler that fails takes up twice over a socket
	o := slack.Options{BotToken: n.fake.BotToken, APIURL: n.fake.APIURL, Secret: secret, Memory: &adaptertest.Memory{},
		AnswerWithin: s.AnswerWithin, RetryAfter: 20 * time.Millisecond, Log: s.Log}
	by(&o, n.fake)
	var err error
	if n.p, err = slack.New(o); err != nil {
		t.Fatal(err)
	}
	if hooks := adaptertest.Serve(t, n.p, s.Handler); hooks != "" {
		n.fake.Deliver(hooks)
	}
	adaptertest.Connect(t, n.p, s.Handler)
	adaptertest.Until(t, "the adapter is connected", func() bool { return o.AppToken == "" || n.fake.Sockets() >= 2 })
	return n
}

func (n *network) Platform() chat.Platform { return n.p }

func (n *network) Places() adaptertest.Places {
	return adaptertest.Places{
		Workspace: n.fake.TeamID, Requester: n.fake.UserID("ana"), Agent: n.fake.UserID("bram"), Open: n.fake.ChannelID("open"),
		Closed: n.fake.ChannelID("closed"), Command: "ticket", Shortcut: "create_ticket",
	}
}

func (n *network) Act(ctx context.Context, a adaptertest.Act) (adaptertest.Seen, error) {
	name := n.fake.Name(a.As)
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
	again = again && a.Repeat != ""
	failed := n.failed()
	var said slackfake.Message
	var answer slackfake.Answer
	var err error
	form, _ := a.Form.(*slackfake.View)
	switch a.Kind {
	case adaptertest.Command:
		if again {
			answer, err = who.Repeat(ctx, before.answer)
			break
		}
		answer, err = who.Command(ctx, a.In.Channel, strings.TrimSpace("/"+a.Name+" "+typed(a.Text)))
	case adaptertest.Click:
		// A double click is two requests: Slack makes another trigger of each.
		answer, err = n.click(ctx, who, a)
	case adaptertest.Shortcut:
		answer, err = who.Shortcut(ctx, a.In.Channel, a.In.Message, a.Name)
	case adaptertest.Submit:
		answer, err = who.Submit(ctx, form, a.Values, uploads(a.Field, files))
	case adaptertest.Change:
		answer, err = who.Change(ctx, form, a.Field, a.Values, nil)
	case adaptertest.CloseIt:
		answer, err = who.Dismiss(ctx, form, a.Values)
	case adaptertest.Say:
		if again {
			answer, err = who.Repeat(ctx, before.answer)
			said = before.said
			break
		}
		said, answer, err = who.Say(ctx, a.In.Channel, a.In.Thread, a.Text, files...)
	case adaptertest.Edit:
		answer, err = who.Edit(ctx, a.In.Channel, a.In.Message, a.Text)
	case adaptertest.Delete:
		answer, err = who.Delete(ctx, a.In.Channel, a.In.Message)
	case adaptertest.React:
		answer, err = who.React(ctx, a.In.Channel, a.In.Message, a.Name)
	case adaptertest.Unreact:
		answer, err = who.Unreact(ctx, a.In.Channel, a.In.Message, a.Name)
	}
	if err != nil {
		return adaptertest.Seen{}, fmt.Errorf("%s: %w", a.Kind, err)
	}
	if a.Repeat != "" && !again {
		n.mu.Lock()
		n.done[a.Repeat] = done{answer, said}
		n.mu.Unlock()
	}
	seen := adaptertest.Seen{Refused: answer.Refused != "", Errors: answer.Errors}
	if a.Kind == adaptertest.Command && n.failed() > failed {
		seen.Refused = true
	}
	if answer.Refused != "" {
		seen.Texts = append(seen.Texts, answer.Refused)
	}
	for _, m := range answer.Private {
		seen.Texts = append(seen.Texts, m.Plain())
	}
	if answer.View != nil {
		seen.Form = answer.View
		for _, f := range answer.View.Fields() {
			seen.Fields = append(seen.Fields, f.ID)
		}
	}
	if said.TS != "" {
		seen.Message = n.ref(said)
	}
	return seen, nil
}

// typed is Markdown as somebody types it here, where one star makes bold letters.
func typed(markdown string) string { return italic.ReplaceAllString(markdown, "${1}_${2}_") }

var italic = regexp.MustCompile(`(^|[^*])\*([^*]+)\*`)

func uploads(field string, files []string) map[string][]string {
	if len(files) == 0 {
		return nil
	}
	return map[string][]string{field: files}
}

func (n *network) click(ctx context.Context, who *slackfake.User, a adaptertest.Act) (slackfake.Answer, error) {
	m := who.Message(a.In.Channel, a.In.Message)
	if m == nil {
		return slackfake.Answer{Refused: "they do not see the message"}, nil
	}
	answer, err := who.Click(ctx, *m, a.Button, a.Choice)
	if errors.Is(err, slackfake.ErrNotOffered) {
		return slackfake.Answer{Refused: err.Error()}, nil
	}
	return answer, err
}

func (n *network) ref(m slackfake.Message) chat.Ref {
	return chat.Ref{Platform: slack.Name, Workspace: n.fake.TeamID, Channel: m.Channel, Thread: m.ThreadTS, Message: m.TS}
}

// Uncertain makes the next post stand although its request fails.
func (n *network) Uncertain(*testing.T) { n.fake.Uncertain("chat.postMessage", 1) }

// Limit lets a channel take a post only so often.
func (n *network) Limit(_ *testing.T, channel string, every time.Duration) {
	n.fake.LimitPosts(channel, every)
}

// Fail makes all of the Web API fail.
func (n *network) Fail(_ *testing.T, on bool) {
	times := 0
	if on {
		times = -1
	}
	n.fake.FailNext("", times, slackfake.Fault{Status: http.StatusServiceUnavailable, Body: "<html>Slack is having a bad day</html>"})
}

func (n *network) Shown(_ context.Context, as string, in chat.Ref) ([]adaptertest.Shown, error) {
	who := n.fake.As(n.fake.Name(as))
	all := who.Messages(in.Channel)
	if in.Thread != "" {
		all = who.Thread(in.Channel, in.Thread)
		all = all[min(1, len(all)):]
	}
	var out []adaptertest.Shown
	for _, m := range all {
		bot := m.BotID == n.fake.BotID
		if bot && m.Subtype == "file_share" { // what a post of ours has brought along
			if len(out) > 0 {
				out[len(out)-1].Files = append(out[len(out)-1].Files, names(m.Files)...)
			}
			continue
		}
		s := shown(m)
		s.Ref, s.Bot, s.Files = n.ref(m), bot, names(m.Files)
		if in.Thread == "" && bot {
			for _, reply := range who.Thread(m.Channel, m.TS) {
				if reply.BotID == n.fake.BotID && reply.Subtype == "file_share" {
					s.Files = append(s.Files, names(reply.Files)...)
				}
			}
		}
		if m.Subtype != "tombstone" {
			out = append(out, s)
		}
	}
	return out, nil
}

func names(files []slackfake.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Name)
	}
	return out
}

// shown is a message as it is read: what its texts say, which of them is a title, and whom and what they lead to.
func shown(m slackfake.Message) adaptertest.Shown {
	s := adaptertest.Shown{Text: slackfake.Readable(m.Text), At: timeOf(m.TS)}
	texts := m.Texts()
	if m.BotID != "" && len(texts) > 0 {
		var said []string
		for _, t := range texts {
			line, rest, _ := strings.Cut(t.Text, "\n")
			if bold := strings.HasPrefix(line, "*") && strings.HasSuffix(line, "*"); bold && !strings.Contains(m.Text, t.Text) {
				s.Title = strings.Trim(slackfake.Readable(line), "*")
				texts = append(texts, slackfake.Text{Kind: t.Kind, Text: rest, Verbatim: t.Verbatim})
				break
			}
			said = append(said, slackfake.Readable(t.Text))
		}
		s.Text = strings.Join(said, "\n")
	}
	s.Text, s.Title = adaptertest.Visible(s.Text), adaptertest.Visible(s.Title)
	for _, t := range append(texts, slackfake.Text{Kind: "mrkdwn", Text: m.Text, Verbatim: true}) {
		mentions, links := t.Leads()
		s.Mentions, s.Links = append(s.Mentions, mentions...), append(s.Links, links...)
	}
	for _, b := range m.Buttons() {
		if b.Label != "" {
			s.Buttons = append(s.Buttons, b.Label)
		}
	}
	return s
}

func timeOf(ts string) time.Time {
	var seconds, micro int64
	if _, err := fmt.Sscanf(ts, "%d.%d", &seconds, &micro); err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, micro*1000).UTC()
}

// openNetwork is reached over HTTP, by others too.
type openNetwork struct{ *network }

var _ adaptertest.Guarded = openNetwork{}
var _ adaptertest.Faulty = openNetwork{}
