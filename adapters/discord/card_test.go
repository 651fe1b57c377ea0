package discord

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"
	"pgregory.net/rapid"

	"balie/adapters/adaptertest"
	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

// carrying is a bag for messages that nobody sends.
func carrying() *bag { return newValues([]byte("a secret of thirty-two characters"), nil).bag("100") }

var clicksOn, menuOf, listOf = adaptertest.SampleButtons, adaptertest.SampleMenu, adaptertest.SampleList

func openedCard() chat.Card {
	card := adaptertest.SampleCard()
	card.Author.Avatar = "https://cdn.discordapp.com/avatars/1/a.png"
	card.Facts[9].Value, card.Facts[10].Label = "", ""
	return card
}

const attack = "@everyone @here <@1> <@&2> <#3> *x* _y_ ~~z~~ ||s|| `c` [x](javascript:alert(1)) <https://evil.example> [https://bank.example](https://evil.example) " +
	"![p](https://evil.example/p.png)\u202e\n# big\n-# small\n>>> all\n```\n<@1>"

func TestGoldenPosts(t *testing.T) {
	triage, requester := openedCard(), openedCard()
	requester.Author, requester.URL, requester.Footer = nil, "", "We have it. Just write here if there is more to tell."
	panel := chat.Card{Title: "Need help?", Text: "Tell us what is wrong, and we will look at it.\nYou will hear from us *here*.", Tone: chat.Info}
	many := menuOf("01JC")
	for i := range 60 {
		many.Options = append(many.Options, chat.Option{Value: fmt.Sprint(i), Label: fmt.Sprintf("Person %d", i), Hint: "IT"})
	}
	for name, p := range map[string]chat.Post{
		"card_triage": {Card: &triage, Buttons: append(append([]chat.Button{{Label: "Claim", Style: chat.Primary, Value: chat.Value{Verb: "claim", Ticket: "01JC"}}},
			append(clicksOn("01JC", "Reply", "Ask", "Note", "Resolve"), chat.Button{Label: "Close", Style: chat.Danger, Confirm: "Sure?", Value: chat.Value{Verb: "close", Ticket: "01JC"}})...),
			menuOf("01JC", "Assign", "Priority", "Status", "Follow", "Share", "Show"))},
		"card_requester": {Text: "Your request **HD-12** is here. Answer in this thread.", Card: &requester, Buttons: clicksOn("01JC", "Close", "Follow")},
		"card_panel":     {Text: panel.Title, Card: &panel, Buttons: []chat.Button{{Label: "New ticket", Style: chat.Primary, Value: chat.Value{Verb: "open"}}}},
		"card_assign":    {Card: &chat.Card{Title: "Who?"}, Mention: []string{"1"}, Buttons: append(clicksOn("01JC", "One", "Two"), many)},
		"post_entry": {Text: "Have you *tried* the other tray? See [the guide](https://example.org/a?b=1&c=(2)) or https://example.org/faq.\n\n> It eats pages\n> ```\n> E-35\n> ```\n\n1. open it\n2. wait",
			Author: &chat.Author{Name: "Ben_de_Vries"}, Mention: []string{"1", "22", "1", "gone", "@everyone"}},
		"post_quote": {Text: "> It eats pages\n\nNot any more.", Mention: []string{"1"}, Quiet: false},
		"post_quiet": {Text: "Ben is looking at it.", Mention: []string{"1"}, Quiet: true},
		"post_ask":   {Text: "❓ *Ben asks:*\nWhich tray is it?", Mention: []string{"1"}, Buttons: clicksOn("01JC", "Answer", "Close")},
		"post_hostile": {Text: attack, Author: &chat.Author{Name: attack}, Buttons: clicksOn("", attack), Card: &chat.Card{
			Title: attack, URL: "javascript:alert(1)", Text: attack, Footer: attack, Tone: chat.Alert,
			Author: &chat.Author{Name: attack, Avatar: "http://evil.example/pixel.png"}, Facts: []chat.Fact{{Label: attack, Value: attack}},
		}},
		"post_long": overlong(),
	} {
		t.Run(name, func(t *testing.T) {
			o := render(p, carrying())
			valid(t, o)
			golden.Check(t, name, "discord-message", o.payload())
		})
	}
}

type failing interface{ Fatalf(string, ...any) }

