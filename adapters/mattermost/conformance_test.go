package mattermost_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/mattermost/mattermost/server/public/shared/markdown"

	"balie/adapters/adaptertest"
	"balie/adapters/mattermost"
	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
	"balie/internal/chat"
)

// secret signs in all tests.
var secret = []byte("a secret of the tests, forty bytes or so")

var without = map[adaptertest.Kind]string{adaptertest.Shortcut: "only plugins can add to the menu of a message"}

// TestConformance runs the suite of all adapters on the fake.
func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Subject{Secrets: []string{string(secret)}, Without: without,
		Start: func(t *testing.T, s adaptertest.Setup) adaptertest.Network {
			fake := mattermostfake.New(t, mattermostfake.Options{})
			site, err := mattermosttest.At(t.Context(), fake.URL, "sysadmin", "Adm1n-Passw0rd")
			if err != nil {
				t.Fatal(err)
			}
			return &faultyNetwork{startNetwork(t, s, site), fake}
		}})
}

// TestConformanceReal runs the same suite on a real server.
func TestConformanceReal(t *testing.T) {
	site := mattermosttest.Real(t)
	adaptertest.Run(t, adaptertest.Subject{Secrets: []string{string(secret)}, Without: without,
		Start: func(t *testing.T, s adaptertest.Setup) adaptertest.Network { return startNetwork(t, s, site) }})
}

// network is the adapter and a town on a server. Callbacks pass a recorder, so that they can be delivered again.
type network struct {
	p     *mattermost.Mattermost
	town  *mattermosttest.Town
	hooks string

	mu       sync.Mutex
	last     recorded            // callback
	recorded map[string]recorded // by Act.Repeat
}

// recorded is a callback with its answer.
type recorded struct {
	path   string
	header http.Header
	body   []byte
}

