package mattermost

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/sirupsen/logrus"

	"balie/adapters/adaptertest"
	"balie/adapters/inbox"
	"balie/adapters/memo"
)

func TestTheBotsNameIsTakenOut(t *testing.T) {
	for _, c := range []struct {
		text, rest string
		toBot      bool
	}{
		{"@balie my printer is broken", "my printer is broken", true},
		{"@Balie: my printer", "my printer", true},
		{"@balie, :smile: hi", ":smile: hi", true},
		{":smile: @balie", ":smile:", true},
		{"please @balie help", "please help", true},
		{"thanks, @balie.", "thanks,.", true},
		{"hello @balie, the printer", "hello, the printer", true},
		{"one\n@balie two\n@balie three", "one\ntwo\nthree", true},
		{"@balie", "", true},
		{"(@balie)", "()", true},
		{"@balie.desk and @balie-desk and @balie2", "@balie.desk and @balie-desk and @balie2", false},
		{"mail a@balie or @@balie or é@balie", "mail a@balie or @@balie or é@balie", false},
		{"`@balie` is its name", "`@balie` is its name", false},
		{"```\n@balie\n```", "```\n@balie\n```", false},
		{"```\n@balie\n", "```\n@balie\n", false},
		{"a ` b @balie", "a ` b", true},
		{"``a ` @balie`` @balie b", "``a ` @balie`` b", true},
		{"  indented, for nobody", "  indented, for nobody", false},
		{"", "", false},
	} {
		if rest, toBot := unmention(c.text, "balie"); rest != c.rest || toBot != c.toBot {
			t.Errorf("%q becomes %q, %v; want %q, %v", c.text, rest, toBot, c.rest, c.toBot)
		}
	}
}

// id is one as Mattermost makes them.
func idOf(letter string) string { return strings.Repeat(letter, 26) }

func TestUtterancesOfPosts(t *testing.T) {
	post := func(letter string, created int64) *model.Post {
		return &model.Post{Id: idOf(letter), ChannelId: idOf("c"), UserId: idOf("u"), CreateAt: created, UpdateAt: 900}
	}
	fresh, edited, old, gone, version, reacted := post("1", 510), post("2", 520), post("3", 100), post("4", 530), post("5", 540), post("6", 400)
	edited.EditAt, old.EditAt = 560, 550
	gone.DeleteAt = 570
	version.OriginalId, version.DeleteAt = edited.Id, 560
	reacted.Metadata = &model.PostMetadata{Reactions: []*model.Reaction{
		{PostId: reacted.Id, UserId: idOf("u"), EmojiName: "ticket", CreateAt: 450, UpdateAt: 580},
		{PostId: reacted.Id, UserId: idOf("u"), EmojiName: "eyes", CreateAt: 450},
		nil,
	}}
	posts := map[string]*model.Post{}
	for _, p := range []*model.Post{fresh, edited, old, gone, version, reacted} {
		posts[p.Id] = p
	}
	var got []string
	for _, u := range utterances(posts, 500) {
		if !u.late || u.channel != idOf("c") {
			t.Errorf("%+v", u)
		}
		got = append(got, u.id())
	}
	equal(t, "what was missed", got, fresh.Id, edited.Id, old.Id+"|550", edited.Id+"|560", gone.Id+"|deleted",
		reacted.Id+"|"+idOf("u")+"|ticket|580")
}

// TestWhatWasToldIsNotToldByTheNextProcess as far back as that reads again: what nobody could do anything about at the
// time may be possible meanwhile.
func TestWhatWasToldIsNotToldByTheNextProcess(t *testing.T) {
	memory := &adaptertest.Memory{}
	before := newEars(&Mattermost{opts: Options{Memory: memory}, log: quiet()})
	before.queue, before.catchup, before.cursor = inbox.New(t.Context(), Name, 1, quiet()), newCatchup(before), newCursor(before)
	before.cursor.began(1)
	before.cursor.Advance(100_000, 200_000)
	before.known.Add("long ago", 80_000)
	before.known.Add("lately", 95_000)
	if err := before.cursor.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := newEars(&Mattermost{opts: Options{Memory: memory}, log: quiet()})
	after.catchup, after.cursor = newCatchup(after), newCursor(after)
	if !after.cursor.recall(t.Context()) || !after.known.Contains("lately") || after.known.Contains("long ago") {
		t.Errorf("known is %q", after.known.Keys())
	}
}

