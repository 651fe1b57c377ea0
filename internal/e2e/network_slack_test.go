package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"balie/adapters/slack/slackfake"
	"balie/bot"
	"balie/internal/app"
	"balie/internal/chat"
	"balie/internal/config"
	"balie/internal/ticket"
)

// transport is how Slack reaches the program.
type transport string

const (
	overHTTP   transport = "http"
	overSocket transport = "socket"
)

var transports = []transport{overHTTP, overSocket}

// slackNetwork is a workspace on a Slack in the process, through its people's clients.
type slackNetwork struct {
	fake *slackfake.Server
	team *slackfake.Workspace
	by   transport

	base     string              // where the program takes requests
	settings func(*config.Slack) // changes what the program knows of Slack; nil for nothing
	channels func(*ticket.Team)  // changes the channels of a team; nil for nothing

	mu   sync.Mutex
	sent map[string]slackfake.Answer // forms that were sent and closed, by view
}

// newSlack makes a workspace for one world.
func newSlack(t *testing.T, by transport, o slackfake.Options) *slackNetwork {
	t.Helper()
	o.People = append(o.People,
		slackfake.Person{Name: "ana", Real: "Ana Silva", TZ: "Europe/Lisbon"},
		slackfake.Person{Name: "bram", Real: "Bram de Wit", Locale: "nl-NL", TZ: "Europe/Amsterdam"},
		slackfake.Person{Name: "carla", Real: "Carla Jansen", Locale: "en-GB"},
		slackfake.Person{Name: "david", Real: "David Bakker", Locale: "nl-NL"},
		slackfake.Person{Name: "eva", Real: "Eva Lindqvist"})
	o.Channels = append(o.Channels,
		slackfake.Channel{Name: "general", Bot: true},
		slackfake.Channel{Name: "ict-triage", Private: true, Members: []string{"bram", "carla"}, Bot: true},
		slackfake.Channel{Name: "help", Bot: true},
		slackfake.Channel{Name: "secrets", Private: true, Members: []string{"ana", "carla"}})
	fake := slackfake.New(t, o)
	return &slackNetwork{fake: fake, team: fake.Main(), by: by, sent: map[string]slackfake.Answer{}}
}

func (n *slackNetwork) can() abilities {
	return abilities{shortcut: true, formFiles: true, closing: true, oldButtons: true, lateDeletions: true}
}

func (n *slackNetwork) connect(o *app.Options) {
	c := config.Slack{BotToken: config.NewSecret(n.fake.Main().BotToken()), APIURL: n.fake.APIURL}
	if n.by == overHTTP {
		c.SigningSecret = config.NewSecret(n.fake.SigningSecret)
	} else {
		c.AppToken = config.NewSecret(n.fake.AppToken)
	}
	if n.settings != nil {
		n.settings(&c)
	}
	o.Config.Slack = c
	o.Pace.PerChannel, o.Pace.Home = -1, 20*time.Millisecond // the world's clock stands still between two posts
	cardsIn(o, ticket.Channel{Platform: "slack", ID: n.fake.ChannelID("ict-triage")}, n.channels)
}

// open waits until the program listens.
func (n *slackNetwork) open(a *app.App) {
	n.base = a.URL() + "/hooks/slack"
	if n.by == overHTTP {
		n.fake.Deliver(n.base)
		return
	}
	n.fake.Deliver("")
	until(func() bool { return n.fake.Sockets() > 0 })
}

func (n *slackNetwork) close() { n.fake.Deliver("") }

// room is the id of a channel of the person's.
func (n *slackNetwork) room(as, name string) string {
	if name == direct {
		return n.team.Direct(as)
	}
	return n.team.ChannelID(name)
}

func (n *slackNetwork) command(ctx context.Context, as, channel, thread, line string) (answer, error) {
	if thread != "" {
		return answer{Refused: "commands can't be used in threads"}, nil
	}
	if name, _, _ := strings.Cut(line, " "); name != "/ticket" {
		return answer{Refused: name + " is not a valid command"}, nil
	}
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) { return u.Command(ctx, n.room(as, channel), line) })
}

func (n *slackNetwork) shortcut(ctx context.Context, as string, m message) (answer, error) {
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) {
		return u.Shortcut(ctx, n.room(as, m.Channel), m.ID, bot.ShortcutCreate)
	})
}

// global chooses a shortcut from Slack's own menu.
func (n *slackNetwork) global(ctx context.Context, as, name string) (answer, error) {
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) { return u.Global(ctx, name) })
}

