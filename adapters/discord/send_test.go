package discord_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// memory is a Memory in the process.
type memory struct {
	mu  sync.Mutex
	all map[string][]byte
}

func (m *memory) Recall(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[name], nil
}

func (m *memory) Keep(_ context.Context, name string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[string][]byte{}
	}
	m.all[name] = value
	return nil
}

func (m *memory) Forget(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, name)
	return nil
}

func (m *memory) List(_ context.Context, group string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := maps.Clone(m.all)
	maps.DeleteFunc(out, func(name string, _ []byte) bool { return !strings.HasPrefix(name, group+"/") })
	return out, nil
}

// house is a Discord with a guild, and an adapter that sends to it.
type house struct {
	*testing.T
	fake *discordfake.Server
	d    *discord.Discord
	log  bytes.Buffer
	mem  *memory
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
	h := &house{T: t, fake: discordfake.New(t, o), mem: &memory{}}
	h.d = h.another()
	return h
}

// another is an adapter that knows nothing of what the first one has sent.
func (h *house) another() *discord.Discord {
	h.Helper()
	log := logrus.New()
	log.SetOutput(&h.log)
	log.SetLevel(logrus.TraceLevel)
	d, err := discord.New(discord.Options{Token: h.fake.Token, APIURL: h.fake.APIURL, Secret: bytes.Repeat([]byte("s"), chat.SecretMin),
		Memory: h.mem, Log: log})
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

// TestThreadUnderCard has the thread under a card go with its ticket: it is named, put away when the ticket is closed, and
// taken out again.
func TestThreadUnderCard(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "card", To: h.place("triage"), Card: card("HD-1 · printer"), Topic: topic("HD-1 · printer", false)})
	th := h.fake.Thread(root.Message)
	if th == nil || th.Name != "HD-1 · printer" || th.Parent != root.Channel || th.Private {
		t.Fatalf("the thread is %+v", th)
	}
	under := h.place("triage")
	under.Thread = root.Message
	note := h.sends(chat.Post{Key: "note", To: under, Text: "a note"})
	if note.Thread != root.Message || note.Channel != root.Channel {
		t.Errorf("the note stands at %+v", note)
	}
	h.edits(root, chat.Post{Card: card("HD-1 · laser"), Topic: topic("HD-1 · laser", true)})
	if th = h.fake.Thread(root.Message); !th.Archived || !th.Locked || th.Name != "HD-1 · laser" {
		t.Errorf("after closing it is %+v", th)
	}
	// What is still to be said is said, and the thread is as it was.
	h.sends(chat.Post{Key: "closed", To: under, Text: "Ana closed it"})
	h.edits(note, chat.Post{Text: "another note"})
	if th = h.fake.Thread(root.Message); !th.Archived || !th.Locked {
		t.Errorf("after a last word it is %+v", th)
	}
	h.edits(root, chat.Post{Card: card("HD-1 · laser"), Topic: topic("HD-1 · laser", false)})
	if th = h.fake.Thread(root.Message); th.Archived || th.Locked {
		t.Errorf("after reopening it is %+v", th)
	}
	// Discord put it away since nobody said anything.
	h.fake.Archive(root.Message, false)
	h.sends(chat.Post{Key: "later", To: under, Text: "later"})
	if got := texts(h.fake.As("bram").Messages(root.Message)); !slices.Equal(got, []string{"another note", "Ana closed it", "later"}) {
		t.Errorf("in the thread stands %q", got)
	}
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