func TestTheCursor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := newEars(&Mattermost{opts: Options{Memory: &adaptertest.Memory{}}, log: quiet()})
	e.queue = inbox.New(ctx, Name, 1, quiet())
	e.catchup = newCatchup(e)
	c := newCursor(e)
	e.cursor = c
	steps := func(what string, want int64) {
		t.Helper()
		if got := c.until(); got != want {
			t.Errorf("%s: until %d, want %d", what, got, want)
		}
	}
	steps("at first", 0)
	c.began(100)
	c.began(200)
	steps("from the beginning", 100)
	c.Advance(150, 1000)
	c.Advance(120, 1000)
	steps("what was heard", 150)
	c.Advance(5000, 1000)
	steps("what is dated ahead", 1000)
	if m := c.Mark(5000); m != 1000 {
		t.Errorf("something later waits at %d", m)
	}
	if m := c.Mark(700); m != 700 {
		t.Errorf("something earlier waits at %d", m)
	}
	e.queue.HoldAll()
	e.queue.Add(&inbox.Item{Channel: "c", Mark: 700})
	steps("while something waits", 699)
	e.catchup.missed(600)
	steps("while something is missing", 599)
	e.catchup.missed(650)
	if e.catchup.all != 600 || e.catchup.gaps != 2 {
		t.Errorf("missed since %d, %d gaps", e.catchup.all, e.catchup.gaps)
	}
	if err := c.keep(ctx); err != nil {
		t.Fatal(err)
	}
	value, err := c.opts.Memory.Recall(ctx, cursorName)
	if err != nil || string(value) != `{"heard":599}` {
		t.Errorf("kept %s, %v", value, err)
	}
	later := newCursor(e)
	if !later.recall(ctx) || later.High() != 599 {
		t.Errorf("recalled %d", later.High())
	}
	if got := later.reached(400); got != 400 {
		t.Errorf("on a server that was set back: %d", got)
	}
	later = newCursor(e)
	later.read([]byte("nonsense"))
	later.read([]byte("null"))
	if later.High() != 0 {
		t.Errorf("nonsense became %d", later.High())
	}
}

// FuzzEvent takes any event for what people do: it may be nonsense, but never a panic.
func FuzzEvent(f *testing.F) {
	post := &model.Post{Id: idOf("p"), ChannelId: idOf("c"), UserId: idOf("u"), RootId: idOf("r"), Message: "hello @balie", EditAt: 5}
	said, err := json.Marshal(post)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []struct{ event, data string }{
		{"posted", `{"post":` + quoted(string(said)) + `,"channel_type":"D"}`},
		{"post_edited", `{"post":` + quoted(string(said)) + `}`},
		{"post_deleted", `{"post":"{}"}`},
		{"posted", `{"post":{"id":1}}`},
		{"posted", `{"post":"{\"metadata\":{\"files\":[null]},\"props\":{\"from_bot\":7}}"}`},
		{"reaction_added", `{"reaction":` + quoted(`{"user_id":"`+idOf("u")+`","post_id":"`+idOf("p")+`","emoji_name":"ticket"}`) + `}`},
		{"reaction_removed", `{"reaction":null}`},
		{"user_updated", `{"user":{"id":7}}`},
		{"user_updated", `{"user":[]}`},
		{"user_removed", `{"user_id":5,"channel_id":null}`},
		{"leave_team", `{}`},
		{"hello", `{"connection_id":7}`},
		{"channel_updated", `null`},
	} {
		f.Add(seed.event, seed.data, idOf("c"), int64(3))
	}
	f.Fuzz(func(t *testing.T, event, data, channel string, seq int64) {
		m, err := New(Options{URL: "http://127.0.0.1:9", Token: "t", Hooks: "http://127.0.0.1:9", Secret: []byte(strings.Repeat("s", 40)),
			Memory: &adaptertest.Memory{}})
		if err != nil {
			t.Fatal(err)
		}
		m.self.Store(&model.User{Id: idOf("b"), Username: "balie"})
		m.people.known.Add(idOf("u"), &model.User{Id: idOf("u"), Username: "ana"})
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is asked
		e := m.ears
		e.queue, e.cursor = inbox.New(ctx, Name, 1, quiet()), newCursor(e)
		e.catchup = newCatchup(e)
		var fields map[string]any
		if json.Unmarshal([]byte(data), &fields) != nil {
			return
		}
		frame := model.NewWebSocketEvent(model.WebsocketEventType(event), "", channel, "", nil, "").SetData(fields).SetSequence(seq)
		e.sequence(ctx, frame)
		e.wg.Wait()
		if k, ok := kinds[frame.EventType()]; ok {
			u, err := decode(k, fields, channel)
			if err != nil {
				return
			}
			if u.id() == "" || u.channel == "" || u.thread() == "" {
				t.Errorf("%+v", u)
			}
			if _, _, err := e.event(ctx, u); err == nil && u.post == nil && u.reaction == nil {
				t.Errorf("%+v was told", u)
			}
		}
	})
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestASecondGapBeginsWhereTheFirstConnectionEnded although meanwhile more is known of some channels.
func TestASecondGapBeginsWhereTheFirstConnectionEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := newEars(&Mattermost{opts: Options{Memory: &adaptertest.Memory{}}, log: quiet()})
	e.rooms, e.roots = memo.New[string, *model.Channel](10), memo.New[string, bool](10)
	e.queue, e.cursor = inbox.New(ctx, Name, 1, quiet()), newCursor(e)
	e.catchup = newCatchup(e)
	start := e.serverNow() - 100_000
	e.cursor.began(start)
	e.gap()
	if e.catchup.all != start || e.cursor.until() != start-1 {
		t.Errorf("missed since %d, told until %d; want %d", e.catchup.all, e.cursor.until(), start)
	}
	heard := e.cursor.High()
	if heard < start+100_000 {
		t.Errorf("hears since %d", heard)
	}
	e.ahead.Store(100_000) // that much later
	late := &model.Post{Id: idOf("p"), ChannelId: idOf("c"), UserId: idOf("u"), CreateAt: heard + 50_000}
	e.items([]*utterance{{kind: wasPosted, channel: late.ChannelId, post: late, at: late.CreateAt}})
	e.catchup.all = 0
	if e.gap(); e.catchup.all != heard {
		t.Errorf("the second gap begins at %d, want %d", e.catchup.all, heard)
	}
}

func quiet() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}
