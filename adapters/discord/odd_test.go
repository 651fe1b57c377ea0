package discord_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// calls calls the API as the bot, for what the adapter does not do.
func (h *house) calls(method, path, body string) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, h.fake.APIURL+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Authorization", "Bot "+h.fake.Token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= http.StatusBadRequest {
		h.Fatalf("%s %s: status %d, %v", method, path, resp.StatusCode, err)
	}
}

// under is the place under a post.
func under(r chat.Ref) chat.Place {
	return chat.Place{Platform: discord.Name, Workspace: r.Workspace, Channel: r.Channel, Thread: r.Message}
}

// TestNeverPublic: a conversation that is for its people alone is none in a forum, where everybody reads.
func TestNeverPublic(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	_, err := h.d.Send(t.Context(), chat.Post{Key: "k", To: h.place("forum"), Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID("ana"))})
	if why := blocked(t, err); !strings.Contains(why, "#forum") || len(h.fake.Threads(h.place("forum").Channel)) != 0 {
		t.Errorf("it waits for %q", why)
	}
}

// TestFirstPostOnce: who adopts a conversation that an earlier try began posts nothing in it that stands already.
func TestFirstPostOnce(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	p := chat.Post{Key: "k", To: h.place("help"), Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID("ana"))}
	root := h.sends(p)
	before := h.fake.Messages(root.Message)
	h.fake.Advance(6 * time.Minute)
	p.Again = time.Now().Add(-3 * time.Minute)
	if again, err := h.another().Send(t.Context(), p); err != nil || again != root || h.fake.Messages(root.Message) != before {
		t.Errorf("%+v, %v, with %d messages, before %d", again, err, h.fake.Messages(root.Message), before)
	}
}

// TestFirstPostDeleted: an answer is not taken for the first post that somebody deleted.
func TestFirstPostDeleted(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	p := chat.Post{Key: "k", To: h.place("help"), Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID("ana"))}
	root := h.sends(p)
	answer := h.sends(chat.Post{Key: "q", To: under(root), Text: "an answer"})
	for _, m := range h.fake.As("ana").Messages(root.Message) {
		if len(m.Embeds) > 0 {
			h.fake.DeleteMessage(root.Message, m.ID)
		}
	}
	e, ok := errors.AsType[*chat.SendError](h.another().Edit(t.Context(), root, p))
	if m := h.fake.As("ana").Message(root.Message, answer.Message); !ok || !e.Gone || m.Plain() != "an answer" {
		t.Errorf("the edit gives %v, the answer is %q", e, m.Plain())
	}
}

// TestFilesOfPeopleStay: what somebody attached stays when a text is edited, whatever it is called.
func TestFilesOfPeopleStay(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	p := chat.Post{Key: "k", To: h.place("help"), Text: "look", Files: []chat.OutFile{{Name: "message.txt", Size: 1, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("a")), nil
	}}}}
	r := h.sends(p)
	for _, text := range []string{"look!", strings.Repeat("woord ", 1000), "short again"} {
		h.edits(r, chat.Post{Text: text})
	}
	if m := h.fake.As("ana").Message(r.Channel, r.Message); len(m.Files) != 1 || m.Files[0].Name != "message.txt" {
		t.Errorf("its files are %+v", m.Files)
	}
}

// TestThreadsOfPeople reads threads of every sort for a ticket that is made of one, without what bots say in them.
func TestThreadsOfPeople(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	help := h.place("help").Channel
	ana := h.fake.As("ana")
	says := func(channel, text string) string {
		t.Helper()
		a, err := ana.Say(t.Context(), channel, text)
		if err != nil || a.Refused != "" {
			t.Fatalf("%q, %v", a.Refused, err)
		}
		return a.Message.ID
	}
	read := func(root string) []string {
		t.Helper()
		list, err := h.d.Thread(t.Context(), chat.Ref{Platform: discord.Name, Workspace: h.fake.Main().GuildID, Channel: help, Message: root})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range list {
			out = append(out, m.Text)
		}
		return out
	}
	h.calls(http.MethodPost, "/channels/"+help+"/threads", `{"name":"alone","type":11}`)
	alone := h.fake.Threads(help)[0].ID
	says(alone, "hello there")
	if got := read(alone); !slices.Equal(got, []string{"hello there"}) {
		t.Errorf("a thread without a message has %q", got)
	}
	root := says(help, "root")
	if got := read(root); !slices.Equal(got, []string{"root"}) {
		t.Errorf("a message has %q", got)
	}
	h.calls(http.MethodPost, "/channels/"+help+"/messages/"+root+"/threads", `{"name":"x"}`)
	h.calls(http.MethodPost, "/channels/"+root+"/messages", `{"content":"a bot's words"}`)
	says(root, "reply")
	if got := read(root); !slices.Equal(got, []string{"root", "reply"}) {
		t.Errorf("a thread with a bot has %q", got)
	}
}