func startNetwork(t *testing.T, s adaptertest.Setup, site *mattermosttest.Site) *network {
	n := &network{recorded: map[string]recorded{}}
	var handler atomic.Pointer[http.Handler]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n.mu.Lock()
		n.last = recorded{r.URL.Path, r.Header.Clone(), body}
		n.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		(*handler.Load()).ServeHTTP(w, r)
	}))
	n.hooks = server.URL + "/hooks/mattermost"
	town, err := mattermosttest.NewTown(t.Context(), site, mattermosttest.TownOptions{
		People:   []mattermosttest.Person{{Name: "ana", First: "Ana", Last: "Silva"}, {Name: "bram", First: "Bram", Last: "de Wit"}},
		Channels: []mattermosttest.Channel{{Name: "open"}, {Name: "closed", Private: true, Members: []string{"bram"}}},
		Command:  "ticket", CommandURL: n.hooks + "/command",
	})
	if err != nil {
		t.Fatal(err)
	}
	n.town = town
	n.p, err = mattermost.New(mattermost.Options{
		URL: site.URL, Token: town.BotToken, CommandTokens: []string{"another", town.CommandToken}, Hooks: n.hooks, Secret: secret,
		Memory: &adaptertest.Memory{}, AnswerWithin: s.AnswerWithin, RetryAfter: 20 * time.Millisecond, Log: s.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	routes := n.p.Hooks(s.Handler)
	handler.Store(&routes)
	t.Cleanup(func() {
		town.Close()
		site.Admin.HTTPClient.CloseIdleConnections()
		server.Close()
	})
	adaptertest.Connect(t, n.p, s.Handler)
	adaptertest.Until(t, "the adapter is connected", func() bool { return n.p.Caps().FormRefresh })
	return n
}

func (n *network) Platform() chat.Platform { return n.p }

func (n *network) Places() adaptertest.Places {
	return adaptertest.Places{
		Requester: n.town.UserID("ana"), Agent: n.town.UserID("bram"), Open: n.town.ChannelID("open"), Closed: n.town.ChannelID("closed"),
		Command: "ticket",
	}
}

func (n *network) Act(ctx context.Context, a adaptertest.Act) (adaptertest.Seen, error) {
	who := n.town.As(n.town.Name(a.As))
	if a.Repeat != "" && (a.Kind == adaptertest.Command || a.Kind == adaptertest.Click) {
		n.mu.Lock()
		before, again := n.recorded[a.Repeat]
		n.mu.Unlock()
		if again {
			return n.replay(ctx, before)
		}
		defer func() {
			n.mu.Lock()
			n.recorded[a.Repeat] = n.last
			n.mu.Unlock()
		}()
	}
	channel := a.In.Channel
	if a.Direct {
		var err error
		if channel, err = who.Direct(ctx, n.town.BotID); err != nil {
			return adaptertest.Seen{}, err
		}
	}
	var files []string
	for _, f := range a.Files {
		client, err := who.Client(ctx)
		if err != nil {
			return adaptertest.Seen{}, err
		}
		up, _, err := client.UploadFileAsRequestBody(ctx, f.Content, channel, f.Name)
		if err != nil {
			return refused(err)
		}
		files = append(files, up.FileInfos[0].Id)
	}
	dialog, _ := a.Form.(*mattermosttest.Dialog)
	switch a.Kind {
	case adaptertest.Command:
		return n.seen(who.Command(ctx, channel, a.In.Thread, strings.TrimSpace("/"+a.Name+" "+a.Text)))
	case adaptertest.Click:
		post, err := n.town.PostByID(ctx, a.In.Message)
		if err != nil {
			return adaptertest.Seen{}, err
		}
		if seen, err := n.seen(who.Click(ctx, post, a.Button, a.Choice)); err == nil || a.Choice == "" {
			return seen, err
		}
		return n.invent(ctx, who, post, a)
	case adaptertest.Submit:
		return n.seen(who.Submit(ctx, dialog, submission(a.Values), files...))
	case adaptertest.Change:
		return n.seen(who.Refresh(ctx, dialog, a.Field, submission(a.Values)))
	case adaptertest.CloseIt:
		return n.seen(who.Cancel(ctx, dialog, submission(a.Values)))
	case adaptertest.Say:
		post, err := who.Say(ctx, channel, a.In.Thread, a.Text, a.Repeat, files...)
		if err != nil {
			return refused(err)
		}
		return adaptertest.Seen{Message: refOf(post)}, nil
	case adaptertest.Edit:
		_, err := who.Edit(ctx, a.In.Message, a.Text)
		return refused(err)
	case adaptertest.Delete:
		return refused(who.Delete(ctx, a.In.Message))
	case adaptertest.React:
		return refused(who.React(ctx, a.In.Message, a.Name))
	case adaptertest.Unreact:
		return refused(who.Unreact(ctx, a.In.Message, a.Name))
	case adaptertest.Shortcut:
	}
	return adaptertest.Seen{}, fmt.Errorf("nobody can %s here", a.Kind)
}

// invent sends a choice that the menu does not have, which no client would.
func (n *network) invent(ctx context.Context, who *mattermosttest.User, post *model.Post, a adaptertest.Act) (adaptertest.Seen, error) {
	client, err := who.Client(ctx)
	if err != nil {
		return adaptertest.Seen{}, err
	}
	for _, attachment := range post.Attachments() {
		for _, action := range attachment.Actions {
			if action.Name == a.Button {
				_, err := client.DoPostActionWithCookie(ctx, post.Id, action.Id, a.Choice, action.Cookie, nil, "")
				return refused(err)
			}
		}
	}
	return adaptertest.Seen{}, fmt.Errorf("the post has no menu %q", a.Button)
}

// submission is what a client sends for values.
func submission(v chat.Values) map[string]any {
	out := map[string]any{}
	for id, values := range v {
		out[id] = strings.Join(values, ",")
	}
	return out
}

// seen is what somebody sees of an answer.
func (n *network) seen(a mattermosttest.Answer, err error) (adaptertest.Seen, error) {
	if err != nil {
		return adaptertest.Seen{}, err
	}
	s := adaptertest.Seen{Refused: a.Status >= 400 || a.Error != "", Errors: a.Errors}
	for _, p := range a.Private {
		s.Texts = append(s.Texts, p.Message)
		s.Refused = s.Refused || p.GetProp("balie_failed") != nil
	}
	for _, text := range []string{a.Problem, a.Error} {
		if text != "" {
			s.Texts = append(s.Texts, text)
		}
	}
	if a.Dialog != nil {
		s.Form = a.Dialog
		for _, e := range a.Dialog.Dialog.Elements {
			s.Fields = append(s.Fields, e.Name)
		}
	}
	return s, nil
}

// replay delivers a callback again, as it was.
func (n *network) replay(ctx context.Context, r recorded) (adaptertest.Seen, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(n.hooks, "/hooks/mattermost")+r.path, bytes.NewReader(r.body))
	if err != nil {
		return adaptertest.Seen{}, err
	}
	req.Header = r.header
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return adaptertest.Seen{}, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return adaptertest.Seen{Refused: resp.StatusCode != http.StatusOK}, errors.Join(err, resp.Body.Close())
}

