package mattermost

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mattermost/mattermost/server/public/model"
	"pgregory.net/rapid"

	"balie/internal/chat"
)

const server = "https://chat.example.org"

// rendered is a post as it would be sent, with buttons that need no tokens.
func rendered(p chat.Post) (string, []*model.MessageAttachment) {
	m := &Mattermost{opts: Options{URL: server}}
	n := 0
	return m.render(p, func(id string) string { return map[string]string{"u1": "ana", "u2": "ben.de-vries"}[id] },
		func(b chat.Button) *model.PostAction {
			n++
			if b.Label == "" {
				return nil
			}
			a := &model.PostAction{Id: fmt.Sprint("b", n), Name: line(b.Label, labelMax), Type: model.PostActionTypeButton,
				Integration: &model.PostActionIntegration{URL: "https://balie.example.org/hooks/mattermost/action", Context: map[string]any{"t": "sealed"}}}
			for _, o := range b.Options {
				a.Type = model.PostActionTypeSelect
				a.Options = append(a.Options, &model.PostActionOptions{Text: line(o.Label, labelMax), Value: o.Value})
			}
			return a
		})
}

func opened() chat.Card {
	at := time.Date(2026, 3, 4, 10, 30, 0, 0, time.FixedZone("Europe/Amsterdam", 3600))
	return chat.Card{
		Title: "HD-12 · Printer on the 2nd floor [jams]", Tone: chat.Info,
		Author: &chat.Author{Name: "Ana Silva", Avatar: server + "/api/v4/users/u1/image?_=5"},
		Text:   "It eats every **second** page.\n\n- tray 1\n- tray `2`\n\n```\nE-35 *paper*\n```",
		Facts: []chat.Fact{
			{Label: "Status", Value: "New"}, {Label: "Assignee", Value: "nobody"}, {Label: "Priority", Value: "Normal"},
			{Label: "Requested", Value: "High"}, {Label: "Category", Value: "Hardware_and_printing"},
			{Label: "Opened", Value: at.Format(time.RFC3339), Since: at},
			{Label: "Where", Value: "Second floor, past the kitchen, next to the *big* plant"},
		},
	}
}