// TestForum has each ticket be a post of a forum, with its status as a tag beside those that people gave.
func TestForum(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	p := chat.Post{Key: "card", To: h.place("forum"), Card: card("HD-1 · printer"), Topic: topic("HD-1 · printer", false)}
	root := h.sends(p)
	th := h.fake.Thread(root.Message)
	if th == nil || th.Name != "HD-1 · printer" || !slices.Equal(th.Tags, []string{"new"}) {
		t.Fatalf("the post is %+v", th)
	}
	if again, err := h.another().Send(t.Context(), func() chat.Post { p.Again = time.Now(); return p }()); err != nil || again != root {
		t.Errorf("sent again by another process it is %+v, %v", again, err)
	}
	under := h.place("forum")
	under.Thread = root.Message
	h.sends(chat.Post{Key: "note", To: under, Text: "a note"})
	h.edits(root, chat.Post{Card: card("HD-1 · printer"), Topic: topic("HD-1 · printer", true)})
	if th = h.fake.Thread(root.Message); !slices.Equal(th.Tags, []string{"Closed"}) || !th.Archived || !th.Locked {
		t.Errorf("after closing it is %+v", th)
	}
	if err := h.d.Delete(t.Context(), root); err != nil || h.fake.Thread(root.Message) != nil {
		t.Errorf("after deleting it is %+v (%v)", h.fake.Thread(root.Message), err)
	}
}

// TestPrivateThread has a conversation that only its person sees, once, whatever goes wrong on the way.
func TestPrivateThread(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	ana := h.fake.UserID("ana")
	p := chat.Post{Key: "conversation", To: h.place("help"), Text: "Here you follow HD-1.", Mention: []string{ana}, Card: card("HD-1 · printer"),
		Topic: topic("HD-1 · printer", false, ana)}
	// The thread is made and the answer lost, then its member is not taken.
	h.fake.Uncertain("POST /channels/{channel}/threads", 1)
	h.fake.FailNext("PUT /channels/{channel}/thread-members/{user}", 1, discordfake.Fault{Status: http.StatusServiceUnavailable})
	var root chat.Ref
	for range 3 {
		var err error
		if root, err = h.d.Send(t.Context(), p); err == nil {
			break
		}
		if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Gone || e.Refused != "" || e.Blocked != "" {
			t.Fatalf("Send: %v", err)
		}
	}
	all := h.fake.Threads(root.Channel)
	if len(all) != 1 || all[0].ID != root.Message || !all[0].Private || !slices.Contains(all[0].Members, ana) {
		t.Fatalf("the threads are %+v, the root %+v", all, root)
	}
	p.Again = time.Now()
	if again, err := h.another().Send(t.Context(), p); err != nil || again != root {
		t.Errorf("sent again by another process it is %+v, %v", again, err)
	}
	if got := texts(h.fake.As("ana").Messages(root.Message)); len(got) != 1 || !strings.Contains(got[0], "Here you follow HD-1.") {
		t.Errorf("she sees %q", got)
	}
	if h.fake.As("eva").Messages(root.Message) != nil {
		t.Error("somebody else sees it")
	}
	h.d = h.another() // that does not know which message is the first
	h.edits(root, chat.Post{Text: "Here you followed HD-1.", Card: card("HD-1 · printer"), Topic: topic("HD-1 · printer", true, ana)})
	if got := texts(h.fake.As("ana").Messages(root.Message)); !strings.Contains(got[0], "followed") || !h.fake.Thread(root.Message).Archived {
		t.Errorf("after closing she sees %q", got)
	}
	h.edits(root, chat.Post{Text: "Here you follow HD-1.", Card: card("HD-1 · printer"), Topic: topic("HD-1 · printer", false, ana)})
	if _, err := h.fake.As("ana").Say(t.Context(), root.Message, "it works"); err != nil {
		t.Fatal(err)
	}
	messages, err := h.d.Thread(t.Context(), root)
	if err != nil || len(messages) != 1 || messages[0].Text != "it works" {
		t.Errorf("the thread has %+v, %v", messages, err)
	}
	p.Key, p.Topic = "nobody", topic("HD-2", false, "")
	if _, err := h.d.Send(t.Context(), p); err == nil || len(h.fake.Threads(root.Channel)) > 2 {
		t.Errorf("a conversation with nobody: %v", err)
	}
}