// refused is what somebody sees of an error of the server's; other errors are the network's own.
func refused(err error) (adaptertest.Seen, error) {
	var app *model.AppError
	switch {
	case err == nil:
		return adaptertest.Seen{}, nil
	case errors.As(err, &app):
		return adaptertest.Seen{Refused: true, Texts: []string{app.Message}}, nil
	}
	return adaptertest.Seen{}, err
}

func refOf(p *model.Post) chat.Ref {
	return chat.Ref{Platform: "mattermost", Channel: p.ChannelId, Thread: p.RootId, Message: p.Id}
}

func (n *network) Shown(ctx context.Context, as string, in chat.Ref) ([]adaptertest.Shown, error) {
	who := n.town.As(n.town.Name(as))
	var posts []*model.Post
	var err error
	if in.Thread != "" {
		posts, err = who.Thread(ctx, in.Thread)
	} else {
		posts, err = who.Posts(ctx, in.Channel)
	}
	if err != nil {
		return nil, err
	}
	var out []adaptertest.Shown
	for _, p := range posts {
		if p.Id == in.Thread {
			continue
		}
		s := adaptertest.Shown{Ref: refOf(p), Bot: p.UserId == n.town.BotID, Text: unescape(p.Message), At: time.UnixMilli(p.CreateAt).UTC(),
			Buttons: mattermosttest.Buttons(p)}
		if lead, rest, ok := strings.Cut(s.Text, ":** "); ok && s.Bot && strings.HasPrefix(lead, "**") {
			s.Text = rest // without its author
		}
		texts := []string{p.Message}
		for _, a := range p.Attachments() {
			s.Title = unescape(a.Title)
			texts = append(texts, a.Pretext, a.Text)
			for _, f := range a.Fields {
				texts = append(texts, fmt.Sprint(f.Value))
			}
			s.Links = append(s.Links, links(a.Title)...)
		}
		for _, text := range texts {
			s.Links = append(s.Links, links(text)...)
			s.Mentions = append(s.Mentions, n.mentions(text)...)
		}
		if p.Metadata != nil {
			for _, f := range p.Metadata.Files {
				s.Files = append(s.Files, f.Name)
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// unescape is a text as somebody reads it: without the backslashes and the invisible spaces.
func unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\`*_{}[]()#+-.!~>|<:@", s[i+1]) >= 0 {
			i++
		}
		out.WriteByte(s[i])
	}
	return strings.ReplaceAll(out.String(), "\u200b", "")
}

// links are the addresses that clients would follow.
func links(text string) []string {
	var out []string
	markdown.Inspect(text, func(node any) bool {
		switch l := node.(type) {
		case *markdown.InlineLink:
			out = append(out, l.Destination())
		case *markdown.InlineImage:
			out = append(out, l.Destination())
		case *markdown.ReferenceLink:
			out = append(out, l.Destination())
		case *markdown.ReferenceImage:
			out = append(out, l.Destination())
		case *markdown.Autolink:
			out = append(out, l.Destination())
		}
		return true
	})
	return out
}

// mentions are the people who would be notified, by the rule that the server's own parser follows.
func (n *network) mentions(text string) []string {
	var out []string
	for _, name := range []string{"ana", "bram"} {
		if n.notifies(text, "@"+n.town.As(name).Username) {
			out = append(out, n.town.UserID(name))
		}
	}
	for _, all := range []string{"@all", "@channel", "@here"} {
		if n.notifies(text, all) {
			out = append(out, all)
		}
	}
	return out
}

func (n *network) notifies(text, word string) bool {
	found := false
	markdown.Inspect(text, func(node any) bool {
		t, ok := node.(*markdown.Text)
		if !ok {
			return true
		}
		for _, w := range strings.FieldsFunc(t.Text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`*~!?,;()[]{}<>|/\\\u200b=+&%$#^", r) }) {
			found = found || strings.EqualFold(strings.Trim(w, ":.-_"), word)
		}
		return false
	})
	return found
}

// faultyNetwork is a network on the fake, which goes wrong on demand.
type faultyNetwork struct {
	*network
	fake *mattermostfake.Server
}

func (n *faultyNetwork) Uncertain(*testing.T) { n.fake.UncertainNextPost() }

func (n *faultyNetwork) Limit(_ *testing.T, channel string, every time.Duration) {
	n.fake.LimitChannel(channel, every)
}

func (n *faultyNetwork) Fail(_ *testing.T, on bool) { n.fake.Fail(on, n.town.BotID) }