// TestThreadDeleted: a reply comes through although somebody deleted the thread under the card.
func TestThreadDeleted(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "k", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	h.fake.DeleteChannel(root.Message)
	h.sends(chat.Post{Key: "q", To: under(root), Text: "reply"})
	if got := texts(h.fake.As("bram").Messages(root.Message)); !slices.Equal(got, []string{"reply"}) {
		t.Errorf("the thread has %q", got)
	}
}

// TestTagsChange: a forum's tags are those that it has now, and one that takes no posts without says so.
func TestTagsChange(t *testing.T) {
	h := newHouse(t, discordfake.Options{Guilds: []discordfake.Guild{{Name: "office", Channels: []discordfake.Channel{
		{Name: "forum", Kind: discordfake.Forum, Tags: []string{"new", "Closed"}}, {Name: "strict", Kind: discordfake.Forum, RequireTag: true, Tags: []string{"Nothing"}},
	}}}})
	forum := h.place("forum")
	h.fake.Allow(forum.Channel, discordfake.ManageChannels)
	h.sends(chat.Post{Key: "k", To: forum, Card: card("HD-1"), Topic: topic("HD-1", false)})
	h.calls(http.MethodPatch, "/channels/"+forum.Channel, `{"available_tags":[{"name":"New"}]}`)
	r := h.sends(chat.Post{Key: "k2", To: forum, Card: card("HD-2"), Topic: topic("HD-2", false)})
	if th := h.fake.Thread(r.Message); !slices.Equal(th.Tags, []string{"New"}) {
		t.Errorf("the tags are %q", th.Tags)
	}
	_, err := h.d.Send(t.Context(), chat.Post{Key: "k3", To: h.place("strict"), Card: card("HD-2"), Topic: topic("HD-2", false)})
	if why := blocked(t, err); !strings.Contains(why, "tag") {
		t.Errorf("it waits for %q", why)
	}
}

// TestDeletedForSure: a conversation counts as deleted only if it is.
func TestDeletedForSure(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "k", To: h.place("help"), Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID("ana"))})
	d := h.another()
	if _, err := d.Members(t.Context(), root.Workspace, root.Channel); err != nil { // which knows the channel, not the thread
		t.Fatal(err)
	}
	h.fake.FailNext("GET /channels/{channel}", 1, discordfake.Fault{Status: http.StatusServiceUnavailable})
	if err := d.Delete(t.Context(), root); err == nil {
		t.Error("it counts as deleted")
	}
	if err := d.Delete(t.Context(), root); err != nil || h.fake.Thread(root.Message) != nil {
		t.Errorf("it is still there: %v", err)
	}
}

// TestRenamedWhileAway: a thread that Discord put away gets its new name, and one that people named keeps theirs.
func TestRenamedWhileAway(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "k", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1 a", false)})
	h.fake.Archive(root.Message, false)
	h.edits(root, chat.Post{Card: card("HD-1"), Topic: topic("HD-1 b", false)})
	if th := h.fake.Thread(root.Message); th.Name != "HD-1 b" {
		t.Errorf("it is called %q", th.Name)
	}
	h.fake.Archive(root.Message, false)
	h.edits(root, chat.Post{Card: card("HD-1"), Topic: topic("HD-1 b", true)})
	if th := h.fake.Thread(root.Message); !th.Archived || !th.Locked {
		t.Errorf("after closing it is %+v", th)
	}
}

