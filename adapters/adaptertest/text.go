package adaptertest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"balie/internal/chat"
)

// markdown generates texts as people and the bot write them: words of several scripts in all kinds of marks.
func markdown() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{"printer", "Zoë", "naïve", "naam2", "שלום", "مرحبا", "打印机", "ß", "x9", "ok"})
	mark := rapid.SampledFrom([]string{"%s", "**%s**", "*%s*", "~~%s~~", "`%s`", "[%s](https://example.org/)", "(%s)", "%s!", "\"%s\"", "<%s>", "%s & co", "@%s", "#%s", ":%s:", "_%s_", "\\*%s"})
	gap := rapid.SampledFrom([]string{" ", " ", " ", "\n", "\n\n", "\n- ", "\n> ", "\n1. ", " – "})
	return rapid.Custom(func(t *rapid.T) string {
		var s strings.Builder
		for i := range rapid.IntRange(1, 12).Draw(t, "words") {
			if i > 0 {
				s.WriteString(gap.Draw(t, "gap"))
			}
			fmt.Fprintf(&s, mark.Draw(t, "mark"), word.Draw(t, "word"))
		}
		return s.String()
	})
}

// words checks that a text keeps its words, in order, on its way out and on its way in.
func words(b *probe) {
	n := 0
	rapid.Check(b.T, func(t *rapid.T) {
		text := markdown().Draw(t, "text")
		// The address of a link may become visible or not.
		want := WordsOf(strings.ReplaceAll(text, "https://example.org/", ""))
		got := func(s string) []string { return WordsOf(strings.ReplaceAll(s, "https://example.org/", "")) }
		n++
		ref, err := b.p.Send(b.Context(), chat.Post{Key: fmt.Sprint("words", n), To: b.toPerson(b.places.Requester), Text: text})
		if err != nil {
			t.Fatalf("Send: %v", err)
		}
		all, err := b.net.Shown(b.Context(), b.places.Requester, chat.Ref{Channel: ref.Channel})
		if err != nil {
			t.Fatalf("what is shown: %v", err)
		}
		i := slices.IndexFunc(all, func(m Shown) bool { return m.Ref == ref })
		if i < 0 {
			t.Fatal("the post is not shown")
		}
		if !slices.Equal(got(all[i].Text), want) {
			t.Fatalf("out: %q became %q", text, all[i].Text)
		}
		before := len(b.Told())
		seen, err := b.net.Act(b.Context(), Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: text})
		if err != nil || seen.Refused {
			t.Fatalf("say: %+v, %v", seen, err)
		}
		if e := b.next(before); !slices.Equal(got(e.Message.Text), want) {
			t.Fatalf("in: %q became %q", text, e.Message.Text)
		}
	})
}

func hostileText(b *probe) {
	for i, text := range []string{
		"@channel @here @everyone wake up", "<!here> <!channel> <@" + b.places.Agent + "> hello", "[x](javascript:alert(1)) click",
		"[bank](data:text/html,evil)", "<script>alert(1)</script> & <b>bold</b>", "```unclosed @here", "``` <!channel> ```\nafter",
		"nul\x00 bell\a escape\x1b[31m red", "\u202eright to left\u202c", "שלום @channel עולם", "bad \xff\xfe bytes", "[a](https://example.org/?x=<!here>)",
		"> quote @everyone\n> <!here>", "tel: <tel:123|call> <https://example.org|safe>", "|| spoiler || $$math$$ ~~~",
	} {
		ref := b.send(chat.Post{Key: fmt.Sprint("hostile", i), To: b.to(b.places.Open), Text: text,
			Card: &chat.Card{Title: text, Text: text, Footer: text, Facts: []chat.Fact{{Label: text, Value: text}}}})
		all := b.shown(b.places.Agent, b.open())
		at := slices.IndexFunc(all, func(m Shown) bool { return m.Ref == ref })
		if at < 0 {
			b.Fatalf("%q is not shown", text)
		}
		m := all[at]
		if len(m.Mentions) != 0 {
			b.Errorf("%q mentions %q", text, m.Mentions)
		}
		for _, link := range m.Links {
			if scheme, _, _ := strings.Cut(link, ":"); !slices.Contains([]string{"http", "https", "mailto"}, scheme) {
				b.Errorf("%q links to %q", text, link)
			}
		}
		for _, shown := range []string{m.Text, m.Title} {
			if strings.ContainsFunc(shown, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) || !utf8.ValidString(shown) {
				b.Errorf("%q is shown as %q", text, shown)
			}
		}
		for _, word := range []string{"wake", "hello", "click", "alert", "after", "red", "left", "bytes", "safe", "spoiler"} {
			if strings.Contains(text, word) && !strings.Contains(m.Text, word) {
				b.Errorf("%q lost its %q: %q", text, word, m.Text)
			}
		}
	}
}

func limits(b *probe) {
	caps := b.p.Caps()
	long := strings.Repeat("woord ✓ ", 100_000/8)
	label := strings.Repeat("label ", 200)
	ref := b.send(chat.Post{Key: "long", To: b.to(b.places.Open), Text: long, Author: &chat.Author{Name: label},
		Card:    &chat.Card{Title: label, Text: long, Footer: label, Facts: []chat.Fact{{Label: label, Value: long}}},
		Buttons: []chat.Button{{Label: label, Value: chat.Value{Verb: "go", Arg: "x"}, Confirm: label}}})
	for _, m := range b.shown(b.places.Agent, b.open()) {
		if n := utf8.RuneCountInString(m.Text); caps.MessageMax > 0 && n > caps.MessageMax {
			b.Errorf("a message has %d characters, at most %d go", n, caps.MessageMax)
		}
		if m.Ref == ref && !strings.HasPrefix(m.Text, "woord ✓ woord") {
			b.Errorf("the text begins %.40q", m.Text)
		}
		for _, l := range append(m.Buttons, m.Title) {
			if n := utf8.RuneCountInString(l); caps.LabelMax > 0 && n > caps.LabelMax {
				b.Errorf("a label has %d characters, at most %d go", n, caps.LabelMax)
			}
		}
	}
	if err := b.p.Edit(b.Context(), ref, chat.Post{Text: long + long}); err != nil {
		b.Errorf("Edit: %v", err)
	}
	// A person's long text arrives whole, or they are told why not.
	before := len(b.Told())
	seen := b.try(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: long})
	switch {
	case seen.Refused && strings.Join(seen.Texts, "") == "":
		b.Error("a long message was refused without a word")
	case !seen.Refused && len(WordsOf(b.next(before).Message.Text)) != len(WordsOf(long)):
		b.Error("a long message arrived in part")
	}
	if seen := b.try(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: " \n\t "}); !seen.Refused {
		b.Log("an empty message goes here")
	}
}
