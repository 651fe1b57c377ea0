package adaptertest

import (
	"fmt"
	"strings"
	"time"

	"balie/internal/chat"
)

// SampleCard is a triage card as they are, with signs in it that mean something on some platform.
func SampleCard() chat.Card {
	at := time.Date(2026, 3, 4, 10, 30, 0, 0, time.FixedZone("Europe/Amsterdam", 3600))
	return chat.Card{
		Title: "HD-12 · Printer on the 2nd floor [jams]", Tone: chat.Info, URL: "https://balie.example.org/tickets/HD-12",
		Author: &chat.Author{Name: "Ana Silva"},
		Text:   "It eats every **second** page & jams.\n\n- tray 1\n- tray `2`\n\n```\nE-35 *paper* <here>\n```",
		Facts: []chat.Fact{
			{Label: "Status", Value: "New"}, {Label: "Assignee", Value: "nobody"}, {Label: "Priority", Value: "Normal"},
			{Label: "Requested", Value: "High"}, {Label: "Category", Value: "Hardware_and_printing"},
			{Label: "Opened", Value: at.Format(time.RFC3339), Since: at},
			{Label: "Where", Value: "Second floor, past the kitchen, next to the *big* plant"},
			{Label: "Since when?", Value: "today"}, {Label: "Which tray?", Value: "1, 2"}, {Label: "Followers", Value: "Ben, Chris"},
			{Label: "Shared with", Value: "everyone"}, {Label: "Files", Value: "photo.jpg"},
		},
	}
}

// SampleButtons are buttons of a ticket with these labels, each with its label as its verb.
func SampleButtons(ticket string, labels ...string) []chat.Button {
	var out []chat.Button
	for _, l := range labels {
		out = append(out, chat.Button{Label: l, Value: chat.Value{Verb: strings.ToLower(l), Ticket: ticket}})
	}
	return out
}

// SampleMenu is a menu of a ticket with these choices.
func SampleMenu(ticket string, labels ...string) chat.Button {
	b := chat.Button{Label: "More…", Value: chat.Value{Verb: "more", Ticket: ticket}}
	for _, l := range labels {
		b.Options = append(b.Options, chat.Option{Value: strings.ToLower(l), Label: l})
	}
	return b
}

// SampleList is an answer with so many tickets.
func SampleList(n int) chat.Reply {
	r := chat.Reply{Text: "**Your open tickets**", Buttons: SampleButtons("", "Next", "Closed ones")}
	for i := range n {
		r.Posts = append(r.Posts, chat.Post{Buttons: SampleButtons(fmt.Sprintf("01JC%02d", i), "Show"), Card: &chat.Card{
			Title: fmt.Sprintf("HD-%d · Printer on floor %d is broken, again", 10+i, i), Footer: "New · Normal · Ben de Vries",
			Tone: []chat.Tone{chat.Info, chat.Warn, chat.Good}[i%3],
		}})
	}
	return r
}
