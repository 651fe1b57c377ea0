package discord

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"balie/internal/chat"
)

// posts are the messages that the bot makes, by channel.
type posts struct {
	mu  sync.Mutex
	all []made
}

type made struct {
	channel string
	Content string         `json:"content"`
	Nonce   string         `json:"nonce"`
	Reply   *wireReference `json:"message_reference"`
}

func (p *posts) texts(channel string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, m := range p.all {
		if m.channel == channel {
			out = append(out, m.Content)
		}
	}
	return out
}

// writable lets the bot write into a channel.
func (s *station) writable(p *posts, channel string, about map[string]any) {
	about["id"] = channel
	s.answer("GET /channels/"+channel, about)
	s.answer("POST /channels/"+channel+"/messages", func(r *http.Request) any {
		m := made{channel: channel}
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, json.Unmarshal(body, &m)); err != nil {
			s.Error(err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all = append(p.all, m)
		return map[string]any{"id": idAt(time.Now()), "channel_id": channel}
	})
}

// listening is a bot that is connected.
func (s *station) listening(change ...func(*Discord)) (*listener, *line) {
	s.Helper()
	b := s.listen(change...)
	l := s.next()
	l.welcome("s1")
	b.until("the bot hears", b.hears)
	return b, l
}

// thread is a thread as the gateway tells it.
func thread(id, parent, owner string, kind int) map[string]any {
	return map[string]any{"id": id, "type": kind, "parent_id": parent, "guild_id": guildID, "owner_id": owner,
		"thread_metadata": map[string]any{"archived": false}}
}

func TestWhatPeopleWrite(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	s.answer("GET /channels/"+cardsID+"/messages/601", message("601", cardsID, botID, "a card"))
	l.dispatch("THREAD_CREATE", thread("501", cardsID, botID, publicThread))
	l.dispatch("THREAD_CREATE", thread("601", cardsID, anaID, publicThread)) // which somebody opened under a card
	l.dispatch("THREAD_CREATE", thread("701", cardsID, anaID, publicThread))
	l.dispatch("THREAD_CREATE", thread("801", forumID, anaID, publicThread))
	now := time.Now().Truncate(time.Millisecond).UTC()
	id := idAt(now)
	l.dispatch("MESSAGE_CREATE", more(message(id, "501", anaID, "in a thread"), map[string]any{"attachments": []any{
		map[string]any{"id": "1", "filename": "a.txt", "size": 3, "url": "https://cdn.discordapp.com/a.txt"}}}))
	l.dispatch("MESSAGE_UPDATE", more(message(id, "501", anaID, "in a thread"), map[string]any{"embeds": []any{}})) // a link unfolded
	l.dispatch("MESSAGE_UPDATE", more(message(id, "501", anaID, "changed"), map[string]any{"edited_timestamp": now.Add(time.Second)}))
	l.dispatch("MESSAGE_DELETE", map[string]any{"id": id, "channel_id": "501", "guild_id": guildID})
	b.tells("in a thread", "edited: changed", "deleted "+id)
	told := b.Stored()
	want := chat.Person{ID: anaID, Name: "Nick " + anaID, Handle: "u" + anaID}
	if e := told[0]; e.ID != "m|"+id || e.Workspace != guildID || e.Channel != cardsID || e.Thread != "501" || !e.OwnThread || e.Direct ||
		e.Person != want || e.Message.Author != want || !e.Message.At.Equal(now) || len(e.Message.Files) != 1 || e.Message.Files[0].Name != "a.txt" {
		t.Errorf("told %+v: %+v", e, e.Message)
	}
	if e := told[1]; !strings.HasPrefix(e.ID, "e|"+id+"|") || e.Thread != "501" || !e.At.Equal(now.Add(time.Second)) {
		t.Errorf("told %+v", e)
	}
	if e := told[2]; e.ID != "d|"+id || e.Thread != "501" || e.Person.ID != "" || e.Message.Text != "" {
		t.Errorf("told %+v", e)
	}
	for i, c := range []struct {
		channel, thread string
		own             bool
	}{{"601", "601", true}, {"701", "701", false}, {"801", "801", false}, {cardsID, "", false}} {
		id := snowflakeAt(now.UnixMilli() + 10 + int64(i))
		l.dispatch("MESSAGE_CREATE", message(id, c.channel, bramID, "hi"))
		b.until("that is told", func() bool { return len(b.Stored()) == 4+i })
		if e := b.Stored()[3+i]; e.Thread != c.thread || e.OwnThread != c.own || e.Channel != cardsID && c.channel != "801" {
			t.Errorf("told %+v", e)
		}
	}
	l.dispatch("MESSAGE_DELETE_BULK", map[string]any{"ids": []string{"5001", "5002"}, "channel_id": "501", "guild_id": guildID})
	l.dispatch("MESSAGE_DELETE", map[string]any{"id": "5003", "channel_id": cardsID, "guild_id": guildID})
	b.until("these are told", func() bool { return len(b.Stored()) == 10 })
}

func TestWhoIsNotHeard(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	for _, m := range []map[string]any{
		message("1001", cardsID, botID, "the bot"),
		more(message("1002", cardsID, "999", "another bot"), map[string]any{"author": map[string]any{"id": "999", "bot": true}}),
		more(message("1003", cardsID, anaID, "a webhook"), map[string]any{"webhook_id": "5"}),
		more(message("1004", cardsID, anaID, "joined"), map[string]any{"type": 7}),
		more(message("1005", cardsID, anaID, "system"), map[string]any{"author": map[string]any{"id": "643945264868098049", "system": true}}),
		more(message("1006", cardsID, anaID, "nobody"), map[string]any{"author": nil}),
		message("1007", cardsID, anaID, ""), // a sticker
	} {
		l.dispatch("MESSAGE_CREATE", m)
	}
	l.dispatch("MESSAGE_REACTION_ADD", map[string]any{"user_id": botID, "channel_id": cardsID, "message_id": "1", "guild_id": guildID, "emoji": map[string]any{"name": "🎫"}})
	l.dispatch("MESSAGE_REACTION_ADD", map[string]any{"user_id": "999", "channel_id": cardsID, "message_id": "1", "guild_id": guildID,
		"emoji": map[string]any{"name": "🎫"}, "member": map[string]any{"user": map[string]any{"id": "999", "bot": true}}})
	l.dispatch("MESSAGE_REACTION_ADD", map[string]any{"user_id": anaID, "channel_id": cardsID, "message_id": "1", "guild_id": guildID, "emoji": map[string]any{"name": "🦆"}})
	l.dispatch("MESSAGE_CREATE", message("1010", cardsID, anaID, "a person"))
	b.tells("a person")
	s.answer("GET /channels/"+dmID, denial{http.StatusForbidden, codeMissingAccess})
	l.dispatch("MESSAGE_CREATE", more(message("1011", "499", anaID, "where nobody is"), nil)) // the channel is gone
	l.dispatch("MESSAGE_CREATE", message("1012", cardsID, anaID, "and on"))
	b.tells("a person", "and on")
	b.until("nothing waits", b.hears)
}

func TestRepliesInADirectConversation(t *testing.T) {
	s := newStation(t)
	s.answer("GET /channels/"+dmID+"/messages/1100", message("1100", dmID, botID, "an old root"))
	b, l := s.listening()
	l.dispatch("MESSAGE_CREATE", message("1001", dmID, botID, "the root"))
	l.dispatch("MESSAGE_CREATE", replying(message("1002", dmID, botID, "in the conversation"), "1001"))
	for _, c := range []struct{ id, to, thread string }{
		{"1003", "1001", "1001"}, {"1004", "1002", "1001"}, {"1005", "1004", "1001"}, {"1006", "", ""}, {"1007", "1006", ""},
		{"1008", "1100", "1100"}, {"1009", "4444", ""},
	} {
		m := message(c.id, dmID, anaID, c.id)
		if c.to != "" {
			m = replying(m, c.to)
		}
		n := len(b.Stored())
		l.dispatch("MESSAGE_CREATE", m)
		b.until("it is told", func() bool { return len(b.Stored()) == n+1 })
		e := b.Stored()[n]
		if e.Thread != c.thread || e.Channel != dmID || !e.Direct || e.Workspace != guildID || e.OwnThread != (c.thread != "") {
			t.Errorf("told %+v", e)
		}
	}
	l.dispatch("MESSAGE_UPDATE", more(replying(message("1005", dmID, anaID, "changed"), "1004"), map[string]any{"edited_timestamp": time.Now()}))
	l.dispatch("MESSAGE_DELETE", map[string]any{"id": "1005", "channel_id": dmID})
	l.dispatch("MESSAGE_DELETE", map[string]any{"id": "1006", "channel_id": dmID})
	b.until("they are told", func() bool { return len(b.Stored()) == 10 })
	for _, e := range b.Stored()[7:] {
		if want := map[string]string{"1005": "1001"}[e.Message.ID]; e.Thread != want || e.Workspace != guildID {
			t.Errorf("told %+v", e)
		}
	}
	if s.mem.Kept()[directGroup+"/"+dmID] == nil {
		t.Error("the conversation is not kept")
	}
}

func TestRepliesWhereThereIsNoThread(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	l.dispatch("MESSAGE_CREATE", replying(more(message("1003", cardsID, anaID, "to the card"), map[string]any{
		"referenced_message": message("1001", cardsID, botID, "a card")}), "1001"))
	l.dispatch("MESSAGE_CREATE", replying(more(message("1004", cardsID, anaID, "to somebody"), map[string]any{
		"referenced_message": message("1002", cardsID, bramID, "hello")}), "1002"))
	b.until("they are told", func() bool { return len(b.Stored()) == 2 })
	for _, e := range b.Stored() {
		if want := map[string]string{"to the card": "1001", "to somebody": ""}[e.Message.Text]; e.Thread != want || e.OwnThread != (want != "") {
			t.Errorf("told %+v", e)
		}
	}
}

func TestReactions(t *testing.T) {
	s := newStation(t)
	s.answer("GET /channels/"+cardsID+"/messages/1001", message("1001", cardsID, bramID, "my printer"))
	s.answer("GET /channels/501/messages/1002", message("1002", "501", botID, "a card"))
	s.answer("GET /guilds/"+guildID+"/members/"+anaID, map[string]any{"user": map[string]any{"id": anaID, "username": "ana"}})
	s.answer("GET /guilds/"+guildID+"/members/"+bramID, map[string]any{"nick": "Bram", "user": map[string]any{"id": bramID, "username": "bram"}})
	b, l := s.listening()
	l.dispatch("THREAD_CREATE", thread("501", cardsID, botID, publicThread))
	put := func(channel, message, emoji string) map[string]any {
		return map[string]any{"user_id": anaID, "channel_id": channel, "message_id": message, "guild_id": guildID, "emoji": map[string]any{"name": emoji}}
	}
	l.dispatch("MESSAGE_REACTION_ADD", put(cardsID, "1001", "🎟️"))
	l.dispatch("MESSAGE_REACTION_REMOVE", put(cardsID, "1001", "🎟️"))
	l.dispatch("MESSAGE_REACTION_ADD", put(cardsID, "1001", "🎟️"))
	l.dispatch("MESSAGE_REACTION_ADD", put(cardsID, "1001", "👍🏽"))
	b.tells("emoji admission_tickets", "emoji admission_tickets", "emoji admission_tickets", "emoji +1")
	told := b.Stored()
	ref := chat.Ref{Platform: Name, Workspace: guildID, Channel: cardsID, Message: "1001"}
	if r := told[0].Reaction; r.Said == nil || r.Said.Text != "my printer" || r.Said.Author.Name != "Bram" || r.Message != ref || told[0].Person.ID != anaID {
		t.Errorf("told %+v", told[0])
	}
	if told[0].ID == told[2].ID || !told[1].Reaction.Removed || told[1].ID == told[0].ID || told[3].Reaction.Said != nil {
		t.Errorf("told %+v", told)
	}
	l.dispatch("MESSAGE_REACTION_ADD", put("501", "1002", "🎫"))
	b.until("it is told", func() bool { return len(b.Stored()) == 5 })
	if e := b.Stored()[4]; e.Thread != "501" || e.Reaction.Message.Thread != "501" || e.Reaction.Said != nil {
		t.Errorf("told %+v", e)
	}
}

func TestAForwardedMessage(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	l.dispatch("MESSAGE_CREATE", more(message("1001", cardsID, anaID, ""), map[string]any{
		"message_reference": map[string]any{"type": 1, "message_id": "7", "channel_id": "8"},
		"message_snapshots": []any{map[string]any{"message": map[string]any{"content": "one\ntwo",
			"attachments": []any{map[string]any{"id": "1", "filename": "a.txt", "url": "https://cdn.discordapp.com/a.txt"}}}}}}))
	b.tells("> one\n> two")
	if files := b.Stored()[0].Message.Files; len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
}

func TestAnswers(t *testing.T) {
	s, p := newStation(t), &posts{}
	s.writable(p, dmID, map[string]any{"type": directChannel})
	s.writable(p, "404", map[string]any{"type": directChannel})
	s.writable(p, "501", thread("501", cardsID, botID, privateThread))
	s.writable(p, cardsID, map[string]any{"type": textChannel, "guild_id": guildID})
	s.answer("POST /users/@me/channels", func(r *http.Request) any {
		return map[string]any{"id": "404", "type": directChannel}
	})
	b, l := s.listening()
	b.Answer(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		return chat.Reply{Text: "re " + e.Message.Text, Posts: []chat.Post{{Text: "and more"}}}, nil
	})
	l.dispatch("MESSAGE_CREATE", message("1001", dmID, anaID, "direct"))
	l.dispatch("THREAD_CREATE", thread("501", cardsID, botID, privateThread))
	l.dispatch("MESSAGE_CREATE", message("1002", "501", anaID, "private"))
	l.dispatch("MESSAGE_CREATE", message("1003", cardsID, bramID, "open"))
	for channel, want := range map[string]string{dmID: "re direct", "501": "re private", "404": "re open"} {
		b.until("it is answered in "+channel, func() bool { return len(p.texts(channel)) == 2 })
		if got := p.texts(channel); !slices.Equal(got, []string{want, "and more"}) {
			t.Errorf("in %s: %q", channel, got)
		}
	}
	p.mu.Lock()
	for _, m := range p.all {
		if (m.Reply != nil) != (m.channel == dmID) || m.Reply != nil && m.Reply.MessageID != "1001" || m.Nonce == "" {
			t.Errorf("posted %+v", m)
		}
	}
	p.mu.Unlock()
	if got := p.texts(cardsID); len(got) != 0 {
		t.Errorf("everybody reads %q", got)
	}
	s.answer("POST /channels/404/messages", denial{http.StatusForbidden, codeClosedDirect})
	l.dispatch("MESSAGE_CREATE", message("1004", cardsID, bramID, "again"))
	b.until("it is said where they wrote", func() bool { return len(p.texts(cardsID)) == 1 })
	if got := p.texts(cardsID)[0]; !strings.HasPrefix(got, "<@"+bramID+"> Ik heb een antwoord") {
		t.Errorf("everybody reads %q", got)
	}
	s.answer("POST /channels/404/messages", denial{http.StatusForbidden, codeMissingAccess})
	l.dispatch("MESSAGE_CREATE", message("1005", cardsID, bramID, "and again"))
	b.until("that is left", func() bool { return b.logged(logrus.WarnLevel, "could not be answered") == 1 && b.hears() })
}