func TestGoldenPosts(t *testing.T) {
	triage, requester, resolved := opened(), opened(), opened()
	requester.Author, requester.Footer = nil, "We have it. Just write here if there is more to tell."
	requester.URL = "https://balie.example.org/tickets/HD-12"
	resolved.Tone = chat.Good
	hostile := "@channel [x](javascript:alert(1)) <!here> &#64;all **b** ![p](https://evil.example/p.png)\u202e\n[d]: ftp://x\n`](`"
	for name, p := range map[string]chat.Post{
		"triage": {Card: &triage, Buttons: []chat.Button{
			{Label: "Claim", Style: chat.Primary}, {Label: "Reply"}, {Label: "Ask"}, {Label: "Resolve"},
			{Label: "More…", Options: []chat.Option{{Value: "note", Label: "Note"}, {Value: "assign", Label: "Assign"}}},
		}},
		"requester":  {Text: "Your request **HD-12** is here. Answer in this thread.", Card: &requester, Buttons: []chat.Button{{Label: "Close"}, {Label: "Follow"}}},
		"entry":      {Text: "Have you *tried* the other tray? See [the guide](https://example.org/a?b=1&c=(2)).", Author: &chat.Author{Name: "Ben_de_Vries"}, Mention: []string{"u1", "u2", "gone"}},
		"quote":      {Text: "> It eats pages\n\nNot any more.", Author: &chat.Author{Name: "Ben"}},
		"resolution": {Text: "✅ **HD-12** is resolved: a new roller.", Mention: []string{"u1"}, Buttons: []chat.Button{{Label: "Reopen", Style: chat.Primary}, {Label: "Close"}}},
		"long": {
			Text: "De printer op de tweede verdieping doet het weer: " + strings.Repeat("de papierinvoer is schoongemaakt en getest. ", 3),
			Card: &chat.Card{
				Title: "HD-1234 · " + strings.Repeat("Arbeidsongeschiktheidsverzekeringsmaatschappij ", 4), Tone: chat.Warn,
				Text:  strings.Repeat("Met vriendelijke groet, de servicedesk. ", 20),
				Facts: []chat.Fact{{Label: "Verantwoordelijke behandelaar", Value: "Maximiliaan van der Bovenkamp-Oosterwijk"}, {Label: "Status", Value: "Wacht op de aanvrager"}},
			},
		},
		"hostile": {Text: hostile, Author: &chat.Author{Name: hostile}, Card: &chat.Card{
			Title: hostile, URL: "javascript:alert(1)", Text: hostile, Footer: hostile, Tone: chat.Alert,
			Author: &chat.Author{Name: hostile, Avatar: "https://evil.example/pixel.png"}, Facts: []chat.Fact{{Label: hostile, Value: hostile}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			message, attachments := rendered(p)
			valid(t, message, attachments)
			v := map[string]any{"channel_id": strings.Repeat("c", 26), "message": message}
			if len(attachments) > 0 {
				v["props"] = map[string]any{model.PostPropsAttachments: attachments}
			}
			golden(t, "post-"+name, "mattermost-post", v)
		})
	}
}

func valid(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, message string, attachments []*model.MessageAttachment,
) {
	for _, a := range attachments {
		if err := a.IsValid(); err != nil {
			t.Errorf("%v", err)
		}
		if len(a.Actions) > buttonsMax {
			t.Errorf("%d buttons", len(a.Actions))
		}
		check(t, "", a.Text, cardMax)
		for _, f := range a.Fields {
			value, ok := f.Value.(string)
			if !ok {
				t.Fatalf("a field has a %T", f.Value)
			}
			check(t, "", value, cardMax)
		}
		if a.TitleLink == "" {
			check(t, "", a.Title, labelMax)
		}
		flat, err := json.Marshal(a)
		if err != nil {
			t.Fatalf("%v", err)
		}
		var all int
		for _, s := range regexp.MustCompile(`"((?:[^"\\]|\\.)*)"(:?)`).FindAllStringSubmatch(string(flat), -1) {
			var text string
			if err := json.Unmarshal([]byte(`"`+s[1]+`"`), &text); err != nil {
				t.Fatalf("%v", err)
			}
			if s[2] == "" && text != "sealed" && !strings.HasPrefix(text, "https://balie") {
				all += utf8.RuneCountInString(text)
			}
		}
		if all > cardMax+1_000 { // ids and types, which nobody reads
			t.Errorf("a card of %d characters", all)
		}
	}
	if n := utf8.RuneCountInString(message); n > messageMax {
		t.Errorf("a message of %d characters", n)
	}
}

func TestRender(t *testing.T) {
	ana := &chat.Author{Name: "Ana Silva"}
	for _, c := range []struct {
		post chat.Post
		want string
	}{
		{chat.Post{Text: "hello"}, "hello"},
		{chat.Post{Text: "hello", Author: ana}, "**Ana Silva:** hello"},
		{chat.Post{Text: "- one\n- two", Author: ana}, "**Ana Silva:**\n\n- one\n- two"},
		{chat.Post{Text: "> q", Author: ana, Mention: []string{"u1"}}, "@ana **Ana Silva:**\n\n> q"},
		{chat.Post{Text: "```\nx\n```", Author: ana}, "**Ana Silva:**\n\n```\nx\n```"},
		{chat.Post{Text: "# big", Author: ana}, "**Ana Silva:**\n\n# big"},
		{chat.Post{Text: "2nd time", Author: ana}, "**Ana Silva:** 2nd time"},
		{chat.Post{Author: ana}, "**Ana Silva:**"},
		{chat.Post{Text: "hello", Author: &chat.Author{Name: " \u202e "}}, "hello"},
		{chat.Post{Text: "hello", Author: &chat.Author{Name: "@all *x*"}}, "**@" + gap + "all \\*x\\*:** hello"},
		{chat.Post{Text: "hello", Mention: []string{"u1", "gone", "u2"}}, "@ana @ben.de-vries hello"},
		{chat.Post{Text: "hello", Mention: []string{"u1"}, Quiet: true}, "hello"},
		{chat.Post{Mention: []string{"u1"}}, "@ana"},
	} {
		if got, attachments := rendered(c.post); got != c.want || attachments != nil {
			t.Errorf("%+v became %q with %v, not %q", c.post, got, attachments, c.want)
		}
	}
}

func TestMentionsAreReal(t *testing.T) {
	message, _ := rendered(chat.Post{Text: "hello @channel", Author: &chat.Author{Name: "Zoë"}, Mention: []string{"u1", "u2"}})
	got := mentioned(message)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, []string{"@ana", "@ben", "@ben.de-vries"}) {
		t.Errorf("%q mentions %q", message, got)
	}
}

