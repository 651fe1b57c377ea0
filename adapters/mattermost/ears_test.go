package mattermost

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"balie/adapters/adaptertest"
	"balie/adapters/mattermost/mattermostfake"
	"balie/adapters/mattermost/mattermosttest"
)

// place is a town on a server, and the bot's way to it, which can be cut.
type place struct {
	*testing.T
	fake *mattermostfake.Server // nil on a real server
	town *mattermosttest.Town
	way  *way
	mem  *adaptertest.Memory
}

// onBoth runs a test on the fake and, if there is one, on a real server.
func onBoth(t *testing.T, test func(p *place)) {
	t.Run("fake", func(t *testing.T) { onFake(t, test) })
	t.Run("real", func(t *testing.T) {
		adaptertest.NoLeaks(t)
		test(newPlace(t, nil, mattermosttest.Real(t)))
	})
}

func onFake(t *testing.T, test func(p *place)) {
	adaptertest.NoLeaks(t)
	fake := mattermostfake.New(t, mattermostfake.Options{})
	site, err := mattermosttest.At(t.Context(), fake.URL, mattermostfake.AdminName, mattermostfake.AdminPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	test(newPlace(t, fake, site))
}

func newPlace(t *testing.T, fake *mattermostfake.Server, site *mattermosttest.Site) *place {
	town, err := mattermosttest.NewTown(t.Context(), site, mattermosttest.TownOptions{
		People:   []mattermosttest.Person{{Name: "ana", First: "Ana", Last: "Silva"}, {Name: "bram", First: "Bram", Last: "de Wit"}},
		Channels: []mattermosttest.Channel{{Name: "open"}, {Name: "closed", Private: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	return &place{T: t, fake: fake, town: town, way: newWay(t, site.URL), mem: &adaptertest.Memory{}}
}

// way is a port that leads to the server, until it is cut.
type way struct {
	net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]bool
}

func newWay(t *testing.T, to string) *way {
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{Listener: l, to: u.Host, conns: map[net.Conn]bool{}}
	w.wg.Go(w.serve)
	t.Cleanup(func() {
		w.cut(true)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		w.wg.Wait()
	})
	return w
}

func (w *way) serve() {
	for {
		in, err := w.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", w.to)
		w.mu.Lock()
		if err != nil || w.shut {
			w.mu.Unlock()
			_ = in.Close()
			if err == nil {
				_ = out.Close()
			}
			continue
		}
		w.conns[in], w.conns[out] = true, true
		w.mu.Unlock()
		carry := func(to, from net.Conn) {
			_, _ = io.Copy(to, from)
			_, _ = to.Close(), from.Close()
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.conns, to)
		}
		w.wg.Go(func() { carry(out, in) })
		w.wg.Go(func() { carry(in, out) })
	}
}

// cut breaks all connections and, if shut, takes no more.
func (w *way) cut(shut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = shut
	for c := range w.conns {
		_ = c.Close()
	}
}

// bot is a running adapter that notes what it was told.
type bot struct {
	*place
	adaptertest.Bot
	m    *Mattermost
	logs *logtest.Hook
	stop func()
}

// listen starts a bot and waits until it hears.
func (p *place) listen() *bot {
	p.Helper()
	b := p.begin()
	b.until("the bot hears", b.hears)
	return b
}

// hears says whether the bot is connected and has nothing to catch up.
func (b *bot) hears() bool {
	return b.m.ears.live.Load() && b.m.ears.catchup.floor() == 0
}

func (p *place) begin(change ...func(e *ears)) *bot {
	p.Helper()
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	if os.Getenv("BALIE_TEST_LOG") != "" {
		log.SetOutput(os.Stderr)
	}
	m, err := New(Options{
		URL: "http://" + p.way.Addr().String(), Token: p.town.BotToken, Hooks: "http://127.0.0.1:9/hooks/mattermost",
		Secret: []byte(strings.Repeat("s", 40)), Memory: p.mem, RetryAfter: 20 * time.Millisecond, Log: log,
	})
	if err != nil {
		p.Fatal(err)
	}
	for _, c := range change {
		c(m.ears)
	}
	b := &bot{place: p, m: m, logs: hook}
	p.Cleanup(func() {
		for _, e := range hook.AllEntries() {
			if p.Failed() {
				p.Logf("%s %s %s %v", e.Time.Format(time.StampMilli), e.Level, e.Message, e.Data)
			}
		}
	})
	b.stop = adaptertest.Connect(p.T, m, b.Handle)
	return b
}

// isAway cuts the bot off, and waits until it and the fake have noticed: before that the fake begins another connection in
// the place of the one that is gone.
func (b *bot) isAway() {
	b.Helper()
	b.way.cut(true)
	b.until("the bot notices", func() bool { return b.logged(logrus.WarnLevel, "cannot be reached") })
	if b.fake != nil {
		b.until("the server notices", func() bool { return b.fake.Sockets(b.town.BotID) == 0 })
	}
}

// fleeting has Ana say something, change it and take it back, and gives what the bot is to be told of that.
func (p *place) fleeting() []string {
	p.Helper()
	said := p.say("ana", "open", "", "a moment")
	p.edit("ana", said, "a moment and more")
	p.must(p.town.As("ana").Delete(p.Context(), said.Id))
	return []string{"ana: a moment", "ana edits: a moment and more", "ana deletes"}
}

// story is what was told, a line each.
func (b *bot) story() []string {
	var out []string
	for _, e := range b.Stored() {
		who := b.town.Name(e.Person.ID)
		switch {
		case e.Reaction != nil && e.Reaction.Removed:
			out = append(out, who+" takes away "+e.Reaction.Emoji)
		case e.Reaction != nil:
			out = append(out, who+" puts "+e.Reaction.Emoji)
		case e.Message.Deleted:
			out = append(out, who+" deletes")
		case e.Message.Edited:
			out = append(out, who+" edits: "+e.Message.Text)
		default:
			out = append(out, who+": "+e.Message.Text)
		}
	}
	return out
}

func (p *place) until(what string, done func() bool) {
	p.Helper()
	adaptertest.Until(p.T, what, done)
}

// tells waits until the bot was told n things, and checks that they are these, unless none are given.
func (b *bot) tells(n int, want ...string) {
	b.Helper()
	b.until(fmt.Sprintf("%d things are told", n), func() bool { return len(b.Stored()) >= n })
	if got := b.story(); len(want) > 0 && !slices.Equal(got, want) {
		b.Fatalf("told %q,\nwant %q", got, want)
	}
}

func (b *bot) logged(level logrus.Level, part string) bool { return b.loggedTimes(level, part) > 0 }

func (b *bot) loggedTimes(level logrus.Level, part string) int {
	return adaptertest.Logged(b.logs, level, part)
}

// calm checks that nothing above debug was logged but for these.
func (b *bot) calm(but ...string) {
	b.Helper()
	for _, e := range b.logs.AllEntries() {
		expected := slices.ContainsFunc(but, func(s string) bool { return strings.Contains(e.Message, s) })
		if e.Level <= logrus.WarnLevel && !expected {
			b.Errorf("logged %s: %s %v", e.Level, e.Message, e.Data)
		}
	}
}

func (p *place) say(who, channel, root, text string) *model.Post {
	p.Helper()
	return p.sayIn(who, p.town.ChannelID(channel), root, text)
}

func (p *place) sayIn(who, channel, root, text string) *model.Post {
	p.Helper()
	post, err := p.town.As(who).Say(p.Context(), channel, root, text, "")
	p.must(err)
	return post
}

func (p *place) edit(who string, post *model.Post, text string) {
	p.Helper()
	_, err := p.town.As(who).Edit(p.Context(), post.Id, text)
	p.must(err)
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// unique checks that every event has an id of its own.
func (b *bot) unique() {
	b.Helper()
	ids := map[string]bool{}
	for _, e := range b.Stored() {
		if ids[e.ID] {
			b.Errorf("%s was told twice", e.ID)
		}
		ids[e.ID] = true
	}
}