func TestWhatCouldNotBeStoredIsToldAgain(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	var fails atomic.Int32
	fails.Store(3)
	b.Answer(func(context.Context, chat.Event) (chat.Reply, error) {
		if fails.Add(-1) >= 0 {
			return chat.Reply{}, errors.New("the store is away")
		}
		return chat.Reply{}, nil
	})
	l.dispatch("MESSAGE_CREATE", message("1001", dmID, anaID, "one"))
	l.dispatch("MESSAGE_CREATE", message("1002", dmID, anaID, "two"))
	b.tells("one", "two")
}

func TestWhatTheBotCannotHear(t *testing.T) {
	s, p := newStation(t), &posts{}
	s.flags = 0
	s.writable(p, "501", thread("501", cardsID, botID, publicThread))
	b, l := s.listening()
	l.dispatch("THREAD_CREATE", thread("501", cardsID, botID, publicThread))
	l.dispatch("THREAD_CREATE", thread("701", cardsID, anaID, publicThread))
	s.answer("GET /channels/"+cardsID+"/messages/701", message("701", cardsID, anaID, "hi"))
	l.dispatch("MESSAGE_CREATE", message("1001", "501", anaID, ""))
	l.dispatch("MESSAGE_CREATE", message("1002", "501", anaID, ""))
	l.dispatch("MESSAGE_UPDATE", more(message("1001", "501", anaID, ""), map[string]any{"edited_timestamp": time.Now()}))
	l.dispatch("MESSAGE_CREATE", message("1003", "701", anaID, "")) // none of the bot's
	l.dispatch("MESSAGE_CREATE", message("1004", "501", anaID, "<@"+botID+"> hello"))
	l.dispatch("MESSAGE_CREATE", message("1005", dmID, anaID, "direct"))
	b.until("what can be heard is told", func() bool { return len(b.Stored()) == 2 })
	if got := b.texts(); !slices.Contains(got, "hello") || !slices.Contains(got, "direct") || !b.Stored()[slices.Index(got, "hello")].Message.ToBot {
		t.Errorf("told %q", got)
	}
	b.until("nothing waits", b.hears)
	if got := p.texts("501"); len(got) != 1 || got[0] != words("nl").deaf {
		t.Errorf("people read %q", got)
	}
}

