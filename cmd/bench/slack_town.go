package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"balie/adapters/slack/slackfake"
)

// slackTown is a workspace of a Slack in this process, with a crew's people at their clients. Everybody has an agent of
// their own, for nobody has two forms open at once in Slack.
type slackTown struct {
	*slackfake.Server
	people  int
	each    int // whose tickets come to one team's channel
	general string
	triage  []string // the teams' channels
	readers map[string]*slackfake.User
}

// slackEvery is in what time Slack takes one post, in each channel.
const slackEvery = time.Second

// eachTeam is whose tickets a team sees in its channel.
const eachTeam = 4

// settleSlack starts a Slack with the people of a crew, and a team's channel for each so many of them. Watch is told what it
// asks of the program; nil for nobody.
func settleSlack(people, each int, watch func(slackfake.Request) func()) (*slackTown, error) {
	o := slackfake.Options{PostEvery: slackEvery, Watch: watch, Channels: []slackfake.Channel{{Name: "general", Bot: true}}}
	for i := range people {
		o.People = append(o.People, slackfake.Person{Name: requester(i), Real: fmt.Sprint("Requester ", i)},
			slackfake.Person{Name: ownAgent(i), Real: fmt.Sprint("Agent ", i)})
		if i%each == 0 {
			o.Channels = append(o.Channels, slackfake.Channel{Name: teamName(i / each), Private: true, Bot: true})
		}
		team := &o.Channels[len(o.Channels)-1]
		team.Members = append(team.Members, ownAgent(i))
	}
	server, err := slackfake.Start(o)
	if err != nil {
		return nil, fmt.Errorf("start a Slack: %w", err)
	}
	t := &slackTown{Server: server, people: people, each: each, general: server.ChannelID("general"), readers: map[string]*slackfake.User{}}
	for i := range people {
		t.readers[server.Direct(requester(i))] = server.As(requester(i))
		if i%each == 0 {
			id := server.ChannelID(teamName(i / each))
			t.triage = append(t.triage, id)
			t.readers[id] = server.As(ownAgent(i))
		}
	}
	return t, nil
}

// category is what somebody's tickets are about, so that they go to their team.
func (t *slackTown) category(i int) string {
	if i < t.each {
		return "hardware"
	}
	return "hardware-" + teamName(i/t.each)
}

// policy is the one that the program comes with, with a team and a category of its own for every channel.
func (t *slackTown) policy() string {
	return teamPolicy("slack", t.triage, func(n int) string { return t.category(n * t.each) })
}

// environment is what connects the program to the workspace, over HTTP or sockets.
func (t *slackTown) environment(sockets bool) []string {
	env := []string{"SLACK_BOT_TOKEN=" + t.BotToken, "SLACK_API_URL=" + t.APIURL}
	if sockets {
		return append(env, "SLACK_APP_TOKEN="+t.AppToken)
	}
	return append(env, "SLACK_SIGNING_SECRET="+t.SigningSecret)
}

// modal is a form at a client.
type modal struct {
	view   *slackfake.View
	fields []slackfake.Field
	tag    string
}