// valid looks for what Discord refuses, and for what nobody may make a message say.
func valid(t failing, o outgoing) {
	v2 := o.Flags&flagComponents != 0
	if v2 && (o.Content != "" || len(o.Embeds) > 0) || !v2 && len(o.Components) > rowsMax {
		t.Fatalf("a message of two kinds: %+v", o)
	}
	if o.Content == "" && len(o.Embeds) == 0 && len(o.Components) > 0 && !v2 {
		t.Fatalf("nothing but buttons: %+v", o)
	}
	content := o.Content
	for _, id := range o.Mentions {
		call := regexp.MustCompile(`(^|[^\\])<@` + id + ">").FindStringIndex(content)
		if call == nil {
			t.Fatalf("%s is not called in %q", id, content)
		}
		content = content[:max(call[0], call[1]-len(id)-3)] + content[call[1]:]
	}
	check(t, content, content, contentMax)
	if len(o.Mentions) > 0 && units(o.Content) > contentMax {
		t.Fatalf("%d characters", units(o.Content))
	}
	if len(o.Embeds) > 1 {
		t.Fatalf("%d embeds", len(o.Embeds))
	}
	for _, e := range o.Embeds {
		validEmbed(t, e)
	}
	ids := map[string]bool{}
	if n := validComponents(t, o.Components, ids); n > componentsMax {
		t.Fatalf("%d components", n)
	}
	if n := displayed(o.Components); n > displayedMax {
		t.Fatalf("%d characters of text", n)
	}
}

func validEmbed(t failing, e *discordgo.MessageEmbed) {
	all := 0
	text := func(s string, most int, empty bool) {
		if all += units(s); units(s) > most || s == "" && !empty {
			t.Fatalf("%q is empty or too long", s)
		}
	}
	markdown := func(s string, most int, empty bool) {
		text(s, most, empty)
		if !ourTime.MatchString("** " + s) {
			check(t, s, s, most)
		}
	}
	markdown(e.Title, titleMax, true)
	markdown(e.Description, describeMax, true)
	if e.Author != nil {
		text(e.Author.Name, authorMax, false)
	}
	if e.Footer != nil {
		text(e.Footer.Text, footerMax, false)
	}
	if len(e.Fields) > factsMax {
		t.Fatalf("%d facts", len(e.Fields))
	}
	for _, f := range e.Fields {
		markdown(f.Name, factNameMax, false)
		markdown(f.Value, factTextMax, false)
	}
	if all > embedsMax || all == 0 {
		t.Fatalf("%d characters of a card", all)
	}
}

// validComponents says how many they are.
func validComponents(t failing, all []discordgo.MessageComponent, ids map[string]bool) int {
	n := len(all)
	named := func(id, label string, most int) {
		if id == "" || len(id) > carryMax || ids[id] || units(label) > most || label == "" {
			t.Fatalf("a component %q says %q", id, label)
		}
		ids[id] = true
	}
	for _, c := range all {
		switch v := c.(type) {
		case discordgo.ActionsRow:
			if len(v.Components) == 0 || len(v.Components) > rowMax {
				t.Fatalf("a row of %d", len(v.Components))
			}
			n += validComponents(t, v.Components, ids)
		case discordgo.Section:
			n += validComponents(t, append(slices.Clone(v.Components), v.Accessory), ids)
		case discordgo.Button:
			named(v.CustomID, v.Label, buttonMax)
		case discordgo.SelectMenu:
			named(v.CustomID, v.Placeholder, 150)
			values := map[string]bool{}
			for _, o := range v.Options {
				if o.Value == "" || units(o.Value) > optionMax || o.Label == "" || units(o.Label) > optionMax || units(o.Description) > optionMax || values[o.Value] {
					t.Fatalf("an option %+v", o)
				}
				values[o.Value] = true
			}
			if len(v.Options) == 0 || len(v.Options) > optionsMax {
				t.Fatalf("%d options", len(v.Options))
			}
		case discordgo.TextDisplay:
			if strings.TrimSpace(v.Content) == "" {
				t.Fatalf("an empty text")
			}
			text := ourTime.ReplaceAllString(v.Content, "")
			check(t, v.Content, strings.ReplaceAll(strings.TrimPrefix(text, "-# "), "\n-# ", "\n"), displayedMax)
		default:
			t.Fatalf("a component %T", c)
		}
	}
	return n
}

// overlong is a post that is too much of everything.
func overlong() chat.Post {
	text := strings.Repeat("woord ✓ *x* <@1> & ", 700)
	var facts []chat.Fact
	var buttons []chat.Button
	for i := range 60 {
		facts = append(facts, chat.Fact{Label: text, Value: text})
		buttons = append(buttons, chat.Button{Label: fmt.Sprint(i, text), Value: chat.Value{Verb: "go", Ticket: fmt.Sprint(i), Arg: text[:50]}})
	}
	return chat.Post{
		Text: text, Author: &chat.Author{Name: text}, Buttons: buttons, Mention: []string{"1", "2"},
		Card: &chat.Card{Title: text, Author: &chat.Author{Name: text}, Text: text, Footer: text, Facts: facts},
	}
}

