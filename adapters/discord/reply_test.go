package discord

import (
	"fmt"
	"strings"
	"testing"

	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

func TestGoldenReplies(t *testing.T) {
	card := openedCard()
	other := chat.Card{Title: "HD-13 · Mail_merge", URL: "https://balie.example.org/tickets/HD-13", Author: &chat.Author{Name: "Ana"}, Text: "It *stopped*.",
		Facts: []chat.Fact{{Label: "Status", Value: "New"}, {Label: "Opened", Since: card.Facts[5].Since}}, Footer: "# 2 of 3"}
	hostile := chat.Post{Text: attack, Card: &chat.Card{Title: attack, Text: attack, Footer: attack, Author: &chat.Author{Name: attack}, Facts: []chat.Fact{{Label: attack, Value: attack}}}}
	for name, r := range map[string]chat.Reply{
		"list":    listOf(10),
		"lists":   listOf(25),
		"help":    {Text: "Write `/ticket` to tell us what is wrong.\n\n- `/ticket mine` shows your tickets", Buttons: clicksOn("", "New ticket")},
		"show":    {Posts: []chat.Post{{Card: &card, Text: "**Ana** · 2026-03-04 09:30 UTC\n> It *still* jams", Buttons: append(clicksOn("01JC", "Claim", "Reply"), menuOf("01JC", "Note", "Assign"))}}},
		"several": {Text: "Two of them", Posts: []chat.Post{{Card: &other, Buttons: clicksOn("01JC", "Claim", "Show")}, {Text: "And *this*."}, {Buttons: clicksOn("01JD", "Show")}}},
		"hostile": {Text: attack, Posts: []chat.Post{hostile, hostile}, Buttons: clicksOn("", attack)},
		"long":    {Text: strings.Repeat("A line of the answer, which is a long one.\n", 150), Buttons: clicksOn("", "Close")},
	} {
		t.Run(name, func(t *testing.T) {
			out := renderReply(r, carrying())
			if len(out) == 0 {
				t.Fatal("nothing")
			}
			for i, o := range out {
				valid(t, o)
				if i == 0 {
					golden.Check(t, "reply_"+name, "discord-interaction-response", map[string]any{"type": 4, "data": o.payload()})
				} else {
					golden.Check(t, fmt.Sprintf("reply_%s_%d", name, i+1), "discord-followup", o.payload())
				}
			}
		})
	}
}

func TestReplies(t *testing.T) {
	if out := renderReply(chat.Reply{}, carrying()); out != nil {
		t.Errorf("nothing is %+v", out)
	}
	if out := renderReply(chat.Reply{Text: "  \n"}, carrying()); out != nil {
		t.Errorf("nothing is %+v", out)
	}
	out := renderReply(chat.Reply{Text: "Done.", Posts: []chat.Post{{Text: "More."}}, Buttons: clicksOn("", "Undo")}, carrying())
	if len(out) != 1 || out[0].Content != "Done.\n\nMore." || len(out[0].Components) != 1 || out[0].Flags != flagEphemeral|flagSuppressEmbeds {
		t.Errorf("a text is %+v", out)
	}
	if out := renderReply(chat.Reply{Posts: []chat.Post{{Card: &chat.Card{Title: "t"}}}}, carrying()); len(out) != 1 || len(out[0].Embeds) != 1 || out[0].Flags != flagEphemeral {
		t.Errorf("a card is %+v", out)
	}
	if out := renderReply(chat.Reply{Buttons: clicksOn("", "Go")}, carrying()); len(out) != 1 || out[0].Content != "Go" {
		t.Errorf("a button is %+v", out)
	}
	// What is too long goes on in further messages; the buttons stand under the last of them.
	out = renderReply(chat.Reply{Text: strings.Repeat("word ", 5_000), Buttons: clicksOn("", "Go")}, carrying())
	if len(out) != repliesMax || !strings.HasSuffix(out[4].Content, "…") || len(out[4].Components) != 1 || len(out[0].Components) != 0 {
		t.Errorf("a long text is %d messages, the last %+v", len(out), out[len(out)-1])
	}
	// So do many posts.
	out = renderReply(listOf(200), carrying())
	last := out[len(out)-1]
	if len(out) != repliesMax || componentsOf(last.Components) > componentsMax || componentsOf(last.Components) < componentsMax-3 {
		t.Errorf("a long list is %d messages, the last of %d components", len(out), componentsOf(last.Components))
	}
	if out := renderReply(listOf(12), carrying()); len(out) != 1 {
		t.Errorf("a list of a dozen is %d messages", len(out))
	}
}