func (m *modal) field(id string) *slackfake.Field {
	i := slices.IndexFunc(m.fields, func(f slackfake.Field) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return &m.fields[i]
}

// asks says that everything may be asked: what the form does not ask when it is sent may stand in the one that comes back.
func (m *modal) asks(string) bool { return true }

func (m *modal) refreshes(field string) bool {
	f := m.field(field)
	return f != nil && f.Dispatch
}

// answers are the values that the form has a field for, and does not show yet.
func (m *modal) answers(values map[string]string) map[string][]string {
	all := map[string][]string{}
	for id, value := range values {
		if f := m.field(id); f != nil && !slices.Equal(f.Value, []string{value}) {
			all[id] = []string{value}
		}
	}
	return all
}

func (t *slackTown) command(ctx context.Context, name, line string) (sheet, time.Duration, error) {
	began := time.Now()
	a, err := t.As(name).Command(ctx, t.general, line)
	return answeredBy(a, time.Since(began), err)
}

func (t *slackTown) click(ctx context.Context, name string, on *message, label string) (sheet, time.Duration, error) {
	m, ok := on.of.(slackfake.Message)
	if !ok {
		return nil, 0, errors.New("not a message in Slack")
	}
	began := time.Now()
	a, err := t.As(name).Click(ctx, m, label, "")
	return answeredBy(a, time.Since(began), err)
}

func (t *slackTown) change(ctx context.Context, name string, s sheet, field string, values map[string]string) (sheet, time.Duration, error) {
	m, ok := s.(*modal)
	if !ok {
		return nil, 0, errOther
	}
	began := time.Now()
	a, err := t.As(name).Change(ctx, m.view, field, m.answers(values), nil)
	return answeredBy(a, time.Since(began), err)
}

func (t *slackTown) submit(ctx context.Context, name string, s sheet, values map[string]string) (time.Duration, error) {
	m, ok := s.(*modal)
	if !ok {
		return 0, errOther
	}
	began := time.Now()
	a, err := t.As(name).Submit(ctx, m.view, m.answers(values), nil)
	took := time.Since(began)
	still, _, err := answeredBy(a, took, err)
	if err == nil && still != nil {
		err = errors.New("the form stays open")
	}
	if a.View != nil { // perhaps with questions that were never seen: they are answered next time
		m.view, m.fields = a.View, a.View.Fields()
	}
	return took, err
}

// answeredBy is what somebody sees of what they did.
func answeredBy(a slackfake.Answer, took time.Duration, err error) (sheet, time.Duration, error) {
	switch {
	case err != nil:
		return nil, took, err
	case a.Refused != "":
		return nil, took, fmt.Errorf("refused by Slack: %s", a.Refused)
	case len(a.Errors) > 0:
		return nil, took, fmt.Errorf("the form stays open: %v", a.Errors)
	case a.View == nil:
		return nil, took, nil
	}
	m := &modal{view: a.View, fields: a.View.Fields()}
	for _, f := range m.fields {
		if tag := tags.FindString(strings.Join(f.Value, " ")); tag != "" {
			m.tag = tag
		}
	}
	return m, took, nil
}

// write posts into somebody's conversation.
func (t *slackTown) write(ctx context.Context, name string, root *message, text string) error {
	_, a, err := t.As(name).Say(ctx, root.channel, root.id, text)
	if err == nil && a.Refused != "" {
		err = fmt.Errorf("refused by Slack: %s", a.Refused)
	}
	return err
}

// read is a message that stands in a channel now; nil if it does not.
func (t *slackTown) read(channel, ts string) *message {
	u := t.readers[channel]
	if u == nil {
		return nil
	}
	m := u.Message(channel, ts)
	if m == nil {
		return nil
	}
	return slackMessage(*m)
}

func slackMessage(m slackfake.Message) *message {
	var meta struct {
		Payload struct{ Key string } `json:"event_payload"`
	}
	answer := json.Unmarshal(m.Metadata, &meta) == nil && strings.HasPrefix(meta.Payload.Key, "answer|")
	words := m.Plain()
	return &message{id: m.TS, root: m.ThreadTS, channel: m.Channel, by: m.User, posted: m.BotID != "" && !answer, said: words, all: words,
		offers: func(label string) bool {
			return slices.ContainsFunc(m.Buttons(), func(b slackfake.Button) bool { return b.Label == label })
		}, of: m}
}

// shelves are all that stands in the workspace.
func (t *slackTown) shelves() []shelf {
	var all []shelf
	for channel, u := range t.readers {
		s := shelf{owner: u.ID, triage: slices.Contains(t.triage, channel)}
		if s.triage {
			s.owner = ""
		}
		for _, root := range u.Messages(channel) {
			for _, m := range u.Thread(channel, root.TS) {
				s.list = append(s.list, slackMessage(m))
			}
		}
		all = append(all, s)
	}
	return all
}
