package discord_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

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
	var early *chat.SendError // nil if it was waited for
	for i := range 10 {
		_, err := h.d.Send(t.Context(), chat.Post{Key: fmt.Sprint(i), To: h.place("help"), Text: fmt.Sprint(i)})
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