// click presses a button. Most of a menu's choices are buttons of their own here, and a private answer may be a modal.
func (n *slackNetwork) click(ctx context.Context, as string, m message, label, choice string) (answer, error) {
	u, part := n.team.As(as), m.raw.(slackPart)
	if part.view == nil && !part.msg.Ephemeral {
		// As it looks now to the person; whoever doesn't see it, or not the button any more, tries what they remember.
		if now := u.Message(part.msg.Channel, part.msg.TS); now != nil {
			if _, ok := pressable(now.Blocks, label, choice); ok {
				part = whole(*now)
			}
		}
	}
	what, ok := pressable(part.blocks(), label, choice)
	if !ok {
		return answer{}, fmt.Errorf("there is no button %q (%q) on %q", label, choice, m.Text)
	}
	if part.view != nil {
		before := 0
		for _, b := range buttonsIn(blocksOf(part.view.Blocks[:part.from])) {
			if b.Label == what.label {
				before++
			}
		}
		return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) {
			return u.ClickView(ctx, part.view, what.label, before, what.choice)
		})
	}
	part.msg.Blocks = part.blocks()
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) {
		return u.Click(ctx, part.msg, what.label, what.choice)
	})
}

// submit sends a form as a client does: what other questions depend on was told as soon as it changed. A form that was sent
// already is delivered again, and what a client does not send is sent as by one that checks nothing.
func (n *slackNetwork) submit(ctx context.Context, as string, f *form, in filled) (answer, error) {
	u, told, tell := n.team.As(as), map[string]bool{}, n.inForm(as)
	n.mu.Lock()
	sent, again := n.sent[n.viewOf(f).ID]
	n.mu.Unlock()
	if again {
		return tell(n.repeated(ctx, u, sent))
	}
	for {
		i := slices.IndexFunc(f.Fields, func(field chat.Field) bool {
			value := in.Values[field.ID]
			return field.Refresh && !told[field.ID] && !slices.Equal(value, field.Value) && (field.Lookup || offered(field, value))
		})
		if i < 0 {
			break
		}
		id := f.Fields[i].ID
		told[id] = true
		a, err := n.change(ctx, as, f, id, filled{Values: map[string][]string{id: in.Values[id]}})
		if err != nil || a.Refused != "" || len(a.Errors) > 0 {
			return a, err
		}
		if a.Form != nil {
			f = a.Form
		}
	}
	v, values := n.viewOf(f), n.accounts(f, in.Values)
	for _, field := range v.Fields() { // a text that was too long for one is in several
		if base, _, part := strings.Cut(field.ID, "~"); part && values[base] != nil && values[field.ID] == nil {
			values[field.ID] = []string{""}
		}
	}
	sent, err := u.Submit(ctx, v, values, in.Files)
	if err == nil && sent.Status == 0 && sent.Refused == "" {
		maps.Copy(values, in.Files)
		sent, err = u.Forge(ctx, v, values)
	}
	if err == nil && (sent.View == nil || sent.View.ID != v.ID) {
		n.mu.Lock()
		n.sent[v.ID] = sent
		n.mu.Unlock()
	}
	return tell(sent, err)
}

// repeated is delivered again as soon as Slack would sign it anew: what comes with a signature that was used is refused.
func (n *slackNetwork) repeated(
	ctx context.Context, u *slackfake.User, sent slackfake.Answer,
) (a slackfake.Answer, err error) {
	for range 2 {
		if a, err = u.Repeat(ctx, sent); err != nil || a.Status != http.StatusUnauthorized {
			break
		}
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	}
	return a, err
}

func (n *slackNetwork) change(ctx context.Context, as string, f *form, field string, in filled) (answer, error) {
	return n.inForm(as)(n.team.As(as).Change(ctx, n.viewOf(f), field, n.accounts(f, in.Values), in.Files))
}

// dismiss types first what is in the form when it is closed: Slack tells of that while somebody types, and not any more
// when they close it.
func (n *slackNetwork) dismiss(ctx context.Context, as string, f *form, in filled) (answer, error) {
	u, v, values := n.team.As(as), n.viewOf(f), n.accounts(f, in.Values)
	for _, field := range f.Fields {
		if (field.Kind == chat.TextField || field.Kind == chat.LongTextField) && !slices.Equal(in.Values[field.ID], field.Value) {
			if a, err := n.inForm(as)(u.Type(ctx, v, field.ID, values)); err != nil || a.Refused != "" {
				return a, err
			}
		}
	}
	return n.inForm(as)(u.Dismiss(ctx, v, values))
}

// offers are the options that a question offers when somebody opens its list, or types into it.
func (n *slackNetwork) offers(ctx context.Context, as string, f *form, field, typed string) ([]chat.Option, error) {
	options, err := n.team.As(as).Suggest(ctx, n.viewOf(f), field, typed, nil)
	return optionsOf(options), err
}