func TestWhatIsTooLong(t *testing.T) {
	p := overlong()
	o := render(p, carrying())
	if len(o.Attach) != 1 || o.Attach[0].Name != "whole-text.txt" || strings.TrimSpace(string(o.Attach[0].Content)) != strings.TrimSpace(p.Text) {
		t.Errorf("%d files are attached", len(o.Attach))
	}
	if !strings.HasSuffix(o.Content, "…") || units(o.Content) < contentMax*9/10 {
		t.Errorf("of a long text only %d characters are left", units(o.Content))
	}
	if e := o.Embeds[0]; len(e.Fields) < 15 || units(e.Description) < textLeast*2/3 || !strings.HasSuffix(e.Description, "…") {
		t.Errorf("a card of %d facts and %d characters of text", len(e.Fields), units(e.Description))
	}
	if len(o.Components) != rowsMax {
		t.Errorf("%d rows", len(o.Components))
	}
	if o := render(chat.Post{Text: strings.Repeat("x", contentMax-1)}, carrying()); len(o.Attach) != 0 || strings.HasSuffix(o.Content, "…") {
		t.Error("what fits is cut")
	}
	// Of facts that fit nothing is missing, however long one of them is.
	c := openedCard()
	c.Facts[6].Value, c.Text = strings.Repeat("x", 1000), strings.Repeat("y ", 5000)
	if e := embeds(&c)[0]; units(e.Fields[6].Value) != 1000 || units(e.Description) != describeMax {
		t.Errorf("a fact of %d characters, a text of %d", units(e.Fields[6].Value), units(e.Description))
	}
}

func TestCardDetails(t *testing.T) {
	card := func(change func(*chat.Card)) *discordgo.MessageEmbed {
		c := openedCard()
		change(&c)
		return render(chat.Post{Card: &c}, carrying()).Embeds[0]
	}
	for avatar, want := range map[string]bool{
		"https://cdn.discordapp.com/a.png": true, "http://example.org/a.png": false, "javascript:alert(1)": false, "": false,
		"https://u@example.org/a.png": false, "https://example.org/a b.png": false, "https://example.org/\u202e": false,
	} {
		if got := card(func(c *chat.Card) { c.Author.Avatar = avatar }).Author.IconURL != ""; got != want {
			t.Errorf("the picture %q is shown: %t", avatar, got)
		}
	}
	if e := card(func(c *chat.Card) { c.URL = "mailto:a@example.org" }); e.URL != "" {
		t.Errorf("it leads to %q", e.URL)
	}
	if e := card(func(*chat.Card) {}); e.Fields[5].Value != "<t:1772616600:R>" || e.Fields[9].Value != "–" || e.Fields[10].Name != gap || e.Fields[6].Inline {
		t.Errorf("facts are %+v, %+v, %+v, %+v", e.Fields[5], e.Fields[9], e.Fields[10], e.Fields[6])
	}
	colours := map[int]bool{}
	for _, tone := range []chat.Tone{chat.Neutral, chat.Info, chat.Good, chat.Warn, chat.Alert} {
		colours[card(func(c *chat.Card) { c.Tone = tone }).Color] = true
	}
	if len(colours) != 5 {
		t.Errorf("the colours are %v", colours)
	}
	if o := render(chat.Post{Buttons: clicksOn("", "One", "Two")}, carrying()); o.Content != "One · Two" || len(o.Components) != 1 {
		t.Errorf("buttons alone are %+v", o)
	}
	if o := render(chat.Post{Card: &chat.Card{Tone: chat.Good, URL: "https://example.org"}}, carrying()); o.Content != "" || len(o.Embeds) != 0 {
		t.Errorf("nothing is %+v", o)
	}
	if o := render(chat.Post{Text: "x", Mention: []string{"1"}, Quiet: true}, carrying()); o.Content != "x" || len(o.Mentions) != 0 || o.Flags != flagSilent|flagSuppressEmbeds {
		t.Errorf("who is not to be told reads %+v", o)
	}
}

