package mattermost

import (
	"strings"
	"testing"

	"balie/internal/chat"
)

// BenchmarkRender renders a triage card as they are: a description in Markdown, a dozen facts, six buttons and a menu.
func BenchmarkRender(b *testing.B) {
	m := unconnected(b)
	card := chat.Card{Title: "HD-00001 · Printer on floor 3 is broken, again", Author: &chat.Author{Name: "Ana Silva"}, Tone: chat.Info,
		Text:   strings.Repeat("It started this morning after the paper was refilled: the display says *paper in tray 2*, but there is none. ", 5),
		Footer: "We have your request and will look at it soon"}
	for range 12 {
		card.Facts = append(card.Facts, chat.Fact{Label: "What is the matter?", Value: "Paper jam (North building, floor 3, room 3.14)"})
	}
	p := chat.Post{Card: &card}
	for _, label := range []string{"Claim", "Reply", "Ask", "Resolve", "Close", "Show"} {
		p.Buttons = append(p.Buttons, chat.Button{Label: label, Value: chat.Value{Verb: label, Ticket: "01JCXYZ"}})
	}
	p.Buttons = append(p.Buttons, chat.Button{Label: "More …", Value: chat.Value{Verb: "more"}, Options: []chat.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}})
	button := m.buttonsAt(spot{channel: roomID})
	b.ReportAllocs()
	for b.Loop() {
		m.render(p, nil, button)
	}
}