// TestThreadCap has a guild that takes no more threads: replies stand in the channel, conversations are direct.
func TestThreadCap(t *testing.T) {
	h := newHouse(t, discordfake.Options{MaxActiveThreads: 1})
	h.sends(chat.Post{Key: "first", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	root := h.sends(chat.Post{Key: "second", To: h.place("triage"), Card: card("HD-2"), Topic: topic("HD-2", false)})
	under := h.place("triage")
	under.Thread = root.Message
	note := h.sends(chat.Post{Key: "note", To: under, Text: "a note"})
	if note.Thread != root.Message {
		t.Errorf("the note stands at %+v", note)
	}
	m := h.fake.As("bram").Message(root.Channel, note.Message)
	if m == nil || m.Reply != root.Message {
		t.Fatalf("the note is %+v", m)
	}
	h.edits(note, chat.Post{Text: "another note"})
	if m = h.fake.As("bram").Message(root.Channel, note.Message); m.Plain() != "another note" {
		t.Errorf("the note says %q", m.Plain())
	}
	ana := h.fake.UserID("ana")
	mine := h.sends(chat.Post{Key: "conversation", To: h.place("help"), Text: "Here you follow HD-2.", Topic: topic("HD-2", false, ana)})
	if mine.Channel == h.place("help").Channel || h.fake.As("ana").Message(mine.Channel, mine.Message) == nil {
		t.Errorf("the conversation is at %+v", mine)
	}
	if err := h.d.Delete(t.Context(), note); err != nil || h.fake.As("bram").Message(root.Channel, note.Message) != nil {
		t.Errorf("the note could not be deleted: %v", err)
	}
	if log := h.log.String(); strings.Count(log, "level=warning") != 1 || !strings.Contains(log, "as many open threads as Discord allows") {
		t.Errorf("the log says %s", log)
	}
	// There is room again.
	h.fake.Main().MaxThreads(10)
	h.d = h.another()
	if r := h.sends(chat.Post{Key: "more", To: under, Text: "more"}); h.fake.Thread(root.Message) == nil || r.Thread != root.Message {
		t.Errorf("with room again it stands at %+v", r)
	}
}

// TestPermissions takes one permission after the other from the bot: an admin is told which one, and where.
func TestPermissions(t *testing.T) {
	for name, bit := range map[string]uint64{
		"View Channels": discordfake.ViewChannel, "Send Messages and Create Posts": discordfake.SendMessages,
		"Send Messages in Threads and Posts": discordfake.SendInThreads, "Create Public Threads": discordfake.CreatePublicThreads,
		"Create Private Threads": discordfake.CreatePrivateThreads, "Attach Files": discordfake.AttachFiles,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, discordfake.Options{})
			ana := h.fake.UserID("ana")
			uses := []chat.Post{
				{Key: "card", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)},
				{Key: "note", To: h.place("triage"), Text: "a note", Files: []chat.OutFile{{Name: "a.txt", Size: 1, Open: func(context.Context) (io.ReadCloser, error) {
					return io.NopCloser(strings.NewReader("a")), nil
				}}}},
				{Key: "conversation", To: h.place("help"), Text: "hello", Topic: topic("HD-1", false, ana)},
			}
			for _, channel := range []string{"triage", "help"} {
				h.fake.Deny(h.place(channel).Channel, bit)
			}
			var told []string
			var refs [3]chat.Ref
			for i, p := range uses {
				if p.Key == "note" && refs[0].Message != "" {
					p.To.Thread = refs[0].Message
				}
				var err error
				if refs[i], err = h.d.Send(t.Context(), p); err != nil {
					told = append(told, blocked(t, err))
				}
			}
			if len(told) == 0 || !strings.Contains(told[0], name) || !strings.Contains(told[0], "#") {
				t.Errorf("the admin reads %q", told)
			}
			for _, channel := range []string{"triage", "help"} {
				h.fake.Allow(h.place(channel).Channel, bit)
			}
			for _, p := range uses {
				h.sends(p)
			}
		})
	}
}

