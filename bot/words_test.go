package bot_test

import (
	"regexp"
	"slices"
	"testing"

	"balie/bot"
	"balie/internal/chat"
)

// TestCommands has names that platforms take: letters, in every language, and none twice.
func TestCommands(t *testing.T) {
	name := regexp.MustCompile(`^\p{Ll}{1,32}$`)
	spec := bot.Commands()
	if spec.About["nl"] == "" || spec.About["en"] == "" {
		t.Errorf("the command is about %v", spec.About)
	}
	for _, lang := range []string{"en", "nl"} {
		seen := map[string]bool{}
		for _, w := range spec.Words {
			if !name.MatchString(w.Labels[lang]) || seen[w.Labels[lang]] || len([]rune(w.About[lang])) > 100 {
				t.Errorf("%s: %s is called %q, about %q", lang, w.Name, w.Labels[lang], w.About[lang])
			}
			seen[w.Labels[lang]] = true
			for _, o := range w.Options {
				if !name.MatchString(o.Labels[lang]) || len([]rune(o.About[lang])) > 100 {
					t.Errorf("%s: an option of %s is called %q, about %q", lang, w.Name, o.Labels[lang], o.About[lang])
				}
			}
		}
	}
}

// TestWord opens, shows and completes by subcommands that the platform has told apart.
func TestWord(t *testing.T) {
	s, o := newSetup(t), &one{}
	b := s.make(o, bot.Pace{})
	s.run(b)
	does := func(id string, c chat.Command) chat.Reply {
		t.Helper()
		e := event(id)
		c.Name, e.Command = "ticket", &c
		return handled(t, b, e)
	}
	// A summary that would be a subcommand if it were typed.
	r := does("1", chat.Command{Word: "new", Text: "mine", Values: chat.Values{"category": {"other"}}})
	if len(r.Buttons) != 1 || r.Buttons[0].Value.Verb != "pick" { // the type is still open
		t.Fatalf("new gives %+v", r)
	}
	e := event("2")
	e.Click = &chat.Click{Value: r.Buttons[0].Value, Choice: []string{"question"}}
	if r = handled(t, b, e); r.Form == nil || r.Form.Fixed.Get("category") != "other" {
		t.Fatalf("then the form is %+v", r.Form)
	}
	opened(t, s, b, "open")
	if r := does("3", chat.Command{Word: "show", Values: chat.Values{"key": {"HD-00001"}}}); len(r.Posts) != 1 {
		t.Errorf("show gives %+v", r)
	}
	asks := func(word, field, text string) []string {
		t.Helper()
		e := event("q" + word + text)
		e.Query = &chat.Query{Word: word, Field: field, Text: text}
		var out []string
		for _, o := range handled(t, b, e).Options {
			out = append(out, o.Value)
		}
		return out
	}
	for _, text := range []string{"", "printer", "HD-00001", "hd-1"} {
		if got := asks("show", "key", text); text != "hd-1" && !slices.Equal(got, []string{"HD-00001"}) {
			t.Errorf("%q offers %q", text, got)
		}
	}
	if got := asks("new", "category", ""); !slices.Contains(got, "other") {
		t.Errorf("the categories are %q", got)
	}
	e = event("stranger")
	e.Person = chat.Person{ID: "U9", Name: "Somebody"}
	e.Query = &chat.Query{Word: "show", Field: "key", Text: "HD-00001"}
	if r := handled(t, b, e); len(r.Options) != 0 {
		t.Errorf("somebody else is offered %+v", r.Options)
	}
}