func TestCardDetails(t *testing.T) {
	card := func(change func(*chat.Card)) *model.MessageAttachment {
		c := opened()
		change(&c)
		_, all := rendered(chat.Post{Card: &c})
		return all[0]
	}
	for avatar, want := range map[string]bool{
		server + "/api/v4/users/u1/image":  true,
		"https://evil.example/p.png":       false,
		server + ".evil.example/p.png":     false,
		"http://chat.example.org/p.png":    false,
		"https://u@chat.example.org/p.png": false,
		"javascript:alert(1)":              false,
		"":                                 false,
	} {
		if got := card(func(c *chat.Card) { c.Author.Avatar = avatar }).AuthorIcon; (got == avatar && avatar != "") != want {
			t.Errorf("the picture %q is shown as %q", avatar, got)
		}
	}
	if a := card(func(c *chat.Card) { c.URL = "mailto:a@example.org" }); a.TitleLink != "" || a.Title != `HD-12 · Printer on the 2nd floor \[jams\]` {
		t.Errorf("the title is %q, %q", a.Title, a.TitleLink)
	}
	if a := card(func(c *chat.Card) { c.URL = "https://example.org/" }); a.TitleLink != "https://example.org/" || a.Title != "HD-12 · Printer on the 2nd floor [jams]" {
		t.Errorf("the title is %q, %q", a.Title, a.TitleLink)
	}
	if f := card(func(*chat.Card) {}).Fields[5]; f.Value != "2026-03-04 09:30 UTC" || !bool(f.Short) {
		t.Errorf("the time is %q, short %t", f.Value, f.Short)
	}
	if f := card(func(*chat.Card) {}).Fields[6]; bool(f.Short) {
		t.Errorf("a long value is short: %q", f.Value)
	}
	if a := card(func(c *chat.Card) { c.Text = "**See** [it](https://x.org)\nmore" }); a.Fallback != "HD-12 · Printer on the 2nd floor [jams] – See it" {
		t.Errorf("a notification says %q", a.Fallback)
	}
	if _, all := rendered(chat.Post{Text: "x", Buttons: []chat.Button{{Label: ""}}}); len(all) != 0 {
		t.Errorf("a post without buttons has %d attachments", len(all))
	}
	if _, all := rendered(chat.Post{Text: "x", Buttons: slices.Repeat([]chat.Button{{Label: "b"}}, 30)}); len(all) != 1 || len(all[0].Actions) != buttonsMax {
		t.Errorf("a post with many buttons has %+v", all)
	}
}

func TestCardLimits(t *testing.T) {
	long := strings.Repeat("woord ✓ *x* @all ", 6_000)
	var facts []chat.Fact
	for range 60 {
		facts = append(facts, chat.Fact{Label: long, Value: long})
	}
	message, all := rendered(chat.Post{
		Text: long, Author: &chat.Author{Name: long}, Buttons: slices.Repeat([]chat.Button{{Label: long}}, 30),
		Card: &chat.Card{Title: long, Author: &chat.Author{Name: long}, Text: long, Footer: long, Facts: facts},
	})
	valid(t, message, all)
	if utf8.RuneCountInString(message) < messageMax*9/10 {
		t.Errorf("of a long text only %d characters are left", utf8.RuneCountInString(message))
	}
}

func TestCardsAreValid(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20).Draw(t, "pieces"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		p := chat.Post{
			Text: text.Draw(t, "text"), Author: &chat.Author{Name: text.Draw(t, "name")},
			Card: &chat.Card{
				Title: text.Draw(t, "title"), URL: text.Draw(t, "url"), Text: text.Draw(t, "card"), Footer: text.Draw(t, "footer"),
				Author: &chat.Author{Name: text.Draw(t, "author"), Avatar: text.Draw(t, "avatar")},
				Facts:  []chat.Fact{{Label: text.Draw(t, "label"), Value: text.Draw(t, "value")}},
			},
		}
		message, all := rendered(p)
		valid(t, message, all)
		check(t, p.Text, message, messageMax)
	})
}
