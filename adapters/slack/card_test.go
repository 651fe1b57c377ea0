package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"
	"pgregory.net/rapid"

	"balie/adapters/adaptertest"
	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

// stub makes a button, and of a menu buttons and what stands behind three dots.
func stub(b chat.Button) []slackapi.BlockElement {
	button := func(label, choice string) slackapi.BlockElement {
		value := fmt.Sprintf(`{"v":%q,"t":%q,"c":%q}`, b.Value.Verb, b.Value.Ticket, choice)
		label = oneLine(label, labelMax)
		e := slackapi.NewButtonBlockElement("b"+fmt.Sprintf("%x", label+b.Value.Ticket)[:min(2*len(label+b.Value.Ticket), 60)], value, plainText(label))
		e.Style = slackapi.Style(b.Style)
		return e
	}
	if b.Label == "" {
		return nil
	}
	alone := max(0, len(b.Options)-5)
	var out []slackapi.BlockElement
	if len(b.Options) == 0 {
		return append(out, button(b.Label, ""))
	}
	for _, o := range b.Options[:alone] {
		out = append(out, button(o.Label, o.Value))
	}
	var options []*slackapi.OptionBlockObject
	for _, o := range b.Options[alone:] {
		options = append(options, slackapi.NewOptionBlockObject(o.Value, plainText(oneLine(o.Label, labelMax)), nil))
	}
	return append(out, slackapi.NewOverflowBlockElement("menu:"+b.Value.Ticket, options...))
}

var on, menu, listed = adaptertest.SampleButtons, adaptertest.SampleMenu, adaptertest.SampleList

func opened() chat.Card {
	card := adaptertest.SampleCard()
	card.Author.Avatar = "https://avatars.slack-edge.com/2026-01-01/u1_72.png"
	return card
}

const attack = "<!channel> @here <@U1> *x* _y_ ~z~ `c` &lt;!here&gt; [x](javascript:alert(1)) <https://evil.example|safe> ![p](https://evil.example/p.png)\u202e\n```\n<!here>"

func TestGoldenMessages(t *testing.T) {
	triage, requester, panel := opened(), opened(), chat.Card{
		Title: "Need help?", Text: "Tell us what is wrong, and we will look at it.\nYou will hear from us *here*.", Tone: chat.Info,
	}
	requester.Author, requester.URL, requester.Footer = nil, "", "We have it. Just write here if there is more to tell."
	for name, p := range map[string]chat.Post{
		"triage": {Card: &triage, Buttons: append(append([]chat.Button{{Label: "Claim", Style: chat.Primary, Value: chat.Value{Verb: "claim", Ticket: "01JC"}}},
			on("01JC", "Reply", "Ask", "Resolve")...), menu("01JC", "Note", "Assign", "Priority", "Status", "Follow", "Share", "Show", "Close"))},
		"requester": {Text: "Your request **HD-12** is here. Answer in this thread.", Card: &requester, Buttons: on("01JC", "Close", "Follow")},
		"entry": {Text: "Have you *tried* the other tray? See [the guide](https://example.org/a?b=1&c=(2)) or https://example.org/faq.\n\n> It eats pages\n> ```\n> E-35\n> ```\n\n1. open it\n2. wait",
			Author: &chat.Author{Name: "Ben_de_Vries"}, Mention: []string{"U1", "W2AB", "U1", "gone", "!here"}},
		"quote": {Text: "> It eats pages\n\nNot any more.", Mention: []string{"U1"}},
		"ask":   {Text: "❓ *Ben asks:*\nWhich tray is it?", Mention: []string{"U1"}, Buttons: on("01JC", "Answer", "Close")},
		"panel": {Text: panel.Title, Card: &panel, Buttons: []chat.Button{{Label: "New ticket", Style: chat.Primary, Value: chat.Value{Verb: "open"}}}},
		"hostile": {Text: attack, Author: &chat.Author{Name: attack}, Card: &chat.Card{
			Title: attack, URL: "javascript:alert(1)", Text: attack, Footer: attack, Tone: chat.Alert,
			Author: &chat.Author{Name: attack, Avatar: "https://evil.example/pixel.png"}, Facts: []chat.Fact{{Label: attack, Value: attack}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := render(p, stub)
			valid(t, m, p.Mention...)
			v := map[string]any{"channel": "C1", "text": m.text, "blocks": m.blocks}
			if p.Author != nil {
				v["username"] = oneLine(p.Author.Name, labelMax)
			}
			golden.Check(t, "message-"+name, "slack-message", v)
		})
	}
}

func TestGoldenReplies(t *testing.T) {
	card := opened()
	for name, r := range map[string]chat.Reply{
		"list": listed(10),
		"help": {Text: "Write `/ticket` to tell us what is wrong.\n\n- `/ticket mine` shows your tickets", Buttons: on("", "New ticket")},
		"show": {Posts: []chat.Post{{Card: &card, Text: "**Ana** · 2026-03-04 09:30 UTC\n> It *still* jams", Buttons: append(on("01JC", "Claim", "Reply"), menu("01JC", "Note", "Assign"))}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := renderPrivate(r, stub)
			valid(t, m)
			golden.Check(t, "reply-"+name, "slack-response-url", map[string]any{"response_type": "ephemeral", "text": m.text, "blocks": m.blocks})
			golden.Check(t, "reply-"+name+"-blocks", "slack-blocks", m.blocks)
		})
	}
}

func TestGoldenHomes(t *testing.T) {
	for name, h := range map[string]chat.Home{
		"requester": {
			Text: "Hello **Ana**, what can we do for you?", Buttons: on("", "New ticket"),
			Sections: []chat.Section{
				{Title: "Open", Posts: listed(3).Posts, Buttons: on("", "Next")},
				{Title: "Closed", Text: "Nothing here."},
			},
		},
		"agent": {
			Text: "Hello **Ben**.", Buttons: on("", "New ticket"),
			Sections: []chat.Section{
				{Title: "Mine", Posts: listed(2).Posts},
				{Title: "Unassigned", Posts: []chat.Post{{Buttons: on("01JC", "Claim", "Show"), Card: &chat.Card{Title: "HD-12 · Printer", Footer: "New · High", Tone: chat.Alert}}}, Buttons: on("", "Next")},
				{Title: "About to breach", Text: "None."},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			blocks := renderHome(h, stub)
			golden.Check(t, "home-"+name, "slack-view", map[string]any{"type": "home", "blocks": blocks})
		})
	}
}

type failing interface{ Fatalf(string, ...any) }

// valid looks for what Slack refuses, and for what nobody may make a message say.
func valid(t failing, m rendering, called ...string) {
	raw, err := json.Marshal(m.blocks)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var all any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%v", err)
	}
	total := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for key, one := range v {
				s, is := one.(string)
				if !is {
					walk(one)
					continue
				}
				if key != "type" {
					total += utf8.RuneCountInString(s)
				}
				switch {
				case key == "text" && s == "":
					t.Fatalf("an empty text in %s", raw)
				case key == "text" && v["type"] == "mrkdwn":
					unmentioned(t, s, called)
					if v["verbatim"] != true {
						t.Fatalf("Slack looks for names in %q", s)
					}
				}
			}
		}
	}
	walk(all)
	if total > blocksMax || len(m.blocks) > messageBlocks {
		t.Fatalf("%d blocks with %d characters", len(m.blocks), total)
	}
	unmentioned(t, m.text, called)
	if n := utf8.RuneCountInString(m.text); n > notificationMax || n == 0 && len(m.blocks) > 0 {
		t.Fatalf("the notification is %q", m.text)
	}
}

