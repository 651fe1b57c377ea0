package discord_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestWithoutEmbeds takes Embed Links from the bot: Discord drops cards then without an error, so they come in words.
func TestWithoutEmbeds(t *testing.T) {
	for _, channel := range []string{"triage", "forum", "help"} {
		t.Run(channel, func(t *testing.T) {
			h := newHouse(t, discordfake.Options{})
			id := h.place(channel).Channel
			h.fake.Deny(id, discordfake.EmbedLinks)
			c := &chat.Card{Title: "HD-1: Printer *jams*", URL: "https://desk.example/HD-1", Text: "It **jams**.\n\n> every day", Footer: "since May",
				Author: &chat.Author{Name: "Ana"}, Facts: []chat.Fact{{Label: "Status", Value: "New"}, {Label: "Priority", Value: "High"}}}
			p := chat.Post{Key: "card", To: h.place(channel), Card: c, Topic: topic("HD-1: Printer", false),
				Buttons: []chat.Button{{Label: "Claim", Value: chat.Value{Verb: "claim"}}}}
			if channel == "help" { // where requesters have their conversations
				p.Topic.People = []string{h.fake.UserID("ana")}
			}
			r := h.sends(p)
			reads := func() discordfake.Message {
				t.Helper()
				in, first := id, r.Message
				if channel != "triage" {
					in = r.Message
				}
				for _, m := range h.fake.As("bram").Messages(in) {
					if channel == "help" && m.Bot && !m.System || m.ID == first {
						return m
					}
				}
				for _, m := range h.fake.As("ana").Messages(in) {
					if channel == "help" && m.Bot && !m.System {
						return m
					}
				}
				t.Fatal("there is no card")
				return discordfake.Message{}
			}
			want := "### HD-1: Printer \\*jams\\*\nAna\nIt **jams**.\n\n> every day\n**Status:** New\n**Priority:** High\n-# since May"
			if m := reads(); m.Content != want || len(m.Embeds) != 0 || len(m.Components) != 1 {
				t.Errorf("the card reads %q with %d embeds and %d rows, want %q", m.Content, len(m.Embeds), len(m.Components), want)
			}
			if n := strings.Count(h.log.String(), "give the bot Embed Links there"); n != 1 || !strings.Contains(h.log.String(), "#"+channel) {
				t.Errorf("an admin is told %d times: %s", n, h.log.String())
			}

			// It follows the ticket, also for a process that knows nothing of it, and a second one has nothing to mend.
			c.Facts[0].Value, p.Buttons = "Closed", nil
			if err := h.another().Edit(t.Context(), r, p); err != nil {
				t.Fatal(err)
			}
			if m := reads(); !strings.Contains(m.Content, "**Status:** Closed") {
				t.Errorf("after an edit it reads %q", m.Content)
			}
			h.fake.Advance(10 * time.Minute)
			c.Facts[0].Value = "Reopened" // the ticket goes on meanwhile
			p.Again = time.Now().Add(-time.Hour)
			if again, err := h.another().Send(t.Context(), p); err != nil || again != r {
				t.Errorf("sent again it is %v, %v, first %v", again, err, r)
			}
			edits := h.fake.Calls("PATCH /channels/{channel}/messages/{message}")
			p.Key, p.Again, p.Topic = "second", time.Time{}, topic("HD-2", false)
			if channel == "help" {
				p.Topic.People = []string{h.fake.UserID("ana")}
			}
			h.sends(p)
			if n := h.fake.Calls("PATCH /channels/{channel}/messages/{message}"); n != edits {
				t.Errorf("the second card was made and then edited %d times", n-edits)
			}

			// With the permission it is a card again.
			h.fake.Allow(id, discordfake.EmbedLinks)
			if err := h.another().Edit(t.Context(), r, p); err != nil {
				t.Fatal(err)
			}
			if m := reads(); m.Content != "" || len(m.Embeds) != 1 || m.Embeds[0].Title != `HD-1: Printer \*jams\*` {
				t.Errorf("with the permission it reads %q and %+v", m.Content, m.Embeds)
			}
		})
	}
}

// TestCardsAreNoWords: what an agent wrote is not taken for the card in words that somebody deleted.
func TestCardsAreNoWords(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	p := chat.Post{Key: "first", To: h.place("help"), Text: "Here you follow HD-1.", Card: card("HD-1"), Topic: topic("HD-1", false, h.fake.UserID("ana"))}
	r := h.sends(p)
	to := h.place("help")
	to.Thread = r.Message
	h.sends(chat.Post{Key: "answer", To: to, Author: &chat.Author{Name: "Bram"}, Text: "Run this:\n```\n### printer\n```"})
	before := h.fake.As("ana").Messages(r.Message)
	first := slices.IndexFunc(before, func(m discordfake.Message) bool { return m.Bot && !m.System })
	h.fake.DeleteMessage(r.Message, before[first].ID)
	err := h.another().Edit(t.Context(), r, p)
	if e, ok := errors.AsType[*chat.SendError](err); !ok || !e.Gone {
		t.Errorf("the card that is gone: %v", err)
	}
	got := h.fake.As("ana").Messages(r.Message)
	if len(got) != len(before)-1 || !strings.Contains(got[len(got)-1].Content, "### printer") || len(got[len(got)-1].Embeds) > 0 {
		t.Errorf("what she reads then: %+v", got)
	}
}

// TestCardInWords keeps what a message may have.
func TestCardInWords(t *testing.T) {
	h := newHouse(t, discordfake.Options{})
	h.fake.Deny(h.place("help").Channel, discordfake.EmbedLinks)
	long := &chat.Card{Title: strings.Repeat("t", 300), Text: strings.Repeat("word ", 1000), Footer: "the end"}
	for i := range 30 {
		long.Facts = append(long.Facts, chat.Fact{Label: fmt.Sprint("fact ", i), Value: strings.Repeat("v", 200)})
	}
	r := h.sends(chat.Post{Key: "x", To: h.place("help"), Text: "see below", Card: long})
	for _, m := range h.fake.As("ana").Messages(h.place("help").Channel) {
		if m.ID != r.Message {
			continue
		}
		if n := len([]rune(m.Content)); n > 2000 || n < 1800 {
			t.Errorf("it has %d characters", n)
		}
		for _, part := range []string{"see below", "### ttt", "word word", "**fact 0:** vvv", "-# the end"} {
			if !strings.Contains(m.Content, part) {
				t.Errorf("it lacks %q", part)
			}
		}
		return
	}
	t.Error("it is not there")
}