// TestLongAgo finds a post that an earlier try has made longer ago than Discord remembers nonces, and no other one that says
// the same.
func TestLongAgo(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	h.sends(chat.Post{Key: "before", To: h.place("help"), Text: "same words"})
	before := time.Now().Add(-time.Hour)
	for i, text := range []string{"same words", "other words"} {
		p := chat.Post{Key: fmt.Sprint("try", i), To: h.place("help"), Text: text}
		first := h.sends(p)
		h.fake.Advance(10 * time.Minute)
		p.Again = before
		d := h.d
		if i == 1 {
			d = h.another()
		}
		if again, err := d.Send(t.Context(), p); err != nil || again != first {
			t.Errorf("%q sent again is %+v, %v, first %+v", text, again, err, first)
		}
	}
	if got := texts(h.fake.As("ana").Messages(h.place("help").Channel)); !slices.Equal(got, []string{"same words", "same words", "other words"}) {
		t.Errorf("the channel has %q", got)
	}
}

// TestClosedDirect has somebody who takes no direct messages.
func TestClosedDirect(t *testing.T) {
	h := newHouse(t, discordfake.Options{People: []discordfake.Person{{Name: "closed", Closed: true}}})
	_, err := h.d.Send(t.Context(), chat.Post{Key: "x", Text: "x", To: chat.Place{Platform: discord.Name, Workspace: h.fake.Main().GuildID, Person: h.fake.UserID("closed")}})
	if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Refused == "" {
		t.Errorf("to somebody who takes none: %v", err)
	}
}

// TestWholeText attaches what is too long for a message, and takes that away when it is not any more.
func TestWholeText(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	long := strings.Repeat("woord ", 1000)
	r := h.sends(chat.Post{Key: "long", To: h.place("help"), Text: long})
	files := func() []string {
		var out []string
		for _, f := range h.fake.As("ana").Message(r.Channel, r.Message).Files {
			out = append(out, f.Name)
		}
		return out
	}
	if got := files(); !slices.Equal(got, []string{"whole-text.txt"}) {
		t.Errorf("its files are %q", got)
	}
	h.edits(r, chat.Post{Text: long + "more"})
	if got := files(); !slices.Equal(got, []string{"whole-text.txt"}) {
		t.Errorf("then its files are %q", got)
	}
	h.edits(r, chat.Post{Text: "short"})
	if got := files(); len(got) != 0 {
		t.Errorf("at last its files are %q", got)
	}
}

// TestLimits: nobody waits for a limit of Discord's inside of the library, blind repeats are none, and what the library
// knows of limits does not grow for ever.
func TestLimits(t *testing.T) {
	h := newHouse(t, discordfake.Options{Limits: true})
	var early *chat.SendError
	for i := range 10 {
		began := time.Now()
		_, err := h.d.Send(t.Context(), chat.Post{Key: fmt.Sprint(i), To: h.place("help"), Text: fmt.Sprint(i)})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("a post took %s", took)
		}
		if e, ok := errors.AsType[*chat.SendError](err); ok {
			early = e
			break
		}
	}
	if early == nil || early.Retry <= 0 || early.Retry > 10*time.Second || h.fake.Early() != 0 {
		t.Errorf("a flood gives %v, and %d calls came too early", early, h.fake.Early())
	}
	h.sends(chat.Post{Key: "elsewhere", To: h.place("triage"), Text: "elsewhere"})
	const route = "POST /channels/{channel}/messages"
	before := h.fake.Calls(route)
	h.fake.FailNext(route, -1, discordfake.Fault{Status: http.StatusInternalServerError})
	if _, err := h.d.Send(t.Context(), chat.Post{Key: "failing", To: h.place("triage"), Text: "failing"}); err == nil {
		t.Error("a failing post went well")
	}
	if n := h.fake.Calls(route) - before; n != 1 {
		t.Errorf("a failing post was tried %d times by itself", n)
	}
}