// unmentioned checks a text after those at its beginning who are to be called.
func unmentioned(t failing, s string, called []string) {
	for _, id := range called {
		if account.MatchString(id) {
			s = strings.TrimPrefix(strings.TrimPrefix(s, "<@"+id+">"), " ")
		}
	}
	check(t, s, s, 3_000)
}

func TestCardDetails(t *testing.T) {
	card := func(change func(*chat.Card)) string {
		c := opened()
		change(&c)
		raw, err := json.Marshal(render(chat.Post{Card: &c}, nil).blocks)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for avatar, want := range map[string]bool{
		"https://avatars.slack-edge.com/u1.png":       true,
		"https://secure.gravatar.com/avatar/1.jpg":    true,
		"https://evil.example/p.png":                  false,
		"http://avatars.slack-edge.com/u1.png":        false,
		"https://avatars.slack-edge.com.evil.example": false,
		"https://u@avatars.slack-edge.com/u1.png":     false,
		"javascript:alert(1)":                         false,
		"":                                            false,
	} {
		if got := strings.Contains(card(func(c *chat.Card) { c.Author.Avatar = avatar }), "image_url"); got != want {
			t.Errorf("the picture %q is shown: %t", avatar, got)
		}
	}
	if s := card(func(c *chat.Card) { c.URL = "mailto:a@example.org" }); !strings.Contains(s, `mailto`) {
		t.Errorf("no link in %s", s)
	}
	if s := card(func(c *chat.Card) { c.URL = "ftp://example.org" }); strings.Contains(s, "ftp") || !strings.Contains(s, "HD-12") {
		t.Errorf("a link in %s", s)
	}
	if s := card(func(*chat.Card) {}); !strings.Contains(s, `\u003c!date^1772616600^{date_short_pretty} {time} ({ago})|2026-03-04 09:30 UTC\u003e`) {
		t.Errorf("no time in %s", s)
	}
	if m := render(chat.Post{Buttons: on("", "One", "Two")}, stub); m.text != "One · Two" || len(m.blocks) != 1 {
		t.Errorf("buttons alone are %+v", m)
	}
	if m := render(chat.Post{}, stub); m.text != "" || len(m.blocks) != 0 {
		t.Errorf("nothing is %+v", m)
	}
	if m := render(chat.Post{Text: "x", Mention: []string{"U1"}, Quiet: true}, stub); m.text != "x" {
		t.Errorf("who is not to be told reads %q", m.text)
	}
	if m := render(chat.Post{Text: "x", Buttons: append(on("t", "One", "One"), menu("t", "A", "B"))}, stub); len(m.blocks) != 2 {
		t.Errorf("the same button twice: %+v", m.blocks)
	}
}

// long is a post that is too much of everything.
func long() chat.Post {
	text := strings.Repeat("woord ✓ *x* <@U1> & ", 700)
	var facts []chat.Fact
	var buttons []chat.Button
	for i := range 60 {
		facts = append(facts, chat.Fact{Label: text, Value: text})
		buttons = append(buttons, chat.Button{Label: fmt.Sprint(i, text), Value: chat.Value{Verb: "go", Ticket: fmt.Sprint(i)}})
	}
	return chat.Post{
		Text: text, Author: &chat.Author{Name: text}, Buttons: buttons,
		Card: &chat.Card{Title: text, Author: &chat.Author{Name: text}, Text: text, Footer: text, Facts: facts},
	}
}

func TestMessagesAreNotTooLong(t *testing.T) {
	p := long()
	m := render(p, stub)
	valid(t, m)
	golden.Check(t, "message-long", "slack-message", map[string]any{"channel": "C1", "text": m.text, "blocks": m.blocks})
	if m := render(chat.Post{Text: p.Text}, stub); toldBy(m) < messageMax*9/10 {
		t.Errorf("of a long text only %d characters are left", toldBy(m))
	}
	heavy := func(b chat.Button) []slackapi.BlockElement {
		return []slackapi.BlockElement{slackapi.NewButtonBlockElement(b.Value.Ticket, strings.Repeat("v", 900), plainText("x"))}
	}
	m = render(p, heavy)
	if valid(t, m); len(m.blocks) < 3 {
		t.Errorf("buttons that carry a lot leave %d blocks", len(m.blocks))
	}
	code := "```\n" + strings.Repeat("<`&`> ", 5_000) + "\n```\n" + strings.Repeat("- *a*\n", 3_000)
	valid(t, render(chat.Post{Text: code, Card: &chat.Card{Text: code}}, stub))
	r := chat.Reply{Text: p.Text, Buttons: p.Buttons}
	for range 20 {
		r.Posts = append(r.Posts, p)
	}
	valid(t, renderPrivate(r, stub))
	valid(t, renderPrivate(listed(200), stub))
	if m := renderPrivate(listed(200), stub); len(m.blocks) < 40 {
		t.Errorf("only %d blocks of a long list", len(m.blocks))
	}
	full := chat.Card{Title: "t", Text: "x", Footer: "f", Author: &chat.Author{Name: "a"}, Facts: []chat.Fact{{Label: "l", Value: "v"}}}
	for n := range 60 {
		r := chat.Reply{Text: "x", Buttons: on("", "One")}
		for range n {
			r.Posts = append(r.Posts, chat.Post{Card: &chat.Card{Title: "t"}})
		}
		r.Posts = append(r.Posts, chat.Post{Text: "y", Card: &full, Buttons: on("", "Two")}, chat.Post{Card: &full})
		valid(t, renderPrivate(r, stub))
	}
	h := chat.Home{Text: p.Text, Buttons: p.Buttons}
	for range 6 {
		h.Sections = append(h.Sections, chat.Section{Title: p.Text, Text: p.Text, Posts: r.Posts, Buttons: p.Buttons})
	}
	golden.Check(t, "home-long", "slack-view", map[string]any{"type": "home", "blocks": renderHome(h, stub)})
}

func toldBy(m rendering) (n int) {
	for _, b := range m.blocks {
		if s, ok := b.(*slackapi.SectionBlock); ok && s.Text != nil {
			n += utf8.RuneCountInString(s.Text.Text)
		}
	}
	return n
}

func TestMessagesAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string { return hostile().Draw(t, label) }
		p := chat.Post{
			Text: text("text"), Author: &chat.Author{Name: text("name")}, Mention: rapid.SliceOfN(rapid.SampledFrom([]string{"U1", "W2", "!here", "", "u1", "U1>"}), 0, 3).Draw(t, "mention"),
			Card: &chat.Card{
				Title: text("title"), URL: text("url"), Text: text("card"), Footer: text("footer"),
				Author: &chat.Author{Name: text("author"), Avatar: text("avatar")},
				Facts:  []chat.Fact{{Label: text("label"), Value: text("value")}, {Label: text("label")}, {Value: text("value")}},
			},
			Buttons: on(text("ticket"), "Go"),
		}
		valid(t, render(p, stub), p.Mention...)
		valid(t, renderPrivate(chat.Reply{Text: p.Text, Posts: []chat.Post{p, {Card: &chat.Card{Title: p.Text, Footer: p.Text}}}}, stub), p.Mention...)
	})
}