// TestAgentsFromInteractions: what an interaction tells of its channel makes nobody an agent.
func TestAgentsFromInteractions(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	d, err := discord.New(discord.Options{Token: h.fake.Token, APIURL: h.fake.APIURL, Secret: []byte(strings.Repeat("s", chat.SecretMin)), Memory: h.mem,
		PublicKey: h.fake.PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d.Hooks(func(context.Context, chat.Event) (chat.Reply, error) { return chat.Reply{Text: "hi"}, nil }))
	defer server.Close()
	h.fake.Deliver(server.URL)
	triage := h.place("triage").Channel
	if _, err := h.fake.As("bram").ForgeCommand(t.Context(), triage, map[string]any{"id": "1", "type": 1, "name": "ticket"}); err != nil {
		t.Fatal(err)
	}
	members, err := d.Members(t.Context(), h.fake.Main().GuildID, triage)
	if err != nil || len(members) != 1 || members[0].Name != "bram" {
		t.Errorf("the members are %+v, %v", members, err)
	}
}

// TestStaleElsewhere: a process that is told of no changes does not take a thread for open that another one has closed.
func TestStaleElsewhere(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	ana := h.fake.UserID("ana")
	root := h.sends(chat.Post{Key: "k", To: h.place("help"), Card: card("HD-1"), Topic: topic("HD-1", false, ana)})
	if err := h.another().Edit(t.Context(), root, chat.Post{Card: card("HD-1"), Topic: topic("HD-1", true, ana)}); err != nil {
		t.Fatal(err)
	}
	h.sends(chat.Post{Key: "q", To: under(root), Text: "reopened"})
	h.edits(root, chat.Post{Card: card("HD-1"), Topic: topic("HD-1", false, ana)})
	if a, err := h.fake.As("ana").Say(t.Context(), root.Message, "thanks"); err != nil || a.Refused != "" {
		t.Errorf("she can't write: %q, %v", a.Refused, err)
	}
}

// TestNobodyToAsk: as long as Discord does not tell in which servers the bot is, its agents stay as they were.
func TestNobodyToAsk(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	h.fake.Down(true)
	for _, w := range h.d.Workspaces() {
		if _, err := h.d.Group(t.Context(), w, h.fake.Main().RoleID("balie")); err == nil {
			t.Errorf("in %q there is nobody", w)
		}
	}
	h.fake.Down(false)
	if members, err := h.d.Members(t.Context(), "", h.place("triage").Channel); err == nil {
		t.Errorf("in no server there are %+v", members)
	}
	if len(h.d.Workspaces()) == 0 {
		t.Error("there is nothing to ask for")
	}
}

// TestUninvitable: somebody who does not see the channel, or has left, keeps nobody else from theirs.
func TestUninvitable(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	h.fake.Main().Leave("eva")
	for i, c := range []struct{ channel, who string }{{"triage", "ana"}, {"help", "eva"}} {
		r, err := h.d.Send(t.Context(), chat.Post{Key: fmt.Sprint(i), To: h.place(c.channel), Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID(c.who))})
		if e, ok := errors.AsType[*chat.SendError](err); ok && (e.Blocked != "" || e.Retry > 0) {
			t.Errorf("%s in %s: %v", c.who, c.channel, err)
		}
		if n := len(h.fake.Threads(h.place(c.channel).Channel)); n != 0 {
			t.Errorf("%s in %s leaves %d threads", c.who, c.channel, n)
		}
		if c.who == "ana" && (err != nil || h.fake.As("ana").Message(r.Channel, r.Message) == nil) {
			t.Errorf("she got no direct message: %v", err)
		}
	}
}

// TestCapOnTheWay: where no more threads may be open, those that were put away are done without.
func TestCapOnTheWay(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "k", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	h.fake.Archive(root.Message, false)
	h.fake.Main().MaxThreads(0)
	h.d = h.another()
	reply := chat.Post{Key: "q", To: under(root), Text: "reply"}
	r := h.sends(reply)
	if m := h.fake.As("bram").Message(root.Channel, r.Message); m == nil || m.Reply != root.Message {
		t.Fatalf("the reply is %+v", m)
	}
	// It is found again in the channel.
	h.fake.Advance(6 * time.Minute)
	reply.Again = time.Now().Add(-3 * time.Minute)
	fresh := chat.Post{Key: "k2", To: h.place("triage"), Card: card("HD-2"), Topic: topic("HD-2", false)}
	root = h.sends(fresh)
	flat := chat.Post{Key: "q2", To: under(root), Text: "flat reply"}
	h.sends(flat)
	h.fake.Advance(6 * time.Minute)
	before := h.fake.Messages(root.Channel)
	flat.Again = time.Now().Add(-3 * time.Minute)
	if _, err := h.another().Send(t.Context(), flat); err != nil || h.fake.Messages(root.Channel) != before {
		t.Errorf("%v, with %d messages, before %d", err, h.fake.Messages(root.Channel), before)
	}
}

// TestLimitOfThreads: a limit of new threads holds up nothing that needs none.
func TestLimitOfThreads(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	h.fake.FailNext("POST /channels/{channel}/threads", 2, discordfake.Fault{Status: http.StatusTooManyRequests, Wait: time.Minute})
	for _, p := range []chat.Post{
		{Key: "c", To: h.place("help"), Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID("ana"))},
		{Key: "f", To: h.place("forum"), Card: card("HD-1"), Topic: topic("HD-1", false)},
	} {
		_, err := h.d.Send(t.Context(), p)
		if e, ok := errors.AsType[*chat.SendError](err); !ok || e.Retry > 0 || e.Gone || e.Refused != "" || e.Blocked != "" {
			t.Errorf("%q: %+v, want to be tried again by itself", p.Key, e)
		}
	}
}

// TestEditIsNotForgotten: an edit whose post can't be looked up at the moment is tried again, and not taken for done.
func TestEditIsNotForgotten(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	root := h.sends(chat.Post{Key: "k", To: h.place("triage"), Card: card("HD-1"), Topic: topic("HD-1", false)})
	note := h.sends(chat.Post{Key: "q", To: under(root), Text: "a note"})
	d := h.another()
	if _, err := d.Members(t.Context(), root.Workspace, root.Channel); err != nil { // which knows the channel, not the thread
		t.Fatal(err)
	}
	h.fake.FailNext("GET /channels/{channel}", 1, discordfake.Fault{Status: http.StatusServiceUnavailable})
	if e, ok := errors.AsType[*chat.SendError](d.Edit(t.Context(), note, chat.Post{Text: "another note"})); !ok || e.Retry == 0 {
		t.Errorf("the edit gives %v", e)
	}
	if err := d.Edit(t.Context(), note, chat.Post{Text: "another note"}); err != nil {
		t.Error(err)
	}
}