func TestPeopleAndPlacesChange(t *testing.T) {
	s := newStation(t)
	b, l := s.listening()
	b.d.people.known.Add(guildID+"|"+anaID, acquainted{at: time.Now()})
	l.dispatch("GUILD_MEMBER_UPDATE", map[string]any{"guild_id": guildID})
	b.until("who they are is forgotten", func() bool { return !b.d.people.known.Contains(guildID + "|" + anaID) })
	l.dispatch("THREAD_LIST_SYNC", map[string]any{"guild_id": guildID, "threads": []any{thread("501", cardsID, botID, publicThread)}})
	l.dispatch("CHANNEL_DELETE", map[string]any{"id": forumID})
	l.dispatch("GUILD_CREATE", map[string]any{"id": "302"})
	l.dispatch("GUILD_DELETE", map[string]any{"id": guildID, "unavailable": true})
	l.dispatch("GUILD_DELETE", map[string]any{"id": "303"})
	b.until("the other guild is known", func() bool { return slices.Contains(b.d.guilds.ids(), "302") })
	if !b.d.places.channels.Contains("501") || b.d.places.channels.Contains(forumID) || !slices.Contains(b.d.guilds.ids(), guildID) {
		t.Error("places are not what they are")
	}
	n := s.calls("GET /guilds/" + guildID + "/threads/active")
	l.dispatch("GUILD_CREATE", map[string]any{"id": guildID}) // Discord's trouble is over
	b.until("what was missed is looked for", func() bool { return s.calls("GET /guilds/"+guildID+"/threads/active") > n })
	l.dispatch("GUILD_DELETE", map[string]any{"id": guildID})
	b.until("it has left", func() bool { return !slices.Contains(b.d.guilds.ids(), guildID) })
}