func (n *slackNetwork) say(ctx context.Context, as, channel, thread, text string, uploads ...string) (answer, error) {
	var said slackfake.Message
	a, err := n.does(as, func(u *slackfake.User) (told slackfake.Answer, err error) {
		said, told, err = u.Say(ctx, n.room(as, channel), thread, text, uploads...)
		return told, err
	})
	a.Message = n.message(as, whole(said))
	return a, err
}

func (n *slackNetwork) edit(ctx context.Context, as string, m message, text string) (answer, error) {
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) {
		return u.Edit(ctx, m.raw.(slackPart).msg.Channel, m.ID, text)
	})
}

func (n *slackNetwork) remove(ctx context.Context, as string, m message) (answer, error) {
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) {
		return u.Delete(ctx, m.raw.(slackPart).msg.Channel, m.ID)
	})
}

func (n *slackNetwork) react(ctx context.Context, as string, m message, emoji string) (answer, error) {
	return n.does(as, func(u *slackfake.User) (slackfake.Answer, error) {
		return u.React(ctx, m.raw.(slackPart).msg.Channel, m.ID, emoji)
	})
}

func (n *slackNetwork) upload(ctx context.Context, as, _, name, content string) (string, answer, error) {
	id, refused := n.team.As(as).Upload(ctx, name, []byte(content))
	return id, answer{Refused: refused}, nil
}

func (n *slackNetwork) download(ctx context.Context, as string, _ message, f file) (string, error) {
	content, err := n.team.As(as).Download(ctx, f.ID)
	return string(content), err
}

// messages has what only the person sees in the direct conversation, too: there it is a message like others.
func (n *slackNetwork) messages(_ context.Context, as, channel, thread string) ([]message, error) {
	u, id := n.team.As(as), n.room(as, channel)
	if thread != "" {
		return n.list(as, u.Thread(id, thread)), nil
	}
	all := u.Messages(id)
	for _, m := range u.Visible() {
		if channel == direct && m.Channel == id {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b slackfake.Message) int { return strings.Compare(a.TS, b.TS) })
	return n.list(as, all), nil
}

func (n *slackNetwork) visible(_ context.Context, as string) (all []message, err error) {
	u := n.team.As(as)
	for _, name := range append([]string{direct}, slackChannels...) {
		id := n.room(as, name)
		for _, root := range u.Messages(id) {
			all = append(all, n.list(as, u.Thread(id, root.TS))...)
		}
	}
	return all, nil
}

// forge presses the message's buttons without Slack: unsigned, and signed with what anybody could have.
func (n *slackNetwork) forge(ctx context.Context, as string, m message) (taken []string, err error) {
	part := m.raw.(slackPart)
	what, _ := pressable(part.blocks(), m.Buttons[0].Label, "")
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "team": map[string]any{"id": n.team.ID}, "api_app_id": n.fake.AppID, "trigger_id": "1.2.3",
		"user":      map[string]any{"id": n.team.As(as).ID, "username": as, "team_id": n.team.ID},
		"channel":   map[string]any{"id": part.msg.Channel},
		"container": map[string]any{"type": "message", "message_ts": part.msg.TS, "channel_id": part.msg.Channel},
		"message":   map[string]any{"ts": part.msg.TS},
		"actions":   []any{map[string]any{"type": "button", "action_id": what.id, "value": what.value, "action_ts": "1.2"}},
	})
	if err != nil {
		return nil, err
	}
	body := url.Values{"payload": {string(payload)}}.Encode()
	now := time.Now()
	for name, header := range map[string]http.Header{
		"unsigned":        {},
		"badly signed":    n.fake.Sign(bytes.Repeat([]byte("0"), len(body)), now),
		"signed long ago": n.fake.Sign([]byte(body), now.Add(-time.Hour)),
		"another's":       n.fake.Sign([]byte("another"), now),
	} {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.base+"/interactions", strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header = header
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		if err := resp.Body.Close(); err != nil {
			return nil, err
		}
		if resp.StatusCode/100 == 2 {
			taken = append(taken, name)
		}
	}
	return taken, nil
}

func (n *slackNetwork) brace() bool { return false }

func (n *slackNetwork) trouble(_ context.Context, t trouble) error {
	n.fake.FailNext("chat.postMessage", 0, slackfake.Fault{})
	n.fake.FailNext("chat.postMessage", t.failNext, slackfake.Fault{Status: http.StatusServiceUnavailable})
	n.fake.Uncertain("chat.postMessage", t.uncertain)
	for _, every := range t.every {
		if every >= time.Second { // of all channels, since the stories post to this one alone meanwhile
			n.fake.FailNext("chat.postMessage", -1, slackfake.Fault{RetryAfter: time.Second})
		}
	}
	return nil
}
