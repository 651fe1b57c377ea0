package discord

import (
	"strings"
	"testing"

	"balie/internal/chat"
)

// BenchmarkRender renders a triage card as they are: a description in Markdown, a dozen facts, buttons and a menu.
func BenchmarkRender(b *testing.B) {
	card := openedCard()
	card.Text = strings.Repeat("It started this morning after the paper was refilled: the display says *paper in tray 2*, but there is none. ", 5)
	p := chat.Post{Card: &card, Buttons: append(clicksOn("01JCXYZ", "Claim", "Reply", "Ask", "Resolve"), menuOf("01JCXYZ", "Note", "Assign", "Priority", "Status", "Follow", "Share", "Show", "Close"))}
	b.ReportAllocs()
	for b.Loop() {
		render(p, carrying()).payload()
	}
}

// BenchmarkInbound reads what somebody wrote.
func BenchmarkInbound(b *testing.B) {
	m := heard(b, strings.Repeat("It says *paper in tray 2* & stops, <@1>: see <https://example.org/e-35> <:sad:1>\n", 5))
	b.ReportAllocs()
	for b.Loop() {
		inbound(m, "9")
	}
}
