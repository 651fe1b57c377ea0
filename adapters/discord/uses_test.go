package discord_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"balie/adapters/discord"
	"balie/adapters/discord/discordfake"
	"balie/internal/chat"
)

// TestEachPermissionIsUsed holds the list of permissions against what the adapter does: with exactly those of a use all of it
// works, and without any one of them something does not. So the invite link asks for nothing that is of no use.
func TestEachPermissionIsUsed(t *testing.T) {
	for use, requests := range map[string]bool{"cards": false, "requests": true} {
		need := discord.Needs(requests)
		t.Run(use, func(t *testing.T) {
			if err := useAll(t, need, requests); err != nil {
				t.Errorf("with all permissions: %v", err)
			}
		})
		for _, p := range discord.Permissions() {
			if need&p.Bit == 0 {
				continue
			}
			t.Run(use+" without "+p.Name, func(t *testing.T) {
				if useAll(t, need&^p.Bit, requests) == nil {
					t.Error("nothing fails")
				}
			})
		}
	}
	t.Run("a forum", func(t *testing.T) {
		if err := useAll(t, discord.Needs(false)&^discordfake.CreatePublicThreads, false, "forum"); err != nil {
			t.Errorf("it needs no permission for threads: %v", err)
		}
	})
}

// useAll does everything that the adapter does in a channel, where the bot has these permissions, and says what did not work.
func useAll(t *testing.T, may uint64, requests bool, where ...string) error {
	h := newHouse(t, discordfake.Options{Guilds: []discordfake.Guild{{
		Name: "office", BotPermissions: may,
		Channels: []discordfake.Channel{{Name: "room"}, {Name: "forum", Kind: discordfake.Forum, Tags: []string{"New"}}},
	}}})
	channel := append(where, "room")[0]
	file := []chat.OutFile{{Name: "a.txt", Size: 1, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("a")), nil }}}
	about := func(closed bool) *chat.Topic {
		if requests {
			return topic("HD-1", closed, h.fake.UserID("ana"))
		}
		return topic("HD-1", closed)
	}
	root := chat.Post{Key: "card", To: h.place(channel), Card: card("HD-1"), Topic: about(false)}
	r, err := h.d.Send(t.Context(), root)
	if err != nil {
		return err
	}
	th := h.fake.Thread(r.Message)
	if th == nil {
		return errors.New("there is no thread")
	}
	reply := chat.Post{Key: "reply", To: h.place(channel), Text: "a reply", Files: file}
	reply.To.Thread = r.Message
	if _, err := h.d.Send(t.Context(), reply); err != nil {
		return err
	}
	if a, err := h.fake.As("ana").Say(t.Context(), th.ID, "thanks"); err != nil || a.Refused != "" {
		t.Fatalf("she can't write there: %q, %v", a.Refused, err)
	}
	said, err := h.d.Thread(t.Context(), r)
	if err == nil && len(said) == 0 {
		err = errors.New("the thread can't be read")
	}
	if err != nil {
		return err
	}
	for _, closed := range []bool{true, false, true} {
		root.Topic = about(closed)
		if err := h.d.Edit(t.Context(), r, root); err != nil {
			return err
		}
		if th := h.fake.Thread(r.Message); th.Archived != closed || th.Locked != closed {
			return fmt.Errorf("the thread is archived %v and locked %v, and the ticket closed %v", th.Archived, th.Locked, closed)
		}
	}
	reply.Key, reply.Files = "late", nil
	if _, err := h.d.Send(t.Context(), reply); err != nil {
		return err
	}
	if strings.Contains(h.log.String(), "cards are made of words") {
		return errors.New("cards are no embeds")
	}
	return h.d.Delete(t.Context(), r)
}