// TestAnEditTakesAway has in each payload what an edit must take away.
func TestAnEditTakesAway(t *testing.T) {
	raw, err := json.Marshal(outgoing{}.payload())
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"allowed_mentions":{"parse":[],"users":[]},"components":[],"content":"","embeds":[],"flags":0}`; string(raw) != want {
		t.Errorf("nothing is %s, not %s", raw, want)
	}
}

// TestRows makes room for menus: there is no other way to what stands in them.
func TestRows(t *testing.T) {
	shape := func(buttons ...chat.Button) string {
		var out []string
		for _, r := range rows(buttons, carrying()) {
			row := r.(discordgo.ActionsRow)
			if s, is := row.Components[0].(discordgo.SelectMenu); is {
				out = append(out, fmt.Sprintf("%s/%d", s.Placeholder, len(s.Options)))
				continue
			}
			out = append(out, fmt.Sprint(len(row.Components)))
		}
		return strings.Join(out, " ")
	}
	clicks := func(n int) []chat.Button { return slices.Repeat(clicksOn("1", "x"), n) }
	menu := func(n int) chat.Button {
		m := chat.Button{Label: "m"}
		for i := range n {
			m.Options = append(m.Options, chat.Option{Value: fmt.Sprint(i)})
		}
		return m
	}
	for want, got := range map[string]string{
		"":                                      shape(),
		"5 2":                                   shape(clicks(7)...),
		"5 5 5 5 5":                             shape(clicks(40)...),
		"3 m/2":                                 shape(append([]chat.Button{menu(2)}, clicks(3)...)...),
		"5 5 5 5 m/25":                          shape(append(clicks(40), menu(25))...),
		"5 5 5 m (1)/25 m (2)/1":                shape(append(clicks(40), menu(26))...),
		"1 m (1)/25 m (2)/25 m (3)/25 m (4)/25": shape(append(clicks(1), menu(200))...),
		"m (1)/25 m (2)/25 m (3)/25 m (4)/25 m (5)/25": shape(menu(200)),
	} {
		if got != want {
			t.Errorf("%q are the rows, not %q", got, want)
		}
	}
	odd := chat.Button{Value: chat.Value{Verb: "go"}, Options: []chat.Option{{Label: "none"}, {Value: "a"}, {Value: "a", Label: "again"}, {Value: strings.Repeat("x", 101)}}}
	if got := shape(odd, chat.Button{}); got != "1 go/1" {
		t.Errorf("%q are the rows", got)
	}
}

// TestMessagesAreValid renders whatever may be in a post.
func TestMessagesAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			return strings.Repeat(hostile().Draw(t, label), rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 1, 20}).Draw(t, "times"))
		}
		buttons := func(label string) []chat.Button {
			var out []chat.Button
			for i := range rapid.IntRange(0, 30).Draw(t, label) {
				b := chat.Button{Label: text("label"), Value: chat.Value{Verb: "v", Ticket: fmt.Sprint(i % 3)}, Style: rapid.SampledFrom([]chat.Style{"", chat.Primary, chat.Danger, "odd"}).Draw(t, "style")}
				if rapid.IntRange(0, 4).Draw(t, "menu") == 0 {
					for j := range rapid.IntRange(0, 70).Draw(t, "options") {
						b.Options = append(b.Options, chat.Option{Value: fmt.Sprint(j % 60), Label: "<@1>", Hint: b.Label})
					}
				}
				out = append(out, b)
			}
			return out
		}
		p := chat.Post{
			Text: text("text"), Author: &chat.Author{Name: text("name")}, Quiet: rapid.Bool().Draw(t, "quiet"),
			Mention: rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "@everyone", "", "&2", "1>"}), 0, 3).Draw(t, "mention"),
			Card: &chat.Card{
				Title: text("title"), URL: text("url"), Text: text("card"), Footer: text("footer"), Tone: rapid.SampledFrom([]chat.Tone{"", chat.Good, "odd"}).Draw(t, "tone"),
				Author: &chat.Author{Name: text("author"), Avatar: text("avatar")},
			},
			Buttons: buttons("buttons"),
		}
		for range rapid.IntRange(0, 30).Draw(t, "facts") {
			p.Card.Facts = append(p.Card.Facts, chat.Fact{Label: text("label"), Value: text("value")})
		}
		valid(t, render(p, carrying()))
		r := chat.Reply{Text: p.Text, Buttons: buttons("more")}
		for range rapid.IntRange(0, 12).Draw(t, "posts") {
			r.Posts = append(r.Posts, p, chat.Post{Card: &chat.Card{Title: p.Card.Title, Footer: p.Card.Footer}, Buttons: p.Buttons[:min(1, len(p.Buttons))]})
		}
		out := renderReply(r, carrying())
		if len(out) > repliesMax {
			t.Fatalf("%d messages", len(out))
		}
		for _, o := range out {
			if valid(t, o); o.Flags&flagEphemeral == 0 {
				t.Fatalf("everybody sees %+v", o)
			}
		}
	})
}

// ourTime is a time that we mean as one.
var ourTime = regexp.MustCompile(`(?m)\*\* <t:-?\d+:R>$`)
