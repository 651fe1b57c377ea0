package discord_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

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

// TestForum has each ticket be a post of a forum, with its status as a tag.
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

// TestTagsOfPeople keeps the tags that people gave a post, as far as Discord allows five: that of the status goes beside them.
func TestTagsOfPeople(t *testing.T) {
	given := []string{"Printers", "Wifi", "Third floor", "Urgent", "Twice"}
	h := newHouse(t, discordfake.Options{Guilds: []discordfake.Guild{{Name: "office", Channels: []discordfake.Channel{
		{Name: "forum", Kind: discordfake.Forum, Tags: append([]string{"new", "Closed"}, given...)},
	}}}})
	root := h.sends(chat.Post{Key: "card", To: h.place("forum"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	gives := func(names ...string) {
		t.Helper()
		var ids []string
		for _, name := range names {
			ids = append(ids, `"`+h.fake.Main().TagID(root.Channel, name)+`"`)
		}
		h.calls(http.MethodPatch, "/channels/"+root.Message, `{"applied_tags":[`+strings.Join(ids, ",")+`]}`)
	}
	becomes := func(closed bool, want ...string) {
		t.Helper()
		h.edits(root, chat.Post{Card: card("HD-1"), Topic: topic("HD-1", closed)})
		if got := h.fake.Thread(root.Message).Tags; !slices.Equal(got, want) {
			t.Errorf("closed is %v: the tags are %q, want %q", closed, got, want)
		}
	}
	gives("new", "Printers", "Wifi")
	becomes(true, "Printers", "Wifi", "Closed")
	becomes(false, "Printers", "Wifi", "new")
	gives(given...)
	becomes(true, "Printers", "Wifi", "Third floor", "Urgent", "Closed")
	becomes(false, "Printers", "Wifi", "Third floor", "Urgent", "new")
	if log := h.log.String(); strings.Contains(log, "level=warning") {
		t.Errorf("the log says %s", log)
	}
}

// TestThreadIsFull: where a private thread takes no more people the conversation is a direct one, and no thread stays behind.
func TestThreadIsFull(t *testing.T) {
	const full = "PUT /channels/{channel}/thread-members/{user}"
	for name, o := range map[string]discordfake.Options{"at once": {MaxThreadMembers: 1}, "on the way": {MaxThreadMembers: 2}} {
		h := newHouse(t, o)
		ana, bram := h.fake.UserID("ana"), h.fake.UserID("bram")
		people := []string{ana}
		if name == "on the way" {
			people = append(people, bram)
		}
		before := h.fake.Calls(full)
		p := chat.Post{Key: "conversation", To: h.place("help"), Text: "Here you follow HD-1.", Card: card("HD-1"), Topic: topic("HD-1", false, people...)}
		root := h.sends(p)
		if h.fake.Calls(full) == before || len(h.fake.Threads(h.place("help").Channel)) != 0 {
			t.Errorf("%s: after %d tries to add somebody there are the threads %+v", name, h.fake.Calls(full)-before, h.fake.Threads(h.place("help").Channel))
		}
		if root.Channel != h.fake.Direct("ana") || root.Thread != "" {
			t.Errorf("%s: the conversation is at %+v", name, root)
		}
		if got := texts(h.fake.As("ana").Messages(root.Channel)); len(got) != 1 || !strings.Contains(got[0], "Here you follow HD-1.") {
			t.Errorf("%s: she sees %q", name, got)
		}
		if again := h.sends(p); again != root { // nor is it begun a second time
			t.Errorf("%s: sent again it is at %+v", name, again)
		}
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
